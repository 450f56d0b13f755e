//! Earthquakes: everything that the networks of the U.S. Geological Survey recorded in one week.

use ndarray::{Array1, Array2};
use std::sync::OnceLock;

/// What shook the ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SeismicKind {
    /// A natural earthquake.
    Earthquake,
    /// An explosion.
    Explosion,
    /// A blast in a quarry.
    QuarryBlast,
}

/// One seismic event.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SeismicEvent {
    /// Seconds from 1970-01-01 00:00 UTC, to a millisecond.
    pub time: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Depth in km; negative above sea level.
    pub depth: f64,
    /// Magnitude, a logarithm to base 10; below 0 for the faintest.
    pub magnitude: f64,
    /// Earthquake, or made by people.
    pub kind: SeismicKind,
    /// State, country or sea.
    pub region: &'static str,
}

/// The events of the week, oldest first.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Earthquakes {
    /// The events, oldest first.
    pub events: Vec<SeismicEvent>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl Earthquakes {
    /// Longitude and latitude in degrees, shape `(n_events, 2)`.
    pub fn coordinates(&self) -> Array2<f64> {
        let at = |(i, j): (usize, usize)| {
            let event = &self.events[i];
            if j == 0 { event.longitude } else { event.latitude }
        };
        Array2::from_shape_fn((self.events.len(), 2), at)
    }

    /// The natural earthquakes of at least this magnitude, oldest first.
    pub fn natural(&self, min_magnitude: f64) -> impl Iterator<Item = &SeismicEvent> {
        let natural = |e: &&SeismicEvent| e.kind == SeismicKind::Earthquake;
        self.events.iter().filter(natural).filter(move |e| e.magnitude >= min_magnitude)
    }

    /// Hours between each of the [`Earthquakes::natural`] ones and the next, shape `(n - 1,)`.
    pub fn waiting_hours(&self, min_magnitude: f64) -> Array1<f64> {
        let times: Vec<f64> = self.natural(min_magnitude).map(|event| event.time).collect();
        times.windows(2).map(|pair| (pair[1] - pair[0]) / 3600.0).collect()
    }
}

/// Earthquakes: 1707 events from 31 January to 7 February 2018, 1679 of them natural, magnitudes -0.8 to
/// 6.4 (U.S. Geological Survey).
///
/// The networks are dense in the United States and sparse elsewhere: small events are missing where
/// nobody listens. `CA`, `NV` and `MX` are spelt out, so that a region has one name.
///
/// ```
/// let week = mlnotes::data::earthquakes();
/// assert_eq!((week.events.len(), week.natural(-9.0).count()), (1707, 1679));
/// assert_eq!(week.waiting_hours(4.5).len(), 84);
/// ```
pub fn earthquakes() -> &'static Earthquakes {
    static SET: OnceLock<Earthquakes> = OnceLock::new();
    SET.get_or_init(|| Earthquakes {
        events: include_str!("earthquakes/data.csv")
            .lines()
            .skip(1)
            .filter_map(parse_event)
            .collect(),
        source: include_str!("earthquakes/SOURCE").trim_ascii(),
    })
}

/// The file is fixed at compile time and a test reads all of it, hence no error is returned.
fn parse_event(line: &'static str) -> Option<SeismicEvent> {
    let mut fields = line.split(',');
    let mut number = || fields.next()?.parse::<f64>().ok();
    let (time_ms, longitude, latitude) = (number()?, number()?, number()?);
    let (depth, magnitude) = (number()?, number()?);
    let kind = match fields.next()? {
        "earthquake" => SeismicKind::Earthquake,
        "explosion" => SeismicKind::Explosion,
        "quarry blast" => SeismicKind::QuarryBlast,
        _ => return None,
    };
    let (time, region) = (time_ms / 1000.0, fields.next()?);
    Some(SeismicEvent { time, longitude, latitude, depth, magnitude, kind, region })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_is_whole() {
        let week = earthquakes();
        assert_eq!(week.events.len(), 1707);
        let count = |kind| week.events.iter().filter(|e| e.kind == kind).count();
        assert_eq!(count(SeismicKind::Earthquake), 1679);
        assert_eq!((count(SeismicKind::Explosion), count(SeismicKind::QuarryBlast)), (15, 13));
        assert!(week.events.windows(2).all(|e| e[0].time < e[1].time));
        assert_eq!(week.events.iter().filter(|e| e.region == "California").count(), 825);
        let on_earth = |e: &SeismicEvent| {
            e.longitude.abs() <= 180.0 && e.latitude.abs() <= 90.0 && e.depth < 700.0
        };
        assert!(week.events.iter().all(on_earth));
        let strongest = week.events.iter().map(|e| e.magnitude).fold(f64::MIN, f64::max);
        assert!((strongest - 6.4).abs() < 1e-12);
        assert_eq!(week.coordinates().dim(), (1707, 2));
        assert!(week.waiting_hours(4.5).iter().all(|&h| h > 0.0));
        assert_eq!(week.waiting_hours(9.0).len(), 0);
    }
}
