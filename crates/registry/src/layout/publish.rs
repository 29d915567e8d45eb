//! Adding to `index.json`, so that this program, cosign and other tools find an image and what is attached to it.

use sealcheck_verify::Digest;
use serde_json::{Map, Value, json};

use super::index::{
    CONTAINERD_NAME, KIND, KIND_ATTESTATIONS, KIND_IMAGE, KIND_INDEX, KIND_SIGNATURES, REF_NAME,
};
use crate::{Attached, DOCKER_LIST, Descriptor, OCI_INDEX, Reference};

/// A manifest that becomes an entry of `index.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The manifest, with the annotations and the artifact type that a list of referrers has for it.
    pub descriptor: Descriptor,
    /// What it is to the layout.
    pub role: Role,
}

/// What an entry of `index.json` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// An image, found by its name if it has one.
    Image(Option<Reference>),
    /// What a registry has under a tag that is made from the digest of what it is attached to.
    Attached(Attached, Digest),
    /// What is attached to something by its own field `subject`.
    Referrer,
}

/// The next `index.json`. What the one before says of other images stays as it is, with fields that are unknown here.
pub(crate) fn merge(
    before: Option<&[u8]>,
    published: &[Published],
) -> Result<Vec<u8>, serde_json::Error> {
    let mut index: Map<String, Value> = match before {
        Some(bytes) => serde_json::from_slice(bytes)?,
        None => Map::new(),
    };
    index.insert("schemaVersion".into(), 2.into());
    index.entry("mediaType").or_insert_with(|| OCI_INDEX.into());
    let mut entries: Vec<Value> = match index.remove("manifests") {
        None | Some(Value::Null) => Vec::new(),
        Some(manifests) => serde_json::from_value(manifests)?,
    };
    for new in published {
        let new = entry(new);
        entries.retain(|old| !is_replaced(old, &new));
        entries.push(new);
    }
    for_cosign(&mut entries, published);
    index.insert("manifests".into(), entries.into());
    serde_json::to_vec_pretty(&index)
}

fn entry(published: &Published) -> Value {
    let descriptor = &published.descriptor;
    let mut out = Map::new();
    out.insert("mediaType".into(), json!(descriptor.media_type));
    out.insert("digest".into(), json!(descriptor.digest));
    out.insert("size".into(), json!(descriptor.size));
    if !descriptor.artifact_type.is_empty() {
        out.insert("artifactType".into(), json!(descriptor.artifact_type));
    }
    let mut annotations = descriptor.annotations.clone();
    // Whatever they were where it came from: here they would be names.
    for name in [REF_NAME, CONTAINERD_NAME, KIND] {
        annotations.remove(name);
    }
    match &published.role {
        Role::Image(Some(name)) => {
            if let Some(tag) = name.tag() {
                annotations.insert(REF_NAME.into(), tag.into());
                let whole = format!("{}:{tag}", name.repository());
                annotations.insert(CONTAINERD_NAME.into(), whole);
            }
        }
        Role::Attached(what, subject) => {
            annotations.insert(REF_NAME.into(), what.tag(subject));
        }
        Role::Image(None) | Role::Referrer => {}
    }
    if !annotations.is_empty() {
        out.insert("annotations".into(), json!(annotations));
    }
    Value::Object(out)
}

/// Whether an entry gives way to a new one: it has the same name, or neither has one and they are the same.
fn is_replaced(old: &Value, new: &Value) -> bool {
    let name = |entry: &Value| {
        let annotation = |key| annotation(entry, key).map(str::to_owned);
        (annotation(REF_NAME), annotation(CONTAINERD_NAME))
    };
    match name(new) {
        (None, None) => name(old) == (None, None) && old["digest"] == new["digest"],
        named => name(old) == named,
    }
}

/// Marks one image and what is attached to it as `cosign save` does: cosign takes the first image that is marked, and the
/// first signatures, so there must not be two. An image that is marked already stays the one.
fn for_cosign(entries: &mut [Value], published: &[Published]) {
    let is_image = |entry: &Value| matches!(annotation(entry, KIND), Some(KIND_IMAGE | KIND_INDEX));
    let marked = entries.iter().find(|entry| is_image(entry));
    let first = published
        .iter()
        .find(|new| matches!(new.role, Role::Image(_)))
        .map(|new| new.descriptor.digest.to_string());
    let digest = match (marked, first) {
        (Some(marked), _) => marked["digest"].as_str().unwrap_or_default().to_owned(),
        (None, Some(first)) => first,
        (None, None) => return,
    };
    let Ok(subject) = digest.parse::<Digest>() else {
        return;
    };
    let tags = [
        (Attached::Signature.tag(&subject), KIND_SIGNATURES),
        (Attached::Attestation.tag(&subject), KIND_ATTESTATIONS),
    ];
    for entry in entries {
        let named = annotation(entry, REF_NAME).unwrap_or_default();
        let of_subject = tags.iter().find(|(tag, _)| tag == named);
        let kind = match of_subject {
            Some((_, kind)) => Some(*kind),
            None if entry["digest"] == digest.as_str() => match entry["mediaType"].as_str() {
                Some(OCI_INDEX | DOCKER_LIST) => Some(KIND_INDEX),
                _ => Some(KIND_IMAGE),
            },
            // What was attached to an image that is marked no more.
            None if is_attachment(entry) => None,
            None => continue,
        };
        mark(entry, kind);
    }
}

/// Whether an entry is marked as attached and has a name that says to what.
fn is_attachment(entry: &Value) -> bool {
    annotation(entry, REF_NAME).is_some()
        && matches!(
            annotation(entry, KIND),
            Some(KIND_SIGNATURES | KIND_ATTESTATIONS)
        )
}

fn mark(entry: &mut Value, kind: Option<&str>) {
    let Some(fields) = entry.as_object_mut() else {
        return;
    };
    let annotations = fields
        .entry("annotations")
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(annotations) = annotations.as_object_mut() else {
        return;
    };
    match kind {
        Some(kind) => annotations.insert(KIND.into(), kind.into()),
        None => annotations.remove(KIND),
    };
}

fn annotation<'a>(entry: &'a Value, key: &str) -> Option<&'a str> {
    entry.get("annotations")?.get(key)?.as_str()
}
