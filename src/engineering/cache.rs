//! A cache that forgets the least recently used entry, and functions that remember their answers.
//!
//! ```text
//! head ⇄ node ⇄ node ⇄ tail        recency: a hit unlinks its node and links it in at the head
//!   map: key → place in the slab   so finding, moving, adding and dropping cost O(1) each
//! naive    calls(n) = calls(n−1) + calls(n−2) + 1 = 2 F(n+1) − 1 = Θ(φⁿ)
//! memoised calls(n) = n + 1  (n ≥ 2)       each argument is computed once
//! ```
//!
//! The links are indices into one `Vec` (a slab), so there is no `unsafe`; the price is that a key is kept
//! twice, in the map and in its node. Traps: a cache keeps what it holds alive; a full cache smaller than
//! a loop over its keys never hits; memoising does not shorten a recursion, it only prunes it, so warm the
//! cache from below where the depth is a danger. A key needs `Eq + Hash`: `f64` has neither, so the
//! question whether 3 and 3.0 are one key does not compile.
//!
//! # References
//! Denning (1968), *The working set model for program behavior*; Mattson et al. (1970), stack algorithms:
//! a larger LRU cache holds all that a smaller one holds. Counts as in `CPython`'s `functools.lru_cache`.

use crate::{Error, Result};
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// What a cache has seen and holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Look-ups that found their key.
    pub hits: usize,
    /// Look-ups that did not.
    pub misses: usize,
    /// Entries held.
    pub len: usize,
    /// Most entries that may be held; `None` without limit.
    pub capacity: Option<usize>,
}

impl CacheStats {
    /// `hits / (hits + misses)`, 0 before the first look-up.
    ///
    /// ```
    /// use mlnotes::engineering::cache::LruCache;
    /// let mut cache = LruCache::new(2)?;
    /// cache.put("a", 1);
    /// assert!(cache.get(&"a").is_some());
    /// assert!(cache.get(&"b").is_none());
    /// assert_eq!(cache.stats().hit_rate(), 0.5);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn hit_rate(&self) -> f64 {
        self.hits as f64 / (self.hits + self.misses).max(1) as f64
    }
}

/// One entry, linked to the next younger and the next older one.
#[derive(Debug, Clone)]
struct Node<K, V> {
    key: K,
    value: V,
    younger: Option<usize>,
    older: Option<usize>,
}

/// A cache that drops the entry whose last use lies farthest back. Every operation costs O(1).
///
/// ```
/// use mlnotes::engineering::cache::LruCache;
/// let mut cache = LruCache::new(2)?;
/// cache.put("a", 1);
/// cache.put("b", 2);
/// assert_eq!(cache.get(&"a"), Some(&1)); // now "b" is the oldest
/// assert_eq!(cache.put("c", 3), Some(("b", 2)));
/// assert_eq!(cache.get(&"b"), None);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LruCache<K, V> {
    capacity: Option<usize>,
    map: HashMap<K, usize>,
    nodes: Vec<Node<K, V>>,
    youngest: Option<usize>,
    oldest: Option<usize>,
    hits: usize,
    misses: usize,
}

impl<K: Eq + Hash + Clone, V> LruCache<K, V> {
    /// An empty cache for at most `capacity` entries.
    ///
    /// # Errors
    /// [`Error::Parameter`] when `capacity` is 0.
    pub fn new(capacity: usize) -> Result<Self> {
        if capacity == 0 {
            let (estimator, name, rule) = ("LruCache", "capacity", ">= 1");
            return Err(Error::Parameter { estimator, name, rule, got: "0".into() });
        }
        Ok(Self { capacity: Some(capacity), ..Self::unbounded() })
    }

    /// An empty cache that never drops anything.
    ///
    /// ```
    /// use mlnotes::engineering::cache::LruCache;
    /// let mut cache = LruCache::unbounded();
    /// assert!((0..1000).all(|i| cache.put(i, i * i).is_none()));
    /// assert_eq!(cache.stats().len, 1000);
    /// ```
    pub fn unbounded() -> Self {
        Self {
            capacity: None,
            map: HashMap::new(),
            nodes: Vec::new(),
            youngest: None,
            oldest: None,
            hits: 0,
            misses: 0,
        }
    }

    /// The value of `key`, which becomes the youngest; counted as a hit or a miss.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        let Some(&at) = self.map.get(key) else {
            self.misses += 1;
            return None;
        };
        self.hits += 1;
        self.refresh(at);
        Some(&self.nodes[at].value)
    }

    /// Stores `value` as the youngest entry. Returns the pair that had to leave: the old value of the same
    /// key, or the oldest entry of a full cache.
    pub fn put(&mut self, key: K, value: V) -> Option<(K, V)> {
        if let Some(&at) = self.map.get(&key) {
            self.refresh(at);
            let old = std::mem::replace(&mut self.nodes[at].value, value);
            return Some((key, old));
        }
        match self.oldest.filter(|_| self.capacity == Some(self.nodes.len())) {
            None => {
                let at = self.nodes.len();
                self.map.insert(key.clone(), at);
                self.nodes.push(Node { key, value, younger: None, older: None });
                self.link(at);
                None
            }
            // The oldest entry's place in the slab is used again.
            Some(at) => {
                self.unlink(at);
                self.map.insert(key.clone(), at);
                let node = Node { key, value, younger: None, older: None };
                let gone = std::mem::replace(&mut self.nodes[at], node);
                self.map.remove(&gone.key);
                self.link(at);
                Some((gone.key, gone.value))
            }
        }
    }

    /// Whether `key` is held; neither counted nor a use.
    ///
    /// ```
    /// use mlnotes::engineering::cache::LruCache;
    /// let mut cache = LruCache::new(1)?;
    /// cache.put('a', 1);
    /// assert!(cache.contains(&'a') && cache.stats().hits == 0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn contains(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    /// Look-ups so far, and what is held.
    pub fn stats(&self) -> CacheStats {
        let (hits, misses, len) = (self.hits, self.misses, self.nodes.len());
        CacheStats { hits, misses, len, capacity: self.capacity }
    }

    /// The entries from the youngest to the oldest; not a use.
    ///
    /// ```
    /// use mlnotes::engineering::cache::LruCache;
    /// let mut cache = LruCache::new(3)?;
    /// for key in ["a", "b", "c"] {
    ///     cache.put(key, ());
    /// }
    /// cache.get(&"a");
    /// let keys: Vec<&str> = cache.iter().map(|(key, ())| *key).collect();
    /// assert_eq!(keys, ["a", "c", "b"]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        std::iter::successors(self.youngest, |&at| self.nodes[at].older)
            .map(|at| (&self.nodes[at].key, &self.nodes[at].value))
    }

    fn refresh(&mut self, at: usize) {
        if self.youngest != Some(at) {
            self.unlink(at);
            self.link(at);
        }
    }

    /// Takes a node out of the list; its neighbours now know each other.
    fn unlink(&mut self, at: usize) {
        let (younger, older) = (self.nodes[at].younger, self.nodes[at].older);
        match younger {
            Some(node) => self.nodes[node].older = older,
            None => self.youngest = older,
        }
        match older {
            Some(node) => self.nodes[node].younger = younger,
            None => self.oldest = younger,
        }
    }

    /// Puts a node before the youngest.
    fn link(&mut self, at: usize) {
        let second = self.youngest.replace(at);
        self.nodes[at].younger = None;
        self.nodes[at].older = second;
        match second {
            Some(node) => self.nodes[node].younger = Some(at),
            None => self.oldest = Some(at),
        }
    }
}

type Body<K, V> = Rc<dyn Fn(&mut Memo<K, V>, K) -> V>;

/// What a memoised function is given to call itself by.
pub struct Memo<K, V> {
    cache: LruCache<K, V>,
    body: Body<K, V>,
    depth: usize,
    max_depth: usize,
}

impl<K: Eq + Hash + Clone, V: Clone> Memo<K, V> {
    /// The function's value at `key`: from the cache, or computed and stored.
    pub fn call(&mut self, key: K) -> V {
        if let Some(value) = self.cache.get(&key) {
            return value.clone();
        }
        self.depth += 1;
        self.max_depth = self.max_depth.max(self.depth);
        let body = Rc::clone(&self.body);
        let value = body(self, key.clone());
        self.depth -= 1;
        // The body may have stored its own key meanwhile; the first answer stays.
        if !self.cache.contains(&key) {
            self.cache.put(key, value.clone());
        }
        value
    }
}

/// A function with a memory; made by [`memoize`].
pub struct Memoized<K, V>(Memo<K, V>);

impl<K: Eq + Hash + Clone, V: Clone> Memoized<K, V> {
    /// The function's value at `key`.
    pub fn call(&mut self, key: K) -> V {
        self.0.call(key)
    }

    /// Hits and misses; the misses are the times that the body ran.
    pub fn stats(&self) -> CacheStats {
        self.0.cache.stats()
    }

    /// Most bodies that were under way at once: how deep the recursion went.
    ///
    /// ```
    /// use mlnotes::engineering::cache::{Memo, memoize};
    /// let body = |memo: &mut Memo<u64, u64>, n| if n == 0 { 0 } else { n + memo.call(n - 1) };
    /// let mut sum = memoize(1000, body)?;
    /// for n in (0..=500).step_by(100) {
    ///     sum.call(n); // warmed from below, a hundred at a time
    /// }
    /// assert_eq!((sum.call(500), sum.max_depth()), (125_250, 100));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn max_depth(&self) -> usize {
        self.0.max_depth
    }
}

/// `f` with a cache of `capacity` answers. `f` calls itself through the [`Memo`] it is given, so its
/// recursive calls hit the cache too.
///
/// Memoise pure functions only: whoever asks again gets the first answer. The stack is as deep as
/// without a cache, so a recursion over a million steps still overflows it.
///
/// ```
/// use mlnotes::engineering::cache::{Memo, memoize};
/// let body = |memo: &mut Memo<u64, u64>, n| match n {
///     0 | 1 => n,
///     _ => memo.call(n - 1) + memo.call(n - 2),
/// };
/// let mut fib = memoize(100, body)?;
/// assert_eq!(fib.call(90), 2_880_067_194_370_816_120);
/// assert_eq!((fib.stats().misses, fib.stats().hits), (91, 88));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] when `capacity` is 0.
pub fn memoize<K: Eq + Hash + Clone, V: Clone>(
    capacity: usize,
    f: impl Fn(&mut Memo<K, V>, K) -> V + 'static,
) -> Result<Memoized<K, V>> {
    let cache = LruCache::new(capacity)?;
    Ok(Memoized(Memo { cache, body: Rc::new(f), depth: 0, max_depth: 0 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_least_recently_used_entry_leaves() {
        let mut cache = LruCache::new(2).unwrap();
        assert_eq!(cache.put(1, "a"), None);
        assert_eq!(cache.put(2, "b"), None);
        assert_eq!(cache.get(&1), Some(&"a"));
        assert_eq!(cache.put(3, "c"), Some((2, "b")));
        assert_eq!(cache.put(3, "d"), Some((3, "c")));
        assert_eq!(cache.get(&2), None);
        assert_eq!(cache.get(&3), Some(&"d"));
        let expected = CacheStats { hits: 2, misses: 1, len: 2, capacity: Some(2) };
        assert_eq!(cache.stats(), expected);
    }

    #[test]
    fn one_place_is_enough_and_none_is_not() {
        let mut cache = LruCache::new(1).unwrap();
        for i in 0..5 {
            cache.put(i, i);
            assert_eq!(cache.iter().collect::<Vec<_>>(), [(&i, &i)]);
        }
        let error = LruCache::<u8, u8>::new(0).unwrap_err();
        assert_eq!(error.to_string(), "LruCache: `capacity` must be >= 1, got 0");
        assert!(memoize(0, |_: &mut Memo<u8, u8>, k| k).is_err());
    }

    #[test]
    fn a_loop_one_key_too_long_never_hits() {
        let mut cache = LruCache::new(9).unwrap();
        for key in (0..10).cycle().take(100) {
            if cache.get(&key).is_none() {
                cache.put(key, ());
            }
        }
        assert_eq!(cache.stats().hits, 0);
    }

    #[test]
    fn a_dropped_entry_is_freed() {
        let mut cache = LruCache::new(1).unwrap();
        let value = Rc::new(());
        cache.put(1, Rc::clone(&value));
        assert_eq!(Rc::strong_count(&value), 2);
        cache.put(2, Rc::new(()));
        assert_eq!(Rc::strong_count(&value), 1);
    }

    #[test]
    fn recursion_in_a_cache_too_small_is_right_but_slow() {
        let body = |memo: &mut Memo<u64, u64>, n| match n {
            0 | 1 => n,
            _ => memo.call(n - 1) + memo.call(n - 2),
        };
        let (mut large, mut small) = (memoize(50, body).unwrap(), memoize(1, body).unwrap());
        assert_eq!((large.call(20), small.call(20)), (6765, 6765));
        assert_eq!(large.stats().misses, 21);
        assert!(small.stats().misses > 1000);
        assert_eq!(large.max_depth(), 20);
    }

    proptest! {
        /// The list-based cache: everything by linear search, youngest first.
        #[test]
        fn it_is_the_list_that_moves_to_front(
            capacity in 1_usize..8,
            steps in prop::collection::vec((any::<bool>(), 0_u8..12, any::<u16>()), 0..200),
        ) {
            let mut cache = LruCache::new(capacity).unwrap();
            let mut list: Vec<(u8, u16)> = Vec::new();
            for (read, key, value) in steps {
                let found = list.iter().position(|&(k, _)| k == key).map(|i| list.remove(i));
                if read {
                    prop_assert_eq!(cache.get(&key).copied(), found.map(|(_, v)| v));
                    list.splice(0..0, found);
                } else {
                    let last = list.len() == capacity;
                    let gone = found.or_else(|| if last { list.pop() } else { None });
                    list.insert(0, (key, value));
                    prop_assert_eq!(cache.put(key, value), gone);
                }
                let held: Vec<(u8, u16)> = cache.iter().map(|(&k, &v)| (k, v)).collect();
                prop_assert_eq!(&held, &list);
            }
        }

        /// Inclusion: a larger cache never hits less.
        #[test]
        fn more_room_never_hurts(keys in prop::collection::vec(0_u8..20, 1..300)) {
            let hits = |capacity| {
                let mut f = memoize(capacity, |_: &mut Memo<u8, u8>, k| k).unwrap();
                for &k in &keys {
                    f.call(k);
                }
                f.stats().hits
            };
            let all: Vec<usize> = (1..=20).map(hits).collect();
            prop_assert!(all.is_sorted());
        }
    }
}
