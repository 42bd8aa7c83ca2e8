//! The check `data-quality.contract`.
//!
//! In: the rules of the project file, the tables. Out: which rules hold in which table, and the rows
//! that break the others.

use std::collections::BTreeMap;

use interlock_plugin_api::{CheckError, Context, Contract, Outcome, Role, Severity, Table, check};

use crate::contract::between;
use crate::contract::cells::Cells;
use crate::contract::columns::{Known, absent};
use crate::contract::figures;
use crate::contract::report;
use crate::contract::ruling::{Ruling, Standing};
use crate::contract::shape::{self, Shape};

#[check(
    id = "data-quality.contract",
    title = "Contract",
    stage = "data-quality",
    needs(train?, test?, current?, target?, contract),
    codes(
        DQ160 = "a table has other columns than agreed",
        DQ161 = "a table has fewer or more rows than agreed",
        DQ162 = "values are of another type than agreed",
        DQ163 = "more rows are missing than agreed",
        DQ164 = "values lie outside of their range",
        DQ165 = "values are not among those allowed",
        DQ166 = "texts do not have the form agreed",
        DQ167 = "texts are shorter or longer than agreed",
        DQ168 = "values stand twice that must be unique",
        DQ169 = "values are not in the order agreed",
        DQ170 = "a figure of a column lies outside of its range",
        DQ171 = "columns of a row contradict each other",
        DQ172 = "a rule could not be applied"
    ),
    cost = "quick",
    docs = "contract.md"
)]
pub(crate) fn contract(ctx: &Context, _settings: ()) -> Result<Outcome, CheckError> {
    let contract = ctx.facts().contract.as_ref();
    let contract = contract.filter(|contract| !contract.is_empty());
    let no_contract = || {
        CheckError::missing_input(
            "no contract: `interlock init --learn` learns one from the training table",
        )
    };
    let contract = contract.ok_or_else(no_contract)?;
    let known: Result<Vec<Known<'_>>, CheckError> =
        contract.columns.iter().map(Known::of).collect();
    let known = known?;
    let target = ctx.facts().target.as_deref();
    let (mut rulings, mut n_rows) = (Vec::new(), BTreeMap::new());
    for role in Role::ALL {
        let Some(table) = ctx.table_if_present(role)? else {
            continue;
        };
        n_rows.insert(role, table.n_rows());
        rulings.extend(of_table(contract, &known, &table, target)?);
    }
    if n_rows.is_empty() {
        return Err(CheckError::missing_input("no table"));
    }
    Ok(report::outcome(&rulings, &n_rows))
}

/// The rulings on one table.
fn of_table(
    contract: &Contract,
    known: &[Known<'_>],
    table: &Table<'_>,
    target: Option<&str>,
) -> Result<Vec<Ruling>, CheckError> {
    let role = table.role();
    let cells: Vec<Cells<'_>> = table.columns().map(Cells::of).collect();
    let names: Vec<&str> = cells.iter().map(|cells| cells.column.name()).collect();
    let mut rulings = shape::rulings(
        contract,
        &Shape {
            role,
            n_rows: table.n_rows(),
            columns: &names,
            target,
        },
    );
    let find = |name: &str| cells.iter().find(|cells| cells.column.name() == name);
    // Rows seen after launch have no target yet.
    let severity = |absent: &[&str]| {
        let is_awaited = |name: &&str| role == Role::Current && target == Some(*name);
        if absent.iter().all(is_awaited) {
            Severity::Note
        } else {
            Severity::Warning
        }
    };
    let mut of_rows = Vec::new();
    for column in known {
        let name = column.contract.name.as_str();
        if let Some(cells) = find(name) {
            of_rows.extend(column.rulings(cells, role)?);
            of_rows.extend(figures::rulings(column.contract, cells, role)?);
        } else {
            // A required column that is missing is told as such.
            if !column.contract.rules.required {
                rulings.extend(absent(column, role, severity(&[name])));
            }
        }
    }
    for relation in &contract.relations {
        let columns: Vec<&Cells<'_>> = relation
            .columns
            .iter()
            .filter_map(|name| find(name))
            .collect();
        let absent: Vec<&str> = relation
            .columns
            .iter()
            .map(String::as_str)
            .filter(|name| find(name).is_none())
            .collect();
        let severity = severity(&absent);
        of_rows.push(between::ruling(
            relation,
            &columns,
            (&absent, severity),
            role,
        )?);
    }
    if table.n_rows() == 0 {
        for ruling in &mut of_rows {
            ruling.standing = Standing::NoRows;
        }
    }
    rulings.extend(of_rows);
    Ok(rulings)
}
