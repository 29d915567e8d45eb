//! An authority that no trusted root has, named by flags.

use std::fs;
use std::path::PathBuf;

use sealcheck_testbed::Testbed;
use serde_json::Value;

use crate::case::{Case, Content, Form, Kind, Made, Services, Signer};
use crate::judge::{self, Says};
use crate::sign::{self, Who};

/// Both programs believe the certificates that they are told, in place of the known ones, and no others.
pub(crate) fn flags_name_an_authority(testbed: &Testbed) {
    let file = |name: &str| testbed.folder.join(name);
    let (root, between) = (file("own-root.crt"), file("own-between.crt"));
    let chain = file("own-chain.pem");
    let roots = |root: &PathBuf| ("--ca-roots", root.clone());
    let intermediates = ("--ca-intermediates", between.clone());
    let own = [
        (vec![roots(&root), intermediates.clone()], Says::Accepts),
        (vec![("--certificate-chain", chain)], Says::Accepts),
        // What is between the certificate and the root is missing.
        (vec![roots(&root)], Says::Rejects),
        (vec![("--certificate-chain", root)], Says::Rejects),
        // Another root.
        (
            vec![roots(&file("fulcio.crt")), intermediates],
            Says::Rejects,
        ),
        // None is named, and the trusted root has Fulcio's.
        (vec![], Says::Rejects),
    ];
    let fulcio = file("fulcio.crt");
    let keyless = [
        (vec![roots(&fulcio)], Says::Accepts),
        (vec![("--certificate-chain", fulcio)], Says::Accepts),
        (vec![roots(&file("own-root.crt"))], Says::Rejects),
        (
            vec![("--certificate-chain", file("own-chain.pem"))],
            Says::Rejects,
        ),
    ];
    let own_authority = Signer::OwnAuthority { with_chain: false };
    check(testbed, own_authority, &own);
    check(testbed, Signer::Keyless(Kind::P256), &keyless);
}

/// Each list of flags, with the verdict of both.
fn check(testbed: &Testbed, signer: Signer, told: &[(Vec<(&str, PathBuf)>, Says)]) {
    let case = Case {
        content: Content::Blob,
        signer,
        services: Services::RekorV1,
        form: Form::LegacyBundle,
        made: Made::Signed,
    };
    let folder = testbed.folder.join("interop/authorities").join(case.name());
    let mut proof =
        sign::sign(testbed, &case, Who::Alice, "signed", &folder.join("proof")).unwrap();
    let known = fs::read(&testbed.trusted_root).unwrap();
    proof.root = serde_json::from_slice::<Value>(&known).unwrap();
    for (index, (flags, expected)) in told.iter().enumerate() {
        let place = folder.join(index.to_string());
        let mut arguments = proof.keep(&place);
        for (flag, file) in flags {
            arguments.extend([(*flag).to_owned(), file.display().to_string()]);
        }
        let cosign = judge::cosign(testbed, &proof, &place, &arguments);
        let ours = judge::ours_by_variables(&proof, &place, &arguments);
        assert_eq!(cosign.says, *expected, "{}", cosign.text);
        assert_eq!(ours.says, *expected, "{}", ours.text);
    }
}
