//! What the project file says must hold of the tables: the schema as a contract.
//!
//! In: nothing but what the host read from the project file. Out: [`Contract`], data only.
//!
//! Nothing here looks at a value; a check holds the rules against the tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rows::Role;

/// What the values of a column are, whatever they are read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueType {
    /// Whole numbers.
    Integer,
    /// Numbers of any kind.
    Number,
    /// `true` and `false`.
    Boolean,
    /// Days.
    Date,
    /// Points in time.
    Timestamp,
    /// Text.
    Text,
}

/// Lower and upper end of what a figure may be, both inclusive.
pub type Between = (f64, f64);

/// What must hold of the values of a column. Missing cells break no rule but `missing_at_most`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the project file that stands by itself"
)]
pub struct ColumnRules {
    /// What each value must be.
    pub value_type: Option<ValueType>,
    /// Whether every table must have the column.
    pub required: bool,
    /// Whether no value may stand twice.
    pub unique: bool,
    /// Greatest share of missing rows, 0 to 1.
    pub missing_at_most: Option<f64>,
    /// Values it may not take.
    pub not_allowed: Vec<String>,
    /// Regular expression that each value must match as a whole.
    pub pattern: Option<String>,
    /// Regular expression that no value may match as a whole.
    pub not_pattern: Option<String>,
    /// Least number of characters.
    pub length_min: Option<u64>,
    /// Greatest number of characters.
    pub length_max: Option<u64>,
    /// Whether no value may be less than the one before it.
    pub increasing: bool,
    /// Whether no value may be greater than the one before it.
    pub decreasing: bool,
    /// Share of the rows with a value that must keep a rule that rows can break (not
    /// `missing_at_most`, not the figures of the whole column), 0 to 1; all if `None`.
    pub mostly: Option<f64>,
    /// Where the mean must lie.
    pub mean_between: Option<Between>,
    /// Where the median must lie.
    pub median_between: Option<Between>,
    /// Where the standard deviation (divisor n − 1) must lie.
    pub std_between: Option<Between>,
    /// Where the sum must lie.
    pub sum_between: Option<Between>,
    /// Where the number of different values must lie.
    pub distinct_between: Option<Between>,
}

/// All that must hold of one column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnContract {
    /// Its name; it may stand in no table.
    pub name: String,
    /// Least possible value, inclusive.
    pub min: Option<f64>,
    /// Greatest possible value, inclusive.
    pub max: Option<f64>,
    /// The only values it may take; empty means any.
    pub allowed: Vec<String>,
    /// The other rules.
    pub rules: ColumnRules,
}

/// How columns of one row relate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationKind {
    /// `a <= b`.
    AtMost,
    /// `a < b`.
    Below,
    /// `a = b`, of numbers or texts.
    #[default]
    Equal,
    /// `a + b = c`.
    Sum,
    /// `a - b = c`.
    Difference,
    /// `a * b = c`.
    Product,
    /// `unique(a, b, …)`: no two rows agree in all of them.
    Unique,
}

/// A rule between columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Relation {
    /// As written in the project file.
    pub rule: String,
    /// What it says.
    pub kind: RelationKind,
    /// The columns, in the order of [`RelationKind`].
    pub columns: Vec<String>,
    /// Share of the rows with all values for which it must hold, 0 to 1; all if `None`.
    pub mostly: Option<f64>,
    /// How far, in the unit of the columns, a row may be off.
    pub tolerance: f64,
}

/// Which columns a table may have besides those the project file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnSet {
    /// None.
    Exact,
    /// Any.
    AtLeast,
}

/// Everything the project file says must hold of the tables.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contract {
    /// Every column the project file names, in the order of the training table, then by name.
    pub columns: Vec<ColumnContract>,
    /// Rules between columns.
    pub relations: Vec<Relation>,
    /// Whether every table must have all of `columns`, and may have others.
    pub column_set: Option<ColumnSet>,
    /// Columns that must stand in this order; others may stand between them.
    pub order: Vec<String>,
    /// Least number of rows, by table.
    pub row_min: BTreeMap<Role, u64>,
    /// Greatest number of rows, by table.
    pub row_max: BTreeMap<Role, u64>,
}

impl ColumnContract {
    /// Whether it says nothing but the column's name.
    pub fn is_empty(&self) -> bool {
        let named = Self {
            name: self.name.clone(),
            ..Self::default()
        };
        *self == named
    }
}

impl Contract {
    /// Whether no rule is set.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(ColumnContract::is_empty)
            && self.relations.is_empty()
            && self.column_set.is_none()
            && self.order.is_empty()
            && self.row_min.is_empty()
            && self.row_max.is_empty()
    }
}
