//! The profile that is built in.

use super::*;

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
    let is_accepted = |subject, purpose, time: &str| {
        let (version, time) = (version("v1.36.0"), time.parse().unwrap());
        let mut known = profile.known(subject, GOOGLE);
        known.any(|signer| signer.is_accepted(purpose, Some(version), Some(time)))
    };
    let time = "2026-09-30T23:59:59Z";
    assert!(is_accepted(STAGING, Purpose::Files, time));
    assert!(!is_accepted(STAGING, Purpose::Images, time));
    let summaries = Purpose::VerificationSummaries;
    assert!(!is_accepted(SUMMARIES, summaries, time));
    assert!(is_accepted(SUMMARIES, summaries, "2026-10-01T00:00:00Z"));
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
        "announcement.html",
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
        "release-notes.exe",
        "announcement.sh",
        "run.docker_tag",
        "SHA256SUMS-setup.sh",
        "README.md",
        "Makefile",
        "sha256",
        "bin/linux/amd64/docker_tag",
    ] {
        assert_eq!(profile.unsigned_by_design(&path(signed)), None, "{signed}");
    }
}

#[test]
fn a_document_is_the_sbom_that_it_says() {
    let profile = Profile::kubernetes();
    let [release, source] = &*profile.sboms else {
        panic!("{:?}", profile.sboms);
    };
    let read = |name: &str, namespace: &str| {
        let text = format!(
            "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: {name}\n\
             DocumentNamespace: {namespace}\n"
        );
        Document::read(text.as_bytes()).unwrap()
    };
    let at = |kind: &str, version: &str| format!("https://sbom.k8s.io/{version}/{kind}");
    let candidate = version("v1.36.0-rc.1");
    let of_candidate = read(
        "Kubernetes Release v1.36.0-rc.1",
        &at("release", "v1.36.0-rc.1"),
    );
    assert!(release.is(&of_candidate, candidate));
    assert!(!release.is(&of_candidate, version("v1.36.0")));
    assert!(!source.is(&of_candidate, candidate));
    let of_source = read("kubernetes-v1.36.0", &at("source", "v1.36.0"));
    assert!(source.is(&of_source, version("v1.36.0")));
    assert!(!source.is(&of_source, version("v1.36.1")));
    for (name, namespace) in [
        ("Kubernetes Release v1.36.0", at("source", "v1.36.0")),
        ("Kubernetes Release v1.36.0", at("release", "v1.36.0/")),
        ("Kubernetes Release v1.36.0 ", at("release", "v1.36.0-")),
        ("kubernetes release v1.36.0", at("release", "v1.36.0")),
        (
            "Kubernetes Release v1.36.0, v1.37.0",
            at("release", "v1.36.0"),
        ),
    ] {
        let document = read(name, &namespace);
        assert!(
            !release.is(&document, version("v1.36.0")),
            "{name} {namespace}"
        );
    }
}
