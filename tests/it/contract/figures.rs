//! Figures of any numbers are drawn, or refused.

use mlnotes::prelude::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

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
