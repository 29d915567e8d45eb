//! Real signatures.

use sealcheck_engine::{ArtifactSource, BlobRequest, Config, Engine, Input, Silent};
use sealcheck_testkit::shared;
use sealcheck_verify::{Identities, Identity, Outcome, Pattern, Reason, Requirements};

use crate::support::*;

#[test]
fn kubectl_of_kubernetes_1_26_holds_but_for_its_time() {
    let Some(corpora) = shared::corpora() else {
        return;
    };
    let folder = corpora.join("kubernetes-kubectl-v1.26.0-rc.1");
    let digest = std::fs::read_to_string(folder.join("kubectl.sha256")).unwrap();
    let requirements = |identity: &str| {
        Requirements::identity(Identities::one(Identity::new(
            Pattern::exact(identity).unwrap(),
            Pattern::exact("https://accounts.google.com").unwrap(),
        )))
    };
    let engine = Engine::new(Config::offline()).unwrap();
    let verify = |identity: &str, digest: &str| {
        let artifact = ArtifactSource::parse(&format!("sha256:{}", digest.trim())).unwrap();
        let mut request = BlobRequest::new(artifact, requirements(identity));
        request.material = detached(
            Input::File(folder.join("kubectl.sig")),
            Some(Input::File(folder.join("kubectl.cert"))),
        );
        engine.verify_blob(&request, &Silent)
    };
    let krel = "krel-staging@k8s-releng-prod.iam.gserviceaccount.com";
    let verdict = verify(krel, &digest);
    assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
    let checks = &verdict.evidence().checks;
    assert!(checks.certificate.passed() && checks.signature.passed());
    assert!(checks.identity.passed() && !checks.time.passed());
    let root = verdict.evidence().trusted_root.as_ref().unwrap();
    assert_eq!(root.source.as_deref(), Some("embedded:public-good"));
    let verdict = verify("somebody@example.com", &digest);
    assert_failed(&verdict, Outcome::Rejected, Reason::IdentityMismatch);
    let verdict = verify(krel, &"00".repeat(32));
    assert_failed(&verdict, Outcome::Rejected, Reason::SignatureInvalid);
}
