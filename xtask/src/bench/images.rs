//! Images in numbers: one with a thousand signatures, and two hundred in one run.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::{ImageOptions, Repository};
use sealcheck_testkit::{Content, Instance, LeafRequest, Plan, San, sign};

use super::figure::Figure;
use super::measure::{cpu, mebibytes, release, usage};
use crate::process;

/// Serves them on loopback, and has the program verify them; requests and memory are held to bars.
pub(crate) fn many() -> Result<Vec<Figure>> {
    let folder = process::target().join("bench-images");
    fs::create_dir_all(&folder)?;
    let sigstore = Instance::new();
    fs::write(folder.join("root.json"), sigstore.trusted_root_bytes())?;

    let registry = RegistryDouble::start();
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default());
    repository.tag("v1", &image);
    // As bundles: signatures with certificates in one manifest end at the 4 MiB that registries take, at some 800.
    for number in 1..=SIGNATURES {
        let signer = match number {
            SIGNATURES => SIGNER.to_owned(),
            number => format!("{number}@example.com"),
        };
        let number = number.to_string();
        let statement = sign::cosign_statement(&image.digest, &[("number", number.as_str())]);
        let bundle = sigstore.sign(Content::statement(&statement), &by(signer));
        repository.attach_bundle(&image, &bundle);
    }
    registry.hold("crowd", &repository);

    let mut list = String::new();
    for number in 1..=IMAGES {
        let mut repository = Repository::new();
        let image = repository.push_image(&ImageOptions::with_layer(&number.to_be_bytes()));
        repository.tag("v1", &image);
        let statement = sign::cosign_statement(&image.digest, &[]);
        let bundle = sigstore.sign(Content::statement(&statement), &by(SIGNER.to_owned()));
        repository.attach_bundle(&image, &bundle);
        let name = format!("fleet/{number}");
        registry.hold(&name, &repository);
        writeln!(list, "{}/{name}:v1", registry.host())?;
    }
    let images = folder.join("images.txt");
    fs::write(&images, list)?;

    let verify = || {
        let mut command = Command::new(release().join("sealcheck"));
        command.arg("verify").arg("--trusted-root");
        command.arg(folder.join("root.json"));
        command.args(["--identity", SIGNER, "--issuer", ISSUER, "-o", "jsonl"]);
        command
    };
    let mut crowd = verify();
    crowd.arg(format!("{}/crowd:v1", registry.host()));
    let mut fleet = verify();
    fleet.arg("--images-from").arg(&images);
    let mut figures = Vec::new();
    for (what, command, requests, memory) in [
        (
            format!("an image with {SIGNATURES} signatures"),
            crowd,
            CROWD_REQUESTS,
            CROWD_BYTES,
        ),
        (
            format!("{IMAGES} images with a bundle"),
            fleet,
            FLEET_REQUESTS,
            FLEET_BYTES,
        ),
    ] {
        let before = registry.requests().len();
        let started = std::time::Instant::now();
        let used = usage(command).with_context(|| what.clone())?;
        let wall = started.elapsed();
        let asked = registry.requests().len() - before;
        println!(
            "{what}: wall {:.2} s, CPU {:.2} s, peak {:.1} MiB, {asked} requests",
            wall.as_secs_f64(),
            cpu(&used).as_secs_f64(),
            mebibytes(used.maxrss),
        );
        let count = u64::try_from(asked)?;
        figures.push(Figure::new(
            format!("requests, {what}"),
            count,
            Some(requests),
        ));
        figures.push(Figure::new(
            format!("peak bytes, {what}"),
            used.maxrss,
            Some(memory),
        ));
    }
    fs::remove_dir_all(&folder)?;
    Ok(figures)
}

fn by(signer: String) -> Plan {
    Plan::keyless(LeafRequest::new(San::Email(signer), ISSUER))
}

const SIGNER: &str = "signer@example.com";
const ISSUER: &str = "https://accounts.example.com";
const SIGNATURES: usize = 1000;
const IMAGES: usize = 200;
/// The image, four places, and two for each bundle.
const CROWD_REQUESTS: u64 = 5 + 2 * 1000;
const CROWD_BYTES: u64 = 64 << 20;
/// Seven an image: docs/requests.md.
const FLEET_REQUESTS: u64 = 7 * 200;
const FLEET_BYTES: u64 = 64 << 20;
