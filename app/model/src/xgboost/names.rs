//! Category names out of one run of bytes, complete or not.
//!
//! In: bytes and offsets as the file holds them. Out: the names, and what is in doubt about them.
//!
//! XGBoost 3.1 and 3.2 save the names of a pandas table with their lengths in characters and cut the
//! bytes at the sum of these lengths. Where names are not ASCII, later ones therefore begin at the
//! wrong byte and the last ones lack their end. Tables of other libraries are saved with lengths in
//! bytes, and the file does not say which it is. So both readings are kept, and the texts of the rows
//! to predict decide: a reading holds if it knows all of them; if both do and disagree, none holds.

/// The categories of an input.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Categories {
    /// In the model's order; by characters, if in doubt.
    pub(super) names: Vec<String>,
    pub(super) doubt: Option<Doubt>,
}

/// Names that are not ASCII.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doubt {
    by_characters: Vec<Name>,
    /// None if some would not be UTF-8.
    by_bytes: Option<Vec<Name>>,
}

/// The beginning of a name, and the characters of the whole.
#[derive(Debug, Clone, PartialEq)]
struct Name {
    start: String,
    n_characters: usize,
}

impl Name {
    fn whole(text: &str) -> Self {
        Self {
            start: text.to_owned(),
            n_characters: text.chars().count(),
        }
    }

    fn is(&self, text: &str) -> bool {
        // Of a name that is cut off altogether nothing can be told.
        let is_told = !self.start.is_empty() || self.n_characters == 0;
        is_told && text.starts_with(&self.start) && text.chars().count() == self.n_characters
    }
}

/// Reads names that lie one behind the other, with an offset for each and one for the end.
pub(super) fn read(bytes: &[u8], offsets: &[i32]) -> Result<Categories, String> {
    let ends: Vec<[usize; 2]> = offsets
        .windows(2)
        .map(|pair| [pair[0], pair[1]].map(|at| usize::try_from(at).unwrap_or(usize::MAX)))
        .collect();
    if let Some([start, end]) = ends
        .iter()
        .find(|[start, end]| start > end || *end > bytes.len())
    {
        return Err(format!("bytes {start} to {end} of {}", bytes.len()));
    }
    let by_bytes: Option<Vec<&str>> = ends
        .iter()
        .map(|[start, end]| str::from_utf8(&bytes[*start..*end]).ok())
        .collect();
    if let (true, Some(names)) = (bytes.is_ascii(), &by_bytes) {
        return Ok(Categories {
            names: names.iter().map(ToString::to_string).collect(),
            doubt: None,
        });
    }
    let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let characters: Vec<char> = text.chars().collect();
    let by_characters: Vec<Name> = ends
        .iter()
        .map(|[start, end]| {
            let there = |at: usize| at.min(characters.len());
            Name {
                start: characters[there(*start)..there(*end)].iter().collect(),
                n_characters: end - start,
            }
        })
        .collect();
    Ok(Categories {
        names: by_characters
            .iter()
            .map(|name| name.start.clone())
            .collect(),
        doubt: Some(Doubt {
            by_characters,
            by_bytes: by_bytes.map(|names| names.into_iter().map(Name::whole).collect()),
        }),
    })
}

impl Doubt {
    /// The names in the model's order, as far as these texts need them; none if they do not tell.
    pub(super) fn resolved(&self, texts: &[&str]) -> Option<Vec<String>> {
        let positions = |names: &Vec<Name>| -> Option<Vec<usize>> {
            texts
                .iter()
                .map(|text| {
                    let mut known = (0..names.len()).filter(|at| names[*at].is(text));
                    known.next().filter(|_first| known.next().is_none())
                })
                .collect()
        };
        let by_bytes = self.by_bytes.as_ref();
        let (names, positions) = match (
            positions(&self.by_characters),
            by_bytes.and_then(|names| Some((names, positions(names)?))),
        ) {
            (Some(found), Some((_, other))) if found != other => return None,
            (Some(found), _) => (&self.by_characters, found),
            (None, Some((names, found))) => (names, found),
            (None, None) => return None,
        };
        let mut resolved: Vec<String> = names.iter().map(|name| name.start.clone()).collect();
        for (text, position) in texts.iter().zip(positions) {
            (*text).clone_into(&mut resolved[position]);
        }
        Some(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(bytes: &str, offsets: &[i32], texts: &[&str]) -> Option<Vec<String>> {
        let categories = read(bytes.as_bytes(), offsets).unwrap();
        categories.doubt.unwrap().resolved(texts)
    }

    #[test]
    fn ascii_names_are_not_in_doubt() {
        let read = read(b"redgreen", &[0, 3, 3, 8]).unwrap();
        assert_eq!(read.names, ["red", "", "green"]);
        assert_eq!(read.doubt, None);
    }

    #[test]
    fn names_with_lengths_in_characters_are_completed() {
        // xgboost 3.2.0, pandas categories ["blue", "grün", "red"].
        let names = |texts: &[&str]| resolved("bluegrünre", &[0, 4, 8, 11], texts);
        assert_eq!(names(&["red", "grün"]).unwrap(), ["blue", "grün", "red"]);
        assert_eq!(names(&["blue"]).unwrap(), ["blue", "grün", "re"]);
        assert_eq!(names(&["violet"]), None);
        // Three characters, but not these; these, but one more.
        assert_eq!(names(&["rod"]), None);
        assert_eq!(names(&["reif"]), None);
        // xgboost 3.2.0, pandas categories ["Москва", "Омск", "Тверь"]: the last is gone altogether.
        let raw = "МоскваО".as_bytes().iter().chain(&[0xd0]);
        let raw: Vec<u8> = raw.copied().collect();
        let doubt = read(&raw, &[0, 6, 10, 15]).unwrap().doubt.unwrap();
        assert_eq!(doubt.resolved(&["Омск"]).unwrap()[1], "Омск");
        assert_eq!(doubt.resolved(&["Тверь"]), None);
    }

    #[test]
    fn names_with_lengths_in_bytes_are_read() {
        let names = |texts: &[&str]| resolved("bluegrünred", &[0, 4, 9, 12], texts);
        assert_eq!(names(&["grün", "red"]).unwrap(), ["blue", "grün", "red"]);
        assert_eq!(names(&["violet"]), None);
    }

    #[test]
    fn readings_that_disagree_hold_neither() {
        // By bytes "é", "b", "a"; by characters "éb", "a" and one that is gone.
        let names = |texts: &[&str]| resolved("éba", &[0, 2, 3, 4], texts);
        assert_eq!(names(&["é", "b"]).unwrap(), ["é", "b", "a"]);
        assert_eq!(names(&["éb"]).unwrap()[0], "éb");
        assert_eq!(names(&["a"]), None);
    }
}
