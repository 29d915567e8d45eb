//! What no material can bring about, because a step that is missing follows from one that failed.

use sealcheck_testkit::Instance;
use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};

use super::Run;
use crate::verdict::Proved;
use crate::{
    Artifact, Identities, Identity, Material, Outcome, Pattern, Reason, Requirements, TrustedRoot,
};

#[test]
fn a_step_that_was_not_made_is_none_that_holds() {
    let sigstore = Instance::new();
    let root = TrustedRoot::from_json(&sigstore.trusted_root_bytes()).unwrap();
    let material = Material::from_bundle(&sigstore.sign_blob(b"it").bundle_bytes()).unwrap();
    let requirements = Requirements::identity(Identities::one(Identity::new(
        Pattern::exact(DEFAULT_IDENTITY).unwrap(),
        Pattern::exact(DEFAULT_ISSUER).unwrap(),
    )));
    let run = Run {
        material: &material,
        artifact: &Artifact::from_bytes(b"it"),
        root: &root,
        requirements: &requirements,
        now: "2026-02-02T03:04:05Z".parse().unwrap(),
    };
    assert_eq!(run.prove().into_verdict().outcome(), Outcome::Verified);
    let forget: [fn(&mut Proved<'_, '_, '_>); 4] = [
        |proved| proved.log = None,
        |proved| proved.certificate = None,
        |proved| proved.signature = None,
        |proved| proved.identity = None,
    ];
    for (index, forget) in forget.into_iter().enumerate() {
        let mut proved = run.prove();
        forget(&mut proved);
        let verdict = proved.into_verdict();
        let reason = verdict.failure().map(|failure| failure.reason);
        assert_eq!(reason, Some(Reason::MaterialIncomplete), "{index}");
    }
}
