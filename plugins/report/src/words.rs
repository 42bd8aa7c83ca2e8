//! Numbers and names as people read them.
//!
//! In: numbers, lists of names. Out: short text.

/// Names named in a sentence before "and n more".
const MAX_NAMES: usize = 5;

/// Characters of a value or a name in a sentence.
const MAX_CHARS: usize = 40;

/// A share as `8.2 %`, with as many digits as tell a small share from none, and a large one from all.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 {
        "under 0.1 %".to_owned()
    } else if share < 1.0 && percent > 99.9 {
        "over 99.9 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// A number with four significant digits, as a title can hold it.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() || value.is_infinite() || size < f64::MIN_POSITIVE {
        return format!("{value}");
    }
    if !(1e-3..1e9).contains(&size) {
        return format!("{value:.3e}");
    }
    let decimals = [1000.0, 100.0, 10.0, 1.0]
        .iter()
        .take_while(|limit| size < **limit)
        .count();
    let decimals = if size < 0.1 { decimals + 1 } else { decimals };
    trimmed(format!("{value:.decimals$}"))
}

/// A number with at most three decimals.
pub fn short(value: f64) -> String {
    trimmed(format!("{value:.3}"))
}

fn trimmed(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A p-value as `p < 0.001` or `p = 0.012`.
pub fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {p:.3}")
    }
}

/// A probability with four digits; one too small to matter is told as such.
pub fn probability(p: f64) -> String {
    if p < 1e-99 {
        "under 1e-99".to_owned()
    } else if p < 1e-3 {
        format!("{p:.1e}")
    } else {
        format!("{p:.4}")
    }
}

/// `1 row`, `2 rows`.
pub fn counted(n: usize, singular: &str) -> String {
    if n == 1 {
        format!("1 {singular}")
    } else {
        format!("{n} {singular}s")
    }
}

/// `'a', 'b'`, each name cut short, and how many more.
pub fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let quoted: Vec<String> = names
        .into_iter()
        .map(|name| format!("'{}'", shortened(name)))
        .collect();
    listed(&quoted)
}

/// The first of what is said already, and how many more.
pub fn listed(said: &[String]) -> String {
    let n_named = said.len().min(MAX_NAMES);
    let named = said[..n_named].join(", ");
    match said.len() - n_named {
        0 => named,
        rest => format!("{named} and {rest} more"),
    }
}

/// A value as a title can hold it: at most forty characters, longer ones end in `…`.
pub fn shortened(text: &str) -> String {
    if text.chars().nth(MAX_CHARS).is_none() {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_CHARS - 1).collect();
    format!("{start}…")
}
