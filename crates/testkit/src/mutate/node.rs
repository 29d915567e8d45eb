//! JSON as a tree that can also be written wrongly: keys twice, in any order, numbers in any form.

use serde_json::Value;

/// A JSON value. Objects keep their order and may repeat a key; numbers keep their spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// The way from the root to a node: the index of the child at each step.
pub(super) type Path = Vec<usize>;

impl Node {
    /// The tree of `bytes`, keys sorted so that it does not depend on how the parser orders them.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Value>(bytes).ok().map(Self::from)
    }

    /// Compact JSON.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = String::new();
        self.write_to(&mut out);
        out.into_bytes()
    }

    /// The ways to all nodes below this one, parents first.
    pub(super) fn paths(&self) -> Vec<Path> {
        let mut out = Vec::new();
        self.collect_paths(&mut Vec::new(), &mut out);
        out
    }

    pub(super) fn child_count(&self) -> usize {
        match self {
            Self::List(items) => items.len(),
            Self::Object(members) => members.len(),
            _ => 0,
        }
    }

    pub(super) fn get(&self, path: &[usize]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match self {
            Self::List(items) => items.get(*first)?.get(rest),
            Self::Object(members) => members.get(*first)?.1.get(rest),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, path: &[usize]) -> Option<&mut Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match self {
            Self::List(items) => items.get_mut(*first)?.get_mut(rest),
            Self::Object(members) => members.get_mut(*first)?.1.get_mut(rest),
            _ => None,
        }
    }

    /// The same place in another tree, found by keys and indexes.
    pub(super) fn counterpart<'a>(&self, path: &[usize], other: &'a Self) -> Option<&'a Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(other);
        };
        match (self, other) {
            (Self::List(items), Self::List(others)) => {
                let theirs = others.get(*first).or_else(|| others.first())?;
                items.get(*first)?.counterpart(rest, theirs)
            }
            (Self::Object(members), Self::Object(others)) => {
                let (key, node) = members.get(*first)?;
                let theirs = others.iter().find(|(other, _)| other == key)?;
                node.counterpart(rest, &theirs.1)
            }
            _ => None,
        }
    }

    /// The path as a JSON pointer (RFC 6901), for the description of a mutation.
    pub(super) fn pointer(&self, path: &[usize]) -> String {
        let mut out = String::new();
        let mut here = Some(self);
        for step in path {
            out.push('/');
            match here {
                Some(Self::Object(members)) => {
                    out.push_str(members.get(*step).map_or("?", |(key, _)| key));
                    here = members.get(*step).map(|(_, node)| node);
                }
                Some(Self::List(items)) => {
                    out.push_str(&step.to_string());
                    here = items.get(*step);
                }
                _ => out.push('?'),
            }
        }
        out
    }

    fn collect_paths(&self, here: &mut Path, out: &mut Vec<Path>) {
        let children: Vec<&Self> = match self {
            Self::List(items) => items.iter().collect(),
            Self::Object(members) => members.iter().map(|(_, node)| node).collect(),
            _ => Vec::new(),
        };
        for (index, child) in children.into_iter().enumerate() {
            here.push(index);
            out.push(here.clone());
            child.collect_paths(here, out);
            here.pop();
        }
    }

    fn write_to(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_to(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (key, node)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(&quoted(key));
                    out.push(':');
                    node.write_to(out);
                }
                out.push('}');
            }
        }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(map) => {
                let mut members: Vec<(String, Self)> = map
                    .into_iter()
                    .map(|(key, value)| (key, value.into()))
                    .collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                Self::Object(members)
            }
        }
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
