mod links;

use std::collections::BTreeSet;

use sealcheck_testkit::asn1;

use super::{CertificateAuthority, verify};
use crate::certificate::Certificate;
use crate::certificate::tests::fixture::{
    CODE_SIGNING, Made, NOW, PAUSE, Template, at, authority, basic_constraints, corpus_certificate,
    dns, email, extended_key_usage, extension, json, key_usage, leaves, permit, public_good, san,
    shared, trust, wide,
};
use crate::{Failure, Reason, Result, Time, Window, limits, sct};

/// A root, the certificate that it issued for issuing, and a signer's certificate.
struct Instance {
    root: Made,
    issuing: Made,
    leaf: Made,
}

impl Instance {
    fn new() -> Self {
        Self::with(
            Template::authority("root", None),
            Template::authority("issuing", Some(0)),
            Template::leaf(),
        )
    }

    fn with(root: Template, issuing: Template, leaf: Template) -> Self {
        let root = root.self_signed();
        let issuing = issuing.signed_by(&root);
        let leaf = leaf.signed_by(&issuing);
        Self {
            root,
            issuing,
            leaf,
        }
    }

    fn authority(&self) -> CertificateAuthority {
        authority(&[&self.issuing, &self.root], wide())
    }

    fn check(&self, times: &[Time]) -> Result<()> {
        check(&self.leaf, &[], &[self.authority()], times)
    }

    fn refused(&self) -> Failure {
        self.check(&[at(NOW)]).unwrap_err()
    }
}

fn check(
    leaf: &Made,
    intermediates: &[&Made],
    authorities: &[CertificateAuthority],
    times: &[Time],
) -> Result<()> {
    let intermediates: Vec<Vec<u8>> = intermediates.iter().map(|made| made.der.clone()).collect();
    let leaf = Certificate::parse(&leaf.der)?;
    verify(&leaf, &intermediates, authorities, times).map(|_| ())
}

fn with_leaf(leaf: Template) -> Instance {
    Instance::with(
        Template::authority("root", None),
        Template::authority("issuing", Some(0)),
        leaf,
    )
}

fn reason(result: Result<()>) -> Option<Reason> {
    result.err().map(|failure| failure.reason)
}

#[test]
fn a_sound_certificate_names_its_authority_and_the_key_that_signed_it() {
    let instance = Instance::new();
    let authorities = [Instance::new().authority(), instance.authority()];
    let leaf = Certificate::parse(&instance.leaf.der).unwrap();
    let issued = verify(&leaf, &[], &authorities, &[at(NOW), at(NOW + 600)]).unwrap();
    assert_eq!(issued.issuer_spki(), instance.issuing.key.spki());
    assert!(std::ptr::eq(issued.authority(), &raw const authorities[1]));
    assert_eq!(issued.authority().name(), "https://ca.example");
}

#[test]
fn a_kubernetes_signer_under_the_public_good_root() {
    let (Some(der), Some((authorities, logs))) = (corpus_certificate(PAUSE), public_good()) else {
        return;
    };
    let leaf = Certificate::parse(&der).unwrap();
    let issued = verify(&leaf, &[], &authorities, &[leaf.not_before, leaf.not_after]).unwrap();
    assert!(issued.authority().window().end.is_none());
    let facts = sct::verify(&leaf, issued.issuer_spki(), &[], &logs, 1).unwrap();
    assert_eq!(facts[0].time.to_string(), "2024-05-23T21:35:28.451Z");

    let before = leaf.not_before.saturating_add_seconds(-1);
    let failure = verify(&leaf, &[], &authorities, &[leaf.not_after, before]).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "the certificate was not valid when the signature was made at validity: the signer's certificate was not \
         in force (expected a time from 2024-05-23T21:35:28Z to 2024-05-23T21:45:28Z, found 2024-05-23T21:35:27Z)"
    );
    let failure = verify(&leaf, &[], &authorities[..1], &[leaf.not_before]).unwrap_err();
    assert_eq!(failure.reason, Reason::CertificateUntrusted);
    assert_eq!(
        failure.found.as_deref(),
        Some("O=sigstore.dev, CN=sigstore-intermediate")
    );
}

/// Chain and SCT of every conformance bundle, with the start of the certificate as the signing time.
#[test]
fn conformance_bundles() {
    let Some(folder) = shared("conformance/bundle-verify") else {
        return;
    };
    let public_good = public_good().unwrap();
    let mut failed = BTreeSet::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let Some(bundle) = json(&folder.join("bundle.sigstore.json")) else {
            continue;
        };
        let own = folder.join("trusted_root.json");
        let own = own.is_file().then(|| trust(&own));
        let (authorities, logs) = own.as_ref().unwrap_or(&public_good);
        let mut found = Vec::new();
        leaves(&bundle, &mut found);
        for der in found {
            count += 1;
            let checked = Certificate::parse(&der).and_then(|leaf| {
                leaf.claims()?;
                let issued = verify(&leaf, &[], authorities, &[leaf.not_before])?;
                sct::verify(&leaf, issued.issuer_spki(), &[], logs, 1).map(|_| ())
            });
            if let Err(failure) = checked {
                let name = folder.file_name().unwrap().to_string_lossy().into_owned();
                failed.insert((name, failure.reason.code()));
            }
        }
    }
    assert!(count > 50, "{count}");
    let expected = [
        ("bundle-from-wrong-instance_fail", "certificate-untrusted"),
        // its authority expired six years before the certificate begins
        (
            "intoto-expired-certificate_fail",
            "certificate-not-valid-at-time",
        ),
        // its log is missing from the trusted root
        ("invalid-ct-key_fail", "sct-untrusted"),
    ];
    let expected: BTreeSet<_> = expected.map(|(name, code)| (name.to_owned(), code)).into();
    assert_eq!(failed, expected);
}

#[test]
fn real_releases() {
    let Some((authorities, logs)) = public_good() else {
        return;
    };
    for (folder, least) in [
        ("corpora/cpython-releases/versions", 400),
        ("corpora/npm-attested/bundles", 3),
    ] {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(shared(folder).unwrap()).unwrap() {
            leaves(&json(&entry.unwrap().path()).unwrap(), &mut found);
        }
        assert!(found.len() >= least, "{folder}: {}", found.len());
        for der in found {
            let leaf = Certificate::parse(&der).unwrap();
            let claims = leaf.claims().unwrap();
            assert!(claims.san.is_some() && claims.issuer.is_some());
            let issued = verify(&leaf, &[], &authorities, &[leaf.not_before]).unwrap();
            sct::verify(&leaf, issued.issuer_spki(), &[], &logs, 1).unwrap();
        }
    }
}

#[test]
fn one_second_outside_any_window_is_outside() {
    let times = |time: Time| [at(NOW + 1), time];
    // the signer's certificate
    let instance = Instance::new();
    for (second, expected) in [
        (NOW - 1, Some(Reason::CertificateNotValidAtTime)),
        (NOW, None),
        (NOW + 600, None),
        (NOW + 601, Some(Reason::CertificateNotValidAtTime)),
    ] {
        assert_eq!(
            reason(instance.check(&times(at(second)))),
            expected,
            "{second}"
        );
    }
    let fraction = at(NOW + 600)
        .to_string()
        .replace('Z', ".001Z")
        .parse()
        .unwrap();
    assert_eq!(
        reason(instance.check(&times(fraction))),
        Some(Reason::CertificateNotValidAtTime)
    );
    // the authority in the trusted root
    let window = Window {
        start: at(NOW + 10),
        end: Some(at(NOW + 20)),
    };
    let narrow = [authority(&[&instance.issuing, &instance.root], window)];
    for (second, expected) in [
        (NOW + 9, Some(Reason::CertificateUntrusted)),
        (NOW + 10, None),
        (NOW + 20, None),
        (NOW + 21, Some(Reason::CertificateUntrusted)),
    ] {
        let times = [at(NOW + 15), at(second)];
        assert_eq!(
            reason(check(&instance.leaf, &[], &narrow, &times)),
            expected,
            "{second}"
        );
    }
    // the issuing certificate, and the root, with and without full path building
    for constrained in [false, true] {
        for (root, issuing) in [
            ((NOW - 9, NOW + 99), (NOW + 10, NOW + 20)),
            ((NOW + 10, NOW + 20), (NOW - 9, NOW + 99)),
        ] {
            let mut root = Template::authority("root", None).valid(root.0, root.1);
            if constrained {
                root = root.with(permit(dns("example.com")));
            }
            let issuing = Template::authority("issuing", None).valid(issuing.0, issuing.1);
            let instance = Instance::with(root, issuing, Template::leaf());
            for (second, expected) in [
                (NOW + 9, Some(Reason::CertificateNotValidAtTime)),
                (NOW + 10, None),
                (NOW + 20, None),
                (NOW + 21, Some(Reason::CertificateNotValidAtTime)),
            ] {
                for times in [[at(NOW + 15), at(second)], [at(second), at(NOW + 15)]] {
                    assert_eq!(
                        reason(instance.check(&times)),
                        expected,
                        "{second} {constrained}"
                    );
                }
            }
        }
    }
}

#[test]
fn without_a_time_nothing_is_accepted() {
    assert_eq!(
        reason(Instance::new().check(&[])),
        Some(Reason::NoTrustedTime)
    );
}

#[test]
fn a_signer_needs_the_code_signing_usage() {
    let sound = [key_usage(7, 0x80), extended_key_usage(&[CODE_SIGNING])];
    let [usage, extended] = sound.clone();
    for extensions in [
        vec![extended.clone()],
        vec![usage.clone()],
        vec![usage.clone(), extended_key_usage(&["2.5.29.37.0"])],
        vec![
            usage.clone(),
            extended_key_usage(&["1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.1"]),
        ],
        vec![key_usage(5, 0x20), extended.clone()],
        vec![usage.clone(), extended.clone(), basic_constraints(None)],
    ] {
        let instance = with_leaf(Template::leaf().extensions(extensions));
        assert_eq!(instance.refused().reason, Reason::CertificateUsage);
    }
    let more = extended_key_usage(&["1.3.6.1.5.5.7.3.8", CODE_SIGNING]);
    for extensions in [vec![usage.clone(), extended], vec![usage, more]] {
        with_leaf(Template::leaf().extensions(extensions))
            .check(&[at(NOW)])
            .unwrap();
    }
}

#[test]
fn unknown_critical_extensions_are_refused() {
    let poison = extension("1.3.6.1.4.1.11129.2.4.3", true, &asn1::null());
    let leaf = with_leaf(Template::leaf().with(poison.clone()));
    assert_eq!(leaf.refused().reason, Reason::CertificateMalformed);
    let issuing = Instance::with(
        Template::authority("root", None),
        Template::authority("issuing", None).with(poison.clone()),
        Template::leaf(),
    );
    assert_eq!(issuing.refused().reason, Reason::TrustRootInvalid);
    let root = Instance::with(
        Template::authority("root", None).with(poison),
        Template::authority("issuing", None),
        Template::leaf(),
    );
    assert_eq!(root.refused().reason, Reason::TrustRootInvalid);
}

#[test]
fn authorities_must_be_authorities() {
    let extended = extended_key_usage(&[CODE_SIGNING]);
    let unfit = [
        vec![key_usage(1, 0x06), extended.clone()],
        vec![
            key_usage(1, 0x02),
            extended.clone(),
            basic_constraints(None),
        ],
        vec![
            key_usage(1, 0x06),
            extended_key_usage(&["1.3.6.1.5.5.7.3.8"]),
            basic_constraints(None),
        ],
    ];
    for extensions in unfit {
        for place in 0..2 {
            let mut templates = [
                Template::authority("root", None),
                Template::authority("issuing", None),
            ];
            templates[place].extensions = extensions.clone();
            let [root, issuing] = templates;
            let instance = Instance::with(root, issuing, Template::leaf());
            assert_eq!(instance.refused().reason, Reason::TrustRootInvalid);
        }
        // The same in an intermediate of the material makes it useless.
        let root = Template::authority("root", None).self_signed();
        let helper = Template::authority("helper", None)
            .extensions(extensions)
            .signed_by(&root);
        let leaf = Template::leaf().signed_by(&helper);
        let authorities = [authority(&[&root], wide())];
        assert_eq!(
            reason(check(&leaf, &[&helper], &authorities, &[at(NOW)])),
            Some(Reason::CertificateUntrusted)
        );
    }
}

#[test]
fn path_lengths_count_every_authority_below() {
    let root = Template::authority("root", Some(0)).self_signed();
    let issuing = Template::authority("issuing", None).signed_by(&root);
    let leaf = Template::leaf().signed_by(&issuing);
    let chain = [authority(&[&issuing, &root], wide())];
    assert_eq!(
        reason(check(&leaf, &[], &chain, &[at(NOW)])),
        Some(Reason::TrustRootInvalid)
    );
    let chain = [authority(&[&root], wide())];
    assert_eq!(
        reason(check(&leaf, &[&issuing], &chain, &[at(NOW)])),
        Some(Reason::CertificateUntrusted)
    );
    // An intermediate of the material below an issuing certificate that allows none.
    for (length, expected) in [
        (Some(0), Some(Reason::CertificateUntrusted)),
        (Some(1), None),
    ] {
        let root = Template::authority("root", None).self_signed();
        let issuing = Template::authority("issuing", length).signed_by(&root);
        let helper = Template::authority("helper", None).signed_by(&issuing);
        let leaf = Template::leaf().signed_by(&helper);
        let chain = [authority(&[&issuing, &root], wide())];
        assert_eq!(
            reason(check(&leaf, &[&helper], &chain, &[at(NOW)])),
            expected
        );
        assert_eq!(
            reason(check(&leaf, &[], &chain, &[at(NOW)])),
            Some(Reason::CertificateUntrusted)
        );
    }
}

#[test]
fn name_constraints_hold_wherever_they_stand() {
    let uri = |text: &str| asn1::context_primitive(6, text.as_bytes());
    let violation = Some(Reason::CertificateUntrusted);
    for (constraint, name, expected) in [
        (dns("example.com"), dns("signer.example.com"), None),
        (dns("example.com"), dns("signer.example.org"), violation),
        // constraints on other kinds of names do not apply
        (dns("example.com"), email("signer@example.org"), None),
        // constraints on addresses and URIs are not implemented, so they permit nothing
        (email("example.com"), email("signer@example.com"), violation),
        (email("example.com"), email("signer@example.org"), violation),
        (uri("example.com"), uri("https://example.com/"), violation),
    ] {
        for place in 0..2 {
            let mut templates = [
                Template::authority("root", None),
                Template::authority("issuing", None),
            ];
            templates[place].extensions.push(permit(constraint.clone()));
            let [root, issuing] = templates;
            let leaf = Template::leaf().extensions(vec![
                key_usage(7, 0x80),
                extended_key_usage(&[CODE_SIGNING]),
                san(std::slice::from_ref(&name)),
            ]);
            let instance = Instance::with(root, issuing, leaf);
            assert_eq!(
                reason(instance.check(&[at(NOW)])),
                expected,
                "{constraint:?} {name:?} {place}"
            );
        }
    }
}

#[test]
fn only_the_last_certificate_of_an_authority_is_an_anchor() {
    let instance = Instance::new();
    // without the root, an intermediate is trusted only when it is configured as the last one
    let intermediate_alone = [authority(&[&instance.issuing], wide())];
    check(&instance.leaf, &[], &intermediate_alone, &[at(NOW)]).unwrap();
    let other_root = Template::authority("root", None).self_signed();
    let false_root = [authority(&[&instance.issuing, &other_root], wide())];
    let failure = check(&instance.leaf, &[], &false_root, &[at(NOW)]).unwrap_err();
    assert_eq!(failure.reason, Reason::TrustRootInvalid);
    assert!(
        failure.to_string().contains("not signed by the next one"),
        "{failure}"
    );
    let unrelated = [authority(
        &[&instance.issuing, &instance.leaf_of_other_name()],
        wide(),
    )];
    assert_eq!(
        reason(check(&instance.leaf, &[], &unrelated, &[at(NOW)])),
        Some(Reason::TrustRootInvalid)
    );
    // material cannot bring its own trust
    let nothing: [CertificateAuthority; 0] = [];
    let helpers = [&instance.issuing, &instance.root];
    assert_eq!(
        reason(check(&instance.leaf, &helpers, &nothing, &[at(NOW)])),
        Some(Reason::CertificateUntrusted)
    );
    let stranger = [Instance::new().authority()];
    assert_eq!(
        reason(check(&instance.leaf, &helpers, &stranger, &[at(NOW)])),
        Some(Reason::CertificateUntrusted)
    );
    // but it can lead to a root that is trusted
    let root_alone = [authority(&[&instance.root], wide())];
    check(
        &instance.leaf,
        &[&instance.issuing],
        &root_alone,
        &[at(NOW)],
    )
    .unwrap();
    assert_eq!(
        reason(check(&instance.leaf, &[], &root_alone, &[at(NOW)])),
        Some(Reason::CertificateUntrusted)
    );
}

impl Instance {
    fn leaf_of_other_name(&self) -> Made {
        Template::authority("another", None).signed_by(&self.root)
    }
}

#[test]
fn the_issuer_key_is_the_proven_one() {
    // Two intermediates of one name: the key that comes out is the one that signed.
    let root = Template::authority("root", None).self_signed();
    let configured = Template::authority("issuing", None).signed_by(&root);
    let rotated = Template::authority("issuing", None).signed_by(&root);
    let leaf = Template::leaf().signed_by(&rotated);
    let authorities = [authority(&[&configured, &root], wide())];
    let parsed = Certificate::parse(&leaf.der).unwrap();
    let helpers = [rotated.der.clone()];
    let issued = verify(&parsed, &helpers, &authorities, &[at(NOW)]).unwrap();
    assert_eq!(issued.issuer_spki(), rotated.key.spki());
    let failure = check(&leaf, &[], &authorities, &[at(NOW)]).unwrap_err();
    assert_eq!(failure.reason, Reason::CertificateUntrusted);
    assert!(
        failure.to_string().contains("not signed with the key of"),
        "{failure}"
    );
}

#[test]
fn helpers_must_be_valid_at_every_time() {
    let root = Template::authority("root", None).self_signed();
    let helper = Template::authority("helper", None)
        .valid(NOW, NOW + 10)
        .signed_by(&root);
    let leaf = Template::leaf().signed_by(&helper);
    let authorities = [authority(&[&root], wide())];
    check(&leaf, &[&helper], &authorities, &[at(NOW), at(NOW + 10)]).unwrap();
    for times in [[at(NOW), at(NOW + 11)], [at(NOW + 11), at(NOW)]] {
        assert_eq!(
            reason(check(&leaf, &[&helper], &authorities, &times)),
            Some(Reason::CertificateNotValidAtTime)
        );
    }
}

#[test]
fn any_changed_bit_of_a_certificate_is_refused() {
    let instance = Instance::new();
    let authorities = [instance.authority()];
    for position in 0..instance.leaf.der.len() {
        let mut changed = instance.leaf.clone();
        changed.der[position] ^= 1 << (position % 8);
        assert!(
            check(&changed, &[], &authorities, &[at(NOW)]).is_err(),
            "{position}"
        );
    }
}

#[test]
fn broken_authorities_cannot_be_prepared() {
    let prepare = |chain: Vec<Vec<u8>>| {
        CertificateAuthority::prepare(chain, wide(), String::new()).unwrap_err()
    };
    let root = Template::authority("root", None).self_signed();
    assert_eq!(prepare(vec![]).reason, Reason::TrustRootInvalid);
    let failure = prepare(vec![root.der.clone(), root.der[1..].to_vec()]);
    assert_eq!(failure.reason, Reason::TrustRootInvalid);
    assert_eq!(failure.field.as_deref(), Some("certificates[1]"));
    let many = vec![root.der.clone(); limits::CHAIN_CERTIFICATES.max + 1];
    assert_eq!(prepare(many).reason, Reason::LimitExceeded);
    let helpers = vec![&root; limits::CHAIN_CERTIFICATES.max + 1];
    let instance = Instance::new();
    let failure = check(
        &instance.leaf,
        &helpers,
        &[instance.authority()],
        &[at(NOW)],
    )
    .unwrap_err();
    assert_eq!(failure.reason, Reason::LimitExceeded);
}
