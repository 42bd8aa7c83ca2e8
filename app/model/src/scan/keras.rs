//! Keras models: layers that run code when the model is loaded or used.
//!
//! In: a JSON configuration, or the bytes of an HDF5 file that holds one. Out: findings in the report.
//! Knows no weights; HDF5 is searched for the configuration, not parsed.
//!
//! Source: the files Keras 2 and 3 write (`fixtures/scan/make.py`).

use serde_json::Value;

use super::report::{Report, Weight};

/// Bytes of a configuration that are read.
const MAX_CONFIG: usize = 64 << 20;

/// Values in a configuration that are looked at.
const MAX_VALUES: usize = 2_000_000;

/// Bytes between the beginning of an object and the name of its class.
const MAX_BEFORE: usize = 256;

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Packages whose classes a configuration may name.
const PACKAGES: &[&str] = &[
    "keras",
    "tensorflow",
    "tf_keras",
    "keras_core",
    "keras_hub",
    "keras_nlp",
    "keras_cv",
];

/// Whether bytes begin with HDF5's signature, or hold it behind a user block.
pub(super) fn is_hdf5(bytes: &[u8]) -> bool {
    bytes.starts_with(HDF5)
        || [512, 1024, 2048, 4096]
            .iter()
            .any(|at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(HDF5)))
}

/// Looks through a JSON configuration.
pub(super) fn config(json: &[u8], part: &str, offset: usize, report: &mut Report<'_>) {
    if json.len() > MAX_CONFIG {
        let text = format!(
            "a configuration of {} bytes, {MAX_CONFIG} are read",
            json.len()
        );
        report.find("limits", Weight::Unread, part, offset, text);
        return;
    }
    // serde_json refuses values nested deeper than 128.
    let root: Value = match serde_json::from_slice(json) {
        Ok(root) => root,
        Err(error) => {
            let text = format!("the model's configuration is no JSON: {error}");
            report.find("config-damaged", Weight::Unread, part, offset, text);
            return;
        }
    };
    let mut left = vec![&root];
    let mut n_seen = 0;
    while let Some(value) = left.pop() {
        n_seen += 1;
        if n_seen > MAX_VALUES {
            let text = "a configuration of more values than are looked at";
            report.find("limits", Weight::Unread, part, offset, text);
            return;
        }
        match value {
            Value::Array(values) => left.extend(values),
            Value::Object(fields) => {
                object(fields, part, offset, report);
                left.extend(fields.values());
            }
            _ => {}
        }
    }
}

fn object(
    fields: &serde_json::Map<String, Value>,
    part: &str,
    offset: usize,
    report: &mut Report<'_>,
) {
    let text_of = |name: &str| fields.get(name).and_then(Value::as_str);
    let class = text_of("class_name").unwrap_or_default();
    let mut find = |code, weight, text: String| report.find(code, weight, part, offset, text);
    if matches!(
        class,
        "Lambda" | "__lambda__" | "function" | "TFOpLambda" | "SlicingOpLambda"
    ) {
        let (weight, what) = match class {
            "Lambda" | "__lambda__" => (Weight::Dangerous, "code of its own"),
            "function" => (Weight::Suspicious, "a function by its name"),
            _ => (Weight::Note, "an operation of TensorFlow by its name"),
        };
        find(
            "keras-lambda",
            weight,
            format!("a layer '{class}', which runs {what}"),
        );
    }
    if text_of("function_type") == Some("lambda") {
        let text = "a function kept as marshaled bytecode, which runs".to_owned();
        find("keras-lambda", Weight::Dangerous, text);
    }
    if let Some(module) = text_of("module").filter(|_| fields.contains_key("class_name")) {
        let package = module.split('.').next().unwrap_or_default();
        let (danger, why) = super::names::classify(module, class);
        if package == "builtins" {
            // `builtins` is how Keras writes a plain function; which one is in `config`.
            let function = text_of("config").unwrap_or_default();
            let text = format!("the function '{function}' by its name");
            find("keras-module", Weight::Suspicious, text);
        } else if !PACKAGES.contains(&package) {
            let weight = if danger == super::names::Class::Dangerous {
                Weight::Dangerous
            } else {
                Weight::Suspicious
            };
            let text = format!("'{class}' of the module '{module}', outside Keras: {why}");
            find("keras-module", weight, text);
        } else if danger == super::names::Class::Dangerous {
            let text = format!("'{class}' of the module '{module}': {why}");
            find("keras-module", Weight::Dangerous, text);
        }
    }
    let vocabulary = fields
        .get("config")
        .and_then(|config| config.get("vocabulary"));
    if class.ends_with("Lookup") && vocabulary.is_some_and(Value::is_string) {
        let text = format!("a layer '{class}' that reads a file by its path when it is loaded");
        find("keras-file", Weight::Suspicious, text);
    }
    if class == "get_file" || text_of("module").is_some_and(is_tool) {
        let text = format!("'{class}' of Keras' own tools, which read files or the network");
        find("keras-module", Weight::Dangerous, text);
    }
    if let Some(registered) = text_of("registered_name").filter(|name| name.contains('>')) {
        let text = format!("the custom class '{registered}', whose code is not known");
        find("keras-custom", Weight::Suspicious, text);
    }
}

fn is_tool(module: &str) -> bool {
    module.split('.').any(|step| {
        matches!(
            step,
            "utils" | "saving" | "config" | "export" | "file_utils"
        )
    })
}

/// Looks through an HDF5 file for its configuration; whether it has one.
///
/// The attribute's text stands in one piece in files of Keras, which keeps it below 64 KB or in the
/// global heap; how far it was found is in the report.
pub(super) fn hdf5(bytes: &[u8], part: &str, report: &mut Report<'_>) -> bool {
    let name = b"model_config";
    let has_name = bytes.windows(name.len()).any(|window| window == name);
    let mut n_found = 0;
    let mut at = 0;
    // Each byte is read a few times at most, whatever unclosed braces a file holds.
    let mut budget = bytes.len().saturating_mul(4).saturating_add(MAX_CONFIG);
    while let Some(start) = find_object(bytes, at) {
        let length = length_of_json(&bytes[start..], &mut budget);
        if let Some(length) = length {
            config(&bytes[start..start + length], part, start, report);
            let text =
                format!("the model's configuration was read at offset {start}, {length} bytes");
            report.find("config-read", Weight::Note, part, start, text);
            n_found += 1;
        }
        // An object that does not end is passed over with its first name.
        at = start + length.unwrap_or(MAX_BEFORE);
        if budget == 0 {
            let text = "a configuration that does not end, as no library writes";
            report.find("config-unread", Weight::Suspicious, part, start, text);
            break;
        }
    }
    if has_name && n_found == 0 {
        let text = "the model's configuration was not found in one piece in the HDF5 file";
        report.find("config-unread", Weight::Unread, part, 0, text);
    }
    let lambda = b"\"class_name\": \"Lambda\"";
    if n_found == 0
        && let Some(at) = bytes
            .windows(lambda.len())
            .position(|window| window == lambda)
    {
        let text = "a layer 'Lambda', which runs code of its own";
        report.find("keras-lambda", Weight::Dangerous, part, at, text);
    }
    has_name || n_found > 0
}

/// Where the next object begins that names its class.
fn find_object(bytes: &[u8], from: usize) -> Option<usize> {
    let name = b"\"class_name\"";
    let rest = bytes.get(from..)?;
    let at = from + rest.windows(name.len()).position(|window| window == name)?;
    let before = at.saturating_sub(MAX_BEFORE).max(from);
    let brace = bytes[before..at].iter().rposition(|byte| *byte == b'{');
    Some(brace.map_or(at, |brace| before + brace))
}

/// Bytes of a JSON object, by its braces outside texts.
fn length_of_json(bytes: &[u8], budget: &mut usize) -> Option<usize> {
    if bytes.first() != Some(&b'{') {
        return None;
    }
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    let n_most = MAX_CONFIG.min(*budget);
    for (at, byte) in bytes.iter().enumerate().take(n_most) {
        *budget -= 1;
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' if !is_text => depth += 1,
            b'}' if !is_text => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            0 => return None,
            _ => {}
        }
    }
    None
}
