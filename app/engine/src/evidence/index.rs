//! The list of findings beside their files.
//!
//! In: findings and the files of their rows. Out: `findings.csv`, and which files an earlier one
//! names, with the hash of what was written into them.

use std::fs;
use std::path::Path;

use crate::fingerprint::Fingerprint;

/// Name of the list.
pub const INDEX: &str = "findings.csv";

const HEADING: &str =
    "file,check,code,severity,table,columns,rows,rows_in_file,title,explanation,advice,blake3";

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The file of its rows; empty if it has none.
    pub file: String,
    /// The check's id.
    pub check: String,
    /// The finding's code.
    pub code: String,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// The table its rows stand in; empty if it has none.
    pub table: &'static str,
    /// Columns it is about, separated by `; `.
    pub columns: String,
    /// How many rows it is about.
    pub n_rows: u64,
    /// How many of them the check kept, and the file holds.
    pub n_in_file: u64,
    /// What is wrong, why it matters, what to do.
    pub texts: [String; 3],
    /// Hash of the file; empty without one.
    pub hash: String,
}

/// The whole list.
pub(super) fn text(entries: &[Entry]) -> String {
    let mut text = format!("{HEADING}\n");
    for entry in entries {
        let [title, explanation, advice] = &entry.texts;
        let (n_rows, n_in_file) = (entry.n_rows.to_string(), entry.n_in_file.to_string());
        let fields = [
            &entry.file,
            &entry.check,
            &entry.code,
            entry.severity,
            entry.table,
            &entry.columns,
            &n_rows,
            &n_in_file,
            title,
            explanation,
            advice,
            &entry.hash,
        ];
        text.push_str(&fields.map(field).join(","));
        text.push('\n');
    }
    text
}

fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) || text.trim() != text {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

/// Files that a list names, and their hashes; `None` if it is no list of ours.
pub(super) fn read(path: &Path) -> Option<Vec<(String, String)>> {
    let text = fs::read_to_string(path).ok()?;
    let text = text.strip_prefix(HEADING)?.strip_prefix('\n')?;
    let lines = records(text).into_iter().filter(|line| !line[0].is_empty());
    lines
        .map(|line| Some((line.first()?.clone(), line.last()?.clone())))
        .collect()
}

/// Fields by record; a quoted field may hold anything.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let (mut record, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(std::mem::take(&mut field)),
            '\n' if !is_quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            letter => field.push(letter),
        }
    }
    records
}

/// The hash of a file, as the list writes it.
pub(super) fn hash(path: &Path) -> Option<String> {
    Some(Fingerprint::of_file(path).ok()?.to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_its_files_and_another_table_is_no_list() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |file: &str| Entry {
            file: file.to_owned(),
            check: "a.b".to_owned(),
            code: "DQ001".to_owned(),
            severity: "note",
            table: "train",
            columns: "x, y; z".to_owned(),
            n_rows: 3,
            n_in_file: 2,
            texts: [
                "say \"this\",\nor that".to_owned(),
                String::new(),
                " b ".to_owned(),
            ],
            hash: if file.is_empty() {
                String::new()
            } else {
                "abc".to_owned()
            },
        };
        let text = text(&[entry("a.csv"), entry(""), entry("b,c.csv")]);
        let path = folder.path().join(INDEX);
        fs::write(&path, &text).unwrap();
        let pair = |file: &str| (file.to_owned(), "abc".to_owned());
        assert_eq!(read(&path), Some(vec![pair("a.csv"), pair("b,c.csv")]));
        assert_eq!(records(text.strip_prefix(HEADING).unwrap()).len(), 4);
        fs::write(&path, "file,check\na.csv,b\n").unwrap();
        assert_eq!(read(&path), None);
        assert_eq!(read(&folder.path().join("none.csv")), None);
    }
}
