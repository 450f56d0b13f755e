//! Two real experiments whose randomisation is known.
//!
//! * [`open_bandit`]: which items a fashion shop recommended under two policies, and which were clicked
//!   (Saito et al. 2021). Every row carries the chance with which the policy showed that item: what
//!   off-policy estimates need.
//! * [`hiv_incentive`]: villagers in Malawi drew a voucher, worth nothing to three dollars, to be paid
//!   when they came for the result of their HIV test (Thornton 2008).
//!
//! # References
//! Saito, Aihara, Matsutani & Narita (2021), *Open Bandit Dataset and Pipeline*; Thornton (2008), *The
//! Demand for, and Impact of, Learning HIV Status*, table 4.

use ndarray::{Array1, Array2};
use std::sync::OnceLock;

/// Who chose the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BanditPolicy {
    /// Every item with the same chance.
    Random,
    /// Bernoulli Thompson sampling: items that were clicked come more often.
    ThompsonSampling,
}

/// For whom the items were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BanditCampaign {
    /// Everybody: 80 items.
    All,
    /// Men: 34 items.
    Men,
    /// Women: 46 items.
    Women,
}

/// Impressions of one policy in one campaign, in the order of time, 10,000 rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BanditLog {
    /// Seconds since 2019-11-24 00:00 UTC, never falling, shape `(n,)`.
    pub seconds: Array1<f64>,
    /// The item shown, `0..n_items`, shape `(n,)`.
    pub item: Vec<usize>,
    /// Where it was shown: 0 left, 1 middle, 2 right, shape `(n,)`.
    pub position: Vec<usize>,
    /// Whether it was clicked, shape `(n,)`.
    pub click: Vec<bool>,
    /// The chance with which the policy showed this item here, shape `(n,)`.
    pub propensity: Array1<f64>,
    /// Four hashed features of the user as codes from 0, shape `(n, 4)`; they have 3, 5, 9 and 10 levels.
    pub user: Array2<usize>,
    /// Features of the items, shape `(n_items, 4)`: a number, then three categories as codes from 0.
    pub item_features: Array2<f64>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl BanditLog {
    /// Number of impressions.
    pub fn n_samples(&self) -> usize {
        self.item.len()
    }

    /// Number of items that could be shown.
    pub fn n_items(&self) -> usize {
        self.item_features.nrows()
    }

    /// Number of clicks.
    pub fn clicks(&self) -> u64 {
        self.click.iter().map(|&c| u64::from(c)).sum()
    }
}

/// A week of recommendations of one policy in one campaign of the shop ZOZOTOWN. A sample of 10,000
/// impressions: their number says nothing about the traffic that the policy got.
///
/// ```
/// use mlnotes::data::{BanditCampaign, BanditPolicy, open_bandit};
/// let log = open_bandit(BanditPolicy::Random, BanditCampaign::Men);
/// assert_eq!((log.n_samples(), log.n_items(), log.clicks()), (10_000, 34, 46));
/// assert!(log.propensity.iter().all(|&p| p == 1.0 / 34.0));
/// ```
pub fn open_bandit(policy: BanditPolicy, campaign: BanditCampaign) -> &'static BanditLog {
    static LOGS: [OnceLock<BanditLog>; 6] = [const { OnceLock::new() }; 6];
    let slot = 3 * policy as usize + campaign as usize;
    LOGS[slot].get_or_init(|| bandit_log(policy, campaign))
}

fn bandit_log(policy: BanditPolicy, campaign: BanditCampaign) -> BanditLog {
    use BanditCampaign::{All, Men, Women};
    use BanditPolicy::{Random, ThompsonSampling};
    /// Propensities of the sampler are stored as counts of so many draws.
    const DRAWS: f64 = 200_000.0;
    let table = match (policy, campaign) {
        (Random, All) => include_str!("open_bandit/random_all.csv"),
        (Random, Men) => include_str!("open_bandit/random_men.csv"),
        (Random, Women) => include_str!("open_bandit/random_women.csv"),
        (ThompsonSampling, All) => include_str!("open_bandit/bts_all.csv"),
        (ThompsonSampling, Men) => include_str!("open_bandit/bts_men.csv"),
        (ThompsonSampling, Women) => include_str!("open_bandit/bts_women.csv"),
    };
    let item_features = item_features(match campaign {
        All => "all",
        Men => "men",
        Women => "women",
    });
    let uniform = 1.0 / item_features.nrows() as f64;
    let mut log = BanditLog {
        seconds: Array1::default(0),
        item: Vec::new(),
        position: Vec::new(),
        click: Vec::new(),
        propensity: Array1::default(0),
        user: Array2::default((0, 4)),
        item_features,
        source: include_str!("open_bandit/SOURCE").trim_ascii(),
    };
    let (mut seconds, mut propensity, mut user) = (Vec::new(), Vec::new(), Vec::new());
    let mut now = 0.0;
    for row in records(table) {
        now += number(&row[0]);
        seconds.push(now);
        log.item.push(whole(&row[1]));
        log.position.push(whole(&row[2]) - 1);
        log.click.push(&row[3] == "1");
        user.extend(row[4].bytes().map(|code| usize::from(code - b'0')));
        propensity.push(row.get(5).map_or(uniform, |count| number(count) / DRAWS));
    }
    log.seconds = seconds.into();
    log.propensity = propensity.into();
    log.user = Array2::from_shape_vec((log.item.len(), 4), user).unwrap_or_default();
    log
}

fn item_features(campaign: &str) -> Array2<f64> {
    let rows = records(include_str!("open_bandit/items.csv"));
    let values: Vec<f64> = rows
        .filter(|row| &row[0] == campaign)
        .flat_map(|row| [number(&row[2]), number(&row[3]), number(&row[4]), number(&row[5])])
        .collect();
    Array2::from_shape_vec((values.len() / 4, 4), values).unwrap_or_default()
}

/// Who came to learn the result of an HIV test, and for how much money.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HivIncentive {
    /// The village, unknown for four people, shape `(n,)`.
    pub village: Vec<Option<u32>>,
    /// From home to the nearest place that gave results, in km, shape `(n,)`.
    pub distance_km: Array1<f64>,
    /// The voucher that was drawn, in US dollars, 0 for none, shape `(n,)`.
    pub incentive_usd: Array1<f64>,
    /// Age in years, unknown for five people, shape `(n,)`.
    pub age: Vec<Option<f64>>,
    /// Whether the person came for the result, shape `(n,)`.
    pub learned: Vec<bool>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl HivIncentive {
    /// Number of people.
    pub fn n_samples(&self) -> usize {
        self.learned.len()
    }

    /// How many came, and of how many, among those with a voucher (`true`) or without.
    pub fn came(&self, voucher: bool) -> (u64, u64) {
        let chosen = self.incentive_usd.iter().zip(&self.learned);
        chosen
            .filter(|(usd, _)| (**usd > 0.0) == voucher)
            .fold((0, 0), |(x, n), (_, &learned)| (x + u64::from(learned), n + 1))
    }
}

/// Thornton's experiment in 119 villages of Malawi: 2834 people who were tested at home drew a voucher
/// from a bag, to be paid when they came for the result.
///
/// ```
/// let people = mlnotes::data::hiv_incentive();
/// assert_eq!((people.came(true), people.came(false)), ((1745, 2211), (211, 623)));
/// ```
pub fn hiv_incentive() -> &'static HivIncentive {
    static SET: OnceLock<HivIncentive> = OnceLock::new();
    SET.get_or_init(|| {
        let rows: Vec<_> = records(include_str!("hiv_incentive/data.csv")).collect();
        HivIncentive {
            village: rows.iter().map(|row| row[0].parse().ok()).collect(),
            distance_km: rows.iter().map(|row| number(&row[1])).collect(),
            incentive_usd: rows.iter().map(|row| number(&row[2])).collect(),
            age: rows.iter().map(|row| row[3].parse().ok()).collect(),
            learned: rows.iter().map(|row| &row[4] == "1").collect(),
            source: include_str!("hiv_incentive/SOURCE").trim_ascii(),
        }
    })
}

/// Rows below the header. The files are fixed at compile time and a test reads every one, hence no
/// error is returned.
fn records(table: &'static str) -> impl Iterator<Item = csv::StringRecord> {
    csv::Reader::from_reader(table.as_bytes()).into_records().map_while(std::result::Result::ok)
}

fn number(field: &str) -> f64 {
    field.parse().unwrap_or(f64::NAN)
}

fn whole(field: &str) -> usize {
    field.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use BanditCampaign::{All, Men, Women};
    use BanditPolicy::{Random, ThompsonSampling};

    #[test]
    fn every_log_is_whole() {
        let clicks = [(Random, [38, 46, 46]), (ThompsonSampling, [42, 69, 46])];
        for (policy, clicks) in clicks {
            for ((campaign, n_items), clicks) in
                [(All, 80), (Men, 34), (Women, 46)].into_iter().zip(clicks)
            {
                let log = open_bandit(policy, campaign);
                assert_eq!(
                    (log.n_samples(), log.n_items(), log.clicks()),
                    (10_000, n_items, clicks)
                );
                assert!(
                    log.item.iter().all(|&i| i < n_items) && log.position.iter().all(|&p| p < 3)
                );
                assert!(log.propensity.iter().all(|p| *p > 0.0 && *p <= 1.0));
                assert_eq!(log.user.dim(), (10_000, 4));
                for (feature, levels) in log.user.columns().into_iter().zip([3, 5, 9, 10]) {
                    assert!(feature.iter().all(|&code| code < levels));
                }
                assert!(log.item_features.iter().all(|v| v.is_finite()));
                let seconds = log.seconds.as_slice().unwrap();
                assert!(seconds.windows(2).all(|w| w[0] <= w[1]));
                assert!(seconds[9999] < 7.0 * 86_400.0 && seconds[9999] > 6.9 * 86_400.0);
            }
        }
        let log = open_bandit(ThompsonSampling, All);
        assert!((log.propensity[0] - 0.087_125).abs() < 1e-15 && log.item[0] == 79);
        let women = open_bandit(ThompsonSampling, Women);
        assert!((women.propensity[0] - 1.0 / 46.0).abs() < 1e-15);
    }

    #[test]
    fn the_voucher_experiment_is_whole() {
        let people = hiv_incentive();
        assert_eq!(people.n_samples(), 2834);
        assert!(people.distance_km.iter().chain(&people.incentive_usd).all(|v| v.is_finite()));
        assert_eq!(people.village.iter().filter(|v| v.is_none()).count(), 4);
        assert_eq!(people.age.iter().filter(|v| v.is_none()).count(), 5);
    }
}
