//! The random numbers of every check: seeded, documented, the same on every machine.
//!
//! In: a seed. Out: [`Rng`], a stream of integers, reals, normals and shuffles.
//!
//! The generator is xoshiro256** (Blackman & Vigna, "Scrambled linear pseudorandom number
//! generators", 2021), its state filled by `SplitMix64` as its authors advise. It is fast and passes
//! the usual batteries; it is not for cryptography.
//!
//! Promise: the numbers for a seed never change between versions, because stored results and the
//! keys they are found under depend on them.

/// A stream of pseudorandom numbers.
///
/// # Example
/// ```
/// use interlock_stats::rng::Rng;
///
/// let mut rng = Rng::new(7);
/// let die = 1 + rng.below(6);
/// assert!((1..=6).contains(&die));
/// assert_eq!(Rng::new(7).next_u64(), Rng::new(7).next_u64());
/// ```
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

/// Advances a `SplitMix64` state and returns its next value.
///
/// Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014.
pub fn split_mix_64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream of this seed; every seed is as good as any other, 0 included.
    pub fn new(seed: u64) -> Self {
        let mut mixer = seed;
        Self {
            state: std::array::from_fn(|_| split_mix_64(&mut mixer)),
        }
    }

    /// Stream number `stream` of this seed: work split over columns or groups stays reproducible
    /// whatever the order it is done in.
    pub fn for_stream(seed: u64, stream: u64) -> Self {
        let mut mixer = stream;
        Self::new(seed ^ split_mix_64(&mut mixer))
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let result = self.state[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = self.state[1] << 17;
        self.state[2] ^= self.state[0];
        self.state[3] ^= self.state[1];
        self.state[1] ^= self.state[2];
        self.state[0] ^= self.state[3];
        self.state[2] ^= shifted;
        self.state[3] = self.state[3].rotate_left(45);
        result
    }

    /// A real in `[0, 1)` with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// An integer in `0..bound`, each equally likely; 0 if `bound` is 0.
    ///
    /// Source: Lemire, "Fast random integer generation in an interval", 2019.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the high half of a product with `bound` is below `bound`, which was a usize"
    )]
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        if bound == 0 {
            return 0;
        }
        let rejected_below = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= rejected_below {
                return (product >> 64) as usize;
            }
        }
    }

    /// A draw from the standard normal distribution, by the polar method of Marsaglia & Bray
    /// (1964); one of its two values is dropped so that the state alone says what comes next.
    pub fn normal(&mut self) -> f64 {
        loop {
            let x = self.uniform().mul_add(2.0, -1.0);
            let y = self.uniform().mul_add(2.0, -1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Puts `items` in random order, each order equally likely (Fisher–Yates, from the end).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }

    /// `count` different positions of `0..n` in ascending order; all of them if `count >= n`.
    ///
    /// Cost: O(n) time, no allocation beyond the result (Knuth's selection sampling).
    pub fn sample_sorted(&mut self, n: usize, count: usize) -> Vec<usize> {
        let mut wanted = count.min(n);
        let mut chosen = Vec::with_capacity(wanted);
        for position in 0..n {
            if wanted == 0 {
                break;
            }
            if self.below(n - position) < wanted {
                chosen.push(position);
                wanted -= 1;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_gives_the_published_numbers() {
        // The first outputs for seed 1234567, as listed with the authors' C code.
        let mut state = 1_234_567;
        let actual: Vec<u64> = (0..3).map(|_| split_mix_64(&mut state)).collect();
        assert_eq!(
            actual,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn xoshiro_gives_the_published_numbers() {
        // The authors' C code, state 1, 2, 3, 4.
        let mut rng = Rng {
            state: [1, 2, 3, 4],
        };
        let actual: Vec<u64> = (0..4).map(|_| rng.next_u64()).collect();
        assert_eq!(actual, [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn integers_cover_their_range_evenly() {
        let mut rng = Rng::new(3);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[rng.below(7)] += 1;
        }
        // Binomial standard deviation is 93; five of them.
        assert!(
            counts.iter().all(|&count| count.abs_diff(10_000) < 465),
            "{counts:?}"
        );
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut rng = Rng::new(11);
        let draws: Vec<f64> = (0..40_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 40_000.0;
        let square = draws.iter().map(|x| x * x).sum::<f64>() / 40_000.0;
        // Standard errors 0.005 and 0.0071; five of them.
        assert!(mean.abs() < 0.025, "{mean}");
        assert!((square - 1.0).abs() < 0.036, "{square}");
    }

    #[test]
    fn a_sample_is_sorted_without_repeats_and_of_the_size_asked() {
        let chosen = Rng::new(5).sample_sorted(100, 30);
        assert_eq!(chosen.len(), 30);
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Rng::new(5).sample_sorted(4, 9), [0, 1, 2, 3]);
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<usize> = (0..50).collect();
        Rng::new(1).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn streams_of_one_seed_differ() {
        assert_ne!(
            Rng::for_stream(7, 0).next_u64(),
            Rng::for_stream(7, 1).next_u64()
        );
    }
}
