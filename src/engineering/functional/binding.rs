//! Python's rules for which argument goes to which parameter.
//!
//! ```text
//! def f(a, b, /, c, d=4, *args, e, g=7, **kwargs)
//!       └─ by position only     └ the rest by position
//!                c, d: by position or by name
//!                                     e, g: by name only
//!                                               └ the rest by name
//! ```

use crate::{Error, Result};
use std::fmt;

/// How a parameter may be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ParamKind {
    /// By position only: before `/`.
    PositionalOnly,
    /// By position or by name.
    PositionalOrKeyword,
    /// `*args`: a tuple of the positions left over.
    VarPositional,
    /// By name only: after `*` or `*args`.
    KeywordOnly,
    /// `**kwargs`: a dict of the names left over.
    VarKeyword,
}

/// One parameter of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, without stars.
    pub name: String,
    /// How it may be filled.
    pub kind: ParamKind,
    /// Its value when it is not filled.
    pub default: Option<i64>,
}

/// The parameters of a Python function. Values are whole numbers: the rules do not look at them.
///
/// ```
/// use mlnotes::engineering::functional::{ParamKind, Signature};
/// let signature = Signature::parse("a, /, b=2, *args, c, **kwargs")?;
/// let kinds: Vec<ParamKind> = signature.parameters().iter().map(|p| p.kind).collect();
/// assert_eq!(kinds[2], ParamKind::VarPositional);
/// assert!(Signature::parse("a=1, b").is_err()); // no default after a default
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    text: String,
    parameters: Vec<Parameter>,
}

impl Signature {
    /// Reads what stands between the brackets of a `def`, with whole numbers as defaults.
    ///
    /// # Errors
    /// [`Error::Parameter`] for what Python would call a syntax error: a name twice, a default followed by
    /// none, `/`, `*` or `**` out of place, or a default that is no whole number.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |rule| Error::Parameter {
            estimator: "Signature::parse",
            name: "text",
            rule,
            got: format!("`{text}`"),
        };
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut kind = ParamKind::PositionalOrKeyword;
        let mut slash = false;
        let mut parts: Vec<&str> = text.split(',').map(str::trim).collect();
        // An empty signature, or a comma at the end.
        if parts.last() == Some(&"") {
            parts.pop();
        }
        let bare_star = |part: &&str| *part == "*";
        if parts.last().is_some_and(bare_star)
            || parts.windows(2).any(|pair| pair[0] == "*" && pair[1].starts_with("**"))
        {
            return Err(wrong("a signature with a name after a lone `*`"));
        }
        for part in parts {
            if kind == ParamKind::VarKeyword {
                return Err(wrong("a signature with nothing after `**`"));
            }
            if part == "/" {
                if slash || parameters.is_empty() || kind != ParamKind::PositionalOrKeyword {
                    return Err(wrong("a signature with one `/`, after a name and before `*`"));
                }
                slash = true;
                for parameter in &mut parameters {
                    parameter.kind = ParamKind::PositionalOnly;
                }
                continue;
            }
            let (own, name) = if let Some(name) = part.strip_prefix("**") {
                kind = ParamKind::VarKeyword;
                (kind, name)
            } else if let Some(name) = part.strip_prefix('*') {
                if kind == ParamKind::KeywordOnly {
                    return Err(wrong("a signature with one `*`"));
                }
                kind = ParamKind::KeywordOnly;
                if name.is_empty() {
                    continue;
                }
                (ParamKind::VarPositional, name)
            } else {
                (kind, part)
            };
            let (name, default) = match name.split_once('=') {
                None => (name, None),
                Some((name, value)) => {
                    let value = value.trim().parse().ok();
                    (name.trim(), Some(value.ok_or_else(|| wrong("one with whole defaults"))?))
                }
            };
            if !is_name(name) || parameters.iter().any(|p| p.name == name) {
                return Err(wrong("a signature of distinct names"));
            }
            let stars = matches!(own, ParamKind::VarPositional | ParamKind::VarKeyword);
            let late = own == ParamKind::PositionalOrKeyword
                && default.is_none()
                && parameters.last().is_some_and(|before| before.default.is_some());
            if late || (stars && default.is_some()) {
                return Err(wrong("a signature with defaults last, and none for `*` and `**`"));
            }
            parameters.push(Parameter { name: name.to_owned(), kind: own, default });
        }
        Ok(Self { text: text.trim().to_owned(), parameters })
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn var_keyword(&self) -> Option<&Parameter> {
        self.parameters.last().filter(|p| p.kind == ParamKind::VarKeyword)
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Why arguments do not fit a signature. The words are those of Python's `inspect`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindMistake {
    /// A parameter without default got nothing.
    Missing(String),
    /// More positions than parameters take.
    TooManyPositional,
    /// A parameter got a value by position and by name, or by name twice.
    Multiple(String),
    /// No parameter has this name.
    Unexpected(String),
    /// The parameter has this name, but takes values by position only.
    PositionalOnly(String),
}

impl fmt::Display for BindMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "missing a required argument: '{name}'"),
            Self::TooManyPositional => write!(f, "too many positional arguments"),
            Self::Multiple(name) => write!(f, "multiple values for argument '{name}'"),
            Self::Unexpected(name) => write!(f, "got an unexpected keyword argument '{name}'"),
            Self::PositionalOnly(name) => {
                write!(f, "'{name}' parameter is positional only, but was passed as a keyword")
            }
        }
    }
}

/// What a parameter is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// A value.
    One(i64),
    /// The tuple of `*args`.
    Tuple(Vec<i64>),
    /// The dict of `**kwargs`, in the order of the call.
    Dict(Vec<(String, i64)>),
}

/// As Python writes it.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(value) => write!(f, "{value}"),
            Self::Tuple(values) => match values.as_slice() {
                [value] => write!(f, "({value},)"),
                values => {
                    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                    write!(f, "({})", values.join(", "))
                }
            },
            Self::Dict(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|(name, value)| format!("'{name}': {value}")).collect();
                write!(f, "{{{}}}", pairs.join(", "))
            }
        }
    }
}

/// Parameters and what they are bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoundArgs {
    /// What the call filled, in the order of the signature; defaults, an empty `*args` and an empty
    /// `**kwargs` are not among them.
    pub arguments: Vec<(String, Bound)>,
}

impl BoundArgs {
    /// What the function's body sees: defaults filled in, empty `*args` as `()`, empty `**kwargs` as `{}`.
    ///
    /// ```
    /// use mlnotes::engineering::functional::{Bound, Signature, bind};
    /// let signature = Signature::parse("a, b=2, *args")?;
    /// let seen = bind(&signature, &[7], &[])?.with_defaults(&signature);
    /// assert_eq!(seen.arguments[1], ("b".to_owned(), Bound::One(2)));
    /// assert_eq!(seen.arguments[2], ("args".to_owned(), Bound::Tuple(vec![])));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    pub fn with_defaults(&self, signature: &Signature) -> Self {
        let filled = |parameter: &Parameter| {
            let name = &parameter.name;
            let value = match self.arguments.iter().find(|(bound, _)| bound == name) {
                Some((_, value)) => value.clone(),
                None => match (parameter.kind, parameter.default) {
                    (ParamKind::VarPositional, _) => Bound::Tuple(Vec::new()),
                    (ParamKind::VarKeyword, _) => Bound::Dict(Vec::new()),
                    (_, default) => Bound::One(default?),
                },
            };
            Some((name.clone(), value))
        };
        Self { arguments: signature.parameters.iter().filter_map(filled).collect() }
    }
}

/// Binds the positional arguments `args` and the keyword arguments `kwargs` to the parameters, by the rules
/// of a Python call.
///
/// ```
/// use mlnotes::engineering::functional::{Bound, Signature, bind};
/// let signature = Signature::parse("a, *args, scale=1, **kwargs")?;
/// let bound = bind(&signature, &[1, 2, 3], &[("scale", 5), ("z", 9)])?;
/// assert_eq!(bound.arguments[1], ("args".to_owned(), Bound::Tuple(vec![2, 3])));
/// assert_eq!(bound.arguments[3], ("kwargs".to_owned(), Bound::Dict(vec![("z".to_owned(), 9)])));
///
/// let error = bind(&signature, &[1], &[("a", 2)]).unwrap_err();
/// assert!(error.to_string().ends_with("multiple values for argument 'a'"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Refused`] with the first [`BindMistake`].
pub fn bind(signature: &Signature, args: &[i64], kwargs: &[(&str, i64)]) -> Result<BoundArgs> {
    match assign(signature, args, kwargs) {
        Ok(arguments) => Ok(BoundArgs { arguments }),
        Err(mistake) => {
            let call = format!("({})", signature.text);
            Err(Error::Refused { call, reason: mistake.to_string() })
        }
    }
}

fn assign(
    signature: &Signature,
    args: &[i64],
    kwargs: &[(&str, i64)],
) -> std::result::Result<Vec<(String, Bound)>, BindMistake> {
    let mut bound = Vec::new();
    let mut left: Vec<(&str, i64)> = Vec::new();
    for &(name, value) in kwargs {
        if left.iter().any(|(known, _)| *known == name) {
            return Err(BindMistake::Multiple(name.to_owned()));
        }
        left.push((name, value));
    }
    let position = |left: &[(&str, i64)], name: &str| left.iter().position(|(n, _)| *n == name);

    // Positions first, from the left.
    let mut args = args.iter().copied();
    let mut parameters = signature.parameters.iter().peekable();
    while args.len() > 0 {
        let parameter = parameters.next().ok_or(BindMistake::TooManyPositional)?;
        let name = &parameter.name;
        match parameter.kind {
            ParamKind::KeywordOnly | ParamKind::VarKeyword => {
                return Err(BindMistake::TooManyPositional);
            }
            ParamKind::VarPositional => {
                bound.push((name.clone(), Bound::Tuple(args.by_ref().collect())));
            }
            ParamKind::PositionalOrKeyword if position(&left, name).is_some() => {
                return Err(BindMistake::Multiple(name.clone()));
            }
            _ => bound.extend(args.next().map(|value| (name.clone(), Bound::One(value)))),
        }
    }

    // Then names, for the parameters that no position has reached.
    for parameter in parameters {
        let name = &parameter.name;
        let given = position(&left, name);
        match (parameter.kind, given) {
            (ParamKind::VarPositional | ParamKind::VarKeyword, _) => {}
            // With a default and a `**kwargs`, a name like that of a positional-only parameter is free.
            (ParamKind::PositionalOnly, Some(_)) => {
                if parameter.default.is_none() || signature.var_keyword().is_none() {
                    return Err(BindMistake::PositionalOnly(name.clone()));
                }
            }
            (_, Some(i)) => bound.push((name.clone(), Bound::One(left.remove(i).1))),
            (_, None) if parameter.default.is_none() => {
                return Err(BindMistake::Missing(name.clone()));
            }
            (_, None) => {}
        }
    }

    // What is left needs `**kwargs`.
    match (left.first(), signature.var_keyword()) {
        (None, _) => {}
        (Some((name, _)), None) => return Err(BindMistake::Unexpected((*name).to_owned())),
        (Some(_), Some(parameter)) => {
            let dict = left.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
            bound.push((parameter.name.clone(), Bound::Dict(dict)));
        }
    }
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str, args: &[i64], kwargs: &[(&str, i64)]) -> String {
        match bind(&Signature::parse(text).unwrap(), args, kwargs).unwrap_err() {
            Error::Refused { reason, .. } => reason,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn each_mistake_has_its_name() {
        assert_eq!(mistake("a, b", &[1], &[]), BindMistake::Missing("b".into()).to_string());
        assert_eq!(mistake("a", &[1, 2], &[]), BindMistake::TooManyPositional.to_string());
        assert_eq!(mistake("a, *, b", &[1, 2], &[]), BindMistake::TooManyPositional.to_string());
        assert_eq!(mistake("a", &[1], &[("a", 1)]), BindMistake::Multiple("a".into()).to_string());
        assert_eq!(
            mistake("*, a", &[], &[("a", 1), ("a", 2)]),
            BindMistake::Multiple("a".into()).to_string()
        );
        assert_eq!(
            mistake("a", &[1], &[("z", 1)]),
            BindMistake::Unexpected("z".into()).to_string()
        );
        assert_eq!(
            mistake("a, /", &[], &[("a", 1)]),
            BindMistake::PositionalOnly("a".into()).to_string()
        );
    }

    #[test]
    fn positional_only_names_are_free_for_kwargs() {
        let signature = Signature::parse("a, /, **kwargs").unwrap();
        let bound = bind(&signature, &[1], &[("a", 2)]).unwrap();
        assert_eq!(bound.arguments[0].1, Bound::One(1));
        assert_eq!(bound.arguments[1].1, Bound::Dict(vec![("a".into(), 2)]));
    }

    #[test]
    fn values_are_written_as_python_writes_them() {
        let shown = |bound: Bound| bound.to_string();
        assert_eq!(shown(Bound::Tuple(vec![])) + &shown(Bound::Tuple(vec![1])), "()(1,)");
        assert_eq!(shown(Bound::Tuple(vec![1, 2])) + &shown(Bound::One(3)), "(1, 2)3");
        assert_eq!(shown(Bound::Dict(vec![("a".into(), 1), ("b".into(), 2)])), "{'a': 1, 'b': 2}");
    }

    #[test]
    fn what_python_cannot_compile_is_no_signature() {
        for text in [
            "a, a",
            "a=1, b",
            "/, a",
            "a, /, b, /",
            "*, a, /",
            "*",
            "*, **k",
            "*a, *b",
            "**k, a",
            "*a=1",
            "1a",
            "a,, b",
            "a=x",
        ] {
            assert!(Signature::parse(text).is_err(), "{text}");
        }
        for text in ["", "a,", "a=1, /, b=2, *, c, d=1, e, **k", "*args, **kwargs", "é_1"] {
            assert!(Signature::parse(text).is_ok(), "{text}");
        }
    }
}
