//! What a bias check looks at: the rows, the model's decision for each, and the groups.
//!
//! In: the run's context. Out: [`Study`] with decisions, [`Sorting`] with groups, all as plain
//! vectors over the rows studied.
//!
//! Here alone tables and the model are read; the comparison itself is in `disparity`.

use interlock_plugin_api::{
    CheckError, CheckErrorKind, Column, ColumnKind, Context, Finding, MISSING, Role, Rows,
    Severity, Table, Task,
};
use interlock_report::words::short;
use interlock_stats::order::{quantile_sorted, sorted};
use interlock_stats::rng::Rng;

use crate::groups::{
    Group, MAX_DISTINCT, by_code, by_distinct, by_edges, parse_edges, quarter_edges,
};

/// Groups compared in one column at most; beyond, the largest are.
pub const MAX_GROUPS: usize = 40;

/// What both checks let the project file set about reading.
pub struct Reading<'p> {
    /// Class that counts as selected; empty means the positive class.
    pub selected_class: &'p str,
    /// Value above which a prediction of a regression counts as selected.
    pub selected_above: Option<f64>,
    /// Rows looked at, at most.
    pub max_rows: usize,
}

/// The rows studied and what the model decided for them.
pub struct Study {
    /// The table they stand in.
    pub role: Role,
    /// Their positions in that table, ascending; index of everything below.
    pub rows: Vec<usize>,
    /// Whether the model selects the row; `None` if it gave no number.
    pub selected: Vec<Option<bool>>,
    /// What being selected means, for people: `predicted 'good'`.
    pub meaning: String,
    /// What the reader must know.
    pub notes: Vec<String>,
    /// Class or cut that decides.
    rule: Rule,
}

/// Groups of one sensitive column, over the rows of a [`Study`].
pub struct Sorting {
    /// The column.
    pub column: String,
    /// How its values became groups, for people; empty if each value is one.
    pub rule: String,
    /// The groups.
    pub groups: Vec<Group>,
}

enum Rule {
    Class { index: usize, name: String },
    Above(f64),
}

impl Study {
    /// Asks the model about the test rows, or the train rows where there are none.
    ///
    /// # Errors
    /// Without table or model; if the model refuses; if a class is needed and none is named.
    pub fn new(ctx: &Context, reading: &Reading<'_>) -> Result<Self, CheckError> {
        let mut notes = Vec::new();
        let table = if let Some(table) = ctx.table_if_present(Role::Test)? {
            table
        } else {
            notes.push(
                "There is no test table: the rows are those the model learned from, where it \
                 errs less."
                    .to_owned(),
            );
            ctx.table(Role::Train)?
        };
        let model = ctx.model()?;
        let n_rows = table.n_rows();
        let rows = Rng::new(ctx.seed()).sample_sorted(n_rows, reading.max_rows.max(1));
        if rows.len() < n_rows {
            notes.push(format!(
                "A random sample of {} of {n_rows} rows was looked at.",
                rows.len()
            ));
        }
        ctx.progress(0.1, "asking the model");
        let predictions = model.predict(&table.features_at(&model, &rows)?)?;
        let rule = match ctx.facts().task {
            Task::Regression => {
                let known: Vec<f64> = finite(&predictions.values);
                let median = quantile_sorted(&sorted(&known), 0.5);
                let cut = reading.selected_above.or(median).unwrap_or(0.0);
                if reading.selected_above.is_none() {
                    notes.push(format!(
                        "The model predicts a number: a row counts as selected above {}, the \
                         median prediction. `selected_above` sets another value.",
                        short(cut)
                    ));
                }
                Rule::Above(cut)
            }
            Task::Binary | Task::Multiclass => class_rule(ctx, reading)?,
        };
        let threshold = model.facts().threshold;
        let selected: Vec<Option<bool>> = (0..predictions.n_rows)
            .map(|row| {
                let values = predictions.row(row);
                if values.iter().any(|value| value.is_nan()) {
                    return None;
                }
                Some(match &rule {
                    Rule::Above(cut) => values[0] > *cut,
                    Rule::Class { index, .. } => predictions.class(row, threshold) == *index,
                })
            })
            .collect();
        let n_unknown = selected.iter().filter(|value| value.is_none()).count();
        if n_unknown > 0 {
            notes.push(format!(
                "{n_unknown} rows without a prediction were left out."
            ));
        }
        let meaning = match &rule {
            Rule::Class { name, .. } => format!("predicted '{name}'"),
            Rule::Above(cut) => format!("predicted above {}", short(*cut)),
        };
        Ok(Self {
            role: table.role(),
            rows,
            selected,
            meaning,
            notes,
            rule,
        })
    }

    /// Whether the true value of each row is the one that counts as selected; `None` if missing.
    ///
    /// # Errors
    /// Without a target column; if no row has the class in question.
    pub fn truth(&self, ctx: &Context) -> Result<Vec<Option<bool>>, CheckError> {
        let name = ctx.facts().target.as_deref();
        let name = name.ok_or_else(|| CheckError::missing_input("no target column"))?;
        let table = ctx.table(self.role)?;
        let column = table.column(name)?;
        match &self.rule {
            Rule::Above(cut) => {
                let values = column.numbers()?;
                let above = |&row: &usize| (!values[row].is_nan()).then(|| values[row] > *cut);
                Ok(self.rows.iter().map(above).collect())
            }
            Rule::Class { name: class, .. } => {
                let (codes, names) = coded(&column);
                let known = names
                    .iter()
                    .position(|name| name == class)
                    .or_else(|| names.iter().position(|n| n.eq_ignore_ascii_case(class)));
                let Some(known) = known else {
                    return Err(CheckError::unsuitable(format!(
                        "no row of the target '{name}' is '{class}'"
                    )));
                };
                let is_class =
                    |&row: &usize| (codes[row] != MISSING).then(|| codes[row] as usize == known);
                Ok(self.rows.iter().map(is_class).collect())
            }
        }
    }

    /// Groups of every sensitive column of the table; those that cannot be grouped are noted.
    ///
    /// # Errors
    /// If no column is sensitive, or edges cannot be read.
    pub fn sortings(
        &mut self,
        ctx: &Context,
        edges: &[String],
    ) -> Result<Vec<Sorting>, CheckError> {
        let bad = |message| CheckError::new(CheckErrorKind::BadParameter, message);
        let edges: Vec<(String, Vec<f64>)> = edges
            .iter()
            .map(|text| parse_edges(text).map_err(bad))
            .collect::<Result<_, _>>()?;
        let table = ctx.table(self.role)?;
        let reference = ctx.table_if_present(Role::Train)?;
        let names: Vec<&str> = ctx.facts().sensitive().map(|c| c.name.as_str()).collect();
        if names.is_empty() {
            return Err(CheckError::missing_input("no sensitive column"));
        }
        let mut sortings = Vec::new();
        for name in names {
            let own = edges.iter().find(|(column, _)| column == name);
            match sort(
                &table,
                reference.as_ref(),
                name,
                own.map(|(_, e)| e.as_slice()),
            ) {
                Ok((rule, groups)) => {
                    let (groups, n_left_out) = self.restrict(groups);
                    if n_left_out > 0 {
                        self.notes.push(format!(
                            "Of '{name}' the {MAX_GROUPS} largest groups are compared, {n_left_out} \
                             are left out."
                        ));
                    }
                    sortings.push(Sorting {
                        column: name.to_owned(),
                        rule,
                        groups,
                    });
                }
                Err(error) => self
                    .notes
                    .push(format!("'{name}' is left out: {}.", error.message)),
            }
        }
        Ok(sortings)
    }

    /// Positions in the table of the given positions in [`Study::rows`].
    pub fn table_rows(&self, indices: impl Iterator<Item = usize>) -> Rows {
        Rows::new(self.role, indices.map(|index| self.rows[index]))
    }

    /// Whether every known decision is the same; false without any.
    pub fn is_constant(&self) -> bool {
        let mut known = self.selected.iter().flatten();
        known
            .next()
            .is_some_and(|first| known.all(|value| value == first))
    }

    /// The finding of a study that [is constant](Self::is_constant).
    pub fn constant_finding(&self, code: &str) -> Finding {
        let is_selected = self.selected.iter().flatten().next() == Some(&true);
        let which = if is_selected { "every" } else { "no" };
        Finding::new(
            code,
            Severity::Warning,
            format!("{which} row is {}", self.meaning),
        )
        .because(
            "Where all get the same decision, groups are equal by definition; that says nothing \
             about the model's fairness.",
        )
        .advice("See whether the model or its threshold is as intended.")
    }

    /// Keeps the rows studied that have a decision, and the largest groups in their order.
    fn restrict(&self, groups: Vec<Group>) -> (Vec<Group>, usize) {
        let mut groups: Vec<Group> = groups
            .into_iter()
            .filter_map(|group| {
                let rows: Vec<usize> = group
                    .rows
                    .iter()
                    .filter_map(|row| self.rows.binary_search(row).ok())
                    .filter(|&index| self.selected[index].is_some())
                    .collect();
                (!rows.is_empty()).then_some(Group { rows, ..group })
            })
            .collect();
        let mut by_size: Vec<usize> = (0..groups.len()).collect();
        by_size.sort_by_key(|&at| std::cmp::Reverse(groups[at].rows.len()));
        let n_left_out = by_size.len().saturating_sub(MAX_GROUPS);
        let left_out: Vec<usize> = by_size.split_off(by_size.len() - n_left_out);
        let mut at = 0;
        groups.retain(|_| {
            at += 1;
            !left_out.contains(&(at - 1))
        });
        (groups, n_left_out)
    }
}

fn finite(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|v| v.is_finite()).collect()
}

fn class_rule(ctx: &Context, reading: &Reading<'_>) -> Result<Rule, CheckError> {
    let classes = &ctx.model()?.facts().classes;
    let is_binary = ctx.facts().task == Task::Binary;
    let positive = ctx.facts().positive.as_ref();
    let wanted = if reading.selected_class.is_empty() {
        positive.or(if is_binary { classes.get(1) } else { None })
    } else {
        None
    };
    let name = match wanted {
        Some(name) => name.clone(),
        None if !reading.selected_class.is_empty() => reading.selected_class.to_owned(),
        None if is_binary => "1".to_owned(),
        None => {
            return Err(CheckError::unsuitable(
                "the model has several classes and none is named as the one to be selected for: \
                 set `positive` in the project file or `selected_class`",
            ));
        }
    };
    let listed = classes.iter().position(|class| *class == name);
    let index = match listed {
        Some(index) => index,
        // The binary model's second output is the positive class, whatever it is called in the
        // model file.
        None if is_binary && (reading.selected_class.is_empty() || positive == Some(&name)) => 1,
        None => {
            let message = format!("the model has no class '{name}'");
            return Err(CheckError::new(CheckErrorKind::BadParameter, message));
        }
    };
    Ok(Rule::Class { index, name })
}

/// How a column's values become groups, and the groups over all rows of the table.
fn sort(
    table: &Table<'_>,
    reference: Option<&Table<'_>>,
    name: &str,
    own_edges: Option<&[f64]>,
) -> Result<(String, Vec<Group>), CheckError> {
    let column = table.column(name)?;
    if own_edges.is_none() && column.kind() == ColumnKind::Date {
        return Err(CheckError::unsuitable("dates are not grouped"));
    }
    let is_binned = column.kind() == ColumnKind::Numeric || own_edges.is_some();
    if !is_binned || !column.is_numeric() {
        let (codes, names) = coded(&column);
        return Ok((String::new(), by_code(&codes, &names)));
    }
    let values = column.numbers()?;
    if let Some(edges) = own_edges {
        return Ok((
            "binned by the edges set".to_owned(),
            by_edges(&values, edges),
        ));
    }
    if let Some(groups) = by_distinct(&values) {
        return Ok((String::new(), groups));
    }
    let known = reference.and_then(|table| table.column(name).ok()?.numbers().ok());
    let (edges, whose) = match known {
        Some(known) => (quarter_edges(&known), "train"),
        None => (quarter_edges(&values), table.role().name()),
    };
    let rule = format!(
        "more than {MAX_DISTINCT} distinct numbers: binned by the quartiles of the {whose} table"
    );
    Ok((rule, by_edges(&values, &edges)))
}

/// Codes and names of any column. Truth values are read in one pass.
fn coded(column: &Column<'_>) -> (Vec<u32>, Vec<String>) {
    if let Ok(values) = column.booleans() {
        let code = |value: Option<bool>| value.map_or(MISSING, u32::from);
        let names = vec!["false".to_owned(), "true".to_owned()];
        return (values.into_iter().map(code).collect(), names);
    }
    let categories = column.categories();
    (categories.codes, categories.names)
}
