//! What an interval says about a limit.
//!
//! In: an estimate, its interval, a limit, the number of rows. Out: [`Standing`]. An estimate alone
//! never turns a verdict: only an interval that excludes the limit does.

use interlock_stats::proportion::Bounds;

/// Where an estimate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The limit is met: the whole interval says so, or the estimate does over enough rows.
    Met,
    /// The whole interval lies beyond the limit.
    Crossed,
    /// The interval holds the limit, and the estimate lies beyond it or rows are few.
    Unsure,
}

/// Holds an interval against the least acceptable value.
pub fn at_least(value: f64, bounds: Bounds, limit: f64, has_enough_rows: bool) -> Standing {
    if bounds.high < limit {
        Standing::Crossed
    } else if bounds.low >= limit || (value >= limit && has_enough_rows) {
        Standing::Met
    } else {
        Standing::Unsure
    }
}

/// Holds an interval against the greatest acceptable value.
pub fn at_most(value: f64, bounds: Bounds, limit: f64, has_enough_rows: bool) -> Standing {
    let mirrored = Bounds {
        low: -bounds.high,
        high: -bounds.low,
    };
    at_least(-value, mirrored, -limit, has_enough_rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_interval_beyond_the_limit_crosses_it() {
        let bounds = |low, high| Bounds { low, high };
        for (value, bounds, is_many, expected) in [
            (0.6, bounds(0.55, 0.65), true, Standing::Crossed),
            (0.6, bounds(0.5, 0.8), true, Standing::Unsure),
            (0.75, bounds(0.5, 0.9), true, Standing::Met),
            (0.75, bounds(0.5, 0.9), false, Standing::Unsure),
            (0.8, bounds(0.7, 0.9), false, Standing::Met),
        ] {
            assert_eq!(at_least(value, bounds, 0.7, is_many), expected);
            let mirrored = Bounds {
                low: -bounds.high,
                high: -bounds.low,
            };
            assert_eq!(at_most(-value, mirrored, -0.7, is_many), expected);
        }
    }
}
