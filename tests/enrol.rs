//! Computers and people that are let in with `tiendo-agent enrol`: real tokens, real TLS.

mod keys;
mod life;
mod refused;
mod year;

use tiendo_shared::wire::v1;

use crate::harness::{Agent, Badge, Clients, Options, Server, Wire, grant, trial};

/// A mapping of files with one measurement in a row.
const LONG: &str = r#"
layout = "long"
header = { find = ["Kỳ", "Giá trị"] }
columns = { indicator = "Chỉ tiêu", period = "Kỳ", value = "Giá trị" }
number = { format = "point" }
"#;

const SUBMIT: [&str; 4] = ["submit", "so-lieu.csv", "--mapping", "map.toml"];

/// A server with TLS, and its first administrator.
async fn province() -> (Server, Badge) {
    // Tests ask again and again until something has happened.
    let variables = vec![("TIENDO_CALLS_PER_STRANGER", "1000")];
    let options = Options { secure: true, variables, ..trial::options() };
    let server = Server::start_with(options).await;
    let admin = server.administrator().await;
    (server, admin)
}

async fn clients(server: &Server, badge: &Badge) -> Clients {
    Wire::to(server).showing(badge).clients().await
}

/// A token for an agent of the trial department.
async fn token(server: &Server, admin: &Badge) -> String {
    server.token(admin, grant("agent", trial::DEPARTMENT, "")).await
}

/// A computer with a file to send, which is not enrolled.
fn desk() -> Agent {
    let agent = Agent::unknown();
    agent.put("map.toml", LONG);
    figure(&agent, "2024-01", "1");
    agent
}

/// Puts one figure into the file.
fn figure(agent: &Agent, period: &str, value: &str) {
    agent.put("so-lieu.csv", format!("Chỉ tiêu;Kỳ;Giá trị\nso-luong;{period};{value}\n"));
}

/// Who is on the server's list, as `department/role/name`, revoked ones in brackets.
async fn members(server: &Server, admin: &Badge) -> Vec<String> {
    let request = v1::ListAgentsRequest::default();
    let mut admin = clients(server, admin).await.admin();
    let listed = admin.list_agents(request).await.unwrap().into_inner().agents;
    let named = listed.iter().map(|agent| {
        let name = format!("{}/{}/{}", agent.department, agent.role, agent.name);
        if agent.revoked { format!("({name})") } else { name }
    });
    named.collect()
}

async fn known(server: &Server, admin: &Badge) -> Vec<String> {
    crate::agent::known(&clients(server, admin).await, trial::DEPARTMENT).await
}
