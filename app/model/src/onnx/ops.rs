//! Operators by name: which are supported, and what to do about the others.
//!
//! In: a node. Out: [`Built`], or why it cannot be run.
//!
//! Knows single nodes; [`crate::onnx::graph`] knows how they hang together.

mod math;

mod matrix;

mod ml_encode;

mod ml_linear;

mod tree_source;

mod ml_trees;

mod reduce;

mod select;

mod shape;

use crate::onnx::kernel::{Built, Fault, Spec};

/// Newest operator sets these operators are known to agree with, by domain.
const NEWEST: i64 = 28;
const NEWEST_ML: i64 = 5;

/// Makes nodes of one family ready; `None` if the node is of another one.
type Builder = fn(&Spec<'_>) -> Result<Option<Built>, Fault>;

/// A domain's name as people write it.
pub(super) fn domain_name(domain: &str) -> &str {
    if domain.is_empty() { "ai.onnx" } else { domain }
}

/// Whether the standard's operators of this version are known.
///
/// # Errors
/// If the version is newer.
pub(super) fn check_opset(domain: &str, version: i64) -> Result<(), Fault> {
    let newest = match domain {
        "" | "ai.onnx" => NEWEST,
        "ai.onnx.ml" => NEWEST_ML,
        _ => return Ok(()),
    };
    if version > newest {
        return Err(Fault::Unsupported(
            format!(
                "version {version} of the operators of '{}'",
                domain_name(domain)
            ),
            format!("export it with target_opset {newest} or lower"),
        ));
    }
    Ok(())
}

/// Makes a node ready to run.
pub(super) fn build(spec: &Spec<'_>) -> Result<Built, Fault> {
    let builders: &[Builder] = match spec.node.domain.as_str() {
        "" | "ai.onnx" => &[
            math::build,
            reduce::build,
            shape::build,
            select::build,
            matrix::build,
        ],
        "ai.onnx.ml" => &[ml_trees::build, ml_linear::build, ml_encode::build],
        "com.microsoft" if matches!(spec.node.op_type.as_str(), "CDist" | "Gelu") => {
            &[matrix::build, math::build]
        }
        _ => &[],
    };
    for builder in builders {
        if let Some(built) = builder(spec)? {
            return Ok(built);
        }
    }
    Err(Fault::Unsupported(
        format!(
            "the operator '{}' of '{}'",
            spec.node.op_type,
            domain_name(&spec.node.domain)
        ),
        advice(&spec.node.op_type).to_owned(),
    ))
}

fn advice(op_type: &str) -> &'static str {
    match op_type {
        "DictVectorizer" | "CastMap" => {
            "export the model with columns of a table as inputs, not dictionaries"
        }
        "StringNormalizer" | "Tokenizer" | "TfIdfVectorizer" => {
            "export the model without its text processing, with the numbers that come out of it as inputs"
        }
        "Conv" | "MaxPool" | "LSTM" | "GRU" | "RNN" => {
            "models of images and sequences are not read, only of tables"
        }
        _ => {
            "export the model with operators of the standard for tables, or save it in its library's own format"
        }
    }
}
