//! What the figures were measured on.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::process;

/// A paragraph on machine, programs and day.
pub(crate) fn description() -> Result<String> {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map_or_else(
            || "unknown".to_owned(),
            |(_, value)| value.trim().to_owned(),
        )
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = process::output(Command::new("uname").arg("-sr"))?;
    let day = process::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Ok(format!(
        "Measured on {}: {cores} cores of {}, {} of memory, {}; load average when it ended {}.",
        day.trim(),
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal"),
        kernel.trim(),
        load.split(' ').next().unwrap_or("unknown"),
    ))
}
