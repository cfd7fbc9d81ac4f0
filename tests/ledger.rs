//! The chain can be proved by anyone, and damage is found, named and lived with.

mod damage;
mod waiting;

use ed25519_dalek::{Signature, VerifyingKey};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tiendo_shared::wire::v1;

use crate::harness::{Clients, Server, group, number, single, submission, trial};

/// What a test found in the chain of a department.
#[derive(Debug)]
pub(crate) struct Chain {
    /// The entries, by sequence.
    pub(crate) entries: Vec<Entry>,
    /// Hash of the last one; zeros for an empty chain.
    pub(crate) head: Vec<u8>,
}

/// One entry of a chain.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its hash.
    pub(crate) hash: Vec<u8>,
    /// Id of its submission.
    pub(crate) submission_id: String,
    /// What it says.
    pub(crate) canonical: v1::CanonicalEntry,
    /// What was sent.
    pub(crate) content: v1::SubmissionContent,
}

/// Reads a chain page by page and proves it with nothing but SHA-256.
pub(crate) async fn chain(clients: &Clients, department: &str) -> Chain {
    let mut ledger = clients.ledger();
    let mut request = v1::ListEntriesRequest {
        department: department.to_owned(),
        page_size: 7,
        ..v1::ListEntriesRequest::default()
    };
    let mut chain = Chain { entries: Vec::new(), head: vec![0; 32] };
    loop {
        let page = ledger.list_entries(request.clone()).await.unwrap().into_inner();
        for entry in page.entries {
            chain.prove(department, &entry);
        }
        request.page_token = page.next_page_token;
        // Large chains need not be read seven at a time.
        request.page_size = 500;
        if request.page_token.is_empty() {
            break;
        }
    }
    let head = v1::GetHeadRequest { department: department.to_owned() };
    let head = ledger.get_head(head).await.unwrap().into_inner();
    assert_eq!(head.sequence, chain.entries.len() as u64);
    assert_eq!(head.entry_hash, chain.head);
    chain
}

impl Chain {
    fn prove(&mut self, department: &str, entry: &v1::LedgerEntry) {
        assert_eq!(entry.previous_hash, self.head, "it follows the entry before");
        let hash = Sha256::new().chain_update(&self.head).chain_update(&entry.canonical).finalize();
        assert_eq!(entry.entry_hash, hash.to_vec(), "SHA-256 of previous hash and canonical entry");
        let canonical = v1::CanonicalEntry::decode(entry.canonical.as_slice()).unwrap();
        assert_eq!(canonical.content_sha256, Sha256::digest(&entry.content).to_vec());
        assert_eq!(canonical.department, department);
        assert_eq!(canonical.sequence, self.entries.len() as u64 + 1);
        let id = uuid::Uuid::from_slice(&canonical.submission_id).unwrap();
        self.head.clone_from(&entry.entry_hash);
        self.entries.push(Entry {
            hash: entry.entry_hash.clone(),
            submission_id: id.to_string(),
            canonical,
            content: v1::SubmissionContent::decode(entry.content.as_slice()).unwrap(),
        });
    }
}

/// Fails unless the server's key signed the receipt.
fn is_signed(key: &VerifyingKey, receipt: &v1::Receipt) -> bool {
    let mut signed = b"tiendo.v1.Receipt\0".to_vec();
    signed.extend(receipt.department.as_bytes());
    signed.push(0);
    signed.extend(receipt.sequence.to_be_bytes());
    signed.extend(&receipt.entry_hash);
    signed.extend(&receipt.previous_hash);
    let mut hash = Sha256::new().chain_update([0]).chain_update(&signed).finalize();
    for (level, sibling) in receipt.siblings.iter().enumerate() {
        let (left, right) = match receipt.place >> level & 1 {
            1 => (sibling.as_slice(), &*hash),
            _ => (&*hash, sibling.as_slice()),
        };
        hash = Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize();
    }
    let signed = [b"tiendo.v1.Root\0".as_slice(), &hash].concat();
    let signature = Signature::from_slice(&receipt.signature).expect("64 bytes");
    key.verify_strict(&signed, &signature).is_ok()
}

async fn ledger_key(clients: &Clients) -> VerifyingKey {
    let info = clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    VerifyingKey::from_bytes(info.get_ref().ledger_key.as_slice().try_into().unwrap()).unwrap()
}

#[tokio::test]
async fn receipts_are_signed_and_stand_in_one_chain() {
    let mut server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let key = ledger_key(&clients).await;
    let mut receipts = Vec::new();
    for n in 0..20 {
        for department in [trial::DEPARTMENT, "so-hai"] {
            let month = format!("2020-{:02}", n % 12 + 1);
            let values = [number("so-luong", &n.to_string()), number("so-luong", "x")];
            let sent = submission([group(&month, values[..=(n % 2)].to_vec())]);
            let mut collection = clients.collection(department);
            let answer = collection.submit_measurements(sent).await.unwrap().into_inner();
            receipts.push(answer.receipt.unwrap());
        }
    }
    for receipt in &receipts {
        assert!(is_signed(&key, receipt), "{receipt:?}");
        let forged = v1::Receipt { sequence: receipt.sequence + 1, ..receipt.clone() };
        assert!(!is_signed(&key, &forged), "another place needs another signature");
    }
    for department in [trial::DEPARTMENT, "so-hai"] {
        let chain = chain(&clients, department).await;
        let own: Vec<_> = receipts.iter().filter(|r| r.department == department).collect();
        assert_eq!(chain.entries.len(), own.len());
        for (entry, receipt) in chain.entries.iter().zip(own) {
            assert_eq!(
                (&entry.hash, &entry.submission_id),
                (&receipt.entry_hash, &receipt.submission_id)
            );
            assert_eq!(entry.canonical.agent, "test-agent");
            let received = receipt.received_at.unwrap();
            let micros = received.seconds * 1_000_000 + i64::from(received.nanos) / 1_000;
            assert_eq!(entry.canonical.received_at_us, micros, "the receipt tells when");
            assert_eq!(entry.content.groups.len(), 1);
        }
    }
    // The key and the chains outlive a restart, and entries can be read from the middle.
    let heads = chain(&clients, trial::DEPARTMENT).await.head;
    server.restart().await;
    let clients = server.clients().await;
    assert_eq!(ledger_key(&clients).await, key);
    assert_eq!(chain(&clients, trial::DEPARTMENT).await.head, heads);
    let from = v1::ListEntriesRequest {
        department: trial::DEPARTMENT.to_owned(),
        from_sequence: 19,
        ..v1::ListEntriesRequest::default()
    };
    let rest = clients.ledger().list_entries(from).await.unwrap().into_inner();
    assert_eq!(rest.entries.len(), 2);
    assert_eq!(rest.entries[1].entry_hash, heads);
}

#[tokio::test]
async fn an_empty_chain_begins_with_zeros() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let chain = chain(&clients, trial::DEPARTMENT).await;
    assert!(chain.entries.is_empty());
    assert_eq!(chain.head, vec![0; 32]);
    let answer = clients
        .collection(trial::DEPARTMENT)
        .submit_measurements(single("2024", number("ty-le", "1")))
        .await
        .unwrap();
    let receipt = answer.into_inner().receipt.unwrap();
    assert_eq!((receipt.sequence, receipt.previous_hash), (1, vec![0; 32]));
    let unknown = v1::GetHeadRequest { department: "khong-co".to_owned() };
    let failed = crate::harness::failure(clients.ledger().get_head(unknown).await);
    assert_eq!(failed, (tonic::Code::NotFound, "NOT_FOUND".to_owned()));
}
