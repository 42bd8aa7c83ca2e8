//! The check `data-quality.text-encoding`.
//!
//! In: the tables. Out: values read in the wrong encoding, with what they would be once repaired;
//! values with lost characters; values with HTML entities.

use interlock_plugin_api::{Cell, CheckError, Context, Finding, Metric, Outcome, Severity, check};

use crate::columns::encoding::{Damage, damage};
use crate::columns::entries::{Entries, tables_with_text, text_columns};
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::columns::spelling::shown;
use crate::wording::{counted, percent};

#[check(
    id = "data-quality.text-encoding",
    title = "Text encoding",
    stage = "data-quality",
    needs(train, test?, current?),
    codes(DQ030 = "text is in the wrong encoding"),
    cost = "quick",
    docs = "text_encoding.md"
)]
pub(crate) fn text_encoding(ctx: &Context, (): ()) -> Result<Outcome, CheckError> {
    let mut report = Report::new(&["table", "column", "value", "would be", "rows"]);
    for table in &tables_with_text(ctx)? {
        for column in text_columns(table)? {
            report.looked(column.name, column.n_present());
            look(&column, &mut report);
        }
    }
    Ok(report.outcome(&Words {
        metric: "n_misread_columns",
        title: "Columns with text in the wrong encoding",
        sound: "no text is in the wrong encoding",
        view: "Damaged values and what they would be",
    }))
}

/// The three kinds of damage, in words.
const KINDS: [(&str, &str, &str); 3] = [
    (
        "was read in the wrong encoding",
        "The file is UTF-8 and was read as Windows-1252 or Latin-1 on its way here. Values from a source that was read right are other categories than these.",
        "Read the source as UTF-8 again; or encode the text as Windows-1252 and decode it as UTF-8, which gives what is shown.",
    ),
    (
        "has lost characters (U+FFFD)",
        "Bytes that were not valid in the encoding used were replaced; what they were cannot be told from here.",
        "Read the source again in its own encoding, often Windows-1252 or Latin-1.",
    ),
    (
        "holds HTML entities",
        "The text was taken from a web page or an export without being decoded; 'A &amp; B' and 'A & B' are two categories.",
        "Decode the entities where the table is read.",
    ),
];

fn look(column: &Entries<'_>, report: &mut Report) {
    let mut marks = [const { Vec::new() }; KINDS.len()];
    let mut lines = Vec::new();
    let mut example = [const { None }; KINDS.len()];
    let mut n_rows = [0; KINDS.len()];
    for (at, (text, n)) in column.iter().enumerate() {
        let Some(damage) = damage(text) else { continue };
        let (kind, repaired) = match damage {
            Damage::Misread(repaired) => (0, repaired),
            Damage::Lost => (1, String::new()),
            Damage::Entities(repaired) => (2, repaired),
        };
        if marks[kind].is_empty() {
            marks[kind] = vec![false; column.values.len()];
        }
        marks[kind][at] = true;
        n_rows[kind] += n;
        let would_be = shown(&repaired);
        if lines.len() <= interlock_plugin_api::Rows::LIMIT {
            let cells: Vec<Cell> = vec![
                column.role.name().into(),
                column.name.into(),
                format!("'{}'", shown(text)).into(),
                would_be.as_str().into(),
                (n as f64).into(),
            ];
            lines.push((at, cells));
        }
        example[kind].get_or_insert_with(|| {
            if would_be.is_empty() {
                format!("'{}'", shown(text))
            } else {
                format!("'{}' would be '{would_be}'", shown(text))
            }
        });
    }
    report.lines(column, lines);
    for (kind, (what, because, advice)) in KINDS.into_iter().enumerate() {
        let Some(example) = &example[kind] else {
            continue;
        };
        let n_present = column.n_present();
        let title = format!(
            "column '{}' {what} in {} ({}) of the {} table: {example}",
            column.name,
            counted(n_rows[kind], "row"),
            percent(n_rows[kind] as f64 / n_present as f64),
            column.role.name(),
        );
        report.metric(
            Metric::new(
                format!(
                    "damaged_rows_{}_{}",
                    ["misread", "lost", "entities"][kind],
                    column.role.name()
                ),
                n_rows[kind] as f64,
                n_present as u64,
            )
            .title("Damaged values")
            .unit("rows")
            .column(column.name),
        );
        report.push(
            Finding::new("DQ030", Severity::Warning, title)
                .because(because)
                .advice(advice)
                .column(column.name)
                .rows(column.rows(&marks[kind]))
                .evidence(EVIDENCE),
        );
    }
}
