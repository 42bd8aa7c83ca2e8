//! ONNX files that are damaged or hostile: each has its message.
//!
//! In: files written here byte by byte. Out: messages. `changed_onnx.rs` changes whole files.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use interlock_model::{
    Batch, BatchColumn, BatchValues, FeatureInfo, FeatureKind, Limits, Model, open,
};

/// A varint.
#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field that holds an integer.
fn int(field: u64, value: i64) -> Vec<u8> {
    [number(field << 3), number(value.cast_unsigned())].concat()
}

/// A field that holds bytes.
fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [
        number(field << 3 | 2),
        number(value.len() as u64),
        value.to_vec(),
    ]
    .concat()
}

fn text(field: u64, value: &str) -> Vec<u8> {
    bytes(field, value.as_bytes())
}

/// An input or output `[N, width]` of single-precision numbers.
fn value(name: &str, width: i64) -> Vec<u8> {
    let dims = [bytes(1, &[]), bytes(1, &int(1, width))].concat();
    let tensor = [int(1, 1), bytes(2, &dims)].concat();
    [text(1, name), bytes(2, &bytes(1, &tensor))].concat()
}

/// An attribute of integers.
fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    let list: Vec<u8> = values.iter().flat_map(|value| int(8, *value)).collect();
    bytes(5, &[text(1, name), list, int(20, 7)].concat())
}

fn floats(name: &str, values: &[f32]) -> Vec<u8> {
    let list: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    bytes(5, &[text(1, name), bytes(7, &list), int(20, 6)].concat())
}

fn texts(name: &str, values: &[&str]) -> Vec<u8> {
    let list: Vec<u8> = values.iter().flat_map(|value| text(9, value)).collect();
    bytes(5, &[text(1, name), list, int(20, 8)].concat())
}

fn node(
    op: &str,
    domain: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[Vec<u8>],
) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|name| text(1, name)).collect();
    let outputs: Vec<u8> = outputs.iter().flat_map(|name| text(2, name)).collect();
    let rest = [
        text(3, "the node"),
        text(4, op),
        text(7, domain),
        attributes.concat(),
    ]
    .concat();
    bytes(1, &[inputs, outputs, rest].concat())
}

/// A single-precision tensor as raw bytes.
fn tensor(name: &str, dims: &[i64], values: &[f32]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|size| int(1, *size)).collect();
    let raw: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    bytes(
        5,
        &[dims, int(2, 1), text(8, name), bytes(9, &raw)].concat(),
    )
}

/// A file with one input `x` of three columns and one output `y`.
fn file(graph: &[Vec<u8>]) -> Vec<u8> {
    model(8, 17, graph)
}

fn model(ir: i64, opset: i64, graph: &[Vec<u8>]) -> Vec<u8> {
    let ends = [bytes(11, &value("x", 3)), bytes(12, &value("y", 1))].concat();
    let opsets = [
        bytes(8, &int(2, opset)),
        bytes(8, &[text(1, "ai.onnx.ml"), int(2, 3)].concat()),
    ];
    [
        int(1, ir),
        opsets.concat(),
        bytes(7, &[graph.concat(), ends].concat()),
    ]
    .concat()
}

/// A regressor over one tree; each argument replaces what a whole tree has.
struct Tree<'a> {
    feature: i64,
    threshold: f32,
    children: [i64; 2],
    leaf: f32,
    modes: &'a [&'a str],
}

const WHOLE: Tree<'static> = Tree {
    feature: 1,
    threshold: 0.5,
    children: [1, 2],
    leaf: 2.0,
    modes: &["BRANCH_LEQ", "LEAF", "LEAF"],
};

fn trees(tree: &Tree<'_>) -> Vec<u8> {
    let attributes = [
        ints("nodes_treeids", &[0, 0, 0]),
        ints("nodes_nodeids", &[0, 1, 2]),
        ints("nodes_featureids", &[tree.feature, 0, 0]),
        floats("nodes_values", &[tree.threshold, 0.0, 0.0]),
        texts("nodes_modes", tree.modes),
        ints("nodes_truenodeids", &[tree.children[0], 0, 0]),
        ints("nodes_falsenodeids", &[tree.children[1], 0, 0]),
        ints("target_treeids", &[0, 0]),
        ints("target_nodeids", &[1, 2]),
        ints("target_ids", &[0, 0]),
        floats("target_weights", &[1.0, tree.leaf]),
    ];
    file(&[node(
        "TreeEnsembleRegressor",
        "ai.onnx.ml",
        &["x"],
        &["y"],
        &attributes,
    )])
}

fn opened(bytes: &[u8]) -> Result<Box<dyn Model>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, bytes).unwrap();
    open(&path, &Limits::default()).map_err(|error| error.to_string())
}

fn message(bytes: &[u8]) -> String {
    opened(bytes).map_or_else(|message| message, |_| "opened".to_owned())
}

#[track_caller]
fn says(bytes: &[u8], expected: &str) {
    let message = message(bytes);
    assert!(
        message.contains(expected),
        "'{message}' says nothing of '{expected}'"
    );
}

/// `y = x · w`.
fn linear(weights: Vec<u8>) -> Vec<u8> {
    file(&[node("MatMul", "", &["x", "w"], &["y"], &[]), weights])
}

#[test]
fn whole_files_open() {
    let model = opened(&linear(tensor("w", &[3, 1], &[1.0, 2.0, 3.0]))).unwrap();
    assert_eq!(model.info().features.len(), 3);
    assert_eq!(predicted(&*model).unwrap(), [6.0, 6.0]);
    let model = opened(&trees(&WHOLE)).unwrap();
    assert_eq!(predicted(&*model).unwrap(), [2.0, 2.0]);
    assert!(model.ensemble().is_some());
}

fn predicted(model: &dyn Model) -> Result<Vec<f64>, String> {
    let (ones, words) = ([1.0, 1.0], ["a".to_owned()]);
    let values = |feature: &FeatureInfo| match feature.kind {
        FeatureKind::Text => BatchValues::Categorical {
            codes: &[0, u32::MAX],
            categories: &words,
        },
        _ => BatchValues::Numeric(&ones),
    };
    let features = &model.info().features;
    let columns = features.iter().map(|feature| BatchColumn {
        name: &feature.name,
        values: values(feature),
    });
    let batch = Batch {
        n_rows: 2,
        columns: columns.collect(),
    };
    model.predict(&batch).map_err(|error| error.to_string())
}

#[test]
fn other_files_by_this_name_are_named() {
    says(b"", "is empty; save the model again");
    says(
        b"\x80\x04\x95\x10\x00\x00",
        "a Python pickle; it is never loaded",
    );
    says(b"PK\x03\x04rest", "a zip archive");
    says(b"\x89HDF\r\n\x1a\n", "HDF5");
    says(b"<!DOCTYPE html>", "of an unknown kind");
    says(b"\x08\x00\x12\x01a", "of an unknown kind");
}

#[test]
fn damaged_files_say_where() {
    let whole = linear(tensor("w", &[3, 1], &[1.0, 2.0, 3.0]));
    says(&whole[..whole.len() - 4], "are claimed at offset");
    says(&int(1, 8), "it has no graph");
    says(
        &model(99, 17, &[]),
        "has version 99 of the file format, which is not supported; save it with IR version",
    );
    says(
        &model(8, 999, &[]),
        "version 999 of the operators of 'ai.onnx', which is not supported; export it with target_opset",
    );
    says(
        &file(&[node("Abs", "", &["x"], &["z"], &[])]),
        "the graph gives 'y', which nothing makes",
    );
    says(
        &file(&[
            node("Add", "", &["x", "z"], &["y"], &[]),
            node("Add", "", &["x", "y"], &["z"], &[]),
        ]),
        "node 0 'the node' (Add of ai.onnx) needs the value 'z', which is made after it: the graph has a cycle",
    );
    says(
        &file(&[node("MatMul", "", &["x", "w"], &["y"], &[])]),
        "node 0 'the node' (MatMul of ai.onnx) needs the value 'w', which no node, input or initializer gives",
    );
    says(
        &file(&[
            node("Abs", "", &["x"], &["y"], &[]),
            node("Neg", "", &["x"], &["y"], &[]),
        ]),
        "the value 'y' is made twice",
    );
    says(
        &file(&[node("Frobnicate", "my.domain", &["x"], &["y"], &[])]),
        "the operator 'Frobnicate' of 'my.domain' (node 0 'the node' (Frobnicate of my.domain)), which is not supported; export",
    );
    says(
        &file(&[node("TfIdfVectorizer", "", &["x"], &["y"], &[])]),
        "export the model without its text processing",
    );
    says(
        &file(&[node("DictVectorizer", "ai.onnx.ml", &["x"], &["y"], &[])]),
        "not dictionaries",
    );
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    says(
        &linear(tensor("w", &[4, 1], &[1.0; 4])),
        "(MatMul of ai.onnx): the shapes [2, 3] and [4, 1] do not fit",
    );
    says(
        &linear(tensor("w", &[3, 1], &[1.0; 4])),
        "the tensor 'w': its shape [3, 1] takes 3 elements, 4 are there",
    );
    says(
        &linear(tensor("w", &[i64::MAX, i64::MAX], &[])),
        "has more than 67108864 elements",
    );
    says(
        &linear(tensor("w", &[0, i64::MAX], &[])),
        "has more than 67108864 elements",
    );
    says(
        &linear(tensor("w", &[-3, 1], &[1.0; 3])),
        "the tensor 'w' has a negative size in its shape [-3, 1]",
    );
    let wide = [
        int(1, 8),
        bytes(
            7,
            &[
                node("Abs", "", &["x"], &["y"], &[]),
                bytes(11, &value("x", 1 << 40)),
                bytes(12, &value("y", 1)),
            ]
            .concat(),
        ),
    ];
    says(
        &wide.concat(),
        "the model is too large: more than 100000 inputs",
    );
    let shape = bytes(
        5,
        &[
            int(1, 2),
            int(2, 7),
            text(8, "s"),
            bytes(7, &[number(1 << 40), number(1 << 40)].concat()),
        ]
        .concat(),
    );
    says(
        &file(&[node("ConstantOfShape", "", &["s"], &["y"], &[]), shape]),
        "has more than 67108864 elements",
    );
}

#[test]
fn external_data_stays_beside_the_model() {
    let outside = |location: &str, length: &str| {
        let entry = |key: &str, value: &str| bytes(13, &[text(1, key), text(2, value)].concat());
        let entries = [entry("location", location), entry("length", length)].concat();
        let tensor = [
            int(1, 3),
            int(1, 1),
            int(2, 1),
            text(8, "w"),
            entries,
            int(14, 1),
        ]
        .concat();
        linear(bytes(5, &tensor))
    };
    says(
        &outside("weights.bin", "12"),
        "its elements lie in 'weights.bin', which cannot be read",
    );
    for escaping in ["../weights.bin", "/etc/hostname", "", "a/../../b", "..\\b"] {
        says(
            &outside(escaping, "12"),
            "which is not a file beside the model",
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let weights: Vec<u8> = [1.0_f32, 2.0, 3.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    std::fs::write(folder.path().join("weights.bin"), weights).unwrap();
    std::fs::write(&path, outside("weights.bin", "12")).unwrap();
    let model = open(&path, &Limits::default()).unwrap();
    assert_eq!(predicted(&*model).unwrap(), [6.0, 6.0]);
    std::fs::write(&path, outside("weights.bin", "99")).unwrap();
    let error = open(&path, &Limits::default())
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("takes 99 bytes at offset 0 of 'weights.bin', which has 12"),
        "{error}"
    );
    std::fs::write(&path, outside("weights.bin", "12")).unwrap();
    let limits = Limits {
        n_bytes: 11,
        ..Limits::default()
    };
    assert!(open(&path, &limits).is_err());
}

#[cfg(unix)]
#[test]
fn external_data_behind_a_link_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), [0; 12]).unwrap();
    std::os::unix::fs::symlink(other.path(), folder.path().join("weights.bin")).unwrap();
    let entry = bytes(13, &[text(1, "location"), text(2, "weights.bin")].concat());
    let tensor = [
        int(1, 3),
        int(1, 1),
        int(2, 1),
        text(8, "w"),
        entry,
        int(14, 1),
    ]
    .concat();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, linear(bytes(5, &tensor))).unwrap();
    let error = open(&path, &Limits::default())
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("which is no plain file"), "{error}");
}

#[test]
fn damaged_trees_are_named() {
    let tree = |change: fn(&mut Tree<'_>)| {
        let mut tree = WHOLE;
        change(&mut tree);
        trees(&tree)
    };
    says(
        &tree(|tree| tree.children = [1, 9]),
        "tree 0: a node points to node 9, which is not there",
    );
    says(&tree(|tree| tree.children = [0, 1]), "its tree has a cycle");
    says(
        &tree(|tree| tree.threshold = f32::NAN),
        "the threshold of node 0 is not a number",
    );
    says(&tree(|tree| tree.leaf = f32::INFINITY), "has the value inf");
    says(&tree(|tree| tree.leaf = f32::NAN), "has the value NaN");
    says(
        &tree(|tree| tree.feature = 7),
        "its trees compare column 7, its input has 3 columns",
    );
    says(&tree(|tree| tree.feature = -1), "compares column -1");
    says(
        &tree(|tree| tree.feature = i64::MAX),
        "inputs, the limit is 100000",
    );
    says(
        &tree(|tree| tree.modes = &["BRANCH_MAYBE", "LEAF", "LEAF"]),
        "the node mode 'BRANCH_MAYBE' is unknown",
    );
    says(
        &tree(|tree| tree.modes = &["BRANCH_LEQ", "LEAF"]),
        "its lists of nodes are empty or differ in length",
    );
    let none = node("TreeEnsembleRegressor", "ai.onnx.ml", &["x"], &["y"], &[]);
    says(&file(&[none]), "its lists of nodes are empty");
}

#[test]
fn rows_that_do_not_fit_are_named() {
    let model = opened(&linear(tensor("w", &[3, 1], &[1.0, 2.0, 3.0]))).unwrap();
    let ones = [1.0];
    let column = BatchColumn {
        name: "f0",
        values: BatchValues::Numeric(&ones),
    };
    let batch = Batch {
        n_rows: 1,
        columns: vec![column; 2],
    };
    let error = model.predict(&batch).unwrap_err().to_string();
    assert!(
        error.contains("takes 3 inputs by position, 2 are given"),
        "{error}"
    );
}
