//! What an officer does with `tiendo-agent`, and what the province then knows.

mod away;
mod bad_cells;
mod bad_files;
mod first;
mod form;
mod keeping;
mod large;
mod mapped;
mod published;

use tiendo_shared::wire::v1;

use crate::harness::{Agent, Clients, python, value};

/// A mapping of files with one measurement in a row.
pub(crate) const LONG: &str = r#"
layout = "long"
header = { find = ["Kỳ", "Giá trị"] }
columns = { indicator = "Chỉ tiêu", period = "Kỳ", value = "Giá trị" }
number = { format = "point" }
"#;

/// `indicator period value` of everything a department reported.
pub(crate) async fn known(clients: &Clients, department: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut request = v1::ListMeasurementsRequest {
        department: department.to_owned(),
        page_size: 1_000,
        ..v1::ListMeasurementsRequest::default()
    };
    loop {
        let page = clients.status().list_measurements(request.clone()).await.unwrap().into_inner();
        all.extend(page.measurements.iter().map(|known| {
            let members: String =
                known.dimensions.iter().map(|m| format!(" {}={}", m.dimension, m.member)).collect();
            format!("{}{members} {} {}", known.indicator, known.period, value(known))
        }));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}

/// Lays out workbooks that another program wrote; false where there is none.
async fn lay_out_workbooks(agent: &Agent) -> bool {
    match python(include_str!("files.py"), &[&agent.desk()]).await {
        Some(made) => {
            made.expect_success();
            true
        }
        None => false,
    }
}
