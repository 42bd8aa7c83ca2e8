//! Why a worker ended, in one sentence.
//!
//! In: how its process ended and the last lines it wrote. Out: a sentence that begins with a verb,
//! to stand after "plugin x:".

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use super::job::Limits;

/// What happened.
pub(crate) fn sentence(status: ExitStatus, tail: &[String], limits: &Limits) -> String {
    if let Some(code) = status.code() {
        return format!("ended the whole process itself with exit code {code}");
    }
    let said = |words: &str| tail.iter().any(|line| line.contains(words));
    match status.signal().unwrap_or_default() {
        libc::SIGABRT if said("has overflowed its stack") => {
            "overflowed its stack: endless recursion?".to_owned()
        }
        libc::SIGABRT if said("memory allocation of") => {
            let asked = tail.iter().rev().find_map(|line| asked_bytes(line));
            let asked = asked.map_or_else(
                || "more memory".to_owned(),
                |bytes| format!("{} of memory", size(bytes)),
            );
            format!(
                "asked for {asked}, over the limit of {} per worker",
                size(limits.memory_bytes)
            )
        }
        libc::SIGABRT => {
            let last = tail.iter().rev().find(|line| !line.trim().is_empty());
            match last {
                Some(line) => format!("aborted (SIGABRT) after saying '{}'", line.trim()),
                None => "aborted (SIGABRT) without a word".to_owned(),
            }
        }
        libc::SIGSEGV | libc::SIGBUS => {
            "touched memory that is not its own (SIGSEGV); tables can be read but never written"
                .to_owned()
        }
        libc::SIGXCPU => {
            format!(
                "used more processor time than its limit of {} s per run",
                limits.cpu_time.as_secs()
            )
        }
        libc::SIGKILL => {
            "was killed from outside (SIGKILL): by someone, or by the system for lack of memory"
                .to_owned()
        }
        libc::SIGILL => "ran an instruction this processor does not have (SIGILL)".to_owned(),
        libc::SIGFPE => "divided a whole number by zero (SIGFPE)".to_owned(),
        libc::SIGSYS => {
            "called the system in a way that is forbidden to plugins (SIGSYS)".to_owned()
        }
        libc::SIGTERM => "was ended from outside (SIGTERM)".to_owned(),
        signal => format!("was ended by signal {signal}"),
    }
}

fn asked_bytes(line: &str) -> Option<u64> {
    let rest = line.split("memory allocation of ").nth(1)?;
    rest.split(' ').next()?.parse().ok()
}

/// A count of bytes for people: `1.5 GiB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(value < 10.0 && unit > 0 && value.fract() > 0.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn after(signal: i32, tail: &[&str]) -> String {
        let limits = Limits {
            memory_bytes: 4 << 30,
            cpu_time: Duration::from_secs(60),
        };
        let tail: Vec<String> = tail.iter().map(ToString::to_string).collect();
        sentence(ExitStatus::from_raw(signal), &tail, &limits)
    }

    #[test]
    fn every_end_has_its_own_sentence() {
        assert_eq!(
            after(
                libc::SIGABRT,
                &["memory allocation of 53687091200 bytes failed"]
            ),
            "asked for 50 GiB of memory, over the limit of 4 GiB per worker"
        );
        assert!(
            after(libc::SIGABRT, &["thread 'check' has overflowed its stack"])
                .starts_with("overflowed its stack")
        );
        assert_eq!(
            after(libc::SIGABRT, &["bad", ""]),
            "aborted (SIGABRT) after saying 'bad'"
        );
        assert!(after(libc::SIGSEGV, &[]).starts_with("touched memory that is not its own"));
        assert!(after(libc::SIGXCPU, &[]).contains("limit of 60 s"));
        assert_eq!(
            after(3 << 8, &[]),
            "ended the whole process itself with exit code 3"
        );
        assert_eq!(after(libc::SIGUSR1, &[]), "was ended by signal 10");
    }
}
