//! The artifact: what the proof must be about, by its digests or by its bytes.

use std::io::{self, Read};

use aws_lc_rs::digest;

use crate::digest::{Digest, DigestAlgorithm};
use crate::key::{Ed25519Stream, PublicKey};

/// An artifact, as far as verification needs it: its digests, and its bytes when they are at hand.
#[derive(Clone, Debug)]
pub struct Artifact<'a> {
    digests: Vec<Digest>,
    bytes: Option<&'a [u8]>,
    streamed: Vec<StreamedSignature>,
}

/// Proof that a pure Ed25519 signature was checked while the artifact was read.
#[derive(Clone, Debug)]
struct StreamedSignature {
    spki: Box<[u8]>,
    signature: Box<[u8]>,
    valid: bool,
}

impl<'a> Artifact<'a> {
    /// An artifact in memory. SHA-256 is computed now, other digests when they are needed.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self {
            digests: vec![Digest::sha256(bytes)],
            bytes: Some(bytes),
            streamed: Vec::new(),
        }
    }

    /// An artifact that is known by one digest only.
    pub fn from_digest(digest: Digest) -> Self {
        Self {
            digests: vec![digest],
            bytes: None,
            streamed: Vec::new(),
        }
    }

    /// Reads an artifact to its end once, in constant memory, computing what `needs` asks for.
    ///
    /// # Errors
    /// What the reader returns.
    pub fn from_reader(mut reader: impl Read, needs: &Needs) -> io::Result<Self> {
        let mut hasher = ArtifactHasher::new(needs);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(count) => hasher.update(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The digest by this algorithm, if it is known or can be computed.
    pub fn digest(&self, algorithm: DigestAlgorithm) -> Option<Digest> {
        self.digests
            .iter()
            .find(|digest| digest.algorithm() == algorithm)
            .copied()
            .or_else(|| Digest::of(algorithm, self.bytes?))
    }

    /// The digests that are known.
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    /// The digest that names the artifact.
    pub(crate) fn primary(&self) -> Digest {
        self.digests
            .first()
            .copied()
            .unwrap_or_else(|| Digest::sha256(&[]))
    }

    /// Whether a pure Ed25519 signature is valid; `None` when the bytes were not seen.
    pub(crate) fn verify_ed25519(&self, key: &PublicKey, signature: &[u8]) -> Option<bool> {
        if let Some(bytes) = self.bytes {
            return Some(key.verify(crate::key::SignatureScheme::Ed25519, bytes, signature));
        }
        self.streamed
            .iter()
            .find(|streamed| *streamed.spki == *key.spki() && *streamed.signature == *signature)
            .map(|streamed| streamed.valid)
    }
}

/// What must be computed while an artifact is read.
///
/// Made by [`Material::needs`](crate::Material::needs), so that one pass is enough.
#[derive(Clone, Debug)]
pub struct Needs {
    pub(crate) sha384: bool,
    pub(crate) sha512: bool,
    pub(crate) ed25519: Vec<(PublicKey, Vec<u8>)>,
}

impl Needs {
    /// SHA-256 alone.
    pub fn sha256() -> Self {
        Self {
            sha384: false,
            sha512: false,
            ed25519: Vec::new(),
        }
    }

    /// Adds a digest that the caller wants to know, whatever the proofs need.
    #[must_use]
    pub fn with(mut self, algorithm: DigestAlgorithm) -> Self {
        self.add(algorithm);
        self
    }

    pub(crate) fn add(&mut self, algorithm: DigestAlgorithm) {
        match algorithm {
            DigestAlgorithm::Sha384 => self.sha384 = true,
            DigestAlgorithm::Sha512 => self.sha512 = true,
            DigestAlgorithm::Sha256 | DigestAlgorithm::Sha1 | DigestAlgorithm::GitCommit => {}
        }
    }

    /// Adds what `other` needs, for an artifact with several proofs.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.sha384 |= other.sha384;
        self.sha512 |= other.sha512;
        for wanted in other.ed25519 {
            if !self.ed25519.contains(&wanted) {
                self.ed25519.push(wanted);
            }
        }
        self
    }
}

/// Computes an artifact's digests piece by piece.
pub struct ArtifactHasher {
    contexts: Vec<(DigestAlgorithm, digest::Context)>,
    ed25519: Vec<(PublicKey, Vec<u8>, Ed25519Stream)>,
}

impl ArtifactHasher {
    /// Begins.
    pub fn new(needs: &Needs) -> Self {
        let wanted = [
            (DigestAlgorithm::Sha256, true),
            (DigestAlgorithm::Sha384, needs.sha384),
            (DigestAlgorithm::Sha512, needs.sha512),
        ];
        Self {
            contexts: wanted
                .into_iter()
                .filter(|(_, wanted)| *wanted)
                .filter_map(|(algorithm, _)| {
                    Some((algorithm, digest::Context::new(algorithm.backend()?)))
                })
                .collect(),
            ed25519: needs
                .ed25519
                .iter()
                .filter_map(|(key, signature)| {
                    let stream = key.ed25519_stream(signature)?;
                    Some((key.clone(), signature.clone(), stream))
                })
                .collect(),
        }
    }

    /// Adds the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        for (_, context) in &mut self.contexts {
            context.update(piece);
        }
        for (_, _, stream) in &mut self.ed25519 {
            stream.update(piece);
        }
    }

    /// Ends.
    pub fn finish(self) -> Artifact<'static> {
        Artifact {
            digests: self
                .contexts
                .into_iter()
                .filter_map(|(algorithm, context)| {
                    Digest::new(algorithm, context.finish().as_ref())
                })
                .collect(),
            bytes: None,
            streamed: self
                .ed25519
                .into_iter()
                .map(|(key, signature, stream)| StreamedSignature {
                    spki: key.spki().into(),
                    signature: signature.into(),
                    valid: stream.finish(),
                })
                .collect(),
        }
    }
}

/// Large enough that the cost of a read call vanishes, small enough for the second-level cache.
const READ_BYTES: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use sealcheck_testkit::{Key, KeyKind};

    use super::{Artifact, Needs};
    use crate::{Digest, DigestAlgorithm, PublicKey};

    fn needs(wanted: &[(&Key, &[u8])]) -> Needs {
        let ed25519 = wanted.iter().map(|(key, signature)| {
            let key = PublicKey::from_spki(key.spki()).unwrap();
            (key, signature.to_vec())
        });
        Needs {
            ed25519: ed25519.collect(),
            ..Needs::sha256()
        }
    }

    #[test]
    fn what_was_streamed_for_one_key_and_signature_proves_nothing_for_others() {
        let [ours, theirs] = [1, 2].map(|seed| Key::ed25519_from_seed([seed; 32]));
        let (valid, other) = (ours.sign(b"message"), ours.sign(b"another"));
        let all = needs(&[(&ours, &valid), (&ours, &other), (&theirs, &valid)]);
        let artifact = Artifact::from_reader(&b"message"[..], &all).unwrap();
        let verify = |key: &Key, signature: &[u8]| {
            artifact.verify_ed25519(&PublicKey::from_spki(key.spki()).unwrap(), signature)
        };
        assert_eq!(verify(&ours, &valid), Some(true));
        assert_eq!(verify(&ours, &other), Some(false));
        assert_eq!(verify(&theirs, &valid), Some(false));
        assert_eq!(verify(&theirs, &other), None);
        assert_eq!(verify(&Key::generate(KeyKind::P256), &valid), None);
    }

    #[test]
    fn needs_of_several_proofs_are_joined_and_none_is_computed_twice() {
        let key = Key::ed25519_from_seed([1; 32]);
        let (one, two) = (needs(&[(&key, b"1")]), needs(&[(&key, b"2")]));
        let longer = |sha384, sha512| Needs {
            sha384,
            sha512,
            ..Needs::sha256()
        };
        let both = longer(true, false)
            .and(longer(false, true))
            .and(one.clone());
        let all = both.and(two).and(one).and(Needs::sha256());
        assert!(all.sha384 && all.sha512);
        let signatures: Vec<&[u8]> = all.ed25519.iter().map(|(_, one)| &**one).collect();
        assert_eq!(signatures, [b"1", b"2"]);
        let neither = longer(false, false).and(Needs::sha256());
        assert!(!neither.sha384 && !neither.sha512);
    }

    /// Fails once with this, and then reads on.
    struct Broken<'a>(Option<io::ErrorKind>, &'a [u8]);

    impl Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.take() {
                Some(kind) => Err(kind.into()),
                None => self.1.read(buffer),
            }
        }
    }

    #[test]
    fn an_interrupted_read_goes_on_and_a_broken_one_does_not() {
        let read = |kind| {
            let reader = Broken(Some(kind), b"message");
            Artifact::from_reader(reader, &Needs::sha256()).map(|artifact| artifact.primary())
        };
        let interrupted = read(io::ErrorKind::Interrupted).unwrap();
        assert_eq!(interrupted, Digest::sha256(b"message"));
        let broken = read(io::ErrorKind::UnexpectedEof).unwrap_err();
        assert_eq!(broken.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn one_pass_computes_what_is_needed() {
        let needs = Needs {
            sha512: true,
            ..Needs::sha256()
        };
        let data = vec![7; 300_000];
        let artifact = Artifact::from_reader(&data[..], &needs).unwrap();
        assert_eq!(
            artifact.digest(DigestAlgorithm::Sha256),
            Some(Digest::sha256(&data))
        );
        assert_eq!(
            artifact.digest(DigestAlgorithm::Sha512),
            Digest::of(DigestAlgorithm::Sha512, &data)
        );
        assert_eq!(artifact.digest(DigestAlgorithm::Sha384), None);
        assert!(
            Artifact::from_bytes(&data)
                .digest(DigestAlgorithm::Sha384)
                .is_some()
        );
    }
}
