//! A whole release, proved by a script of cosign, curl, jq and sha256sum, and by one command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sealcheck_release::Version;
use sealcheck_testbed::Testbed;
use sealcheck_testbed::release::{MiniRelease, ReleaseServer};
use serde_json::Value;

use super::race::{self, Cost};
use crate::process;

/// Publishes a miniature release, has both prove it in turns, and makes the table.
pub(crate) fn measure(testbed: &Testbed) -> Result<String> {
    let folder = testbed.folder.join("by-hand");
    let published = folder.join("published");
    let release = MiniRelease::publish(testbed, &published, &[VERSION])?;
    let server = ReleaseServer::start(&published);
    let profile = folder.join("profile.yaml");
    fs::write(&profile, release.profile(&server))?;
    let work = Work {
        testbed,
        folder,
        profile,
        registry: release.registry.clone(),
        server,
    };
    let (mut by_hand, mut by_one) = (Vec::new(), Vec::new());
    for _ in 0..=ROUNDS {
        by_hand.push(work.once(work.script()?, Some(&work.folder.join("steps")))?);
        by_one.push(work.once(work.command()?, None)?);
    }
    let files = release.signed_files(VERSION)?.len();
    let images = release.images.len();
    Ok(format!(
        "A release with {files} signed files and {images} images:\n\n{HEAD}\n{}\n{}",
        row(
            "cosign, curl, jq, sha256sum, awk: [a script](../xtask/src/bench/peers/release-by-hand.sh)",
            &by_hand
        )?,
        row("`sealcheck release verify-all`", &by_one)?,
    ))
}

struct Work<'t> {
    testbed: &'t Testbed,
    folder: PathBuf,
    profile: PathBuf,
    registry: String,
    server: ReleaseServer,
}

/// One run.
struct Run {
    cost: Cost,
    commands: usize,
    traffic: Traffic,
}

/// What servers were asked, and the bytes of bodies that they answered with.
#[derive(Clone, Copy)]
struct Traffic {
    requests: usize,
    bytes: u64,
}

impl Work<'_> {
    fn script(&self) -> Result<Command> {
        let script = process::root().join("xtask/src/bench/peers/release-by-hand.sh");
        // The environment is that of the testbed's cosign, so that it trusts what it must.
        let cosign = self.testbed.cosign();
        let mut command = Command::new("bash");
        for (name, value) in cosign.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .arg(script)
            .env("COSIGN", cosign.get_program())
            .env("FILES", self.server.files.url())
            .env("REGISTRY", &self.registry)
            .env("REKOR", self.rekor()?)
            .env("STEPS", self.folder.join("steps"))
            .env("TRUSTED_ROOT", &self.testbed.trusted_root)
            .env("VERSION", VERSION.to_string())
            .env("WORK", &self.folder);
        Ok(command)
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(process::target().join("release").join("sealcheck"));
        command.args(["release", "verify-all", &VERSION.to_string()]);
        command.arg("--profile").arg(&self.profile);
        command
            .arg("--trusted-root")
            .arg(&self.testbed.trusted_root);
        command.args(["--rekor-url", self.rekor()?]);
        Ok(command)
    }

    fn rekor(&self) -> Result<&str> {
        let rekor = self.testbed.rekor_url.as_deref();
        rekor.context("Rekor v1 does not run")
    }

    fn once(&self, command: Command, steps: Option<&Path>) -> Result<Run> {
        if let Some(steps) = steps {
            fs::write(steps, "")?;
        }
        let before = self.traffic()?;
        let cost = race::once(&mut [command], None)?;
        let after = self.traffic()?;
        let commands = match steps {
            Some(steps) => fs::read_to_string(steps)?.lines().count(),
            None => 1,
        };
        Ok(Run {
            cost,
            commands,
            traffic: Traffic {
                requests: after.requests - before.requests,
                bytes: after.bytes - before.bytes,
            },
        })
    }

    /// What was asked so far, of the servers of files, the registry and the log.
    fn traffic(&self) -> Result<Traffic> {
        let mut traffic = Traffic {
            requests: 0,
            bytes: 0,
        };
        let mut add = |requests: usize, bytes: u64| {
            traffic.requests += requests;
            traffic.bytes += bytes;
        };
        for host in [&self.server.files, &self.server.cdn, &self.server.sboms] {
            add(host.requests().len(), host.bytes());
        }
        for line in self.log("referrers-registry.log")?.lines() {
            // The last word is the number of bytes: testbed/tools/registries/referrers-registry.
            if let Some((_, bytes)) = line
                .split_once(" /v2/")
                .and_then(|(_, rest)| rest.rsplit_once(' '))
            {
                add(
                    1,
                    bytes
                        .parse()
                        .with_context(|| format!("no size in: {line}"))?,
                );
            }
        }
        for line in self.log("rekor.log")?.lines() {
            let Some((_, request)) = line.split_once("completed request\t") else {
                continue;
            };
            let request: Value = serde_json::from_str(request).with_context(|| line.to_owned())?;
            let size = request
                .pointer("/httpRequest/responseSize")
                .and_then(Value::as_str);
            let size = size.with_context(|| format!("no size in: {line}"))?;
            add(1, size.parse()?);
        }
        Ok(traffic)
    }

    fn log(&self, name: &str) -> Result<String> {
        let path = self.testbed.folder.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}

/// The first run of each warms caches and does not count.
fn row(name: &str, runs: &[Run]) -> Result<String> {
    let runs = runs.get(1..).unwrap_or_default();
    let costs: Vec<Cost> = runs.iter().map(|run| run.cost).collect();
    let last = runs.last().context("nothing was measured")?;
    Ok(format!(
        "| {name} | {} | {} | {} | {} |",
        last.commands,
        race::median(&costs).times_and_memory(),
        last.traffic.requests,
        last.traffic.bytes
    ))
}

const HEAD: &str = "\
| with | commands | CPU | wall | peak memory | requests | bytes answered |
| --- | --- | --- | --- | --- | --- | --- |";
const VERSION: Version = Version::release(1, 36, 0);
const ROUNDS: usize = 5;
