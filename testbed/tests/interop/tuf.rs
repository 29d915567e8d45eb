//! The TUF repository, as its clients see it.

use std::fs;

use sealcheck_net::{Client, Config};
use sealcheck_testbed::Testbed;
use sealcheck_trust::{Http, InitialRoot, Mirror, Opened, Repository, Source, open};

use crate::sign::{Who, run};

/// No flag names a service or a trust root: all of it comes from the repository.
pub(crate) fn cosign_signs_and_verifies_with_it(testbed: &Testbed) {
    let folder = testbed.folder.join("interop").join("tuf");
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name);
    fs::write(file("token"), testbed.token(Who::Alice.email()).unwrap()).unwrap();
    fs::write(file("artifact"), "with trust from TUF").unwrap();
    let cosign = || {
        let mut cosign = testbed.cosign();
        // Where these are set, cosign does not look at TUF.
        for (name, _) in testbed.legacy_trust() {
            cosign.env_remove(name);
        }
        cosign
            .env_remove("TUF_MIRROR")
            .env("TUF_ROOT", file("cache"));
        cosign
    };
    run(cosign()
        .args(["initialize", "--mirror", &testbed.tuf_url, "--root"])
        .arg(&testbed.tuf_root));
    run(cosign()
        .args(["sign-blob", "--yes", "--identity-token"])
        .arg(file("token"))
        .arg("--bundle")
        .arg(file("bundle"))
        .arg(file("artifact")));
    run(cosign()
        .args(["verify-blob", "--certificate-identity", Who::Alice.email()])
        .args(["--certificate-oidc-issuer", &testbed.issuer_url])
        .arg("--bundle")
        .arg(file("bundle"))
        .arg(file("artifact")));
}

pub(crate) fn we_load_the_trusted_root_from_it(testbed: &Testbed) {
    let initial = InitialRoot::File {
        path: testbed.tuf_root.clone(),
        sha256: None,
    };
    let repository = Repository::new(Mirror::parse(&testbed.tuf_url).unwrap(), initial);
    let now = std::time::SystemTime::now().into();
    let Opened::RefreshDue(mut refresh) = open(&Source::Tuf(repository), now).unwrap() else {
        panic!("nothing is cached yet");
    };
    let http = Http::new(Client::new(Config::default()).unwrap(), refresh.url());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let loaded = runtime.block_on(refresh.run(http)).unwrap();
    assert_eq!(loaded.bytes, fs::read(&testbed.trusted_root).unwrap());
}
