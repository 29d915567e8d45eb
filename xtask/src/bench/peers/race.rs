//! Two programs that do the same work in turns.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

/// One piece of work, with a way to do it for each program.
pub(crate) struct Race {
    pub(crate) name: String,
    /// How often each does it.
    pub(crate) rounds: usize,
    /// The processes of one round, one after another.
    pub(crate) cosign: Vec<Command>,
    pub(crate) sealcheck: Vec<Command>,
    /// The log of the registry that they ask, in which each line is one request.
    pub(crate) registry_log: Option<PathBuf>,
}

/// How it ended.
pub(crate) struct Outcome {
    name: String,
    cosign: Cost,
    sealcheck: Cost,
}

/// What one round cost, by the kernel's account.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    cpu: Duration,
    wall: Duration,
    /// The largest resident set, in bytes.
    peak: u64,
    requests: Option<usize>,
}

impl Race {
    pub(crate) const HEAD: &str = "\
| work | program | CPU | wall | peak memory | registry requests | CPU ratio |
| --- | --- | --- | --- | --- | --- | --- |";

    /// Runs all rounds; the first one of each program warms caches and does not count.
    pub(crate) fn run(mut self) -> Result<Outcome> {
        let (mut cosign, mut sealcheck) = (Vec::new(), Vec::new());
        let log = self.registry_log.clone();
        for round in 0..=self.rounds {
            let theirs = once(&mut self.cosign, log.as_ref())?;
            let ours = once(&mut self.sealcheck, log.as_ref())?;
            if round > 0 {
                cosign.push(theirs);
                sealcheck.push(ours);
            }
        }
        Ok(Outcome {
            name: self.name,
            cosign: median(&cosign),
            sealcheck: median(&sealcheck),
        })
    }
}

impl Outcome {
    pub(crate) fn row(&self) -> String {
        let ratio = self.cosign.cpu.as_secs_f64() / self.sealcheck.cpu.as_secs_f64();
        format!(
            "| {} | cosign | {} | |\n| | sealcheck | {} | {ratio:.0} x |",
            self.name,
            self.cosign.cells(),
            self.sealcheck.cells()
        )
    }
}

impl Cost {
    fn cells(&self) -> String {
        let requests = self
            .requests
            .map_or_else(String::new, |count| count.to_string());
        format!("{} | {requests}", self.times_and_memory())
    }

    pub(super) fn times_and_memory(&self) -> String {
        format!(
            "{} | {} | {:.1} MiB",
            shown(self.cpu),
            shown(self.wall),
            mebibytes(self.peak)
        )
    }
}

/// Runs the processes one after another; all must succeed.
pub(super) fn once(commands: &mut [Command], log: Option<&PathBuf>) -> Result<Cost> {
    let before = requests(log)?;
    let mut cost = Cost::default();
    let start = Instant::now();
    for command in commands {
        let output = nowhere(command)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn();
        let used = child
            .with_context(|| format!("cannot start {command:?}"))?
            .wait4()?;
        ensure!(
            used.status.success(),
            "{command:?} failed ({})",
            used.status
        );
        cost.cpu += used.rusage.utime + used.rusage.stime;
        cost.peak = cost.peak.max(used.rusage.maxrss);
    }
    cost.wall = start.elapsed();
    cost.requests = match (before, requests(log)?) {
        (Some(before), Some(after)) => Some(after - before),
        _ => None,
    };
    Ok(cost)
}

/// Output goes where nobody waits for it.
fn nowhere(command: &Command) -> Result<File> {
    File::options()
        .write(true)
        .open("/dev/null")
        .with_context(|| format!("no place for the output of {command:?}"))
}

fn requests(log: Option<&PathBuf>) -> Result<Option<usize>> {
    let Some(log) = log else { return Ok(None) };
    let text = std::fs::read_to_string(log).with_context(|| log.display().to_string())?;
    Ok(Some(
        text.lines().filter(|line| line.contains(" /v2/")).count(),
    ))
}

pub(super) fn median(costs: &[Cost]) -> Cost {
    let middle = |key: fn(&Cost) -> Duration| {
        let mut values: Vec<Duration> = costs.iter().map(key).collect();
        values.sort();
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Cost {
        cpu: middle(|cost| cost.cpu),
        wall: middle(|cost| cost.wall),
        peak: costs.iter().map(|cost| cost.peak).max().unwrap_or_default(),
        requests: costs.last().and_then(|cost| cost.requests),
    }
}

fn shown(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds => format!("{:.1} ms", seconds * 1e3),
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "only shown"
)]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_each_figure_and_the_peak_is_the_largest() {
        let cost = |cpu, peak| Cost {
            cpu: Duration::from_millis(cpu),
            peak,
            ..Cost::default()
        };
        let median = median(&[cost(9, 1), cost(1, 7), cost(2, 3)]);
        assert_eq!((median.cpu, median.peak), (Duration::from_millis(2), 7));
    }

    #[test]
    fn a_program_that_fails_is_no_figure() {
        let race = Race {
            name: "nothing".into(),
            rounds: 1,
            cosign: vec![Command::new("true")],
            sealcheck: vec![Command::new("false")],
            registry_log: None,
        };
        assert!(race.run().is_err());
    }
}
