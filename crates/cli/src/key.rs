//! Public keys as cosign's users name them.

use sealcheck_engine::{Engine, Input};
use sealcheck_verify::limits::CERTIFICATE_BYTES;
use sealcheck_verify::{Failure, PublicKey, Reason};

use crate::files;
use crate::problem::{Problem, Result};

/// Where a key is.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// It is here.
    Read(PublicKey),
    /// It has to be fetched.
    Url(String),
}

impl KeySource {
    /// Reads a key reference: a path, `env://NAME`, or an address, which is fetched later.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Self::file(text);
        };
        match (scheme.to_ascii_lowercase().as_str(), rest.strip_prefix("//")) {
            ("http" | "https", Some(_)) => Ok(Self::Url(text.to_owned())),
            ("env", Some(name)) => {
                let value = std::env::var_os(name).ok_or_else(|| {
                    Problem::argument(format!("--key names the variable {name:?}, which is not set"))
                        .with_hint("Set it to the public key in PEM, and export it; or give a file with --key.")
                })?;
                parse(value.as_encoded_bytes(), text).map(Self::Read)
            }
            ("k8s", Some(_)) => Err(refused(text, "keys in Kubernetes secrets")
                .with_hint("Write the key to a file first: kubectl get secret NAME -n NAMESPACE -o jsonpath='{.data.cosign\\.pub}' | base64 -d > cosign.pub")),
            ("gitlab", Some(_)) => Err(refused(text, "keys in GitLab variables")
                .with_hint("In a GitLab job: --key env://COSIGN_PUBLIC_KEY")),
            ("pkcs11", _) => Err(refused(text, "hardware tokens").with_hint(EXPORT)),
            ("awskms" | "gcpkms" | "azurekms" | "hashivault" | "openbao", Some(_)) => Err(refused(text, "key management services")
                .with_hint(EXPORT)),
            (scheme, Some(_)) => Err(Problem::argument(format!("--key has the unknown scheme `{scheme}`"))
                .with_hint("Give a file, an http(s) address, or env://NAME.")),
            (_, None) => Self::file(text),
        }
    }

    fn file(path: &str) -> Result<Self> {
        let bytes = files::read(path.as_ref(), CERTIFICATE_BYTES).map_err(unreadable)?;
        parse(&bytes, path).map(Self::Read)
    }

    /// The key, fetched when it has to be.
    pub(crate) fn load(self, engine: &Engine) -> Result<PublicKey> {
        match self {
            Self::Read(key) => Ok(key),
            Self::Url(url) => {
                let input = Input::Url(url);
                let bytes = engine.read(&input, CERTIFICATE_BYTES).map_err(unreadable)?;
                parse(&bytes, &input.name())
            }
        }
    }
}

fn parse(bytes: &[u8], name: &str) -> Result<PublicKey> {
    if bytes.trim_ascii().is_empty() {
        return Err(Failure::new(Reason::KeyMalformed)
            .at(name)
            .found("nothing")
            .into());
    }
    let text = String::from_utf8_lossy(bytes);
    let problem = |failure: Failure| Problem::from(failure.of_file(name));
    PublicKey::parse(bytes).map_err(|failure| match () {
        () if text.contains("PRIVATE KEY-----") => problem(failure)
            .with_hint("This is a private key; keep it secret. The public one is made from it: cosign public-key --key FILE, or openssl pkey -in FILE -pubout."),
        () if text.contains("BEGIN CERTIFICATE-----") => problem(failure)
            .with_hint("This is a certificate: give it with --certificate, and say who must have signed with --certificate-identity and --certificate-oidc-issuer."),
        () => problem(failure),
    })
}

/// A key is no proof: what reads files and addresses says what it reads most.
fn unreadable(failure: Failure) -> Failure {
    match failure.reason {
        Reason::ProofUnreadable => Failure {
            reason: Reason::KeyUnreadable,
            expected: None,
            ..failure
        },
        _ => failure,
    }
}

fn refused(text: &str, what: &str) -> Problem {
    Problem::argument(format!("--key {text}: {what} are not asked for keys"))
}

const EXPORT: &str =
    "Export the public key to a file once, with cosign public-key --key URI, and give that file.";

#[cfg(test)]
mod tests {
    use super::KeySource;

    #[test]
    fn foreign_schemes_are_refused_with_a_way_out() {
        for text in [
            "k8s://ns/name",
            "gitlab://1",
            "pkcs11:token=x",
            "awskms:///alias/x",
            "gcpkms://projects/x",
            "azurekms://v/k",
            "hashivault://k",
            "openbao://k",
            "other://x",
            "env://SEALCHECK_TEST_VARIABLE_THAT_NOBODY_SETS",
        ] {
            let problem = KeySource::parse(text).unwrap_err();
            assert_eq!(problem.exit_code(), 2, "{text}");
            assert!(!problem.failure.to_string().is_empty());
        }
        assert!(matches!(
            KeySource::parse("https://keys.example/k.pub"),
            Ok(KeySource::Url(_))
        ));
    }
}
