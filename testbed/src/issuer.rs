//! An OpenID Connect issuer (OpenID Connect Discovery 1.0): discovery document, key set, and tokens for whom you like.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::http::FileServer;

/// The issuer, on a loopback port.
#[derive(Debug)]
pub(crate) struct Issuer {
    key: EcdsaKeyPair,
    server: FileServer,
}

impl Issuer {
    pub(crate) fn start() -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .context("cannot generate the issuer's key")?;
        let jwks = jwks(key.public_key().as_ref())?;
        let server = FileServer::start(|url| {
            let discovery = json!({
                "issuer": url,
                "authorization_endpoint": format!("{url}/auth"),
                "token_endpoint": format!("{url}/token"),
                "jwks_uri": format!("{url}/keys"),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            });
            Ok(BTreeMap::from([
                (
                    "/.well-known/openid-configuration".to_owned(),
                    discovery.to_string().into_bytes(),
                ),
                ("/keys".to_owned(), jwks.to_string().into_bytes()),
            ]))
        })?;
        Ok(Self { key, server })
    }

    /// Where it is, and the `iss` of its tokens.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// An identity token that says that its bearer is `email`, for an hour, and that `voucher` vouches for that.
    pub(crate) fn token(&self, email: &str, voucher: &str) -> Result<String> {
        let now = jiff::Timestamp::now().as_second();
        self.sign(&json!({
            "iss": self.url(),
            "aud": AUDIENCE,
            "sub": email,
            "email": email,
            "email_verified": true,
            // As Dex writes it, who vouches for the address behind this issuer.
            "federated_claims": {"connector_id": voucher},
            "iat": now,
            "exp": now + 3600,
        }))
    }

    fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"});
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self
            .key
            .sign(&SystemRandom::new(), signed.as_bytes())
            .context("cannot sign a token")?;
        Ok(format!(
            "{signed}.{}",
            BASE64URL_NOPAD.encode(signature.as_ref())
        ))
    }
}

/// The key set (RFC 7517) with an uncompressed P-256 point.
fn jwks(point: &[u8]) -> Result<Value> {
    let (x, y) = point
        .get(1..65)
        .and_then(|coordinates| coordinates.split_at_checked(32))
        .context("the issuer's key is no uncompressed P-256 point")?;
    Ok(json!({"keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID,
        "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
    }]}))
}

/// Whom certificates name as the issuer, if nobody else is wanted: the claim of [`VOUCHER_CLAIM`], since a port is no name.
pub(crate) const VOUCHER: &str = "https://accounts.example.com";
/// Where Fulcio finds it in a token (JSONPath).
pub(crate) const VOUCHER_CLAIM: &str = "$.federated_claims.connector_id";
/// The audience that Fulcio expects and cosign asks for.
pub(crate) const AUDIENCE: &str = "sigstore";
const KEY_ID: &str = "testbed";

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn tokens_are_signed_by_the_published_key() {
        let issuer = Issuer::start().unwrap();
        let token = issuer.token("alice@example.com", VOUCHER).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, issuer.key.public_key());
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        key.verify(signed.as_bytes(), &signature).unwrap();
        let claims = BASE64URL_NOPAD
            .decode(signed.split('.').nth(1).unwrap().as_bytes())
            .unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["iss"], issuer.url());
        assert_eq!(claims["email"], "alice@example.com");
    }
}
