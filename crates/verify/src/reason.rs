//! The reason codes: why something is not `verified`, with cause and cure.
//!
//! One table for the whole product; `docs/reasons.md` and `sealcheck explain` are made from it.

use std::fmt;
use std::str::FromStr;

use crate::Outcome;

macro_rules! reasons {
    ($($name:ident $code:literal $outcome:ident $summary:literal $cause:literal $cure:literal;)+) => {
        /// A stable, machine-readable reason for an outcome other than `verified`.
        ///
        /// Codes are never renamed or reused; new ones may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $(#[doc = $summary] #[doc = ""] #[doc = $cause] $name,)+
        }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &[Reason] = &[$(Self::$name),+];

            /// The code, for example `identity-mismatch`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The outcome that this reason leads to.
            pub fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome),+ }
            }

            /// What happened, in a few words that begin a sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$name => $summary),+ }
            }

            /// Why this happens.
            pub fn cause(self) -> &'static str {
                match self { $(Self::$name => $cause),+ }
            }

            /// What to do about it.
            pub fn cure(self) -> &'static str {
                match self { $(Self::$name => $cure),+ }
            }
        }
    };
}

reasons! {
    // Step 1: the material.
    MaterialMalformed "material-malformed" Rejected
        "the proof cannot be read"
        "The bundle, signature or certificate is not what its format says: it is truncated, corrupt, has duplicate or unknown fields, or is another kind of file."
        "Download the proof again and check that it is the file that the publisher made for this artifact; `sealcheck inspect FILE` shows what it contains.";
    MediaTypeUnsupported "media-type-unsupported" Rejected
        "the bundle's media type is not supported"
        "The file says that it is a Sigstore bundle of a version that this program does not know, or no Sigstore bundle at all."
        "Use a bundle of version 0.1, 0.2 or 0.3, or a newer sealcheck.";
    MaterialIncomplete "material-incomplete" Rejected
        "the proof lacks a part that its format requires"
        "A bundle from version 0.2 on must carry an inclusion proof for each log entry, and every bundle one signature and one certificate or key hint."
        "Ask the publisher for a complete bundle; `cosign bundle upgrade` can add a missing inclusion proof.";
    LimitExceeded "limit-exceeded" Rejected
        "the proof is larger than any real one"
        "A size or a count is over one of the fixed limits that protect the verifier against hostile material."
        "Check where the file comes from. If the material is genuine, report it as a bug with its size.";
    // Step 2: the key.
    CertificateRequired "certificate-required" Rejected
        "the proof carries no certificate"
        "A signer's identity was required, but there is no certificate that names one: it was not found beside the signature, or the artifact was signed with a plain key, which proves no identity."
        "Put the certificate beside the signature (.cert, .pem or .crt), or name it with --certificate. If a plain key signed and you trust it, give it with --key instead of an identity.";
    KeyNotUsed "key-not-used" Rejected
        "the proof was not made with a plain key"
        "A key was given, but the material carries a certificate: its signer is known by identity, not by key."
        "Verify by identity: --certificate-identity and --certificate-oidc-issuer instead of --key.";
    KeyMalformed "key-malformed" Usage
        "the public key cannot be read"
        "The key is not a PEM or DER SubjectPublicKeyInfo, or it is a private key."
        "Give the public key as PEM (`-----BEGIN PUBLIC KEY-----`).";
    AlgorithmUnsupported "algorithm-unsupported" Rejected
        "the signature algorithm is not accepted"
        "The key is of a kind, a size or a curve that is not accepted, or the digest algorithm does not go with it."
        "Accepted are ECDSA on P-256, P-384 and P-521, RSA of 2048 to 4096 bits, Ed25519 and Ed25519ph.";
    // Step 3: the transparency log.
    LogUnknown "log-unknown" Rejected
        "the log entry is from a log that is not trusted"
        "No log in the trusted root has this log id at this time: the proof is from another Sigstore instance, or the log's key was rotated."
        "Check that the trusted root belongs to the instance that signed (--trusted-root, --instance), and refresh it if it is old.";
    LogEntryMalformed "log-entry-malformed" Rejected
        "the log entry cannot be read"
        "The canonical body or a field of the entry is not what its kind and version require."
        "Get the proof again from its publisher or from the log.";
    LogEntryUnsupported "log-entry-unsupported" Rejected
        "the kind of log entry is not supported"
        "The entry is of a kind, or a version of a kind, that is not used for this kind of material."
        "Supported are hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and 0.0.2, intoto 0.0.1 and 0.0.2, rekord 0.0.1.";
    LogEntryMismatch "log-entry-mismatch" Rejected
        "the log entry belongs to another signature"
        "The entry is genuine as far as it was checked, but its signature, key, certificate or digest is not this material's."
        "Do not use the artifact: somebody combined parts of different proofs, or the publisher made a mistake.";
    LogEntryDuplicate "log-entry-duplicate" Rejected
        "the same log entry stands in the proof twice"
        "Two entries have the same log and index, so one of them proves nothing."
        "Get the proof again from its publisher.";
    LogPromiseInvalid "log-promise-invalid" Rejected
        "the log's promise is not valid"
        "The signed entry timestamp (SET) does not verify with the log's key over this entry, index and time."
        "Do not use the artifact: the entry, its time or its index was altered.";
    LogProofInvalid "log-proof-invalid" Rejected
        "the inclusion proof is not valid"
        "The proof does not lead from this entry to the root hash of the signed checkpoint."
        "Do not use the artifact: the entry or the proof was altered.";
    LogProofMissing "log-proof-missing" Rejected
        "an inclusion proof is required and there is none"
        "The material has only the log's promise (SET), as all legacy cosign material does, and an inclusion proof was required."
        "Get a bundle of version 0.2 or later, or drop --require inclusion-proof.";
    CheckpointMalformed "checkpoint-malformed" Rejected
        "the checkpoint cannot be read"
        "The checkpoint is not a signed note with origin, tree size, root hash and signature lines."
        "Get the proof again from its publisher or from the log.";
    CheckpointInvalid "checkpoint-invalid" Rejected
        "the checkpoint is not signed by the log that owns the entry"
        "No signature line of the checkpoint verifies with the key and under the name of the entry's log."
        "Do not use the artifact: the checkpoint was altered or is another log's.";
    CheckpointMismatch "checkpoint-mismatch" Rejected
        "the checkpoint is for another tree"
        "The root hash or the tree size of the checkpoint is not the inclusion proof's."
        "Do not use the artifact: the proof and the checkpoint do not belong together.";
    LogEntriesInsufficient "log-entries-insufficient" Rejected
        "too few transparency-log entries"
        "Fewer distinct logs vouch for this signature than were required."
        "Get a bundle that brings its log entries from the publisher; if --require log=N asks for more than it has, lower N. Only for signatures of a private instance without a log: --insecure-ignore-tlog.";
    // Step 4: time.
    NoTrustedTime "no-trusted-time" Unavailable
        "no trusted source says when the signature was made"
        "A certificate lives ten minutes, so its signature is proof only with a time: a log entry with its promise, or a timestamp. The material has none."
        "Let sealcheck look the entry up in the log (drop --offline), or get a bundle (`.sigstore.json`) for the artifact.";
    TimeInFuture "time-in-future" Rejected
        "the signing time lies in the future"
        "The log or the timestamp authority names a time after now."
        "Check this machine's clock.";
    TimestampMalformed "timestamp-malformed" Rejected
        "the timestamp cannot be read"
        "The timestamp is not an RFC 3161 token."
        "Get the proof again from its publisher.";
    TimestampInvalid "timestamp-invalid" Rejected
        "the timestamp of a trusted authority does not verify"
        "The token names an authority of the trusted root, but its signature, its attributes or its certificate are not valid."
        "Do not use the artifact: the token was altered, or the authority's certificate was not valid at that time.";
    TimestampMismatch "timestamp-mismatch" Rejected
        "the timestamp is for another signature"
        "The digest inside the token is not the digest of this signature."
        "Do not use the artifact: the timestamp was taken from another proof.";
    TimestampsInsufficient "timestamps-insufficient" Rejected
        "too few trusted timestamps"
        "Fewer distinct timestamp authorities of the trusted root vouch for the signing time than were required."
        "Check that the trusted root has the authority that stamped this proof, or drop --use-signed-timestamps.";
    // Step 5: the certificate.
    CertificateMalformed "certificate-malformed" Rejected
        "the certificate cannot be read"
        "The signing certificate is not a valid X.509 certificate, or an extension that we need is broken."
        "Get the proof again; `sealcheck inspect FILE` shows what is there.";
    CertificateUntrusted "certificate-untrusted" Rejected
        "the certificate was not issued by a trusted authority"
        "The chain does not lead to a certificate authority of the trusted root that was in force at the signing time."
        "Check that the trusted root belongs to the instance that signed (--trusted-root, --instance).";
    CertificateNotValidAtTime "certificate-not-valid-at-time" Rejected
        "the certificate was not valid when the signature was made"
        "A trusted time lies outside the certificate's validity."
        "Do not use the artifact: the signature was made with an expired key, or the time belongs to another signature.";
    CertificateUsage "certificate-usage" Rejected
        "the certificate is not for code signing"
        "The certificate lacks the code-signing usage, or is an authority's certificate and not a signer's."
        "Do not use the artifact with this proof.";
    SctMissing "sct-missing" Rejected
        "the certificate has no proof of its publication"
        "No signed certificate timestamp (SCT) is embedded in the certificate or given beside it."
        "Get the proof again with the certificate as its authority issued it. Only for a private authority that publishes in no log: --insecure-ignore-sct.";
    SctInvalid "sct-invalid" Rejected
        "the certificate's publication proof is not valid"
        "The signed certificate timestamp does not verify with the CT log's key over this certificate."
        "Do not use the artifact: the certificate or the SCT was altered.";
    SctUntrusted "sct-untrusted" Rejected
        "the certificate was published in a log that is not trusted"
        "No CT log of the trusted root has this SCT's log id at its time."
        "Check that the trusted root belongs to the instance that signed, and refresh it if it is old.";
    // Step 6: the signature.
    SignatureInvalid "signature-invalid" Rejected
        "the signature does not match"
        "The signature does not verify over this artifact with the key of the signer."
        "Do not use the artifact: it was altered, it is another file than the one that was signed, or the signature is another file's.";
    ArtifactMismatch "artifact-mismatch" Rejected
        "the proof is for another artifact"
        "The digest in the proof is not the artifact's digest."
        "Check that artifact and proof belong together (same name, version and platform), then download both again.";
    MessageRequired "message-required" Usage
        "the file itself, or another digest of it, is needed"
        "The proof is over one kind of digest, or over the whole file (plain Ed25519), and only another kind of digest is known of the artifact."
        "Give the file instead of its digest, or the digest that the report names.";
    // Step 7: the subject.
    StatementMalformed "statement-malformed" Rejected
        "the attestation's statement cannot be read"
        "The signed payload is not an in-toto statement, or its subjects are broken."
        "Ask the publisher: the payload was signed as it is.";
    SubjectMismatch "subject-mismatch" Rejected
        "the attestation is about another artifact"
        "No subject of the statement has the artifact's digest, or its digests contradict each other."
        "Check that artifact and attestation belong together.";
    PredicateTypeMismatch "predicate-type-mismatch" Rejected
        "the attestation is of another type"
        "The statement's predicate type is not the required one."
        "Give the type that you need with --type; the type found is in the report.";
    AnnotationMismatch "annotation-mismatch" Rejected
        "an annotation is not what was required"
        "What was signed does not have the annotation, or has it with another value. Only signed annotations count, not those of a manifest."
        "The report lists the annotations that were signed. Require those, or drop -a.";
    SubjectNameMismatch "subject-name-mismatch" Rejected
        "it was signed under another name"
        "The name in the signed payload (`docker-reference`) is not the required one. Signers write mirrors' names, and Sigstore bundles of cosign have none."
        "If the name that was found is the right one, require that one; the digest is compared in any case.";
    NotASignature "not-a-signature" Rejected
        "this is an attestation, not a signature"
        "A signature was required. An attestation says something about an artifact; it does not approve it, unless its predicate type is cosign's own signature predicate."
        "Use verify-blob-attestation with --type, or get the signature.";
    NotAnAttestation "not-an-attestation" Rejected
        "this is a signature, not an attestation"
        "An attestation was required, and the material is a plain signature."
        "Use verify-blob, or get the attestation.";
    // Step 8: identity.
    IdentityMismatch "identity-mismatch" Rejected
        "signed by somebody else"
        "The certificate's subject alternative name is not the identity that was required."
        "If the identity that was found is the right one, require that one; otherwise do not use the artifact.";
    IssuerMismatch "issuer-mismatch" Rejected
        "the signer's identity was vouched for by another issuer"
        "The OIDC issuer in the certificate is not the issuer that was required."
        "If the issuer that was found is the right one, require that one; otherwise do not use the artifact.";
    ClaimMismatch "claim-mismatch" Rejected
        "a claim in the certificate is not the required one"
        "The certificate has the right identity and issuer, but a further claim (workflow, repository, ref, …) differs or is absent."
        "Compare the claims in the report with those that you require.";
    // What the attestation says.
    PredicateMalformed "predicate-malformed" Rejected
        "the predicate is not what its type requires"
        "The attestation is genuine, but a field that had to be judged is absent, of another type, or no value that the predicate type allows."
        "Ask the publisher: the predicate was signed as it is. --print-predicate without the demand shows it.";
    BuilderMismatch "builder-mismatch" Rejected
        "built by another builder"
        "The provenance names another builder than the required one, another version of it, or a workflow that is not pinned to a release tag."
        "If the builder that was found is the right one, require that one with --slsa-builder NAME@REF; otherwise do not use the artifact.";
    SourceMismatch "source-mismatch" Rejected
        "built from another source"
        "The provenance names another source repository than the required one, another ref or commit, or none."
        "If the source that was found is the right one, require that one with --slsa-source; otherwise do not use the artifact.";
    ProvenanceContradictsCertificate "provenance-contradicts-certificate" Rejected
        "the provenance says something else than the signer's certificate"
        "Whoever signs can write any provenance. The certificate says which workflow signed, for which repository and commit, and the provenance claims another builder, repository, ref or commit."
        "Do not use the artifact unless the publisher can explain it. Provenance by a builder of one's own, which no certificate can confirm, can be judged with --policy instead of --slsa-builder.";
    PolicyRefused "policy-refused" Rejected
        "the policy does not accept the attestation"
        "The attestation is genuine, and the policy was evaluated and is not true for it."
        "The report names the policy and what in it is not true. Do not use the artifact, or correct the policy.";
    PolicyUndecided "policy-undecided" Rejected
        "the policy could not be decided for this attestation"
        "Evaluation failed: a field that the policy reads is absent or of another type, or the work was over its limit. A policy that gives no answer accepts nothing."
        "Ask for fields that may be absent with has(…), and check that the policy is meant for this predicate type.";
    PolicyInvalid "policy-invalid" Usage
        "the policy cannot be used"
        "It cannot be parsed, names a variable or function that does not exist, is too large, is in another language than CEL, or its result is neither true nor false."
        "The report says where. docs/policies.md says what a policy can use.";
    // Several proofs.
    SignersInsufficient "signers-insufficient" Rejected
        "too few distinct signers"
        "Fewer distinct signers than required have signed. The same identity counts once however often it signed, and so does the same key."
        "The report lists the signatures. Get the missing ones, or lower --require.";
    // Finding the proof.
    NoProofFound "no-proof-found" Unsigned
        "there is no proof for this artifact"
        "Every place where a proof could be was looked at, each answered, and none has one."
        "The report lists the places. Name the proof with --bundle, or with --signature and --certificate, if it lies elsewhere.";
    ProofUnreadable "proof-unreadable" Unavailable
        "a proof could not be fetched or opened"
        "A file or an address that holds the proof, or may hold it, failed: permission, input/output error, or network."
        "The report says which and why. Mend that and try again.";
    ArtifactUnreadable "artifact-unreadable" Unavailable
        "the artifact could not be read"
        "Reading failed: permission, input/output error, network, or it changed while it was read. Or it is not where it must be, as what a release lists."
        "The report says why. Mend that and try again.";
    LogUnavailable "log-unavailable" Unavailable
        "the transparency log could not be asked"
        "The log did not answer, or answered with an error."
        "Try again later, check --rekor-url and the proxy settings, or use a bundle, which needs no log.";
    LogAnswerInvalid "log-answer-invalid" Unavailable
        "the transparency log's answer does not hold"
        "The log, or something between it and us, answered with an entry that does not verify, so the answer proves nothing."
        "Check --rekor-url and the proxy settings; if it stays, tell the log's operator.";
    LogEntryNotFound "log-entry-not-found" Unavailable
        "the transparency log has no entry for this signature"
        "The log answered, and no entry has this artifact's digest, signature and certificate, so there is no trusted signing time."
        "Check that the artifact is the signed one, and that --rekor-url is the log that the signer used.";
    // Trust.
    KeyUnreadable "key-unreadable" Unavailable
        "the public key could not be fetched or opened"
        "The file or the address of the key failed: permission, input/output error, or network."
        "The report says why. Mend that and try again, or give the key as a file.";
    TrustRootUnavailable "trust-root-unavailable" Unavailable
        "the trusted root could not be fetched"
        "The TUF repository did not answer and no usable copy is in the cache."
        "Check the network and --tuf-mirror, or give a file with --trusted-root.";
    TrustRootUnreadable "trust-root-unreadable" Unavailable
        "the trusted root could not be read"
        "The file or folder on this machine that it is to come from cannot be read, or the folder is no complete TUF repository."
        "Check the path and its permissions, or give another file with --trusted-root.";
    TrustRootExpired "trust-root-expired" Unavailable
        "the trust metadata has expired"
        "The metadata of the TUF repository or of the cache is past its expiry, so it may hide a revocation."
        "Refresh it online, check this machine's clock, or give a current file with --trusted-root.";
    TrustRootRollback "trust-root-rollback" Unavailable
        "the trust metadata is older than what was seen before"
        "The repository offers a lower version than the cache holds: a stale mirror, or an attack."
        "Check --tuf-mirror, or wait. What was trusted before is kept: --offline goes on with it while it has not expired.";
    TrustMetadataInvalid "trust-metadata-invalid" Unavailable
        "the trust metadata does not verify"
        "The TUF repository answered with metadata or a target that is not signed by the keys that are trusted, or not what the signed metadata names: a wrong mirror, one that is being changed, or an attack."
        "Check --tuf-mirror, and that --tuf-root belongs to it. What was trusted before is kept: --offline goes on with it while it has not expired.";
    TrustRootInvalid "trust-root-invalid" Usage
        "the trusted root cannot be used"
        "The file is not a Sigstore trusted root, or a key, certificate or validity window in it is broken."
        "Get the file again from the operator of the instance; `sealcheck inspect FILE` shows what is there.";
    TrustRootNotFound "trust-root-not-found" Usage
        "the trusted root does not exist"
        "The file, folder or TUF target that was named is not there."
        "Check the path or the address.";
    CacheUnwritable "cache-unwritable" Unavailable
        "the cache folder cannot be written"
        "The folder for trust metadata could not be created, locked or written."
        "Name another one with --cache-dir, or make it writable.";
    // Network.
    Offline "offline" Unavailable
        "the network is needed and --offline forbids it"
        "Something that was asked for lies on the network, and no socket is opened offline."
        "Drop --offline, or name a file or a folder that is here already.";
    NetworkFailed "network-failed" Unavailable
        "the network request failed"
        "Name resolution, connection, TLS, a time limit or the server's answer failed."
        "The report says which. Check the address, the proxy settings and the certificates.";
    // The result.
    ResultUnwritable "result-unwritable" Unavailable
        "the result could not be written"
        "The place for the result or for a bundle is right, but writing to it failed: the disk or a quota is full, it may not be written, something else is in its place, or another run is writing it."
        "Make room there or let it be written, wait for the other run, or name another place.";
    // Releases.
    ReleaseMismatch "release-mismatch" Rejected
        "it is not what the release has"
        "The proved SBOM of the release lists other content under this name, or does not list it at all: it was altered, or it is another file or image, or one of another version. Or it is an SBOM, genuine, and not the one of this version."
        "Do not use it: get it again from the release, unless the report says which other artifact or version it is, and that is the one that you mean.";
    SbomMalformed "sbom-malformed" Rejected
        "the SBOM cannot be read"
        "It is no SPDX document of version 2.2 or 2.3, it contradicts itself, it lists no files, or it lists a name that can lie in no folder."
        "Get the SBOM again from the release. If it is genuine, report it as a bug.";
    ChannelMalformed "channel-malformed" Rejected
        "the channel does not name a version"
        "What the server says that the channel's version is, is none, or none that this channel can have."
        "Give the version itself, for example v1.36.0.";
    ArchiveRefused "archive-refused" Rejected
        "the archive cannot be unpacked safely"
        "It has an entry that would be written outside of the folder, a device, a link that leads out, the same name twice, or more content than the limits allow. Nothing of it was kept."
        "Look at the archive with `tar -tvf`. What is proved about it says who made it, not that it is safe to unpack.";
    // Registries.
    ReferenceMalformed "reference-malformed" Usage
        "the image reference cannot be read"
        "The text is not a name of an image: registry, repository, tag or digest break the grammar that registries share."
        "Write REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@sha256:DIGEST; the report names the part that is wrong.";
    ImageNotFound "image-not-found" Usage
        "the image does not exist"
        "The registry was asked and says that it has no such repository, tag or digest."
        "Check the name and the tag. A private registry may also say so to who is not logged in.";
    RegistryUnauthorized "registry-unauthorized" Unavailable
        "the registry wants credentials"
        "The registry or its token service answered 401: no credentials were found for it, or they were refused. Registries also answer so for repositories that do not exist."
        "Log in to the registry, or give credentials with --registry-username and --registry-password; then check the repository's name.";
    RegistryForbidden "registry-forbidden" Unavailable
        "the registry refuses the request"
        "The registry answered 403: these credentials may not read here. Registries also answer so for repositories that do not exist. This is not the same as that there is no proof."
        "Use credentials that may read the repository, and check its name.";
    RegistryRateLimited "registry-rate-limited" Unavailable
        "the registry limits the rate"
        "The registry answered 429, also after the waits that it asked for."
        "Try again later, log in if that raises the limit, or use a mirror.";
    RegistryUnavailable "registry-unavailable" Unavailable
        "the registry could not be asked"
        "Name resolution, connection, TLS, a time limit, a redirect or the registry itself (5xx) failed."
        "Try again later, and check the address, the proxy settings and the certificates.";
    RegistryAnswerInvalid "registry-answer-invalid" Unavailable
        "the registry's answer does not hold"
        "What came is not what was asked for: content with another digest or size, a broken list, or the answer of something that is no registry."
        "Check the registry's address and what is in front of it (a proxy, a login page, a mirror); if it stays, tell its operator.";
    AnswerTooLarge "answer-too-large" Unavailable
        "an answer is larger than any real one"
        "A list or a manifest of a registry or a layout is over one of the fixed limits that protect the verifier against hostile answers, so it was not read, and there may be proofs in it."
        "The report names the limit. Have what does not belong there removed (thousands of referrers, a manifest of megabytes), or copy the image and its proofs elsewhere.";
    RegistryCredentialsUnavailable "registry-credentials-unavailable" Unavailable
        "the credentials for the registry could not be had"
        "Credentials are configured, but the helper program failed, hung or printed what is no credential, or the file that holds them is broken or not there."
        "Run the helper that is named by hand, or correct the file or the variable that names it; `docker login` writes the file anew.";
    PlatformNotFound "platform-not-found" Usage
        "there is no image for this platform"
        "The index lists no image for the platform that was named, or more than one that fit, or the image is for another platform."
        "The report lists the platforms that there are; name one as OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT.";
    ManifestMalformed "manifest-malformed" Unavailable
        "the manifest cannot be read"
        "The content has the right digest but is no image manifest or index as the specifications define it, or is two things at once."
        "Push the image again with a current tool.";
    ManifestUnsupported "manifest-unsupported" Unavailable
        "the kind of manifest is not supported"
        "The reference leads to something else than an OCI or Docker (schema 2) manifest or index, for example to Docker's schema 1."
        "Check the reference; push an image of the old schema again with a current tool.";
    // Image layouts.
    NotALayout "not-a-layout" Usage
        "the path leads to no image layout"
        "A folder with the files `oci-layout` and `index.json` was expected, or a tar archive of one, which may be compressed by gzip."
        "Name what `sealcheck copy`, `cosign save`, `docker save`, skopeo, crane, oras or BuildKit wrote.";
    LayoutUnreadable "layout-unreadable" Unavailable
        "the image layout could not be read"
        "The system refused to read a file of the layout or the archive."
        "Check the permissions and the disk.";
    LayoutMalformed "layout-malformed" Unavailable
        "the image layout does not hold"
        "A file is missing, truncated, a link, or has not the content of its digest; or the archive could be read in two ways. Whether there is proof in it cannot be said."
        "Write the layout or the archive again from its source.";
    LayoutUnwritable "layout-unwritable" Unavailable
        "the image layout could not be written"
        "The system refused to write: permissions, or no space is left."
        "Correct that and run the command again: what is complete is kept.";
    ImageAmbiguous "image-ambiguous" Usage
        "more than one image can be meant"
        "The layout holds several images, and what was asked for does not say which."
        "Name one of the images that the report lists, by name or by digest.";
    ImageDigestUnknown "image-digest-unknown" Unavailable
        "the archive holds no manifest, so that nothing can be proved about its image"
        "Signatures are about the digest of the manifest in the registry. Docker before version 25 saves images without it: the image id is the digest of the configuration, not of the manifest."
        "Copy the image with its proofs from the registry (`sealcheck copy IMAGE LAYOUT`), or save it with Docker 25 or later and the containerd image store.";
    // Usage.
    IdentityRequired "identity-required" Usage
        "no identity was required"
        "A keyless signature proves who signed. Without saying who that must be, any account on the internet would do."
        "Give --certificate-identity and --certificate-oidc-issuer (or --key).";
    ArgumentInvalid "argument-invalid" Usage
        "an argument cannot be used"
        "A flag, its value or a combination of flags is wrong."
        "Correct the argument that is named; `sealcheck COMMAND --help` shows what each one takes.";
    ArgumentAmbiguous "argument-ambiguous" Usage
        "an argument can be read in two ways"
        "It is a digest, and a file here has the same name. Whichever is meant, the other one would go unverified."
        "Write ./NAME for the file. For the digest, start sealcheck in a folder without such a file.";
    ConfigurationInvalid "configuration-invalid" Usage
        "a configuration file cannot be used"
        "A field of the file is unknown, absent or has a wrong value, or what it names cannot be read."
        "Correct the field that is named.";
    VersionUnknown "version-unknown" Usage
        "there is no such version"
        "The version is none, or nothing is published for it at the addresses of the project."
        "Give a version such as v1.36.0, or a channel such as stable or stable-1.36; where --from is given, check that it leads to the release.";
    ArtifactUnknown "artifact-unknown" Usage
        "the release has no such artifact"
        "Nothing in the proved SBOM of the release has this name and platform, or several artifacts have it."
        "`sealcheck release list VERSION` shows what there is; the path that it has there names an artifact exactly.";
    ProfileMalformed "profile-malformed" Usage
        "the profile cannot be read"
        "The file with the profile of a project is no YAML, lacks a part, or has a part that is not known."
        "Correct the profile; docs/releases.md describes it.";
    FileNotFound "file-not-found" Usage
        "there is no such file"
        "The path is wrong, or it is a folder where a file is needed."
        "Check the path: a relative one begins in the folder where sealcheck was started.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No reason has this code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownReason;

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no such reason code")
    }
}

impl std::error::Error for UnknownReason {}

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(code: &str) -> Result<Self, UnknownReason> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.code() == code)
            .ok_or(UnknownReason)
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Reason {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reason".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: Vec<&str> = Self::ALL.iter().map(|reason| reason.code()).collect();
        schemars::json_schema!({ "type": "string", "enum": codes })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Reason;

    #[test]
    fn codes_are_unique_kebab_case_and_found_again() {
        let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert!(
                reason
                    .code()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-')
            );
            assert_eq!(reason.code().parse(), Ok(*reason));
            assert!(
                reason.cause().ends_with('.') && reason.cure().ends_with('.'),
                "{reason}"
            );
        }
    }
}
