//! The sections of the project file, key by key.
//!
//! In: the file's text. Out: a [`Config`]. The keys here are those of `schema.json`; a test holds the
//! two together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interlock_plugin_api::contract::Contract;
use interlock_plugin_api::facts::{ColumnKind, Monotone, Task};
use interlock_plugin_api::outcome::Role;
use toml::de::{DeTable, DeValue};

use super::reader::{Reader, Section, number};
use super::served;
use super::{
    CheckConfig, CheckSeverity, ColumnConfig, Config, DataConfig, LimitsConfig, ModelConfig,
    ModelSource, ParamSetting, PluginsConfig, ProjectConfig, Source, display_name, nearest, units,
};
use super::{clean, contract};
use crate::problem::Problem;

pub(super) const KINDS: [(&str, ColumnKind); 5] = [
    ("numeric", ColumnKind::Numeric),
    ("categorical", ColumnKind::Categorical),
    ("boolean", ColumnKind::Boolean),
    ("date", ColumnKind::Date),
    ("text", ColumnKind::Text),
];

pub(super) const TASKS: [(&str, Task); 3] = [
    ("binary", Task::Binary),
    ("multiclass", Task::Multiclass),
    ("regression", Task::Regression),
];

pub(super) const MONOTONE: [(&str, Monotone); 2] = [
    ("increasing", Monotone::Increasing),
    ("decreasing", Monotone::Decreasing),
];

pub(super) fn parse(text: &str, path: &Path) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    let mut reader = Reader {
        text,
        file: display_name(path),
        problems: Vec::new(),
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.error(at, error.message().to_owned(), String::new());
    }
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    let config = read(&mut reader, document.get_ref(), path);
    // Values are of the type their problem says; the file order is the order to mend them in.
    reader.problems.sort_by_key(|problem| problem.line);
    if reader.problems.iter().any(|problem| problem.is_error) {
        return Err(reader.problems);
    }
    Ok((config, reader.problems))
}

fn read<'t>(reader: &mut Reader<'t>, document: &DeTable<'t>, path: &Path) -> Config {
    let root = path.parent().unwrap_or(path).to_owned();
    let mut file = Section::new(reader, "", Some(document));
    let tables = [
        file.section("project"),
        file.section("data"),
        file.section("columns"),
        file.section("model"),
        file.section("plugins"),
        file.section("checks"),
        file.section("theme"),
        file.section("contract"),
    ];
    let relations = file.tables("relations");
    let clean = file.tables("clean");
    file.finish();
    let [project, data, columns, model, plugins, checks, theme, rules] = tables;
    let config = Config {
        project: read_project(Section::new(reader, "project", project), &root),
        data: read_data(Section::new(reader, "data", data)),
        columns: read_columns(reader, columns),
        contract: Contract {
            relations: contract::relations(reader, &relations),
            ..contract::read(Section::new(reader, "contract", rules))
        },
        model: read_model(Section::new(reader, "model", model), &root),
        plugins: read_plugins(Section::new(reader, "plugins", plugins), &root),
        checks: read_checks(reader, checks),
        clean: clean::read(reader, &clean),
        theme: read_theme(Section::new(reader, "theme", theme)),
        path: path.to_owned(),
        root,
    };
    let has_sources = !config.data.sources.is_empty();
    if !has_sources && data.is_none() {
        reader.error(
            0,
            "no table is named".to_owned(),
            "add [data] with train = \"train.csv\", or run `interlock init` elsewhere to see an example".to_owned(),
        );
    }
    config
}

fn read_project(mut section: Section<'_, '_, '_>, root: &Path) -> ProjectConfig {
    let folder = root.file_name().map_or_else(
        || "project".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let project = ProjectConfig {
        name: section.text("name", "\"credit\"").unwrap_or(folder),
        task: section.choice("task", &TASKS).unwrap_or_default(),
        target: section.text("target", "\"label\""),
        positive: section.cell("positive", "\"yes\""),
        seed: section.count("seed", "7").unwrap_or(0),
    };
    section.finish();
    project
}

fn read_data(mut section: Section<'_, '_, '_>) -> DataConfig {
    let mut sources = BTreeMap::new();
    for (key, role, example) in [
        ("train", Role::Train, "\"train.csv\""),
        ("test", Role::Test, "\"test.csv\""),
        ("current", Role::Current, "\"current.csv\""),
    ] {
        if let Some(files) = section.texts(key, example) {
            sources.insert(role, Source(files));
        }
    }
    let delimiter = |text: &str| {
        let mut characters = text.chars();
        let first = characters.next().filter(char::is_ascii)?;
        characters.next().is_none().then_some(first)
    };
    let data = DataConfig {
        sources,
        id: section.text("id", "\"customer_id\""),
        time: section.text("time", "\"date\""),
        missing: section
            .texts("missing", "[\"?\", \"unknown\"]")
            .unwrap_or_default(),
        delimiter: section.parsed("delimiter", "one ASCII character", "\";\"", delimiter),
        header: section.boolean("header"),
    };
    section.finish();
    data
}

fn read_columns<'t>(
    reader: &mut Reader<'t>,
    columns: Option<&DeTable<'t>>,
) -> BTreeMap<String, ColumnConfig> {
    let mut read = BTreeMap::new();
    for (name, value) in columns.into_iter().flat_map(DeTable::iter) {
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("columns.{} must be a section", name.get_ref());
            let help = format!("write [columns.{}] on a line of its own", name.get_ref());
            reader.error(value.span().start, message, help);
            continue;
        };
        let mut section = Section::new(reader, &format!("columns.{}", name.get_ref()), Some(table));
        let column = ColumnConfig {
            kind: section.choice("kind", &KINDS),
            sensitive: section.boolean("sensitive").unwrap_or(false),
            immutable: section.boolean("immutable").unwrap_or(false),
            min: section.number("min", "0"),
            max: section.number("max", "120"),
            unit: section.text("unit", "\"years\""),
            monotone: section.choice("monotone", &MONOTONE),
            allowed: section
                .texts("allowed", "[\"yes\", \"no\"]")
                .unwrap_or_default(),
            codes: read_codes(&mut section, name.get_ref()),
            rules: contract::column_rules(&mut section),
        };
        section.finish();
        if let (Some(min), Some(max)) = (column.min, column.max)
            && min > max
        {
            let message = format!(
                "columns.{}: min {min} is greater than max {max}",
                name.get_ref()
            );
            reader.error(name.span().start, message, String::new());
        }
        read.insert(name.get_ref().to_string(), column);
    }
    read
}

/// What the model was given in place of each text.
fn read_codes(section: &mut Section<'_, '_, '_>, column: &str) -> BTreeMap<String, f64> {
    let mut codes = BTreeMap::new();
    for (text, value) in section.section("codes").into_iter().flat_map(DeTable::iter) {
        match number(value.get_ref()) {
            Some(number) => {
                codes.insert(text.get_ref().to_string(), number);
            }
            None => {
                let message = format!(
                    "columns.{column}.codes: '{}' must be a number",
                    text.get_ref()
                );
                let help = "for example: codes = { no = 0, yes = 1 }".to_owned();
                section.reader().error(value.span().start, message, help);
            }
        }
    }
    codes
}

fn read_model(mut section: Section<'_, '_, '_>, root: &Path) -> ModelConfig {
    let path = section
        .text("path", "\"model.json\"")
        .map(|path| root.join(path));
    let served = served::read(&mut section, path.as_ref(), root);
    let train = section.text_or_section("train");
    let model = ModelConfig {
        source: None,
        threshold: section.number("threshold", "0.5"),
        classes: section
            .texts("classes", "[\"bad\", \"good\"]")
            .unwrap_or_default(),
        features: section
            .texts("features", "[\"age\", \"income\"]")
            .unwrap_or_default(),
    };
    let train = match train {
        Some(Ok(algorithm)) => Some(ModelSource::Train {
            algorithm,
            settings: BTreeMap::new(),
        }),
        Some(Err(table)) => read_training(section.reader(), table),
        None => None,
    };
    if model
        .threshold
        .is_some_and(|threshold| !(0.0..=1.0).contains(&threshold))
    {
        let at = section.place_of("threshold");
        section.reader().error(
            at,
            "model.threshold must lie between 0 and 1".to_owned(),
            String::new(),
        );
    }
    if (path.is_some() || served.is_some()) && train.is_some() {
        let message = "model.path and model.train exclude each other".to_owned();
        let at = section.place_of("train");
        section
            .reader()
            .error(at, message, "keep the one that makes the model".to_owned());
    }
    section.finish();
    ModelConfig {
        source: train
            .or(served)
            .or(path.map(|path| ModelSource::File { path })),
        ..model
    }
}

fn read_training<'t>(reader: &mut Reader<'t>, table: &DeTable<'t>) -> Option<ModelSource> {
    let mut section = Section::new(reader, "model.train", Some(table));
    let algorithm = section.text("algorithm", "\"random-forest\"");
    let mut settings = BTreeMap::new();
    for (name, value, at) in section.rest() {
        match number(value.get_ref()) {
            Some(number) => {
                settings.insert(name, number);
            }
            None => {
                let message = format!("model.train.{name} must be a number");
                section
                    .reader()
                    .error(at, message, format!("for example: {name} = 100"));
            }
        }
    }
    if algorithm.is_none() {
        let at = table.iter().next().map_or(0, |(key, _)| key.span().start);
        let message = "model.train does not say which algorithm".to_owned();
        section
            .reader()
            .error(at, message, "add algorithm = \"random-forest\"".to_owned());
    }
    algorithm.map(|algorithm| ModelSource::Train {
        algorithm,
        settings,
    })
}

fn read_plugins(mut section: Section<'_, '_, '_>, root: &Path) -> PluginsConfig {
    let paths = section
        .texts("paths", "[\"checks/target/debug\"]")
        .unwrap_or_default();
    let disabled = section.texts("disabled", "[\"shap\"]").unwrap_or_default();
    let limits = section.section("limits");
    let mut limits_section = Section::new(section.reader(), "plugins.limits", limits);
    let defaults = LimitsConfig::default();
    let duration = "a duration (ms, s, min, h, d)";
    let limits = LimitsConfig {
        wall_clock: limits_section
            .parsed("wall_clock", duration, "\"60s\"", units::duration)
            .unwrap_or(defaults.wall_clock),
        cpu_time: limits_section
            .parsed("cpu_time", duration, "\"120s\"", units::duration)
            .unwrap_or(defaults.cpu_time),
        memory: limits_section
            .parsed("memory", "a size (MiB, GiB)", "\"4GiB\"", units::size)
            .unwrap_or(defaults.memory),
    };
    limits_section.finish();
    section.finish();
    let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    PluginsConfig {
        paths,
        disabled,
        limits,
    }
}

fn read_checks<'t>(
    reader: &mut Reader<'t>,
    checks: Option<&DeTable<'t>>,
) -> BTreeMap<String, CheckConfig> {
    let mut read = BTreeMap::new();
    for (id, value) in checks.into_iter().flat_map(DeTable::iter) {
        let id_text = id.get_ref().to_string();
        let DeValue::Table(table) = value.get_ref() else {
            let help = format!("write [checks.\"{id_text}\"] on a line of its own");
            reader.error(
                value.span().start,
                format!("checks.{id_text} must be a section"),
                help,
            );
            continue;
        };
        // An id has a dot; unquoted, TOML takes it for a section in a section.
        let is_unquoted = !id_text.contains('.')
            && table
                .iter()
                .any(|(_, value)| matches!(value.get_ref(), DeValue::Table(_)));
        if is_unquoted {
            let inner = table
                .iter()
                .next()
                .map(|(name, _)| name.get_ref().to_string())
                .unwrap_or_default();
            let help = format!("write [checks.\"{id_text}.{inner}\"]");
            reader.error(
                id.span().start,
                format!("'{id_text}' is no check: its id needs quotes"),
                help,
            );
            continue;
        }
        let (line, _) = reader.place(id.span().start);
        let mut section = Section::new(reader, &format!("checks.\"{id_text}\""), Some(table));
        let severities = [("fail", CheckSeverity::Fail), ("warn", CheckSeverity::Warn)];
        let mut check = CheckConfig {
            enabled: section.boolean("enabled").unwrap_or(true),
            required: section.boolean("required").unwrap_or(false),
            severity: section
                .choice("severity", &severities)
                .unwrap_or(CheckSeverity::Fail),
            cadence: section.parsed(
                "cadence",
                "a duration (min, h, d, w)",
                "\"7d\"",
                units::duration,
            ),
            params: BTreeMap::new(),
            line: Some(line),
        };
        for (name, value, at) in section.rest() {
            let (line, column) = section.reader().place(at);
            match plain(value.get_ref()) {
                Some(value) => {
                    check.params.insert(
                        name,
                        ParamSetting {
                            value,
                            line,
                            column,
                        },
                    );
                }
                None => {
                    let message = format!("checks.\"{id_text}\".{name} cannot be read");
                    section.reader().error(at, message, String::new());
                }
            }
        }
        read.insert(id_text, check);
    }
    read
}

fn read_theme(mut section: Section<'_, '_, '_>) -> Option<String> {
    let name = section.text("name", "\"dark\"");
    section.finish();
    name
}

/// A value without its place.
fn plain(value: &DeValue<'_>) -> Option<toml::Value> {
    Some(match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(integer) => {
            toml::Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).ok()?)
        }
        DeValue::Float(float) => toml::Value::Float(float.as_str().parse().ok()?),
        DeValue::Boolean(value) => toml::Value::Boolean(*value),
        DeValue::Datetime(value) => toml::Value::Datetime(*value),
        DeValue::Array(values) => toml::Value::Array(
            values
                .iter()
                .map(|value| plain(value.get_ref()))
                .collect::<Option<_>>()?,
        ),
        DeValue::Table(table) => toml::Value::Table(
            table
                .iter()
                .map(|(key, value)| Some((key.get_ref().to_string(), plain(value.get_ref())?)))
                .collect::<Option<_>>()?,
        ),
    })
}

/// For problems found later than here.
pub(super) fn unknown_setting(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean '{near}'?"),
        None if known.is_empty() => "it has no settings of its own".to_owned(),
        None => format!("it knows: {}", known.join(", ")),
    }
}
