//! The log of an invented shop, with its truths known.

use crate::base::{sigmoid, stream};
use crate::data::table::Table;
use crate::{Error, Result};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{LogNormal, Poisson, StandardNormal};

const WEEKS: i64 = 16;
/// The week in which both changes happen.
const CHANGE: i64 = 8;

/// Who signed up, and what they did; see [`shop_log`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ShopLog {
    /// A row a user: `user` from 0, `signup_day` and `signup_week` from 0, `channel`, `country`,
    /// `platform`, and `voucher`, 1 for those who were given one.
    pub users: Table,
    /// A row a visit, in the order of users and days: `user`, `day`, `week`, and `revenue`, missing
    /// where the visit brought no order. A user's first visit is on the day of the sign-up.
    pub visits: Table,
}

/// Sixteen weeks (112 days) of a shop with `n_users` users, seeded. What is true in it:
///
/// - a user visits in the week of the sign-up for certain, and `k` weeks later with log-odds
///   `a − 0.12 k + 0.4 voucher + 0.8 N(0, 1)`, the last term one draw a user; `a` is 0.9 for those
///   sent by a friend, 0.4 from search, −0.9 from ads;
/// - a voucher went to half of the users, by chance alone, so its effect is causal;
/// - a visit becomes an order with probability 0.30 (friend), 0.25 (search) or 0.10 (ads);
/// - in week 8 two things change: the share of ads among new users rises from 0.3 to 0.6, and a
///   fault in the Android app halves its users' chance to order;
/// - countries (CN, JP, DE: 0.5, 0.3, 0.2) and platforms (Android, iOS, web: 0.4, 0.4, 0.2) are
///   drawn apart from everything else; order values are log-normal with median 20.
///
/// # Errors
/// [`Error::TooFewSamples`] for no users.
///
/// ```
/// let log = mlnotes::data::shop_log(500, 7)?;
/// assert_eq!(log.users.n_rows(), 500);
/// assert_eq!(log.visits.names(), ["user", "day", "week", "revenue"]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn shop_log(n_users: usize, seed: u64) -> Result<ShopLog> {
    if n_users == 0 {
        return Err(Error::TooFewSamples { what: "shop_log: `n_users`", needed: 1, got: 0 });
    }
    let mut rng = stream(seed, 0);
    let users: Vec<User> = (0..n_users).map(|_| User::draw(&mut rng)).collect();
    let mut visits: Vec<(i64, i64, Option<f64>)> = Vec::new();
    for (id, user) in (0..).zip(&users) {
        let days = user.days(&mut rng);
        visits.extend(days.into_iter().map(|day| (id, day, user.order(day / 7, &mut rng))));
    }
    let text = |of: fn(&User) -> &'static str| users.iter().map(of).collect::<Vec<_>>();
    let whole = |of: fn(&User) -> i64| users.iter().map(of).collect::<Vec<_>>();
    let column =
        |of: fn(&(i64, i64, Option<f64>)) -> i64| visits.iter().map(of).collect::<Vec<_>>();
    Ok(ShopLog {
        users: Table::new()
            .with("user", (0..).take(n_users).collect::<Vec<i64>>())?
            .with("signup_day", whole(|u| u.day))?
            .with("signup_week", whole(|u| u.day / 7))?
            .with("channel", text(|u| u.channel))?
            .with("country", text(|u| u.country))?
            .with("platform", text(|u| u.platform))?
            .with("voucher", whole(|u| i64::from(u.voucher)))?,
        visits: Table::new()
            .with("user", column(|v| v.0))?
            .with("day", column(|v| v.1))?
            .with("week", column(|v| v.1 / 7))?
            .with("revenue", visits.iter().map(|v| v.2).collect::<Vec<_>>())?,
    })
}

struct User {
    day: i64,
    channel: &'static str,
    country: &'static str,
    platform: &'static str,
    voucher: bool,
    /// Log-odds of a visit `k` weeks after the sign-up, without `−0.12 k`.
    habit: f64,
}

impl User {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let day = rng.random_range(0..7 * WEEKS);
        let ads = if day / 7 < CHANGE { 0.3 } else { 0.6 };
        let shares = [("ads", ads), ("search", 0.6 * (1.0 - ads)), ("friend", 0.4 * (1.0 - ads))];
        let channel = pick(&shares, rng);
        let country = pick(&[("CN", 0.5), ("JP", 0.3), ("DE", 0.2)], rng);
        let platform = pick(&[("Android", 0.4), ("iOS", 0.4), ("web", 0.2)], rng);
        let voucher = rng.random_bool(0.5);
        let base = match channel {
            "friend" => 0.9,
            "search" => 0.4,
            _ => -0.9,
        };
        let own: f64 = rng.sample(StandardNormal);
        let habit = base + if voucher { 0.4 } else { 0.0 } + 0.8 * own;
        Self { day, channel, country, platform, voucher, habit }
    }

    /// Days of the visits, in order.
    fn days(&self, rng: &mut ChaCha8Rng) -> Vec<i64> {
        let mut days = vec![self.day];
        let first = self.day / 7;
        for week in first..WEEKS {
            let chance = sigmoid(self.habit - 0.12 * (week - first) as f64);
            if week > first && !rng.random_bool(chance) {
                continue;
            }
            let from = self.day.max(7 * week);
            let more = extra_visits(rng) + usize::from(week > first);
            days.extend((0..more).map(|_| rng.random_range(from..7 * (week + 1))));
        }
        days.sort_unstable();
        days
    }

    /// The value of the order that a visit brings, if it brings one.
    fn order(&self, week: i64, rng: &mut ChaCha8Rng) -> Option<f64> {
        let base = match self.channel {
            "friend" => 0.30,
            "search" => 0.25,
            _ => 0.10,
        };
        let fault = week >= CHANGE && self.platform == "Android";
        if !rng.random_bool(if fault { base / 2.0 } else { base }) {
            return None;
        }
        // Cents, as a till has them.
        LogNormal::new(20f64.ln(), 0.6).ok().map(|d| (rng.sample(d) * 100.0).round() / 100.0)
    }
}

fn pick(shares: &[(&'static str, f64)], rng: &mut ChaCha8Rng) -> &'static str {
    let mut u: f64 = rng.random();
    let hit = shares.iter().find(|(_, share)| {
        u -= share;
        u < 0.0
    });
    // Rounding may leave a hair beyond the last share.
    hit.or(shares.last()).map_or("", |(name, _)| name)
}

/// Visits beyond the first in a week.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
fn extra_visits(rng: &mut ChaCha8Rng) -> usize {
    Poisson::new(0.8f64).map_or(0, |d| rng.sample(d) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truths_are_in_the_log() {
        let log = shop_log(20_000, 3).unwrap();
        let week = log.users.integers("signup_week").unwrap();
        let channel = log.users.texts("channel").unwrap();
        let platform = log.users.texts("platform").unwrap();
        let share = |late: bool| {
            let rows: Vec<usize> = (0..week.len()).filter(|&i| (week[i] >= 8) == late).collect();
            let ads = rows.iter().filter(|&&i| channel[i] == "ads").count();
            (ads as f64 / rows.len() as f64, rows.len() as f64)
        };
        for (late, truth) in [(false, 0.3), (true, 0.6)] {
            let (ads, n) = share(late);
            assert!((ads - truth).abs() < 4.0 * (truth * (1.0 - truth) / n).sqrt(), "{ads}");
        }
        let vouchers = log.users.reals("voucher").unwrap().mean().unwrap();
        assert!((vouchers - 0.5).abs() < 4.0 * (0.25f64 / 20_000.0).sqrt());
        let user = log.visits.integers("user").unwrap();
        let when = log.visits.integers("week").unwrap();
        let rate = |late: bool, android: bool| {
            let mut seen = (0.0, 0.0);
            for row in 0..user.len() {
                let id = usize::try_from(user[row]).unwrap();
                let android_user = platform[id] == "Android";
                if channel[id] == "search" && android_user == android && (when[row] >= 8) == late {
                    seen.0 += 1.0;
                    seen.1 += f64::from(u8::from(
                        log.visits.row(row)[3] != crate::data::table::Value::Null,
                    ));
                }
            }
            (seen.1 / seen.0, seen.0)
        };
        for (late, android, truth) in
            [(false, true, 0.25), (true, true, 0.125), (false, false, 0.25), (true, false, 0.25)]
        {
            let (seen, n): (f64, f64) = rate(late, android);
            assert!(
                (seen - truth).abs() < 4.0 * (truth * (1.0 - truth) / n).sqrt(),
                "{seen} {truth}"
            );
        }
    }

    #[test]
    fn first_visits_are_sign_ups_and_the_seed_decides() {
        let log = shop_log(300, 5).unwrap();
        let (user, day) =
            (log.visits.integers("user").unwrap(), log.visits.integers("day").unwrap());
        let first: Vec<i64> =
            (0..300).map(|id| day[user.iter().position(|&u| u == id).unwrap()]).collect();
        assert_eq!(first, log.users.integers("signup_day").unwrap());
        assert!(day.iter().all(|d| (0..112).contains(d)));
        assert_eq!(log, shop_log(300, 5).unwrap());
        assert_ne!(log, shop_log(300, 6).unwrap());
        assert!(matches!(shop_log(0, 1), Err(Error::TooFewSamples { .. })));
    }
}
