//! Profiles against pandas and numpy; the script that made the expected values stands in
//! `tests/profile_expected.py`.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};

use super::*;

const EXPECTED: &str = include_str!("../../tests/profile_expected.json");

fn expected() -> serde_json::Value {
    serde_json::from_str(EXPECTED).unwrap()
}

fn one(array: ArrayRef) -> TableView {
    let batch = RecordBatch::try_from_iter_with_nullable([("c", array, true)]).unwrap();
    TableView::from_batch(batch).unwrap()
}

fn figure(array: ArrayRef) -> ColumnProfile {
    profile(&one(array), 0).unwrap()
}

fn numbers(profile: &ColumnProfile) -> &NumberProfile {
    match &profile.shape {
        Shape::Numbers(_, numbers) => numbers,
        Shape::Values(values) => panic!("{values:?}"),
    }
}

/// A column of the expectations; `null` is missing, `"inf"` infinite.
fn floats(values: &serde_json::Value) -> ArrayRef {
    let value = |value: &serde_json::Value| match value.as_str() {
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    };
    let values: Vec<Option<f64>> = values.as_array().unwrap().iter().map(value).collect();
    Arc::new(Float64Array::from(values))
}

fn close(name: &str, got: f64, expected: &serde_json::Value) {
    match expected.as_f64() {
        None => assert!(got.is_nan(), "{name}: {got}, not missing"),
        Some(wanted) => assert!(
            (got - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
            "{name}: {got}, not {wanted}"
        ),
    }
}

#[test]
fn numbers_are_described_as_pandas_does() {
    let expected = expected();
    let cases = expected["numbers"].as_object().unwrap();
    assert!(cases.len() >= 8);
    for (name, case) in cases {
        let profile = figure(floats(&case["values"]));
        let known = numbers(&profile);
        for (what, got) in [
            ("n", profile.n),
            ("n_missing", profile.n_missing),
            ("n_distinct", profile.n_distinct),
            ("n_infinite", known.n_infinite),
            ("n_zero", known.n_zero),
            ("n_negative", known.n_negative),
        ] {
            assert_eq!(Some(got), case[what].as_u64(), "{name} {what}");
        }
        for (what, got) in [
            ("min", known.min),
            ("max", known.max),
            ("mean", known.mean),
            ("std", known.std),
            ("skew", known.skewness),
            ("kurt", known.kurtosis),
        ] {
            close(&format!("{name} {what}"), got, &case[what]);
        }
        for (at, got) in known.quantiles.iter().enumerate() {
            close(
                &format!("{name} quantile {at}"),
                *got,
                &case["quantiles"][at],
            );
        }
        let counts: Vec<Option<u64>> = known.histogram.counts.iter().copied().map(Some).collect();
        let wanted: Vec<Option<u64>> = case["histogram"]
            .as_array()
            .unwrap()
            .iter()
            .map(serde_json::Value::as_u64)
            .collect();
        assert_eq!(counts, wanted, "{name} histogram");
    }
}

#[test]
fn values_are_counted_as_pandas_does() {
    let expected = expected();
    let case = &expected["texts"];
    let texts: Vec<Option<&str>> = case["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(serde_json::Value::as_str)
        .collect();
    let profile = figure(Arc::new(StringArray::from(texts)));
    let Shape::Values(known) = &profile.shape else {
        panic!("{profile:?}");
    };
    let top: serde_json::Value = known
        .top
        .iter()
        .map(|(text, n)| serde_json::json!([text, n]))
        .collect();
    assert_eq!(top, case["top"]);
    let lengths = known.lengths.unwrap();
    assert_eq!(Some(lengths.0), case["shortest"].as_u64());
    assert_eq!(Some(lengths.2), case["longest"].as_u64());
    close("mean length", lengths.1, &case["mean_length"]);
    assert_eq!(Some(known.n_unique), case["n_unique"].as_u64());
    assert_eq!(Some(profile.n_distinct), case["n_distinct"].as_u64());
    assert_eq!(Some(known.n_empty), case["n_empty"].as_u64());
    assert_eq!(known.shortest[0], "");
    assert_eq!(known.longest[0], "Straßenbahnhaltestelle");
}

#[test]
fn whole_numbers_beyond_a_floats_are_told_apart() {
    let profile = figure(Arc::new(Int64Array::from(vec![
        i64::MAX,
        i64::MAX - 1,
        i64::MIN,
        i64::MIN,
    ])));
    assert_eq!(profile.n_distinct, 3);
    assert!(numbers(&profile).quantiles.iter().all(|q| q.is_finite()));
}

#[test]
fn days_are_numbers_with_a_date_and_truths_are_values() {
    let days = figure(Arc::new(Date32Array::from(vec![
        Some(0),
        Some(19_782),
        None,
    ])));
    let Shape::Numbers(unit, known) = &days.shape else {
        panic!("{days:?}");
    };
    assert_eq!(unit.text(known.max).as_deref(), Some("2024-02-29"));
    let truths = figure(Arc::new(BooleanArray::from(vec![true, false, true])));
    let Shape::Values(known) = &truths.shape else {
        panic!("{truths:?}");
    };
    assert_eq!(known.top, [("true".to_owned(), 2), ("false".to_owned(), 1)]);
}

#[test]
fn nothing_and_extremes_break_nothing() {
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Float64Array::from(Vec::<f64>::new())),
        Arc::new(Float64Array::from(vec![None::<f64>; 3])),
        Arc::new(Float64Array::from(vec![f64::INFINITY, f64::NEG_INFINITY])),
        Arc::new(Float64Array::from(vec![f64::MAX, -f64::MAX, 0.0, 1.0])),
        Arc::new(Float64Array::from(vec![f64::NAN, -0.0, 0.0, 5e-324])),
        Arc::new(StringArray::from(vec![None::<&str>; 2])),
        Arc::new(Int64Array::from(Vec::<i64>::new())),
    ];
    for array in arrays {
        let table = one(array);
        let known = profile(&table, 0).unwrap();
        assert!(known.n_missing <= known.n);
        let all = compare(&[(Role::Train, &table), (Role::Test, &table)], "c").unwrap();
        for (_, counts, rest) in &all.counts {
            assert_eq!(counts.iter().sum::<u64>() + rest, known.n);
        }
    }
    let table = one(Arc::new(Int64Array::from(vec![1])));
    assert_eq!(profile(&table, 1), None);
    assert_eq!(compare(&[(Role::Train, &table)], "d"), None);
}

#[test]
fn tables_are_compared_over_common_bins() {
    let train = one(Arc::new(Int64Array::from(vec![
        Some(1),
        Some(2),
        Some(2),
        None,
    ])));
    let test = one(Arc::new(Float64Array::from(vec![3.0, 2.0, f64::INFINITY])));
    let both = compare(&[(Role::Train, &train), (Role::Test, &test)], "c").unwrap();
    assert_eq!(both.edges, [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(
        both.counts,
        [
            (Role::Train, vec![1, 2, 0], 1),
            (Role::Test, vec![0, 1, 1], 1)
        ]
    );
    let words = one(Arc::new(StringArray::from(vec!["b", "a", "b"])));
    let mixed = compare(&[(Role::Train, &words), (Role::Test, &train)], "c").unwrap();
    assert_eq!(mixed.values[..2], ["b", "a"]);
    assert_eq!(mixed.counts[0], (Role::Train, vec![2, 1, 0, 0], 0));
}
