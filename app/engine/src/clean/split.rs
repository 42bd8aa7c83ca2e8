//! `split`: the train table in two, one to learn from and one to test on.
//!
//! In: the table's rows and a column. Out: per row on which side it is. The number of rows to test on is
//! the share rounded up, as scikit-learn's `train_test_split` does; each class gets its share rounded
//! down, the classes with the greatest remainders one more. Groups are never cut: in random order they
//! are added while that brings the number of rows nearer to the share. By time the latest rows are
//! tested on, and rows of the same time stay together.

use interlock_plugin_api::outcome::Role;

use super::cell::Cell;
use super::choose::{Facts, Refusal, Turn, of_teacher};
use super::sheet::{Coded, Sheet};
use crate::config::SplitBy;

/// Most classes a split may be stratified by.
const MAX_CLASSES: usize = 100;

/// What the step says.
pub(super) struct Splitting<'a> {
    pub(super) by: SplitBy,
    pub(super) column: Option<&'a str>,
    pub(super) test: f64,
    pub(super) seed: Option<u64>,
}

/// `split`.
pub(super) fn split(
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    splitting: &Splitting<'_>,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    let Some(train) = sheets.iter_mut().find(|sheet| sheet.role == Role::Train) else {
        return Err(Refusal::new(
            "there is no train table to split",
            "name one under [data]",
        ));
    };
    let rows: Vec<usize> = train.rows().collect();
    let n_test = rounded_up(splitting.test, rows.len());
    if n_test == 0 || n_test >= rows.len() {
        let message = format!(
            "{} rows cannot be split: one side would be empty",
            rows.len()
        );
        return Err(Refusal::new(message, "choose another share"));
    }
    let mut random = Random(splitting.seed.unwrap_or(facts.seed));
    let tested = match splitting.by {
        SplitBy::Random => {
            let mut rows = rows.clone();
            random.shuffle(&mut rows);
            rows.truncate(n_test);
            rows
        }
        SplitBy::Stratified => {
            if facts.is_regression && splitting.column.is_none() {
                return Err(Refusal::new(
                    "the target is a number: it has no classes to stratify by",
                    "use by = \"random\", or name a column of classes",
                ));
            }
            let coded = column(train, splitting.column.or(facts.target), facts, "target")?;
            stratified(&coded, &rows, n_test, &mut random)?
        }
        SplitBy::Group => {
            let coded = column(train, splitting.column, facts, "id")?;
            grouped(&coded, &rows, n_test, &mut random)?
        }
        SplitBy::Time => latest(
            train,
            splitting.column.or(facts.time),
            (&rows, n_test),
            facts,
        )?,
    };
    let mut sides = vec![false; train.n_rows];
    for row in tested {
        sides[row] = true;
    }
    let n_found = sides.iter().filter(|is_tested| **is_tested).count();
    train.tested = Some(sides);
    train.note(
        turn.step,
        format!(
            "{} rows to learn from, {n_found} to test on",
            rows.len() - n_found
        ),
    );
    Ok(())
}

/// `ceil(share × n)`, without the last bit of the product deciding.
fn rounded_up(share: f64, n: usize) -> usize {
    let exact = share * n as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the share lies between 0 and 1"
    )]
    let rounded = (exact - 1e-9 * exact.max(1.0)).ceil() as usize;
    rounded
}

fn column(
    train: &Sheet,
    name: Option<&str>,
    facts: &Facts<'_>,
    key: &str,
) -> Result<Coded, Refusal> {
    let idx = position(train, name, facts, key)?;
    Ok(train.columns[idx].coded(train.n_rows))
}

fn position(
    train: &Sheet,
    name: Option<&str>,
    facts: &Facts<'_>,
    key: &str,
) -> Result<usize, Refusal> {
    let Some(name) = name else {
        let message = format!("the project names no {key} column to split by");
        return Err(Refusal::new(message, "add column = \"…\" to the step"));
    };
    Ok(of_teacher(train, &[name.to_owned()], facts, |_| Ok(()))?[0])
}

/// Rows by code, in order; rows without a value are a class of their own, the last.
fn by_code(coded: &Coded, rows: &[usize]) -> Vec<Vec<usize>> {
    let n_texts = coded.texts.len();
    let mut classes: Vec<Vec<usize>> = vec![Vec::new(); n_texts + 1];
    for row in rows {
        classes[(coded.codes[*row] as usize).min(n_texts)].push(*row);
    }
    classes.retain(|class| !class.is_empty());
    classes
}

fn stratified(
    coded: &Coded,
    rows: &[usize],
    n_test: usize,
    random: &mut Random,
) -> Result<Vec<usize>, Refusal> {
    let classes = by_code(coded, rows);
    if classes.len() > MAX_CLASSES || n_test < classes.len() || rows.len() - n_test < classes.len()
    {
        let message = format!(
            "{} classes cannot all be on both sides of {} and {n_test} rows, or are too many (the limit is {MAX_CLASSES})",
            classes.len(),
            rows.len() - n_test
        );
        let help = "use by = \"random\", or stratify by a column of fewer classes";
        return Err(Refusal::new(message, help));
    }
    let sizes: Vec<usize> = classes.iter().map(Vec::len).collect();
    let mut tested = Vec::with_capacity(n_test);
    for (mut class, n_test) in classes.into_iter().zip(shares(&sizes, n_test, random)) {
        random.shuffle(&mut class);
        tested.extend(class.into_iter().take(n_test));
    }
    Ok(tested)
}

/// How many of each class make `n_test` together: the share of each rounded down, and one more for the
/// greatest remainders; which of equal ones is random.
fn shares(sizes: &[usize], n_test: usize, random: &mut Random) -> Vec<usize> {
    let n: usize = sizes.iter().sum();
    // Whole numbers, so that equal remainders are equal.
    let share = |size: &usize| size * n_test / n;
    let remainder = |size: &usize| size * n_test % n;
    let mut shares: Vec<usize> = sizes.iter().map(share).collect();
    let n_left = n_test - shares.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    random.shuffle(&mut order);
    order.sort_by_key(|class| std::cmp::Reverse(remainder(&sizes[*class])));
    for class in order.into_iter().take(n_left) {
        shares[class] += 1;
    }
    shares
}

fn grouped(
    coded: &Coded,
    rows: &[usize],
    n_test: usize,
    random: &mut Random,
) -> Result<Vec<usize>, Refusal> {
    if let Some(row) = rows
        .iter()
        .find(|row| coded.texts.len() <= coded.codes[**row] as usize)
    {
        let message = format!("row {} has no value in the column that groups", row + 1);
        return Err(Refusal::new(message, "drop rows without one before"));
    }
    let mut groups = by_code(coded, rows);
    random.shuffle(&mut groups);
    let n_groups = groups.len();
    let (mut tested, mut n_taken) = (Vec::new(), 0);
    for group in groups {
        let is_nearer =
            (tested.len() + group.len()).abs_diff(n_test) < tested.len().abs_diff(n_test);
        if is_nearer && n_taken + 1 < n_groups {
            tested.extend(group);
            n_taken += 1;
        }
    }
    if tested.is_empty() {
        return Err(Refusal::new(
            "the groups are too large for this share: one side would be empty",
            "choose another share or column",
        ));
    }
    Ok(tested)
}

fn latest(
    train: &Sheet,
    name: Option<&str>,
    (rows, n_test): (&[usize], usize),
    facts: &Facts<'_>,
) -> Result<Vec<usize>, Refusal> {
    let column = &train.columns[position(train, name, facts, "time")?];
    let time = |row: &usize| match column.cell(*row) {
        Cell::Time(time) => Some((time as f64, time)),
        Cell::Int(number) => Some((number as f64, number)),
        Cell::Float(number) if !number.is_nan() => Some((number, 0)),
        _ => None,
    };
    let mut timed: Vec<((f64, i64), usize)> = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(time) = time(row) else {
            let message = format!("'{}' has no time in row {}", column.name, row + 1);
            let help = "name a column of dates or numbers, and drop rows without one before";
            return Err(Refusal::new(message, help));
        };
        timed.push((time, *row));
    }
    timed.sort_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (cut, _) = timed[timed.len() - n_test];
    let is_tested = |(time, _): &&((f64, i64), usize)| {
        time.0.total_cmp(&cut.0).then(time.1.cmp(&cut.1)).is_ge()
    };
    let tested: Vec<usize> = timed
        .iter()
        .filter(is_tested)
        .map(|(_, row)| *row)
        .collect();
    if tested.len() == rows.len() {
        return Err(Refusal::new(
            format!(
                "'{}' cannot part these rows: too many are of one time",
                column.name
            ),
            "choose another share or column",
        ));
    }
    Ok(tested)
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below a bound, all equally likely to within 2⁻⁶⁴ of the bound (Lemire 2019).
    fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.next()) * bound as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// Any order, all equally likely (Fisher and Yates).
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_none_is_off_by_one() {
        let mut random = Random(3);
        for sizes in [vec![70, 30], vec![1, 1, 1, 97], vec![33, 33, 34], vec![5]] {
            let n: usize = sizes.iter().sum();
            for n_test in 1..n {
                let shares = shares(&sizes, n_test, &mut random);
                assert_eq!(shares.iter().sum::<usize>(), n_test);
                for (share, size) in shares.iter().zip(&sizes) {
                    let exact = *size as f64 * n_test as f64 / n as f64;
                    assert!((*share as f64 - exact).abs() < 1.0, "{sizes:?} {n_test}");
                }
            }
        }
    }

    #[test]
    fn shares_are_rounded_up_as_scikit_learn_does() {
        // ceil(0.2 * 1001) = 201; 0.07 * 100 is 7.000000000000001 in floats and still 7.
        assert_eq!(rounded_up(0.2, 1001), 201);
        assert_eq!(rounded_up(0.07, 100), 7);
        assert_eq!(rounded_up(0.25, 4), 1);
    }
}
