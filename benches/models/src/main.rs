//! One fit of ours or of linfa's on arrays that `race.py` has written, timed without reading them:
//! `mlnotes-bench fit <folder> <task> <ours|linfa>` prints seconds and a quality to compare by,
//! `mlnotes-bench plot <measured.json> <figure.svg>` draws how cost grows with the number of rows,
//! `mlnotes-bench about` says what ours and linfa's compute with.

use linfa::prelude::*;
use mlnotes::cluster::dbscan::Dbscan;
use mlnotes::cluster::gmm::{GaussianMixture, GmmInit, MixtureParts};
use mlnotes::cluster::kmeans::{KMeans, KMeansInit};
use mlnotes::decomposition::pca::Pca;
use mlnotes::linear::lasso::lasso_path;
use mlnotes::linear::logistic::{LogisticRegression, Penalty, logistic_loss};
use mlnotes::plot::{Plot, panels};
use mlnotes::text::tfidf::Tfidf;
use mlnotes::tree::forest::RandomForestClassifier;
use mlnotes::tree::xgb::BoostedTreesRegressor;
use ndarray::{Array1, Array2, Array3, ArrayView1, s};
use ndarray_npy::{ReadableElement, read_npy};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fit", folder, task, who] => {
            let run = Run { folder: PathBuf::from(folder), ours: *who == "ours" };
            let (seconds, quality) = run.fit(task)?;
            println!("{seconds} {quality}");
            Ok(())
        }
        ["about"] => {
            let threads = rayon::current_num_threads();
            let kernel = kernel_of_products();
            println!("ours and linfa: rayon, {threads} threads");
            println!(
                "their products of matrices: matrixmultiply, kernel {kernel}, one thread each"
            );
            Ok(())
        }
        ["plot", measured, figure] => draw(Path::new(measured), Path::new(figure)),
        _ => Err("fit <folder> <task> <ours|linfa>, plot <json> <svg>, or about".into()),
    }
}

/// The kernel that `matrixmultiply`, which is behind `ndarray`'s products of matrices, chooses on this
/// processor: the first of these that it has. (Its AVX-512 kernel is a feature that `ndarray` leaves off.)
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
fn kernel_of_products() -> &'static str {
    if std::is_x86_feature_detected!("fma") && std::is_x86_feature_detected!("avx2") {
        "FMA"
    } else if std::is_x86_feature_detected!("avx") {
        "AVX"
    } else {
        "plain loops"
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
fn kernel_of_products() -> &'static str {
    if cfg!(target_arch = "aarch64") { "NEON" } else { "plain loops" }
}

/// The arrays of one task, and whose fit is asked for.
struct Run {
    folder: PathBuf,
    ours: bool,
}

/// Runs `fit`, and gives its seconds and what it returned.
fn timed<T>(fit: impl FnOnce() -> Outcome<T>) -> Outcome<(f64, T)> {
    let start = Instant::now();
    let fitted = fit()?;
    Ok((start.elapsed().as_secs_f64(), fitted))
}

impl Run {
    fn read<T: ReadableElement, D: ndarray::Dimension>(
        &self,
        name: &str,
    ) -> Outcome<ndarray::Array<T, D>> {
        Ok(read_npy(self.folder.join(format!("{name}.npy")))?)
    }

    fn x(&self) -> Outcome<Array2<f64>> {
        self.read("x")
    }

    fn labels(&self) -> Outcome<Vec<usize>> {
        let y: Array1<i64> = self.read("y")?;
        Ok(y.iter().map(|&label| usize::try_from(label)).collect::<Result<_, _>>()?)
    }

    fn fit(&self, task: &str) -> Outcome<(f64, f64)> {
        match task {
            "kmeans" => self.kmeans(),
            "gmm" => self.gmm(),
            "pca" => self.pca(),
            "logistic" => self.logistic(),
            "dbscan" => self.dbscan(),
            "lasso-path" => self.lasso_path(),
            "random-forest" => self.random_forest(),
            "boosting" => self.boosting(),
            "tfidf" => self.tfidf(),
            other => Err(format!("no task `{other}`").into()),
        }
    }

    /// From the same ten centroids; the quality is the inertia.
    fn kmeans(&self) -> Outcome<(f64, f64)> {
        let (x, centroids): (_, Array2<f64>) = (self.x()?, self.read("centroids")?);
        let k = centroids.nrows();
        if self.ours {
            let params = KMeans::params(k).init(KMeansInit::Given(centroids));
            let (seconds, model) = timed(|| Ok(params.fit(x.view())?))?;
            return Ok((seconds, model.inertia));
        }
        let set = linfa::DatasetBase::from(x);
        let params = linfa_clustering::KMeans::params(k)
            .init_method(linfa_clustering::KMeansInit::Precomputed(centroids))
            .n_runs(1);
        let (seconds, model) = timed(|| Ok(params.fit(&set)?))?;
        let of = model.transform(set.records());
        Ok((seconds, of.sum()))
    }

    /// Twenty steps of EM with full covariances; the quality is the mean log-likelihood.
    fn gmm(&self) -> Outcome<(f64, f64)> {
        let x = self.x()?;
        if self.ours {
            let start = MixtureParts {
                weights: self.read("weights")?,
                means: self.read("means")?,
                covariances: self.read::<f64, ndarray::Ix3>("covariances")? as Array3<f64>,
            };
            let params = GaussianMixture::params(start.weights.len())
                .init(GmmInit::Given(start))
                .max_iter(20)
                .tol(0.0);
            let (seconds, model) = timed(|| Ok(params.fit(x.view())?))?;
            return Ok((seconds, model.trace.last().copied().unwrap_or(f64::NAN)));
        }
        let k = self.read::<f64, ndarray::Ix1>("weights")?.len();
        let set = linfa::DatasetBase::from(x);
        // linfa takes no start: it runs k-means first, and stops by its own tolerance.
        let params = linfa_clustering::GaussianMixtureModel::params(k)
            .n_runs(1)
            .max_n_iterations(20)
            .tolerance(1e-12);
        let start = Instant::now();
        let quality = params.fit(&set).map_or(f64::NAN, |_| 0.0);
        Ok((start.elapsed().as_secs_f64(), quality))
    }

    /// Five components; the quality is their explained variance.
    fn pca(&self) -> Outcome<(f64, f64)> {
        let x = self.x()?;
        if self.ours {
            let (seconds, model) = timed(|| Ok(Pca::params(5).fit(x.view())?))?;
            return Ok((seconds, model.explained_variance.sum()));
        }
        let set = linfa::DatasetBase::from(x);
        let (seconds, model) = timed(|| Ok(linfa_reduction::Pca::params(5).fit(&set)?))?;
        let n = set.nsamples() as f64;
        Ok((seconds, model.singular_values().mapv(|s| s * s / (n - 1.0)).sum()))
    }

    /// Binary, with the penalty that scikit-learn's `C = 1` means; the quality is the loss.
    fn logistic(&self) -> Outcome<(f64, f64)> {
        let (x, y) = (self.x()?, self.labels()?);
        let lambda = 1.0 / x.nrows() as f64;
        let target: Array1<f64> = y.iter().map(|&label| label as f64).collect();
        let loss = |w: ArrayView1<f64>, b: f64| {
            logistic_loss(w, b, x.view(), target.view(), lambda).unwrap_or(f64::NAN)
        };
        if self.ours {
            let params = LogisticRegression::params().penalty(Penalty::L2(lambda));
            let (seconds, model) = timed(|| Ok(params.fit(x.view(), &y)?))?;
            return Ok((seconds, loss(model.coef.view(), model.intercept)));
        }
        let set = linfa::Dataset::new(x.clone(), y.iter().map(|&l| l == 1).collect());
        // linfa minimises the sum of the losses, as scikit-learn does.
        let params = linfa_logistic::LogisticRegression::default().alpha(1.0);
        let (seconds, model) = timed(|| Ok(params.fit(&set)?))?;
        let sign = if y[0] == 1 { -1.0 } else { 1.0 };
        let losses = [sign, -sign]
            .map(|sign| loss((model.params() * sign).view(), model.intercept() * sign));
        Ok((seconds, losses[0].min(losses[1])))
    }

    /// Ten points make a neighbourhood; the quality is the number of clusters plus the share of noise.
    fn dbscan(&self) -> Outcome<(f64, f64)> {
        let (x, eps) = (self.x()?, self.read::<f64, ndarray::Ix1>("eps")?[0]);
        let (seconds, labels) = if self.ours {
            timed(|| Ok(Dbscan::params(eps, 10).fit(x.view())?.labels))?
        } else {
            let params = linfa_clustering::Dbscan::params(10).tolerance(eps);
            timed(|| Ok(params.transform(&x)?.to_vec()))?
        };
        let clusters = labels.iter().flatten().max().map_or(0, |top| top + 1);
        let noise = labels.iter().filter(|label| label.is_none()).count();
        Ok((seconds, clusters as f64 + noise as f64 / labels.len() as f64))
    }

    /// A hundred penalties; the quality is the sum of all weights' sizes.
    fn lasso_path(&self) -> Outcome<(f64, f64)> {
        let (x, y): (_, Array1<f64>) = (self.x()?, self.read("target")?);
        let alphas: Array1<f64> = self.read("alphas")?;
        let (seconds, path) = timed(|| Ok(lasso_path(x.view(), y.view(), alphas.view())?))?;
        Ok((seconds, path.coef.iter().map(|weight| weight.abs()).sum()))
    }

    /// Fifty trees; the quality is the share right of the first ten thousand rows.
    fn random_forest(&self) -> Outcome<(f64, f64)> {
        let (x, y) = (self.x()?, self.labels()?);
        let params = RandomForestClassifier::params().n_trees(50).min_leaf(5);
        let (seconds, model) = timed(|| Ok(params.fit(x.view(), &y)?))?;
        let n = y.len().min(10_000);
        Ok((seconds, model.score(x.slice(s![..n, ..]), &y[..n])?))
    }

    /// A hundred trees on 255 bins; the quality is the squared error on the first ten thousand rows.
    fn boosting(&self) -> Outcome<(f64, f64)> {
        let (x, y): (_, Array1<f64>) = (self.x()?, self.read("target")?);
        let params = BoostedTreesRegressor::params().n_trees(100).eta(0.1).max_depth(6);
        let (seconds, model) = timed(|| Ok(params.fit(x.view(), y.view())?))?;
        let n = y.len().min(10_000);
        let off = model.predict(x.slice(s![..n, ..]))? - y.slice(s![..n]);
        Ok((seconds, off.mapv(|v| v * v).mean().unwrap_or(f64::NAN)))
    }

    /// Default TF-IDF of the documents in `documents.json`; the quality is the sum of all weights.
    fn tfidf(&self) -> Outcome<(f64, f64)> {
        let text = std::fs::read_to_string(self.folder.join("documents.json"))?;
        let documents: Vec<String> = serde_json::from_str(&text)?;
        if self.ours {
            let views: Vec<&str> = documents.iter().map(String::as_str).collect();
            let (seconds, (_, rows)) = timed(|| Ok(Tfidf::params().fit_transform(&views)?))?;
            return Ok((seconds, rows.data().iter().sum()));
        }
        let documents = Array1::from(documents);
        let vectorizer = linfa_preprocessing::tf_idf_vectorization::TfIdfVectorizer::default();
        let (seconds, terms) = timed(|| {
            let model = vectorizer.fit(&documents)?;
            Ok(model.transform(&documents)?.cols())
        })?;
        Ok((seconds, terms as f64))
    }
}

/// A contender's name, its rows, its seconds.
type Line = (String, Vec<f64>, Vec<f64>);

/// A panel a task: seconds over rows, both logarithmic, a line a contender.
fn draw(measured: &Path, figure: &Path) -> Outcome<()> {
    let text = std::fs::read_to_string(measured)?;
    let tasks: BTreeMap<String, Vec<Line>> = serde_json::from_str(&text)?;
    let mut plots = Vec::new();
    for (task, lines) in tasks {
        let mut plot =
            Plot::new(&task).size(420, 300).x_label("rows").y_label("seconds").log_x().log_y();
        let all = || lines.iter().flat_map(|(_, _, seconds)| seconds).copied();
        // Room above the lines for the legend.
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
        plot = plot.y_range(low / 1.5, high * (high / low).powf(0.6));
        for (who, rows, seconds) in lines {
            plot = plot.line(Array1::from(rows).view(), Array1::from(seconds).view(), &who);
        }
        plots.push(plot);
    }
    panels(plots, 3)?.save(figure)?;
    Ok(())
}
