//! Days of the week.
//!
//! In: days since 1970-01-01. Out: whether they are workdays, and how many lie between.

/// Whether a day, counted from 1970-01-01 (a Thursday), is a Saturday or Sunday.
pub(crate) fn is_weekend(days: i64) -> bool {
    (days + 3).rem_euclid(7) >= 5
}

/// Workdays (Monday to Friday) since Monday 1970-01-05 before a day that is one itself.
pub(crate) fn workdays(days: i64) -> i64 {
    let since_monday = days - 4;
    since_monday.div_euclid(7) * 5 + since_monday.rem_euclid(7).min(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_plugin_api::calendar::Day;

    #[test]
    fn weeks() {
        // 2024-03-01 is a Friday.
        let friday = Day {
            year: 2024,
            month: 3,
            day: 1,
        }
        .since_1970();
        assert!(!is_weekend(friday) && is_weekend(friday + 1) && is_weekend(friday + 2));
        assert_eq!(workdays(friday + 3) - workdays(friday), 1);
        assert_eq!(workdays(friday + 7) - workdays(friday), 5);
    }
}
