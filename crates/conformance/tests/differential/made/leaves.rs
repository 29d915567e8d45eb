//! Certificates that say odd things.

use jiff::SignedDuration;
use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::{
    BundleVersion, Content, DEFAULT_END, Key, KeyKind, LeafRequest, Plan, San, SctMode,
};

use super::{ARTIFACT, Site};
use crate::judge::Case;

/// Certificates that say odd things, all issued and logged by the authorities that are trusted.
pub(super) fn leaves(site: &Site) -> Vec<Case> {
    let good = LeafRequest::default;
    let email = |text: &str| San::Email(text.into());
    let issuers = |pairs: &[(u32, &str)]| LeafRequest {
        claims: pairs
            .iter()
            .map(|(arc, text)| (*arc, (*text).into()))
            .collect(),
        ..good()
    };
    let sans = |sans: Vec<San>| LeafRequest { sans, ..good() };
    let extension = |oid: &str, critical, der: &[u8]| LeafRequest {
        extensions: vec![(oid.into(), critical, der.to_vec())],
        ..good()
    };
    let issuer_v1 = "1.3.6.1.4.1.57264.1.1";
    let other = "https://issuer.example";
    let requests = vec![
        (
            "issuers-differ-v1-right",
            issuers(&[(1, DEFAULT_ISSUER), (8, other)]),
        ),
        (
            "issuers-differ-v2-right",
            issuers(&[(1, other), (8, DEFAULT_ISSUER)]),
        ),
        ("issuer-v1-only", issuers(&[(1, DEFAULT_ISSUER)])),
        ("issuer-v2-only", issuers(&[(8, DEFAULT_ISSUER)])),
        ("issuer-none", issuers(&[])),
        ("issuer-empty", issuers(&[(1, ""), (8, "")])),
        (
            "issuer-longer",
            issuers(&[
                (1, &format!("{DEFAULT_ISSUER}/")),
                (8, &format!("{DEFAULT_ISSUER}/")),
            ]),
        ),
        (
            "issuer-twice",
            extension(issuer_v1, false, DEFAULT_ISSUER.as_bytes()),
        ),
        (
            "issuer-twice-other",
            extension(issuer_v1, false, other.as_bytes()),
        ),
        ("sans-none", sans(Vec::new())),
        (
            "sans-two-first",
            sans(vec![email(DEFAULT_IDENTITY), email("x@example.com")]),
        ),
        (
            "sans-two-second",
            sans(vec![email("x@example.com"), email(DEFAULT_IDENTITY)]),
        ),
        (
            "sans-same-twice",
            sans(vec![email(DEFAULT_IDENTITY), email(DEFAULT_IDENTITY)]),
        ),
        ("san-as-uri", sans(vec![San::Uri(DEFAULT_IDENTITY.into())])),
        ("san-as-dns", sans(vec![San::Dns(DEFAULT_IDENTITY.into())])),
        (
            "san-as-other",
            sans(vec![San::Other(DEFAULT_IDENTITY.into())]),
        ),
        (
            "san-and-other",
            sans(vec![
                email("x@example.com"),
                San::Other(DEFAULT_IDENTITY.into()),
            ]),
        ),
        (
            "san-contains",
            sans(vec![email(&format!("x{DEFAULT_IDENTITY}"))]),
        ),
        (
            "san-case",
            sans(vec![email(&DEFAULT_IDENTITY.to_uppercase())]),
        ),
        (
            "san-nul",
            sans(vec![email(&format!("{DEFAULT_IDENTITY}\0"))]),
        ),
        (
            "sct-none",
            LeafRequest {
                sct: SctMode::None,
                ..good()
            },
        ),
        (
            "sct-two",
            LeafRequest {
                sct: SctMode::EmbeddedTimes(2),
                ..good()
            },
        ),
        (
            "sct-unknown",
            LeafRequest {
                sct: SctMode::UnknownLog,
                ..good()
            },
        ),
        (
            "sct-other",
            LeafRequest {
                sct: SctMode::OtherCertificate,
                ..good()
            },
        ),
        (
            "sct-extensions",
            LeafRequest {
                sct: SctMode::EmbeddedWithExtensions(vec![1, 2]),
                ..good()
            },
        ),
        (
            "sct-detached",
            LeafRequest {
                sct: SctMode::Detached,
                ..good()
            },
        ),
        (
            "eku-none",
            LeafRequest {
                extended_key_usages: Vec::new(),
                ..good()
            },
        ),
        (
            "eku-server",
            LeafRequest {
                extended_key_usages: vec!["1.3.6.1.5.5.7.3.1".into()],
                ..good()
            },
        ),
        (
            "eku-any",
            LeafRequest {
                extended_key_usages: vec!["2.5.29.37.0".into()],
                ..good()
            },
        ),
        (
            "eku-two",
            LeafRequest {
                extended_key_usages: vec!["1.3.6.1.5.5.7.3.1".into(), "1.3.6.1.5.5.7.3.3".into()],
                ..good()
            },
        ),
        ("ca", LeafRequest { ca: true, ..good() }),
        ("unknown-extension", extension("1.2.3.4", false, &[5, 0])),
        (
            "unknown-critical-extension",
            extension("1.2.3.4", true, &[5, 0]),
        ),
        ("name-constraints", extension("2.5.29.30", true, &[0x30, 0])),
        (
            "key-usage-twice",
            extension("2.5.29.15", true, &[3, 2, 7, 0x80]),
        ),
        (
            "poison",
            extension("1.3.6.1.4.1.11129.2.4.3", true, &[5, 0]),
        ),
        ("rsa", good().with_key(Key::shared(KeyKind::Rsa2048))),
        (
            "github",
            LeafRequest {
                sans: good().sans,
                ..LeafRequest::github_workflow()
            },
        ),
        (
            "window-reversed",
            LeafRequest {
                not_before: good().not_after,
                not_after: good().not_before,
                ..good()
            },
        ),
        (
            "window-long",
            LeafRequest {
                not_after: DEFAULT_END + SignedDuration::from_hours(24),
                ..good()
            },
        ),
    ];
    requests
        .into_iter()
        .map(|(name, request)| {
            let plan = Plan::keyless(request);
            let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
            site.case(format!("leaf::{name}"), &signed, BundleVersion::V03)
        })
        .collect()
}
