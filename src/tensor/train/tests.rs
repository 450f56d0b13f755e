use super::*;
use crate::optim::Sgd;
use crate::tensor::{DType, Init, Var, indices, ops, to_tensor};
use ndarray::Array2;
use rand::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Sixty rows of two features, and classes that a line parts but for some.
struct World {
    x: Tensor,
    y: Tensor,
    params: Params,
    w: Tensor,
}

const N: usize = 60;

impl World {
    fn new() -> Self {
        let mut rng = stream(5, 0);
        let x = Array2::from_shape_simple_fn((N, 2), || rng.random_range(-1.0..1.0));
        let y = Array2::from_shape_fn((N, 1), |(i, _)| {
            f64::from(u8::from(x[[i, 0]] + 0.5 * x[[i, 1]] + rng.random_range(-0.4..0.4) > 0.0))
        });
        let mut params = Params::new(DType::F64, 1).unwrap();
        let w = params.add("w", &[1, 2], Init::Normal(0.1)).unwrap();
        let t = |a: &Array2<f64>| to_tensor(a.view(), DType::F64).unwrap();
        Self { x: t(&x), y: t(&y), params, w }
    }

    /// Logistic loss of some rows, each feature dropped by half of the chances.
    fn loss(&self, batch: &Batch) -> Result<Tensor> {
        let rows = indices(batch.rows)?;
        let mut rng = batch.stream();
        let mask = Array2::from_shape_simple_fn((batch.rows.len(), 2), || {
            2.0 * f64::from(u8::from(rng.random_bool(0.5)))
        });
        let x = (self.x.index_select(&rows, 0)? * to_tensor(mask.view(), DType::F64)?)?;
        let z = x.matmul(&self.w.t()?)?;
        Ok(ops::bce_with_logits(&z, &self.y.index_select(&rows, 0)?)?.mean_all()?)
    }

    fn bits(&self) -> Vec<u64> {
        let flat: Vec<f64> = self.w.flatten_all().unwrap().to_vec1().unwrap();
        flat.into_iter().map(f64::to_bits).collect()
    }
}

fn settings(epochs: usize) -> Training {
    let schedule = Schedule::warmup_cosine(0.1, 0.0, 3, 40).unwrap();
    Training::new(epochs).batch(16).schedule(schedule).clip_norm(0.5).seed(3)
}

#[test]
fn the_seed_decides_every_step() {
    let run = |seed| {
        let world = World::new();
        let history = settings(5).seed(seed).fit(&world.params, N, |b| world.loss(b)).unwrap();
        (world.bits(), history)
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3).0, run(4).0);
    let history = run(3).1;
    assert_eq!((history.steps.len(), history.loss.len(), history.norms.len()), (20, 5, 20));
    assert!(history.loss[4] < history.loss[0] && !history.stopped_early);
    // Batches of 16, 16, 16 and 12 rows.
    let first: f64 = [16.0, 16.0, 16.0, 12.0].iter().zip(&history.steps).map(|(n, l)| n * l).sum();
    assert!((history.loss[0] - first / 60.0).abs() < 1e-15);
}

#[test]
fn every_row_is_seen_once_an_epoch_in_another_order() {
    let world = World::new();
    let mut seen: Vec<Vec<usize>> = vec![Vec::new(); 3];
    let look = |batch: &Batch| {
        assert_eq!(batch.step / 4, batch.epoch);
        seen[batch.epoch].extend(batch.rows);
        world.loss(batch)
    };
    settings(3).fit(&world.params, N, look).unwrap();
    assert_ne!(seen[0], seen[1]);
    for mut rows in seen {
        rows.sort_unstable();
        assert_eq!(rows, (0..N).collect::<Vec<_>>());
    }
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let rules: [Rule; 3] = [
        Adam::new(0.1).amsgrad(true).into(),
        Sgd::new(0.1).momentum(0.9).nesterov(true).into(),
        crate::optim::Nadam::new(0.1).into(),
    ];
    for (i, rule) in rules.into_iter().enumerate() {
        let path = folder.path().join(format!("{i}.safetensors"));
        let through = World::new();
        let training = settings(6).rule(rule);
        let expected = training.fit(&through.params, N, |b| through.loss(b)).unwrap();

        // The reader stops in the midst of the third epoch; the last checkpoint is a step behind.
        let world = World::new();
        let saving = training.clone().checkpoint(&path, 3);
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            saving.fit(&world.params, N, |batch| {
                assert!(batch.step < 10, "Interrupted");
                world.loss(batch)
            })
        }));
        assert!(stopped.is_err());
        // Another program: other parameters to begin with.
        let world = World::new();
        world.params.get("w").unwrap().set(&world.w.zeros_like().unwrap()).unwrap();
        let mut first = None;
        let history = saving
            .clone()
            .resume(true)
            .fit(&world.params, N, |batch| {
                first.get_or_insert(batch.step);
                world.loss(batch)
            })
            .unwrap();
        assert_eq!(first, Some(9));
        assert_eq!(world.bits(), through.bits());
        assert_eq!(history, expected);

        // What was finished goes on only by more epochs; other settings are refused.
        let done = saving.clone().resume(true).fit(&world.params, N, |_| unreachable!()).unwrap();
        assert_eq!(done, expected);
        let other = saving.clone().resume(true).seed(9).fit(&world.params, N, |b| world.loss(b));
        let said = other.unwrap_err().to_string();
        assert!(said.contains("the checkpoint has 60 rows, batch 16"), "{said}");
    }
}

#[test]
fn patience_ends_at_the_best_epoch_and_survives_a_resume() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.safetensors");
    // The validation's value depends on the epoch alone: best at epoch 2.
    let values = [5.0, 4.0, 3.0, 3.0, 3.5, 3.2, 2.0];
    let run = |world: &World, training: &Training, stop: usize| {
        let mut kept = Vec::new();
        let loss = |batch: &Batch| {
            assert!(batch.step < stop, "Interrupted");
            world.loss(batch)
        };
        let validate = || {
            kept.push(world.bits());
            Ok(values[kept.len() - 1])
        };
        let history = training.fit_validated(&world.params, N, loss, validate);
        (history, kept)
    };
    let world = World::new();
    let training = settings(7).patience(2);
    let (history, kept) = run(&world, &training, usize::MAX);
    let history = history.unwrap();
    assert_eq!((history.best_epoch, history.stopped_early), (Some(2), true));
    assert_eq!(history.validation, values[..5]);
    assert_eq!(world.bits(), kept[2]);
    assert_ne!(world.bits(), kept[4]);

    // Saved after each epoch, interrupted in the fourth.
    let broken = World::new();
    let saving = training.checkpoint(&path, 4);
    let stopped = catch_unwind(AssertUnwindSafe(|| run(&broken, &saving, 14)));
    assert!(stopped.is_err());
    let mut epoch = 2;
    let resumed = saving.resume(true).fit_validated(
        &broken.params,
        N,
        |b| broken.loss(b),
        || {
            epoch += 1;
            Ok(values[epoch])
        },
    );
    assert_eq!(resumed.unwrap(), history);
    assert_eq!(broken.bits(), kept[2]);
}

#[test]
fn what_goes_wrong_is_named() {
    let world = World::new();
    let says = |training: Training| {
        training.fit(&world.params, N, |b| world.loss(b)).unwrap_err().to_string()
    };
    assert!(says(settings(0)).contains("Training: `epochs` must be >= 1, got 0"));
    assert!(says(settings(1).batch(0)).contains("`batch`"));
    assert!(says(settings(1).clip_norm(-1.0)).contains("`clip_norm`"));
    assert!(
        says(settings(1).patience(3)).contains("`patience` must be without a validation, none")
    );
    assert!(says(settings(1).resume(true)).contains("`resume`"));
    assert!(says(settings(1).checkpoint("p", 0)).contains("`checkpoint`"));
    assert!(says(settings(1).rule(Sgd::new(-1.0).into())).contains("Sgd: `learning_rate`"));
    let none = settings(1).fit(&world.params, 0, |b| world.loss(b));
    assert!(matches!(none, Err(Error::Empty { .. })));
    let bare = Params::new(DType::F64, 0).unwrap();
    let none = settings(1).fit(&bare, 1, |b| world.loss(b));
    assert!(matches!(none, Err(Error::Empty { .. })));
    let nan = settings(1).fit(&world.params, N, |b| Ok((world.loss(b)? * f64::NAN)?));
    assert!(matches!(nan, Err(Error::NotConverged { n_iter: 0, .. })));
    let nan = settings(1).fit_validated(&world.params, N, |b| world.loss(b), || Ok(f64::NAN));
    assert!(matches!(nan, Err(Error::NotConverged { n_iter: 3, .. })));
    let lost = settings(1).fit(&world.params, N, |_| Ok(Var::new(1.0, world.x.device())?.sqr()?));
    assert!(matches!(lost, Err(Error::Weights { .. })));
}
