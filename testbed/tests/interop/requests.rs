//! What verifying an image asks of its registry, counted of cosign: the column beside ours in `docs/requests.md`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;

use sealcheck_net::double::{Answer, Ask};
use sealcheck_registry::double::{Access, At, Fault, RegistryDouble};
use sealcheck_testbed::Testbed;
use sealcheck_testkit::Instance;
use sealcheck_testkit::image::{CasePlatforms, RequestCase, request_cases};

/// Cosign verifies each image that it can, at the registry that counts; with `SEALCHECK_WRITE_DOCS` set the column is written.
pub(crate) fn cosigns_are_counted(testbed: &Testbed) {
    let folder = testbed.folder.join("interop").join("requests");
    fs::create_dir_all(&folder).unwrap();
    let sigstore = Instance::new();
    fs::write(folder.join("root.json"), sigstore.trusted_root_bytes()).unwrap();
    let counted: BTreeMap<&str, String> = request_cases(&sigstore)
        .iter()
        .map(|case| (case.name, requests(testbed, &folder, case)))
        .collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/requests.md");
    let found = fs::read_to_string(&page).unwrap();
    let expected = with_column(&found, &counted);
    if env::var_os("SEALCHECK_WRITE_DOCS").is_some() {
        fs::write(&page, &expected).unwrap();
        return;
    }
    assert_eq!(
        found, expected,
        "docs/requests.md is not what was counted; this test with SEALCHECK_WRITE_DOCS=1 writes it"
    );
}

/// How many it takes, or that cosign does not verify single platforms.
fn requests(testbed: &Testbed, folder: &Path, case: &RequestCase) -> String {
    if case.platforms != CasePlatforms::AsGiven {
        return "–".to_owned();
    }
    // With TLS, which cosign tries first, and waits for.
    let registry = RegistryDouble::start_tls("registry.test");
    let authority = folder.join("registry.pem");
    fs::write(&authority, registry.http().ca_pem().unwrap()).unwrap();
    registry.hold("app", &case.repository);
    let challenge = format!(
        r#"Bearer realm="{}",service="double""#,
        registry.http().url("/token")
    );
    // Cosign asks first whether there is a registry.
    registry
        .http()
        .expect(Ask::get("/v2/"))
        .forever(match case.wants_token {
            true => Answer::status(401).header("www-authenticate", &challenge),
            false => Answer::json("{}"),
        });
    if !case.has_api {
        registry.fault(At::Referrers, Fault::PageNotFound);
    }
    if case.wants_token {
        registry.access(Access::anonymous_tokens());
    }
    let image = registry.reference(&case.reference()).to_string();
    let mut cosign = testbed.cosign();
    for (name, _) in testbed.legacy_trust() {
        cosign.env_remove(name);
    }
    cosign
        .env("HOME", folder)
        .args(["verify", "--registry-cacert"])
        .arg(&authority)
        .arg("--trusted-root")
        .arg(folder.join("root.json"))
        .args(["--certificate-identity", "signer@example.com"])
        .args(["--certificate-oidc-issuer", "https://accounts.example.com"]);
    let said = cosign.arg(&image).output().unwrap();
    let is_signed = !case.name.contains("unsigned");
    assert_eq!(said.status.success(), is_signed, "{}: {said:?}", case.name);
    registry.requests().len().to_string()
}

/// The page with these numbers in the third column of its table.
fn with_column(page: &str, counted: &BTreeMap<&str, String>) -> String {
    let mut seen = 0;
    let mut out = String::new();
    for line in page.lines() {
        let mut cells: Vec<String> = line.split('|').map(str::to_owned).collect();
        let count = cells.get(1).and_then(|name| counted.get(name.trim()));
        if let (Some(count), Some(cell)) = (count, cells.get_mut(3)) {
            *cell = format!(" {count} ");
            seen += 1;
        }
        out += &cells.join("|");
        out.push('\n');
    }
    assert_eq!(seen, counted.len(), "a row for each case, and none twice");
    out
}
