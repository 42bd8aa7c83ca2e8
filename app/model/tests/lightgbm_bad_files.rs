//! LightGBM files that do not hold together: each kind of damage with its message, and that no bytes
//! whatever panic or hang.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use interlock_model::{Batch, BatchColumn, BatchValues, Limits, Model, ModelError, open};

/// Two trees over two inputs: `x` by a number, `kind` by a category set; the second tree is linear.
const GOOD: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=x kind
feature_infos=[-1:1] 0:1:2
tree_sizes=400 300

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
threshold=0.5 0
decision_type=2 1
left_child=-1 -2
right_child=1 -3
leaf_value=1 2 4
leaf_count=5 6 7
internal_count=18 13
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=1


Tree=1
num_leaves=1
num_cat=0
leaf_value=0.5
leaf_count=18
is_linear=1
leaf_const=0.25
num_features=1
leaf_features=0
leaf_coeff=2
shrinkage=1


end of trees

feature_importances:
x=1

pandas_categorical:[[\"a\", \"b\", \"c\"]]
";

/// What is replaced, by what, and what the message holds.
const DAMAGES: &str = r#"
end of trees |  | where a tree or 'end of trees' should be
tree_sizes=400 300 | tree_sizes=400 | it holds 2 trees, and 'tree_sizes' counts 1
version=v4 | version=v5 | the format version 'v5', which is not supported; versions v2 to v4
num_class=1 | num_klass=1 | 'num_class' is not there
num_class=1 | num_class=-1 | 'num_class' is '-1', not a count
num_tree_per_iteration=1 | num_tree_per_iteration=0 | 'num_tree_per_iteration' is 0
num_tree_per_iteration=1 | num_tree_per_iteration=2 | 2 trees per round do not go together
max_feature_idx=1 | max_feature_idx=2 | 'feature_names' holds 2 names for 3 inputs
feature_infos=[-1:1] 0:1:2 | feature_infos=none | 'feature_infos' holds 1 entries for 2 inputs
objective=binary | objective=wonder | the objective 'wonder', which is not supported
sigmoid:1 | sigmoid:nan | the slope 'sigmoid:nan'
num_leaves=3 | num_leaves=0 | tree 0: it has no leaves
num_leaves=3 | num_leaves=4 | tree 0: 'split_feature' holds fewer values
num_leaves=3 | num_leaves=2 | tree 0: node 0 points to the child 1
num_leaves=3 | num_leaves=999999999 | the model is too large: 1999999997 nodes
num_leaves=3 | num_leaves=99999999999999999999 | not a count
split_feature=0 1 | split_feature=0 2 | tree 0: node 1 splits by input 2, of 2
split_feature=0 1 | split_feature=0 -1 | 'split_feature' holds '-1', not a position
threshold=0.5 0 | threshold=nan 0 | tree 0: the threshold of node 0 is not a number
threshold=0.5 0 | threshold=x 0 | 'threshold' holds 'x', not a number
threshold=0.5 0 | threshold=0.5 1 | tree 0: node 1 names the category set 1, of 1
threshold=0.5 0 | threshold=0.5 0.5 | names the category set 0.5, of 1
decision_type=2 1 | decision_type=12 1 | tree 0: node 0 has an unknown decision type
left_child=-1 -2 | left_child=-1 -4 | tree 0: node 1 points to the child -4
right_child=1 -3 | right_child=2 -3 | tree 0: node 0 points to the child 2
right_child=1 -3 | right_child=1 0 | tree 0: node 1 points to the child 0, which is the root or not there
right_child=1 -3 | right_child=1 1 | tree 0: node 1 has two parents
left_child=-1 -2 | left_child=-1 -1 | has two parents
leaf_value=1 2 4 | leaf_value=1 2 | tree 0: 'leaf_value' holds fewer values
leaf_value=1 2 4 | leaf_value=1 2 4 8 | tree 0: 'leaf_value' holds more values
leaf_value=1 2 4 | leaf_value=1 inf 4 | tree 0: 'leaf_value' holds inf, not finite
leaf_count=5 6 7 | leaf_count=5 6 | tree 0: 'leaf_count' holds fewer values
cat_boundaries=0 1 | cat_boundaries=0 2 | tree 0: 'cat_threshold' holds fewer values
cat_boundaries=0 1 | cat_boundaries=1 0 | tree 0: 'cat_boundaries' begins with 1
num_cat=1 | num_cat=2 | tree 0: 'cat_boundaries' holds fewer values
cat_threshold=5 | cat_threshold=4294967296 | 'cat_threshold' holds '4294967296'
leaf_const=0.25 | leaf_const=nan | tree 1: 'leaf_const' holds NaN, not finite
num_features=1 | num_features=2 | tree 1: 'leaf_features' holds fewer values
leaf_features=0 | leaf_features=7 | tree 1: the formula of leaf 0 takes input 7, of 2
Tree=1 | Twig=1 | line 29 is 'Twig', where a tree or 'end of trees' should be
[["a" | [[a | 'pandas_categorical' is no list
"#;

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lightgbm");
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn opened(bytes: &[u8], limits: &Limits) -> Result<Box<dyn Model>, ModelError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    open(file.path(), limits)
}

#[track_caller]
fn check(from: &str, to: &str, message: &str) {
    assert!(GOOD.contains(from), "'{from}' is not in the file");
    let text = GOOD.replacen(from, to, 1);
    let error = opened(text.as_bytes(), &Limits::default())
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains(message), "{error}");
}

fn asked(model: &dyn Model, x: f64, kind: &[String]) -> Result<Vec<f64>, ModelError> {
    let (x, codes) = ([x], [0]);
    model.margins(&Batch {
        n_rows: 1,
        columns: vec![
            BatchColumn {
                name: "x",
                values: BatchValues::Numeric(&x),
            },
            BatchColumn {
                name: "kind",
                values: BatchValues::Categorical {
                    codes: &codes,
                    categories: kind,
                },
            },
        ],
    })
}

/// By hand: the set 5 holds the categories 0 and 2; the second tree adds 0.25 + 2 x, or 0.5 if `x` is
/// missing. NaN at the first node goes right, as 0 would go left: the missing type is none.
#[test]
fn the_good_file_predicts() {
    let model = opened(GOOD.as_bytes(), &Limits::default()).unwrap();
    for (x, kind, margin) in [
        (0.5, "a", 1.0 + 1.25),
        (1.0, "a", 2.0 + 2.25),
        (1.0, "b", 4.0 + 2.25),
        (1.0, "unseen", 4.0 + 2.25),
        (f64::NAN, "c", 1.0 + 0.5),
    ] {
        let margins = asked(&*model, x, &[kind.to_owned()]).unwrap();
        assert_eq!(margins, [margin], "{x} {kind}");
    }
    assert!(model.ensemble().is_none());
    let windows = GOOD.replace('\n', "\r\n");
    let model = opened(windows.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(asked(&*model, 1.0, &["a".to_owned()]).unwrap(), [4.25]);
}

#[test]
fn each_damage_has_its_message() {
    let damages: Vec<&str> = DAMAGES.trim().lines().collect();
    assert_eq!(damages.len(), 41);
    for damage in damages {
        let mut parts = damage.split(" | ");
        let mut part = || parts.next().unwrap();
        check(part(), part(), part());
    }
}

#[test]
fn no_trees_and_half_rounds_are_errors() {
    let message = |text: &str| {
        let opened = opened(text.as_bytes(), &Limits::default());
        opened.map(|_| ()).unwrap_err().to_string()
    };
    let head = GOOD.split("tree_sizes").next().unwrap();
    let empty = format!("{head}tree_sizes=\n\nend of trees\n");
    assert!(message(&empty).contains("it holds no trees: train it"));
    let half = GOOD
        .replace("num_class=1", "num_class=3")
        .replace("num_tree_per_iteration=1", "num_tree_per_iteration=3")
        .replace("binary sigmoid:1", "multiclass num_class:3");
    assert!(message(&half).contains("2 trees, 3 to a round: the last round is not whole"));
}

#[test]
fn a_file_cut_off_within_its_trees_says_so() {
    let error = opened(&GOOD.as_bytes()[..500], &Limits::default());
    assert_eq!(
        error.map(|_| ()).unwrap_err().to_string(),
        "the lightgbm-text model is damaged: it ends before 'end of trees': the file was cut off, save it again"
    );
}

/// A lone leaf without its count, as old versions write it, leaves the other counts alone.
#[test]
fn a_lone_leaf_needs_no_count() {
    let text = GOOD
        .replace("is_linear=1", "is_linear=0")
        .replace("leaf_count=18", "leaf_count=");
    let model = opened(text.as_bytes(), &Limits::default()).unwrap();
    let cover = model.ensemble().unwrap().cover;
    assert_eq!(cover, [18.0, 13.0, 5.0, 6.0, 7.0, 1.0]);
}

#[test]
fn limits_hold() {
    let message = |limits: Limits| {
        let opened = opened(GOOD.as_bytes(), &limits);
        opened.map(|_| ()).unwrap_err().to_string()
    };
    let limits = Limits::default;
    for (limits, expected) in [
        (
            Limits {
                n_trees: 1,
                ..limits()
            },
            "2 trees, the limit is 1",
        ),
        (
            Limits {
                n_nodes: 5,
                ..limits()
            },
            "6 nodes, the limit is 5",
        ),
        (
            Limits {
                n_features: 1,
                ..limits()
            },
            "2 inputs, the limit is 1",
        ),
        (
            Limits {
                n_outputs: 0,
                ..limits()
            },
            "1 outputs, the limit is 0",
        ),
    ] {
        assert_eq!(
            message(limits),
            format!("the model is too large: {expected}")
        );
    }
}

#[test]
fn text_where_numbers_are_needed_is_named() {
    let text = GOOD.replace(
        "pandas_categorical:[[\"a\", \"b\", \"c\"]]",
        "pandas_categorical:null",
    );
    let model = opened(text.as_bytes(), &Limits::default()).unwrap();
    let error = asked(&*model, 1.0, &["nurse".to_owned()]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the input 'kind' must be numbers and holds 'nurse'"
    );
}

/// Whatever the bytes, opening and predicting end with an answer or an error.
fn survives(bytes: &[u8]) -> bool {
    let column = [0.5, f64::NAN, -3.0, 2.0, f64::INFINITY];
    let Ok(model) = opened(bytes, &Limits::default()) else {
        return false;
    };
    let info = model.info();
    let column = |feature| BatchColumn {
        name: feature,
        values: BatchValues::Numeric(&column),
    };
    let columns = info.features.iter().map(|feature| column(&feature.name));
    let batch = Batch {
        n_rows: 5,
        columns: columns.collect(),
    };
    assert_eq!(model.predict(&batch).unwrap().len(), 5 * info.n_outputs);
    true
}

fn generator() -> impl FnMut(usize) -> usize {
    let mut random = 1_u64;
    move |limit| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % limit
    }
}

#[test]
fn files_cut_off_anywhere_are_errors_or_whole() {
    let end = GOOD.find("end of trees").unwrap() + "end of trees".len();
    for length in 0..GOOD.len() {
        assert!(
            !survives(&GOOD.as_bytes()[..length]) || length >= end,
            "{length}"
        );
    }
    for (name, bytes) in fixtures() {
        // Every length of the smallest, a spread of the others.
        let step = if name == "constant" { 1 } else { 499 };
        for length in (0..bytes.len()).step_by(step) {
            survives(&bytes[..length]);
        }
    }
}

#[test]
fn damaged_files_never_panic() {
    let mut next = generator();
    let (mut n_opened, mut n_refused) = (0, 0);
    let mut files = fixtures();
    files.push(("good".to_owned(), GOOD.as_bytes().to_vec()));
    for (_, bytes) in &files {
        for round in 0..50 {
            let mut damaged = bytes.clone();
            for _ in 0..=next(3) {
                // Mostly within the trees: the parameters after them are passed over.
                let at = next(damaged.len().min(4000));
                damaged[at] = if round % 2 == 0 {
                    b"0123456789-=. \n\r[]einfa"[next(23)]
                } else {
                    u8::try_from(next(256)).unwrap()
                };
            }
            if survives(&damaged) {
                n_opened += 1;
            } else {
                n_refused += 1;
            }
        }
    }
    assert!(n_opened + n_refused >= 2000);
    assert!(
        n_opened > 300 && n_refused > 300,
        "{n_opened} opened, {n_refused} refused"
    );
}

/// Lines moved, doubled, left out, and their values replaced by what breaks careless readers.
#[test]
fn shuffled_lines_never_panic() {
    const VALUES: &[&str] = &[
        "",
        "0",
        "-1",
        "1",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "-9223372036854775808",
        "1e400",
        "nan",
        "-inf",
        "0 0 0 0 0 0 0 0",
        "999999999",
        "\u{e4} \u{fc}",
        "[[[[[[[[[[",
        "0:1:2:99999999999",
    ];
    let mut next = generator();
    let lines: Vec<&str> = GOOD.lines().collect();
    let mut n_opened = 0;
    for _ in 0..1500 {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        for _ in 0..=next(2) {
            let at = 1 + next(lines.len() - 1);
            match next(4) {
                0 => {
                    let line = lines.remove(at);
                    let to = 1 + next(lines.len());
                    lines.insert(to, line);
                }
                1 => {
                    let line = lines[at].clone();
                    lines.insert(at, line);
                }
                2 => drop(lines.remove(at)),
                _ => {
                    let name = lines[at].split('=').next().unwrap().to_owned();
                    lines[at] = format!("{name}={}", VALUES[next(VALUES.len())]);
                }
            }
        }
        n_opened += usize::from(survives(lines.join("\n").as_bytes()));
    }
    assert!((150..1350).contains(&n_opened), "{n_opened} opened");
}
