//! A registry that has what the real one has, and then something else.

use std::collections::HashSet;

use sealcheck_registry::double::{At, Fault, RegistryDouble};
use sealcheck_registry::{Attached, Descriptor};
use sealcheck_verify::Digest;
use serde_json::Value;

use super::{Act, OTHER, TAG};
use crate::{Run, get};

/// The image that is tampered with, and the other one of the release.
pub(crate) const IMAGE: &str = "kube-apiserver-amd64";
pub(crate) const SIBLING: &str = "kube-apiserver-arm64";
const INDEX: &str = "kube-apiserver";

/// The real registry's repositories of a release, in one that does what it is told.
pub(crate) fn mirror(run: &Run) -> RegistryDouble {
    let double = RegistryDouble::start();
    for repository in [INDEX, IMAGE] {
        copy(run, repository, repository, &double);
    }
    double
}

/// The manifest that is signed is another one.
pub(crate) fn tamper_manifest(run: &Run, double: &RegistryDouble, act: Act) {
    let signed = digest(run, IMAGE, TAG);
    match act {
        Act::Flip => double.fault(At::Manifest(signed), Fault::WrongDigest),
        // With its own good signatures.
        Act::Sibling => {
            copy(run, SIBLING, IMAGE, double);
        }
        Act::Other => double.tag(IMAGE, TAG, &digest(run, IMAGE, OTHER)),
        Act::Remove => {
            double.untag(IMAGE, TAG);
            double.delete(IMAGE, &signed);
        }
    }
}

/// The manifest lists other layers, and stands under the tag with the signatures of the real one.
pub(crate) fn tamper_layers(run: &Run, double: &RegistryDouble, act: Act) {
    let signed = digest(run, IMAGE, TAG);
    let bytes = other_layers(act, &|image, tag| manifest(run, image, tag));
    let altered = double.manifest(IMAGE, &media_type(&bytes), &bytes);
    double.tag(IMAGE, TAG, &altered.digest);
    let (signatures, _) = signature_of(run, IMAGE);
    double.tag(IMAGE, &signature_tag(&altered.digest), &signatures);
    for listed in referrers(run, IMAGE, &signed) {
        double.list(IMAGE, &altered, &listed);
    }
}

/// The image's manifest with its layers in another order, those of another image, or one less. `manifest` has the real ones.
pub(crate) fn other_layers(act: Act, manifest: &dyn Fn(&str, &str) -> Vec<u8>) -> Vec<u8> {
    let mut altered: Value = serde_json::from_slice(&manifest(IMAGE, TAG)).unwrap();
    let layers = |image: &str, tag: &str| -> Value {
        let other: Value = serde_json::from_slice(&manifest(image, tag)).unwrap();
        other["layers"].clone()
    };
    let before = altered["layers"].clone();
    match act {
        Act::Flip => altered["layers"].as_array_mut().unwrap().reverse(),
        Act::Sibling => altered["layers"] = layers(SIBLING, TAG),
        Act::Other => altered["layers"] = layers(IMAGE, OTHER),
        Act::Remove => drop(altered["layers"].as_array_mut().unwrap().pop()),
    }
    assert_ne!(altered["layers"], before);
    altered.to_string().into_bytes()
}

/// The manifest of an image's signatures, and the signed payloads.
pub(crate) fn signature_of(run: &Run, image: &str) -> (Digest, Vec<Digest>) {
    let tag = signature_tag(&digest(run, image, TAG));
    let bytes = manifest(run, image, &tag);
    let content: Value = serde_json::from_slice(&bytes).unwrap();
    let layers = content["layers"].as_array().unwrap().iter();
    let payloads = layers.map(|layer| layer["digest"].as_str().unwrap().parse().unwrap());
    (Digest::sha256(&bytes), payloads.collect())
}

/// Everything that a repository has, into one of this name.
fn copy(run: &Run, from: &str, to: &str, double: &RegistryDouble) {
    let mut copied = HashSet::new();
    for tag in tags(run, from) {
        let copied = copy_manifest(run, (from, to), &tag, double, &mut copied);
        double.tag(to, &tag, &copied.digest);
    }
}

fn copy_manifest(
    run: &Run,
    (from, to): (&str, &str),
    reference: &str,
    double: &RegistryDouble,
    copied: &mut HashSet<Digest>,
) -> Descriptor {
    let bytes = manifest(run, from, reference);
    let descriptor = double.manifest(to, &media_type(&bytes), &bytes);
    if !copied.insert(descriptor.digest) {
        return descriptor;
    }
    let content: Value = serde_json::from_slice(&bytes).unwrap();
    for image in content["manifests"].as_array().into_iter().flatten() {
        let digest = image["digest"].as_str().unwrap();
        copy_manifest(run, (from, to), digest, double, copied);
    }
    let layers = content["layers"].as_array().into_iter().flatten();
    for blob in layers.chain(content.get("config")) {
        let digest = blob["digest"].as_str().unwrap();
        let bytes = get(&at(run, from, &format!("blobs/{digest}")));
        double.blob(to, "", &bytes);
    }
    for listed in referrers(run, from, &descriptor.digest) {
        copy_manifest(run, (from, to), &listed.digest.to_string(), double, copied);
        double.list(to, &descriptor, &listed);
    }
    descriptor
}

fn referrers(run: &Run, repository: &str, subject: &Digest) -> Vec<Descriptor> {
    let list = get(&at(run, repository, &format!("referrers/{subject}")));
    let mut list: Value = serde_json::from_slice(&list).unwrap();
    serde_json::from_value(list["manifests"].take()).unwrap()
}

fn tags(run: &Run, repository: &str) -> Vec<String> {
    let list = get(&at(run, repository, "tags/list"));
    let mut list: Value = serde_json::from_slice(&list).unwrap();
    serde_json::from_value(list["tags"].take()).unwrap()
}

fn manifest(run: &Run, repository: &str, reference: &str) -> Vec<u8> {
    get(&at(run, repository, &format!("manifests/{reference}")))
}

fn digest(run: &Run, repository: &str, reference: &str) -> Digest {
    Digest::sha256(&manifest(run, repository, reference))
}

fn media_type(manifest: &[u8]) -> String {
    let manifest: Value = serde_json::from_slice(manifest).unwrap();
    manifest["mediaType"].as_str().unwrap().to_owned()
}

fn signature_tag(digest: &Digest) -> String {
    Attached::Signature.tag(digest)
}

fn at(run: &Run, repository: &str, path: &str) -> String {
    format!("http://{}/v2/{repository}/{path}", run.release.registry)
}
