//! The reader's time zone.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::text::Zone;

/// Seconds east of Greenwich here at a moment.
#[expect(unsafe_code, reason = "one call of the C library with valid pointers")]
pub fn local(at: SystemTime) -> Zone {
    let seconds = at
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let seconds = libc::time_t::try_from(seconds).unwrap_or(0);
    // SAFETY: all-zero bytes are a valid `tm`: integers and a pointer that may be null.
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right type; the result is written to `parts`.
    let found = unsafe { libc::localtime_r(&raw const seconds, &raw mut parts) };
    if found.is_null() {
        return Zone::default();
    }
    Zone(parts.tm_gmtoff)
}
