//! The program under test: `interlock` itself, built together with the plugins it is tested with.

use std::process::ExitCode;

fn main() -> ExitCode {
    interlock::main()
}
