//! When the members of a trusted root are believed.

use jiff::SignedDuration;
use sealcheck_testkit::trusted_root::Window;
use sealcheck_testkit::{
    BundleVersion, Content, DEFAULT_END, DEFAULT_START, DEFAULT_TIME, EntryKind, InstanceOptions,
    LeafRequest, Plan, TokenOptions, TrustedRootOptions,
};
use serde_json::{Value, json};

use super::{ARTIFACT, Site};
use crate::judge::{Case, Trust};

/// Trusted roots whose members begin or end around the time of signing, and authorities whose certificates do.
pub(super) fn windows(site: &Site) -> Vec<Case> {
    let t = DEFAULT_TIME;
    let second = SignedDuration::from_secs(1);
    // A certificate's SCT is as old as the certificate.
    let issued = LeafRequest::default().not_before;
    let edges = [
        ("starts-now", Window::since(t)),
        ("starts-late", Window::since(t + second)),
        ("ends-now", Window::between(DEFAULT_START, t)),
        ("ended", Window::between(DEFAULT_START, t - second)),
        ("starts-with-certificate", Window::since(issued)),
        ("starts-after-certificate", Window::since(issued + second)),
        (
            "ends-with-certificate",
            Window::between(DEFAULT_START, issued),
        ),
        (
            "ended-before-certificate",
            Window::between(DEFAULT_START, issued - second),
        ),
        (
            "no-start",
            Window {
                start: None,
                end: None,
            },
        ),
        (
            "no-start-ended",
            Window {
                start: None,
                end: Some(t - second),
            },
        ),
        ("reversed", Window::between(t + second, t - second)),
    ];
    let mut cases = Vec::new();
    for kind in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
        let plan = Plan::default()
            .with_entries(&[kind])
            .with_timestamp(TokenOptions::default());
        let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
        let mut add = |name: String, root: Value| {
            let name = format!("window::{}::{name}", kind.version());
            let case = site.case(name, &signed, BundleVersion::V03);
            let trust = Trust::new(root.to_string().as_bytes());
            cases.push(Case { trust, ..case });
        };
        for (edge, window) in edges {
            let all = TrustedRootOptions::default;
            for (member, options) in [
                (
                    "authority",
                    TrustedRootOptions {
                        authority: window,
                        ..all()
                    },
                ),
                (
                    "ct",
                    TrustedRootOptions {
                        ct: window,
                        ..all()
                    },
                ),
                (
                    "rekor",
                    TrustedRootOptions {
                        rekor: window,
                        ..all()
                    },
                ),
                (
                    "rekor-v2",
                    TrustedRootOptions {
                        rekor_v2: window,
                        ..all()
                    },
                ),
                (
                    "tsa",
                    TrustedRootOptions {
                        tsa: window,
                        ..all()
                    },
                ),
            ] {
                add(
                    format!("{member}-{edge}"),
                    site.instance.trusted_root_with(&options),
                );
            }
        }
        for (without, options) in [
            (
                "ct",
                TrustedRootOptions {
                    with_ct: false,
                    ..TrustedRootOptions::default()
                },
            ),
            (
                "rekor",
                TrustedRootOptions {
                    with_rekor: false,
                    ..TrustedRootOptions::default()
                },
            ),
            (
                "authority",
                TrustedRootOptions {
                    with_authority: false,
                    ..TrustedRootOptions::default()
                },
            ),
            (
                "tsa",
                TrustedRootOptions {
                    with_tsa: false,
                    ..TrustedRootOptions::default()
                },
            ),
        ] {
            add(
                format!("without-{without}"),
                site.instance.trusted_root_with(&options),
            );
        }
        for (list, keep) in [
            ("certificateAuthorities", 0..1),
            ("certificateAuthorities", 1..2),
            ("timestampAuthorities", 0..1),
            ("timestampAuthorities", 1..2),
        ] {
            let mut root = site.instance.trusted_root_json();
            let chain = root[list][0]["certChain"]["certificates"].take();
            let kept = chain.as_array().unwrap()[keep.clone()].to_vec();
            root[list][0]["certChain"]["certificates"] = json!(kept);
            add(format!("{list}-only-certificate-{}", keep.start), root);
        }
    }
    // The signer's certificate stands in the token alone.
    let token = TokenOptions {
        embed_certificates: true,
        ..TokenOptions::default()
    };
    let plan = Plan::default()
        .with_entries(&[EntryKind::HashedRekordV002])
        .with_timestamp(token);
    let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
    let mut root = site.instance.trusted_root_json();
    let chain = root["timestampAuthorities"][0]["certChain"]["certificates"].take();
    root["timestampAuthorities"][0]["certChain"]["certificates"] = json!([chain[1]]);
    let name = "window::signer-below-root".to_owned();
    cases.push(Case {
        trust: Trust::new(root.to_string().as_bytes()),
        ..site.case(name, &signed, BundleVersion::V03)
    });
    for (edge, start, end) in [
        ("starts-now", t, DEFAULT_END),
        ("starts-late", t + second, DEFAULT_END),
        ("ends-now", DEFAULT_START, t),
        ("ended", DEFAULT_START, t - second),
    ] {
        let site = Site::new(InstanceOptions {
            start,
            end,
            ..InstanceOptions::default()
        });
        for stamped in [false, true] {
            let mut plan = Plan::default();
            if stamped {
                plan = Plan::rekor_v2();
            }
            let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
            let name = format!("window::certificates-{edge}::stamped-{stamped}");
            cases.push(site.case(name, &signed, BundleVersion::V03));
        }
    }
    cases
}
