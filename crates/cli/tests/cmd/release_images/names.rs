//! Which images an SBOM names: by tag, by digest, in other registries, for which platform.

use std::collections::BTreeMap;

use sealcheck_testkit::image::{Repository, digest};
use serde_json::Value;

use super::{Images, NOW, contained, layers, push};
use crate::sandbox::Run;

/// A package that says by its address which image it is, with the layers of a version where there is one.
fn package(id: usize, purl: &str, made_of: Option<(&str, &str)>) -> String {
    let id = format!("SPDXRef-Package-image-{id}");
    let package = format!(
        "PackageName: image\nSPDXID: {id}\nPackageDownloadLocation: NONE\nFilesAnalyzed: false\n\
         ExternalRef: PACKAGE-MANAGER purl {purl}\n\n"
    );
    let layers = made_of.map(|(version, arch)| layers(version, arch));
    package + &contained(&id, &layers.unwrap_or_default())
}

impl Images {
    /// Puts a signed image for amd64 under each tag.
    fn put_tags(&mut self, name: &str, versions: &[(&str, &str)]) {
        let mut repository = Repository::new();
        let mut last = None;
        for (tag, version) in versions {
            let (_, image) = push(&mut repository, version, &["amd64"]);
            repository.tag(tag, &image);
            let signature = self.signature(&image, &format!("registry.k8s.io/{name}"), NOW);
            repository.attach_signatures(&image, &[signature]);
            last = Some(image);
        }
        self.hold(name, repository, last.unwrap());
    }

    fn run_for(&self, platform: &str) -> Run {
        let images = ["images", "v1.36.0", "--profile", "profile.yaml"];
        self.scene
            .run(&[&images[..], &["--platform", platform]].concat())
    }
}

/// Outcome or reason by the whole name.
fn proved(run: &Run) -> BTreeMap<String, String> {
    let document: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr));
    let images = document["images"].as_array().unwrap().iter();
    let images = images.map(|image| {
        let evidence = &image["evidence"];
        let word = evidence["reason"]
            .as_str()
            .or_else(|| evidence["outcome"].as_str());
        let name = image["name"].as_str().unwrap();
        (name.to_owned(), word.unwrap().to_owned())
    });
    images.collect()
}

fn expected(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter()
        .map(|(name, word)| ((*name).to_owned(), (*word).to_owned()))
        .collect()
}

#[test]
fn two_tags_of_a_repository_are_two_images() {
    let purl = |tag| format!("pkg:docker/pause@{tag}?repository_url=registry.k8s.io&arch=amd64");
    let packages = [
        package(0, &purl("3.9"), Some(("3.9", "amd64"))),
        package(1, &purl("3.10"), Some(("3.10", "amd64"))),
    ];
    let mut images = Images::of(&packages.concat());
    let run = |images: &Images| {
        let profile = ["images", "v1.36.0", "--profile", "profile.yaml"];
        images.scene.run(&profile)
    };
    let (first, second) = ("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.10");
    images.put_tags("pause", &[("3.9", "3.9"), ("3.10", "3.10")]);
    let all = expected(&[(first, "verified"), (second, "verified")]);
    assert_eq!(proved(&run(&images)), all);
    // Each must be what is listed for it, and both must be there.
    for (tags, word) in [
        (&[("3.9", "3.9"), ("3.10", "3.9")][..], "release-mismatch"),
        (&[("3.9", "3.9"), ("3.8", "3.10")], "artifact-unreadable"),
    ] {
        images.put_tags("pause", tags);
        let all = expected(&[(first, "verified"), (second, word)]);
        assert_eq!(proved(&run(&images)), all);
    }
    let run = images.scene.text(&["verify-all", "v1.36.0"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("Not all of v1.36.0"), "{}", run.stdout);
}

/// The address of a package says the digest, and may say no tag.
#[test]
fn an_image_without_a_tag_is_known_by_its_digest() {
    let mut repository = Repository::new();
    let (pushed, index) = push(&mut repository, "v1.36.0", &["amd64", "arm64"]);
    let purl = |digest: &str, arch| {
        format!("pkg:oci/app@{digest}?repository_url=registry.k8s.io/app&arch={arch}")
    };
    let packages = [
        package(0, &purl(&pushed[0].digest, "amd64"), None),
        package(1, &purl(&pushed[1].digest, "arm64"), None),
        // Not pushed for what the SBOM says.
        package(2, &purl(&digest(b"gone"), "arm64"), None),
    ];
    let mut images = Images::of(&packages.concat());
    for image in &pushed {
        let signature = images.signature(image, "registry.k8s.io/app", NOW);
        repository.attach_signatures(image, &[signature]);
    }
    images.hold("app", repository, index);
    let name = |digest: &str| format!("registry.k8s.io/app@{digest}");
    let profile = ["images", "v1.36.0", "--profile", "profile.yaml"];
    let run = images.scene.run(&profile);
    let all = expected(&[
        (&name(&pushed[0].digest), "verified"),
        (&name(&pushed[1].digest), "verified"),
        (&name(&digest(b"gone")), "artifact-unreadable"),
    ]);
    assert_eq!((run.code, proved(&run)), (3, all));
    let run = images.run_for("linux/amd64");
    let all = expected(&[(&name(&pushed[0].digest), "verified")]);
    assert_eq!((run.code, proved(&run)), (0, all));
    // A kit has it below the path alone.
    let collect = [super::COLLECT, &["--platform", "linux/amd64"]].concat();
    let run = images.scene.run(&collect);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let index = images.scene.sandbox.read("kit/images/app/index.json");
    assert!(index.contains(&pushed[0].digest), "{index}");
}

#[test]
fn one_tag_for_several_architectures_is_an_index() {
    let purl = |arch| format!("pkg:docker/app@v1.36.0?repository_url=registry.k8s.io&arch={arch}");
    let packages = ["amd64", "arm64"].map(|arch| {
        let id = arch.len() + usize::from(arch == "arm64");
        package(id, &purl(arch), Some(("v1.36.0", arch)))
    });
    let mut images = Images::of(&packages.concat());
    let name = "registry.k8s.io/app:v1.36.0";
    for (version, word) in [("v1.36.0", "verified"), ("v1.35.0", "release-mismatch")] {
        images.put("app", version, &["amd64", "arm64"]);
        let profile = ["images", "v1.36.0", "--profile", "profile.yaml"];
        let run = images.scene.run(&profile);
        assert_eq!(proved(&run), expected(&[(name, word)]));
    }
}

#[test]
fn a_name_that_is_none_is_the_failure_of_its_own_image() {
    let purl = |name| format!("pkg:docker/{name}@3.9?repository_url=registry.k8s.io");
    let packages = [
        package(0, &purl("pause"), Some(("3.9", "amd64"))),
        package(1, &purl("a..b"), None),
        package(2, &purl("App"), None),
        package(
            3,
            "pkg:docker/plus@1.0+x?repository_url=registry.k8s.io",
            None,
        ),
        package(4, "pkg:oci/neither?repository_url=registry.k8s.io", None),
        package(5, "pkg:oci/nowhere?tag=2", None),
        package(6, "pkg:oci/broken?tag=%zz", None),
        package(7, "pkg:oci/spaced?tag=1&repository_url=r.test/a%20b", None),
    ];
    let mut images = Images::of(&packages.concat());
    images.put_tags("pause", &[("3.9", "3.9")]);
    let run = images.scene.run(&["verify-all", "v1.36.0"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let all = expected(&[
        ("registry.k8s.io/pause:3.9", "verified"),
        ("registry.k8s.io/a..b:3.9", "sbom-malformed"),
        ("registry.k8s.io/App:3.9", "sbom-malformed"),
        ("registry.k8s.io/plus:1.0+x", "sbom-malformed"),
        ("registry.k8s.io/neither", "sbom-malformed"),
        // Without a registry it is in the project's.
        ("registry.k8s.io/nowhere:2", "artifact-unreadable"),
        ("pkg:oci/broken?tag=%zz", "sbom-malformed"),
        ("r.test/a b/spaced:1", "sbom-malformed"),
    ]);
    assert_eq!((run.code, proved(&run)), (1, all));
    let files = document["files"].as_array().unwrap();
    assert!(files.iter().all(|file| file["outcome"] == "verified"));
    // A registry that the user names is the user's.
    let run = images
        .scene
        .run(&["images", "v1.36.0", "--registry", "mirror.example/x@y"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
}

/// What an SBOM says no architecture of counts for every platform: nothing is left out in silence.
#[test]
fn images_are_for_a_platform_by_what_the_sbom_says() {
    let purl = |rest| format!("pkg:docker/{rest}?repository_url=registry.k8s.io");
    let any = purl("any@1");
    let amd64 = purl("one@1") + "&arch=amd64";
    let arm64 = purl("two-amd64@1") + "&arch=arm64";
    let alias = purl("three@1") + "&arch=x86_64&os=linux";
    let windows = purl("win@1") + "&arch=amd64&os=windows";
    let strange = purl("strange@1") + "&arch=pdp11";
    let packages: Vec<String> = [any, amd64, arm64, alias, windows, strange]
        .iter()
        .enumerate()
        .map(|(id, purl)| package(id, purl, None))
        .collect();
    let images = Images::of(&(packages.concat() + &super::packages(true)));
    let names = |platform| {
        let proved = proved(&images.run_for(platform));
        let names = proved.keys().map(|name| {
            let name = name.strip_prefix("registry.k8s.io/").unwrap();
            name.split_once(':').unwrap().0.to_owned()
        });
        names.collect::<Vec<_>>()
    };
    let (index, own) = ("kube-apiserver", "kube-apiserver-amd64");
    let all = ["any", own, index, "one", "strange", "three"];
    assert_eq!(names("linux/amd64"), all);
    let own = "kube-apiserver-arm64";
    let all = ["any", own, index, "strange", "two-amd64"];
    assert_eq!(names("linux/arm64"), all);
    assert_eq!(names("windows/amd64"), ["any", "one", "strange", "win"]);
}

/// Tools spell architectures in their own ways; an image that is what they mean is no other one.
#[test]
fn architectures_have_several_names() {
    let purl = |rest| format!("pkg:docker/app@{rest}&repository_url=registry.k8s.io");
    for (platform, word) in [
        ("1?arch=x86_64", "verified"),
        ("1?arch=amd64&os=Linux", "verified"),
        ("1?arch=aarch64", "release-mismatch"),
        ("1?arch=x86_64&os=windows", "release-mismatch"),
    ] {
        let package = package(0, &purl(platform), Some(("1", "amd64")));
        let mut images = Images::of(&package);
        images.put_tags("app", &[("1", "1")]);
        let profile = ["images", "v1.36.0", "--profile", "profile.yaml"];
        let run = images.scene.run(&profile);
        let all = expected(&[("registry.k8s.io/app:1", word)]);
        assert_eq!(proved(&run), all, "{platform}");
    }
}

/// An index is made up only where SBOMs of Kubernetes have no name for one.
#[test]
fn no_index_is_demanded_over_an_image_with_a_name_of_its_own() {
    let purl = "pkg:docker/app-amd64@1?repository_url=registry.k8s.io&arch=amd64";
    let mut images = Images::of(&package(0, purl, Some(("1", "amd64"))));
    images.put_tags("app-amd64", &[("1", "1")]);
    let profile = ["images", "v1.36.0", "--profile", "profile.yaml"];
    let run = images.scene.run(&profile);
    let all = expected(&[("registry.k8s.io/app-amd64:1", "verified")]);
    assert_eq!((run.code, proved(&run)), (0, all));
}

/// One path and one tag in two registries are two images, also in a kit.
#[test]
fn a_kit_keeps_registries_apart() {
    let hosts = ["ghcr.io", "quay.io"];
    let purl = |host| format!("pkg:docker/x/app@v1?repository_url={host}&arch=amd64");
    let packages = [
        package(0, &purl(hosts[0]), Some(("1", "amd64"))),
        package(1, &purl(hosts[1]), Some(("2", "amd64"))),
    ];
    let mut images = Images::of(&packages.concat());
    for (host, version) in hosts.into_iter().zip(["1", "2"]) {
        let mut repository = Repository::new();
        let (_, image) = push(&mut repository, version, &["amd64"]);
        repository.tag("v1", &image);
        let signature = images.signature(&image, &format!("{host}/x/app"), NOW);
        repository.attach_signatures(&image, &[signature]);
        images.hold(&format!("{host}/x/app"), repository, image);
    }
    let all = expected(&[
        ("ghcr.io/x/app:v1", "verified"),
        ("quay.io/x/app:v1", "verified"),
    ]);
    collects(&images, &all);
    for host in hosts {
        let index = format!("kit/images/{host}/x/app/index.json");
        let index = images.scene.sandbox.read(&index);
        let digest = images.digest(&format!("{host}/x/app"));
        assert!(index.contains(digest), "{index}");
    }
}

#[test]
fn a_kit_has_an_image_below_the_name_of_another() {
    let names = ["a", "a/b", "a/b/c"];
    let packages: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(id, name)| {
            let purl = format!("pkg:docker/{name}@1?repository_url=registry.k8s.io&arch=amd64");
            package(id, &purl, Some(("1", "amd64")))
        })
        .collect();
    let mut images = Images::of(&packages.concat());
    let state = |words: [&str; 3]| -> BTreeMap<String, String> {
        let names = names.iter().map(|name| format!("registry.k8s.io/{name}:1"));
        names.zip(words.map(str::to_owned)).collect()
    };
    // A folder that only leads to another image's is not the image's own, whichever was collected first.
    let profile = ["images", "v1.36.0", "--profile", "profile.yaml"];
    images.put_tags("a/b", &[("1", "1")]);
    let run = images.scene.run(&profile);
    let gone = "artifact-unreadable";
    assert_eq!(proved(&run), state([gone, "verified", gone]));
    images.scene.run(super::COLLECT).exits(3);
    for name in ["a", "a/b", "a/b/c"] {
        images.put_tags(name, &[("1", "1")]);
    }
    collects(&images, &state(["verified"; 3]));
    // All are where they were.
    for name in names {
        images
            .scene
            .sandbox
            .read(&format!("kit/images/{name}/oci-layout"));
    }
}

/// All of it is collected, and proved from the kit.
fn collects(images: &Images, all: &BTreeMap<String, String>) {
    let run = images.scene.run(super::COLLECT);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let run = images.scene.sandbox.run(&[
        "release",
        "images",
        "v1.36.0",
        "--from",
        "kit",
        "--offline",
        "--profile",
        "profile.yaml",
        "--trusted-root",
        "root.json",
    ]);
    assert_eq!((run.code, &proved(&run)), (0, all));
}
