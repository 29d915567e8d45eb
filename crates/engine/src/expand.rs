//! From what the user names to the files that are verified.

use std::fs;
use std::path::{Path, PathBuf};

use crate::proof_file::ProofFile;

/// The files that were named or that lie in folders that were named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The files: what was named in its order, and in place of each folder what lies in it, sorted by path. A folder
    /// that cannot be listed stays, and so becomes a verdict of its own.
    pub files: Vec<PathBuf>,
    /// What lies in the folders and is left out because it has the name and the form of a proof of a file beside it, which
    /// is among [`Expansion::files`]. Whatever only has the name is among them, too.
    pub proofs: Vec<ProofFile>,
    /// What else lies in the folders and is left out.
    pub skipped: Vec<Skipped>,
}

/// Something in a folder that is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its path.
    pub path: PathBuf,
    /// Why, in a few words.
    pub why: &'static str,
}

/// Replaces each folder by all files in it and below it, other than proofs of files beside them. What is not a folder
/// stays as it is, whether it exists or not.
///
/// Symbolic links to files are followed, those to folders are not; hidden files count like others.
#[must_use]
pub fn expand(paths: &[PathBuf]) -> Expansion {
    let mut expansion = Expansion::default();
    for path in paths {
        if path.is_dir() {
            let mut found = Expansion::default();
            found.walk(path);
            found.files.sort();
            found.proofs.sort_by(|a, b| a.path.cmp(&b.path));
            found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
            expansion.files.extend(found.files);
            expansion.proofs.extend(found.proofs);
            expansion.skipped.extend(found.skipped);
        } else {
            expansion.files.push(path.clone());
        }
    }
    expansion
}

impl Expansion {
    fn walk(&mut self, root: &Path) {
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                self.files.push(folder);
                continue;
            };
            for entry in entries {
                let Ok(entry) = entry else {
                    // The rest of the listing failed.
                    self.files.push(folder.clone());
                    break;
                };
                let path = entry.path();
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_dir() && is_link => {
                        self.skip(path, "a symbolic link to a folder");
                    }
                    Ok(metadata) if metadata.is_dir() => folders.push(path),
                    Ok(metadata) if !metadata.is_file() => {
                        self.skip(path, "not a regular file");
                    }
                    // One that cannot be looked at may be an artifact: reading it will say why it cannot be verified.
                    Ok(_) | Err(_) => match ProofFile::at(&path) {
                        Some(proof) => self.proofs.push(proof),
                        None => self.files.push(path),
                    },
                }
            }
        }
    }

    fn skip(&mut self, path: PathBuf, why: &'static str) {
        self.skipped.push(Skipped { path, why });
    }
}

#[cfg(test)]
mod tests {
    use sealcheck_testkit::{Instance, encoding};

    use super::*;

    #[test]
    fn a_folder_becomes_its_artifacts_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for folder in ["b", "b/c", "empty"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        let signed = Instance::new().sign_blob(b"a");
        let certificate = signed.signed.leaf.as_ref().unwrap().pem();
        let bundle = signed.bundle().to_string();
        let signature = encoding::base64(&signed.signed.signature);
        for (file, content) in [
            ("z", "z"),
            ("a", "a"),
            ("a.sig", &signature),
            ("a.pem", &certificate),
            ("a.sha256", "a.sha256"),
            ("a.sha256.sig", &signature),
            ("b/.hidden", ""),
            ("b/c/deep", ""),
            ("b/c/deep.sigstore.json", &bundle),
            ("lonely.sig", &signature),
            (".sig", &signature),
            ("b/deep.cert", &certificate),
            // Named like proofs of files beside them, and programs.
            ("z.bundle", "#!/bin/sh"),
            ("z.sig", "#!/bin/sh"),
        ] {
            fs::write(root.join(file), content).unwrap();
        }
        let expansion = expand(&[root.join("z"), root.to_owned(), root.join("missing")]);
        let names: Vec<&str> = expansion
            .files
            .iter()
            .map(|path| path.strip_prefix(root).unwrap().to_str().unwrap())
            .collect();
        // A proof whose artifact is not there is verified as a file of its own, and so is not passed over.
        assert_eq!(
            names,
            [
                "z",
                ".sig",
                "a",
                "a.sha256",
                "b/.hidden",
                "b/c/deep",
                "b/deep.cert",
                "lonely.sig",
                "z",
                "z.bundle",
                "z.sig",
                "missing"
            ]
        );
        let proofs = ["a.pem", "a.sha256.sig", "a.sig", "b/c/deep.sigstore.json"];
        let left_out: Vec<_> = expansion
            .proofs
            .into_iter()
            .map(|proof| proof.path)
            .collect();
        assert_eq!(left_out, proofs.map(|name| root.join(name)));
        assert_eq!(expansion.skipped, []);
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_followed_and_links_to_folders_are_named() {
        use std::os::unix::fs::symlink;

        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir(root.join("folder")).unwrap();
        fs::write(root.join("folder/file"), "").unwrap();
        symlink(root.join("folder/file"), root.join("to-file")).unwrap();
        symlink(root, root.join("folder/to-parent")).unwrap();
        symlink(root.join("nothing"), root.join("to-nothing")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        let expansion = expand(&[root.to_owned()]);
        assert_eq!(
            expansion.files,
            ["folder/file", "to-file", "to-nothing"].map(|name| root.join(name))
        );
        let skipped: Vec<_> = expansion
            .skipped
            .iter()
            .map(|skipped| (skipped.path.strip_prefix(root).unwrap(), skipped.why))
            .collect();
        assert_eq!(
            skipped,
            [
                (Path::new("folder/to-parent"), "a symbolic link to a folder"),
                (Path::new("socket"), "not a regular file")
            ]
        );
        drop(socket);
    }
}
