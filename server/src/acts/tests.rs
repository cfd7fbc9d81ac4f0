//! Two servers over one ledger: each knows what the other recorded, and neither decides twice.

use jiff::{SignedDuration, Timestamp};
use tiendo_shared::act::Certificate;
use tiendo_shared::catalogue::Catalogue;

use super::*;
use crate::identity::registry::TokenState;
use crate::store::memory::MemoryStore;

async fn two() -> [Acts; 2] {
    let catalogue = Arc::new(Catalogue::parse(crate::SHIPPED_CATALOGUE).unwrap());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(catalogue));
    let open = || Acts::open(Arc::clone(&store), Clock::system());
    [open().await.unwrap(), open().await.unwrap()]
}

fn created(token: &str) -> Act {
    Act::TokenCreated {
        token: token.to_owned(),
        role: "agent".to_owned(),
        department: "so-khcn".to_owned(),
        agent: String::new(),
        expires: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1),
    }
}

fn enrolled(token: &str, key: u8) -> Act {
    let certificate = Certificate {
        department: "so-khcn".to_owned(),
        agent: format!("pc-{token}-{key}"),
        serial: vec![key],
        public_key: [key; 32],
        not_after: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1),
    };
    Act::AgentEnrolled { token: token.to_owned(), role: "agent".to_owned(), certificate }
}

/// Redeems a token unless somebody did; whether this was the one.
async fn redeem(acts: &Acts, token: &str, key: u8) -> bool {
    let decided = acts.decide(|registry| match registry.token(token).unwrap().state {
        TokenState::Open => Ok(Decided::act("pc", enrolled(token, key), true)),
        _ => Ok(Decided::already(false)),
    });
    decided.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_redeemed_once_whichever_servers_are_asked() {
    let [a, b] = two().await;
    for number in 0..100_u8 {
        let token = format!("t{number}");
        let made = a.decide(|_| Ok(Decided::act("admin", created(&token), ())));
        made.await.unwrap();
        let tasks = [(a.clone(), 1), (b.clone(), 2), (a.clone(), 3), (b.clone(), 4)];
        let tasks = tasks.map(|(acts, key)| {
            let token = token.clone();
            tokio::spawn(async move { redeem(&acts, &token, key).await })
        });
        let mut redeemed = 0;
        for task in tasks {
            redeemed += u32::from(task.await.unwrap());
        }
        assert_eq!(redeemed, 1);
        a.catch_up().await.unwrap();
        b.catch_up().await.unwrap();
        let state = |acts: &Acts| acts.members().registry().token(&token).map(|it| it.state);
        assert_eq!(state(&a), state(&b));
    }
}

#[tokio::test]
async fn what_was_decided_before_another_act_is_not_recorded() {
    let [a, b] = two().await;
    let turn = b.turn().await.unwrap();
    a.decide(|_| Ok(Decided::act("admin", created("t"), ()))).await.unwrap();
    let late = turn.record_then("admin", created("u"), || Ok(())).await;
    assert!(matches!(late, Err(Failure::Store(store::Error::Overtaken(_)))), "{late:?}");
    assert!(b.members().registry().token("t").is_none());
    b.decide(|_| Ok(Decided::act("admin", created("u"), ()))).await.unwrap();
    assert!(b.members().registry().token("t").is_some());
}

#[tokio::test]
async fn what_one_server_revokes_ends_at_the_other() {
    let [a, b] = two().await;
    tokio::spawn(b.clone().follow());
    a.decide(|_| Ok(Decided::act("admin", created("t"), ()))).await.unwrap();
    assert!(redeem(&a, "t", 1).await);
    let revoked = Act::AgentRevoked {
        department: "so-khcn".to_owned(),
        agent: "pc-t-1".to_owned(),
        reason: "lost".to_owned(),
    };
    b.catch_up().await.unwrap();
    let ended = b.members().registry().member(&[1; 32]).unwrap().ended.clone();
    a.decide(|_| Ok(Decided::act("admin", revoked.clone(), ()))).await.unwrap();
    let soon = tokio::time::timeout(Duration::from_secs(5), ended.cancelled()).await;
    assert!(soon.is_ok(), "it ends by itself");
}
