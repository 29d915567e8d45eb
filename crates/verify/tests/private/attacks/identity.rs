//! Step 8: identities that look like the required one.

use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::{LeafRequest, Plan, San};
use sealcheck_verify::{Claim, Identities, Identity, Pattern, Reason, Requirements};

use crate::stage::{Stage, exact};

/// Every way to require `release@example.com`.
fn requirements() -> Vec<Requirements> {
    [
        Pattern::exact("release@example.com"),
        Pattern::glob("release@example.com"),
        Pattern::glob("rel*@example.com"),
        Pattern::glob("{release,build}@example.com"),
        Pattern::regex("release@example\\.com"),
        Pattern::regex("^release@example\\.com$"),
        Pattern::regex("(?m)^release@example\\.com$"),
        Pattern::regex("release@example\\.com|build@example\\.com"),
    ]
    .into_iter()
    .map(|subject| {
        Requirements::identity(Identities::one(Identity::new(
            subject.unwrap(),
            Pattern::exact(DEFAULT_ISSUER).unwrap(),
        )))
    })
    .collect()
}

#[test]
fn names_that_merely_contain_the_required_one() {
    let mut stage = Stage::new();
    let all = requirements();
    for (name, expected) in [
        ("release@example.com", None),
        ("xrelease@example.com", Some(Reason::IdentityMismatch)),
        ("evil/release@example.com", Some(Reason::IdentityMismatch)),
        (
            "release@example.com.evil.test",
            Some(Reason::IdentityMismatch),
        ),
        ("release@example.community", Some(Reason::IdentityMismatch)),
        ("Release@example.com", Some(Reason::IdentityMismatch)),
        ("release@EXAMPLE.com", Some(Reason::IdentityMismatch)),
        (" release@example.com", Some(Reason::IdentityMismatch)),
        ("release@example.com ", Some(Reason::IdentityMismatch)),
        ("release@exampleXcom", Some(Reason::IdentityMismatch)),
        ("release", Some(Reason::IdentityMismatch)),
        // Nothing in a name may hide or end it.
        ("release@example.com\n", Some(Reason::CertificateMalformed)),
        (
            "release@example.com\nevil",
            Some(Reason::CertificateMalformed),
        ),
        (
            "release@example.com\0.evil.test",
            Some(Reason::CertificateMalformed),
        ),
        (
            "\u{1b}[2Krelease@example.com",
            Some(Reason::CertificateMalformed),
        ),
        ("", Some(Reason::CertificateMalformed)),
        // An e-mail address is ASCII: look-alikes are not even read.
        (
            "rele\u{0430}se@example.com",
            Some(Reason::CertificateMalformed),
        ),
        (
            "release@example.com\u{200b}",
            Some(Reason::CertificateMalformed),
        ),
    ] {
        for san in [San::Email(name.into()), San::Uri(name.into())] {
            let plan = Plan::keyless(LeafRequest::new(san, DEFAULT_ISSUER));
            let bundle = stage.sign(&plan).bundle();
            for requirements in &all {
                stage.requirements = requirements.clone();
                assert_eq!(stage.why(&bundle), expected, "{name:?} {requirements:?}");
            }
        }
    }
}

#[test]
fn look_alikes_in_user_names() {
    let mut stage = Stage::new();
    for name in [
        "rele\u{0430}se@example.com",
        "release@example.com\u{200b}",
        "\u{202e}release@example.com",
        "release@example.com\u{0301}",
    ] {
        let bundle = stage
            .sign(&Plan::keyless(LeafRequest::new(
                San::Other(name.into()),
                DEFAULT_ISSUER,
            )))
            .bundle();
        // The third one has an asterisk, which stands for any letters.
        for (_, requirements) in requirements()
            .into_iter()
            .enumerate()
            .filter(|(index, _)| *index != 2)
        {
            stage.requirements = requirements;
            let verdict = stage.judge(&bundle).unwrap();
            let failure = verdict.failure().unwrap();
            assert_eq!(failure.reason, Reason::IdentityMismatch);
            // What hides is shown.
            let hidden = ['\u{200b}', '\u{202e}'];
            assert!(!failure.to_string().contains(hidden), "{failure}");
        }
    }
}

#[test]
fn no_name_or_several() {
    let stage = Stage::new();
    let with = |sans: Vec<San>| {
        stage.why(
            &stage
                .sign(&Plan::keyless(LeafRequest {
                    sans,
                    ..LeafRequest::default()
                }))
                .bundle(),
        )
    };
    let right = San::Email(DEFAULT_IDENTITY.into());
    assert_eq!(with(vec![right.clone()]), None);
    assert_eq!(with(vec![]), Some(Reason::IdentityMismatch));
    assert_eq!(
        with(vec![right.clone(), San::Email("evil@example.com".into())]),
        Some(Reason::CertificateMalformed)
    );
    assert_eq!(
        with(vec![San::Email("evil@example.com".into()), right]),
        Some(Reason::CertificateMalformed)
    );
}

#[test]
fn the_issuer_is_part_of_the_identity() {
    let mut stage = Stage::new();
    for (issuer, expected) in [
        (DEFAULT_ISSUER, None),
        (
            "https://accounts.example.com/",
            Some(Reason::IssuerMismatch),
        ),
        (
            "https://accounts.example.com.evil.test",
            Some(Reason::IssuerMismatch),
        ),
        ("http://accounts.example.com", Some(Reason::IssuerMismatch)),
        (
            "https://accounts.example.com\n",
            Some(Reason::CertificateMalformed),
        ),
        ("", Some(Reason::CertificateMalformed)),
    ] {
        let bundle = stage
            .sign(&Plan::keyless(LeafRequest::new(
                San::Email(DEFAULT_IDENTITY.into()),
                issuer,
            )))
            .bundle();
        for pattern in [
            Pattern::exact(DEFAULT_ISSUER),
            Pattern::glob("https://accounts.example.com"),
            Pattern::regex("https://accounts\\.example\\.com"),
        ] {
            let identity =
                Identity::new(Pattern::exact(DEFAULT_IDENTITY).unwrap(), pattern.unwrap());
            stage.requirements = Requirements::identity(Identities::one(identity));
            assert_eq!(stage.why(&bundle), expected, "{issuer:?}");
        }
    }
    // Two issuers, or none.
    let mut request = LeafRequest::default();
    request.claims.insert(1, "https://evil.test".into());
    assert_eq!(
        stage.why(&stage.sign(&Plan::keyless(request.clone())).bundle()),
        Some(Reason::CertificateMalformed)
    );
    request.claims.clear();
    assert_eq!(
        stage.why(&stage.sign(&Plan::keyless(request)).bundle()),
        Some(Reason::IssuerMismatch)
    );
}

/// Name and issuer must match in one and the same identity, and so must the claims.
#[test]
fn halves_of_two_identities() {
    let identities = Identities::one(exact(DEFAULT_IDENTITY, "https://other.example"))
        .or(exact("other@example.com", DEFAULT_ISSUER))
        .or(exact(DEFAULT_IDENTITY, DEFAULT_ISSUER)
            .with_claim(Claim::BuildTrigger, Pattern::exact("push").unwrap()));
    let stage = Stage::new().requiring(Requirements::identity(identities));
    let verdict = stage.judge(&stage.sign(&Plan::default()).bundle()).unwrap();
    // The one that came closest is reported.
    assert_eq!(verdict.failure().unwrap().reason, Reason::ClaimMismatch);
    assert_eq!(verdict.failure().unwrap().found.as_deref(), Some("nothing"));
}

/// A claim in one extension is not the claim of another, and the deprecated forms are claims of their own.
#[test]
fn a_claim_under_another_number() {
    let mut stage = Stage::new();
    let bundle = stage
        .sign(&Plan::keyless(LeafRequest::github_workflow()))
        .bundle();
    let San::Uri(subject) = LeafRequest::github_workflow().sans[0].clone() else {
        panic!("a URI")
    };
    for (claim, value, expected) in [
        (Claim::SourceRepositoryRef, "refs/heads/main", None),
        (
            Claim::SourceRepositoryUri,
            "refs/heads/main",
            Some(Reason::ClaimMismatch),
        ),
        (Claim::GithubWorkflowRepository, "example/project", None),
        (
            Claim::GithubWorkflowRepository,
            "example/proj",
            Some(Reason::ClaimMismatch),
        ),
        (
            Claim::TokenSubject,
            "example/project",
            Some(Reason::ClaimMismatch),
        ),
        (
            Claim::Issuer,
            "https://token.actions.githubusercontent.com",
            None,
        ),
        (
            Claim::Issuer,
            "https://evil.test",
            Some(Reason::ClaimMismatch),
        ),
    ] {
        let identity = exact(&subject, "https://token.actions.githubusercontent.com")
            .with_claim(claim, Pattern::exact(value).unwrap());
        stage.requirements = Requirements::identity(Identities::one(identity));
        assert_eq!(stage.why(&bundle), expected, "{claim} {value}");
    }
}

/// A stranger's wish must not match by being empty or universal without saying so.
#[test]
fn patterns_that_require_nothing_are_recognised() {
    for text in ["", "("] {
        assert_eq!(
            Pattern::regex(text).unwrap_err().reason,
            Reason::ArgumentInvalid
        );
    }
    assert_eq!(
        Pattern::exact("").unwrap_err().reason,
        Reason::ArgumentInvalid
    );
    assert_eq!(
        Pattern::glob("").unwrap_err().reason,
        Reason::ArgumentInvalid
    );
    for pattern in [
        Pattern::regex(".*"),
        Pattern::regex("(?s).*"),
        Pattern::regex(".*|x"),
        Pattern::regex("[^\\n]*"),
        Pattern::glob("**"),
    ] {
        assert!(pattern.unwrap().accepted_stranger().is_some());
    }
    assert_eq!(Pattern::exact("**").unwrap().accepted_stranger(), None);
}
