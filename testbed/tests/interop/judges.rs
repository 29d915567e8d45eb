//! The two verifiers.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use sealcheck_net::{Client, Config};
use sealcheck_testbed::Testbed;
use sealcheck_transparency::RekorClient;
use sealcheck_verify::{
    Artifact, Content as Demand, DigestAlgorithm, Identities, Identity, Material, Outcome, Pattern,
    PublicKey, Requirements, Threshold, TrustedRoot, verify,
};

use crate::cases::{Content, Form, Proof, Services};

/// What a verifier says.
pub(crate) struct Judgement {
    pub accepts: bool,
    pub reason: String,
    pub text: String,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.accepts { "accepts" } else { "rejects" })
    }
}

/// Cosign's verdict, by its exit code.
pub(crate) fn cosign_says(testbed: &Testbed, proof: &Proof) -> Judgement {
    let folder = tempfile::tempdir_in(&testbed.folder).unwrap();
    proof.keep(folder.path());
    let file = |name: &str| folder.path().join(name);
    let mut cosign = testbed.cosign();
    match proof.case.predicate {
        None => cosign.arg("verify-blob"),
        Some(kind) => cosign.args(["verify-blob-attestation", "--type", kind]),
    };
    match &proof.key {
        Some(_) => cosign.arg("--key").arg(file("key.pub")),
        None => cosign.args([
            "--certificate-identity",
            &proof.identity,
            "--certificate-oidc-issuer",
            &proof.issuer,
        ]),
    };
    match proof.case.form {
        Form::Bundle => {
            cosign.arg("--trusted-root").arg(file("trusted_root.json"));
            cosign.arg("--bundle").arg(file("bundle.json"));
            if matches!(proof.case.services, Services::RekorV2 | Services::NoLog) {
                cosign.arg("--use-signed-timestamps");
            }
            if matches!(proof.case.services, Services::NoLog | Services::Nothing) {
                cosign.arg("--insecure-ignore-tlog");
            }
        }
        Form::LegacyBundle => {
            cosign
                .arg("--new-bundle-format=false")
                .arg("--bundle")
                .arg(file("bundle.json"));
        }
        Form::Detached => {
            cosign.arg("--new-bundle-format=false");
            cosign.args(["--rekor-url", testbed.rekor_url.as_deref().unwrap()]);
            cosign.arg("--signature").arg(file("artifact.sig"));
            if file("artifact.cert").exists() {
                cosign.arg("--certificate").arg(file("artifact.cert"));
            }
        }
    }
    for (name, path) in &proof.legacy_trust {
        cosign.env(name, path);
    }
    let output = cosign.arg(file("artifact")).output().unwrap();
    let text = format!(
        "{cosign:?}\n{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Judgement {
        accepts: output.status.success(),
        reason: String::new(),
        text,
    }
}

/// Our core's verdict, with the log asked where the proof brings no entry.
pub(crate) fn we_say(testbed: &Testbed, proof: &Proof) -> Judgement {
    match judge(testbed, proof) {
        Ok(judgement) => judgement,
        Err(failure) => Judgement {
            accepts: false,
            reason: failure.reason.to_string(),
            text: failure.to_string(),
        },
    }
}

fn judge(testbed: &Testbed, proof: &Proof) -> sealcheck_verify::Result<Judgement> {
    let root = TrustedRoot::from_json(proof.root.to_string().as_bytes())?;
    let material = match &proof.material {
        Content::Json(bundle) => Material::from_bundle(bundle.to_string().as_bytes())?,
        Content::Detached {
            signature,
            certificate,
        } => {
            let material = Material::detached(signature, certificate.as_deref())?;
            with_entries(testbed, proof, material)?
        }
    };
    let mut requirements = match &proof.key {
        Some(key) => Requirements::key(PublicKey::parse(&read(key))?),
        None => Requirements::identity(Identities::one(Identity::new(
            Pattern::exact(&proof.identity)?,
            Pattern::exact(&proof.issuer)?,
        ))),
    };
    if proof.case.predicate.is_some() {
        requirements = requirements.content(Demand::Attestation(SLSA.into()));
    }
    requirements = match proof.case.services {
        Services::RekorV1 => requirements,
        Services::RekorV2 => requirements.timestamps(Threshold::ONE),
        Services::NoLog => requirements
            .log_entries(Threshold::Waived)
            .timestamps(Threshold::ONE),
        Services::Nothing => requirements.log_entries(Threshold::Waived),
    };
    let artifact =
        Artifact::from_reader(&proof.artifact[..], &material.needs(&requirements)).unwrap();
    let verdict = verify(
        &material,
        &artifact,
        &root,
        &requirements,
        SystemTime::now().into(),
    );
    let reason = verdict.failure().map(|failure| failure.reason.to_string());
    Ok(Judgement {
        accepts: verdict.outcome() == Outcome::Verified,
        reason: reason.unwrap_or_default(),
        text: verdict.to_string(),
    })
}

/// Adds the entries that the log has for the artifact: as a bare signature and certificate need it.
fn with_entries(
    testbed: &Testbed,
    proof: &Proof,
    mut material: Material,
) -> sealcheck_verify::Result<Material> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = Client::new(Config::default()).unwrap();
    let rekor = RekorClient::new(client, testbed.rekor_url.as_deref().unwrap());
    let artifact = Artifact::from_bytes(&proof.artifact);
    let digest = artifact.digest(DigestAlgorithm::Sha256).unwrap();
    let found = runtime.block_on(async {
        let hits = rekor.search(&digest).await.unwrap();
        rekor.entries(&hits.uuids).await.unwrap().found
    });
    for entry in found {
        material = material.with_log_entry(entry.to_bundle_tlog_entry().to_string().as_bytes())?;
    }
    Ok(material)
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

const SLSA: &str = "https://slsa.dev/provenance/v1";
