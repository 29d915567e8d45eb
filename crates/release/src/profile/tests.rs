use sealcheck_verify::Reason;

use super::*;
use crate::Channel;
use crate::catalogue::{ProofAddress, Published, SideRole};
use crate::limits::{PROFILE_BYTES, PROFILE_ENTRIES, PROFILE_TEXT_BYTES};

const GOOGLE: &str = "https://accounts.google.com";
const STAGING: &str = "krel-staging@k8s-releng-prod.iam.gserviceaccount.com";
const TRUST: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";
const SUMMARIES: &str = "promoter-summaries@k8s-releng-prod.iam.gserviceaccount.com";
const PROMOTER: &str = "k8s-infra-gcr-promoter@k8s-artifacts-prod.iam.gserviceaccount.com";
const BUILDS: &str = "prow-build@k8s-infra-prow-build.iam.gserviceaccount.com";

/// The least that a profile says.
const SMALL: &str = "name: acme
files:
  addresses: ['https://dl.acme.test/{version}/{path}']
  proofs:
    - bundle: .sigstore.json
signers:
  - subject: releases@acme.test
    issuer: https://accounts.acme.test
    for: [files]
";

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn path(text: &str) -> ReleasePath {
    text.parse().unwrap()
}

fn subjects(profile: &Profile, purpose: Purpose, version: Option<&str>) -> Vec<(String, String)> {
    let version = version.map(|text| text.parse().unwrap());
    let accepted = profile.accepted(purpose, version);
    let identities = accepted.iter().flat_map(Identities::iter);
    identities
        .map(|identity| {
            (
                identity.subject().to_string(),
                identity.issuer().unwrap().to_string(),
            )
        })
        .collect()
}

/// What research says of the project, item by item.
#[test]
fn the_built_in_profile_says_what_is_known_of_kubernetes() {
    let profile = Profile::parse(Profile::kubernetes_text().as_bytes()).unwrap();
    assert_eq!(profile.name, "kubernetes");
    assert_eq!(profile.files.since, Some(version("v1.26.0")));
    let images = profile.images.as_ref().unwrap();
    assert_eq!(images.since, Some(version("v1.24.0")));
    let texts = |templates: &[Template]| {
        templates
            .iter()
            .map(Template::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts(&profile.files.addresses),
        ["https://dl.k8s.io/release/{version}/{path}"]
    );
    assert_eq!(
        profile.files.proofs,
        [
            ProofName::Bundle(".sigstore.json".to_owned()),
            ProofName::Bundle(".keyless.json".to_owned()),
            ProofName::Detached {
                signature: ".sig".to_owned(),
                certificate: ".cert".to_owned()
            },
            ProofName::Detached {
                signature: ".sig".to_owned(),
                certificate: ".pem".to_owned()
            },
        ]
    );
    let sboms: Vec<_> = profile
        .sboms
        .iter()
        .map(|sbom| (&*sbom.name, sbom.path.as_str(), texts(&sbom.addresses)))
        .collect();
    assert_eq!(
        sboms,
        [
            (
                "release",
                "kubernetes-release.spdx",
                vec!["https://sbom.k8s.io/{version}/release".to_owned()]
            ),
            (
                "source",
                "kubernetes-source.spdx",
                vec!["https://sbom.k8s.io/{version}/source".to_owned()]
            ),
        ]
    );
    let types: Vec<_> = profile
        .attestations
        .iter()
        .map(|kind| {
            (
                kind.purpose,
                &*kind.predicate_type,
                kind.verifier.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        types,
        [
            (
                Purpose::PromotionRecords,
                "https://k8s.io/promo-tools/promotion/v1",
                None
            ),
            (
                Purpose::VerificationSummaries,
                "https://slsa.dev/verification_summary/v1",
                Some("https://k8s.io/promo-tools/verifier/v1")
            ),
        ]
    );
    let built_in = Profile::kubernetes();
    assert_eq!(
        format!("{built_in:?}"),
        format!("{profile:?}"),
        "one text, read by one reader"
    );
}

#[test]
fn one_signer_is_accepted_for_each_purpose() {
    let profile = Profile::kubernetes();
    for (purpose, subject) in [
        (Purpose::Files, STAGING),
        (Purpose::Images, TRUST),
        (Purpose::PromotionRecords, TRUST),
        (Purpose::VerificationSummaries, SUMMARIES),
    ] {
        let expected = [(subject.to_owned(), GOOGLE.to_owned())];
        assert_eq!(
            subjects(&profile, purpose, Some("v1.36.0")),
            expected,
            "{purpose}"
        );
        assert_eq!(subjects(&profile, purpose, None), expected, "{purpose}");
    }
    // Candidates of the first signed release count as it.
    assert_eq!(
        subjects(&profile, Purpose::Files, Some("v1.26.0-rc.1")).len(),
        1
    );
    assert_eq!(subjects(&profile, Purpose::Files, Some("v1.25.9")), []);
    assert_eq!(
        subjects(&profile, Purpose::Images, Some("v1.24.0")).len(),
        1
    );
    assert_eq!(subjects(&profile, Purpose::Images, Some("v1.23.17")), []);
}

#[test]
fn known_signers_are_explained_and_not_accepted() {
    let profile = Profile::kubernetes();
    for subject in [PROMOTER, BUILDS] {
        let known: Vec<&Signer> = profile.known(subject, GOOGLE).collect();
        assert_eq!(known.len(), 1);
        let reason = known[0].not_accepted.as_deref().unwrap();
        assert!(reason.starts_with("it sign"), "{reason}");
        assert_eq!(
            profile
                .known(subject, "https://accounts.example.com")
                .count(),
            0
        );
    }
    let promoter = profile.known(PROMOTER, GOOGLE).next().unwrap();
    let time = |text: &str| Some(text.parse().unwrap());
    assert!(promoter.signs(Purpose::Images) && !promoter.signs(Purpose::Files));
    assert!(!promoter.covers(None, time("2022-09-30T23:59:59Z")));
    assert!(promoter.covers(None, time("2022-10-01T00:00:00Z")));
    assert!(promoter.covers(None, time("2022-12-31T23:59:59Z")));
    assert!(!promoter.covers(None, time("2023-01-01T00:00:00Z")));
    // The account of files also signs images, in staging: that is known, and not enough.
    assert_eq!(profile.known(STAGING, GOOGLE).count(), 2);
    let time = "2026-09-30T00:00:00Z".parse().unwrap();
    assert!(profile.in_force(
        (STAGING, GOOGLE),
        Purpose::Files,
        Some(version("v1.36.0")),
        time
    ));
    assert!(!profile.in_force(
        (STAGING, GOOGLE),
        Purpose::Images,
        Some(version("v1.36.0")),
        time
    ));
    assert!(!profile.in_force(
        (SUMMARIES, GOOGLE),
        Purpose::VerificationSummaries,
        None,
        time
    ));
    let later = "2026-10-01T00:00:00Z".parse().unwrap();
    assert!(profile.in_force(
        (SUMMARIES, GOOGLE),
        Purpose::VerificationSummaries,
        None,
        later
    ));
}

#[test]
fn what_is_expected_to_be_signed_depends_on_the_version() {
    let profile = Profile::kubernetes();
    for (text, files, images) in [
        ("v1.23.1", Signing::Unexpected, Signing::Unexpected),
        ("v1.24.0-rc.0", Signing::Unexpected, Signing::Possible),
        ("v1.24.0", Signing::Unexpected, Signing::Expected),
        ("v1.26.0-rc.1", Signing::Possible, Signing::Expected),
        ("v1.26.0", Signing::Expected, Signing::Expected),
        ("v1.27.0-alpha.1", Signing::Expected, Signing::Expected),
    ] {
        assert_eq!(profile.signing_of_files(version(text)), files, "{text}");
        assert_eq!(
            profile.signing_of_images(version(text)),
            Some(images),
            "{text}"
        );
    }
    for (text, registry) in [
        ("v1.24.17", "k8s.gcr.io"),
        ("v1.25.0-rc.0", "registry.k8s.io"),
        ("v1.36.0", "registry.k8s.io"),
    ] {
        assert_eq!(profile.registry(version(text)), Some(registry), "{text}");
    }
    let small = Profile::parse(SMALL.as_bytes()).unwrap();
    assert_eq!(small.signing_of_files(version("v0.0.1")), Signing::Expected);
    assert_eq!(small.signing_of_images(version("v0.0.1")), None);
    assert_eq!(small.registry(version("v0.0.1")), None);
}

#[test]
fn what_is_unsigned_by_design_has_a_reason() {
    let profile = Profile::kubernetes();
    for unsigned in [
        "bin/linux/amd64/kube-apiserver.docker_tag",
        "bin/linux/amd64/kubectl.sha256",
        "kubernetes.tar.gz.sha512",
        "SHA256SUMS",
        "SHA512SUMS",
        "SHA256SUMS.sha512",
        "provenance.json",
        "release-notes.json",
        "release-notes.md",
        "announcement.html",
        "README.md",
    ] {
        assert!(
            profile.unsigned_by_design(&path(unsigned)).is_some(),
            "{unsigned}"
        );
    }
    for signed in [
        "bin/linux/amd64/kubectl",
        "bin/linux/amd64/kube-apiserver.tar",
        "kubernetes.tar.gz",
        "kubernetes-release.spdx",
        "bin/provenance.json",
        "x/release-notes.json",
        "sha256",
        "bin/linux/amd64/docker_tag",
    ] {
        assert_eq!(profile.unsigned_by_design(&path(signed)), None, "{signed}");
    }
}

#[test]
fn another_project_has_a_profile_of_the_same_shape() {
    let profile = Profile::parse(SMALL.as_bytes()).unwrap();
    let expected = (
        "releases@acme.test".to_owned(),
        "https://accounts.acme.test".to_owned(),
    );
    assert_eq!(
        subjects(&profile, Purpose::Files, Some("v0.1.0")),
        [expected]
    );
    assert!(profile.accepted(Purpose::Images, None).is_none());
    let addresses = profile.addresses(version("v1.2.3"), &path("acme-cli"));
    assert_eq!(
        addresses[0].artifact,
        "https://dl.acme.test/v1.2.3/acme-cli"
    );
    assert!(
        matches!(profile.describe(&path("acme-cli.sigstore.json")), Published::Side(side) if side.role == SideRole::Bundle)
    );
}

#[test]
fn a_mirror_takes_the_place_of_the_addresses() {
    let mirrored = |address: &str| Profile::kubernetes().with_files_at(address);
    for (given, expected) in [
        (
            "https://mirror.test/k8s",
            "https://mirror.test/k8s/v1.36.0/kubernetes-release.spdx",
        ),
        (
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080/v1.36.0/kubernetes-release.spdx",
        ),
        (
            "https://mirror.test/{version}/x/{path}",
            "https://mirror.test/v1.36.0/x/kubernetes-release.spdx",
        ),
    ] {
        let profile = mirrored(given).unwrap();
        let addresses = profile.addresses(version("v1.36.0"), &path("kubernetes-release.spdx"));
        let artifacts: Vec<&str> = addresses.iter().map(|place| &*place.artifact).collect();
        assert_eq!(artifacts, [expected], "nothing else is asked");
        assert!(
            profile
                .recognise("https://dl.k8s.io/release/v1.36.0/kubernetes.tar.gz")
                .is_some()
        );
    }
    let stable: Channel = "stable".parse().unwrap();
    let answers = |address: &str| mirrored(address).unwrap().channel_address(stable);
    assert_eq!(
        answers("https://mirror.test/k8s").as_deref(),
        Some("https://mirror.test/k8s/stable.txt")
    );
    assert_eq!(answers("https://mirror.test/{version}/x/{path}"), None);
    for wrong in [
        "mirror.test",
        "https://mirror.test/{version}",
        "https://u:p@mirror.test",
        "https://mirror.test/?x=",
    ] {
        let error = mirrored(wrong).unwrap_err();
        assert_eq!(error.reason(), Reason::ArgumentInvalid, "{error}");
    }
}

#[test]
fn addresses_of_kubernetes_are_those_that_are_published() {
    let profile = Profile::kubernetes();
    let places = profile.addresses(version("v1.36.0"), &path("bin/linux/amd64/kubectl"));
    let base = "https://dl.k8s.io/release/v1.36.0/bin/linux/amd64/kubectl";
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].artifact, base);
    assert_eq!(
        places[0].proofs[2],
        ProofAddress::Detached {
            signature: format!("{base}.sig"),
            certificate: format!("{base}.cert")
        }
    );
    assert_eq!(
        places[0].proofs[0],
        ProofAddress::Bundle(format!("{base}.sigstore.json"))
    );
    assert_eq!(
        places[0].checksums,
        [
            (DigestAlgorithm::Sha512, format!("{base}.sha512")),
            (DigestAlgorithm::Sha256, format!("{base}.sha256")),
        ]
    );
    let places = profile.addresses(version("v1.36.0"), &path("kubernetes-source.spdx"));
    let artifacts: Vec<&str> = places.iter().map(|place| &*place.artifact).collect();
    assert_eq!(
        artifacts,
        [
            "https://dl.k8s.io/release/v1.36.0/kubernetes-source.spdx",
            "https://sbom.k8s.io/v1.36.0/source"
        ]
    );
    let latest = profile.channel_address("latest-1.36".parse().unwrap());
    assert_eq!(
        latest.as_deref(),
        Some("https://dl.k8s.io/release/latest-1.36.txt")
    );
}

#[test]
fn addresses_that_a_user_has_are_recognised() {
    let profile = Profile::kubernetes();
    for (address, expected) in [
        (
            "https://dl.k8s.io/release/v1.36.0/bin/linux/amd64/kubectl",
            "bin/linux/amd64/kubectl",
        ),
        (
            "https://dl.k8s.io/v1.36.0/bin/linux/amd64/kubectl",
            "bin/linux/amd64/kubectl",
        ),
        (
            "https://cdn.dl.k8s.io/release/v1.36.0/kubernetes.tar.gz.sig",
            "kubernetes.tar.gz.sig",
        ),
        (
            "https://sbom.k8s.io/v1.36.0/release",
            "kubernetes-release.spdx",
        ),
        (
            "https://sbom.k8s.io/v1.36.0/source.cert",
            "kubernetes-source.spdx.cert",
        ),
        ("https://dl.k8s.io/v1.36.0/a%20b", "a b"),
    ] {
        let found = profile.recognise(address).unwrap();
        assert_eq!(
            (found.version, found.path.as_str()),
            (version("v1.36.0"), expected),
            "{address}"
        );
    }
    for other in [
        "https://dl.k8s.io/release/stable.txt",
        "https://dl.k8s.io/v1.36.0/../x",
        "https://dl.k8s.io/v1.36.0/%2e%2e/x",
        "https://dl.k8s.io/v1.36/x",
        "http://dl.k8s.io/v1.36.0/x",
        "https://dl.k8s.io.test/v1.36.0/x",
        "https://sbom.k8s.io/v1.36.0/release/x",
        "https://sbom.k8s.io/v1.36.0/release.exe",
        "bin/linux/amd64/kubectl",
        "",
    ] {
        assert_eq!(profile.recognise(other), None, "{other}");
    }
}

#[test]
fn mistakes_are_told_with_line_and_field() {
    let files =
        "files:\n  addresses: ['https://a.test/{version}/{path}']\n  proofs: [{bundle: .b}]\n";
    let signer = "signers:\n  - {subject: s, issuer: i, for: [files]";
    for (text, line, field, word) in [
        (format!("name: n\n{files}"), None, "", "signers"),
        (format!("nam: n\n{files}{signer}}}\n"), Some(1), "", "nam"),
        (
            format!("name: n\nname: m\n{files}{signer}}}\n"),
            Some(2),
            "",
            "duplicate",
        ),
        (
            format!("name: ''\n{files}{signer}}}\n"),
            Some(1),
            "name",
            "short text",
        ),
        (
            format!("name: \"a\\nb\"\n{files}{signer}}}\n"),
            Some(1),
            "name",
            "one line",
        ),
        (
            format!("name: n\n{files}  since: v1.2.3-rc.1\n{signer}}}\n"),
            Some(5),
            "files.since",
            "v1.2.3-rc.1",
        ),
        (
            format!("name: n\n{files}  since: v1.2\n{signer}}}\n"),
            Some(5),
            "files.since",
            "nearest: v1.2.0",
        ),
        (
            format!("name: n\n{files}  channels: 'https://a.test/{{path}}'\n{signer}}}\n"),
            Some(5),
            "files.channels",
            "{channel}",
        ),
        (
            format!(
                "name: n\n{files}  checksums: [{{suffix: sha, algorithm: sha256}}]\n{signer}}}\n"
            ),
            Some(5),
            "files.checksums[0].suffix",
            ".sig",
        ),
        (
            format!(
                "name: n\n{files}  checksums: [{{suffix: .sha1, algorithm: sha1}}]\n{signer}}}\n"
            ),
            Some(5),
            "files.checksums[0].algorithm",
            "sha512",
        ),
        (
            format!("name: n\n{files}  forms: [{{path: '{{os}}/x', is: binary}}]\n{signer}}}\n"),
            Some(5),
            "files.forms[0].path",
            "together",
        ),
        (
            format!("name: n\n{files}  forms: [{{path: x, is: program}}]\n{signer}}}\n"),
            Some(5),
            "files.forms[0].is",
            "program",
        ),
        (
            format!("name: n\n{files}sboms: [{{name: a, path: ../a}}]\n{signer}}}\n"),
            Some(5),
            "sboms[0].path",
            "..",
        ),
        (
            format!(
                "name: n\n{files}sboms:\n  - {{name: a, path: a}}\n  - {{name: a, path: b}}\n{signer}}}\n"
            ),
            Some(7),
            "sboms[1]",
            "above",
        ),
        (
            format!(
                "name: n\n{files}sboms: [{{name: a, path: a, addresses: ['https://a.test/x']}}]\n{signer}}}\n"
            ),
            Some(5),
            "sboms[0].addresses[0]",
            "{version}",
        ),
        (
            format!("name: n\n{files}images: {{registries: []}}\n{signer}}}\n"),
            None,
            "images.registries",
            "none",
        ),
        (
            format!(
                "name: n\n{files}images: {{registries: [{{registry: 'https://r.test'}}]}}\n{signer}}}\n"
            ),
            Some(5),
            "images.registries[0]",
            "registry.k8s.io",
        ),
        (
            format!(
                "name: n\n{files}images: {{registries: [{{registry: r.test, since: v2.0.0, before: v1.0.0}}]}}\n{signer}}}\n"
            ),
            Some(5),
            "images.registries[0].before",
            "after",
        ),
        (
            format!(
                "name: n\n{files}images:\n  registries:\n    - {{registry: a.test, before: v2.0.0}}\n    - {{registry: b.test, since: v1.0.0}}\n{signer}}}\n"
            ),
            Some(8),
            "images.registries[1]",
            "one registry",
        ),
        (
            format!(
                "name: n\n{files}attestations: [{{is: files, predicate-type: t}}]\n{signer}}}\n"
            ),
            Some(5),
            "attestations[0].is",
            "promotion-records",
        ),
        (
            format!(
                "name: n\n{files}attestations:\n  - {{is: promotion-records, predicate-type: t}}\n  - {{is: promotion-records, predicate-type: u}}\n{signer}}}\n"
            ),
            Some(7),
            "attestations[1]",
            "above",
        ),
        (
            format!("name: n\n{files}{signer}, since: tomorrow}}\n"),
            Some(6),
            "signers[0].since",
            "2026-10-01",
        ),
        (
            format!("name: n\n{files}{signer}, since: 2026-02-30}}\n"),
            Some(6),
            "signers[0].since",
            "2026-02-30",
        ),
        (
            format!("name: n\n{files}{signer}, since: 2026-02-02, before: 2026-02-02}}\n"),
            Some(6),
            "signers[0].before",
            "after",
        ),
        (
            format!("name: n\n{files}{signer}, since: v1.1.0, before: v1.0.0}}\n"),
            Some(6),
            "signers[0].before",
            "after",
        ),
        (
            format!("name: n\n{files}{signer}, accepted: no}}\n"),
            Some(6),
            "signers[0]",
            "accepted",
        ),
        (
            format!("name: n\n{files}signers:\n  - {{subject: '', issuer: i, for: [files]}}\n"),
            Some(6),
            "signers[0].subject",
            "short text",
        ),
        (
            format!("name: n\n{files}signers:\n  - {{subject: s, for: [files]}}\n"),
            Some(6),
            "signers[0]",
            "issuer",
        ),
        (
            format!("name: n\n{files}signers:\n  - {{subject: s, issuer: i, for: []}}\n"),
            Some(6),
            "signers[0].for",
            "at least one",
        ),
        (
            format!(
                "name: n\n{files}signers:\n  - {{subject: s, issuer: i, for: [files, files]}}\n"
            ),
            Some(6),
            "signers[0].for",
            "once",
        ),
        (
            format!("name: n\n{files}signers:\n  - {{subject: s, issuer: i, for: [everything]}}\n"),
            Some(6),
            "signers[0].for",
            "everything",
        ),
        (
            format!(
                "name: n\n{files}{signer}}}\n  - {{subject: s, issuer: i, for: [images, files], not-accepted: why}}\n"
            ),
            Some(7),
            "signers[1]",
            "above",
        ),
        (
            format!("name: n\n{files}unsigned: [{{path: '[', because: b}}]\n{signer}}}\n"),
            Some(5),
            "unsigned[0].path",
            "",
        ),
        (
            format!("name: n\nfiles:\n  addresses: []\n  proofs: [{{bundle: .b}}]\n{signer}}}\n"),
            None,
            "files.addresses",
            "none",
        ),
        (
            format!(
                "name: n\nfiles:\n  addresses: ['https://a.test/{{version}}/{{path}}']\n  proofs: []\n{signer}}}\n"
            ),
            None,
            "files.proofs",
            "none",
        ),
        (
            format!(
                "name: n\nfiles:\n  addresses: ['https://a.test/{{version}}/{{path}}']\n  proofs: [{{signature: .sig}}]\n{signer}}}\n"
            ),
            Some(4),
            "files.proofs[0]",
            "another combination",
        ),
        (
            format!(
                "name: n\nfiles:\n  addresses: ['https://a.test/{{version}}/{{path}}']\n  proofs: [{{bundle: .b, signature: .s}}]\n{signer}}}\n"
            ),
            Some(4),
            "files.proofs[0]",
            "another combination",
        ),
        ("- x".to_owned(), Some(1), "", ""),
        (String::new(), None, "", ""),
    ] {
        match Profile::parse(text.as_bytes()) {
            Err(error @ ProfileError::Invalid { .. }) => {
                let ProfileError::Invalid {
                    line: at,
                    field: found,
                    ..
                } = &error
                else {
                    unreachable!()
                };
                assert!(found.starts_with(field), "{text}\n{error}");
                assert!(error.to_string().contains(word), "{text}\n{error}");
                if line.is_some() {
                    assert_eq!(*at, line, "{text}\n{error}");
                }
                assert_eq!(error.reason(), Reason::ConfigurationInvalid);
            }
            other => panic!("{text}\n{other:?}"),
        }
    }
}

#[test]
fn profiles_are_limited() {
    let mut large = SMALL.as_bytes().to_vec();
    large.resize(PROFILE_BYTES.max + 1, b'#');
    assert_eq!(
        Profile::parse(&large).unwrap_err(),
        ProfileError::TooLarge {
            limit: PROFILE_BYTES
        }
    );
    assert!(
        Profile::parse(b"name: \xff")
            .unwrap_err()
            .to_string()
            .contains("UTF-8")
    );
    let entries = |count: usize| {
        format!(
            "{SMALL}unsigned:\n{}",
            "  - {path: a, because: b}\n".repeat(count)
        )
    };
    assert!(Profile::parse(entries(PROFILE_ENTRIES.max).as_bytes()).is_ok());
    let error = Profile::parse(entries(PROFILE_ENTRIES.max + 1).as_bytes()).unwrap_err();
    assert!(error.to_string().contains(PROFILE_ENTRIES.name), "{error}");
    let long = SMALL.replace(
        "dl.acme.test",
        &format!("{}.test", "a".repeat(PROFILE_TEXT_BYTES.max)),
    );
    let error = Profile::parse(long.as_bytes()).unwrap_err();
    assert!(
        error.to_string().contains(PROFILE_TEXT_BYTES.name),
        "{error}"
    );
    let long = SMALL.replace(
        "name: acme",
        &format!("name: {}", "a".repeat(PROFILE_TEXT_BYTES.max + 1)),
    );
    assert!(Profile::parse(long.as_bytes()).is_err());
}

#[test]
fn a_file_is_read_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("profile.yaml");
    let error = Profile::read(&file).unwrap_err();
    assert_eq!(error.reason(), Reason::FileNotFound);
    assert!(error.to_string().contains("profile.yaml"), "{error}");
    std::fs::write(&file, SMALL).unwrap();
    assert_eq!(Profile::read(&file).unwrap().name, "acme");
    std::fs::write(&file, vec![b'#'; PROFILE_BYTES.max + 1]).unwrap();
    assert_eq!(
        Profile::read(&file).unwrap_err().reason(),
        Reason::LimitExceeded
    );
}
