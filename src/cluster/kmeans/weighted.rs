//! k-means where rows count unlike: a row of weight `w` pulls as `w` rows in its place would.
//!
//! ```text
//! minimise Σᵢ wᵢ ‖xᵢ − c_{lᵢ}‖²        means are weighted means; k-means++ draws by wᵢ d²(xᵢ)
//! ```

use super::assign::{assign_rows, squared_distance};
use super::{EmptyCluster, KMeans, KMeansInit, KMeansParams};
#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::base::{Present, check_matrix, map_blocks, stream, views};
use crate::cluster::check_clusters;
use crate::display::check_interrupt;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

impl KMeansParams {
    /// As [`KMeansParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`: the inertia is
    /// `Σ wᵢ ‖xᵢ − c‖²`. A row of weight 0 counts as absent, and gets a label all the same. Every distance is computed,
    /// whatever the algorithm.
    ///
    /// # Errors
    /// As [`KMeansParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a weight,
    /// [`Error::Empty`] when all are 0.
    ///
    /// ```
    /// use mlnotes::cluster::kmeans::KMeans;
    /// use ndarray::array;
    /// let (x, weights) = (array![[0.0], [3.0], [10.0]], array![2.0, 1.0, 5.0]);
    /// let model = KMeans::params(2).fit_weighted(x.view(), weights.view())?;
    /// // (2·0 + 1·3)/3 = 1, at a cost of 2·1² + 1·2² = 6.
    /// assert!(model.centroids.iter().any(|c| (c - 1.0).abs() < 1e-12));
    /// assert!((model.inertia - 6.0).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        sample_weight: ArrayView1<f64>,
    ) -> Result<KMeans> {
        self.check(x)?;
        let present = Present::of("KMeans: `sample_weight`", sample_weight, x.nrows())?;
        let counted = present.x(x);
        check_clusters("KMeans", counted.view(), self.k)?;
        let rows = counted.as_standard_layout();
        let weighted = Weighted { x: rows.view(), weights: present.weights.view() };
        let runs = if matches!(self.init, KMeansInit::Given(_)) { 1 } else { self.n_init };
        let mut best: Option<(Array2<f64>, Vec<f64>)> = None;
        for run in 0..runs {
            let start = self.weighted_start(&weighted, run);
            let (centroids, trace) = self.weighted_lloyd(&weighted, start)?;
            let better = |(_, other): &(_, Vec<f64>)| trace.last() < other.last();
            if best.as_ref().is_none_or(better) {
                best = Some((centroids, trace));
            }
        }
        let (centroids, trace) = best.unwrap_or_default();
        check_matrix("KMeans: the centroids", centroids.view())?;
        let (labels, _) = assign_rows(x.as_standard_layout().view(), centroids.view());
        let inertia = trace.last().copied().unwrap_or_default();
        Ok(KMeans { centroids, labels, inertia, n_iter: trace.len() - 1, trace: trace.into() })
    }

    fn weighted_start(&self, rows: &Weighted, run: usize) -> Array2<f64> {
        let mut rng = stream(self.seed, self.first_stream + run);
        match &self.init {
            KMeansInit::Given(centroids) => centroids.clone(),
            KMeansInit::PlusPlus => rows.x.select(Axis(0), &rows.plus_plus(self.k, &mut rng)),
            KMeansInit::Random => {
                let drawn = rand::seq::index::sample(&mut rng, rows.x.nrows(), self.k);
                rows.x.select(Axis(0), &drawn.into_vec())
            }
        }
    }

    /// The centroids of one run, and the inertia at its start and after each step.
    fn weighted_lloyd(
        &self,
        rows: &Weighted,
        start: Array2<f64>,
    ) -> Result<(Array2<f64>, Vec<f64>)> {
        let variance = rows.mean_variance();
        let mut centroids = start;
        let mut labels = assign_rows(rows.x, centroids.view()).0;
        let mut trace = vec![rows.inertia(&labels, &centroids)];
        for _ in 0..self.max_iter {
            check_interrupt();
            let next = rows.update(&labels, &centroids, self.empty)?;
            let next_labels = assign_rows(rows.x, next.view()).0;
            let shift = (&next - &centroids).mapv(|v| v * v).sum();
            let settled = next_labels == labels;
            (centroids, labels) = (next, next_labels);
            trace.push(rows.inertia(&labels, &centroids));
            if settled || shift <= self.tol * variance {
                break;
            }
        }
        Ok((centroids, trace))
    }
}

/// Rows in standard layout and their weights, all above 0.
struct Weighted<'a> {
    x: ArrayView2<'a, f64>,
    weights: ArrayView1<'a, f64>,
}

impl Weighted<'_> {
    fn inertia(&self, labels: &[usize], centroids: &Array2<f64>) -> f64 {
        let one =
            |i: usize| self.weights[i] * squared_distance(self.x.row(i), centroids.row(labels[i]));
        map_blocks(self.x.nrows(), |range| range.map(one).sum::<f64>()).iter().sum()
    }

    /// The weighted variance of a column, averaged over the columns.
    fn mean_variance(&self) -> f64 {
        let total = self.weights.sum();
        let mean = self.x.t().dot(&self.weights) / total;
        let one = |i: usize| self.weights[i] * squared_distance(self.x.row(i), mean.view());
        let squares: f64 =
            map_blocks(self.x.nrows(), |range| range.map(one).sum::<f64>()).iter().sum();
        squares / (total * self.x.ncols() as f64)
    }

    fn plus_plus(&self, k: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut chosen = vec![draw(&self.weights.to_vec(), rng)];
        let mut nearest = vec![f64::INFINITY; self.x.nrows()];
        loop {
            let point = self.x.row(chosen[chosen.len() - 1]);
            for (nearest, row) in nearest.iter_mut().zip(self.x.rows()) {
                *nearest = nearest.min(squared_distance(row, point));
            }
            if chosen.len() == k {
                return chosen;
            }
            let chances: Vec<f64> = nearest.iter().zip(self.weights).map(|(d, w)| d * w).collect();
            chosen.push(draw(&chances, rng));
        }
    }

    /// The weighted mean of each cluster's rows.
    fn update(
        &self,
        labels: &[usize],
        old: &Array2<f64>,
        empty: EmptyCluster,
    ) -> Result<Array2<f64>> {
        let k = old.nrows();
        let (mut sums, mut mass) = (Array2::zeros(old.dim()), Array1::<f64>::zeros(k));
        let mut counts = vec![0; k];
        for ((row, &label), &weight) in self.x.rows().into_iter().zip(labels).zip(self.weights) {
            sums.row_mut(label).scaled_add(weight, &row);
            mass[label] += weight;
            counts[label] += 1;
        }
        if let (EmptyCluster::Error, Some(cluster)) = (empty, counts.iter().position(|&c| c == 0)) {
            return Err(super::lost_its_last_row(cluster));
        }
        let distance = |&i: &usize| squared_distance(self.x.row(i), old.row(labels[i]));
        let mut far: Vec<usize> = Vec::new();
        if counts.contains(&0) {
            far = (0..labels.len()).collect();
            far.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
        }
        let mut far = far.into_iter();
        for j in 0..k {
            if counts[j] > 0 {
                continue;
            }
            // The farthest row leaves its own cluster, unless it is the last one there.
            if let Some(i) = far.find(|&i| counts[labels[i]] > 1) {
                let (row, weight) = (self.x.row(i), self.weights[i]);
                sums.row_mut(labels[i]).scaled_add(-weight, &row);
                mass[labels[i]] -= weight;
                counts[labels[i]] -= 1;
                sums.row_mut(j).scaled_add(weight, &row);
                mass[j] = weight;
                counts[j] = 1;
            }
        }
        for ((mut sum, &mass), (&count, old)) in
            sums.rows_mut().into_iter().zip(&mass).zip(counts.iter().zip(old.rows()))
        {
            if count == 0 {
                sum.assign(&old);
            } else {
                sum /= mass;
            }
        }
        Ok(sums)
    }
}

/// A place drawn in proportion to its chance; the last one with a chance when rounding leaves none.
fn draw(chances: &[f64], rng: &mut ChaCha8Rng) -> usize {
    let mut u = rng.random::<f64>() * chances.iter().sum::<f64>();
    let mut drawn = 0;
    for (i, &chance) in chances.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
        drawn = i;
        u -= chance;
        if u < 0.0 {
            break;
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use ndarray::array;

    fn noise() -> Array2<f64> {
        let mut rng = stream(4, 0);
        Array2::from_shape_fn((60, 2), |_| rng.random_range(-3.0..3.0))
    }

    #[test]
    fn a_weight_is_a_number_of_copies_and_none_is_no_row() {
        let x = noise();
        let counts: Vec<usize> = (0..60).map(|i| i % 3).collect();
        let rows: Vec<usize> = (0..60).flat_map(|i| vec![i; counts[i]]).collect();
        let weights: Array1<f64> = counts.iter().map(|&c| c as f64).collect();
        let start = KMeansInit::Given(x.select(Axis(0), &[1, 2, 4, 5]));
        let params = KMeans::params(4).init(start).tol(0.0);
        let copied = params.fit(x.select(Axis(0), &rows).view()).unwrap();
        let weighted = params.fit_weighted(x.view(), weights.view()).unwrap();
        assert!((&copied.centroids - &weighted.centroids).iter().all(|d| d.abs() < 1e-12));
        assert!((copied.inertia - weighted.inertia).abs() < 1e-10);
        assert_eq!(weighted.labels, weighted.predict(x.view()).unwrap());
        assert!(weighted.trace.windows(2).into_iter().all(|two| two[1] <= two[0] + 1e-12));
        let even = params.fit_weighted(x.view(), Array1::from_elem(60, 3.0).view()).unwrap();
        let plain = params.fit(x.view()).unwrap();
        assert!((&even.centroids - &plain.centroids).iter().all(|d| d.abs() < 1e-12));
        assert!((even.inertia - 3.0 * plain.inertia).abs() < 1e-9);
    }

    #[test]
    fn heavy_rows_are_drawn_and_an_empty_cluster_moves() {
        let mut weights = Array1::from_elem(60, 1e-9);
        weights[7] = 1.0;
        let x = noise();
        let rows = Weighted { x: x.view(), weights: weights.view() };
        assert_eq!(rows.plus_plus(1, &mut stream(1, 0)), [7]);
        let x = array![[0.0], [1.0], [2.0], [50.0]];
        let start = || KMeansInit::Given(array![[1.0], [900.0]]);
        let weights = array![1.0, 2.0, 1.0, 0.5];
        let moved = KMeans::params(2).init(start()).fit_weighted(x.view(), weights.view()).unwrap();
        assert_eq!(moved.centroids, array![[1.0], [50.0]]);
        let params = KMeans::params(2).init(start()).empty(EmptyCluster::Error);
        let refused = params.fit_weighted(x.view(), weights.view());
        let refused = refused.unwrap_err();
        assert!(refused.to_string().contains("cluster 1 lost"), "{refused}");
        let one = KMeans::params(2).fit_weighted(x.view(), array![1.0, 0.0, 0.0, 0.0].view());
        assert!(matches!(one, Err(Error::TooManyClusters { distinct: 1, .. })));
    }
}
