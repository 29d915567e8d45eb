//! The links inside an authority's own chain, and which authority's failure is reported.

use super::{Instance, check};
use crate::certificate::Certificate;
use crate::certificate::tests::fixture::{
    CODE_SIGNING, Made, NOW, Template, at, authority, basic_constraints, dns, extended_key_usage,
    extension, key_usage, name, permit, wide,
};
use crate::chain::{CertificateAuthority, verify};
use crate::{Reason, limits};

#[test]
fn a_link_needs_the_name_of_the_next_certificate() {
    let root = Template::authority("root", None).self_signed();
    // The same key under another name.
    let renamed = Made {
        name: name("another"),
        ..root.clone()
    };
    let issuing = Template::authority("issuing", None).signed_by(&renamed);
    let leaf = Template::leaf().signed_by(&issuing);
    let authorities = [authority(&[&issuing, &root], wide())];
    let failure = check(&leaf, &[], &authorities, &[at(NOW)]).unwrap_err();
    assert_eq!(failure.reason, Reason::TrustRootInvalid);
    assert!(
        failure.to_string().contains("not issued by the next one"),
        "{failure}"
    );
}

#[test]
fn authorities_may_be_for_any_usage_or_name_none() {
    for usage in [
        Some(extended_key_usage(&[CODE_SIGNING])),
        Some(extended_key_usage(&["2.5.29.37.0"])),
        None,
    ] {
        let general = |common_name| {
            let mut extensions = vec![key_usage(1, 0x06), basic_constraints(None)];
            extensions.extend(usage.clone());
            Template::authority(common_name, None).extensions(extensions)
        };
        let instance = Instance::with(general("root"), general("issuing"), Template::leaf());
        instance.check(&[at(NOW)]).unwrap();
        // The same where path validation asks: in an intermediate of the material.
        let root_alone = [authority(&[&instance.root], wide())];
        let helpers = [&instance.issuing];
        check(&instance.leaf, &helpers, &root_alone, &[at(NOW)]).unwrap();
    }
}

#[test]
fn an_authority_names_its_certificates_from_the_issuing_one_up() {
    assert_eq!(
        Instance::new().authority().subjects(),
        ["O=example, CN=issuing", "O=example, CN=root"]
    );
}

#[test]
fn a_limit_that_an_authority_exceeds_is_named() {
    let many = (0..=limits::CERTIFICATE_EXTENSIONS.max)
        .map(|arc| extension(&format!("1.3.9.{arc}"), false, &[]));
    let root = Template::authority("root", None)
        .extensions(many.collect())
        .self_signed();
    let failure = CertificateAuthority::prepare(vec![root.der], wide(), String::new()).unwrap_err();
    assert_eq!(failure.reason, Reason::LimitExceeded);
}

/// From the most to the least telling one, in whatever order the trusted root has them.
#[test]
fn the_most_telling_failure_is_reported() {
    let instance = Instance::new();
    let issuing_until = |end| {
        let template = Template::authority("issuing", None).valid(NOW - 9, end);
        authority(&[&template.self_signed()], wide())
    };
    let candidates: [&dyn Fn() -> CertificateAuthority; 4] = [
        &|| issuing_until(NOW - 2),
        &|| {
            let another = Template::authority("root", None).self_signed();
            authority(&[&instance.issuing, &another], wide())
        },
        // Another key under the name.
        &|| issuing_until(NOW),
        &|| {
            authority(
                &[&Template::authority("stranger", None).self_signed()],
                wide(),
            )
        },
    ];
    let alone = |index: usize| {
        let authorities = [candidates[index]()];
        check(&instance.leaf, &[], &authorities, &[at(NOW)]).unwrap_err()
    };
    let expected = [
        (Reason::CertificateNotValidAtTime, true),
        (Reason::TrustRootInvalid, true),
        (Reason::CertificateUntrusted, true),
        (Reason::CertificateUntrusted, false),
    ];
    for (index, expected) in expected.into_iter().enumerate() {
        let failure = alone(index);
        assert_eq!((failure.reason, failure.field.is_some()), expected);
        for other in index + 1..candidates.len() {
            for order in [[index, other], [other, index]] {
                let authorities = order.map(|index| candidates[index]());
                let failure = check(&instance.leaf, &[], &authorities, &[at(NOW)]).unwrap_err();
                assert_eq!((failure.reason, failure.field.is_some()), expected);
            }
        }
    }
    // The first of two that say the same.
    let authorities = [issuing_until(NOW - 2), issuing_until(NOW - 1)];
    let failure = check(&instance.leaf, &[], &authorities, &[at(NOW)]).unwrap_err();
    let only = check(&instance.leaf, &[], &authorities[..1], &[at(NOW)]).unwrap_err();
    assert_eq!(failure.to_string(), only.to_string());
    let last = check(&instance.leaf, &[], &authorities[1..], &[at(NOW)]);
    assert_ne!(failure.to_string(), last.unwrap_err().to_string());
}

#[test]
fn a_certificate_of_the_root_itself_is_verified_with_the_root() {
    // Whatever became of the issuing certificate, which has no part in it.
    let instance = Instance::with(
        Template::authority("root", None),
        Template::authority("issuing", None).valid(NOW - 20, NOW - 10),
        Template::leaf(),
    );
    let leaf = Template::leaf().signed_by(&instance.root);
    let parsed = Certificate::parse(&leaf.der).unwrap();
    let authorities = [instance.authority()];
    let issued = verify(&parsed, &[], &authorities, &[at(NOW)]).unwrap();
    assert_eq!(issued.issuer_spki(), instance.root.key.spki());
}

#[test]
fn as_many_authorities_as_the_root_allows_may_stand_between() {
    for (length, expected) in [(0, false), (1, true), (2, true)] {
        let root = Template::authority("root", Some(length)).self_signed();
        let helper = Template::authority("helper", None).signed_by(&root);
        let leaf = Template::leaf().signed_by(&helper);
        let authorities = [authority(&[&root], wide())];
        let checked = check(&leaf, &[&helper], &authorities, &[at(NOW)]);
        assert_eq!(checked.is_ok(), expected, "{length}: {checked:?}");
    }
}

/// Also when the path was built from the root, because of its constraints.
#[test]
fn an_authority_that_had_expired_is_named() {
    for constraints in [None, Some(permit(dns("example.com")))] {
        let mut root = Template::authority("root", None);
        root.extensions.extend(constraints);
        let issuing = Template::authority("issuing", None).valid(NOW - 20, NOW - 10);
        let failure = Instance::with(root, issuing, Template::leaf()).refused();
        assert_eq!(failure.reason, Reason::CertificateNotValidAtTime);
        let said = "the authority's certificate O=example, CN=issuing was not in force";
        assert!(failure.to_string().contains(said), "{failure}");
    }
}

/// Path validation does not look at key usages; a certificate with a broken one says more than an authority that is broken.
#[test]
fn a_helper_that_cannot_be_read_is_reported_before_a_broken_authority() {
    let root = Template::authority("root", None).self_signed();
    let helper = Template::authority("helper", None)
        .extensions(vec![
            key_usage(0, 0x06),
            extended_key_usage(&[CODE_SIGNING]),
            basic_constraints(None),
        ])
        .signed_by(&root);
    let leaf = Template::leaf().signed_by(&helper);
    let other = Instance::new();
    let mut authorities = [
        authority(&[&root], wide()),
        authority(&[&other.issuing, &root], wide()),
    ];
    for _ in 0..2 {
        let failure = check(&leaf, &[&helper], &authorities, &[at(NOW)]).unwrap_err();
        assert_eq!(failure.reason, Reason::CertificateMalformed, "{failure}");
        authorities.reverse();
    }
    let broken = authority(&[&other.issuing, &root], wide());
    let failure = check(&leaf, &[&helper], &[broken], &[at(NOW)]).unwrap_err();
    assert_eq!(failure.reason, Reason::TrustRootInvalid);
}
