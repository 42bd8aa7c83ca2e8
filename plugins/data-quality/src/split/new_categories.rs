//! The check `data-quality.new-categories`.
//!
//! In: the columns that are no numbers, of all tables. Out: values the training table never had, and
//! whether they are new because they are rare.

use interlock_plugin_api::{
    Bar, CheckError, Context, Finding, Outcome, Params, Role, Rows, Table, check,
};
use interlock_report::report::{Report, bars_view};
use interlock_report::settings::{check_open_share, check_share};
use interlock_report::words::{counted, names, p_value, percent};
use serde::{Deserialize, Serialize};

use crate::split::chance::{Unseen, unseen_tail};
use crate::split::others::others;
use crate::split::sides::{Beside, Cells, Want, absent_note, counts, inputs, value_of};
use crate::split::uncovered::{Part, ranked, severity, without_rows};
use crate::tables::tables;

/// Values named in a finding.
const MAX_VALUES: usize = 50;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Corrected p-value, between 0 and 1, below which new values are more than chance gives.
    alpha: f64,
    /// Share of rows with new values, 0 to 1, above which more than chance gives fails the check.
    fail_above: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            fail_above: 1.0,
        }
    }
}

/// New values of one column in one table.
struct New<'c> {
    column: &'c Beside,
    table: usize,
    codes: &'c [u32],
    in_train: Vec<u64>,
    unseen: Unseen,
    n_present: u64,
}

impl New<'_> {
    fn share(&self) -> f64 {
        self.unseen.n_rows as f64 / self.n_present as f64
    }

    /// Good's estimate of the share of rows that bring a value not seen before.
    fn good_turing(&self) -> f64 {
        let n: u64 = self.in_train.iter().sum();
        let once = self.in_train.iter().filter(|count| **count == 1).count();
        if n == 0 { 0.0 } else { once as f64 / n as f64 }
    }

    fn is_new(&self, code: u32) -> bool {
        self.in_train.get(code as usize) == Some(&0)
    }

    fn rows(&self) -> impl Iterator<Item = usize> {
        (0..self.codes.len()).filter(|&row| self.is_new(self.codes[row]))
    }
}

#[check(
    id = "data-quality.new-categories",
    title = "New categories",
    stage = "data-quality",
    needs(train, test?, current?, target?),
    codes(DQ083 = "values that the training table never had"),
    cost = "quick",
    docs = "new_categories.md"
)]
pub(crate) fn new_categories(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_open_share("alpha", settings.alpha)?;
    check_share("fail_above", settings.fail_above)?;
    let tables = tables(ctx)?;
    others(&tables)?;
    let columns = inputs(ctx.facts(), &tables, Want::Codes)?;
    let mut found: Vec<New<'_>> = columns.iter().flat_map(news).collect();
    let p_values: Vec<f64> = found.iter().map(|new| new.unseen.p_value).collect();
    let (corrected, order) = ranked(&p_values, settings.alpha, |at| found[at].share())?;
    let mut report = Report::default();
    let mut bars = Vec::new();
    for &at in &order {
        say(
            &mut report,
            &mut bars,
            &tables,
            &found[at],
            (corrected[at], &settings),
        );
    }
    for (at, table) in tables.iter().enumerate().skip(1) {
        report
            .notes
            .extend(absent_note(&columns, at, table.role().name()));
    }
    let n_columns = columns.len();
    let view = bars_view(
        "new",
        "Rows with a value the training table never had",
        "A marked bar is more than a random split gives; each bar opens its rows.",
    );
    report.bars(view, bars, "share of rows with a value", None);
    found.retain(|new| new.unseen.n_rows > 0);
    Ok(report.outcome(if let Some(why) = without_rows(&tables) {
        Err(why)
    } else if p_values.is_empty() {
        Err("no column of categories or text to look at in two tables".to_owned())
    } else if found.is_empty() {
        Ok(format!("no new value in {}", counted(n_columns, "column")))
    } else {
        Ok(format!(
            "new values in {}, no more than chance gives",
            names(found.iter().map(|new| new.column.name.as_str()))
        ))
    }))
}

/// What each other table holds that the training table does not.
fn news(column: &Beside) -> Vec<New<'_>> {
    let Some(Cells::Codes(train)) = column.tables.first() else {
        return Vec::new();
    };
    let in_train = counts(train, column.n_codes);
    let mut news = Vec::new();
    for (table, cells) in column.tables.iter().enumerate().skip(1) {
        let Cells::Codes(codes) = cells else { continue };
        let there = counts(codes, column.n_codes);
        let pairs: Vec<(u64, u64)> = in_train
            .iter()
            .copied()
            .zip(there.iter().copied())
            .collect();
        let n_present: u64 = there.iter().sum();
        if n_present > 0 && in_train.iter().any(|n| *n > 0) {
            let unseen = unseen_tail(&pairs);
            news.push(New {
                column,
                table,
                codes,
                in_train: in_train.clone(),
                unseen,
                n_present,
            });
        }
    }
    news
}

fn say(
    report: &mut Report,
    bars: &mut Vec<Bar>,
    tables: &[Table<'_>],
    new: &New<'_>,
    judged: (f64, &Settings),
) {
    let (p, settings) = judged;
    let table = &tables[new.table];
    let (role, name) = (table.role(), new.column.name.as_str());
    let is_odd = p < settings.alpha;
    let title = format!("Rows of {} with a new value", role.name());
    let part = Part {
        metric: ("new_share", title),
        column: name,
        role,
        n_others: tables.len() - 1,
        n_uncovered: new.unseen.n_rows,
        n_present: new.n_present,
        is_odd,
    };
    let (metric, mut bar) = part.shown();
    report.metrics.push(metric);
    if new.unseen.n_rows > 0 {
        bar.rows = Some(Rows::new(role, new.rows()));
        report.find(finding(table, new, p, settings));
    }
    bars.push(bar);
}

fn finding(table: &Table<'_>, new: &New<'_>, p: f64, settings: &Settings) -> Finding {
    let (role, name): (Role, &str) = (table.role(), &new.column.name);
    let is_odd = p < settings.alpha;
    let mut codes: Vec<u32> = new.rows().map(|row| new.codes[row]).collect();
    codes.sort_unstable();
    codes.dedup();
    let n_values = codes.len();
    codes.truncate(MAX_VALUES);
    let values: Vec<String> = codes
        .iter()
        .map(|code| value_of(table, name, new.codes, *code))
        .collect();
    let mut list = names(values.iter().map(String::as_str));
    if n_values > MAX_VALUES {
        list = format!(
            "{} values, among them {}",
            n_values,
            names(values.iter().take(3).map(String::as_str))
        );
    }
    let expected = format!("{:.1} expected", new.unseen.expected);
    let why = if is_odd {
        format!("{expected}, {}", p_value(p))
    } else {
        format!("{expected}: chance")
    };
    let n = usize::try_from(new.unseen.n_rows).unwrap_or(usize::MAX);
    let title = format!(
        "column '{name}' holds values unknown to the training table in {} of the {} table ({}): {list} ({why})",
        counted(n, "row"),
        role.name(),
        percent(new.share())
    );
    let severity = severity(is_odd, new.share(), settings.fail_above);
    let because = if is_odd {
        "A random split would hardly bring so many: the tables were not filled from the same source. The model was taught nothing about these values."
    } else {
        "Rare values miss a table of this size now and then. The model was taught nothing about them all the same."
    };
    Finding::new("DQ083", severity, title)
        .because(format!("{because} By Good and Turing's estimate {} of new rows bring a new value.", percent(new.good_turing())))
        .advice("Another spelling of a known value: mend it. A truly new one: train on rows of it, or say what the model is to do with it.")
        .column(name)
        .rows(Rows::new(role, new.rows()))
        .evidence("new")
}
