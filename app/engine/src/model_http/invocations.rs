//! `MLflow`'s scoring protocol: a data frame to `/invocations`.
//!
//! In: columns. Out: `{"dataframe_split": {"columns", "data"}}`; from the answer, `predictions`, a
//! number or a list of numbers per row, or an object whose values are numbers.

use interlock_model::remote::answering::Column;
use serde_json::{Value, json};

use super::{Protocol, cell};

pub(super) struct Invocations {
    url: String,
}

impl Invocations {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
        }
    }
}

impl Protocol for Invocations {
    fn url(&self) -> &str {
        &self.url
    }

    fn request(&self, columns: &[Column], rows: std::ops::Range<usize>) -> Value {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let data: Vec<Vec<Value>> = rows
            .map(|row| {
                columns
                    .iter()
                    .map(|column| cell(&column.values, row))
                    .collect()
            })
            .collect();
        json!({"dataframe_split": {"columns": names, "data": data}})
    }

    fn figures(&self, answer: &Value, n_rows: usize) -> Result<(Vec<f64>, usize), String> {
        let rows = answer["predictions"]
            .as_array()
            .ok_or("the server's answer has no list of 'predictions'")?;
        if rows.len() != n_rows {
            return Err(format!(
                "the server predicted {} of {n_rows} rows",
                rows.len()
            ));
        }
        let mut figures = Vec::new();
        for row in rows {
            match row {
                Value::Array(cells) => figures.extend(cells.iter().map(as_number)),
                Value::Object(cells) => figures.extend(cells.values().map(as_number)),
                cell => figures.push(as_number(cell)),
            }
        }
        let figures: Vec<f64> = figures.into_iter().collect::<Option<_>>().ok_or(
            "the server predicted something that is no number: serve probabilities, not labels",
        )?;
        if n_rows == 0 || !figures.len().is_multiple_of(n_rows) {
            return Err("the server's rows differ in length".to_owned());
        }
        let n_outputs = figures.len() / n_rows;
        Ok((figures, n_outputs))
    }
}

fn as_number(cell: &Value) -> Option<f64> {
    cell.as_f64()
}
