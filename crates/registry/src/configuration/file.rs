//! The file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sealcheck_net::{ClientCertificate, Redacted};
use sealcheck_verify::{Failure, Reason};
use serde::Deserialize;

use super::{Host, Registries, Rule, Source, api_host};
use crate::Credential;
use crate::credentials::read_file;
use crate::limits::{CONFIGURATION_BYTES, CREDENTIALS_BYTES};
use crate::reference::location;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    repositories: Vec<WireRule>,
    #[serde(default)]
    registries: BTreeMap<String, WireHost>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRule {
    prefix: String,
    #[serde(default)]
    mirrors: Vec<String>,
    rewrite: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireHost {
    http: Option<bool>,
    credentials: Option<WireCredentials>,
    token_hosts: Option<Vec<String>>,
    #[serde(default)]
    ca_files: Vec<PathBuf>,
    client_certificate: Option<WireCertificate>,
    max_in_flight: Option<u16>,
    requests_per_second: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireCertificate {
    certificate: PathBuf,
    key: PathBuf,
}

/// Secrets stand in files of their own, so that this one can be shown and kept with the code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireCredentials {
    username: Option<String>,
    password_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
    identity_token_file: Option<PathBuf>,
    helper: Option<String>,
    anonymous: Option<bool>,
}

pub(super) fn read(path: &Path) -> Result<Registries, Failure> {
    let content = read_file(path, CONFIGURATION_BYTES)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let in_file = |failure: Failure| match failure.detail {
        Some(_) => failure,
        None => failure.detail(path.display()),
    };
    parse(&content, folder).map_err(in_file)
}

pub(super) fn parse(content: &[u8], folder: &Path) -> Result<Registries, Failure> {
    let text = std::str::from_utf8(content)
        .map_err(|_| invalid("").expected("UTF-8").found("other bytes"))?;
    // Nothing but comments is a file without settings.
    let wire = match text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim().starts_with('#'))
    {
        true => Wire {
            repositories: Vec::new(),
            registries: BTreeMap::new(),
        },
        false => from_yaml(text)?,
    };
    let mut rules: Vec<Rule> = Vec::new();
    for (index, rule) in wire.repositories.iter().enumerate() {
        let field = format!("repositories[{index}]");
        let rule = rule.read(&field)?;
        if rules.iter().any(|before| before.prefix == rule.prefix) {
            return Err(invalid(&format!("{field}.prefix"))
                .expected("each prefix once")
                .found("one that stands above"));
        }
        rules.push(rule);
    }
    let mut hosts = BTreeMap::new();
    for (name, host) in wire.registries {
        let field = format!("registries[{name}]");
        let (registry, path) = location(&name)
            .map_err(|error| invalid(&field).expected(error.expected).found(error.found))?;
        if !path.is_empty() {
            return Err(invalid(&field)
                .expected("a registry without a path")
                .found(&name));
        }
        let host = host.read(&field, folder)?;
        if hosts.insert(api_host(&registry).to_owned(), host).is_some() {
            return Err(invalid(&field)
                .expected("each registry once")
                .found("one that stands above under another name"));
        }
    }
    Ok(Registries { rules, hosts })
}

impl WireRule {
    fn read(&self, field: &str) -> Result<Rule, Failure> {
        let place = |name: String, text: &str| {
            location(text).map_err(|error| {
                invalid(&format!("{field}.{name}"))
                    .expected(error.expected)
                    .found(error.found)
            })
        };
        let mut mirrors = Vec::new();
        for (index, mirror) in self.mirrors.iter().enumerate() {
            mirrors.push(place(format!("mirrors[{index}]"), mirror)?);
        }
        let rewrite = self.rewrite.as_deref();
        if mirrors.is_empty() && rewrite.is_none() {
            return Err(invalid(field)
                .expected("mirrors or a rewrite")
                .found("neither"));
        }
        Ok(Rule {
            prefix: place("prefix".to_owned(), &self.prefix)?,
            mirrors,
            rewrite: rewrite
                .map(|rewrite| place("rewrite".to_owned(), rewrite))
                .transpose()?,
        })
    }
}

impl WireHost {
    fn read(self, field: &str, folder: &Path) -> Result<Host, Failure> {
        let pace = self
            .requests_per_second
            .map(|rate| {
                let is_usable = rate.is_finite() && rate >= SLOWEST;
                is_usable
                    .then(|| Duration::from_secs_f64(1.0 / rate))
                    .ok_or_else(|| {
                        invalid(&format!("{field}.requests-per-second"))
                            .expected(format_args!("a number from {SLOWEST}"))
                            .found(rate)
                    })
            })
            .transpose()?;
        if self.max_in_flight == Some(0) {
            return Err(invalid(&format!("{field}.max-in-flight"))
                .expected("a number from 1")
                .found(0));
        }
        let certificate = self.client_certificate;
        if self.http == Some(true) && (certificate.is_some() || !self.ca_files.is_empty()) {
            return Err(invalid(&format!("{field}.http"))
                .expected("false, or no certificates")
                .found(true));
        }
        let credentials = self
            .credentials
            .map(|credentials| {
                credentials
                    .read(folder)
                    .map_err(|failure| failure.within(&format!("{field}.credentials")))
            })
            .transpose()?;
        Ok(Host {
            http: self.http,
            credentials,
            token_hosts: self.token_hosts,
            ca_files: self.ca_files.iter().map(|file| folder.join(file)).collect(),
            client_certificate: certificate.map(|files| ClientCertificate {
                certificate: folder.join(files.certificate),
                key: folder.join(files.key),
            }),
            max_in_flight: self.max_in_flight.map(usize::from),
            pace,
        })
    }
}

impl WireCredentials {
    fn read(self, folder: &Path) -> Result<Source, Failure> {
        let secret = |field: &str, file: &Path| -> Result<Redacted, Failure> {
            let path = folder.join(file);
            let content = read_file(&path, CREDENTIALS_BYTES).map_err(|failure| {
                match failure.reason {
                    // The cure of that reason is about the command line.
                    Reason::FileNotFound => invalid(field)
                        .expected("a file; its path is relative to these settings")
                        .found(format_args!("nothing at {}", path.display())),
                    _ => Failure {
                        field: Some(field.into()),
                        ..failure
                    },
                }
            })?;
            let text = String::from_utf8(content)
                .map_err(|_| invalid(field).expected("text").found("other bytes"))?;
            // Editors end the last line; a password that ends in line breaks is not one anybody has.
            let text = text.trim_end_matches(['\r', '\n']);
            match text.is_empty() {
                true => Err(invalid(field)
                    .expected("a secret in the file")
                    .found("nothing")),
                false => Ok(Redacted::new(text)),
            }
        };
        match self {
            Self {
                username: Some(username),
                password_file: Some(file),
                token_file: None,
                identity_token_file: None,
                helper: None,
                anonymous: None,
            } => Ok(Source::Given(Credential::Basic {
                username,
                password: secret("password-file", &file)?,
            })),
            Self {
                username: None,
                password_file: None,
                token_file: Some(file),
                identity_token_file: None,
                helper: None,
                anonymous: None,
            } => Ok(Source::Given(Credential::RegistryToken(secret(
                "token-file",
                &file,
            )?))),
            Self {
                username: None,
                password_file: None,
                token_file: None,
                identity_token_file: Some(file),
                helper: None,
                anonymous: None,
            } => Ok(Source::Given(Credential::IdentityToken(secret(
                "identity-token-file",
                &file,
            )?))),
            Self {
                username: None,
                password_file: None,
                token_file: None,
                identity_token_file: None,
                helper: Some(helper),
                anonymous: None,
            } => Ok(Source::Helper(helper)),
            Self {
                username: None,
                password_file: None,
                token_file: None,
                identity_token_file: None,
                helper: None,
                anonymous: Some(true),
            } => Ok(Source::Anonymous),
            _ => Err(Failure::new(Reason::ConfigurationInvalid)
                .expected("username with password-file, or one of token-file, identity-token-file, helper, anonymous: true")
                .found("another combination")),
        }
    }
}

fn from_yaml(text: &str) -> Result<Wire, Failure> {
    let mut path = String::new();
    let read = serde_saphyr::with_deserializer_from_str(text, |yaml| {
        serde_path_to_error::deserialize(yaml).map_err(|error| {
            path = error.path().to_string();
            error.into_inner()
        })
    });
    read.map_err(|error| failed(&error, &path))
}

fn failed(error: &serde_saphyr::Error, path: &str) -> Failure {
    let place = error
        .location()
        .map(|at| format!(" (line {}, column {})", at.line(), at.column()))
        .unwrap_or_default();
    // The first line, without the place; what follows are drawings.
    let words = error.to_string();
    let words = words.lines().next().unwrap_or_default();
    let words = match words.split_once(": line ") {
        Some((_, rest)) => rest.split_once(": ").map_or(words, |(_, words)| words),
        None => words,
    };
    let field = match path {
        "." => "",
        path => path,
    };
    invalid(field)
        .expected("the settings of registries as they are documented")
        .found(format_args!("{words}{place}"))
}

fn invalid(field: &str) -> Failure {
    let failure = Failure::new(Reason::ConfigurationInvalid);
    match field.is_empty() {
        true => failure,
        false => failure.at(field),
    }
}

/// Slower than one request in a minute is a mistake.
const SLOWEST: f64 = 1.0 / 60.0;
