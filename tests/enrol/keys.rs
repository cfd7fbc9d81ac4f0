//! A server that signs with another key: nothing is believed until the officer says so.

use super::{SUBMIT, desk, figure, province, token};

#[tokio::test]
async fn a_new_key_is_trusted_when_told_and_the_old_receipts_stay_good() {
    let (mut server, admin) = province().await;
    let agent = desk();
    let token = token(&server, &admin).await;
    agent.enrol(&server.address(), &token, &[]).await.expect_code(0);
    agent.run(&SUBMIT).await.expect_code(0);
    server.stops_well().await;
    std::fs::remove_file(server.data().join("ledger.key")).unwrap();
    server.start_again().await;
    figure(&agent, "2024-02", "2");
    let said = agent.run(&SUBMIT).await.expect_code(0).expect_words(&["CẢNH BÁO", "--accept-key"]);
    let key = said.all().split("--accept-key ").nth(1).unwrap()[..64].to_owned();
    agent.run(&["verify"]).await.expect_code(5).expect_words(&["chữ ký", &key]);
    let wrong = agent.run(&["verify", "--accept-key", &"0".repeat(64)]).await;
    wrong.expect_code(1).expect_words(&["chưa từng thấy"]);
    agent.run(&["verify", "--accept-key", &key]).await.expect_code(0).expect_words(&[&key]);
    agent.run(&["verify"]).await.expect_code(0);
    let (_, receipts) = agent.json(&["receipts"]).await;
    let signatures: Vec<_> = receipts["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["signature"].clone())
        .collect();
    assert_eq!(signatures, ["good", "good"]);
    figure(&agent, "2024-03", "3");
    let said = agent.run(&SUBMIT).await.expect_code(0);
    assert!(!said.all().contains("CẢNH BÁO"), "{}", said.all());
}
