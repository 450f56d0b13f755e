//! TF-IDF and BM25 against scikit-learn, gensim and rank-bm25 (`tests/references/text.py`).

use crate::support::{aligned, cases};
use mlnotes::data;
use mlnotes::text::bm25::{Bm25, Bm25Idf};
use mlnotes::text::tfidf::{Idf, Norm, Tf, Tfidf, TfidfParams};
use mlnotes::text::vectorizer::{CountVectorizer, DocumentFrequency};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    documents: Vec<String>,
    default: Fitted,
    bigrams: Fitted,
    l1_stop: Fitted,
    gensim: Vec<Vec<f64>>,
    query: String,
    bm25: [Vec<f64>; 2],
    rare: String,
    okapi: Vec<f64>,
    speeches: [Real; 2],
}

#[derive(Deserialize)]
struct Real {
    n_terms: usize,
    nnz: usize,
    total: f64,
    idf_total: f64,
    lincoln: Vec<(String, f64)>,
    cosines: Vec<f64>,
}

#[derive(Deserialize)]
struct Fitted {
    vocabulary: Vec<String>,
    idf: Vec<f64>,
    rows: Vec<Vec<f64>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/text.json")).unwrap()
}

fn rows_agree(params: &TfidfParams, documents: &[&str], rows: &[Vec<f64>], tolerance: f64) {
    let (_, matrix) = params.fit_transform(documents).unwrap();
    for (i, row) in cases(rows, documents.len()).enumerate() {
        for (j, &theirs) in cases(row, matrix.cols()).enumerate() {
            let ours = matrix.get(i, j).copied().unwrap_or(0.0);
            assert!((ours - theirs).abs() < tolerance, "{i} {j}: {ours} {theirs}");
        }
    }
}

#[test]
fn weights_are_scikit_learns() {
    let reference = reference();
    let documents: Vec<&str> = reference.documents.iter().map(String::as_str).collect();
    let counts = CountVectorizer::params;
    let runs = counts()
        .ngram(1, 2)
        .min_df(DocumentFrequency::Count(2))
        .max_df(DocumentFrequency::Share(0.5));
    let cases = [
        (Tfidf::params(), &reference.default),
        (Tfidf::params().counts(runs).tf(Tf::Sublinear), &reference.bigrams),
        (
            Tfidf::params().counts(counts().stop_words(&["fish", "sky"])).norm(Norm::L1),
            &reference.l1_stop,
        ),
    ];
    for (params, fitted) in cases {
        let model = params.fit(&documents).unwrap();
        assert_eq!(model.vocabulary(), fitted.vocabulary);
        for (ours, theirs) in aligned(model.idf(), &fitted.idf) {
            assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
        }
        rows_agree(&params, &documents, &fitted.rows, 1e-12);
    }
}

#[test]
fn weights_of_real_speeches_are_scikit_learns() {
    let speeches: Vec<&str> = data::state_of_the_union().iter().map(|s| s.text).collect();
    for (longest, theirs) in aligned([1, 2], reference().speeches) {
        let counts = CountVectorizer::params().ngram(1, longest);
        let (model, rows) = Tfidf::params().counts(counts).fit_transform(&speeches).unwrap();
        assert_eq!(rows.shape(), (59, theirs.n_terms));
        assert_eq!(rows.nnz(), theirs.nnz);
        // Sums of up to 400,000 numbers of size 1: their rounding, not ours, sets the bound.
        assert!((rows.data().iter().sum::<f64>() - theirs.total).abs() < 1e-8);
        assert!((model.idf().sum() - theirs.idf_total).abs() < 1e-6);
        let lincoln = rows.outer_view(18).unwrap();
        for (term, weight) in cases(&theirs.lincoln, 50) {
            let column = model.vocabulary().binary_search(term).unwrap();
            assert!((lincoln.get(column).unwrap() - weight).abs() < 1e-12, "{term}");
        }
        for (row, cosine) in aligned(rows.outer_iterator(), &theirs.cosines) {
            assert!((row.dot(&lincoln) - cosine).abs() < 1e-12);
        }
        // Read again with the vocabulary known.
        let again = model.transform(&speeches).unwrap();
        assert_eq!((again.indices(), again.data()), (rows.indices(), rows.data()));
    }
}

#[test]
fn the_textbook_s_weights_to_the_base_2_are_gensims() {
    let reference = reference();
    let documents: Vec<&str> = reference.documents.iter().map(String::as_str).collect();
    let params = Tfidf::params().idf(Idf::Textbook).log_base(2.0);
    rows_agree(&params, &documents, &reference.gensim, 1e-10);
}

#[test]
fn scores_are_the_formula_s_and_rank_bm25s() {
    let reference = reference();
    let documents: Vec<&str> = reference.documents.iter().map(String::as_str).collect();
    let agree = |idf, query: &str, theirs: &[f64]| {
        let model = Bm25::params().idf(idf).fit(&documents).unwrap();
        for (ours, theirs) in aligned(&model.scores(query), theirs) {
            assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
        }
    };
    agree(Bm25Idf::Lucene, &reference.query, &reference.bm25[0]);
    agree(Bm25Idf::Robertson, &reference.query, &reference.bm25[1]);
    // rank-bm25 lifts negative weights to a floor; words this rare have none.
    agree(Bm25Idf::Robertson, &reference.rare, &reference.okapi);
}
