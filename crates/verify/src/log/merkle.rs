//! Merkle tree inclusion proofs (RFC 6962, section 2.1.1; algorithm of RFC 9162, section 2.1.3.2).

use crate::digest::sha256;

/// The hash of a leaf: SHA-256 of 0x00 and the entry.
pub(crate) fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    sha256(&[&[0], entry])
}

fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha256(&[&[1], left, right])
}

/// The root hash to which `hashes` lead from the leaf at `index` in a tree of `size` leaves.
///
/// `None` when the index is outside the tree or the number of hashes is not exactly the path's length.
pub(crate) fn root_from_proof<'h>(
    leaf: [u8; 32],
    index: u64,
    size: u64,
    hashes: impl IntoIterator<Item = &'h [u8; 32]>,
) -> Option<[u8; 32]> {
    if index >= size {
        return None;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in hashes {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{leaf_hash, node_hash, root_from_proof};

    fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [leaf] => *leaf,
            leaves => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&root(left), &root(right))
            }
        }
    }

    fn path(index: usize, leaves: &[[u8; 32]]) -> Vec<[u8; 32]> {
        if leaves.len() == 1 {
            return vec![];
        }
        let split = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(split);
        let (mut below, sibling) = match index < split {
            true => (path(index, left), root(right)),
            false => (path(index - split, right), root(left)),
        };
        below.push(sibling);
        below
    }

    proptest! {
        #[test]
        fn every_leaf_of_every_tree_is_proved_and_no_other(size in 1_usize..200, pick: prop::sample::Index, bit in 0_usize..256) {
            let leaves: Vec<_> = (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect();
            let index = pick.index(size);
            let (at, of) = (u64::try_from(index)?, u64::try_from(size)?);
            let proof = path(index, &leaves);
            prop_assert_eq!(root_from_proof(leaves[index], at, of, &proof), Some(root(&leaves)));
            for other in 0..of {
                if other != at {
                    prop_assert_ne!(root_from_proof(leaves[index], other, of, &proof), Some(root(&leaves)));
                }
            }
            let mut longer = proof.clone();
            longer.push([0; 32]);
            prop_assert_eq!(root_from_proof(leaves[index], at, of, &longer), None);
            if let Some((_, shorter)) = proof.split_last() {
                prop_assert_eq!(root_from_proof(leaves[index], at, of, shorter), None);
                let mut bent = proof.clone();
                bent[bit % proof.len()][bit / 8] ^= 1 << (bit % 8);
                prop_assert_ne!(root_from_proof(leaves[index], at, of, &bent), Some(root(&leaves)));
            }
        }
    }

    #[test]
    fn outside_the_tree_is_nothing() {
        assert_eq!(root_from_proof([0; 32], 0, 0, []), None);
        assert_eq!(root_from_proof([0; 32], 1, 1, []), None);
        assert_eq!(root_from_proof([7; 32], 0, 1, []), Some([7; 32]));
    }
}
