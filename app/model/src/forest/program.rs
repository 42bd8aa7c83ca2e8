//! Trees as straight lines of byte operations over a block of rows.
//!
//! In: decisions over code columns. Out: checked [`Program`]s and the [`Arena`] they run in, and how
//! they run without the processor's wide registers.
//!
//! A small tree needs no walk: all its decisions are taken for all rows, and from the leaves upward
//! each node keeps, per row, the leaf number of the side its decision takes. That is a compare and a
//! choice per node for as many rows as a register has bytes, without branches and without jumping
//! about in memory.
//!
//! Invariant: a program names only places inside an arena of its number of columns.

use super::reference::{is_missing, to_single};

/// Rows that are predicted at once; all that belongs to them stays in the fastest cache.
pub(super) const BLOCK: usize = 256;

/// Bytes of the widest register.
pub(super) const LANES: usize = 64;

/// Most leaves of a tree that becomes a program: their numbers are bytes.
pub(super) const MAX_LEAVES: usize = 256;

/// Lines of intermediate leaf numbers. The side that needs more comes first, so that a tree of
/// [`MAX_LEAVES`] leaves needs at most one line per doubling, and one more.
pub(super) const N_LINES: usize = 10;

/// Bytes of the constants: each byte as often as the widest register holds it.
pub(super) const CONSTANT_BYTES: usize = 256 * LANES;

/// Where code columns begin in an arena.
pub(super) const COLUMNS_AT: usize = CONSTANT_BYTES + N_LINES * BLOCK;

/// Constants, then lines, then code columns of one block.
#[derive(Debug)]
pub(super) struct Arena {
    bytes: Vec<u8>,
    n_columns: usize,
}

impl Arena {
    pub(super) fn new(n_columns: usize) -> Self {
        let mut bytes = vec![0; COLUMNS_AT + n_columns * BLOCK];
        for (constant, lanes) in (0..=u8::MAX).zip(bytes.chunks_exact_mut(LANES)) {
            lanes.fill(constant);
        }
        Self { bytes, n_columns }
    }

    pub(super) fn n_columns(&self) -> usize {
        self.n_columns
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// `codes[column * BLOCK + row]`.
    pub(super) fn codes(&self) -> &[u8] {
        &self.bytes[COLUMNS_AT..]
    }

    pub(super) fn codes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[COLUMNS_AT..]
    }
}

/// The decision of a node over code columns: yes exactly if `code & mask < limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) column: u16,
    pub(super) mask: u8,
    pub(super) limit: u8,
}

impl Decision {
    /// Yes for every row.
    pub(super) const ALWAYS: Self = Self {
        column: 0,
        mask: 0,
        limit: 1,
    };
}

/// Where leaf numbers stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The same for all rows.
    Leaf(u8),
    /// One per row, in a line.
    Line(u8),
}

impl Source {
    /// Its position in an arena.
    fn at(self) -> usize {
        match self {
            Self::Leaf(leaf) => usize::from(leaf) * LANES,
            Self::Line(line) => CONSTANT_BYTES + usize::from(line) * BLOCK,
        }
    }
}

/// One node: positions in the arena's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Op {
    pub(super) column: u32,
    pub(super) yes: u32,
    pub(super) no: u32,
    pub(super) line: u16,
    pub(super) mask: u8,
    pub(super) limit: u8,
}

/// How far a position moves on with each register of rows: constants stay.
pub(super) fn step(at: u32) -> usize {
    if (at as usize) < CONSTANT_BYTES {
        0
    } else {
        LANES
    }
}

/// The nodes of many trees.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    ops: Vec<Op>,
    n_columns: usize,
}

impl Program {
    /// A node over leaf numbers that stand already; `None` if there are no such lines.
    pub(super) fn push(
        &mut self,
        decision: Decision,
        yes: Source,
        no: Source,
        line: u8,
    ) -> Option<()> {
        let is_there = |source| match source {
            Source::Leaf(_) => true,
            Source::Line(line) => usize::from(line) < N_LINES,
        };
        if !is_there(yes) || !is_there(no) || !is_there(Source::Line(line)) {
            return None;
        }
        let column = usize::from(decision.column);
        self.n_columns = self.n_columns.max(column + 1);
        self.ops.push(Op {
            column: u32::try_from(COLUMNS_AT + column * BLOCK).ok()?,
            yes: u32::try_from(yes.at()).ok()?,
            no: u32::try_from(no.at()).ok()?,
            line: u16::try_from(Source::Line(line).at()).ok()?,
            mask: decision.mask,
            limit: decision.limit,
        });
        Some(())
    }

    pub(super) fn len(&self) -> usize {
        self.ops.len()
    }

    /// Code columns it reads.
    pub(super) fn n_columns(&self) -> usize {
        self.n_columns
    }

    pub(super) fn ops(&self) -> &[Op] {
        &self.ops
    }
}

/// Runs ops on the first `n_groups` registers of rows.
#[expect(
    clippy::inline_always,
    reason = "the loop is compiled anew for each kind of register"
)]
#[inline(always)]
pub(super) fn run(ops: &[Op], bytes: &mut [u8], n_groups: usize) {
    for op in ops {
        for group in 0..n_groups {
            let codes = lanes(bytes, op.column as usize + group * LANES);
            let yes = lanes(bytes, op.yes as usize + group * step(op.yes));
            let no = lanes(bytes, op.no as usize + group * step(op.no));
            let mut chosen = [0; LANES];
            for (lane, chosen) in chosen.iter_mut().enumerate() {
                // All bits if yes: without a branch, registers take as many rows as they hold.
                let is_yes = u8::from(codes[lane] & op.mask < op.limit).wrapping_neg();
                *chosen = no[lane] ^ ((yes[lane] ^ no[lane]) & is_yes);
            }
            bytes[usize::from(op.line) + group * LANES..][..LANES].copy_from_slice(&chosen);
        }
    }
}

/// As many bytes as the widest register has.
#[expect(
    clippy::inline_always,
    reason = "the loops that use it are compiled anew for each kind of register"
)]
#[inline(always)]
fn lanes(bytes: &[u8], at: usize) -> [u8; LANES] {
    let mut lanes = [0; LANES];
    lanes.copy_from_slice(&bytes[at..at + LANES]);
    lanes
}

/// Takes the same decision at each depth: the leaf number has one bit per decision, set for no, the
/// first decision's bit being the highest.
#[expect(
    clippy::inline_always,
    reason = "the loop is compiled anew for each kind of register"
)]
#[inline(always)]
pub(super) fn run_levels(ops: &[Op], bytes: &mut [u8], n_groups: usize) {
    let Some(line) = ops.first().map(|op| usize::from(op.line)) else {
        return;
    };
    for group in 0..n_groups {
        let mut number = [0_u8; LANES];
        for op in ops {
            let codes = lanes(bytes, op.column as usize + group * LANES);
            for (number, code) in number.iter_mut().zip(codes) {
                *number = *number << 1 | u8::from(code & op.mask >= op.limit);
            }
        }
        bytes[line + group * LANES..][..LANES].copy_from_slice(&number);
    }
}

/// A number that leaf values are summed in.
pub(super) trait Value: Copy + Default + Send + Sync + std::ops::AddAssign {
    fn from_double(value: f64) -> Self;
    fn to_double(self) -> f64;
}

impl Value for f64 {
    fn from_double(value: f64) -> Self {
        value
    }

    fn to_double(self) -> f64 {
        self
    }
}

impl Value for f32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only values that are of single precision are given"
    )]
    fn from_double(value: f64) -> Self {
        debug_assert!(to_single(value).to_bits() == value.to_bits());
        value as Self
    }

    fn to_double(self) -> f64 {
        f64::from(self)
    }
}

/// Adds to each row's sum the value of its leaf. The number of values is a power of two.
pub(super) fn add<T: Value>(leaves: &[u8], values: &[T], sums: &mut [T]) {
    let most = values.len() - 1;
    for (sum, leaf) in sums.iter_mut().zip(leaves) {
        *sum += values[usize::from(*leaf) & most];
    }
}

/// The rank of a missing value, below all others.
pub(super) const MISSING_RANK: i32 = -1;

/// How numbers are ranked.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranking {
    /// Ascending, without duplicates; filled up with NaN, which is above every number, to one less
    /// than a power of two.
    pub(super) thresholds: Vec<f64>,
    pub(super) is_single: bool,
    pub(super) is_zero_missing: bool,
}

impl Ranking {
    /// What is compared with thresholds; NaN if missing.
    pub(super) fn number(&self, value: f64) -> f64 {
        if is_missing(value, self.is_zero_missing) {
            f64::NAN
        } else if self.is_single {
            to_single(value)
        } else {
            value
        }
    }
}

/// Counts the thresholds that are not above each value.
pub(super) fn rank(ranking: &Ranking, source: &[f64], ranks: &mut [i32]) {
    const TOGETHER: usize = 8;
    for (source, ranks) in source.chunks(TOGETHER).zip(ranks.chunks_mut(TOGETHER)) {
        let mut at = [0; TOGETHER];
        let mut numbers = [f64::NAN; TOGETHER];
        for (number, value) in numbers.iter_mut().zip(source) {
            *number = ranking.number(*value);
        }
        let mut half = ranking.thresholds.len().div_ceil(2);
        while half > 0 {
            for (at, number) in at.iter_mut().zip(numbers) {
                let is_below = ranking.thresholds[*at + half - 1] <= number;
                *at += if is_below { half } else { 0 };
            }
            half /= 2;
        }
        for ((rank, at), number) in ranks.iter_mut().zip(at).zip(numbers) {
            *rank = if number.is_nan() {
                MISSING_RANK
            } else {
                i32::try_from(at).unwrap_or(i32::MAX)
            };
        }
    }
}

/// The ranks a code column tells apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// The rank of code 0.
    pub(super) first: i32,
    /// The greatest code, up to 254.
    pub(super) n: i32,
    /// The code of a missing value.
    pub(super) missing: i32,
}

/// Ranks to codes.
#[expect(
    clippy::inline_always,
    reason = "the loop is compiled anew for each kind of register"
)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=254"
)]
#[inline(always)]
pub(super) fn shift(part: Part, ranks: &[i32], codes: &mut [u8]) {
    for (code, rank) in codes.iter_mut().zip(ranks) {
        let shifted = (*rank - part.first).max(0).min(part.n);
        *code = if *rank < 0 { part.missing } else { shifted } as u8;
    }
}
