//! Where a proof may be, and what is there.

use std::path::{Path, PathBuf};

use sealcheck_net::Url;
use sealcheck_verify::evidence::{Found, Place};
use sealcheck_verify::limits::{
    BUNDLE_BYTES, CERTIFICATE_BYTES, Limit, SIGNATURE_BYTES, TIMESTAMP_BYTES,
};
use sealcheck_verify::{Failure, Outcome, Reason, Result, printable};
use tokio::task::JoinSet;

use crate::artifact::ArtifactSource;
use crate::candidate::{Candidate, bundles, detached, timestamp, with_chain};
use crate::input::{Answer, Input, Named, ProofPart, ProofPlace, read_file, read_url, shown_url};
use crate::link::Link;

/// What was looked at, what was found, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    pub(crate) places: Vec<Place>,
    pub(crate) candidates: Vec<Candidate>,
    /// The places that gave no answer.
    pub(crate) failures: Vec<Failure>,
}

impl ProofPart {
    pub(crate) fn limit(self) -> Limit {
        match self {
            Self::Bundle | Self::Lines => BUNDLE_BYTES,
            Self::Signature => SIGNATURE_BYTES,
            Self::Certificate => CERTIFICATE_BYTES,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Lines => "attestations",
            Self::Signature => "signature",
            Self::Certificate => "certificate",
        }
    }
}

impl Discovery {
    /// Looks beside the artifact, at every place, whatever is found at the others.
    ///
    /// `with_certificates`: whether the signer is required by identity, so that a signature needs its certificate.
    ///
    /// # Errors
    /// `argument-invalid` when the artifact has no place of its own.
    pub(crate) fn beside(
        &mut self,
        artifact: &ArtifactSource,
        link: &Link,
        with_certificates: bool,
    ) -> Result<()> {
        let places = proof_places(artifact)?;
        if let ArtifactSource::Url(url) = artifact {
            link.online()
                .map_err(|failure| failure.at(shown_url(url)))?;
        }
        self.at(&places, link, with_certificates);
        Ok(())
    }

    /// Looks at every one of these places, whatever is found at the others.
    pub(crate) fn at(&mut self, places: &[ProofPlace], link: &Link, with_certificates: bool) {
        let mut signatures = Vec::new();
        let mut certificates = Vec::new();
        let mut all_read = true;
        for (ProofPlace { part, input }, answer) in places.iter().zip(look_at(places, link)) {
            let index = self.places.len();
            let failed = matches!(answer, Err(_) | Ok(Answer::NoFile(_)));
            all_read &= !(failed && *part == ProofPart::Certificate);
            let Some(bytes) = self.record(*part, printable(&input.name()), answer) else {
                continue;
            };
            match part {
                ProofPart::Bundle => self.candidates.extend(bundles(index, &bytes, false)),
                ProofPart::Lines => self.candidates.extend(bundles(index, &bytes, true)),
                ProofPart::Signature => signatures.push((index, bytes)),
                ProofPart::Certificate => certificates.push((index, bytes)),
            }
        }
        for (place, signature) in signatures {
            // Without its certificate, which could not be read, nothing can be said about the signature.
            if with_certificates && certificates.is_empty() && !all_read {
                self.explain(place, "signature, whose certificate could not be read");
                continue;
            }
            self.pair(place, &signature, &certificates, with_certificates);
        }
    }

    /// Reads what the caller named. The places are recorded also when it fails.
    ///
    /// # Errors
    /// `file-not-found`, `proof-unreadable`, `limit-exceeded`, `offline`, `argument-invalid`, and the reasons of what was
    /// read.
    pub(crate) fn named(&mut self, named: &Named, link: &Link) -> Result<()> {
        let places = &mut self.places;
        let mut read = |input: &Input, word: &str, limit: Limit| {
            let answer = input.read(link, limit);
            let (found, detail) = match &answer {
                Ok(_) => (Found::Present, word.to_owned()),
                Err(failure) if failure.reason == Reason::FileNotFound => {
                    (Found::Absent, word.to_owned())
                }
                Err(failure) if failure.reason == Reason::LimitExceeded => {
                    (Found::Present, failure.to_string())
                }
                Err(failure) => (Found::Failed, failure.to_string()),
            };
            let name = printable(&input.name());
            places.push(Place::new(name, found, Some(detail.into())));
            answer
        };
        let mut candidates = match (&named.bundle, &named.signature) {
            (Some(bundle), None) if named.certificate.is_none() && named.chain.is_none() => {
                let bytes = read(bundle, "bundle", BUNDLE_BYTES)?;
                bundles(0, &bytes, bundle.name().ends_with(".jsonl"))
            }
            (Some(_), _) => {
                return Err(Failure::new(Reason::ArgumentInvalid).at("--bundle").detail(
                    "a bundle brings its own signature and certificate: name one or the other",
                ));
            }
            (None, Some(signature)) => {
                // An envelope is given in the same way and is as large as a bundle; the core holds plain signatures to
                // their own limit.
                let signature = read(signature, "signature", BUNDLE_BYTES)?;
                let certificate = match &named.certificate {
                    None => None,
                    Some(input) => Some(read(input, "certificate", CERTIFICATE_BYTES)?),
                };
                let certificate = match (certificate, &named.chain) {
                    (Some(certificate), Some(chain)) => {
                        let chain = read(chain, "certificate chain", CERTIFICATE_BYTES)?;
                        Some(with_chain(&certificate, &chain)?)
                    }
                    (certificate, _) => certificate,
                };
                vec![Candidate {
                    place: 0,
                    certificate: named.certificate.as_ref().map(|_| 1),
                    line: None,
                    material: detached(&signature, certificate.as_deref()),
                }]
            }
            (None, None) => {
                return Err(Failure::new(Reason::ArgumentInvalid)
                    .at("--signature")
                    .expected("a bundle or a signature")
                    .found("neither"));
            }
        };
        let token = match &named.timestamp {
            None => None,
            Some(input) => Some(timestamp(&read(input, "timestamp", TIMESTAMP_BYTES)?)?),
        };
        let sct = match &named.sct {
            None => None,
            Some(input) => Some(read(input, "sct", CERTIFICATE_BYTES)?),
        };
        for candidate in &mut candidates {
            if let Ok(material) = &mut candidate.material {
                if let Some(token) = &token {
                    *material = material.clone().with_timestamp(token)?;
                }
                if let Some(sct) = &sct {
                    *material = material.clone().with_sct(sct);
                }
            }
        }
        self.candidates = candidates;
        Ok(())
    }

    /// Records an answer, and gives the bytes if there are any.
    fn record(
        &mut self,
        part: ProofPart,
        place: String,
        answer: Result<Answer>,
    ) -> Option<Vec<u8>> {
        let (found, detail, bytes) = match answer {
            Ok(Answer::Bytes(bytes)) => (Found::Present, Some(part.word().to_owned()), Some(bytes)),
            Ok(Answer::Absent) => (Found::Absent, None, None),
            Ok(Answer::NoFile(what)) => {
                self.failures.push(
                    Failure::new(Reason::ProofUnreadable)
                        .at(place.as_str())
                        .expected("a file")
                        .found(what),
                );
                (Found::Failed, Some(format!("{what} is no proof")), None)
            }
            Err(failure) if failure.outcome() == Outcome::Rejected => {
                // It is there, and larger than any proof.
                let detail = failure.to_string();
                self.candidates.push(Candidate {
                    place: self.places.len(),
                    certificate: None,
                    line: None,
                    material: Err(failure),
                });
                (Found::Present, Some(detail), None)
            }
            Err(failure) => {
                let why = failure.detail.as_deref().or(failure.found.as_deref());
                let detail = why.unwrap_or(failure.reason.summary()).to_owned();
                self.failures.push(failure);
                (Found::Failed, Some(detail), None)
            }
        };
        let detail = detail.map(Into::into);
        self.places.push(Place::new(place, found, detail));
        bytes
    }

    /// The signature beside the artifact with each certificate beside it.
    fn pair(
        &mut self,
        place: usize,
        signature: &[u8],
        certificates: &[(usize, Vec<u8>)],
        with_certificates: bool,
    ) {
        if !with_certificates {
            for (index, _) in certificates {
                self.explain(*index, "certificate, not used because a key was given");
            }
        }
        let pairs: Vec<Option<&(usize, Vec<u8>)>> = match certificates {
            certificates if with_certificates && !certificates.is_empty() => {
                certificates.iter().map(Some).collect()
            }
            _ => vec![None],
        };
        for certificate in pairs {
            let bytes = certificate.map(|(_, bytes)| bytes.as_slice());
            self.candidates.push(Candidate {
                place,
                certificate: certificate.map(|(index, _)| *index),
                line: None,
                material: detached(signature, bytes),
            });
        }
    }

    /// Says more about a place.
    pub(crate) fn explain(&mut self, place: usize, detail: &str) {
        if let Some(place) = self.places.get_mut(place) {
            place.detail = Some(detail.into());
        }
    }
}

/// The paths at which a proof of the file at `path` is looked for.
pub fn proof_paths(path: &Path) -> impl Iterator<Item = PathBuf> {
    SUFFIXES
        .iter()
        .map(move |(suffix, _)| with_suffix(path, suffix))
}

/// The places at which a proof of an artifact is looked for, in the order of preference.
///
/// # Errors
/// `argument-invalid` for what has no place of its own: a stream, a digest, a download.
pub fn proof_places(artifact: &ArtifactSource) -> Result<Vec<ProofPlace>> {
    let beside = |suffix: &str| match artifact {
        ArtifactSource::File(path) => Ok(Input::File(with_suffix(path, suffix))),
        ArtifactSource::Url(url) => address_with_suffix(url, suffix).map(Input::Url),
        ArtifactSource::Stream(_) | ArtifactSource::Download { .. } | ArtifactSource::Digest(_) => {
            Err(Failure::new(Reason::ArgumentInvalid)
                .at("--bundle")
                .expected("the proof's path or address")
                .found("none")
                .detail(
                    "only files and addresses have a place beside them where a proof can be found",
                ))
        }
    };
    SUFFIXES
        .iter()
        .map(|(suffix, part)| {
            Ok(ProofPlace {
                part: *part,
                input: beside(suffix)?,
            })
        })
        .collect::<Result<Vec<_>>>()
}

/// The path of a file beside another one: the same with `suffix` behind it.
#[must_use]
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn address_with_suffix(url: &str, suffix: &str) -> Result<String> {
    let mut beside = Url::parse(url).map_err(|error| {
        Failure::new(Reason::ArgumentInvalid)
            .at(shown_url(url))
            .detail(error)
    })?;
    beside.set_path(&format!("{}{suffix}", beside.path()));
    Ok(beside.into())
}

/// What is at each place. Addresses are asked at one time; the client bounds the requests that are under way.
fn look_at(places: &[ProofPlace], link: &Link) -> Vec<Result<Answer>> {
    let broken =
        || Err(Failure::new(Reason::ProofUnreadable).detail("the request ended without an answer"));
    let mut answers: Vec<Result<Answer>> = places
        .iter()
        .map(|place| match &place.input {
            Input::File(path) => read_file(path, place.part.limit(), false),
            Input::Literal { bytes, .. } => Ok(Answer::Bytes(bytes.clone())),
            Input::Url(_) => broken(),
        })
        .collect();
    let urls: Vec<(usize, &String, Limit)> = places
        .iter()
        .enumerate()
        .filter_map(|(index, place)| match &place.input {
            Input::Url(url) => Some((index, url, place.part.limit())),
            Input::File(_) | Input::Literal { .. } => None,
        })
        .collect();
    if urls.is_empty() {
        return answers;
    }
    let online = match link.online() {
        Ok(online) => online,
        Err(failure) => {
            for (index, url, _) in urls {
                if let Some(slot) = answers.get_mut(index) {
                    *slot = Err(failure.clone().at(shown_url(url)));
                }
            }
            return answers;
        }
    };
    online.wait(async {
        let mut tasks = JoinSet::new();
        for (index, url, limit) in urls {
            let (client, url) = (online.client().clone(), url.clone());
            tasks.spawn(async move { (index, read_url(&client, &url, limit).await) });
        }
        while let Some(done) = tasks.join_next().await {
            if let Ok((index, answer)) = done
                && let Some(slot) = answers.get_mut(index)
            {
                *slot = answer;
            }
        }
    });
    answers
}

/// The names under which a proof lies beside its artifact, in the order of preference.
pub(crate) const SUFFIXES: &[(&str, ProofPart)] = &[
    (".sigstore.json", ProofPart::Bundle),
    (".sigstore", ProofPart::Bundle),
    (".bundle", ProofPart::Bundle),
    (".keyless.json", ProofPart::Bundle),
    (".intoto.jsonl", ProofPart::Lines),
    (".sig", ProofPart::Signature),
    (".cert", ProofPart::Certificate),
    (".pem", ProofPart::Certificate),
    (".crt", ProofPart::Certificate),
];
