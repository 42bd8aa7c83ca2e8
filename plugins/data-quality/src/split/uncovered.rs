//! Values of the other tables that the training table does not cover.
//!
//! In: how many values of a column and table are uncovered, and how likely chance gives as many. Out:
//! the order in which they are told, how grave they are, and their metric and bar.

use interlock_plugin_api::{Bar, CheckError, Metric, Role, Severity, Table};
use interlock_stats::multiplicity::holm;
use interlock_stats::proportion::wilson;

use crate::split::others::{LEVEL, of_table};

/// P-values corrected over all columns and tables, and the order in which to tell them: those beyond
/// chance first, then by share.
///
/// # Errors
/// If a p-value is none.
pub(crate) fn ranked(
    p_values: &[f64],
    alpha: f64,
    share: impl Fn(usize) -> f64,
) -> Result<(Vec<f64>, Vec<usize>), CheckError> {
    let corrected = holm(p_values).map_err(|error| CheckError::failed(error.to_string()))?;
    let mut order: Vec<usize> = (0..corrected.len()).collect();
    order.sort_by(|&a, &b| {
        let is_odd = |at: usize| corrected[at] < alpha;
        is_odd(b)
            .cmp(&is_odd(a))
            .then(share(b).total_cmp(&share(a)))
    });
    Ok((corrected, order))
}

/// How grave uncovered values are: chance is a mere note.
pub(crate) fn severity(is_odd: bool, share: f64, fail_above: f64) -> Severity {
    match (is_odd, share > fail_above) {
        (true, true) => Severity::Error,
        (true, false) => Severity::Warning,
        (false, _) => Severity::Note,
    }
}

/// The uncovered values of one column in one table.
pub(crate) struct Part<'n> {
    /// Id and title of the metric.
    pub(crate) metric: (&'static str, String),
    pub(crate) column: &'n str,
    pub(crate) role: Role,
    /// How many tables are held against the training table.
    pub(crate) n_others: usize,
    pub(crate) n_uncovered: u64,
    pub(crate) n_present: u64,
    pub(crate) is_odd: bool,
}

impl Part<'_> {
    /// Its share, with Wilson's interval; the bar still without rows.
    pub(crate) fn shown(self) -> (Metric, Bar) {
        let share = self.n_uncovered as f64 / self.n_present as f64;
        let (id, title) = self.metric;
        let mut metric = Metric::new(id, share, self.n_present)
            .title(title)
            .unit("rate")
            .column(self.column)
            .group(self.role.name());
        let mut bar = Bar::new(of_table(self.role, self.n_others, self.column), share);
        if let Ok(bounds) = wilson(self.n_uncovered, self.n_present, LEVEL) {
            metric = metric.interval(bounds.low, bounds.high, LEVEL, "Wilson");
            bar.interval = Some((bounds.low, bounds.high));
        }
        bar.is_flagged = self.is_odd;
        (metric, bar)
    }
}

/// What a table without rows keeps from being said.
pub(crate) fn without_rows(tables: &[Table<'_>]) -> Option<String> {
    let empty = tables.iter().find(|table| table.n_rows() == 0)?;
    let name = empty.role().name();
    Some(format!("the {name} table has no rows; one would do"))
}
