//! The SBOM of a release, which says what the release consists of.

use std::io::Cursor;

use sealcheck_engine::{ArtifactSource, BlobRequest, MaterialSource, Silent, Stream};
use sealcheck_verify::evidence::SbomFacts;
use sealcheck_verify::{Digest, Failure, Outcome, Reason, Result, Verdict, printable};

use super::origin::Found;
use super::{Release, place, unknown};
use crate::profile::Sbom;
use crate::spdx::limits::SPDX_BYTES;
use crate::spdx::{Document, Listing, Origin};
use crate::{Catalogue, Purpose, ReleasePath};

/// An SBOM that an accepted identity signed, and that says of itself that it is this one of the version that was asked for.
#[derive(Debug)]
pub struct ProvedSbom {
    /// Its path below the release.
    pub(super) path: ReleasePath,
    /// The verdict about it: `verified`.
    pub verdict: Verdict,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says.
    pub document: Document,
    /// The files that it lists.
    pub listing: Listing,
    /// How evidence about other files speaks of it.
    pub(super) facts: SbomFacts,
}

impl Release<'_> {
    /// Gets the profile's SBOM of this name, and proves it.
    ///
    /// # Errors
    /// The verdict that is not `verified`, with all its evidence.
    pub fn sbom(&self, name: &str) -> std::result::Result<ProvedSbom, Box<Verdict>> {
        let known = &self.profile.sboms;
        let Some(sbom) = known.iter().find(|sbom| sbom.name == name) else {
            let names: Vec<&str> = known.iter().map(|sbom| &*sbom.name).collect();
            let failure = Failure::new(Reason::ArtifactUnknown)
                .expected(names.join(" or "))
                .found(printable(name))
                .detail("the profile has no SBOM of that name");
            return Err(Box::new(self.failed(name, failure)));
        };
        let (found, bytes) = match self.get(sbom) {
            Ok(got) => got,
            Err(failure) => return Err(Box::new(self.failed(sbom.path.as_str(), failure))),
        };
        self.prove_sbom(sbom, &found, bytes)
    }

    /// Reads it from the first of its places that has it.
    fn get(&self, sbom: &Sbom) -> Result<(Found, Vec<u8>)> {
        let mut first: Option<Failure> = None;
        for found in self.origin.places(self.profile, self.version, &sbom.path) {
            match self.read(&found.file, SPDX_BYTES) {
                Ok(bytes) => return Ok((found, bytes)),
                // What one place cannot say another one may; that a place has nothing is the weakest answer.
                Err(failure) => {
                    let weak = first
                        .as_ref()
                        .is_none_or(|first| first.reason == Reason::FileNotFound);
                    if weak {
                        first = Some(failure);
                    }
                }
            }
        }
        let failure = first.unwrap_or_else(|| Failure::new(Reason::FileNotFound));
        Err(match failure.reason {
            Reason::FileNotFound => {
                let expected = format!("the SBOM of {}", self.version);
                unknown(failure, &self.origin, Some(self.version), &expected)
            }
            _ => failure,
        })
    }

    fn prove_sbom(
        &self,
        sbom: &Sbom,
        found: &Found,
        bytes: Vec<u8>,
    ) -> std::result::Result<ProvedSbom, Box<Verdict>> {
        let name = found.file.name();
        let failed = |failure| Err(Box::new(self.failed(&name, failure)));
        let requirements = match self.requirements(Purpose::Files) {
            Ok(requirements) => requirements,
            Err(failure) => return failed(failure),
        };
        let stream = Stream::new(&name, Cursor::new(bytes.clone()));
        let mut request = BlobRequest::new(ArtifactSource::Stream(stream), requirements);
        request.material = MaterialSource::At(found.proofs.clone());
        let verdict = self.engine.verify_blob(&request, &Silent);
        let verdict = self.with_signer(verdict, Purpose::Files);
        let verdict = self.with_age(verdict);
        if verdict.outcome() != Outcome::Verified {
            return Err(Box::new(verdict));
        }
        let document = match self.parse(sbom, &name, &bytes) {
            Ok(document) => document,
            Err(failure) => return Err(Box::new(verdict.with_failure(failure))),
        };
        let evidence = verdict.evidence();
        let facts = SbomFacts {
            place: place(&found.file),
            sha256: evidence
                .artifact
                .digests
                .get("sha256")
                .cloned()
                .unwrap_or_default(),
            signer: evidence.signer.clone(),
            signed_at: evidence.signed_at,
        };
        let listing = Listing::new(&document);
        Ok(ProvedSbom {
            path: sbom.path.clone(),
            verdict,
            bytes,
            document,
            listing,
            facts,
        })
    }

    /// Reads a document that was signed, and that must be this SBOM of this version.
    ///
    /// # Errors
    /// `sbom-malformed`, and `release-mismatch` when it is another one.
    fn parse(&self, sbom: &Sbom, name: &str, bytes: &[u8]) -> Result<Document> {
        let document = Document::read(bytes)
            .map_err(|error| Failure::new(Reason::SbomMalformed).at(name).detail(error))?;
        if sbom.is(&document, self.version) {
            return Ok(document);
        }
        let is_known = |sbom: &&Sbom| sbom.is(&document, self.version);
        let what = match self.profile.sboms.iter().find(is_known) {
            Some(other) => format!("the SBOM {} of this version", other.path),
            None => "not of this version".to_owned(),
        };
        Err(Failure::new(Reason::ReleaseMismatch)
            .at(name)
            .expected(sbom.head(self.version))
            .found(format!(
                "{}, {}",
                printable(document.name()),
                printable(document.namespace())
            ))
            .detail(format!("it is genuine, and {what}")))
    }

    /// Compares a file at the path of an SBOM, which no SBOM lists: the one that lists the release must be the one that was
    /// proved, and any other must say of itself that it is that one.
    pub(super) fn compare(
        &self,
        proved: &ProvedSbom,
        sbom: &Sbom,
        digests: &[Digest],
        content: Option<Result<Vec<u8>>>,
    ) -> Result<()> {
        let mismatch = || Failure::new(Reason::ReleaseMismatch).at(sbom.path.as_str());
        let is_content = |bytes: &[u8]| {
            let mut digests = digests.iter();
            digests.all(|digest| Digest::of(digest.algorithm(), bytes) == Some(*digest))
        };
        if sbom.path == proved.path {
            return match is_content(&proved.bytes) {
                true => Ok(()),
                false => Err(mismatch().detail("it is not the SBOM by which the release is known")),
            };
        }
        let content = content.ok_or_else(|| mismatch().detail("its content was not kept"))??;
        if !is_content(&content) {
            return Err(mismatch().detail("it was altered while it was read"));
        }
        self.parse(sbom, sbom.path.as_str(), &content).map(|_| ())
    }

    /// Says of what has no signature that it is older than signatures.
    fn with_age(&self, verdict: Verdict) -> Verdict {
        let is_missing = |failure: &Failure| failure.reason == Reason::NoProofFound;
        match self.older_than_signatures(Purpose::Files) {
            Some(failure) if verdict.failure().is_some_and(is_missing) => {
                verdict.with_failure_for(Reason::NoProofFound, failure)
            }
            _ => verdict,
        }
    }
}

impl ProvedSbom {
    /// What the release holds.
    ///
    /// # Errors
    /// `sbom-malformed` when a name in it is a trap, and when it lists no file: of nothing it could be said that all of it
    /// is proved.
    pub fn catalogue<'p>(&self, profile: &'p crate::Profile) -> Result<Catalogue<'p>> {
        let malformed = || Failure::new(Reason::SbomMalformed).at(self.path.as_str());
        // What a package was made from was a path elsewhere, and nothing of the release.
        let mut files = self.document.files().iter();
        let trap = files.find_map(|file| {
            let mut unusable = self.listing.unusable().iter();
            let (_, trap) = unusable.find(|(id, _)| *id == file.id)?;
            Some((&file.name, trap))
        });
        if let Some((name, trap)) = trap {
            return Err(malformed().found(printable(name)).detail(trap));
        }
        if self.document.files().is_empty() {
            return Err(malformed().detail("it lists no files"));
        }
        let entries = self.listing.entries().iter();
        let names: Vec<&str> = entries
            .filter(|entry| entry.origin() == Origin::File)
            .map(crate::spdx::Entry::path)
            .collect();
        Catalogue::new(profile, &names)
            .map_err(|error| Failure::new(Reason::SbomMalformed).detail(error))
    }
}
