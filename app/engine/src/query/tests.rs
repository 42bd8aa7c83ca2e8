//! Rows chosen, sorted, found and compared, against brute force over cells as text.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array, RecordBatch,
    StringArray,
};

use super::*;

fn table() -> TableView {
    let kinds: DictionaryArray<Int32Type> = [
        Some("car"),
        None,
        Some("Boat"),
        Some("car"),
        Some("ärger"),
        Some("car"),
    ]
    .into_iter()
    .collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "age",
            Arc::new(Int64Array::from(vec![
                Some(30),
                Some(i64::MIN),
                None,
                Some(i64::MAX),
                Some(i64::MAX - 1),
                Some(30),
            ])),
        ),
        (
            "rate <x>",
            Arc::new(Float64Array::from(vec![
                Some(0.5),
                Some(f64::INFINITY),
                Some(-0.0),
                Some(0.0),
                None,
                Some(0.5),
            ])),
        ),
        ("kind", Arc::new(kinds)),
        (
            "text",
            Arc::new(StringArray::from(vec![
                Some("b"),
                Some("A 30"),
                Some(""),
                None,
                Some("ß"),
                Some("b"),
            ])),
        ),
        (
            "ok",
            Arc::new(BooleanArray::from(vec![
                Some(true),
                Some(false),
                None,
                Some(true),
                Some(false),
                Some(true),
            ])),
        ),
        (
            "day",
            Arc::new(Date32Array::from(vec![
                Some(19_000),
                Some(0),
                None,
                Some(-1),
                Some(5),
                Some(19_000),
            ])),
        ),
    ];
    TableView::from_batch(
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap(),
    )
    .unwrap()
}

fn chosen(text: &str) -> Vec<u32> {
    let table = table();
    let filter = Filter::parse(text, &table.column_names());
    select(&table, None, &filter, None)
}

#[test]
fn conditions_choose_rows() {
    let cases: [(&str, &[u32]); 17] = [
        ("", &[0, 1, 2, 3, 4, 5]),
        ("age=30", &[0, 5]),
        ("age < 31", &[0, 1, 5]),
        // Beyond the whole numbers a float can tell apart.
        ("age=9223372036854775806", &[4]),
        ("age>=9223372036854775807", &[3]),
        ("age<30.5", &[0, 1, 5]),
        ("age missing", &[2]),
        ("age is present & kind=car", &[0, 3, 5]),
        ("kind!=car", &[2, 4]),
        ("kind~BOAT", &[2]),
        ("rate <x>=0", &[2, 3]),
        ("rate <x>>0.5", &[1]),
        ("ok=false", &[1, 4]),
        ("day<1970-01-02", &[1, 3]),
        ("30", &[0, 1, 5]),
        ("ÄRGER", &[4]),
        ("no such=3", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(chosen(text), expected, "{text}");
    }
    let table = table();
    let some = select(&table, Some(&[5, 1, 99]), &Filter::default(), None);
    assert_eq!(some, [5, 1]);
}

#[test]
fn what_was_understood_is_said() {
    let names = ["age", "kind"];
    let words = |text: &str| Filter::parse(text, &names).words();
    assert_eq!(words("age<30&kind missing"), "age < 30 and kind is missing");
    assert_eq!(words("size<30"), "any cell holds 'size<30'");
}

#[test]
fn rows_are_sorted_by_value_with_missing_ones_last() {
    let table = table();
    let sorted = |name: &str, is_descending| {
        let column = table.column_idx(name).unwrap();
        let sort = Sort {
            column,
            is_descending,
        };
        select(&table, None, &Filter::default(), Some(sort))
    };
    let cases: [(&str, bool, [u32; 6]); 8] = [
        ("age", false, [1, 0, 5, 4, 3, 2]),
        ("age", true, [3, 4, 0, 5, 1, 2]),
        ("rate <x>", false, [2, 3, 0, 5, 1, 4]),
        ("rate <x>", true, [1, 0, 5, 2, 3, 4]),
        ("kind", false, [2, 0, 3, 5, 4, 1]),
        ("text", false, [2, 1, 0, 5, 4, 3]),
        ("ok", true, [0, 3, 5, 1, 4, 2]),
        ("day", false, [3, 1, 4, 0, 5, 2]),
    ];
    for (name, is_descending, expected) in cases {
        assert_eq!(sorted(name, is_descending), expected, "{name}");
    }
}

#[test]
fn a_text_is_found_onwards_backwards_and_around() {
    let table = table();
    let rows: Vec<u32> = (0..6).collect();
    let columns: Vec<usize> = (0..6).collect();
    let find = |needle: &str, from, back| find(&table, (&rows, &columns), needle, from, back);
    assert_eq!(find("CAR", (0, 0), false), Some((0, 2)));
    assert_eq!(find("car", (0, 2), false), Some((3, 2)));
    assert_eq!(find("car", (5, 2), false), Some((0, 2)));
    assert_eq!(find("car", (0, 2), true), Some((5, 2)));
    assert_eq!(find("boat", (2, 2), false), Some((2, 2)));
    assert_eq!(find("nowhere", (0, 0), false), None);
    assert_eq!(
        super::find(&table, (&[], &columns), "car", (0, 0), false),
        None
    );
}

#[test]
fn duplicates_come_first_then_what_differs_least() {
    let table = table();
    let rows: Vec<u32> = (0..6).collect();
    let brute = |row: u32| {
        let mut all: Vec<(u32, u32)> = rows
            .iter()
            .filter(|other| **other != row)
            .map(|other| {
                let differs = |column: &usize| {
                    let cell = |row: u32| table.cell(row.into(), *column);
                    // The two zeros are one value.
                    let norm = |text: Option<String>| text.map(|t| t.replace("-0.0", "0.0"));
                    norm(cell(*other)) != norm(cell(row))
                };
                let n = (0..6).filter(differs).count();
                (*other, u32::try_from(n).unwrap())
            })
            .collect();
        all.sort_by_key(|pair| (pair.1, pair.0));
        all
    };
    for row in 0..6 {
        assert_eq!(nearest(&table, &rows, row, 9), brute(row), "{row}");
        assert_eq!(nearest(&table, &rows, row, 2), brute(row)[..2], "{row}");
    }
    assert_eq!(nearest(&table, &rows, 0, 1), [(5, 0)]);
    assert_eq!(nearest(&table, &rows, 77, 1), []);
}
