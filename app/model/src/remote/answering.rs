//! The other end of the stream: reads what is asked and answers in frames.
//!
//! In: a stream from a host. Out: [`Question`]s, and the answers it expects. The host is trusted; a
//! frame that does not hold together ends the connection all the same.

use std::io::{Error, ErrorKind, Read, Result, Write};

use serde::{Deserialize, Serialize};

/// What a host asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// What the model is.
    Info,
    /// Predictions, or the scores before the link.
    Predict {
        /// Whether the scores before the link are wanted.
        is_margin: bool,
        /// Number of rows.
        n_rows: usize,
        /// The rows as columns.
        columns: Vec<Column>,
    },
}

/// One column of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Values,
}

/// Values of a column, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers; NaN is missing.
    Numbers(Vec<f64>),
    /// Texts; `None` is missing.
    Texts(Vec<Option<String>>),
}

/// What a server says of its model.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Introduction {
    /// `http`, `python`…
    pub format: String,
    /// Who made it.
    pub producer: String,
    /// `binary`, `multiclass`, `regression`.
    pub task: String,
    /// Its inputs, if it knows them.
    pub features: Vec<String>,
    /// Its classes, if it knows them.
    pub classes: Vec<String>,
    /// Figures per row.
    pub n_outputs: usize,
}

#[derive(Deserialize)]
struct Header {
    op: String,
    #[serde(default)]
    space: String,
    #[serde(default)]
    n_rows: usize,
    #[serde(default)]
    columns: Vec<HeaderColumn>,
    #[serde(default)]
    n_bytes: usize,
}

#[derive(Deserialize)]
struct HeaderColumn {
    name: String,
    #[serde(default)]
    categories: Option<Vec<String>>,
}

/// Reads the next question; `None` when the host has left.
///
/// # Errors
/// If the stream fails or a frame does not hold together.
pub fn read_question(stream: &mut impl Read) -> Result<Option<Question>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut header = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut header)?;
    let header: Header = serde_json::from_slice(&header).map_err(Error::other)?;
    if header.op == "info" {
        return Ok(Some(Question::Info));
    }
    let widths = header
        .columns
        .iter()
        .map(|column| if column.categories.is_some() { 4 } else { 8 });
    if widths.sum::<usize>().checked_mul(header.n_rows) != Some(header.n_bytes) {
        return Err(Error::other("columns and bytes do not match"));
    }
    let mut columns = Vec::with_capacity(header.columns.len());
    for column in header.columns {
        let values = match column.categories {
            None => {
                let mut bytes = vec![0; header.n_rows * 8];
                stream.read_exact(&mut bytes)?;
                let (chunks, _) = bytes.as_chunks::<8>();
                Values::Numbers(
                    chunks
                        .iter()
                        .map(|chunk| f64::from_le_bytes(*chunk))
                        .collect(),
                )
            }
            Some(categories) => {
                let mut bytes = vec![0; header.n_rows * 4];
                stream.read_exact(&mut bytes)?;
                let (chunks, _) = bytes.as_chunks::<4>();
                let text =
                    |chunk: &[u8; 4]| categories.get(u32::from_le_bytes(*chunk) as usize).cloned();
                Values::Texts(chunks.iter().map(text).collect())
            }
        };
        columns.push(Column {
            name: column.name,
            values,
        });
    }
    Ok(Some(Question::Predict {
        is_margin: header.space == "margin",
        n_rows: header.n_rows,
        columns,
    }))
}

/// Says what the model is.
///
/// # Errors
/// If the stream fails.
pub fn introduce(stream: &mut impl Write, said: &Introduction) -> Result<()> {
    let mut header = serde_json::to_value(said).map_err(Error::other)?;
    header["ok"] = true.into();
    frame(stream, &header, &[])
}

/// Gives figures row by row.
///
/// # Errors
/// If the stream fails.
pub fn give(stream: &mut impl Write, figures: &[f64], n_outputs: usize) -> Result<()> {
    let body: Vec<u8> = figures
        .iter()
        .flat_map(|figure| figure.to_le_bytes())
        .collect();
    let header = serde_json::json!({"ok": true, "n_outputs": n_outputs, "n_bytes": body.len()});
    frame(stream, &header, &body)
}

/// Says why there is no answer.
///
/// # Errors
/// If the stream fails.
pub fn refuse(stream: &mut impl Write, why: &str) -> Result<()> {
    frame(stream, &serde_json::json!({"ok": false, "error": why}), &[])
}

fn frame(stream: &mut impl Write, header: &serde_json::Value, body: &[u8]) -> Result<()> {
    let header = serde_json::to_vec(header).map_err(Error::other)?;
    let length = u32::try_from(header.len()).map_err(Error::other)?;
    stream.write_all(&length.to_le_bytes())?;
    stream.write_all(&header)?;
    stream.write_all(body)?;
    stream.flush()
}
