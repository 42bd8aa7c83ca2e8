//! Stability in words.
//!
//! In: how the answers to the same rows differed, how far a forest hangs on its seed. Out: an
//! outcome. Asks no model.

use interlock_plugin_api::{
    Cell, Chart, Finding, Metric, Outcome, Role, Rows, Severity, TableRow, Verdict, View,
};
use interlock_stats::proportion::Bounds;

use crate::judge::{Standing, at_most};
use crate::seed_noise::{Vote, Votes};
use crate::wording::{LEVEL, counted, number, percent, verdict};

/// Rows from which an estimate within its limit counts although its interval holds it.
const ENOUGH_ROWS: usize = 200;

/// Rows of the table of shaky rows.
const MAX_SHAKY: usize = 200;

/// The same rows asked in one other way. Rows are positions in the sample.
pub(crate) struct Asked {
    /// `rows in reverse order`.
    pub(crate) way: &'static str,
    /// Answers compared.
    pub(crate) n_rows: usize,
    /// Greatest difference.
    pub(crate) greatest: f64,
    /// The row of it, its figure at first and in this way.
    pub(crate) example: Option<(usize, (f64, f64))>,
    /// Rows that differ beyond the tolerance.
    pub(crate) beyond: Vec<usize>,
    /// Rows that are decided otherwise.
    pub(crate) turned: Vec<usize>,
}

/// What is known of other seeds.
pub(crate) enum Seeds {
    /// By the spread of a forest's trees.
    Forest {
        n_trees: usize,
        /// Positions in the sample, in the order of `votes`.
        rows: Vec<usize>,
        votes: Votes,
    },
    /// Nothing, and why.
    Unknown(String),
}

/// All that is known.
pub(crate) struct Report<'r> {
    pub(crate) tolerance: f64,
    pub(crate) seed_limit: f64,
    pub(crate) role: Role,
    /// Positions in the table of the rows asked.
    pub(crate) rows: &'r [usize],
    pub(crate) is_classes: bool,
    pub(crate) asked: &'r [Asked],
    pub(crate) seeds: &'r Seeds,
    /// Variance of the predictions.
    pub(crate) spread: f64,
}

impl Report<'_> {
    pub(crate) fn outcome(&self, mut notes: Vec<String>) -> Outcome {
        let greatest = self.greatest();
        let mut findings: Vec<Finding> = self.hanging().into_iter().collect();
        findings.extend(self.on_the_edge());
        let seed = self.seed();
        let standing = seed.map(|(value, bounds)| {
            let is_many = self.rows.len() >= ENOUGH_ROWS;
            at_most(value, bounds, self.seed_limit, is_many)
        });
        if let (Some(Standing::Crossed), Some((value, bounds))) = (standing, seed) {
            findings.push(self.seed_finding(value, bounds));
        }
        let otherwise = if standing == Some(Standing::Unsure) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        if let Seeds::Unknown(why) = self.seeds {
            notes.push(format!(
                "Whether another training seed would decide otherwise is not known: {why}."
            ));
        }
        notes.push(if greatest > 0.0 {
            format!(
                "Answers differ by {} at most; up to {} counts as rounding.",
                number(greatest),
                number(self.tolerance)
            )
        } else {
            "All answers agree to the last bit.".to_owned()
        });
        let verdict = verdict(&findings, otherwise);
        let summary = match findings
            .iter()
            .find(|finding| finding.severity != Severity::Note)
        {
            Some(finding) => finding.title.clone(),
            None => self.summary(standing, seed),
        };
        let mut outcome = Outcome::new(verdict, summary);
        outcome.metrics = self.metrics(greatest, seed);
        outcome.findings = findings;
        outcome.notes = notes;
        outcome.views.push(self.table());
        outcome.views.extend(self.shaky());
        outcome
    }

    fn greatest(&self) -> f64 {
        self.asked
            .iter()
            .map(|asked| asked.greatest)
            .fold(0.0, f64::max)
    }

    fn summary(&self, standing: Option<Standing>, seed: Option<(f64, Bounds)>) -> String {
        let same = format!(
            "{} get the same predictions in any order and batch",
            counted(self.rows.len(), "row")
        );
        match seed {
            Some((value, bounds)) => {
                let open = if standing == Some(Standing::Unsure) {
                    format!("; limit {}, more rows would tell", percent(self.seed_limit))
                } else {
                    String::new()
                };
                format!(
                    "{same}; {} [{}, {}]{open}",
                    self.seed_words(value),
                    percent(bounds.low),
                    percent(bounds.high)
                )
            }
            _ => same,
        }
    }

    fn seed_words(&self, value: f64) -> String {
        if self.is_classes {
            format!(
                "another training seed would turn {} of decisions",
                percent(value)
            )
        } else {
            format!(
                "another training seed moves predictions by {} of their spread",
                percent(value)
            )
        }
    }

    fn table_rows(&self, sample: &[usize]) -> Rows {
        Rows::new(self.role, sample.iter().map(|&at| self.rows[at]))
    }

    /// DQ135: answers beyond the tolerance. What differs when asked again differs in any other way
    /// too; that is then no finding of its own.
    fn hanging(&self) -> Vec<Finding> {
        let differing: Vec<&Asked> = self
            .asked
            .iter()
            .filter(|asked| !asked.beyond.is_empty())
            .collect();
        let again = self.asked.first().filter(|asked| !asked.beyond.is_empty());
        let told = match again {
            Some(again) => vec![again],
            None => differing,
        };
        told.into_iter()
            .map(|asked| self.difference(asked, again.is_some()))
            .collect()
    }

    fn difference(&self, asked: &Asked, is_random: bool) -> Finding {
        let example = asked.example.map_or(String::new(), |(at, (plain, other))| {
            format!(
                ", row {} {} and then {}",
                self.rows[at],
                number(plain),
                number(other)
            )
        });
        let turned = if asked.turned.is_empty() {
            String::new()
        } else {
            format!("; {} turned", counted(asked.turned.len(), "decision"))
        };
        let title = format!(
            "{}: {} of {} get another prediction{example}{turned}",
            asked.way,
            asked.beyond.len(),
            counted(asked.n_rows.min(self.rows.len()), "row")
        );
        let finding = Finding::new("DQ135", Severity::Error, title)
            .rows(self.table_rows(&asked.beyond))
            .evidence("ways");
        if is_random {
            finding
                .because("The model gives the same rows another answer each time: no decision can be repeated or explained.")
                .advice("Look for randomness at prediction time: dropout left on, sampling, a seed that is drawn, a race between threads.")
        } else {
            finding
                .because("A row's prediction hangs on which other rows are asked with it, so a decision made alone is not the one made in a batch.")
                .advice("Look for statistics taken of the batch: scaling or imputing fitted at prediction time, batch normalization in training mode, one-hot columns made of the values present, joins that lose the order.")
        }
    }

    /// Decisions that rounding alone turns.
    fn on_the_edge(&self) -> Option<Finding> {
        if self.asked.iter().any(|asked| !asked.beyond.is_empty()) {
            return None;
        }
        let most = self.asked.iter().max_by_key(|asked| asked.turned.len())?;
        let rows = self.table_rows(&most.turned);
        (!most.turned.is_empty()).then(|| {
            let title = format!(
                "{}: rounding alone turns {} of {}",
                most.way,
                counted(most.turned.len(), "decision"),
                most.n_rows
            );
            Finding::new("DQ135", Severity::Note, title)
                .because("These rows lie at the threshold to within rounding: the decision is a coin toss.")
                .advice("Round probabilities before comparing them, or move the threshold off a value that many rows have.")
                .rows(rows)
                .evidence("ways")
        })
    }

    /// The share of decisions another seed would turn; for numbers the deviation by seed relative to
    /// that of the predictions.
    fn seed(&self) -> Option<(f64, Bounds)> {
        let Seeds::Forest { votes, .. } = self.seeds else {
            return None;
        };
        if self.is_classes {
            return votes.mean_of(Vote::turns, LEVEL);
        }
        let share = |vote: &Vote| vote.deviation.powi(2) / self.spread;
        let (center, bounds) = votes.mean_of(share, LEVEL)?;
        let root = |value: f64| value.max(0.0).sqrt();
        let bounds = Bounds {
            low: root(bounds.low),
            high: root(bounds.high),
        };
        Some((root(center), bounds))
    }

    fn seed_finding(&self, value: f64, bounds: Bounds) -> Finding {
        let interval = format!(" [{}, {}]", percent(bounds.low), percent(bounds.high));
        let title = format!("{}{interval}", self.seed_words(value));
        let finding = Finding::new("DQ136", Severity::Warning, title)
            .because("Whoever was decided otherwise by another seed was decided by chance, not by their data.")
            .advice("Grow more trees (four times as many halve the deviation), or report decisions near the threshold as undecided.")
            .evidence("shaky");
        match self.shaky_order() {
            Some(order) => {
                let sample: Vec<usize> = order.into_iter().map(|(at, _)| at).collect();
                finding.rows(self.table_rows(&sample))
            }
            None => finding,
        }
    }

    fn metrics(&self, greatest: f64, seed: Option<(f64, Bounds)>) -> Vec<Metric> {
        let n = self.rows.len() as u64;
        // An infinite difference, of a number against none, has no value.
        let first = Metric::new("greatest_difference", greatest, n)
            .title("Greatest difference between answers")
            .at_most(None, Some(self.tolerance));
        let turned = self.asked.iter().map(|asked| asked.turned.len()).max();
        let mut metrics = vec![
            first,
            Metric::new("turned_decisions", turned.unwrap_or(0) as f64, n)
                .title("Decisions turned by order or batch")
                .unit("rows"),
        ];
        if let (Some((value, bounds)), Seeds::Forest { n_trees, votes, .. }) = (seed, self.seeds) {
            let (id, title) = if self.is_classes {
                ("turned_by_seed", "Decisions another seed would turn")
            } else {
                (
                    "deviation_by_seed",
                    "Deviation by seed, relative to that of predictions",
                )
            };
            let metric = Metric::new(id, value, votes.rows.len() as u64)
                .title(title)
                .unit("rate")
                .at_most(Some(self.seed_limit), None);
            let method = format!("jackknife over {n_trees} trees, and over rows");
            metrics.push(metric.interval(bounds.low, bounds.high, LEVEL, method));
        }
        metrics
    }

    fn table(&self) -> View {
        let rows = self
            .asked
            .iter()
            .map(|asked| TableRow {
                cells: vec![
                    asked.way.into(),
                    (asked.n_rows as f64).into(),
                    (asked.beyond.len() as f64).into(),
                    Cell::from(asked.greatest),
                    (asked.turned.len() as f64).into(),
                ],
                rows: Some(self.table_rows(if asked.beyond.is_empty() {
                    &asked.turned
                } else {
                    &asked.beyond
                })),
            })
            .collect();
        let columns = [
            "asked",
            "answers",
            "differ",
            "greatest difference",
            "decisions turned",
        ];
        View::new(
            "ways",
            "The same rows asked in other ways",
            Chart::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows,
            },
        )
        .caption("Against all rows in one batch, in the table's order. Open a line for the rows that differ.")
    }

    /// Rows another seed would most likely turn, or move most, and by how much.
    fn shaky_order(&self) -> Option<Vec<(usize, Vote)>> {
        let Seeds::Forest { rows, votes, .. } = self.seeds else {
            return None;
        };
        let weight = |vote: &Vote| {
            if self.is_classes {
                vote.turns()
            } else {
                vote.deviation
            }
        };
        let mut order: Vec<(usize, Vote)> = rows
            .iter()
            .copied()
            .zip(votes.rows.iter().copied())
            .collect();
        order.retain(|(_, vote)| weight(vote) > 0.0);
        order.sort_by(|a, b| weight(&b.1).total_cmp(&weight(&a.1)));
        order.truncate(MAX_SHAKY);
        Some(order)
    }

    fn shaky(&self) -> Option<View> {
        let order = self.shaky_order()?;
        let (lead, share) = if self.is_classes {
            ("lead", "turns with")
        } else {
            ("prediction", "")
        };
        let rows = order
            .iter()
            .map(|(at, vote)| {
                let mut cells = vec![
                    (self.rows[*at] as f64).into(),
                    vote.lead.into(),
                    vote.deviation.into(),
                ];
                if self.is_classes {
                    cells.push(vote.turns().into());
                }
                TableRow {
                    cells,
                    rows: Some(self.table_rows(&[*at])),
                }
            })
            .collect();
        let mut columns = vec![
            "row".to_owned(),
            lead.to_owned(),
            "deviation by seed".to_owned(),
        ];
        if self.is_classes {
            columns.push(share.to_owned());
        }
        let caption = if self.is_classes {
            "Lead: how far the probability lies above the threshold, or above that of the next class. Turns with: probability that a forest of another seed decides otherwise."
        } else {
            "Standard deviation of the prediction over training seeds."
        };
        let left_out = if order.len() == MAX_SHAKY {
            format!(" The first {MAX_SHAKY}.")
        } else {
            String::new()
        };
        Some(
            View::new(
                "shaky",
                "Rows that hang on the training seed",
                Chart::Table { columns, rows },
            )
            .caption(format!("{caption}{left_out}")),
        )
    }
}
