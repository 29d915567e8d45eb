//! The Merkle tree of RFC 6962 section 2.1 over SHA-256, written from the definitions.

use crate::key::Hash;

/// A Merkle tree that only grows.
#[derive(Default)]
pub struct Tree {
    leaves: Vec<Vec<u8>>,
}

impl Tree {
    /// Appends a leaf and returns its index.
    pub fn append(&mut self, leaf: &[u8]) -> usize {
        self.leaves.push(leaf_hash(leaf));
        self.leaves.len() - 1
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> usize {
        self.leaves.len()
    }

    /// The root over the first `size` leaves: MTH of section 2.1.
    #[must_use]
    pub fn root(&self, size: usize) -> Vec<u8> {
        root(&self.leaves[..size])
    }

    /// The audit path of leaf `index` in the tree of `size` leaves: PATH of section 2.1.1.
    #[must_use]
    pub fn inclusion_proof(&self, index: usize, size: usize) -> Vec<Vec<u8>> {
        path(index, &self.leaves[..size])
    }

    /// The proof that the tree of `old` leaves is a prefix of that of `new` leaves: PROOF of
    /// section 2.1.2.
    #[must_use]
    pub fn consistency_proof(&self, old: usize, new: usize) -> Vec<Vec<u8>> {
        subproof(old, &self.leaves[..new], true)
    }
}

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Vec<u8> {
    Hash::Sha256.digest(&[&[0], leaf].concat())
}

fn node_hash(left: &[u8], right: &[u8]) -> Vec<u8> {
    Hash::Sha256.digest(&[&[1], left, right].concat())
}

fn root(leaves: &[Vec<u8>]) -> Vec<u8> {
    match leaves {
        [] => Hash::Sha256.digest(&[]),
        [only] => only.clone(),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

fn path(index: usize, leaves: &[Vec<u8>]) -> Vec<Vec<u8>> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = if index < left.len() {
        (path(index, left), root(right))
    } else {
        (path(index - left.len(), right), root(left))
    };
    proof.push(sibling);
    proof
}

fn subproof(old: usize, leaves: &[Vec<u8>], complete: bool) -> Vec<Vec<u8>> {
    if old == leaves.len() {
        return if complete {
            Vec::new()
        } else {
            vec![root(leaves)]
        };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = if old <= left.len() {
        (subproof(old, left, complete), root(right))
    } else {
        (subproof(old - left.len(), right, false), root(left))
    };
    proof.push(sibling);
    proof
}

/// The largest power of two below `size`.
fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::hex;

    /// The leaves and roots of the reference implementation's test data for RFC 6962.
    #[test]
    fn known_roots() {
        let leaves: [&[u8]; 4] = [&[], &[0x00], &[0x10], &[0x20, 0x21]];
        let mut tree = Tree::default();
        for leaf in leaves {
            tree.append(leaf);
        }
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        for (size, expected) in roots.iter().enumerate() {
            assert_eq!(hex(&tree.root(size)), *expected);
        }
    }

    /// Proofs of the same test data, over all its eight leaves.
    #[test]
    fn known_consistency_proofs() {
        let mut tree = Tree::default();
        for leaf in [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ] {
            tree.append(&data_encoding::HEXLOWER.decode(leaf.as_bytes()).unwrap());
        }
        let proof = |old, new| -> Vec<String> {
            let hashes = tree.consistency_proof(old, new);
            hashes.iter().map(|hash| hex(hash)).collect()
        };
        assert_eq!(
            proof(1, 8),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            proof(6, 8),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
    }

    #[test]
    fn proof_of_one_leaf_is_empty() {
        let mut tree = Tree::default();
        tree.append(b"only");
        assert!(tree.inclusion_proof(0, 1).is_empty());
        assert!(tree.consistency_proof(1, 1).is_empty());
    }
}
