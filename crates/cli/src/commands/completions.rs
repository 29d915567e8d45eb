//! `sealcheck completions`.

use crate::args::CompletionsArgs;
use crate::console::Console;
use crate::output;
use crate::problem::Result;

/// Prints the completion script.
pub(crate) fn run(args: &CompletionsArgs, console: Console<'_>) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::command(), "sealcheck", &mut script);
    output::print(console, &String::from_utf8_lossy(&script))?;
    Ok(0)
}
