//! The keys of models that another process serves: Python, or a server behind HTTP.
//!
//! In: the model section. Out: a [`ModelSource`] that needs the user's consent, or what is wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reader::Section;
use super::{HttpSource, ModelSource, PythonSource, units};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Rows sent at once if nothing else is written: some megabytes of JSON.
const BATCH: u64 = 10_000;

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Python,
    Http,
}

/// Every key of either kind, as far as it is written.
struct Written {
    entry: Option<String>,
    interpreter: Option<String>,
    url: Option<String>,
    batch: Option<u64>,
    secrets: Option<BTreeMap<String, String>>,
    timeout: Option<Duration>,
}

/// The served model, if `format` says that it is one.
pub(super) fn read(
    section: &mut Section<'_, '_, '_>,
    path: Option<&PathBuf>,
    root: &Path,
) -> Option<ModelSource> {
    let formats = [("python", Format::Python), ("http", Format::Http)];
    let format = section.choice("format", &formats);
    let written = Written {
        entry: section.text("entry", "\"predictor:predict\""),
        interpreter: section.text("python", "\".venv/bin/python\""),
        url: section.text("url", "\"http://127.0.0.1:8080/v2/models/credit\""),
        batch: section.count("batch", "10000"),
        secrets: secrets(section),
        timeout: section.parsed("timeout", "a duration (s, min)", "\"30s\"", units::duration),
    };
    let foreign = written.foreign(format);
    if let Some((key, owner)) = foreign {
        let at = section.place_of(key);
        let message = format!("model.{key} is for {owner} models");
        let help = format!("add format = \"{owner}\", or remove it");
        section.reader().error(at, message, help);
    }
    match format? {
        Format::Python => Some(ModelSource::Python(python(section, written, path, root))),
        Format::Http => http(section, written).map(ModelSource::Http),
    }
}

impl Written {
    /// The first key that belongs to another format, and that format.
    fn foreign(&self, format: Option<Format>) -> Option<(&'static str, &'static str)> {
        let is_python = format == Some(Format::Python);
        let is_http = format == Some(Format::Http);
        [
            ("entry", "python", self.entry.is_some() && !is_python),
            ("python", "python", self.interpreter.is_some() && !is_python),
            ("url", "http", self.url.is_some() && !is_http),
            ("batch", "http", self.batch.is_some() && !is_http),
            ("secrets", "http", self.secrets.is_some() && !is_http),
            (
                "timeout",
                "python",
                self.timeout.is_some() && format.is_none(),
            ),
        ]
        .into_iter()
        .find(|(_, _, is_foreign)| *is_foreign)
        .map(|(key, owner, _)| (key, owner))
    }
}

fn python(
    section: &mut Section<'_, '_, '_>,
    written: Written,
    path: Option<&PathBuf>,
    root: &Path,
) -> PythonSource {
    let has_name = written.entry.as_deref().is_none_or(|entry| {
        entry
            .split_once(':')
            .is_some_and(|(_, name)| !name.is_empty())
    });
    if !has_name || (written.entry.is_none() && path.is_none()) {
        let at = section.place_of("format");
        let message = "a Python model needs an entry or a path".to_owned();
        let help = "for example: entry = \"predictor:predict\", or path = \"model.pkl\"".to_owned();
        section.reader().error(at, message, help);
    }
    // A name is looked for on the search path, a path below the project.
    let interpreter = written.interpreter.unwrap_or_else(|| "python3".to_owned());
    PythonSource {
        interpreter: if interpreter.contains('/') {
            root.join(interpreter)
        } else {
            PathBuf::from(interpreter)
        },
        path: path.cloned(),
        entry: written.entry,
        timeout: written.timeout.unwrap_or(TIMEOUT),
    }
}

fn http(section: &mut Section<'_, '_, '_>, written: Written) -> Option<HttpSource> {
    let url = written.url.unwrap_or_default();
    let host = url.strip_prefix("http://").unwrap_or_default();
    if host.is_empty() || host.starts_with('/') {
        let at = section.place_of(if url.is_empty() { "format" } else { "url" });
        let (message, help) = if url.starts_with("https://") {
            (
                "this program is built without TLS and cannot ask https addresses",
                "use a local address that forwards to it, over a tunnel or a proxy",
            )
        } else {
            (
                "a model behind HTTP needs its url",
                "for example: url = \"http://127.0.0.1:8080/v2/models/credit\"",
            )
        };
        section
            .reader()
            .error(at, message.to_owned(), help.to_owned());
        return None;
    }
    Some(HttpSource {
        url,
        secrets: written.secrets.unwrap_or_default(),
        batch: usize::try_from(written.batch.unwrap_or(BATCH)).unwrap_or(usize::MAX),
        timeout: written.timeout.unwrap_or(TIMEOUT),
    })
}

/// Headers by name, and the variables that hold them.
fn secrets(section: &mut Section<'_, '_, '_>) -> Option<BTreeMap<String, String>> {
    let table = section.section("secrets")?;
    let mut secrets = BTreeMap::new();
    for (name, value) in table {
        match value.get_ref().as_str() {
            Some(variable) => {
                secrets.insert(name.get_ref().to_string(), variable.to_owned());
            }
            None => {
                let message = format!("model.secrets.{} must name a variable", name.get_ref());
                let help = "for example: Authorization = \"MODEL_TOKEN\"".to_owned();
                section.reader().error(value.span().start, message, help);
            }
        }
    }
    Some(secrets)
}
