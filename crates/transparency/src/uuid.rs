//! Entry ids, which Rekor calls UUIDs.

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// The id of an entry: its RFC 6962 leaf hash, and which tree (shard) of the log it is in, if that is known.
///
/// Written as 64 hex digits, or as 80 with the tree's id in front.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid {
    tree: Option<[u8; 8]>,
    leaf_hash: [u8; 32],
}

/// The text is no entry id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a log entry id: expected 64 hex digits, or 80 with the id of the tree in front")]
pub struct InvalidUuid;

impl Uuid {
    /// The leaf hash.
    #[must_use]
    pub fn leaf_hash(&self) -> &[u8; 32] {
        &self.leaf_hash
    }

    /// The id of the tree, if the entry id has it.
    #[must_use]
    pub fn tree_id(&self) -> Option<u64> {
        self.tree.map(u64::from_be_bytes)
    }

    /// Whether an entry with the id `answered` is what was asked for by this one: the same leaf, in the same tree unless
    /// one of the ids leaves the tree open.
    #[must_use]
    pub fn is_answered_by(&self, answered: &Self) -> bool {
        let trees = self.tree.zip(answered.tree);
        self.leaf_hash == answered.leaf_hash && trees.is_none_or(|(asked, found)| asked == found)
    }
}

impl FromStr for Uuid {
    type Err = InvalidUuid;

    fn from_str(text: &str) -> Result<Self, InvalidUuid> {
        if !matches!(text.len(), 64 | 80) {
            return Err(InvalidUuid);
        }
        let bytes = HEXLOWER_PERMISSIVE
            .decode(text.as_bytes())
            .map_err(|_| InvalidUuid)?;
        let (tree, leaf_hash) = bytes.split_last_chunk::<32>().ok_or(InvalidUuid)?;
        let tree = match tree {
            [] => None,
            tree => Some(tree.try_into().map_err(|_| InvalidUuid)?),
        };
        Ok(Self {
            tree,
            leaf_hash: *leaf_hash,
        })
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tree) = &self.tree {
            fmt::Display::fmt(&HEXLOWER.encode_display(tree), f)?;
        }
        fmt::Display::fmt(&HEXLOWER.encode_display(&self.leaf_hash), f)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: &str = "5d54b39222e3fa9a21bcb0badd8aac939b4b0d1d9085b37f1f10b18a8cd24657";

    #[test]
    fn both_forms_round_trip() {
        let plain: Uuid = LEAF.parse().unwrap();
        assert_eq!((plain.to_string().as_str(), plain.tree_id()), (LEAF, None));
        let text = format!("24296fb24b8ad77a{LEAF}");
        let sharded: Uuid = text.to_uppercase().parse().unwrap();
        assert_eq!(sharded.to_string(), text);
        assert_eq!(sharded.tree_id(), Some(2_605_736_670_972_794_746));
        assert_eq!(sharded.leaf_hash(), plain.leaf_hash());
    }

    #[test]
    fn an_answer_matches_in_either_form_but_not_from_another_tree() {
        let plain: Uuid = LEAF.parse().unwrap();
        let here: Uuid = format!("24296fb24b8ad77a{LEAF}").parse().unwrap();
        let there: Uuid = format!("362f8ecba72f4326{LEAF}").parse().unwrap();
        let other: Uuid = "00".repeat(32).parse().unwrap();
        assert!(
            plain.is_answered_by(&here)
                && here.is_answered_by(&plain)
                && here.is_answered_by(&here)
        );
        assert!(!here.is_answered_by(&there) && !plain.is_answered_by(&other));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "zz",
            &LEAF[1..],
            &format!("00{LEAF}"),
            &"g".repeat(64),
            &"ä".repeat(32),
        ] {
            assert_eq!(text.parse::<Uuid>(), Err(InvalidUuid), "{text}");
        }
    }
}
