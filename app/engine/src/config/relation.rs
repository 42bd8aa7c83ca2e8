//! A rule between columns, as people write it.
//!
//! In: `a <= b`, `'home town' = b`, `a + b = c`, `unique(a, b)`. Out: what it says and of which columns,
//! or what is wrong with it. Whether the columns exist is seen when the tables are there.

use interlock_plugin_api::contract::RelationKind;

/// What can be written, for messages.
pub(super) const FORMS: &str = "write one of \"a <= b\", \"a < b\", \"a = b\", \"a + b = c\", \"a - b = c\", \"a * b = c\", \"unique(a, b)\"; blanks around each sign, names that hold blanks in single quotes";

/// A name or a sign.
#[derive(Debug, PartialEq)]
enum Token {
    Name(String),
    Sign(&'static str),
}

const SIGNS: [&str; 9] = ["<=", "<", ">=", ">", "==", "=", "+", "-", "*"];

/// What a rule says and its columns in the order of [`RelationKind`]; else what is wrong.
pub(super) fn parse(rule: &str) -> Result<(RelationKind, Vec<String>), String> {
    let inner = rule
        .trim()
        .strip_prefix("unique(")
        .map(|rest| rest.strip_suffix(')').ok_or("the ')' is missing"));
    if let Some(inner) = inner {
        return unique(inner?);
    }
    let tokens = tokens(rule)?;
    let (kind, names) = match tokens.as_slice() {
        [Token::Name(a), Token::Sign(sign), Token::Name(b)] => match *sign {
            "<=" => (RelationKind::AtMost, vec![a, b]),
            "<" => (RelationKind::Below, vec![a, b]),
            ">=" => (RelationKind::AtMost, vec![b, a]),
            ">" => (RelationKind::Below, vec![b, a]),
            "=" | "==" => (RelationKind::Equal, vec![a, b]),
            _ => return Err(format!("'{a} {sign} {b}' compares nothing")),
        },
        [
            Token::Name(a),
            Token::Sign(sign),
            Token::Name(b),
            Token::Sign("=" | "=="),
            Token::Name(c),
        ] => match *sign {
            "+" => (RelationKind::Sum, vec![a, b, c]),
            "-" => (RelationKind::Difference, vec![a, b, c]),
            "*" => (RelationKind::Product, vec![a, b, c]),
            _ => return Err(format!("'{sign}' does not reckon with two columns")),
        },
        [Token::Name(name)] => {
            let sign = SIGNS.iter().find(|sign| name.contains(**sign));
            return Err(match sign {
                Some(sign) => format!("there are no blanks around '{sign}'"),
                None => format!("'{name}' alone says nothing"),
            });
        }
        _ => return Err("it has another form".to_owned()),
    };
    distinct(names.into_iter().cloned().collect()).map(|names| (kind, names))
}

fn unique(inner: &str) -> Result<(RelationKind, Vec<String>), String> {
    let mut names = Vec::new();
    let mut rest = inner;
    loop {
        let (name, after) = name(rest, |c| c == ',')?;
        names.push(name);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.is_empty() => break,
            None => return Err(format!("'{rest}' stands where a comma is expected")),
        }
    }
    if names.len() < 2 {
        return Err("one column alone is written unique = true under [columns.NAME]".to_owned());
    }
    distinct(names).map(|names| (RelationKind::Unique, names))
}

fn distinct(names: Vec<String>) -> Result<Vec<String>, String> {
    let repeated = names
        .iter()
        .enumerate()
        .find(|(at, name)| names[..*at].contains(name));
    match repeated {
        Some((_, name)) => Err(format!("column '{name}' stands in it twice")),
        None => Ok(names),
    }
}

fn tokens(rule: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = rule.trim_start();
    while !rest.is_empty() {
        let word = rest.split(char::is_whitespace).next().unwrap_or(rest);
        if let Some(sign) = SIGNS.iter().find(|sign| **sign == word) {
            tokens.push(Token::Sign(sign));
            rest = rest[word.len()..].trim_start();
            continue;
        }
        let (name, after) = name(rest, char::is_whitespace)?;
        tokens.push(Token::Name(name));
        rest = after.trim_start();
    }
    if tokens.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(tokens)
}

/// The name a text begins with, up to where it ends, and what comes after it.
fn name(text: &str, ends: impl Fn(char) -> bool) -> Result<(String, &str), String> {
    let text = text.trim_start();
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let inner = &text[1..];
        let end = inner
            .find(quote)
            .ok_or_else(|| format!("the quote {quote} is not closed"))?;
        return Ok((inner[..end].to_owned(), &inner[end + 1..]));
    }
    let end = text.find(ends).unwrap_or(text.len());
    let name = text[..end].trim_end();
    if name.is_empty() {
        return Err("a column's name is missing".to_owned());
    }
    Ok((name.to_owned(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &str, kind: RelationKind, columns: &[&str]) {
        let (found, names) = parse(rule).unwrap();
        assert_eq!(
            (found, names.iter().map(String::as_str).collect()),
            (kind, columns.to_vec())
        );
    }

    #[test]
    fn every_form_is_read() {
        check("a <= b", RelationKind::AtMost, &["a", "b"]);
        check(
            " capital-gain  <  x ",
            RelationKind::Below,
            &["capital-gain", "x"],
        );
        check("a >= b", RelationKind::AtMost, &["b", "a"]);
        check("a > b", RelationKind::Below, &["b", "a"]);
        check(
            "'home town' == \"it's\"",
            RelationKind::Equal,
            &["home town", "it's"],
        );
        check("a + b = c", RelationKind::Sum, &["a", "b", "c"]);
        check("a - b = c", RelationKind::Difference, &["a", "b", "c"]);
        check("größe * b = ä", RelationKind::Product, &["größe", "b", "ä"]);
        check(
            "unique(a, 'b, c' ,d e)",
            RelationKind::Unique,
            &["a", "b, c", "d e"],
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (rule, why) in [
            ("", "it is empty"),
            ("a<=b", "there are no blanks around '<='"),
            ("a", "'a' alone says nothing"),
            ("a + b", "'a + b' compares nothing"),
            ("a <= a", "column 'a' stands in it twice"),
            ("a < b = c", "'<' does not reckon with two columns"),
            ("a ~ b", "it has another form"),
            ("'a <= b", "the quote ' is not closed"),
            ("unique(a", "the ')' is missing"),
            (
                "unique(a)",
                "one column alone is written unique = true under [columns.NAME]",
            ),
            ("unique(a,,b)", "a column's name is missing"),
        ] {
            assert_eq!(parse(rule).unwrap_err(), why, "{rule}");
        }
    }
}
