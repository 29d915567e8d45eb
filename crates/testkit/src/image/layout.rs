//! A repository as the files of an OCI image layout, to be written to a folder or an archive.

use serde_json::{Value, json};

use super::{Descriptor, Repository, index_of};

impl Repository {
    /// Path and content of each file of an OCI image layout (OCI image-spec, "image layout"): every blob, and an
    /// `index.json` with each tag under `org.opencontainers.image.ref.name`, then each referrer without a name.
    #[must_use]
    pub fn layout_files(&self) -> Vec<(String, Vec<u8>)> {
        let mut manifests = Vec::new();
        for (tag, digest) in &self.tags {
            let mut descriptor = self.descriptor_json(digest);
            descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
            manifests.push(descriptor);
        }
        for digest in self.objects.keys() {
            manifests.extend(self.referrers(digest));
        }
        self.files_with(&index_of(manifests))
    }

    /// The files that `cosign save` writes for `image`: annotations `kind` instead of names, and referrers among the
    /// blobs but not in `index.json`.
    #[must_use]
    pub fn cosign_save_files(&self, image: &Descriptor) -> Vec<(String, Vec<u8>)> {
        let kind = if image.media_type.contains("index") || image.media_type.contains("list") {
            "imageIndex"
        } else {
            "image"
        };
        let mut manifests = vec![self.kind_json(&image.digest, kind)];
        for (suffix, kind) in [("sig", "sigs"), ("att", "atts")] {
            if let Some(digest) = self.tags.get(&image.tag_with_suffix(suffix)) {
                manifests.push(self.kind_json(digest, kind));
            }
        }
        self.files_with(&index_of(manifests))
    }

    /// The files of a layout with this `index.json`.
    #[must_use]
    pub fn files_with(&self, index: &Value) -> Vec<(String, Vec<u8>)> {
        let mut files = vec![
            (
                "oci-layout".to_owned(),
                br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
            ),
            ("index.json".to_owned(), index.to_string().into_bytes()),
        ];
        for (digest, object) in &self.objects {
            let path = format!("blobs/{}", digest.replacen(':', "/", 1));
            files.push((path, object.bytes.clone()));
        }
        files
    }

    /// The descriptor of a manifest in this repository, as JSON.
    ///
    /// # Panics
    ///
    /// When there is none with this digest.
    #[must_use]
    pub fn descriptor_json(&self, digest: &str) -> Value {
        let object = &self.objects[digest];
        json!({"mediaType": object.media_type, "digest": digest, "size": object.bytes.len()})
    }

    fn kind_json(&self, digest: &str, kind: &str) -> Value {
        let mut descriptor = self.descriptor_json(digest);
        descriptor["annotations"] = json!({"kind": format!("dev.cosignproject.cosign/{kind}")});
        descriptor
    }
}

/// Files as a tar archive (POSIX.1-1988 ustar).
///
/// # Panics
///
/// When a path has more than 100 bytes.
#[must_use]
pub fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, content) in files {
        let mut header = [0; BLOCK];
        header[..path.len()].copy_from_slice(path.as_bytes());
        assert!(path.len() <= 100, "a short path");
        header[100..108].copy_from_slice(b"0000644\0");
        header[108..116].copy_from_slice(b"0000000\0");
        header[116..124].copy_from_slice(b"0000000\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[136..148].copy_from_slice(b"00000000000\0");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

const BLOCK: usize = 512;
