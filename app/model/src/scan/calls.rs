//! The operations of a pickle that import, call and build.
//!
//! In: a walk that stands at one of them. Out: imports and findings in its report, and the arrays
//! that joblib wrote after a wrapper's state.

use super::array::{self, ItemType};
use super::machine::Value;
use super::opcode::{Argument, Operation};
use super::report::{Report, Use, Weight};
use super::walk::{self, Ending, Source, Walk};

/// Operations tried where plain `pickle` would read an array's bytes as a pickle.
const MAX_PROBED: u64 = 10_000;

impl Walk<'_, '_, '_> {
    pub(super) fn objects(&mut self, operation: &Operation) {
        let value = match operation.code {
            b'c' => match operation.argument {
                Argument::Lines(module, name) => self.import(module, name),
                _ => Value::Unknown,
            },
            0x93 => self.stack_global(),
            b'i' => {
                let from = self.machine.pop_mark();
                self.machine.truncate(from);
                let class = match operation.argument {
                    Argument::Lines(module, name) => self.import(module, name),
                    _ => Value::Unknown,
                };
                self.built(class)
            }
            b'o' => {
                let from = self.machine.pop_mark();
                let class = self.machine.at(from);
                self.machine.truncate(from);
                self.built(class)
            }
            b'R' => {
                let arguments = self.machine.pop();
                let called = self.machine.pop();
                self.called(called, arguments)
            }
            0x81 => {
                self.machine.pop();
                let class = self.machine.pop();
                self.built(class)
            }
            0x92 => {
                self.machine.pop();
                self.machine.pop();
                let class = self.machine.pop();
                self.built(class)
            }
            b'P' => {
                self.persistent(false);
                Value::Unknown
            }
            b'Q' => {
                let id = self.machine.pop();
                let is_storage = self.machine.items(id).first().is_some_and(|first| {
                    matches!(first, Value::Text(text) if matches!(text.raw(self.source.bytes), b"storage" | b"module"))
                });
                self.persistent(is_storage);
                Value::Unknown
            }
            _ => {
                let text = "asks Python's extension registry for an import, so that the file does not say which";
                self.find("extension-registry", Weight::Suspicious, text);
                Value::Unknown
            }
        };
        self.machine.push(value);
    }

    fn persistent(&mut self, is_storage: bool) {
        if is_storage {
            let text = "refers to tensors stored beside it";
            self.find("storage", Weight::Note, text);
        } else {
            let text = "asks the program that loads it for an object by an id";
            self.find("persistent-id", Weight::Suspicious, text);
        }
    }

    fn stack_global(&mut self) -> Value {
        let (name, module) = (self.machine.pop(), self.machine.pop());
        if let (Value::Text(module), Value::Text(name)) = (module, name) {
            return self.import(module, name);
        }
        let text =
            "makes up the name of an import while loading, so that the file does not say which";
        self.find("computed-import", Weight::Dangerous, text);
        Value::Unknown
    }

    /// The class is called, or its `__new__`.
    fn built(&mut self, class: Value) -> Value {
        match class {
            Value::Import(import) => {
                self.used(class, Use::Built);
                Value::Object(import)
            }
            _ => {
                let text = "builds an object of something that is no import";
                self.find("computed-call", Weight::Suspicious, text);
                Value::Unknown
            }
        }
    }

    fn called(&mut self, called: Value, arguments: Value) -> Value {
        let Value::Import(import) = called else {
            let text = "calls what a call returned, so that the file does not say what";
            self.find("computed-call", Weight::Suspicious, text);
            return Value::Unknown;
        };
        self.used(called, Use::Called);
        let (module, name) = self.names(import);
        if name == "dtype"
            && module == "numpy"
            && let Some(known) = self.item_type(arguments)
        {
            return known;
        }
        if name == "_ufunc_reconstruct" {
            return self.import_by_call(arguments);
        }
        let first = self.machine.items(arguments).first().copied();
        if module == "_codecs" && name == "encode" {
            self.check_encoding(arguments);
        }
        // Functions that rebuild take the class they rebuild first.
        let is_function =
            name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
        match first {
            Some(Value::Import(class)) if is_function => {
                self.report.used(class, Use::Built);
                Value::Object(class)
            }
            _ => Value::Object(import),
        }
    }

    /// NumPy's functions are rebuilt by importing them, which any import can be written as.
    fn import_by_call(&mut self, arguments: Value) -> Value {
        match self.machine.all_items(arguments) {
            Some([Value::Text(module), Value::Text(name)]) => {
                let (module, name) = (*module, *name);
                self.import(module, name)
            }
            _ => {
                let text = "makes up the name of an import while loading, so that the file does not say which";
                self.find("computed-import", Weight::Dangerous, text);
                Value::Unknown
            }
        }
    }

    fn names(&self, import: usize) -> (String, String) {
        self.report.imports.get(import).map_or_else(
            || (String::new(), String::new()),
            |import| (import.module.clone(), import.name.clone()),
        )
    }

    /// `_codecs.encode` is how old protocols write bytes; with another encoding it makes texts.
    fn check_encoding(&mut self, arguments: Value) {
        let encoding = self.machine.items(arguments).get(1).copied();
        let is_latin = match encoding {
            Some(Value::Text(text)) => {
                matches!(
                    text.raw(self.source.bytes),
                    b"latin1" | b"latin-1" | b"iso-8859-1"
                )
            }
            _ => false,
        };
        if !is_latin {
            let text =
                "encodes with something else than latin1, which can make up texts while loading";
            self.find("encoding", Weight::Suspicious, text);
        }
    }

    pub(super) fn build(&mut self) -> Option<Ending> {
        let state = self.machine.pop();
        let target = self.machine.top();
        match target {
            Value::Import(_) => {
                let text = "changes an import itself, not an object of it";
                self.find("changes-import", Weight::Dangerous, text);
                None
            }
            Value::Type(item) => {
                let changed = self.changed_type(item, state);
                self.machine.pop();
                self.machine.push(changed);
                None
            }
            Value::Object(import) if self.source.may_have_arrays => {
                let (module, name) = self.names(import);
                let is_joblib = matches!(
                    module.as_str(),
                    "joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle"
                );
                if is_joblib && name == "NumpyArrayWrapper" {
                    return self.array(state);
                }
                None
            }
            _ => None,
        }
    }

    /// A NumPy type after its state: version, byte order, base, names, fields, size, alignment, flags and
    /// perhaps metadata. The size counts for flexible types, the lowest flag says that it holds objects.
    fn changed_type(&self, item: ItemType, state: Value) -> Value {
        match self.machine.all_items(state) {
            Some(
                [
                    _,
                    _,
                    _,
                    _,
                    _,
                    Value::Number(size),
                    _,
                    Value::Number(flags),
                    ..,
                ],
            ) => {
                let size = u64::try_from(*size).ok().filter(|_| item.is_flexible);
                Value::Type(ItemType {
                    n_bytes: size.unwrap_or(item.n_bytes),
                    has_objects: item.has_objects || flags & 1 == 1,
                    ..item
                })
            }
            _ => Value::Unknown,
        }
    }

    /// Skips the array that follows a wrapper's state, or walks it where it is a pickle.
    fn array(&mut self, state: Value) -> Option<Ending> {
        self.has_arrays = true;
        let wrapper = self.wrapper(state);
        self.machine.pop();
        self.machine.push(wrapper.class);
        // A pickle inside is a pickle for every reader, and is walked below.
        if !wrapper.item.is_some_and(|item| item.has_objects) {
            self.probe();
        }
        let n_in_frame = self.n_left_in_frame();
        if n_in_frame > 0 {
            let text = "operations follow an array's wrapper before the array, which joblib does not write";
            self.find("array-in-frame", Weight::Suspicious, text);
        }
        let (Some(item), Some(shape)) = (wrapper.item, wrapper.shape) else {
            let text = "an array of unknown size, so that what follows cannot be read";
            self.find("array-size", Weight::Unread, text);
            return Some(Ending::Lost);
        };
        let array_start = self.at + n_in_frame;
        if item.has_objects {
            return self.object_array(array_start);
        }
        let Some(n_bytes) = array::n_bytes(item, &shape) else {
            let text = "an array of impossible size";
            self.find("array-size", Weight::Unread, text);
            return Some(Ending::Lost);
        };
        let padding = if wrapper.is_aligned {
            1 + u64::from(self.source.bytes.get(array_start).copied().unwrap_or(0))
        } else {
            0
        };
        let n_bytes = n_bytes.saturating_add(padding);
        if n_in_frame == 0 {
            return self.skip(n_bytes);
        }
        let earlier = self.late_skip.map_or(0, |(_, skip)| skip);
        let n_bytes = usize::try_from(n_bytes).unwrap_or(usize::MAX);
        self.late_skip = Some((array_start, earlier.saturating_add(n_bytes)));
        None
    }

    fn object_array(&mut self, start: usize) -> Option<Ending> {
        if self.source.depth >= self.report.limits.depth.saturating_mul(4) {
            let text = "pickles inside pickles, too deep to follow";
            self.find("depth", Weight::Suspicious, text);
            return Some(Ending::Lost);
        }
        let inner = Source {
            depth: self.source.depth + 1,
            ..self.source
        };
        let walked = walk::walk(inner, start, self.report);
        self.at = walked.end;
        (walked.ending != Ending::Stopped).then_some(walked.ending)
    }

    /// What plain `pickle.load` would do here: it does not know of the array and reads on.
    fn probe(&mut self) {
        let limits = self.report.limits;
        let mut scratch = Report::new(limits);
        let source = Source {
            may_have_arrays: false,
            n_steps: MAX_PROBED,
            ..self.source
        };
        let walked = walk::walk(source, self.at, &mut scratch);
        self.report.n_steps += walked.n_operations;
        let mut is_code = false;
        for import in scratch.imports {
            let is_word = |text: &str| {
                !text.is_empty()
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte))
            };
            // Where the array follows, letters by chance are no names; in a frame nothing is by chance.
            if is_word(&import.module) && is_word(&import.name) && self.n_left_in_frame() == 0 {
                is_code = true;
                let known = self.report.import(
                    &import.module,
                    &import.name,
                    self.source.part,
                    import.offset,
                );
                if let Some(known) = known {
                    self.report.used(known, import.how);
                }
            }
        }
        if is_code {
            let text = "an array's bytes are operations for plain pickle.load, which joblib does not write";
            self.find("array-is-code", Weight::Dangerous, text);
        }
    }

    fn wrapper(&self, state: Value) -> Wrapper {
        let mut wrapper = Wrapper {
            item: None,
            shape: None,
            is_aligned: false,
            class: Value::Unknown,
        };
        // A pair that is not seen could give another size than the one that is.
        for pair in self.machine.all_items(state).unwrap_or_default().chunks(2) {
            let [Value::Text(key), value] = pair else {
                wrapper.item = None;
                return wrapper;
            };
            match (&*key.decode(self.source.bytes), *value) {
                ("dtype", Value::Type(item)) => wrapper.item = Some(item),
                ("dtype", _) => wrapper.item = None,
                ("shape", shape) => wrapper.shape = self.shape(shape),
                ("subclass", Value::Import(class)) => wrapper.class = Value::Object(class),
                ("numpy_array_alignment_bytes", value) => {
                    wrapper.is_aligned = value != Value::Nothing;
                }
                _ => {}
            }
        }
        wrapper
    }

    fn shape(&self, shape: Value) -> Option<Vec<i64>> {
        let lengths = self.machine.all_items(shape)?.iter();
        lengths
            .map(|length| match length {
                Value::Number(length) => Some(*length),
                _ => None,
            })
            .collect()
    }
}

struct Wrapper {
    item: Option<ItemType>,
    shape: Option<Vec<i64>>,
    is_aligned: bool,
    class: Value,
}
