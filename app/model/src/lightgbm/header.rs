//! What stands before the first tree.
//!
//! In: lines. Out: the shape of the model, its inputs, its objective.
//!
//! The lines up to the first tree are `name=value` in any order; names not needed are passed over.

use super::text::{Lines, Words, count, damaged, pair, shown, within};
use crate::error::ModelError;
use crate::limits::Limits;

/// The shape of a model.
#[derive(Debug, Clone, Default)]
pub(super) struct Header<'a> {
    /// Version of the format, `v4`.
    pub(super) version: String,
    /// Classes as the objective counts them.
    pub(super) n_classes: usize,
    /// Trees per round, which is the number of margins per row.
    pub(super) n_outputs: usize,
    /// Names of the inputs.
    pub(super) names: Vec<String>,
    /// What is known of each input's values; empty where the file does not say.
    pub(super) infos: Vec<&'a [u8]>,
    /// The objective and its parameters; empty for one's own.
    pub(super) objective: String,
    /// Whether margins are means over rounds, as in random forests.
    pub(super) is_average: bool,
    /// How many trees are claimed, where the file says.
    pub(super) n_trees: Option<usize>,
}

/// Reads up to the first tree, whose `Tree=` line is left.
pub(super) fn read<'a>(lines: &mut Lines<'a>, limits: &Limits) -> Result<Header<'a>, ModelError> {
    let mut header = Header::default();
    let (mut n_outputs, mut n_features, mut has_classes) = (None, None, false);
    let mut ahead = lines.clone();
    while let Some(line) = ahead.next() {
        let (name, value) = pair(line);
        match name {
            b"Tree" | b"end of trees" => break,
            b"version" => header.version = version(value)?,
            b"num_class" => {
                header.n_classes = count("num_class", value).map_err(damaged)?;
                has_classes = true;
            }
            b"num_tree_per_iteration" => {
                n_outputs = Some(count("num_tree_per_iteration", value).map_err(damaged)?);
            }
            b"max_feature_idx" => {
                n_features = Some(count("max_feature_idx", value).map_err(damaged)? + 1);
            }
            b"objective" => {
                utf8("objective", value)?
                    .trim()
                    .clone_into(&mut header.objective);
            }
            b"average_output" => header.is_average = true,
            b"feature_names" => {
                within("inputs", Words(value).count(), limits.n_features)?;
                let name = |word| utf8("feature_names", word).map(str::to_owned);
                header.names = Words(value).map(name).collect::<Result<_, _>>()?;
            }
            b"feature_infos" => {
                within("inputs", Words(value).count(), limits.n_features)?;
                header.infos = Words(value).collect();
            }
            b"tree_sizes" => header.n_trees = Some(Words(value).count()),
            _ => {}
        }
        *lines = ahead.clone();
    }
    if !has_classes {
        return Err(damaged("'num_class' is not there"));
    }
    header.n_outputs = n_outputs.unwrap_or(header.n_classes);
    let n_features = n_features.ok_or_else(|| damaged("'max_feature_idx' is not there"))?;
    header.check(n_features, limits)?;
    Ok(header)
}

impl Header<'_> {
    fn check(&self, n_features: usize, limits: &Limits) -> Result<(), ModelError> {
        within("inputs", n_features, limits.n_features)?;
        within("outputs", self.n_outputs, limits.n_outputs)?;
        within("trees", self.n_trees.unwrap_or(0), limits.n_trees)?;
        if self.n_outputs == 0 {
            return Err(damaged("'num_tree_per_iteration' is 0"));
        }
        if self.names.len() != n_features {
            return Err(damaged(format!(
                "'feature_names' holds {} names for {n_features} inputs",
                self.names.len()
            )));
        }
        if !self.infos.is_empty() && self.infos.len() != n_features {
            return Err(damaged(format!(
                "'feature_infos' holds {} entries for {n_features} inputs",
                self.infos.len()
            )));
        }
        Ok(())
    }
}

/// The version of the format, if it is one that is read.
fn version(value: &[u8]) -> Result<String, ModelError> {
    match value.trim_ascii() {
        known @ (b"v2" | b"v3" | b"v4") => Ok(shown(known)),
        other => Err(ModelError::Unsupported {
            format: super::text::FORMAT,
            part: format!("the format version '{}'", shown(other)),
            advice: "versions v2 to v4 are read: save it with LightGBM 2.2 to 4.x".to_owned(),
        }),
    }
}

fn utf8<'a>(name: &str, value: &'a [u8]) -> Result<&'a str, ModelError> {
    std::str::from_utf8(value).map_err(|error| {
        damaged(format!(
            "'{name}' is not UTF-8 at its byte {}",
            error.valid_up_to()
        ))
    })
}
