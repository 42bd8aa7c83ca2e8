//! A tree of conditions that parts the rows by their loss.
//!
//! In: a bin per row for every input, a loss per row. Out: nodes, each with its rows and the losses
//! of those that did not choose its conditions.
//!
//! Every row stands in one leaf, unlike the rules of `segments`, which overlap and are tested; the
//! tree is for looking around.

use interlock_stats::distribution::chi_square_quantile;
use interlock_stats::moments::{mean, variance};

use crate::segments::{Binned, Condition, Search, halves, splits};

/// Levels of splits.
const MAX_DEPTH: usize = 3;

/// Chance that a node of noise is parted.
const ALPHA: f64 = 0.05;

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What parts it from its sister, and whether it holds here; `None` at the root.
    pub condition: Option<(Condition, bool)>,
    /// 0 at the root.
    pub depth: usize,
    /// Rows of both halves, ascending.
    pub rows: Vec<usize>,
    /// Losses of the rows of the half that did not choose the conditions.
    pub judged: Vec<f64>,
    /// Whether it is parted no further.
    pub is_leaf: bool,
}

/// Grows the tree; a node comes before its children, the worse child first.
///
/// A split must leave both sides with enough rows and part the losses further than the best of as
/// many splits of noise would: its gain over the node's variance is about chi-square of one degree,
/// and must have a p-value below 5 % divided by the splits tried. Splits are chosen on one half of the
/// rows.
pub fn tree(inputs: &[Binned], losses: &[f64], search: &Search) -> Vec<Node> {
    let (searching, judging) = halves(losses.len(), search.seed);
    let mut nodes = Vec::new();
    let mut open = vec![(None, 0, searching, judging)];
    while let Some((condition, depth, searching, judging)) = open.pop() {
        let split = (depth < MAX_DEPTH)
            .then(|| best_split(inputs, losses, &searching, search.min_rows))
            .flatten();
        let mut rows = [searching.as_slice(), &judging].concat();
        rows.sort_unstable();
        nodes.push(Node {
            condition,
            depth,
            rows,
            judged: judging.iter().map(|&row| losses[row]).collect(),
            is_leaf: split.is_none(),
        });
        if let Some((chosen, is_worse_inside)) = split {
            let part = |rows: &[usize], is_inside: bool| -> Vec<usize> {
                let own = rows.iter().copied();
                own.filter(|&row| chosen.holds(inputs, row) == is_inside)
                    .collect()
            };
            for is_inside in [!is_worse_inside, is_worse_inside] {
                let (searching, judging) = (part(&searching, is_inside), part(&judging, is_inside));
                open.push((Some((chosen, is_inside)), depth + 1, searching, judging));
            }
        }
    }
    nodes
}

/// The condition that parts the losses best, and whether they are higher where it holds.
fn best_split(
    inputs: &[Binned],
    losses: &[f64],
    rows: &[usize],
    min_rows: usize,
) -> Option<(Condition, bool)> {
    let own: Vec<f64> = rows.iter().map(|&row| losses[row]).collect();
    let (center, spread) = (mean(&own)?, variance(&own)?);
    let total = rows.len() as f64;
    let sum: f64 = own.iter().sum();
    let mut n_tried = 0_usize;
    let mut best: Option<(f64, Condition, bool)> = None;
    for (position, input) in inputs.iter().enumerate() {
        for (condition, n, inside) in splits(input, position, rows, losses) {
            let others = total - n;
            if 2.0 * n.min(others) < min_rows as f64 {
                continue;
            }
            n_tried += 1;
            let gap = inside / n - (sum - inside) / others;
            let gain = n * others / total * gap * gap;
            if best.is_none_or(|(most, ..)| gain > most) {
                best = Some((gain, condition, inside / n > center));
            }
        }
    }
    let price = spread * chi_square_quantile(1.0 - ALPHA / n_tried.max(1) as f64, 1.0);
    best.filter(|(gain, ..)| *gain > price)
        .map(|(_, condition, is_worse)| (condition, is_worse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    /// Rows with an ordered and an unordered input; losses where the first is high and the second 1.
    fn rows(seed: u64, is_planted: bool) -> (Vec<Binned>, Vec<f64>) {
        let mut rng = Rng::new(seed);
        let mut draw = |n: usize| -> Vec<usize> { (0..2000).map(|_| rng.below(n)).collect() };
        let (first, second, chance) = (draw(10), draw(3), draw(10));
        let loss = |row: usize| {
            let is_bad = is_planted && first[row] > 6 && second[row] == 1;
            f64::from(u8::from(chance[row] < if is_bad { 8 } else { 1 }))
        };
        let losses = (0..2000).map(loss).collect();
        let ordered = Binned {
            bins: first,
            missing: 10,
            is_ordered: true,
        };
        let other = Binned {
            bins: second,
            missing: 3,
            is_ordered: false,
        };
        (vec![ordered, other], losses)
    }

    const SEARCH: Search = Search {
        min_rows: 50,
        max_conditions: 3,
        is_error: true,
        seed: 1,
    };

    #[test]
    fn the_planted_part_is_a_leaf_and_leaves_hold_every_row_once() {
        let (inputs, losses) = rows(5, true);
        let nodes = tree(&inputs, &losses, &SEARCH);
        assert_eq!((nodes[0].depth, nodes[0].rows.len()), (0, 2000));
        let mut held: Vec<usize> = nodes
            .iter()
            .filter(|node| node.is_leaf)
            .flat_map(|node| node.rows.clone())
            .collect();
        held.sort_unstable();
        assert_eq!(held, (0..2000).collect::<Vec<usize>>());
        let worst = nodes
            .iter()
            .filter(|node| node.is_leaf)
            .max_by(|a, b| {
                mean(&a.judged)
                    .unwrap()
                    .total_cmp(&mean(&b.judged).unwrap())
            })
            .unwrap();
        let planted: Vec<usize> = (0..2000)
            .filter(|&row| inputs[0].bins[row] > 6 && inputs[1].bins[row] == 1)
            .collect();
        assert_eq!(worst.rows, planted);
        // Worse children come first: the root, then the way down to the worst leaf.
        assert!(nodes[..worst.depth].iter().all(|node| !node.is_leaf));
    }

    #[test]
    fn noise_is_hardly_ever_parted() {
        let n_parted = (0..200)
            .filter(|&seed| {
                let (inputs, losses) = rows(seed, false);
                tree(&inputs, &losses, &SEARCH).len() > 1
            })
            .count();
        // 5 % of 200, and three standard errors.
        assert!(n_parted <= 19, "{n_parted}");
    }

    #[test]
    fn few_rows_and_none_make_one_node() {
        assert_eq!(tree(&[], &[], &SEARCH).len(), 1);
        let input = Binned {
            bins: vec![0, 1],
            missing: 2,
            is_ordered: false,
        };
        assert_eq!(tree(&[input], &[1.0, 0.0], &SEARCH).len(), 1);
    }
}
