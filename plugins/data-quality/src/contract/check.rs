//! The check `data-quality.contract`.
//!
//! In: the rules of the project file, the tables. Out: which rules hold in which table, and the rows
//! that break the others.

use std::collections::{BTreeMap, HashMap};

use interlock_plugin_api::{
    CheckError, Column, Context, Contract, Outcome, Role, Severity, Table, check,
};

use crate::contract::between;
use crate::contract::cells::Cells;
use crate::contract::columns::{Known, absent};
use crate::contract::figures;
use crate::contract::report::{self, Looked};
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
    let (mut rulings, mut looked) = (Vec::new(), BTreeMap::new());
    for role in Role::ALL {
        let Some(table) = ctx.table_if_present(role)? else {
            continue;
        };
        let mut is_broken = vec![false; table.n_rows()];
        rulings.extend(of_table(
            (contract, &known),
            &table,
            target,
            &mut is_broken,
        )?);
        let n_broken = is_broken.iter().filter(|is_broken| **is_broken).count();
        let n_rows = table.n_rows();
        looked.insert(role, Looked { n_rows, n_broken });
    }
    if looked.is_empty() {
        return Err(CheckError::missing_input("no table"));
    }
    Ok(report::outcome(&rulings, &looked))
}

/// The rulings on one table; marks the rows that break one.
fn of_table(
    (contract, known): (&Contract, &[Known<'_>]),
    table: &Table<'_>,
    target: Option<&str>,
    is_broken: &mut [bool],
) -> Result<Vec<Ruling>, CheckError> {
    let role = table.role();
    let columns: Vec<Column<'_>> = table.columns().collect();
    let names: Vec<&str> = columns.iter().map(Column::name).collect();
    let shape = Shape::new(role, table.n_rows(), &names, target);
    let mut rulings = shape::rulings(contract, &shape);
    // Rows seen after launch have no target yet.
    let severity = |absent: &[&str]| {
        if absent.iter().all(|name| shape.may_lack(name)) {
            Severity::Note
        } else {
            Severity::Warning
        }
    };
    let by_name: HashMap<&str, Column<'_>> = names.iter().copied().zip(columns).collect();
    let find = |name: &str| by_name.get(name).copied().map(Cells::of);
    let mut keep = |mut of_rows: Vec<Ruling>| {
        for ruling in &mut of_rows {
            if table.n_rows() == 0 {
                ruling.standing = Standing::NoRows;
            }
            ruling.settle(is_broken);
        }
        rulings.extend(of_rows);
    };
    // One column at a time: its values are let go of before the next.
    for column in known {
        let name = column.contract.name.as_str();
        if let Some(cells) = find(name) {
            keep(column.rulings(&cells, role)?);
            keep(figures::rulings(column.contract, &cells, role)?);
        } else if !column.contract.rules.required {
            // A required column that is missing is told as such.
            keep(
                absent(column, role, severity(&[name]))
                    .into_iter()
                    .collect(),
            );
        }
    }
    for relation in &contract.relations {
        let names = relation.columns.iter().map(String::as_str);
        let cells: Vec<Cells<'_>> = names.clone().filter_map(find).collect();
        let absent: Vec<&str> = names.filter(|name| !by_name.contains_key(name)).collect();
        let severity = severity(&absent);
        keep(vec![between::ruling(
            relation,
            &cells,
            (&absent, severity),
            role,
        )?]);
    }
    Ok(rulings)
}
