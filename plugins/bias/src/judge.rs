//! When a disparity passes, and when the rows do not suffice to say.
//!
//! In: a disparity with its intervals, and limits. Out: a [`Verdict`].
//!
//! A limit is *crossed* only if the whole interval lies beyond it. A value beyond it whose interval
//! reaches back is a warning, and a value within it whose interval reaches beyond twice the limit
//! is too uncertain to pass.

use std::cmp::Ordering;

use interlock_plugin_api::Verdict;

use crate::disparity::Disparity;

/// Room for the rounding of a share such as 48 of 60 against a limit such as 0.8.
const SLACK: f64 = 1e-12;

/// Judges the difference of rates: at most `limit` is accepted.
pub fn difference(found: &Disparity, limit: f64) -> Verdict {
    let (value, bounds) = (found.difference, found.difference_bounds);
    if bounds.low > limit + SLACK {
        Verdict::Fail
    } else if value > limit + SLACK {
        Verdict::Warn
    } else if bounds.high > 2.0 * limit + SLACK {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    }
}

/// Judges the ratio of rates: at least `limit` is accepted. Without a ratio there is nothing to
/// cross.
pub fn ratio(found: &Disparity, limit: f64) -> Verdict {
    let (Some(value), Some(bounds)) = (found.ratio, found.ratio_bounds) else {
        return Verdict::Pass;
    };
    if bounds.high < limit - SLACK {
        Verdict::Fail
    } else if value < limit - SLACK {
        Verdict::Warn
    } else {
        Verdict::Pass
    }
}

/// The graver of two verdicts: fail, warn, inconclusive, pass.
pub fn graver(a: Verdict, b: Verdict) -> Verdict {
    if rank(b) > rank(a) { b } else { a }
}

/// Orders what was found in two columns, verdict and value: graver first, then larger.
pub fn by_gravity(a: (Verdict, f64), b: (Verdict, f64)) -> Ordering {
    rank(b.0).cmp(&rank(a.0)).then(b.1.total_cmp(&a.1))
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Inconclusive => 1,
        Verdict::Warn => 2,
        Verdict::Fail => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disparity::{Rate, compare};

    fn of(low: (u64, u64), high: (u64, u64)) -> Disparity {
        let rate = |(successes, n)| Rate { successes, n };
        compare(&[rate(low), rate(high)], 0.95, 1).unwrap()
    }

    #[test]
    fn many_rows_fail_few_warn_and_fewer_decide_nothing() {
        assert_eq!(
            difference(&of((300, 1000), (600, 1000)), 0.1),
            Verdict::Fail
        );
        assert_eq!(difference(&of((15, 50), (22, 50)), 0.1), Verdict::Warn);
        assert_eq!(
            difference(&of((15, 50), (17, 50)), 0.1),
            Verdict::Inconclusive
        );
        assert_eq!(
            difference(&of((300, 1000), (310, 1000)), 0.1),
            Verdict::Pass
        );
    }

    #[test]
    fn four_fifths_exactly_is_accepted() {
        // 48/60 · 60/60: 0.8 exactly in words, not in binary.
        assert_eq!(ratio(&of((48, 100), (60, 100)), 0.8), Verdict::Pass);
        assert_eq!(ratio(&of((47, 100), (60, 100)), 0.8), Verdict::Warn);
        assert_eq!(ratio(&of((200, 1000), (600, 1000)), 0.8), Verdict::Fail);
        assert_eq!(ratio(&of((0, 100), (0, 100)), 0.8), Verdict::Pass);
    }

    #[test]
    fn the_graver_verdict_wins() {
        assert_eq!(graver(Verdict::Inconclusive, Verdict::Warn), Verdict::Warn);
        assert_eq!(graver(Verdict::Fail, Verdict::Pass), Verdict::Fail);
        assert_eq!(
            graver(Verdict::Pass, Verdict::Inconclusive),
            Verdict::Inconclusive
        );
    }
}
