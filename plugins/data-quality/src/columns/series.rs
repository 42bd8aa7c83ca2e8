//! What is odd about points in time.
//!
//! In: different points in time, ascending, with how many rows have each; microseconds since 1970.
//! Out: those that stand for nothing, those far after all others, and gaps in a regular series.
//!
//! Knows no clock: "late" means later than the other points, or than a limit it is given.

use interlock_plugin_api::calendar::{Day, MICROS_PER_DAY, days_in_month};

use crate::columns::weeks::{is_weekend, workdays};

/// A point in time and the number of rows that have it.
pub(crate) type Moment = (i64, usize);

/// Different points in time, ascending.
pub(crate) fn moments(micros: &[Option<i64>]) -> Vec<Moment> {
    let mut all: Vec<i64> = micros.iter().copied().flatten().collect();
    all.sort_unstable();
    let mut moments: Vec<Moment> = Vec::new();
    for micros in all {
        match moments.last_mut() {
            Some(last) if last.0 == micros => last.1 += 1,
            _ => moments.push((micros, 1)),
        }
    }
    moments
}

/// The day of a point in time.
pub(crate) fn day(micros: i64) -> Day {
    Day::of(micros.div_euclid(MICROS_PER_DAY))
}

/// Days that programs and people put for "no date": year, month, day.
const PLACEHOLDERS: [(i64, u8, u8); 19] = [
    (1, 1, 1),
    (1601, 1, 1),
    (1753, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1900, 1, 1),
    (1904, 1, 1),
    (1960, 1, 1),
    (1969, 12, 31),
    (1970, 1, 1),
    (1980, 1, 1),
    (2000, 1, 1),
    (2001, 1, 1),
    (2038, 1, 19),
    (2099, 12, 31),
    (2100, 1, 1),
    (2999, 12, 31),
    (9999, 12, 31),
    (1111, 11, 11),
];

/// Years outside of which no date of a record is likely.
const LIKELY_YEARS: std::ops::RangeInclusive<i64> = 1800..=2200;

/// Rows a placeholder must have before it is told by its number.
const MIN_ROWS: usize = 10;

/// How many times as many rows as the usual day a placeholder must have.
const TIMES_USUAL: usize = 10;

/// Why a day is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    /// Outside the years in which records are made.
    Unlikely,
    /// A day that stands for "no date", with far more rows than other days or far from them.
    Placeholder,
}

/// The odd days, ascending: the days since 1970, their rows, and why.
pub(crate) fn odd_days(moments: &[Moment]) -> Vec<(i64, usize, Odd)> {
    let days = by_day(moments);
    let mut odd = Vec::new();
    let is_placeholder = |days: i64| {
        let Day { year, month, day } = Day::of(days);
        PLACEHOLDERS.contains(&(year, month, day))
    };
    let mut counts: Vec<usize> = days
        .iter()
        .filter(|(day, _)| !is_placeholder(*day))
        .map(|(_, n)| *n)
        .collect();
    counts.sort_unstable();
    let usual = counts.get(counts.len() / 2).copied().unwrap_or(0);
    // Where dates are known to the year only, all stand at its first day.
    let is_first_of_year = |days: i64| {
        let day = Day::of(days);
        (day.month, day.day) == (1, 1) && !is_placeholder(days)
    };
    let first_of_years = days.iter().filter(|(day, _)| is_first_of_year(*day));
    let most_first = first_of_years.map(|(_, n)| *n).max().unwrap_or(0);
    for (at, &(day, n)) in days.iter().enumerate() {
        if !LIKELY_YEARS.contains(&Day::of(day).year) {
            odd.push((day, n, Odd::Unlikely));
        } else if is_placeholder(day) {
            let is_spike =
                usual > 0 && n >= MIN_ROWS && n > TIMES_USUAL * usual && n > 3 * most_first;
            if is_spike || is_alone(&days, at) {
                odd.push((day, n, Odd::Placeholder));
            }
        }
    }
    odd
}

fn by_day(moments: &[Moment]) -> Vec<(i64, usize)> {
    let mut days: Vec<(i64, usize)> = Vec::new();
    for (micros, n) in moments {
        let day = micros.div_euclid(MICROS_PER_DAY);
        match days.last_mut() {
            Some(last) if last.0 == day => last.1 += n,
            _ => days.push((day, *n)),
        }
    }
    days
}

/// Whether a day is the first or last and lies farther from the others, which are likely ones, than
/// they span, and than a year.
fn is_alone(days: &[(i64, usize)], at: usize) -> bool {
    let likely = |day: &&(i64, usize)| LIKELY_YEARS.contains(&Day::of(day.0).year);
    let others = || {
        days.iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, day)| day)
    };
    let (Some(first), Some(last)) = (others().find(likely), others().rfind(likely)) else {
        return false;
    };
    let span = last.0 - first.0;
    let gap = (first.0 - days[at].0).max(days[at].0 - last.0);
    others().filter(likely).count() > 1 && gap > span.max(365)
}

/// Share of rows that may be taken for too late.
const MAX_LATE_SHARE: f64 = 0.05;

/// The newest point in time that lies no farther from those before than all of them span, and than
/// a year; odd days do not count, and at most a twentieth of the rows are taken for later. Nothing
/// without a point.
pub(crate) fn newest_plausible(moments: &[Moment]) -> Option<i64> {
    let odd = odd_days(moments);
    let is_odd = |micros: i64| {
        let day = micros.div_euclid(MICROS_PER_DAY);
        odd.binary_search_by_key(&day, |(day, _, _)| *day).is_ok()
    };
    let kept = moments
        .iter()
        .copied()
        .filter(|(micros, _)| !is_odd(*micros));
    let moments: Vec<Moment> = kept.collect();
    let first = moments
        .iter()
        .find(|(micros, _)| LIKELY_YEARS.contains(&day(*micros).year))?
        .0;
    let n: usize = moments.iter().map(|(_, n)| n).sum();
    let mut newest = moments.last()?.0;
    let mut n_after = 0;
    for pair in moments.windows(2).rev() {
        let ((before, _), (after, n_here)) = (pair[0], pair[1]);
        n_after += n_here;
        if n_after as f64 > MAX_LATE_SHARE * n as f64 || before < first {
            break;
        }
        let span = before.saturating_sub(first);
        if after.saturating_sub(before) > span.max(365 * MICROS_PER_DAY) {
            newest = before;
        }
    }
    Some(newest)
}

/// Rows after a point in time.
pub(crate) fn n_after(moments: &[Moment], limit: i64) -> usize {
    let from = moments.partition_point(|(micros, _)| *micros <= limit);
    moments[from..].iter().map(|(_, n)| n).sum()
}

/// Between what a series counts its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Microseconds.
    Time,
    /// Days without Saturdays and Sundays.
    Workdays,
    /// Months, always the same day or the last one.
    Months,
}

/// Points in time of which most follow each other at the same distance, each with as many rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) unit: Unit,
    /// The usual distance, in the unit.
    pub(crate) step: i64,
    /// Points in time around each gap, and how many are absent between them.
    pub(crate) gaps: Vec<(i64, i64, i64)>,
}

/// Share of steps that must be the usual one, and of points that must have the usual rows.
const REGULAR_STEPS: f64 = 0.8;

/// As [`REGULAR_STEPS`], for the number of rows of each point. Dates drawn at random vary in it.
const REGULAR_ROWS: f64 = 0.9;

/// The regular series these points make, if they do; from `min` different points on.
pub(crate) fn regular(moments: &[Moment], min: usize) -> Option<Series> {
    if moments.len() < min.max(3) {
        return None;
    }
    let n_usual = most_frequent(
        moments
            .iter()
            .map(|(_, n)| i64::try_from(*n).unwrap_or(0))
            .collect(),
    )?
    .1;
    if (n_usual as f64) < REGULAR_ROWS * moments.len() as f64 {
        return None;
    }
    let unit = unit_of(moments);
    let places: Vec<i64> = moments
        .iter()
        .map(|(micros, _)| place(*micros, unit))
        .collect();
    let steps: Option<Vec<i64>> = places
        .windows(2)
        .map(|pair| pair[1].checked_sub(pair[0]))
        .collect();
    let steps = steps?;
    let (step, n_usual) = most_frequent(steps.clone())?;
    if step <= 0 || (n_usual as f64) < REGULAR_STEPS * steps.len() as f64 {
        return None;
    }
    let gaps = steps
        .iter()
        .zip(moments.windows(2))
        .filter(|(distance, _)| **distance > step.saturating_add(step / 2))
        .map(|(distance, pair)| (pair[0].0, pair[1].0, (distance / step - 1).max(1)))
        .collect();
    Some(Series { unit, step, gaps })
}

fn most_frequent(mut values: Vec<i64>) -> Option<(i64, usize)> {
    values.sort_unstable();
    let runs = values
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len()));
    // The smaller of equally frequent ones.
    runs.rev().max_by_key(|(_, n)| *n)
}

fn unit_of(moments: &[Moment]) -> Unit {
    if moments
        .iter()
        .any(|(micros, _)| micros.rem_euclid(MICROS_PER_DAY) != 0)
    {
        return Unit::Time;
    }
    let days = || moments.iter().map(|(micros, _)| day(*micros));
    let is_last = |day: Day| day.day == days_in_month(day.year, day.month);
    let first = day(moments[0].0);
    if days().all(|day| day.day == first.day) || days().all(is_last) {
        Unit::Months
    } else if !moments
        .iter()
        .any(|(micros, _)| is_weekend(micros.div_euclid(MICROS_PER_DAY)))
    {
        Unit::Workdays
    } else {
        Unit::Time
    }
}

fn place(micros: i64, unit: Unit) -> i64 {
    match unit {
        Unit::Time => micros,
        Unit::Workdays => workdays(micros.div_euclid(MICROS_PER_DAY)),
        Unit::Months => {
            let day = day(micros);
            day.year * 12 + i64::from(day.month)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i64, month: u8, day: u8) -> i64 {
        Day { year, month, day }.since_1970() * MICROS_PER_DAY
    }

    fn rows(days: impl IntoIterator<Item = i64>) -> Vec<Moment> {
        let micros: Vec<Option<i64>> = days.into_iter().map(Some).collect();
        moments(&micros)
    }

    fn daily(n: i64) -> impl Iterator<Item = i64> {
        (0..n).map(|k| at(2020, 1, 1) + k * MICROS_PER_DAY)
    }

    #[test]
    fn points_are_counted() {
        assert_eq!(
            moments(&[Some(5), None, Some(-1), Some(5)]),
            [(-1, 1), (5, 2)]
        );
        assert_eq!(moments(&[]), []);
    }

    #[test]
    fn placeholders_far_away_or_frequent_are_odd() {
        let odd = |days: Vec<i64>| -> Vec<String> {
            odd_days(&rows(days))
                .iter()
                .map(|(day, _, _)| Day::of(*day).to_string())
                .collect()
        };
        let with = |extra: i64, n: usize| daily(200).chain(std::iter::repeat_n(extra, n)).collect();
        assert_eq!(odd(with(at(1970, 1, 1), 1)), ["1970-01-01"]);
        assert_eq!(odd(with(at(9999, 12, 31), 1)), ["9999-12-31"]);
        assert_eq!(odd(with(at(212, 3, 1), 1)), ["0212-03-01"]);
        assert!(odd(with(at(2019, 12, 31), 50)).is_empty());
        // Births from 1940 to 2000: the first of 1970 is odd with many rows only.
        let births = |n: usize| -> Vec<i64> {
            let others = (0..2000).map(|k| at(1940, 1, 1) + k * 11 * MICROS_PER_DAY);
            others
                .chain(std::iter::repeat_n(at(1970, 1, 1), n))
                .collect()
        };
        assert!(odd(births(5)).is_empty());
        assert_eq!(odd(births(40)), ["1970-01-01"]);
        // Known to the year only: all stand at the first of January.
        let yearly = (1950..1990).flat_map(|year| std::iter::repeat_n(at(year, 1, 1), 40));
        assert!(odd(yearly.collect()).is_empty());
        assert!(odd(Vec::new()).is_empty() && odd(vec![at(1970, 1, 1)]).is_empty());
        assert!(odd_days(&[(i64::MIN, 1), (i64::MAX, 1)]).len() == 2);
    }

    #[test]
    fn the_newest_plausible_is_before_the_ones_far_after() {
        let last = daily(100).last();
        assert_eq!(newest_plausible(&rows(daily(100))), last);
        let with_late = rows(daily(100).chain([at(2035, 1, 1), at(2036, 1, 1)]));
        assert_eq!(newest_plausible(&with_late), last);
        assert_eq!(n_after(&with_late, last.unwrap()), 2);
        // A tenth of the rows are not taken for wrong.
        let many = rows(daily(100).chain((0..10).map(|k| at(2035, 1, 1) + k)));
        assert_eq!(newest_plausible(&many), Some(at(2035, 1, 1) + 9));
        assert_eq!(newest_plausible(&[]), None);
    }

    #[test]
    fn gaps_of_days_workdays_and_months() {
        let gaps = |days: Vec<i64>| regular(&rows(days), 20).map(|s| (s.unit, s.gaps));
        let without = |days: Vec<i64>, from: i64, to: i64| -> Vec<i64> {
            days.into_iter()
                .filter(|day| *day <= from || *day >= to)
                .collect()
        };
        let days: Vec<i64> = daily(60).collect();
        assert_eq!(gaps(days.clone()), Some((Unit::Time, vec![])));
        let (from, to) = (at(2020, 1, 10), at(2020, 1, 14));
        assert_eq!(
            gaps(without(days, from, to)),
            Some((Unit::Time, vec![(from, to, 3)]))
        );
        let work: Vec<i64> = daily(60)
            .filter(|m| !is_weekend(m / MICROS_PER_DAY))
            .collect();
        assert_eq!(gaps(work.clone()), Some((Unit::Workdays, vec![])));
        // Friday to Tuesday: Monday is absent.
        let (from, to) = (at(2020, 1, 10), at(2020, 1, 14));
        assert_eq!(
            gaps(without(work, from, to)),
            Some((Unit::Workdays, vec![(from, to, 1)]))
        );
        let months: Vec<i64> = (0..36)
            .map(|k| at(2020 + k / 12, u8::try_from(k % 12).unwrap() + 1, 1))
            .collect();
        assert_eq!(gaps(months.clone()), Some((Unit::Months, vec![])));
        let (from, to) = (at(2020, 12, 1), at(2021, 3, 1));
        assert_eq!(
            gaps(without(months, from, to)),
            Some((Unit::Months, vec![(from, to, 2)]))
        );
    }

    #[test]
    fn dates_at_random_make_no_series() {
        // Each day 0 to 4 times, in no order that repeats.
        let random = (0..400_i64).flat_map(|k| {
            let n = usize::try_from((k * k + 3 * k) % 7 % 5).unwrap();
            std::iter::repeat_n(at(2020, 1, 1) + k * MICROS_PER_DAY, n)
        });
        assert_eq!(regular(&rows(random), 20), None);
        assert_eq!(regular(&rows(daily(5)), 20), None);
        assert_eq!(regular(&[(i64::MIN, 1), (0, 1), (i64::MAX, 1)], 3), None);
    }
}
