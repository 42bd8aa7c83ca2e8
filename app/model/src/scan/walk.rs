//! Walks one pickle, operation by operation, without doing what they say.
//!
//! In: bytes and where the pickle begins. Out: where it ends and why; imports and findings go to the
//! report. After an operation that Python would refuse, the walk goes on where it can, so that it
//! sees at least what Python would.
//!
//! Knows no archives. Source: Python's `pickle.py` and `_pickle.c` on what each operation does, and
//! joblib's `numpy_pickle.py` on arrays between operations.

use super::array;
use super::machine::{Machine, Value};
use super::opcode::{self, Argument, Fault, Operation, Text};
use super::report::{Report, Use, Weight};

/// Why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Stopped,
    Truncated,
    UnknownOperation,
    LimitReached,
    /// An array of unknown size, so that the next operation cannot be found.
    Lost,
}

/// What a walk saw.
#[derive(Debug, Clone)]
pub(super) struct Walked {
    pub(super) end: usize,
    pub(super) ending: Ending,
    pub(super) protocol: u8,
    pub(super) n_operations: u64,
    pub(super) n_underflows: u64,
    pub(super) has_arrays: bool,
    /// Import whose object is the result.
    pub(super) class: Option<usize>,
}

/// Which file is walked, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) part: &'b str,
    /// Pickles around this one.
    pub(super) depth: usize,
    /// Whether arrays may stand between operations.
    pub(super) may_have_arrays: bool,
    /// Operations to walk at most.
    pub(super) n_steps: u64,
}

/// Values reached through a container above which it counts as grown on purpose.
const MAX_WEIGHT: u64 = 100_000_000;

pub(super) struct Walk<'b, 'r, 'l> {
    pub(super) source: Source<'b>,
    pub(super) report: &'r mut Report<'l>,
    pub(super) machine: Machine,
    pub(super) at: usize,
    pub(super) here: usize,
    pub(super) has_arrays: bool,
    frame_end: usize,
    pub(super) late_skip: Option<(usize, usize)>,
    protocol: u8,
    /// Codes of findings so far: each is said once, and hostile files ask millions of times.
    said: Vec<&'static str>,
}

/// Walks a pickle.
pub(super) fn walk(source: Source<'_>, start: usize, report: &mut Report<'_>) -> Walked {
    let limit = report.limits.n_values;
    let mut walk = Walk {
        source,
        report,
        machine: Machine::new(limit),
        at: start,
        here: start,
        has_arrays: false,
        frame_end: 0,
        late_skip: None,
        protocol: 0,
        said: Vec::new(),
    };
    let (ending, n_operations) = walk.run();
    let result = walk.machine.pop();
    if walk.machine.is_full {
        walk.find(
            "limits",
            Weight::Unread,
            "holds more values than are followed",
        );
    }
    let n_underflows = walk.machine.n_underflows;
    if n_underflows > 0 && ending == Ending::Stopped {
        let text = "takes values from an empty stack, which no library writes";
        walk.find("stack-underflow", Weight::Suspicious, text);
    }
    Walked {
        end: walk.at,
        ending,
        protocol: walk.protocol,
        n_operations,
        n_underflows,
        has_arrays: walk.has_arrays,
        class: match result {
            Value::Object(class) => Some(class),
            _ => None,
        },
    }
}

/// Operations that protocol 1 added; it declares itself no more than protocol 0.
fn is_binary(code: u8) -> bool {
    matches!(
        code,
        b'J' | b'K'
            | b'M'
            | b'T'
            | b'U'
            | b'X'
            | b'G'
            | b']'
            | b'e'
            | b')'
            | b'}'
            | b'u'
            | b'1'
            | b'h'
            | b'j'
            | b'q'
            | b'r'
            | b'o'
            | b'Q'
    )
}

impl Walk<'_, '_, '_> {
    fn run(&mut self) -> (Ending, u64) {
        let mut n_operations = 0;
        let n_most = self.source.n_steps;
        while n_operations < n_most && self.report.n_steps < self.report.limits.n_steps {
            if let Some((end, skip)) = self.late_skip
                && self.at >= end
            {
                self.late_skip = None;
                self.at = self.at.saturating_add(skip).min(self.source.bytes.len());
            }
            let operation = match opcode::read(self.source.bytes, self.at) {
                Ok(operation) => operation,
                Err(fault) => return (self.fault(fault), n_operations),
            };
            self.here = self.at;
            self.at = operation.end;
            if self.protocol == 0 && is_binary(operation.code) {
                self.protocol = 1;
            }
            n_operations += 1;
            self.report.n_steps += 1;
            if operation.code == b'.' {
                return (Ending::Stopped, n_operations);
            }
            if let Some(ending) = self.step(&operation) {
                return (ending, n_operations);
            }
        }
        let text = "has more operations than are walked";
        self.find("limits", Weight::Unread, text);
        (Ending::LimitReached, n_operations)
    }

    fn fault(&mut self, fault: Fault) -> Ending {
        self.here = self.at;
        let at = self.at;
        match fault {
            Fault::Truncated => {
                let text = format!("the pickle is cut off at offset {at}");
                self.find("truncated", Weight::Unread, text);
                Ending::Truncated
            }
            Fault::Unknown(code) => {
                let text = format!("unknown pickle operation 0x{code:02x} at offset {at}");
                self.find("unknown-operation", Weight::Unread, text);
                Ending::UnknownOperation
            }
            Fault::Unquoted => {
                let text = format!("a text without quotes at offset {at}");
                self.find("unknown-operation", Weight::Unread, text);
                Ending::UnknownOperation
            }
        }
    }

    fn is_said(&self, code: &str) -> bool {
        self.said.contains(&code)
    }

    pub(super) fn find(&mut self, code: &'static str, weight: Weight, text: impl Into<String>) {
        if self.is_said(code) {
            return;
        }
        self.said.push(code);
        self.report
            .find(code, weight, self.source.part, self.here, text);
    }

    /// Does one operation; ends the walk if it gives an ending.
    #[inline]
    fn step(&mut self, operation: &Operation) -> Option<Ending> {
        match operation.code {
            b'K' | b'M' | b'J' | b'I' | b'L' | 0x8a | 0x8b => {
                let Argument::Number(number) = operation.argument else {
                    return None;
                };
                self.machine
                    .push(number.map_or(Value::Plain, Value::Number));
            }
            b'N' => self.machine.push(Value::Nothing),
            b'G' | b'F' | 0x88 | 0x89 | b'C' | b'B' | 0x8e | 0x96 | 0x97 => {
                self.machine.push(Value::Plain);
            }
            b'S' | b'T' | b'U' | b'V' | b'X' | 0x8c | 0x8d => {
                if let Argument::Text(text) = operation.argument {
                    self.machine.push(Value::Text(text));
                }
            }
            b'(' => self.machine.mark(),
            b'p' | b'q' | b'r' | b'g' | b'h' | b'j' | 0x94 => self.memo(operation),
            0x80 | 0x95 | 0x98 => self.frame(operation),
            b'c' | 0x93 | b'i' | b'o' | b'R' | 0x81 | 0x92 | 0x82 | 0x83 | 0x84 | b'P' | b'Q' => {
                self.objects(operation);
            }
            b'b' => return self.build(),
            _ => self.containers(operation.code),
        }
        None
    }

    fn containers(&mut self, code: u8) {
        let machine = &mut self.machine;
        match code {
            b'0' => machine.drop_top(),
            b'1' => {
                let from = machine.pop_mark();
                machine.truncate(from);
            }
            b'2' => {
                let top = machine.top();
                machine.push(top);
            }
            b']' | b'}' | b')' | 0x8f => {
                let from = machine.last(0);
                machine.gather(from);
            }
            0x85..=0x87 => {
                let from = machine.last(usize::from(code - 0x84));
                machine.gather(from);
                self.check_weight();
            }
            b't' | b'l' | b'd' | 0x91 => {
                let from = machine.pop_mark();
                machine.gather(from);
                self.check_weight();
            }
            b'a' | b's' => {
                let from = machine.last(if code == b'a' { 1 } else { 2 });
                self.fill(from);
            }
            b'e' | b'u' | 0x90 => {
                let from = machine.pop_mark();
                self.fill(from);
            }
            _ => {}
        }
    }

    fn fill(&mut self, from: usize) {
        let (target, weight) = self.machine.fill(from);
        if matches!(target, Value::Import(_)) {
            let text = "adds items to an import itself, not to an object of it";
            self.find("changes-import", Weight::Dangerous, text);
        }
        self.check_growth(weight);
    }

    fn check_weight(&mut self) {
        let top = self.machine.top();
        let weight = self.machine.weight(top);
        self.check_growth(weight);
    }

    #[inline]
    fn check_growth(&mut self, weight: u64) {
        let is_grown = weight > MAX_WEIGHT && weight / 1000 > self.source.bytes.len() as u64;
        if is_grown && !self.is_said("exponential-growth") {
            let text = format!(
                "containers in containers grow to {weight} values: reading them takes all memory or time"
            );
            self.find("exponential-growth", Weight::Suspicious, text);
        }
    }

    fn memo(&mut self, operation: &Operation) {
        let position = match operation.argument {
            Argument::Number(number) => number.and_then(|number| u64::try_from(number).ok()),
            _ => Some(self.machine.n_memo()),
        };
        let is_put = matches!(operation.code, b'p' | b'q' | b'r' | 0x94);
        let Some(position) = position else {
            self.find(
                "memo",
                Weight::Suspicious,
                "a memo position that is no number",
            );
            if !is_put {
                self.machine.push(Value::Unknown);
            }
            return;
        };
        if is_put {
            let top = self.machine.top();
            if self.machine.put(position, top) && !self.is_said("memo") {
                let text = format!("writes memo position {position} twice, which no library does");
                self.find("memo", Weight::Suspicious, text);
            }
            let is_far = position > 1 << 24 && position > self.source.bytes.len() as u64;
            if is_far && !self.is_said("memo-size") {
                let text =
                    format!("memo position {position} makes Python reserve memory for all below");
                self.find("memo-size", Weight::Suspicious, text);
            }
        } else {
            let value = self.machine.get(position);
            if value.is_none() && !self.is_said("memo") {
                let text = format!("reads memo position {position}, where nothing stands");
                self.find("memo", Weight::Suspicious, text);
            }
            self.machine.push(value.unwrap_or(Value::Unknown));
        }
    }

    fn frame(&mut self, operation: &Operation) {
        let Argument::Number(number) = operation.argument else {
            return;
        };
        if operation.code == 0x80 {
            let protocol = number.and_then(|number| u8::try_from(number).ok());
            self.protocol = self.protocol.max(protocol.unwrap_or(u8::MAX));
            if self.protocol > 5 && !self.is_said("protocol") {
                let text = format!("declares protocol {}, which is not known", self.protocol);
                self.find("protocol", Weight::Unread, text);
            }
        } else {
            let length = number.and_then(|number| usize::try_from(number).ok());
            self.frame_end = self.at.saturating_add(length.unwrap_or(usize::MAX));
        }
    }

    /// How many bytes of the frame are left, which joblib's reader holds in memory.
    pub(super) fn n_left_in_frame(&self) -> usize {
        self.frame_end
            .min(self.source.bytes.len())
            .saturating_sub(self.at)
    }

    /// Ends after an array: the position after it, or why there is none.
    pub(super) fn skip(&mut self, n_bytes: u64) -> Option<Ending> {
        let n_left = self.source.bytes.len() - self.at;
        match usize::try_from(n_bytes) {
            Ok(n_bytes) if n_bytes <= n_left => {
                self.at += n_bytes;
                None
            }
            _ => {
                let text = format!("an array of {n_bytes} bytes, {n_left} are left");
                self.find("truncated", Weight::Unread, text);
                Some(Ending::Truncated)
            }
        }
    }

    pub(super) fn import(&mut self, module: Text, name: Text) -> Value {
        let bytes = self.source.bytes;
        let (module, name) = (module.decode(bytes), name.decode(bytes));
        let import = self
            .report
            .import(&module, &name, self.source.part, self.here);
        import.map_or(Value::Unknown, Value::Import)
    }

    pub(super) fn used(&mut self, value: Value, how: Use) {
        if let Value::Import(import) = value {
            self.report.used(import, how);
        }
    }

    /// A NumPy type from the arguments of `numpy.dtype`.
    pub(super) fn item_type(&self, arguments: Value) -> Option<Value> {
        match self.machine.all_items(arguments)?.first()? {
            Value::Text(code) => array::item_type(&code.decode(self.source.bytes)).map(Value::Type),
            _ => None,
        }
    }
}
