//! TSTInfo: what a timestamp authority vouches for (RFC 3161, section 2.4.2).

use der::asn1::ObjectIdentifier;
use der::{DateTime, Decode, Tag};

use super::algorithm::AlgorithmIdentifier;
use super::token::{malformed, malformed_at, require};
use crate::asn1::{self, Der, context, distinguished};
use crate::{Failure, Reason, Result, Time, limits};

/// The content of a token.
///
/// `ordering` and `nonce` matter to whoever asked for the token only. `tsa` is a hint: the signer is identified by the
/// signing-certificate attribute (RFC 3161, section 2.4.2). All are read for their form.
pub(super) struct TstInfo<'a> {
    /// The policy under which the token was made.
    pub(super) policy: ObjectIdentifier,
    /// How the stamped bytes were hashed.
    pub(super) imprint_algorithm: AlgorithmIdentifier<'a>,
    /// Their hash.
    pub(super) imprint: &'a [u8],
    /// The content octets of the token's serial number, an INTEGER of either sign.
    pub(super) serial: &'a [u8],
    /// The time of the stamp.
    pub(super) time: Time,
    /// How far the time may be off, in milliseconds, rounded up.
    pub(super) accuracy_ms: Option<u64>,
    /// The first critical extension: no extension is known, so a critical one spoils the token.
    pub(super) critical_extension: Option<ObjectIdentifier>,
}

impl<'a> TstInfo<'a> {
    /// Reads the DER in eContent.
    pub(super) fn parse(content: &'a [u8]) -> Result<Self> {
        let mut info = Der::only_sequence(content).map_err(malformed)?;
        let version = info.unsigned().map_err(malformed_at("version"))?;
        require("version", version, 1)?;
        let policy = info.oid().map_err(malformed_at("policy"))?;
        let (imprint_algorithm, imprint) =
            message_imprint(&mut info).map_err(malformed_at("messageImprint"))?;
        let serial = info
            .expect(Tag::Integer)
            .map_err(malformed_at("serialNumber"))?
            .value;
        if !is_serial(serial) {
            return Err(Failure::new(Reason::TimestampMalformed)
                .at("serialNumber")
                .expected("an integer of at most 64 octets"));
        }
        let time = info
            .expect(Tag::GeneralizedTime)
            .map_err(malformed_at("genTime"))?
            .value;
        let time = gen_time(time).ok_or_else(|| {
            Failure::new(Reason::TimestampMalformed)
                .at("genTime")
                .expected("YYYYMMDDhhmmss[.s…]Z without trailing zeros")
                .found(String::from_utf8_lossy(time))
        })?;
        let accuracy_ms = info
            .optional(Tag::Sequence)
            .and_then(|element| {
                element
                    .map(|element| accuracy(element.inside()?))
                    .transpose()
            })
            .map_err(malformed_at("accuracy"))?;
        if let Some(ordering) = info
            .optional(Tag::Boolean)
            .map_err(malformed_at("ordering"))?
        {
            bool::from_der(ordering.whole).map_err(malformed_at("ordering"))?;
        }
        info.optional(Tag::Integer).map_err(malformed_at("nonce"))?;
        if let Some(tsa) = info
            .optional(context(0, true))
            .map_err(malformed_at("tsa"))?
        {
            general_name(tsa.value).map_err(malformed_at("tsa"))?;
        }
        let critical_extension = match info
            .optional(context(1, true))
            .map_err(malformed_at("extensions"))?
        {
            None => None,
            Some(list) => critical_extension(list.inside().map_err(malformed_at("extensions"))?)
                .map_err(|failure| failure.within("extensions"))?,
        };
        info.finish().map_err(malformed)?;
        Ok(Self {
            policy,
            imprint_algorithm,
            imprint,
            serial,
            time,
            accuracy_ms,
            critical_extension,
        })
    }
}

fn message_imprint<'a>(info: &mut Der<'a>) -> asn1::Result<(AlgorithmIdentifier<'a>, &'a [u8])> {
    let mut imprint = info.sequence()?;
    let algorithm = AlgorithmIdentifier::parse(&mut imprint)?;
    let value = imprint.octets()?;
    imprint.finish()?;
    Ok((algorithm, value))
}

/// Whether these are the content octets of a DER INTEGER that is not absurdly long. Some authorities fill all bits with
/// random ones, so that negative numbers occur.
fn is_serial(octets: &[u8]) -> bool {
    distinguished::is_integer(octets) && octets.len() <= 64
}

/// GeneralizedTime as RFC 3161, section 2.4.2 narrows it: UTC with seconds, an optional fraction after a dot, no
/// trailing zeros in it. Nine digits are as far as [`Time`] goes.
fn gen_time(text: &[u8]) -> Option<Time> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = match text.split_once('.') {
        None => (text, None),
        Some((whole, fraction)) => (whole, Some(fraction)),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) {
        return None;
    }
    let nanoseconds = match fraction {
        None => 0,
        Some(fraction) => {
            if !(1..=9).contains(&fraction.len()) || !digits(fraction) || fraction.ends_with('0') {
                return None;
            }
            format!("{fraction:0<9}").parse().ok()?
        }
    };
    let part = |range: std::ops::Range<usize>| whole.get(range)?.parse::<u8>().ok();
    let time = DateTime::new(
        whole.get(..4)?.parse().ok()?,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14)?,
    )
    .ok()?;
    let seconds = i64::try_from(time.unix_duration().as_secs()).ok()?;
    Time::from_unix(seconds, nanoseconds)
}

/// Accuracy in milliseconds, rounded up.
fn accuracy(mut accuracy: Der<'_>) -> asn1::Result<u64> {
    let seconds = match accuracy.peek() {
        Some(Tag::Integer) => accuracy.unsigned()?,
        _ => 0,
    };
    let millis = thousandths(&mut accuracy, 0)?;
    let micros = thousandths(&mut accuracy, 1)?;
    accuracy.finish()?;
    Ok(seconds
        .saturating_mul(1000)
        .saturating_add(millis)
        .saturating_add(u64::from(micros > 0)))
}

/// The INTEGER (1..999) with the implicit tag `[number]`; 0 when it is absent.
fn thousandths(accuracy: &mut Der<'_>, number: u32) -> asn1::Result<u64> {
    let Some(element) = accuracy.optional(context(number, false))? else {
        return Ok(0);
    };
    match *element.value {
        [low @ 1..=127] | [0, low @ 128..=255] => Ok(u64::from(low)),
        [high @ 1..=3, low] if u16::from_be_bytes([high, low]) <= 999 => {
            Ok(u64::from(u16::from_be_bytes([high, low])))
        }
        _ => Err(element.tag.value_error().into()),
    }
}

/// One GeneralName, whose content does not matter.
fn general_name(der: &[u8]) -> asn1::Result<()> {
    let mut name = Der::new(der)?;
    let element = name.element()?;
    name.finish()?;
    match element.tag {
        Tag::ContextSpecific { .. } => Ok(()),
        tag => Err(tag.unexpected_error(None).into()),
    }
}

/// Reads Extensions, which must be unique; the first critical one.
fn critical_extension(mut list: Der<'_>) -> Result<Option<ObjectIdentifier>> {
    let mut seen: Vec<ObjectIdentifier> = Vec::new();
    let mut first_critical = None;
    while !list.is_finished() {
        limits::TIMESTAMP_ATTRIBUTES.check(seen.len() + 1, "extension")?;
        let (oid, critical) = extension(&mut list).map_err(malformed)?;
        if seen.contains(&oid) {
            return Err(Failure::new(Reason::TimestampMalformed)
                .expected("each extension once")
                .found(format!("{oid} twice")));
        }
        seen.push(oid);
        if critical {
            first_critical = first_critical.or(Some(oid));
        }
    }
    Ok(first_critical)
}

/// The id and the criticality of one Extension (RFC 5280, section 4.1).
fn extension(list: &mut Der<'_>) -> asn1::Result<(ObjectIdentifier, bool)> {
    let mut extension = list.sequence()?;
    let oid = extension.oid()?;
    let critical = match extension.optional(Tag::Boolean)? {
        Some(critical) => bool::from_der(critical.whole)?,
        None => false,
    };
    extension.octets()?;
    extension.finish()?;
    Ok((oid, critical))
}

#[cfg(test)]
mod tests {
    use super::{accuracy, gen_time};
    use crate::asn1::Der;

    #[test]
    fn gen_time_is_utc_with_an_optional_fraction() {
        let text = |time: &str| gen_time(time.as_bytes()).map(|time| time.to_string());
        assert_eq!(
            text("20250612120220Z").as_deref(),
            Some("2025-06-12T12:02:20Z")
        );
        assert_eq!(
            text("20250612120220.34352Z").as_deref(),
            Some("2025-06-12T12:02:20.34352Z")
        );
        assert_eq!(
            text("20240229235959.999999999Z").as_deref(),
            Some("2024-02-29T23:59:59.999999999Z")
        );
    }

    #[test]
    fn other_forms_of_gen_time_are_refused() {
        for time in [
            "20250612120220",
            "202506121202Z",
            "250612120220Z",
            "20250612120220.Z",
            "20250612120220.0Z",
            "20250612120220.50Z",
            "20250612120220,5Z",
            "20250612120220.1234567891Z",
            "20250612120220+0000",
            "20250612120220.5+0000",
            "20251312120220Z",
            "20230229000000Z",
            "20250612240000Z",
            "20250612120260Z",
            "2025061212022\u{661}Z",
            " 2025061212022Z",
            "+2025061212022Z",
            "+2020612120220Z",
            "2025+612120220Z",
            "202506121202200Z",
            "20250612120220.+5Z",
            "",
            "Z",
        ] {
            assert_eq!(gen_time(time.as_bytes()), None, "{time}");
        }
    }

    #[test]
    fn accuracy_is_milliseconds_rounded_up() {
        let of = |der: &[u8]| accuracy(Der::new(der).unwrap()).ok();
        assert_eq!(of(&[]), Some(0));
        assert_eq!(of(&[2, 1, 1]), Some(1000));
        assert_eq!(of(&[2, 1, 1, 0x80, 2, 1, 0xf4, 0x81, 1, 1]), Some(1501));
        assert_eq!(of(&[0x80, 2, 0x03, 0xe7]), Some(999));
        assert_eq!(of(&[0x80, 2, 0, 0x80]), Some(128));
        assert_eq!(of(&[0x80, 2, 0x03, 0xe8]), None);
        assert_eq!(of(&[0x80, 1, 0]), None);
        assert_eq!(of(&[0x80, 1, 0x80]), None);
        assert_eq!(of(&[0x80, 2, 0, 1]), None);
        assert_eq!(of(&[0x81, 1, 1, 0x80, 1, 1]), None);
        assert_eq!(of(&[2, 1, 0xff]), None);
    }
}
