//! Values as bytes in which every decision of an ensemble is one comparison.
//!
//! In: the decisions of all nodes, then columns of numbers. Out: code columns, such that a row goes to
//! `yes` exactly if `code & mask < limit`.
//!
//! A number becomes its rank among the ensemble's sorted thresholds, so nothing is approximated. A
//! code column holds at most [`MAX_THRESHOLDS`] of them; a feature with more has several columns, and
//! one more of each where missing values go the other way. Categories become one bit per set.

use std::collections::{BTreeMap, HashMap};

use super::program::{BLOCK, Decision, Part, Ranking};
use super::reference::{Columns, category, category_words, zero_is_missing};
use super::simd::Kernels;
use crate::ensemble::{Comparison, TreeEnsemble};

/// Thresholds of one code column: ranks are 0 to 254, so that no code reaches a limit of 255.
const MAX_THRESHOLDS: usize = 254;

/// Most bytes of tables that turn categories into bits.
const MAX_TABLE_BYTES: usize = 1 << 24;

/// Most words of category sets over all nodes, which may share them.
const MAX_WORDS: usize = 1 << 22;

/// Most code columns.
const MAX_COLUMNS: usize = 1 << 16;

/// Entries of a bit table before those of the categories.
const MISSING_ENTRY: usize = 0;
const OTHER_ENTRY: usize = 1;
const FIRST_ENTRY: usize = 2;

/// How columns become code columns.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    families: Vec<Family>,
    n_columns: usize,
}

/// What is asked of a feature, with zero as missing or not.
#[derive(Debug, Clone, Default)]
struct Family {
    feature: usize,
    ranking: Ranking,
    n_thresholds: usize,
    /// With their code columns.
    parts: Vec<(usize, Part)>,
    /// Ascending, without duplicates.
    equals: Vec<f64>,
    equal_bits: Vec<Bits>,
    n_categories: usize,
    category_bits: Vec<Bits>,
}

/// A code column of bits: a clear bit says yes.
#[derive(Debug, Clone)]
struct Bits {
    column: usize,
    table: Vec<u8>,
}

/// What is asked by a bit: the number or the set, and where missing goes.
type Question = (usize, Vec<u64>, bool, bool);

/// Finds the code columns while nodes are asked about.
#[derive(Debug, Default)]
pub(super) struct Builder {
    families: Vec<Family>,
    by_feature: BTreeMap<(u32, bool), usize>,
    part_columns: BTreeMap<(usize, usize, bool), usize>,
    questions: HashMap<Question, Decision>,
    n_bits: BTreeMap<(usize, bool), (usize, usize)>,
    n_table_bytes: usize,
    n_words: usize,
    n_columns: usize,
}

/// A threshold such that the node's comparison is `x < threshold`; NaN where every number meets it.
fn threshold(trees: &TreeEnsemble, node: usize) -> f64 {
    let value = trees.value[node];
    let value = match trees.comparison[node] {
        Comparison::LessOrEqual if value == f64::INFINITY => f64::NAN,
        Comparison::LessOrEqual => value.next_up(),
        Comparison::Less | Comparison::Equal | Comparison::In => value,
    };
    // The two zeros are one threshold.
    value + 0.0
}

impl Builder {
    /// Collects what is asked of each feature.
    pub(super) fn new(trees: &TreeEnsemble) -> Self {
        let mut builder = Self::default();
        for node in (0..trees.n_nodes()).filter(|node| !trees.is_leaf(*node)) {
            let key = (trees.feature[node], zero_is_missing(trees, node));
            let next = builder.families.len();
            let at = *builder.by_feature.entry(key).or_insert(next);
            if at == next {
                builder.families.push(Family {
                    feature: key.0 as usize,
                    ranking: Ranking {
                        is_single: trees.is_single_precision,
                        is_zero_missing: key.1,
                        ..Ranking::default()
                    },
                    ..Family::default()
                });
            }
            let family = &mut builder.families[at];
            match trees.comparison[node] {
                Comparison::Less | Comparison::LessOrEqual => {
                    family.ranking.thresholds.push(threshold(trees, node));
                }
                Comparison::Equal => family.equals.push(trees.value[node] + 0.0),
                Comparison::In => {
                    let n_categories = category_words(trees, node).len() * 64;
                    family.n_categories = family.n_categories.max(n_categories);
                }
            }
        }
        for family in &mut builder.families {
            for list in [&mut family.ranking.thresholds, &mut family.equals] {
                // NaN, where every number meets the comparison, comes last.
                list.sort_by(f64::total_cmp);
                list.dedup_by(|a, b| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan());
            }
            family.n_thresholds = family.ranking.thresholds.len();
        }
        builder
    }

    /// The decision of an inner node; `None` if there would be too many columns or tables.
    pub(super) fn decision(&mut self, trees: &TreeEnsemble, node: usize) -> Option<Decision> {
        let key = (trees.feature[node], zero_is_missing(trees, node));
        let at = *self.by_feature.get(&key)?;
        let missing_goes_yes = trees.missing_goes_yes[node];
        let decision = match trees.comparison[node] {
            Comparison::Less | Comparison::LessOrEqual => {
                self.rank_decision(at, threshold(trees, node), missing_goes_yes)
            }
            Comparison::Equal => {
                let bits = (trees.value[node] + 0.0).to_bits();
                self.bit_decision((at, vec![bits], false, missing_goes_yes))
            }
            Comparison::In => {
                let words = category_words(trees, node);
                self.n_words = self.n_words.saturating_add(words.len());
                if self.n_words > MAX_WORDS {
                    return None;
                }
                let words = words.to_vec();
                self.bit_decision((at, words, true, missing_goes_yes))
            }
        };
        (self.n_columns <= MAX_COLUMNS && self.n_table_bytes <= MAX_TABLE_BYTES).then_some(decision)
    }

    fn rank_decision(&mut self, at: usize, threshold: f64, missing_goes_yes: bool) -> Decision {
        let family = &mut self.families[at];
        let rank = family.ranking.thresholds[..family.n_thresholds]
            .partition_point(|known| known.total_cmp(&threshold).is_lt());
        let (part, place) = (rank / MAX_THRESHOLDS, rank % MAX_THRESHOLDS);
        let next = self.n_columns;
        let column = *self
            .part_columns
            .entry((at, part, missing_goes_yes))
            .or_insert(next);
        if column == next {
            let first = part * MAX_THRESHOLDS;
            let n = (family.n_thresholds - first).min(MAX_THRESHOLDS);
            let part = Part {
                first: small(first),
                n: small(n),
                missing: if missing_goes_yes { 0 } else { small(n) },
            };
            family.parts.push((column, part));
            self.n_columns += 1;
        }
        Decision {
            column: u16::try_from(column).unwrap_or(u16::MAX),
            mask: u8::MAX,
            limit: u8::try_from(place + 1).unwrap_or(u8::MAX),
        }
    }

    fn bit_decision(&mut self, question: Question) -> Decision {
        if let Some(known) = self.questions.get(&question) {
            return *known;
        }
        let (at, is_set) = (question.0, question.2);
        let family = &mut self.families[at];
        let n_entries = if is_set {
            family.n_categories
        } else {
            family.equals.len()
        } + FIRST_ENTRY;
        let list = if is_set {
            &mut family.category_bits
        } else {
            &mut family.equal_bits
        };
        let (column, n_bits) = *self
            .n_bits
            .entry((at, is_set))
            .and_modify(|(_, n_bits)| *n_bits += 1)
            .or_insert((0, 0));
        let bit = n_bits % 8;
        let mut column = column;
        if bit == 0 {
            column = self.n_columns;
            self.n_columns += 1;
            self.n_bits.insert((at, is_set), (column, n_bits));
            self.n_table_bytes = self.n_table_bytes.saturating_add(n_entries);
            if self.n_table_bytes <= MAX_TABLE_BYTES {
                list.push(Bits {
                    column,
                    table: vec![u8::MAX; n_entries],
                });
            }
        }
        if let Some(bits) = list.last_mut() {
            fill(&mut bits.table, 1 << bit, &question, &family.equals);
        }
        let decision = Decision {
            column: u16::try_from(column).unwrap_or(u16::MAX),
            mask: 1 << bit,
            limit: 1,
        };
        self.questions.insert(question, decision);
        decision
    }

    /// The columns that were asked for.
    pub(super) fn finish(mut self) -> Codes {
        for family in &mut self.families {
            let n = (family.n_thresholds + 1).next_power_of_two() - 1;
            family.ranking.thresholds.resize(n, f64::NAN);
        }
        Codes {
            families: self.families,
            n_columns: self.n_columns.max(1),
        }
    }
}

/// Clears the bit of every entry that says yes.
fn fill(table: &mut [u8], bit: u8, question: &Question, equals: &[f64]) {
    let (_, words, is_set, missing_goes_yes) = question;
    if *missing_goes_yes {
        table[MISSING_ENTRY] &= !bit;
    }
    for (at, entry) in table[FIRST_ENTRY..].iter_mut().enumerate() {
        let is_yes = if *is_set {
            words.get(at / 64).copied().unwrap_or(0) >> (at % 64) & 1 == 1
        } else {
            words.first().copied() == equals.get(at).map(|value| value.to_bits())
        };
        if is_yes {
            *entry &= !bit;
        }
    }
}

fn small(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

impl Codes {
    /// Number of code columns, at least one.
    pub(super) fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Writes the codes of up to [`BLOCK`] rows from `first` on: `codes[column * BLOCK + row]`.
    pub(super) fn encode(
        &self,
        columns: &Columns<'_>,
        first: usize,
        n_rows: usize,
        kernels: Kernels,
        codes: &mut [u8],
    ) {
        let mut ranks = [0_i32; BLOCK];
        for family in &self.families {
            let source = &columns[family.feature][first..first + n_rows];
            let ranks = &mut ranks[..n_rows];
            if !family.parts.is_empty() {
                kernels.rank(&family.ranking, source, ranks);
                for (column, part) in &family.parts {
                    kernels.shift(*part, ranks, &mut codes[column * BLOCK..][..n_rows]);
                }
            }
            let entry = |number| family.equal_entry(number);
            family.write_bits(&family.equal_bits, entry, source, codes);
            let entry = |number| family.category_entry(number);
            family.write_bits(&family.category_bits, entry, source, codes);
        }
    }
}

impl Family {
    fn write_bits(
        &self,
        bits: &[Bits],
        entry: impl Fn(f64) -> usize,
        source: &[f64],
        codes: &mut [u8],
    ) {
        if bits.is_empty() {
            return;
        }
        let mut entries = [0; BLOCK];
        for (own, value) in entries.iter_mut().zip(source) {
            *own = entry(self.ranking.number(*value));
        }
        for bits in bits {
            let codes = &mut codes[bits.column * BLOCK..][..source.len()];
            for (code, entry) in codes.iter_mut().zip(entries) {
                *code = bits.table[entry];
            }
        }
    }

    fn equal_entry(&self, value: f64) -> usize {
        if value.is_nan() {
            return MISSING_ENTRY;
        }
        let value = value + 0.0;
        self.equals
            .binary_search_by(|known| known.total_cmp(&value))
            .map_or(OTHER_ENTRY, |at| at + FIRST_ENTRY)
    }

    fn category_entry(&self, value: f64) -> usize {
        if value.is_nan() {
            return MISSING_ENTRY;
        }
        category(value, self.n_categories).map_or(OTHER_ENTRY, |at| at + FIRST_ENTRY)
    }
}
