//! What a trusted root says.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::{Facts, Inspection, Kind};
use crate::certificate::{Certificate, Name};
use crate::json::base64;
use crate::{Result, TrustedRoot};

/// A root that cannot be used is an error: what it would trust cannot be said.
pub(super) fn inspect(bytes: &[u8], value: &Value) -> Result<Inspection> {
    let root = TrustedRoot::from_json(bytes)?;
    let section = |name: &str, show: fn(&Value) -> Facts| {
        let members = value.get(name).and_then(Value::as_array);
        Facts::List(members.into_iter().flatten().map(show).collect())
    };
    let mut facts = Facts::fields([
        ("sha256", Facts::text(root.digest().hex())),
        ("certificateAuthorities", section("certificateAuthorities", authority)),
        ("transparencyLogs", section("tlogs", log)),
        ("certificateLogs", section("ctlogs", log)),
        ("timestampAuthorities", section("timestampAuthorities", authority)),
    ]);
    let skipped: Vec<Facts> = root.skipped().map(Facts::text).collect();
    if !skipped.is_empty() {
        facts.push("leftOut", Facts::List(skipped));
    }
    Ok(Inspection::new(Kind::TrustedRoot, facts))
}

fn log(log: &Value) -> Facts {
    let mut out = Facts::fields([("address", text(log, "/baseUrl"))]);
    validity(&mut out, log.pointer("/publicKey/validFor"));
    out.push("key", text(log, "/publicKey/keyDetails"));
    let id = log
        .pointer("/logId/keyId")
        .and_then(Value::as_str)
        .and_then(base64);
    if let Some(id) = id {
        out.push("logId", Facts::text(HEXLOWER.encode(&id)));
    }
    out
}

fn authority(authority: &Value) -> Facts {
    let mut out = Facts::fields([("address", text(authority, "/uri"))]);
    validity(&mut out, authority.pointer("/validFor"));
    let chain = authority
        .pointer("/certChain/certificates")
        .and_then(Value::as_array);
    let names = chain.into_iter().flatten().filter_map(|certificate| {
        let der = certificate.get("rawBytes").and_then(Value::as_str)?;
        let der = base64(der)?;
        let certificate = Certificate::parse(&der).ok()?;
        Some(Facts::text(format!(
            "{} (until {})",
            Name(certificate.subject),
            certificate.not_after
        )))
    });
    out.push("certificates", Facts::List(names.collect()));
    out
}

fn validity(out: &mut Facts, window: Option<&Value>) {
    let Some(window) = window else { return };
    out.push("trustedFrom", text(window, "/start"));
    if window.get("end").is_some() {
        out.push("trustedUntil", text(window, "/end"));
    }
}

fn text(value: &Value, path: &str) -> Facts {
    Facts::text(value.pointer(path).and_then(Value::as_str).unwrap_or("nothing"))
}
