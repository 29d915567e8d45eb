//! `cargo xtask examples`: signs the files of examples/ anew, by a private Sigstore instance of the testkit.

use std::fs;

use anyhow::{Context, Result};
use sealcheck_testkit::authority;
use sealcheck_testkit::sign::{self, StatementVersion};
use sealcheck_testkit::{Content, EntryKind, Instance, Key, KeyKind, Plan, TokenOptions};
use serde_json::{Value, json};

use crate::process;

/// Who signed the examples.
pub(crate) const IDENTITY: &str = authority::DEFAULT_IDENTITY;
/// Who vouched for the signer's e-mail address.
pub(crate) const ISSUER: &str = authority::DEFAULT_ISSUER;

pub(crate) fn run() -> Result<()> {
    let sigstore = Instance::new();
    let keyless = Plan::default().with_timestamp(TokenOptions::default());
    let bundle = sigstore
        .sign(Content::message(HELLO.as_bytes()), &keyless)
        .bundle();

    let statement = sign::statement(
        StatementVersion::V1,
        &[("hello.txt", HELLO.as_bytes())],
        "https://slsa.dev/provenance/v1",
        json!({
            "buildDefinition": {
                "buildType": "https://example.com/build/v1",
                "externalParameters": {"source": "https://example.com/hello"},
            },
            "runDetails": {"builder": {"id": "https://example.com/builder"}},
        }),
    );
    let attestation = sigstore
        .sign(
            Content::statement(&statement),
            &Plan::default().with_entries(&[EntryKind::DsseV001]),
        )
        .bundle();

    let key = Key::generate(KeyKind::P256);
    let by_key = sigstore
        .sign(
            Content::message(HELLO.as_bytes()),
            &Plan::key(key.clone()).with_timestamp(TokenOptions::default()),
        )
        .bundle();

    write("hello.txt", HELLO)?;
    write("hello.txt.sigstore.json", &pretty(&bundle)?)?;
    write("tampered/hello.txt", &tampered())?;
    write("tampered/hello.txt.sigstore.json", &pretty(&bundle)?)?;
    write("provenance.sigstore.json", &pretty(&attestation)?)?;
    write("by-key.sigstore.json", &pretty(&by_key)?)?;
    write("key.pub", &key.public_pem())?;
    write("trusted_root.json", &pretty(&sigstore.trusted_root_json())?)
}

fn write(name: &str, content: &str) -> Result<()> {
    let path = process::root().join("examples").join(name);
    println!("examples/{name}");
    fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
}

fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// The signed text with one letter changed.
fn tampered() -> String {
    HELLO.replacen("quite", "quiet", 1)
}

/// What the examples sign.
const HELLO: &str = "Hello. This text is quite as its author signed it.\n";

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use sealcheck_verify::{
        Artifact, Content, Identities, Identity, Material, Outcome, Pattern, PublicKey, Reason,
        Requirements, Time, TrustedRoot, Verdict, verify,
    };

    use super::{HELLO, IDENTITY, ISSUER, tampered};

    fn read(name: &str) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        fs::read(folder.join(name)).unwrap()
    }

    fn check(bundle: &str, artifact: &str, requirements: &Requirements) -> Verdict {
        let root = TrustedRoot::from_json(&read("trusted_root.json")).unwrap();
        let material = Material::from_bundle(&read(bundle)).unwrap();
        let bytes = read(artifact);
        let needs = material.needs(requirements);
        let artifact = Artifact::from_reader(bytes.as_slice(), &needs).unwrap();
        let now = Time::from_unix_seconds(1_800_000_000).unwrap();
        verify(&material, &artifact, &root, requirements, now)
    }

    fn signer(identity: &str) -> Requirements {
        Requirements::identity(Identities::one(Identity::new(
            Pattern::exact(identity).unwrap(),
            Pattern::exact(ISSUER).unwrap(),
        )))
    }

    #[test]
    fn the_example_is_verified() {
        let verdict = check("hello.txt.sigstore.json", "hello.txt", &signer(IDENTITY));
        assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
        assert_eq!(read("hello.txt"), HELLO.as_bytes());
    }

    #[test]
    fn the_tampered_copy_is_rejected() {
        let verdict = check(
            "tampered/hello.txt.sigstore.json",
            "tampered/hello.txt",
            &signer(IDENTITY),
        );
        assert_eq!(verdict.outcome(), Outcome::Rejected);
        assert_eq!(
            verdict.failure().unwrap().reason,
            Reason::ArtifactMismatch,
            "{verdict}"
        );
        assert_eq!(
            read("tampered/hello.txt.sigstore.json"),
            read("hello.txt.sigstore.json")
        );
        assert_eq!(read("tampered/hello.txt"), tampered().as_bytes());
        assert_ne!(tampered(), HELLO);
    }

    #[test]
    fn another_signer_is_rejected() {
        let verdict = check(
            "hello.txt.sigstore.json",
            "hello.txt",
            &signer("somebody@example.com"),
        );
        assert_eq!(verdict.failure().unwrap().reason, Reason::IdentityMismatch);
    }

    #[test]
    fn the_attestation_is_verified() {
        let requirements = signer(IDENTITY).content(Content::Attestation(
            "https://slsa.dev/provenance/v1".into(),
        ));
        let verdict = check("provenance.sigstore.json", "hello.txt", &requirements);
        assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
    }

    #[test]
    fn the_signature_by_key_is_verified() {
        let key = PublicKey::parse(&read("key.pub")).unwrap();
        let verdict = check("by-key.sigstore.json", "hello.txt", &Requirements::key(key));
        assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
    }
}
