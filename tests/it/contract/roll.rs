//! Nobody is left out: what `src/` calls settings has either an estimator under the laws or a reason here.

use super::estimators::all;
use std::collections::BTreeSet;
use std::path::Path;

/// Settings that fit no model to a data matrix, and why; those that draw are held to their seed in
/// `repeat.rs`.
const OTHERS: [(&str, &str); 18] = [
    ("AbTestParams", "tests two samples"),
    ("AdtributorParams", "explains the difference of two tables"),
    ("BaumWelchParams", "fits sequences of symbols"),
    ("BinnerParams", "cuts one column"),
    ("Bm25Params", "fits texts"),
    ("CausalImpactParams", "fits a series: the order of its rows is time"),
    ("CircuitBreakerParams", "counts failed calls"),
    ("CnnClassifierParams", "fits pictures; held to its laws in tests/it/cnn.rs"),
    ("CountVectorizerParams", "fits texts"),
    ("LinearChainCrfParams", "fits labelled sequences"),
    ("GaussianBaumWelchParams", "fits sequences of vectors"),
    ("KFoldParams", "splits the numbers of rows"),
    ("MinHashParams", "signs sets of words"),
    ("Params", "no settings: the weights of a model on tensors"),
    ("PowerParams", "plans a test"),
    ("SmoteParams", "draws rows, and keeps those it was given"),
    ("TfidfParams", "fits texts"),
    ("WeightingParams", "weighs outcomes by a score that is given"),
];

/// Names of types that end in `Params`, public or not, in all of `src/`.
fn settings_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            settings_in(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for line in text.lines().map(str::trim_start) {
                let line = line.strip_prefix("pub ").unwrap_or(line);
                let Some(rest) =
                    ["struct ", "enum ", "type "].iter().find_map(|k| line.strip_prefix(k))
                else {
                    continue;
                };
                let name: String =
                    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name.ends_with("Params") {
                    found.insert(name);
                }
            }
        }
    }
}

#[test]
fn every_type_of_settings_is_under_the_contract_or_says_why_not() {
    let mut found = BTreeSet::new();
    settings_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let held: BTreeSet<String> =
        all().map(|e| e.settings.to_owned()).filter(|s| !s.is_empty()).collect();
    let others: BTreeSet<String> = OTHERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(held.is_disjoint(&others), "both: {:?}", held.intersection(&others));
    let listed: BTreeSet<String> = &held | &others;
    let missing: Vec<_> = found.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "in src/, and under no law: {missing:?}; add them to estimators.rs"
    );
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(gone.is_empty(), "under a law, and not in src/: {gone:?}");
}
