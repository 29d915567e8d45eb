//! What our program keeps of a proof (`--save-bundle`), shown to both.

use std::fs;

use sealcheck_testbed::Testbed;

use crate::case::{Case, Content, Form, Kind, Made, Services, Signer};
use crate::judge::{self, Says};
use crate::sign::{self, Who};

/// Cosign takes a kept proof for what it was made from, and for nothing else.
pub(crate) fn cosign_accepts_what_we_keep(testbed: &Testbed) {
    let keyless = Signer::Keyless(Kind::P256);
    let attestation = Content::Attestation("slsaprovenance1");
    for (content, signer, services, form) in [
        // The log is asked for its entry.
        (Content::Blob, keyless, Services::RekorV1, Form::Detached),
        (
            Content::Blob,
            Signer::Key(Kind::P256),
            Services::RekorV1,
            Form::Detached,
        ),
        (
            Content::Blob,
            Signer::Key(Kind::Rsa),
            Services::RekorV1,
            Form::Detached,
        ),
        (attestation, keyless, Services::RekorV1, Form::Detached),
        (Content::Blob, keyless, Services::Timestamp, Form::Detached),
        (
            Content::Blob,
            keyless,
            Services::Timestamp,
            Form::LegacyBundle,
        ),
        (Content::Blob, keyless, Services::RekorV1, Form::Bundle),
        (attestation, keyless, Services::RekorV2, Form::Bundle),
    ] {
        let made = Made::Signed;
        let case = Case {
            content,
            signer,
            services,
            form,
            made,
        };
        let folder = testbed.folder.join("interop/saved").join(case.name());
        let signed = folder.join("signed");
        let proof = sign::sign(testbed, &case, Who::Alice, "to be kept", &signed).unwrap();
        let place = folder.join("asked");
        let mut arguments = proof.keep(&place);
        arguments.extend(["--save-bundle", "kept.json"].map(str::to_owned));
        let ours = judge::ours(&proof, &place, &arguments);
        assert_eq!(ours.says, Says::Accepts, "{}", ours.text);

        let mut kept = proof.clone();
        kept.case.form = Form::Bundle;
        kept.material =
            serde_json::from_slice(&fs::read(place.join("kept.json")).unwrap()).unwrap();
        let mut altered = kept.clone();
        altered.artifact.push(b'!');
        for (proof, place, expected) in [
            (kept, "kept", Says::Accepts),
            (altered, "altered", Says::Rejects),
        ] {
            let (cosign, ours) = judge::both(testbed, &proof, &folder.join(place), "60s");
            assert_eq!(cosign.says, expected, "{}", cosign.text);
            assert_eq!(ours.says, expected, "{}", ours.text);
        }
    }
}
