//! What the readers of JSON and of UBJSON have in common, so that one description of the file's
//! structure serves both.
//!
//! In: nothing. Out: the trait they meet, and their bounds. Knows nothing of models.

/// Objects and arrays within each other at most; XGBoost's own files need 9.
pub(super) const MAX_DEPTH: usize = 64;

/// A position in a file, before a value. Each call reads one value and stops behind it.
///
/// Errors are sentences that name the offset. A clone goes on from the same position.
pub(super) trait Source: Clone {
    /// Calls `entry` for each key of an object; it must read or skip the value.
    fn object(
        &mut self,
        entry: impl FnMut(&mut Self, &str) -> Result<(), String>,
    ) -> Result<(), String>;

    /// Calls `element` before each element of an array; it must read or skip it.
    fn array(&mut self, element: impl FnMut(&mut Self) -> Result<(), String>)
    -> Result<(), String>;

    /// A text; numbers and arrays of numbers as they would be written.
    fn text(&mut self) -> Result<String, String>;

    /// An array of numbers.
    fn floats(&mut self) -> Result<Vec<f32>, String>;

    /// An array of whole numbers; truth values are 0 and 1.
    fn integers(&mut self) -> Result<Vec<i32>, String>;

    /// Whatever comes.
    fn skip(&mut self) -> Result<(), String>;

    /// Makes sure that nothing follows.
    fn finish(&mut self) -> Result<(), String>;
}

/// Reads an array of texts; those beyond `limit` are counted and skipped.
pub(super) fn texts(
    source: &mut impl Source,
    limit: usize,
) -> Result<(Vec<String>, usize), String> {
    let mut texts = Vec::new();
    let mut n = 0;
    source.array(|source| {
        n += 1;
        if n > limit {
            return source.skip();
        }
        texts.push(source.text()?);
        Ok(())
    })?;
    Ok((texts, n))
}

/// Many short texts of an alphabet, the same every time.
#[cfg(test)]
pub(super) fn short_texts(alphabet: &'static [u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut random = 1_u64;
    let mut next = move |limit: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    (0..20_000).map(move |_| {
        (0..1 + next(24))
            .map(|_| alphabet[next(alphabet.len())])
            .collect()
    })
}

/// How many ways of reading a text of so many bytes end well; none may give more than is there.
#[cfg(test)]
pub(super) fn n_read(start: &impl Source, n_bytes: usize) -> usize {
    let floats = start.clone().floats();
    assert!(floats.as_ref().map_or(0, Vec::len) <= n_bytes);
    [
        floats.is_ok(),
        start.clone().skip().is_ok(),
        start.clone().text().is_ok(),
        start.clone().integers().is_ok(),
        start.clone().array(Source::skip).is_ok(),
        start.clone().object(|source, _key| source.skip()).is_ok(),
    ]
    .into_iter()
    .map(usize::from)
    .sum()
}
