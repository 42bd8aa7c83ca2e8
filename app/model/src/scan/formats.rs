//! Formats of arrays and of skops: their headers, and the pickles they may hold.
//!
//! In: the bytes of one file. Out: imports and findings in the report. Knows no archives.
//!
//! Source: NumPy's "NPY format", and the format page of safetensors.

use super::report::{Report, Weight};
use super::stream;
use super::walk::{self, Source};

/// Looks at an array file: its header, and the pickle where it holds Python objects.
pub(super) fn npy(bytes: &[u8], part: &str, depth: usize, report: &mut Report<'_>) {
    let (length, start) = match bytes.get(6) {
        Some(1) => (
            bytes
                .get(8..10)
                .map(|pair| usize::from(pair[0]) | usize::from(pair[1]) << 8),
            10,
        ),
        _ => {
            let four = bytes
                .get(8..12)
                .and_then(|four| <[u8; 4]>::try_from(four).ok());
            (
                four.and_then(|four| usize::try_from(u32::from_le_bytes(four)).ok()),
                12,
            )
        }
    };
    let end = length.and_then(|length| length.checked_add(start));
    let Some(header) = end.and_then(|end| bytes.get(start..end)) else {
        let text = "the array's header is cut off";
        report.find("truncated", Weight::Unread, part, 0, text);
        return;
    };
    let end = start + header.len();
    let header = String::from_utf8_lossy(header);
    // The header is a Python literal, `{'descr': '|O', …`, read by numpy without running it.
    let has_objects = header.contains("O'")
        || header.contains("O\"")
        || header.contains("O8")
        || header.contains("O4");
    let rest = &bytes[end..];
    if has_objects || stream::reads_as_pickle(rest, part, report) {
        let source = Source {
            bytes,
            part,
            depth,
            may_have_arrays: false,
            n_steps: report.limits.n_steps,
        };
        let walked = walk::walk(source, end, report);
        let text = "holds Python objects as a pickle, which is read only with allow_pickle=True";
        report.find("npy-objects", Weight::Note, part, end, text);
        stream::search(source, walked.end, report);
    }
}

/// Whether bytes are safetensors; what is wrong with their header goes to the report.
pub(super) fn safetensors(bytes: &[u8], part: &str, report: &mut Report<'_>) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return false;
    };
    let length = u64::from_le_bytes(*length);
    let is_likely = rest.first() == Some(&b'{') && (2..=100 << 20).contains(&length);
    if !is_likely {
        return false;
    }
    let header = usize::try_from(length)
        .ok()
        .and_then(|length| rest.get(..length));
    let Some(header) = header else {
        let text = "the header of the safetensors file is cut off";
        report.find("truncated", Weight::Unread, part, 0, text);
        return true;
    };
    let n_data = (rest.len() - header.len()) as u64;
    let fields: Result<serde_json::Map<String, serde_json::Value>, _> =
        serde_json::from_slice(header);
    let Ok(fields) = fields else {
        let text = "the header of the safetensors file is no JSON";
        report.find("config-damaged", Weight::Unread, part, 8, text);
        return true;
    };
    let is_outside = |tensor: &serde_json::Value| {
        let offsets = tensor
            .get("data_offsets")
            .and_then(serde_json::Value::as_array);
        let numbers: Option<Vec<u64>> =
            offsets.map(|pair| pair.iter().filter_map(serde_json::Value::as_u64).collect());
        !matches!(numbers.as_deref(), Some([from, to]) if from <= to && *to <= n_data)
    };
    let outside = fields
        .iter()
        .find(|(name, tensor)| *name != "__metadata__" && is_outside(tensor));
    if let Some((name, _)) = outside {
        let text = format!("the tensor '{name}' lies outside the file");
        report.find("truncated", Weight::Unread, part, 8, text);
    }
    true
}

/// skops names the types it will import; those of unknown modules are imported only if the user agrees.
pub(super) fn skops(json: &[u8], part: &str, report: &mut Report<'_>) {
    let Ok(root) = serde_json::from_slice::<serde_json::Value>(json) else {
        let text = "the schema is no JSON";
        report.find("config-damaged", Weight::Unread, part, 0, text);
        return;
    };
    let mut left = vec![&root];
    while let Some(value) = left.pop() {
        match value {
            serde_json::Value::Array(values) => left.extend(values),
            serde_json::Value::Object(fields) => {
                let text_of = |name: &str| fields.get(name).and_then(serde_json::Value::as_str);
                if let (Some(module), Some(class)) = (text_of("__module__"), text_of("__class__")) {
                    let is_new = report.estimator.is_none() && std::ptr::eq(value, &raw const root);
                    if is_new {
                        report.estimator = Some(format!("{module}.{class}"));
                    }
                    report.import(module, class, part, 0);
                }
                left.extend(fields.values());
            }
            _ => {}
        }
    }
}
