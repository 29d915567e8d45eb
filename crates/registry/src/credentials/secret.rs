//! Kubernetes pull secrets in files.

use std::collections::BTreeMap;
use std::path::Path;

use data_encoding::BASE64;
use sealcheck_verify::{Failure, Reason};
use serde::Deserialize;

use super::docker::DockerFile;
use super::read_file;
use crate::limits::CREDENTIALS_BYTES;

/// A `Secret`, as far as it matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    kind: String,
    #[serde(default)]
    data: BTreeMap<String, String>,
    #[serde(default)]
    string_data: BTreeMap<String, String>,
}

/// What tells the forms apart.
#[derive(Deserialize)]
struct Outline {
    kind: Option<String>,
    auths: Option<serde::de::IgnoredAny>,
}

pub(super) fn read(path: &Path) -> Result<DockerFile, Failure> {
    let content = read_file(path, CREDENTIALS_BYTES)?;
    parse(&content).map_err(|failure| failure.detail(path.display()))
}

fn parse(content: &[u8]) -> Result<DockerFile, Failure> {
    // YAML is a superset of JSON. What its reader says of a mistake may show values, which are secret here.
    let outline: Outline = from_yaml(content)?;
    if outline.kind.is_none() {
        return match outline.auths {
            Some(_) => DockerFile::parse(content),
            None => Err(invalid("a Secret, or the content of `.dockerconfigjson`")),
        };
    }
    let secret: Secret = from_yaml(content)?;
    if secret.kind != "Secret" {
        return Err(invalid("kind: Secret").found(secret.kind));
    }
    for (key, is_legacy) in [(".dockerconfigjson", false), (".dockercfg", true)] {
        let plain = secret
            .string_data
            .get(key)
            .map(|text| text.clone().into_bytes());
        let encoded = secret.data.get(key).map(|text| {
            // Long values are often folded over lines.
            let text: String = text.split_whitespace().collect();
            BASE64
                .decode(text.as_bytes())
                .map_err(|_| invalid("base64").at(format!("data[{key}]")))
        });
        let Some(content) = plain.map(Ok).or(encoded).transpose()? else {
            continue;
        };
        let parsed = match is_legacy {
            true => DockerFile::parse_legacy(&content),
            false => DockerFile::parse(&content),
        };
        return parsed.map_err(|failure| failure.within(key));
    }
    Err(invalid("data with `.dockerconfigjson` or `.dockercfg`"))
}

fn from_yaml<T: serde::de::DeserializeOwned>(content: &[u8]) -> Result<T, Failure> {
    serde_saphyr::from_slice(content).map_err(|error| {
        let place = error.location().map_or_else(
            || "the file".to_owned(),
            |at| format!("line {}, column {}", at.line(), at.column()),
        );
        invalid("a Kubernetes Secret in YAML or JSON").at(place)
    })
}

fn invalid(expected: &str) -> Failure {
    Failure::new(Reason::ConfigurationInvalid).expected(expected)
}
