//! Every limit: accepted at it, refused one above it by its name.

use sealcheck_testkit::encoding::{base64, hex};
use sealcheck_testkit::rekor::checkpoint::Witness;
use sealcheck_testkit::sign::{Dsse, simple_signing_payload};
use sealcheck_testkit::{
    Content as Signable, DEFAULT_TIME, EntryKind, Hash, LeafRequest, Plan, SctMode, Signed,
    TokenOptions, asn1,
};
use sealcheck_verify::limits::{self, Limit};
use sealcheck_verify::{
    Failure, Material, Pattern, PublicKey, Reason, SignatureAnnotations, TrustedRoot, Verdict,
};
use serde_json::{Value, json};

use crate::stage::{ARTIFACT, Stage, any_content};

/// The failure names the limit.
fn crosses(limit: Limit, judged: Result<Verdict, Failure>) {
    let failure = match judged {
        Err(failure) => failure,
        Ok(verdict) => verdict.failure().expect("a failure").clone(),
    };
    assert_eq!(failure.reason, Reason::LimitExceeded, "{failure}");
    named(limit, &failure);
}

fn named(limit: Limit, failure: &Failure) {
    let expected = format!("at most {} ({})", limit.max, limit.name);
    assert_eq!(
        failure.expected.as_deref(),
        Some(expected.as_str()),
        "{failure}"
    );
}

/// Not refused for this limit, whatever else.
fn within(limit: Limit, judged: Result<Verdict, Failure>) {
    let failures = match judged {
        Err(failure) => vec![failure],
        Ok(verdict) => verdict.failures().to_vec(),
    };
    assert!(
        failures
            .iter()
            .all(|failure| failure.reason != Reason::LimitExceeded),
        "{}: {failures:?}",
        limit.name
    );
}

#[test]
fn bundle_bytes() {
    let stage = Stage::new();
    let mut text = stage.sign(&Plan::default()).bundle().to_string();
    text.push_str(&" ".repeat(limits::BUNDLE_BYTES.max - text.len()));
    stage.accept_material(&Material::from_bundle(text.as_bytes()).unwrap());
    text.push(' ');
    crosses(limits::BUNDLE_BYTES, stage.judge_text(&text));
}

#[test]
fn signature_and_certificate_bytes() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let padded = |text: &str, length: usize| text.to_owned() + &"\n".repeat(length - text.len());
    let (signature, certificate) = (signed.sig_file(), signed.cert_file());
    let entry = signed.entries[0].bundle_json().to_string();
    let judge = |more: [usize; 2]| {
        let signature = padded(&signature, limits::SIGNATURE_BYTES.max + more[0]);
        let certificate = padded(&certificate, limits::CERTIFICATE_BYTES.max + more[1]);
        Material::detached(signature.as_bytes(), Some(certificate.as_bytes()))
            .and_then(|material| material.with_log_entry(entry.as_bytes()))
            .map(|material| stage.verify(&material))
    };
    assert_eq!(crate::stage::reason(&judge([0, 0])), None);
    crosses(limits::SIGNATURE_BYTES, judge([1, 0]));
    crosses(limits::CERTIFICATE_BYTES, judge([0, 1]));

    let pem = signed.signed.key.public_pem();
    PublicKey::parse(padded(&pem, limits::CERTIFICATE_BYTES.max).as_bytes()).unwrap();
    let failure =
        PublicKey::parse(padded(&pem, limits::CERTIFICATE_BYTES.max + 1).as_bytes()).unwrap_err();
    assert_eq!(failure.reason, Reason::KeyMalformed);
    named(limits::CERTIFICATE_BYTES, &failure);
}

#[test]
fn annotations() {
    let stage = Stage::new().requiring(any_content());
    let image = stage.sigstore.sign_image(
        "a",
        &sealcheck_verify::Digest::sha256(ARTIFACT).to_string(),
        &[],
    );
    for signed in [image, stage.sigstore.attest_blob(ARTIFACT)] {
        annotations_of(&stage, &signed);
    }
}

fn annotations_of(stage: &Stage, signed: &Signed) {
    let leaf = signed.signed.leaf.as_ref().unwrap();
    let texts = [
        signed.sig_file(),
        leaf.pem(),
        leaf.chain_pem(),
        signed.rekor_bundle().unwrap().to_string(),
    ];
    let limits = [
        limits::SIGNATURE_BYTES,
        limits::CERTIFICATE_BYTES,
        limits::CERTIFICATE_BYTES,
        limits::BUNDLE_BYTES,
    ];
    for longest in 0..texts.len() {
        for more in [0, 1] {
            let mut texts = texts.clone();
            let padding = limits[longest].max + more - texts[longest].len();
            texts[longest].push_str(&" ".repeat(padding));
            let annotations = SignatureAnnotations {
                signature: &texts[0],
                certificate: Some(&texts[1]),
                chain: Some(&texts[2]),
                bundle: Some(&texts[3]),
                timestamp: None,
            };
            let layer = match signed.signed.content {
                Signable::Message(_) => Material::simple_signing,
                Signable::Dsse(_) => Material::attestation_layer,
            };
            let judged =
                layer(&signed.layer_content(), annotations).map(|material| stage.verify(&material));
            match more {
                0 => assert_eq!(crate::stage::reason(&judged), None),
                _ => crosses(limits[longest], judged),
            }
        }
    }
}

#[test]
fn trusted_root_bytes_and_members() {
    let stage = Stage::new();
    let good = stage.sigstore.trusted_root_json();
    let mut text = good.to_string();
    text.push_str(&" ".repeat(limits::TRUSTED_ROOT_BYTES.max - text.len()));
    TrustedRoot::from_json(text.as_bytes()).unwrap();
    text.push(' ');
    named(
        limits::TRUSTED_ROOT_BYTES,
        &TrustedRoot::from_json(text.as_bytes()).unwrap_err(),
    );
    for list in [
        "tlogs",
        "ctlogs",
        "certificateAuthorities",
        "timestampAuthorities",
    ] {
        let mut root = good.clone();
        let max = limits::TRUSTED_ROOT_MEMBERS.max;
        root[list] = vec![good[list][0].clone(); max].into();
        TrustedRoot::from_json(root.to_string().as_bytes()).unwrap();
        root[list] = vec![good[list][0].clone(); max + 1].into();
        let failure = TrustedRoot::from_json(root.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            (failure.reason, failure.field.as_deref()),
            (Reason::TrustRootInvalid, Some(list))
        );
        named(limits::TRUSTED_ROOT_MEMBERS, &failure);
    }
}

#[test]
fn chain_certificates() {
    let stage = Stage::new();
    let mut bundle = stage.sign(&Plan::default()).bundle_with_chain();
    let chain = &mut bundle["verificationMaterial"]["x509CertificateChain"]["certificates"];
    let (leaf, intermediate) = (chain[0].clone(), chain[1].clone());
    let of = |count: usize| -> Value {
        std::iter::once(leaf.clone())
            .chain(std::iter::repeat_n(intermediate.clone(), count - 1))
            .collect()
    };
    let max = limits::CHAIN_CERTIFICATES.max;
    *chain = of(max);
    stage.accept(&bundle);
    bundle["verificationMaterial"]["x509CertificateChain"]["certificates"] = of(max + 1);
    crosses(limits::CHAIN_CERTIFICATES, stage.judge(&bundle));
}

#[test]
fn certificate_extensions() {
    let stage = Stage::new();
    let with = |more: usize| {
        let extensions = (0..more)
            .map(|index| (format!("1.2.3.{index}"), false, asn1::null()))
            .collect();
        stage.judge(
            &stage
                .sign(&Plan::keyless(LeafRequest {
                    extensions,
                    ..LeafRequest::default()
                }))
                .bundle(),
        )
    };
    // Key usages, key identifiers, name, two issuers, SCT.
    let own = 8;
    let max = limits::CERTIFICATE_EXTENSIONS.max;
    assert_eq!(crate::stage::reason(&with(max - own)), None);
    crosses(limits::CERTIFICATE_EXTENSIONS, with(max - own + 1));
}

#[test]
fn log_entries() {
    let stage = Stage::new();
    let max = limits::LOG_ENTRIES.max;
    let plan = |count| Plan::default().with_entries(&vec![EntryKind::HashedRekordV001; count]);
    stage.accept(&stage.sign(&plan(max)).bundle());
    let signed = stage.sign(&plan(max + 1));
    crosses(limits::LOG_ENTRIES, stage.judge(&signed.bundle()));
    let entry = signed.entries[max].bundle_json().to_string();
    let full = Material::from_bundle(&stage.sign(&plan(max)).bundle_bytes()).unwrap();
    crosses(
        limits::LOG_ENTRIES,
        full.with_log_entry(entry.as_bytes())
            .map(|material| stage.verify(&material)),
    );
}

#[test]
fn timestamps_and_their_bytes() {
    let stage = Stage::new();
    let max = limits::TIMESTAMPS.max;
    let plan = |count| Plan {
        timestamps: vec![TokenOptions::default(); count],
        ..Plan::default()
    };
    stage.accept(&stage.sign(&plan(max)).bundle());
    let signed = stage.sign(&plan(max + 1));
    crosses(limits::TIMESTAMPS, stage.judge(&signed.bundle()));
    let full = Material::from_bundle(&stage.sign(&plan(max)).bundle_bytes()).unwrap();
    crosses(
        limits::TIMESTAMPS,
        full.with_timestamp(&signed.timestamps[0])
            .map(|material| stage.verify(&material)),
    );

    let mut signed = stage.sign(&Plan::default());
    let max = limits::TIMESTAMP_BYTES.max;
    signed.timestamps = vec![vec![0; max]];
    within(limits::TIMESTAMP_BYTES, stage.judge(&signed.bundle()));
    signed.timestamps = vec![vec![0; max + 1]];
    crosses(limits::TIMESTAMP_BYTES, stage.judge(&signed.bundle()));
    // Before anything is verified.
    let early = Material::from_bundle(&signed.bundle_bytes()).unwrap_err();
    named(limits::TIMESTAMP_BYTES, &early);
    let material = Material::from_bundle(&stage.sign(&Plan::default()).bundle_bytes()).unwrap();
    material.clone().with_timestamp(&vec![0; max]).unwrap();
    let early = material.with_timestamp(&vec![0; max + 1]).unwrap_err();
    named(limits::TIMESTAMP_BYTES, &early);
}

#[test]
fn scts() {
    let stage = Stage::new();
    let max = limits::SCTS.max;
    let with = |sct| {
        stage.judge(
            &stage
                .sign(&Plan::keyless(LeafRequest {
                    sct,
                    ..LeafRequest::default()
                }))
                .bundle(),
        )
    };
    assert_eq!(
        crate::stage::reason(&with(SctMode::EmbeddedTimes(max))),
        None
    );
    crosses(limits::SCTS, with(SctMode::EmbeddedTimes(max + 1)));
    let signed = stage.sign(&Plan::keyless(LeafRequest {
        sct: SctMode::Detached,
        ..LeafRequest::default()
    }));
    let sct = signed.signed.leaf.as_ref().unwrap().scts[0].encode();
    let material = Material::from_bundle(&signed.bundle_bytes()).unwrap();
    let many = |count| (0..count).fold(material.clone(), |material, _| material.with_sct(&sct));
    stage.accept_material(&many(max));
    crosses(limits::SCTS, Ok(stage.verify(&many(max + 1))));
    // One that is too long to be one.
    let long = material.with_sct(&vec![0; limits::SIGNATURE_BYTES.max + 1]);
    crosses(limits::SIGNATURE_BYTES, Ok(stage.verify(&long)));
}

fn attest(stage: &Stage, payload: String) -> Result<Verdict, Failure> {
    let envelope = Dsse {
        payload_type: "application/vnd.in-toto+json".into(),
        payload: payload.into_bytes(),
    };
    stage.judge(
        &stage
            .sigstore
            .sign(Signable::Dsse(envelope), &Plan::default())
            .bundle(),
    )
}

#[test]
fn json_depth() {
    let stage = Stage::new().requiring(any_content());
    let statement = |depth: usize| {
        let subject =
            json!([{"name": "a", "digest": {"sha256": hex(&Hash::Sha256.digest(ARTIFACT))}}]);
        let inner = depth - 1;
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":{subject},"predicateType":"t","predicate":{}{}}}"#,
            "[".repeat(inner),
            "]".repeat(inner)
        )
    };
    let max = limits::JSON_DEPTH.max;
    assert_eq!(crate::stage::reason(&attest(&stage, statement(max))), None);
    crosses(limits::JSON_DEPTH, attest(&stage, statement(max + 1)));
    crosses(limits::JSON_DEPTH, attest(&stage, statement(100_000)));

    let stage = Stage::new();
    let digest = sealcheck_verify::Digest::sha256(ARTIFACT).to_string();
    let payload = |depth: usize| {
        // Inside the payload and its "optional".
        let nested = (2..depth).fold(json!(""), |value, _| json!([value]));
        let mut payload = simple_signing_payload("a", &digest, &[]);
        payload["optional"] = json!({ "a": nested });
        let content = Signable::message(payload.to_string().as_bytes());
        let signed = stage.sigstore.sign(content, &Plan::default());
        let leaf = signed.signed.leaf.as_ref().unwrap();
        let annotations = SignatureAnnotations {
            signature: &signed.sig_file(),
            certificate: Some(&leaf.pem()),
            chain: None,
            bundle: Some(&signed.rekor_bundle().unwrap().to_string()),
            timestamp: None,
        };
        Material::simple_signing(&signed.layer_content(), annotations)
            .map(|material| stage.verify(&material))
    };
    assert_eq!(crate::stage::reason(&payload(max)), None);
    crosses(limits::JSON_DEPTH, payload(max + 1));
}

#[test]
fn subjects() {
    let stage = Stage::new().requiring(any_content());
    let statement = |count: usize| {
        let other = r#"{"digest":{}},"#.repeat(count - 1);
        let subject =
            json!({"name": "a", "digest": {"sha256": hex(&Hash::Sha256.digest(ARTIFACT))}});
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{other}{subject}],"predicateType":"t"}}"#
        )
    };
    let max = limits::SUBJECTS.max;
    assert_eq!(crate::stage::reason(&attest(&stage, statement(max))), None);
    crosses(limits::SUBJECTS, attest(&stage, statement(max + 1)));
}

#[test]
fn dsse_signatures() {
    let stage = Stage::new().requiring(any_content());
    let mut bundle = stage.sigstore.attest_blob(ARTIFACT).bundle();
    let one = bundle["dsseEnvelope"]["signatures"][0].clone();
    let max = limits::DSSE_SIGNATURES.max;
    bundle["dsseEnvelope"]["signatures"] = vec![one.clone(); max].into();
    within(limits::DSSE_SIGNATURES, stage.judge(&bundle));
    bundle["dsseEnvelope"]["signatures"] = vec![one; max + 1].into();
    crosses(limits::DSSE_SIGNATURES, stage.judge(&bundle));
}

/// Inside a bundle the smaller limit of the bundle comes first; files and payloads reach this one.
#[test]
fn dsse_payload_bytes() {
    let stage = Stage::new();
    let max = limits::DSSE_PAYLOAD_BYTES.max;
    let mut bytes = vec![b' '; max];
    let simple = |bytes: &[u8]| {
        Material::simple_signing(bytes, SignatureAnnotations::default())
            .map(|material| stage.verify(&material))
    };
    let envelope = |bytes: &[u8]| {
        Material::detached_envelope(bytes, None).map(|material| stage.verify(&material))
    };
    let layer = |bytes: &[u8]| {
        Material::attestation_layer(bytes, SignatureAnnotations::default())
            .map(|material| stage.verify(&material))
    };
    within(limits::DSSE_PAYLOAD_BYTES, simple(&bytes));
    within(limits::DSSE_PAYLOAD_BYTES, envelope(&bytes));
    within(limits::DSSE_PAYLOAD_BYTES, layer(&bytes));
    bytes.push(b' ');
    crosses(limits::DSSE_PAYLOAD_BYTES, simple(&bytes));
    crosses(limits::DSSE_PAYLOAD_BYTES, envelope(&bytes));
    crosses(limits::DSSE_PAYLOAD_BYTES, layer(&bytes));
}

#[test]
fn proof_hashes() {
    let stage = Stage::new();
    let mut signed = stage.sign(&Plan::default());
    let max = limits::PROOF_HASHES.max;
    signed.entries[0].proof.hashes = vec![vec![0; 32]; max];
    within(limits::PROOF_HASHES, stage.judge(&signed.bundle()));
    signed.entries[0].proof.hashes = vec![vec![0; 32]; max + 1];
    crosses(limits::PROOF_HASHES, stage.judge(&signed.bundle()));
}

#[test]
fn checkpoint_bytes_and_signatures() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::rekor_v2());
    let judge = |checkpoint: String| {
        let mut signed = signed.clone();
        signed.entries[0].proof.checkpoint = checkpoint;
        stage.judge(&signed.bundle())
    };
    let good = signed.entries[0].proof.checkpoint.clone();
    // A further signature line, by somebody unknown, carries nothing.
    let padded = |length: usize| {
        let rest = length - good.len() - "—  \n".len();
        let blob = (rest - 1) / 4;
        format!(
            "{good}— {} {}\n",
            "n".repeat(rest - 4 * blob),
            "AAAA".repeat(blob)
        )
    };
    let max = limits::CHECKPOINT_BYTES.max;
    assert_eq!(crate::stage::reason(&judge(padded(max))), None);
    crosses(limits::CHECKPOINT_BYTES, judge(padded(max + 1)));

    let body = good.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let cosigned = |count: usize| {
        let witness = Witness::new("witness.example").cosign(&body, DEFAULT_TIME);
        good.clone() + &witness.repeat(count - 1)
    };
    let max = limits::CHECKPOINT_SIGNATURES.max;
    assert_eq!(crate::stage::reason(&judge(cosigned(max))), None);
    crosses(limits::CHECKPOINT_SIGNATURES, judge(cosigned(max + 1)));
}

/// Too large for a bundle: an entry that is given by itself reaches it.
#[test]
fn log_body_bytes() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let material = Material::detached(
        &signed.signed.signature,
        Some(signed.cert_file().as_bytes()),
    )
    .unwrap();
    let mut entry = signed.entries[0].bundle_json();
    let max = limits::LOG_BODY_BYTES.max;
    for (length, refused) in [(max, false), (max + 1, true)] {
        entry["canonicalizedBody"] = base64(&vec![b' '; length]).into();
        let judged = material
            .clone()
            .with_log_entry(entry.to_string().as_bytes())
            .map(|material| stage.verify(&material));
        match refused {
            true => crosses(limits::LOG_BODY_BYTES, judged),
            false => within(limits::LOG_BODY_BYTES, judged),
        }
    }
}

#[test]
fn identity_pattern_bytes() {
    let max = limits::IDENTITY_PATTERN_BYTES.max;
    for make in [Pattern::exact, Pattern::glob, Pattern::regex] {
        make(&"a".repeat(max)).unwrap();
        let failure = make(&"a".repeat(max + 1)).unwrap_err();
        assert_eq!(failure.reason, Reason::LimitExceeded);
        named(limits::IDENTITY_PATTERN_BYTES, &failure);
    }
}
