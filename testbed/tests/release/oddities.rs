//! What is odd in real releases of Kubernetes, and is no reason to doubt them.

use std::fs;
use std::path::Path;
use std::process::Command;

use sealcheck_registry::double::{At, Fault as RegistryFault};
use sealcheck_testbed::release::{Fault, ISSUER, KREL_TRUST, ReleaseServer, profile};
use serde_json::Value;

use crate::commands::{KUBECTL, VERSION, command, done, run_in, scene};
use crate::matrix::{IMAGE, copy, mirror, signature_of};
use crate::{NEW_VERSION, Run};

/// Files without signature on purpose lie among the others of a folder, and nothing fails for them.
pub(crate) fn unsigned_by_design(run: &Run) {
    let folder = scene(run);
    let published = run.release.folder.join("release").join(VERSION);
    copy(&published, &folder.path().join("downloads"));
    let check = ["sbom", VERSION, "--check", "downloads"];
    let (code, report, told) = run_in(run, folder.path(), &check);
    assert_eq!(code, 0, "{told}");
    let files = run.release.signed_files(NEW_VERSION).unwrap();
    assert_eq!(report["counts"]["proved"], files.len() - 2, "{told}");
    // Also archives of images, which the SBOM has by name alone.
    let (code, report, told) = run_in(run, folder.path(), &["verify", VERSION, "downloads"]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(report["results"].as_array().unwrap().len(), files.len());
    let left_out = report["leftOut"].as_array().unwrap();
    for (path, why) in [
        ("bin/linux/amd64/kube-apiserver.docker_tag", "not signed"),
        ("provenance.json", "not signed"),
        ("release-notes.json", "not signed"),
        ("SHA256SUMS", "not signed"),
        ("bin/linux/amd64/kubectl.sha512", "a checksum"),
    ] {
        let path = format!("downloads/{path}");
        let left = left_out.iter().find(|left| left["path"] == path.as_str());
        let told = left.map(|left| left["why"].as_str().unwrap());
        assert!(
            told.is_some_and(|told| told.contains(why)),
            "{path}: {told:?}"
        );
    }
}

/// The one file of v1.35.0 that its signature does not fit: the report says what agrees and what does not.
pub(crate) fn bad_signature(run: &Run) {
    let folder = scene(run);
    let file = run
        .release
        .file(sealcheck_testbed::release::ODD_VERSION, KUBECTL);
    fs::copy(file, folder.path().join("kubectl")).unwrap();
    let arguments = ["verify", "v1.35.0", "kubectl", "--platform", "linux/amd64"];
    let (code, report, told) = run_in(run, folder.path(), &arguments);
    assert_eq!(code, 1, "{told}");
    let evidence = &report["results"][0];
    assert_eq!(evidence["release"]["listed"], "same", "{told}");
    let checksums = evidence["release"]["checksums"].as_array().unwrap();
    assert!(
        checksums.iter().all(|sum| sum["state"] == "agrees"),
        "{told}"
    );
    for (check, outcome) in [
        ("certificate", "passed"),
        ("identity", "passed"),
        ("signature", "failed"),
        // It has one for the bytes that were signed.
        ("log", "failed"),
    ] {
        assert_eq!(evidence["checks"][check]["outcome"], outcome, "{told}");
    }
    let (_, _, text) = run_in(
        run,
        folder.path(),
        &[&arguments[..], &["-o", "text"]].concat(),
    );
    for words in ["lists this content", "agrees", "passed", "failed"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// Files of two versions in one run: each that is not of the version that is meant is rejected, and the others are proved.
pub(crate) fn two_versions(run: &Run) {
    let folder = scene(run);
    for (version, path, name) in [
        (NEW_VERSION, "bin/linux/amd64/kubelet", "new/kubelet"),
        (
            sealcheck_testbed::release::ODD_VERSION,
            "bin/linux/amd64/kubeadm",
            "old/kubeadm",
        ),
    ] {
        let target = folder.path().join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(run.release.file(version, path), target).unwrap();
    }
    let (code, report, told) = run_in(run, folder.path(), &["verify", VERSION, "new", "old"]);
    assert_eq!(code, 1, "{told}");
    let outcomes: Vec<(&Value, &Value)> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| (&result["outcome"], &result["release"]["listed"]))
        .collect();
    assert_eq!(
        outcomes,
        [
            (&"verified".into(), &"same".into()),
            (&"rejected".into(), &"other".into())
        ],
        "{told}"
    );
}

/// `/VERSION` leads to `/release/VERSION`, and both to the host that delivers.
pub(crate) fn addresses(run: &Run) {
    let server = ReleaseServer::start(&run.release.folder);
    let to = server.cdn.url().to_owned();
    let path = format!("/release/{VERSION}/{KUBECTL}");
    server.files.set(&path, Fault::Redirect { to });
    let folder = tempfile::tempdir().unwrap();
    let text = run.release.profile(&server);
    fs::write(folder.path().join("profile.yaml"), text).unwrap();
    for (index, from) in [server.files.at(""), server.files.at("/release")]
        .iter()
        .enumerate()
    {
        let out = format!("out-{index}");
        let arguments = ["fetch", VERSION, KUBECTL, "--to", &out, "--from", from];
        let (code, _, told) = run_in(run, folder.path(), &arguments);
        assert_eq!(code, 0, "{from}\n{told}");
        assert_eq!(server.cdn.hits(&path), index + 1, "{from}");
    }
    let short = format!("/{VERSION}/{KUBECTL}");
    assert_eq!(server.files.hits(&short), 1);
}

/// A region that has the signature under its tag and not by its digest; and one that has the tag and not what it leads to,
/// which is no proof that nobody signed.
pub(crate) fn regions(run: &Run) {
    for (is_blob, code, outcome) in [(false, 0, "verified"), (true, 3, "unavailable")] {
        let double = mirror(run);
        let (manifest, blobs) = signature_of(run, IMAGE);
        match is_blob {
            false => double.fault(At::Manifest(manifest), RegistryFault::Absent),
            true => blobs
                .into_iter()
                .for_each(|blob| double.fault(At::Blob(blob), RegistryFault::Absent)),
        }
        let folder = tempfile::tempdir().unwrap();
        let text = profile(&run.server, &double.host());
        fs::write(folder.path().join("profile.yaml"), text).unwrap();
        let (found, report, told) = images(run, folder.path(), &[]);
        assert_eq!(found, code, "{told}");
        let image = image(&report);
        assert_eq!(image["outcome"], outcome, "{told}");
    }
}

/// Signatures of former times: a payload that names a regional mirror is as good as another, and a signer of that time is
/// not accepted, but called by the name.
pub(crate) fn former_signatures(run: &Run) {
    let folder = scene(run);
    let promoter = "k8s-infra-gcr-promoter@k8s-artifacts-prod.iam.gserviceaccount.com";
    for (prefix, signer, code, outcome) in [
        ("regional", KREL_TRUST, 0, "verified"),
        ("former", promoter, 1, "rejected"),
    ] {
        sign_copy(run, folder.path(), prefix, signer);
        let registry = format!("{}/{prefix}", run.release.registry);
        let (found, report, told) = images(run, folder.path(), &["--registry", &registry]);
        assert_eq!(found, code, "{told}");
        let image = image(&report);
        assert_eq!(image["outcome"], outcome, "{told}");
        if outcome == "rejected" {
            assert_eq!(image["evidence"]["reason"], "identity-mismatch", "{told}");
            let message = image["evidence"]["message"].as_str().unwrap();
            assert!(message.contains(promoter), "{message}");
            assert!(message.contains("October to December 2022"), "{message}");
        }
    }
}

/// The images of the release below a prefix of their own, with one signature by this signer that names a mirror.
fn sign_copy(run: &Run, folder: &Path, prefix: &str, signer: &str) {
    let token = folder.join("token");
    fs::write(&token, run.testbed.token_by(signer, ISSUER).unwrap()).unwrap();
    for repository in ["kube-apiserver", IMAGE] {
        let registry = &run.release.registry;
        let from = format!("{registry}/{repository}:{VERSION}");
        let to = format!("{registry}/{prefix}/{repository}:{VERSION}");
        let mut crane = Command::new(run.testbed.crane.as_ref().unwrap());
        crane.env("HOME", &run.testbed.folder);
        succeed(crane.args(["copy", &from, &to]));
        let mut cosign = run.testbed.cosign();
        cosign.args(["sign", "--yes", "--allow-http-registry", "--recursive"]);
        cosign.args(["--use-signing-config=false", "--new-bundle-format=false"]);
        cosign.args(["--fulcio-url", run.testbed.fulcio_url.as_ref().unwrap()]);
        cosign.args(["--rekor-url", run.testbed.rekor_url.as_ref().unwrap()]);
        let name = format!("us-west1-docker.pkg.dev/k8s-artifacts-prod/images/{repository}");
        cosign.args(["--sign-container-identity", &name, "--identity-token"]);
        succeed(cosign.arg(&token).arg(&to));
    }
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?} {output:?}");
}

fn images(run: &Run, folder: &Path, more: &[&str]) -> (i32, Value, String) {
    let arguments = ["images", VERSION, "--platform", "linux/amd64"];
    done(command(run, folder, &[&arguments[..], more].concat()))
}

fn image(report: &Value) -> &Value {
    let mut images = report["images"].as_array().unwrap().iter();
    let is_image = |image: &&Value| image["name"].as_str().unwrap().contains(IMAGE);
    images.find(is_image).unwrap()
}
