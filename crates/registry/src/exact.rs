//! Names of fields, taken exactly.
//!
//! Go's readers (docker, podman, crane, containerd) take `Manifests` for `manifests`, and the last of several. Where the
//! format lets unknown fields pass, such a name would be passed over here and believed there: one content under one digest,
//! read as two things (CVE-2021-41190).

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a structure and refuses names that are those of its fields but for the case. Whoever derives `Deserialize` with
/// `remote = "Self"` reads itself through this, so that there is no way around it.
pub(crate) struct Exact<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Exact<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0
            .deserialize_struct(name, fields, Fields { fields, visitor })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The fields of a structure with the names that it knows.
struct Fields<T> {
    fields: &'static [&'static str],
    visitor: T,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    // Nothing else: a list of the fields' values, which derived readers take for a structure, is none in JSON.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Fields {
            fields: self.fields,
            visitor: map,
        })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.visitor.next_key::<String>()? else {
            return Ok(None);
        };
        if let Some(field) = self.fields.iter().find(|field| is_other_case(&name, field)) {
            return Err(A::Error::custom(format_args!(
                "the field `{}`, which other readers take for `{field}`",
                name.escape_debug()
            )));
        }
        let name: StringDeserializer<A::Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.visitor.next_value_seed(seed)
    }
}

/// Whether a name is a field's for a reader that does not look at the case, and is not the field's name itself.
fn is_other_case(name: &str, field: &str) -> bool {
    name != field && name.chars().map(folded).eq(field.chars().map(folded))
}

/// A character as Go compares names (`encoding/json`, `foldName`): two that are not ASCII are the same as one that is.
fn folded(character: char) -> char {
    match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_other_case;

    #[test]
    fn names_are_compared_as_go_compares_them() {
        for (name, expected) in [
            ("manifests", false),
            ("Manifests", true),
            ("MANIFESTS", true),
            ("manife\u{17f}ts", true),
            ("manifests ", false),
            ("manifest", false),
            ("manif\u{e9}sts", false),
        ] {
            assert_eq!(is_other_case(name, "manifests"), expected, "{name}");
        }
        assert!(is_other_case("\u{212a}ind", "kind"));
    }
}
