//! Sound, `(n_samples,)`: with noise, faster or slower, higher or lower.
//!
//! ```text
//! noise      y = x + a · rms(x) · ε                        signal-to-noise ratio −20 log₁₀ a dB
//! stretch    frames of the wave, laid out at another distance and faded into each other, each taken where
//!            it continues the last one best (waveform similarity overlap-add)
//! pitch      stretched by f = 2^{semitones/12}, then read f times as fast: n samples again
//! ```
//!
//! Reading a wave faster raises its pitch; the stretch beforehand takes the change of tempo back, and alone
//! it changes the tempo and leaves the pitch. A frame has 1024 samples: right for speech and music from 16 to
//! 48 kHz.
//!
//! # References
//! Verhelst & Roelands (1993), WSOLA; Ko et al. (2015), Audio augmentation for speech recognition.

use super::check_amount;
use crate::base::{check_vector, stream, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, s};
use rand::Rng;
use rand_distr::StandardNormal;
use std::f64::consts::PI;

/// Samples of a frame.
const FRAME: usize = 1024;
/// Frames of the result stand half a frame apart, so that raised cosines add up to 1.
const HOP: usize = FRAME / 2;
/// How far to look, either way, for the place that continues the last frame.
const SEARCH: usize = 256;
/// Slowest and fastest.
const RATES: (f64, f64) = (0.25, 4.0);

/// Adds white noise whose standard deviation is `amount` times the wave's root mean square.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] unless `0 <= amount <= 10`.
///
/// ```
/// use mlnotes::data::augment::audio::add_noise;
/// let wave = ndarray::Array1::from_shape_fn(4000, |t| (t as f64 / 9.0).sin());
/// let noise = add_noise(wave.view(), 0.1, 3)? - &wave;
/// let ratio = (noise.dot(&noise) / wave.dot(&wave)).sqrt();
/// assert!((ratio - 0.1).abs() < 0.005);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn add_noise(wave: ArrayView1<f64>, amount: f64, seed: u64) -> Result<Array1<f64>> {
    check("add_noise: `wave`", wave, 1)?;
    check_amount("add_noise", "amount", "from 0 to 10", amount, 10.0)?;
    let sd = amount * (wave.dot(&wave) / wave.len() as f64).sqrt();
    let mut rng = stream(seed, 0);
    Ok(wave.mapv(|v| v + sd * rng.sample::<f64, _>(StandardNormal)))
}

/// Changes the tempo by a factor that is uniform in `1 ± max_change`, and leaves the pitch; the length becomes
/// `n / factor`.
///
/// # Errors
/// As [`stretch_by`]; [`Error::Parameter`] unless `0 <= max_change <= 0.75`.
///
/// ```
/// use mlnotes::data::augment::audio::time_stretch;
/// let wave = ndarray::Array1::from_shape_fn(8000, |t| (t as f64 / 9.0).sin());
/// let other = time_stretch(wave.view(), 0.2, 3)?;
/// assert!(other.len() != 8000 && (6666..=10_000).contains(&other.len()));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn time_stretch(wave: ArrayView1<f64>, max_change: f64, seed: u64) -> Result<Array1<f64>> {
    check_amount("time_stretch", "max_change", "from 0 to 0.75", max_change, 0.75)?;
    stretch_by(wave, 1.0 + uniform(max_change, seed))
}

/// Moves the pitch by a number of semitones that is uniform within `max_semitones` either way, and leaves tempo
/// and length.
///
/// # Errors
/// As [`pitch_by`]; [`Error::Parameter`] unless `0 <= max_semitones <= 24`.
///
/// ```
/// use mlnotes::data::augment::audio::pitch_shift;
/// let wave = ndarray::Array1::from_shape_fn(8000, |t| (t as f64 / 9.0).sin());
/// assert_eq!(pitch_shift(wave.view(), 2.0, 3)?.len(), 8000);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn pitch_shift(wave: ArrayView1<f64>, max_semitones: f64, seed: u64) -> Result<Array1<f64>> {
    check_amount("pitch_shift", "max_semitones", "from 0 to 24", max_semitones, 24.0)?;
    pitch_by(wave, uniform(max_semitones, seed))
}

/// The wave at `rate` times its tempo, at its own pitch: `round(n / rate)` samples.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::TooFewSamples`] below 2048 samples, [`Error::Parameter`] unless
/// `0.25 <= rate <= 4`.
///
/// ```
/// use mlnotes::data::augment::audio::stretch_by;
/// let wave = ndarray::Array1::from_shape_fn(8000, |t| (t as f64 / 9.0).sin());
/// let half = stretch_by(wave.view(), 2.0)?;
/// let crossings = |w: &ndarray::Array1<f64>| {
///     w.windows(2).into_iter().filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
/// };
/// // Half as long, half as many waves: the same number a second.
/// assert_eq!((half.len(), crossings(&wave), crossings(&half)), (4000, 141, 70));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn stretch_by(wave: ArrayView1<f64>, rate: f64) -> Result<Array1<f64>> {
    check("stretch_by: `wave`", wave, 2 * FRAME)?;
    if !(RATES.0..=RATES.1).contains(&rate) {
        let (rule, got) = ("from 0.25 to 4", rate.to_string());
        return Err(Error::Parameter { estimator: "stretch_by", name: "rate", rule, got });
    }
    let n = index(wave.len() as f64 / rate);
    let n_frames = n.div_ceil(HOP) + 1;
    // Silence around, so that no place is outside. Frame `k` of the result is centred on sample `k HOP`;
    // what stands there in the wave is sample `k HOP rate`, whose frame begins here:
    let expected = |k: usize| SEARCH + index((k * HOP) as f64 * rate);
    let padded = pad(wave, SEARCH + HOP, expected(n_frames) + SEARCH + 2 * FRAME);
    let window =
        Array1::from_shape_fn(FRAME, |t| 0.5 - 0.5 * (2.0 * PI * t as f64 / FRAME as f64).cos());
    let (mut sum, mut weight) = (Array1::<f64>::zeros(n + 2 * FRAME), Array1::zeros(n + 2 * FRAME));
    let mut from = expected(0);
    for k in 0..n_frames {
        if k > 0 {
            let natural = padded.slice(s![from + HOP..from + HOP + FRAME]);
            from = best_match(padded.view(), natural, expected(k));
        }
        let place = s![k * HOP..k * HOP + FRAME];
        let mut here = sum.slice_mut(place);
        here += &(&window * &padded.slice(s![from..from + FRAME]));
        let mut here = weight.slice_mut(place);
        here += &window;
    }
    let result = s![HOP..HOP + n];
    Ok(&sum.slice(result) / &weight.slice(result))
}

/// The wave `semitones` higher (12 double the frequency), with its own length and tempo.
///
/// # Errors
/// As [`stretch_by`]; [`Error::Parameter`] unless `-24 <= semitones <= 24`.
///
/// ```
/// use mlnotes::data::augment::audio::pitch_by;
/// let wave = ndarray::Array1::from_shape_fn(8000, |t| (t as f64 / 9.0).sin());
/// let octave = pitch_by(wave.view(), 12.0)?;
/// let crossings = octave.windows(2).into_iter().filter(|p| p[0] < 0.0 && p[1] >= 0.0).count();
/// assert!(octave.len() == 8000 && crossings.abs_diff(2 * 141) <= 2);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn pitch_by(wave: ArrayView1<f64>, semitones: f64) -> Result<Array1<f64>> {
    if !(-24.0..=24.0).contains(&semitones) {
        let (rule, got) = ("from -24 to 24", semitones.to_string());
        return Err(Error::Parameter { estimator: "pitch_by", name: "semitones", rule, got });
    }
    let factor = (semitones / 12.0).exp2();
    let long = stretch_by(wave, 1.0 / factor)?;
    // Straight lines between samples; the last one goes on.
    let between = |place: f64| {
        let i = index(place.floor()).min(long.len() - 1);
        let next = long[(i + 1).min(long.len() - 1)];
        long[i] + (place - i as f64).min(1.0) * (next - long[i])
    };
    Ok(Array1::from_shape_fn(wave.len(), |t| between(t as f64 * factor)))
}

/// The place near `expected` where the wave is most like `natural`, which continues the last frame: the largest
/// normalised correlation, of equals the nearest.
fn best_match(wave: ArrayView1<f64>, natural: ArrayView1<f64>, expected: usize) -> usize {
    let likeness = |from: usize| {
        let frame = wave.slice(s![from..from + FRAME]);
        let power = frame.dot(&frame);
        if power > 0.0 { natural.dot(&frame) / power.sqrt() } else { 0.0 }
    };
    let outwards = (0..=SEARCH).flat_map(|d| [expected - d, expected + d]);
    let first = (f64::NEG_INFINITY, expected);
    outwards
        .fold(first, |best, from| {
            let here = likeness(from);
            if here > best.0 { (here, from) } else { best }
        })
        .1
}

/// The wave after `before` silent samples, `len` samples in all.
fn pad(wave: ArrayView1<f64>, before: usize, len: usize) -> Array1<f64> {
    let mut padded = Array1::zeros(len.max(before + wave.len()));
    padded.slice_mut(s![before..before + wave.len()]).assign(&wave);
    padded
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, >= 0")]
fn index(v: f64) -> usize {
    v.round() as usize
}

fn uniform(most: f64, seed: u64) -> f64 {
    most * (2.0 * stream(seed, 0).random::<f64>() - 1.0)
}

fn check(what: &'static str, wave: ArrayView1<f64>, needed: usize) -> Result<()> {
    if wave.is_empty() {
        return Err(Error::Empty { what, needed: "1 sample" });
    }
    check_vector(what, wave)?;
    if wave.len() < needed {
        return Err(Error::TooFewSamples { what, needed, got: wave.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// A tone of `period` samples with an overtone.
    fn tone(n: usize, period: f64) -> Array1<f64> {
        Array1::from_shape_fn(n, |t| {
            let phase = 2.0 * PI * t as f64 / period;
            phase.sin() + 0.4 * (3.0 * phase + 1.0).sin()
        })
    }

    /// The frequency, in waves a sample, with the most power: a scan of the Fourier sum.
    fn pitch(wave: &Array1<f64>) -> f64 {
        let power = |f: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (t, v) in wave.iter().enumerate() {
                let (sin, cos) = (2.0 * PI * f * t as f64).sin_cos();
                re += v * cos;
                im += v * sin;
            }
            re * re + im * im
        };
        (40..800)
            .map(|i| f64::from(i) * 5e-5)
            .max_by(|a, b| power(*a).total_cmp(&power(*b)))
            .unwrap()
    }

    #[test]
    fn tempo_and_pitch_move_one_without_the_other() {
        let wave = tone(12_000, 100.0);
        assert!((pitch(&wave) - 0.01).abs() < 6e-5);
        for rate in [0.6, 0.9, 1.3, 2.0] {
            let other = stretch_by(wave.view(), rate).unwrap();
            assert_eq!(other.len(), index(12_000.0 / rate));
            assert!((pitch(&other) - 0.01).abs() < 1.1e-4, "{rate}: {}", pitch(&other));
        }
        for semitones in [-12.0f64, -3.0, 4.0, 7.0] {
            let other = pitch_by(wave.view(), semitones).unwrap();
            let expected = 0.01 * (semitones / 12.0).exp2();
            assert_eq!(other.len(), 12_000);
            assert!((pitch(&other) - expected).abs() < 1.1e-4, "{semitones}: {}", pitch(&other));
            // The volume stays.
            let loud = |w: &Array1<f64>| (w.dot(w) / w.len() as f64).sqrt();
            assert!(
                (loud(&other) / loud(&wave) - 1.0).abs() < 0.015,
                "{semitones}: {}",
                loud(&other) / loud(&wave)
            );
        }
    }

    #[test]
    fn at_its_own_tempo_a_wave_is_itself() {
        // Noise is like itself in one place only.
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let wave = Array1::from_shape_fn(5000, |_| rng.random::<f64>() - 0.5);
        let same = stretch_by(wave.view(), 1.0).unwrap();
        assert!((same - &wave).iter().all(|d| d.abs() < 1e-12));
        assert!((pitch_by(wave.view(), 0.0).unwrap() - &wave).iter().all(|d| d.abs() < 1e-12));
        assert_eq!(add_noise(wave.view(), 0.0, 1).unwrap(), wave);
        let silence = Array1::zeros(3000);
        assert_eq!(stretch_by(silence.view(), 1.5).unwrap(), Array1::<f64>::zeros(2000));
    }

    #[test]
    fn the_seed_draws_the_change_and_bad_input_is_named() {
        let wave = tone(3000, 40.0);
        let lengths: Vec<usize> =
            (0..6).map(|seed| time_stretch(wave.view(), 0.3, seed).unwrap().len()).collect();
        assert!(lengths.iter().any(|n| *n > 3000) && lengths.iter().any(|n| *n < 3000));
        let same = pitch_shift(wave.view(), 3.0, 5).unwrap();
        assert_eq!(pitch_shift(wave.view(), 3.0, 5).unwrap(), same);
        let few = stretch_by(wave.slice(s![..2047]), 1.1);
        assert!(matches!(few, Err(Error::TooFewSamples { needed: 2048, got: 2047, .. })));
        assert!(matches!(stretch_by(wave.view(), 5.0), Err(Error::Parameter { name: "rate", .. })));
        assert!(pitch_by(wave.view(), f64::NAN).is_err());
        assert!(
            time_stretch(wave.view(), 0.8, 1).is_err()
                && pitch_shift(wave.view(), -1.0, 1).is_err()
        );
        assert!(matches!(add_noise(Array1::zeros(0).view(), 0.1, 1), Err(Error::Empty { .. })));
        let nan = add_noise(ndarray::array![0.0, f64::NAN].view(), 0.1, 1);
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
    }
}
