//! The check `data-quality.personal-data`.
//!
//! In: the tables. Out: columns that hold personal data: e-mail addresses, telephone numbers, bank
//! accounts, payment cards, national numbers, internet addresses.
//!
//! No value is ever shown whole: findings and views mask all but the first two characters.

use interlock_plugin_api::{
    Cell, CheckError, CheckErrorKind, Column, Context, Finding, Metric, Outcome, Params, Role,
    Rows, Severity, check,
};
use interlock_stats::multiplicity::holm;
use serde::{Deserialize, Serialize};

use crate::columns::chance::binomial_tail;
use crate::columns::entries::{Entries, text_columns};
use crate::columns::national::{Checked, compact};
use crate::columns::patterns::{Pattern, masked};
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::wording::{self, counted, percent};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Chance of any false alarm among the kinds of numbers with check digits, 0 to 1.
    alpha: f64,
    /// Share of the numbers of a form, 0 to 1, whose check digits must pass.
    min_share: f64,
    /// Distinct values a column must have of a kind, 1 or more; one e-mail address is enough.
    min_values: usize,
    /// Columns that may hold personal data.
    ignore: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            min_share: 0.5,
            min_values: 3,
            ignore: Vec::new(),
        }
    }
}

/// What may be found in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pattern(Pattern),
    Checked(Checked),
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::Pattern(Pattern::Email) => "DQ031",
            Self::Pattern(Pattern::Phone) => "DQ032",
            Self::Checked(Checked::Iban) => "DQ033",
            Self::Checked(Checked::Card) => "DQ034",
            Self::Pattern(Pattern::IpAddress) => "DQ036",
            Self::Pattern(Pattern::Ssn)
            | Self::Checked(
                Checked::Dni
                | Checked::SteuerId
                | Checked::Cpf
                | Checked::Bsn
                | Checked::Pesel
                | Checked::Nir,
            ) => "DQ035",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Pattern(pattern) => pattern.plural(),
            Self::Checked(checked) => checked.plural(),
        }
    }
}

/// One kind of personal data that a column may hold.
struct Suspect {
    role: Role,
    column: String,
    kind: Kind,
    /// Distinct values of the kind, and of its form.
    n_values: usize,
    n_of_form: usize,
    n_present: usize,
    rows: Rows,
    example: String,
    /// Of the check digits; `None` if the form alone tells.
    p_value: Option<f64>,
}

#[check(
    id = "data-quality.personal-data",
    title = "Personal data",
    stage = "data-quality",
    needs(train, test?, current?),
    codes(
        DQ031 = "column holds e-mail addresses",
        DQ032 = "column holds telephone numbers",
        DQ033 = "column holds bank account numbers",
        DQ034 = "column holds payment card numbers",
        DQ035 = "column holds national identity numbers",
        DQ036 = "column holds internet addresses"
    ),
    cost = "quick",
    docs = "personal_data.md"
)]
pub(crate) fn personal_data(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("alpha", settings.alpha)?;
    wording::check_share("min_share", settings.min_share)?;
    if settings.min_values == 0 {
        let message = "min_values is 0; it is 1 or more";
        return Err(CheckError::new(CheckErrorKind::BadParameter, message));
    }
    let mut report = Report::new(&[
        "table",
        "column",
        "kind",
        "distinct values",
        "of the form",
        "p-value",
        "such as",
    ]);
    let mut suspects = Vec::new();
    let is_ignored = |name: &str| settings.ignore.iter().any(|ignored| ignored == name);
    for table in &wording::tables(ctx)? {
        for column in text_columns(table)? {
            if !is_ignored(column.name) {
                report.looked(column.name, column.n_present());
                by_pattern(&column, &settings, &mut suspects);
                by_check_digits(column, &mut suspects);
            }
        }
        for column in table.columns().filter(Column::is_numeric) {
            let is_number = column.booleans().is_err() && column.micros().is_err();
            if is_number && !is_ignored(column.name()) {
                report.looked(column.name(), column.len());
                of_numbers(table.role(), &column, &mut suspects)?;
            }
        }
    }
    judge(suspects, &settings, &mut report)?;
    Ok(report.outcome(&Words {
        metric: "n_personal_columns",
        title: "Columns of personal data",
        sound: "no personal data known by its form",
        view: "Columns that hold personal data, masked",
    }))
}

fn by_pattern(column: &Entries<'_>, settings: &Settings, suspects: &mut Vec<Suspect>) {
    let found: Vec<Option<(Pattern, &str)>> =
        column.values.iter().map(|text| Pattern::of(text)).collect();
    if found.iter().all(Option::is_none) {
        return;
    }
    for pattern in Pattern::ALL {
        let is_it =
            |found: &Option<(Pattern, &str)>| found.is_some_and(|(kind, _)| kind == pattern);
        let marks: Vec<bool> = found.iter().map(is_it).collect();
        let mut parts: Vec<&str> = found
            .iter()
            .flatten()
            .filter(|(kind, _)| *kind == pattern)
            .map(|(_, part)| *part)
            .collect();
        let Some(example) = parts.first().map(|part| masked(part)) else {
            continue;
        };
        parts.sort_unstable();
        parts.dedup();
        let n_rows: usize = column
            .counts
            .iter()
            .zip(&marks)
            .filter(|(_, m)| **m)
            .map(|(n, _)| n)
            .sum();
        let n_present = column.n_present();
        let share = n_rows as f64 / n_present.max(1) as f64;
        // An address of mail is one wherever it stands; the other forms may be something else.
        let is_enough = match pattern {
            Pattern::Email => true,
            Pattern::Phone | Pattern::IpAddress | Pattern::Ssn => {
                parts.len() >= settings.min_values && share >= settings.min_share
            }
        };
        if is_enough {
            suspects.push(Suspect {
                role: column.role,
                column: column.name.to_owned(),
                kind: Kind::Pattern(pattern),
                n_values: parts.len(),
                n_of_form: parts.len(),
                n_present,
                rows: column.rows(&marks),
                example,
                p_value: None,
            });
        }
    }
}

fn by_check_digits(column: Entries<'_>, suspects: &mut Vec<Suspect>) {
    let mut buffer = [0; 34];
    let has_form = |text: &&str| {
        let mut buffer = [0; 34];
        let text = compact(text, &mut buffer);
        text.is_some_and(|text| Checked::ALL.iter().any(|kind| kind.passes(text).is_some()))
    };
    if !column.values.iter().any(has_form) {
        return;
    }
    let column = column.distinct();
    let mut tallies = [const { Vec::new() }; Checked::N];
    let mut n_of_form = [0; Checked::N];
    for (at, text) in column.values.iter().enumerate() {
        let Some(text) = compact(text, &mut buffer) else {
            continue;
        };
        for kind in Checked::ALL {
            if let Some(passes) = kind.passes(text) {
                n_of_form[kind as usize] += 1;
                if passes {
                    tallies[kind as usize].push(at);
                }
            }
        }
    }
    for kind in Checked::ALL {
        let (passed, n) = (&tallies[kind as usize], n_of_form[kind as usize]);
        if n == 0 {
            continue;
        }
        let mut marks = vec![false; column.values.len()];
        for &at in passed {
            marks[at] = true;
        }
        suspects.push(Suspect {
            role: column.role,
            column: column.name.to_owned(),
            kind: Kind::Checked(kind),
            n_values: passed.len(),
            n_of_form: n,
            n_present: column.n_present(),
            rows: column.rows(&marks),
            example: passed
                .first()
                .map_or_else(String::new, |&at| masked(column.values[at])),
            p_value: Some(binomial_tail(passed.len(), n, kind.chance())),
        });
    }
}

/// Whole numbers of nine digits or more; leading zeros are lost in numbers.
fn of_numbers(
    role: Role,
    column: &Column<'_>,
    suspects: &mut Vec<Suspect>,
) -> Result<(), CheckError> {
    const FROM: f64 = 1e8;
    // Beyond it doubles do not hold every whole number.
    const TO: f64 = 9_007_199_254_740_992.0;
    let numbers = column.numbers()?;
    let is_long = |value: f64| (FROM..TO).contains(&value) && value.fract().abs() <= 0.0;
    let mut distinct: Vec<f64> = numbers
        .iter()
        .copied()
        .filter(|value| is_long(*value))
        .collect();
    if distinct.is_empty() {
        return Ok(());
    }
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    let passes = |kind: Checked, value: f64| kind.passes(format!("{value:.0}").as_bytes());
    let n_present = numbers.iter().filter(|value| !value.is_nan()).count();
    for kind in Checked::ALL {
        let judged: Vec<(f64, bool)> = distinct
            .iter()
            .filter_map(|&value| Some((value, passes(kind, value)?)))
            .collect();
        let passed: Vec<f64> = judged
            .iter()
            .filter(|(_, passes)| *passes)
            .map(|(v, _)| *v)
            .collect();
        if judged.is_empty() {
            continue;
        }
        let p_value = binomial_tail(passed.len(), judged.len(), kind.chance());
        let is_it = |value: &f64| {
            passed
                .binary_search_by(|other| other.total_cmp(value))
                .is_ok()
        };
        // Only a kind that may be told needs its rows.
        let rows = (0..numbers.len()).filter(|&row| p_value < 0.5 && is_it(&numbers[row]));
        suspects.push(Suspect {
            role,
            column: column.name().to_owned(),
            kind: Kind::Checked(kind),
            n_values: passed.len(),
            n_of_form: judged.len(),
            n_present,
            rows: Rows::new(role, rows),
            example: passed
                .first()
                .map_or_else(String::new, |value| masked(&format!("{value:.0}"))),
            p_value: Some(p_value),
        });
    }
    Ok(())
}

fn judge(
    suspects: Vec<Suspect>,
    settings: &Settings,
    report: &mut Report,
) -> Result<(), CheckError> {
    let p_values: Vec<f64> = suspects
        .iter()
        .filter_map(|suspect| suspect.p_value)
        .collect();
    let corrected = holm(&p_values).map_err(|error| CheckError::failed(error.to_string()))?;
    let mut corrected = corrected.into_iter();
    for suspect in suspects {
        let p_value = suspect.p_value.and_then(|_| corrected.next());
        let share = suspect.n_values as f64 / suspect.n_of_form.max(1) as f64;
        let is_by_chance = p_value.is_some_and(|p| p > settings.alpha);
        let is_few = p_value.is_some() && suspect.n_values < settings.min_values;
        if is_by_chance || is_few || share < settings.min_share {
            continue;
        }
        tell(&suspect, p_value, report);
    }
    Ok(())
}

fn tell(suspect: &Suspect, p_value: Option<f64>, report: &mut Report) {
    let (name, role) = (&suspect.column, suspect.role.name());
    let n_rows = usize::try_from(suspect.rows.total).unwrap_or(usize::MAX);
    let share = n_rows as f64 / suspect.n_present.max(1) as f64;
    let title = format!(
        "column '{name}' holds {} in {} ({}) of the {role} table, as {}",
        suspect.kind.plural(),
        counted(n_rows, "row"),
        percent(share),
        suspect.example,
    );
    let because = match (suspect.kind, p_value) {
        (Kind::Checked(kind), Some(p)) => format!(
            "Of {} of the form, {} pass the check digits; by chance {} would (corrected p = {p:.1e}). A model must not learn from what names a person, and data protection law asks for a reason to keep it.",
            counted(suspect.n_of_form, "distinct value"),
            suspect.n_values,
            percent(kind.chance()),
        ),
        _ => "A model must not learn from what names a person, and data protection law asks for a reason to keep it.".to_owned(),
    };
    report.metric(
        Metric::new(
            format!("personal_share_{role}_{}", suspect.kind.code()),
            share,
            suspect.n_present as u64,
        )
        .title(format!("Share of {}", suspect.kind.plural()))
        .unit("rate")
        .column(name),
    );
    report.row(
        vec![
            role.into(),
            name.as_str().into(),
            suspect.kind.plural().into(),
            (suspect.n_values as f64).into(),
            (suspect.n_of_form as f64).into(),
            p_value.map_or(Cell::Nothing, Cell::from),
            suspect.example.as_str().into(),
        ],
        Some(suspect.rows.clone()),
    );
    report.push(
        Finding::new(suspect.kind.code(), Severity::Warning, title)
            .because(because)
            .advice("Remove the column, or replace its values by keyed hashes before the table leaves its source. If it is meant to be here, list it under ignore in this check's settings.")
            .column(name)
            .rows(suspect.rows.clone())
            .evidence(EVIDENCE),
    );
}
