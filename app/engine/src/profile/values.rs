//! The values of a column of texts, categories or truth values.
//!
//! In: an Arrow array. Out: a [`ValueProfile`]. Categories are looked at once, not once per row.

use std::collections::HashMap;

use arrow_array::Array;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;

/// How many of the most frequent values are kept.
pub const MAX_TOP: usize = 24;

/// How many of the shortest and longest texts are kept.
const MAX_ENDS: usize = 5;

/// What values look like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValueProfile {
    /// Different values.
    pub n_distinct: u64,
    /// Values that occur once.
    pub n_unique: u64,
    /// Values that are an empty text.
    pub n_empty: u64,
    /// The most frequent values and how many rows have them; of equally frequent ones the first in
    /// the order of their bytes.
    pub top: Vec<(String, u64)>,
    /// Characters of the values: fewest, mean over rows, most.
    pub lengths: Option<(u64, f64, u64)>,
    /// The shortest different values.
    pub shortest: Vec<String>,
    /// The longest different values.
    pub longest: Vec<String>,
}

/// Counts per different value.
pub(super) fn counts(
    array: &dyn Array,
    shown: impl Fn(usize) -> Option<String>,
) -> Vec<(String, u64)> {
    if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>()
        && let Some(texts) = dictionary.values().as_string_opt::<i32>()
    {
        let mut counts = vec![0_u64; texts.len()];
        for key in dictionary.keys_iter().flatten() {
            if let Some(count) = counts.get_mut(key) {
                *count += 1;
            }
        }
        // Two codes of one text are one value.
        let mut known: HashMap<&str, u64> = HashMap::new();
        for (code, count) in counts.into_iter().enumerate().filter(|(_, n)| *n > 0) {
            *known.entry(texts.value(code)).or_default() += count;
        }
        return sorted(known.into_iter().map(|(text, n)| (text.to_owned(), n)));
    }
    if let Some(texts) = array.as_string_opt::<i32>() {
        let mut known: HashMap<&str, u64> = HashMap::new();
        for text in texts.iter().flatten() {
            *known.entry(text).or_default() += 1;
        }
        return sorted(known.into_iter().map(|(text, n)| (text.to_owned(), n)));
    }
    let mut known: HashMap<String, u64> = HashMap::new();
    if let Some(truths) = array.as_boolean_opt() {
        for truth in truths.iter().flatten() {
            let text = if truth { "true" } else { "false" };
            match known.get_mut(text) {
                Some(count) => *count += 1,
                None => {
                    known.insert(text.to_owned(), 1);
                }
            }
        }
        return sorted(known.into_iter());
    }
    for text in (0..array.len()).filter_map(shown) {
        *known.entry(text).or_default() += 1;
    }
    sorted(known.into_iter())
}

/// Most frequent first, then in the order of their bytes.
fn sorted(counts: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = counts.collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// The profile of an array.
pub(super) fn of(array: &dyn Array, shown: impl Fn(usize) -> Option<String>) -> ValueProfile {
    let counts = counts(array, shown);
    let length = |text: &str| {
        if text.is_ascii() {
            text.len() as u64
        } else {
            text.chars().count() as u64
        }
    };
    let mut by_length: Vec<(u64, usize)> = counts
        .iter()
        .enumerate()
        .map(|(at, (text, _))| (length(text), at))
        .collect();
    let n: u64 = counts.iter().map(|(_, n)| n).sum();
    let n_letters: f64 = by_length
        .iter()
        .map(|(length, at)| *length as f64 * counts[*at].1 as f64)
        .sum();
    let min = by_length.iter().map(|(length, _)| *length).min();
    let max = by_length.iter().map(|(length, _)| *length).max();
    let lengths = min
        .zip(max)
        .map(|(min, max)| (min, n_letters / n as f64, max));
    let text = |at: usize| counts[at].0.clone();
    let shortest = ends(&mut by_length, |(length, _)| length);
    let longest = ends(&mut by_length, |(length, _)| u64::MAX - length);
    ValueProfile {
        n_distinct: counts.len() as u64,
        n_unique: counts.iter().filter(|(_, n)| *n == 1).count() as u64,
        n_empty: counts
            .iter()
            .find(|(text, _)| text.is_empty())
            .map_or(0, |(_, n)| *n),
        top: counts.iter().take(MAX_TOP).cloned().collect(),
        lengths,
        shortest: shortest.into_iter().map(text).collect(),
        longest: longest.into_iter().map(text).collect(),
    }
}

/// The few that come first by a key, of equals the more frequent.
fn ends(lengths: &mut [(u64, usize)], key: impl Fn((u64, usize)) -> u64) -> Vec<usize> {
    let order = |pair: &(u64, usize)| (key(*pair), pair.1);
    if lengths.len() > MAX_ENDS {
        lengths.select_nth_unstable_by_key(MAX_ENDS - 1, order);
    }
    let n = lengths.len().min(MAX_ENDS);
    let mut found = lengths[..n].to_vec();
    found.sort_by_key(order);
    found.into_iter().map(|(_, at)| at).collect()
}
