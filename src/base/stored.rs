//! Fitted models as text, and back to the bit.
//!
//! Every fitted model has `serde`'s `Serialize` and `Deserialize`, for any format. What is read is checked before it
//! is a model: numbers are finite, shapes agree, a tree's branches lead down. So a file that was cut or edited is an
//! error where it is read, not a wrong answer or a panic where it is used. JSON says the model's name as well, since
//! many a pair of models has the same parts: the trees of a classifier would be those of a regressor.

use crate::{Error, Result};
use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// A fitted model as JSON, `{"name of the model": {its parts}}`.
///
/// ```
/// use mlnotes::base::{from_json, to_json};
/// use mlnotes::linear::ridge::Ridge;
/// use ndarray::array;
/// let x = array![[0.1], [0.7], [1.9]];
/// let model = Ridge::params(0.3).fit(x.view(), array![1.0, 2.0, 3.0].view())?;
/// let text = to_json(&model)?;
/// let again: Ridge = from_json(&text)?;
/// assert_eq!(again, model); // to the last bit
///
/// let broken = text.replace("\"intercept\":", "\"intercept\":null,\"was\":");
/// let error = from_json::<Ridge>(&broken).unwrap_err();
/// assert!(error.to_string().contains("null"), "{error}");
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Stored`] for a model that holds what is no data, a custom loss say.
pub fn to_json<M: Serialize>(model: &M) -> Result<String> {
    let named = BTreeMap::from([(name::<M>(), model)]);
    serde_json::to_string(&named).map_err(|error| unread::<M>(&error))
}

/// The model that [`to_json`] wrote, checked.
///
/// # Errors
/// [`Error::Stored`] for text that is no JSON, holds another model, lacks a part, or holds numbers and shapes that
/// make no model.
pub fn from_json<M: DeserializeOwned>(text: &str) -> Result<M> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read =
        json.deserialize_map(Named(PhantomData)).and_then(|model| json.end().map(|()| model));
    read.map_err(|error| unread::<M>(&error))
}

/// A model's name without its path.
fn name<M>() -> &'static str {
    let path = std::any::type_name::<M>();
    path.rsplit("::").next().unwrap_or(path)
}

fn unread<M>(error: &serde_json::Error) -> Error {
    Error::Stored { model: name::<M>().to_owned(), problem: error.to_string() }
}

/// Reads the model under its name, and nothing else.
struct Named<M>(PhantomData<M>);

impl<'de, M: DeserializeOwned> Visitor<'de> for Named<M> {
    type Value = M;

    fn expecting(&self, text: &mut fmt::Formatter) -> fmt::Result {
        write!(text, "a stored `{}`", name::<M>())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<M, A::Error> {
        let other = |found: String| A::Error::custom(format!("it holds `{found}`"));
        match map.next_key::<String>()? {
            Some(found) if found == name::<M>() => {}
            Some(found) => return Err(other(found)),
            None => return Err(A::Error::custom("it holds nothing")),
        }
        let model = map.next_value()?;
        map.next_key::<String>()?.map_or(Ok(model), |found| Err(other(found)))
    }
}

/// What a rule of a stored model says.
pub(crate) type Sound = std::result::Result<(), String>;

/// All of these are numbers.
pub(crate) fn finite<'a>(name: &str, values: impl IntoIterator<Item = &'a f64>) -> Sound {
    match values.into_iter().position(|value| !value.is_finite()) {
        Some(place) => Err(format!("`{name}` is not finite at {place}")),
        None => Ok(()),
    }
}

/// A part has the shape that the others ask for.
pub(crate) fn shape<S: Copy + PartialEq + std::fmt::Debug>(
    name: &str,
    got: S,
    expected: S,
) -> Sound {
    if got == expected {
        return Ok(());
    }
    Err(format!("`{name}` is {got:?} where {expected:?} is needed"))
}

/// Something holds.
pub(crate) fn holds(so: bool, otherwise: &str) -> Sound {
    if so { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// `stored!(Model, |model| rules)` beside a model with `#[derive(Serialize, Deserialize)]` and
/// `#[serde(remote = "Self")]`: what is read must obey the rules.
macro_rules! stored {
    ($model:ty, |$this:ident| $rules:expr) => {
        impl serde::Serialize for $model {
            fn serialize<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                <$model>::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $model {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                let model = <$model>::deserialize(deserializer)?;
                let rules = |$this: &$model| -> $crate::base::Sound { $rules };
                rules(&model).map_err(serde::de::Error::custom)?;
                Ok(model)
            }
        }
    };
}

pub(crate) use stored;

/// A number that may be infinite, which JSON cannot say.
pub(crate) mod maybe_infinite {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Number {
        Finite(f64),
        Word(String),
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    pub(crate) fn serialize<S: Serializer>(
        value: &f64,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        let number = if value.is_finite() {
            Number::Finite(*value)
        } else {
            Number::Word(value.to_string())
        };
        number.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<f64, D::Error> {
        match Number::deserialize(deserializer)? {
            Number::Finite(value) => Ok(value),
            Number::Word(word) => match word.as_str() {
                "inf" => Ok(f64::INFINITY),
                "-inf" => Ok(f64::NEG_INFINITY),
                _ => Err(serde::de::Error::custom(format!("`{word}` is no number"))),
            },
        }
    }
}

/// A map as its pairs, rising, for keys that are no text.
pub(crate) mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::HashMap;
    use std::hash::{BuildHasher, Hash};

    pub(crate) fn serialize<K, V, H, S>(
        map: &HashMap<K, V, H>,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error>
    where
        K: Serialize + Ord,
        V: Serialize + Ord,
        S: Serializer,
    {
        let mut pairs: Vec<(&K, &V)> = map.iter().collect();
        pairs.sort_unstable();
        pairs.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, K, V, H, D>(
        deserializer: D,
    ) -> std::result::Result<HashMap<K, V, H>, D::Error>
    where
        K: Deserialize<'de> + Hash + Eq,
        V: Deserialize<'de>,
        H: BuildHasher + Default,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use std::collections::HashMap;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(remote = "Self")]
    struct Toy {
        weights: Vec<f64>,
        n: usize,
        #[serde(with = "maybe_infinite")]
        bound: f64,
        #[serde(with = "pairs")]
        names: HashMap<Vec<usize>, usize>,
    }

    stored!(Toy, |toy| {
        finite("weights", &toy.weights)?;
        shape("weights", toy.weights.len(), toy.n)?;
        holds(toy.names.len() < 3, "too many names")
    });

    fn toy() -> Toy {
        let names = HashMap::from([(vec![1, 2], 0), (vec![0], 1)]);
        Toy { weights: vec![0.1, 1.0 / 3.0], n: 2, bound: f64::INFINITY, names }
    }

    #[test]
    fn what_was_written_is_read_to_the_bit() {
        for bound in [f64::INFINITY, f64::NEG_INFINITY, 5e-324, 0.1 + 0.2] {
            let toy = Toy { bound, ..toy() };
            assert_eq!(from_json::<Toy>(&to_json(&toy).unwrap()).unwrap(), toy);
        }
    }

    #[test]
    fn what_is_no_model_is_named() {
        let text = to_json(&toy()).unwrap();
        let error = |text: &str| match from_json::<Toy>(text) {
            Err(Error::Stored { model, problem }) => {
                assert_eq!(model, "Toy");
                problem
            }
            other => panic!("{other:?}"),
        };
        assert!(error(&text.replace("\"n\":2", "\"n\":3")).contains("`weights` is 2 where 3"));
        assert!(error(&text.replace("0.1", "null")).contains("null"));
        assert!(error(&text.replace("0.1", "1e999")).contains("out of range"));
        assert!(error(&text.replace("\"inf\"", "\"much\"")).contains("`much` is no number"));
        assert!(error(&text[..20]).contains("EOF"));
        let nan = Toy { weights: vec![f64::NAN, 0.0], ..toy() };
        assert!(error(&to_json(&nan).unwrap()).contains("null"));
    }
}
