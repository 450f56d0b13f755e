//! The weights of a model: in order, by name, drawn by a seed.

use super::check::check_type;
use super::{DType, Device, Init, Tensor, Var, read_tensors, write_tensors};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// The parameters of a model, in the order in which they were added.
///
/// Parameter `i` is drawn from stream `i` of the seed, in `f64`, then rounded to the type: the same seed gives the
/// same bits, and adding a layer at the end changes none before it. A parameter's tensor, which [`Params::add`]
/// gives, sees every later change of its numbers, so that a model may keep it.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, Init, Params};
/// let mut params = Params::new(DType::F32, 7)?;
/// let w = params.add("dense.weight", &[3, 4], Init::He)?;
/// params.add("dense.bias", &[3], Init::Zeros)?;
/// assert_eq!(params.names().collect::<Vec<_>>(), ["dense.weight", "dense.bias"]);
/// assert_eq!((w.dims(), params.n_numbers()), ([3, 4].as_slice(), 15));
/// let folder = tempfile::tempdir().map_err(|e| mlnotes::Error::Io { path: "a folder".into(), reason: e.to_string() })?;
/// let path = folder.path().join("dense.safetensors");
/// params.save(&path)?;
/// params.load(&path)?;
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug)]
pub struct Params {
    names: Vec<String>,
    vars: Vec<Var>,
    dtype: DType,
    seed: u64,
}

impl Params {
    /// No parameters yet; those to come have this type and are drawn by this seed.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another type than `f32` or `f64`.
    pub fn new(dtype: DType, seed: u64) -> Result<Self> {
        check_type("Params", "dtype", dtype)?;
        Ok(Self { names: Vec::new(), vars: Vec::new(), dtype, seed })
    }

    /// Adds a parameter, drawn by a rule; weights are `(n_out, n_in, …kernel)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a name that is taken or empty, or a shape with an empty axis; those of the rule.
    pub fn add(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Tensor> {
        let numbers = init.draw(shape, self.seed, self.vars.len())?;
        self.push(name, &Tensor::from_vec(numbers, shape, &Device::Cpu)?)
    }

    /// Adds a parameter that begins with these numbers.
    ///
    /// # Errors
    /// As [`Params::add`].
    pub fn add_values(&mut self, name: &str, values: &Tensor) -> Result<Tensor> {
        super::check_float("Params::add_values", "values", values)?;
        self.push(name, values)
    }

    fn push(&mut self, name: &str, values: &Tensor) -> Result<Tensor> {
        let bad = |name, rule, got| Err(Error::Parameter { estimator: "Params", name, rule, got });
        if name.is_empty() || self.names.iter().any(|taken| taken == name) {
            return bad("name", "a name that is not taken yet", format!("`{name}`"));
        }
        if values.elem_count() == 0 {
            return bad("shape", "of axes >= 1", format!("{:?}", values.dims()));
        }
        // A copy: a variable that shares the numbers of a tensor would change it.
        let var = Var::from_tensor(&values.to_dtype(self.dtype)?.copy()?.detach())?;
        let tensor = var.as_tensor().clone();
        self.names.push(name.to_owned());
        self.vars.push(var);
        Ok(tensor)
    }

    /// The type of all parameters.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.vars.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.vars.is_empty()
    }

    /// How many numbers there are in all of them.
    pub fn n_numbers(&self) -> usize {
        self.vars.iter().map(|var| var.elem_count()).sum()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Names and variables, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.names().zip(&self.vars)
    }

    /// The parameter of that name.
    pub fn get(&self, name: &str) -> Option<&Var> {
        self.iter().find(|(other, _)| *other == name).map(|(_, var)| var)
    }

    /// Copies of all tensors as they are now, in order.
    ///
    /// # Errors
    /// [`Error::Tensor`].
    pub fn snapshot(&self) -> Result<Vec<Tensor>> {
        self.vars.iter().map(|var| Ok(var.copy()?.detach())).collect()
    }

    /// Sets all parameters to what [`Params::snapshot`] gave.
    ///
    /// # Errors
    /// [`Error::Shape`] when these are not its tensors.
    pub fn restore(&self, snapshot: &[Tensor]) -> Result<()> {
        let fits = |(var, t): (&Var, &Tensor)| var.dims() == t.dims() && var.dtype() == t.dtype();
        if snapshot.len() != self.len() || !self.vars.iter().zip(snapshot).all(fits) {
            let expected = format!("{:?}", self.vars.iter().map(|v| v.dims()).collect::<Vec<_>>());
            let got = format!("{:?}", snapshot.iter().map(Tensor::dims).collect::<Vec<_>>());
            return Err(Error::Shape { what: "Params::restore: `snapshot`", expected, got });
        }
        for (var, tensor) in self.vars.iter().zip(snapshot) {
            var.set(tensor)?;
        }
        Ok(())
    }

    /// Writes names and tensors as a safetensors file, to the bit.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_with(path.as_ref(), "")
    }

    /// As [`Params::save`], with a line of text in the header.
    pub(crate) fn save_with(&self, path: &Path, text: &str) -> Result<()> {
        let named = self.iter().map(|(name, var)| (name.to_owned(), var.as_tensor()));
        write_tensors(path, named, text)
    }

    /// Sets all parameters to those of a file. When one does not fit, none is changed.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Weights`] that names a tensor that is missing, too many, of another shape, or of
    /// another type.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<()> {
        let (mut tensors, _) = read_tensors(path.as_ref())?;
        self.set_all("Params::load", &mut tensors)
    }

    /// Takes this store's tensors out of `tensors`, which may then hold no other.
    pub(crate) fn set_all(
        &self,
        what: &'static str,
        tensors: &mut BTreeMap<String, Tensor>,
    ) -> Result<()> {
        let bad = |name: &str, problem: String| {
            Err(Error::Weights { what, name: name.to_owned(), problem })
        };
        let mut found = Vec::with_capacity(self.len());
        for (name, var) in self.iter() {
            let Some(tensor) = tensors.remove(name) else {
                return bad(name, "is not in the file; was it saved by this model?".to_owned());
            };
            if tensor.dims() != var.dims() {
                let problem = format!("has shape {:?}, expected {:?}", tensor.dims(), var.dims());
                return bad(name, problem);
            }
            if tensor.dtype() != var.dtype() {
                let (has, needs) = (tensor.dtype().as_str(), var.dtype().as_str());
                return bad(name, format!("holds {has}, expected {needs}; convert it first"));
            }
            found.push(tensor);
        }
        if let Some(name) = tensors.keys().next() {
            return bad(name, "is in the file, but the model has none of that name".to_owned());
        }
        self.restore(&found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{to_array, to_tensor};
    use ndarray::{Array2, array};

    fn small(seed: u64) -> Params {
        let mut params = Params::new(DType::F64, seed).unwrap();
        params.add("z", &[2, 3], Init::He).unwrap();
        params.add("a", &[2], Init::Uniform(0.1)).unwrap();
        params
    }

    fn numbers(params: &Params) -> Vec<Vec<u64>> {
        let bits = |var: &Var| -> Vec<u64> {
            let flat: Vec<f64> = var.flatten_all().unwrap().to_vec1().unwrap();
            flat.into_iter().map(f64::to_bits).collect()
        };
        params.iter().map(|(_, var)| bits(var)).collect()
    }

    #[test]
    fn the_seed_gives_the_bits_and_the_order_stays() {
        assert_eq!(numbers(&small(4)), numbers(&small(4)));
        assert_ne!(numbers(&small(4)), numbers(&small(5)));
        assert_eq!(small(0).names().collect::<Vec<_>>(), ["z", "a"]);
        // A layer more at the end leaves those before it.
        let mut longer = small(4);
        longer.add("more", &[1], Init::Ones).unwrap();
        assert_eq!(numbers(&longer)[..2], numbers(&small(4)));
    }

    #[test]
    fn a_parameters_tensor_sees_its_changes() {
        let mut params = small(1);
        let given = to_tensor(array![[1.0, 2.0]].view(), DType::F64).unwrap();
        let tensor = params.add_values("given", &given).unwrap();
        let before = params.snapshot().unwrap();
        params.get("given").unwrap().set(&(&given * 3.0).unwrap()).unwrap();
        assert_eq!(to_array(&tensor), Ok(array![[3.0, 6.0]]));
        assert_eq!(to_array(&given), Ok(array![[1.0, 2.0]]));
        params.restore(&before).unwrap();
        assert_eq!(to_array(&tensor), Ok(array![[1.0, 2.0]]));
        assert!(matches!(params.restore(&before[1..]), Err(Error::Shape { .. })));
    }

    #[test]
    fn a_file_gives_back_every_bit_and_refuses_what_does_not_fit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.safetensors");
        let saved = small(4);
        saved.save(&path).unwrap();
        let loaded = small(9);
        loaded.load(&path).unwrap();
        assert_eq!(numbers(&loaded), numbers(&saved));

        let says = |params: &Params| params.load(&path).unwrap_err().to_string();
        let mut more = small(4);
        more.add("b", &[1], Init::Ones).unwrap();
        let untouched = numbers(&more);
        assert!(says(&more).contains("the tensor `b` is not in the file"), "{}", says(&more));
        assert_eq!(numbers(&more), untouched);
        let mut fewer = Params::new(DType::F64, 0).unwrap();
        fewer.add("z", &[2, 3], Init::Zeros).unwrap();
        assert!(says(&fewer).contains("`a` is in the file, but the model has none"));
        let mut other = Params::new(DType::F64, 0).unwrap();
        other.add("z", &[3, 2], Init::Zeros).unwrap();
        assert!(says(&other).contains("`z` has shape [2, 3], expected [3, 2]"));
        let mut single = Params::new(DType::F32, 0).unwrap();
        single.add("z", &[2, 3], Init::Zeros).unwrap();
        assert!(says(&single).contains("`z` holds f64, expected f32"));

        std::fs::write(&path, b"no tensors").unwrap();
        assert!(matches!(saved.load(&path), Err(Error::Io { .. })));
        assert!(matches!(saved.load(folder.path().join("none")), Err(Error::Io { .. })));
        assert!(matches!(saved.save(folder.path().join("no/p")), Err(Error::Io { .. })));
    }

    #[test]
    fn names_and_shapes_are_checked() {
        let mut params = small(0);
        let said = params.add("a", &[1], Init::Ones).unwrap_err().to_string();
        assert_eq!(said, "Params: `name` must be a name that is not taken yet, got `a`");
        assert!(params.add("", &[1], Init::Ones).is_err());
        assert!(params.add("b", &[0, 2], Init::Zeros).is_err());
        assert!(Params::new(DType::U8, 0).is_err());
        let x: Array2<f64> = to_array(params.get("z").unwrap()).unwrap();
        assert_eq!((x.dim(), params.len(), params.n_numbers()), ((2, 3), 2, 8));
        assert!(!params.is_empty() && params.get("c").is_none());
    }
}
