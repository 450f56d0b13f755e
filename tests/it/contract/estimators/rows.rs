//! What is fitted to rows alone.

use super::{Estimator, Fit, Fitted, Numbers, Order, ROUNDING, Says, Stored, of, read_as};
use mlnotes::base::to_json;
use mlnotes::cluster::dbscan::{Dbscan, PointKind};
use mlnotes::cluster::hierarchical::{Agglomerative, LinkageKind};
use mlnotes::cluster::isodata::Isodata;
use mlnotes::cluster::kmedoids::KMedoids;
use mlnotes::cluster::mini_batch::MiniBatchKMeans;
use mlnotes::data::StandardScaler;
use mlnotes::prelude::*;

pub const ESTIMATORS: [Estimator; 13] = [
    of(
        "PCA",
        "PcaParams",
        ROUNDING,
        Fit::Rows(|x| {
            fitted!(m = Pca::params(1).fit(x)?; [m.mean, m.components, m.explained_variance];
            transform, reconstruction_error)
        }),
    ),
    of(
        "PCA, randomised",
        "PcaParams",
        ROUNDING,
        Fit::Rows(|x| {
            let solver = PcaSolver::Randomized { oversample: 2, power: 2 };
            fitted!(m = Pca::params(1).solver(solver).seed(3).fit(x)?; [m.components]; transform)
        }),
    ),
    of(
        "k-means",
        "KMeansParams",
        Order::Counts,
        Fit::Rows(
            |x| fitted!(m = KMeans::params(2).seed(3).fit(x)?; [m.centroids, m.inertia]; predict),
        ),
    ),
    of(
        "mini-batch k-means",
        "MiniBatchKMeansParams",
        Order::Counts,
        Fit::Rows(
            |x| fitted!(m = MiniBatchKMeans::params(2).seed(3).fit(x)?; [m.centroids, m.inertia]; predict),
        ),
    ),
    of(
        "k-medoids",
        "KMedoidsParams",
        ROUNDING,
        Fit::Rows(|x| fitted!(m = KMedoids::params(2).fit(x)?; [m.cost];)),
    ),
    of(
        "ISODATA",
        "IsodataParams",
        Order::Counts,
        Fit::Rows(
            |x| fitted!(m = Isodata::params(2).seed(3).fit(x)?; [m.centroids, m.inertia]; predict),
        ),
    ),
    of(
        "mixture",
        "GaussianMixtureParams",
        Order::Counts,
        Fit::Rows(|x| {
            fitted!(m = GaussianMixture::params(2).seed(3).fit(x)?; [m.weights, m.means, m.covariances];
            predict, predict_proba, score_samples, score, bic, aic)
        }),
    ),
    of(
        "mixture, diagonal",
        "GaussianMixtureParams",
        Order::Counts,
        Fit::Rows(|x| {
            let params = GaussianMixture::params(2).covariance(Covariance::Diag).seed(3);
            fitted!(m = params.fit(x)?; [m.weights, m.means, m.covariances]; predict)
        }),
    ),
    of(
        "DBSCAN",
        "DbscanParams",
        ROUNDING,
        Fit::Rows(|x| {
            fitted!(m = Dbscan::params(1.5, 2).fit(x)?; [
            m.n_clusters,
            m.n_noise(),
            m.kinds.iter().filter(|kind| **kind == PointKind::Core).count(),
        ];)
        }),
    ),
    of(
        "Ward's tree",
        "AgglomerativeParams",
        ROUNDING,
        Fit::Rows(
            |x| fitted!(m = Agglomerative::params(LinkageKind::Ward).fit(x)?; [m.heights()];),
        ),
    ),
    of(
        "isolation forest",
        "IsolationForestParams",
        Order::Counts,
        Fit::Rows(
            |x| fitted!(m = IsolationForest::params().n_trees(10).seed(3).fit(x)?; [m.sample_size()]; scores),
        ),
    ),
    of(
        "standard scaler",
        "StandardScalerParams",
        ROUNDING,
        Fit::Rows(|x| {
            fitted!(m = StandardScaler::params().fit(x)?; [m.mean, m.scale];
            transform, inverse_transform)
        }),
    ),
    of(
        "standardize",
        "",
        ROUNDING,
        Fit::Rows(|x| fitted!(m = data::standardize(x)?; [m.mean, m.scale]; apply)),
    ),
];
