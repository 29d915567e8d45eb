//! Seeds and fixed material for the fuzz targets, made by a private Sigstore instance of the testkit.
//!
//! They are committed, because the instance's keys are new each time: an input that was found must mean the same in
//! every later run.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use sealcheck_testkit::sign::{self, StatementVersion};
use sealcheck_testkit::{
    BundleVersion, Content, EntryKind, Instance, Key, KeyKind, LeafRequest, Plan, San, SctMode,
    Signed, TokenOptions, authority, encoding,
};
use serde_json::{Value, json};

use super::tuf::Repository;
use crate::process;

pub(super) fn write() -> Result<()> {
    for folder in ["seeds", "fixtures"] {
        let folder = process::root().join("fuzz").join(folder);
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    let sigstore = Instance::new();
    bundles(&sigstore)?;
    donors(&sigstore)?;
    detached(&sigstore)?;
    parts(&sigstore)?;
    repository(&sigstore)?;
    answers(&sigstore)?;
    texts(&sigstore)?;
    super::policies::write()?;
    super::documents::write()?;
    super::releases::write()
}

fn bundles(sigstore: &Instance) -> Result<()> {
    let message = || Content::message(ARTIFACT);
    let entries = |kinds: &[EntryKind]| Plan::default().with_entries(kinds);
    let stamp = TokenOptions::default;
    let signed = sigstore.sign(message(), &Plan::default());
    seed_json("bundle/v01.json", &signed.bundle_as(BundleVersion::V01))?;
    seed_json("bundle/v02.json", &signed.bundle_as(BundleVersion::V02))?;
    seed_json("bundle/v02-chain.json", &signed.bundle_with_chain())?;
    seed_json("bundle/v03.json", &signed.bundle())?;
    seed_json("cosign_bundle/keyless.json", &signed.legacy_bundle())?;

    let signed = sigstore.sign(message(), &Plan::rekor_v2());
    seed_json("bundle/v03-rekor-v2.json", &signed.bundle())?;
    let by_key = sigstore.sign(message(), &Plan::key(Key::generate(KeyKind::P256)));
    seed_json("bundle/v03-by-key.json", &by_key.bundle())?;
    seed_json("cosign_bundle/by-key.json", &by_key.legacy_bundle())?;

    for (name, kind) in [
        ("dsse-v001", EntryKind::DsseV001),
        ("dsse-v002", EntryKind::DsseV002),
        ("intoto-v001", EntryKind::IntotoV001),
        ("intoto-v002", EntryKind::IntotoV002),
    ] {
        let plan = entries(&[kind]).with_timestamp(stamp());
        let signed = sigstore.sign(Content::statement(&statement()), &plan);
        seed_json(&format!("bundle/v03-{name}.json"), &signed.bundle())?;
    }

    let signed = sigstore.sign(message(), &entries(&[]).with_timestamp(stamp()));
    fixture("without_entry.json", &signed)?;
    for (name, kind) in [
        ("hashedrekord-v001", EntryKind::HashedRekordV001),
        ("rekord-v001", EntryKind::RekordV001),
        ("hashedrekord-v002", EntryKind::HashedRekordV002),
    ] {
        let entry = sigstore.record(kind, &signed.signed, sealcheck_testkit::DEFAULT_TIME);
        seed_json(&format!("log_entry/{name}.json"), &entry.bundle_json())?;
        seed(&format!("checkpoint/{name}"), &entry.proof.checkpoint)?;
    }

    let mut signed = sigstore.sign(message(), &Plan::rekor_v2());
    let stamps = std::mem::take(&mut signed.timestamps);
    fixture("without_time.json", &signed)?;
    for stamp in stamps {
        seed("timestamp/sound", stamp)?;
    }
    let bare = TokenOptions {
        embed_certificates: false,
        nonce: Some(7),
        ..stamp()
    };
    let token = sigstore.tsa.timestamp(&signed.signed.signature, &bare);
    seed("timestamp/without-certificates", token)?;

    let request = LeafRequest {
        sct: SctMode::Detached,
        ..LeafRequest::default()
    };
    let signed = sigstore.sign(message(), &Plan::keyless(request));
    fixture("without_sct.json", &signed)?;
    let sct = signed.signed.leaf.as_ref().and_then(|leaf| leaf.sct_json());
    seed_json("sct/sound.json", &sct.context("a detached SCT")?)
}

/// Sound bundles whose parts belong together with no other's.
fn donors(sigstore: &Instance) -> Result<()> {
    let plan = || Plan::default().with_timestamp(TokenOptions::default());
    let signed = sigstore.sign(Content::message(OTHER_ARTIFACT), &plan());
    fixture("other_artifact.json", &signed)?;
    let other = LeafRequest::new(
        San::Email("other@example.com".to_owned()),
        authority::DEFAULT_ISSUER,
    );
    let by_other = Plan::keyless(other).with_timestamp(TokenOptions::default());
    let signed = sigstore.sign(Content::message(ARTIFACT), &by_other);
    fixture("other_signer.json", &signed)?;
    let other = Instance::new();
    let signed = other.sign(Content::message(OTHER_ARTIFACT), &plan());
    fixture("other_instance.json", &signed)?;
    save(
        "fixtures/other_root.json".into(),
        other.trusted_root_bytes(),
    )
}

fn repository(sigstore: &Instance) -> Result<()> {
    let target = sigstore.trusted_root_bytes();
    let files = Repository::publish(&target);
    save("fixtures/tuf_root.json".into(), &files.root)?;
    let mirror = [
        &files.timestamp,
        &files.snapshot,
        &files.targets,
        &target,
        &files.next_root,
    ];
    seed("tuf/mirror", mirror.map(Vec::as_slice).join(&0))?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
    seed_json(
        "tuf_cache/set.json",
        &json!({
            "schema": "sealcheck/tuf-cache/v1",
            "fetchedAt": 1_772_000_000,
            "files": {
                "root_history/2.root.json": text(&files.next_root)?,
                "timestamp.json": text(&files.timestamp)?,
                "snapshot.json": text(&files.snapshot)?,
                "targets.json": text(&files.targets)?,
                "targets/trusted_root.json": text(&target)?,
            },
        }),
    )
}

/// What servers say.
fn answers(sigstore: &Instance) -> Result<()> {
    let signed = sigstore.sign(Content::message(ARTIFACT), &Plan::default());
    let entry = signed.entries.first().context("an entry")?;
    save("fixtures/rekor_uuid".into(), entry.uuid())?;
    seed_json("rekor/entry.json", &entry.api_json())?;
    seed_json("rekor/entries.json", &json!([entry.api_json()]))?;
    let leaf = entry.uuid().chars().skip(16).collect::<String>();
    seed_json("rekor/hits.json", &json!([entry.uuid(), leaf]))?;

    let gzip = |name: &str, head: &str, base64: &str| {
        let body = encoding::base64_decode(base64);
        seed(name, [head.as_bytes(), &[0], &body].concat())
    };
    seed("http/plain", "120\0../c?digest=e#f\0identity\0hello")?;
    gzip(
        "http/gzip",
        "Sun, 06 Nov 1994 08:49:37 GMT\0https://other.example/\0gzip",
        "H4sIAAAAAAACA8tIzcnJ5wIAIDA6NgYAAAA=",
    )?;
    // 100,000 zeros.
    gzip(
        "http/bomb",
        "soon\0https://user:password@server.example/a/b\0x-gzip",
        "H4sIAAAAAAACA+3BMQEAAADCoPVPbQ0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIBXA32VEdSghgEA",
    )
}

fn detached(sigstore: &Instance) -> Result<()> {
    let signed = sigstore.sign_blob(ARTIFACT);
    let signature = signed.sig_file();
    let length = u8::try_from(signature.len()).context("a short signature")?;
    let mut files = vec![length];
    files.extend_from_slice(signature.as_bytes());
    files.extend_from_slice(signed.cert_file().as_bytes());
    seed("detached/kubernetes", files)?;
    let token = sigstore
        .tsa
        .timestamp(&signed.signed.signature, &TokenOptions::default());
    let stamp = json!({"SignedRFC3161Timestamp": encoding::base64(&token)}).to_string();
    let leaf = signed.signed.leaf.as_ref().context("a certificate")?;
    let files = ["", &signature, &leaf.pem(), &leaf.chain_pem(), &stamp, ""];
    seed("proof_files/signature", files.join("\0"))?;

    let digest = Content::message(ARTIFACT);
    let digest = encoding::hex(&sealcheck_testkit::Hash::Sha256.digest(&digest.signing_input()));
    let image = sigstore.sign_image(
        "registry.example/hello",
        &format!("sha256:{digest}"),
        &[("tag", "v1")],
    );
    let annotations = image.layer_annotations();
    let annotation = |name: &str| {
        annotations
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let layer = [
        String::from_utf8(image.layer_content())?,
        annotation("dev.cosignproject.cosign/signature"),
        annotation("dev.sigstore.cosign/certificate"),
        annotation("dev.sigstore.cosign/chain"),
        annotation("dev.sigstore.cosign/bundle"),
        annotation("dev.sigstore.cosign/rfc3161timestamp"),
    ];
    seed("simple_signing/image", layer.join("\0"))?;

    let attested = sigstore.sign(Content::statement(&statement()), &Plan::default());
    seed("envelope/statement.json", attested.signed.envelope_bytes())?;
    let lines = [attested.bundle_bytes(), attested.signed.envelope_bytes()];
    seed("proof_files/lines", lines.join(&b'\n'))?;
    seed("statement/v1.json", statement().to_string())?;
    let old = sign::statement(
        StatementVersion::V01,
        &[("artifact", ARTIFACT), ("other", b"other")],
        "https://slsa.dev/provenance/v0.2",
        json!({"builder": {"id": "https://example.com/builder"}}),
    );
    seed("statement/v01.json", old.to_string())
}

fn parts(sigstore: &Instance) -> Result<()> {
    for (name, request) in [
        ("email", LeafRequest::default()),
        ("workflow", LeafRequest::github_workflow()),
    ] {
        let leaf = sigstore.issue(&request);
        seed(&format!("certificate/{name}.pem"), leaf.pem())?;
        seed(&format!("certificate/{name}.der"), &leaf.der)?;
        let chain = leaf.pem() + &leaf.chain_pem();
        seed(&format!("certificate/{name}-chain.pem"), chain)?;
    }
    seed("trusted_root/private.json", sigstore.trusted_root_bytes())?;
    for (name, kind) in [
        ("p256", KeyKind::P256),
        ("p521", KeyKind::P521),
        ("ed25519", KeyKind::Ed25519),
        ("rsa", KeyKind::Rsa2048),
    ] {
        let key = Key::generate(kind);
        seed(&format!("key/{name}.pem"), key.public_pem())?;
        seed(&format!("key/{name}.der"), key.spki())?;
    }
    Ok(())
}

fn texts(sigstore: &Instance) -> Result<()> {
    let address = format!(
        "https://{}/o/r/.github/workflows/w.yml@refs/tags/v1",
        sigstore.domain
    );
    for (name, pattern) in [
        ("exact", authority::DEFAULT_IDENTITY.to_owned()),
        (
            "glob",
            format!("https://{}/o/*/.github/**", sigstore.domain),
        ),
        ("alternatives", "{a,b}[!c-e]?\\*".to_owned()),
        (
            "expression",
            "https://[a-z.]+/(o|p)/r(/.*)?@refs/tags/v\\d+".to_owned(),
        ),
    ] {
        seed(&format!("pattern/{name}"), format!("{pattern}\0{address}"))?;
    }
    for (name, text) in [
        ("sha256", format!("sha256:{}", "ab".repeat(32))),
        ("sha512", format!("sha512:{}", "AB".repeat(64))),
        ("git", format!("gitCommit:{}", "0f".repeat(20))),
    ] {
        seed(&format!("digest/{name}"), text)?;
    }
    Ok(())
}

fn statement() -> Value {
    sign::statement(
        StatementVersion::V1,
        &[("artifact", ARTIFACT)],
        "https://slsa.dev/provenance/v1",
        json!({"runDetails": {"builder": {"id": "https://example.com/builder"}}}),
    )
}

fn fixture(name: &str, signed: &Signed) -> Result<()> {
    save(format!("fixtures/{name}").into(), signed.bundle_bytes())
}

pub(super) fn seed_json(name: &str, value: &Value) -> Result<()> {
    seed(name, value.to_string())
}

pub(super) fn seed(name: &str, content: impl AsRef<[u8]>) -> Result<()> {
    save(format!("seeds/{name}").into(), content)
}

fn save(name: PathBuf, content: impl AsRef<[u8]>) -> Result<()> {
    let path = process::root().join("fuzz").join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// What is signed; the fuzz targets know it as well.
const ARTIFACT: &[u8] = b"sealcheck fuzz\n";
const OTHER_ARTIFACT: &[u8] = b"sealcheck fuzz, another\n";
