//! The check `data-quality.string-variants`.
//!
//! In: the tables. Out: values that differ only in case, accents, blanks and punctuation, within a
//! column and between tables; blanks where they should not be.

use interlock_plugin_api::{
    Cell, CheckError, Context, Finding, Metric, Outcome, Params, Severity, check,
};
use serde::{Deserialize, Serialize};

use crate::columns::entries::{Entries, tables_with_text, text_columns};
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::columns::spelling::{blanks, shown};
use crate::columns::variants::{MAX_VALUES, Meanings};
use crate::wording::{counted, percent};

/// Characters beyond which blanks within a text are taken for layout.
const LONG: usize = 80;

/// Settings of the check.
#[derive(Debug, Default, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Columns in which case, accents, blanks and punctuation carry meaning.
    ignore: Vec<String>,
}

#[check(
    id = "data-quality.string-variants",
    title = "Spelling variants",
    stage = "data-quality",
    needs(train, test?, current?),
    codes(
        DQ023 = "values differ in spelling only",
        DQ024 = "values have blanks around or within",
        DQ025 = "a table spells values as the training table never does"
    ),
    cost = "quick",
    docs = "string_variants.md"
)]
pub(crate) fn string_variants(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let mut report = Report::new(&["table", "column", "meaning", "spelling", "rows", "in train"]);
    let mut train: Vec<(Entries<'_>, Meanings)> = Vec::new();
    let tables = tables_with_text(ctx)?;
    for (at, table) in tables.iter().enumerate() {
        for column in text_columns(table)? {
            if settings.ignore.iter().any(|ignored| ignored == column.name) {
                continue;
            }
            let column = column.distinct();
            report.looked(column.name, column.n_present());
            if column.values.len() > MAX_VALUES {
                report.note(format!(
                    "Column '{}' has {} values; the first {MAX_VALUES} were compared.",
                    column.name,
                    column.values.len()
                ));
            }
            let meanings = Meanings::of(&column.values);
            within(&column, &meanings, &mut report);
            spaced(&column, &mut report);
            if at == 0 {
                train.push((column, meanings));
            } else if let Some(known) = train.iter().find(|known| known.0.name == column.name) {
                between(&column, known, &mut report);
            }
        }
    }
    Ok(report.outcome(&Words {
        metric: "n_variant_columns",
        title: "Columns with spelling variants",
        sound: "each value is spelled in one way",
        view: "Spellings that mean the same",
    }))
}

/// Whether the values are categories rather than a text of its own for each row.
fn is_of_categories(column: &Entries<'_>) -> bool {
    2 * column.values.len() <= column.n_present() || column.n_present() < 20
}

fn within(column: &Entries<'_>, meanings: &Meanings, report: &mut Report) {
    let role = column.role.name();
    let mut marks = vec![false; column.values.len()];
    let mut worst: Option<(usize, String)> = None;
    let (mut n_groups, mut n_rows, mut lines) = (0, 0, Vec::new());
    for group in meanings.several() {
        let mut order = group.to_vec();
        order.sort_by_key(|&at| (std::cmp::Reverse(column.counts[at]), column.values[at]));
        let n_rarer: usize = order[1..].iter().map(|&at| column.counts[at]).sum();
        let spelled: Vec<String> = order
            .iter()
            .take(4)
            .map(|&at| format!("'{}' ({})", shown(column.values[at]), column.counts[at]))
            .collect();
        let rest = match order.len() - spelled.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        if worst.as_ref().is_none_or(|(most, _)| n_rarer > *most) {
            worst = Some((n_rarer, format!("{}{rest}", spelled.join(", "))));
        }
        for (place, &at) in order.iter().enumerate() {
            marks[at] = place > 0;
            let meaning = shown(column.values[order[0]]);
            let line = [role, column.name, &meaning, &shown(column.values[at])];
            lines.push((at, cells(line, column.counts[at], "")));
        }
        (n_groups, n_rows) = (n_groups + 1, n_rows + n_rarer);
    }
    report.lines(column, lines);
    report.metric(
        Metric::new(
            format!("n_variant_rows_{role}"),
            n_rows as f64,
            column.n_present() as u64,
        )
        .title("Rows with a rarer spelling")
        .unit("rows")
        .column(column.name),
    );
    let Some((_, worst)) = worst else { return };
    let severity = if is_of_categories(column) {
        Severity::Warning
    } else {
        Severity::Note
    };
    let title = format!(
        "column '{}' spells {} of the {role} table in several ways: {worst}",
        column.name,
        counted(n_groups, "value"),
    );
    report.push(
        Finding::new("DQ023", severity, title)
            .because(format!("{} have a rarer spelling. The model takes each spelling for a category of its own: its rows are split, and a rare spelling is learned from few rows or not at all.", counted(n_rows, "row")))
            .advice("Replace each spelling by the most frequent one before training and in production alike; if they do differ in meaning, list the column under ignore in this check's settings.")
            .column(column.name)
            .rows(column.rows(&marks))
            .evidence(EVIDENCE),
    );
}

fn cells(line: [&str; 4], n: usize, in_train: &str) -> Vec<Cell> {
    let [role, column, meaning, spelling] = line;
    vec![
        role.into(),
        column.into(),
        meaning.into(),
        format!("'{spelling}'").into(),
        (n as f64).into(),
        in_train.into(),
    ]
}

fn spaced(column: &Entries<'_>, report: &mut Report) {
    let is_odd = |text: &str| {
        let blanks = blanks(text);
        blanks.is_around || blanks.is_within && text.len() <= LONG
    };
    let marks: Vec<bool> = column.values.iter().map(|text| is_odd(text)).collect();
    let found = || column.iter().zip(&marks).filter(|(_, is_odd)| **is_odd);
    let n_rows: usize = found().map(|((_, n), _)| n).sum();
    let Some(((example, _), _)) = found().next() else {
        return;
    };
    let n_values = found().count();
    let n_present = column.n_present();
    // Blanks around every value come from the file's format, and do no harm among themselves.
    let is_everywhere = n_rows == n_present;
    let severity = if is_everywhere || !is_of_categories(column) {
        Severity::Note
    } else {
        Severity::Warning
    };
    let title = format!(
        "column '{}' has blanks around or within {} ({}) of the {} table, as '{}'",
        column.name,
        counted(n_rows, "value"),
        percent(n_rows as f64 / n_present.max(1) as f64),
        column.role.name(),
        shown(example),
    );
    let because = if is_everywhere {
        "Every value has them: most likely the file separates its columns by a comma and a blank. Another table without them shares no category with this one."
    } else {
        "Such a value looks like its neighbor without blanks and is another category."
    };
    report.push(
        Finding::new("DQ024", severity, title)
            .because(because)
            .advice(format!(
                "Strip the blanks where the table is read ({n_values} distinct values have them)."
            ))
            .column(column.name)
            .rows(column.rows(&marks)),
    );
}

fn between(column: &Entries<'_>, train: &(Entries<'_>, Meanings), report: &mut Report) {
    let (known, meanings) = train;
    let role = column.role.name();
    let mut marks = vec![false; column.values.len()];
    let (mut examples, mut lines) = (Vec::new(), Vec::new());
    let mut n_rows = 0;
    for (at, (text, n)) in column.iter().enumerate().take(MAX_VALUES) {
        let Some(like) = meanings.like(text) else {
            continue;
        };
        if like.iter().any(|&at| known.values[at] == text) {
            continue;
        }
        let Some(&usual) = like.iter().max_by_key(|&&at| known.counts[at]) else {
            continue;
        };
        marks[at] = true;
        n_rows += n;
        let usual = shown(known.values[usual]);
        if examples.len() < 3 {
            examples.push(format!("'{}' for '{usual}'", shown(text)));
        }
        let line = [role, column.name, &usual, &shown(text)];
        lines.push((at, cells(line, n, "never")));
    }
    let n_values = lines.len();
    report.lines(column, lines);
    if n_values == 0 {
        return;
    }
    let severity = if is_of_categories(known) {
        Severity::Warning
    } else {
        Severity::Note
    };
    let rest = match n_values - examples.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let title = format!(
        "the {role} table spells {} of column '{}' as train never does: {}{rest}",
        counted(n_values, "value"),
        column.name,
        examples.join(", "),
    );
    report.push(
        Finding::new("DQ025", severity, title)
            .because(format!("The model has never seen these spellings: {} are rows of an unknown category to it.", counted(n_rows, "row")))
            .advice("Bring both tables to the spelling of the training table before the model is asked.")
            .column(column.name)
            .rows(column.rows(&marks))
            .evidence(EVIDENCE),
    );
}
