//! Seeded mutations of bundles, for differential tests and fuzz seeds.
//!
//! A mutation is small: most of the bundle stays sound, so that checks deep inside are reached.

mod bytes;
pub mod der;
mod node;
mod rng;
mod text;

use node::{Node, Path};
pub use rng::Rng;

/// A changed copy of `bundle` and a description of the change. `other` donates values for swaps; it
/// should be a sound bundle too. The same generator state and arguments give the same result. Input
/// that is no JSON is changed as bytes.
#[must_use]
pub fn mutate(rng: &mut Rng, bundle: &[u8], other: &[u8]) -> (Vec<u8>, String) {
    let donor = Node::parse(other);
    // Some edits find nothing to do where they land.
    for _ in 0..ATTEMPTS {
        if rng.below(16) == 0 {
            break;
        }
        if let Some(changed) = document(rng, bundle, donor.as_ref()) {
            return changed;
        }
    }
    whole(rng, bundle)
}

/// A changed copy of a JSON document, `None` when it is none or nothing changed.
fn document(rng: &mut Rng, json: &[u8], donor: Option<&Node>) -> Option<(Vec<u8>, String)> {
    let original = Node::parse(json)?;
    let mut changed = original.clone();
    let mut said = edit_tree(rng, &mut changed, donor)?;
    if rng.below(4) == 0
        && let Some(more) = edit_tree(rng, &mut changed, donor)
    {
        said = format!("{said}; {more}");
    }
    (changed != original).then(|| (changed.write(), said))
}

/// One edit somewhere below `root`, `None` when it finds nothing to do where it lands.
fn edit_tree(rng: &mut Rng, root: &mut Node, donor: Option<&Node>) -> Option<String> {
    let mut paths = root.paths();
    let operation = rng.below(20);
    if operation >= FIRST_EDIT && rng.below(4) > 0 {
        // Signatures, certificates and log bodies are where most of the checks are.
        paths.retain(|path| matches!(root.get(path), Some(Node::Text(t)) if t.len() > 40));
    }
    let path = rng.pick(&paths)?;
    let pointer = root.pointer(path);
    let said = match operation {
        0 => remove(root, path)?,
        1 => {
            let empty = empty(root.get(path)?);
            replace(root, path, empty, "emptied")?
        }
        2 => replace(root, path, Node::Null, "became null")?,
        3 => duplicate(rng, root, path)?,
        4 => reorder(rng, root, path)?,
        5 => swap_siblings(rng, root, path)?,
        6 => insert_unknown(root, path)?,
        7 => retype(root, path)?,
        8 | 9 => {
            let theirs = root.counterpart(path, donor?)?.clone();
            replace(root, path, theirs, "taken from the other bundle")?
        }
        _ => edit_scalar(rng, root.get_mut(path)?)?,
    };
    Some(format!("{pointer}: {said}"))
}

/// A changed copy of bytes as bytes.
fn whole(rng: &mut Rng, input: &[u8]) -> (Vec<u8>, String) {
    let mut out = input.to_vec();
    let said = match rng.below(4) {
        0 => {
            out.extend_from_slice(b"{}");
            "a second document appended".into()
        }
        1 => {
            out.splice(0..0, [0xef, 0xbb, 0xbf]);
            "a byte order mark put before".into()
        }
        2 => {
            out.extend_from_slice(b" \n");
            "white space appended".into()
        }
        _ => bytes::edit(rng, &mut out),
    };
    (out, format!("whole document: {said}"))
}

fn edit_scalar(rng: &mut Rng, node: &mut Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(text::edit(rng, text)),
        Node::Number(digits) => Some(text::number(rng, digits)),
        Node::Bool(value) => {
            *value = !*value;
            Some("negated".into())
        }
        Node::Null | Node::List(_) | Node::Object(_) => None,
    }
}

fn remove(root: &mut Node, path: &Path) -> Option<String> {
    let (last, parent) = path.split_last()?;
    match root.get_mut(parent)? {
        Node::List(items) => drop(items.remove(*last)),
        Node::Object(members) => drop(members.remove(*last)),
        _ => return None,
    }
    Some("removed".into())
}

fn replace(root: &mut Node, path: &Path, with: Node, said: &str) -> Option<String> {
    *root.get_mut(path)? = with;
    Some(said.into())
}

fn empty(node: &Node) -> Node {
    match node {
        Node::Null | Node::Bool(_) => Node::Null,
        Node::Number(_) => Node::Number("0".into()),
        Node::Text(_) => Node::Text(String::new()),
        Node::List(_) => Node::List(Vec::new()),
        Node::Object(_) => Node::Object(Vec::new()),
    }
}

/// Repeats a list element, or writes a key twice: with the same value, or with an empty one first
/// or last.
fn duplicate(rng: &mut Rng, root: &mut Node, path: &Path) -> Option<String> {
    let (last, parent) = path.split_last()?;
    match root.get_mut(parent)? {
        Node::List(items) => {
            let copy = items.get(*last)?.clone();
            items.push(copy);
            Some("element repeated".into())
        }
        Node::Object(members) => {
            let (key, node) = members.get(*last)?.clone();
            let (at, value, said) = match rng.below(3) {
                0 => (members.len(), node, "key twice with the same value"),
                1 => (members.len(), empty(&node), "key twice, the last empty"),
                _ => (0, empty(&node), "key twice, the first empty"),
            };
            members.insert(at, (key, value));
            Some(said.into())
        }
        _ => None,
    }
}

fn reorder(rng: &mut Rng, root: &mut Node, path: &Path) -> Option<String> {
    let node = root.get_mut(path)?;
    if node.child_count() < 2 {
        return None;
    }
    let by = 1 + rng.below(node.child_count() - 1);
    match node {
        Node::List(items) => items.rotate_left(by),
        Node::Object(members) => members.rotate_left(by),
        _ => return None,
    }
    Some("children in another order".into())
}

fn swap_siblings(rng: &mut Rng, root: &mut Node, path: &Path) -> Option<String> {
    let (last, parent) = path.split_last()?;
    let node = root.get_mut(parent)?;
    let other = rng.below(node.child_count());
    match node {
        Node::List(items) => items.swap(*last, other),
        Node::Object(members) => {
            let (ours, theirs) = (members.get(*last)?.1.clone(), members.get(other)?.1.clone());
            members[*last].1 = theirs;
            members[other].1 = ours;
        }
        _ => return None,
    }
    Some(format!("swapped with sibling {other}"))
}

fn insert_unknown(root: &mut Node, path: &Path) -> Option<String> {
    match root.get_mut(path)? {
        Node::Object(members) => {
            members.push(("unknownField".into(), Node::Text("value".into())));
            Some("unknown field added".into())
        }
        _ => None,
    }
}

/// A number as a string and back; other values inside a list or out of one.
fn retype(root: &mut Node, path: &Path) -> Option<String> {
    let node = root.get_mut(path)?;
    let (changed, said) = match node.clone() {
        Node::Number(digits) => (Node::Text(digits), "number as a string"),
        Node::Text(text) if text.parse::<i64>().is_ok() => {
            (Node::Number(text), "string as a number")
        }
        Node::Text(text) => (Node::List(vec![Node::Text(text)]), "string in a list"),
        Node::List(items) => (items.into_iter().next()?, "list as its first element"),
        object => (Node::List(vec![object]), "value in a list"),
    };
    *node = changed;
    Some(said.into())
}

const ATTEMPTS: usize = 64;
/// Operations from this number on edit a scalar.
const FIRST_EDIT: usize = 10;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Instance, Plan};

    fn bundles() -> (Vec<u8>, Vec<u8>) {
        let sigstore = Instance::new();
        let v2 = sigstore.sign(crate::Content::message(b"other"), &Plan::rekor_v2());
        (
            sigstore.sign_blob(b"hello").bundle_bytes(),
            v2.bundle_bytes(),
        )
    }

    #[test]
    fn same_seed_same_mutation() {
        let (bundle, other) = bundles();
        for seed in 0..200 {
            let first = mutate(&mut Rng::new(seed), &bundle, &other);
            assert_eq!(first, mutate(&mut Rng::new(seed), &bundle, &other));
        }
    }

    #[test]
    fn every_mutation_changes_something_and_many_differ() {
        let (bundle, other) = bundles();
        let canonical = Node::parse(&bundle).map(|node| node.write()).unwrap();
        let mut rng = Rng::new(1);
        let mut results = BTreeSet::new();
        for _ in 0..2_000 {
            let (changed, said) = mutate(&mut rng, &bundle, &other);
            assert!(changed != bundle && changed != canonical, "{said}");
            results.insert(changed);
        }
        assert!(results.len() > 1_000, "only {} distinct", results.len());
    }

    #[test]
    fn every_kind_of_mutation_occurs() {
        let (bundle, other) = bundles();
        let mut rng = Rng::new(2);
        let said: String = (0..20_000)
            .map(|_| mutate(&mut rng, &bundle, &other).1 + "\n")
            .collect();
        for kind in [
            "removed",
            "emptied",
            "became null",
            "key twice with the same value",
            "key twice, the last empty",
            "children in another order",
            "swapped with sibling",
            "unknown field",
            "string as a number",
            "taken from the other bundle",
            "bit ",
            "DER length",
            "base64 padding removed",
            "loose bits",
            "URL alphabet",
            "line ",
            "inside base64: /spec",
            "whole document",
        ] {
            assert!(said.contains(kind), "no mutation says {kind:?}");
        }
    }

    #[test]
    fn anything_can_be_mutated() {
        let mut rng = Rng::new(3);
        for input in [&b""[..], b"{", b"{}", b"null", b"[1,2]", b"\xff\xfe"] {
            for _ in 0..100 {
                let (changed, said) = mutate(&mut rng, input, b"");
                assert_ne!(changed, input, "{said}");
            }
        }
    }
}
