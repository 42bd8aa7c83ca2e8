//! The check `data-quality.constant-columns`.
//!
//! In: the tables. Out: columns that say nothing (one value), hardly anything (nearly one value),
//! the same as another column, or too much (they give the target away).

use interlock_plugin_api::{
    Bar, Chart, CheckError, Context, Finding, MISSING, Metric, Outcome, Params, Role, Rows,
    Severity, Table, Task, Verdict, View, check,
};
use interlock_report::report::{MAX_FINDINGS, MAX_MARKS, sort_by_severity, verdict};
use interlock_report::settings::check_share;
use interlock_report::words::{counted, names, percent, shortened};
use serde::{Deserialize, Serialize};

use crate::coded::Coder;
use crate::tables::tables;
use crate::variation::{Variation, equal_groups, n_exceptions};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of its most frequent value above which a column counts as almost constant, 0 to 1.
    almost_constant_above: f64,
    /// Severity of a constant column: fail instead of warn.
    fail_on_constant: bool,
    /// Rows of the training table below which only failures are reported.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            almost_constant_above: 0.99,
            fail_on_constant: false,
            min_rows: 20,
        }
    }
}

/// One column of the training table.
struct Known {
    name: String,
    codes: Vec<u32>,
    variation: Variation,
    top: Option<String>,
}

#[check(
    id = "data-quality.constant-columns",
    title = "Constant columns",
    stage = "data-quality",
    needs(train, test?, current?, target?),
    codes(
        DQ010 = "column has one value only",
        DQ011 = "column has almost one value only",
        DQ012 = "columns say the same",
        DQ013 = "column varies in one table and not in another",
        DQ014 = "column gives the target away"
    ),
    cost = "quick",
    docs = "constant_columns.md"
)]
pub(crate) fn constant_columns(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_share("almost_constant_above", settings.almost_constant_above)?;
    let tables = tables(ctx)?;
    let facts = ctx.facts();
    let Some((train, others)) = tables.split_first() else {
        return Err(CheckError::missing_input("no train table"));
    };
    let known = known(train)?;
    let left_out = |name: &str| Some(name) == facts.id.as_deref();
    let mut found = Found::default();
    for column in known.iter().filter(|column| !left_out(&column.name)) {
        found.column(column, &settings);
    }
    found.equal(&known, facts.target.as_deref());
    for other in others {
        found.between(&known, other, facts.target.as_deref())?;
    }
    if facts.task != Task::Regression {
        let target = facts.target.as_deref();
        found.on_target(&known, target, &left_out, settings.min_rows);
    }
    Ok(found.outcome(&known, train.n_rows(), &settings))
}

fn known(train: &Table<'_>) -> Result<Vec<Known>, CheckError> {
    let mut known = Vec::new();
    for column in train.columns() {
        let codes = Coder::default().code(&column)?;
        let variation = Variation::of(&codes.codes, codes.n_codes);
        let first = codes
            .codes
            .iter()
            .position(|code| Some(*code) == variation.top);
        known.push(Known {
            name: column.name().to_owned(),
            top: first.and_then(|row| column.display(row)),
            codes: codes.codes,
            variation,
        });
    }
    Ok(known)
}

#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    n_constant: usize,
    n_almost: usize,
}

impl Found {
    fn column(&mut self, column: &Known, settings: &Settings) {
        let name = &column.name;
        let value = column.top.as_deref().map_or(String::new(), shortened);
        let variation = column.variation;
        if variation.is_constant() {
            self.n_constant += 1;
            let severity = if settings.fail_on_constant {
                Severity::Error
            } else {
                Severity::Warning
            };
            let title = format!("column '{name}' is '{value}' in every training row");
            self.push(
                Finding::new("DQ010", severity, title)
                    .because("A column that never varies cannot tell rows apart; the model learns nothing from it, and what it does with another value later is arbitrary.")
                    .advice("Remove it, or find out why only one value arrived.")
                    .column(name)
                    .evidence("top"),
            );
        } else if variation.n_distinct > 1 && variation.top_share() > settings.almost_constant_above
        {
            self.n_almost += 1;
            let rare: Vec<usize> = exceptions(column);
            let title = format!(
                "column '{name}' is '{value}' in {} of training rows",
                percent(variation.top_share())
            );
            self.push(
                Finding::new("DQ011", Severity::Warning, title)
                    .because("So few rows differ that what the model learns from them is chance.")
                    .advice("Open the rows that differ: errors, or the rare cases that matter? Keep the column only for the latter.")
                    .column(name)
                    .rows(Rows::new(Role::Train, rare))
                    .evidence("top"),
            );
        }
    }

    fn equal(&mut self, known: &[Known], target: Option<&str>) {
        let varied: Vec<&Known> = known
            .iter()
            .filter(|column| column.variation.n_distinct > 1)
            .collect();
        let codes: Vec<&[u32]> = varied.iter().map(|column| &column.codes[..]).collect();
        for group in equal_groups(&codes) {
            let members: Vec<&str> = group.iter().map(|&at| varied[at].name.as_str()).collect();
            let is_key = members
                .iter()
                .zip(&group)
                .all(|(_, &at)| varied[at].variation.is_all_distinct());
            // Columns without any repeated value always map onto each other: that says nothing.
            if is_key || members.contains(&target.unwrap_or_default()) {
                continue;
            }
            let title = format!("columns {} tell each other", names(members.iter().copied()));
            let mut finding = Finding::new("DQ012", Severity::Warning, title)
                .because("Each value of one goes with one value of the other: the same fact twice. Importance is split between them, and they may come apart later.")
                .advice("Keep one of them.")
                .evidence("top");
            for member in members {
                finding = finding.column(member);
            }
            self.push(finding);
        }
    }

    fn between(
        &mut self,
        known: &[Known],
        other: &Table<'_>,
        target: Option<&str>,
    ) -> Result<(), CheckError> {
        let role = other.role().name();
        for column in known
            .iter()
            .filter(|column| Some(column.name.as_str()) != target)
        {
            let Ok(present) = other.column(&column.name) else {
                continue;
            };
            let codes = Coder::default().code(&present)?;
            let variation = Variation::of(&codes.codes, codes.n_codes);
            let (here, there) = (column.variation, variation);
            if here.is_constant() == there.is_constant()
                || here.n_present < 2
                || there.n_present < 2
            {
                continue;
            }
            let (constant, varied) = if there.is_constant() {
                (role, "train")
            } else {
                ("train", role)
            };
            // Rare values may be absent from a small table by chance.
            if there.is_constant() && here.top_share().powf(there.n_present as f64) > 0.01 {
                continue;
            }
            let name = &column.name;
            let title = format!("column '{name}' varies in {varied} but not in {constant}");
            self.push(
                Finding::new("DQ013", Severity::Warning, title)
                    .because("Something upstream stopped or began to fill it: the model meets what it was not trained for.")
                    .advice("Compare how the column is collected for the two tables.")
                    .column(name),
            );
        }
        Ok(())
    }

    fn on_target(
        &mut self,
        known: &[Known],
        target: Option<&str>,
        left_out: &dyn Fn(&str) -> bool,
        min_rows: usize,
    ) {
        let Some(target) = known
            .iter()
            .find(|column| Some(column.name.as_str()) == target)
        else {
            return;
        };
        if target.variation.n_distinct < 2 || target.variation.n_present < min_rows {
            return;
        }
        for column in known {
            // A column of nearly as many values as rows tells everything about rows it has seen.
            let is_coarse = column.variation.n_distinct * 10 <= column.variation.n_present;
            let is_other = column.name != target.name && !left_out(&column.name);
            if !is_other || !is_coarse || n_exceptions(&column.codes, &target.codes) > 0 {
                continue;
            }
            let title = format!(
                "column '{}' tells the target '{}' without fail",
                column.name, target.name
            );
            self.push(
                Finding::new("DQ014", Severity::Error, title)
                    .because("Every training row with the same value has the same target: most likely the column was filled in from the outcome, and will not be known when the model is asked.")
                    .advice("Find out when the column is known. If not before the outcome, remove it.")
                    .column(&column.name),
            );
        }
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }

    fn outcome(mut self, known: &[Known], n_rows: usize, settings: &Settings) -> Outcome {
        sort_by_severity(&mut self.findings);
        let verdict = verdict(&self.findings, n_rows >= settings.min_rows);
        let summary = match (self.findings.first(), verdict) {
            (Some(finding), Verdict::Warn | Verdict::Fail) if self.findings.len() == 1 => {
                finding.title.clone()
            }
            (Some(finding), Verdict::Warn | Verdict::Fail) => {
                format!("{}, and {} more", finding.title, self.findings.len() - 1)
            }
            (_, Verdict::Inconclusive) => format!(
                "{} are too few to say what varies; {} would do",
                counted(n_rows, "row"),
                settings.min_rows
            ),
            _ => format!("all {} vary", counted(known.len(), "column")),
        };
        let n_columns = known.len() as u64;
        let outcome = Outcome::new(verdict, summary)
            .metric(
                Metric::new("n_constant", self.n_constant as f64, n_columns)
                    .title("Constant columns")
                    .unit("columns")
                    .at_most(Some(0.0), settings.fail_on_constant.then_some(0.0)),
            )
            .metric(
                Metric::new("n_almost_constant", self.n_almost as f64, n_columns)
                    .title("Almost constant columns")
                    .unit("columns")
                    .at_most(Some(0.0), None),
            )
            .view(top_values(known, settings));
        let mut outcome = outcome;
        outcome.findings = self.findings;
        outcome
    }
}

/// Rows that have a value other than the most frequent one.
fn exceptions(column: &Known) -> Vec<usize> {
    // Canonical codes number values anew: the most frequent one is found again by counting.
    let mut counts: Vec<usize> = Vec::new();
    for code in column.codes.iter().filter(|code| **code != MISSING) {
        let at = *code as usize;
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        counts[at] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let top = counts.iter().position(|n| *n == most);
    let is_rare = |code: u32| code != MISSING && Some(code as usize) != top;
    (0..column.codes.len())
        .filter(|&row| is_rare(column.codes[row]))
        .collect()
}

fn top_values(known: &[Known], settings: &Settings) -> View {
    let mut order: Vec<&Known> = known.iter().collect();
    order.sort_by(|a, b| b.variation.top_share().total_cmp(&a.variation.top_share()));
    let bars = order
        .into_iter()
        .take(MAX_MARKS)
        .map(|column| {
            let value = column.top.as_deref().map_or(String::new(), shortened);
            let share = column.variation.top_share();
            let mut bar = Bar::new(format!("{} = {value}", column.name), share);
            bar.is_flagged = column.variation.is_constant()
                || column.variation.n_distinct > 1 && share > settings.almost_constant_above;
            if bar.is_flagged && column.variation.n_distinct > 1 {
                bar.rows = Some(Rows::new(Role::Train, exceptions(column)));
            }
            bar
        })
        .collect();
    View::new(
        "top",
        "Most frequent value of each column",
        Chart::Bars {
            value_axis: "share of training rows with a value".to_owned(),
            bars,
            threshold: Some(settings.almost_constant_above),
        },
    )
    .caption("A marked bar opens the rows that differ.")
}
