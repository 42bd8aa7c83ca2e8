//! Rules on whole tables: their columns, the order of these, the number of rows.
//!
//! In: the names and the size of a table. Out: a ruling for each rule that is set.

use std::collections::HashSet;

use interlock_plugin_api::Role;
use interlock_plugin_api::contract::{ColumnSet, Contract};
use interlock_report::words::{counted, names};

use crate::contract::holds::first_swap;
use crate::contract::ruling::Ruling;

/// A table as these rules see it.
pub(super) struct Shape<'a> {
    role: Role,
    n_rows: usize,
    columns: &'a [&'a str],
    known: HashSet<&'a str>,
    target: Option<&'a str>,
}

impl<'a> Shape<'a> {
    /// `target` is the column to predict, which rows seen after launch need not have yet.
    pub(super) fn new(
        role: Role,
        n_rows: usize,
        columns: &'a [&'a str],
        target: Option<&'a str>,
    ) -> Self {
        Self {
            role,
            n_rows,
            columns,
            known: columns.iter().copied().collect(),
            target,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    /// Whether the table may lack a column: the target, after launch.
    pub(super) fn may_lack(&self, name: &str) -> bool {
        self.role == Role::Current && self.target == Some(name)
    }
}

/// The rulings on one table.
pub(super) fn rulings(contract: &Contract, shape: &Shape<'_>) -> Vec<Ruling> {
    let mut rulings = Vec::new();
    required(contract, shape, &mut rulings);
    column_set(contract, shape, &mut rulings);
    order(contract, shape, &mut rulings);
    n_rows(contract, shape, &mut rulings);
    rulings
}

fn required(contract: &Contract, shape: &Shape<'_>, rulings: &mut Vec<Ruling>) {
    for column in contract
        .columns
        .iter()
        .filter(|column| column.rules.required)
    {
        let name = column.name.as_str();
        let ruling = Ruling::new("DQ160", "required = true".to_owned(), &[name], shape.role);
        rulings.push(if shape.has(name) {
            ruling
        } else {
            let said = format!(
                "{} has no column '{name}', which is required",
                shape.role.name()
            );
            ruling.broken(said)
        });
    }
}

fn column_set(contract: &Contract, shape: &Shape<'_>, rulings: &mut Vec<Ruling>) {
    let Some(set) = contract.column_set else {
        return;
    };
    let (rule, role) = (
        match set {
            ColumnSet::Exact => "columns = \"exact\"",
            ColumnSet::AtLeast => "columns = \"at-least\"",
        },
        shape.role,
    );
    let named: Vec<&str> = contract
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let absent: Vec<&str> = named
        .iter()
        .copied()
        .filter(|name| !shape.has(name) && !shape.may_lack(name))
        .collect();
    let is_named: HashSet<&str> = named.iter().copied().collect();
    let others = shape.columns.iter().copied();
    let extra: Vec<&str> = others
        .filter(|name| set == ColumnSet::Exact && !is_named.contains(name))
        .collect();
    let mut said = Vec::new();
    if !absent.is_empty() {
        said.push(format!("has no column {}", names(absent.iter().copied())));
    }
    if !extra.is_empty() {
        let columns = if extra.len() == 1 {
            "column"
        } else {
            "columns"
        };
        let extra = names(extra.iter().copied());
        said.push(format!(
            "has {columns} {extra}, which the project file does not name"
        ));
    }
    let concerned: Vec<&str> = absent.into_iter().chain(extra).collect();
    let ruling = Ruling::new("DQ160", rule.to_owned(), &concerned, role);
    rulings.push(if said.is_empty() {
        ruling
    } else {
        ruling.broken(format!("{} {}", role.name(), said.join(" and ")))
    });
}

fn order(contract: &Contract, shape: &Shape<'_>, rulings: &mut Vec<Ruling>) {
    if contract.order.is_empty() {
        return;
    }
    let order: Vec<&str> = contract.order.iter().map(String::as_str).collect();
    let role = shape.role.name();
    let absent: Vec<&str> = order
        .iter()
        .copied()
        .filter(|name| !shape.has(name) && !shape.may_lack(name))
        .collect();
    let rule = format!("order = {} columns", order.len());
    let swap = first_swap(&order, shape.columns);
    let concerned = swap.map_or_else(|| absent.clone(), |(first, second)| vec![first, second]);
    let ruling = Ruling::new("DQ160", rule, &concerned, shape.role);
    rulings.push(match swap {
        Some((first, second)) => ruling.broken(format!(
            "{role} has column '{second}' before '{first}', not after it"
        )),
        None if !absent.is_empty() => {
            let absent = names(absent.iter().copied());
            ruling.broken(format!("{role} has no column {absent}, which order names"))
        }
        None => ruling,
    });
}

fn n_rows(contract: &Contract, shape: &Shape<'_>, rulings: &mut Vec<Ruling>) {
    let n = shape.n_rows as u64;
    let role = shape.role;
    for (key, bounds, is_least) in [
        ("row_min", &contract.row_min, true),
        ("row_max", &contract.row_max, false),
    ] {
        let Some(bound) = bounds.get(&role) else {
            continue;
        };
        let ruling = Ruling::new("DQ161", format!("{key} = {bound}"), &[], role);
        let is_broken = if is_least { n < *bound } else { n > *bound };
        let limit = if is_least { "at least" } else { "at most" };
        rulings.push(if is_broken {
            let rows = counted(shape.n_rows, "row");
            ruling.broken(format!(
                "{} has {rows}, {limit} {bound} are expected",
                role.name()
            ))
        } else {
            ruling
        });
    }
}
