//! SLSA provenance v1 (slsa.dev/spec/v1.0/provenance).
//!
//! What started a build stands in the external parameters, whose form is the build type's own. The forms of GitHub's
//! workflows, of SLSA's GitHub generators, of Google Cloud Build, of BuildKit and of GitLab are known.

use sealcheck_verify::Result;
use serde::Deserialize;

use super::provenance::{GitDigest, Material, Provenance, Revision, present};
use crate::json::{self, Object, Perhaps};

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "buildDefinition")]
    build_definition: Object<BuildDefinition>,
    #[serde(rename = "runDetails")]
    run_details: Object<RunDetails>,
}

#[derive(Deserialize)]
struct BuildDefinition {
    #[serde(default, rename = "buildType")]
    build_type: Option<Box<str>>,
    #[serde(default, rename = "externalParameters")]
    external: Perhaps<Object<External>>,
    #[serde(default, rename = "internalParameters")]
    internal: Perhaps<Object<Internal>>,
    #[serde(default, rename = "resolvedDependencies")]
    resolved_dependencies: Option<Vec<Object<Material>>>,
}

#[derive(Clone, Debug, Deserialize)]
struct External {
    #[serde(default)]
    workflow: Perhaps<Object<Repository>>,
    #[serde(default, rename = "buildConfigSource")]
    build_config_source: Perhaps<Object<Repository>>,
    #[serde(default)]
    source: Perhaps<Source>,
    #[serde(default, rename = "configSource")]
    config_source: Perhaps<Object<Reference>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Internal {
    /// SLSA's GitHub generators: `ORG/REPO/PATH@REF`.
    #[serde(default, rename = "GITHUB_WORKFLOW_REF")]
    github_workflow_ref: Perhaps<Box<str>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Repository {
    repository: Box<str>,
    #[serde(default, rename = "ref")]
    reference: Option<Box<str>>,
    #[serde(default)]
    path: Option<Box<str>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Reference {
    uri: Box<str>,
    #[serde(default)]
    digest: Option<Object<GitDigest>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Source {
    Reference(Object<Reference>),
    Address(Box<str>),
}

#[derive(Deserialize)]
struct RunDetails {
    builder: Object<Builder>,
    #[serde(default)]
    metadata: Option<Object<Metadata>>,
}

#[derive(Deserialize)]
struct Builder {
    #[serde(default)]
    id: Option<Box<str>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, rename = "invocationId")]
    invocation_id: Option<Box<str>>,
    #[serde(default, rename = "startedOn")]
    started_on: Option<Box<str>>,
    #[serde(default, rename = "finishedOn")]
    finished_on: Option<Box<str>>,
}

pub(super) fn read(predicate: &str) -> Result<Provenance> {
    let wire: Wire = json::read(predicate)?;
    let Object(definition) = wire.build_definition;
    let Object(details) = wire.run_details;
    let Object(metadata) = details.metadata.unwrap_or_default();
    let trigger = Trigger::find(definition.external.0, definition.internal.0);
    Ok(Provenance {
        version: "v1",
        builder: present(details.builder.0.id, "runDetails.builder.id")?,
        builder_field: "predicate.runDetails.builder.id",
        build_type: definition.build_type,
        trigger: trigger.revision,
        trigger_field: trigger.field,
        workflow: trigger.path,
        materials: Material::all(definition.resolved_dependencies),
        materials_field: "predicate.buildDefinition.resolvedDependencies",
        invocation: metadata.invocation_id,
        started: metadata.started_on,
        finished: metadata.finished_on,
    })
}

impl Reference {
    fn revision(&self) -> Revision {
        let digest = self.digest.as_ref().map(|Object(digest)| digest);
        Revision::parse(&self.uri, digest)
    }
}

/// What started the build, and the build instructions there.
struct Trigger {
    revision: Option<Revision>,
    field: &'static str,
    path: Option<Box<str>>,
}

impl Trigger {
    fn find(external: Option<Object<External>>, internal: Option<Object<Internal>>) -> Self {
        let found = |field, revision, path| Self {
            revision: Some(revision),
            field,
            path,
        };
        if let Some(Object(external)) = external {
            let repositories = [
                (WORKFLOW, external.workflow.0),
                (BUILD_CONFIG_SOURCE, external.build_config_source.0),
            ];
            for (field, repository) in repositories {
                if let Some(Object(repository)) = repository {
                    let revision =
                        Revision::new(&repository.repository, repository.reference.as_deref());
                    return found(field, revision, repository.path);
                }
            }
            if let Some(source) = external.source.0 {
                let revision = match source {
                    Source::Reference(Object(source)) => source.revision(),
                    Source::Address(address) => Revision::parse(&address, None),
                };
                return found(SOURCE, revision, None);
            }
            if let Some(Object(source)) = external.config_source.0 {
                return found(CONFIG_SOURCE, source.revision(), None);
            }
        }
        let reference = internal.and_then(|Object(internal)| internal.github_workflow_ref.0);
        match reference.as_deref().and_then(github_workflow) {
            Some((revision, path)) => found(GITHUB_WORKFLOW_REF, revision, Some(path)),
            None => Self {
                revision: None,
                field: "predicate.buildDefinition.externalParameters",
                path: None,
            },
        }
    }
}

/// `ORG/REPO/PATH@REF` of a workflow on github.com.
fn github_workflow(text: &str) -> Option<(Revision, Box<str>)> {
    let (place, reference) = text.split_once('@')?;
    let mut parts = place.splitn(3, '/');
    let (org, repository, path) = (parts.next()?, parts.next()?, parts.next()?);
    let address = format!("https://github.com/{org}/{repository}");
    Some((Revision::new(&address, Some(reference)), path.into()))
}

const WORKFLOW: &str = "predicate.buildDefinition.externalParameters.workflow";
const BUILD_CONFIG_SOURCE: &str = "predicate.buildDefinition.externalParameters.buildConfigSource";
const SOURCE: &str = "predicate.buildDefinition.externalParameters.source";
const CONFIG_SOURCE: &str = "predicate.buildDefinition.externalParameters.configSource";
const GITHUB_WORKFLOW_REF: &str =
    "predicate.buildDefinition.internalParameters.GITHUB_WORKFLOW_REF";

#[cfg(test)]
mod tests {
    use super::read;
    use crate::predicate::provenance::Provenance;
    use sealcheck_verify::Reason;
    use serde_json::{Value, json};

    fn with(external: Value, internal: Value) -> Provenance {
        read(
            &json!({
                "buildDefinition": {
                    "buildType": "https://b.test/v1",
                    "externalParameters": external,
                    "internalParameters": internal,
                    "resolvedDependencies": [
                        {"uri": "pkg:docker/alpine", "digest": {"sha256": "00"}},
                        {"uri": "git+https://github.com/org/repo@refs/heads/main", "digest": {"gitCommit": "d9093d4b3b99d9ee446633ac7074e43cea78c727"}},
                    ],
                },
                "runDetails": {"builder": {"id": "https://b.test"}},
            })
            .to_string(),
        )
        .unwrap()
    }

    #[test]
    fn what_started_the_build_is_found_in_every_known_form() {
        let uri = "git+https://github.com/org/repo@refs/heads/main";
        for (external, internal) in [
            (
                json!({"workflow": {"ref": "refs/heads/main", "repository": "https://github.com/org/repo", "path": ".github/workflows/release.yml"}}),
                json!({"github": {"event_name": "push"}}),
            ),
            (
                json!({"source": {"uri": uri, "digest": {"sha1": "00"}}}),
                json!({}),
            ),
            (json!({"source": uri}), Value::Null),
            (
                json!({"configSource": {"uri": uri}, "request": {}}),
                json!({}),
            ),
            (
                json!({"buildConfigSource": {"ref": "refs/heads/main", "repository": "https://github.com/org/repo", "path": "cloudbuild.yaml"}}),
                json!({}),
            ),
            (
                json!({"inputs": {}}),
                json!({"GITHUB_WORKFLOW_REF": "org/repo/.github/workflows/x.yml@refs/heads/main"}),
            ),
        ] {
            let provenance = with(external.clone(), internal);
            assert_eq!(
                provenance.trigger.as_ref().unwrap().to_text(),
                uri,
                "{external}"
            );
            assert_eq!(provenance.source().unwrap().0, 1);
            let commit = provenance.facts().source.unwrap().commit.unwrap();
            assert!(["00", "d9093d4b3b99d9ee446633ac7074e43cea78c727"].contains(&&*commit));
        }
    }

    #[test]
    fn parameters_of_other_forms_name_no_trigger() {
        for external in [
            json!({"workflow": "x", "source": [1]}),
            json!({"workflow": {"repository": 1}}),
            json!([]),
            Value::Null,
        ] {
            assert_eq!(
                with(external.clone(), json!({})).trigger,
                None,
                "{external}"
            );
        }
    }

    #[test]
    fn what_is_judged_must_be_what_it_should() {
        for (predicate, field) in [
            (r#"{"runDetails": {"builder": {"id": "x"}}}"#, "predicate"),
            (r#"{"buildDefinition": {}}"#, "predicate"),
            (
                r#"{"buildDefinition": {}, "runDetails": {"builder": {}}}"#,
                "predicate.runDetails.builder.id",
            ),
            (
                r#"{"buildDefinition": {"resolvedDependencies": {}}, "runDetails": {"builder": {"id": "x"}}}"#,
                "predicate.buildDefinition.resolvedDependencies",
            ),
        ] {
            let failure = read(predicate).unwrap_err();
            assert_eq!(failure.reason, Reason::PredicateMalformed, "{predicate}");
            assert_eq!(failure.field.as_deref(), Some(field), "{predicate}");
        }
    }
}
