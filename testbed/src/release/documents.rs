//! What a release publishes without a signature: lists of checksums, provenance, notes, channels.

use std::collections::BTreeMap;

use anyhow::Result;
use sealcheck_release::Version;
use serde_json::{Value, json};

use super::content::Build;
use super::digest::{sha1, sha256, sha512};

/// Whether the step that signs, signs a file of this name.
pub(super) fn is_signed(path: &str) -> bool {
    let ends = [".sha256", ".sha512", ".docker_tag", ".cert", ".sig", ".pem"];
    let parts = ["SHA256SUMS", "SHA512SUMS", "README", "Makefile"];
    !ends.iter().any(|end| path.ends_with(end)) && !parts.iter().any(|part| path.contains(part))
}

/// What is made after the files were signed, by name.
pub(super) fn unsigned(
    build: &Build,
    files: &[(String, &[u8])],
) -> Result<Vec<(&'static str, String)>> {
    let list = |sum: fn(&[u8]) -> String| -> String {
        let lines = files
            .iter()
            .map(|(path, bytes)| format!("{}  {path}", sum(bytes)));
        // The last line has no end.
        lines.collect::<Vec<_>>().join("\n")
    };
    Ok(vec![
        ("SHA256SUMS", list(sha256)),
        ("SHA512SUMS", list(sha512)),
        (
            "provenance.json",
            serde_json::to_string_pretty(&provenance(build))?,
        ),
        (
            "release-notes.json",
            json!({"1": {
                "commit": COMMIT,
                "text": "A miniature was published.",
                "markdown": "A miniature was published.",
                "author": "testbed",
                "pr_number": 1,
            }})
            .to_string(),
        ),
    ])
}

/// The small files that name the newest version, each with what it names.
pub(super) fn channels(versions: &[Version]) -> BTreeMap<String, Version> {
    let mut channels = BTreeMap::new();
    // In the order of the versions: the newest stays.
    for version in versions {
        let (major, minor) = (version.major(), version.minor());
        for series in [
            String::new(),
            format!("-{major}"),
            format!("-{major}.{minor}"),
        ] {
            channels.insert(format!("latest{series}.txt"), *version);
            if version.is_release() {
                channels.insert(format!("stable{series}.txt"), *version);
            }
        }
    }
    channels
}

/// With what is odd in the real ones: the old address of the bucket, quotes within the commit, subjects that stand there
/// twice, and no image.
fn provenance(build: &Build) -> Value {
    let version = build.version;
    let listed = build
        .files()
        .filter(|(path, _)| !path.contains("kube-apiserver"));
    let subject = |(path, bytes): (String, &[u8])| {
        json!({
            "name": format!("gs://kubernetes-release/release/{version}/{path}"),
            "digest": {"sha1": sha1(bytes), "sha256": sha256(bytes), "sha512": sha512(bytes)},
        })
    };
    let mut subjects: Vec<Value> = listed.map(subject).collect();
    let twice = subjects.iter().filter(|subject| {
        let name = subject.get("name").and_then(Value::as_str);
        name.is_some_and(|name| name.ends_with("kubectl.exe"))
    });
    let twice: Vec<Value> = twice.cloned().collect();
    subjects.extend(twice);
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": subjects,
        "predicate": {
            "builder": {"id": "https://git.k8s.io/release/docs/krel"},
            "buildType": "https://cloudbuild.googleapis.com/CloudBuildYaml@v1",
            "invocation": {
                "configSource": {
                    "entryPoint": "https://git.k8s.io/release/gcb/stage/cloudbuild.yaml",
                },
                "parameters": {
                    "branch": format!("release-{}.{}", version.major(), version.minor()),
                    "build-version": format!("{version}-rc.0.1+{}", COMMIT.get(..14).unwrap_or(COMMIT)),
                    "nomock": "true",
                    "type": "official",
                },
            },
            "metadata": {
                "buildInvocationID": "00000000-0000-0000-0000-000000000000",
                "buildStartedOn": "2026-01-01T00:00:00Z",
                "buildFinishedOn": "2026-01-01T00:00:01Z",
                "completeness": {"parameters": true, "environment": false, "materials": true},
                "reproducible": false,
            },
            "materials": [{
                "uri": "git+https://github.com/kubernetes/kubernetes",
                "digest": {"sha1": format!("'{COMMIT}'")},
            }],
        },
    })
}

/// What was built, if anything had been.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_name_the_newest() {
        let versions: Vec<Version> = ["v1.35.0", "v1.36.0", "v1.37.0-rc.1"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        let channels = channels(&versions);
        let named = |name: &str| channels[name].to_string();
        assert_eq!(named("stable.txt"), "v1.36.0");
        assert_eq!(named("stable-1.35.txt"), "v1.35.0");
        assert_eq!(named("latest.txt"), "v1.37.0-rc.1");
        assert!(!channels.contains_key("stable-1.37.txt"));
    }

    #[test]
    fn the_skip_list_is_that_of_the_release_tools() {
        for signed in ["bin/linux/amd64/kubectl", "kubernetes-release.spdx"] {
            assert!(is_signed(signed), "{signed}");
        }
        for unsigned in [
            "bin/linux/amd64/kube-apiserver.docker_tag",
            "bin/linux/amd64/kubectl.sha256",
            "SHA512SUMS",
        ] {
            assert!(!is_signed(unsigned), "{unsigned}");
        }
    }
}
