//! Texts → small codes, equal texts to equal codes.

/// Distinct texts in order of first appearance.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    bytes: Vec<u8>,
    /// End of each text in `bytes`.
    ends: Vec<usize>,
    counts: Vec<u32>,
    hashes: Vec<u64>,
    /// Open addressing: code + 1, or 0 for free. A power of two long, at most half full.
    slots: Vec<u32>,
}

impl Interner {
    /// Number of distinct texts.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a code; empty if there is no such code.
    pub(crate) fn text(&self, code: usize) -> &[u8] {
        let start = if code == 0 {
            0
        } else {
            self.ends.get(code - 1).copied().unwrap_or(0)
        };
        let end = self.ends.get(code).copied().unwrap_or(start);
        &self.bytes[start..end]
    }

    /// How often a code was given out.
    pub(crate) fn count(&self, code: usize) -> u64 {
        self.counts.get(code).copied().unwrap_or(0).into()
    }

    /// The code of a text, new if the text is.
    pub(crate) fn code(&mut self, text: &[u8]) -> u32 {
        if self.slots.len() < 2 * (self.len() + 1) {
            self.grow();
        }
        let hash = hash(text);
        let mut at = self.slot(hash);
        loop {
            match self.slots[at] {
                0 => {
                    let code = self.push(text, hash);
                    self.slots[at] = code + 1;
                    return code;
                }
                slot => {
                    let code = slot as usize - 1;
                    if self.hashes[code] == hash && self.text(code) == text {
                        self.counts[code] = self.counts[code].saturating_add(1);
                        return slot - 1;
                    }
                }
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn push(&mut self, text: &[u8], hash: u64) -> u32 {
        // Codes stay below 2^31: a column of more texts would not fit the memory first.
        let code = u32::try_from(self.len()).unwrap_or(u32::MAX - 1);
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        self.counts.push(1);
        self.hashes.push(hash);
        code
    }

    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        // The multiplication mixes upwards, so the high bits are the good ones.
        usize::try_from(hash >> 32).unwrap_or(0) & mask
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.slots.len() * 2).max(64)];
        for code in 0..self.len() {
            let mut at = self.slot(self.hashes[code]);
            while self.slots[at] != 0 {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = u32::try_from(code + 1).unwrap_or(u32::MAX);
        }
    }
}

/// Multiply and fold, eight bytes at a time. Codes do not depend on it, only speed does.
fn hash(text: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(K);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let folded = (product >> 64) as u64 ^ product as u64;
        folded
    };
    let (words, rest) = text.as_chunks::<8>();
    let state = words.iter().fold(K ^ text.len() as u64, |state, word| {
        fold(state, u64::from_le_bytes(*word))
    });
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(fold(state, u64::from_le_bytes(last)), K)
}
