//! The stack, the marks, the memo and the containers of a pickle, with stand-ins for values.
//!
//! In: pushes and pops. Out: what stands where, as far as it is known. Never fails: what is not there
//! is [`Value::Unknown`], and the machine remembers that it happened.

use std::collections::HashMap;

use super::array::ItemType;
use super::opcode::Text;

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Unknown,
    /// A number with a point, a truth value, bytes: nothing that matters here.
    Plain,
    /// `None`.
    Nothing,
    Number(i64),
    Text(Text),
    /// Position in the list of imports.
    Import(usize),
    /// An object of this import, or what a call of it gave.
    Object(usize),
    /// A NumPy type.
    Type(ItemType),
    /// Position in the list of containers.
    Container(usize),
}

struct Container {
    /// Values in it, counting those in containers in it each time they are reached.
    weight: u64,
    first: usize,
    n_kept: usize,
    /// All of its values are kept.
    is_whole: bool,
}

/// Values kept per container; enough for the state of an array wrapper and of a NumPy type.
const MAX_KEPT: usize = 16;

/// Memo positions up to here beyond the highest so far are stored side by side.
const DENSE: u64 = 1024;

#[derive(Default)]
pub(super) struct Machine {
    stack: Vec<Value>,
    marks: Vec<usize>,
    dense: Vec<Option<Value>>,
    sparse: HashMap<u64, Value>,
    n_memo: u64,
    containers: Vec<Container>,
    items: Vec<Value>,
    limit: usize,
    pub(super) n_underflows: u64,
    /// A limit was reached, so what follows is known less well.
    pub(super) is_full: bool,
}

impl Machine {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, value: Value) {
        if self.stack.len() < self.limit {
            self.stack.push(value);
        } else {
            self.is_full = true;
        }
    }

    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn pop(&mut self) -> Value {
        if self.stack.len() > self.fence() {
            self.stack.pop().unwrap_or(Value::Unknown)
        } else {
            self.n_underflows += 1;
            Value::Unknown
        }
    }

    /// `POP`, which takes a mark where nothing stands above it.
    pub(super) fn drop_top(&mut self) {
        if self.stack.len() == self.fence() && self.marks.pop().is_some() {
            return;
        }
        self.pop();
    }

    pub(super) fn top(&mut self) -> Value {
        if self.stack.len() > self.fence() {
            self.stack.last().copied().unwrap_or(Value::Unknown)
        } else {
            self.n_underflows += 1;
            Value::Unknown
        }
    }

    pub(super) fn mark(&mut self) {
        if self.marks.len() < self.limit {
            self.marks.push(self.stack.len());
        } else {
            self.is_full = true;
        }
    }

    /// Position of the first value above the last mark; the mark is gone.
    pub(super) fn pop_mark(&mut self) -> usize {
        self.marks.pop().unwrap_or_else(|| {
            self.n_underflows += 1;
            self.stack.len()
        })
    }

    /// Position of the `n` topmost values.
    pub(super) fn last(&mut self, n: usize) -> usize {
        let n_there = self.stack.len() - self.fence();
        if n_there < n {
            self.n_underflows += 1;
        }
        self.stack.len() - n.min(n_there)
    }

    /// The first value from a position on.
    pub(super) fn at(&self, from: usize) -> Value {
        self.stack.get(from).copied().unwrap_or(Value::Unknown)
    }

    pub(super) fn truncate(&mut self, from: usize) {
        self.stack.truncate(from);
    }

    /// Replaces the values from a position on by a container of them.
    pub(super) fn gather(&mut self, from: usize) {
        let from = from.min(self.stack.len());
        let value = self.container(from);
        self.stack.truncate(from);
        self.push(value);
    }

    fn container(&mut self, from: usize) -> Value {
        if self.containers.len() >= self.limit || self.items.len() >= 2 * self.limit {
            self.is_full = true;
            return Value::Plain;
        }
        let weight = self.weight_from(from);
        let first = self.items.len();
        let n_kept = (self.stack.len() - from).min(MAX_KEPT);
        self.items
            .extend_from_slice(&self.stack[from..from + n_kept]);
        self.containers.push(Container {
            weight: weight.saturating_add(1),
            first,
            n_kept,
            is_whole: n_kept == self.stack.len() - from,
        });
        Value::Container(self.containers.len() - 1)
    }

    fn weight_from(&self, from: usize) -> u64 {
        let weigh = |value: &Value| match value {
            Value::Container(idx) => self.containers.get(*idx).map_or(1, |held| held.weight),
            _ => 1,
        };
        let values = self.stack[from..].iter();
        values.fold(0, |sum, value| sum.saturating_add(weigh(value)))
    }

    /// Moves the values from a position on into the container, or what it is, below them; returns both
    /// that and the container's weight now.
    pub(super) fn fill(&mut self, from: usize) -> (Value, u64) {
        let from = from.min(self.stack.len());
        let added = self.weight_from(from);
        let n_all = self.stack.len() - from;
        let target = if from > self.fence() {
            self.stack[from - 1]
        } else {
            self.n_underflows += 1;
            Value::Unknown
        };
        let mut weight = added;
        if let Value::Container(idx) = target
            && let Some(held) = self.containers.get_mut(idx)
        {
            held.weight = held.weight.saturating_add(added);
            weight = held.weight;
            if held.n_kept == 0 {
                held.first = self.items.len();
            }
            let n_added = n_all.min(MAX_KEPT - held.n_kept);
            let is_last = held.first + held.n_kept == self.items.len();
            let can_keep = is_last && self.items.len() < 2 * self.limit;
            held.is_whole &= can_keep && n_added == n_all;
            if can_keep {
                held.n_kept += n_added;
                self.items
                    .extend_from_slice(&self.stack[from..from + n_added]);
            }
        }
        self.stack.truncate(from);
        (target, weight)
    }

    /// All values of a container, if they are known and few.
    pub(super) fn all_items(&self, value: Value) -> Option<&[Value]> {
        match value {
            Value::Container(idx) if self.containers.get(idx)?.is_whole => Some(self.items(value)),
            _ => None,
        }
    }

    /// The first values of a container; none of anything else.
    pub(super) fn items(&self, value: Value) -> &[Value] {
        match value {
            Value::Container(idx) => self.containers.get(idx).map_or(&[], |held| {
                &self.items[held.first..held.first + held.n_kept]
            }),
            _ => &[],
        }
    }

    pub(super) fn weight(&self, value: Value) -> u64 {
        match value {
            Value::Container(idx) => self.containers.get(idx).map_or(1, |held| held.weight),
            _ => 1,
        }
    }

    /// Entries in the memo, which is where `MEMOIZE` puts the next.
    pub(super) fn n_memo(&self) -> u64 {
        self.n_memo
    }

    /// Puts a value into the memo; whether something else stood there.
    pub(super) fn put(&mut self, position: u64, value: Value) -> bool {
        if self.n_memo >= self.limit as u64 {
            self.is_full = true;
            return false;
        }
        let n_dense = self.dense.len() as u64;
        let old = if position < n_dense + DENSE && !self.sparse.contains_key(&position) {
            let idx = usize::try_from(position).unwrap_or(usize::MAX);
            if position >= n_dense {
                self.dense.resize(idx + 1, None);
            }
            self.dense[idx].replace(value)
        } else {
            self.sparse.insert(position, value)
        };
        self.n_memo += u64::from(old.is_none());
        old.is_some_and(|old| old != value)
    }

    /// What stands in the memo.
    pub(super) fn get(&self, position: u64) -> Option<Value> {
        let idx = usize::try_from(position).unwrap_or(usize::MAX);
        let dense = self.dense.get(idx).copied().flatten();
        dense.or_else(|| self.sparse.get(&position).copied())
    }
}
