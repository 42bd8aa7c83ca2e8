//! The Open Inference Protocol, version 2, over JSON: what `KServe`, Triton and `MLServer` speak.
//!
//! In: a model's metadata (its inputs with names, shapes and types), columns. Out: one tensor per
//! column where the names agree, else one matrix of all; from the answer, the output that holds
//! floating-point numbers, probabilities first.

use interlock_model::remote::answering::{Column, Values};
use serde_json::{Value, json};

use super::{Protocol, cell};

/// Whether this is the address of such a model: `…/v2/models/NAME[/versions/V][/infer]`.
pub(super) fn is_meant(url: &str) -> bool {
    url.contains("/v2/models/")
}

/// The address of the model itself.
pub(super) fn model_url(url: &str) -> String {
    let url = url.trim_end_matches('/');
    url.strip_suffix("/infer").unwrap_or(url).to_owned()
}

pub(super) struct OpenInference {
    url: String,
    inputs: Vec<Input>,
}

struct Input {
    name: String,
    datatype: String,
    /// Whether it takes all columns as a matrix.
    is_matrix: bool,
}

impl OpenInference {
    pub(super) fn new(base: &str, metadata: &Value, features: &[String]) -> Result<Self, String> {
        let listed = metadata["inputs"].as_array();
        let inputs: Vec<Input> = listed
            .into_iter()
            .flatten()
            .filter_map(|input| {
                let shape = input["shape"].as_array().map_or(&[][..], Vec::as_slice);
                let width = shape.get(1).and_then(Value::as_i64).unwrap_or(1);
                Some(Input {
                    name: input["name"].as_str()?.to_owned(),
                    datatype: input["datatype"].as_str().unwrap_or("FP64").to_owned(),
                    is_matrix: shape.len() == 2 && width != 1,
                })
            })
            .collect();
        match inputs.as_slice() {
            [] => Err(format!("{base} lists no inputs")),
            [one] if one.is_matrix && features.is_empty() => Err(format!(
                "{base} takes a matrix and does not name its columns: name them in model.features"
            )),
            _ => Ok(Self {
                url: format!("{base}/infer"),
                inputs,
            }),
        }
    }

    /// Names of the inputs, where each is a column of its own.
    pub(super) fn features(&self) -> Vec<String> {
        let single = self.inputs.iter().filter(|input| !input.is_matrix);
        single.map(|input| input.name.clone()).collect()
    }
}

impl Protocol for OpenInference {
    fn url(&self) -> &str {
        &self.url
    }

    fn request(&self, columns: &[Column], rows: std::ops::Range<usize>) -> Value {
        let n_rows = rows.len();
        let tensors: Vec<Value> = match self.inputs.as_slice() {
            [matrix] if matrix.is_matrix => {
                let cells = rows
                    .flat_map(|row| columns.iter().map(move |column| cell(&column.values, row)));
                let data: Vec<Value> = cells.collect();
                vec![json!({
                    "name": matrix.name,
                    "datatype": matrix.datatype,
                    "shape": [n_rows, columns.len()],
                    "data": data,
                })]
            }
            inputs => columns
                .iter()
                .map(|column| {
                    let known = inputs.iter().find(|input| input.name == column.name);
                    let usual = match column.values {
                        Values::Numbers(_) => "FP64",
                        Values::Texts(_) => "BYTES",
                    };
                    let data: Vec<Value> =
                        rows.clone().map(|row| cell(&column.values, row)).collect();
                    json!({
                        "name": column.name,
                        "datatype": known.map_or(usual, |input| &input.datatype),
                        "shape": [n_rows, 1],
                        "data": data,
                    })
                })
                .collect(),
        };
        json!({"inputs": tensors})
    }

    fn figures(&self, answer: &Value, n_rows: usize) -> Result<(Vec<f64>, usize), String> {
        let outputs = answer["outputs"]
            .as_array()
            .ok_or("the server's answer has no list of 'outputs'")?;
        let is_float = |output: &&Value| {
            output["datatype"]
                .as_str()
                .is_some_and(|kind| kind.starts_with("FP"))
        };
        let is_probability = |output: &&Value| {
            output["name"]
                .as_str()
                .is_some_and(|name| name.to_lowercase().contains("prob"))
        };
        let floats = || outputs.iter().filter(is_float);
        let chosen = floats()
            .find(is_probability)
            .or_else(|| floats().next())
            .ok_or("the server's answer has no output of floating-point numbers: serve probabilities, not labels")?;
        let mut figures = Vec::new();
        collect(&chosen["data"], &mut figures)?;
        if n_rows == 0 || figures.is_empty() || !figures.len().is_multiple_of(n_rows) {
            return Err(format!(
                "the server gave {} figures for {n_rows} rows",
                figures.len()
            ));
        }
        let n_outputs = figures.len() / n_rows;
        Ok((figures, n_outputs))
    }
}

/// Numbers of a flat list, or of a list of rows.
fn collect(data: &Value, figures: &mut Vec<f64>) -> Result<(), String> {
    for cell in data.as_array().into_iter().flatten() {
        match cell {
            Value::Array(row) => {
                for cell in row {
                    figures.push(
                        cell.as_f64()
                            .ok_or("the server gave something that is no number")?,
                    );
                }
            }
            cell => figures.push(
                cell.as_f64()
                    .ok_or("the server gave something that is no number")?,
            ),
        }
    }
    Ok(())
}
