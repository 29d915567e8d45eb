//! What cosign is asked to sign, and how.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealcheck_testbed::Testbed;
use serde_json::Value;

/// Who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    Keyless,
    /// The key pair of this name.
    Key(&'static str),
}

/// Which log and authority vouch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Services {
    RekorV1,
    RekorV2,
    /// A timestamp and no log.
    NoLog,
    /// Neither.
    Nothing,
}

/// In which form the proof is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Bundle,
    LegacyBundle,
    /// `.sig`, and `.cert` for keyless.
    Detached,
}

/// One way to use cosign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub name: &'static str,
    pub form: Form,
    pub signer: Signer,
    pub services: Services,
    /// The attestation's type, as cosign calls it; `None` for a signature.
    pub predicate: Option<&'static str>,
}

/// A proof and all that a verifier is told.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub case: Case,
    pub artifact: Vec<u8>,
    pub material: Content,
    pub identity: String,
    pub issuer: String,
    pub key: Option<PathBuf>,
    /// A trusted root, in JSON.
    pub root: Value,
    /// The same for cosign's legacy formats, by environment.
    pub legacy_trust: Vec<(&'static str, PathBuf)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A bundle, of either format.
    Json(Value),
    Detached {
        signature: Vec<u8>,
        certificate: Option<Vec<u8>>,
    },
}

impl Case {
    pub(crate) fn all() -> Vec<Self> {
        use Form::{Bundle, Detached, LegacyBundle};
        use Services::{NoLog, Nothing, RekorV1, RekorV2};
        let keyless = Signer::Keyless;
        let p256 = Signer::Key("p256");
        let case = |name, form, signer, services, predicate| Self {
            name,
            form,
            signer,
            services,
            predicate,
        };
        let mut all = vec![
            case(
                "blob-keyless-rekor-v1-bundle",
                Bundle,
                keyless,
                RekorV1,
                None,
            ),
            case(
                "blob-keyless-rekor-v2-bundle",
                Bundle,
                keyless,
                RekorV2,
                None,
            ),
            case(
                "blob-keyless-timestamp-bundle",
                Bundle,
                keyless,
                NoLog,
                None,
            ),
            case(
                "blob-keyless-rekor-v1-legacy-bundle",
                LegacyBundle,
                keyless,
                RekorV1,
                None,
            ),
            case(
                "blob-keyless-rekor-v1-detached",
                Detached,
                keyless,
                RekorV1,
                None,
            ),
            case("blob-p256-rekor-v1-bundle", Bundle, p256, RekorV1, None),
            case("blob-p256-rekor-v2-bundle", Bundle, p256, RekorV2, None),
            case("blob-p256-timestamp-bundle", Bundle, p256, NoLog, None),
            case(
                "blob-p256-rekor-v1-legacy-bundle",
                LegacyBundle,
                p256,
                RekorV1,
                None,
            ),
            case("blob-p256-rekor-v1-detached", Detached, p256, RekorV1, None),
            case("blob-p256-nothing-bundle", Bundle, p256, Nothing, None),
        ];
        for (name, form) in [
            ("blob-ed25519-rekor-v1-legacy-bundle", LegacyBundle),
            ("blob-ed25519-rekor-v1-detached", Detached),
        ] {
            all.push(case(name, form, Signer::Key("ed25519"), RekorV1, None));
        }
        for (name, form) in [
            ("blob-rsa-rekor-v1-legacy-bundle", LegacyBundle),
            ("blob-rsa-rekor-v1-detached", Detached),
        ] {
            all.push(case(name, form, Signer::Key("rsa"), RekorV1, None));
        }
        for (name, services) in [
            ("blob-ed25519-timestamp-bundle", NoLog),
            ("blob-ed25519-nothing-bundle", Nothing),
        ] {
            all.push(case(name, Bundle, Signer::Key("ed25519"), services, None));
        }
        for (name, signer) in [
            ("blob-ed25519-rekor-v1-bundle", "ed25519"),
            ("blob-rsa-rekor-v1-bundle", "rsa"),
        ] {
            all.push(case(name, Bundle, Signer::Key(signer), RekorV1, None));
        }
        for (name, signer) in [
            ("blob-ed25519-rekor-v2-bundle", "ed25519"),
            ("blob-rsa-rekor-v2-bundle", "rsa"),
        ] {
            all.push(case(name, Bundle, Signer::Key(signer), RekorV2, None));
        }
        for (name, signer, services) in [
            ("attestation-keyless-rekor-v1-bundle", keyless, RekorV1),
            ("attestation-keyless-rekor-v2-bundle", keyless, RekorV2),
            ("attestation-p256-rekor-v1-bundle", p256, RekorV1),
            ("attestation-p256-rekor-v2-bundle", p256, RekorV2),
        ] {
            all.push(case(
                name,
                Bundle,
                signer,
                services,
                Some("slsaprovenance1"),
            ));
        }
        all
    }

    /// Has cosign sign an artifact of its own.
    pub(crate) fn sign(self, testbed: &Testbed, which: &str) -> Proof {
        let folder = testbed.folder.join("interop").join(self.name).join(which);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("artifact");
        let artifact = format!("{which} of {}\n", self.name).into_bytes();
        fs::write(&file, &artifact).unwrap();
        let mut cosign = testbed.cosign();
        match self.predicate {
            None => cosign.arg("sign-blob"),
            Some(kind) => {
                let predicate = folder.join("predicate");
                fs::write(&predicate, PREDICATE).unwrap();
                cosign
                    .args(["attest-blob", "--type", kind, "--predicate"])
                    .arg(predicate)
            }
        };
        cosign.arg("--yes");
        let rekor = testbed.rekor_url.as_deref().unwrap();
        match self.form {
            Form::Bundle => {
                cosign.arg("--signing-config").arg(match self.services {
                    Services::RekorV1 => testbed.signing_config_v1.clone(),
                    Services::RekorV2 => testbed.signing_config_v2.clone(),
                    Services::NoLog => testbed.signing_config_no_log.clone(),
                    Services::Nothing => testbed.folder.join(NOTHING),
                });
                cosign.arg("--bundle").arg(folder.join("bundle"));
            }
            form => {
                cosign.args(["--use-signing-config=false", "--new-bundle-format=false"]);
                cosign.args(["--rekor-url", rekor]);
                cosign.args(["--fulcio-url", testbed.fulcio_url.as_deref().unwrap()]);
                if form == Form::LegacyBundle {
                    cosign.arg("--bundle").arg(folder.join("bundle"));
                } else {
                    cosign.arg("--output-signature").arg(folder.join("sig"));
                    if self.signer == Signer::Keyless {
                        cosign.arg("--output-certificate").arg(folder.join("cert"));
                    }
                }
            }
        }
        match self.signer {
            Signer::Keyless => {
                // By file: cosign takes a text for a token only if it is signed with RS256.
                let token = folder.join("token");
                fs::write(&token, testbed.token(EMAIL).unwrap()).unwrap();
                cosign.arg("--identity-token").arg(token)
            }
            Signer::Key(name) => cosign
                .arg("--key")
                .arg(testbed.folder.join(format!("{name}.key"))),
        };
        run(cosign.arg(&file));
        let read = |name: &str| fs::read(folder.join(name)).ok();
        let material = match read("bundle") {
            Some(bundle) => Content::Json(serde_json::from_slice(&bundle).unwrap()),
            None => Content::Detached {
                signature: read("sig").expect("cosign wrote a signature"),
                certificate: read("cert"),
            },
        };
        Proof {
            case: self,
            artifact,
            material,
            identity: EMAIL.into(),
            issuer: testbed.issuer_url.clone(),
            key: match self.signer {
                Signer::Keyless => None,
                Signer::Key(name) => Some(testbed.folder.join(format!("{name}.pub"))),
            },
            root: serde_json::from_slice(&fs::read(&testbed.trusted_root).unwrap()).unwrap(),
            legacy_trust: testbed
                .legacy_trust()
                .map(|(name, file)| (name, file.to_owned()))
                .to_vec(),
        }
    }
}

impl Proof {
    /// Writes everything that a verifier needs to a folder.
    pub(crate) fn keep(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
        put("artifact", &self.artifact);
        put(
            "trusted_root.json",
            &serde_json::to_vec_pretty(&self.root).unwrap(),
        );
        put(
            "signer.txt",
            format!("{}\n{}\n", self.identity, self.issuer).as_bytes(),
        );
        if let Some(key) = &self.key {
            put("key.pub", &fs::read(key).unwrap());
        }
        match &self.material {
            Content::Json(bundle) => put("bundle.json", bundle.to_string().as_bytes()),
            Content::Detached {
                signature,
                certificate,
            } => {
                put("artifact.sig", signature);
                if let Some(certificate) = certificate {
                    put("artifact.cert", certificate);
                }
            }
        }
    }
}

/// Makes the keys that the cases sign with, and one that signs nothing.
pub(crate) fn prepare(testbed: &Testbed) {
    let folder = &testbed.folder;
    let nothing = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}"#;
    fs::write(folder.join(NOTHING), nothing).unwrap();
    for (name, algorithm) in [
        (
            "p256",
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        ),
        ("ed25519", &["-algorithm", "ed25519"]),
        (
            "rsa",
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        ),
        (
            "other",
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ),
    ] {
        let pem = folder.join(format!("{name}.pem"));
        run(Command::new("openssl")
            .arg("genpkey")
            .args(algorithm)
            .arg("-out")
            .arg(&pem));
        let prefix = folder.join(name);
        let mut cosign = testbed.cosign();
        cosign
            .arg("import-key-pair")
            .arg("--key")
            .arg(&pem)
            .arg("--output-key-prefix")
            .arg(prefix);
        run(&mut cosign);
    }
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) const EMAIL: &str = "alice@example.com";
const NOTHING: &str = "signing_config_nothing.json";
const PREDICATE: &str = r#"{"buildDefinition":{"buildType":"https://example.com/build","externalParameters":{},
"resolvedDependencies":[]},"runDetails":{"builder":{"id":"https://example.com/builder"}}}"#;
