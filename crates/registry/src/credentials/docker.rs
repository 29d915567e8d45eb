//! Docker's `config.json` and podman's `auth.json`, which are one format.

use std::collections::BTreeMap;
use std::path::Path;

use data_encoding::{BASE64, BASE64_NOPAD};
use sealcheck_net::Redacted;
use sealcheck_verify::{Failure, Reason};
use serde::Deserialize;

use super::{Credential, read_file};
use crate::limits::CREDENTIALS_BYTES;
use crate::reference::DOCKER_HUB;

/// The parts of the file that are about credentials. It holds secrets: no `Debug`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DockerFile {
    #[serde(default, deserialize_with = "crate::descriptor::or_default")]
    auths: BTreeMap<String, Auth>,
    #[serde(default, deserialize_with = "crate::descriptor::or_default")]
    creds_store: String,
    #[serde(default, deserialize_with = "crate::descriptor::or_default")]
    cred_helpers: BTreeMap<String, String>,
}

/// What the file says about one registry.
#[derive(Default, Deserialize)]
pub(super) struct Auth {
    #[serde(default, deserialize_with = "crate::descriptor::or_default")]
    auth: String,
    #[serde(default, deserialize_with = "crate::descriptor::or_default")]
    username: String,
    #[serde(default, deserialize_with = "crate::descriptor::or_default")]
    password: String,
    #[serde(default, deserialize_with = "crate::descriptor::or_default")]
    identitytoken: String,
    #[serde(default, deserialize_with = "crate::descriptor::or_default")]
    registrytoken: String,
}

/// What a file has for a repository.
pub(super) enum Entry {
    Credential(Credential),
    Helper(String),
}

impl DockerFile {
    pub(super) fn read(path: &Path, may_be_missing: bool) -> Result<Self, Failure> {
        match read_file(path, CREDENTIALS_BYTES) {
            Ok(content) => Self::parse(&content),
            Err(failure) if may_be_missing && failure.reason == Reason::FileNotFound => {
                Ok(Self::default())
            }
            Err(failure) => Err(failure),
        }
    }

    /// The file's text. An error names the place and never the content.
    pub(super) fn parse(content: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(content).map_err(|error| not_read(&error))
    }

    /// The older form without `auths` around the entries (`~/.dockercfg`).
    pub(super) fn parse_legacy(content: &[u8]) -> Result<Self, Failure> {
        let auths = serde_json::from_slice(content).map_err(|error| not_read(&error))?;
        Ok(Self {
            auths,
            ..Self::default()
        })
    }

    /// What there is for `registry/path`: a helper for this registry, the entry with the longest fitting path, and in the
    /// end the helper for all.
    pub(super) fn entry(&self, registry: &str, path: &str) -> Result<Option<Entry>, Failure> {
        let helper = self
            .cred_helpers
            .iter()
            .find(|(key, helper)| !helper.is_empty() && normal(key) == registry);
        if let Some((_, helper)) = helper {
            return Ok(Some(Entry::Helper(helper.clone())));
        }
        let name = format!("{registry}/{path}");
        let mut fitting: Vec<(String, &String, &Auth)> = self
            .auths
            .iter()
            .map(|(key, auth)| (normal(key), key, auth))
            .filter(|(key, _, _)| is_prefix(key, &name))
            .collect();
        fitting.sort_by_key(|(key, _, _)| std::cmp::Reverse(key.len()));
        for (_, key, auth) in fitting {
            if let Some(credential) = auth.credential().map_err(|failure| failure.within(key))? {
                return Ok(Some(Entry::Credential(credential)));
            }
        }
        // Docker leaves empty entries in the file for what it keeps in its store.
        Ok((!self.creds_store.is_empty()).then(|| Entry::Helper(self.creds_store.clone())))
    }
}

impl Auth {
    fn credential(&self) -> Result<Option<Credential>, Failure> {
        if !self.registrytoken.is_empty() {
            let token = Redacted::new(&self.registrytoken);
            return Ok(Some(Credential::RegistryToken(token)));
        }
        if !self.identitytoken.is_empty() {
            let token = Redacted::new(&self.identitytoken);
            return Ok(Some(Credential::IdentityToken(token)));
        }
        if !self.auth.is_empty() {
            return self.decoded().map(Some);
        }
        let given = !self.username.is_empty() || !self.password.is_empty();
        Ok(given.then(|| Credential::basic(&self.username, self.password.clone())))
    }

    /// `auth`: base64 of `user:password`.
    fn decoded(&self) -> Result<Credential, Failure> {
        let invalid = || {
            Failure::new(Reason::ConfigurationInvalid)
                .at("auth")
                .expected("base64 of USER:PASSWORD")
                .found("something else")
        };
        let text = self.auth.trim();
        let bytes = BASE64
            .decode(text.as_bytes())
            .or_else(|_| BASE64_NOPAD.decode(text.trim_end_matches('=').as_bytes()))
            .map_err(|_| invalid())?;
        let pair = String::from_utf8(bytes).map_err(|_| invalid())?;
        let (username, password) = pair.split_once(':').ok_or_else(invalid)?;
        // Docker's own encoder once padded with zero bytes.
        Ok(Credential::basic(
            username,
            password.trim_end_matches('\0').to_owned(),
        ))
    }
}

/// A key of the file as a name: without a scheme and the paths of Docker's old API, Docker Hub under its one name.
fn normal(key: &str) -> String {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key)
        .trim_end_matches('/');
    let key = key
        .strip_suffix("/v1")
        .or_else(|| key.strip_suffix("/v2"))
        .unwrap_or(key);
    let (host, path) = match key.split_once('/') {
        None => (key, ""),
        Some((host, path)) => (host, path),
    };
    let host = host.to_ascii_lowercase();
    let host = match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" => DOCKER_HUB,
        host => host,
    };
    match path.is_empty() {
        true => host.to_owned(),
        false => format!("{host}/{path}"),
    }
}

/// Whether `key` is `name`, or names a folder that it lies in.
fn is_prefix(key: &str, name: &str) -> bool {
    name.strip_prefix(key)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn not_read(error: &serde_json::Error) -> Failure {
    // serde's message can show a value, and here values are secret.
    Failure::new(Reason::ConfigurationInvalid)
        .at(format!("line {}, column {}", error.line(), error.column()))
        .expected("Docker's configuration in JSON")
        .found(match error.classify() {
            serde_json::error::Category::Data => "a value of another type",
            _ => "text that is no JSON",
        })
}
