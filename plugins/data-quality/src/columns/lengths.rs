//! Unusual lengths among the texts of a column.
//!
//! In: how many texts have each length. Out: ranges of lengths that are outliers, the usual range,
//! and whether nearly all texts have one length.
//!
//! The rule for outliers is the one users of Deepchecks know, computed on the counts of lengths
//! instead of the sorted texts.

/// The settings of the rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Percentile, 50 to 100, up to which lengths count as usual; the lower end mirrors it.
    pub(crate) inner: f64,
    /// How many times the usual spread a length may lie from the median, times one half.
    pub(crate) factor: f64,
    /// Characters by which an outlier differs at least from the usual range.
    pub(crate) min_difference: f64,
    /// The same as a share of the middle of the usual range.
    pub(crate) min_ratio: f64,
}

/// A range of lengths, both ends inclusive, with the number of texts in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) n: usize,
}

/// What the rule says of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outliers {
    /// Shortest and longest usual length.
    pub(crate) usual: (usize, usize),
    /// Ranges outside, short ones first; empty if there are none.
    pub(crate) ranges: Vec<Range>,
}

impl Outliers {
    /// Whether a length lies in one of the ranges.
    pub(crate) fn contains(&self, length: usize) -> bool {
        let length = length as f64;
        let is_in = |range: &Range| range.low <= length && length <= range.high;
        self.ranges.iter().any(is_in)
    }

    /// Texts in the ranges.
    pub(crate) fn n(&self) -> usize {
        self.ranges.iter().map(|range| range.n).sum()
    }
}

/// Points at which lengths are compared if there are this many different ones or more.
const N_PERCENTILES: usize = 1000;

/// The outliers among lengths: `counts` holds `(length, number of texts)`, lengths ascending and
/// numbers above zero. Nothing without a text.
pub(crate) fn outliers(counts: &[(usize, usize)], rule: &Rule) -> Option<Outliers> {
    let n: usize = counts.iter().map(|(_, n)| n).sum();
    if n == 0 {
        return None;
    }
    let points = if counts.len() < N_PERCENTILES {
        Points::Ranks(n)
    } else {
        Points::Percentiles(n)
    };
    let at = |percentile: f64| length_at(counts, points.rank_near(percentile));
    let (upper, lower, center) = (at(rule.inner), at(100.0 - rule.inner), at(50.0));
    let spread = upper.abs_diff(lower) as f64;
    let limit = rule.factor * spread / 2.0;
    let is_out = |length: usize| length.abs_diff(center) as f64 > limit;
    // Lengths no point stands on are never the end of a range.
    let seen: Vec<usize> = points.lengths(counts);
    let usual = || seen.iter().copied().filter(|length| !is_out(*length));
    let usual = (usual().min()?, usual().max()?);
    let min_difference = rule
        .min_difference
        .max(rule.min_ratio * (usual.0 + usual.1) as f64 / 2.0);
    let mut ranges = Vec::new();
    let outside = |is_low: bool| {
        let mut side = seen
            .iter()
            .copied()
            .filter(|length| is_out(*length) && (*length < center) == is_low);
        let first = side.next()?;
        Some((first as f64, side.next_back().unwrap_or(first) as f64))
    };
    if let Some((low, high)) = outside(true) {
        let distance = usual.0 as f64 - high;
        ranges.push((low, high - (min_difference - distance).max(0.0)));
    }
    if let Some((low, high)) = outside(false) {
        let distance = low - usual.1 as f64;
        ranges.push((low + (min_difference - distance).max(0.0), high));
    }
    let counted = |(low, high): (f64, f64)| {
        let is_in = |length: usize| low <= length as f64 && length as f64 <= high;
        let n = counts
            .iter()
            .filter(|(length, _)| is_in(*length))
            .map(|(_, n)| n)
            .sum();
        (low <= high && n > 0).then_some(Range { low, high, n })
    };
    Some(Outliers {
        usual,
        ranges: ranges.into_iter().filter_map(counted).collect(),
    })
}

/// Where lengths are looked at.
#[derive(Debug, Clone, Copy)]
enum Points {
    /// At each of so many texts, ascending: the text of rank `r` (from 1) is percentile `100 r / n`.
    Ranks(usize),
    /// At 0, 0.1 … 100 % of so many texts, each at the nearest text.
    Percentiles(usize),
}

impl Points {
    /// Position, from 0, of the text at the point closest to a percentile; the lower of equal ones.
    fn rank_near(self, percentile: f64) -> usize {
        match self {
            Self::Ranks(n) => {
                let about = whole(percentile * n as f64 / 100.0);
                let candidates = about.saturating_sub(2)..(about + 2).min(n);
                let distance = |at: &usize| (percentile - 100.0 * (at + 1) as f64 / n as f64).abs();
                candidates
                    .min_by(|a, b| distance(a).total_cmp(&distance(b)))
                    .unwrap_or(n - 1)
            }
            Self::Percentiles(n) => {
                let point = whole(percentile / 100.0 * N_PERCENTILES as f64 + 0.5);
                nearest(point, n)
            }
        }
    }

    /// The lengths at the points, ascending, each once.
    fn lengths(self, counts: &[(usize, usize)]) -> Vec<usize> {
        match self {
            Self::Ranks(_) => counts.iter().map(|(length, _)| *length).collect(),
            Self::Percentiles(n) => {
                let mut lengths: Vec<usize> = (0..=N_PERCENTILES)
                    .map(|point| length_at(counts, nearest(point, n)))
                    .collect();
                lengths.dedup();
                lengths
            }
        }
    }
}

/// The text nearest to one of the percentile points; the even one of two equally near.
fn nearest(point: usize, n: usize) -> usize {
    whole((point as f64 / N_PERCENTILES as f64 * (n - 1) as f64).round_ties_even())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in a list, from 0 to its length"
)]
fn whole(position: f64) -> usize {
    position as usize
}

/// Length of the text at a position among all, shortest first.
fn length_at(counts: &[(usize, usize)], position: usize) -> usize {
    let mut before = 0;
    for (length, n) in counts {
        before += n;
        if position < before {
            return *length;
        }
    }
    counts.last().map_or(0, |(length, _)| *length)
}

/// The length nearly all texts have, if so: its share is at least `share` and below 1.
pub(crate) fn broken_length(counts: &[(usize, usize)], share: f64) -> Option<usize> {
    let n: usize = counts.iter().map(|(_, n)| n).sum();
    let (length, most) = counts.iter().max_by_key(|(_, n)| *n)?;
    (*most < n && *most as f64 >= share * n as f64).then_some(*length)
}

/// How many texts have each length, lengths ascending.
pub(crate) fn tally(lengths: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    // Most texts are short: those are counted by position, the others sorted.
    const SHORT: usize = 4096;
    let mut short = vec![0_usize; SHORT];
    let mut long = Vec::new();
    for (length, n) in lengths {
        match short.get_mut(length) {
            Some(count) => *count += n,
            None => long.push((length, n)),
        }
    }
    let mut counts: Vec<(usize, usize)> = short
        .into_iter()
        .enumerate()
        .filter(|(_, n)| *n > 0)
        .collect();
    long.sort_unstable();
    for (length, n) in long {
        match counts.last_mut() {
            Some(last) if last.0 == length => last.1 += n,
            _ => counts.push((length, n)),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        inner: 94.0,
        factor: 4.0,
        min_difference: 5.0,
        min_ratio: 0.5,
    };

    #[test]
    fn lengths_are_tallied() {
        let counts = tally([(3, 2), (9000, 1), (1, 1), (3, 1), (5000, 2), (9000, 1)].into_iter());
        assert_eq!(counts, [(1, 1), (3, 3), (5000, 2), (9000, 2)]);
        assert_eq!(tally(std::iter::empty()), []);
    }

    #[test]
    fn a_column_of_one_length_has_no_outlier_and_few_others_break_it() {
        assert_eq!(outliers(&[], &RULE), None);
        assert!(outliers(&[(5, 100)], &RULE).unwrap().ranges.is_empty());
        // 4 differs from 5 by less than five characters.
        assert!(
            outliers(&[(4, 1), (5, 199)], &RULE)
                .unwrap()
                .ranges
                .is_empty()
        );
        assert_eq!(broken_length(&[(4, 1), (5, 199)], 0.99), Some(5));
        assert_eq!(broken_length(&[(5, 199)], 0.99), None);
        assert_eq!(broken_length(&[(4, 3), (5, 197)], 0.99), None);
        assert_eq!(broken_length(&[], 0.99), None);
    }

    #[test]
    fn one_far_longer_text_is_an_outlier() {
        let found = outliers(&[(5, 100), (40, 1)], &RULE).unwrap();
        assert_eq!(found.usual, (5, 5));
        assert_eq!(
            found.ranges,
            [Range {
                low: 40.0,
                high: 40.0,
                n: 1
            }]
        );
        assert!(found.contains(40) && !found.contains(5));
    }
}
