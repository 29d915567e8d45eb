//! Whose tokens count, and when.

use sealcheck_testkit::{Key, KeyKind, asn1};

use super::forge::*;
use super::{refused, unknown, verified};
use crate::Reason::{LimitExceeded, TimestampInvalid, TimestampMalformed, TrustRootInvalid};
use crate::Window;
use crate::timestamp::{Authority, TokenCheck};

fn house() -> House {
    House::new(Key::shared(KeyKind::P256))
}

fn authority(house: &House, window: Window) -> Authority {
    Authority::prepare(house.chain(), window, "rotated".to_owned()).unwrap()
}

#[test]
fn an_unknown_signer_does_not_count_and_is_no_error() {
    let (house, other) = (house(), House::new(Key::shared(KeyKind::P384)));
    let mut recipe = house.recipe();
    recipe.sid = asn1::sequence(&[name("elsewhere"), asn1::number(0x80)]);
    // Whatever else is wrong with it.
    recipe.key = other.signer.form.key.clone();
    recipe.scheme = recipe.key.default_scheme();
    for authorities in [
        vec![],
        vec![house.authority()],
        vec![house.authority_without_leaf()],
    ] {
        assert_eq!(
            verdict(&recipe.build(), &authorities).unwrap(),
            TokenCheck::UnknownAuthority {
                issuer: "CN=elsewhere".to_owned(),
                serial: Some("80".to_owned()),
                time: "2026-01-02T03:04:05Z".parse().unwrap(),
            }
        );
    }
    recipe.sid = asn1::context_primitive(0, b"another key");
    recipe.signer_version = 3;
    unknown(house.verdict(&recipe));
}

#[test]
fn a_signer_may_be_named_by_its_key_identifier() {
    let house = house();
    let mut recipe = house.recipe();
    recipe.sid = asn1::context_primitive(0, b"signer key id");
    recipe.signer_version = 3;
    verified(house.verdict(&recipe));
    let recipe = recipe.embed(&[&house.signer.der]);
    assert!(verified(house.verdict(&recipe)).embedded_certificate);
    verified(verdict(&recipe.build(), &[house.authority_without_leaf()]));
}

#[test]
fn both_ends_of_the_window_are_inside() {
    let house = house();
    for (time, inside) in [
        ("20250701000000Z", true),
        ("20250630235959.999999999Z", false),
        ("20250801000000Z", true),
        ("20250801000000.000000001Z", false),
    ] {
        let window = between("2025-07-01T00:00:00Z", Some("2025-08-01T00:00:00Z"));
        let verdict = verdict(
            &house.recipe().at(time).build(),
            &[authority(&house, window)],
        );
        match inside {
            true => drop(verified(verdict)),
            false => refused(verdict, TimestampInvalid, "tstInfo.genTime"),
        }
    }
}

#[test]
fn any_window_of_the_same_signer_will_do() {
    let house = house();
    let windows = || {
        [
            between("2025-01-01T00:00:00Z", Some("2025-09-01T00:00:00Z")),
            between("2026-01-01T00:00:00Z", None),
        ]
        .map(|window| authority(&house, window))
    };
    verified(verdict(&house.recipe().build(), &windows()));
    verified(verdict(
        &house.recipe().at("20250801000000Z").build(),
        &windows(),
    ));
    let gap = verdict(&house.recipe().at("20251001000000Z").build(), &windows());
    let failure = gap.unwrap_err();
    assert_eq!(failure.reason, TimestampInvalid);
    assert!(failure.expected.unwrap().contains(" or "));
}

#[test]
fn the_signer_is_valid_at_that_time() {
    let house = house();
    let wide = || [authority(&house, between("2020-01-01T00:00:00Z", None))];
    for (time, inside) in [
        ("20250601000000Z", true),
        ("20250531235959.9Z", false),
        ("20270101000000Z", true),
        ("20270101000000.1Z", false),
    ] {
        let verdict = verdict(&house.recipe().at(time).build(), &wide());
        match inside {
            true => drop(verified(verdict)),
            false => refused(verdict, TimestampInvalid, "tstInfo.genTime"),
        }
    }
}

#[test]
fn every_certificate_above_is_valid_at_that_time() {
    for expired in 0..2 {
        let mut root = ca("root", 1, Key::generate(KeyKind::P256));
        let mut intermediate = intermediate(Key::generate(KeyKind::P256));
        let form = [&mut intermediate, &mut root];
        form.into_iter().nth(expired).unwrap().not_after = "2026-01-02T03:04:05Z";
        let root = root.issue(None);
        let intermediate = intermediate.issue(Some(&root));
        let signer = leaf(Key::shared(KeyKind::P256)).issue(Some(&intermediate));
        let house = House {
            root,
            intermediate,
            signer,
        };
        let embedded = house.recipe().embed(&[&house.signer.der]);
        for authority in [house.authority(), house.authority_without_leaf()] {
            verified(verdict(&embedded.build(), &[authority]));
        }
        let late = embedded.at("20260102030405.001Z");
        for authority in [house.authority(), house.authority_without_leaf()] {
            let verdict = verdict(&late.build(), &[authority]);
            refused(verdict, TimestampInvalid, "tstInfo.genTime");
        }
    }
}

#[test]
fn the_signers_certificate_is_for_timestamps_alone() {
    let sound = || leaf(Key::shared(KeyKind::P256));
    let usage = |unused, bits: &[u8]| extension("2.5.29.15", true, &asn1::named_bits(unused, bits));
    let refuse = |change: &dyn Fn(&mut Form)| {
        let mut form = sound();
        change(&mut form);
        let house = House::with_leaf(form);
        let recipe = house.recipe().embed(&[&house.signer.der]);
        for authority in [house.authority(), house.authority_without_leaf()] {
            refused(
                verdict(&recipe.build(), &[authority]),
                TimestampInvalid,
                "certificates",
            );
        }
    };
    refuse(&|form| form.extensions[1] = extended_key_usage(false, &[TIME_STAMPING]));
    refuse(&|form| form.extensions[1] = extended_key_usage(true, &[CODE_SIGNING]));
    refuse(&|form| form.extensions[1] = extended_key_usage(true, &[TIME_STAMPING, CODE_SIGNING]));
    refuse(&|form| form.extensions[1] = extended_key_usage(true, &[TIME_STAMPING, TIME_STAMPING]));
    refuse(&|form| form.extensions[1] = extended_key_usage(true, &["2.5.29.37.0"]));
    refuse(&|form| drop(form.extensions.remove(1)));
    refuse(&|form| form.extensions[0] = usage(5, &[0x20]));
    // nonRepudiation alone will do, and so does no key usage at all.
    let accept = |change: &dyn Fn(&mut Form)| {
        let mut form = sound();
        change(&mut form);
        let house = House::with_leaf(form);
        verified(house.verdict(&house.recipe()));
    };
    accept(&|form| {
        form.extensions[0] = usage(6, &[0x40]);
    });
    accept(&|form| drop(form.extensions.remove(0)));
}

/// Found by the differential test: nobody looked at such a certificate before a token came, and a bundle that needs no
/// token was accepted with a trusted root that cannot be read.
#[test]
fn a_damaged_certificate_is_refused_before_any_token() {
    let damaged: [(&str, Vec<u8>); 4] = [
        ("2.5.29.37", asn1::tlv(0x31, &asn1::oid(TIME_STAMPING))),
        ("2.5.29.15", asn1::named_bits(0, &[0x80])),
        ("2.5.29.31", asn1::octet_string(b"")),
        ("2.5.29.14", asn1::tlv(4, b"trailing").repeat(2)),
    ];
    for (oid, value) in damaged {
        for of_root in [false, true] {
            let damage = |mut form: Form| {
                form.extensions.retain(|sound| !sound.ends_with(&value));
                form.extensions.push(extension(oid, false, &value));
                form
            };
            let key = || Key::shared(KeyKind::P256);
            let (root, signer) = match of_root {
                true => (damage(ca("root", 1, key())), leaf(key())),
                false => {
                    let mut form = damage(leaf(key()));
                    let last = form.extensions.pop().unwrap();
                    let replaced = asn1::oid(oid);
                    form.extensions.retain(|sound| {
                        !sound.windows(replaced.len()).any(|part| part == replaced)
                    });
                    form.extensions.push(last);
                    (ca("root", 1, key()), form)
                }
            };
            let root = root.issue(None);
            let signer = signer.issue(Some(&root));
            let chain = vec![signer.der, root.der];
            let failure = Authority::prepare(chain, window(), "damaged".to_owned()).unwrap_err();
            assert_eq!(failure.reason, TrustRootInvalid, "{oid}");
            let at = format!("certificates[{}]", u8::from(of_root));
            assert!(failure.field.unwrap().starts_with(&at), "{oid}");
        }
    }
}

#[test]
fn a_certificate_authority_does_not_sign_tokens() {
    // Without a leaf, a token that embeds an authority as its signer.
    let mut form = leaf(Key::shared(KeyKind::P256));
    let is_ca = asn1::sequence(&[asn1::boolean_true()]);
    form.extensions.push(extension("2.5.29.19", true, &is_ca));
    let house = House::with_leaf(form);
    let recipe = house.recipe().embed(&[&house.signer.der]);
    let verdict = verdict(&recipe.build(), &[house.authority_without_leaf()]);
    let failure = verdict.as_ref().unwrap_err().to_string();
    assert!(
        failure.contains("unfit by its basicConstraints"),
        "{failure}"
    );
    refused(verdict, TimestampInvalid, "certificates");
}

#[test]
fn the_chain_holds_by_its_signatures() {
    let sound = house();
    let impostor = intermediate(Key::generate(KeyKind::P256)).issue(None);
    let signer = leaf(Key::shared(KeyKind::P256)).issue(Some(&impostor));
    // The signer's issuer has the right name and another key.
    let house = House { signer, ..sound };
    let recipe = house.recipe().embed(&[&house.signer.der]);
    for authority in [house.authority(), house.authority_without_leaf()] {
        let authority = [authority];
        for _ in 0..2 {
            let verdict = verdict(&recipe.build(), &authority);
            refused(verdict, TimestampInvalid, "certificates");
        }
    }
}

#[test]
fn a_certificate_authority_between_is_for_timestamps() {
    let sound = house();
    for purposes in [None, Some(CODE_SIGNING)] {
        let mut form = ca("intermediate", 2, Key::generate(KeyKind::P256));
        let purposes = purposes.map(|purpose| extended_key_usage(false, &[purpose]));
        form.extensions.extend(purposes);
        let intermediate = form.issue(Some(&sound.root));
        let signer = leaf(Key::shared(KeyKind::P256)).issue(Some(&intermediate));
        let house = House {
            root: sound.root.clone(),
            intermediate,
            signer,
        };
        let recipe = house.recipe().embed(&[&house.signer.der]);
        for authority in [house.authority(), house.authority_without_leaf()] {
            let verdict = verdict(&recipe.build(), &[authority]);
            refused(verdict, TimestampInvalid, "certificates");
        }
    }
}

#[test]
fn an_intermediate_may_be_embedded() {
    let house = house();
    let only_root =
        || [Authority::prepare(vec![house.root.der.clone()], window(), "root".to_owned()).unwrap()];
    let signer = house.signer.der.as_slice();
    let intermediate = house.intermediate.der.as_slice();
    for embedded in [
        vec![signer, intermediate],
        vec![intermediate, signer],
        vec![
            signer,
            intermediate,
            intermediate,
            signer,
            house.root.der.as_slice(),
        ],
    ] {
        let recipe = house.recipe().embed(&embedded);
        assert!(verified(verdict(&recipe.build(), &only_root())).embedded_certificate);
    }
    // Without it nothing leads to the root: an unknown authority.
    unknown(verdict(
        &house.recipe().embed(&[signer]).build(),
        &only_root(),
    ));
    unknown(verdict(
        &house.recipe().embed(&[intermediate]).build(),
        &only_root(),
    ));
    unknown(verdict(&house.recipe().build(), &only_root()));
}

#[test]
fn an_embedded_intermediate_is_valid_at_that_time() {
    let sound = house();
    let mut form = intermediate(Key::generate(KeyKind::P256));
    form.not_after = "2026-01-02T03:04:05Z";
    let intermediate = form.issue(Some(&sound.root));
    let signer = leaf(Key::shared(KeyKind::P256)).issue(Some(&intermediate));
    let house = House {
        intermediate,
        signer,
        ..sound
    };
    let recipe = house
        .recipe()
        .embed(&[&house.signer.der, &house.intermediate.der]);
    let only_root =
        || [Authority::prepare(vec![house.root.der.clone()], window(), "root".to_owned()).unwrap()];
    verified(verdict(&recipe.build(), &only_root()));
    let late = verdict(&recipe.at("20260102030405.001Z").build(), &only_root());
    refused(late, TimestampInvalid, "tstInfo.genTime");
}

#[test]
fn certificates_that_name_each_other_in_a_circle_end() {
    let house = house();
    let one = ca("one", 5, Key::shared(KeyKind::P256));
    let two = ca("two", 6, Key::shared(KeyKind::P256));
    let two = two.issue(Some(&one.clone().issue(None)));
    let one = one.issue(Some(&two));
    let signer = leaf(Key::shared(KeyKind::P256)).issue(Some(&one));
    let circle = House { signer, ..house };
    let recipe = circle
        .recipe()
        .embed(&[&circle.signer.der, &one.der, &two.der]);
    unknown(verdict(&recipe.build(), &[circle.authority_without_leaf()]));
}

#[test]
fn an_embedded_certificate_is_the_one_of_the_trusted_root() {
    let house = house();
    let mut form = house.signer.form.clone();
    form.not_after = "2029-01-01T00:00:00Z";
    let twin = form.issue(Some(&house.intermediate));
    for embedded in [
        vec![twin.der.as_slice()],
        vec![house.signer.der.as_slice(), &twin.der],
    ] {
        let verdict = house.verdict(&house.recipe().embed(&embedded));
        refused(verdict, TimestampInvalid, "certificates");
    }
    let others = house.recipe().embed(&[&house.root.der]);
    assert!(!verified(house.verdict(&others)).embedded_certificate);
    // What stands there as a certificate must be one.
    let broken = house.recipe().embed(&[&house.root.der, &[0x30, 0]]);
    refused(house.verdict(&broken), TimestampMalformed, "certificates");
    verified(house.verdict(&house.recipe().embed(&[])));
}

#[test]
fn a_broken_authority_is_refused_with_the_trusted_root() {
    let house = house();
    let prepare = |chain: &[&[u8]]| {
        let chain = chain.iter().map(|der| der.to_vec()).collect();
        Authority::prepare(chain, window(), "broken".to_owned()).map(drop)
    };
    let (signer, intermediate, root) = (
        house.signer.der.as_slice(),
        house.intermediate.der.as_slice(),
        house.root.der.as_slice(),
    );
    prepare(&[signer, intermediate, root]).unwrap();
    prepare(&[intermediate, root]).unwrap();
    prepare(&[signer, intermediate]).unwrap();
    prepare(&[root]).unwrap();
    for chain in [
        vec![],
        vec![signer],
        vec![signer, root],
        vec![signer, root, intermediate],
        vec![root, intermediate, signer],
        vec![signer, signer],
        vec![&signer[1..], intermediate, root],
        vec![signer, b"", root],
    ] {
        assert_eq!(prepare(&chain).unwrap_err().reason, TrustRootInvalid);
    }
    assert_eq!(prepare(&[root; 11]).unwrap_err().reason, LimitExceeded);
}

/// Path validation reads no certificate of more than 65,535 octets.
#[test]
fn what_path_validation_cannot_read_is_refused_with_the_trusted_root() {
    let long = || extension("1.2.3.4", false, &[0; 1 << 16]);
    let key = || Key::shared(KeyKind::P256);
    for place in 0..2 {
        let (mut root, mut signer) = (ca("root", 1, key()), leaf(key()));
        match place {
            0 => signer.extensions.push(long()),
            _ => root.extensions.push(long()),
        }
        let root = root.issue(None);
        let signer = signer.issue(Some(&root));
        let chain = vec![signer.der, root.der];
        let failure = Authority::prepare(chain, window(), "long".to_owned()).unwrap_err();
        assert_eq!(failure.reason, TrustRootInvalid);
        let at = format!("certificates[{place}]");
        assert_eq!(failure.field.as_deref(), Some(at.as_str()));
    }
}

#[test]
fn an_authority_names_its_certificates_from_the_signer_up() {
    let house = house();
    assert_eq!(
        house.authority().subjects(),
        ["CN=signer", "CN=intermediate", "CN=root"]
    );
    assert_eq!(
        house.authority_without_leaf().subjects(),
        ["CN=intermediate", "CN=root"]
    );
}

#[test]
fn an_authority_is_shared_by_threads() {
    let house = house();
    let token = house.recipe().build();
    let authorities = [house.authority()];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| verified(verdict(&token, &authorities)));
        }
    });
}
