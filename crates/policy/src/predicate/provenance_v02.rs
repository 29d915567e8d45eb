//! SLSA provenance v0.2 (slsa.dev/spec/v0.2/provenance).

use sealcheck_verify::Result;
use serde::Deserialize;

use super::provenance::{GitDigest, Material, Provenance, Revision, present};
use crate::json::{self, Object};

#[derive(Deserialize)]
struct Wire {
    builder: Object<Builder>,
    #[serde(default, rename = "buildType")]
    build_type: Option<Box<str>>,
    #[serde(default)]
    invocation: Option<Object<Invocation>>,
    #[serde(default)]
    metadata: Option<Object<Metadata>>,
    #[serde(default)]
    materials: Option<Vec<Object<Material>>>,
}

#[derive(Deserialize)]
struct Builder {
    #[serde(default)]
    id: Option<Box<str>>,
}

#[derive(Default, Deserialize)]
struct Invocation {
    #[serde(default, rename = "configSource")]
    config_source: Option<Object<ConfigSource>>,
}

#[derive(Default, Deserialize)]
struct ConfigSource {
    #[serde(default)]
    uri: Option<Box<str>>,
    #[serde(default)]
    digest: Option<Object<GitDigest>>,
    #[serde(default, rename = "entryPoint")]
    entry_point: Option<Box<str>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, rename = "buildInvocationId")]
    build_invocation_id: Option<Box<str>>,
    #[serde(default, rename = "buildStartedOn")]
    build_started_on: Option<Box<str>>,
    #[serde(default, rename = "buildFinishedOn")]
    build_finished_on: Option<Box<str>>,
}

pub(super) fn read(predicate: &str) -> Result<Provenance> {
    let wire: Wire = json::read(predicate)?;
    let Object(metadata) = wire.metadata.unwrap_or_default();
    let Object(config) = wire
        .invocation
        .and_then(|Object(invocation)| invocation.config_source)
        .unwrap_or_default();
    Ok(Provenance {
        version: "v0.2",
        builder: present(wire.builder.0.id, "builder.id")?,
        builder_field: "predicate.builder.id",
        build_type: wire.build_type,
        trigger: config
            .uri
            .filter(|uri| !uri.is_empty())
            .map(|uri| Revision::parse(&uri, config.digest.as_ref().map(|Object(digest)| digest))),
        trigger_field: "predicate.invocation.configSource.uri",
        workflow: config.entry_point,
        materials: Material::all(wire.materials),
        materials_field: "predicate.materials",
        invocation: metadata.build_invocation_id,
        started: metadata.build_started_on,
        finished: metadata.build_finished_on,
    })
}

#[cfg(test)]
mod tests {
    use super::read;
    use sealcheck_verify::Reason;

    #[test]
    fn provenance_of_the_generic_generator_is_read() {
        let provenance = read(
            r#"{
                "builder": {"id": "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v1.9.0"},
                "buildType": "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
                "invocation": {
                    "configSource": {
                        "uri": "git+https://github.com/org/repo@refs/tags/v1.2.3",
                        "digest": {"sha1": "8a2ee2fd20dda58ffa4a8d808a65cb1e04711c03"},
                        "entryPoint": ".github/workflows/release.yml"
                    },
                    "parameters": {},
                    "environment": {"github_ref": "refs/tags/v1.2.3"}
                },
                "metadata": {"buildInvocationID": "1-1", "reproducible": false},
                "materials": [{
                    "uri": "git+https://github.com/org/repo@refs/tags/v1.2.3",
                    "digest": {"sha1": "8a2ee2fd20dda58ffa4a8d808a65cb1e04711c03"}
                }]
            }"#,
        )
        .unwrap();
        let facts = provenance.facts();
        let source = facts.source.unwrap();
        assert_eq!(&*source.uri, "git+https://github.com/org/repo");
        assert_eq!(source.reference.as_deref(), Some("refs/tags/v1.2.3"));
        assert_eq!(
            source.commit.as_deref(),
            Some("8a2ee2fd20dda58ffa4a8d808a65cb1e04711c03")
        );
        assert_eq!(facts.materials, 1);
        assert_eq!(
            facts.workflow.as_deref(),
            Some(".github/workflows/release.yml")
        );
    }

    #[test]
    fn what_is_judged_must_be_what_it_should() {
        for (predicate, field) in [
            ("{}", "predicate"),
            (r#"{"builder": {}}"#, "predicate.builder.id"),
            (r#"{"builder": {"id": ""}}"#, "predicate.builder.id"),
            (r#"{"builder": {"id": 1}}"#, "predicate.builder.id"),
            (r#"{"builder": "x"}"#, "predicate.builder"),
            (r#"{"builder": ["x"]}"#, "predicate.builder"),
            ("[[\"x\"]]", "predicate"),
            (
                r#"{"builder": {"id": "x"}, "materials": [{"uri": []}]}"#,
                "predicate.materials[0].uri",
            ),
            (
                r#"{"builder": {"id": "x"}, "invocation": {"configSource": {"digest": {"sha1": 1}}}}"#,
                "predicate.invocation.configSource.digest.sha1",
            ),
            (
                r#"{"builder": {"id": "x", "id": "y"}}"#,
                "predicate.builder",
            ),
            ("null", "predicate"),
        ] {
            let failure = read(predicate).unwrap_err();
            assert_eq!(failure.reason, Reason::PredicateMalformed, "{predicate}");
            assert_eq!(failure.field.as_deref(), Some(field), "{predicate}");
        }
    }
}
