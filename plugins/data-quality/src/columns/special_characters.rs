//! The check `data-quality.special-characters`.
//!
//! In: the tables. Out: values made of signs only, and values with characters that cannot be seen.

use interlock_plugin_api::{
    Cell, CheckError, Context, Finding, Metric, Outcome, Params, Severity, check,
};
use serde::{Deserialize, Serialize};

use crate::columns::entries::{Entries, tables_with_text, text_columns};
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::columns::signs::{Hidden, hidden, is_signs_only};
use crate::columns::spelling::{null_word, shown};
use crate::wording::{self, counted, percent};

/// Share of signs among the values of a column from which on they are its values.
const MOSTLY: f64 = 0.5;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of a column's rows, 0 to 1, made of signs only above which the check warns.
    max_share: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_share: 0.001 }
    }
}

#[check(
    id = "data-quality.special-characters",
    title = "Special characters",
    stage = "data-quality",
    needs(train, test?, current?),
    codes(
        DQ026 = "values are made of signs only",
        DQ027 = "values hold characters that cannot be seen"
    ),
    cost = "quick",
    docs = "special_characters.md"
)]
pub(crate) fn special_characters(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("max_share", settings.max_share)?;
    let mut report = Report::new(&["table", "column", "what", "rows", "share", "such as"]);
    for table in &tables_with_text(ctx)? {
        for column in text_columns(table)? {
            report.looked(column.name, column.n_present());
            signs_only(&column, &settings, &mut report);
            unseen(&column, &mut report);
        }
    }
    Ok(report.outcome(&Words {
        metric: "n_special_columns",
        title: "Columns with special characters",
        sound: "no values of signs only, no characters that cannot be seen",
        view: "Values with special characters",
    }))
}

fn signs_only(column: &Entries<'_>, settings: &Settings, report: &mut Report) {
    let (role, n_rows) = (column.role.name(), column.codes.len());
    let marks: Vec<bool> = column
        .values
        .iter()
        .map(|text| is_signs_only(text))
        .collect();
    let found = || column.iter().zip(&marks).filter(|(_, is_found)| **is_found);
    let n: usize = found().map(|((_, n), _)| n).sum();
    let share = n as f64 / n_rows.max(1) as f64;
    report.metric(
        Metric::new(format!("signs_share_{role}"), share, n_rows as u64)
            .title("Share of values of signs only")
            .unit("rate")
            .at_most(Some(settings.max_share), None)
            .column(column.name),
    );
    let Some(((example, _), _)) = found().max_by_key(|((_, n), _)| *n) else {
        return;
    };
    let is_null = found().all(|((text, _), _)| null_word(text).is_some());
    let is_usual = n as f64 > MOSTLY * column.n_present() as f64;
    let severity = if share > settings.max_share && !is_null && !is_usual {
        Severity::Warning
    } else {
        Severity::Note
    };
    let title = format!(
        "column '{}' has {} ({}) of signs only in the {role} table, as '{}'",
        column.name,
        counted(n, "value"),
        percent(share),
        shown(example),
    );
    let (because, advice) = if is_null {
        (
            "They stand for a missing value; the check of hidden missing values says more.",
            "Declare them under data.missing in the project file.",
        )
    } else if is_usual {
        (
            "Most values of the column are signs, so they seem to be meant.",
            "Nothing, if the signs have a meaning.",
        )
    } else {
        (
            "A value without a letter or digit says nothing; it is usually typed to get past a required field, or left over from a broken import.",
            "Open the rows. Treat the values as missing unless the signs have a meaning.",
        )
    };
    let rows = column.rows(&marks);
    report.row(
        cells([role, column.name, "signs only", &shown(example)], n, share),
        Some(rows.clone()),
    );
    report.push(
        Finding::new("DQ026", severity, title)
            .because(because)
            .advice(advice)
            .column(column.name)
            .rows(rows)
            .evidence(EVIDENCE),
    );
}

fn unseen(column: &Entries<'_>, report: &mut Report) {
    let (role, n_rows) = (column.role.name(), column.codes.len());
    let bits: Vec<u8> = column.values.iter().map(|text| hidden(text)).collect();
    if bits.iter().all(|bits| *bits == 0) {
        return;
    }
    for kind in Hidden::ALL {
        let marks: Vec<bool> = bits
            .iter()
            .map(|bits| bits & (1 << kind as u8) != 0)
            .collect();
        let found = || column.iter().zip(&marks).filter(|(_, is_found)| **is_found);
        let n: usize = found().map(|((_, n), _)| n).sum();
        let Some(((example, _), _)) = found().next() else {
            continue;
        };
        let share = n as f64 / n_rows.max(1) as f64;
        let title = format!(
            "column '{}' holds {} in {} ({}) of the {role} table, as '{}'",
            column.name,
            kind.plural(),
            counted(n, "row"),
            percent(share),
            shown(example),
        );
        let because = match kind {
            Hidden::Control => {
                "Control characters come from broken exports and binary fields. A terminal or a spreadsheet may act on them."
            }
            Hidden::ZeroWidth => {
                "The value looks like another and is a category of its own; joins and comparisons fail without a visible reason."
            }
            Hidden::Direction => {
                "The value is shown in another order than it is stored; people and programs read different things."
            }
        };
        let rows = column.rows(&marks);
        report.row(
            cells(
                [role, column.name, kind.plural(), &shown(example)],
                n,
                share,
            ),
            Some(rows.clone()),
        );
        report.push(
            Finding::new("DQ027", Severity::Warning, title)
                .because(because)
                .advice("Remove the characters where the table is read; here they are written out as \\u{…}.")
                .column(column.name)
                .rows(rows)
                .evidence(EVIDENCE),
        );
    }
}

fn cells(line: [&str; 4], n: usize, share: f64) -> Vec<Cell> {
    let [role, column, what, example] = line;
    vec![
        role.into(),
        column.into(),
        what.into(),
        (n as f64).into(),
        share.into(),
        format!("'{example}'").into(),
    ]
}
