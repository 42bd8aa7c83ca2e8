//! The programs of [`super::program`] with the processor's wide registers, where it has them.
//!
//! In: checked programs and arenas. Out: the same bytes and sums as without, to the bit: bytes are
//! compared and chosen, and sums of different rows stand side by side in a register, never of one row.

#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "the processor's instructions are chosen at run time"
    )
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m512d, __m512i, _CMP_LE_OQ, _CMP_UNORD_Q, _mm_loadl_epi64, _mm_loadu_si128, _mm_shuffle_epi8,
    _mm256_storeu_si256, _mm512_abs_pd, _mm512_add_pd, _mm512_add_ps, _mm512_and_si512,
    _mm512_castsi512_pd, _mm512_cmp_pd_mask, _mm512_cmpge_epu8_mask, _mm512_cmplt_epu8_mask,
    _mm512_cvtepi64_epi32, _mm512_cvtepu8_epi32, _mm512_cvtepu8_epi64, _mm512_cvtpd_ps,
    _mm512_cvtps_pd, _mm512_i32gather_ps, _mm512_i64gather_pd, _mm512_loadu_pd, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_mask_add_epi8, _mm512_mask_add_epi64, _mm512_mask_blend_epi8,
    _mm512_mask_blend_epi32, _mm512_mask_blend_ps, _mm512_mask_set1_epi64,
    _mm512_permutex2var_epi32, _mm512_permutex2var_ps, _mm512_set1_epi32, _mm512_set1_epi64,
    _mm512_set1_pd, _mm512_setzero_pd, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_storeu_pd,
    _mm512_storeu_ps, _mm512_storeu_si512, _mm512_test_epi32_mask, _mm512_unpackhi_epi32,
    _mm512_unpacklo_epi32,
};
use std::ops::Range;

use super::program::{self, Arena, BLOCK, LANES, Part, Program, Ranking, Value};
#[cfg(target_arch = "x86_64")]
use super::program::{CONSTANT_BYTES, MISSING_RANK, Op, step};
#[cfg(target_arch = "x86_64")]
use super::reference::ZERO;

/// What the processor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernels {
    /// What every processor can.
    Portable,
    /// 32 bytes at once.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 64 bytes at once.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernels {
    /// The best this processor has.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Runs some ops of a program on the first `n_groups` registers of rows; `is_level` as in
    /// [`program::run_levels`].
    pub(super) fn run(
        self,
        program: &Program,
        ops: Range<usize>,
        is_level: bool,
        arena: &mut Arena,
        n_groups: usize,
    ) {
        assert!(
            program.n_columns() <= arena.n_columns() && n_groups * LANES <= BLOCK,
            "a program runs in an arena of its size"
        );
        let ops = &program.ops()[ops];
        let bytes = arena.bytes_mut();
        match (self, is_level) {
            (Self::Portable, false) => program::run(ops, bytes, n_groups),
            (Self::Portable, true) => program::run_levels(ops, bytes, n_groups),
            #[cfg(target_arch = "x86_64")]
            (Self::Avx2, is_level) => {
                // SAFETY: the processor has AVX2, as `best` found.
                unsafe { run_256(ops, is_level, bytes, n_groups) }
            }
            #[cfg(target_arch = "x86_64")]
            (Self::Avx512, is_level) => {
                // SAFETY: the processor has AVX-512, as `best` found; the arena fits, as asserted.
                unsafe { run_512(ops, is_level, bytes.as_mut_ptr(), n_groups) }
            }
        }
    }

    /// As [`program::rank`].
    pub(super) fn rank(self, ranking: &Ranking, source: &[f64], ranks: &mut [i32]) {
        #[cfg(target_arch = "x86_64")]
        if self == Self::Avx512 {
            assert!(
                (ranking.thresholds.len() + 1).is_power_of_two(),
                "thresholds are filled up to one less than a power of two"
            );
            let n_whole = source.len().min(ranks.len()) / 8 * 8;
            let (whole, rest) = ranks.split_at_mut(n_whole);
            // SAFETY: the processor has AVX-512, as `best` found; lengths as asserted.
            unsafe { rank_512(ranking, &source[..n_whole], whole) }
            return program::rank(ranking, &source[n_whole..], rest);
        }
        program::rank(ranking, source, ranks);
    }

    /// As [`program::shift`].
    pub(super) fn shift(self, part: Part, ranks: &[i32], codes: &mut [u8]) {
        match self {
            Self::Portable => program::shift(part, ranks, codes),
            // SAFETY: the processor has AVX2, as `best` found.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { shift_256(part, ranks, codes) },
            // SAFETY: the processor has AVX-512, as `best` found.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { shift_512(part, ranks, codes) },
        }
    }
}

/// The loops of [`program::run`] and [`program::run_levels`], compiled for AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_256(ops: &[Op], is_level: bool, bytes: &mut [u8], n_groups: usize) {
    if is_level {
        program::run_levels(ops, bytes, n_groups);
    } else {
        program::run(ops, bytes, n_groups);
    }
}

/// The loop of [`program::shift`], compiled for AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn shift_256(part: Part, ranks: &[i32], codes: &mut [u8]) {
    program::shift(part, ranks, codes);
}

/// The loop of [`program::shift`], compiled for AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn shift_512(part: Part, ranks: &[i32], codes: &mut [u8]) {
    program::shift(part, ranks, codes);
}

/// The greatest leaf number, whose bits keep a number below the number of values.
#[cfg(target_arch = "x86_64")]
fn most<T>(values: &[T]) -> i32 {
    i32::try_from(values.len() - 1).unwrap_or(0)
}

/// A value that wide registers add.
pub(super) trait Lanes: Value {
    /// As [`program::add`].
    fn add(kernels: Kernels, leaves: &[u8; BLOCK], values: &[Self], sums: &mut [Self; BLOCK]);
}

impl Lanes for f64 {
    fn add(kernels: Kernels, leaves: &[u8; BLOCK], values: &[Self], sums: &mut [Self; BLOCK]) {
        assert!(
            values.len().is_power_of_two(),
            "leaf values are filled up to a power of two"
        );
        match kernels {
            // Gathering is no faster than loading on many processors with AVX2 only.
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx2 => program::add(leaves, values, sums),
            Kernels::Portable => program::add(leaves, values, sums),
            // SAFETY: the processor has AVX-512, as `best` found; the number of values as asserted.
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx512 => unsafe { add_doubles_512(leaves, values, sums) },
        }
    }
}

impl Lanes for f32 {
    fn add(kernels: Kernels, leaves: &[u8; BLOCK], values: &[Self], sums: &mut [Self; BLOCK]) {
        assert!(
            values.len().is_power_of_two(),
            "leaf values are filled up to a power of two"
        );
        match kernels {
            // Gathering is no faster than loading on many processors with AVX2 only.
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx2 => program::add(leaves, values, sums),
            Kernels::Portable => program::add(leaves, values, sums),
            // SAFETY: the processor has AVX-512, as `best` found; the number of values as asserted.
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx512 => unsafe { add_singles_512(leaves, values, sums) },
        }
    }
}

/// Loads one register of bytes.
///
/// # Safety
/// `at + 64` bytes stand behind `bytes`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn load_512(bytes: *const u8, at: usize) -> __m512i {
    // SAFETY: the caller says that so many bytes are there.
    let place = unsafe { bytes.add(at) };
    // SAFETY: as above; the load needs no alignment.
    unsafe { _mm512_loadu_si512(place.cast()) }
}

/// Stores one register of bytes.
///
/// # Safety
/// `at + 64` bytes stand behind `bytes`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn store_512(bytes: *mut u8, at: usize, lanes: __m512i) {
    // SAFETY: the caller says that so many bytes are there.
    let place = unsafe { bytes.add(at) };
    // SAFETY: as above; the store needs no alignment.
    unsafe { _mm512_storeu_si512(place.cast(), lanes) }
}

/// Runs ops 64 rows at a time.
///
/// # Safety
/// `bytes` is an arena with all columns the ops name, `n_groups * 64` is at most `BLOCK`.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn run_512(ops: &[Op], is_level: bool, bytes: *mut u8, n_groups: usize) {
    if is_level {
        // SAFETY: passed on.
        return unsafe { levels_512(ops, bytes) };
    }
    // Whole blocks are worth a loop of fixed length.
    if n_groups == BLOCK / LANES {
        // SAFETY: passed on.
        return unsafe { ops_512(ops, bytes, BLOCK / LANES) };
    }
    // SAFETY: passed on.
    unsafe { ops_512(ops, bytes, n_groups) }
}

/// # Safety
/// As [`run_512`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn ops_512(ops: &[Op], bytes: *mut u8, n_groups: usize) {
    for op in ops {
        let (yes_step, no_step) = (step(op.yes), step(op.no));
        // SAFETY: the constants stand first in the arena, 64 bytes each.
        let mask = unsafe { load_512(bytes, usize::from(op.mask) * LANES) };
        // SAFETY: as above.
        let limit = unsafe { load_512(bytes, usize::from(op.limit) * LANES) };
        for group in 0..n_groups {
            // SAFETY: a program's columns, lines and constants are in the arena.
            let codes = unsafe { load_512(bytes, op.column as usize + group * LANES) };
            // SAFETY: as above.
            let yes = unsafe { load_512(bytes, op.yes as usize + group * yes_step) };
            // SAFETY: as above.
            let no = unsafe { load_512(bytes, op.no as usize + group * no_step) };
            let is_yes = _mm512_cmplt_epu8_mask(_mm512_and_si512(codes, mask), limit);
            let chosen = _mm512_mask_blend_epi8(is_yes, no, yes);
            // SAFETY: as above.
            unsafe { store_512(bytes, usize::from(op.line) + group * LANES, chosen) };
        }
    }
}

/// A whole block, so that the numbers stay in registers.
///
/// # Safety
/// As [`run_512`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn levels_512(ops: &[Op], bytes: *mut u8) {
    let mut numbers = [_mm512_setzero_si512(); BLOCK / LANES];
    let mut bit = 1 << ops.len() >> 1;
    for op in ops {
        // SAFETY: the constants stand first in the arena, 64 bytes each.
        let mask = unsafe { load_512(bytes, usize::from(op.mask) * LANES) };
        // SAFETY: as above.
        let limit = unsafe { load_512(bytes, usize::from(op.limit) * LANES) };
        // SAFETY: as above; a level tree has at most 8 ops.
        let bits = unsafe { load_512(bytes, (bit & 0xff) * LANES) };
        for (group, number) in numbers.iter_mut().enumerate() {
            // SAFETY: a program's columns are in the arena.
            let codes = unsafe { load_512(bytes, op.column as usize + group * LANES) };
            let is_no = _mm512_cmpge_epu8_mask(_mm512_and_si512(codes, mask), limit);
            *number = _mm512_mask_add_epi8(*number, is_no, *number, bits);
        }
        bit >>= 1;
    }
    for (group, number) in numbers.into_iter().enumerate() {
        // SAFETY: the first line stands behind the constants.
        unsafe { store_512(bytes, CONSTANT_BYTES + group * LANES, number) };
    }
}

/// As [`program::rank`], 8 values at a time and 4 times 8 at once.
///
/// # Safety
/// One more than the number of thresholds is a power of two; values and ranks are equally many, a
/// multiple of 8.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn rank_512(ranking: &Ranking, source: &[f64], ranks: &mut [i32]) {
    const TOGETHER: usize = 4;
    let thresholds = &ranking.thresholds[..];
    let chunks = source.chunks(8 * TOGETHER);
    for (source, ranks) in chunks.zip(ranks.chunks_mut(8 * TOGETHER)) {
        let n = source.len() / 8;
        let mut at = [_mm512_setzero_si512(); TOGETHER];
        let mut numbers = [_mm512_setzero_pd(); TOGETHER];
        let mut missing = [0; TOGETHER];
        for (lanes, source) in source.chunks_exact(8).enumerate() {
            // SAFETY: the chunk has 8 values.
            let values = unsafe { _mm512_loadu_pd(source.as_ptr()) };
            missing[lanes] = _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(values, values);
            if ranking.is_zero_missing {
                let size = _mm512_abs_pd(values);
                missing[lanes] |= _mm512_cmp_pd_mask::<_CMP_LE_OQ>(size, _mm512_set1_pd(ZERO));
            }
            numbers[lanes] = if ranking.is_single {
                _mm512_cvtps_pd(_mm512_cvtpd_ps(values))
            } else {
                values
            };
        }
        let mut half = thresholds.len().div_ceil(2);
        while half > 0 {
            let steps = _mm512_set1_epi64(i64::try_from(half).unwrap_or(0));
            let place = thresholds[half - 1..].as_ptr();
            for (at, numbers) in at.iter_mut().zip(&numbers).take(n) {
                // SAFETY: `at` is at most `len - (2 * half - 1)`, as in any search by halves.
                let known = unsafe { _mm512_i64gather_pd::<8>(*at, place) };
                let is_below = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(known, *numbers);
                *at = _mm512_mask_add_epi64(*at, is_below, *at, steps);
            }
            half /= 2;
        }
        for ((at, missing), ranks) in at.iter().zip(missing).zip(ranks.chunks_exact_mut(8)) {
            let rank = _mm512_mask_set1_epi64(*at, missing, i64::from(MISSING_RANK));
            let narrow = _mm512_cvtepi64_epi32(rank);
            // SAFETY: the chunk has 8 ranks.
            unsafe { _mm256_storeu_si256(ranks.as_mut_ptr().cast(), narrow) };
        }
    }
}

/// # Safety
/// The number of values is a power of two.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn add_singles_512(leaves: &[u8; BLOCK], values: &[f32], sums: &mut [f32; BLOCK]) {
    let most = _mm512_set1_epi32(most(values));
    // Up to 64 values fit into registers.
    let mut table = [0.0_f32; 64];
    let n = values.len().min(table.len());
    table[..n].copy_from_slice(&values[..n]);
    let mut parts = [_mm512_setzero_ps(); 4];
    for (part, values) in parts.iter_mut().zip(table.chunks_exact(16)) {
        // SAFETY: the chunk has 16 values.
        *part = unsafe { _mm512_loadu_ps(values.as_ptr()) };
    }
    for (leaves, sums) in leaves.chunks_exact(16).zip(sums.chunks_exact_mut(16)) {
        // SAFETY: the chunk has 16 leaves.
        let numbers = unsafe { _mm_loadu_si128(leaves.as_ptr().cast()) };
        let numbers = _mm512_and_si512(_mm512_cvtepu8_epi32(numbers), most);
        let added = if values.len() <= 64 {
            let low = _mm512_permutex2var_ps(parts[0], numbers, parts[1]);
            if values.len() <= 32 {
                low
            } else {
                let high = _mm512_permutex2var_ps(parts[2], numbers, parts[3]);
                let is_high = _mm512_test_epi32_mask(numbers, _mm512_set1_epi32(32));
                _mm512_mask_blend_ps(is_high, low, high)
            }
        } else {
            // SAFETY: numbers are below the number of values, a power of two.
            unsafe { _mm512_i32gather_ps::<4>(numbers, values.as_ptr()) }
        };
        // SAFETY: the chunk has 16 sums.
        let old = unsafe { _mm512_loadu_ps(sums.as_ptr()) };
        let new = _mm512_add_ps(old, added);
        // SAFETY: as above.
        unsafe { _mm512_storeu_ps(sums.as_mut_ptr(), new) };
    }
}

/// # Safety
/// The number of values is a power of two.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn add_doubles_512(leaves: &[u8; BLOCK], values: &[f64], sums: &mut [f64; BLOCK]) {
    // Reading values and shuffling registers go on at the same time, so each does half of the rows.
    let halves = (values.len() <= 64).then(|| halves_512(values));
    for (leaves, sums) in leaves.chunks_exact(32).zip(sums.chunks_exact_mut(32)) {
        let (first, second) = sums.split_at_mut(16);
        // SAFETY: passed on.
        unsafe { add_gathered_512(&leaves[..16], values, first) };
        match &halves {
            Some(halves) => add_shuffled_512(&leaves[16..], values, halves, second),
            // SAFETY: passed on.
            None => unsafe { add_gathered_512(&leaves[16..], values, second) },
        }
    }
}

/// Adds values by reading them.
///
/// # Safety
/// The number of values is a power of two.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn add_gathered_512(leaves: &[u8], values: &[f64], sums: &mut [f64]) {
    let most = _mm512_set1_epi64(i64::from(most(values)));
    for (leaves, sums) in leaves.chunks_exact(8).zip(sums.chunks_exact_mut(8)) {
        // SAFETY: the chunk has 8 leaves.
        let numbers = unsafe { _mm_loadl_epi64(leaves.as_ptr().cast()) };
        let numbers = _mm512_and_si512(_mm512_cvtepu8_epi64(numbers), most);
        // SAFETY: numbers are below the number of values, a power of two.
        let added = unsafe { _mm512_i64gather_pd::<8>(numbers, values.as_ptr()) };
        add_512(sums, added);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_512(sums: &mut [f64], added: __m512d) {
    let sums = &mut sums[..8];
    // SAFETY: there are 8 sums.
    let old = unsafe { _mm512_loadu_pd(sums.as_ptr()) };
    let new = _mm512_add_pd(old, added);
    // SAFETY: as above.
    unsafe { _mm512_storeu_pd(sums.as_mut_ptr(), new) };
}

/// The lower and the upper halves of up to 64 values.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn halves_512(values: &[f64]) -> [[__m512i; 4]; 2] {
    let mut table = [0.0; 64];
    table[..values.len()].copy_from_slice(values);
    let mut halves = [[_mm512_setzero_si512(); 4]; 2];
    for (at, values) in table.chunks_exact(16).enumerate() {
        // SAFETY: the chunk has 16 values.
        let low = unsafe { _mm512_loadu_si512(values[..8].as_ptr().cast()) };
        // SAFETY: as above.
        let high = unsafe { _mm512_loadu_si512(values[8..].as_ptr().cast()) };
        for (half, halves) in halves.iter_mut().enumerate() {
            let lanes: [i32; 16] =
                std::array::from_fn(|lane| i32::try_from(half + 2 * lane).unwrap_or(0));
            // SAFETY: there are 16 lanes.
            let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
            halves[at] = _mm512_permutex2var_epi32(low, lanes, high);
        }
    }
    halves
}

/// Adds values out of registers, 16 rows.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_shuffled_512(leaves: &[u8], values: &[f64], halves: &[[__m512i; 4]; 2], sums: &mut [f64]) {
    // Joining halves takes two lanes of each four for the first sums and two for the second.
    const ORDER: [u8; 16] = [0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15];
    let leaves = &leaves[..16];
    // SAFETY: there are 16 leaves.
    let numbers = unsafe { _mm_loadu_si128(leaves.as_ptr().cast()) };
    // SAFETY: there are 16 bytes.
    let order = unsafe { _mm_loadu_si128(ORDER.as_ptr().cast()) };
    let numbers = _mm512_cvtepu8_epi32(_mm_shuffle_epi8(numbers, order));
    let numbers = _mm512_and_si512(numbers, _mm512_set1_epi32(most(values)));
    let is_high = _mm512_test_epi32_mask(numbers, _mm512_set1_epi32(32));
    let found = |parts: &[__m512i; 4]| {
        let low = _mm512_permutex2var_epi32(parts[0], numbers, parts[1]);
        let high = _mm512_permutex2var_epi32(parts[2], numbers, parts[3]);
        _mm512_mask_blend_epi32(is_high, low, high)
    };
    let (lower, upper) = (found(&halves[0]), found(&halves[1]));
    add_512(
        &mut sums[..8],
        _mm512_castsi512_pd(_mm512_unpacklo_epi32(lower, upper)),
    );
    add_512(
        &mut sums[8..],
        _mm512_castsi512_pd(_mm512_unpackhi_epi32(lower, upper)),
    );
}
