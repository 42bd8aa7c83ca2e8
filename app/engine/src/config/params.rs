//! Settings of one check against what the check says it has.
//!
//! In: what stands in the project file, and the check's own list. Out: the bytes the plugin decodes,
//! or what is wrong, with its place.

use std::collections::BTreeMap;

use interlock_plugin_api::check_info::{CheckInfo, ParamInfo};
use toml::Value;

use super::sections::unknown_setting;
use super::{CheckConfig, ParamSetting};
use crate::problem::Problem;

/// The settings of a check as the bytes it is given; settings that are not named keep the check's
/// own defaults.
///
/// `file` names the project file in problems.
///
/// # Errors
/// Settings the check does not have, and values of another type than its default.
pub fn check_params(
    info: &CheckInfo,
    settings: Option<&CheckConfig>,
    file: &str,
) -> Result<Vec<u8>, Vec<Problem>> {
    let Some(settings) = settings.filter(|settings| !settings.params.is_empty()) else {
        return Ok(Vec::new());
    };
    let known: Vec<&str> = info
        .params
        .iter()
        .map(|param| param.name.as_str())
        .collect();
    let mut problems = Vec::new();
    let mut values: BTreeMap<&str, Value> = BTreeMap::new();
    for (name, setting) in &settings.params {
        match info.params.iter().find(|param| param.name == *name) {
            None => {
                let message = format!("{} has no setting '{name}'", info.id);
                let help = unknown_setting(name, &known);
                problems.push(problem(file, setting, message, help));
            }
            Some(param) => match fitted(param, &setting.value) {
                Ok(value) => {
                    values.insert(name, value);
                }
                Err(expected) => {
                    let message = format!(
                        "{}.{name} must be {expected}, not {}",
                        info.id, setting.value
                    );
                    problems.push(problem(
                        file,
                        setting,
                        message,
                        format!("its default is {name} = {}", param.default),
                    ));
                }
            },
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(rmp_serde::to_vec_named(&values).unwrap_or_default())
}

/// The value in the type of the default; a whole number may stand for a float.
fn fitted(param: &ParamInfo, value: &Value) -> Result<Value, &'static str> {
    let default = toml::from_str::<toml::Table>(&format!("value = {}", param.default))
        .ok()
        .and_then(|mut table| table.remove("value"));
    let Some(default) = default else {
        // An absent option has no default to compare with; the plugin says if it does not fit.
        return Ok(value.clone());
    };
    if let (Value::Float(_), Value::Integer(number)) = (&default, value) {
        return Ok(Value::Float(*number as f64));
    }
    if default.same_type(value) {
        return Ok(value.clone());
    }
    Err(match default {
        Value::Float(_) => "a number",
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
        Value::Datetime(_) => "a date",
    })
}

fn problem(file: &str, setting: &ParamSetting, message: String, help: String) -> Problem {
    Problem {
        file: file.to_owned(),
        line: Some(setting.line),
        column: Some(format!("column {}", setting.column)),
        message,
        help,
        is_error: true,
    }
}
