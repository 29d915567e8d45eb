use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Platform;

fn descriptor(media_type: &str) -> Value {
    json!({
        "mediaType": media_type,
        "digest": Digest::sha256(media_type.as_bytes()).to_string(),
        "size": 7,
    })
}

fn image() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json"),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip")],
    })
}

fn index() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor(OCI_MANIFEST)],
    })
}

fn read(value: &Value, declared: Option<&str>) -> Result<Manifest, Failure> {
    Manifest::read(Bytes::from(value.to_string()), declared, None)
}

fn refusal(value: &Value, declared: Option<&str>) -> (Reason, String) {
    let failure = read(value, declared).unwrap_err();
    (
        failure.reason,
        failure.field.map_or_else(String::new, String::from),
    )
}

#[test]
fn all_four_kinds_are_read() {
    for (media_type, mut value) in [
        (OCI_MANIFEST, image()),
        (DOCKER_MANIFEST, image()),
        (OCI_INDEX, index()),
        (DOCKER_LIST, index()),
    ] {
        value["mediaType"] = json!(media_type);
        let with_parameters = format!("{media_type}; charset=utf-8");
        for declared in [
            None,
            Some(media_type),
            Some(with_parameters.as_str()),
            Some("application/json"),
        ] {
            let manifest = read(&value, declared).unwrap();
            assert_eq!(manifest.media_type(), media_type);
            assert_eq!(
                manifest.digest(),
                &Digest::sha256(value.to_string().as_bytes())
            );
            assert_eq!(manifest.bytes(), value.to_string().as_bytes());
            assert_eq!(manifest.descriptor().digest, *manifest.digest());
        }
        // OCI's own manifests may leave the field out.
        value.as_object_mut().unwrap().remove("mediaType");
        assert_eq!(
            read(&value, Some(media_type)).unwrap().media_type(),
            media_type
        );
    }
}

#[test]
fn all_fields_that_matter_are_read() {
    let mut value = image();
    value["artifactType"] = json!("application/vnd.example");
    value["subject"] = descriptor(OCI_MANIFEST);
    value["annotations"] = json!({"a": "b"});
    value["layers"][0]["annotations"] = json!({"dev.cosignproject.cosign/signature": "c2ln"});
    let manifest = read(&value, None).unwrap();
    let image = manifest.image().unwrap();
    assert_eq!(image.artifact_type, "application/vnd.example");
    assert_eq!(image.annotations.get("a").unwrap(), "b");
    let layer = image.layers.first().unwrap();
    assert_eq!(
        layer.annotation("dev.cosignproject.cosign/signature"),
        Some("c2ln")
    );
    assert_eq!(manifest.subject().unwrap().media_type, OCI_MANIFEST);
    assert!(manifest.index().is_none());

    let mut value = index();
    value["manifests"][0]["platform"] = json!({
        "os": "windows",
        "architecture": "amd64",
        "os.version": "10.0.17763.1",
        "variant": null,
    });
    let manifest = read(&value, None).unwrap();
    let platform = manifest.index().unwrap().manifests[0]
        .platform
        .clone()
        .unwrap();
    assert_eq!(platform.to_string(), "windows/amd64:10.0.17763.1");
    assert_eq!(
        Platform::new("linux", "arm64", "v8").to_string(),
        "linux/arm64/v8"
    );
}

#[test]
fn null_is_an_empty_list_as_go_writes_it() {
    let mut value = index();
    value["manifests"] = Value::Null;
    value["annotations"] = Value::Null;
    assert!(
        read(&value, None)
            .unwrap()
            .index()
            .unwrap()
            .manifests
            .is_empty()
    );
    let mut value = image();
    value["layers"] = Value::Null;
    value["subject"] = Value::Null;
    assert!(
        read(&value, None)
            .unwrap()
            .image()
            .unwrap()
            .layers
            .is_empty()
    );
}

#[test]
fn a_manifest_that_is_two_things_is_refused() {
    // By what the source says and what it says itself.
    let refused = (Reason::ManifestMalformed, "mediaType".to_owned());
    assert_eq!(refusal(&image(), Some(OCI_INDEX)), refused);
    assert_eq!(refusal(&index(), Some(DOCKER_LIST)), refused);
    // By its fields.
    let mut both = image();
    both["manifests"] = json!([]);
    assert_eq!(
        refusal(&both, None),
        (Reason::ManifestMalformed, "manifests".to_owned())
    );
    for field in ["config", "layers"] {
        let mut both = index();
        both[field] = image()[field].clone();
        assert_eq!(
            refusal(&both, None),
            (Reason::ManifestMalformed, field.to_owned())
        );
    }
    // By an annotation that is there twice, in the manifest and in a layer.
    let twice = "{\"annotations\":{\"a\":\"x\",\"a\":\"y\"},";
    for text in [
        image().to_string().replacen('{', twice, 1),
        image().to_string().replace("[{", &format!("[{twice}")),
    ] {
        let failure = Manifest::read(Bytes::from(text), None, None).unwrap_err();
        assert!(
            failure.to_string().contains("duplicate annotation `a`"),
            "{failure}"
        );
    }
    // By a field that is there twice.
    let text = image().to_string().replacen('{', "{\"layers\":[],", 1);
    let failure = Manifest::read(Bytes::from(text), None, None).unwrap_err();
    assert_eq!(failure.reason, Reason::ManifestMalformed);
}

#[test]
fn schema_1_and_unknown_types_are_refused_as_such() {
    let schema_1 =
        json!({"schemaVersion": 1, "name": "app", "tag": "v1", "fsLayers": [], "history": []});
    for declared in [None, Some(DOCKER_SCHEMA_1), Some(DOCKER_SCHEMA_1_SIGNED)] {
        let failure = read(&schema_1, declared).unwrap_err();
        assert_eq!(failure.reason, Reason::ManifestUnsupported);
        assert!(failure.to_string().contains("pushed again"), "{failure}");
    }
    for media_type in [
        "application/vnd.oci.artifact.manifest.v1+json",
        "application/vnd.oci.image.config.v1+json",
        "text/html",
    ] {
        let mut value = image();
        value["mediaType"] = json!(media_type);
        assert_eq!(
            refusal(&value, None),
            (Reason::ManifestUnsupported, "mediaType".to_owned())
        );
    }
    let mut value = image();
    value["schemaVersion"] = json!(3);
    assert_eq!(
        refusal(&value, None),
        (Reason::ManifestMalformed, "schemaVersion".to_owned())
    );
    let mut value = image();
    value.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(
        refusal(&value, None),
        (Reason::ManifestMalformed, "mediaType".to_owned())
    );
}

#[test]
fn what_is_no_manifest_is_refused_with_the_field() {
    let mut value = image();
    value["layers"][0]["digest"] = json!("sha256:abc");
    assert_eq!(
        refusal(&value, None),
        (Reason::ManifestMalformed, "layers[0].digest".to_owned())
    );
    let mut value = image();
    value["layers"][0]["digest"] = json!(format!("sha256:{}", "AB".repeat(32)));
    assert_eq!(refusal(&value, None).0, Reason::ManifestMalformed);
    let mut value = image();
    value["config"]["size"] = json!(-1);
    assert_eq!(
        refusal(&value, None),
        (Reason::ManifestMalformed, "config.size".to_owned())
    );
    let mut value = image();
    value.as_object_mut().unwrap().remove("config");
    assert_eq!(
        refusal(&value, None),
        (Reason::ManifestMalformed, "config".to_owned())
    );
    for text in ["", "[]", "null", "{}", "{\"schemaVersion\":2", "not JSON"] {
        let failure = Manifest::read(Bytes::from(text), Some(OCI_MANIFEST), None).unwrap_err();
        assert_eq!(failure.reason, Reason::ManifestMalformed, "{text}");
    }
    let trailing = format!("{} {{}}", image());
    let failure = Manifest::read(Bytes::from(trailing), None, None).unwrap_err();
    assert_eq!(failure.reason, Reason::ManifestMalformed);
}

#[test]
fn a_broken_entry_of_an_index_does_not_hide_the_others() {
    let mut value = index();
    value["manifests"] = json!([
        {"mediaType": OCI_MANIFEST, "digest": "blake3:00", "size": 1},
        descriptor(OCI_MANIFEST),
        "nonsense",
    ]);
    let manifest = read(&value, None).unwrap();
    let index = manifest.index().unwrap();
    assert_eq!(index.manifests.len(), 1);
    let fields: Vec<&str> = index
        .broken
        .iter()
        .map(|failure| failure.field.as_deref().unwrap())
        .collect();
    assert_eq!(fields, ["manifests[0]", "manifests[2]"]);
}

/// Go's readers take `Manifests` for `manifests`, and the last of both; here it would be an unknown field.
#[test]
fn a_field_in_another_case_is_no_unknown_field() {
    let with = |mut value: Value, at: &str, name: &str| {
        let value_at = value.pointer_mut(at).unwrap();
        value_at[name] = json!([]);
        value
    };
    for (value, at, name) in [
        (index(), "", "Manifests"),
        (index(), "", "MANIFESTS"),
        (index(), "", "manife\u{17f}ts"),
        (index(), "", "MediaType"),
        (image(), "", "Layers"),
        (image(), "", "Config"),
        (image(), "", "SUBJECT"),
        (image(), "/config", "Digest"),
        (image(), "/layers/0", "annotation\u{17f}"),
    ] {
        let failure = read(&with(value, at, name), None).unwrap_err();
        assert_eq!(failure.reason, Reason::ManifestMalformed, "{name}");
        let found = failure.found.unwrap();
        assert!(found.contains("other readers take for"), "{name}: {found}");
    }
    // Also where the known name is missing.
    let mut value = index();
    value["Manifests"] = value.as_object_mut().unwrap().remove("manifests").unwrap();
    assert_eq!(refusal(&value, None).0, Reason::ManifestMalformed);

    let platform = json!({"os": "linux", "architecture": "amd64"});
    for (at, name) in [
        ("/manifests/0", "Platform"),
        ("/manifests/0", "Digest"),
        ("/manifests/0/platform", "OS"),
        ("/manifests/0/platform", "Architecture"),
        ("/manifests/0/platform", "OS.Version"),
    ] {
        let mut value = index();
        value["manifests"][0]["platform"] = platform.clone();
        let manifest = read(&with(value, at, name), None).unwrap();
        let index = manifest.index().unwrap();
        assert_eq!(
            (index.manifests.len(), index.broken.len()),
            (0, 1),
            "{name}"
        );
    }
    // Names of annotations are anybody's, and unknown fields are.
    let mut value = index();
    value["annotations"] = json!({"Manifests": "a", "manifests": "b"});
    value["manifests"][0]["annotations"] = json!({"Digest": "a", "digest": "b"});
    value["org.example.Layers"] = json!([]);
    value["manifests"][0]["platform"] =
        json!({"os": "linux", "architecture": "amd64", "features": []});
    let manifest = read(&value, None).unwrap();
    assert_eq!(manifest.index().unwrap().broken, []);
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    let text = index().to_string();
    let twice = text.replace("\"manifests\":", "\"manifests\":[],\"manifests\":");
    let escaped = text.replace("\"manifests\":", "\"manifests\":[],\"manifest\\u0073\":");
    for text in [twice, escaped] {
        let failure = Manifest::read(Bytes::from(text), None, None).unwrap_err();
        assert_eq!(failure.reason, Reason::ManifestMalformed);
    }
    let listed = r#"{"os":"linux","architecture":"amd64"}"#;
    let text = text.replace(
        "\"size\":7",
        &format!("\"size\":7,\"platform\":{listed},\"platform\":{listed}"),
    );
    let manifest = Manifest::read(Bytes::from(text), None, None).unwrap();
    assert_eq!(manifest.index().unwrap().broken.len(), 1);
}

#[test]
fn content_of_another_digest_is_refused() {
    let bytes = Bytes::from(image().to_string());
    let other = Digest::sha256(b"other");
    let failure = Manifest::read(bytes.clone(), None, Some(&other)).unwrap_err();
    assert_eq!(failure.reason, Reason::RegistryAnswerInvalid);
    let sha512 = Digest::of(DigestAlgorithm::Sha512, &bytes).unwrap();
    let manifest = Manifest::read(bytes, None, Some(&sha512)).unwrap();
    assert_eq!(manifest.digest(), &sha512);
}

#[test]
fn the_limits_hold() {
    let over = |value: &Value, name: &str| {
        let failure = read(value, None).unwrap_err();
        assert_eq!(failure.reason, Reason::LimitExceeded);
        assert_eq!(failure.field.as_deref(), Some(name));
    };
    let layer = descriptor("application/vnd.oci.image.layer.v1.tar");
    let mut value = image();
    value["layers"] = json!(vec![layer.clone(); SIGNATURE_LAYERS.max]);
    assert!(read(&value, None).is_ok());
    value["layers"] = json!(vec![layer.clone(); SIGNATURE_LAYERS.max + 1]);
    over(&value, "signature-layers");
    let mut value = index();
    value["manifests"] = json!(vec![layer.clone(); INDEX_MANIFESTS.max]);
    assert!(read(&value, None).is_ok());
    value["manifests"] = json!(vec![layer; INDEX_MANIFESTS.max + 1]);
    over(&value, "index-manifests");
    let mut value = image();
    value["annotations"] = json!({"long": "x".repeat(MANIFEST_BYTES.max)});
    over(&value, "manifest-bytes");
    let mut value = index();
    value["annotations"] = json!({"long": "x".repeat(MANIFEST_BYTES.max)});
    assert!(read(&value, None).is_ok());
    value["annotations"] = json!({"long": "x".repeat(INDEX_BYTES.max)});
    over(&value, "index-bytes");
}

proptest! {
    /// One byte of a good manifest is another: it is read or refused, and what is read has the digest of its bytes.
    #[test]
    fn any_bytes_are_read_or_refused(
        is_index in any::<bool>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let value = if is_index { index() } else { image() };
        let mut bytes = value.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(manifest) = Manifest::read(Bytes::from(bytes.clone()), None, None) {
            prop_assert_eq!(manifest.digest(), &Digest::sha256(&bytes));
            prop_assert_eq!(manifest.index().is_some(), manifest.image().is_none());
        }
    }
}
