//! The check `evaluation.inference-time`.
//!
//! In: rows, the model, a clock. Out: how long the model takes for a row, alone and in a batch.
//!
//! The one check here whose figures are not the same twice.

use std::time::{Duration, Instant};

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Features, Finding, Metric, Model, Outcome, Params, Role,
    Series, Severity, TableRow, Verdict, View, check,
};
use interlock_stats::order::{index_below, sorted};
use interlock_stats::proportion::Bounds;
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::judge::{Standing, at_most};
use crate::timing::{Quantile, quantile};
use crate::wording::{
    LEVEL, MIN_ROWS, check_count, check_range, counted, inconclusive, number, verdict,
};

/// Rows of a batch at most.
const MAX_BATCH: usize = 1000;

/// Calls of a kind at least: fewer give no interval of the median.
const MIN_CALLS: usize = 6;

/// Batches that should end in time.
const AIMED_CALLS: f64 = 12.0;

/// Calls of one row, and of a batch, at most.
const MAX_CALLS: (usize, usize) = (200, 30);

/// Factor by which the same work may take longer or shorter on a busier or idler machine: within it
/// nothing is said.
const SWAY: f64 = 1.25;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Milliseconds per row in a batch, above which the check warns; 0.000001 to 60,000.
    max_ms_per_row: f64,
    /// Milliseconds for one row asked alone, above which the check warns; 0.000001 to 60,000.
    max_ms_alone: f64,
    /// Milliseconds the measuring may take, 20 to 60,000; six calls of each kind are made in any case.
    budget_ms: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_ms_per_row: 1.0,
            max_ms_alone: 100.0,
            budget_ms: 100,
        }
    }
}

#[check(
    id = "evaluation.inference-time",
    title = "Inference time",
    stage = "robustness",
    needs(train?, test?, model),
    codes(DQ137 = "the model takes long for a row"),
    cost = "moderate",
    docs = "inference_time.md"
)]
pub(crate) fn inference_time(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("max_ms_per_row", settings.max_ms_per_row, 1e-6, 60_000.0)?;
    check_range("max_ms_alone", settings.max_ms_alone, 1e-6, 60_000.0)?;
    check_count("budget_ms", settings.budget_ms, 20, 60_000)?;
    let model = ctx.model()?;
    let table = match ctx.table_if_present(Role::Test)? {
        Some(table) => table,
        None => ctx.table(Role::Train)?,
    };
    let mut rng = Rng::for_stream(ctx.seed(), 10);
    let rows = rng.sample_sorted(table.n_rows(), MAX_BATCH);
    if rows.len() < MIN_ROWS {
        let summary = format!(
            "{} are too few to measure on; {MIN_ROWS} would do",
            counted(rows.len(), "row")
        );
        return Ok(inconclusive(summary, &[]));
    }
    let features = table.features_at(&model, &rows)?;
    let start = now();
    let budget = Duration::from_millis(settings.budget_ms as u64);
    ctx.progress(f64::NAN, "warming up");
    let per_row = warm_up(&model, &features)?;
    ctx.progress(f64::NAN, "one row at a time");
    let single: Vec<Features> = (0..MAX_CALLS.0)
        .map(|_| features.select(&[rng.below(features.n_rows)]))
        .collect();
    let alone = Times::of(&model, &single, start + budget.mul_f64(0.4))?;
    ctx.progress(f64::NAN, "batches");
    // As many rows as let a dozen batches end in time.
    let left = (budget.as_secs_f64() - start.elapsed().as_secs_f64()).max(0.0);
    let fits = index_below(left / AIMED_CALLS / per_row.max(1e-9));
    let n_batch = features.n_rows.min(fits.max(1));
    let all: Vec<usize> = (0..n_batch).collect();
    let batches = vec![features.select(&all); MAX_CALLS.1];
    let batch = Times::of(&model, &batches, start + budget)?;
    let report = Report {
        settings: &settings,
        kinds: [&batch, &alone],
        format: &model.facts().format,
        took: start.elapsed(),
    };
    Ok(report.outcome())
}

#[expect(
    clippy::disallowed_methods,
    reason = "time itself is what this check measures"
)]
fn now() -> Instant {
    Instant::now()
}

/// Seconds per row of a batch of at most 100 rows, after a call that wakes what sleeps.
fn warm_up(model: &Model<'_>, features: &Features) -> Result<f64, CheckError> {
    model.predict(&features.select(&[0]))?;
    let few: Vec<usize> = (0..features.n_rows.min(100)).collect();
    let few = features.select(&few);
    let start = now();
    model.predict(&few)?;
    Ok(start.elapsed().as_secs_f64() / few.n_rows as f64)
}

/// Milliseconds per row of calls of one kind, ascending.
struct Times {
    rows_per_call: usize,
    ms: Vec<f64>,
}

impl Times {
    /// Calls until the time is over or there are no more rows, but at least [`MIN_CALLS`] times.
    fn of(model: &Model<'_>, calls: &[Features], end: Instant) -> Result<Self, CheckError> {
        let mut ms = Vec::with_capacity(calls.len());
        for call in calls {
            let start = now();
            if ms.len() >= MIN_CALLS && start >= end {
                break;
            }
            model.predict(call)?;
            ms.push(start.elapsed().as_secs_f64() * 1e3 / call.n_rows.max(1) as f64);
        }
        Ok(Self {
            rows_per_call: calls.first().map_or(0, |call| call.n_rows),
            ms: sorted(&ms),
        })
    }

    fn quantile(&self, share: f64) -> Quantile {
        quantile(&self.ms, share, LEVEL).unwrap_or(Quantile {
            value: f64::NAN,
            bounds: None,
        })
    }

    /// Where the median stands; the interval widened by what the load of the machine may do. Other
    /// work makes a call longer, never shorter: if the fastest row known met the limit, it is not
    /// crossed.
    fn standing(&self, limit: f64, fastest: f64) -> Standing {
        let median = self.quantile(0.5);
        let Some(bounds) = median.bounds else {
            return Standing::Unsure;
        };
        let wide = Bounds {
            low: bounds.low / SWAY,
            high: bounds.high * SWAY,
        };
        match at_most(median.value, wide, limit, false) {
            Standing::Crossed if fastest <= limit => Standing::Unsure,
            standing => standing,
        }
    }
}

/// What a kind of call is called.
struct Kind {
    id: &'static str,
    title: &'static str,
    words: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind {
        id: "ms_per_row",
        title: "Milliseconds per row in a batch",
        words: "per row in batches",
    },
    Kind {
        id: "ms_alone",
        title: "Milliseconds for a row alone",
        words: "for a row asked alone",
    },
];

struct Report<'r> {
    settings: &'r Settings,
    /// As [`KINDS`].
    kinds: [&'r Times; 2],
    format: &'r str,
    took: Duration,
}

impl Report<'_> {
    fn limits(&self) -> [f64; 2] {
        [self.settings.max_ms_per_row, self.settings.max_ms_alone]
    }

    fn parts(&self) -> impl Iterator<Item = (&Kind, &Times, f64)> {
        let kinds = KINDS.iter().zip(self.kinds).zip(self.limits());
        kinds.map(|((kind, times), limit)| (kind, times, limit))
    }

    /// Where batches and single rows stand. A row of a batch takes no longer than one alone.
    fn standings(&self) -> [Standing; 2] {
        let [batch, alone] = self.kinds.map(|times| times.quantile(0.0).value);
        let [of_batch, of_alone] = self.limits();
        [
            self.kinds[0].standing(of_batch, batch.min(alone)),
            self.kinds[1].standing(of_alone, alone),
        ]
    }

    fn outcome(&self) -> Outcome {
        let standings = self.standings();
        let found = |wanted: Standing| {
            let parts = self.parts().zip(standings);
            parts
                .filter(move |(_, own)| *own == wanted)
                .map(|(part, _)| part)
        };
        let findings: Vec<Finding> = found(Standing::Crossed)
            .map(|(kind, times, limit)| finding(kind, times, limit))
            .collect();
        let unsure = found(Standing::Unsure).next();
        let otherwise = match unsure {
            Some(_) => Verdict::Inconclusive,
            None => Verdict::Pass,
        };
        let medians: Vec<String> = self
            .parts()
            .map(|(kind, times, _)| words(kind, times))
            .collect();
        let medians = medians.join(", ");
        let verdict = verdict(&findings, otherwise);
        let summary = match (findings.first(), unsure) {
            (Some(finding), _) => finding.title.clone(),
            (None, Some((kind, _, limit))) => format!(
                "{medians}: too near the limit of {} ms {} to tell on this machine",
                number(limit),
                kind.words
            ),
            (None, None) => medians,
        };
        let mut outcome = Outcome::new(verdict, summary);
        for (kind, times, limit) in self.parts() {
            outcome.metrics.extend(metrics(kind, times, limit));
        }
        outcome.findings = findings;
        outcome.notes = self.notes();
        outcome.view(self.table()).view(self.curve())
    }

    fn notes(&self) -> Vec<String> {
        let n_processors = std::thread::available_parallelism().map_or(1, usize::from);
        let [batch, alone] = self.kinds;
        vec![
            format!(
                "Not repeatable: measured in {} ms of this machine with {} for everything that ran beside; the model ({}) may use all of them for a large batch.",
                number(self.took.as_secs_f64() * 1e3),
                counted(n_processors, "processor"),
                self.format
            ),
            format!(
                "{} batches of {}, {} calls of one row. Handing over the rows counts, reading the table does not; of a served model the way there and back counts too.",
                batch.ms.len(),
                counted(batch.rows_per_call, "row"),
                alone.ms.len(),
            ),
            format!(
                "Bound: {} ms, though at least {MIN_CALLS} calls of each kind.",
                self.settings.budget_ms
            ),
        ]
    }

    fn table(&self) -> View {
        let rows = self
            .parts()
            .map(|(kind, times, limit)| {
                let (median, late) = (times.quantile(0.5), times.quantile(0.95));
                let end =
                    |of: fn(Bounds) -> f64| median.bounds.map_or(Cell::Nothing, |b| of(b).into());
                TableRow::new(vec![
                    kind.words.into(),
                    (times.ms.len() as f64).into(),
                    (times.rows_per_call as f64).into(),
                    times.quantile(0.0).value.into(),
                    median.value.into(),
                    end(|bounds| bounds.low),
                    end(|bounds| bounds.high),
                    late.value.into(),
                    times.quantile(1.0).value.into(),
                    limit.into(),
                ])
            })
            .collect();
        let columns = [
            "milliseconds",
            "calls",
            "rows per call",
            "least",
            "median",
            "low",
            "high",
            "95th percentile",
            "most",
            "limit",
        ];
        View::new(
            "times",
            "Milliseconds per row",
            Chart::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows,
            },
        )
        .caption("Low and high: 95 % interval of the median from order statistics.")
    }

    fn curve(&self) -> View {
        let series = self
            .parts()
            .map(|(kind, times, _)| {
                let last = times.ms.len().saturating_sub(1).max(1) as f64;
                let points = times.ms.iter().enumerate();
                Series {
                    name: kind.words.to_owned(),
                    points: points.map(|(at, &ms)| (at as f64 / last, ms)).collect(),
                    band: Vec::new(),
                }
            })
            .collect();
        let chart = Chart::Lines {
            x_axis: "share of calls".to_owned(),
            y_axis: "milliseconds per row".to_owned(),
            series,
            threshold: None,
        };
        View::new("quantiles", "Times, shortest first", chart)
            .caption("A steep end: a few calls take much longer than the rest.")
    }
}

fn words(kind: &Kind, times: &Times) -> String {
    format!("{} ms {}", number(times.quantile(0.5).value), kind.words)
}

fn finding(kind: &Kind, times: &Times, limit: f64) -> Finding {
    let median = times.quantile(0.5);
    let interval = median.bounds.map_or(String::new(), |bounds| {
        format!(" [{}, {}]", number(bounds.low), number(bounds.high))
    });
    let title = format!(
        "{} ms{interval} {}, limit {} ms ({} of {})",
        number(median.value),
        kind.words,
        number(limit),
        counted(times.ms.len(), "call"),
        counted(times.rows_per_call, "row")
    );
    Finding::new("DQ137", Severity::Warning, title)
        .because("Whoever waits for the answer waits that long at best; and every check that asks the model many times takes as many times longer.")
        .advice("Ask in batches, make the model smaller (fewer trees, fewer inputs), export it to a compiled form, or set the limit to what the application bears.")
        .evidence("times")
}

fn metrics(kind: &Kind, times: &Times, limit: f64) -> [Metric; 2] {
    let n = (times.ms.len() * times.rows_per_call) as u64;
    let method = format!("order statistics of {} calls", times.ms.len());
    let of = |id: String, title: String, found: Quantile| {
        let metric = Metric::new(id, found.value, n).title(title).unit("ms");
        match found.bounds {
            Some(bounds) => metric.interval(bounds.low, bounds.high, LEVEL, method.as_str()),
            None => metric,
        }
    };
    [
        of(
            kind.id.to_owned(),
            kind.title.to_owned(),
            times.quantile(0.5),
        )
        .at_most(Some(limit), None),
        of(
            format!("{}_p95", kind.id),
            format!("{}, 95th percentile", kind.title),
            times.quantile(0.95),
        )
        .at_most(None, None),
    ]
}
