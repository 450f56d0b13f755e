//! What holds for every estimator: bad input gets a typed error that names value and remedy, the same
//! seed gives the same bits, and nothing that was accepted is NaN.

use mlnotes::cluster::dbscan::Dbscan;
use mlnotes::cluster::hierarchical::{Agglomerative, LinkageKind};
use mlnotes::cluster::isodata::Isodata;
use mlnotes::cluster::kmedoids::KMedoids;
use mlnotes::cluster::mini_batch::MiniBatchKMeans;
use mlnotes::linear::ols::LinearRegression;
use mlnotes::prelude::*;
use proptest::prelude::*;

type Fit = fn(ArrayView2<f64>) -> Result<Vec<f64>>;
type FitClasses = fn(ArrayView2<f64>, &[usize]) -> Result<Vec<f64>>;
type FitTarget = fn(ArrayView2<f64>, ArrayView1<f64>) -> Result<Vec<f64>>;

/// Labels as numbers.
fn numbers(labels: &[usize]) -> Vec<f64> {
    labels.iter().map(|&label| label as f64).collect()
}

/// Every estimator that takes a data matrix alone, as the numbers that it learns.
const ESTIMATORS: [(&str, Fit); 11] = [
    ("PCA", |x| Ok(Pca::params(1).fit(x)?.explained_variance.to_vec())),
    ("PCA, randomised", |x| {
        let solver = PcaSolver::Randomized { oversample: 2, power: 2 };
        Ok(Pca::params(1).solver(solver).seed(3).fit(x)?.components.iter().copied().collect())
    }),
    ("k-means", |x| Ok(KMeans::params(2).seed(3).fit(x)?.centroids.iter().copied().collect())),
    ("mixture", |x| Ok(GaussianMixture::params(2).seed(3).fit(x)?.means.iter().copied().collect())),
    ("mixture, diagonal", |x| {
        let params = GaussianMixture::params(2).covariance(Covariance::Diag).seed(3);
        Ok(params.fit(x)?.covariances.iter().copied().collect())
    }),
    ("standardize", |x| Ok(data::standardize(x)?.scale.to_vec())),
    ("mini-batch k-means", |x| {
        Ok(MiniBatchKMeans::params(2).seed(3).fit(x)?.centroids.iter().copied().collect())
    }),
    ("k-medoids", |x| {
        let model = KMedoids::params(2).fit(x)?;
        Ok([numbers(&model.medoids), vec![model.cost]].concat())
    }),
    ("ISODATA", |x| Ok(Isodata::params(2).seed(3).fit(x)?.centroids.iter().copied().collect())),
    ("DBSCAN", |x| Ok(vec![Dbscan::params(1.5, 2).fit(x)?.n_clusters as f64])),
    ("Ward's tree", |x| {
        let tree = Agglomerative::params(LinkageKind::Ward).fit(x)?;
        Ok(tree.merges.iter().map(|merge| merge.height).collect())
    }),
];

/// Every classifier, as what it says of the rows that it was fitted to.
const CLASSIFIERS: [(&str, FitClasses); 6] = [
    ("logistic regression", |x, y| {
        let model = LogisticRegression::params().penalty(Penalty::L2(0.1)).fit(x, y)?;
        Ok(model.predict_proba(x)?.to_vec())
    }),
    ("tree", |x, y| Ok(numbers(&DecisionTreeClassifier::params().fit(x, y)?.predict(x)?))),
    ("forest", |x, y| {
        let params = RandomForestClassifier::params().n_trees(5).seed(3);
        Ok(numbers(&params.fit(x, y)?.predict(x)?))
    }),
    ("kernel machine", |x, y| {
        let model = Svc::params(Kernel::Rbf(0.5)).fit(x, y)?;
        Ok(model.decision_function(x)?.iter().copied().collect())
    }),
    ("linear machine", |x, y| {
        let model = LinearSvc::params().fit(x, y)?;
        Ok(model.decision_function(x)?.iter().copied().collect())
    }),
    ("perceptron", |x, y| {
        let model = MlpClassifier::params(&[3]).epochs(5).seed(3).fit(x, y)?;
        Ok(numbers(&model.predict(x)?))
    }),
];

/// Every regression that takes no missing values, likewise.
const REGRESSIONS: [(&str, FitTarget); 5] = [
    ("least squares", |x, y| Ok(LinearRegression::params().fit(x, y)?.predict(x)?.to_vec())),
    ("ridge", |x, y| Ok(Ridge::params(1.0).fit(x, y)?.predict(x)?.to_vec())),
    ("lasso", |x, y| Ok(Lasso::params(0.1).fit(x, y)?.predict(x)?.to_vec())),
    ("Bayesian ridge", |x, y| Ok(BayesianRidge::params().fit(x, y)?.predict(x)?.to_vec())),
    ("tree", |x, y| Ok(DecisionTreeRegressor::params().fit(x, y)?.predict(x)?.to_vec())),
];

#[test]
fn empty_and_broken_matrices_are_refused_by_name() {
    for (name, fit) in ESTIMATORS {
        let empty = fit(Array2::zeros((0, 2)).view()).expect_err(name);
        assert!(
            matches!(empty, Error::Empty { .. } | Error::TooFewSamples { .. }),
            "{name}: {empty}"
        );
        let no_columns = fit(Array2::zeros((5, 0)).view()).expect_err(name);
        assert!(!no_columns.to_string().is_empty(), "{name}");
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut x = array![[1.0, 2.0], [3.0, 5.0], [4.0, 4.0], [9.0, 1.0]];
            x[[2, 1]] = bad;
            match fit(x.view()).expect_err(name) {
                Error::NotFinite { row: 2, col: 1, value, .. } => {
                    assert!(value.is_nan() == bad.is_nan(), "{name}");
                }
                other => panic!("{name}: {other}"),
            }
        }
    }
}

#[test]
fn broken_designs_are_refused_by_name_and_a_single_class_is_no_panic() {
    let x = array![[1.0, 2.0], [3.0, 5.0], [4.0, 4.0], [9.0, 1.0], [2.0, 2.5], [7.0, 3.0]];
    let (y, target) = ([0, 1, 0, 1, 0, 1], array![1.0, 2.0, 0.5, 3.0, 1.5, 2.5]);
    let mut broken = x.clone();
    broken[[2, 1]] = f64::NAN;
    for (name, fit) in CLASSIFIERS {
        assert!(fit(x.view(), &y).unwrap().iter().all(|v| v.is_finite()), "{name}");
        let error = fit(broken.view(), &y).expect_err(name);
        assert!(matches!(error, Error::NotFinite { row: 2, col: 1, .. }), "{name}: {error}");
        let error = fit(x.view(), &y[..5]).expect_err(name);
        assert!(matches!(error, Error::Shape { .. }), "{name}: {error}");
        assert!(
            matches!(fit(Array2::zeros((0, 2)).view(), &[]), Err(Error::Empty { .. })),
            "{name}"
        );
        match fit(x.view(), &[1; 6]) {
            Ok(said) => assert!(said.iter().all(|v| v.is_finite()), "{name}"),
            Err(error) => assert!(!error.to_string().is_empty(), "{name}"),
        }
    }
    for (name, fit) in REGRESSIONS {
        assert!(fit(x.view(), target.view()).unwrap().iter().all(|v| v.is_finite()), "{name}");
        let error = fit(broken.view(), target.view()).expect_err(name);
        assert!(matches!(error, Error::NotFinite { row: 2, col: 1, .. }), "{name}: {error}");
        let short = fit(x.view(), target.slice(s![..5]));
        assert!(matches!(short, Err(Error::Shape { .. })), "{name}");
        let mut target = target.clone();
        target[4] = f64::INFINITY;
        let error = fit(x.view(), target.view()).expect_err(name);
        assert!(matches!(error, Error::NotFinite { row: 4, .. }), "{name}: {error}");
    }
}

#[test]
fn one_row_is_an_error_or_a_finite_answer() {
    for (name, fit) in ESTIMATORS {
        match fit(array![[1.0, 2.0]].view()) {
            Ok(numbers) => assert!(numbers.iter().all(|v| v.is_finite()), "{name}"),
            Err(error) => assert!(!error.to_string().is_empty(), "{name}"),
        }
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let x = data::iris().x.view();
    let y: Vec<usize> = data::iris().y.iter().map(|&c| usize::from(c > 0)).collect();
    let errors = [
        ("`k`", KMeans::params(0).fit(x).err()),
        ("`max_iter`", KMeans::params(2).max_iter(0).fit(x).err()),
        ("`n_init`", KMeans::params(2).n_init(0).fit(x).err()),
        ("`tol`", KMeans::params(2).tol(f64::NAN).fit(x).err()),
        ("`max_iter`", GaussianMixture::params(2).max_iter(0).fit(x).err()),
        ("`reg_covar`", GaussianMixture::params(2).reg_covar(-1.0).fit(x).err()),
        ("`n_components`", Pca::params(0).fit(x).err()),
        ("`max_iter`", LogisticRegression::params().max_iter(0).fit(x, &y).err()),
    ];
    for (name, error) in errors {
        let text = error.expect(name).to_string();
        assert!(text.contains(name) && text.contains("got"), "{name}: {text}");
    }
}

#[test]
fn labels_and_shapes_are_checked() {
    let x = array![[0.0], [1.0], [2.0]];
    let fit = |y: &[usize]| LogisticRegression::params().fit(x.view(), y).unwrap_err();
    assert!(matches!(fit(&[0, 2, 1]), Error::Label { index: 1, .. }));
    assert!(matches!(fit(&[1, 1, 1]), Error::SingleClass { class: 1, .. }));
    assert!(matches!(fit(&[0, 1]), Error::Shape { .. }));
    let model = KMeans::params(2).fit(x.view()).unwrap();
    assert!(matches!(model.predict(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
    let pca = Pca::params(1).fit(x.view()).unwrap();
    assert!(matches!(pca.transform(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
    let same = Array2::<f64>::ones((6, 2));
    assert!(matches!(KMeans::params(2).fit(same.view()), Err(Error::TooManyClusters { .. })));
    assert!(matches!(data::standardize(same.view()), Err(Error::ConstantColumn { col: 0, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Any finite matrix is fitted to finite numbers or refused; the same one gives the same bits.
    #[test]
    fn finite_in_finite_out(
        values in prop::collection::vec(-1e6_f64..1e6, 4..60),
        columns in 1_usize..4,
    ) {
        let rows = values.len() / columns;
        let x = Array2::from_shape_vec((rows, columns), values[..rows * columns].to_vec()).unwrap();
        for (name, fit) in ESTIMATORS {
            match (fit(x.view()), fit(x.view())) {
                (Ok(a), Ok(b)) => {
                    prop_assert!(a.iter().all(|v| v.is_finite()), "{}: {:?}", name, a);
                    prop_assert!(a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits()), "{}", name);
                }
                (Err(a), Err(b)) => prop_assert_eq!(a.to_string(), b.to_string()),
                _ => prop_assert!(false, "{} is not repeatable", name),
            }
        }
    }

    /// Labels that jump between bins never draw a broken figure.
    #[test]
    fn figures_are_drawn_or_refused(values in prop::collection::vec(-1e9_f64..1e9, 1..40)) {
        let y = Array1::from(values);
        let x: Array1<f64> = (0..y.len()).map(|i| i as f64).collect();
        let figure = plot::curves(x.view(), &[("y", y.clone())], "any", "x", "y").unwrap();
        prop_assert!(figure.svg().ends_with("</svg>\n") || figure.svg().ends_with("</svg>"));
        prop_assert!(!figure.svg().contains("NaN"));
        prop_assert!(plot::histogram(y.view(), 7, "any", "y").is_ok());
    }
}
