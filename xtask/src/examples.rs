//! `cargo xtask examples`: real cosign signs the files of examples/ anew, against a testbed.

pub(crate) mod release;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sealcheck_testbed::{Part, Testbed};
use serde_json::Value;

use crate::process;

/// Who signed the examples.
const IDENTITY: &str = "signer@example.com";
/// Who vouched for the signer's e-mail address.
#[cfg(test)]
const ISSUER: &str = "https://accounts.example.com";

pub(crate) fn run() -> Result<()> {
    let testbed = Testbed::start(&[Part::SIGSTORE, &[Part::ReferrersRegistry]].concat())?;
    let folder = testbed.folder.join("examples");
    fs::create_dir(&folder)?;
    for (name, content) in [
        ("token", testbed.token(IDENTITY)?.as_str()),
        ("hello.txt", HELLO),
        ("predicate.json", PREDICATE),
    ] {
        fs::write(folder.join(name), content)?;
    }
    let cosign = |command: &str, config: &Path, bundle: &str| {
        let mut cosign = testbed.cosign();
        cosign.current_dir(&folder).args([command, "--yes"]);
        cosign.arg("--signing-config").arg(config);
        cosign.arg("--trusted-root").arg(&testbed.trusted_root);
        cosign.args(["--bundle", bundle, "hello.txt"]);
        cosign
    };
    let by_identity = ["--identity-token", "token"];
    let (v1, v2) = (&testbed.signing_config_v1, &testbed.signing_config_v2);
    run_quietly(cosign("sign-blob", v1, "rekor-v1").args(by_identity))?;
    run_quietly(cosign("sign-blob", v2, "rekor-v2").args(by_identity))?;
    run_quietly(
        cosign("attest-blob", v1, "provenance")
            .args(by_identity)
            .args(["--type", "slsaprovenance1", "--predicate", "predicate.json"]),
    )?;
    run_quietly(
        testbed
            .cosign()
            .current_dir(&folder)
            .arg("generate-key-pair"),
    )?;
    run_quietly(cosign("sign-blob", v1, "by-key").args(["--key", "cosign.key"]))?;

    let bundle = |name: &str| pretty(&folder.join(name));
    write("hello.txt", HELLO)?;
    write("hello.txt.sigstore.json", &bundle("rekor-v1")?)?;
    write("tampered/hello.txt", &tampered())?;
    write("tampered/hello.txt.sigstore.json", &bundle("rekor-v1")?)?;
    write("rekor-v2.sigstore.json", &bundle("rekor-v2")?)?;
    write("provenance.sigstore.json", &bundle("provenance")?)?;
    write("by-key.sigstore.json", &bundle("by-key")?)?;
    write("key.pub", &fs::read_to_string(folder.join("cosign.pub"))?)?;
    write("trusted_root.json", &pretty(&testbed.trusted_root)?)?;
    release::run(&testbed)
}

/// Cosign is talkative: what it says is shown when it fails.
fn run_quietly(command: &mut Command) -> Result<()> {
    process::output(command).map(drop)
}

fn write(name: &str, content: &str) -> Result<()> {
    write_bytes(name, content.as_bytes())
}

fn write_bytes(name: &str, content: &[u8]) -> Result<()> {
    let path = process::root().join("examples").join(name);
    println!("examples/{name}");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// A JSON file, indented.
fn pretty(file: &Path) -> Result<String> {
    let value: Value = serde_json::from_slice(&fs::read(file)?)?;
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

/// The signed text with one letter changed.
fn tampered() -> String {
    HELLO.replacen("quite", "quiet", 1)
}

/// What the examples sign.
const HELLO: &str = "Hello. This text is quite as its author signed it.\n";

/// What the attestation says of it.
const PREDICATE: &str = r#"{
  "buildDefinition": {
    "buildType": "https://example.com/build/v1",
    "externalParameters": {"source": "https://example.com/hello"},
    "resolvedDependencies": []
  },
  "runDetails": {"builder": {"id": "https://example.com/builder"}}
}"#;

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
    fn the_same_in_rekor_v2_is_verified() {
        let verdict = check("rekor-v2.sigstore.json", "hello.txt", &signer(IDENTITY));
        assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
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
