//! Rules between columns of one row, and on columns that name rows together.
//!
//! In: two or more columns and a relation. Out: a ruling.

use interlock_plugin_api::contract::{Relation, RelationKind};
use interlock_plugin_api::{CheckError, MISSING, Role, Severity, ValueType};
use interlock_report::words::{names, shortened};

use crate::coded::Coder;
use crate::contract::cells::{Broken, Cells};
use crate::contract::columns::plural;
use crate::contract::holds::{differ, joined, repeated};
use crate::contract::kinds;
use crate::contract::ruling::Ruling;

/// Rows named in a sentence.
const MAX_EXAMPLES: usize = 3;

/// Microseconds in what a tolerance counts: days between dates, seconds as soon as one is a point in
/// time.
const MICROS_PER_DAY: f64 = 86_400e6;
const MICROS_PER_SECOND: f64 = 1e6;

/// The ruling on a relation; `absent` are those of its columns that the table does not have, and how
/// grave that is.
pub(super) fn ruling(
    relation: &Relation,
    columns: &[Cells<'_>],
    absent: (&[&str], Severity),
    role: Role,
) -> Result<Ruling, CheckError> {
    let (absent, severity) = absent;
    let columns_named: Vec<&str> = relation.columns.iter().map(String::as_str).collect();
    let rule = if relation.tolerance > 0.0 {
        format!("{} (tolerance {})", relation.rule, relation.tolerance)
    } else {
        relation.rule.clone()
    };
    let ruling = Ruling::new("DQ171", rule, &columns_named, role);
    if !absent.is_empty() {
        let why = format!("the table has no column {}", names(absent.iter().copied()));
        return Ok(Ruling {
            code: "DQ172",
            ..ruling.not_applied(severity, &why)
        });
    }
    if relation.kind == RelationKind::Unique {
        let codes: Result<Vec<&[u32]>, CheckError> = columns
            .iter()
            .map(|cells| Ok(cells.coded()?.codes.as_slice()))
            .collect();
        let (codes, n_codes) = joined(&codes?);
        let n_looked = codes.iter().filter(|code| **code != MISSING).count();
        let broken = broken(n_looked, repeated(&codes, n_codes), columns);
        let ruling = Ruling {
            code: "DQ168",
            ..ruling
        };
        return Ok(ruling.by_rows(broken, relation.mostly));
    }
    Ok(match off(relation, columns)? {
        Ok((n_looked, rows)) => ruling.by_rows(broken(n_looked, rows, columns), relation.mostly),
        Err(why) => ruling.not_applied(Severity::Error, &why),
    })
}

/// Rows and what stands in them: `5, 3`.
fn broken(n_looked: usize, rows: Vec<usize>, columns: &[Cells<'_>]) -> Broken {
    let value = |cells: &Cells<'_>, row: usize| cells.column.display(row).unwrap_or_default();
    let examples = rows.iter().take(MAX_EXAMPLES).map(|row| {
        let values: Vec<String> = columns.iter().map(|cells| value(cells, *row)).collect();
        (values.join(", "), 1)
    });
    Broken {
        n_looked,
        n_values: 0,
        examples: examples.collect(),
        rows,
    }
}

/// How many rows have all values, and which of them break the relation; else why it cannot be told.
type Off = Result<(usize, Vec<usize>), String>;

fn off(relation: &Relation, columns: &[Cells<'_>]) -> Result<Off, CheckError> {
    if relation.kind == RelationKind::Equal
        && let [a, b] = columns
        && a.is_text()
        && b.is_text()
    {
        return equal_texts(a, b).map(Ok);
    }
    let mut numbers = Vec::new();
    let is_time = |cells: &&Cells<'_>| {
        let has = cells.column.value_type();
        matches!(has, ValueType::Date | ValueType::Timestamp)
    };
    let n_times = columns.iter().filter(|cells| is_time(cells)).count();
    let is_order = matches!(
        relation.kind,
        RelationKind::AtMost | RelationKind::Below | RelationKind::Equal
    );
    if n_times > 0 && (n_times < columns.len() || !is_order) {
        let kinds: Vec<String> = columns
            .iter()
            .map(|cells| {
                format!(
                    "'{}' holds {}",
                    cells.column.name(),
                    plural(cells.column.value_type())
                )
            })
            .collect();
        return Ok(Err(format!(
            "{}, which do not go together",
            kinds.join(", ")
        )));
    }
    for cells in columns {
        match column_numbers(cells, n_times > 0)? {
            Ok(values) => numbers.push(values),
            Err(why) => return Ok(Err(why)),
        }
    }
    let has_clock = columns
        .iter()
        .any(|cells| cells.column.value_type() == ValueType::Timestamp);
    let unit = match (n_times > 0, has_clock) {
        (false, _) => 1.0,
        (true, true) => MICROS_PER_SECOND,
        (true, false) => MICROS_PER_DAY,
    };
    let tolerance = relation.tolerance * unit;
    Ok(Ok(match (numbers.as_slice(), columns) {
        ([a, b], [a_cells, b_cells]) => {
            let is_exact = a_cells.is_beyond_doubles() && b_cells.is_beyond_doubles();
            let whole = |row: usize| {
                let is_exact = is_exact && tolerance <= 0.0;
                is_exact.then(|| a_cells.exact(row).zip(b_cells.exact(row)))?
            };
            of_two(relation.kind, (a, b), tolerance, whole)
        }
        ([a, b, c], _) => of_three(relation.kind, [a, b, c], tolerance),
        _ => (0, Vec::new()),
    }))
}

/// The numbers of a column, NaN where missing; text counts if all of it are numbers. Points in time
/// as microseconds.
fn column_numbers(
    cells: &Cells<'_>,
    is_time: bool,
) -> Result<Result<Vec<f64>, String>, CheckError> {
    if is_time {
        let micros = cells.column.micros()?;
        return Ok(Ok(micros
            .into_iter()
            .map(|micros| micros.map_or(f64::NAN, |micros| micros as f64))
            .collect()));
    }
    if !cells.is_text() {
        return Ok(Ok(cells.numbers().to_vec()));
    }
    let coded = cells.coded()?;
    let mut numbers = Vec::new();
    for text in &coded.texts {
        match kinds::number(text) {
            Some(number) => numbers.push(number),
            None => {
                let text = shortened(text);
                let why = format!("'{text}' in column '{}' is no number", cells.column.name());
                return Ok(Err(why));
            }
        }
    }
    let number = |code: &u32| numbers.get(*code as usize).copied().unwrap_or(f64::NAN);
    Ok(Ok(coded.codes.iter().map(number).collect()))
}

fn equal_texts(a: &Cells<'_>, b: &Cells<'_>) -> Result<(usize, Vec<usize>), CheckError> {
    let mut coder = Coder::default();
    let (a, b) = (coder.code(&a.column)?.codes, coder.code(&b.column)?.codes);
    let mut n_looked = 0;
    let mut rows = Vec::new();
    for (row, (a, b)) in a.iter().zip(&b).enumerate() {
        if *a == MISSING || *b == MISSING {
            continue;
        }
        n_looked += 1;
        if a != b {
            rows.push(row);
        }
    }
    Ok((n_looked, rows))
}

fn of_two(
    kind: RelationKind,
    (a, b): (&[f64], &[f64]),
    tolerance: f64,
    whole: impl Fn(usize) -> Option<(i64, i64)>,
) -> (usize, Vec<usize>) {
    let (mut n_looked, mut rows) = (0, Vec::new());
    for (row, (a, b)) in a.iter().zip(b).enumerate() {
        if a.is_nan() || b.is_nan() {
            continue;
        }
        n_looked += 1;
        // Equal doubles may stand for whole numbers that differ.
        let by_doubles = (a + 0.0).total_cmp(&(b + 0.0));
        let exact = whole(row).filter(|_| by_doubles.is_eq());
        let order = exact.map_or(by_doubles, |(a, b)| a.cmp(&b));
        let is_near = tolerance > 0.0 && (a - b).abs() <= tolerance;
        let holds = match kind {
            RelationKind::AtMost => order.is_le() || is_near,
            RelationKind::Below => order.is_lt() || tolerance > 0.0 && a - b < tolerance,
            _ => order.is_eq() || is_near,
        };
        if !holds {
            rows.push(row);
        }
    }
    (n_looked, rows)
}

fn of_three(kind: RelationKind, [a, b, c]: [&[f64]; 3], tolerance: f64) -> (usize, Vec<usize>) {
    let (mut n_looked, mut rows) = (0, Vec::new());
    for (row, ((a, b), c)) in a.iter().zip(b).zip(c).enumerate() {
        if a.is_nan() || b.is_nan() || c.is_nan() {
            continue;
        }
        n_looked += 1;
        let reckoned = match kind {
            RelationKind::Sum => a + b,
            RelationKind::Difference => a - b,
            _ => a * b,
        };
        let size = match kind {
            RelationKind::Product => c.abs().max(reckoned.abs()),
            _ => a.abs().max(b.abs()).max(c.abs()),
        };
        if reckoned.is_nan() || differ(reckoned, *c, size, tolerance) {
            rows.push(row);
        }
    }
    (n_looked, rows)
}
