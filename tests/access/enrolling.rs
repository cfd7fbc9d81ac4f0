//! Tokens redeemed and refused, signing requests, renewals.

use std::net::Ipv4Addr;

use futures_util::StreamExt as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use tiendo_server::clock::Clock;
use tiendo_server::identity::{Authority, Caller, Files, PublicKey, Role, Terms};
use tiendo_shared::token::JoinToken;
use tiendo_shared::wire::{self, v1};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::raw::refusal;
use crate::harness::{Badge, Key, Options, Server, Wire, failure, grant, trial, until};

const DEPARTMENT: &str = trial::DEPARTMENT;

async fn start() -> (Server, Badge) {
    let server = Server::start_with(Options { secure: true, ..trial::options() }).await;
    let admin = server.administrator().await;
    (server, admin)
}

/// The leaf of a chain, DER.
fn leaf(chain: &str) -> Vec<u8> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    CertificateDer::from_pem_slice(chain.as_bytes()).unwrap().to_vec()
}

async fn renew(
    server: &Server,
    badge: &Badge,
    key: &Key,
) -> Result<tonic::Response<v1::RenewResponse>, tonic::Status> {
    let clients = Wire::to(server).showing(badge).clients().await;
    let request = v1::RenewRequest { signing_request: key.request() };
    clients.enrolment().renew(request).await
}

#[tokio::test]
async fn a_token_lets_one_key_in_and_a_lost_answer_does_not_burn_it() {
    let (server, admin) = start().await;
    let token = server.token(&admin, grant("agent", DEPARTMENT, "")).await;
    let (key, thief) = (Key::new(), Key::new());
    let first = server.enrol(&token, "may-1", &key).await.unwrap();
    assert_eq!(
        (first.department.as_str(), first.role.as_str(), first.agent.as_str()),
        (DEPARTMENT, "agent", "may-1")
    );
    let again = server.enrol(&token, "may-1", &key).await.unwrap();
    assert_eq!(again.not_after, first.not_after);
    let serial = |chain: &str| leaf(chain)[13..33].to_vec();
    assert_eq!(serial(&again.certificate_chain), serial(&first.certificate_chain));
    let stolen = server.enrol(&token, "may-1", &thief).await;
    assert_eq!(refusal(stolen), (Code::Unauthenticated, "TOKEN_USED".to_owned()));
    let clients = Wire::to(&server).showing(&key.with(&again.certificate_chain)).clients().await;
    clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    // After a restart as well: the ledger remembers.
    let mut server = server;
    server.restart().await;
    let later = server.enrol(&token, "may-1", &key).await.unwrap();
    assert_eq!(later.not_after, first.not_after);
    let stolen = server.enrol(&token, "may-1", &thief).await;
    assert_eq!(refusal(stolen), (Code::Unauthenticated, "TOKEN_USED".to_owned()));
}

#[tokio::test]
async fn one_of_many_at_once_gets_in() {
    let (server, admin) = start().await;
    let token = server.token(&admin, grant("agent", DEPARTMENT, "")).await;
    let keys: Vec<Key> = (0..16).map(|_| Key::new()).collect();
    let all = keys.iter().enumerate().map(|(n, key)| {
        let (server, token) = (&server, &token);
        async move { server.enrol(token, &format!("may-{n}"), key).await }
    });
    let answers = futures_util::future::join_all(all).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (1, 15));
    for refused in bad {
        assert_eq!(refusal(refused), (Code::Unauthenticated, "TOKEN_USED".to_owned()));
    }
}

#[tokio::test]
async fn each_wrong_token_is_told_why() {
    let (server, admin) = start().await;
    let other = Server::start_with(Options { secure: true, ..trial::options() }).await;
    let key = Key::new();
    let clients = Wire::to(&server).showing(&admin).clients().await;
    let short = v1::CreateJoinTokenRequest {
        lifetime: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        ..grant("agent", DEPARTMENT, "")
    };
    let short = clients.admin().create_join_token(short).await.unwrap().into_inner();
    let ends = short.expires_at.as_ref().and_then(wire::instant).unwrap();
    until(std::time::Duration::from_secs(20), async || {
        (Clock::system().now() > ends).then_some(())
    })
    .await
    .expect("a second passes");
    let made = clients.admin().create_join_token(grant("agent", DEPARTMENT, "")).await.unwrap();
    let revoked = made.into_inner();
    let id = v1::RevokeJoinTokenRequest { token_id: revoked.token_id };
    clients.admin().revoke_join_token(id.clone()).await.unwrap();
    clients.admin().revoke_join_token(id).await.unwrap();
    let authority = Authority::open(&Files::of(&server.data())).unwrap();
    let unknown = JoinToken::new(authority.fingerprint(), [7; 20]).text();
    let mut mistyped = revoked.token.clone();
    let last = if mistyped.pop() == Some('a') { 'b' } else { 'a' };
    mistyped.push(last);
    for (token, code, reason) in [
        ("", Code::InvalidArgument, "TOKEN_FORM"),
        ("mat-khau", Code::InvalidArgument, "TOKEN_FORM"),
        (mistyped.as_str(), Code::InvalidArgument, "TOKEN_MISTYPED"),
        (&revoked.token[..40], Code::InvalidArgument, "TOKEN_MISTYPED"),
        (other.first_token(), Code::InvalidArgument, "TOKEN_FOREIGN"),
        (unknown.as_str(), Code::Unauthenticated, "TOKEN_UNKNOWN"),
        (short.token.as_str(), Code::Unauthenticated, "TOKEN_EXPIRED"),
        (revoked.token.as_str(), Code::Unauthenticated, "TOKEN_REVOKED"),
    ] {
        let refused = server.enrol(token, "may", &key).await.unwrap_err();
        assert!(!refused.message().contains(token) || token.is_empty(), "it shows the token");
        assert_eq!(refusal(Err::<(), _>(refused)), (code, reason.to_owned()));
    }
}

#[tokio::test]
async fn names_are_those_of_the_token_or_free_ones() {
    let (server, admin) = start().await;
    let bound = server.token(&admin, grant("agent", DEPARTMENT, "may-1")).await;
    let refused = server.enrol(&bound, "may-2", &Key::new()).await;
    assert_eq!(refusal(refused), (Code::InvalidArgument, "AGENT_NAME_BOUND".to_owned()));
    let old = Key::new();
    let answer = server.enrol(&bound, "", &old).await.unwrap();
    assert_eq!(answer.agent, "may-1");
    let free = server.token(&admin, grant("agent", DEPARTMENT, "")).await;
    for (name, reason) in [
        ("", "AGENT_NAME_FORM"),
        ("máy", "AGENT_NAME_FORM"),
        ("a/b", "AGENT_NAME_FORM"),
        ("may-1", "AGENT_NAME_TAKEN"),
    ] {
        let refused = server.enrol(&free, name, &Key::new()).await;
        assert_eq!(refusal(refused), (Code::InvalidArgument, reason.to_owned()), "{name}");
    }
    let refused = server.enrol(&free, "may-3", &old).await;
    assert_eq!(refusal(refused), (Code::InvalidArgument, "KEY_TAKEN".to_owned()));
    // A token made for a name in use hands it over, and the old computer is out.
    let heir = server.token(&admin, grant("agent", DEPARTMENT, "may-1")).await;
    server.enrol(&heir, "may-1", &Key::new()).await.unwrap();
    let clients = Wire::to(&server).showing(&old.with(&answer.certificate_chain)).clients().await;
    let out = failure(clients.info().get_server_info(v1::GetServerInfoRequest {}).await);
    assert_eq!(out, (Code::Unauthenticated, "IDENTITY_REVOKED".to_owned()));
}

#[tokio::test]
async fn only_a_bare_request_for_its_own_key_is_certified() {
    let (server, admin) = start().await;
    let token = server.token(&admin, grant("agent", DEPARTMENT, "")).await;
    let clients = Wire::to(&server).clients().await;
    let key = KeyPair::generate().unwrap();
    let request =
        |params: &CertificateParams| params.serialize_request(&key).unwrap().der().to_vec();
    let named = CertificateParams::new(vec!["tiendo.angiang.gov.vn".to_owned()]).unwrap();
    let mut powerful = CertificateParams::default();
    powerful.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut stolen = request(&CertificateParams::default());
    let last = stolen.len() - 1;
    stolen[last] ^= 1;
    let weak = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let weak = CertificateParams::default().serialize_request(&weak).unwrap().der().to_vec();
    for (signing_request, reason) in [
        (request(&named), "SIGNING_REQUEST_EXTENSIONS"),
        (request(&powerful), "SIGNING_REQUEST_EXTENSIONS"),
        (stolen, "SIGNING_REQUEST_PROOF"),
        (weak, "SIGNING_REQUEST_KEY"),
        (Vec::new(), "SIGNING_REQUEST_FORM"),
        (b"-----BEGIN CERTIFICATE REQUEST-----".to_vec(), "SIGNING_REQUEST_FORM"),
        (vec![0x30; 8 << 10], "SIGNING_REQUEST_FORM"),
    ] {
        let agent = "may".to_owned();
        let enrol =
            v1::EnrolRequest { token: token.clone(), signing_request, agent, ..Default::default() };
        let refused = failure(clients.enrolment().enrol(enrol).await);
        assert_eq!(refused, (Code::InvalidArgument, reason.to_owned()));
    }
    // None of them used the token up.
    server.enrol(&token, "may", &Key::new()).await.unwrap();
}

#[tokio::test]
async fn what_a_signing_request_calls_itself_is_left_out() {
    let (server, admin) = start().await;
    let token = server.token(&admin, grant("agent", DEPARTMENT, "")).await;
    let key = Key::new();
    let mut params = CertificateParams::default();
    for (kind, text) in [
        (DnType::OrganizationName, "so-hai"),
        (DnType::CommonName, "tiendo://province/administrator/admin"),
    ] {
        params.distinguished_name.push(kind, text);
    }
    let signing_request = params.serialize_request(&key.0).unwrap().der().to_vec();
    let agent = "may".to_owned();
    let request = v1::EnrolRequest { token, signing_request, agent, ..Default::default() };
    let clients = Wire::to(&server).clients().await;
    let answer = clients.enrolment().enrol(request).await.unwrap().into_inner();
    assert_eq!((&*answer.department, &*answer.role), (DEPARTMENT, "agent"));
    let certificate = leaf(&answer.certificate_chain);
    for claimed in ["so-hai", "province", "administrator"] {
        let found = certificate.windows(claimed.len()).any(|part| part == claimed.as_bytes());
        assert!(!found, "the certificate says `{claimed}`");
    }
    let clients = Wire::to(&server).showing(&key.with(&answer.certificate_chain)).clients().await;
    let head = v1::GetHeadRequest { department: "so-hai".to_owned() };
    let refused = failure(clients.ledger().get_head(head).await);
    assert_eq!(refused, (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
}

#[tokio::test]
async fn a_signing_request_sent_again_by_somebody_else_is_worth_nothing() {
    let (server, admin) = start().await;
    let (key, thief) = (Key::new(), Key::new());
    let enrol = async |name: &str, key: &Key| {
        let token = server.token(&admin, grant("agent", DEPARTMENT, "")).await;
        server.enrol(&token, name, key).await.unwrap().certificate_chain
    };
    let badge = key.with(&enrol("may-1", &key).await);
    let neighbour = thief.with(&enrol("may-2", &thief).await);
    // Renewal: over the connection of another, and of nobody.
    let other = failure(renew(&server, &neighbour, &key).await);
    assert_eq!(other, (Code::InvalidArgument, "SIGNING_REQUEST_OTHER_KEY".to_owned()));
    let request = v1::RenewRequest { signing_request: key.request() };
    let nobody = failure(Wire::to(&server).clients().await.enrolment().renew(request).await);
    assert_eq!(nobody, (Code::Unauthenticated, "NO_IDENTITY".to_owned()));
    // Enrolment: the key stays what it is, and the token is good for another.
    let token = server.token(&admin, grant("agent", DEPARTMENT, "")).await;
    let refused = refusal(server.enrol(&token, "may-3", &key).await);
    assert_eq!(refused, (Code::InvalidArgument, "KEY_TAKEN".to_owned()));
    // After its bearer was revoked, neither brings it back.
    let revoke = v1::RevokeAgentRequest {
        department: DEPARTMENT.to_owned(),
        agent: "may-1".to_owned(),
        reason: "mất máy".to_owned(),
    };
    let clients = Wire::to(&server).showing(&admin).clients().await;
    clients.admin().revoke_agent(revoke).await.unwrap();
    let revoked = (Code::Unauthenticated, "IDENTITY_REVOKED".to_owned());
    assert_eq!(failure(renew(&server, &badge, &key).await), revoked);
    assert_eq!(refusal(server.enrol(&token, "may-1", &key).await), revoked);
    server.enrol(&token, "may-3", &Key::new()).await.unwrap();
}

#[tokio::test]
async fn a_certificate_is_renewed_for_its_own_key_even_when_it_has_ended() {
    let (server, admin) = start().await;
    let key = Key::new();
    let token = server.token(&admin, grant("agent", DEPARTMENT, "may")).await;
    let badge = key.with(&server.enrol(&token, "", &key).await.unwrap().certificate_chain);
    let renewed = renew(&server, &badge, &key).await.unwrap().into_inner();
    let clients = Wire::to(&server).showing(&key.with(&renewed.certificate_chain)).clients().await;
    clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    let other = failure(renew(&server, &badge, &Key::new()).await);
    assert_eq!(other, (Code::InvalidArgument, "SIGNING_REQUEST_OTHER_KEY".to_owned()));
    // One that ended, as the authority would have made it half a year ago.
    let authority = Authority::open(&Files::of(&server.data())).unwrap();
    let department = Some(DEPARTMENT.to_owned());
    let caller = Caller { role: Role::Agent, department, name: "may".to_owned() };
    let ago = Clock::system().now() - jiff::SignedDuration::from_hours(24 * 100);
    let public = PublicKey::of_request(&key.request()).unwrap();
    let ended = authority.certify(&caller, &public, &Terms::of(&[5; 16], ago)).unwrap();
    let ended = key.with(&authority.chain_pem(&ended));
    let clients = Wire::to(&server).showing(&ended).clients().await;
    let refused = clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap_err();
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "CERTIFICATE_EXPIRED");
    let told: jiff::Timestamp = info.metadata["server_time"].parse().unwrap();
    assert!(told.duration_since(Clock::system().now()).as_secs().abs() < 60);
    let renewed = renew(&server, &ended, &key).await.unwrap().into_inner();
    let clients = Wire::to(&server).showing(&key.with(&renewed.certificate_chain)).clients().await;
    clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    // A thief of the certificate does not have the key, and cannot even connect.
    let thief = Key::new();
    let worn = Badge { chain: ended.chain.clone(), key: thief.0.serialize_pem() };
    assert!(Wire::to(&server).showing(&worn).connect().await.is_err());
}

#[tokio::test]
async fn ten_thousand_guesses_find_nothing_and_hold_nobody_up() {
    const GUESSES: usize = 10_000;
    // Calls of strangers have a limit of their own, which would not let so many guess.
    let variables = vec![("TIENDO_CALLS_PER_STRANGER", "1000000")];
    let options = Options { secure: true, variables, ..trial::options() };
    let server = Server::start_with(options).await;
    let admin = server.administrator().await;
    let fingerprint = Authority::open(&Files::of(&server.data())).unwrap().fingerprint();
    let wire = Wire::to(&server).from(Ipv4Addr::new(127, 0, 0, 9));
    let clients = wire.clients().await;
    let signing_request = Key::new().request();
    let guess = |n: usize| {
        let mut secret = [0; 20];
        secret[..8].copy_from_slice(&n.to_be_bytes());
        let token = JoinToken::new(fingerprint, secret).text();
        let signing_request = signing_request.clone();
        let request = v1::EnrolRequest {
            token,
            signing_request,
            agent: "x".to_owned(),
            ..Default::default()
        };
        let mut enrolment = clients.enrolment();
        async move { enrolment.enrol(request).await.unwrap_err() }
    };
    // After the first answer the client knows how many calls it may have open.
    guess(GUESSES).await;
    let mut answers = futures_util::stream::iter((0..GUESSES).map(guess)).buffer_unordered(64);
    let (mut unknown, mut slowed) = (0, 0);
    while let Some(status) = answers.next().await {
        let info = status.get_details_error_info().unwrap();
        match (status.code(), info.reason.as_str()) {
            (Code::Unauthenticated, "TOKEN_UNKNOWN") => unknown += 1,
            (Code::ResourceExhausted, "TOO_MANY_WRONG_TOKENS") => {
                assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
                slowed += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(unknown + slowed, GUESSES);
    assert!(unknown < 200, "{unknown} guesses were looked up");
    // Others enrol as ever.
    let token = server.token(&admin, grant("agent", DEPARTMENT, "")).await;
    server.enrol(&token, "may", &Key::new()).await.unwrap();
}
