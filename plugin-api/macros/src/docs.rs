//! The description of a check: a file with five sections.
//!
//! In: the file's text. Out: the text of each section, or what is missing.

/// The headings, in order.
const HEADINGS: [&str; 5] = [
    "What it measures",
    "Why it matters",
    "How it is computed",
    "How to read the result",
    "References",
];

/// The five sections of a description.
pub(crate) fn sections(text: &str) -> Result<[String; 5], String> {
    let mut found: [Option<String>; 5] = Default::default();
    let mut current = None;
    let mut highest = 0;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let heading = heading.trim();
            let index = HEADINGS
                .iter()
                .position(|known| *known == heading)
                .ok_or_else(|| {
                    format!(
                        "'## {heading}' is none of the five headings: {}",
                        HEADINGS.join(", ")
                    )
                })?;
            if index < highest || found[index].is_some() {
                return Err(format!(
                    "'## {heading}' stands out of order; the order is: {}",
                    HEADINGS.join(", ")
                ));
            }
            highest = index;
            found[index] = Some(String::new());
            current = Some(index);
        } else if let Some(section) = current.and_then(|index: usize| found[index].as_mut()) {
            section.push_str(line);
            section.push('\n');
        }
    }
    let mut sections: [String; 5] = Default::default();
    for (index, section) in found.into_iter().enumerate() {
        let text = section.unwrap_or_default().trim().to_owned();
        if text.is_empty() {
            return Err(format!(
                "the section '## {}' is missing or empty",
                HEADINGS[index]
            ));
        }
        sections[index] = text;
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "## What it measures\na\n## Why it matters\nb\n\nc\n## How it is computed\nd\n\
        ## How to read the result\ne\n## References\nf\n";

    #[test]
    fn the_five_sections_come_out_trimmed() {
        assert_eq!(
            sections(WHOLE).unwrap(),
            ["a", "b\n\nc", "d", "e", "f"].map(ToOwned::to_owned)
        );
    }

    #[test]
    fn a_missing_section_is_named() {
        let text = WHOLE.replace("## References\nf\n", "");
        assert_eq!(
            sections(&text).unwrap_err(),
            "the section '## References' is missing or empty"
        );
    }

    #[test]
    fn a_misspelled_heading_is_named() {
        let text = WHOLE.replace("Why it", "Why this");
        assert!(
            sections(&text)
                .unwrap_err()
                .starts_with("'## Why this matters' is none")
        );
    }
}
