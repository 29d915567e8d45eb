//! The YAML of a profile.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sealcheck_verify::{DigestAlgorithm, Identity, Pattern, printable};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::signer::released;
use super::{
    AttestationKind, Bound, ChecksumName, Files, Form, ImageRegistry, Images, Profile,
    ProfileError, ProofName, Purpose, Sbom, Signer, Slot, Template, Unsigned,
};
use crate::catalogue::Kind;
use crate::limits::{PROFILE_BYTES, PROFILE_ENTRIES, PROFILE_TEXT_BYTES};
use crate::{ReleasePath, Version};

type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    name: Text,
    files: WireFiles,
    #[serde(default)]
    sboms: Vec<WireSbom>,
    images: Option<WireImages>,
    #[serde(default)]
    attestations: Vec<WireAttestation>,
    signers: Vec<WireSigner>,
    #[serde(default)]
    unsigned: Vec<WireUnsigned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFiles {
    since: Option<Text>,
    addresses: Vec<Text>,
    #[serde(default)]
    recognised: Vec<Text>,
    channels: Option<Text>,
    proofs: Vec<Spanned<WireProof>>,
    #[serde(default)]
    checksums: Vec<WireChecksum>,
    #[serde(default)]
    forms: Vec<WireForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireProof {
    bundle: Option<Text>,
    signature: Option<Text>,
    certificate: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireChecksum {
    suffix: Text,
    algorithm: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireForm {
    path: Text,
    is: Kind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireSbom {
    name: Text,
    path: Text,
    #[serde(default)]
    addresses: Vec<Text>,
    document_name: Option<Text>,
    document_namespace: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireImages {
    since: Option<Text>,
    registries: Vec<WireRegistry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRegistry {
    registry: Text,
    since: Option<Text>,
    before: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireAttestation {
    is: Purpose,
    predicate_type: Text,
    verifier: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireSigner {
    subject: Text,
    issuer: Text,
    #[serde(rename = "for")]
    purposes: Spanned<Vec<Purpose>>,
    since: Option<Text>,
    before: Option<Text>,
    not_accepted: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireUnsigned {
    path: Text,
    because: Text,
}

pub(super) fn read(path: &Path) -> Result<Profile, ProfileError> {
    let unreadable = |error: std::io::Error| ProfileError::Unreadable {
        path: printable(&path.display().to_string()),
        is_missing: error.kind() == std::io::ErrorKind::NotFound,
        detail: error.to_string(),
    };
    let mut content = Vec::new();
    // One byte more tells that there is more.
    let most = u64::try_from(PROFILE_BYTES.max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut content))
        .map_err(unreadable)?;
    parse(&content)
}

pub(super) fn parse(content: &[u8]) -> Result<Profile, ProfileError> {
    if content.len() > PROFILE_BYTES.max {
        return Err(ProfileError::TooLarge {
            limit: PROFILE_BYTES,
        });
    }
    let text = std::str::from_utf8(content)
        .map_err(|_| invalid(None, "", "expected UTF-8, found other bytes"))?;
    from_yaml(text)?.read()
}

fn from_yaml(text: &str) -> Result<Wire, ProfileError> {
    let mut path = String::new();
    let read = serde_saphyr::with_deserializer_from_str(text, |yaml| {
        serde_path_to_error::deserialize(yaml).map_err(|error| {
            path = error.path().to_string();
            error.into_inner()
        })
    });
    read.map_err(|error: serde_saphyr::Error| {
        let line = error.location().map(|at| at.line());
        // The first line, without the place; what follows are drawings.
        let words = error.to_string();
        let words = words.lines().next().unwrap_or_default();
        let words = match words.split_once(": line ") {
            Some((_, rest)) => rest.split_once(": ").map_or(words, |(_, words)| words),
            None => words,
        };
        let field = match path.as_str() {
            "." => "",
            path => path,
        };
        invalid(
            line,
            field,
            &format!("expected a profile as it is documented, found {words}"),
        )
    })
}

impl Wire {
    fn read(self) -> Result<Profile, ProfileError> {
        let files = self.files.read()?;
        let sboms = every(&self.sboms, "sboms", WireSbom::read)?;
        for (at, sbom) in self.sboms.iter().enumerate() {
            let before = self.sboms.iter().take(at);
            let is_there = |other: &WireSbom| {
                other.name.value == sbom.name.value
                    || other.path.value == sbom.path.value
                    || other.head() == sbom.head()
            };
            once(&sbom.name, &format!("sboms[{at}]"), before, is_there)?;
        }
        let attestations = every(&self.attestations, "attestations", WireAttestation::read)?;
        for (at, attestation) in self.attestations.iter().enumerate() {
            let before = self.attestations.iter().take(at);
            let is_there = |other: &WireAttestation| other.is == attestation.is;
            once(
                &attestation.predicate_type,
                &format!("attestations[{at}]"),
                before,
                is_there,
            )?;
        }
        let signers = every(&self.signers, "signers", WireSigner::read)?;
        for (at, signer) in self.signers.iter().enumerate() {
            let before = self.signers.iter().take(at);
            // Whether somebody is accepted must not depend on which of two entries is looked at.
            let is_there = |other: &WireSigner| {
                (&other.subject.value, &other.issuer.value)
                    == (&signer.subject.value, &signer.issuer.value)
                    && other
                        .purposes
                        .value
                        .iter()
                        .any(|purpose| signer.purposes.value.contains(purpose))
                    && other.not_accepted.is_some() != signer.not_accepted.is_some()
            };
            once(&signer.subject, &format!("signers[{at}]"), before, is_there)?;
        }
        Ok(Profile {
            name: plain(&self.name, "name")?,
            files,
            sboms,
            images: self.images.map(WireImages::read).transpose()?,
            attestations,
            signers,
            unsigned: every(&self.unsigned, "unsigned", WireUnsigned::read)?,
        })
    }
}

impl WireFiles {
    fn read(self) -> Result<Files, ProfileError> {
        let file = |text: &Text, field: &str| address(text, field, &[Slot::Version, Slot::Path]);
        let proofs = every(&self.proofs, "files.proofs", |proof, field| {
            proof.value.read(proof.defined.line(), field)
        })?;
        for (name, is_empty) in [
            ("addresses", self.addresses.is_empty()),
            ("proofs", proofs.is_empty()),
        ] {
            if is_empty {
                return Err(invalid(
                    None,
                    &format!("files.{name}"),
                    "expected at least one, found none",
                ));
            }
        }
        let channels = self.channels.as_ref();
        Ok(Files {
            since: version(self.since.as_ref(), "files.since")?,
            addresses: every(&self.addresses, "files.addresses", file)?,
            recognised: every(&self.recognised, "files.recognised", file)?,
            channels: channels
                .map(|text| address(text, "files.channels", &[Slot::Channel]))
                .transpose()?,
            proofs,
            checksums: every(&self.checksums, "files.checksums", WireChecksum::read)?,
            forms: every(&self.forms, "files.forms", WireForm::read)?,
        })
    }
}

impl WireProof {
    fn read(&self, line: u64, field: &str) -> Result<ProofName, ProfileError> {
        match (&self.bundle, &self.signature, &self.certificate) {
            (Some(bundle), None, None) => Ok(ProofName::Bundle(suffix(bundle, field)?)),
            (None, Some(signature), Some(certificate)) => Ok(ProofName::Detached {
                signature: suffix(signature, field)?,
                certificate: suffix(certificate, field)?,
            }),
            _ => Err(invalid(
                Some(line),
                field,
                "expected a bundle, or a signature and a certificate, found another combination",
            )),
        }
    }
}

impl WireChecksum {
    fn read(&self, field: &str) -> Result<ChecksumName, ProfileError> {
        let algorithm: Option<DigestAlgorithm> = self.algorithm.value.parse().ok();
        let algorithm = algorithm
            .filter(|algorithm| algorithm.signs())
            .ok_or_else(|| {
                let expected = "sha256, sha384 or sha512";
                wrong(&self.algorithm, &format!("{field}.algorithm"), expected)
            })?;
        Ok(ChecksumName {
            suffix: suffix(&self.suffix, &format!("{field}.suffix"))?,
            algorithm,
        })
    }
}

impl WireForm {
    fn read(&self, field: &str) -> Result<Form, ProfileError> {
        let field = format!("{field}.path");
        let path =
            Template::form(&self.path.value).map_err(|detail| at(&self.path, &field, &detail))?;
        Ok(Form {
            path,
            kind: self.is,
        })
    }
}

impl WireSbom {
    fn head(&self) -> [Option<&String>; 2] {
        [&self.document_name, &self.document_namespace].map(|it| Some(&it.as_ref()?.value))
    }

    fn read(&self, field: &str) -> Result<Sbom, ProfileError> {
        let path = self.path.value.parse::<ReleasePath>();
        let path =
            path.map_err(|error| at(&self.path, &format!("{field}.path"), &error.to_string()))?;
        let says = |text: &Option<Text>, what: &str| {
            let field = format!("{field}.{what}");
            let read = |text: &Text| {
                Template::words(&plain(text, &field)?).map_err(|detail| at(text, &field, &detail))
            };
            text.as_ref().map(read).transpose()
        };
        if self.head() == [None, None] {
            let detail = "expected document-name or document-namespace, found neither";
            return Err(at(&self.name, field, detail));
        }
        Ok(Sbom {
            name: plain(&self.name, &format!("{field}.name"))?,
            path,
            addresses: every(
                &self.addresses,
                &format!("{field}.addresses"),
                |text, field| address(text, field, &[Slot::Version]),
            )?,
            recognised: Vec::new(),
            document_name: says(&self.document_name, "document-name")?,
            document_namespace: says(&self.document_namespace, "document-namespace")?,
        })
    }
}

impl WireImages {
    fn read(self) -> Result<Images, ProfileError> {
        let registries = every(&self.registries, "images.registries", WireRegistry::read)?;
        if registries.is_empty() {
            return Err(invalid(
                None,
                "images.registries",
                "expected at least one, found none",
            ));
        }
        for (at_index, registry) in registries.iter().enumerate() {
            let overlaps = |other: &ImageRegistry| {
                let begins_before =
                    |one: &ImageRegistry, two: &ImageRegistry| match (one.since, two.before) {
                        (Some(since), Some(before)) => since < before,
                        _ => true,
                    };
                begins_before(registry, other) && begins_before(other, registry)
            };
            if let (Some(wire), true) = (
                self.registries.get(at_index),
                registries.iter().take(at_index).any(overlaps),
            ) {
                let field = format!("images.registries[{at_index}]");
                return Err(wrong(
                    &wire.registry,
                    &field,
                    "one registry for each version",
                ));
            }
        }
        Ok(Images {
            since: version(self.since.as_ref(), "images.since")?,
            registries,
        })
    }
}

impl WireRegistry {
    fn read(&self, field: &str) -> Result<ImageRegistry, ProfileError> {
        let name = plain(&self.registry, field)?;
        // Scheme, tag and digest are no part of it; the registry's own room reads it in full.
        let (host, _) = name.split_once('/').unwrap_or((&name, ""));
        if !host.contains(['.', ':'])
            || name.contains(['@', ' '])
            || name.contains("//")
            || name.ends_with('/')
        {
            return Err(wrong(
                &self.registry,
                field,
                "a registry such as registry.k8s.io",
            ));
        }
        let since = version(self.since.as_ref(), &format!("{field}.since"))?;
        let before = version(self.before.as_ref(), &format!("{field}.before"))?;
        if let (Some(since), Some(before), Some(text)) = (since, before, &self.before)
            && since >= before
        {
            return Err(wrong(
                text,
                &format!("{field}.before"),
                "a release after `since`",
            ));
        }
        Ok(ImageRegistry {
            registry: name,
            since,
            before,
        })
    }
}

impl WireAttestation {
    fn read(&self, field: &str) -> Result<AttestationKind, ProfileError> {
        let verifier = self.verifier.as_ref();
        if matches!(self.is, Purpose::Files | Purpose::Images) {
            let expected = "promotion-records or verification-summaries";
            let line = self.predicate_type.defined.line();
            return Err(invalid(
                Some(line),
                &format!("{field}.is"),
                &format!("expected {expected}, found {}", self.is),
            ));
        }
        Ok(AttestationKind {
            purpose: self.is,
            predicate_type: plain(&self.predicate_type, &format!("{field}.predicate-type"))?,
            verifier: verifier
                .map(|text| plain(text, &format!("{field}.verifier")))
                .transpose()?,
        })
    }
}

impl WireSigner {
    fn read(&self, field: &str) -> Result<Signer, ProfileError> {
        let exact = |text: &Text, name: &str| {
            let field = format!("{field}.{name}");
            let text_in = plain(text, &field)?;
            Pattern::exact(&text_in).map_err(|failure| at(text, &field, &failure.to_string()))
        };
        let bound = |text: Option<&Text>, name: &str| {
            let field = format!("{field}.{name}");
            text.map(|text| {
                text.value
                    .parse()
                    .map_err(|error: super::signer::InvalidBound| {
                        at(text, &field, &error.to_string())
                    })
            })
            .transpose()
        };
        let mut purposes = self.purposes.value.clone();
        purposes.sort_unstable();
        purposes.dedup();
        if purposes.is_empty() || purposes.len() < self.purposes.value.len() {
            let line = self.purposes.defined.line();
            return Err(invalid(
                Some(line),
                &format!("{field}.for"),
                "expected at least one purpose, each once, found none or one twice",
            ));
        }
        let since: Option<Bound> = bound(self.since.as_ref(), "since")?;
        let before: Option<Bound> = bound(self.before.as_ref(), "before")?;
        let is_void = match (since, before) {
            (Some(Bound::Version(since)), Some(Bound::Version(before))) => since >= before,
            (Some(Bound::Day(since)), Some(Bound::Day(before))) => since >= before,
            _ => false,
        };
        if let (true, Some(text)) = (is_void, &self.before) {
            return Err(wrong(
                text,
                &format!("{field}.before"),
                "something after `since`",
            ));
        }
        let not_accepted = self.not_accepted.as_ref();
        Ok(Signer {
            identity: Identity::new(
                exact(&self.subject, "subject")?,
                exact(&self.issuer, "issuer")?,
            ),
            purposes,
            since,
            before,
            not_accepted: not_accepted
                .map(|text| plain(text, &format!("{field}.not-accepted")))
                .transpose()?,
        })
    }
}

impl WireUnsigned {
    fn read(&self, field: &str) -> Result<Unsigned, ProfileError> {
        let path_field = format!("{field}.path");
        let path = Pattern::glob(&plain(&self.path, &path_field)?)
            .map_err(|failure| at(&self.path, &path_field, &failure.to_string()))?;
        Ok(Unsigned {
            path,
            because: plain(&self.because, &format!("{field}.because"))?,
        })
    }
}

/// Reads every entry of a list, each with the path of its field.
fn every<W, T>(
    list: &[W],
    field: &str,
    read: impl Fn(&W, &str) -> Result<T, ProfileError>,
) -> Result<Vec<T>, ProfileError> {
    if list.len() > PROFILE_ENTRIES.max {
        let detail = format!(
            "expected at most {} ({}), found {}",
            PROFILE_ENTRIES.max,
            PROFILE_ENTRIES.name,
            list.len()
        );
        return Err(invalid(None, field, &detail));
    }
    let read = |(at, entry)| read(entry, &format!("{field}[{at}]"));
    list.iter().enumerate().map(read).collect()
}

/// Refuses what one of the entries before it has said already.
fn once<'w, W: 'w>(
    place: &Text,
    field: &str,
    mut before: impl Iterator<Item = &'w W>,
    is_there: impl Fn(&W) -> bool,
) -> Result<(), ProfileError> {
    match before.any(is_there) {
        true => Err(at(
            place,
            field,
            "expected each once, found one that stands above",
        )),
        false => Ok(()),
    }
}

/// A text that says something, in one line.
fn plain(text: &Text, field: &str) -> Result<String, ProfileError> {
    let value = &text.value;
    let is_plain = !value.is_empty() && value.trim() == value && printable(value) == *value;
    match is_plain && value.len() <= PROFILE_TEXT_BYTES.max {
        true => Ok(value.clone()),
        false => Err(wrong(text, field, "a short text in one line")),
    }
}

/// What is put behind a name: it begins with a dot, so that it is never empty and never a name of its own.
fn suffix(text: &Text, field: &str) -> Result<String, ProfileError> {
    let value = plain(text, field)?;
    let is_suffix = value.len() > 1
        && value.starts_with('.')
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    match is_suffix && !value.ends_with('.') && !value.contains("..") {
        true => Ok(value),
        false => Err(wrong(text, field, "a suffix such as .sig")),
    }
}

fn address(text: &Text, field: &str, slots: &[Slot]) -> Result<Template, ProfileError> {
    Template::address(&text.value, slots).map_err(|detail| at(text, field, &detail))
}

fn version(text: Option<&Text>, field: &str) -> Result<Option<Version>, ProfileError> {
    text.map(|text| released(&text.value).map_err(|error| at(text, field, &error.to_string())))
        .transpose()
}

fn wrong(text: &Text, field: &str, expected: &str) -> ProfileError {
    let detail = format!("expected {expected}, found {:?}", printable(&text.value));
    at(text, field, &detail)
}

fn at(text: &Text, field: &str, detail: &str) -> ProfileError {
    invalid(Some(text.defined.line()), field, detail)
}

fn invalid(line: Option<u64>, field: &str, detail: &str) -> ProfileError {
    ProfileError::Invalid {
        // Some places are not known to the parser, which then says 0.
        line: line.filter(|line| *line > 0),
        field: printable(field),
        detail: printable(detail),
    }
}
