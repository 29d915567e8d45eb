//! Checkpoints: signed tree heads as signed notes (C2SP tlog-checkpoint and signed-note; Rekor v1's dialect of them).

use data_encoding::BASE64;

use crate::digest::sha256;
use crate::key::KeyKind;
use crate::limits::{CHECKPOINT_BYTES, CHECKPOINT_SIGNATURES};
use crate::trusted_root::Log;
use crate::{Failure, Reason, Result};

/// A parsed checkpoint. Nothing in it is proved before [`Checkpoint::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint<'a> {
    /// The signed text, with its last newline.
    text: &'a str,
    /// The first line: the log's name, for Rekor v1 followed by ` - ` and the tree id.
    pub(crate) origin: &'a str,
    /// The number of leaves.
    pub(crate) size: u64,
    /// The root hash of the tree of that size.
    pub(crate) root_hash: [u8; 32],
    signatures: Vec<NoteSignature<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NoteSignature<'a> {
    name: &'a str,
    /// Four bytes of key hint, then the signature.
    blob: Vec<u8>,
}

impl<'a> Checkpoint<'a> {
    pub(crate) fn parse(note: &'a str) -> Result<Self> {
        CHECKPOINT_BYTES.check(note.len(), "")?;
        let malformed = |detail| Failure::new(Reason::CheckpointMalformed).detail(detail);
        let split = note
            .find("\n\n")
            .ok_or_else(|| malformed("no empty line between text and signatures"))?;
        let (text, rest) = note
            .split_at_checked(split + 1)
            .ok_or_else(|| malformed("not text"))?;
        let mut lines = text.split_terminator('\n');
        let origin = lines
            .next()
            .filter(|line| !line.is_empty())
            .ok_or_else(|| malformed("no origin line"))?;
        let size = lines
            .next()
            .filter(|line| {
                line.bytes().all(|byte| byte.is_ascii_digit())
                    && (*line == "0" || !line.starts_with('0'))
            })
            .and_then(|line| line.parse().ok())
            .ok_or_else(|| malformed("no tree size in the second line"))?;
        let root_hash = lines
            .next()
            .and_then(|line| BASE64.decode(line.as_bytes()).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| malformed("no root hash in the third line"))?;
        // The empty line that ends the text. A further one would end it there for readers who look for the last one.
        let lines = rest.strip_prefix('\n').unwrap_or(rest);
        let mut signatures = Vec::new();
        for line in lines.split_terminator('\n') {
            CHECKPOINT_SIGNATURES.check(signatures.len() + 1, "")?;
            signatures.push(
                signature_line(line)
                    .ok_or_else(|| malformed("a signature line is not `— NAME BASE64`"))?,
            );
        }
        match signatures.is_empty() {
            true => Err(malformed("no signature line")),
            false => Ok(Self {
                text,
                origin,
                size,
                root_hash,
                signatures,
            }),
        }
    }

    /// Checks that `log` signed this checkpoint under its own name.
    ///
    /// Cosignatures of witnesses and signatures by other keys are neither needed nor an error.
    pub(crate) fn verify(&self, log: &Log) -> Result<()> {
        let hint = log.checkpoint_hint;
        let by_log = |signature: &&NoteSignature<'_>| {
            signature.blob.starts_with(&hint)
                && self.is_named(signature.name)
                && self.owns_origin(log)
        };
        let mut found = false;
        for signature in self.signatures.iter().filter(by_log) {
            found = true;
            let bytes = signature.blob.get(hint.len()..).unwrap_or_default();
            if log
                .key
                .verify(log.key.default_scheme(), self.text.as_bytes(), bytes)
            {
                return Ok(());
            }
        }
        let failure = Failure::new(Reason::CheckpointInvalid);
        Err(match found {
            true => failure.detail("the log's signature line does not verify with the log's key"),
            false => failure
                .expected(format!(
                    "a signature line of the log {} with its key hint",
                    log.base_url
                ))
                .found(
                    self.signatures
                        .iter()
                        .map(|signature| signature.name)
                        .collect::<Vec<_>>()
                        .join(", "),
                ),
        })
    }

    /// The names in the signature lines, in order.
    pub(crate) fn signers(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.signatures.iter().map(|signature| signature.name)
    }

    /// Whether a signature under `name` speaks for this origin: Rekor v2 signs under the origin itself,
    /// Rekor v1 under the origin without its tree id.
    fn is_named(&self, name: &str) -> bool {
        self.origin
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(" - "))
    }

    /// Whether the log id fits the origin. The id of an Ed25519 log of Rekor v2 contains its origin
    /// (C2SP signed-note, key id); all other ids are those of the key alone.
    fn owns_origin(&self, log: &Log) -> bool {
        if log.key.kind() != KeyKind::Ed25519 || log.id == log.key.fingerprint() {
            return true;
        }
        let point = log
            .key
            .spki()
            .last_chunk::<32>()
            .map_or(&[][..], |point| point);
        log.id == sha256(&[self.origin.as_bytes(), b"\n\x01", point])
    }
}

fn signature_line(line: &str) -> Option<NoteSignature<'_>> {
    let (name, blob) = line.strip_prefix("— ")?.rsplit_once(' ')?;
    let blob = BASE64.decode(blob.as_bytes()).ok()?;
    // A name has no spaces in Rekor's notes; C2SP forbids spaces and plus signs.
    let plain = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+');
    (plain && blob.len() > 4).then_some(NoteSignature { name, blob })
}

#[cfg(test)]
mod tests {
    use sealcheck_testkit::{Key, KeyKind};

    use super::Checkpoint;
    use crate::digest::sha256;
    use crate::trusted_root::Log;
    use crate::{PublicKey, Reason, Window};

    const GOOD: &str = "log.example - 1\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nTimestamp: 1\n\n— log.example BBBBBBA=\n";

    #[test]
    fn fields_are_read() {
        let checkpoint = Checkpoint::parse(GOOD).unwrap();
        assert_eq!((checkpoint.origin, checkpoint.size), ("log.example - 1", 5));
        assert_eq!(checkpoint.signers().collect::<Vec<_>>(), ["log.example"]);
        assert!(checkpoint.is_named("log.example") && checkpoint.is_named("log.example - 1"));
        assert!(!checkpoint.is_named("log.exampl") && !checkpoint.is_named("log.example -"));
        let empty = GOOD.replacen("5\n", "0\n", 1);
        assert_eq!(Checkpoint::parse(&empty).unwrap().size, 0);
    }

    #[test]
    fn an_id_with_an_origin_in_it_fits_no_other_origin() {
        let checkpoint = Checkpoint::parse(GOOD).unwrap();
        let fits = |kind, id: &dyn Fn(&PublicKey) -> [u8; 32]| {
            let key = PublicKey::from_spki(Key::shared(kind).spki()).unwrap();
            checkpoint.owns_origin(&Log {
                id: id(&key),
                checkpoint_hint: [0; 4],
                key,
                window: Window {
                    start: "2026-01-02T03:04:05Z".parse().unwrap(),
                    end: None,
                },
                base_url: String::new(),
                operator: None,
            })
        };
        let of_origin = |origin: &'static str| {
            move |key: &PublicKey| {
                let point = key.spki().last_chunk::<32>().unwrap();
                sha256(&[origin.as_bytes(), b"\n\x01", point])
            }
        };
        assert!(fits(KeyKind::Ed25519, &of_origin("log.example - 1")));
        assert!(!fits(KeyKind::Ed25519, &of_origin("log.example")));
        assert!(fits(KeyKind::Ed25519, &PublicKey::fingerprint));
        // Only Rekor v2's own keys have ids of that kind.
        assert!(fits(KeyKind::P256, &PublicKey::fingerprint));
        assert!(fits(KeyKind::P256, &|_| [7; 32]));
    }

    #[test]
    fn broken_notes_are_refused() {
        let without = |what: &str| GOOD.replacen(what, "", 1);
        for note in [
            String::new(),
            without("log.example - 1\n"),
            without("5\n"),
            GOOD.replacen("5\n", "05\n", 1),
            GOOD.replacen("5\n", "-5\n", 1),
            GOOD.replacen("5\n", "+5\n", 1),
            GOOD.replacen("5\n", "00\n", 1),
            GOOD.replacen("5\n", "\n", 1),
            GOOD.replacen("log.example - 1", "", 1),
            GOOD.replacen("— log.example ", "— log+example ", 1),
            GOOD.replacen("— log.example ", "— log\u{a0}example ", 1),
            GOOD.replacen("— log.example ", "—  ", 1),
            GOOD.replacen("BBBBBBA=", "BBBBBA==", 1),
            GOOD.replacen("5\n", "99999999999999999999\n", 1),
            without("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            without("— log.example BBBBBBA=\n"),
            without("— "),
            GOOD.replacen("BBBBBBA=", "BBBB", 1),
            GOOD.replacen("\n\n", "\n", 1),
        ] {
            assert_eq!(
                Checkpoint::parse(&note).unwrap_err().reason,
                Reason::CheckpointMalformed,
                "{note:?}"
            );
        }
    }
}
