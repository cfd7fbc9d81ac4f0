//! The catalogue the server runs with: 64 departments that report 112 indicators each month.

/// Departments, one for each agent.
pub(crate) const DEPARTMENTS: usize = 64;
/// Indicators that every department reports.
pub(crate) const INDICATORS: usize = 112;
/// Targets, as many as the plan of An Giang has with its task groups.
pub(crate) const TARGETS: usize = 54;
/// Dimensions of every indicator, and their members.
pub(crate) const MEMBERS: [(&str, [&str; 2]); 2] =
    [("sex", ["female", "male"]), ("area", ["urban", "rural"])];

/// Id of a department, counted from 0.
pub(crate) fn department(number: usize) -> String {
    format!("so-{number:02}")
}

/// Id of an indicator, counted from 0.
pub(crate) fn indicator(number: usize) -> String {
    format!("chi-tieu-{number:03}")
}

/// The catalogue with so many targets, as a file.
pub(crate) fn toml(targets: usize) -> String {
    let departments: Vec<String> = (0..DEPARTMENTS).map(department).collect();
    let (owner, reporters) = (&departments[0], departments[1..].join("\", \""));
    let mut parts = vec![HEAD.to_owned()];
    parts.extend(MEMBERS.map(|(id, members)| {
        let members = members.map(|member| format!("{{ id = \"{member}\", {} }}", name(member)));
        let members = members.join(", ");
        format!("[[dimension]]\nid = \"{id}\"\n{}\nmembers = [{members}]\n\n", name(id))
    }));
    parts.extend(
        departments.iter().map(|id| {
            format!("[[department]]\nid = \"{id}\"\n{}\nkind = \"agency\"\n\n", name(id))
        }),
    );
    parts.extend((0..INDICATORS).map(indicator).map(|id| {
        let head = format!("[[indicator]]\nid = \"{id}\"\n{}\n", name(&id));
        let who = format!("owner = \"{owner}\"\nreporters = [\"{reporters}\"]\n\n");
        head + INDICATOR + &who
    }));
    parts.extend((0..targets).map(|number| {
        let (id, of) = (format!("A{number:02}"), indicator(number % INDICATORS));
        format!("[[target]]\nid = \"{id}\"\n{}\nindicator = \"{of}\"\n", name(&id)) + TARGET
    }));
    parts.concat()
}

fn name(id: &str) -> String {
    format!("name = {{ vi = \"{id}\", en = \"{id}\" }}")
}

const HEAD: &str = r#"
[catalogue]
version = "bench"
name = { vi = "Đo tốc độ", en = "Benchmark" }

[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2

[[unit]]
id = "count"
name = { vi = "số lượng", en = "count" }

"#;

/// Every check that the server knows is on.
const INDICATOR: &str = r#"unit = "count"
kind = "quantity"
decimals = 2
direction = "increase"
frequency = "month"
range = { minimum = "0", maximum = "10000" }
largest_change = "50%"
combination = "sum"
dimensions = ["sex", "area"]
"#;

/// The sum of 64 departments at about 55 each is not there yet.
const TARGET: &str = r#"horizon = 2030
comparator = { at_least = "4000" }
bullet = "B1"

"#;
