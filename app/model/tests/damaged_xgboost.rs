//! Files that are not what XGBoost writes: each is an error that says what is wrong, or a model that
//! predicts; none panics, hangs or takes memory its bytes do not pay for.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use interlock_model::{Batch, BatchColumn, BatchValues, Limits, Model, ModelError, open};
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/xgboost")
        .join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

fn opened(bytes: &[u8]) -> Result<Box<dyn Model>, ModelError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    open(file.path(), &Limits::default())
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    let error = opened(bytes).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}\nnot: {expected}");
}

/// A fixture with one value changed.
#[track_caller]
fn changed(name: &str, pointer: &str, value: Value) -> Vec<u8> {
    let mut file: Value = serde_json::from_slice(&bytes(name)).unwrap();
    *file.pointer_mut(pointer).unwrap() = value;
    serde_json::to_vec(&file).unwrap()
}

const TREE: &str = "/learner/gradient_booster/model/trees/2";

#[track_caller]
fn refused_tree(key: &str, value: Value, expected: &str) {
    let file = changed("binary.json", &format!("{TREE}/{key}"), value);
    refused(&file, expected);
}

#[test]
fn truncated_files_say_where_they_end() {
    let json = bytes("binary.json");
    refused(&json[..json.len() / 2], "ends at offset");
    refused(&json[..json.len() - 1], "before ',' or '}'");
    let ubjson = bytes("table.ubj");
    refused(
        &ubjson[..ubjson.len() / 2],
        "the xgboost-ubjson model is damaged",
    );
    refused(&ubjson[..ubjson.len() - 1], "1 bytes are claimed at offset");
    refused(
        &[&json[..], b"{}"].concat(),
        "the end of the file is expected at offset",
    );
    refused(&[&ubjson[..], b"{}"].concat(), "2 bytes follow the model");
}

#[test]
fn other_structures_are_named() {
    refused(
        b"{}",
        "it has no 'learner'; it is not one of XGBoost's save_model",
    );
    refused(b"{\"tree_info\":[]}", "it looks like LightGBM's dump_model");
    refused(b"{\"Model\":{},\"Config\":{}}", "save it with save_model");
    refused(
        b"{\"learner\":[]}",
        "in 'learner': an object is expected at offset 11, '[' is there",
    );
    refused(b"{\"learner\":{}}", "the objective ''");
    refused(
        b"binf\0\0",
        "XGBoost's old binary format; save it with save_model",
    );
    refused(
        b"{L\0\0\0\0\0\0\0\x07learnerSi\x01a}",
        "an object is expected before offset",
    );
    let file = changed(
        "binary.json",
        "/learner/objective/name",
        json!("reg:unheard"),
    );
    refused(&file, "the objective 'reg:unheard', which is not supported");
    let file = changed(
        "binary.json",
        "/learner/gradient_booster/name",
        json!("gbforest"),
    );
    refused(&file, "the booster 'gbforest', which is not supported");
}

#[test]
fn files_of_future_major_versions_are_refused() {
    let file = changed("binary.json", "/version", json!([4, 0, 0]));
    refused(
        &file,
        "version 4.0.0, which is not supported; save it with XGBoost 3",
    );
    // Minor versions of the same major one are read.
    assert!(opened(&changed("binary.json", "/version", json!([3, 99, 0]))).is_ok());
}

#[test]
fn trees_that_do_not_hold_together_are_named() {
    let left = |second: i32| json!([1, second, 5, 7, 9, 11, 13, -1, -1, -1, -1, -1, -1, -1, -1]);
    let file: Value = serde_json::from_slice(&bytes("binary.json")).unwrap();
    let n_nodes = file.pointer(&format!("{TREE}/left_children")).unwrap();
    assert_eq!(n_nodes.as_array().unwrap().len(), 15, "the tree is whole");
    refused_tree("left_children", left(0), "tree 2: a node points outside it");
    refused_tree("left_children", left(1), "tree 2: node 1 has two parents");
    refused_tree(
        "left_children",
        left(15),
        "tree 2: node 1 points outside it: it has 15 nodes",
    );
    refused_tree("left_children", json!([]), "tree 2: it has no nodes");
    refused_tree(
        "left_children",
        json!(["a"]),
        "in 'learner': tree 2: a number is expected",
    );
    refused_tree("left_children", json!([1e9]), "is no whole number");
    refused_tree(
        "split_indices/0",
        json!(5),
        "tree 2: it splits by an input that is not there",
    );
    refused_tree(
        "split_indices/0",
        json!(-1),
        "tree 2: it splits by an input that is not there",
    );
    refused_tree(
        "default_left",
        json!([1]),
        "'default_left' has 1 values for 15 nodes",
    );
    refused_tree(
        "split_type/0",
        json!(1),
        "node 0 splits by categories it does not list",
    );
    refused_tree(
        "tree_param/size_leaf_vector",
        json!("3"),
        "its leaves have 3 values",
    );
}

#[test]
fn thresholds_and_leaves_that_are_not_numbers_are_refused() {
    let text = String::from_utf8(bytes("binary.json")).unwrap();
    let conditions = text.find("\"split_conditions\":[").unwrap() + 20;
    let end = conditions + text[conditions..].find(']').unwrap();
    let with = |values: &str| [&text[..conditions], values, &text[end..]].concat();
    let mut values: Vec<&str> = text[conditions..end].split(',').collect();
    values[0] = "NaN";
    refused(
        with(&values.join(",")).as_bytes(),
        "tree 0: the threshold of node 0 is not a number",
    );
    values[0] = "0";
    let last = values.len() - 1;
    for odd in ["NaN", "Infinity", "-Infinity", "1E40"] {
        values[last] = odd;
        refused(with(&values.join(",")).as_bytes(), "tree 0: leaf");
    }
}

#[test]
fn models_saved_before_training_are_refused() {
    let file = changed(
        "binary.json",
        "/learner/gradient_booster/model/trees",
        json!([]),
    );
    refused(&file, "it has no trees: it was saved before training");
    let file = changed(
        "linear.json",
        "/learner/gradient_booster/model/weights",
        json!([]),
    );
    refused(&file, "it has no weights: it was saved before training");
}

#[test]
fn counts_that_do_not_fit_each_other_are_refused() {
    let param = |key: &str, value: &str| {
        changed(
            "multiclass.json",
            &format!("/learner/learner_model_param/{key}"),
            json!(value),
        )
    };
    refused(&param("num_feature", "4"), "5 names for 4 inputs");
    refused(
        &param("num_feature", "many"),
        "'num_feature' is 'many', which is no count",
    );
    refused(
        &param("num_feature", "99999999999999"),
        "99999999999999 inputs, the limit is 100000",
    );
    refused(&param("num_class", "2"), "the base score");
    refused(
        &param("num_class", "4294967297"),
        "4294967297 outputs, the limit is 10000",
    );
    assert!(
        opened(&param("base_score", "0.5")).is_ok(),
        "one base score is for all"
    );
    let file = changed(
        "multiclass.json",
        "/learner/gradient_booster/model/tree_info",
        json!([0]),
    );
    refused(&file, "'tree_info' has 1 values for 9 trees");
    let file = changed(
        "multiclass.json",
        "/learner/gradient_booster/model/tree_info/2",
        json!(3),
    );
    refused(&file, "tree 2 adds to an output that is not there");
    let file = changed(
        "dart.json",
        "/learner/gradient_booster/weight_drop",
        json!([1]),
    );
    refused(&file, "'weight_drop' has 1 values for 8 trees");
    let file = changed(
        "linear.json",
        "/learner/gradient_booster/model/weights",
        json!([1, 2]),
    );
    refused(
        &file,
        "2 weights for 5 inputs, 1 outputs and a bias each: 6 are expected",
    );
    let file = changed(
        "vectors.json",
        &format!("{TREE}/leaf_weights"),
        json!([1, 2, 3]),
    );
    refused(&file, "tree 2: the values of leaf");
}

#[test]
fn categories_that_do_not_fit_are_refused() {
    let tree = |key: &str, value: Value| {
        let pointer = format!("/learner/gradient_booster/model/trees/1/{key}");
        changed("codes_partition.json", &pointer, value)
    };
    refused(&tree("categories/0", json!(-1)), "'-1' is no category");
    refused(
        &tree("categories/0", json!(16_777_216)),
        "'16777216' is no category",
    );
    refused(&tree("categories", json!([])), "are not there");
    refused(&tree("categories_sizes/0", json!(-1)), "are not there");
    refused(
        &tree("categories_nodes/0", json!(99)),
        "node 99 has categories and does not split",
    );
    refused(
        &tree("categories_segments", json!([])),
        "its lists of categories differ in length",
    );
    let cats = "/learner/gradient_booster/model/cats/enc";
    let file = changed("table.json", &format!("{cats}/5/offsets"), json!([0, 1000]));
    refused(&file, "the categories of input 5: bytes 0 to 1000 of");
    let file = changed("table.json", cats, json!([{}]));
    refused(&file, "1 lists of categories for 8 inputs");
}

#[test]
fn bombs_end_at_once() {
    let nested = [b"{\"a\":".to_vec(), b"[".repeat(10_000_000)].concat();
    refused(
        &nested,
        "more than 64 objects and arrays are within each other at offset 70",
    );
    let nested = [&b"{i\x01a"[..], &b"[".repeat(10_000_000)].concat();
    refused(
        &nested,
        "more than 64 objects and arrays are within each other",
    );
    // 10 GB of floats in 100 bytes.
    let claim = [
        &b"{i\x07learner{i\x10gradient_booster{i\x0bweight_drop[$d#L"[..],
        &10_000_000_000_i64.to_be_bytes(),
        b"abcd",
    ]
    .concat();
    refused(&claim, "10000000000 values are claimed at offset");
    // A text that claims more than there is.
    let claim = [
        &b"{i\x07learner{i\x10gradient_booster{i\x04nameSl"[..],
        &i32::MAX.to_be_bytes(),
    ]
    .concat();
    refused(&claim, "2147483647 values are claimed at offset");
}

#[test]
fn limits_hold() {
    for (limits, expected) in [
        (
            Limits {
                n_trees: 3,
                ..Limits::default()
            },
            "5 trees, the limit is 3",
        ),
        (
            Limits {
                n_nodes: 30,
                ..Limits::default()
            },
            "nodes, the limit is 30",
        ),
        (
            Limits {
                n_features: 3,
                ..Limits::default()
            },
            "5 inputs, the limit is 3",
        ),
        (
            Limits {
                n_bytes: 100,
                ..Limits::default()
            },
            "bytes, the limit is 100",
        ),
    ] {
        let error = open(&fixture("binary.json"), &limits)
            .map(|_| ())
            .unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("the model is too large: "), "{error}");
        assert!(error.ends_with(expected), "{error}");
    }
}

/// Opens and, if that goes, predicts.
fn survives(bytes: &[u8]) -> bool {
    let Ok(model) = opened(bytes) else {
        return false;
    };
    let info = model.info().clone();
    let column = [0.5, f64::NAN, -3.0];
    let columns = info.features.iter().map(|feature| BatchColumn {
        name: &feature.name,
        values: BatchValues::Numeric(&column),
    });
    let batch = Batch {
        n_rows: 3,
        columns: columns.collect(),
    };
    if let Ok(predictions) = model.predict(&batch) {
        assert_eq!(predictions.len(), 3 * info.n_outputs);
    }
    true
}

/// Whatever is wrong with a file, reading and predicting end with an answer or an error.
#[test]
fn mutated_files_are_errors_or_models() {
    let mut random = 1_u64;
    let mut next = move |limit: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    for (name, n_rounds) in [
        ("multiclass.json", 600),
        ("codes_partition.json", 600),
        ("linear.json", 300),
        ("vectors.json", 400),
        ("table.ubj", 1500),
        ("dart_multi.ubj", 800),
        ("vectors_multi.ubj", 800),
        ("linear_multi.ubj", 400),
    ] {
        let whole = bytes(name);
        let is_text = whole.starts_with(b"{\"");
        let (mut n_opened, mut n_refused) = (0, 0);
        for round in 0..n_rounds {
            let mut damaged = whole.clone();
            if round % 5 == 0 {
                damaged.truncate(next(whole.len()));
            } else {
                for _ in 0..1 + next(3) {
                    let at = next(damaged.len());
                    damaged[at] = match next(3) {
                        _ if is_text => b"0123456789-[],\"{}e."[next(19)],
                        0 => u8::try_from(next(256)).unwrap(),
                        1 => b"[]{}$#SLlIiUdDTFZNCH"[next(20)],
                        _ => damaged[at] ^ (1 << next(8)),
                    };
                }
            }
            if survives(&damaged) {
                n_opened += 1;
            } else {
                n_refused += 1;
            }
        }
        let both = n_opened > n_rounds / 20 && n_refused > n_rounds / 20;
        assert!(both, "{name}: {n_opened} opened, {n_refused} refused");
    }
}

#[test]
fn files_that_end_anywhere_are_refused() {
    for name in ["linear.json", "linear_multi.ubj", "rank_map.ubj"] {
        let whole = bytes(name);
        for end in 0..whole.len() {
            assert!(!survives(&whole[..end]), "{name} opened after {end} bytes");
        }
        assert!(survives(&whole));
    }
}
