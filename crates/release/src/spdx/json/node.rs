//! JSON as a tree: no key twice, not too deep, not too much; and objects whose fields are taken out one by one, so that
//! what is left over was passed over.

use std::fmt;

use sealcheck_verify::limits::{JSON_DEPTH, Limit};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::super::draft::Draft;
use super::super::limits::SPDX_JSON_VALUES;
use super::super::{Place, SpdxError};

/// A value, as far as SPDX documents need it. `serde_json`'s own takes 3.6 times the memory for objects of one field.
pub(super) enum Node {
    Null,
    Bool,
    Number,
    Text(Box<str>),
    List(Box<[Node]>),
    /// Ordered by key.
    Object(Box<[(Box<str>, Node)]>),
}

/// Reads all of `text`.
pub(super) fn read(text: &str) -> Result<Node, SpdxError> {
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
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(mut self, input: D) -> Result<Node, D::Error> {
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
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Bool)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Node, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(self.inner())? {
            values.push(value);
        }
        Ok(Node::List(values.into()))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Node, A::Error> {
        let mut fields: Vec<(Box<str>, Node)> = Vec::new();
        while let Some(key) = map.next_key()? {
            fields.push((key, map.next_value_seed(self.inner())?));
        }
        fields.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for pair in fields.windows(2) {
            if let [(first, _), (second, _)] = pair
                && first == second
            {
                return Err(A::Error::custom(format_args!("the field {first} twice")));
            }
        }
        Ok(Node::Object(fields.into()))
    }
}

/// An object, with its path and what has not been taken out of it yet.
pub(super) struct Object {
    path: String,
    fields: Vec<(Box<str>, Node)>,
}

impl Object {
    pub(super) fn root(value: Node) -> Result<Self, SpdxError> {
        Self::of(value, String::new())
    }

    fn of(value: Node, path: String) -> Result<Self, SpdxError> {
        match value {
            Node::Object(fields) => Ok(Self {
                path,
                fields: fields.into(),
            }),
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
    pub(super) fn take(&mut self, field: &str) -> Option<(Place, Node)> {
        let index = self.fields.binary_search_by(|(key, _)| (**key).cmp(field));
        let (_, value) = self.fields.remove(index.ok()?);
        match value {
            Node::Null => None,
            value => Some((self.place(field), value)),
        }
    }

    /// A field that must be text.
    pub(super) fn text(&mut self, field: &str) -> Result<(Place, Box<str>), SpdxError> {
        let place = self.place(field);
        self.perhaps_text(field)?
            .ok_or_else(|| place.malformed("text", ""))
    }

    /// A field that is text when it is there.
    pub(super) fn perhaps_text(
        &mut self,
        field: &str,
    ) -> Result<Option<(Place, Box<str>)>, SpdxError> {
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
    pub(super) fn texts(&mut self, field: &str) -> Result<Vec<(Place, Box<str>)>, SpdxError> {
        let path = self.path_of(field);
        let list = self.list(field)?.into_iter().enumerate();
        list.map(|(index, value)| text(Place::Field(format!("{path}[{index}]").into()), value))
            .collect()
    }

    fn list(&mut self, field: &str) -> Result<Vec<Node>, SpdxError> {
        match self.take(field) {
            None => Ok(Vec::new()),
            Some((_, Node::List(values))) => Ok(values.into()),
            Some((place, other)) => Err(place.malformed("a list", kind(&other))),
        }
    }

    /// Counts what was not taken.
    pub(super) fn close(self, draft: &mut Draft) -> Result<(), SpdxError> {
        let here = self.here();
        let every = without_indexes(&self.path);
        for (field, _) in &self.fields {
            let name = match every.as_str() {
                "" => field.to_string(),
                every => format!("{every}.{field}"),
            };
            draft.pass_over(&here, &name)?;
        }
        Ok(())
    }
}

fn text(place: Place, value: Node) -> Result<(Place, Box<str>), SpdxError> {
    match value {
        Node::Text(text) => Ok((place, text)),
        other => Err(place.malformed("text", kind(&other))),
    }
}

fn kind(value: &Node) -> &'static str {
    match value {
        Node::Null => "null",
        Node::Bool => "a truth value",
        Node::Number => "a number",
        Node::Text(_) => "text",
        Node::List(_) => "a list",
        Node::Object(_) => "an object",
    }
}

/// `files[3].checksums[0]` is `files[].checksums[]` among all the others.
fn without_indexes(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}
