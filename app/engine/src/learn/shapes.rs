//! The form of texts as a regular expression.
//!
//! In: the distinct texts of a column. Out: a pattern that all match, if they are codes of one to three
//! forms: runs of digits, capitals, small letters, and signs as they stand. Prose and names have no
//! such form.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Forms that may stand beside each other.
const MAX_FORMS: usize = 3;

/// Distinct texts a form must have: one that stands once or twice says there are more.
const MIN_TEXTS: usize = 3;

/// Distinct texts below which nothing is said.
const MIN_DISTINCT: usize = 20;

/// Distinct texts from which on a run of one length is one of fixed length.
const MIN_FIXED: usize = 100;

/// What the characters of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Digit,
    Upper,
    Lower,
    /// Digits and letters mixed, as in hexadecimal codes.
    Hex,
    Alphanumeric,
    Sign(char),
}

impl Class {
    fn pattern(self) -> String {
        match self {
            Self::Digit => "[0-9]".to_owned(),
            Self::Upper => "[A-Z]".to_owned(),
            Self::Lower => "[a-z]".to_owned(),
            Self::Hex => "[0-9a-f]".to_owned(),
            Self::Alphanumeric => "[0-9A-Za-z]".to_owned(),
            Self::Sign(sign) => regex::escape(&sign.to_string()),
        }
    }
}

/// One run of a form.
#[derive(Debug, Clone)]
struct Run {
    shortest: usize,
    longest: usize,
    /// What stands there, if it is always the same.
    constant: Option<String>,
}

/// All texts of one form.
#[derive(Debug, Clone, Default)]
struct Form {
    n_texts: usize,
    runs: Vec<Run>,
}

/// The pattern of distinct texts, which are gone through several times; `None` if they have no form worth holding others to.
pub(super) fn pattern<'t>(texts: &(impl Iterator<Item = &'t str> + Clone)) -> Option<String> {
    let n = texts.clone().count();
    if n < MIN_DISTINCT {
        return None;
    }
    let mixed = if texts.clone().all(|text| text.chars().all(is_hex_or_sign)) {
        Class::Hex
    } else {
        Class::Alphanumeric
    };
    // Words are no codes only because some hold a digit.
    let has_digit = |text: &&str| text.contains(|c: char| c.is_ascii_digit());
    let is_mixed = 2 * texts.clone().filter(has_digit).count() >= n;
    [None, Some(mixed)]
        .into_iter()
        .filter(|mixed| mixed.is_none() || is_mixed)
        .find_map(|mixed| forms(texts.clone(), mixed))
        .map(|forms| written(&forms))
}

fn is_hex_or_sign(c: char) -> bool {
    c.is_ascii_digit() || ('a'..='f').contains(&c) || c.is_ascii_punctuation()
}

/// The forms, each as its classes; letters and digits together as `mixed` if given.
fn forms<'t>(
    texts: impl Iterator<Item = &'t str>,
    mixed: Option<Class>,
) -> Option<BTreeMap<Vec<Class>, Form>> {
    let mut forms: BTreeMap<Vec<Class>, Form> = BTreeMap::new();
    for text in texts {
        let runs = runs(text, mixed)?;
        let classes: Vec<Class> = runs.iter().map(|(class, _)| *class).collect();
        let form = forms.entry(classes).or_default();
        form.add(&runs);
        // Far too many forms: no need to look at the rest.
        if forms.len() > 50 {
            return None;
        }
    }
    let is_code = |classes: &Vec<Class>| {
        classes.iter().any(|class| {
            !matches!(
                class,
                Class::Upper | Class::Lower | Class::Sign(' ' | '\'' | '.' | ',')
            )
        })
    };
    let holds = forms.len() <= MAX_FORMS
        && forms.values().all(|form| form.n_texts >= MIN_TEXTS)
        && forms
            .keys()
            .all(|classes| !classes.is_empty() && is_code(classes));
    holds.then_some(forms)
}

/// The runs of a text; `None` if it holds what no code holds.
fn runs(text: &str, mixed: Option<Class>) -> Option<Vec<(Class, &str)>> {
    let class_of = |c: char| match (c, mixed) {
        (c, Some(mixed)) if c.is_ascii_alphanumeric() => Some(mixed),
        ('0'..='9', _) => Some(Class::Digit),
        ('A'..='Z', _) => Some(Class::Upper),
        ('a'..='z', _) => Some(Class::Lower),
        (sign, _) if sign == ' ' || sign.is_ascii_punctuation() => Some(Class::Sign(sign)),
        _ => None,
    };
    let mut runs: Vec<(Class, &str)> = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let class = class_of(c)?;
        match runs.last_mut() {
            Some((last, run)) if *last == class => *run = &text[start..=at],
            _ => {
                start = at;
                runs.push((class, &text[at..=at]));
            }
        }
        if runs.len() > 20 {
            return None;
        }
    }
    Some(runs)
}

impl Form {
    fn add(&mut self, runs: &[(Class, &str)]) {
        self.n_texts += 1;
        if self.runs.is_empty() {
            let first = |(_, text): &(Class, &str)| Run {
                shortest: text.len(),
                longest: text.len(),
                constant: Some((*text).to_owned()),
            };
            self.runs = runs.iter().map(first).collect();
            return;
        }
        for (run, (_, text)) in self.runs.iter_mut().zip(runs) {
            run.shortest = run.shortest.min(text.len());
            run.longest = run.longest.max(text.len());
            if run.constant.as_deref().is_some_and(|known| known != *text) {
                run.constant = None;
            }
        }
    }
}

fn written(forms: &BTreeMap<Vec<Class>, Form>) -> String {
    let alternatives: Vec<String> = forms
        .iter()
        .map(|(classes, form)| {
            let mut pattern = String::new();
            for (class, run) in classes.iter().zip(&form.runs) {
                let is_sure = form.n_texts >= MIN_FIXED;
                let is_literal = is_sure && is_fixed(*class, run);
                if let Some(constant) = run.constant.as_ref().filter(|_| is_literal) {
                    pattern += &regex::escape(constant);
                    continue;
                }
                pattern += &class.pattern();
                match (run.shortest, run.longest) {
                    (1, 1) if is_sure || matches!(class, Class::Sign(_)) => {}
                    (shortest, longest) if shortest == longest && is_sure => {
                        // Writing to a string cannot fail.
                        let _written = write!(pattern, "{{{shortest}}}");
                    }
                    // Lengths that vary, or few texts: longer ones may come.
                    _ => pattern.push('+'),
                }
            }
            pattern
        })
        .collect();
    alternatives.join("|")
}

/// Whether a run that is always the same is so for good: `ORD`, `-`. A single letter or a number may be
/// that of this batch.
fn is_fixed(class: Class, run: &Run) -> bool {
    match class {
        Class::Sign(_) => true,
        Class::Upper | Class::Lower => run.shortest > 1,
        Class::Digit | Class::Hex | Class::Alphanumeric => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[String]) -> Option<String> {
        pattern(&texts.iter().map(String::as_str))
    }

    fn made(n: usize, text: impl Fn(usize) -> String) -> Vec<String> {
        (0..n).map(text).collect()
    }

    #[test]
    fn codes_have_a_form() {
        let plates = made(300, |at| {
            format!(
                "{}{}-{:04}",
                'A',
                (b'A' + u8::try_from(at % 26).unwrap()) as char,
                at * 7 % 9999
            )
        });
        assert_eq!(of(&plates).unwrap(), r"[A-Z]{2}\-[0-9]{4}");
        let orders = made(300, |at| format!("ORD-{at}"));
        assert_eq!(of(&orders).unwrap(), r"ORD\-[0-9]+");
        let few = made(30, |at| format!("K{at}"));
        assert_eq!(of(&few).unwrap(), "[A-Z]+[0-9]+");
        let two = made(400, |at| {
            if at % 2 == 0 {
                format!("{at:05}")
            } else {
                format!("D-{at:05}")
            }
        });
        assert_eq!(of(&two).unwrap(), r"[0-9]{5}|[A-Z]\-[0-9]{5}");
        let hashes = made(300, |at| {
            format!(
                "{:08x}",
                u32::try_from(at).unwrap().wrapping_mul(2_654_435_761)
            )
        });
        assert_eq!(of(&hashes).unwrap(), "[0-9a-f]{8}");
    }

    #[test]
    fn prose_names_and_odd_texts_have_none() {
        for texts in [
            made(300, |at| {
                format!("Name{}", "x".repeat(at % 9)).replace(|c: char| c.is_ascii_digit(), "")
            }),
            made(10, |at| format!("A{at}")),
            made(300, |at| format!("ä{at}")),
            made(300, |at| {
                if at == 7 {
                    "?".to_owned()
                } else {
                    format!("A{at:03}")
                }
            }),
            made(300, |_| String::new()),
        ] {
            assert_eq!(of(&texts), None, "{:?}", texts.first());
        }
    }

    #[test]
    fn every_text_matches_its_pattern() {
        for texts in [
            made(300, |at| format!("[{at}](x)^$.{at}")),
            made(150, |at| format!("a b-{at:03}")),
            made(150, |at| format!("{at}\\{at}")),
        ] {
            let pattern = of(&texts).unwrap();
            let whole = regex::Regex::new(&format!(r"\A(?:{pattern})\z")).unwrap();
            for text in &texts {
                assert!(whole.is_match(text), "{pattern} {text}");
            }
        }
    }
}
