//! Predicates that others published.

use std::fs;

use sealcheck_policy::predicate::summarise;
use sealcheck_policy::{PredicateKind, judge};
use sealcheck_verify::evidence::PredicateFacts;
use sealcheck_verify::{
    Artifact, Content, Identities, Identity, Material, Outcome, Pattern, Reason, Requirements,
    Time, TrustedRoot, Verdict, verify,
};
use serde_json::Value;

use crate::attested::demands;

/// npm's attested packages, verified: package, predicate type, verdict.
fn npm() -> Vec<(String, String, Verdict)> {
    let (Some(corpora), Some(trust)) = (
        sealcheck_testkit::shared::corpora(),
        sealcheck_testkit::shared::trust(),
    ) else {
        return Vec::new();
    };
    let folder = corpora.join("npm-attested");
    let root = fs::read(trust.join("public-good/trusted_root.json")).unwrap();
    let root = TrustedRoot::from_json(&root).unwrap();
    let identity = Identity::new(
        Pattern::glob("https://github.com/**").unwrap(),
        Pattern::exact("https://token.actions.githubusercontent.com").unwrap(),
    );
    let requirements =
        Requirements::identity(Identities::one(identity)).content(Content::AnyAttestation);
    let index = fs::read_to_string(folder.join("index.tsv")).unwrap();
    let mut out = Vec::new();
    for line in index.lines().skip(1) {
        let [package, tarball, kind, bundle, "js"] = line.split('\t').collect::<Vec<_>>()[..]
        else {
            continue;
        };
        let material =
            Material::from_bundle(&fs::read(folder.join("bundles").join(bundle)).unwrap()).unwrap();
        let bytes = fs::read(folder.join(tarball)).unwrap();
        let artifact = Artifact::from_reader(&bytes[..], &material.needs(&requirements)).unwrap();
        let now = Time::from_unix_seconds(1_780_000_000).unwrap();
        let verdict = verify(&material, &artifact, &root, &requirements, now);
        assert_eq!(verdict.outcome(), Outcome::Verified, "{package}: {verdict}");
        out.push((package.to_owned(), kind.to_owned(), verdict));
    }
    assert!(!out.is_empty());
    out
}

#[test]
fn npm_provenance_agrees_with_its_certificates() {
    for (package, kind, verdict) in npm() {
        let source = match package.contains("tuf-js") {
            true => "github.com/theupdateframework/tuf-js",
            false => "github.com/sigstore/sigstore-js",
        };
        let judged = judge(verdict.clone(), &demands(None, Some(source)));
        // Provenance of the first packages names npm itself as the builder, which no certificate confirms.
        let confirmed =
            !matches!(&verdict, v if builder(v).starts_with("https://github.com/npm/cli@"));
        match confirmed {
            true => assert_eq!(
                judged.outcome(),
                Outcome::Verified,
                "{package} {kind}: {judged}"
            ),
            false => assert_eq!(
                judged.failure().unwrap().reason,
                Reason::ProvenanceContradictsCertificate,
                "{package} {kind}"
            ),
        }
        for other in [
            "github.com/sigstore/sigstore",
            "github.com/sigstore/sigstore-js-2",
        ] {
            let judged = judge(verdict.clone(), &demands(None, Some(other)));
            assert_eq!(judged.outcome(), Outcome::Rejected, "{package}");
        }
        let runner = "https://github.com/actions/runner";
        let judged = judge(verdict.clone(), &demands(Some(runner), Some(source)));
        assert_eq!(
            judged.outcome() == Outcome::Verified,
            confirmed,
            "{package}: {judged}"
        );
        if confirmed {
            let facts = judge(verdict, &demands(None, None))
                .evidence()
                .predicate
                .clone();
            let Some(PredicateFacts::SlsaProvenance(facts)) = facts else {
                panic!("{package}: {facts:?}");
            };
            assert!(facts.source.unwrap().commit.is_some());
        }
    }
}

fn builder(verdict: &Verdict) -> String {
    let judged = judge(verdict.clone(), &demands(None, None));
    match &judged.evidence().predicate {
        Some(PredicateFacts::SlsaProvenance(facts)) => facts.builder.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn kubernetes_release_provenance_is_summarised() {
    let Some(corpora) = sealcheck_testkit::shared::corpora() else {
        return;
    };
    let mut read = 0;
    for file in fs::read_dir(corpora.join("kubernetes-provenance")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let statement: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let kind = PredicateKind::of(statement["predicateType"].as_str().unwrap());
        let facts = summarise(kind, &statement["predicate"].to_string()).unwrap();
        let PredicateFacts::SlsaProvenance(facts) = facts else {
            panic!("{facts:?}");
        };
        assert_eq!(&*facts.builder, "https://git.k8s.io/release/docs/krel");
        assert_eq!(
            &*facts.source.unwrap().uri,
            "git+https://github.com/kubernetes/kubernetes"
        );
        read += 1;
    }
    assert_eq!(read, 8);
}

#[test]
fn kubernetes_release_sboms_are_counted() {
    let Some(corpora) = sealcheck_testkit::shared::corpora() else {
        return;
    };
    for (file, version, files) in [
        ("k8s-release-sbom.spdx", "SPDX-2.3", 113),
        ("kubernetes-release.spdx", "SPDX-2.2", 111),
    ] {
        let text = fs::read_to_string(corpora.join("kubernetes-release-spdx").join(file)).unwrap();
        let predicate = Value::from(text).to_string();
        let facts = summarise(PredicateKind::Spdx, &predicate).unwrap();
        let PredicateFacts::Spdx(facts) = facts else {
            panic!("{facts:?}");
        };
        assert_eq!(&*facts.version, version);
        assert_eq!(facts.files, files, "{file}");
        assert!(facts.packages > 0 && facts.relationships > 0);
    }
}
