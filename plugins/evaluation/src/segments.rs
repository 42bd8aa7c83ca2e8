//! Rules of one to three conditions under which the loss is high.
//!
//! In: a bin per row for every input, a loss per row. Out: rules with the rows they hold, found on
//! one half of the rows and tested on the other.
//!
//! The search grows branches of trees: at each level the best branches are split further by every
//! input. The rows that found a rule never judge it.

use interlock_stats::StatsError;
use interlock_stats::distribution::{normal_sf, student_sf};
use interlock_stats::moments::{mean, variance};
use interlock_stats::multiplicity::holm;
use interlock_stats::rng::Rng;

/// Branches that are split further at each level.
const BEAM: usize = 12;

/// Rules that are tested at most: each costs the others power.
const MAX_CANDIDATES: usize = 6;

/// Share of rows, of those in either, from which two rules count as one.
const SAME_SHARE: f64 = 0.5;

/// Each further condition must raise the score by this factor, so that rules stay short.
const LENGTH_FACTOR: f64 = 1.1;

/// One input, cut into bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Binned {
    /// A bin per row, all below or at `missing`.
    pub bins: Vec<usize>,
    /// The bin of missing values, the last one.
    pub missing: usize,
    /// Whether neighboring bins can be taken together.
    pub is_ordered: bool,
}

/// One condition of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// The bin is this one or a lower one, not missing.
    UpTo {
        /// Position of the input.
        input: usize,
        /// The last bin that counts.
        bin: usize,
    },
    /// The bin is above this one, not missing.
    Above {
        /// Position of the input.
        input: usize,
        /// The last bin that does not count.
        bin: usize,
    },
    /// The bin is this one; also the one for missing.
    Is {
        /// Position of the input.
        input: usize,
        /// The bin.
        bin: usize,
    },
}

impl Condition {
    /// The input it asks.
    pub fn input(self) -> usize {
        match self {
            Self::UpTo { input, .. } | Self::Above { input, .. } | Self::Is { input, .. } => input,
        }
    }

    fn holds(self, inputs: &[Binned], row: usize) -> bool {
        let input = &inputs[self.input()];
        let own = input.bins[row];
        match self {
            Self::UpTo { bin, .. } => own <= bin,
            Self::Above { bin, .. } => own > bin && own != input.missing,
            Self::Is { bin, .. } => own == bin,
        }
    }
}

/// A rule found on one half of the rows and tested on the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// Rows of both halves, ascending.
    pub rows: Vec<usize>,
    /// Losses of the testing half inside.
    pub inside: Vec<f64>,
    /// Losses of the testing half outside.
    pub outside: Vec<f64>,
    /// One-sided p-value that the mean loss inside is no higher, corrected over all rules tested.
    pub p_value: f64,
}

/// How to search.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Rows a rule must hold at least, of both halves together.
    pub min_rows: usize,
    /// Conditions of a rule at most.
    pub max_conditions: usize,
    /// Whether losses are 0 or 1.
    pub is_error: bool,
    /// Seed of the halves.
    pub seed: u64,
}

/// A branch that is still growing.
#[derive(Debug, Clone)]
struct Branch {
    conditions: Vec<Condition>,
    rows: Vec<usize>,
    score: f64,
}

/// Searches and tests. Rules come with the highest score of the searching half first.
///
/// # Errors
/// If a p-value is none.
pub fn weak_segments(
    inputs: &[Binned],
    losses: &[f64],
    search: &Search,
) -> Result<Vec<Segment>, StatsError> {
    let mut order: Vec<usize> = (0..losses.len()).collect();
    Rng::for_stream(search.seed, 2).shuffle(&mut order);
    let (searching, testing) = order.split_at(order.len() / 2);
    let mut searching = searching.to_vec();
    searching.sort_unstable();
    let mut testing = testing.to_vec();
    testing.sort_unstable();
    let candidates = candidates(inputs, losses, &searching, search);
    let mut segments: Vec<Segment> = candidates
        .into_iter()
        .map(|branch| {
            let holds = |row: &usize| {
                branch
                    .conditions
                    .iter()
                    .all(|condition| condition.holds(inputs, *row))
            };
            let (inside, outside): (Vec<usize>, Vec<usize>) =
                testing.iter().copied().partition(holds);
            let of = |rows: &[usize]| rows.iter().map(|&row| losses[row]).collect::<Vec<f64>>();
            let mut rows = branch.rows;
            rows.extend(&inside);
            rows.sort_unstable();
            let (inside, outside) = (of(&inside), of(&outside));
            Segment {
                p_value: if search.is_error {
                    higher_share(&inside, &outside)
                } else {
                    higher_mean(&inside, &outside)
                },
                conditions: branch.conditions,
                rows,
                inside,
                outside,
            }
        })
        .collect();
    let p_values: Vec<f64> = segments.iter().map(|segment| segment.p_value).collect();
    for (segment, p_value) in segments.iter_mut().zip(holm(&p_values)?) {
        segment.p_value = p_value;
    }
    Ok(segments)
}

/// The best branches of all levels that differ in their rows.
fn candidates(inputs: &[Binned], losses: &[f64], rows: &[usize], search: &Search) -> Vec<Branch> {
    let total: f64 = rows.iter().map(|&row| losses[row]).sum();
    let overall = total / rows.len().max(1) as f64;
    let mut level = vec![Branch {
        conditions: Vec::new(),
        rows: rows.to_vec(),
        score: 0.0,
    }];
    let mut all: Vec<Branch> = Vec::new();
    for depth in 1..=search.max_conditions {
        let price = LENGTH_FACTOR.powi(i32::try_from(depth).unwrap_or(i32::MAX) - 1);
        let mut found: Vec<(f64, usize, Condition)> = Vec::new();
        for (at, branch) in level.iter().enumerate() {
            for (position, input) in inputs.iter().enumerate() {
                for (condition, n, sum) in splits(input, position, &branch.rows, losses) {
                    let score = (sum - n * overall) / n.sqrt() / price;
                    let is_whole = n >= branch.rows.len() as f64;
                    if 2.0 * n >= search.min_rows as f64 && !is_whole && score > 0.0 {
                        found.push((score, at, condition));
                    }
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut next: Vec<Branch> = Vec::new();
        for (score, at, condition) in found {
            if next.len() == BEAM {
                break;
            }
            let parent = &level[at];
            let mut conditions = parent.conditions.clone();
            conditions.push(condition);
            let held = parent.rows.iter().copied();
            let held = held.filter(|&row| condition.holds(inputs, row));
            let rows: Vec<usize> = held.collect();
            if next.iter().any(|other| other.rows == rows) {
                continue;
            }
            next.push(Branch {
                conditions,
                rows,
                score,
            });
        }
        all.extend(next.iter().cloned());
        level = next;
    }
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Branch> = Vec::new();
    for branch in all {
        if kept.len() == MAX_CANDIDATES {
            break;
        }
        if kept
            .iter()
            .all(|other| overlap(&other.rows, &branch.rows) < SAME_SHARE)
        {
            kept.push(branch);
        }
    }
    kept
}

/// Every condition on one input with how many of the rows it holds and the sum of their losses.
fn splits(
    input: &Binned,
    position: usize,
    rows: &[usize],
    losses: &[f64],
) -> Vec<(Condition, f64, f64)> {
    let mut counts = vec![(0.0, 0.0); input.missing + 1];
    for &row in rows {
        let bin = &mut counts[input.bins[row]];
        bin.0 += 1.0;
        bin.1 += losses[row];
    }
    let mut splits = Vec::with_capacity(2 * counts.len());
    let is = |bin| Condition::Is {
        input: position,
        bin,
    };
    let missing = counts[input.missing];
    splits.push((is(input.missing), missing.0, missing.1));
    if !input.is_ordered {
        for (bin, &(n, sum)) in counts[..input.missing].iter().enumerate() {
            splits.push((is(bin), n, sum));
        }
    } else if input.missing > 1 {
        let present = &counts[..input.missing];
        let whole = present
            .iter()
            .fold((0.0, 0.0), |all, bin| (all.0 + bin.0, all.1 + bin.1));
        let (mut n, mut sum) = (0.0, 0.0);
        for (bin, count) in present[..present.len() - 1].iter().enumerate() {
            n += count.0;
            sum += count.1;
            let (up_to, above) = (
                Condition::UpTo {
                    input: position,
                    bin,
                },
                Condition::Above {
                    input: position,
                    bin,
                },
            );
            splits.push((up_to, n, sum));
            splits.push((above, whole.0 - n, whole.1 - sum));
        }
    }
    splits.retain(|(_, n, _)| *n > 0.0);
    splits
}

/// Rows in both of those in either; both ascending.
fn overlap(a: &[usize], b: &[usize]) -> f64 {
    let mut others = b.iter().peekable();
    let mut shared = 0_usize;
    for row in a {
        while others.next_if(|other| *other < row).is_some() {}
        if others.next_if_eq(&row).is_some() {
            shared += 1;
        }
    }
    shared as f64 / (a.len() + b.len() - shared).max(1) as f64
}

/// One-sided score test of two shares; 1 if either side has no rows or nothing differs.
pub fn higher_share(inside: &[f64], outside: &[f64]) -> f64 {
    let (Some(a), Some(b)) = (mean(inside), mean(outside)) else {
        return 1.0;
    };
    let (n, m) = (inside.len() as f64, outside.len() as f64);
    let pooled = (a * n + b * m) / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    if error > 0.0 {
        normal_sf((a - b) / error)
    } else {
        1.0
    }
}

/// Welch's one-sided test of two means; 1 if either side has fewer than two rows.
pub fn higher_mean(inside: &[f64], outside: &[f64]) -> f64 {
    let (Some(a), Some(b)) = (mean(inside), mean(outside)) else {
        return 1.0;
    };
    let (Some(u), Some(v)) = (variance(inside), variance(outside)) else {
        return 1.0;
    };
    let (n, m) = (inside.len() as f64, outside.len() as f64);
    let (u, v) = (u / n, v / m);
    if u + v <= 0.0 {
        return 1.0;
    }
    let df = (u + v).powi(2) / (u * u / (n - 1.0) + v * v / (m - 1.0));
    student_sf((a - b) / (u + v).sqrt(), df)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_those_of_scipy() {
        // scipy 1.16: ttest_ind([3, 4, 6, 5], [1, 2, 3, 2, 2], equal_var=False, alternative="greater")
        let p = higher_mean(&[3.0, 4.0, 6.0, 5.0], &[1.0, 2.0, 3.0, 2.0, 2.0]);
        assert!((p - 0.010_799_465_695_350_573).abs() < 1e-9, "{p}");
        // norm.sf((.4 - .1) / sqrt(.2 * .8 * (1 / 10 + 1 / 20)))
        let shares = |n_wrong: usize, n: usize| -> Vec<f64> {
            (0..n)
                .map(|row| f64::from(u8::from(row < n_wrong)))
                .collect()
        };
        let p = higher_share(&shares(4, 10), &shares(2, 20));
        assert!((p - 0.026_403_755_708_056_816).abs() < 1e-9, "{p}");
    }

    #[test]
    fn a_planted_corner_is_found_and_its_rows_are_exact() {
        let mut rng = Rng::new(4);
        let n = 2000;
        let mut input = |n_bins: usize, is_ordered| Binned {
            bins: (0..n).map(|_| rng.below(n_bins)).collect(),
            missing: n_bins,
            is_ordered,
        };
        let inputs = [input(10, true), input(4, false), input(10, true)];
        let in_corner = |row: usize| inputs[0].bins[row] <= 2 && inputs[1].bins[row] == 3;
        let losses: Vec<f64> = (0..n)
            .map(|row| f64::from(u8::from(in_corner(row) || row % 10 == 0)))
            .collect();
        let search = Search {
            min_rows: 50,
            max_conditions: 3,
            is_error: true,
            seed: 0,
        };
        let best = &weak_segments(&inputs, &losses, &search).unwrap()[0];
        let mut conditions = best.conditions.clone();
        conditions.sort();
        let planted = [
            Condition::UpTo { input: 0, bin: 2 },
            Condition::Is { input: 1, bin: 3 },
        ];
        assert_eq!(conditions, planted);
        let rows: Vec<usize> = (0..n).filter(|&row| in_corner(row)).collect();
        assert_eq!(best.rows, rows);
        assert!(best.p_value < 1e-9);
    }

    #[test]
    fn nothing_is_found_among_no_rows_or_equal_losses() {
        let search = Search {
            min_rows: 2,
            max_conditions: 3,
            is_error: true,
            seed: 0,
        };
        let input = Binned {
            bins: vec![0, 1, 0, 1],
            missing: 2,
            is_ordered: true,
        };
        assert!(
            weak_segments(std::slice::from_ref(&input), &[0.0; 4], &search)
                .unwrap()
                .is_empty()
        );
        let none = Binned {
            bins: Vec::new(),
            ..input
        };
        assert!(weak_segments(&[none], &[], &search).unwrap().is_empty());
    }
}
