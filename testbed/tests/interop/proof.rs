//! A proof, and all that a verifier is told.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64_MIME};
use serde_json::{Value, json};

use crate::case::{Case, Form, Services, Signer};

/// A proof and all that a verifier is told.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub case: Case,
    pub artifact: Vec<u8>,
    /// A bundle of either format; or the texts `signature` and `certificate`, as in their files. With an `envelope` instead
    /// of the signature for attestations, and beside old formats a `timestamp`.
    pub material: Value,
    pub identity: String,
    pub issuer: String,
    pub key: Option<PathBuf>,
    /// The attestation's type, in the words of `--type`.
    pub predicate: Option<String>,
    /// The digest that the key signs, where the verifier is told.
    pub digest: Option<&'static str>,
    /// The trusted root. Where a verifier takes single files instead, they are made from it.
    pub root: Value,
    pub rekor_url: String,
    /// Where cosign put it, if that is a registry.
    pub attached: Option<Attached>,
}

/// What stands around a proof in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Attached {
    /// The image's name.
    pub image: String,
    /// The manifest that cosign wrote.
    pub manifest: Value,
}

impl Proof {
    /// Writes everything that a verifier needs to a folder, and returns the arguments that both programs understand.
    pub(crate) fn keep(&self, folder: &Path) -> Vec<String> {
        fs::create_dir_all(folder).unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
        put("artifact", &self.artifact);
        self.keep_root(folder);
        let mut material = self.material.clone();
        let mut take = |name: &str| material.as_object_mut().unwrap().remove(name);
        let mut arguments = self.told(folder);
        if self.case.form != Form::Bundle {
            arguments.push("--new-bundle-format=false".to_owned());
            if let Some(timestamp) = take("timestamp") {
                put("artifact.timestamp", timestamp.to_string().as_bytes());
                arguments.extend([
                    "--rfc3161-timestamp".to_owned(),
                    "artifact.timestamp".to_owned(),
                ]);
            }
        }
        let envelope = take("envelope").map(|envelope| envelope.to_string().into_bytes());
        match self.case.form {
            Form::Bundle | Form::Tag => {}
            Form::LegacyBundle => {
                if let Some(envelope) = envelope {
                    material["base64Signature"] = BASE64.encode(&envelope).into();
                }
            }
            Form::Detached => {
                let text = |value: Value| value.as_str().unwrap().as_bytes().to_vec();
                let signature = envelope.or_else(|| take("signature").map(text));
                put("artifact.sig", &signature.unwrap_or_default());
                arguments.extend(["--signature".to_owned(), "artifact.sig".to_owned()]);
                if let Some(certificate) = take("certificate") {
                    put("artifact.cert", &text(certificate));
                    arguments.extend(["--certificate".to_owned(), "artifact.cert".to_owned()]);
                }
                arguments.extend(["--rekor-url".to_owned(), self.rekor_url.clone()]);
            }
        }
        if self.case.form != Form::Detached {
            put("bundle.json", pretty(&material).as_bytes());
            arguments.extend(["--bundle".to_owned(), "bundle.json".to_owned()]);
        }
        arguments.push("artifact".to_owned());
        arguments
    }

    pub(crate) fn keep_root(&self, folder: &Path) {
        fs::write(folder.join(TRUSTED_ROOT), pretty(&self.root)).unwrap();
    }

    /// The command, and who must have signed.
    pub(crate) fn told(&self, folder: &Path) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut say =
            |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
        match (self.case.content.is_image(), &self.predicate) {
            (false, None) => say(&["verify-blob"]),
            (false, Some(kind)) => say(&["verify-blob-attestation", "--type", kind]),
            (true, None) => say(&["verify"]),
            (true, Some(kind)) => say(&["verify-attestation", "--type", kind]),
        }
        match &self.key {
            Some(key) => {
                fs::copy(key, folder.join("key.pub")).unwrap();
                say(&["--key", "key.pub"]);
            }
            None => {
                say(&["--certificate-identity", &self.identity]);
                say(&["--certificate-oidc-issuer", &self.issuer]);
            }
        }
        if let Some(digest) = self.digest {
            say(&["--signature-digest-algorithm", digest]);
        }
        // Of images cosign finds it out.
        if self.case.services.has_timestamp() && !self.case.content.is_image() {
            say(&["--use-signed-timestamps"]);
        }
        if matches!(self.case.services, Services::Timestamp | Services::Nothing) {
            say(&["--insecure-ignore-tlog"]);
        }
        if let Signer::OwnAuthority { with_chain } = self.case.signer {
            say(&["--insecure-ignore-sct"]);
            if with_chain {
                say(&["--allow-certificate-chain"]);
            }
        }
        arguments
    }

    /// The trusted root as the single files that cosign takes for old formats: variable and content.
    pub(crate) fn trust_files(&self) -> Vec<(&'static str, String)> {
        let certificates = |section: &str| -> String {
            let authorities = self.root[section].as_array().into_iter().flatten();
            authorities
                .flat_map(|authority| authority["certChain"]["certificates"].as_array().unwrap())
                .map(|certificate| pem("CERTIFICATE", &certificate["rawBytes"]))
                .collect()
        };
        let key = |section: &str| {
            pem(
                "PUBLIC KEY",
                &self.root[section][0]["publicKey"]["rawBytes"],
            )
        };
        vec![
            ("SIGSTORE_ROOT_FILE", certificates("certificateAuthorities")),
            ("SIGSTORE_REKOR_PUBLIC_KEY", key("tlogs")),
            ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", key("ctlogs")),
            (
                "SIGSTORE_TSA_CERTIFICATE_FILE",
                certificates("timestampAuthorities"),
            ),
        ]
    }

    pub(crate) fn has_log_entry(&self) -> bool {
        self.material.get("rekorBundle").is_some()
            || self
                .material
                .pointer("/verificationMaterial/tlogEntries/0")
                .is_some()
            || self.case.form == Form::Detached && self.case.services.has_log()
    }

    /// Reads what cosign wrote to a folder: `bundle`, `sig`, `cert`, `timestamp`.
    pub(crate) fn material(case: &Case, folder: &Path) -> Value {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let parse = |text: &String| serde_json::from_str::<Value>(text).unwrap();
        let is_attestation = case.is_attestation();
        let mut material = match case.form {
            Form::Detached => {
                let signature = read("sig").expect("cosign wrote a signature");
                let mut material = match is_attestation {
                    true => json!({"envelope": parse(&signature)}),
                    false => json!({"signature": signature}),
                };
                if let Some(certificate) = read("cert") {
                    material["certificate"] = certificate.into();
                }
                material
            }
            _ => parse(&read("bundle").expect("cosign wrote a bundle")),
        };
        if case.form == Form::LegacyBundle && is_attestation {
            let envelope = material.as_object_mut().unwrap().remove("base64Signature");
            let envelope = BASE64.decode(envelope.unwrap().as_str().unwrap().as_bytes());
            material["envelope"] = serde_json::from_slice(&envelope.unwrap()).unwrap();
        }
        if case.form != Form::Bundle
            && let Some(timestamp) = read("timestamp")
        {
            material["timestamp"] = parse(&timestamp);
        }
        material
    }
}

/// A PEM text around what is base64 already.
fn pem(label: &str, base64: &Value) -> String {
    let Some(der) = base64
        .as_str()
        .map(|text| BASE64.decode(text.as_bytes()).unwrap())
    else {
        return String::new();
    };
    let lines = BASE64_MIME.encode(&der).replace("\r\n", "\n");
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// The trusted root's file.
pub(crate) const TRUSTED_ROOT: &str = "trusted_root.json";
