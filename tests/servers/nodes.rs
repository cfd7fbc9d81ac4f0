//! The nodes that other tests stand on: a standby takes over with everything acknowledged.

use crate::harness::{Base, Node};
use crate::setting::postgres;

#[tokio::test]
async fn a_standby_takes_over_with_everything_acknowledged() {
    let Some(bin) = postgres() else { return };
    let mut primary = Node::start(&bin, "-c fsync=off");
    let base = Base::create_on(&primary);
    let sql = |node: &Node, statement: &str| node.psql(base.name(), statement);
    sql(&primary, "CREATE TABLE kept (n int)");
    for round in 1..=2 {
        let standby = primary.standby(None, "-c fsync=off").await;
        sql(&primary, &format!("INSERT INTO kept VALUES ({round})"));
        primary.kill9().await;
        standby.promote();
        assert_eq!(sql(&standby, "SELECT count(*) FROM kept"), round.to_string());
        primary = standby;
    }
    primary.kill9().await;
    primary.start_again();
    assert_eq!(sql(&primary, "SELECT count(*) FROM kept"), "2");
    primary.stop();
}
