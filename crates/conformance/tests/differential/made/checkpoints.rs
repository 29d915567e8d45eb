//! Checkpoints.

use sealcheck_testkit::rekor::checkpoint;
use sealcheck_testkit::{BundleVersion, Content, EntryKind, Key, KeyKind, Plan, TokenOptions};

use super::{ARTIFACT, Site};
use crate::judge::Case;

/// Checkpoints that the log signed, in forms that it never publishes, and lines around its signature.
pub(super) fn checkpoints(site: &Site) -> Vec<Case> {
    let mut cases = Vec::new();
    for v2 in [false, true] {
        let kind = if v2 {
            EntryKind::HashedRekordV002
        } else {
            EntryKind::HashedRekordV001
        };
        let plan = Plan::default()
            .with_entries(&[kind])
            .with_timestamp(TokenOptions::default());
        let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
        let (log, other) = (&site.instance.rekor, &site.instance.rekor_v2);
        let (name, origin, key, id) = match v2 {
            false => (log.host.clone(), log.origin(), &log.key, log.log_id()),
            true => (
                other.host.clone(),
                other.host.clone(),
                &other.key,
                other.log_id(),
            ),
        };
        let (other_name, other_key, other_id) = match v2 {
            true => (log.host.clone(), &log.key, log.log_id()),
            false => (other.host.clone(), &other.key, other.log_id()),
        };
        let (size, root) = (
            signed.entries[0].proof.size,
            signed.entries[0].proof.root.clone(),
        );
        let sign = |name: &str, body: &str| checkpoint::sign(name, key, &id, body);
        let body = checkpoint::body(&origin, size, &root, &[]);
        let whole = |body: &str| checkpoint::note(body, &[sign(&name, body)]);
        let stranger = Key::generate(KeyKind::P256);
        let by_stranger = checkpoint::sign(&name, &stranger, &stranger.fingerprint(), &body);
        let forged = checkpoint::sign(&name, &stranger, &id, &body);
        let by_other = checkpoint::sign(&other_name, other_key, &other_id, &body);
        let by_other_named = checkpoint::sign(&name, other_key, &other_id, &body);
        let good = sign(&name, &body);
        let notes = [
            (
                "sound",
                checkpoint::note(&body, std::slice::from_ref(&good)),
            ),
            (
                "further-line",
                whole(&checkpoint::body(
                    &origin,
                    size,
                    &root,
                    &["Timestamp: 1".into()],
                )),
            ),
            (
                "empty-further-line",
                whole(&checkpoint::body(&origin, size, &root, &[String::new()])),
            ),
            (
                "origin-other-log",
                whole(&checkpoint::body(&other_name, size, &root, &[])),
            ),
            (
                "origin-stranger",
                whole(&checkpoint::body("log.example", size, &root, &[])),
            ),
            (
                "origin-empty",
                whole(&checkpoint::body("", size, &root, &[])),
            ),
            (
                "signer-name-stranger",
                checkpoint::note(&body, &[sign("log.example", &body)]),
            ),
            (
                "signer-name-other-log",
                checkpoint::note(&body, &[sign(&other_name, &body)]),
            ),
            (
                "size-plus",
                whole(
                    &checkpoint::body(&origin, size, &root, &[])
                        .replace(&format!("\n{size}\n"), &format!("\n+{size}\n")),
                ),
            ),
            (
                "size-zero-led",
                whole(
                    &checkpoint::body(&origin, size, &root, &[])
                        .replace(&format!("\n{size}\n"), &format!("\n0{size}\n")),
                ),
            ),
            (
                "size-spaced",
                whole(
                    &checkpoint::body(&origin, size, &root, &[])
                        .replace(&format!("\n{size}\n"), &format!("\n{size} \n")),
                ),
            ),
            (
                "size-more",
                whole(&checkpoint::body(&origin, size + 1, &root, &[])),
            ),
            (
                "root-unpadded",
                whole(&checkpoint::body(&origin, size, &root, &[]).replace('=', "")),
            ),
            (
                "root-other",
                whole(&checkpoint::body(&origin, size, &[7; 32], &[])),
            ),
            (
                "root-short",
                whole(&checkpoint::body(&origin, size, &root[..31], &[])),
            ),
            ("carriage-returns", whole(&body.replace('\n', "\r\n"))),
            (
                "carriage-returns-after",
                checkpoint::note(&body, std::slice::from_ref(&good)).replace('\n', "\r\n"),
            ),
            (
                "no-last-newline",
                checkpoint::note(&body, std::slice::from_ref(&good))
                    .trim_end()
                    .to_owned(),
            ),
            (
                "blank-line-after",
                checkpoint::note(&body, &[good.clone(), "\n".into()]),
            ),
            (
                "text-after",
                checkpoint::note(&body, &[good.clone(), "text\n".into()]),
            ),
            (
                "stranger-first",
                checkpoint::note(&body, &[by_stranger.clone(), good.clone()]),
            ),
            (
                "stranger-last",
                checkpoint::note(&body, &[good.clone(), by_stranger.clone()]),
            ),
            ("stranger-only", checkpoint::note(&body, &[by_stranger])),
            (
                "forged-first",
                checkpoint::note(&body, &[forged.clone(), good.clone()]),
            ),
            (
                "forged-last",
                checkpoint::note(&body, &[good.clone(), forged.clone()]),
            ),
            ("forged-only", checkpoint::note(&body, &[forged])),
            (
                "other-log-only",
                checkpoint::note(&body, std::slice::from_ref(&by_other)),
            ),
            (
                "other-log-first",
                checkpoint::note(&body, &[by_other, good.clone()]),
            ),
            (
                "other-log-in-this-name",
                checkpoint::note(&body, &[by_other_named]),
            ),
            (
                "twice",
                checkpoint::note(&body, &[good.clone(), good.clone()]),
            ),
            (
                "hyphen",
                checkpoint::note(&body, &[good.replace('\u{2014}', "-")]),
            ),
            (
                "two-spaces",
                checkpoint::note(&body, &[good.replacen(' ', "  ", 1)]),
            ),
            ("none", checkpoint::note(&body, &[])),
            ("two-blank-lines", format!("{body}\n\n{good}")),
        ];
        for (what, note) in notes {
            let mut changed = signed.clone();
            changed.entries[0].proof.checkpoint = note;
            let name = format!("checkpoint::{}::{what}", kind.version());
            cases.push(site.case(name, &changed, BundleVersion::V03));
        }
    }
    cases
}
