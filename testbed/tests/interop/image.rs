//! Proofs that lie in a registry beside the image: pushed, read, and pushed again in what state a trial wants.

use std::fs;
use std::path::Path;
use std::process::Command;

use data_encoding::BASE64;
use sealcheck_testbed::Testbed;
use sealcheck_verify::Digest;
use serde_json::{Value, json};

use crate::case::{Case, Content, Form};
use crate::proof::{Attached, Proof};
use crate::sign::run;

/// Pushes an image of one file with this content; the same content is the same image.
pub(crate) fn push(testbed: &Testbed, content: &[u8], folder: &Path, image: &str) {
    fs::write(folder.join("file"), content).unwrap();
    let same_for_all = ["--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    run(Command::new("tar")
        .current_dir(folder)
        .args(same_for_all)
        .args(["--format=ustar", "-cf", "layer.tar", "file"]));
    let append = ["append", "--oci-empty-base", "-f", "layer.tar", "-t"];
    run(crane(testbed, folder).args(append).arg(image));
}

/// The digest of an image.
pub(crate) fn digest(testbed: &Testbed, folder: &Path, image: &str) -> String {
    let digest = read(testbed, folder, "digest", image);
    String::from_utf8(digest).unwrap().trim().to_owned()
}

/// What cosign attached to an image, as the material of a proof, and what stands around it.
pub(crate) fn material(
    testbed: &Testbed,
    case: &Case,
    folder: &Path,
    image: &str,
) -> (Value, Attached) {
    let repository = repository(image);
    let digest = digest(testbed, folder, image);
    let manifest = match case.form {
        Form::Bundle => {
            let index = tag(case, &digest);
            let index = read(
                testbed,
                folder,
                "manifest",
                &format!("{repository}:{index}"),
            );
            let index: Value = serde_json::from_slice(&index).unwrap();
            let only = index["manifests"][0]["digest"].as_str().unwrap();
            read(testbed, folder, "manifest", &format!("{repository}@{only}"))
        }
        _ => {
            let tag = tag(case, &digest);
            read(testbed, folder, "manifest", &format!("{repository}:{tag}"))
        }
    };
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let layer = &manifest["layers"][0];
    let blob = layer["digest"].as_str().unwrap();
    let blob = read(testbed, folder, "blob", &format!("{repository}@{blob}"));
    let parsed = || serde_json::from_slice::<Value>(&blob).unwrap();
    let attached = Attached {
        image: image.to_owned(),
        manifest: manifest.clone(),
    };
    if case.form == Form::Bundle {
        return (parsed(), attached);
    }
    let mut material = match case.is_attestation() {
        true => json!({ "envelope": parsed() }),
        false => json!({ "payload": BASE64.encode(&blob) }),
    };
    let annotations = &layer["annotations"];
    for (name, annotation) in ANNOTATIONS {
        if let Some(text) = annotations[annotation]
            .as_str()
            .filter(|text| !text.is_empty())
        {
            material[name] = match name {
                "rekorBundle" => serde_json::from_str(text).unwrap(),
                _ => text.into(),
            };
        }
    }
    (material, attached)
}

/// Has the registry hold the proof's image with this proof and nothing else attached to it, writes the trusted root, and
/// returns the arguments that both programs understand.
pub(crate) fn keep(testbed: &Testbed, proof: &Proof, folder: &Path) -> Vec<String> {
    fs::create_dir_all(folder).unwrap();
    proof.keep_root(folder);
    let mut arguments = proof.told(folder);
    arguments.push("--allow-http-registry".to_owned());
    if proof.case.form == Form::Tag {
        arguments.push("--new-bundle-format=false".to_owned());
        arguments.extend(["--rekor-url".to_owned(), proof.rekor_url.clone()]);
    }
    arguments.push(publish(testbed, proof, folder));
    arguments
}

/// The image's name comes back.
fn publish(testbed: &Testbed, proof: &Proof, folder: &Path) -> String {
    let case = &proof.case;
    let attached = proof.attached.as_ref().unwrap();
    let registry = testbed.crane_registry.as_deref().unwrap();
    let image = format!("{registry}/{}/judged:1", case.name());
    push(testbed, &proof.artifact, folder, &image);
    let digest = digest(testbed, folder, &image);
    let subject = read(testbed, folder, "manifest", &image);

    let layout = folder.join("layout");
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |bytes: &[u8]| {
        let digest = Digest::sha256(bytes);
        fs::write(blobs.join(digest.hex()), bytes).unwrap();
        (digest.to_string(), bytes.len())
    };
    let mut manifest = attached.manifest.clone();
    let mut material = proof.material.clone();
    let layer = match case.form {
        Form::Bundle => material.to_string().into_bytes(),
        _ => {
            let fields = material.as_object_mut().unwrap();
            let layer = match (fields.remove("envelope"), fields.remove("payload")) {
                (Some(envelope), _) => envelope.to_string().into_bytes(),
                (None, payload) => BASE64
                    .decode(payload.unwrap().as_str().unwrap().as_bytes())
                    .unwrap(),
            };
            let annotations = &mut manifest["layers"][0]["annotations"];
            for (name, annotation) in ANNOTATIONS {
                let annotations = annotations.as_object_mut().unwrap();
                match fields.get(name) {
                    Some(Value::String(text)) => {
                        annotations.insert(annotation.to_owned(), text.as_str().into())
                    }
                    Some(other) => {
                        annotations.insert(annotation.to_owned(), other.to_string().into())
                    }
                    None if annotations.get(annotation).is_some_and(|text| text != "") => {
                        annotations.remove(annotation)
                    }
                    None => None,
                };
            }
            layer
        }
    };
    let (layer, size) = put(&layer);
    manifest["layers"][0]["digest"] = layer.into();
    manifest["layers"][0]["size"] = size.into();
    if manifest.get("subject").is_some() {
        manifest["subject"]["digest"] = digest.as_str().into();
        manifest["subject"]["size"] = subject.len().into();
    }
    // The configuration is what cosign made; nobody reads it.
    let config = manifest["config"]["digest"].as_str().unwrap();
    let config = read(
        testbed,
        folder,
        "blob",
        &format!("{}@{config}", repository(&attached.image)),
    );
    put(&config);
    let bytes = manifest.to_string();
    let (manifest_digest, size) = put(bytes.as_bytes());
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": manifest["mediaType"],
            "digest": manifest_digest,
            "size": size,
            "artifactType": manifest.get("artifactType").unwrap_or(&manifest["config"]["mediaType"]),
            "annotations": manifest.get("annotations").unwrap_or(&json!({})),
        }]
    });
    fs::write(layout.join("index.json"), index.to_string()).unwrap();
    fs::write(
        layout.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();
    let mut crane = crane(testbed, folder);
    crane.args(["push", "layout"]);
    crane.arg(format!("{}:{}", repository(&image), tag(case, &digest)));
    if case.form == Form::Bundle {
        crane.arg("--index");
    }
    run(&mut crane);
    image
}

/// Under which tag cosign keeps a proof of this form for an image, where a registry has no referrers API.
fn tag(case: &Case, digest: &str) -> String {
    let tag = digest.replace(':', "-");
    match (case.form, case.content) {
        (Form::Bundle, _) => tag,
        (_, Content::ImageAttestation(_)) => format!("{tag}.att"),
        _ => format!("{tag}.sig"),
    }
}

/// An image's name without its tag.
pub(crate) fn repository(image: &str) -> &str {
    image.rsplit_once(':').unwrap().0
}

pub(crate) fn crane(testbed: &Testbed, folder: &Path) -> Command {
    let mut crane = Command::new(testbed.crane.as_ref().unwrap());
    crane.current_dir(folder).env("HOME", folder);
    crane
}

fn read(testbed: &Testbed, folder: &Path, what: &str, name: &str) -> Vec<u8> {
    let mut crane = crane(testbed, folder);
    let output = crane.args([what, name]).output().unwrap();
    assert!(output.status.success(), "crane {what} {name}: {output:?}");
    output.stdout
}

/// The parts of a legacy proof, as a legacy bundle calls them, and the annotations that hold them.
const ANNOTATIONS: [(&str, &str); 3] = [
    ("base64Signature", "dev.cosignproject.cosign/signature"),
    ("cert", "dev.sigstore.cosign/certificate"),
    ("rekorBundle", "dev.sigstore.cosign/bundle"),
];
