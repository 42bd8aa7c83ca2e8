//! Charts as data: what to draw, never how.
//!
//! In: numbers and names from a check. Out: a [`View`], which the host draws as terminal cells,
//! plain text, HTML or SVG. Marks may carry [`Rows`], so that a bar or a cell can be opened.
//!
//! Nothing here knows colors, cells or fonts. A kind of chart this host does not know decodes as
//! [`Chart::Unknown`] and is shown as such.

use serde::{Deserialize, Serialize};

use crate::rows::{Role, Rows};

/// One thing to look at behind a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Name within the outcome; findings point to it.
    pub id: String,
    /// Heading.
    pub title: String,
    /// One or two sentences on how to read it.
    #[serde(default)]
    pub caption: String,
    /// What to draw.
    pub chart: Chart,
}

impl View {
    /// A view without caption.
    pub fn new(id: impl Into<String>, title: impl Into<String>, chart: Chart) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            caption: String::new(),
            chart,
        }
    }

    /// Says how to read it.
    #[must_use]
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }
}

/// The kinds of chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Chart {
    /// Rows and columns.
    Table {
        /// Headings; one cell of each row stands under each.
        columns: Vec<String>,
        /// Body.
        rows: Vec<TableRow>,
    },
    /// One bar per label.
    Bars {
        /// What the bars measure, with its unit.
        value_axis: String,
        /// The bars, in the order to show.
        bars: Vec<Bar>,
        /// A limit drawn across the bars.
        #[serde(default)]
        threshold: Option<f64>,
    },
    /// Two distributions over the same bins.
    HistogramPair {
        /// What is binned, with its unit.
        value_axis: String,
        /// Names of the bins, lowest first: category names or `18–24`.
        bins: Vec<String>,
        /// Share of the reference rows in each bin, 0 to 1.
        reference: Vec<f64>,
        /// Share of the current rows in each bin, 0 to 1.
        current: Vec<f64>,
        /// Current rows behind each bin; empty if not kept.
        #[serde(default)]
        rows: Vec<Rows>,
    },
    /// Lines over a common axis, each with an optional band of uncertainty.
    Lines {
        /// Horizontal axis, with its unit.
        x_axis: String,
        /// Vertical axis, with its unit.
        y_axis: String,
        /// The lines.
        series: Vec<Series>,
        /// A limit drawn at a height.
        #[serde(default)]
        threshold: Option<f64>,
    },
    /// Points in a plane.
    Scatter {
        /// Horizontal axis, with its unit.
        x_axis: String,
        /// Vertical axis, with its unit.
        y_axis: String,
        /// What the color says, with its unit; empty if nothing.
        #[serde(default)]
        color_axis: String,
        /// The points.
        points: Vec<Point>,
        /// The table `Point::row` counts in.
        #[serde(default)]
        role: Option<Role>,
    },
    /// One strip of points per feature, as in a SHAP summary.
    Beeswarm {
        /// What the position says, with its unit.
        value_axis: String,
        /// The strips, most important first.
        strips: Vec<Strip>,
        /// The table `Point::row` counts in.
        #[serde(default)]
        role: Option<Role>,
    },
    /// A grid of values; also confusion and correlation matrices.
    Heatmap {
        /// What the rows are.
        row_axis: String,
        /// What the columns are.
        column_axis: String,
        /// What the cells measure, with unit.
        value_axis: String,
        /// Names of the rows.
        row_labels: Vec<String>,
        /// Names of the columns.
        column_labels: Vec<String>,
        /// `values[row * column_labels.len() + column]`; `None` where there is nothing.
        values: Vec<Option<f64>>,
        /// Rows behind each cell, in the order of `values`; empty if not kept.
        #[serde(default)]
        rows: Vec<Rows>,
    },
    /// How contributions add up from a base value to a prediction.
    Waterfall {
        /// Where it starts, and its name.
        base: f64,
        /// Name of the base: `base value (mean prediction)`.
        base_label: String,
        /// The steps, largest first.
        steps: Vec<Bar>,
        /// Where it ends: base plus all steps.
        total: f64,
        /// What is added up, with its unit.
        value_axis: String,
    },
    /// Plain text, one paragraph per line.
    Text {
        /// The text.
        text: String,
    },
    /// A kind this version does not know.
    #[serde(other)]
    Unknown,
}

/// One row of a [`Chart::Table`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableRow {
    /// One cell per column.
    pub cells: Vec<Cell>,
    /// Rows of the data behind it.
    #[serde(default)]
    pub rows: Option<Rows>,
}

impl TableRow {
    /// A row that cannot be opened.
    pub fn new(cells: Vec<Cell>) -> Self {
        Self { cells, rows: None }
    }
}

/// One cell of a [`Chart::Table`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number; the host chooses the digits.
    Number(f64),
    /// Text.
    Text(String),
    /// Nothing to show.
    Nothing,
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Self::Number(value)
        } else {
            Self::Nothing
        }
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// One bar or step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Its name.
    pub label: String,
    /// Its length, in the unit of the chart's value axis.
    pub value: f64,
    /// Lower and upper end of its interval.
    #[serde(default)]
    pub interval: Option<(f64, f64)>,
    /// Whether it crosses a limit, so that it is marked.
    #[serde(default)]
    pub is_flagged: bool,
    /// Rows of the data behind it.
    #[serde(default)]
    pub rows: Option<Rows>,
}

impl Bar {
    /// A bar without interval, mark and rows.
    pub fn new(label: impl Into<String>, value: f64) -> Self {
        Self {
            label: label.into(),
            value,
            interval: None,
            is_flagged: false,
            rows: None,
        }
    }
}

/// One line of [`Chart::Lines`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// `(x, y)` in ascending `x`.
    pub points: Vec<(f64, f64)>,
    /// `(low, high)` for each point; empty if there is no band.
    #[serde(default)]
    pub band: Vec<(f64, f64)>,
}

/// One point of a scatter or strip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Horizontal position, or position along the strip.
    pub x: f64,
    /// Vertical position; unused in a strip.
    #[serde(default)]
    pub y: f64,
    /// Value for the color, scaled by the host over all points; `None` is drawn neutral.
    #[serde(default)]
    pub color: Option<f64>,
    /// The row it stands for.
    #[serde(default)]
    pub row: Option<u64>,
}

/// One feature of a [`Chart::Beeswarm`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Strip {
    /// Feature name.
    pub name: String,
    /// Its points; `x` and `color` are used.
    pub points: Vec<Point>,
}
