//! Everything that a release consists of, tampered with in every way, online and in a kit: what is expected stands in
//! `table.txt`, and `docs/release-tampering.md` is made from it.

mod kit;
mod log;
mod page;
mod registry;
mod scene;
mod table;
mod tamper;

use libtest_mimic::Failed;

use crate::Run;
use scene::Scene;
use table::{Cell, Expected};
use tamper::Act;

pub(crate) use kit::copy;
pub(crate) use page::check as page;
pub(crate) use registry::{IMAGE, mirror, signature_of};

/// What is tampered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Binary,
    BinaryWithProof,
    Tarball,
    Member,
    UnpackedMember,
    Sbom,
    SbomWithProof,
    Signature,
    Certificate,
    Checksum,
    Manifest,
    Layers,
    Log,
}

/// Where the release is proved from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Network,
    Kit,
}

impl Thing {
    pub(crate) const ALL: [Self; 13] = [
        Self::Binary,
        Self::BinaryWithProof,
        Self::Tarball,
        Self::Member,
        Self::UnpackedMember,
        Self::Sbom,
        Self::SbomWithProof,
        Self::Signature,
        Self::Certificate,
        Self::Checksum,
        Self::Manifest,
        Self::Layers,
        Self::Log,
    ];

    /// As the table and the page call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::BinaryWithProof => "binary with its proof",
            Self::Tarball => "tarball",
            Self::Member => "tarball member",
            Self::UnpackedMember => "tarball member, unpacked",
            Self::Sbom => "SBOM",
            Self::SbomWithProof => "SBOM with its proof",
            Self::Signature => "signature",
            Self::Certificate => "certificate",
            Self::Checksum => "checksum",
            Self::Manifest => "image manifest",
            Self::Layers => "image layer list",
            Self::Log => "log answer",
        }
    }
}

impl Act {
    /// As the table and the page call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flip => "flip",
            Self::Sibling => "other artifact",
            Self::Other => "other version",
            Self::Remove => "remove",
        }
    }
}

/// The name of a cell's trial, and what it does.
pub(crate) fn cells() -> Vec<(String, Thing, Act)> {
    let cells = Thing::ALL.into_iter().flat_map(|thing| {
        Act::ALL.map(|act| {
            let name = format!("matrix: {}, {}", thing.name(), act.name());
            (name, thing, act)
        })
    });
    cells.collect()
}

/// Tampers, proves, and compares with the table.
pub(crate) fn check(run: &Run, thing: Thing, act: Act) -> Result<(), Failed> {
    let Cell { online, kit } = table::cell(thing, act);
    let mut wrong = Vec::new();
    for (from, expected) in [(From::Network, online), (From::Kit, kit)] {
        let scene = Scene::new(run, from);
        let found = scene.tampered(thing, act);
        if !found.meets(&expected) {
            wrong.push(format!("{from:?}: expected {expected}, found {found}"));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

/// What nobody tampered with is proved, all of it: whatever a cell says comes from its tampering. And the trap works.
pub(crate) fn untampered(run: &Run) {
    for from in [From::Network, From::Kit] {
        Scene::new(run, from).is_proved();
    }
    scene::trap_catches(run);
}

/// How a thing was judged.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) outcome: String,
    pub(crate) reason: String,
    /// What is told about it.
    pub(crate) message: String,
}

impl Found {
    fn meets(&self, expected: &Expected) -> bool {
        self.outcome == expected.outcome
            && self.reason == expected.reason
            && self.message.contains(&expected.words)
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.outcome, self.reason, self.message)
    }
}

const TAG: &str = "v1.36.0";
const OTHER: &str = "v1.35.0";
