//! What a worker may not do, where the system can hold it to that.
//!
//! In: the scratch folder and limits of a worker. Out: the process confined, for good.
//!
//! A worker may read what the user may read. It may not write outside its scratch folder (Landlock),
//! may not open network sockets, start programs or signal other processes (seccomp), and may not use
//! more memory or processor time than its limits. Where the system lacks one of these the worker
//! runs without it; [`report`] says so.

#![expect(unsafe_code, reason = "limits and probes are system calls")]

use std::path::Path;
use std::time::Duration;

use super::job::Limits;

/// One protection and whether it holds here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// What it keeps plugins from.
    pub name: &'static str,
    /// How it is enforced, or why it is not.
    pub state: String,
    /// Whether it is enforced.
    pub is_enforced: bool,
}

/// What holds on this system, for `interlock doctor`.
pub fn report() -> Vec<Protection> {
    let protection = |name, found: Result<String, String>| Protection {
        name,
        is_enforced: found.is_ok(),
        state: found.unwrap_or_else(|why| why),
    };
    let always = |text: &str| Ok(text.to_owned());
    vec![
        protection(
            "memory and processor time",
            always("resource limits per worker"),
        ),
        protection(
            "the dashboard's memory",
            always("a process per library, tables mapped read-only"),
        ),
        protection("writing outside its folder", platform::file_writes()),
        protection(
            "network, other programs, other processes",
            platform::system_calls(),
        ),
    ]
}

/// Confines this process. Call before any other thread exists and before the library is opened.
pub(crate) fn confine(scratch: &Path, limits: &Limits) {
    limit(libc::RLIMIT_CORE, 0);
    limit(libc::RLIMIT_AS, limits.memory_bytes);
    platform::confine(scratch);
}

/// Gives this process so much more processor time from now on.
pub(crate) fn allow_cpu_time(more: Duration) {
    // SAFETY: zero bytes are a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is ours and the call fills it in.
    if unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) } != 0 {
        return;
    }
    let used = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    let used = u64::try_from(used).unwrap_or(0);
    limit(libc::RLIMIT_CPU, used + more.as_secs().max(1) + 1);
}

/// Sets the soft limit; never above the hard one.
#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

fn limit(resource: Resource, value: u64) {
    let mut present = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `present` is ours and the call fills it in.
    if unsafe { libc::getrlimit(resource, &raw mut present) } != 0 {
        return;
    }
    let wanted = libc::rlimit {
        rlim_cur: value.min(present.rlim_max),
        ..present
    };
    // SAFETY: `wanted` is a valid limit. A refusal leaves the present limit, which is stricter.
    let _kept = unsafe { libc::setrlimit(resource, &raw const wanted) };
}

#[cfg(target_os = "linux")]
mod platform {
    use std::collections::BTreeMap;
    use std::path::Path;

    use landlock::{
        ABI, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };

    pub(super) fn confine(scratch: &Path) {
        // SAFETY: takes no pointer; if the host dies, this process goes with it.
        let _unsupported = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        // Each is refused by systems that lack it; `report` tells.
        let _lacking = forbid_writes(scratch);
        let _lacking = forbid_calls();
    }

    pub(super) fn file_writes() -> Result<String, String> {
        // SAFETY: with no attribute and this flag the call only answers which version it speaks.
        let version = unsafe {
            libc::syscall(
                libc::SYS_landlock_create_ruleset,
                std::ptr::null::<libc::c_void>(),
                0_usize,
                1_u32,
            )
        };
        if version > 0 {
            return Ok(format!("Landlock, version {version}"));
        }
        Err("not enforced: this kernel has no Landlock, or it is switched off".to_owned())
    }

    pub(super) fn system_calls() -> Result<String, String> {
        // SAFETY: takes no pointer and changes nothing.
        if unsafe { libc::prctl(libc::PR_GET_SECCOMP) } >= 0 && filters().is_ok() {
            return Ok("seccomp".to_owned());
        }
        Err("not enforced: this kernel has no seccomp filters".to_owned())
    }

    fn forbid_writes(scratch: &Path) -> Result<(), String> {
        let abi = ABI::V3;
        let words = |error: &dyn std::error::Error| error.to_string();
        let folder = PathFd::new(scratch).map_err(|error| words(&error))?;
        let nowhere = PathFd::new("/dev/null").map_err(|error| words(&error))?;
        Ruleset::default()
            .handle_access(AccessFs::from_write(abi))
            .and_then(Ruleset::create)
            .and_then(|rules| rules.add_rule(PathBeneath::new(folder, AccessFs::from_write(abi))))
            .and_then(|rules| rules.add_rule(PathBeneath::new(nowhere, AccessFs::WriteFile)))
            .and_then(landlock::RulesetCreated::restrict_self)
            .map(drop)
            .map_err(|error| words(&error))
    }

    fn forbid_calls() -> Result<(), String> {
        for program in filters()? {
            seccompiler::apply_filter(&program).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn filters() -> Result<Vec<BpfProgram>, String> {
        let family = |value: i32| when(0, SeccompCmpOp::Eq, value.cast_unsigned().into());
        let own = u64::from(std::process::id());
        let mut denied: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        let sockets = [
            libc::AF_INET,
            libc::AF_INET6,
            libc::AF_NETLINK,
            libc::AF_PACKET,
            libc::AF_VSOCK,
        ];
        denied.insert(
            libc::SYS_socket,
            sockets.into_iter().map(family).collect::<Result<_, _>>()?,
        );
        denied.insert(libc::SYS_kill, vec![when(0, SeccompCmpOp::Ne, own)?]);
        denied.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Ne, own)?]);
        for always in [
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_process_vm_writev,
            libc::SYS_pidfd_send_signal,
        ] {
            denied.insert(always, Vec::new());
        }
        #[cfg(target_arch = "x86_64")]
        for always in [libc::SYS_fork, libc::SYS_vfork] {
            denied.insert(always, Vec::new());
        }
        // Threads are clones too; processes are clones without this flag.
        let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
        denied.insert(
            libc::SYS_clone,
            vec![when(0, SeccompCmpOp::MaskedEq(thread), 0)?],
        );
        // Its flags lie in memory a filter cannot see; callers fall back to `clone`.
        let unknown = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
        Ok(vec![
            program(denied, libc::EPERM)?,
            program(unknown, libc::ENOSYS)?,
        ])
    }

    fn when(argument: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value)
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .map_err(|error| error.to_string())
    }

    fn program(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<BpfProgram, String> {
        let arch = std::env::consts::ARCH
            .try_into()
            .map_err(|_unknown| "unknown processor".to_owned())?;
        SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(error.cast_unsigned()),
            arch,
        )
        .and_then(TryInto::try_into)
        .map_err(|error| error.to_string())
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::path::Path;

    pub(super) fn confine(_scratch: &Path) {}

    pub(super) fn file_writes() -> Result<String, String> {
        Err("not enforced on this system".to_owned())
    }

    pub(super) fn system_calls() -> Result<String, String> {
        Err("not enforced on this system".to_owned())
    }
}
