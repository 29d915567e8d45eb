//! Timestamps.

use sealcheck_testkit::{
    BundleVersion, Content, EntryKind, Hash, Instance, Plan, TOKEN_FLAWS, TokenOptions,
};

use super::{ARTIFACT, Site};
use crate::judge::Case;

/// Timestamps with one thing wrong, and several at once.
pub(super) fn tokens(site: &Site) -> Vec<Case> {
    let sound = TokenOptions::default;
    let mut options: Vec<(String, Vec<TokenOptions>)> = TOKEN_FLAWS
        .into_iter()
        .map(|flaw| {
            let token = TokenOptions {
                flaw: Some(flaw),
                ..sound()
            };
            (format!("{flaw:?}"), vec![token])
        })
        .collect();
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let token = TokenOptions {
            imprint: hash,
            nonce: Some(7),
            ..sound()
        };
        options.push((format!("imprint-{hash:?}"), vec![token]));
    }
    options.push(("two".into(), vec![sound(), sound()]));
    for flaw in TOKEN_FLAWS {
        let token = TokenOptions {
            flaw: Some(flaw),
            ..sound()
        };
        options.push((format!("sound-then-{flaw:?}"), vec![sound(), token]));
    }
    let mut cases = Vec::new();
    for (name, tokens) in options {
        for entry in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
            let mut plan = Plan::default().with_entries(&[entry]);
            plan.timestamps.clone_from(&tokens);
            let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
            let name = format!("token::{name}::{}", entry.version());
            cases.push(site.case(name, &signed, BundleVersion::V03));
        }
    }
    let foreign = Instance::new();
    for name in ["foreign", "sound-and-foreign"] {
        let mut plan = Plan::rekor_v2();
        if name == "foreign" {
            plan.timestamps.clear();
        }
        let mut signed = site.instance.sign(Content::message(ARTIFACT), &plan);
        let token = foreign.tsa.timestamp(&signed.signed.signature, &sound());
        signed.timestamps.push(token);
        cases.push(site.case(format!("token::{name}"), &signed, BundleVersion::V03));
    }
    cases
}
