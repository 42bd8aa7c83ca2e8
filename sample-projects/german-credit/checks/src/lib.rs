//! In-house checks of a bank.
//!
//! In: the tables of a loan project. Out: loans whose monthly instalment the bank would not grant.
//!
//! Change `Settings::default`, run `cargo build` in this folder, and watch the dashboard.

use interlock_plugin_api::{
    CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity, Verdict, check,
    plugin,
};
use serde::{Deserialize, Serialize};

plugin! {
    id: "bank",
    summary: "House rules of the bank",
    checks: [INSTALMENTS],
}

/// Settings of the check, under `[checks."bank.instalments"]`.
#[derive(Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Largest monthly instalment the bank grants, in DM.
    limit: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { limit: 1000.0 }
    }
}

/// No loan asks for more per month than the bank grants.
#[check(
    id = "bank.instalments",
    title = "Instalments the bank grants",
    stage = "data-quality",
    needs(train, current?, columns("amount", "duration_months")),
    codes(BK001 = "monthly instalment above the limit"),
    cost = "quick",
    docs = "instalments.md"
)]
fn instalments(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let mut outcome = Outcome::new(Verdict::Pass, "every instalment is one the bank grants");
    for role in [Role::Train, Role::Current] {
        let Some(table) = ctx.table_if_present(role)? else {
            continue;
        };
        let amounts = table.column("amount")?.numbers()?;
        let months = table.column("duration_months")?.numbers()?;
        let too_high: Vec<usize> = (0..table.n_rows())
            .filter(|&row| amounts[row] / months[row] > settings.limit)
            .collect();
        let share = too_high.len() as f64 / table.n_rows().max(1) as f64;
        outcome = outcome.metric(
            Metric::new(
                format!("share_too_high_{}", role.name()),
                share,
                table.n_rows() as u64,
            )
            .title(format!("Loans above the limit in {}", role.name()))
            .unit("rate")
            .at_most(Some(0.0), None),
        );
        if !too_high.is_empty() {
            outcome.verdict = Verdict::Warn;
            let said = format!(
                "{} loans in {} ask for more than {} a month",
                too_high.len(),
                role.name(),
                settings.limit
            );
            outcome.summary.clone_from(&said);
            outcome = outcome.finding(
                Finding::new("BK001", Severity::Warning, said)
                    .because("the bank does not grant such loans; these rows teach the model nothing it will meet")
                    .advice("ask the branch whether amount or duration was typed wrong")
                    .column("amount")
                    .column("duration_months")
                    .rows(Rows::new(role, too_high)),
            );
        }
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use interlock_plugin_api::test_kit::{Run, TestTable};

    use super::*;

    #[test]
    fn a_loan_above_the_limit_is_named() {
        let table = TestTable::from_csv("amount,duration_months\n1200,12\n9000,6\n");
        let outcome = Run::new(crate::module())
            .table(Role::Train, table)
            .check("bank.instalments")
            .unwrap();
        assert_eq!(outcome.verdict, Verdict::Warn);
        assert_eq!(outcome.findings[0].place.rows.as_ref().unwrap().rows, [1]);
    }
}
