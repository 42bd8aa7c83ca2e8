//! From rulings to an outcome.
//!
//! In: what was found of each rule in each table. Out: verdict, figures, findings with their rows, the
//! table of all rules. Looks at no value.

use std::collections::BTreeMap;

use interlock_plugin_api::{
    Cell, Chart, Finding, Metric, Outcome, Role, Severity, TableRow, Verdict, View,
};
use interlock_report::report::{MAX_FINDINGS, MAX_MARKS, verdict};
use interlock_report::words::counted;

use crate::contract::ruling::{Ruling, Standing};

/// Id of the table of rules.
const RULES: &str = "rules";

/// A table that was looked at.
pub(super) struct Looked {
    pub(super) n_rows: usize,
    /// Rows that break at least one rule.
    pub(super) n_broken: usize,
}

/// The outcome.
pub(super) fn outcome(rulings: &[Ruling], looked: &BTreeMap<Role, Looked>) -> Outcome {
    let mut order: Vec<&Ruling> = rulings.iter().collect();
    order.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    let findings: Vec<Finding> = order.iter().filter_map(|ruling| finding(ruling)).collect();
    let n_held = rulings
        .iter()
        .filter(|ruling| ruling.standing == Standing::Holds)
        .count();
    let verdict = verdict(&findings, n_held > 0);
    let mut outcome = Outcome::new(verdict, summary(&findings, verdict, rulings, looked));
    outcome.metrics = metrics(rulings, looked);
    outcome.views.push(rules(&order));
    if order.len() > MAX_MARKS {
        let n_more = counted(order.len() - MAX_MARKS, "more rule");
        outcome.notes.push(format!("The table of rules shows the first {MAX_MARKS}, broken ones first; {n_more} are not shown."));
    }
    if findings.len() > MAX_FINDINGS {
        let n_more = findings.len() - MAX_FINDINGS;
        outcome.notes.push(format!(
            "The first {MAX_FINDINGS} findings are listed, gravest first; {n_more} more are not."
        ));
    }
    let empty: Vec<&str> = looked
        .iter()
        .filter(|(_, looked)| looked.n_rows == 0)
        .map(|(role, _)| role.name())
        .collect();
    if !empty.is_empty() {
        let empty = empty.join(" and ");
        outcome.notes.push(format!(
            "{empty} without rows: rules on rows say nothing of it."
        ));
    }
    outcome.findings = findings;
    outcome.findings.truncate(MAX_FINDINGS);
    outcome
}

/// Broken rules first, those that break in most rows before others; then what could not be applied.
fn rank(ruling: &Ruling) -> f64 {
    match ruling.standing {
        Standing::Broken if ruling.has_share => {
            1.0 - ruling.n_broken as f64 / ruling.n_looked.max(1) as f64
        }
        // Rules on whole tables and columns: everything below may follow from them.
        Standing::Broken => -1.0,
        Standing::NotApplied(Severity::Error) => 2.0,
        Standing::NotApplied(_) => 3.0,
        Standing::Holds => 4.0,
        Standing::NoRows => 5.0,
    }
}

fn finding(ruling: &Ruling) -> Option<Finding> {
    let (code, severity) = match ruling.standing {
        Standing::Broken => (ruling.code, Severity::Error),
        Standing::NotApplied(severity) => ("DQ172", severity),
        Standing::Holds | Standing::NoRows => return None,
    };
    let (because, advice) = words(code);
    let mut finding = Finding::new(code, severity, ruling.said.clone())
        .because(because)
        .advice(advice)
        .evidence(RULES);
    finding.place.columns.clone_from(&ruling.columns);
    if ruling.standing == Standing::Broken {
        finding.place.rows = ruling.shown();
    }
    Some(finding)
}

/// Why it matters, and what to do.
fn words(code: &str) -> (&'static str, &'static str) {
    match code {
        "DQ160" => (
            "Code that takes columns by name stops, code that takes them by position takes the wrong ones.",
            "Compare with the source what was renamed, dropped or added; if it is meant, change [columns] and [contract].",
        ),
        "DQ161" => (
            "Far fewer or more rows than usual mean a load that stopped half-way, or ran twice.",
            "Look at the load; if the size is meant, change row_min and row_max.",
        ),
        "DQ162" => (
            "One value of another type turns a whole column of numbers into text, and the model meets categories it has never seen.",
            "Open the rows; mend them at the source, or name what stands for missing in [data] missing.",
        ),
        "DQ163" => (
            "More is missing than was agreed: something upstream may have stopped filling the column.",
            "Open the rows and see what they share: a day, a branch, a version of the form.",
        ),
        "DQ164" | "DQ165" | "DQ166" | "DQ167" => (
            "A value outside of what was agreed is an error of entry, another unit, a new category, or a rule that is too narrow.",
            "Open the rows. If the values are right, widen the rule; if some are bound to be wrong, set mostly.",
        ),
        "DQ168" => (
            "What should name one row names several: joins multiply rows, and copies may stand in train and test.",
            "Open the rows beside each other; drop the copies, or add the column that tells them apart.",
        ),
        "DQ169" => (
            "Rows are not in the order that was agreed: late arrivals, or files put together the wrong way around.",
            "Open the rows; each is out of order with the one before it.",
        ),
        "DQ170" => (
            "The column as a whole has moved, even where each value by itself is allowed.",
            "Compare the column's profile between the tables; widen the rule if the change is meant.",
        ),
        "DQ171" => (
            "Two facts of the same row contradict each other: one of them is wrong.",
            "Open the rows with these columns side by side; a tolerance covers rounding, mostly covers known exceptions.",
        ),
        _ => (
            "A rule that was not applied has not held: nothing is known.",
            "Mend the name or the type of the column, or take the rule out.",
        ),
    }
}

fn summary(
    findings: &[Finding],
    verdict: Verdict,
    rulings: &[Ruling],
    looked: &BTreeMap<Role, Looked>,
) -> String {
    let n_broken = rulings
        .iter()
        .filter(|ruling| ruling.standing == Standing::Broken)
        .count();
    let tables: Vec<&str> = looked.keys().map(|role| role.name()).collect();
    match (findings.first(), verdict) {
        (Some(first), Verdict::Fail | Verdict::Warn) => {
            let is_grave = |finding: &&Finding| finding.severity > Severity::Note;
            let n_more = findings.iter().filter(is_grave).count() - 1;
            match (n_more, n_broken) {
                (0, _) => first.title.clone(),
                (_, 0 | 1) => format!("{}, and {n_more} more", first.title),
                _ => format!(
                    "{}, and {n_more} more ({n_broken} of {} rules broken)",
                    first.title,
                    rulings.len()
                ),
            }
        }
        (_, Verdict::Inconclusive) => "no row to hold a rule against; it takes one".to_owned(),
        _ => {
            let n_held = rulings
                .iter()
                .filter(|ruling| ruling.standing == Standing::Holds)
                .count();
            let rules = counted(n_held, "rule");
            format!("{rules} held against {}: none is broken", tables.join(", "))
        }
    }
}

fn metrics(rulings: &[Ruling], looked: &BTreeMap<Role, Looked>) -> Vec<Metric> {
    let n_rules = rulings.len() as u64;
    let count = |is_counted: &dyn Fn(Standing) -> bool| {
        rulings
            .iter()
            .filter(|ruling| is_counted(ruling.standing))
            .count() as f64
    };
    let n_broken = count(&|standing| standing == Standing::Broken);
    let is_grave = |standing| {
        matches!(
            standing,
            Standing::NotApplied(Severity::Error | Severity::Warning)
        )
    };
    let mut metrics = vec![
        Metric::new("n_broken", n_broken, n_rules)
            .title("Broken rules")
            .unit("rules")
            .at_most(None, Some(0.0)),
        Metric::new("n_not_applied", count(&is_grave), n_rules)
            .title("Rules that could not be applied")
            .unit("rules")
            .at_most(Some(0.0), None),
    ];
    for (role, looked) in looked.iter().filter(|(_, looked)| looked.n_rows > 0) {
        let (n, n_broken) = (looked.n_rows, looked.n_broken);
        let share = n_broken as f64 / n as f64;
        let name = role.name();
        metrics.push(
            Metric::new(format!("rows_broken_{name}"), share, n as u64)
                .title(format!("Rows of {name} behind a broken rule"))
                .unit("rate")
                .at_most(None, Some(0.0)),
        );
    }
    metrics
}

/// Every rule in every table, broken ones first.
fn rules(order: &[&Ruling]) -> View {
    let headings = [
        "table",
        "columns",
        "rule",
        "standing",
        "held against",
        "break it",
        "such as",
    ];
    let rows = order.iter().take(MAX_MARKS).map(|ruling| {
        let standing = match ruling.standing {
            Standing::Holds if ruling.n_broken == 0 => "holds",
            Standing::Holds => "holds, with tolerance",
            Standing::Broken => "broken",
            Standing::NotApplied(_) => "not applied",
            Standing::NoRows => "no rows",
        };
        let number = |n: usize| {
            if ruling.has_share {
                Cell::Number(n as f64)
            } else {
                Cell::Nothing
            }
        };
        TableRow {
            cells: vec![
                ruling.role.name().into(),
                ruling.columns.join(", ").into(),
                ruling.rule.clone().into(),
                standing.into(),
                number(ruling.n_looked),
                number(ruling.n_broken),
                ruling.examples.clone().into(),
            ],
            rows: ruling.shown(),
        }
    });
    let chart = Chart::Table {
        columns: headings
            .iter()
            .map(|heading| (*heading).to_owned())
            .collect(),
        rows: rows.collect(),
    };
    View::new(RULES, "Every rule in every table", chart)
        .caption("Broken rules stand first. A line opens the rows that break its rule.")
}
