//! `interlock clean` on every form of table: packed, of several files, JSON Lines, Parquet.
//!
//! Each copy is read back by the loader and must hold the cells that the copy of the plain CSV holds.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use interlock_engine::clean::{FileForm, Request, run};
use interlock_engine::config::{Config, parse_steps};
use interlock_engine::load::{LoadSpec, load};

const CSV: &str = "town,age,day,member\nUlm,31,2024-01-05,true\nulm,,2024-02-01,false\nKiel,47,,true\nUlm,31,2024-01-05,true\nJena,29,2024-03-09,\n";

/// Duplicates go, the median is filled in, spellings become one.
const STEPS: [&str; 3] = [
    "normalize-categories columns = [\"town\"]",
    "impute columns = [\"age\"], rule = \"median\"",
    "deduplicate",
];

/// What the copy holds: by hand. The median of 31, 47, 31, 29 is 31.
const CLEANED: [[&str; 4]; 4] = [
    ["Ulm", "31", "2024-01-05", "true"],
    ["Ulm", "31", "2024-02-01", "false"],
    ["Kiel", "47", "~", "true"],
    ["Jena", "29", "2024-03-09", "~"],
];

fn cleaned(folder: &Path, train: &str, form: Option<FileForm>) {
    let project = format!("[data]\ntrain = {train}\n");
    let (config, _) = Config::parse(&project, &folder.join("interlock.toml")).unwrap();
    let steps: Vec<String> = STEPS.iter().map(|step| (*step).to_owned()).collect();
    let request = Request {
        steps: parse_steps(&steps).unwrap(),
        form,
        force: true,
        ..Request::default()
    };
    run(&config, &request).unwrap();
}

fn cells(files: &[PathBuf]) -> Vec<Vec<String>> {
    let cache = tempfile::tempdir().unwrap();
    let spec = LoadSpec {
        files: files.to_vec(),
        ..LoadSpec::default()
    };
    let loaded = load(&spec, files[0].parent().unwrap(), cache.path());
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let view = loaded.table.unwrap().view.clone();
    let cell = |row, column| view.cell(row, column).unwrap_or_else(|| "~".to_owned());
    (0..view.n_rows())
        .map(|row| {
            (0..view.n_columns())
                .map(|column| cell(row, column))
                .collect()
        })
        .collect()
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_tables_have_packed_copies() {
    for (ending, bytes) in [
        ("csv", CSV.as_bytes().to_vec()),
        ("csv.gz", gzipped(CSV)),
        ("csv.zst", zstd::encode_all(CSV.as_bytes(), 0).unwrap()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(format!("train.{ending}")), &bytes).unwrap();
        cleaned(folder.path(), &format!("\"train.{ending}\""), None);
        let copy = folder.path().join(format!("train.clean.{ending}"));
        let mark: &[u8] = match ending {
            "csv.gz" => &[0x1f, 0x8b],
            "csv.zst" => &[0x28, 0xb5, 0x2f, 0xfd],
            _ => b"town",
        };
        assert!(fs::read(&copy).unwrap().starts_with(mark), "{ending}");
        assert_eq!(cells(&[copy]), CLEANED, "{ending}");
        let original = fs::read(folder.path().join(format!("train.{ending}"))).unwrap();
        assert_eq!(original, bytes, "{ending}");
    }
}

#[test]
fn each_of_several_files_has_its_copy_and_a_row_of_one_repeats_that_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = CSV.split_at(CSV.find("Kiel").unwrap());
    fs::write(folder.path().join("a.csv"), first).unwrap();
    let header = CSV.lines().next().unwrap();
    fs::write(folder.path().join("b.csv"), format!("{header}\n{second}")).unwrap();
    cleaned(folder.path(), "[\"a.csv\", \"b.csv\"]", None);
    let copies = ["a.clean.csv", "b.clean.csv"].map(|name| folder.path().join(name));
    assert_eq!(cells(&copies), CLEANED);
    assert_eq!(cells(&copies[..1]).len(), 2);
    // The repeated row stood in the second file; its log says so.
    let log = fs::read_to_string(folder.path().join("b.clean.log.csv")).unwrap();
    assert!(log.contains("deduplicate"), "{log}");
}

#[test]
fn json_lines_and_parquet_give_parquet_with_the_same_cells() {
    let lines = "{\"town\":\"Ulm\",\"age\":31,\"day\":\"2024-01-05\",\"member\":true}\n{\"town\":\"ulm\",\"age\":null,\"day\":\"2024-02-01\",\"member\":false}\n{\"town\":\"Kiel\",\"age\":47,\"member\":true}\n{\"town\":\"Ulm\",\"age\":31,\"day\":\"2024-01-05\",\"member\":true}\n{\"town\":\"Jena\",\"age\":29,\"day\":\"2024-03-09\"}\n";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("train.jsonl"), lines).unwrap();
    cleaned(folder.path(), "\"train.jsonl\"", None);
    let from_lines = folder.path().join("train.clean.parquet");
    assert_eq!(cells(std::slice::from_ref(&from_lines)), CLEANED);

    // A Parquet file as the original: cleaning what is clean changes no cell.
    let again = folder.path().join("again.parquet");
    fs::copy(&from_lines, &again).unwrap();
    cleaned(folder.path(), "\"again.parquet\"", None);
    assert_eq!(cells(&[folder.path().join("again.clean.parquet")]), CLEANED);
    cleaned(folder.path(), "\"again.parquet\"", Some(FileForm::Csv));
    assert_eq!(cells(&[folder.path().join("again.clean.csv")]), CLEANED);
}

#[test]
fn csv_as_parquet_keeps_types() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("train.csv"), CSV).unwrap();
    cleaned(folder.path(), "\"train.csv\"", Some(FileForm::Parquet));
    assert_eq!(cells(&[folder.path().join("train.clean.parquet")]), CLEANED);
}
