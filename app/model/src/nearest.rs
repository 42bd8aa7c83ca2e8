//! The known word nearest to a misspelt one.

/// The word with most pairs of neighbouring letters in common (Sørensen–Dice above one half).
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let pairs = |text: &str| {
        let letters: Vec<char> = text.to_lowercase().chars().collect();
        letters
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .collect::<Vec<_>>()
    };
    let own = pairs(word);
    let likeness = |other: &str| {
        let other = pairs(other);
        let common = own.iter().filter(|pair| other.contains(pair)).count();
        2.0 * common as f64 / (own.len() + other.len()).max(1) as f64
    };
    let best = known
        .iter()
        .copied()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.5).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_meant() {
        let known = ["random-forest", "decision-tree"];
        assert_eq!(nearest("randomforest", &known), Some("random-forest"));
        assert_eq!(nearest("svm", &known), None);
    }
}
