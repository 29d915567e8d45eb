//! Files of a proof as the engine reads them: JSON lines of bundles and envelopes, and signature, certificate, chain,
//! timestamp and SCT files, with a NUL between each and an empty part for a file that is not there.
#![no_main]

use std::sync::{Arc, LazyLock};

use sealcheck_engine::{
    ArtifactSource, BlobRequest, Clock, Config, Engine, Input, MaterialSource, Named, Silent,
    TrustSource,
};
use sealcheck_fuzz::{ARTIFACT, now, parts, signer};
use sealcheck_verify::{Content, Digest, Outcome, TrustedRoot};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let root = include_bytes!("../seeds/trusted_root/private.json");
    let config = Config {
        trust: TrustSource::Given {
            root: Arc::new(TrustedRoot::from_json(root).expect("a trusted root")),
            source: "fuzz".into(),
        },
        clock: Clock::Fixed(now()),
        ..Config::offline()
    };
    Engine::new(config).expect("an engine")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = parts(data);
    let mut input = |name: &str| {
        let bytes = parts.next().unwrap_or_default();
        (!bytes.is_empty()).then(|| Input::Literal {
            name: name.into(),
            bytes: bytes.to_vec(),
        })
    };
    let named = Named {
        bundle: input("proof.jsonl"),
        signature: input("signature"),
        certificate: input("certificate"),
        chain: input("chain"),
        timestamp: input("timestamp"),
        sct: input("sct"),
    };
    for content in [Content::Signature, Content::AnyAttestation] {
        for (artifact, signed) in [(ARTIFACT, true), (&b"sealcheck fuzs\n"[..], false)] {
            let request = BlobRequest {
                material: MaterialSource::Named(Box::new(named.clone())),
                ..BlobRequest::new(
                    ArtifactSource::Digest(Digest::sha256(artifact)),
                    signer().content(content.clone()),
                )
            };
            let verdict = ENGINE.verify_blob(&request, &Silent);
            let _ = verdict.to_string();
            assert!(
                signed || verdict.outcome() != Outcome::Verified,
                "accepted for another artifact"
            );
        }
    }
});
