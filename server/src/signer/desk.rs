//! Signs the receipts of all submissions that wait, with one signature.

use std::sync::Arc;

use tiendo_shared::signed::Signed;
use tiendo_shared::submission::Link;
use tiendo_shared::wire::v1;
use tokio::sync::{mpsc, oneshot};

use super::Signer;

/// Most receipts that wait, and most that share a signature.
const MOST: usize = 1_024;

/// Where receipts are signed; it lives as long as a clone of it.
#[derive(Debug, Clone)]
pub struct Desk {
    signer: Arc<Signer>,
    waiting: mpsc::Sender<(Link, oneshot::Sender<Signed>)>,
}

impl Desk {
    /// A desk of this signer; needs to be opened within a runtime.
    pub fn open(signer: Signer) -> Self {
        let signer = Arc::new(signer);
        let (waiting, receiver) = mpsc::channel(MOST);
        tokio::spawn(work(Arc::clone(&signer), receiver));
        Self { signer, waiting }
    }

    /// The public key that checks signatures.
    pub fn public_key(&self) -> Vec<u8> {
        self.signer.public_key()
    }

    /// Whether the signature of a receipt is this signer's.
    pub fn has_signed(&self, receipt: &v1::Receipt) -> bool {
        self.signer.has_signed(receipt)
    }

    /// The signature of a link, shared with those that wait beside it.
    pub async fn sign(&self, link: &Link) -> Signed {
        let (done, signed) = oneshot::channel();
        if self.waiting.send((link.clone(), done)).await.is_ok()
            && let Ok(signed) = signed.await
        {
            return signed;
        }
        self.signer.sign(std::slice::from_ref(link)).pop().unwrap_or_default()
    }
}

async fn work(signer: Arc<Signer>, mut receiver: mpsc::Receiver<(Link, oneshot::Sender<Signed>)>) {
    let mut waiting = Vec::new();
    while receiver.recv_many(&mut waiting, MOST).await > 0 {
        // One commit wakes many at once: let them come to the desk first.
        tokio::task::yield_now().await;
        while waiting.len() < MOST
            && let Ok(next) = receiver.try_recv()
        {
            waiting.push(next);
        }
        let (links, done): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        for (signed, done) in signer.sign(&links).into_iter().zip(done) {
            // The caller may have gone; its submission is recorded all the same.
            drop(done.send(signed));
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};
    use tiendo_shared::signed;

    use super::*;

    #[tokio::test]
    async fn receipts_that_wait_together_share_one_signature() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(Signer::open(&folder.path().join("key")).unwrap());
        let links: Vec<Link> = (1..=20)
            .map(|sequence| Link {
                department: "d".to_owned(),
                sequence,
                entry_hash: [1; 32],
                previous_hash: [2; 32],
            })
            .collect();
        let all = futures_util::future::join_all(links.iter().map(|link| desk.sign(link))).await;
        let key = UnparsedPublicKey::new(&ED25519, desk.public_key());
        for (link, one) in links.iter().zip(&all) {
            let root = signed::root(link, &one.branch).unwrap();
            key.verify(&signed::bytes_to_sign(&root), &one.signature).unwrap();
        }
        let mut signatures: Vec<_> = all.iter().map(|one| &one.signature).collect();
        signatures.dedup();
        assert!(signatures.len() < links.len(), "none of them shared a signature");
    }
}
