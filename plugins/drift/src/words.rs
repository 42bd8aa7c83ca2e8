//! Numbers and names as people read them.
//!
//! In: numbers, lists of names. Out: short text. No figure is computed here.

/// A number with at most three decimals.
pub fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A share as `12.5 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A p-value as `p = 0.012` or `p < 0.001`.
pub fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {}", short(p))
    }
}

/// A name of at most sixty characters; longer ones end in `…`.
pub fn clipped(name: &str) -> String {
    match name.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// At most eight names in quotes, and how many more.
pub fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let all: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = all
        .iter()
        .take(8)
        .map(|name| format!("'{}'", clipped(name)))
        .collect();
    let more = all.len().saturating_sub(8);
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_are_short() {
        assert_eq!((short(0.25), short(2.0)), ("0.25".into(), "2".into()));
        assert_eq!(p_value(1e-9), "p < 0.001");
        assert_eq!(names(["a", "b"]), "'a', 'b'");
        assert_eq!(clipped(&"ü".repeat(61)), format!("{}…", "ü".repeat(60)));
        assert_eq!(clipped("short"), "short");
        assert!(names(["x"; 10]).ends_with("and 2 more"));
    }
}
