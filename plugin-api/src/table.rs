//! Tables and columns, as a check reads them.
//!
//! In: the Arrow C structs the host filled in. Out: typed views, without any Arrow crate.
//!
//! Nothing is copied until a method says so. A column whose buffers do not fit its length is an
//! error, never a read out of bounds. Row positions are 0-based throughout.

pub mod c_data;

mod buffers;

mod distinct;

mod column;

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::error::CheckError;
use crate::facts::ColumnKind;
use crate::features::{Feature, Features};
use crate::model::Model;
use crate::outcome::Role;
use crate::table::c_data::{ArrowArray, ArrowSchema};

pub use column::{Column, StringView};
pub use distinct::{Categories, Distinct};

/// One table of the project.
#[derive(Debug)]
pub struct Table<'a> {
    role: Role,
    n_rows: usize,
    schema: ArrowSchema,
    array: ArrowArray,
    kinds: HashMap<&'a str, ColumnKind>,
    /// Where each name stands first; made when a column is first asked for by name.
    positions: OnceCell<HashMap<String, usize>>,
}

impl<'a> Table<'a> {
    /// Takes over what the host filled in.
    pub(crate) fn new(
        role: Role,
        array: ArrowArray,
        schema: ArrowSchema,
        kinds: Vec<(&'a str, ColumnKind)>,
    ) -> Result<Self, CheckError> {
        let bad = |what: &str| CheckError::failed(format!("the {} table {what}", role.name()));
        if schema.format() != Some("+s") {
            return Err(bad("is no struct of columns"));
        }
        if schema.n_children != array.n_children {
            return Err(bad("has as many types as columns"));
        }
        let n_rows =
            usize::try_from(array.length).map_err(|_negative| bad("has a negative length"))?;
        Ok(Self {
            role,
            n_rows,
            schema,
            array,
            // The first of a name counts.
            kinds: kinds.into_iter().rev().collect(),
            positions: OnceCell::new(),
        })
    }

    /// Which table it is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Its columns, in table order. Columns that cannot be read are left out here and are errors
    /// in [`Table::column`].
    pub fn columns(&self) -> impl Iterator<Item = Column<'_>> {
        (0..self.n_columns()).filter_map(|index| self.column_at(index).ok())
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`CheckErrorKind::MissingInput`](crate::error::CheckErrorKind::MissingInput) if there is
    /// none; another kind if its memory does not hold together.
    pub fn column(&self, name: &str) -> Result<Column<'_>, CheckError> {
        match self.positions().get(name) {
            Some(&index) => self.column_at(index),
            None => Err(CheckError::missing_input(format!(
                "the {} table has no column '{name}'",
                self.role.name()
            ))),
        }
    }

    /// The model's inputs for every row, in the model's order.
    ///
    /// # Errors
    /// If the table lacks one of them, or holds text where the model takes numbers.
    pub fn features(&self, model: &Model<'_>) -> Result<Features, CheckError> {
        let columns = model
            .facts()
            .features
            .iter()
            .map(|name| {
                let column = self.column(name)?;
                Ok(Feature {
                    name: name.clone(),
                    values: column.feature_values()?,
                })
            })
            .collect::<Result<_, CheckError>>()?;
        Ok(Features {
            n_rows: self.n_rows,
            columns,
        })
    }

    /// The model's inputs for the given rows.
    ///
    /// # Errors
    /// As [`Table::features`].
    ///
    /// # Panics
    /// If a position is not below the number of rows.
    pub fn features_at(&self, model: &Model<'_>, rows: &[usize]) -> Result<Features, CheckError> {
        Ok(self.features(model)?.select(rows))
    }

    fn n_columns(&self) -> usize {
        usize::try_from(self.schema.n_children).unwrap_or(0)
    }

    fn positions(&self) -> &HashMap<String, usize> {
        self.positions.get_or_init(|| {
            let name = |index| self.schema.child(index).and_then(ArrowSchema::name);
            let named = |index| Some((name(index)?.to_owned(), index));
            // The first of a name counts.
            (0..self.n_columns()).rev().filter_map(named).collect()
        })
    }

    fn column_at(&self, index: usize) -> Result<Column<'_>, CheckError> {
        let (Some(schema), Some(array)) = (self.schema.child(index), self.array.child(index))
        else {
            return Err(CheckError::failed("a column of the table has no memory"));
        };
        let named = |name: &str| self.kinds.get(name).copied();
        Column::new(schema, array, self.n_rows, named)
    }
}
