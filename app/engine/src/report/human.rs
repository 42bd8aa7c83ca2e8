//! A picture as a table for people.
//!
//! In: a [`Picture`]. Out: lines without color, at most as wide as asked, findings below.

use std::fmt::Write as _;

use interlock_plugin_api::check_info::Stage;
use interlock_plugin_api::outcome::{Metric, Severity};

use super::{overall, printable};
use crate::picture::{CheckState, Picture, Standing};
use crate::problem::Problem;

/// The whole report.
pub fn report(picture: &Picture) -> String {
    let mut text = String::new();
    for problem in &picture.project.problems {
        push_line(&mut text, &problem_line(problem));
        if !problem.help.is_empty() {
            push_line(&mut text, &format!("  help: {}", problem.help));
        }
    }
    if !picture.project.problems.is_empty() {
        text.push('\n');
    }
    push_checks(&mut text, picture);
    push_plugins(&mut text, picture);
    push_line(&mut text, &summary(picture));
    text
}

/// One line: the verdict over all, and how many checks stand how.
pub fn summary(picture: &Picture) -> String {
    let mut counts = String::new();
    let all = [
        Standing::Fail,
        Standing::Error,
        Standing::Stale,
        Standing::Inconclusive,
        Standing::Warn,
        Standing::Pending,
        Standing::Pass,
        Standing::Skipped,
    ];
    for standing in all {
        let n = picture
            .checks
            .iter()
            .filter(|check| check.standing == standing)
            .count();
        if n > 0 {
            let comma = if counts.is_empty() { "" } else { ", " };
            let _written = write!(counts, "{comma}{n} {}", word(standing));
        }
    }
    if counts.is_empty() {
        "no check ran".clone_into(&mut counts);
    }
    format!(
        "{}: {} ({counts})",
        picture.project.name,
        word(overall(picture))
    )
}

/// `file:line: column: message`, as compilers write it.
pub fn problem_line(problem: &Problem) -> String {
    let mut text = problem.file.clone();
    if let Some(line) = problem.line {
        let _written = write!(text, ":{line}");
    }
    if let Some(column) = &problem.column {
        let _written = write!(text, ": {column}");
    }
    let kind = if problem.is_error { "error" } else { "note" };
    format!("{text}: {kind}: {}", problem.message)
}

/// A value with as many digits as it needs for reading.
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value.fract().abs() < f64::EPSILON && magnitude < 1e6 {
        format!("{value:.0}")
    } else if (1e-3..1e5).contains(&magnitude) {
        let digits = if magnitude >= 100.0 { 1 } else { 3 };
        format!("{value:.digits$}")
    } else {
        format!("{value:.2e}")
    }
}

fn word(standing: Standing) -> String {
    match standing {
        Standing::Pending => "pending".to_owned(),
        other => other.word().to_lowercase(),
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(&printable(line));
    text.push('\n');
}

fn push_checks(text: &mut String, picture: &Picture) {
    let width = picture
        .checks
        .iter()
        .map(|check| check.info.id.len())
        .max()
        .unwrap_or(0);
    for stage in Stage::ALL {
        let checks: Vec<&CheckState> = picture
            .checks
            .iter()
            .map(AsRef::as_ref)
            .filter(|check| check.info.stage == stage)
            .collect();
        if checks.is_empty() {
            continue;
        }
        push_line(text, stage.title());
        for check in checks {
            push_check(text, check, width);
        }
        text.push('\n');
    }
}

fn push_check(text: &mut String, check: &CheckState, width: usize) {
    let outcome = check.outcome.as_deref();
    let said = match (check.standing, outcome, check.reason.as_deref()) {
        (Standing::Skipped | Standing::Stale | Standing::Error | Standing::Pending, _, reason) => {
            reason.unwrap_or_default()
        }
        (_, Some(outcome), None) => &outcome.summary,
        (_, _, Some(reason)) => reason,
        (_, None, None) => "",
    };
    let word = check.standing.word();
    push_line(
        text,
        &format!("  {word:<10}  {:<width$}  {said}", check.info.id),
    );
    let Some(outcome) = outcome else { return };
    if let Some(line) = outcome.metrics.first().map(metric) {
        push_line(text, &format!("  {:<10}  {line}", ""));
    }
    for finding in outcome
        .findings
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
    {
        push_line(
            text,
            &format!("  {:<10}  {} {}", "", finding.code, finding.title),
        );
        if !finding.advice.is_empty() {
            push_line(text, &format!("  {:<10}        {}", "", finding.advice));
        }
    }
}

fn metric(metric: &Metric) -> String {
    let name = if metric.title.is_empty() {
        &metric.id
    } else {
        &metric.title
    };
    let value = metric
        .value
        .map_or_else(|| "not computable".to_owned(), number);
    let mut text = format!("{name} {value}");
    if let Some(interval) = &metric.interval {
        let (low, high) = (number(interval.low), number(interval.high));
        let _written = write!(text, " [{low}, {high}]");
    }
    if let Some(limit) = metric.limit() {
        let _written = write!(text, ", limit {}", number(limit));
    }
    let _written = write!(text, ", n = {}", metric.n);
    text
}

fn push_plugins(text: &mut String, picture: &Picture) {
    use crate::picture::PluginHealth;
    let mut has_any = false;
    for plugin in &picture.plugins {
        let trouble = match &plugin.health {
            PluginHealth::Opening => "was still being opened",
            PluginHealth::Ready | PluginHealth::Disabled => continue,
            PluginHealth::Broken(why)
            | PluginHealth::Restarting(why)
            | PluginHealth::Quarantined(why) => why,
        };
        push_line(text, &format!("plugin {}: {trouble}", plugin.id));
        has_any = true;
    }
    if has_any {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        let cases = [
            (0.0, "0"),
            (12.0, "12"),
            (0.12345, "0.123"),
            (1234.56, "1234.6"),
            (1e-7, "1.00e-7"),
            (2.5e9, "2.50e9"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn problems_read_like_a_compilers() {
        let problem = Problem {
            file: "train.csv".to_owned(),
            line: Some(7),
            column: Some("age".to_owned()),
            message: "'abc' is not a number".to_owned(),
            help: String::new(),
            is_error: true,
        };
        assert_eq!(
            problem_line(&problem),
            "train.csv:7: age: error: 'abc' is not a number"
        );
    }
}
