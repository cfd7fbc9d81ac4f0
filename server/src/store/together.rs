//! Entries that became durable together, so that one signature can cover them.

use std::sync::{Arc, OnceLock};

use tiendo_shared::signed::Signed;
use tiendo_shared::submission::Link;

/// One of the entries that became durable together.
#[derive(Debug, Clone)]
pub struct Together {
    all: Arc<All>,
    place: usize,
}

#[derive(Debug)]
struct All {
    links: Vec<Link>,
    signed: OnceLock<Vec<Signed>>,
}

impl Together {
    /// An entry by itself.
    pub fn alone(link: Link) -> Self {
        let all = All { links: vec![link], signed: OnceLock::new() };
        Self { all: Arc::new(all), place: 0 }
    }

    /// Each of these, in order.
    pub fn of(links: Vec<Link>) -> impl Iterator<Item = Self> {
        let places = 0..links.len();
        let all = Arc::new(All { links, signed: OnceLock::new() });
        places.map(move |place| Self { all: Arc::clone(&all), place })
    }

    /// The link of the entry.
    pub fn link(&self) -> &Link {
        &self.all.links[self.place]
    }

    /// Its signature. Whoever asks first signs for all; the others wait the few
    /// microseconds that this takes.
    pub fn signed(&self, sign: impl FnOnce(&[Link]) -> Vec<Signed>) -> Signed {
        let signed = self.all.signed.get_or_init(|| sign(&self.all.links));
        signed.get(self.place).cloned().unwrap_or_default()
    }
}

impl PartialEq for Together {
    fn eq(&self, other: &Self) -> bool {
        self.link() == other.link()
    }
}

impl Eq for Together {}

#[cfg(test)]
mod tests {
    use tiendo_shared::signed::Branch;
    use tiendo_shared::submission::NO_HASH;

    use super::*;

    #[test]
    fn whoever_asks_first_signs_for_all() {
        let link = |sequence| Link {
            department: "d".to_owned(),
            sequence,
            entry_hash: NO_HASH,
            previous_hash: NO_HASH,
        };
        let sign = |links: &[Link]| -> Vec<Signed> {
            let signed = (0..).zip(links).map(|(place, link)| Signed {
                signature: link.sequence.to_le_bytes().to_vec(),
                branch: Branch { place, siblings: Vec::new() },
            });
            signed.collect()
        };
        let all: Vec<Together> = Together::of(vec![link(7), link(9)]).collect();
        for (one, sequence) in all.iter().zip([7_u64, 9]) {
            assert_eq!(one.link().sequence, sequence);
            let signed = one.signed(sign);
            assert_eq!(signed.signature, sequence.to_le_bytes());
            assert_eq!(one.signed(|_| panic!("signed again")), signed);
        }
        let other = all[1].signed(|_| panic!("each signs for itself"));
        assert_eq!(other.branch.place, 1);
        assert_eq!(Together::alone(link(9)), all[1]);
    }
}
