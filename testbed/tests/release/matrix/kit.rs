//! A kit in which something is not what it was.

use std::fs;
use std::path::{Path, PathBuf};

use sealcheck_verify::Digest;
use serde_json::Value;

use super::registry::{IMAGE, SIBLING, other_layers};
use super::tamper::{Act, flipped, flipped_base64, flipped_body};
use super::{OTHER, TAG};
use crate::{Run, get};

/// A copy of a folder and all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Writes the file, or takes it away.
pub(crate) fn put(file: &Path, content: Option<Vec<u8>>) {
    match content {
        Some(content) => fs::write(file, content).unwrap(),
        None => fs::remove_file(file).unwrap(),
    }
}

/// Another value at a place of the file's proof: one with a bit changed, or that of the proof of another file.
pub(crate) fn tamper_proof(kit: &Path, [own, sibling, other]: [&str; 3], place: &str, act: Act) {
    let bundle = |path: &str| -> (PathBuf, Value) {
        let file = kit.join(format!("{path}.sigstore.json"));
        let bundle = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        (file, bundle)
    };
    let (file, mut own) = bundle(own);
    let value = own.pointer_mut(place).unwrap();
    let before = value.clone();
    match act {
        Act::Flip => {
            let text = value.as_str().unwrap().as_bytes();
            let altered = match place.ends_with("/canonicalizedBody") {
                true => flipped_body(text),
                false => flipped_base64(text),
            };
            *value = String::from_utf8(altered).unwrap().into();
        }
        Act::Sibling => *value = bundle(sibling).1.pointer(place).unwrap().clone(),
        Act::Other => *value = bundle(other).1.pointer(place).unwrap().clone(),
        Act::Remove => {
            let (parent, name) = place.rsplit_once('/').unwrap();
            let parent = own.pointer_mut(parent).unwrap();
            match parent {
                Value::Array(list) => drop(list.remove(name.parse().unwrap())),
                parent => drop(parent.as_object_mut().unwrap().remove(name).unwrap()),
            }
        }
    }
    if act != Act::Remove {
        assert_ne!(own.pointer(place), Some(&before));
    }
    fs::write(file, own.to_string()).unwrap();
}

/// The manifest that is signed is another one.
pub(crate) fn tamper_manifest(kit: &Path, act: Act) {
    let layout = kit.join("images").join(IMAGE);
    let index = read(&layout);
    let signed = position(&index, TAG);
    let blob = blob(
        &layout,
        index["manifests"][signed]["digest"].as_str().unwrap(),
    );
    match act {
        Act::Flip => fs::write(&blob, flipped(&fs::read(&blob).unwrap())).unwrap(),
        Act::Sibling => {
            fs::remove_dir_all(&layout).unwrap();
            copy(&kit.join("images").join(SIBLING), &layout);
        }
        Act::Other => {
            let other = position(&index, OTHER);
            let mut index = index;
            let entry = index["manifests"][other].to_string();
            let entry = entry.replace(OTHER, TAG);
            index["manifests"][other] = serde_json::from_str(&entry).unwrap();
            index["manifests"].as_array_mut().unwrap().remove(signed);
            write(&layout, &index);
        }
        Act::Remove => fs::remove_file(&blob).unwrap(),
    }
}

/// The manifest lists other layers, and has the name and the signatures of the real one.
pub(crate) fn tamper_layers(run: &Run, kit: &Path, act: Act) {
    let layout = kit.join("images").join(IMAGE);
    let real = |image: &str, tag: &str| {
        get(&format!(
            "http://{}/v2/{image}/manifests/{tag}",
            run.release.registry
        ))
    };
    let bytes = other_layers(act, &real);
    let altered = Digest::sha256(&bytes);
    fs::write(blob(&layout, &altered.to_string()), &bytes).unwrap();
    let mut index = read(&layout);
    let signed = position(&index, TAG);
    let before = index["manifests"][signed]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    index["manifests"][signed]["size"] = bytes.len().into();
    let tag = |digest: &str| digest.replace(':', "-");
    let text = index.to_string();
    let text = text.replace(&before, &altered.to_string());
    let text = text.replace(&tag(&before), &tag(&altered.to_string()));
    write(&layout, &serde_json::from_str(&text).unwrap());
}

fn read(layout: &Path) -> Value {
    serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap()
}

fn write(layout: &Path, index: &Value) {
    fs::write(layout.join("index.json"), index.to_string()).unwrap();
}

/// Where the index has the image of this name.
fn position(index: &Value, name: &str) -> usize {
    let mut listed = index["manifests"].as_array().unwrap().iter();
    let is_named = |entry: &Value| {
        let named = &entry["annotations"]["org.opencontainers.image.ref.name"];
        let named = named.as_str().unwrap_or_default();
        named == name || named.ends_with(&format!(":{name}"))
    };
    listed.position(is_named).unwrap()
}

fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}
