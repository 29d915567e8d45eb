//! A tree of named facts, in the order in which people read them.

use std::borrow::Cow;
use std::fmt::Display;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::printable;

/// Facts. Names are in camelCase, as in every document.
#[derive(Clone, Debug, PartialEq)]
pub enum Facts {
    /// A text without control characters.
    Text(String),
    /// A number.
    Number(u64),
    /// A yes or no.
    Flag(bool),
    /// Facts of the same kind.
    List(Vec<Facts>),
    /// Facts with names.
    Fields(Vec<(Cow<'static, str>, Facts)>),
}

impl Facts {
    /// A text; control characters are escaped and long values cut, because it may come from hostile input.
    pub(crate) fn text(value: impl Display) -> Self {
        Self::Text(printable(&value.to_string()))
    }

    pub(crate) fn fields<const N: usize>(fields: [(&'static str, Facts); N]) -> Self {
        Self::Fields(
            fields
                .into_iter()
                .map(|(name, facts)| (Cow::Borrowed(name), facts))
                .collect(),
        )
    }

    /// Adds a field to fields; to anything else nothing can be added.
    pub(crate) fn push(&mut self, name: impl Into<Cow<'static, str>>, facts: Facts) {
        if let Self::Fields(fields) = self {
            fields.push((name.into(), facts));
        }
    }

    /// Adds the fields of another.
    pub(crate) fn extend(&mut self, other: Facts) {
        if let (Self::Fields(fields), Self::Fields(others)) = (self, other) {
            fields.extend(others);
        }
    }

    /// The field with this name.
    pub fn get(&self, name: &str) -> Option<&Facts> {
        match self {
            Self::Fields(fields) => fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, facts)| facts),
            _ => None,
        }
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::List(list) => serializer.collect_seq(list),
            Self::Fields(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, facts) in fields {
                    map.serialize_entry(name.as_ref(), facts)?;
                }
                map.end()
            }
        }
    }
}
