//! What a check says: a verdict, and everything that stands behind it.
//!
//! In: the author's findings and figures. Out: one [`Outcome`], the value that crosses the border
//! as bytes with named fields, so an older host skips what it does not know and a newer host fills
//! in what is absent.
//!
//! This module knows no table, no terminal and no border; it is data only.

use serde::{Deserialize, Serialize};

use crate::chart::View;

pub use crate::rows::{Role, Rows};

/// What a check concluded. A check that broke has no verdict: the host says *error* itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every threshold is met, with enough rows to say so.
    Pass,
    /// Worth a look; does not block.
    Warn,
    /// A threshold is crossed.
    Fail,
    /// The rows do not suffice to decide; the summary says what would.
    Inconclusive,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Larger values are better, as with accuracy.
    HigherIsBetter,
    /// Smaller values are better, as with a missing rate.
    LowerIsBetter,
    /// The value is for information.
    Neutral,
}

/// A range that holds the true value with a stated confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end, inclusive.
    pub low: f64,
    /// Upper end, inclusive.
    pub high: f64,
    /// Confidence level in (0, 1), usually 0.95.
    pub level: f64,
    /// How it was computed: `Wilson`, `Newcombe`, `percentile bootstrap, 1000 resamples`…
    pub method: String,
}

/// Where a metric turns the verdict. With [`Direction::LowerIsBetter`] a value *above* the limit
/// crosses it, with [`Direction::HigherIsBetter`] a value *below*.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Threshold {
    /// Crossing it means [`Verdict::Warn`].
    pub warn: Option<f64>,
    /// Crossing it means [`Verdict::Fail`].
    pub fail: Option<f64>,
}

/// One figure of an outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Stable name in snake case, unique together with `column` and `group`: `missing_rate`.
    pub id: String,
    /// Name for people: `Missing rate`.
    #[serde(default)]
    pub title: String,
    /// The value; `None` if it cannot be computed from these rows.
    pub value: Option<f64>,
    /// Unit of `value`: `rate` (0 to 1), `rows`, `days`, `log-odds`… Empty if it has none.
    #[serde(default)]
    pub unit: String,
    /// Uncertainty of `value`.
    #[serde(default)]
    pub interval: Option<Interval>,
    /// Limits of `value`.
    #[serde(default)]
    pub threshold: Option<Threshold>,
    /// Which way is better.
    #[serde(default = "neutral")]
    pub direction: Direction,
    /// How many rows the value rests on.
    #[serde(default)]
    pub n: u64,
    /// The group it was computed for, as `sex=female`.
    #[serde(default)]
    pub group: Option<String>,
    /// The column it was computed for.
    #[serde(default)]
    pub column: Option<String>,
}

fn neutral() -> Direction {
    Direction::Neutral
}

impl Metric {
    /// What its value alone means against its thresholds: [`Verdict::Fail`] or [`Verdict::Warn`] if
    /// it crosses one, else [`Verdict::Pass`]; `None` without value, threshold or direction.
    pub fn standing(&self) -> Option<Verdict> {
        let (value, limits) = (self.value?, self.threshold.as_ref()?);
        let crosses = |limit: Option<f64>| {
            limit.is_some_and(|limit| match self.direction {
                Direction::HigherIsBetter => value < limit,
                Direction::LowerIsBetter => value > limit,
                Direction::Neutral => false,
            })
        };
        match self.direction {
            Direction::Neutral => None,
            _ if crosses(limits.fail) => Some(Verdict::Fail),
            _ if crosses(limits.warn) => Some(Verdict::Warn),
            _ => Some(Verdict::Pass),
        }
    }

    /// The threshold to show beside the value: the one for failure if the value crosses it, else the
    /// one that is crossed first.
    pub fn limit(&self) -> Option<f64> {
        let limits = self.threshold.as_ref()?;
        if self.standing() == Some(Verdict::Fail) {
            limits.fail
        } else {
            limits.warn.or(limits.fail)
        }
    }

    /// A metric without unit, interval and threshold, resting on `n` rows.
    pub fn new(id: impl Into<String>, value: f64, n: u64) -> Self {
        Self {
            id: id.into(),
            title: String::new(),
            value: value.is_finite().then_some(value),
            unit: String::new(),
            interval: None,
            threshold: None,
            direction: Direction::Neutral,
            n,
            group: None,
            column: None,
        }
    }

    /// Names the metric for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets the unit.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Sets the interval.
    #[must_use]
    pub fn interval(mut self, low: f64, high: f64, level: f64, method: impl Into<String>) -> Self {
        self.interval = Some(Interval {
            low,
            high,
            level,
            method: method.into(),
        });
        self
    }

    /// Sets limits above which the verdict turns; smaller is better.
    #[must_use]
    pub fn at_most(mut self, warn: Option<f64>, fail: Option<f64>) -> Self {
        self.direction = Direction::LowerIsBetter;
        self.threshold = Some(Threshold { warn, fail });
        self
    }

    /// Sets limits below which the verdict turns; larger is better.
    #[must_use]
    pub fn at_least(mut self, warn: Option<f64>, fail: Option<f64>) -> Self {
        self.direction = Direction::HigherIsBetter;
        self.threshold = Some(Threshold { warn, fail });
        self
    }

    /// Says which column it belongs to.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// Says which group it belongs to.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }
}

/// How grave a finding is; as in SARIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// For information.
    Note,
    /// Worth a look.
    Warning,
    /// Must be mended or waived.
    Error,
}

/// Where a finding is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// Columns concerned.
    pub columns: Vec<String>,
    /// Rows concerned.
    pub rows: Option<Rows>,
    /// Groups concerned, as `sex=female`.
    pub groups: Vec<String>,
    /// A file concerned, with line where known.
    pub file: Option<String>,
    /// Line in `file`, the first is 1.
    pub line: Option<u64>,
}

/// One thing that is wrong: what, where, why it matters, what to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Two letters and three digits, listed in the check's information: `DQ001`.
    pub code: String,
    /// How grave.
    pub severity: Severity,
    /// One line: `column 'age' is missing in 12.5 % of rows`.
    pub title: String,
    /// Why it matters, in plain words.
    #[serde(default)]
    pub explanation: String,
    /// What to do next.
    #[serde(default)]
    pub advice: String,
    /// Where.
    #[serde(default)]
    pub place: Place,
    /// Id of the [`View`] that shows it.
    #[serde(default)]
    pub evidence: Option<String>,
}

impl Finding {
    /// A finding that says only what is wrong; the other parts are added by the methods below.
    pub fn new(code: impl Into<String>, severity: Severity, title: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            severity,
            title: title.into(),
            explanation: String::new(),
            advice: String::new(),
            place: Place::default(),
            evidence: None,
        }
    }

    /// Says why it matters.
    #[must_use]
    pub fn because(mut self, explanation: impl Into<String>) -> Self {
        self.explanation = explanation.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Adds a column to where it is.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.place.columns.push(column.into());
        self
    }

    /// Adds a group to where it is.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.place.groups.push(group.into());
        self
    }

    /// Sets the rows.
    #[must_use]
    pub fn rows(mut self, rows: Rows) -> Self {
        self.place.rows = Some(rows);
        self
    }

    /// Names the view that shows it.
    #[must_use]
    pub fn evidence(mut self, view_id: impl Into<String>) -> Self {
        self.evidence = Some(view_id.into());
        self
    }
}

/// Everything a check says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The conclusion.
    pub verdict: Verdict,
    /// One line that stands beside the verdict: `3 of 15 columns drifted`.
    pub summary: String,
    /// Figures; the first one is the headline shown in the table of checks.
    #[serde(default)]
    pub metrics: Vec<Metric>,
    /// What is wrong, gravest first.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Charts and tables to drill into.
    #[serde(default)]
    pub views: Vec<View>,
    /// What the reader must know to read it right: samples taken, columns left out, assumptions.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Outcome {
    /// An outcome with nothing behind it yet.
    pub fn new(verdict: Verdict, summary: impl Into<String>) -> Self {
        Self {
            verdict,
            summary: summary.into(),
            metrics: Vec::new(),
            findings: Vec::new(),
            views: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a metric.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }

    /// Adds a finding.
    #[must_use]
    pub fn finding(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }

    /// Adds a view.
    #[must_use]
    pub fn view(mut self, view: View) -> Self {
        self.views.push(view);
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, standing: Verdict, limit: f64) {
        let lower = Metric::new("rate", value, 10).at_most(Some(0.1), Some(0.5));
        assert_eq!(
            (lower.standing(), lower.limit()),
            (Some(standing), Some(limit))
        );
        let higher = Metric::new("rate", -value, 10).at_least(Some(-0.1), Some(-0.5));
        assert_eq!(
            (higher.standing(), higher.limit()),
            (Some(standing), Some(-limit))
        );
    }

    #[test]
    fn the_limit_beside_a_value_is_the_one_it_crossed_or_crosses_first() {
        check(0.05, Verdict::Pass, 0.1);
        check(0.1, Verdict::Pass, 0.1);
        check(0.3, Verdict::Warn, 0.1);
        check(0.6, Verdict::Fail, 0.5);
        assert_eq!(Metric::new("rate", 1.0, 10).limit(), None);
    }
}
