//! Private Sigstores of other shapes.

use sealcheck_testkit::{
    BundleVersion, Content, EntryKind, InstanceOptions, Key, KeyKind, Plan, TokenOptions,
};

use super::{ARTIFACT, Site};
use crate::judge::Case;

/// Private Sigstores of other shapes.
pub(super) fn sites() -> Vec<Case> {
    let options = InstanceOptions::default;
    let shapes = [
        (
            "p256-authority",
            InstanceOptions {
                authority_key: KeyKind::P256,
                ..options()
            },
        ),
        (
            "no-intermediate",
            InstanceOptions {
                intermediates: 0,
                ..options()
            },
        ),
        (
            "two-intermediates",
            InstanceOptions {
                intermediates: 2,
                ..options()
            },
        ),
        (
            "witnesses",
            InstanceOptions {
                witnesses: 2,
                ..options()
            },
        ),
        (
            "p256-rekor-v2",
            InstanceOptions {
                rekor_v2_key: KeyKind::P256,
                witnesses: 1,
                ..options()
            },
        ),
        (
            "p384-ct",
            InstanceOptions {
                ct_key: KeyKind::P384,
                ..options()
            },
        ),
        (
            "rsa-ct",
            InstanceOptions {
                ct_key: KeyKind::Rsa2048,
                ..options()
            },
        ),
        (
            "p256-tsa",
            InstanceOptions {
                tsa_key: Key::shared(KeyKind::P256),
                ..options()
            },
        ),
        (
            "p521-tsa",
            InstanceOptions {
                tsa_key: Key::shared(KeyKind::P521),
                ..options()
            },
        ),
        (
            "rsa-tsa",
            InstanceOptions {
                tsa_key: Key::shared(KeyKind::Rsa4096),
                ..options()
            },
        ),
    ];
    let mut cases = Vec::new();
    for (name, options) in shapes {
        let site = Site::new(options);
        for embed_certificates in [false, true] {
            let token = TokenOptions {
                embed_certificates,
                ..TokenOptions::default()
            };
            for entry in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
                let plan = Plan::default()
                    .with_entries(&[entry])
                    .with_timestamp(token.clone());
                let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
                let token = if embed_certificates {
                    "embedded"
                } else {
                    "bare"
                };
                let name = format!("{name}::{}::{token}", entry.version());
                cases.push(site.case(name, &signed, BundleVersion::V03));
            }
        }
    }
    cases
}
