//! When things were logged and stamped.

use jiff::{SignedDuration, Timestamp};
use sealcheck_testkit::{
    BundleVersion, Content, DEFAULT_TIME, EntryKind, Key, KeyKind, LeafRequest, Plan, TokenOptions,
};

use super::{ARTIFACT, Site};
use crate::judge::Case;

/// Log entries and timestamps at both edges of the certificate's validity and a second beyond.
pub(super) fn clocks(site: &Site) -> Vec<Case> {
    let leaf = LeafRequest::default();
    let second = SignedDuration::from_secs(1);
    let times = [
        ("inside", DEFAULT_TIME),
        ("before", leaf.not_before - second),
        ("first", leaf.not_before),
        ("last", leaf.not_after),
        ("after", leaf.not_after + second),
        ("future", "2090-01-01T00:00:00Z".parse().unwrap()),
        ("epoch", Timestamp::UNIX_EPOCH),
    ];
    let mut cases = Vec::new();
    for (logged, log_time) in times {
        for (stamped, token_time) in times {
            for v2 in [false, true] {
                let kind = if v2 {
                    EntryKind::HashedRekordV002
                } else {
                    EntryKind::HashedRekordV001
                };
                let token = TokenOptions {
                    time: token_time,
                    ..TokenOptions::default()
                };
                let mut plan = Plan::keyless(leaf.clone())
                    .with_entries(&[kind])
                    .with_timestamp(token);
                plan.time = log_time;
                let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
                let name = format!("clock::{}::log-{logged}::token-{stamped}", kind.version());
                cases.push(site.case(name, &signed, BundleVersion::V03));
            }
        }
        for key in [false, true] {
            let mut plan = match key {
                true => Plan::key(Key::shared(KeyKind::P256)),
                false => Plan::keyless(leaf.clone()),
            };
            plan.time = log_time;
            let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
            for version in [BundleVersion::V01, BundleVersion::V03] {
                let name = format!("clock::{version:?}::key-{key}::log-{logged}");
                cases.push(site.case(name, &signed, version));
            }
        }
    }
    cases
}
