//! One signature for many receipts: a hash tree over the links of those that wait together.
//!
//! Signing costs more than all checks of a small report, so a server under load signs the
//! root of a binary tree once, and each receipt carries the hashes on its way there:
//!
//! ```text
//! leaf  = SHA-256(0x00 ‖ Link::signed_bytes)
//! node  = SHA-256(0x01 ‖ left ‖ right)      missing leaves are 32 zero bytes
//! signature over "tiendo.v1.Root" ‖ 0x00 ‖ root
//! ```
//!
//! A receipt signed alone has no such hashes: its leaf is the root.

use sha2::{Digest, Sha256};

use crate::submission::{Hash, Link, NO_HASH};

/// Where a receipt stands in the tree its signature covers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Branch {
    /// Place of its leaf, from 0.
    pub place: u32,
    /// The other child on each level, from the leaf up; at most 32.
    pub siblings: Vec<Hash>,
}

/// A signature and where the receipt stands under it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signed {
    /// Ed25519 over [`bytes_to_sign`] of the root.
    pub signature: Vec<u8>,
    /// The way from the receipt to the root.
    pub branch: Branch,
}

/// The root over these links, and the branch of each; zeros for none.
pub fn tree(links: &[Link]) -> (Hash, Vec<Branch>) {
    let mut branches: Vec<Branch> =
        (0..).zip(links).map(|(place, _)| Branch { place, siblings: Vec::new() }).collect();
    let mut level: Vec<Hash> = links.iter().map(leaf).collect();
    level.resize(links.len().next_power_of_two(), NO_HASH);
    let mut height = 0;
    while level.len() > 1 {
        for branch in &mut branches {
            branch.siblings.push(level[(branch.place as usize >> height) ^ 1]);
        }
        level = level.chunks_exact(2).map(|pair| node(&pair[0], &pair[1])).collect();
        height += 1;
    }
    (level.first().copied().unwrap_or(NO_HASH), branches)
}

/// The root that a link's branch leads to; none if it is none.
pub fn root(link: &Link, branch: &Branch) -> Option<Hash> {
    let height = u32::try_from(branch.siblings.len()).ok()?;
    if branch.place.checked_shr(height).unwrap_or(0) != 0 || height > 32 {
        return None;
    }
    let mut hash = leaf(link);
    for (level, sibling) in branch.siblings.iter().enumerate() {
        let is_right = (branch.place >> level) & 1 == 1;
        hash = if is_right { node(sibling, &hash) } else { node(&hash, sibling) };
    }
    Some(hash)
}

/// The bytes that are signed for a root.
pub fn bytes_to_sign(root: &Hash) -> Vec<u8> {
    [b"tiendo.v1.Root\0".as_slice(), root].concat()
}

fn leaf(link: &Link) -> Hash {
    Sha256::new().chain_update([0]).chain_update(link.signed_bytes()).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(sequence: u64) -> Link {
        let department = "so-khcn".to_owned();
        Link { department, sequence, entry_hash: [7; 32], previous_hash: [8; 32] }
    }

    #[test]
    fn every_branch_leads_to_the_root() {
        for count in 0..40 {
            let links: Vec<Link> = (0..count).map(link).collect();
            let (expected, branches) = tree(&links);
            for (link, branch) in links.iter().zip(&branches) {
                assert_eq!(root(link, branch), Some(expected), "{count}");
            }
        }
    }

    #[test]
    fn a_changed_link_or_branch_leads_elsewhere() {
        let links: Vec<Link> = (0..11).map(link).collect();
        let (expected, branches) = tree(&links);
        let branch = &branches[5];
        assert_ne!(root(&link(99), branch), Some(expected));
        assert_ne!(root(&links[5], &branches[6]), Some(expected));
        for level in 0..branch.siblings.len() {
            let mut changed = branch.clone();
            changed.siblings[level][0] ^= 1;
            assert_ne!(root(&links[5], &changed), Some(expected));
        }
        let beyond = Branch { place: branch.place + 16, ..branch.clone() };
        assert_eq!(root(&links[5], &beyond), None, "a place has one writing");
    }

    #[test]
    fn alone_the_leaf_is_the_root() {
        let (expected, branches) = tree(&[link(1)]);
        assert_eq!(branches, [Branch::default()]);
        assert_eq!(expected, leaf(&link(1)));
    }
}
