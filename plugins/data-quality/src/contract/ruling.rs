//! What is said of one rule in one table.
//!
//! In: the rule and the rows that break it. Out: a [`Ruling`], with its sentence. Knows no values and no
//! way of finding them.

use interlock_plugin_api::{Role, Rows, Severity};
use interlock_report::words::{counted, percent, shortened};

use crate::contract::cells::Broken;
use crate::contract::holds::{is_enough, n_allowed};

/// How a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It holds.
    Holds,
    /// It is broken.
    Broken,
    /// It could not be held against this table; as grave as this.
    NotApplied(Severity),
    /// The table has no rows.
    NoRows,
}

/// A rule in one table.
#[derive(Debug)]
pub(super) struct Ruling {
    /// Of the finding if it is broken.
    pub(super) code: &'static str,
    /// As in the project file: `min = 18`.
    pub(super) rule: String,
    /// Columns it is about.
    pub(super) columns: Vec<String>,
    pub(super) role: Role,
    pub(super) standing: Standing,
    /// Rows it was held against; 0 if it is about no rows.
    pub(super) n_looked: usize,
    /// How many rows break it.
    pub(super) n_broken: usize,
    /// Those rows; once [`Ruling::settle`]d only as many as are shown.
    pub(super) rows: Vec<usize>,
    /// Whether `rows` are rows that break it, so that a share of them means something.
    pub(super) has_share: bool,
    /// What is wrong, or why it could not be applied.
    pub(super) said: String,
    /// Values that break it, for the table of rules.
    pub(super) examples: String,
}

impl Ruling {
    /// A rule that holds, of which more can be said.
    pub(super) fn new(code: &'static str, rule: String, columns: &[&str], role: Role) -> Self {
        Self {
            code,
            rule,
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            role,
            standing: Standing::Holds,
            n_looked: 0,
            n_broken: 0,
            rows: Vec::new(),
            has_share: false,
            said: String::new(),
            examples: String::new(),
        }
    }

    /// Broken, and this is wrong.
    pub(super) fn broken(mut self, said: String) -> Self {
        self.standing = Standing::Broken;
        self.said = said;
        self
    }

    /// Not applied, for this reason.
    pub(super) fn not_applied(mut self, severity: Severity, why: &str) -> Self {
        self.standing = Standing::NotApplied(severity);
        self.said = format!("{} could not apply {}: {why}", self.place(), self.rule);
        self
    }

    /// Marks the rows if the rule is broken, and lets go of those that are not shown.
    pub(super) fn settle(&mut self, is_broken: &mut [bool]) {
        self.n_broken = self.rows.len();
        if self.standing == Standing::Broken {
            for row in &self.rows {
                if let Some(is_broken) = is_broken.get_mut(*row) {
                    *is_broken = true;
                }
            }
        }
        self.rows.truncate(Rows::LIMIT);
        self.rows.shrink_to_fit();
    }

    /// The rows that break it, as they are shown.
    pub(super) fn shown(&self) -> Option<Rows> {
        let mut rows = Rows::new(self.role, self.rows.iter().copied());
        rows.total = self.n_broken as u64;
        (self.n_broken > 0).then_some(rows)
    }

    /// `column 'age' in train:`.
    pub(super) fn place(&self) -> String {
        let role = self.role.name();
        match self.columns.as_slice() {
            [] => format!("{role}:"),
            [one] => format!("column '{one}' in {role}:"),
            several => {
                let quoted: Vec<String> = several.iter().map(|name| format!("'{name}'")).collect();
                format!("columns {} in {role}:", quoted.join(", "))
            }
        }
    }

    /// Decided by the rows that break it and by how many may.
    pub(super) fn by_rows(mut self, broken: Broken, mostly: Option<f64>) -> Self {
        let (n_broken, n) = (broken.rows.len(), broken.n_looked);
        self.n_looked = n;
        self.has_share = true;
        self.examples = examples(&broken);
        if n == 0 {
            return self.not_applied(Severity::Warning, "no row has a value");
        }
        if !is_enough(n_broken, n, mostly) {
            let such_as = if self.examples.is_empty() {
                String::new()
            } else {
                format!(": {}", self.examples)
            };
            let tolerance = mostly.map_or(String::new(), |mostly| {
                let may = n_allowed(n, mostly);
                format!("; mostly = {mostly} allows {may}")
            });
            self.said = format!(
                "{} {} of {} break{} {}{tolerance}{such_as}",
                self.place(),
                share(n_broken, n),
                counted(n, "row"),
                if n_broken == 1 { "s" } else { "" },
                self.rule,
            );
            self.standing = Standing::Broken;
        }
        self.rows = broken.rows;
        self
    }
}

/// `12 (1.2 %)`.
pub(super) fn share(n: usize, of: usize) -> String {
    format!("{n} ({})", percent(n as f64 / of.max(1) as f64))
}

/// `'-3' (2 rows), '5' and 4 more values`.
fn examples(broken: &Broken) -> String {
    let shown: Vec<String> = broken
        .examples
        .iter()
        .map(|(value, n)| {
            let value = shortened(value);
            if *n > 1 {
                format!("'{value}' ({n} rows)")
            } else {
                format!("'{value}'")
            }
        })
        .collect();
    let n_more = broken.n_values.saturating_sub(shown.len());
    match n_more {
        0 => shown.join(", "),
        n => format!("{} and {}", shown.join(", "), counted(n, "more value")),
    }
}
