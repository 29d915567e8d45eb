//! Distinguished names for people (RFC 4514 attribute names, in the order of the certificate).

use std::fmt;

use der::asn1::ObjectIdentifier;

use crate::asn1::{self, Der};
use crate::printable;

/// The DER of a Name, displayed as `O=sigstore.dev, CN=sigstore-intermediate`.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a>(pub(crate) &'a [u8]);

impl Name<'_> {
    /// Refuses what is no Name (RFC 5280, section 4.1.2.4).
    pub(crate) fn check(&self) -> asn1::Result<()> {
        let mut sequence = Der::only_sequence(self.0)?;
        while !sequence.is_finished() {
            let mut relative = sequence.set()?;
            while !relative.is_finished() {
                let mut attribute = relative.sequence()?;
                attribute.oid()?;
                attribute.element()?;
                attribute.finish()?;
            }
        }
        Ok(())
    }

    fn read(&self) -> asn1::Result<String> {
        let mut out = String::new();
        let mut sequence = Der::only_sequence(self.0)?;
        while !sequence.is_finished() {
            let mut relative = sequence.set()?;
            let mut separator = ", ";
            while !relative.is_finished() {
                let mut attribute = relative.sequence()?;
                let id = attribute.oid()?;
                let value = attribute.element()?;
                attribute.finish()?;
                if !out.is_empty() {
                    out.push_str(separator);
                }
                match SHORT_NAMES.iter().find(|(known, _)| *known == id) {
                    Some((_, short)) => out.push_str(short),
                    None => out.push_str(&id.to_string()),
                }
                out.push('=');
                out.push_str(&String::from_utf8_lossy(value.value));
                separator = " + ";
            }
        }
        Ok(out)
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.read() {
            Ok(text) if text.is_empty() => f.write_str("an empty name"),
            Ok(text) => f.write_str(&printable(&text)),
            Err(_) => f.write_str("an unreadable name"),
        }
    }
}

const SHORT_NAMES: &[(ObjectIdentifier, &str)] = &[
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), "STREET"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.17"), "postalCode"),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1"),
        "emailAddress",
    ),
];
