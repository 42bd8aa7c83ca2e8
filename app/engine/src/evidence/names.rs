//! Names of files that say what is in them.
//!
//! In: ids, codes, names of columns, in any script. Out: names that every file system takes, the same
//! for the same finding in every run, and different for different ones.

use crate::fingerprint::Fingerprint;

/// Longest part that stands for columns.
const MAX_COLUMNS: usize = 60;

/// The name of a finding's file without its ending: check, code, table and columns.
pub(super) fn of(check: &str, code: &str, table: &str, columns: &[String]) -> String {
    let mut parts = vec![plain(check, 80), plain(code, 20), plain(table, 20)];
    if !columns.is_empty() {
        parts.push(plain(&columns.join("+"), MAX_COLUMNS));
    }
    parts.join("__")
}

/// Letters, digits and a few signs; where that loses something, the beginning of a hash is added.
fn plain(text: &str, most: usize) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    let kept = text.chars().take(most);
    let kept: String = kept.map(|c| if is_plain(c) { c } else { '-' }).collect();
    if kept == text {
        return kept;
    }
    let hash = Fingerprint::of_bytes(text.as_bytes()).to_hex();
    format!("{kept}~{}", &hash[..8])
}

/// The name, or the first of `name-2`, `name-3`… that is not taken; letter case makes no difference,
/// as on some file systems.
pub(super) fn free(name: &str, taken: &mut Vec<String>) -> String {
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    let is_free = |name: &String| !taken.contains(&name.to_lowercase());
    let free = names.find(is_free).unwrap_or_else(|| name.to_owned());
    taken.push(free.to_lowercase());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_tell_apart_what_differs() {
        let name = |columns: &[&str]| {
            let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
            of("data-quality.zeros", "DQ001", "train", &columns)
        };
        assert_eq!(name(&[]), "data-quality.zeros__DQ001__train");
        assert_eq!(name(&["age"]), "data-quality.zeros__DQ001__train__age");
        assert_eq!(name(&["a", "b"]), "data-quality.zeros__DQ001__train__a+b");
        assert_eq!(
            name(&["credit_amount"]),
            "data-quality.zeros__DQ001__train__credit_amount"
        );
        let odd = [
            "a b",
            "a/b",
            "../../etc/passwd",
            "größe",
            "グループ",
            "a\nb",
            "",
        ];
        let mut seen = Vec::new();
        for column in odd {
            let name = name(&[column]);
            assert!(
                name.is_ascii() && !name.contains(['/', '\\', '\n', ' ']),
                "{name}"
            );
            assert!(!seen.contains(&name), "{name}");
            seen.push(name);
        }
        assert!(name(&[&"x".repeat(500)]).len() < 200);
        assert_ne!(name(&[&"x".repeat(500)]), name(&[&"x".repeat(501)]));
    }

    #[test]
    fn a_taken_name_is_numbered() {
        let mut taken = Vec::new();
        let names = ["a", "A", "a", "b"].map(|name| free(name, &mut taken));
        assert_eq!(names, ["a", "A-2", "a-3", "b"]);
    }
}
