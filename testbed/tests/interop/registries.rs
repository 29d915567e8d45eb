//! The registries, as those who push, sign and verify images see them: everything that cosign attaches to an image, in each.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use sealcheck_testbed::Testbed;
use serde_json::Value;

use crate::case::{Case, Content, Form, Kind, Services, Signer};
use crate::image::{self, crane, repository};
use crate::sealcheck;
use crate::sign::{self, Who, run};

/// The registry of crane: it has no referrers API.
pub(crate) fn cranes(testbed: &Testbed) {
    everything(testbed, "crane", testbed.crane_registry.as_deref(), false);
}

/// The distribution registry: nor has it.
pub(crate) fn distributions(testbed: &Testbed) {
    let registry = testbed.distribution_registry.as_deref();
    everything(testbed, "distribution", registry, false);
}

/// The one with the referrers API.
pub(crate) fn referrers(testbed: &Testbed) {
    let registry = testbed.referrers_registry.as_deref();
    everything(testbed, "referrers", registry, true);
}

fn everything(testbed: &Testbed, name: &str, registry: Option<&str>, has_referrers: bool) {
    let place = Place {
        testbed,
        registry: registry.unwrap(),
        folder: testbed.folder.join("interop/registries").join(name),
    };
    fs::create_dir_all(&place.folder).unwrap();
    for case in Case::images() {
        place.form(&case);
    }
    for form in [Form::Bundle, Form::Tag] {
        let signed = case(Content::Image, form);
        place.annotations(&signed);
        place.several_signers(&signed);
        place.recursively(&signed);
        place.repository_of_signatures(&signed);
        place.saved(&signed);
    }
    let image = place.push("asked");
    place.neither(
        &image,
        &case(Content::Image, Form::Bundle),
        Who::Alice,
        &[],
        4,
    );
    let digest = image::digest(testbed, &place.folder, &image);
    let referrers = format!("http://{}/v2/asked/referrers/{digest}", place.registry);
    assert_eq!(is_found(&referrers), has_referrers, "{referrers}");
}

fn case(content: Content, form: Form) -> Case {
    let of_form = |case: &Case| {
        case.content == content
            && case.form == form
            && case.signer == Signer::Keyless(Kind::P256)
            && case.services == Services::RekorV1
    };
    Case::images().into_iter().find(of_form).unwrap()
}

struct Place<'t> {
    testbed: &'t Testbed,
    registry: &'t str,
    folder: PathBuf,
}

impl Place<'_> {
    /// An image that nobody else has.
    fn push(&self, name: &str) -> String {
        let image = format!("{}/{name}:1", self.registry);
        image::push(self.testbed, name.as_bytes(), &self.folder, &image);
        image
    }

    fn sign(&self, case: &Case, who: Who, image: &str, more: &[&str]) {
        run(sign::attach(self.testbed, case, who, image, &self.folder).args(more));
    }

    /// Both accept it as the signer's, refuse it as another's, and print the same about it.
    fn form(&self, case: &Case) {
        let image = self.push(&case.name());
        self.sign(case, Who::Alice, &image, &[]);
        self.both(&image, case, Who::Alice, &[]);
        self.neither(&image, case, Who::Bob, &[], 1);
        let printed = |output: Output| -> Vec<Value> {
            let text = String::from_utf8(output.stdout).unwrap();
            serde_json::Deserializer::from_str(&text)
                .into_iter()
                .flat_map(|value: Result<Value, _>| match value.unwrap() {
                    Value::Array(list) => list,
                    other => vec![other],
                })
                .collect()
        };
        let theirs = printed(self.cosign(&image, case, Who::Alice, &[]));
        let ours = printed(self.ours(&image, case, Who::Alice, &["-o", "cosign"]));
        assert_eq!(theirs.len(), ours.len(), "{theirs:?} {ours:?}");
        for (theirs, ours) in theirs.iter().zip(&ours) {
            compare(theirs, ours, &case.name());
        }
    }

    fn annotations(&self, case: &Case) {
        let image = self.push(&format!("annotated-{}", case.name()));
        self.sign(case, Who::Alice, &image, &["-a", "stage=production"]);
        self.both(&image, case, Who::Alice, &["-a", "stage=production"]);
        self.neither(&image, case, Who::Alice, &["-a", "stage=test"], 1);
        self.neither(&image, case, Who::Alice, &["-a", "other=production"], 1);
    }

    fn several_signers(&self, case: &Case) {
        let image = self.push(&format!("several-{}", case.name()));
        self.sign(case, Who::Alice, &image, &[]);
        self.neither(&image, case, Who::Bob, &[], 1);
        self.sign(case, Who::Bob, &image, &[]);
        self.both(&image, case, Who::Alice, &[]);
        self.both(&image, case, Who::Bob, &[]);
    }

    /// An index and the images in it, signed by one command.
    fn recursively(&self, case: &Case) {
        let name = format!("recursive-{}", case.name());
        let image = format!("{}/{name}:1", self.registry);
        let mut index = crane(self.testbed, &self.folder);
        index.args(["index", "append", "-t", &image]);
        for architecture in ["amd64", "arm64"] {
            let part = format!("{}/{name}:{architecture}", self.registry);
            image::push(self.testbed, part.as_bytes(), &self.folder, &part);
            let platform = format!("linux/{architecture}");
            let mut mutate = crane(self.testbed, &self.folder);
            run(mutate.args(["mutate", "--set-platform", &platform, "-t", &part, &part]));
            index.args(["-m", &part]);
        }
        run(&mut index);
        self.sign(case, Who::Alice, &image, &["--recursive"]);
        self.both(&image, case, Who::Alice, &[]);
        for architecture in ["amd64", "arm64"] {
            let part = format!("{}/{name}:{architecture}", self.registry);
            let digest = image::digest(self.testbed, &self.folder, &part);
            self.both(
                &format!("{}@{digest}", repository(&part)),
                case,
                Who::Alice,
                &[],
            );
        }
        let ours = self.ours(&image, case, Who::Alice, &["--all-platforms"]);
        assert_eq!(ours.status.code(), Some(0), "{ours:?}");
    }

    fn repository_of_signatures(&self, case: &Case) {
        let image = self.push(&format!("elsewhere-{}", case.name()));
        let other = format!("{}/signatures", self.registry);
        let within = |mut command: Command| {
            let output = command.env("COSIGN_REPOSITORY", &other).output();
            output.unwrap()
        };
        let sign = sign::attach(self.testbed, case, Who::Alice, &image, &self.folder);
        let signed = within(sign);
        assert!(signed.status.success(), "{image} {signed:?}");
        let theirs = within(self.cosign_command(&image, case, Who::Alice, &[]));
        let ours = within(self.our_command(&image, case, Who::Alice, &[]));
        assert_eq!(theirs.status.code(), Some(0), "{image} {theirs:?}");
        assert_eq!(ours.status.code(), Some(0), "{image} {ours:?}");
        self.neither(&image, case, Who::Alice, &[], 4);
    }

    /// What `cosign save` writes to a folder.
    fn saved(&self, case: &Case) {
        let name = format!("saved-{}", case.name());
        let image = self.push(&name);
        self.sign(case, Who::Alice, &image, &[]);
        let saved = self.folder.join(&name);
        let mut save = self.testbed.cosign();
        run(save
            .args(["save", "--allow-http-registry", "--dir"])
            .arg(&saved)
            .arg(&image));
        let local = saved.to_str().unwrap();
        self.both(local, case, Who::Alice, &["--local-image"]);
        self.neither(local, case, Who::Bob, &["--local-image"], 1);
    }

    fn both(&self, image: &str, case: &Case, who: Who, more: &[&str]) {
        let theirs = self.cosign(image, case, who, more);
        assert_eq!(theirs.status.code(), Some(0), "{image} {theirs:?}");
        let ours = self.ours(image, case, who, more);
        assert_eq!(ours.status.code(), Some(0), "{image} {ours:?}");
    }

    /// Neither accepts it; sealcheck ends with this code.
    fn neither(&self, image: &str, case: &Case, who: Who, more: &[&str], code: i32) {
        let theirs = self.cosign(image, case, who, more);
        assert!(!theirs.status.success(), "{image} {theirs:?}");
        let ours = self.ours(image, case, who, more);
        assert_eq!(ours.status.code(), Some(code), "{image} {ours:?}");
    }

    fn cosign(&self, image: &str, case: &Case, who: Who, more: &[&str]) -> Output {
        self.cosign_command(image, case, who, more)
            .output()
            .unwrap()
    }

    fn ours(&self, image: &str, case: &Case, who: Who, more: &[&str]) -> Output {
        self.our_command(image, case, who, more).output().unwrap()
    }

    fn cosign_command(&self, image: &str, case: &Case, who: Who, more: &[&str]) -> Command {
        let mut cosign = self.testbed.cosign();
        cosign
            .args(self.told(case, who))
            .arg("--allow-http-registry");
        match case.form {
            Form::Bundle => cosign.arg("--trusted-root").arg(&self.testbed.trusted_root),
            _ => cosign.arg("--new-bundle-format=false"),
        };
        cosign.args(more).arg(image);
        cosign
    }

    fn our_command(&self, image: &str, case: &Case, who: Who, more: &[&str]) -> Command {
        let mut ours = sealcheck::command();
        ours.env("HOME", &self.folder).args(self.told(case, who));
        ours.arg("--trusted-root").arg(&self.testbed.trusted_root);
        ours.args(more).arg(image);
        ours
    }

    /// The command, and who must have signed.
    fn told(&self, case: &Case, who: Who) -> Vec<String> {
        let mut told = match case.content.predicate() {
            None => vec!["verify".to_owned()],
            Some(kind) => vec!["verify-attestation".into(), "--type".into(), kind.into()],
        };
        match case.signer {
            Signer::Key(kind) => {
                let key = who.key(self.testbed, kind).with_extension("pub");
                told.extend(["--key".into(), key.display().to_string()]);
            }
            _ => {
                told.extend(["--certificate-identity".into(), who.email().into()]);
                let issuer = self.testbed.issuer_url.clone();
                told.extend(["--certificate-oidc-issuer".into(), issuer]);
            }
        }
        told
    }
}

/// Every field that cosign prints, sealcheck prints with the same value. Of bundles it prints the signer as well, which
/// cosign leaves out there (docs/images.md).
fn compare(theirs: &Value, ours: &Value, at: &str) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (name, value) in theirs {
                let other = ours.get(name).unwrap_or_else(|| panic!("no {at}.{name}"));
                compare(value, other, &format!("{at}.{name}"));
            }
            for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
                assert!(MORE.contains(&name.as_str()), "{at}.{name}");
            }
        }
        _ => assert_eq!(theirs, ours, "{at}"),
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

/// What `-o cosign` has of a bundle and cosign has not.
const MORE: [&str; 4] = ["Issuer", "Subject", "1.3.6.1.4.1.57264.1.1", "optional"];
