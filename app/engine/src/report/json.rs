//! A picture as JSON, by the schema beside this file.
//!
//! In: a [`Picture`]. Out: one document; fields are only ever added, `schema` names the version.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::overall;
use crate::picture::{CheckState, Picture, PluginHealth, PluginState, Standing};

/// Version of the document.
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON schema (draft 2020-12) of the document.
pub const SCHEMA: &str = include_str!("schema.json");

/// The document.
pub fn report(picture: &Picture) -> Value {
    let mut inputs = Map::new();
    let mut model = Value::Null;
    for input in &picture.project.inputs {
        let (rows, columns) = input.shape.unzip();
        let value = json!({
            "path": input.source,
            "rows": rows,
            "columns": columns,
            "fingerprint": input.fingerprint,
            "stale": input.stale,
        });
        if input.role.is_some() {
            inputs.insert(input.name.clone(), value);
        } else {
            // The card's fields stand beside these; without a model there are none.
            model = input.card.as_deref().map_or_else(|| json!({}), to_value);
            let known = json!({
                "source": input.source,
                "fingerprint": input.fingerprint,
                "stale": input.stale,
            });
            if let (Some(model), Value::Object(known)) = (model.as_object_mut(), known) {
                model.extend(known);
            }
        }
    }
    json!({
        "schema": SCHEMA_VERSION,
        "project": picture.project.name,
        "verdict": overall(picture),
        "inputs": inputs,
        "model": model,
        "checks": picture.checks.iter().map(|check| one_check(check)).collect::<Vec<_>>(),
        "plugins": picture.plugins.iter().map(|plugin| one_plugin(plugin)).collect::<Vec<_>>(),
        "problems": to_value(&picture.project.problems),
    })
}

fn one_check(check: &CheckState) -> Value {
    let outcome = check.outcome.as_deref();
    let mut codes: Vec<&str> = outcome
        .map(|outcome| {
            outcome
                .findings
                .iter()
                .map(|finding| finding.code.as_str())
                .collect()
        })
        .unwrap_or_default();
    codes.sort_unstable();
    codes.dedup();
    json!({
        "id": check.info.id,
        "title": check.info.title,
        "plugin": check.plugin,
        "stage": check.info.stage,
        "verdict": verdict(check.standing),
        "reason": check.reason,
        "summary": outcome.map(|outcome| &outcome.summary),
        "codes": codes,
        "metrics": outcome.map_or_else(|| json!([]), |outcome| to_value(&outcome.metrics)),
        "findings": outcome.map_or_else(|| json!([]), |outcome| to_value(&outcome.findings)),
        "notes": outcome.map_or_else(|| json!([]), |outcome| to_value(&outcome.notes)),
        "duration_ms": check.duration.map(|duration| (duration.as_secs_f64() * 1e6).round() / 1e3),
        "cached": check.is_cached,
    })
}

fn one_plugin(plugin: &PluginState) -> Value {
    let (health, reason) = match &plugin.health {
        PluginHealth::Opening => ("opening", None),
        PluginHealth::Ready => ("ready", None),
        PluginHealth::Broken(why) => ("broken", Some(why)),
        PluginHealth::Restarting(why) => ("restarting", Some(why)),
        PluginHealth::Quarantined(why) => ("quarantined", Some(why)),
        PluginHealth::Disabled => ("disabled", None),
    };
    let info = plugin.info.as_deref();
    json!({
        "id": plugin.id,
        "version": info.map(|info| &info.version),
        "api": info.map(|info| &info.api),
        "health": health,
        "reason": reason,
        "checks": plugin.n_checks,
    })
}

/// The name of a standing in the document, which is also its name in kebab case.
fn verdict(standing: Standing) -> Value {
    to_value(&standing)
}

/// A value without maps keyed by anything but strings always becomes JSON; figures that are not
/// finite become null.
fn to_value<T: Serialize + ?Sized>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
