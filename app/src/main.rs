//! The `interlock` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    interlock::main()
}
