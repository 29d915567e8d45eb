//! What a trusted root says.

use data_encoding::HEXLOWER;

use super::{Facts, Inspection, Kind, key_facts};
use crate::trusted_root::Log;
use crate::{Result, TrustedRoot, Window};

/// A root that cannot be used is an error: what it would trust cannot be said.
pub(super) fn inspect(bytes: &[u8]) -> Result<Inspection> {
    let root = TrustedRoot::from_json(bytes)?;
    let authorities = root.certificate_authorities().iter();
    let timestamps = root.timestamp_authorities().iter();
    let mut facts = Facts::fields([
        ("sha256", Facts::text(root.digest().hex())),
        (
            "certificateAuthorities",
            Facts::List(
                authorities
                    .map(|member| authority(member.name(), member.window(), &member.subjects()))
                    .collect(),
            ),
        ),
        (
            "transparencyLogs",
            Facts::List(root.logs().iter().map(log).collect()),
        ),
        (
            "certificateLogs",
            Facts::List(root.ct_logs().iter().map(log).collect()),
        ),
        (
            "timestampAuthorities",
            Facts::List(
                timestamps
                    .map(|member| authority(member.name(), *member.window(), &member.subjects()))
                    .collect(),
            ),
        ),
    ]);
    let skipped: Vec<Facts> = root.skipped().map(Facts::text).collect();
    if !skipped.is_empty() {
        facts.push("leftOut", Facts::List(skipped));
    }
    Ok(Inspection::new(Kind::TrustedRoot, facts))
}

fn log(log: &Log) -> Facts {
    let mut out = Facts::fields([("address", Facts::text(&log.base_url))]);
    if let Some(operator) = &log.operator {
        out.push("operator", Facts::text(operator));
    }
    validity(&mut out, log.window);
    out.push("logId", Facts::text(HEXLOWER.encode(&log.id)));
    out.push("key", key_facts(&log.key));
    out
}

fn authority(name: &str, window: Window, subjects: &[String]) -> Facts {
    let mut out = Facts::fields([("name", Facts::text(name))]);
    validity(&mut out, window);
    out.push(
        "certificates",
        Facts::List(subjects.iter().map(Facts::text).collect()),
    );
    out
}

fn validity(out: &mut Facts, window: Window) {
    out.push("trustedFrom", Facts::text(window.start));
    if let Some(end) = window.end {
        out.push("trustedUntil", Facts::text(end));
    }
}
