//! US addresses whose every token carries a label: real data for sequence labelling.

use std::sync::OnceLock;

/// Addresses as sequences of tokens, each with its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Addresses {
    /// The tokens of each address, split at spaces, in their order.
    pub tokens: Vec<Vec<&'static str>>,
    /// The tag of each token, an index into `tag_names`; same shape as `tokens`.
    pub tags: Vec<Vec<usize>>,
    /// The 28 tags, in alphabetical order, for example `AddressNumber`.
    pub tag_names: Vec<&'static str>,
    /// Package and version.
    pub source: &'static str,
}

/// Addresses: 1431 of the United States, 9909 tokens, 28 tags (`usaddress`). Those that name a
/// recipient are left out.
///
/// ```
/// let set = mlnotes::data::addresses();
/// assert_eq!((set.tokens.len(), set.tag_names.len()), (1431, 28));
/// let first: Vec<_> = set.tags[0].iter().map(|&tag| set.tag_names[tag]).collect();
/// assert_eq!(set.tokens[0][..2], ["8128", "S."]);
/// assert_eq!(first[..2], ["AddressNumber", "StreetNamePreDirectional"]);
/// ```
pub fn addresses() -> &'static Addresses {
    static SET: OnceLock<Addresses> = OnceLock::new();
    SET.get_or_init(|| parse(include_str!("addresses/data.tsv"), include_str!("addresses/SOURCE")))
}

/// A comment line with the tags, then one address a line as `token, tag, token, tag, ..` between tabs.
/// The file is fixed at compile time and a test reads all of it, hence no error is returned.
fn parse(text: &'static str, source: &'static str) -> Addresses {
    let (names, lines) = text.split_once('\n').unwrap_or((text, ""));
    let tag_names = names.trim_start_matches(['#', ' ']).split('\t').collect();
    let (mut tokens, mut tags) = (Vec::new(), Vec::new());
    for line in lines.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        tokens.push(fields.iter().step_by(2).copied().collect());
        tags.push(fields.iter().skip(1).step_by(2).filter_map(|tag| tag.parse().ok()).collect());
    }
    Addresses { tokens, tags, tag_names, source: source.trim_ascii() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_has_its_tag() {
        let set = addresses();
        let lengths = |of: &[Vec<usize>]| of.iter().map(Vec::len).sum::<usize>();
        assert_eq!((set.tokens.len(), lengths(&set.tags)), (1431, 9909));
        assert!(set.tokens.iter().zip(&set.tags).all(|(x, y)| x.len() == y.len()));
        assert!(set.tags.iter().flatten().all(|&tag| tag < 28));
        assert!(set.tokens.iter().flatten().all(|token| !token.is_empty()));
        assert!(!set.tag_names.contains(&"Recipient"));
    }
}
