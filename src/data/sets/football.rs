//! Football results: four seasons of five first divisions, 2013-07-20 to 2017-05-28.

use ndarray::Array1;
use std::sync::OnceLock;

/// The result of one match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FootballMatch {
    /// Day of the match, `YYYY-MM-DD`.
    pub date: &'static str,
    /// Days from 1970-01-01 to that day.
    pub day: i64,
    /// Year in which the season began: 2013 to 2016.
    pub season: i64,
    /// Index into [`Football::leagues`].
    pub league: usize,
    /// Home club, an index into [`Football::clubs`].
    pub home: usize,
    /// Away club, an index into [`Football::clubs`].
    pub away: usize,
    /// Goals of the home club.
    pub home_goals: u32,
    /// Goals of the away club.
    pub away_goals: u32,
}

/// Matches in the order of their dates, with the names of leagues and clubs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Football {
    /// The matches, oldest first.
    pub matches: Vec<FootballMatch>,
    /// The country whose first division it is: Austria, England, Germany, Italy, Spain.
    pub leagues: Vec<&'static str>,
    /// The 116 clubs, in alphabetical order, in ASCII.
    pub clubs: Vec<&'static str>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl Football {
    /// Goals of the home clubs, shape `(n_matches,)`.
    pub fn home_goals(&self) -> Array1<f64> {
        self.matches.iter().map(|m| f64::from(m.home_goals)).collect()
    }

    /// Goals of the away clubs, shape `(n_matches,)`.
    pub fn away_goals(&self) -> Array1<f64> {
        self.matches.iter().map(|m| f64::from(m.away_goals)).collect()
    }
}

/// Football: 6504 matches of 116 clubs in the first divisions of Austria, England, Germany, Italy and
/// Spain, seasons 2013/14 to 2016/17 (`OpenFootball`).
///
/// The source has 6508 rows. Four of them have no score and repeat a fixture that has its score in
/// another row; they are left out, and every season of every league is complete without them.
///
/// ```
/// let football = mlnotes::data::football();
/// let first = &football.matches[0];
/// assert_eq!((football.matches.len(), football.clubs.len()), (6504, 116));
/// assert_eq!((first.date, football.clubs[first.home]), ("2013-07-20", "FK Austria Wien"));
/// assert_eq!((first.home_goals, first.away_goals), (2, 0));
/// ```
pub fn football() -> &'static Football {
    static SET: OnceLock<Football> = OnceLock::new();
    SET.get_or_init(|| parse(include_str!("football/data.csv"), include_str!("football/SOURCE")))
}

/// Two comment lines with the names of leagues and clubs, a header, then the matches. The file is fixed
/// at compile time and a test reads all of it, hence no error is returned.
fn parse(text: &'static str, source: &'static str) -> Football {
    let mut lines = text.lines();
    let mut names = || -> Vec<&'static str> {
        let line = lines.next().unwrap_or_default();
        line.trim_start_matches(['#', ' ']).split(',').collect()
    };
    let (leagues, clubs) = (names(), names());
    let matches = lines.skip(1).filter_map(parse_match).collect();
    Football { matches, leagues, clubs, source: source.trim_ascii() }
}

fn parse_match(line: &'static str) -> Option<FootballMatch> {
    let mut fields = line.split(',');
    let date = fields.next()?;
    let mut parts = date.split('-');
    let (year, month): (i64, usize) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let day = days_since_1970(year, month, parts.next()?.parse().ok()?)?;
    let mut index = || fields.next()?.parse::<usize>().ok();
    let (league, home, away) = (index()?, index()?, index()?);
    let mut goals = || fields.next()?.parse::<u32>().ok();
    Some(FootballMatch {
        date,
        day,
        // These leagues start in July or August and end in May.
        season: if month < 7 { year - 1 } else { year },
        league,
        home,
        away,
        home_goals: goals()?,
        away_goals: goals()?,
    })
}

/// Days from 1970-01-01 to a date of the Gregorian calendar from 1970 on.
fn days_since_1970(year: i64, month: usize, day: i64) -> Option<i64> {
    const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    // Leap days up to the end of a year, and the one of this year once February is over.
    let leap_days = |y: i64| y / 4 - y / 100 + y / 400;
    let last_year = if month > 2 { year } else { year - 1 };
    let leap = leap_days(last_year) - leap_days(1969);
    Some((year - 1970) * 365 + leap + BEFORE_MONTH.get(month.checked_sub(1)?)? + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_season_is_whole() {
        let set = football();
        assert_eq!(set.matches.len(), 6504);
        assert_eq!(set.leagues, ["Austria", "England", "Germany", "Italy", "Spain"]);
        let mut sizes = BTreeMap::new();
        for m in &set.matches {
            *sizes.entry((m.league, m.season)).or_insert(0) += 1;
            assert!(m.home != m.away && m.home.max(m.away) < 116);
        }
        let expected = [180, 380, 306, 380, 380];
        for ((league, season), size) in sizes {
            assert_eq!(size, expected[league], "{league} in {season}");
        }
        assert!(set.matches.windows(2).all(|m| m[0].day <= m[1].day));
        // Totals of the source file, counted in Python.
        assert!((set.home_goals().sum() - 10_312.0).abs() < 1e-9);
        assert!((set.away_goals().sum() - 7_820.0).abs() < 1e-9);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(days_since_1970(1970, 1, 1), Some(0));
        assert_eq!(days_since_1970(2000, 3, 1), Some(11_017));
        assert_eq!(days_since_1970(2016, 2, 29), Some(16_860));
        assert_eq!(days_since_1970(2017, 5, 28), Some(17_314));
    }
}
