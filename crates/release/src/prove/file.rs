//! One file of a release: its signature, its place in the SBOM, and its checksums.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use sealcheck_engine::{
    ArtifactSource, BlobRequest, Input, MaterialSource, Progress, ProofPart, ProofPlace, Stream,
    proof_places, with_suffix,
};
use sealcheck_verify::evidence::{ChecksumFacts, ChecksumState, Evidence, Listed, ReleaseFacts};
use sealcheck_verify::{Digest, DigestAlgorithm, Failure, Outcome, Reason, Result, Verdict};

use super::other::{told, with_content};
use super::{LISTED, ProvedSbom, Release, as_artifact, place, reached};
use crate::limits::CHECKSUM_BYTES;
use crate::profile::Sbom;
use crate::spdx::limits::SPDX_BYTES;
use crate::spdx::{Listing, LocalFile, Standing};
use crate::{Purpose, ReleasePath};

/// A file that is to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFile {
    /// The artifact of the release that it must be.
    pub path: ReleasePath,
    /// Where it lies here; `None` for the one at the release's own place.
    pub local: Option<PathBuf>,
}

impl Release<'_> {
    /// Proves a file: an accepted identity signed it, and the SBOM lists its content under its path. With `checksums` its
    /// checksum files are compared too; they prove nothing, and one that differs is told and changes nothing.
    pub fn prove(
        &self,
        sbom: &ProvedSbom,
        file: &ReleaseFile,
        checksums: bool,
        progress: &dyn Progress,
    ) -> Verdict {
        let (artifact, places) = self.sources(file);
        let (artifact, content) = self.kept(sbom, file, artifact);
        match self.verified(sbom, file, artifact, None, progress) {
            Err(failure) => self.failed(file.path.as_str(), failure),
            Ok(verdict) => {
                let verdict = match &file.local {
                    Some(_) => verdict,
                    None => reached(verdict, LISTED),
                };
                let checksums = match checksums {
                    true => self.checksums(&places, verdict.evidence()),
                    false => Vec::new(),
                };
                self.judge(sbom, &file.path, content, checksums, verdict)
            }
        }
    }

    /// The same for a file whose bytes come from `artifact`, without checksums; its proof is kept at `bundle`.
    pub(super) fn prove_from(
        &self,
        sbom: &ProvedSbom,
        file: &ReleaseFile,
        artifact: ArtifactSource,
        bundle: Option<&Path>,
        progress: &dyn Progress,
    ) -> Result<Verdict> {
        let written = match &artifact {
            ArtifactSource::Download { to, .. } => Some(Input::File(to.path().to_owned())),
            _ => None,
        };
        let (artifact, content) = self.kept(sbom, file, artifact);
        let verdict = reached(
            self.verified(sbom, file, artifact, bundle, progress)?,
            LISTED,
        );
        let written = written.filter(|_| self.other_sbom(sbom, &file.path).is_some());
        let content = content.or_else(|| Some(self.read(&written?, SPDX_BYTES)));
        Ok(self.judge(sbom, &file.path, content, Vec::new(), verdict))
    }

    /// The profile's SBOM at this path, other than the one that lists the release.
    fn other_sbom(&self, sbom: &ProvedSbom, path: &ReleasePath) -> Option<&Sbom> {
        let mut others = self.profile.sboms.iter();
        others.find(|other| other.path == *path && other.path != sbom.path)
    }

    /// The artifact, and of an SBOM what is in it: it is read once, and what is verified is what is judged.
    fn kept(
        &self,
        sbom: &ProvedSbom,
        file: &ReleaseFile,
        artifact: ArtifactSource,
    ) -> (ArtifactSource, Option<Result<Vec<u8>>>) {
        let input = match (&artifact, self.other_sbom(sbom, &file.path)) {
            (ArtifactSource::File(file), Some(_)) => Input::File(file.clone()),
            (ArtifactSource::Url(url), Some(_)) => Input::Url(url.clone()),
            _ => return (artifact, None),
        };
        let read = match &file.local {
            None => self.read(&input, SPDX_BYTES),
            // Who names a pipe means it.
            Some(_) => self.engine.read(&input, SPDX_BYTES).map_err(as_artifact),
        };
        match read {
            Ok(bytes) => {
                let stream = Stream::new(&input.name(), Cursor::new(bytes.clone()));
                (ArtifactSource::Stream(stream), Some(Ok(bytes)))
            }
            // The verdict says why it cannot be read.
            Err(failure) => (artifact, Some(Err(failure))),
        }
    }

    /// The same for a file that lies here, by the bundle beside it alone and without network: as whoever has only these two
    /// will prove it.
    pub(super) fn prove_by(
        &self,
        sbom: &ProvedSbom,
        file: &ReleaseFile,
        bundle: &Path,
        progress: &dyn Progress,
    ) -> Result<Verdict> {
        let (artifact, _) = self.sources(file);
        let (artifact, content) = self.kept(sbom, file, artifact);
        let mut request = self.request(sbom, file, artifact)?;
        request.lookup = false;
        request.material = MaterialSource::At(vec![ProofPlace {
            part: ProofPart::Bundle,
            input: Input::File(bundle.to_owned()),
        }]);
        let verdict = self.engine.verify_blob(&request, progress);
        let verdict = self.with_signer(verdict, Purpose::Files);
        Ok(self.judge(sbom, &file.path, content, Vec::new(), verdict))
    }

    /// Whether an accepted identity signed it.
    fn verified(
        &self,
        sbom: &ProvedSbom,
        file: &ReleaseFile,
        artifact: ArtifactSource,
        bundle: Option<&Path>,
        progress: &dyn Progress,
    ) -> Result<Verdict> {
        let mut request = self.request(sbom, file, artifact)?;
        request.save_bundle = bundle.map(Path::to_owned);
        let verdict = self.engine.verify_blob(&request, progress);
        Ok(self.with_signer(verdict, Purpose::Files))
    }

    /// What is to be verified of a file that is read from `artifact`.
    fn request(
        &self,
        sbom: &ProvedSbom,
        file: &ReleaseFile,
        artifact: ArtifactSource,
    ) -> Result<BlobRequest> {
        if file.local.is_none() {
            self.origin.require_file(match &artifact {
                ArtifactSource::File(path) => Some(path),
                ArtifactSource::Download { from, .. } => from.path(),
                _ => None,
            })?;
        }
        let mut request = BlobRequest::new(artifact, self.requirements(Purpose::Files)?);
        request.digests = sbom.listing.algorithms().to_vec();
        let beside = file.local.iter().flat_map(|local| {
            proof_places(&ArtifactSource::File(local.clone())).unwrap_or_default()
        });
        let mut places: Vec<_> = beside.collect();
        let origin = self.origin.places(self.profile, self.version, &file.path);
        for found in origin {
            for place in found.proofs {
                let is_known = places.iter().any(|known: &ProofPlace| same(known, &place));
                if !is_known {
                    places.push(place);
                }
            }
        }
        request.material = MaterialSource::At(places);
        Ok(request)
    }

    /// The artifact, and where its checksums may be.
    fn sources(&self, file: &ReleaseFile) -> (ArtifactSource, Vec<(DigestAlgorithm, Input)>) {
        let origin = self.origin.places(self.profile, self.version, &file.path);
        let mut checksums = Vec::new();
        if let Some(local) = &file.local {
            for checksum in &self.profile.files.checksums {
                let beside = with_suffix(local, &checksum.suffix);
                if beside.is_file() {
                    checksums.push((checksum.algorithm, Input::File(beside)));
                }
            }
        }
        let first = origin.into_iter().next();
        let artifact = match (&file.local, &first) {
            (Some(local), _) => ArtifactSource::File(local.clone()),
            (None, Some(found)) => found.artifact(),
            (None, None) => ArtifactSource::File(file.path.as_str().into()),
        };
        let published = first.into_iter().flat_map(|found| found.checksums);
        let is_beside = |input: &Input| {
            let Input::File(path) = input else {
                return false;
            };
            checksums.iter().any(|(_, known)| match known {
                Input::File(known) => same_file(known, path),
                Input::Url(_) | Input::Literal { .. } => false,
            })
        };
        let published: Vec<_> = published.filter(|(_, input)| !is_beside(input)).collect();
        checksums.extend(published);
        (artifact, checksums)
    }

    /// What checksum files say of a file with these digests.
    fn checksums(
        &self,
        places: &[(DigestAlgorithm, Input)],
        evidence: &Evidence,
    ) -> Vec<ChecksumFacts> {
        let mut out: Vec<ChecksumFacts> = Vec::new();
        for (algorithm, input) in places {
            let Some(hex) = evidence.artifact.digests.get(algorithm.as_str()) else {
                continue;
            };
            let state = match self.read(input, CHECKSUM_BYTES) {
                Ok(content) => state(&content, *algorithm, hex),
                Err(failure) if failure.reason == Reason::FileNotFound => ChecksumState::Absent,
                Err(_) => ChecksumState::Unreadable,
            };
            out.push(ChecksumFacts {
                place: place(input),
                state,
            });
        }
        out
    }

    /// Holds a verdict about a file against the SBOM.
    fn judge(
        &self,
        sbom: &ProvedSbom,
        path: &ReleasePath,
        content: Option<Result<Vec<u8>>>,
        checksums: Vec<ChecksumFacts>,
        verdict: Verdict,
    ) -> Verdict {
        let digests = digests(verdict.evidence());
        let own = self.profile.sboms.iter().find(|own| own.path == *path);
        let (listed, failure) = match (digests.as_slice(), own) {
            // What could not be read has its own failure.
            ([], _) => (Listed::NotCompared, None),
            // No SBOM lists an SBOM.
            (digests, Some(own)) => match self.compare(sbom, own, digests, content) {
                Ok(()) => (Listed::Absent, None),
                Err(failure) => (Listed::Other, Some(failure)),
            },
            (digests, None) => standing(&sbom.listing, path, digests),
        };
        // Whatever else happens: what was not compared is not verified.
        let is_open = listed == Listed::NotCompared && verdict.outcome() == Outcome::Verified;
        let failure = failure.or_else(|| is_open.then(|| not_compared(path)));
        // What the version does not have under any path may be of another one.
        let other = failure
            .as_ref()
            .filter(|_| with_content(&sbom.listing, &digests).is_none())
            .and_then(|_| self.of_other_version(&digests));
        let failure = failure.map(|failure| told(failure, other.as_ref()));
        let facts = self.facts(sbom, path.as_str(), listed, checksums);
        let verdict = verdict.with_release(ReleaseFacts {
            other_version: other,
            ..facts
        });
        match failure {
            None if listed == Listed::Same => with_genuine_content(verdict),
            None => verdict,
            Some(failure) => {
                // What does not match its signature and is not listed either: the list says more about what it is.
                let outcomes = [verdict.outcome(), failure.outcome()];
                let is_worse = outcomes == [Outcome::Rejected; 2];
                let same = verdict.failure().cloned().filter(|_| is_worse);
                match same {
                    // A signature without a log entry does not say what it is for.
                    Some(other)
                        if matches!(
                            other.reason,
                            Reason::ArtifactMismatch | Reason::SignatureInvalid
                        ) =>
                    {
                        let failure = failure.and_detail("its signature does not match either");
                        verdict.with_failure_for(other.reason, failure)
                    }
                    _ => verdict.with_failure(failure),
                }
            }
        }
    }
}

/// Says of a proof that does not fit that it is the proof, and not the file, which is not the release's.
fn with_genuine_content(verdict: Verdict) -> Verdict {
    match verdict.failure() {
        Some(failure)
            if matches!(
                failure.reason,
                Reason::ArtifactMismatch | Reason::SignatureInvalid
            ) =>
        {
            let said = match failure.reason {
                Reason::ArtifactMismatch => {
                    "the proved SBOM lists exactly this content, so that the file is the release's, and the proof is for other bytes"
                }
                _ => {
                    "the proved SBOM lists exactly this content, so that the file is the release's, and the proof is damaged or for other bytes"
                }
            };
            let failure = failure.clone().and_detail(said);
            verdict.with_failure_for(failure.reason, failure)
        }
        _ => verdict,
    }
}

/// What the SBOM says of a file under this path.
fn standing(
    listing: &Listing,
    path: &ReleasePath,
    digests: &[Digest],
) -> (Listed, Option<Failure>) {
    let file = LocalFile {
        path: path.as_str(),
        digests,
    };
    let check = listing.check([file]);
    let Some((_, standing)) = check.files.first() else {
        return (Listed::NotCompared, None);
    };
    let failure = standing.reason().map(|reason| {
        let failure = Failure::new(reason).at(path.as_str());
        match digests.first() {
            Some(found) => failure.found(found),
            None => failure,
        }
    });
    let with = |detail: String| failure.clone().map(|failure| failure.detail(detail));
    match standing {
        Standing::Proved { .. } => (Listed::Same, failure),
        Standing::Altered { expected } => {
            let mut digests = expected.iter().flat_map(|entry| entry.digests().first());
            let failure = with("the SBOM lists other content under this path".to_owned());
            let failure = match (digests.next(), digests.next()) {
                (Some(only), None) => failure.map(|failure| failure.expected(only)),
                _ => failure,
            };
            (Listed::Other, failure)
        }
        Standing::Swapped { entry, .. } | Standing::Renamed { entry } => (
            Listed::Other,
            with(format!("it is {} of this release", entry.path())),
        ),
        Standing::Unprovable { .. } => (
            Listed::Absent,
            with("the SBOM lists it without a digest that proves anything".to_owned()),
        ),
        Standing::NotHashed { missing } => (
            Listed::NotCompared,
            with(format!(
                "the SBOM lists a {} digest, and the file was not hashed by it",
                missing.as_str()
            )),
        ),
        Standing::NotCovered(_) => (
            Listed::Absent,
            with("the SBOM of this version does not list it".to_owned()),
        ),
    }
}

fn not_compared(path: &ReleasePath) -> Failure {
    Failure::new(Reason::ArtifactUnreadable)
        .at(path.as_str())
        .detail("it could not be compared with what the SBOM lists")
}

/// The digests that evidence has of its artifact.
pub(super) fn digests(evidence: &Evidence) -> Vec<Digest> {
    let digests = evidence.artifact.digests.iter();
    let mut digests: Vec<Digest> = digests
        .filter_map(|(algorithm, hex)| Digest::from_hex(algorithm.parse().ok()?, hex).ok())
        .collect();
    digests.sort_unstable_by_key(Digest::algorithm);
    digests
}

/// Whether two places are one.
fn same(one: &ProofPlace, other: &ProofPlace) -> bool {
    match (&one.input, &other.input) {
        (Input::File(one), Input::File(other)) => one == other || same_file(one, other),
        (one, other) => one == other,
    }
}

/// Whether two paths lead to one file.
fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// What a checksum file says: the checksum alone, or in the first column of a line.
fn state(content: &[u8], algorithm: DigestAlgorithm, hex: &str) -> ChecksumState {
    let word = str::from_utf8(content)
        .ok()
        .and_then(|text| text.split_ascii_whitespace().next());
    match word.map(|word| Digest::from_hex(algorithm, &word.to_ascii_lowercase())) {
        Some(Ok(digest)) if *digest.hex() == *hex => ChecksumState::Agrees,
        Some(Ok(_)) => ChecksumState::Differs,
        _ => ChecksumState::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use sealcheck_verify::evidence::ChecksumState;
    use sealcheck_verify::{Digest, DigestAlgorithm};

    use sealcheck_verify::Reason;
    use sealcheck_verify::evidence::Listed;

    use super::{standing, state};
    use crate::spdx::{Document, Listing, LocalFile};

    #[test]
    fn a_digest_that_is_missing_is_no_agreement() {
        let sums = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512]
            .map(|algorithm| Digest::of(algorithm, b"x").unwrap());
        let document = format!(
            "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: x\n\
             DocumentNamespace: https://x.example\nFileName: bin/x\nSPDXID: SPDXRef-x\n\
             FileChecksum: SHA256: {}\nFileChecksum: SHA512: {}\n",
            sums[0].hex(),
            sums[1].hex()
        );
        let listing = Listing::new(&Document::read(document.as_bytes()).unwrap());
        let path = "bin/x".parse().unwrap();
        let (listed, failure) = standing(&listing, &path, &sums);
        assert_eq!((listed, failure), (Listed::Same, None));
        let (listed, failure) = standing(&listing, &path, &sums[..1]);
        assert_eq!(listed, Listed::NotCompared);
        assert_eq!(failure.unwrap().reason, Reason::ArtifactUnreadable);
        // The short digest agrees, the long one is another file's.
        let other = Digest::of(DigestAlgorithm::Sha512, b"y").unwrap();
        let (listed, failure) = standing(&listing, &path, &[sums[0], other]);
        assert_eq!(listed, Listed::Other);
        assert_eq!(failure.unwrap().reason, Reason::ReleaseMismatch);
    }

    /// What says nothing of the content says nothing against it either.
    #[test]
    fn a_file_that_is_listed_by_sha1_alone_is_not_proved_and_not_refused() {
        let document = format!(
            "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: x\n\
             DocumentNamespace: https://x.example\nFileName: bin/x\nSPDXID: SPDXRef-x\n\
             FileChecksum: SHA1: {:040}\n",
            0
        );
        let listing = Listing::new(&Document::read(document.as_bytes()).unwrap());
        let sums = [Digest::sha256(b"x")];
        let (listed, failure) = standing(&listing, &"bin/x".parse().unwrap(), &sums);
        assert_eq!(listed, Listed::Absent);
        let failure = failure.unwrap();
        assert_eq!(failure.reason, Reason::NoProofFound);
        let file = LocalFile {
            path: "bin/x",
            digests: &sums,
        };
        let check = listing.check([file]);
        assert_eq!(check.files[0].1.outcome(), failure.outcome());
    }

    #[test]
    fn a_checksum_stands_alone_or_before_a_name() {
        let hex = Digest::sha256(b"x").hex();
        let other = Digest::sha256(b"y").hex();
        let read = |text: &str| state(text.as_bytes(), DigestAlgorithm::Sha256, &hex);
        for text in [
            hex.clone(),
            format!("{hex}\n"),
            hex.to_uppercase(),
            format!("{hex}  kubectl\n"),
        ] {
            assert_eq!(read(&text), ChecksumState::Agrees, "{text}");
        }
        assert_eq!(read(&other), ChecksumState::Differs);
        for text in ["", "<html>", &hex[1..], "kubectl  0"] {
            assert_eq!(read(text), ChecksumState::Unreadable, "{text}");
        }
    }
}
