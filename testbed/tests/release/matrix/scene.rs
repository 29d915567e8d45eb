//! A release that can be tampered with, at a server or in a kit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sealcheck_testbed::release::{Fault, ODD_VERSION, ReleaseServer, profile};
use serde_json::Value;
use tempfile::TempDir;

use super::registry::IMAGE;
use super::tamper::{
    Act, flipped, flipped_base64, flipped_certificate, flipped_hex, member, with_member,
};
use super::{Found, From, OTHER, TAG, Thing, kit, log, registry};
use crate::commands::done;
use crate::trap::Trap;
use crate::{NEW_VERSION, Run, sealcheck};

const BINARY: &str = "bin/linux/amd64/kubelet";
const SIBLING: &str = "bin/linux/amd64/kubeadm";
const TARBALL: &str = "kubernetes-client-linux-amd64.tar.gz";
const OTHER_TARBALL: &str = "kubernetes.tar.gz";
const MEMBER: &str = "kubernetes/client/bin/kubectl";
const SBOM: &str = "kubernetes-release.spdx";
const OTHER_SBOM: &str = "kubernetes-source.spdx";

/// A release with a place of its own.
pub(super) struct Scene<'r> {
    run: &'r Run,
    from: From,
    folder: TempDir,
}

impl<'r> Scene<'r> {
    pub(super) fn new(run: &'r Run, from: From) -> Self {
        let folder = tempfile::tempdir_in(&run.testbed.folder).unwrap();
        if from == From::Kit {
            kit::copy(collected(run), &folder.path().join("kit"));
        }
        Self { run, from, folder }
    }

    /// Proves all of it, which must succeed.
    pub(super) fn is_proved(&self) {
        let (code, report, told) = self.verify_all(None, |_| ());
        assert_eq!(code, 0, "{told}");
        let count = |what: &str| report[what].as_array().map_or(0, Vec::len);
        assert_eq!((count("files"), count("images")), (FILES, IMAGES), "{told}");
        let unpacked = self.unpacked();
        let (code, _, told) = self.sbom_check(&unpacked);
        assert_eq!(code, 0, "{told}");
    }

    /// Tampers with a thing, and gives what is said of it. Everything else must be proved as before.
    pub(super) fn tampered(&self, thing: Thing, act: Act) -> Found {
        match thing {
            Thing::UnpackedMember => self.unpacked_member(act),
            Thing::Manifest | Thing::Layers => self.image(thing, act),
            Thing::Log => self.log(act),
            _ => self.file(thing, act),
        }
    }

    fn file(&self, thing: Thing, act: Act) -> Found {
        let (path, report, told) = match self.from {
            From::Network => {
                let mut path = "";
                let (_, report, told) = self.verify_all(None, |server| {
                    path = self.tamper_files(thing, act, &mut |path, content| {
                        let fault = content.map_or(Fault::Status(404), Fault::Lie);
                        server.files.set(&format!("/release/{TAG}/{path}"), fault);
                    });
                });
                (path, report, told)
            }
            From::Kit => {
                let release = self.kit().join(TAG);
                let path = match thing {
                    Thing::Signature | Thing::Certificate => {
                        self.tamper_bundle(thing, act);
                        BINARY
                    }
                    _ => self.tamper_files(thing, act, &mut |path, content| {
                        kit::put(&release.join(path), content);
                    }),
                };
                let (_, report, told) = self.verify_all(None, |_| ());
                (path, report, told)
            }
        };
        let found = match path {
            SBOM => self.about_sbom(&report, &told),
            _ => about_file(&report, path, &told),
        };
        match thing {
            Thing::Checksum => with_checksum(&report, found),
            _ => found,
        }
    }

    /// Tampers with published files; `put` takes their new content. Which artifact it is about comes back.
    fn tamper_files(
        &self,
        thing: Thing,
        act: Act,
        put: &mut dyn FnMut(&str, Option<Vec<u8>>),
    ) -> &'static str {
        let mut tamper = |own: &str, sibling: &str, flip: fn(&[u8]) -> Vec<u8>| {
            let [own_bytes, sibling, other] = self.three(own, sibling);
            put(own, act.on(&own_bytes, &sibling, &other, flip));
        };
        match thing {
            Thing::Binary => tamper(BINARY, SIBLING, flipped),
            Thing::Tarball => tamper(TARBALL, OTHER_TARBALL, flipped),
            Thing::Sbom => tamper(SBOM, OTHER_SBOM, flipped),
            Thing::Signature => tamper(&sig(BINARY), &sig(SIBLING), flipped_base64),
            Thing::Certificate => tamper(&cert(BINARY), &cert(SIBLING), flipped_certificate),
            Thing::Checksum => tamper(
                &format!("{BINARY}.sha256"),
                &format!("{SIBLING}.sha256"),
                flipped_hex,
            ),
            Thing::BinaryWithProof | Thing::SbomWithProof => {
                let (own, sibling) = match thing {
                    Thing::SbomWithProof => (SBOM, OTHER_SBOM),
                    _ => (BINARY, SIBLING),
                };
                tamper(own, sibling, flipped);
                match self.from {
                    From::Network => {
                        tamper(&sig(own), &sig(sibling), flipped_base64);
                        // Flipped are the file and its signature.
                        if act != Act::Flip {
                            tamper(&cert(own), &cert(sibling), flipped_certificate);
                        }
                    }
                    From::Kit => {
                        let proofs = [own, sibling].map(|path| format!("{path}.sigstore.json"));
                        match act {
                            Act::Flip => self.tamper_bundle_of(own, sibling, SIGNATURE, act),
                            _ => self.replace(&proofs[0], &proofs[1], act),
                        }
                    }
                }
            }
            Thing::Member => {
                let release = |version| fs::read(self.run.release.file(version, TARBALL)).unwrap();
                let tarball = release(NEW_VERSION);
                let own = member(&tarball, MEMBER);
                let sibling = fs::read(self.run.release.file(NEW_VERSION, SIBLING)).unwrap();
                let other = member(&release(ODD_VERSION), MEMBER);
                let content = act.on(&own, &sibling, &other, flipped);
                let altered = with_member(&tarball, MEMBER, content.as_deref());
                put(TARBALL, Some(altered));
            }
            Thing::UnpackedMember | Thing::Manifest | Thing::Layers | Thing::Log => {
                panic!("{thing:?} is no published file")
            }
        }
        match thing {
            Thing::Tarball | Thing::Member => TARBALL,
            Thing::Sbom | Thing::SbomWithProof => SBOM,
            _ => BINARY,
        }
    }

    /// A file that was published, another one of the release, and the same of the other version.
    fn three(&self, own: &str, sibling: &str) -> [Vec<u8>; 3] {
        [
            (NEW_VERSION, own),
            (NEW_VERSION, sibling),
            (ODD_VERSION, own),
        ]
        .map(|(version, path)| fs::read(self.run.release.file(version, path)).unwrap())
    }

    /// In a kit: another file of the kit in place of one of the release.
    fn replace(&self, own: &str, sibling: &str, act: Act) {
        let read =
            |version: &str, path: &str| fs::read(self.kit().join(version).join(path)).unwrap();
        let content = act.on(
            &read(TAG, own),
            &read(TAG, sibling),
            &read(OTHER, own),
            flipped,
        );
        kit::put(&self.kit().join(TAG).join(own), content);
    }

    /// In a kit signature and certificate are parts of a bundle. Without a signature there is none.
    fn tamper_bundle(&self, thing: Thing, act: Act) {
        match (thing, act) {
            (Thing::Signature, Act::Remove) => {
                let bundle = format!("{BINARY}.sigstore.json");
                kit::put(&self.kit().join(TAG).join(bundle), None);
            }
            (Thing::Signature, _) => self.tamper_bundle_of(BINARY, SIBLING, SIGNATURE, act),
            _ => self.tamper_bundle_of(BINARY, SIBLING, CERTIFICATE, act),
        }
    }

    fn tamper_bundle_of(&self, own: &str, sibling: &str, place: &str, act: Act) {
        let path = |version: &str, path: &str| format!("{version}/{path}");
        let [own, sibling, other] = [path(TAG, own), path(TAG, sibling), path(OTHER, own)];
        kit::tamper_proof(&self.kit(), [&own, &sibling, &other], place, act);
    }

    fn image(&self, thing: Thing, act: Act) -> Found {
        let (_, report, told) = match self.from {
            From::Network => {
                let double = registry::mirror(self.run);
                match thing {
                    Thing::Manifest => registry::tamper_manifest(self.run, &double, act),
                    _ => registry::tamper_layers(self.run, &double, act),
                }
                let answer = self.verify_all(Some(&double.host()), |_| ());
                // What of its content is asked for depends on what is found.
                double.http().forgive();
                answer
            }
            From::Kit => {
                match thing {
                    Thing::Manifest => kit::tamper_manifest(&self.kit(), act),
                    _ => kit::tamper_layers(self.run, &self.kit(), act),
                }
                self.verify_all(None, |_| ())
            }
        };
        // At the registry an index lists the manifest by the digest that it no longer has.
        let is_listed = (self.from, thing, act) == (From::Network, Thing::Manifest, Act::Flip);
        about_image(&report, is_listed, &told)
    }

    fn log(&self, act: Act) -> Found {
        let (_, report, told) = match self.from {
            From::Network => {
                let [own, sibling, other] = self.three(BINARY, SIBLING);
                let log = log::lying(self.run, &own, &sibling, &other, act);
                self.online(
                    &ReleaseServer::start(&self.run.release.folder),
                    None,
                    &log.url(),
                )
            }
            From::Kit => {
                let place = match act {
                    Act::Flip => "/verificationMaterial/tlogEntries/0/canonicalizedBody",
                    _ => "/verificationMaterial/tlogEntries/0",
                };
                self.tamper_bundle_of(BINARY, SIBLING, place, act);
                self.verify_all(None, |_| ())
            }
        };
        about_file(&report, BINARY, &told)
    }

    fn unpacked_member(&self, act: Act) -> Found {
        let folder = self.unpacked();
        let file = folder.join(UNPACKED).join(MEMBER);
        let own = fs::read(&file).unwrap();
        let sibling = fs::read(self.run.release.file(NEW_VERSION, SIBLING)).unwrap();
        let other = fs::read(self.run.release.file(ODD_VERSION, KUBECTL)).unwrap();
        kit::put(&file, act.on(&own, &sibling, &other, flipped));
        let (_, report, told) = self.sbom_check(&folder);
        let path = format!("{UNPACKED}/{MEMBER}");
        let mut found = Found {
            outcome: text(&report["outcome"]),
            reason: String::new(),
            message: String::new(),
        };
        for row in report["files"].as_array().unwrap() {
            let state = text(&row["state"]);
            match row["path"] == path.as_str() {
                true => {
                    found.reason = state;
                    found.message = text(&row["detail"]);
                }
                false => assert!(
                    ["proved", "not-covered"].contains(&&*state),
                    "{row}\n{told}"
                ),
            }
        }
        let missing = report["missing"].as_array().unwrap();
        match found.reason.is_empty() {
            true => {
                assert_eq!(missing.as_slice(), [Value::from(KUBECTL)], "{told}");
                found.reason = "missing".to_owned();
            }
            // Whatever lies there, the program that should is not there.
            false => assert!(missing.iter().all(|missing| missing == KUBECTL), "{told}"),
        }
        found
    }

    /// The folder of the release, with a program that was unpacked from its tarball instead of the one published alone.
    fn unpacked(&self) -> PathBuf {
        let folder = self.folder.path().join("downloads");
        kit::copy(&collected(self.run).join(TAG), &folder);
        for suffix in ["", ".sigstore.json"] {
            fs::remove_file(folder.join(format!("{KUBECTL}{suffix}"))).unwrap();
        }
        let tarball = fs::read(folder.join(TARBALL)).unwrap();
        let file = folder.join(UNPACKED).join(MEMBER);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, member(&tarball, MEMBER)).unwrap();
        folder
    }

    fn kit(&self) -> PathBuf {
        self.folder.path().join("kit")
    }

    /// What is said when the SBOM is not proved, and so nothing else; that of the other version is.
    fn about_sbom(&self, report: &Value, told: &str) -> Found {
        let found = match &report["results"] {
            Value::Array(results) => {
                assert_eq!(results.len(), 1, "{told}");
                found(&results[0])
            }
            _ => found(&report["sbom"]),
        };
        let arguments = ["sbom", OTHER];
        let (code, _, other) = match self.from {
            From::Network => {
                let server = ReleaseServer::start(&self.run.release.folder);
                done(self.at_server(&server, None, self.rekor(), &arguments))
            }
            From::Kit => self.in_kit(&arguments),
        };
        assert_eq!(code, 0, "{other}");
        found
    }

    /// Proves everything for one platform, at a server that `tamper` may change or in the kit.
    fn verify_all(
        &self,
        registry: Option<&str>,
        tamper: impl FnOnce(&ReleaseServer),
    ) -> (i32, Value, String) {
        match self.from {
            From::Network => {
                let server = ReleaseServer::start(&self.run.release.folder);
                tamper(&server);
                self.online(&server, registry, self.rekor())
            }
            From::Kit => self.in_kit(&VERIFY_ALL),
        }
    }

    fn online(
        &self,
        server: &ReleaseServer,
        registry: Option<&str>,
        log: &str,
    ) -> (i32, Value, String) {
        done(self.at_server(server, registry, log, &VERIFY_ALL))
    }

    fn sbom_check(&self, folder: &Path) -> (i32, Value, String) {
        let arguments = ["sbom", TAG, "--check", folder.to_str().unwrap()];
        match self.from {
            From::Network => {
                let server = &self.run.server;
                done(self.at_server(server, None, self.rekor(), &arguments))
            }
            From::Kit => self.in_kit(&arguments),
        }
    }

    fn at_server(
        &self,
        server: &ReleaseServer,
        registry: Option<&str>,
        log: &str,
        arguments: &[&str],
    ) -> Command {
        let registry = registry.unwrap_or(&self.run.release.registry);
        let file = self.folder.path().join("profile.yaml");
        fs::write(&file, profile(server, registry)).unwrap();
        let mut command = sealcheck::command();
        command.arg("release").args(arguments);
        command.arg("--profile").arg(file).arg("--trusted-root");
        command.arg(&self.run.testbed.trusted_root);
        command.args(["--rekor-url", log]);
        command
    }

    /// With the profile of Kubernetes itself, and a trap on all ways out.
    fn in_kit(&self, arguments: &[&str]) -> (i32, Value, String) {
        let trap = Trap::set();
        let mut command = sealcheck::command();
        command.arg("release").args(arguments);
        command.arg("--from").arg(self.kit()).arg("--offline");
        command.arg("--trusted-root");
        command.arg(self.kit().join("trusted_root.json"));
        trap.around(&mut command);
        let done = done(command);
        assert_eq!(trap.caught(), 0, "{}", done.2);
        done
    }

    fn rekor(&self) -> &str {
        self.run.testbed.rekor_url.as_deref().unwrap()
    }
}

/// The trap notices commands that may use the network, for files and for images.
pub(super) fn trap_catches(run: &Run) {
    let scene = Scene::new(run, From::Kit);
    fs::remove_dir_all(scene.kit().join("images")).unwrap();
    let kit = scene.kit();
    for arguments in [
        &["sbom", TAG][..],
        &["images", TAG, "--from", kit.to_str().unwrap()],
    ] {
        let trap = Trap::set();
        let mut command = sealcheck::command();
        command.arg("release").args(arguments);
        command.arg("--trusted-root").arg(&run.testbed.trusted_root);
        trap.around(&mut command);
        let (_, _, told) = done(command);
        assert_ne!(trap.caught(), 0, "{told}");
    }
}

/// The kit of both versions, collected once, with the checksum of the file that is tampered with.
fn collected(run: &Run) -> &'static Path {
    static KIT: OnceLock<PathBuf> = OnceLock::new();
    KIT.get_or_init(|| {
        let kit = run.testbed.folder.join("collected");
        let profile = run.testbed.folder.join("collected.yaml");
        fs::write(&profile, run.release.profile(&run.server)).unwrap();
        // The other version has a file that is not proved, and so not in the kit.
        for (version, expected) in [(TAG, 0), (OTHER, 1)] {
            let mut command = sealcheck::command();
            command.args(["release", "collect", version, "--to"]);
            command.arg(&kit).arg("--profile").arg(&profile);
            command.arg("--trusted-root");
            command.arg(&run.testbed.trusted_root);
            command.args(["--rekor-url", run.testbed.rekor_url.as_deref().unwrap()]);
            let (code, _, told) = done(command);
            assert_eq!(code, expected, "{told}");
        }
        let sum = format!("{BINARY}.sha256");
        fs::copy(run.release.file(NEW_VERSION, &sum), kit.join(TAG).join(sum)).unwrap();
        kit
    })
}

/// What is said of a file. All others, and all images, are proved.
fn about_file(report: &Value, path: &str, told: &str) -> Found {
    proved_but(report, Some(path), None, told);
    let files = report["files"].as_array().unwrap();
    found(files.iter().find(|file| is_about(file, path)).unwrap())
}

/// What is said of the image. All files, and all other images, are proved; its index only if it does not matter to it.
fn about_image(report: &Value, matters_to_index: bool, told: &str) -> Found {
    let name = format!("/{IMAGE}:{TAG}");
    match matters_to_index {
        true => proved_but(report, None, Some(TAG), told),
        false => proved_but(report, None, Some(&name), told),
    }
    let images = report["images"].as_array().unwrap();
    let mut all = images.iter();
    let image = all.find(|image| text(&image["name"]).ends_with(&name));
    let image = image.unwrap();
    let mut judged = found(&image["evidence"]);
    // An attestation can be worse than the signatures.
    if image["outcome"] != image["evidence"]["outcome"] {
        let attestations = image["attestations"].as_array().unwrap();
        let worst = attestations
            .iter()
            .map(|attestation| &attestation["evidence"])
            .find(|evidence| evidence["outcome"] == image["outcome"]);
        judged = found(worst.unwrap());
    }
    judged
}

fn proved_but(report: &Value, file: Option<&str>, image: Option<&str>, told: &str) {
    let all = |what: &str| {
        report[what]
            .as_array()
            .unwrap_or_else(|| panic!("{told}"))
            .clone()
    };
    let (files, images) = (all("files"), all("images"));
    assert_eq!((files.len(), images.len()), (FILES, IMAGES), "{told}");
    for evidence in files {
        if file.is_none_or(|path| !is_about(&evidence, path)) {
            assert_eq!(evidence["outcome"], "verified", "{told}");
        }
    }
    for other in images {
        if image.is_none_or(|name| !text(&other["name"]).ends_with(name)) {
            assert_eq!(other["outcome"], "verified", "{told}");
        }
    }
}

fn is_about(evidence: &Value, path: &str) -> bool {
    evidence["release"]["path"] == path || text(&evidence["artifact"]["name"]).ends_with(path)
}

fn found(evidence: &Value) -> Found {
    Found {
        outcome: text(&evidence["outcome"]),
        reason: text(&evidence["reason"]),
        message: text(&evidence["message"]),
    }
}

/// What is told about the checksum, which has no reason of its own.
fn with_checksum(report: &Value, found: Found) -> Found {
    let files = report["files"].as_array().unwrap();
    let file = files.iter().find(|file| is_about(file, BINARY)).unwrap();
    let checksums = file["release"]["checksums"].as_array().unwrap();
    let sum = checksums
        .iter()
        .find(|sum| text(&sum["place"]).ends_with(".sha256"));
    Found {
        message: text(&sum.unwrap()["state"]),
        ..found
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn sig(path: &str) -> String {
    format!("{path}.sig")
}

fn cert(path: &str) -> String {
    format!("{path}.cert")
}

/// One platform is enough, and quicker.
const VERIFY_ALL: [&str; 4] = ["verify-all", TAG, "--platform", "linux/amd64"];
/// What there is for that platform.
const FILES: usize = 8;
const IMAGES: usize = 2;
const KUBECTL: &str = "bin/linux/amd64/kubectl";
const UNPACKED: &str = "kubernetes-client-linux-amd64";
const SIGNATURE: &str = "/messageSignature/signature";
const CERTIFICATE: &str = "/verificationMaterial/certificate/rawBytes";
