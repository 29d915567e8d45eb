//! The names of predicate types: cosign's short ones, the URIs, and which reader an URI means.

use std::fmt;
use std::str::FromStr;

/// A predicate type that is asked for: a short name or a URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredicateType(Box<str>);

/// Which kind of predicate a type URI stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PredicateKind {
    /// SLSA provenance v0.2.
    SlsaProvenanceV02,
    /// SLSA provenance v1.
    SlsaProvenanceV1,
    /// SLSA verification summary v1.
    SlsaVerificationSummary,
    /// SPDX.
    Spdx,
    /// CycloneDX.
    CycloneDx,
    /// OpenVEX.
    OpenVex,
    /// cosign's vulnerability scan.
    CosignVulnerabilities,
    /// in-toto's vulnerability scan.
    InTotoVulnerabilities,
    /// in-toto link.
    Link,
    /// Anything else, cosign's custom predicate among it.
    Other,
}

/// The text is neither a short name nor a URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPredicateType;

impl PredicateType {
    /// The URI that a statement must have.
    pub fn uri(&self) -> &str {
        &self.0
    }

    /// What kind of predicate it is.
    pub fn kind(&self) -> PredicateKind {
        PredicateKind::of(&self.0)
    }

    /// Every short name with its URI: cosign's in cosign's order, then ours.
    pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
        NAMES.into_iter()
    }
}

impl PredicateKind {
    /// The kind that a statement's type URI stands for.
    pub fn of(uri: &str) -> Self {
        KINDS
            .iter()
            .find(|(known, _)| *known == uri)
            .map_or(Self::Other, |(_, kind)| *kind)
    }

    /// Whether it is SLSA provenance, of which builder and source can be demanded.
    pub fn is_provenance(self) -> bool {
        matches!(self, Self::SlsaProvenanceV02 | Self::SlsaProvenanceV1)
    }
}

impl FromStr for PredicateType {
    type Err = UnknownPredicateType;

    fn from_str(text: &str) -> Result<Self, UnknownPredicateType> {
        match NAMES.iter().find(|(name, _)| *name == text) {
            Some((_, uri)) => Ok(Self((*uri).into())),
            None if text.contains(':') => Ok(Self(text.into())),
            None => Err(UnknownPredicateType),
        }
    }
}

impl fmt::Display for UnknownPredicateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a known name nor a URI")
    }
}

impl std::error::Error for UnknownPredicateType {}

const SLSA_V02: &str = "https://slsa.dev/provenance/v0.2";
const SLSA_V1: &str = "https://slsa.dev/provenance/v1";
const VSA: &str = "https://slsa.dev/verification_summary/v1";
const SPDX: &str = "https://spdx.dev/Document";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";
const OPENVEX: &str = "https://openvex.dev/ns";
const COSIGN_VULNERABILITIES: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const LINK: &str = "https://in-toto.io/Link/v1";

const NAMES: [(&str, &str); 12] = [
    ("slsaprovenance", SLSA_V02),
    ("slsaprovenance02", SLSA_V02),
    ("slsaprovenance1", SLSA_V1),
    ("link", LINK),
    ("spdx", SPDX),
    ("spdxjson", SPDX),
    ("cyclonedx", CYCLONEDX),
    ("vuln", COSIGN_VULNERABILITIES),
    ("openvex", OPENVEX),
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
    // cosign has no names for these.
    ("vsa", VSA),
    ("vulns", "https://in-toto.io/attestation/vulns/v0.1"),
];

/// Producers put the version of the format behind the URI, or do not.
const KINDS: [(&str, PredicateKind); 20] = [
    (SLSA_V02, PredicateKind::SlsaProvenanceV02),
    (SLSA_V1, PredicateKind::SlsaProvenanceV1),
    (VSA, PredicateKind::SlsaVerificationSummary),
    (SPDX, PredicateKind::Spdx),
    ("https://spdx.dev/Document/v2.2", PredicateKind::Spdx),
    ("https://spdx.dev/Document/v2.3", PredicateKind::Spdx),
    (CYCLONEDX, PredicateKind::CycloneDx),
    ("https://cyclonedx.org/bom/v1.4", PredicateKind::CycloneDx),
    ("https://cyclonedx.org/bom/v1.5", PredicateKind::CycloneDx),
    ("https://cyclonedx.org/bom/v1.6", PredicateKind::CycloneDx),
    ("https://cyclonedx.org/schema", PredicateKind::CycloneDx),
    (OPENVEX, PredicateKind::OpenVex),
    ("https://openvex.dev/ns/v0.0.1", PredicateKind::OpenVex),
    ("https://openvex.dev/ns/v0.2.0", PredicateKind::OpenVex),
    (COSIGN_VULNERABILITIES, PredicateKind::CosignVulnerabilities),
    (
        "https://in-toto.io/attestation/vulns/v0.1",
        PredicateKind::InTotoVulnerabilities,
    ),
    (
        "https://in-toto.io/attestation/vulns/v0.2",
        PredicateKind::InTotoVulnerabilities,
    ),
    (LINK, PredicateKind::Link),
    (
        "https://in-toto.io/attestation/link/v0.2",
        PredicateKind::Link,
    ),
    (
        "https://in-toto.io/attestation/link/v0.3",
        PredicateKind::Link,
    ),
];

#[cfg(test)]
mod tests {
    use super::{PredicateKind, PredicateType, UnknownPredicateType};

    fn uri(text: &str) -> Result<String, UnknownPredicateType> {
        text.parse()
            .map(|kind: PredicateType| kind.uri().to_owned())
    }

    #[test]
    fn short_names_are_cosigns() {
        assert_eq!(
            uri("slsaprovenance").unwrap(),
            "https://slsa.dev/provenance/v0.2"
        );
        assert_eq!(
            uri("slsaprovenance1").unwrap(),
            "https://slsa.dev/provenance/v1"
        );
        assert_eq!(uri("spdx"), uri("spdxjson"));
        assert_eq!(uri("https://x.test/y").unwrap(), "https://x.test/y");
        assert_eq!(uri("urn:x").unwrap(), "urn:x");
        for unknown in ["sbom", "", "SPDX", "slsaprovenance "] {
            assert_eq!(uri(unknown), Err(UnknownPredicateType), "{unknown}");
        }
    }

    #[test]
    fn every_name_but_custom_has_a_reader() {
        for (name, uri) in PredicateType::names() {
            let kind = PredicateKind::of(uri);
            assert_eq!(kind == PredicateKind::Other, name == "custom", "{name}");
        }
        assert_eq!(
            PredicateKind::of("https://slsa.dev/provenance/v1/"),
            PredicateKind::Other,
            "nothing is a little like a type"
        );
    }
}
