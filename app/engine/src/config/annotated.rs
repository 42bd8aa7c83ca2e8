//! Settings in force, written out with what each means.
//!
//! In: a [`Config`]. Out: TOML that reads back as the same settings.

use toml::Value;

use super::page::{Page, duration, list, text, word};
use super::plan::key;
use super::sections::{KINDS, MONOTONE, TASKS};
use super::written_rules;
use super::{CheckSeverity, Config, ModelSource, units};
use interlock_plugin_api::outcome::Role;

impl Config {
    /// Every setting in force, defaults too, each with a comment; reads back as equal settings.
    pub fn to_annotated_toml(&self) -> String {
        let mut page = Page(String::new());
        self.project_section(&mut page);
        self.data_section(&mut page);
        self.columns_sections(&mut page);
        written_rules::contract(&mut page, &self.contract);
        self.model_section(&mut page);
        self.plugins_section(&mut page);
        self.checks_sections(&mut page);
        self.clean_sections(&mut page);
        page.section("theme", "how the screen looks");
        page.option(
            "name",
            "theme of the screen; the user's own if not set",
            self.theme.as_deref().map(text),
        );
        page.0
    }

    fn project_section(&self, page: &mut Page) {
        page.section("project", "what is modelled");
        page.set("name", "name of the project", text(&self.project.name));
        page.set(
            "task",
            "binary, multiclass or regression",
            text(word(&TASKS, self.project.task)),
        );
        page.option(
            "target",
            "the column to predict",
            self.project.target.as_deref().map(text),
        );
        page.option(
            "positive",
            "the target's value that counts as positive",
            self.project.positive.as_deref().map(text),
        );
        page.set(
            "seed",
            "seed of everything random",
            Value::Integer(self.project.seed.cast_signed()),
        );
    }

    fn data_section(&self, page: &mut Page) {
        page.section(
            "data",
            "where the tables are; paths start at this file's folder",
        );
        for (role, comment) in [
            (
                Role::Train,
                "what the model learned from; reference of drift",
            ),
            (Role::Test, "held-out rows with a known target"),
            (Role::Current, "rows seen after launch"),
        ] {
            page.option(
                role.name(),
                comment,
                self.data.source(role).map(|source| list(&source.0)),
            );
        }
        page.option(
            "id",
            "the column that names rows",
            self.data.id.as_deref().map(text),
        );
        page.option(
            "time",
            "the column that orders rows in time",
            self.data.time.as_deref().map(text),
        );
        page.set(
            "missing",
            "texts that stand for a missing value, besides the usual ones",
            list(&self.data.missing),
        );
        let delimiter = self
            .data
            .delimiter
            .map(|delimiter| text(&delimiter.to_string()));
        page.option(
            "delimiter",
            "separator of delimited files; found out if not set",
            delimiter,
        );
        page.option(
            "header",
            "whether delimited files begin with names; found out if not set",
            self.data.header.map(Value::Boolean),
        );
    }

    fn columns_sections(&self, page: &mut Page) {
        for (name, column) in &self.columns {
            page.section(
                &format!("columns.{}", key(name)),
                "what is known of this column",
            );
            page.option(
                "kind",
                "found out if not set",
                column.kind.map(|kind| text(word(&KINDS, kind))),
            );
            page.set(
                "sensitive",
                "defines groups for bias checks",
                Value::Boolean(column.sensitive),
            );
            page.set(
                "immutable",
                "nobody can change it",
                Value::Boolean(column.immutable),
            );
            page.option("min", "least possible value", column.min.map(Value::Float));
            page.option(
                "max",
                "greatest possible value",
                column.max.map(Value::Float),
            );
            page.option(
                "unit",
                "unit of its values",
                column.unit.as_deref().map(text),
            );
            page.option(
                "monotone",
                "how the prediction may depend on it",
                column.monotone.map(|way| text(word(&MONOTONE, way))),
            );
            page.set(
                "allowed",
                "the only values it may take; empty means any",
                list(&column.allowed),
            );
            let codes = column.codes.iter();
            let codes: toml::Table = codes
                .map(|(text, code)| (text.clone(), Value::Float(*code)))
                .collect();
            page.option(
                "codes",
                "numbers the model was given in place of texts, where its file does not know them",
                (!codes.is_empty()).then_some(Value::Table(codes)),
            );
            written_rules::column(page, &column.rules);
        }
    }

    fn model_section(&self, page: &mut Page) {
        page.section("model", "where the model is, or how it is trained");
        let path = match &self.model.source {
            Some(ModelSource::File { path }) => Some(text(&self.relative(path))),
            Some(ModelSource::Python(source)) => {
                source.path.as_ref().map(|path| text(&self.relative(path)))
            }
            Some(ModelSource::Train { .. } | ModelSource::Http(_)) | None => None,
        };
        page.option("path", "a model file", path);
        self.served_model(page);
        let train = match &self.model.source {
            Some(ModelSource::Train {
                algorithm,
                settings,
            }) => {
                let mut table = toml::Table::new();
                table.insert("algorithm".to_owned(), text(algorithm));
                table.extend(
                    settings
                        .iter()
                        .map(|(name, value)| (name.clone(), Value::Float(*value))),
                );
                Some(Value::Table(table))
            }
            Some(ModelSource::File { .. } | ModelSource::Python(_) | ModelSource::Http(_))
            | None => None,
        };
        page.option(
            "train",
            "trained from the train table, and again when that changes",
            train,
        );
        page.option(
            "threshold",
            "probability from which a row counts as positive; 0.5 if not set",
            self.model.threshold.map(Value::Float),
        );
        page.set(
            "classes",
            "class names in the order of the outputs, where the model does not know them",
            list(&self.model.classes),
        );
        page.set(
            "features",
            "its inputs in its order, where the model does not know them",
            list(&self.model.features),
        );
    }

    /// The options of a model that another process serves.
    fn served_model(&self, page: &mut Page) {
        let python = match &self.model.source {
            Some(ModelSource::Python(source)) => Some(source),
            Some(ModelSource::File { .. } | ModelSource::Train { .. } | ModelSource::Http(_))
            | None => None,
        };
        let http = match &self.model.source {
            Some(ModelSource::Http(source)) => Some(source),
            Some(ModelSource::File { .. } | ModelSource::Train { .. } | ModelSource::Python(_))
            | None => None,
        };
        page.option(
            "format",
            "\"python\" has your own Python serve it, \"http\" asks a server, once you have consented; else the bytes say it",
            python.map(|_| text("python")).or(http.map(|_| text("http"))),
        );
        page.option(
            "entry",
            "module:name of a Python function, of an object with predict, or of a class of such",
            python.and_then(|source| source.entry.as_deref()).map(text),
        );
        page.option(
            "python",
            "the interpreter that serves it",
            python.map(|source| text(&self.relative(&source.interpreter))),
        );
        page.option(
            "timeout",
            "longest wait for one answer of a served model",
            python
                .map(|source| source.timeout)
                .or(http.map(|source| source.timeout))
                .map(|timeout| text(&units::show_duration(timeout))),
        );
        page.option(
            "url",
            "http://HOST/v2/models/NAME (Open Inference Protocol) or http://HOST/invocations (MLflow)",
            http.map(|source| text(&source.url)),
        );
        page.option(
            "batch",
            "rows sent at once to a server",
            http.map(|source| Value::Integer(i64::try_from(source.batch).unwrap_or(i64::MAX))),
        );
        page.option(
            "secrets",
            "headers of requests, by the names of environment variables that hold their values",
            http.filter(|source| !source.secrets.is_empty())
                .map(|source| {
                    let named = source.secrets.iter();
                    Value::Table(
                        named
                            .map(|(name, from)| (name.clone(), text(from)))
                            .collect(),
                    )
                }),
        );
    }

    fn plugins_section(&self, page: &mut Page) {
        page.section(
            "plugins",
            "where in-house plugins are and what plugins may use",
        );
        let paths: Vec<String> = self
            .plugins
            .paths
            .iter()
            .map(|path| self.relative(path))
            .collect();
        page.set(
            "paths",
            "folders watched for plugin libraries",
            list(&paths),
        );
        page.set("disabled", "plugins not used", list(&self.plugins.disabled));
        page.section("plugins.limits", "what one worker process may use");
        let limits = &self.plugins.limits;
        page.set(
            "wall_clock",
            "longest run of one check",
            duration(limits.wall_clock),
        );
        page.set(
            "cpu_time",
            "processor time of one run, over all threads",
            duration(limits.cpu_time),
        );
        page.set(
            "memory",
            "address space",
            text(&units::show_size(limits.memory)),
        );
    }

    fn checks_sections(&self, page: &mut Page) {
        for (id, check) in &self.checks {
            page.section(&format!("checks.{}", key(id)), "what is set for this check");
            page.set("enabled", "whether it runs", Value::Boolean(check.enabled));
            page.set(
                "required",
                "whether skipping it is worth a warning",
                Value::Boolean(check.required),
            );
            let severity = match check.severity {
                CheckSeverity::Fail => "fail",
                CheckSeverity::Warn => "warn",
            };
            page.set(
                "severity",
                "what a failure counts as: fail or warn",
                text(severity),
            );
            page.option(
                "cadence",
                "how old a result may grow; the check's own if not set",
                check.cadence.map(duration),
            );
            for (name, setting) in &check.params {
                page.set(name, "a setting of the check itself", setting.value.clone());
            }
        }
    }
}

impl Config {
    fn clean_sections(&self, page: &mut Page) {
        for step in &self.clean {
            page.0.push_str("\n# what `interlock clean` does\n");
            page.0.push_str(&(step.to_toml().join("\n") + "\n"));
        }
    }
}
