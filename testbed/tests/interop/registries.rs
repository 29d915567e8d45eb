//! The registries, as those who push and sign images see them.

use std::fs;
use std::process::Command;

use sealcheck_testbed::Testbed;

use crate::case::Kind;
use crate::sealcheck;
use crate::sign::{Who, run};

/// Crane pushes an image to each, and cosign signs it there, in its new form and its old one; only one has the referrers
/// API. Both programs accept what was signed, and refuse it by another key; what nobody signed is unsigned.
pub(crate) fn images_are_signed_and_judged(testbed: &Testbed) {
    let folder = testbed.folder.join("interop").join("registries");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("file"), "an image of one file").unwrap();
    run(Command::new("tar")
        .args(["-cf", "layer.tar", "file"])
        .current_dir(&folder));
    let registries = [
        (&testbed.crane_registry, false),
        (&testbed.distribution_registry, false),
        (&testbed.referrers_registry, true),
    ];
    for (registry, has_referrers) in registries {
        let registry = registry.as_deref().unwrap();
        let [image, legacy, unsigned] =
            ["app", "legacy", "unsigned"].map(|name| format!("{registry}/{name}:1"));
        let crane = || {
            let mut crane = Command::new(testbed.crane.as_ref().unwrap());
            crane.current_dir(&folder).env("HOME", &folder);
            crane
        };
        for image in [&image, &legacy, &unsigned] {
            let append = ["append", "--oci-empty-base", "-f", "layer.tar", "-t"];
            run(crane().args(append).arg(image));
        }
        let key = Who::Alice.key(testbed, Kind::P256);
        run(testbed
            .cosign()
            .args(["sign", "--yes", "--allow-http-registry", "--key"])
            .arg(key.with_extension("key"))
            .arg("--signing-config")
            .arg(&testbed.signing_config_v2)
            .arg(&image));
        let old_form = [
            "--new-bundle-format=false",
            "--use-signing-config=false",
            "--rekor-url",
            testbed.rekor_url.as_deref().unwrap(),
        ];
        run(testbed
            .cosign()
            .args(["sign", "--yes", "--allow-http-registry", "--key"])
            .arg(key.with_extension("key"))
            .args(old_form)
            .arg(&legacy));
        let other = Who::Bob.key(testbed, Kind::P256);
        for (image, key, accepted) in [
            (&image, &key, true),
            (&image, &other, false),
            (&legacy, &key, true),
            (&legacy, &other, false),
            (&unsigned, &key, false),
        ] {
            let key = key.with_extension("pub");
            let mut cosign = testbed.cosign();
            cosign.args(["verify", "--allow-http-registry", "--key"]);
            cosign.arg(&key);
            match image == &legacy {
                true => cosign.arg("--new-bundle-format=false"),
                false => cosign.arg("--trusted-root").arg(&testbed.trusted_root),
            };
            let theirs = cosign.arg(image).output().unwrap();
            assert_eq!(theirs.status.success(), accepted, "{image} {theirs:?}");
            let mut ours = sealcheck::command();
            ours.env("HOME", &folder)
                .arg("verify")
                .arg("--key")
                .arg(&key);
            ours.arg("--trusted-root").arg(&testbed.trusted_root);
            let ours = ours.arg(image).output().unwrap();
            let expected = match (accepted, image == &unsigned) {
                (true, _) => 0,
                (false, true) => 4,
                (false, false) => 1,
            };
            assert_eq!(ours.status.code(), Some(expected), "{image} {ours:?}");
        }
        let digest = crane().args(["digest", &image]).output().unwrap();
        let digest = String::from_utf8(digest.stdout).unwrap();
        let referrers = format!("http://{registry}/v2/app/referrers/{}", digest.trim());
        assert_eq!(is_found(&referrers), has_referrers, "{referrers}");
    }
}

fn is_found(url: &str) -> bool {
    let client = sealcheck_net::Client::new(sealcheck_net::Config::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let response = runtime.block_on(client.get(url).accept(404).send());
    response.unwrap().status() == 200
}
