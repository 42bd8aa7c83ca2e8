//! The check `data-quality.dates`.
//!
//! In: the tables. Out: dates that stand for none, dates after all the others, gaps in a regular
//! series, and text columns whose dates are mixed or impossible.

use interlock_plugin_api::calendar::MICROS_PER_DAY;
use interlock_plugin_api::{
    Cell, CheckError, CheckErrorKind, Column, Context, Finding, Metric, Outcome, Params, Role,
    Rows, Severity, Table, check,
};
use interlock_report::settings::check_share;
use interlock_report::words::{counted, percent};
use serde::{Deserialize, Serialize};

use crate::columns::date_texts::text;
use crate::columns::day_text::{DayText, Written};
use crate::columns::entries::text_columns;
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::columns::series::{
    Moment, Odd, Series, Unit, day, moments, n_after, newest_plausible, odd_days, regular,
};
use crate::tables::tables;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Newest day a date may have, as `2024-12-31`; empty: the newest of the time column.
    latest: String,
    /// Share of rows, 0 to 1, from which on dates after the newest are taken for plans.
    planned_share: f64,
    /// Share of the values of a text column, 0 to 1, that must be dates before it is one of dates.
    date_share: f64,
    /// Different dates below which no series is looked for.
    min_series: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            latest: String::new(),
            planned_share: 0.05,
            date_share: 0.8,
            min_series: 20,
        }
    }
}

impl Settings {
    /// The last microsecond of `latest`.
    fn latest(&self) -> Result<Option<i64>, CheckError> {
        check_share("planned_share", self.planned_share)?;
        check_share("date_share", self.date_share)?;
        if self.latest.is_empty() {
            return Ok(None);
        }
        let read = DayText::of(&self.latest).filter(|read| read.written == Written::IsoDashes);
        match read.filter(|read| read.day_first.exists()) {
            Some(read) => Ok(Some((read.day_first.since_1970() + 1) * MICROS_PER_DAY - 1)),
            None => Err(CheckError::new(
                CheckErrorKind::BadParameter,
                format!("latest is '{}'; it is a day, as 2024-12-31", self.latest),
            )),
        }
    }
}

#[check(
    id = "data-quality.dates",
    title = "Dates",
    stage = "data-quality",
    needs(train, test?, current?),
    codes(
        DQ039 = "a date is impossible or stands for none",
        DQ040 = "dates lie after all others",
        DQ041 = "a regular series has gaps",
        DQ042 = "dates kept as text are mixed or impossible"
    ),
    cost = "quick",
    docs = "dates.md"
)]
pub(crate) fn dates(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let latest = settings.latest()?;
    let time = ctx.facts().time.as_deref();
    let mut report = Report::new(&["table", "column", "what", "from", "to", "rows"]);
    let mut n_columns = 0;
    for table in &tables(ctx)? {
        let newest = newest_of(table, time, latest)?;
        for column in table.columns().filter(|column| column.micros().is_ok()) {
            n_columns += 1;
            let is_time = Some(column.name()) == time;
            let looked = Dates::of(table.role(), &column, is_time)?;
            report.looked(column.name(), looked.n());
            looked.odd(&mut report);
            looked.late(newest.clone(), &settings, &mut report);
            looked.gaps(&settings, &mut report);
        }
        for column in text_columns(table)? {
            n_columns += usize::from(text(&column, settings.date_share, &mut report));
        }
    }
    if n_columns == 0 {
        return Err(CheckError::missing_input("no column of dates"));
    }
    Ok(report.outcome(&Words {
        metric: "n_date_columns",
        title: "Columns with odd dates",
        sound: "all dates are plausible",
        view: "Odd dates",
    }))
}

/// The newest date records of this table may have, and where that is from.
fn newest_of(
    table: &Table<'_>,
    time: Option<&str>,
    latest: Option<i64>,
) -> Result<Option<(i64, String)>, CheckError> {
    if let Some(latest) = latest {
        return Ok(Some((latest, "the day set as latest".to_owned())));
    }
    let Some(column) = time.and_then(|time| table.column(time).ok()) else {
        return Ok(None);
    };
    if column.micros().is_err() {
        return Ok(None);
    }
    let newest = newest_plausible(&moments(&column.micros()?));
    Ok(newest.map(|newest| (newest, format!("the newest of '{}'", column.name()))))
}

/// A column of dates.
struct Dates {
    name: String,
    role: Role,
    is_time: bool,
    micros: Vec<Option<i64>>,
    moments: Vec<Moment>,
}

impl Dates {
    fn of(role: Role, column: &Column<'_>, is_time: bool) -> Result<Self, CheckError> {
        let micros = column.micros()?;
        Ok(Self {
            name: column.name().to_owned(),
            role,
            is_time,
            moments: moments(&micros),
            micros,
        })
    }

    fn n(&self) -> usize {
        self.moments.iter().map(|(_, n)| n).sum()
    }

    fn rows(&self, is_it: impl Fn(i64) -> bool) -> Rows {
        let rows = (0..self.micros.len()).filter(|&row| self.micros[row].is_some_and(&is_it));
        Rows::new(self.role, rows)
    }

    fn push(
        &self,
        (code, severity): (&str, Severity),
        words: [String; 3],
        line: [Cell; 3],
        rows: Rows,
        report: &mut Report,
    ) {
        let [title, because, advice] = words;
        let [what, from, to] = line;
        let n = rows.total as f64;
        let cells = vec![
            self.role.name().into(),
            self.name.as_str().into(),
            what,
            from,
            to,
            n.into(),
        ];
        report.row(cells, Some(rows.clone()));
        let finding = Finding::new(code, severity, title)
            .because(because)
            .advice(advice)
            .column(&self.name)
            .rows(rows)
            .evidence(EVIDENCE);
        report.push(finding);
    }

    fn odd(&self, report: &mut Report) {
        let odd = odd_days(&self.moments);
        let role = self.role.name();
        for why in [Odd::Placeholder, Odd::Unlikely] {
            let found: Vec<(i64, usize)> = odd
                .iter()
                .filter(|(_, _, reason)| *reason == why)
                .map(|(day, n, _)| (*day, *n))
                .collect();
            let (Some(first), Some(last)) = (found.first(), found.last()) else {
                continue;
            };
            let n: usize = found.iter().map(|(_, n)| n).sum();
            let most = found.iter().max_by_key(|(_, n)| *n).unwrap_or(first);
            let of_day = |days: i64| day(days.saturating_mul(MICROS_PER_DAY)).to_string();
            let share = percent(n as f64 / self.n().max(1) as f64);
            let rows_said = counted(n, "row");
            let title = match why {
                Odd::Placeholder => format!(
                    "column '{}' is {} in {} of {rows_said} ({share}) of the {role} table that stand for no date",
                    self.name,
                    of_day(most.0),
                    most.1
                ),
                Odd::Unlikely => format!(
                    "column '{}' has {rows_said} ({share}) of the {role} table in years no record is from, as {}",
                    self.name,
                    of_day(most.0)
                ),
            };
            let because = match why {
                Odd::Placeholder => {
                    "Programs write such a day where none is known. It stands far from the other dates or far more often than they do; as a date it makes ages and durations of decades."
                }
                Odd::Unlikely => {
                    "Dates before 1800 and after 2200 are typing errors, or stand for 'always' or 'never'."
                }
            };
            let words = [
                title,
                because.to_owned(),
                "Replace them by missing values, or correct them at the source.".to_owned(),
            ];
            let line = [
                "stands for no date".into(),
                of_day(first.0).into(),
                of_day(last.0).into(),
            ];
            let is_it = |micros: i64| {
                found
                    .binary_search_by_key(&micros.div_euclid(MICROS_PER_DAY), |(day, _)| *day)
                    .is_ok()
            };
            self.push(
                ("DQ039", Severity::Warning),
                words,
                line,
                self.rows(is_it),
                report,
            );
        }
    }

    fn late(&self, newest: Option<(i64, String)>, settings: &Settings, report: &mut Report) {
        let own = newest_plausible(&self.moments);
        let (limit, whence) = match (newest, own) {
            (Some((newest, whence)), _) => (newest, whence),
            (None, Some(own)) => (own, "the others of the column".to_owned()),
            (None, None) => return,
        };
        // Years no record is from are told already.
        let told = odd_days(&self.moments);
        let is_told = |micros: i64| {
            told.binary_search_by_key(&micros.div_euclid(MICROS_PER_DAY), |(day, _, _)| *day)
                .is_ok()
        };
        let rows = self.rows(|micros| micros > limit && !is_told(micros));
        let n_told: usize = told
            .iter()
            .filter(|(day, _, _)| day.saturating_mul(MICROS_PER_DAY) > limit)
            .map(|(_, n, _)| n)
            .sum();
        let n = n_after(&self.moments, limit).saturating_sub(n_told);
        if n == 0 {
            return;
        }
        let share = n as f64 / self.n().max(1) as f64;
        report.metric(
            Metric::new(
                format!("late_share_{}", self.role.name()),
                share,
                self.n() as u64,
            )
            .title("Share of dates after the newest")
            .unit("rate")
            .column(&self.name),
        );
        let is_plan =
            share >= settings.planned_share && !self.is_time && settings.latest.is_empty();
        let severity = if is_plan {
            Severity::Note
        } else {
            Severity::Warning
        };
        let latest = self
            .moments
            .iter()
            .rev()
            .map(|(micros, _)| *micros)
            .find(|micros| !is_told(*micros));
        let latest = day(latest.unwrap_or(limit)).to_string();
        let title = format!(
            "column '{}' lies after {whence} ({}) in {} ({}) of the {} table, up to {latest}",
            self.name,
            day(limit),
            counted(n, "row"),
            percent(share),
            self.role.name(),
        );
        let because = if is_plan {
            "So many rows do that the column seems to hold dates of plans, such as when something is due."
        } else {
            "A record cannot tell of a day that has not come: a year was mistyped, day and month were swapped, or the date was filled in afterwards."
        };
        let advice = "Open the rows. If the column holds dates of plans, nothing is wrong; if the newest day allowed is another, set latest in this check's settings.";
        let words = [title, because.to_owned(), advice.to_owned()];
        let line = [
            "after the newest".into(),
            day(limit).to_string().into(),
            latest.into(),
        ];
        self.push(("DQ040", severity), words, line, rows, report);
    }

    fn gaps(&self, settings: &Settings, report: &mut Report) {
        let Some(series) = regular(&self.moments, settings.min_series) else {
            return;
        };
        let Some(longest) = series.gaps.iter().max_by_key(|(_, _, n)| *n) else {
            return;
        };
        let n_absent: i64 = series
            .gaps
            .iter()
            .fold(0, |sum, (_, _, n)| sum.saturating_add(*n));
        let severity = if self.is_time {
            Severity::Warning
        } else {
            Severity::Note
        };
        let title = format!(
            "column '{}' comes every {} and has {} in the {} table ({n_absent} dates absent); longest from {} to {}",
            self.name,
            step_words(&series),
            counted(series.gaps.len(), "gap"),
            self.role.name(),
            day(longest.0),
            day(longest.1),
        );
        let because = "Lags, differences and moving means take the next row for the next step; across a gap they mix times that do not belong together.";
        let advice =
            "Find out why the steps are absent; insert rows for them before lags are computed.";
        let words = [title, because.to_owned(), advice.to_owned()];
        let line = [
            "longest gap".into(),
            day(longest.0).to_string().into(),
            day(longest.1).to_string().into(),
        ];
        let mut ends: Vec<i64> = series
            .gaps
            .iter()
            .flat_map(|(from, to, _)| [*from, *to])
            .collect();
        ends.sort_unstable();
        let rows = self.rows(|micros| ends.binary_search(&micros).is_ok());
        self.push(("DQ041", severity), words, line, rows, report);
    }
}

/// `day`, `3 months`, `15 minutes`.
fn step_words(series: &Series) -> String {
    let (n, unit) = match series.unit {
        Unit::Workdays => (series.step, "workday"),
        Unit::Months => (series.step, "month"),
        Unit::Time => {
            let units = [
                (7 * MICROS_PER_DAY, "week"),
                (MICROS_PER_DAY, "day"),
                (3_600_000_000, "hour"),
                (60_000_000, "minute"),
                (1_000_000, "second"),
                (1_000, "millisecond"),
            ];
            let whole = units.into_iter().find(|(size, _)| series.step % size == 0);
            whole.map_or((series.step, "microsecond"), |(size, unit)| {
                (series.step / size, unit)
            })
        }
    };
    if n == 1 {
        unit.to_owned()
    } else {
        format!("{n} {unit}s")
    }
}
