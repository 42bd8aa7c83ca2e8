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
    let find = |needle: &str, from, back| {
        let hits = Hits::of(&table, (&rows, &columns), needle);
        hits.next(from, back)
            .map(|hit| ((hit.row, hit.column), hit.has_wrapped))
    };
    assert_eq!(find("CAR", (0, 0), false), Some(((0, 2), false)));
    assert_eq!(find("car", (0, 2), false), Some(((3, 2), false)));
    assert_eq!(find("car", (5, 2), false), Some(((0, 2), true)));
    assert_eq!(find("car", (0, 2), true), Some(((5, 2), true)));
    assert_eq!(find("boat", (2, 2), false), Some(((2, 2), true)));
    assert_eq!(find("nowhere", (0, 0), false), None);
    assert_eq!(find("", (0, 0), false), None);
    assert_eq!(
        Hits::of(&table, (&[], &columns), "car").next((0, 0), false),
        None
    );
    assert_eq!(
        Hits::of(&table, (&rows, &[]), "car").next((0, 0), false),
        None
    );
}

#[test]
fn every_hit_has_its_number_in_the_order_of_the_screen() {
    let table = table();
    let rows = [5, 3, 0, 4, 1, 2];
    let columns = [3, 2, 0, 4, 5, 1];
    for needle in ["3", "a", "car", "-", "0", "e", "nowhere"] {
        let hits = Hits::of(&table, (&rows, &columns), needle);
        let mut seen = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            for (at, column) in columns.iter().enumerate() {
                let text = table.cell(u64::from(*row), *column).unwrap_or_default();
                let holds = text.to_lowercase().contains(needle);
                assert_eq!(hits.holds(place, at), holds, "{needle} in '{text}'");
                if holds {
                    seen.push((place, at));
                }
                let rank = holds.then_some(seen.len());
                assert_eq!(hits.rank(place, at), rank, "{needle} at {place}, {at}");
            }
        }
        assert_eq!(hits.len(), seen.len(), "{needle}");
        // Once around in either direction comes by all of them.
        for is_backwards in [false, true] {
            let mut at = (0, 0);
            let mut came_by: Vec<(usize, usize)> = Vec::new();
            for _ in 0..seen.len() {
                let hit = hits.next(at, is_backwards).unwrap();
                at = (hit.row, hit.column);
                came_by.push(at);
            }
            came_by.sort_unstable();
            assert_eq!(came_by, seen, "{needle}");
        }
    }
}

#[test]
fn hits_outside_the_table_are_none() {
    let table = table();
    let hits = Hits::of(&table, (&[0, 99], &[2, 77]), "car");
    assert_eq!(
        (hits.len(), hits.holds(1, 0), hits.holds(9, 9)),
        (1, false, false)
    );
    assert_eq!(hits.rank(0, 2), None);
}

/// A table of texts; an empty one is missing.
fn of_texts(names: &[&str], rows: &[&[&str]]) -> TableView {
    let columns: Vec<(&str, ArrayRef)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cells = rows
                .iter()
                .map(|row| Some(row[at]).filter(|text| !text.is_empty()));
            (*name, Arc::new(cells.collect::<StringArray>()) as ArrayRef)
        })
        .collect();
    TableView::from_batch(RecordBatch::try_from_iter(columns).unwrap()).unwrap()
}

#[test]
fn repeated_rows_stand_together_whatever_their_id() {
    let table = of_texts(
        &["id", "a", "b", "c"],
        &[
            &["1", "x", "y", ""],
            &["2", "u", "v", "w"],
            &["3", "x", "y", ""],
            &["4", "u", "v", "w"],
            &["5", "x", "y", ""],
            &["6", "q", "q", "q"],
        ],
    );
    let found = groups(&table, &[0, 1, 2, 3, 4]);
    assert_eq!(found.groups, [vec![0, 2, 4], vec![1, 3]]);
    assert_eq!(found.free, [0]);
    // A row that is like no other stands alone.
    assert_eq!(groups(&table, &[0, 2, 5]).groups, [vec![0, 2], vec![5]]);
    assert_eq!(groups(&table, &[]), Groups::default());
    assert_eq!(groups(&table, &[1, 1, 77]).groups, [[1]]);
}

#[test]
fn equal_rows_with_other_targets_stand_together_with_all_their_copies() {
    let table = of_texts(
        &["a", "b", "c", "target"],
        &[
            &["x", "y", "z", "yes"],
            &["x", "y", "z", "no"],
            &["u", "v", "w", "yes"],
            &["x", "y", "z", "yes"],
            &["u", "v", "w", "no"],
            &["x", "y", "z", "no"],
        ],
    );
    let found = groups(&table, &[0, 1, 2, 3, 4, 5]);
    assert_eq!(found.groups, [vec![0, 1, 3, 5], vec![2, 4]]);
    assert_eq!(found.free, [3]);
}

#[test]
fn near_duplicates_stand_with_what_they_are_most_like() {
    let table = of_texts(
        &["name", "town", "rate", "day"],
        &[
            &["Anna Berg", "Ulm", "0.51", "a"],
            &["Carl", "Bonn", "7.25", "b"],
            &["anna  berg", "ulm", "0.5100001", "a"],
            &["CARL", "Bonn", "7.2499", "b"],
            &["Eve", "Rome", "90", "c"],
        ],
    );
    let found = groups(&table, &[0, 1, 2, 3, 4]);
    assert_eq!(found.groups, [vec![0, 2], vec![1, 3], vec![4]]);
    // Somewhat alike is not the same.
    let table = of_texts(
        &["name", "town", "rate", "day"],
        &[
            &["Ann", "Ulm", "1", "a"],
            &["Ann", "Ulm", "900", "b"],
            &["Bo", "Ulm", "44", "c"],
        ],
    );
    assert_eq!(groups(&table, &[0, 1, 2]).groups, [[0], [1], [2]]);
}

#[test]
fn the_most_alike_row_of_another_table_is_found_by_names_of_columns() {
    let kinds = |texts: &[&str]| {
        let kinds: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        Arc::new(kinds) as ArrayRef
    };
    let view = |columns: Vec<(&str, ArrayRef)>| {
        TableView::from_batch(RecordBatch::try_from_iter(columns).unwrap()).unwrap()
    };
    let test = view(vec![
        ("kind", kinds(&["boat", "car", "train"])),
        ("n", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("only here", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ]);
    let train = view(vec![
        ("n", Arc::new(Float64Array::from(vec![3.0, 2.0, 1.0]))),
        ("kind", kinds(&["car", "car", "boat"])),
    ]);
    let near = |row| nearest_in((&test, row), (&train, vec![0, 1, 2]), 2);
    assert_eq!(near(0), [(2, 0), (0, 2)]);
    assert_eq!(near(1), [(1, 0), (0, 1)]);
    assert_eq!(near(2), [(0, 1), (1, 2)]);
    assert_eq!(near(3), []);
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
