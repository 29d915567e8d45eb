//! JSON of predicates: lenient about what is not judged, strict about what is.

use std::fmt;
use std::marker::PhantomData;

use sealcheck_verify::{Failure, Reason, Result};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::limits::PREDICATE_VALUES;

/// Reads a predicate as a `T`. Unknown fields are passed over; a failure has the path of the field.
pub(crate) fn read<'a, T: Deserialize<'a>>(predicate: &'a str) -> Result<T> {
    read_any(predicate).map(|Object(value)| value)
}

/// The same for a predicate that is no object.
pub(crate) fn read_any<'a, T: Deserialize<'a>>(predicate: &'a str) -> Result<T> {
    let mut input = serde_json::Deserializer::from_str(predicate);
    let value = serde_path_to_error::deserialize(&mut input).map_err(|error| {
        let failure = Failure::new(Reason::PredicateMalformed).detail(error.inner());
        match error.path().to_string().as_str() {
            "." => failure.at("predicate"),
            path => failure.at(path).within("predicate"),
        }
    })?;
    input.end().map_err(|error| malformed("").detail(error))?;
    Ok(value)
}

/// A failure at a field of the predicate; an empty path is the predicate itself.
pub(crate) fn malformed(path: &str) -> Failure {
    let failure = Failure::new(Reason::PredicateMalformed);
    match path {
        "" => failure.at("predicate"),
        path => failure.at(path).within("predicate"),
    }
}

/// Reads any JSON for a policy to look at.
///
/// A policy and another reader of the same predicate must not see different things, so duplicate keys are refused.
pub(crate) fn tree(text: &str) -> Result<Value> {
    let mut input = serde_json::Deserializer::from_str(text);
    let mut left = PREDICATE_VALUES.max;
    let read = de::DeserializeSeed::deserialize(Tree { left: &mut left }, &mut input)
        .and_then(|value| input.end().map(|()| value));
    match read {
        Ok(value) => Ok(value),
        Err(_) if left == 0 => {
            PREDICATE_VALUES.check(PREDICATE_VALUES.max + 1, "predicate")?;
            Err(malformed(""))
        }
        Err(error) => Err(malformed("").detail(error)),
    }
}

/// How many elements an array or an object has, whatever they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) usize);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        struct Elements;
        impl<'de> Visitor<'de> for Elements {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array or an object")
            }

            fn visit_unit<E: de::Error>(self) -> std::result::Result<Count, E> {
                Ok(Count(0))
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> std::result::Result<Count, A::Error> {
                let mut count = 0;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Count, A::Error> {
                let mut count = 0;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }
        }
        input.deserialize_any(Elements)
    }
}

/// An object. serde would also take an array of the fields' values for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                map: A,
            ) -> std::result::Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        input.deserialize_map(Fields(PhantomData))
    }
}

/// A field whose form only some producers of a predicate share: `None` when it has another.
#[derive(Clone, Debug)]
pub(crate) struct Perhaps<T>(pub(crate) Option<T>);

impl<T> Default for Perhaps<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Perhaps<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Known(T),
            Other(IgnoredAny),
        }
        Ok(match Either::deserialize(input)? {
            Either::Known(value) => Self(Some(value)),
            Either::Other(_) => Self(None),
        })
    }
}

/// Builds a value, counting down what is left of the limit.
struct Tree<'l> {
    left: &'l mut usize,
}

impl<'de> de::DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> std::result::Result<Value, D::Error> {
        if *self.left == 0 {
            return Err(de::Error::custom("too many values"));
        }
        *self.left -= 1;
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> std::result::Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Tree {
            left: &mut *self.left,
        })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Tree {
                left: &mut *self.left,
            })?;
            if values.contains_key(&key) {
                return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
            }
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::{Count, Perhaps, read, tree};
    use sealcheck_verify::Reason;

    #[derive(Debug, Deserialize)]
    struct Example {
        #[serde(default)]
        list: Count,
        #[serde(default)]
        text: Perhaps<String>,
    }

    #[test]
    fn failures_have_the_path_of_the_field() {
        let failure = read::<Example>(r#"{"list": [1, 2], "list": []}"#).unwrap_err();
        assert_eq!(failure.reason, Reason::PredicateMalformed);
        let failure = read::<Example>(r#"{"list": 7}"#).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("predicate.list"));
        let failure = read::<Example>("[]").unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("predicate"));
        assert!(read::<Example>("{} {}").is_err(), "trailing bytes");
    }

    #[test]
    fn elements_are_counted_and_other_forms_passed_over() {
        let example: Example = read(r#"{"list": {"a": 1, "b": []}, "text": {"x": 1}}"#).unwrap();
        assert_eq!(example.list, Count(2));
        assert_eq!(example.text.0, None);
        let example: Example = read(r#"{"list": null, "text": "y"}"#).unwrap();
        assert_eq!(example.list, Count(0));
        assert_eq!(example.text.0.as_deref(), Some("y"));
    }

    #[test]
    fn a_tree_is_what_was_written_and_has_no_key_twice() {
        let text = r#"{"a":[1,-2,1.5,18446744073709551615,"x",null,true],"b":{"c":{}}}"#;
        assert_eq!(
            tree(text).unwrap(),
            json!({"a":[1,-2,1.5,18446744073709551615_u64,"x",null,true],"b":{"c":{}}})
        );
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"[{"x":{"y":1,"y":1}}]"#,
            "{}}",
            "",
            "{\"a\":1e999}",
        ] {
            let failure = tree(text).unwrap_err();
            assert_eq!(failure.reason, Reason::PredicateMalformed, "{text}");
        }
    }

    #[test]
    fn a_tree_has_a_largest_size() {
        let text = format!("[{}0]", "0,".repeat(4_000_000));
        assert_eq!(tree(&text).unwrap_err().reason, Reason::LimitExceeded);
    }
}
