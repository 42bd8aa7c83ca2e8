//! Tables made up in tests, as the host's loader would lay them out.
//!
//! In: CSV text or values. Out: Arrow C structs that own their buffers.

#![expect(
    unsafe_code,
    reason = "release callbacks of the Arrow C Data Interface"
)]

use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::sync::{Arc, OnceLock};

use crate::facts::ColumnKind;
use crate::host::{ArrowArray, ArrowSchema};

/// A table made up in a test.
#[derive(Debug, Clone, Default)]
pub struct TestTable {
    /// Its columns, of equal length.
    pub columns: Vec<TestColumn>,
}

/// One column of a [`TestTable`].
#[derive(Debug, Clone)]
pub struct TestColumn {
    /// Its name.
    pub name: String,
    values: Values,
    /// The values as Arrow buffers, made once: what a check costs is not hidden behind copies.
    layout: OnceLock<Arc<Layout>>,
}

/// A column as it is exported.
#[derive(Debug)]
struct Layout {
    format: &'static str,
    n_rows: usize,
    n_missing: usize,
    buffers: Vec<Buffer>,
    /// The values behind the codes of a categorical column.
    dictionary: Option<Arc<Layout>>,
}

#[derive(Debug, Clone)]
enum Values {
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Booleans(Vec<Option<bool>>),
    Text(Vec<Option<String>>),
    Categories(Vec<Option<String>>),
    Dates(Vec<Option<i32>>),
    Timestamps(Vec<Option<i64>>),
}

impl TestTable {
    /// A table from comma-separated text without quotes. Empty cells are missing; a column of
    /// whole numbers, of numbers, or of `true` and `false` gets that type, any other is
    /// categorical.
    ///
    /// # Panics
    /// If a row has another number of cells than the header.
    pub fn from_csv(text: &str) -> Self {
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); header.len()];
        for line in lines.filter(|line| !line.is_empty()) {
            let row: Vec<&str> = line.split(',').collect();
            assert_eq!(
                row.len(),
                header.len(),
                "the row '{line}' has another width than the header"
            );
            for (column, cell) in cells.iter_mut().zip(row) {
                column.push((!cell.is_empty()).then(|| cell.to_owned()));
            }
        }
        let columns = header
            .iter()
            .zip(cells)
            .map(|(name, cells)| TestColumn::infer(name, cells))
            .collect();
        Self { columns }
    }

    /// Adds a column.
    #[must_use]
    pub fn with(mut self, column: TestColumn) -> Self {
        self.columns.push(column);
        self
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, TestColumn::len)
    }

    pub(crate) fn export(&self) -> (ArrowArray, ArrowSchema) {
        let (arrays, schemas): (Vec<_>, Vec<_>) =
            self.columns.iter().map(TestColumn::export).unzip();
        let layout = Layout {
            format: "+s",
            n_rows: self.n_rows(),
            n_missing: 0,
            buffers: vec![Buffer::None],
            dictionary: None,
        };
        let array = array(&Arc::new(layout), arrays);
        (array, schema("+s", "", schemas, None))
    }
}

impl TestColumn {
    /// Whole numbers.
    pub fn integers(name: &str, values: Vec<Option<i64>>) -> Self {
        Self::new(name, Values::Integers(values))
    }

    /// Numbers.
    pub fn floats(name: &str, values: Vec<Option<f64>>) -> Self {
        Self::new(name, Values::Floats(values))
    }

    /// Truth values.
    pub fn booleans(name: &str, values: Vec<Option<bool>>) -> Self {
        Self::new(name, Values::Booleans(values))
    }

    /// Free text.
    pub fn text(name: &str, values: Vec<Option<&str>>) -> Self {
        Self::new(name, Values::Text(owned(values)))
    }

    /// Categories.
    pub fn categories(name: &str, values: Vec<Option<&str>>) -> Self {
        Self::new(name, Values::Categories(owned(values)))
    }

    /// Days since 1970-01-01.
    pub fn dates(name: &str, values: Vec<Option<i32>>) -> Self {
        Self::new(name, Values::Dates(values))
    }

    /// Microseconds since 1970-01-01.
    pub fn timestamps(name: &str, values: Vec<Option<i64>>) -> Self {
        Self::new(name, Values::Timestamps(values))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Integers(values) | Values::Timestamps(values) => values.len(),
            Values::Floats(values) => values.len(),
            Values::Booleans(values) => values.len(),
            Values::Text(values) | Values::Categories(values) => values.len(),
            Values::Dates(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn kind(&self) -> ColumnKind {
        match &self.values {
            Values::Integers(_) | Values::Floats(_) => ColumnKind::Numeric,
            Values::Booleans(_) => ColumnKind::Boolean,
            Values::Text(_) => ColumnKind::Text,
            Values::Categories(_) => ColumnKind::Categorical,
            Values::Dates(_) | Values::Timestamps(_) => ColumnKind::Date,
        }
    }

    fn infer(name: &str, cells: Vec<Option<String>>) -> Self {
        fn all<T: std::str::FromStr>(cells: &[Option<String>]) -> Option<Vec<Option<T>>> {
            let parse = |cell: &Option<String>| match cell {
                None => Some(None),
                Some(text) => text.parse().ok().map(Some),
            };
            cells.iter().map(parse).collect()
        }
        let values = if let Some(values) = all::<i64>(&cells) {
            Values::Integers(values)
        } else if let Some(values) = all::<f64>(&cells) {
            Values::Floats(values)
        } else if let Some(values) = all::<bool>(&cells) {
            Values::Booleans(values)
        } else {
            Values::Categories(cells)
        };
        Self::new(name, values)
    }

    fn new(name: &str, values: Values) -> Self {
        Self {
            name: name.to_owned(),
            values,
            layout: OnceLock::new(),
        }
    }

    fn export(&self) -> (ArrowArray, ArrowSchema) {
        let layout = self.layout.get_or_init(|| Arc::new(self.values.layout()));
        let names = layout.dictionary.as_ref();
        let names = names.map(|names| schema(names.format, "", Vec::new(), None));
        (
            array(layout, Vec::new()),
            schema(layout.format, &self.name, Vec::new(), names),
        )
    }
}

impl Values {
    fn layout(&self) -> Layout {
        match self {
            Self::Integers(values) => numbers("l", values),
            Self::Timestamps(values) => numbers("tsu:", values),
            Self::Floats(values) => numbers("g", values),
            Self::Dates(values) => numbers("tdD", values),
            Self::Booleans(values) => {
                let bits = bits(values.iter().map(|value| value.unwrap_or_default()));
                layout("b", values, vec![Buffer::Bytes(bits)])
            }
            Self::Text(values) => {
                let texts = values
                    .iter()
                    .map(|value| value.as_deref().unwrap_or_default());
                layout("u", values, text(texts))
            }
            Self::Categories(values) => categories(values),
        }
    }
}

fn categories(values: &[Option<String>]) -> Layout {
    let mut known: HashMap<&str, i32> = HashMap::new();
    let mut names: Vec<Option<&str>> = Vec::new();
    let codes: Vec<Option<i32>> = values
        .iter()
        .map(|value| {
            let value = value.as_deref()?;
            let next = i32::try_from(names.len()).unwrap_or(i32::MAX);
            let code = *known.entry(value).or_insert(next);
            if code == next {
                names.push(Some(value));
            }
            Some(code)
        })
        .collect();
    let texts = text(names.iter().copied().flatten());
    let mut keys = numbers("i", &codes);
    keys.dictionary = Some(Arc::new(layout("u", &names, texts)));
    keys
}

/// A layout whose first buffer says which values are there.
fn layout<T>(format: &'static str, values: &[Option<T>], buffers: Vec<Buffer>) -> Layout {
    let n_missing = values.iter().filter(|value| value.is_none()).count();
    let validity = if n_missing == 0 {
        Buffer::None
    } else {
        Buffer::Bytes(bits(values.iter().map(Option::is_some)))
    };
    Layout {
        format,
        n_rows: values.len(),
        n_missing,
        buffers: [validity].into_iter().chain(buffers).collect(),
        dictionary: None,
    }
}

fn owned(values: Vec<Option<&str>>) -> Vec<Option<String>> {
    values
        .into_iter()
        .map(|value| value.map(ToOwned::to_owned))
        .collect()
}

fn numbers<T: Copy + Default + ToBytes>(format: &'static str, values: &[Option<T>]) -> Layout {
    // Words, so that the buffer is aligned for every number type.
    let mut words = Vec::with_capacity(values.len());
    let mut word: [u8; 8] = [0; 8];
    let mut n_bytes = 0;
    for value in values {
        let bytes = value.unwrap_or_default().to_bytes();
        let bytes = bytes.as_ref();
        word[n_bytes..n_bytes + bytes.len()].copy_from_slice(bytes);
        n_bytes += bytes.len();
        if n_bytes == word.len() {
            words.push(u64::from_ne_bytes(word));
            (word, n_bytes) = ([0; 8], 0);
        }
    }
    if n_bytes > 0 {
        words.push(u64::from_ne_bytes(word));
    }
    layout(format, values, vec![Buffer::Words(words)])
}

/// Four or eight bytes.
trait ToBytes {
    fn to_bytes(self) -> impl AsRef<[u8]>;
}

impl ToBytes for i32 {
    fn to_bytes(self) -> impl AsRef<[u8]> {
        self.to_ne_bytes()
    }
}

impl ToBytes for i64 {
    fn to_bytes(self) -> impl AsRef<[u8]> {
        self.to_ne_bytes()
    }
}

impl ToBytes for f64 {
    fn to_bytes(self) -> impl AsRef<[u8]> {
        self.to_ne_bytes()
    }
}

/// Offsets and bytes.
fn text<'a>(values: impl Iterator<Item = &'a str>) -> Vec<Buffer> {
    let mut offsets = vec![0_i32];
    let mut bytes = Vec::new();
    for value in values {
        bytes.extend(value.as_bytes());
        offsets.push(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
    }
    vec![Buffer::Offsets(offsets), Buffer::Bytes(bytes)]
}

fn bits(values: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, value) in values.enumerate() {
        if index % 8 == 0 {
            bytes.push(0);
        }
        if let Some(byte) = bytes.last_mut() {
            *byte |= u8::from(value) << (index % 8);
        }
    }
    bytes
}

#[derive(Debug)]
enum Buffer {
    None,
    Bytes(Vec<u8>),
    Offsets(Vec<i32>),
    Words(Vec<u64>),
}

impl Buffer {
    fn start(&self) -> *const c_void {
        match self {
            Self::None => std::ptr::null(),
            Self::Bytes(bytes) => bytes.as_ptr().cast(),
            Self::Offsets(offsets) => offsets.as_ptr().cast(),
            Self::Words(words) => words.as_ptr().cast(),
        }
    }
}

/// What an exported array owns; freed by its release callback.
struct ArrayOwner {
    layout: Arc<Layout>,
    starts: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
}

/// What an exported schema owns; freed by its release callback.
struct SchemaOwner {
    format: CString,
    name: CString,
    children: Vec<*mut ArrowSchema>,
}

fn array(layout: &Arc<Layout>, children: Vec<ArrowArray>) -> ArrowArray {
    let children = children
        .into_iter()
        .map(|child| Box::into_raw(Box::new(child)))
        .collect();
    let mut owner = Box::new(ArrayOwner {
        starts: layout.buffers.iter().map(Buffer::start).collect(),
        layout: Arc::clone(layout),
        children,
    });
    let dictionary = owner.layout.dictionary.as_ref();
    let dictionary = dictionary.map(|names| Box::into_raw(Box::new(array(names, Vec::new()))));
    ArrowArray {
        length: i64::try_from(layout.n_rows).unwrap_or(i64::MAX),
        null_count: i64::try_from(layout.n_missing).unwrap_or(i64::MAX),
        offset: 0,
        n_buffers: i64::try_from(owner.starts.len()).unwrap_or(0),
        n_children: i64::try_from(owner.children.len()).unwrap_or(0),
        buffers: owner.starts.as_mut_ptr(),
        children: owner.children.as_mut_ptr(),
        dictionary: dictionary.unwrap_or(std::ptr::null_mut()),
        release: Some(release_array),
        private_data: Box::into_raw(owner).cast(),
    }
}

fn schema(
    format: &str,
    name: &str,
    children: Vec<ArrowSchema>,
    dictionary: Option<ArrowSchema>,
) -> ArrowSchema {
    let children = children
        .into_iter()
        .map(|child| Box::into_raw(Box::new(child)))
        .collect();
    let c_string = |text: &str| CString::new(text.replace('\0', "")).unwrap_or_default();
    let mut owner = Box::new(SchemaOwner {
        format: c_string(format),
        name: c_string(name),
        children,
    });
    let nullable = 2;
    ArrowSchema {
        format: owner.format.as_ptr(),
        name: owner.name.as_ptr(),
        metadata: std::ptr::null(),
        flags: nullable,
        n_children: i64::try_from(owner.children.len()).unwrap_or(0),
        children: owner.children.as_mut_ptr(),
        dictionary: dictionary.map_or(std::ptr::null_mut(), |schema| {
            Box::into_raw(Box::new(schema))
        }),
        release: Some(release_schema),
        private_data: Box::into_raw(owner).cast(),
    }
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: called once, with the array this module made.
    let array = unsafe { &mut *array };
    // SAFETY: `private_data` is the box this module put there.
    let owner = unsafe { Box::from_raw(array.private_data.cast::<ArrayOwner>()) };
    for child in &owner.children {
        // SAFETY: each child is a box of this module; dropping it releases it.
        drop(unsafe { Box::from_raw(*child) });
    }
    if !array.dictionary.is_null() {
        // SAFETY: as the children.
        drop(unsafe { Box::from_raw(array.dictionary) });
    }
    array.release = None;
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: called once, with the schema this module made.
    let schema = unsafe { &mut *schema };
    // SAFETY: `private_data` is the box this module put there.
    let owner = unsafe { Box::from_raw(schema.private_data.cast::<SchemaOwner>()) };
    for child in &owner.children {
        // SAFETY: each child is a box of this module; dropping it releases it.
        drop(unsafe { Box::from_raw(*child) });
    }
    if !schema.dictionary.is_null() {
        // SAFETY: as the children.
        drop(unsafe { Box::from_raw(schema.dictionary) });
    }
    schema.release = None;
}
