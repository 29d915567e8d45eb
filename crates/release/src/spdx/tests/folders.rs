//! Folders against documents.

use sealcheck_verify::{Digest, DigestAlgorithm};

use super::super::{Document, Listing, LocalFile, Matched, NotCovered, Origin, PathTrap, Standing};
use super::{HELLO, checksums, file, listing, read};

/// A file of a folder, by its content.
struct Local {
    path: String,
    digests: Vec<Digest>,
}

fn local(path: &str, content: &str) -> Local {
    let algorithms = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512];
    Local {
        path: path.to_owned(),
        digests: algorithms
            .map(|algorithm| Digest::of(algorithm, content.as_bytes()).unwrap())
            .to_vec(),
    }
}

/// What is said of each file in a few words, and what is missing.
fn check(document: &Document, files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let listing = Listing::new(document);
    let locals: Vec<Local> = files
        .iter()
        .map(|(path, content)| local(path, content))
        .collect();
    let check = listing.check(locals.iter().map(|local| LocalFile {
        path: &local.path,
        digests: &local.digests,
    }));
    let paths = |entries: &[super::super::Entry]| {
        entries
            .iter()
            .map(|e| e.path())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let words = check
        .files
        .iter()
        .zip(files)
        .map(|((file, standing), (path, _))| {
            assert_eq!(file.path, *path);
            match standing {
                Standing::Proved {
                    entry,
                    matched: Matched::Path,
                } => format!("is {}", entry.path()),
                Standing::Proved {
                    entry,
                    matched: Matched::Name,
                } => format!("elsewhere {}", entry.path()),
                Standing::Altered { expected } => format!("altered {}", paths(expected)),
                Standing::Swapped { entry, expected } => {
                    format!("{} instead of {}", entry.path(), paths(expected))
                }
                Standing::Renamed { entry } => format!("renamed {}", entry.path()),
                Standing::Unprovable { expected } => format!("unprovable {}", paths(expected)),
                Standing::NotCovered(reason) => format!("not covered {reason:?}"),
                Standing::NotHashed { missing } => format!("not hashed {missing}"),
            }
        });
    (
        words.collect(),
        check
            .missing
            .iter()
            .map(|entry| entry.path().to_owned())
            .collect(),
    )
}

/// What is said of one file.
fn word(document: &Document, path: &str, content: &str) -> String {
    check(document, &[(path, content)]).0.remove(0)
}

fn release() -> Document {
    listing(&[
        ("bin/linux/amd64/kubectl", "amd64"),
        ("bin/linux/arm64/kubectl", "arm64"),
        ("bin/darwin/arm64/kubectl", "darwin"),
        ("bin/linux/amd64/kubelet", "kubelet"),
        ("kubernetes.tar.gz", "tar"),
    ])
}

#[test]
fn a_folder_laid_out_as_the_release() {
    let (words, missing) = check(
        &release(),
        &[
            ("bin/linux/amd64/kubectl", "amd64"),
            ("./bin//linux/arm64/./kubectl", "arm64"),
            ("bin/linux/amd64/kubelet", "evil"),
            ("kubernetes.tar.gz", "tar"),
            ("bin/linux/amd64/other", "x"),
        ],
    );
    assert_eq!(
        words,
        [
            "is bin/linux/amd64/kubectl",
            "is bin/linux/arm64/kubectl",
            "altered bin/linux/amd64/kubelet",
            "is kubernetes.tar.gz",
            "not covered NotListed",
        ]
    );
    assert_eq!(missing, ["bin/darwin/arm64/kubectl"]);
}

#[test]
fn a_folder_laid_out_otherwise() {
    let document = release();
    for (path, content, expected) in [
        ("kubectl", "arm64", "elsewhere bin/linux/arm64/kubectl"),
        (
            "v1.2.3/bin/linux/arm64/kubectl",
            "arm64",
            "elsewhere bin/linux/arm64/kubectl",
        ),
        // The folder says more than the name: one architecture is not the other.
        (
            "v1.2.3/bin/linux/arm64/kubectl",
            "amd64",
            "bin/linux/amd64/kubectl instead of bin/linux/arm64/kubectl",
        ),
        (
            "arm64/kubectl",
            "darwin",
            "elsewhere bin/darwin/arm64/kubectl",
        ),
        (
            "arm64/kubectl",
            "amd64",
            "bin/linux/amd64/kubectl instead of bin/darwin/arm64/kubectl bin/linux/arm64/kubectl",
        ),
        (
            "bin/kubelet",
            "kubelet",
            "elsewhere bin/linux/amd64/kubelet",
        ),
        ("bin/kubelet", "evil", "altered bin/linux/amd64/kubelet"),
        (
            "linux-amd64/kubectl",
            "evil",
            "altered bin/linux/amd64/kubectl bin/darwin/arm64/kubectl bin/linux/arm64/kubectl",
        ),
        ("kubectl-arm64", "arm64", "renamed bin/linux/arm64/kubectl"),
        (
            "bin/linux/amd64/kubelet",
            "amd64",
            "bin/linux/amd64/kubectl instead of bin/linux/amd64/kubelet",
        ),
    ] {
        assert_eq!(word(&document, path, content), expected, "{path}");
    }
    // An altered file that could only be one thing is not missing as well, and neither is a swapped one.
    let (_, missing) = check(
        &document,
        &[
            ("x/kubernetes.tar.gz", "evil"),
            ("bin/linux/amd64/kubelet", "amd64"),
        ],
    );
    assert_eq!(
        missing,
        [
            "bin/linux/amd64/kubectl",
            "bin/darwin/arm64/kubectl",
            "bin/linux/arm64/kubectl"
        ]
    );
}

#[test]
fn a_path_of_the_release_is_that_file_and_no_longer_one() {
    let document = listing(&[("tool", "a"), ("old/tool", "b")]);
    assert_eq!(word(&document, "tool", "a"), "is tool");
    assert_eq!(word(&document, "tool", "b"), "old/tool instead of tool");
    assert_eq!(word(&document, "old/tool", "a"), "tool instead of old/tool");
}

#[test]
fn files_with_the_same_content_are_each_themselves() {
    let document = listing(&[("a/x", "same"), ("b/x", "same"), ("c/y", "same")]);
    let (words, missing) = check(&document, &[("b/x", "same"), ("c/y", "same")]);
    assert_eq!(words, ["is b/x", "is c/y"]);
    assert_eq!(missing, ["a/x"]);
}

#[test]
fn paths_that_are_not_what_they_seem() {
    let document = release();
    for (path, trap) in [
        ("bin/linux/../linux/amd64/kubectl", PathTrap::Parent),
        ("/bin/linux/amd64/kubectl", PathTrap::Absolute),
        ("bin\\linux\\amd64\\kubectl", PathTrap::Backslash),
        ("bin/linux/amd64/kubectl\0", PathTrap::Control),
        ("./.", PathTrap::Empty),
        ("", PathTrap::Empty),
        ("x/".repeat(2500).as_str(), PathTrap::TooLong),
    ] {
        assert_eq!(
            word(&document, path, "amd64"),
            format!("not covered Path({trap:?})"),
            "{path}"
        );
    }
    // Where capital letters are not told apart this would be started as kubectl.
    let listing = Listing::new(&document);
    let evil = local("bin/linux/amd64/KubeCtl", "evil");
    let check = listing.check([LocalFile {
        path: &evil.path,
        digests: &evil.digests,
    }]);
    let Standing::NotCovered(NotCovered::CaseDiffers(entry)) = &check.files[0].1 else {
        panic!("{:?}", check.files[0].1)
    };
    assert_eq!(entry.name(), "kubectl");
    assert_eq!(check.missing.len(), 5);
    assert_eq!(
        word(&document, "bin/linux/amd64/KubeCtl", "amd64"),
        "renamed bin/linux/amd64/kubectl"
    );
}

#[test]
fn names_that_lead_elsewhere_are_never_matched() {
    let names = ["../kubectl", "/usr/bin/kubectl", "bin\\kubectl"];
    let mut body = String::new();
    for (index, name) in names.iter().enumerate() {
        body += &file(name, &index.to_string(), &checksums(name.as_bytes()));
    }
    let document = read(&body).unwrap();
    let listing = Listing::new(&document);
    assert!(listing.entries().is_empty());
    let traps: Vec<_> = listing.unusable().iter().map(|(_, trap)| *trap).collect();
    assert_eq!(
        traps,
        [PathTrap::Parent, PathTrap::Absolute, PathTrap::Backslash]
    );
    assert_eq!(
        word(&document, "kubectl", names[0]),
        "not covered NotListed"
    );
}

#[test]
fn what_is_listed_is_judged_whatever_its_name() {
    let document = listing(&[("deb/istio.deb", "a"), ("deb/istio.deb.sha256", "b")]);
    assert_eq!(
        word(&document, "deb/istio.deb.sha256", "b"),
        "is deb/istio.deb.sha256"
    );
    assert_eq!(
        word(&document, "deb/istio.deb.sha256", "x"),
        "altered deb/istio.deb.sha256"
    );
}

#[test]
fn only_sha_2_proves_and_all_of_it_must_agree() {
    let weak = read(&file(
        "a",
        "a",
        &[(
            "SHA1",
            "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d".to_owned(),
        )],
    ))
    .unwrap();
    assert_eq!(word(&weak, "a", "hello"), "unprovable a");
    assert_eq!(check(&weak, &[]).1, ["a"]);
    // Not computed, so it says nothing.
    let foreign = read(&file("a", "a", &[("SHA3-256", "0".repeat(64))])).unwrap();
    assert_eq!(word(&foreign, "a", "hello"), "unprovable a");

    let sha512 = Digest::of(DigestAlgorithm::Sha512, b"other").unwrap().hex();
    let body = file(
        "a",
        "a",
        &[("SHA256", HELLO.to_owned()), ("SHA512", sha512)],
    );
    let contradictory = read(&body).unwrap();
    for content in ["hello", "other"] {
        assert_eq!(word(&contradictory, "a", content), "altered a");
        assert_eq!(word(&contradictory, "b", content), "not covered NotListed");
    }
    // A wrong SHA-1 beside a right SHA-256 is not looked at.
    let body = file(
        "a",
        "a",
        &[("SHA1", "0".repeat(40)), ("SHA256", HELLO.to_owned())],
    );
    assert_eq!(word(&read(&body).unwrap(), "a", "hello"), "is a");
}

#[test]
fn a_name_that_stands_there_twice_must_be_all_that_is_said() {
    let sha512 = Digest::of(DigestAlgorithm::Sha512, b"other").unwrap().hex();
    let body =
        file("a", "1", &[("SHA256", HELLO.to_owned())]) + &file("./a", "2", &[("SHA512", sha512)]);
    let document = read(&body).unwrap();
    assert_eq!(Listing::new(&document).entries().len(), 1);
    assert_eq!(word(&document, "a", "hello"), "altered a");
}

#[test]
fn every_algorithm_of_the_document_is_needed() {
    let document = release();
    let listing = Listing::new(&document);
    assert_eq!(
        listing.algorithms(),
        [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512]
    );
    let digests = [Digest::sha256(b"tar")];
    for digests in [&digests[..], &[]] {
        let check = listing.check([LocalFile {
            path: "kubernetes.tar.gz",
            digests,
        }]);
        assert!(
            matches!(check.files[0].1, Standing::NotHashed { .. }),
            "{:?}",
            check.files
        );
    }
    // It is there, if nothing else is known.
    let check = listing.check([LocalFile {
        path: "kubernetes.tar.gz",
        digests: &digests,
    }]);
    assert_eq!(
        check.files[0].1,
        Standing::NotHashed {
            missing: DigestAlgorithm::Sha512
        }
    );
    assert_eq!(check.missing.len(), 4);
}

#[test]
fn archives_of_packages_are_known_and_never_missing() {
    let package = |id: &str, file: &str, content: &str| {
        let sums = checksums(content.as_bytes());
        let sums: String = sums
            .iter()
            .map(|(a, hex)| format!("PackageChecksum: {a}: {hex}\n"))
            .collect();
        format!("PackageName: p\nSPDXID: SPDXRef-{id}\nPackageFileName: {file}\n{sums}")
    };
    let body = package("amd64", "/build/images/amd64/app.tar", "amd64")
        + &package("arm64", "/build/images/arm64/app.tar", "arm64")
        + &package("layer", "0123/layer.tar", "layer")
        + "PackageName: unknown\nSPDXID: SPDXRef-unknown\nPackageFileName: unknown.tar\n"
        + "Relationship: SPDXRef-amd64 CONTAINS SPDXRef-layer\n";
    let document = read(&body).unwrap();
    let listing = Listing::new(&document);
    assert!(
        listing
            .entries()
            .iter()
            .all(|entry| entry.origin() == Origin::Package)
    );
    assert_eq!(
        listing.entries().len(),
        2,
        "no layers, and nothing without a digest"
    );
    let (words, missing) = check(
        &document,
        &[
            ("bin/linux/amd64/app.tar", "amd64"),
            ("bin/linux/arm64/app.tar", "amd64"),
            ("app.tar", "evil"),
            ("layer.tar", "layer"),
        ],
    );
    assert_eq!(
        words,
        [
            "elsewhere build/images/amd64/app.tar",
            "build/images/amd64/app.tar instead of build/images/arm64/app.tar",
            "altered build/images/amd64/app.tar build/images/arm64/app.tar",
            "not covered NotListed",
        ]
    );
    assert!(missing.is_empty());
}
