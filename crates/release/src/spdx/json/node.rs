//! JSON as a tree: no key twice, not too deep, not too much; and objects whose fields are taken out one by one, so that
//! what is left over was passed over.

use std::fmt;

use sealcheck_verify::limits::{JSON_DEPTH, Limit};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::super::draft::Draft;
use super::super::limits::SPDX_JSON_VALUES;
use super::super::{Place, SpdxError};

/// Reads all of `text`.
pub(super) fn read(text: &str) -> Result<Value, SpdxError> {
    let mut budget = Budget {
        left: SPDX_JSON_VALUES.max,
        crossed: None,
    };
    let mut input = serde_json::Deserializer::from_str(text);
    let tree = Tree {
        budget: &mut budget,
        depth: 0,
    };
    let read = tree
        .deserialize(&mut input)
        .and_then(|value| input.end().map(|()| value));
    read.map_err(|error| {
        let place = Place::Line(error.line().max(1));
        let words = error.to_string();
        let words = words
            .rsplit_once(" at line ")
            .map_or(&*words, |(words, _)| words);
        match budget.crossed {
            Some(limit) => place.over(limit),
            None => place.malformed("JSON in which no field stands twice", words),
        }
    })
}

/// What may still be read, and the limit that was crossed.
struct Budget {
    left: usize,
    crossed: Option<Limit>,
}

struct Tree<'b> {
    budget: &'b mut Budget,
    depth: usize,
}

impl Tree<'_> {
    fn cross<E: Error>(&mut self, limit: Limit) -> E {
        self.budget.crossed = Some(limit);
        E::custom(limit.name)
    }

    fn inner(&mut self) -> Tree<'_> {
        Tree {
            budget: self.budget,
            depth: self.depth + 1,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(mut self, input: D) -> Result<Value, D::Error> {
        if self.depth > JSON_DEPTH.max {
            return Err(self.cross(JSON_DEPTH));
        }
        match self.budget.left.checked_sub(1) {
            Some(left) => self.budget.left = left,
            None => return Err(self.cross(SPDX_JSON_VALUES)),
        }
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(self.inner())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if values.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the field {key} twice")));
            }
            let value = map.next_value_seed(self.inner())?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

/// An object, with its path and what has not been taken out of it yet.
pub(super) struct Object {
    path: String,
    fields: Map<String, Value>,
}

impl Object {
    pub(super) fn root(value: Value) -> Result<Self, SpdxError> {
        Self::of(value, String::new())
    }

    fn of(value: Value, path: String) -> Result<Self, SpdxError> {
        match value {
            Value::Object(fields) => Ok(Self { path, fields }),
            other => Err(Place::Field(path.into()).malformed("an object", kind(&other))),
        }
    }

    /// The place of the object itself.
    pub(super) fn here(&self) -> Place {
        match self.path.as_str() {
            "" => Place::Document,
            path => Place::Field(path.into()),
        }
    }

    /// The place of a field.
    pub(super) fn place(&self, field: &str) -> Place {
        Place::Field(self.path_of(field).into())
    }

    fn path_of(&self, field: &str) -> String {
        match self.path.as_str() {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }

    /// A field of any kind. A field that is `null` is not there.
    pub(super) fn take(&mut self, field: &str) -> Option<(Place, Value)> {
        match self.fields.remove(field)? {
            Value::Null => None,
            value => Some((self.place(field), value)),
        }
    }

    /// A field that must be text.
    pub(super) fn text(&mut self, field: &str) -> Result<(Place, String), SpdxError> {
        let place = self.place(field);
        self.perhaps_text(field)?
            .ok_or_else(|| place.malformed("text", ""))
    }

    /// A field that is text when it is there.
    pub(super) fn perhaps_text(
        &mut self,
        field: &str,
    ) -> Result<Option<(Place, String)>, SpdxError> {
        self.take(field)
            .map(|(place, value)| text(place, value))
            .transpose()
    }

    /// The same as a value that is kept. Tools write empty ones for those that they do not know.
    pub(super) fn value(&mut self, field: &str, what: &str) -> Result<Option<Box<str>>, SpdxError> {
        match self.perhaps_text(field)? {
            Some((place, text)) if !text.is_empty() => place.value(what, &text).map(Some),
            _ => Ok(None),
        }
    }

    /// A field that is an object when it is there.
    pub(super) fn object(&mut self, field: &str) -> Result<Option<Self>, SpdxError> {
        let path = self.path_of(field);
        self.take(field)
            .map(|(_, value)| Self::of(value, path))
            .transpose()
    }

    /// A list of objects, empty when the field is not there.
    pub(super) fn objects(&mut self, field: &str) -> Result<Vec<Self>, SpdxError> {
        let path = self.path_of(field);
        let list = self.list(field)?.into_iter().enumerate();
        list.map(|(index, value)| Self::of(value, format!("{path}[{index}]")))
            .collect()
    }

    /// A list of texts, empty when the field is not there.
    pub(super) fn texts(&mut self, field: &str) -> Result<Vec<(Place, String)>, SpdxError> {
        let path = self.path_of(field);
        let list = self.list(field)?.into_iter().enumerate();
        list.map(|(index, value)| text(Place::Field(format!("{path}[{index}]").into()), value))
            .collect()
    }

    fn list(&mut self, field: &str) -> Result<Vec<Value>, SpdxError> {
        match self.take(field) {
            None => Ok(Vec::new()),
            Some((_, Value::Array(values))) => Ok(values),
            Some((place, other)) => Err(place.malformed("a list", kind(&other))),
        }
    }

    /// Counts what was not taken.
    pub(super) fn close(self, draft: &mut Draft) -> Result<(), SpdxError> {
        let here = self.here();
        let every = without_indexes(&self.path);
        for field in self.fields.keys() {
            let name = match every.as_str() {
                "" => field.clone(),
                every => format!("{every}.{field}"),
            };
            draft.pass_over(&here, &name)?;
        }
        Ok(())
    }
}

fn text(place: Place, value: Value) -> Result<(Place, String), SpdxError> {
    match value {
        Value::String(text) => Ok((place, text)),
        other => Err(place.malformed("text", kind(&other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `files[3].checksums[0]` is `files[].checksums[]` among all the others.
fn without_indexes(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}
