//! Systematic damage to sound tokens: refused, without effect, or a token of somebody else, and never another fact.

use sealcheck_testkit::{Key, KeyKind};

use super::forge::*;
use super::verified;
use crate::timestamp::{Authority, TokenCheck};

/// Whether the damaged token still verifies; it must say the same then.
fn survives(damaged: &[u8], sound: &[u8], authorities: &[Authority]) -> bool {
    match verdict(damaged, authorities) {
        Ok(TokenCheck::Verified(mut facts)) => {
            let expected = verified(verdict(sound, authorities));
            // Not signed: a token may lose a certificate that the trusted root has.
            facts.embedded_certificate = expected.embedded_certificate;
            assert_eq!(*facts, expected);
            true
        }
        _ => false,
    }
}

fn tokens() -> Vec<(Vec<u8>, [Authority; 1])> {
    let house = House::new(Key::shared(KeyKind::P256));
    vec![
        (house.recipe().build(), [house.authority()]),
        (
            house.recipe().embed(&[&house.signer.der]).build(),
            [house.authority_without_leaf()],
        ),
    ]
}

#[test]
fn no_flipped_bit_changes_a_fact() {
    for (sound, authorities) in tokens() {
        let mut damaged = sound.clone();
        let mut survivors = 0;
        for index in 0..sound.len() {
            for mask in [0x01, 0x80, 0xff] {
                damaged[index] ^= mask;
                survivors += usize::from(survives(&damaged, &sound, &authorities));
                damaged[index] ^= mask;
            }
        }
        // The status is not signed: granted with modifications is as good as granted.
        assert!(survivors <= 1, "{survivors}");
    }
}

#[test]
fn no_part_of_a_token_verifies() {
    for (sound, authorities) in tokens() {
        for length in 0..sound.len() {
            assert!(!survives(&sound[..length], &sound, &authorities));
        }
    }
}

#[test]
fn no_removed_or_repeated_octet_verifies() {
    for (sound, authorities) in tokens() {
        for index in 0..sound.len() {
            let mut shorter = sound.clone();
            let octet = shorter.remove(index);
            assert!(!survives(&shorter, &sound, &authorities));
            let mut longer = sound.clone();
            longer.insert(index, octet);
            assert!(!survives(&longer, &sound, &authorities));
        }
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..512)) {
        proptest::prop_assert!(!matches!(verdict(&octets, &[]), Ok(TokenCheck::Verified(_))));
    }
}
