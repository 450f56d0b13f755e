//! DBSCAN against scikit-learn, linkages against `SciPy` (`tests/references/density.py`).

use crate::support::{aligned, cases};
use mlnotes::cluster::dbscan::{Dbscan, DbscanMetric, PointKind};
use mlnotes::cluster::hierarchical::{Agglomerative, LinkageKind, cophenetic};
use mlnotes::cluster::validity::adjusted_rand;
use mlnotes::data;
use ndarray::Array2;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Reference {
    dbscan: Vec<Scan>,
    earthquakes: Quakes,
    points: Vec<Vec<f64>>,
    links: BTreeMap<String, Tree>,
}

#[derive(Deserialize)]
struct Scan {
    x: Vec<Vec<f64>>,
    eps: f64,
    min_points: usize,
    metric: String,
    labels: Vec<i64>,
    core: Vec<bool>,
}

#[derive(Deserialize)]
struct Quakes {
    clusters: usize,
    noise: usize,
    core: usize,
}

#[derive(Deserialize)]
struct Tree {
    matrix: Vec<[f64; 4]>,
    cut: Vec<usize>,
    cophenetic: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/density.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn count(model: &Dbscan, kind: PointKind) -> usize {
    model.kinds.iter().filter(|&&own| own == kind).count()
}

#[test]
fn cores_noise_and_clusters_are_scikit_learns() {
    for scan in cases(reference().dbscan, 4) {
        let metric = match scan.metric.as_str() {
            "manhattan" => DbscanMetric::Manhattan,
            _ => DbscanMetric::Euclidean,
        };
        let params = Dbscan::params(scan.eps, scan.min_points).metric(metric);
        let model = params.fit(matrix(&scan.x).view()).unwrap();
        for (i, &label) in cases(&scan.labels, model.labels.len()).enumerate() {
            assert_eq!(model.kinds[i] == PointKind::Core, scan.core[i], "row {i}");
            assert_eq!(model.labels[i].is_none(), label < 0, "row {i}");
            // Both number clusters by their first core row; a border point may differ.
            if scan.core[i] {
                assert_eq!(model.labels[i], usize::try_from(label).ok(), "row {i}");
            }
        }
    }
}

#[test]
fn earthquakes_cluster_along_faults() {
    let Quakes { clusters, noise, core } = reference().earthquakes;
    let params = Dbscan::params(100.0, 10).metric(DbscanMetric::Haversine);
    let model = params.fit(data::earthquakes().coordinates().view()).unwrap();
    assert_eq!((model.n_clusters, model.n_noise()), (clusters, noise));
    assert_eq!(count(&model, PointKind::Core), core);
}

#[test]
fn linkages_are_scipys() {
    let reference = reference();
    let x = matrix(&reference.points);
    let kinds = [
        ("single", LinkageKind::Single),
        ("complete", LinkageKind::Complete),
        ("average", LinkageKind::Average),
        ("ward", LinkageKind::Ward),
    ];
    for (name, kind) in kinds {
        let (tree, theirs) =
            (Agglomerative::params(kind).fit(x.view()).unwrap(), &reference.links[name]);
        for (ours, theirs) in aligned(tree.matrix().rows(), &theirs.matrix) {
            for (a, b) in aligned(ours.iter(), theirs) {
                assert!((a - b).abs() < 1e-10, "{name}: {ours} {theirs:?}");
            }
        }
        let agreement = adjusted_rand(&tree.cut(5).unwrap(), &theirs.cut).unwrap();
        assert!((agreement - 1.0).abs() < 1e-12, "{name}");
        for (a, b) in aligned(cophenetic(&tree), &theirs.cophenetic) {
            assert!((a - b).abs() < 1e-10, "{name}: {a} {b}");
        }
    }
}
