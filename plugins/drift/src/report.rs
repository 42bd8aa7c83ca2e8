//! Says what was found: views, metrics and findings.
//!
//! In: judged comparisons and both tables. Out: parts of an outcome.
//!
//! Rows are looked up here, and only of columns that are shown; nothing is judged.

use std::collections::HashSet;

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, Finding, Metric, Role, Rows, Severity, Table, TableRow, View,
};

use crate::bins::{Bins, OneSided};
use crate::compare::{Comparison, Found};
use crate::figures::MissingChange;
use crate::judge::{Drift, Judgement, Limits};
use interlock_report::words::{names, p_value, percent, short};

/// Id of the view of all PSIs.
pub const OVERVIEW: &str = "psi";

/// Id of the table of all statistics.
pub const STATISTICS: &str = "statistics";

/// What the report draws from.
pub struct Sources<'t> {
    /// The reference.
    pub train: &'t Table<'t>,
    /// The current rows.
    pub current: &'t Table<'t>,
    /// The limits, for sentences.
    pub limits: &'t Limits,
}

/// A judged column.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'c> {
    /// What was compared.
    pub column: &'c Comparison,
    /// What is thought of it.
    pub judgement: Judgement,
}

impl Judged<'_> {
    /// Its PSI; below any other without one.
    pub fn psi(&self) -> f64 {
        self.column
            .found
            .as_ref()
            .map_or(-1.0, |found| found.figures.psi)
    }

    fn histogram_id(&self) -> String {
        format!("histogram-{}", self.column.name)
    }

    /// Whether the column's two distributions are worth a view.
    pub fn is_shown(&self) -> bool {
        let sides = self.column.found.as_ref().map(|found| &found.sides);
        self.judgement.is_drifted() || sides.is_some_and(|sides| !sides.new.is_empty())
    }
}

impl Sources<'_> {
    /// Current rows in the bins that grew most.
    fn grown_rows(&self, name: &str, bins: &Bins) -> Result<Rows, CheckError> {
        let grown = bins.grown();
        let of_rows = bins.of_rows(&self.current.column(name)?)?;
        let rows = of_rows.iter().enumerate();
        let kept = rows.filter(|(_, bin)| bin.is_some_and(|bin| grown.contains(&bin)));
        Ok(Rows::new(Role::Current, kept.map(|(row, _)| row)))
    }

    fn rows_with(&self, role: Role, name: &str, values: &[OneSided]) -> Result<Rows, CheckError> {
        let table = if role == Role::Train {
            self.train
        } else {
            self.current
        };
        let found = crate::bins::categories_of(&table.column(name)?);
        let wanted: HashSet<&str> = values.iter().map(|value| value.name.as_str()).collect();
        let is_wanted: Vec<bool> = found
            .names
            .iter()
            .map(|n| wanted.contains(n.as_str()))
            .collect();
        let rows = found.codes.iter().enumerate();
        let kept = rows.filter(|(_, code)| is_wanted.get(**code as usize) == Some(&true));
        Ok(Rows::new(role, kept.map(|(row, _)| row)))
    }

    /// Bars of the PSI of every column, in the order given.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub fn overview(&self, judged: &[Judged<'_>]) -> Result<View, CheckError> {
        let mut bars = Vec::new();
        for item in judged {
            let Some(found) = &item.column.found else {
                continue;
            };
            let label = if item.column.is_target {
                format!("{} (target)", item.column.name)
            } else {
                item.column.name.clone()
            };
            let mut bar = Bar::new(label, found.figures.psi);
            if item.judgement.is_drifted() {
                bar.is_flagged = true;
                bar.rows = Some(self.grown_rows(&item.column.name, &found.bins)?);
            }
            bars.push(bar);
        }
        let chart = Chart::Bars {
            value_axis: "PSI".to_owned(),
            bars,
            threshold: Some(self.limits.warn_psi),
        };
        Ok(View::new(OVERVIEW, "Drift of each column", chart).caption(
            "Population stability index between train and current rows. Marked columns drifted: \
             significant and large. A marked bar opens the current rows in the bins that grew most.",
        ))
    }

    /// Both distributions of a column; a bin opens its current rows.
    ///
    /// # Errors
    /// If the column cannot be read.
    pub fn histogram(&self, item: &Judged<'_>, found: &Found) -> Result<View, CheckError> {
        let name = &item.column.name;
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); found.bins.len()];
        let of_rows = found.bins.of_rows(&self.current.column(name)?)?;
        for (row, bin) in of_rows.into_iter().enumerate() {
            if let Some(rows) = bin.and_then(|bin| rows.get_mut(bin)) {
                rows.push(row);
            }
        }
        let shares = |counts: &[u64], n: u64| counts.iter().map(|&c| c as f64 / n as f64).collect();
        let chart = Chart::HistogramPair {
            value_axis: name.clone(),
            bins: found.names.clone(),
            reference: shares(&found.bins.reference, found.figures.n_reference),
            current: shares(&found.bins.current, found.figures.n_current),
            rows: rows
                .into_iter()
                .map(|rows| Rows::new(Role::Current, rows))
                .collect(),
        };
        let how = if item.column.is_numeric {
            "Bins are quantiles of the train rows."
        } else {
            "One bin per category."
        };
        Ok(View::new(
            item.histogram_id(),
            format!("{name}: train and current"),
            chart,
        )
        .caption(format!(
            "{how} Missing values are not counted. A bin opens its current rows."
        )))
    }

    /// Everything that is wrong with one column.
    ///
    /// # Errors
    /// If the column cannot be read.
    pub fn findings(&self, item: &Judged<'_>) -> Result<Vec<Finding>, CheckError> {
        let mut findings = Vec::new();
        if let Some(found) = &item.column.found {
            if item.judgement.is_drifted() {
                findings.push(self.drifted(item, found)?);
            }
            if !found.sides.new.is_empty() {
                findings.push(self.new_categories(item, found)?);
            }
            findings.extend(self.vanished(item, found)?);
        }
        if let Some(change) = item
            .column
            .missing
            .filter(|_| item.judgement.is_missing_drifted)
        {
            findings.push(self.missing(item, change)?);
        }
        Ok(findings)
    }

    fn drifted(&self, item: &Judged<'_>, found: &Found) -> Result<Finding, CheckError> {
        let (name, figures) = (&item.column.name, &found.figures);
        let grave = if item.judgement.drift == Drift::Grave {
            Severity::Error
        } else {
            Severity::Warning
        };
        let (code, what, advice) = if item.column.is_target {
            (
                "DR002",
                "target",
                "Find out whether the world changed or the labels did; measure the model on \
                 recent labeled rows, and choose its threshold again.",
            )
        } else {
            (
                "DR001",
                "column",
                "Look at the rows behind the bins that grew: a new source, unit or audience shows \
                 there. If the change is real, measure the model on recent rows and retrain.",
            )
        };
        let size = figures
            .ks
            .map_or(String::new(), |d| format!(", KS distance {}", short(d)));
        let grown: Vec<&str> = found
            .bins
            .grown()
            .into_iter()
            .map(|at| found.names[at].as_str())
            .collect();
        let moved = figures.wasserstein.map_or(String::new(), |w| {
            format!(
                "Values moved by {} standard deviations of the train rows on average. ",
                short(w)
            )
        });
        let because = format!(
            "{} and {} current values differ beyond chance ({} {}), and by more than is accepted \
             (PSI {}, KS distance {}; some {} of the PSI is what sampling alone gives). {moved}The \
             bins that grew most: {}.",
            figures.n_reference,
            figures.n_current,
            p_value(item.judgement.p_value.unwrap_or(1.0)),
            self.limits.correction.words(),
            short(self.limits.warn_psi),
            short(self.limits.max_ks),
            short(figures.psi_by_chance),
            names(grown)
        );
        let title = format!("{what} '{name}' drifted: PSI {}{size}", short(figures.psi));
        Ok(Finding::new(code, grave, title)
            .because(because)
            .advice(advice)
            .column(&**name)
            .rows(self.grown_rows(name, &found.bins)?)
            .evidence(item.histogram_id()))
    }

    fn new_categories(&self, item: &Judged<'_>, found: &Found) -> Result<Finding, CheckError> {
        let (name, new) = (&item.column.name, &found.sides.new);
        let severity = if item.judgement.has_many_new {
            Severity::Warning
        } else {
            Severity::Note
        };
        let title = format!(
            "column '{name}': {} new {} in {} of current values",
            new.len(),
            if new.len() == 1 {
                "category"
            } else {
                "categories"
            },
            percent(item.judgement.new_share)
        );
        let because = format!(
            "The model has never seen {}. {} is accepted, and {} more is to be expected of the \
             categories the train table holds once.",
            names(new.iter().map(|one| one.name.as_str())),
            percent(self.limits.max_new_share),
            percent(found.sides.expected_new)
        );
        Ok(Finding::new("DR004", severity, title)
            .because(because)
            .advice("If it is a new spelling, map it to the old one; if it is truly new, gather rows and retrain.")
            .column(&**name)
            .rows(self.rows_with(Role::Current, name, new)?)
            .evidence(item.histogram_id()))
    }

    /// Categories that are gone although so many current rows should hold some.
    fn vanished(&self, item: &Judged<'_>, found: &Found) -> Result<Option<Finding>, CheckError> {
        let (n, m) = (
            found.figures.n_reference as f64,
            found.figures.n_current as f64,
        );
        let level = self.limits.alpha / found.bins.len().max(1) as f64;
        let is_beyond_chance = |one: &&OneSided| m * (-(one.n as f64) / n).ln_1p() < level.ln();
        let gone: Vec<OneSided> = found
            .sides
            .vanished
            .iter()
            .filter(is_beyond_chance)
            .cloned()
            .collect();
        if gone.is_empty() {
            return Ok(None);
        }
        let name = &item.column.name;
        let share = gone.iter().map(|one| one.n).sum::<u64>() as f64 / n;
        let title = format!("column '{name}': {} categories vanished", gone.len());
        let because = format!(
            "{} made up {} of the train values and none of {m} current ones, beyond chance.",
            names(gone.iter().map(|one| one.name.as_str())),
            percent(share)
        );
        Ok(Some(
            Finding::new("DR005", Severity::Note, title)
                .because(because)
                .advice("Ask whether a source was cut off or a value renamed.")
                .column(&**name)
                .rows(self.rows_with(Role::Train, name, &gone)?)
                .evidence(STATISTICS),
        ))
    }

    fn missing(&self, item: &Judged<'_>, change: MissingChange) -> Result<Finding, CheckError> {
        let name = &item.column.name;
        let title = format!(
            "column '{name}' is missing in {} of current rows, {} of train rows",
            percent(change.current),
            percent(change.reference)
        );
        let because = format!(
            "The change lies between {} and {} (95 %, {} {}); {} is accepted. The model sees \
             missing values at another rate than it learned.",
            percent(change.bounds.low),
            percent(change.bounds.high),
            p_value(item.judgement.missing_p_value.unwrap_or(1.0)),
            self.limits.correction.words(),
            percent(self.limits.max_missing_change)
        );
        let finding = Finding::new("DR003", Severity::Warning, title)
            .because(because)
            .advice("Follow the column back to its source: a failed join or an optional field shows as this.")
            .column(&**name)
            .evidence(STATISTICS);
        if change.current <= change.reference {
            return Ok(finding);
        }
        let column = self.current.column(name)?;
        let gone = (0..column.len()).filter(|&row| column.is_missing(row));
        Ok(finding.rows(Rows::new(Role::Current, gone)))
    }
}

/// All statistics of all columns, in the order given.
pub fn statistics(judged: &[Judged<'_>]) -> View {
    let headings = [
        "column",
        "drifted",
        "PSI",
        "PSI by chance",
        "KS distance",
        "p",
        "p corrected",
        "Wasserstein / sd",
        "chi-square",
        "p of chi-square",
        "Jensen–Shannon",
        "missing train",
        "missing current",
        "p of missing",
        "new categories",
        "vanished categories",
        "train values",
        "current values",
    ];
    let number = |value: Option<f64>| value.map_or(Cell::Nothing, Cell::from);
    let row = |item: &Judged<'_>| {
        let (column, judgement) = (item.column, &item.judgement);
        let found = column.found.as_ref();
        let figures = found.map(|found| found.figures);
        let count = |n: usize| Cell::Number(n as f64);
        let sides = found
            .filter(|_| !column.is_numeric)
            .map(|found| &found.sides);
        TableRow::new(vec![
            column.name.as_str().into(),
            if judgement.is_drifted() {
                "yes"
            } else if found.is_some() {
                "no"
            } else {
                "too few"
            }
            .into(),
            number(figures.map(|f| f.psi)),
            number(figures.map(|f| f.psi_by_chance)),
            number(figures.and_then(|f| f.ks)),
            number(figures.map(|f| f.p_value())),
            number(judgement.p_value),
            number(figures.and_then(|f| f.wasserstein)),
            number(figures.map(|f| f.chi_square)),
            number(figures.map(|f| f.chi_square_p_value)),
            number(figures.map(|f| f.jensen_shannon)),
            number(column.missing.map_or(Some(0.0), |m| Some(m.reference))),
            number(column.missing.map_or(Some(0.0), |m| Some(m.current))),
            number(judgement.missing_p_value),
            sides.map_or(Cell::Nothing, |s| count(s.new.len())),
            sides.map_or(Cell::Nothing, |s| count(s.vanished.len())),
            count(column.n.0),
            count(column.n.1),
        ])
    };
    let chart = Chart::Table {
        columns: headings.map(str::to_owned).to_vec(),
        rows: judged.iter().map(row).collect(),
    };
    View::new(STATISTICS, "All statistics", chart).caption(
        "p is that of the KS test for numbers, of the chi-square test for categories; chi-square, \
         PSI and Jensen–Shannon distance of numbers are over quantile bins of the train rows.",
    )
}

/// The figures of one column.
pub fn metrics(item: &Judged<'_>, limits: &Limits) -> Vec<Metric> {
    let column = item.column;
    let mut metrics = Vec::new();
    if let Some(found) = &column.found {
        let (figures, n) = (&found.figures, found.figures.n_current);
        let of = |id: &str, title: &str, value: f64| {
            Metric::new(id, value, n).title(title).column(&*column.name)
        };
        metrics.push(
            of("psi", "Population stability index", figures.psi)
                .at_most(Some(limits.warn_psi), Some(limits.fail_psi)),
        );
        if let Some(d) = figures.ks {
            metrics.push(of("ks_distance", "KS distance", d).at_most(Some(limits.max_ks), None));
        }
        metrics.extend(
            figures
                .wasserstein
                .map(|w| of("wasserstein", "Wasserstein distance", w).unit("standard deviations")),
        );
        metrics.push(of(
            "jensen_shannon",
            "Jensen–Shannon distance",
            figures.jensen_shannon,
        ));
        metrics.extend(
            item.judgement
                .p_value
                .map(|p| of("p_corrected", "Corrected p-value", p)),
        );
    }
    if let Some(change) = column.missing {
        let value = change.current - change.reference;
        metrics.push(
            Metric::new("missing_rate_change", value, (column.n.1) as u64)
                .title("Change of the missing rate")
                .unit("rate")
                .interval(change.bounds.low, change.bounds.high, 0.95, "Newcombe")
                .column(&*column.name),
        );
    }
    metrics
}
