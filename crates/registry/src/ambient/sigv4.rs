//! Signature Version 4, as AWS wants requests signed.

use aws_lc_rs::{digest, hmac};
use data_encoding::HEXLOWER;
use sealcheck_net::Redacted;

/// The keys of an identity.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) access_key: String,
    pub(super) secret_key: Redacted,
    pub(super) session_token: Option<Redacted>,
}

/// A request without a query, as far as it is signed.
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Names in lower case, sorted.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// `20150830T123600Z`.
    pub(super) time: &'a str,
}

impl Unsigned<'_> {
    /// The value of `Authorization`.
    pub(super) fn authorization(&self, keys: &Keys) -> Redacted {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        let canonical = format!(
            "{}\n{}\n\n{headers}\n{names}\n{}",
            self.method,
            self.path,
            hash(self.body)
        );
        let date = self.time.get(..8).unwrap_or_default();
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
            self.time,
            hash(canonical.as_bytes())
        );
        let mut key = format!("AWS4{}", keys.secret_key.expose()).into_bytes();
        for part in [date, self.region, self.service, "aws4_request"] {
            key = mac(&key, part.as_bytes());
        }
        let signature = HEXLOWER.encode(&mac(&key, to_sign.as_bytes()));
        Redacted::new(format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            keys.access_key
        ))
    }
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, data).as_ref().to_vec()
}

fn hash(data: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, data).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's own test suite: `get-vanilla` and `post-vanilla`.
    #[test]
    fn requests_are_signed_as_in_the_published_vectors() {
        let keys = Keys {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: Redacted::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
        };
        for (method, signature) in [
            (
                "GET",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "POST",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
        ] {
            let unsigned = Unsigned {
                method,
                path: "/",
                headers: &[
                    ("host", "example.amazonaws.com"),
                    ("x-amz-date", "20150830T123600Z"),
                ],
                body: b"",
                region: "us-east-1",
                service: "service",
                time: "20150830T123600Z",
            };
            assert_eq!(
                unsigned.authorization(&keys).expose(),
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature={signature}"
                )
            );
        }
    }
}
