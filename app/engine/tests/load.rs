//! Loading: each folder of `fixtures/csv` is a file and what must come out of it.
//!
//! `expected.toml` states kinds, cells, lines and problems by hand, from the file.

use std::fs;
use std::path::{Path, PathBuf};

use interlock_engine::load::{ColumnSpec, LoadSpec, Loaded, load};
use interlock_plugin_api::facts::ColumnKind;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Settings of the load.
    #[serde(default)]
    missing: Vec<String>,
    #[serde(default)]
    declared: Vec<(String, ColumnKind)>,
    /// `name kind` of each column; empty if there is no table.
    columns: Vec<String>,
    /// Rows of cells; `~` is missing.
    rows: Vec<Vec<String>>,
    /// The line of each row.
    lines: Vec<u64>,
    /// `line column message` of each problem, `-` where there is none; errors begin with `!`.
    problems: Vec<String>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/csv")
}

fn shown(loaded: &Loaded) -> (Vec<String>, Vec<Vec<String>>, Vec<u64>, Vec<String>) {
    let problems = loaded.problems.iter().map(|problem| {
        let line = problem.line.map_or("-".to_owned(), |line| line.to_string());
        let column = problem.column.as_deref().unwrap_or("-");
        let mark = if problem.is_error { "!" } else { "" };
        format!("{mark}{line} {column} {}", problem.message)
    });
    let problems = problems.collect();
    let Some(table) = &loaded.table else {
        return (Vec::new(), Vec::new(), Vec::new(), problems);
    };
    let view = &table.view;
    let columns = table.columns.iter().map(|column| {
        let kind = format!("{:?}", column.kind).to_lowercase();
        format!("{} {kind}", column.name)
    });
    let cell = |row, column| view.cell(row, column).unwrap_or_else(|| "~".to_owned());
    let rows = (0..view.n_rows()).map(|row| {
        (0..view.n_columns())
            .map(|column| cell(row, column))
            .collect()
    });
    let lines = (0..view.n_rows()).map(|row| view.source_line(row).unwrap_or(0));
    (columns.collect(), rows.collect(), lines.collect(), problems)
}

#[test]
fn every_csv_fixture_loads_as_expected() {
    let mut cases: Vec<PathBuf> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.retain(|case| case.is_dir());
    cases.sort();
    assert!(cases.len() >= 5, "fixtures are missing");
    let mut wrong = Vec::new();
    for case in cases {
        let text = fs::read_to_string(case.join("expected.toml")).unwrap();
        let expected: Expected =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let mut files: Vec<PathBuf> = fs::read_dir(&case)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with("input")
            })
            .collect();
        files.sort();
        let declared = expected.declared.into_iter();
        let spec = LoadSpec {
            files,
            missing: expected.missing,
            columns: declared
                .map(|(name, kind)| ColumnSpec { name, kind })
                .collect(),
            ..LoadSpec::default()
        };
        let cache = tempfile::tempdir().unwrap();
        let (columns, rows, lines, problems) = shown(&load(&spec, &case, cache.path()));
        let found = (&columns, &rows, &lines, &problems);
        let wanted = (
            &expected.columns,
            &expected.rows,
            &expected.lines,
            &expected.problems,
        );
        if found != wanted {
            let case = case.file_name().unwrap().to_string_lossy().into_owned();
            wrong.push(format!("{case}\n found  {found:?}\n wanted {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
