//! What one signer signed: the donors that are most dangerous, since every signature in them is genuine.

use jiff::SignedDuration;
use sealcheck_testkit::{
    BundleVersion, Content, DEFAULT_TIME, LeafRequest, Plan, Signer, TokenOptions,
};

use super::{ARTIFACT, Site, attestation, logs};
use crate::judge::Case;

/// Several things signed with one certificate, and with another one for the same key: the donors that are most
/// dangerous, since every signature in them is genuine.
pub(super) fn same_signer(site: &Site) -> Vec<Case> {
    let request = LeafRequest::default();
    let leaf = site.instance.issue(&request);
    let renewed = site.instance.issue(&request);
    let later = DEFAULT_TIME + SignedDuration::from_secs(60);
    let mut cases = Vec::new();
    for (name, leaf, time) in [
        ("one", &leaf, DEFAULT_TIME),
        ("again", &leaf, later),
        ("renewed", &renewed, DEFAULT_TIME),
    ] {
        for content in [
            Content::message(ARTIFACT),
            attestation(ARTIFACT),
            Content::message(b"other"),
            attestation(b"other"),
        ] {
            for (log, kinds) in logs(&content) {
                let mut plan = Plan::default()
                    .with_entries(&kinds)
                    .with_timestamp(TokenOptions::default())
                    .at(time);
                plan.signer = Signer::Leaf(Box::new(leaf.clone()));
                let other =
                    if content == Content::message(b"other") || content == attestation(b"other") {
                        "other"
                    } else {
                        "this"
                    };
                let signed = site.instance.sign(content.clone(), &plan);
                cases.push(site.case(
                    format!("same-signer::{name}::{other}::{log}"),
                    &signed,
                    BundleVersion::V03,
                ));
            }
        }
    }
    cases
}
