//! Which tables and columns a check looks at.
//!
//! In: the context. Out: the tables that are there, and whether a column is one to look at.

use interlock_plugin_api::{CheckError, Context, Role, Table, Task};

/// The training table, and those of the others that are there.
///
/// # Errors
/// If there is no training table, or one does not hold together.
pub(crate) fn tables(ctx: &Context) -> Result<Vec<Table<'_>>, CheckError> {
    let mut tables = vec![ctx.table(Role::Train)?];
    for role in [Role::Test, Role::Current] {
        tables.extend(ctx.table_if_present(role)?);
    }
    Ok(tables)
}

/// Whether a check looks at the column of this name: not the id, not the time, and the target only
/// as the number of a regression.
pub(crate) fn is_looked_at(ctx: &Context, name: &str) -> bool {
    let facts = ctx.facts();
    let is = |role: &Option<String>| role.as_deref() == Some(name);
    !(is(&facts.id) || is(&facts.time) || is(&facts.target) && facts.task != Task::Regression)
}
