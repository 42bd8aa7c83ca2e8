//! What the three checks say alike: shares, lists of names, verdicts.
//!
//! In: numbers, names, findings. Out: text and a verdict.

use interlock_plugin_api::{
    CheckError, CheckErrorKind, Context, Finding, Role, Severity, Table, Verdict,
};

/// How many bars and table rows a view shows at most.
pub(crate) const MAX_MARKS: usize = 200;

/// How many findings of one kind about single columns stand at most.
pub(crate) const MAX_FINDINGS: usize = 100;

/// Names named in a sentence before "and n more".
const MAX_NAMES: usize = 5;

/// `8.2 %`, with as many digits as tell a small share from none.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 {
        "under 0.1 %".to_owned()
    } else if share < 1.0 && percent > 99.9 {
        "over 99.9 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn counted(n: usize, singular: &str) -> String {
    if n == 1 {
        format!("1 {singular}")
    } else {
        format!("{n} {singular}s")
    }
}

/// `'a', 'b'`, and how many more.
pub(crate) fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let all: Vec<&str> = names.into_iter().collect();
    let named: Vec<String> = all
        .iter()
        .take(MAX_NAMES)
        .map(|name| format!("'{name}'"))
        .collect();
    let rest = all.len() - named.len();
    if rest == 0 {
        named.join(", ")
    } else {
        format!("{} and {rest} more", named.join(", "))
    }
}

/// The first of what is said already, and how many more.
pub(crate) fn listed(said: &[String]) -> String {
    let named = said.iter().take(MAX_NAMES).cloned().collect::<Vec<_>>();
    match said.len() - named.len() {
        0 => named.join(", "),
        rest => format!("{} and {rest} more", named.join(", ")),
    }
}

/// A value as a title can hold it.
pub(crate) fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    if text.chars().count() <= MAX_CHARS {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_CHARS - 1).collect();
    format!("{start}…")
}

/// The verdict of the gravest finding; without enough rows only a failure stands.
pub(crate) fn verdict(findings: &[Finding], has_enough_rows: bool) -> Verdict {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Verdict::Fail,
        _ if !has_enough_rows => Verdict::Inconclusive,
        Some(Severity::Warning) => Verdict::Warn,
        Some(Severity::Note) | None => Verdict::Pass,
    }
}

/// Gravest first; among equals the order stays.
pub(crate) fn sort_by_severity(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
}

/// A setting that is a share.
///
/// # Errors
/// If it is not between 0 and 1.
pub(crate) fn check_share(name: &str, value: f64) -> Result<(), CheckError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    let message = format!("{name} is {value}; it is a share, from 0 to 1");
    Err(CheckError::new(CheckErrorKind::BadParameter, message))
}

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
