//! CatBoost files that are cut off, changed or made to harm: each ends with an answer or an error.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use interlock_model::{Batch, BatchColumn, BatchValues, FeatureKind, Limits, ModelError, open};
use serde_json::{Value, json};

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/catboost");
    std::fs::read(folder.join(name)).unwrap()
}

/// Opens a file of these bytes and predicts for three rows; whether that gave figures.
fn tried(bytes: &[u8], limits: &Limits) -> Result<(), ModelError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let model = open(file.path(), limits)?;
    let numbers = [0.5, f64::NAN, -3.0];
    let towns = ["town 1", "red"].map(ToOwned::to_owned);
    let column = |feature| {
        let feature: &interlock_model::FeatureInfo = feature;
        let values = if matches!(feature.kind, FeatureKind::Categorical { .. }) {
            BatchValues::Categorical {
                codes: &[0, 1, u32::MAX],
                categories: &towns,
            }
        } else {
            BatchValues::Numeric(&numbers)
        };
        BatchColumn {
            name: &feature.name,
            values,
        }
    };
    let batch = Batch {
        n_rows: 3,
        columns: model.info().features.iter().map(column).collect(),
    };
    let figures = model.predict(&batch)?;
    assert_eq!(figures.len(), 3 * model.info().n_outputs);
    if let Some(trees) = model.ensemble() {
        trees.check().unwrap();
    }
    Ok(())
}

fn message(bytes: &[u8]) -> String {
    tried(bytes, &Limits::default())
        .map_or_else(|error| error.to_string(), |()| "opened".to_owned())
}

/// A binary file whose fields can be found and overwritten.
struct File(Vec<u8>);

impl File {
    /// The field of the core that holds the trees.
    const TREES: usize = 1;

    fn word(&self, at: usize) -> usize {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap()) as usize
    }

    fn target(&self, at: usize) -> usize {
        at + self.word(at)
    }

    /// Where a field of a table is. The tables begin after magic and size.
    fn field(&self, table: usize, field: usize) -> usize {
        let back = i32::from_le_bytes(self.0[table..table + 4].try_into().unwrap());
        let places = table
            .checked_add_signed(-isize::try_from(back).unwrap())
            .unwrap();
        let at = places + 4 + 2 * field;
        table + usize::from(u16::from_le_bytes([self.0[at], self.0[at + 1]]))
    }

    fn core(&self) -> usize {
        self.target(8)
    }

    /// Where the length of a vector of the trees is.
    fn vector(&self, field: usize) -> usize {
        let trees = self.target(self.field(self.core(), Self::TREES));
        self.target(self.field(trees, field))
    }

    fn write(mut self, at: usize, bytes: &[u8]) -> String {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        message(&self.0)
    }
}

fn file() -> File {
    File(fixture("mean_absolute.cbm"))
}

#[test]
fn binary_files_made_to_harm_are_refused() {
    const SIZES: usize = 2;
    const FLOATS: usize = 5;
    const LEAVES: usize = 8;
    assert_eq!(message(&file().0), "opened");
    let all = [0xff; 4];
    // Another magic is another format.
    assert!(file().write(0, b"CBM2").contains("of an unknown kind"));
    assert!(
        file()
            .write(4, &all)
            .contains("4294967295 bytes are claimed at offset 8")
    );
    assert!(
        file()
            .write(8, &all)
            .contains("the offset 4294967295 at 0 leads outside the buffer")
    );
    let f = file();
    let version = f.target(f.field(f.core(), 0)) + 4;
    assert_eq!(
        f.write(version, b"FlabuffersModel_v2"),
        "the catboost model has the format version 'FlabuffersModel_v2', which is not supported; \
         save it with CatBoost 1.x, or as JSON"
    );
    let f = file();
    let leaves = f.vector(LEAVES);
    let said = f.write(leaves, &all);
    assert!(
        said.contains("34359738360 bytes are claimed at offset"),
        "{said}"
    );
    let said = file().write(leaves, &8000_u32.to_le_bytes());
    assert!(said.contains("64000 bytes are claimed at offset"), "{said}");
    let said = file().write(leaves + 4, &f64::INFINITY.to_le_bytes());
    assert!(said.contains("tree 0: leaf 15 has the value inf"), "{said}");
    let f = file();
    let sizes = f.vector(SIZES) + 4;
    let said = f.write(sizes, &40_u32.to_le_bytes());
    assert!(
        said.contains("tree 0 claims 40 splits") || said.contains("tree 0 is 40 deep"),
        "{said}"
    );
    let said = file().write(sizes, &all);
    assert!(said.contains("tree 0 has the size -1"), "{said}");
    let f = file();
    let splits = f.vector(1) + 4;
    let said = f.write(splits, &all);
    assert!(
        said.contains("tree 0: it uses split -1, the inputs have"),
        "{said}"
    );
    let f = file();
    let first_float = f.target(f.vector(FLOATS) + 4);
    let border = f.target(f.field(first_float, 3)) + 4;
    let said = f.write(border, &f32::NAN.to_le_bytes());
    assert!(
        said.contains("a border of the input 'age' is NaN"),
        "{said}"
    );
    // A table that is its own list of fields.
    let said = file().write(first_float, &[0; 4]);
    assert!(said.contains("damaged"), "{said}");
    // All inputs are the first one.
    let f = file();
    let floats = f.vector(FLOATS) + 4;
    let same = u32::try_from(first_float - floats - 4)
        .unwrap()
        .to_le_bytes();
    let said = f.write(floats + 4, &same);
    assert!(said.contains("two inputs have the position 0"), "{said}");
    // A list of tables that is one of its own entries.
    let said = file().write(floats, &0_u32.to_le_bytes());
    assert!(said.contains("the offset 0 at"), "{said}");
}

/// The file's JSON after a change.
fn changed(change: impl Fn(&mut Value)) -> String {
    let mut model: Value = serde_json::from_slice(&fixture("mean_absolute.json")).unwrap();
    change(&mut model);
    message(model.to_string().as_bytes())
}

#[test]
fn json_files_made_to_harm_are_refused() {
    let split = json!({"split_index": 0});
    let flat = json!({"flat_feature_index": 0, "feature_index": 0});
    let far = json!(4_000_000_000_u32);
    let cases: [(&str, Value, &str); 13] = [
        ("/oblivious_trees", json!([]), "it has no trees"),
        ("/oblivious_trees", json!(null), "it has no trees"),
        (
            "/oblivious_trees/0/splits",
            json!(vec![split; 17]),
            "the leaves of tree 0 have 0 values",
        ),
        (
            "/oblivious_trees/0/splits/0/split_index",
            json!(1000),
            "tree 0: it uses split 1000, the inputs have",
        ),
        (
            "/oblivious_trees/1/leaf_values",
            json!([1, 2, 3]),
            "the leaves of tree 1 have 0 values, those before 1",
        ),
        (
            "/oblivious_trees/1/leaf_weights",
            json!([1, 2, 3]),
            "tree 1: 3 leaf weights for 16 leaves",
        ),
        (
            "/scale_and_bias",
            json!([1, [0, 0]]),
            "2 biases for 1 outputs",
        ),
        (
            "/features_info/float_features/0/borders/0",
            json!(1e300),
            "number out of range",
        ),
        (
            "/features_info/float_features/0/borders/0",
            json!("NaN"),
            "invalid type: string \"NaN\", expected f32",
        ),
        (
            "/features_info/float_features/1",
            flat,
            "two inputs have the position 0",
        ),
        (
            "/features_info/float_features/1/flat_feature_index",
            far,
            "the input 'income' has the position 4000000000",
        ),
        (
            "/features_info/float_features/1/feature_index",
            json!(0),
            "two inputs of one kind have one number",
        ),
        ("/features_info", json!([]), "the catboost model is damaged"),
    ];
    for (place, value, expected) in cases {
        let said = changed(|model| *model.pointer_mut(place).unwrap() = value.clone());
        assert!(said.contains(expected), "{place}: {said}");
    }
}

#[test]
fn what_is_not_supported_is_named() {
    let split = json!({"split_index": 0});
    let said = changed(|model| {
        model["oblivious_trees"] = json!([{
            "splits": vec![split.clone(); 17],
            "leaf_values": vec![0.5; 1 << 17],
        }]);
    });
    assert_eq!(
        said,
        "the model is too large: tree 0 is 17 deep, the limit is 16"
    );
    let said = changed(|model| model["features_info"]["text_features"] = json!([{}]));
    let text = "the catboost model has text inputs, which is not supported; train it with numeric \
                and categorical inputs, or compute the numbers beforehand";
    assert_eq!(said, text);
    assert_eq!(message(&fixture("text.cbm")), text);
    let deep = "{\"left\":".repeat(100_000);
    let said = message(format!("{{\"trees\":[{deep}").as_bytes());
    assert!(said.contains("recursion limit exceeded"), "{said}");
}

#[test]
fn limits_hold() {
    for file in [
        "binary.cbm",
        "binary.json",
        "lossguide.cbm",
        "lossguide.json",
    ] {
        let refused = |limits: &Limits| tried(&fixture(file), limits).unwrap_err().to_string();
        let few_trees = Limits {
            n_trees: 3,
            ..Limits::default()
        };
        assert_eq!(
            refused(&few_trees),
            "the model is too large: 8 trees, the limit is 3"
        );
        let few_nodes = Limits {
            n_nodes: 40,
            ..Limits::default()
        };
        assert!(refused(&few_nodes).contains("nodes up to tree"), "{file}");
        let few_inputs = Limits {
            n_features: 2,
            ..Limits::default()
        };
        assert!(
            refused(&few_inputs).contains("4 inputs, the limit is 2"),
            "{file}"
        );
    }
}

#[test]
fn files_cut_off_anywhere_are_refused() {
    for (file, step) in [("mean_absolute.cbm", 1), ("mean_absolute.json", 1)] {
        let bytes = fixture(file);
        for length in (0..bytes.len()).step_by(step) {
            let result = tried(&bytes[..length], &Limits::default());
            assert!(result.is_err(), "{file}, cut off after {length} bytes");
        }
    }
}

/// Whatever bytes are changed, opening and predicting end with figures or an error.
#[test]
fn damaged_files_are_errors() {
    let mut random = 1_u64;
    let mut next = move |limit: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    let names = [
        "ctr_multiclass",
        "depthwise",
        "one_hot",
        "binary",
        "unnamed",
        "multi_target",
    ];
    for name in names {
        for form in ["cbm", "json"] {
            let bytes = fixture(&format!("{name}.{form}"));
            let (mut n_opened, mut n_refused) = (0, 0);
            for round in 0..250 {
                let mut damaged = bytes.clone();
                for _ in 0..1 + round % 4 {
                    let at = next(damaged.len());
                    damaged[at] = match form {
                        "json" => b"0123456789-[],\"{}e."[next(19)],
                        // Offsets and lengths: small, large, negative.
                        _ => [0, 1, 2, 4, 8, 0x7f, 0x80, 0xff, damaged[at] ^ 1 << next(8)][next(9)],
                    };
                }
                match tried(&damaged, &Limits::default()) {
                    Ok(()) => n_opened += 1,
                    Err(_) => n_refused += 1,
                }
            }
            assert!(
                n_opened > 5 && n_refused > 5,
                "{name}.{form}: {n_opened} opened, {n_refused} refused"
            );
        }
    }
}

/// A small file whose thousand inputs are one, with a list of borders as long as the file.
#[test]
fn parts_used_again_and_again_are_refused() {
    // Core, its fields, trees, their fields, a list of inputs, an input, its fields, borders.
    let (n_inputs, n_borders) = (1000_u32, 1000_u32);
    let mut words: Vec<u32> = vec![4];
    let table = |words: &mut Vec<u32>, places: &[u16]| {
        // The list of fields stands before its table.
        let n_bytes = u16::try_from(4 + 2 * places.len()).unwrap();
        let mut shorts = vec![n_bytes, 64];
        shorts.extend(places);
        if shorts.len() % 2 == 1 {
            shorts.push(0);
        }
        let start = words.len();
        for pair in shorts.chunks_exact(2) {
            words.push(u32::from(pair[0]) | u32::from(pair[1]) << 16);
        }
        let back = u32::try_from(4 * (words.len() - start)).unwrap();
        let at = words.len();
        words.push(back);
        words.resize(at + 16, 0);
        at
    };
    let core = table(&mut words, &[4, 8]);
    words[0] = u32::try_from(4 * core).unwrap();
    let point = |words: &mut Vec<u32>, from: usize| {
        words[from] = u32::try_from(4 * (words.len() - from)).unwrap();
    };
    point(&mut words, core + 1);
    words.push(18);
    for four in b"FlabuffersModel_v1\0\0".chunks_exact(4) {
        words.push(u32::from_le_bytes(four.try_into().unwrap()));
    }
    let trees = table(&mut words, &[0, 0, 0, 0, 0, 4]);
    words[core + 2] = u32::try_from(4 * (trees - core - 2)).unwrap();
    point(&mut words, trees + 1);
    words.push(n_inputs);
    let list = words.len();
    words.resize(list + n_inputs as usize, 0);
    let input = table(&mut words, &[0, 0, 0, 4]);
    let entries = words.iter_mut().enumerate().skip(list);
    for (at, entry) in entries.take(n_inputs as usize) {
        *entry = u32::try_from(4 * (input - at)).unwrap();
    }
    point(&mut words, input + 1);
    words.push(n_borders);
    words.resize(words.len() + n_borders as usize, 0);
    let body: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    let mut bytes = b"CBM1".to_vec();
    bytes.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    bytes.extend(body);
    assert_eq!(
        message(&bytes),
        "the catboost model is damaged: its parts are used again and again"
    );
}

/// Small buffers of mostly small numbers, so that offsets lead into each other.
#[test]
fn noise_is_refused() {
    let mut random = 7_u64;
    for round in 0..4000_usize {
        let mut bytes = b"CBM1".to_vec();
        let n = 16 + round % 200;
        bytes.extend_from_slice(&u32::try_from(n).unwrap().to_le_bytes());
        for _ in 0..n {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let byte = u8::try_from(random >> 56).unwrap();
            bytes.push(if byte % 4 == 0 { byte / 4 } else { 0 });
        }
        assert!(tried(&bytes, &Limits::default()).is_err());
    }
}
