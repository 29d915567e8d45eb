//! Proving a release: its SBOM first, and then every file by its own signature and by what the SBOM lists.
//!
//! A signature alone does not say which version a file is of: with the signature of an old release an old program would pass
//! for a new one. So a file is proved when an accepted identity signed it *and* the proved SBOM of the version lists its
//! content under its path.

mod attested;
mod beside;
mod consists;
mod fetch;
mod file;
mod image;
mod keep;
mod layout;
mod local;
mod name;
mod origin;
mod other;
mod sbom;
mod signer;

use std::sync::Arc;

use sealcheck_engine::{Engine, ImageRun, Input};
use sealcheck_registry::Repository;
use sealcheck_verify::evidence::{ChecksumFacts, Listed, ReleaseFacts};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Reason, Requirements, Result, Verdict};

pub use beside::Beside;
pub use fetch::{Target, extract, unpacked};
pub use file::ReleaseFile;
pub use image::{Attested, ProvedImage, ReleaseImage};
pub use keep::{IMAGES, KeptImage};
pub use local::{Local, this_machine};
pub use origin::Origin;
pub use sbom::ProvedSbom;

use crate::limits::CHANNEL_BYTES;
use crate::profile::Signing;
use crate::{Profile, Purpose, Version, Wanted};

/// A release of a project, and how it is to be proved.
#[derive(Debug)]
pub struct Release<'e> {
    engine: &'e Engine,
    profile: &'e Profile,
    version: Version,
    /// Where the version stood, when a channel was asked for.
    channel: Option<Box<str>>,
    origin: Origin,
    demands: Demands,
    others: other::Others,
    /// Its images share layers, indexes and what is attached to them.
    images: ImageRun<'e>,
    /// Where proofs of images are looked for instead of beside them.
    repositories: Vec<Repository>,
}

/// What each signature must show.
#[derive(Clone, Debug)]
pub enum Demands {
    /// That one of the profile's signers made it; everything else as it is required here.
    OfProfile(Requirements),
    /// What is required here, whoever the profile names.
    Given(Requirements),
}

impl<'e> Release<'e> {
    /// The release that `wanted` names; where it is a channel, its version is asked for.
    ///
    /// # Errors
    /// `channel-malformed`, `version-unknown` for a project without channels, and the reasons of reading the channel's file.
    pub fn new(
        engine: &'e Engine,
        profile: &'e Profile,
        wanted: &Wanted,
        origin: Origin,
        demands: Demands,
    ) -> Result<Self> {
        let (version, channel) = match wanted {
            Wanted::Version(version) => (*version, None),
            Wanted::Channel(channel) => {
                let place = origin.channel(profile, *channel)?;
                origin.require_file(place.path())?;
                let content = engine.read(&place, CHANNEL_BYTES).map_err(as_artifact);
                let content = content.map_err(|failure| match failure.reason {
                    Reason::FileNotFound => unknown(failure, &origin, None, "the channel's file"),
                    _ => failure,
                })?;
                let answer = channel.answer(&content).map_err(|error| {
                    Failure::new(Reason::ChannelMalformed)
                        .at(place.name())
                        .detail(error)
                })?;
                (answer, Some(self::place(&place)))
            }
        };
        Ok(Self {
            engine,
            profile,
            version,
            channel,
            origin: origin.of(version),
            demands,
            others: other::Others::default(),
            images: ImageRun::new(engine),
            repositories: Vec::new(),
        })
    }

    /// Looks for the proofs of images in these repositories, instead of in the images' own. None: in their own.
    #[must_use]
    pub fn with_proofs_in(mut self, repositories: Vec<Repository>) -> Self {
        self.repositories = repositories;
        self
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Where it stood which version a channel has, if one was asked for. Nobody signs that.
    #[must_use]
    pub fn channel_place(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// The profile of the project.
    #[must_use]
    pub fn profile(&self) -> &'e Profile {
        self.profile
    }

    /// What a signature must show.
    ///
    /// # Errors
    /// `no-proof-found` when the version is older than signatures, and `identity-required` when the profile accepts nobody for
    /// it otherwise.
    fn requirements(&self, purpose: Purpose) -> Result<Arc<Requirements>> {
        match &self.demands {
            Demands::Given(requirements) => Ok(Arc::new(requirements.clone())),
            Demands::OfProfile(requirements) => {
                let accepted = self.profile.accepted(purpose, Some(self.version));
                let accepted =
                    accepted.ok_or_else(|| match self.older_than_signatures(purpose) {
                        Some(failure) => failure,
                        None => Failure::new(Reason::IdentityRequired).detail(format!(
                            "the profile {} names nobody who signs {purpose} of {}",
                            self.profile.name, self.version
                        )),
                    })?;
                Ok(Arc::new(requirements.clone().by(accepted)))
            }
        }
    }

    /// That nothing has a signature, because the version is from before there were any.
    fn older_than_signatures(&self, purpose: Purpose) -> Option<Failure> {
        let (since, signing) = match purpose {
            Purpose::Files => {
                let signing = self.profile.signing_of_files(self.version);
                (self.profile.files.since, Some(signing))
            }
            Purpose::Images => {
                let since = self.profile.images.as_ref()?.since;
                (since, self.profile.signing_of_images(self.version))
            }
            Purpose::PromotionRecords | Purpose::VerificationSummaries => return None,
        };
        let since = since.filter(|_| signing != Some(Signing::Expected))?;
        Some(Failure::new(Reason::NoProofFound).detail(format!(
            "{purpose} of {} are signed from {since} on, and this is {}",
            self.profile.name, self.version
        )))
    }

    /// Reads something small of the release.
    fn read(&self, input: &Input, limit: Limit) -> Result<Vec<u8>> {
        self.origin.require_file(input.path())?;
        self.engine.read(input, limit).map_err(as_artifact)
    }

    /// How evidence speaks of something of the release.
    fn facts(
        &self,
        sbom: &ProvedSbom,
        path: &str,
        listed: Listed,
        checksums: Vec<ChecksumFacts>,
    ) -> ReleaseFacts {
        ReleaseFacts {
            project: self.profile.name.as_str().into(),
            version: self.version.to_string().into(),
            path: path.into(),
            listed,
            sbom: sbom.facts.clone(),
            checksums,
            other_version: None,
        }
    }

    /// A verdict about something that could not be verified at all.
    fn failed(&self, name: &str, failure: Failure) -> Verdict {
        let requirements = match &self.demands {
            Demands::OfProfile(requirements) | Demands::Given(requirements) => requirements,
        };
        Verdict::failed(failure, None, requirements, self.engine.now()).with_artifact_name(name)
    }
}

/// How an input is called in failures.
fn place(input: &Input) -> Box<str> {
    sealcheck_verify::printable(&input.name()).into()
}

/// What is read here is no proof.
fn as_artifact(failure: Failure) -> Failure {
    match failure.reason {
        Reason::ProofUnreadable => Failure {
            reason: Reason::ArtifactUnreadable,
            ..failure
        },
        _ => failure,
    }
}

/// Why something is looked for.
const LISTED: &str = "the release lists it, and nothing is there";
const INFERRED: &str =
    "the names of the images that the release lists imply this index, and nothing is there";

/// What must be there and its place does not have is not there yet, or no longer; nobody has mistyped it.
fn reached(verdict: Verdict, why: &'static str) -> Verdict {
    match verdict.failure() {
        Some(failure) => {
            let reason = failure.reason;
            let there = there(failure.clone(), why);
            match there.reason == reason {
                true => verdict,
                false => verdict.with_failure_for(reason, there),
            }
        }
        None => verdict,
    }
}

/// The same of a failure.
fn there(failure: Failure, why: &'static str) -> Failure {
    let unreadable = |failure: Failure| Failure {
        reason: Reason::ArtifactUnreadable,
        ..failure
    };
    match failure.reason {
        Reason::ImageNotFound | Reason::FileNotFound => Failure::new(Reason::ArtifactUnreadable)
            .at(failure.field.unwrap_or_default())
            .detail(why),
        Reason::NotALayout => unreadable(failure).detail("its image layout was not written whole"),
        // Of a layout that the user has not named.
        Reason::ImageAmbiguous | Reason::ImageDigestUnknown => unreadable(failure),
        _ => failure,
    }
}

/// That there is no such version; in a folder with the versions that there are. One that is there lacks its SBOM.
fn unknown(missing: Failure, origin: &Origin, version: Option<Version>, expected: &str) -> Failure {
    let versions = match origin {
        Origin::Folder { root, .. } => other::versions(root),
        Origin::Published => Vec::new(),
    };
    let field = missing.field.unwrap_or_default();
    if version.is_some_and(|version| versions.contains(&version)) {
        return Failure::new(Reason::ArtifactUnreadable)
            .at(field)
            .expected(expected)
            .found("a folder of this version that is not whole: it lacks the SBOM");
    }
    let failure = Failure::new(Reason::VersionUnknown)
        .at(field)
        .expected(expected);
    match versions.is_empty() {
        true => failure.found("nothing"),
        false => {
            let told = versions.iter().take(VERSIONS_TOLD);
            let names: Vec<String> = told.map(ToString::to_string).collect();
            let more = match versions.len() > names.len() {
                true => " and older ones",
                false => "",
            };
            failure.found(format!("the folder has {}{more}", names.join(", ")))
        }
    }
}

/// How many versions of a folder are named to whoever asked for another one.
const VERSIONS_TOLD: usize = 8;
