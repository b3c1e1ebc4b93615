//! The command line: one file per subcommand.

mod base64;
pub mod decode;

use std::process::ExitCode;

/// Parses the arguments and runs the command. Exit codes: 0, 1 runtime, 2 usage, 78 configuration (sysexits).
pub fn main() -> ExitCode {
    ExitCode::FAILURE
}
