//! What a split is judged by: class counts or squares, kept up to date as rows move to the left.

/// Impurity of a node of class labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Criterion {
    /// `Σₖ pₖ (1 − pₖ)`: how often two rows drawn from the node differ in class.
    #[default]
    Gini,
    /// `−Σₖ pₖ log₂ pₖ`, in bits.
    Entropy,
}

/// The statistics of one node and of a growing left part of it.
///
/// The grower is generic over this: any loss whose gain follows from sums over rows fits in.
pub(crate) trait Target {
    /// Makes `rows` the node.
    fn open(&mut self, rows: &[u32]);
    /// Total weight of the node.
    fn weight(&self) -> f64;
    /// Impurity of the node.
    fn impurity(&self) -> f64;
    /// Whether no split can gain anything.
    fn is_pure(&self) -> bool;
    /// Numbers a leaf predicts.
    fn n_outputs(&self) -> usize;
    /// Appends the leaf's prediction.
    fn predict_into(&self, values: &mut Vec<f64>);
    /// Empties the left part.
    fn clear_left(&mut self);
    /// Moves a row of the node to the left part.
    fn push_left(&mut self, row: u32);
    /// `W·I − W_L·I_L − W_R·I_R` of the left part and the rest; both have weight.
    fn gain(&self) -> f64;
}

/// Class labels.
#[derive(Debug)]
pub(crate) struct Classes<'a> {
    y: &'a [usize],
    weights: &'a [f64],
    criterion: Criterion,
    node: Vec<f64>,
    left: Vec<f64>,
    weight: f64,
    left_weight: f64,
    node_squares: f64,
    left_squares: f64,
    right_squares: f64,
}

impl<'a> Classes<'a> {
    /// Labels below `n_classes` and the weights of the rows.
    pub(crate) fn new(
        y: &'a [usize],
        weights: &'a [f64],
        n_classes: usize,
        criterion: Criterion,
    ) -> Self {
        Self {
            y,
            weights,
            criterion,
            node: vec![0.0; n_classes],
            left: vec![0.0; n_classes],
            weight: 0.0,
            left_weight: 0.0,
            node_squares: 0.0,
            left_squares: 0.0,
            right_squares: 0.0,
        }
    }
}

/// `W·H = W log₂ W − Σₖ Wₖ log₂ Wₖ` of class weights.
fn weighted_entropy(counts: impl Iterator<Item = f64>, weight: f64) -> f64 {
    let x_log_x = |x: f64| if x > 0.0 { x * x.log2() } else { 0.0 };
    x_log_x(weight) - counts.map(x_log_x).sum::<f64>()
}

impl Target for Classes<'_> {
    fn open(&mut self, rows: &[u32]) {
        self.node.fill(0.0);
        for &row in rows {
            self.node[self.y[row as usize]] += self.weights[row as usize];
        }
        self.weight = self.node.iter().sum();
        self.node_squares = self.node.iter().map(|w| w * w).sum();
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn impurity(&self) -> f64 {
        let impurity = match self.criterion {
            Criterion::Gini => {
                1.0 - self.node.iter().map(|w| (w / self.weight).powi(2)).sum::<f64>()
            }
            Criterion::Entropy => -self
                .node
                .iter()
                .map(|w| w / self.weight)
                .map(|p| if p > 0.0 { p * p.log2() } else { 0.0 })
                .sum::<f64>(),
        };
        impurity.max(0.0)
    }

    fn is_pure(&self) -> bool {
        self.node.iter().filter(|&&w| w > 0.0).count() < 2
    }

    fn n_outputs(&self) -> usize {
        self.node.len()
    }

    fn predict_into(&self, values: &mut Vec<f64>) {
        values.extend(self.node.iter().map(|w| w / self.weight));
    }

    fn clear_left(&mut self) {
        self.left.fill(0.0);
        self.left_weight = 0.0;
        self.left_squares = 0.0;
        self.right_squares = self.node_squares;
    }

    fn push_left(&mut self, row: u32) {
        let (class, w) = (self.y[row as usize], self.weights[row as usize]);
        let left = self.left[class];
        let right = self.node[class] - left;
        // (a ± w)² − a² = w (w ± 2a): no sum over the classes. Exact for whole weights.
        self.left_squares += w * (w + 2.0 * left);
        self.right_squares += w * (w - 2.0 * right);
        self.left[class] = left + w;
        self.left_weight += w;
    }

    fn gain(&self) -> f64 {
        let right_weight = self.weight - self.left_weight;
        match self.criterion {
            // W·Gini = W − Σ Wₖ² / W, and the weights add up.
            Criterion::Gini => {
                self.left_squares / self.left_weight + self.right_squares / right_weight
                    - self.node_squares / self.weight
            }
            Criterion::Entropy => {
                let rest = self.node.iter().zip(&self.left).map(|(node, left)| node - left);
                weighted_entropy(self.node.iter().copied(), self.weight)
                    - weighted_entropy(self.left.iter().copied(), self.left_weight)
                    - weighted_entropy(rest, right_weight)
            }
        }
    }
}

/// Numbers, judged by squared error.
#[derive(Debug)]
pub(crate) struct Squares<'a> {
    y: &'a [f64],
    weights: &'a [f64],
    weight: f64,
    mean: f64,
    impurity: f64,
    is_pure: bool,
    left_sum: f64,
    left_weight: f64,
}

impl<'a> Squares<'a> {
    /// Targets and weights of the rows.
    pub(crate) fn new(y: &'a [f64], weights: &'a [f64]) -> Self {
        Self {
            y,
            weights,
            weight: 0.0,
            mean: 0.0,
            impurity: 0.0,
            is_pure: true,
            left_sum: 0.0,
            left_weight: 0.0,
        }
    }
}

impl Target for Squares<'_> {
    fn open(&mut self, rows: &[u32]) {
        let (mut weight, mut sum) = (0.0, 0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &row in rows {
            let (y, w) = (self.y[row as usize], self.weights[row as usize]);
            weight += w;
            sum += w * y;
            low = low.min(y);
            high = high.max(y);
        }
        self.weight = weight;
        self.is_pure = low >= high;
        // The mean of equal numbers is that number, to the bit.
        self.mean = if self.is_pure { low } else { sum / weight };
        let squares: f64 = rows
            .iter()
            .map(|&row| {
                let difference = self.y[row as usize] - self.mean;
                self.weights[row as usize] * difference * difference
            })
            .sum();
        self.impurity = squares / weight;
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn impurity(&self) -> f64 {
        self.impurity
    }

    fn is_pure(&self) -> bool {
        self.is_pure
    }

    fn n_outputs(&self) -> usize {
        1
    }

    fn predict_into(&self, values: &mut Vec<f64>) {
        values.push(self.mean);
    }

    fn clear_left(&mut self) {
        self.left_sum = 0.0;
        self.left_weight = 0.0;
    }

    fn push_left(&mut self, row: u32) {
        let w = self.weights[row as usize];
        self.left_sum += w * (self.y[row as usize] - self.mean);
        self.left_weight += w;
    }

    /// Around the node's own mean the two parts' sums are opposite, `S_R = −S_L`, so that
    /// `S_L²/W_L + S_R²/W_R = S_L² W / (W_L W_R)`: no digits are lost far from 0.
    fn gain(&self) -> f64 {
        let right_weight = self.weight - self.left_weight;
        self.left_sum * self.left_sum * (self.weight / (self.left_weight * right_weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `W·I` of some rows, by the definition.
    fn total<T: Target>(target: &mut T, rows: &[u32]) -> f64 {
        target.open(rows);
        target.weight() * target.impurity()
    }

    fn gain_by_definition<T: Target>(target: &mut T, rows: &[u32], cut: usize) -> f64 {
        total(target, rows) - total(target, &rows[..cut]) - total(target, &rows[cut..])
    }

    fn running_gain<T: Target>(target: &mut T, rows: &[u32], cut: usize) -> f64 {
        target.open(rows);
        target.clear_left();
        rows[..cut].iter().for_each(|&row| target.push_left(row));
        target.gain()
    }

    proptest! {
        #[test]
        fn the_running_gain_is_the_fall_of_impurity(
            labels in prop::collection::vec(0usize..4, 12),
            numbers in prop::collection::vec(-9.0..9.0, 12),
            weights in prop::collection::vec(0.5..3.0, 12),
            cut in 1usize..12,
        ) {
            let rows: Vec<u32> = (0..12).collect();
            for criterion in [Criterion::Gini, Criterion::Entropy] {
                let mut target = Classes::new(&labels, &weights, 4, criterion);
                let expected = gain_by_definition(&mut target, &rows, cut);
                let gain = running_gain(&mut target, &rows, cut);
                prop_assert!((gain - expected).abs() < 1e-11, "{gain} {expected}");
                prop_assert!(gain > -1e-11);
            }
            let shifted: Vec<f64> = numbers.iter().map(|y: &f64| y + 1e6).collect();
            let mut target = Squares::new(&numbers, &weights);
            let expected = gain_by_definition(&mut target, &rows, cut);
            prop_assert!((running_gain(&mut target, &rows, cut) - expected).abs() < 1e-10);
            let far = running_gain(&mut Squares::new(&shifted, &weights), &rows, cut);
            prop_assert!((far - expected).abs() < 1e-6, "far from 0: {far} {expected}");
        }
    }
}
