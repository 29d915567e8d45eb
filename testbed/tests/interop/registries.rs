//! The registries, as those who push and sign images see them.

use std::fs;
use std::process::Command;

use sealcheck_testbed::Testbed;

use crate::case::Kind;
use crate::sign::{Who, run};

/// Crane pushes an image to each, and cosign signs it there; only one has the referrers API.
pub(crate) fn images_are_pushed_and_signed(testbed: &Testbed) {
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
        let image = format!("{registry}/app:1");
        let crane = || {
            let mut crane = Command::new(testbed.crane.as_ref().unwrap());
            crane.current_dir(&folder).env("HOME", &folder);
            crane
        };
        run(crane().args([
            "append",
            "--oci-empty-base",
            "-f",
            "layer.tar",
            "-t",
            &image,
        ]));
        let key = Who::Alice.key(testbed, Kind::P256);
        run(testbed
            .cosign()
            .args(["sign", "--yes", "--allow-http-registry", "--key"])
            .arg(key.with_extension("key"))
            .arg("--signing-config")
            .arg(&testbed.signing_config_v2)
            .arg(&image));
        run(testbed
            .cosign()
            .args(["verify", "--allow-http-registry", "--key"])
            .arg(key.with_extension("pub"))
            .arg("--trusted-root")
            .arg(&testbed.trusted_root)
            .arg(&image));
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
