//! Real files of statistics offices and ministries, mapped, sent and known.

use super::known;
use crate::harness::{Agent, Options, Server};
use crate::setting::published;

const DEPARTMENT: &str = "thong-ke";

const QUANTITY: &str = "kind = \"quantity\"\ndecimals = 3\ndirection = \"increase\"\n";
const RANK: &str = "kind = \"rank\"\ndirection = \"decrease\"\n";

/// A catalogue that has these indicators, each of a unit-less number a year.
fn catalogue(indicators: &[&str]) -> String {
    let mut text = r#"
[catalogue]
version = "published"
name = { vi = "Số liệu đã công bố", en = "Published figures" }
[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2
[[unit]]
id = "count"
name = { vi = "số", en = "count" }
[[edition]]
id = "pci"
name = { vi = "PCI", en = "PCI" }
[[dimension]]
id = "sex"
name = { vi = "Giới tính", en = "Sex" }
members = [
  { id = "female", name = { vi = "Nữ", en = "Female" } },
  { id = "male", name = { vi = "Nam", en = "Male" } },
]
[[department]]
id = "thong-ke"
name = { vi = "Thống kê", en = "Statistics" }
kind = "agency"
"#
    .to_owned();
    for id in indicators {
        let rank = id.ends_with("-rank");
        text += &format!(
            "[[indicator]]\nid = \"{id}\"\nname = {{ vi = \"{id}\", en = \"{id}\" }}\n\
             unit = \"count\"\n{}\
             frequency = \"year\"\nowner = \"thong-ke\"\nbullet = \"B1\"\n{}{}",
            if rank { RANK } else { QUANTITY },
            if id.starts_with("pci") { "editions = [\"pci\"]\n" } else { "" },
            if rank { "" } else { "dimensions = [\"sex\"]\n" },
        );
    }
    text
}

/// Sends a published file by a mapping, and says what is known then.
async fn sent(file: &str, mapping: &str, indicators: &[&str], code: i32) -> Option<Vec<String>> {
    let path = published(file)?;
    let server = Server::start_with(Options::with_catalogue(&catalogue(indicators))).await;
    let agent = Agent::of(&server, DEPARTMENT);
    agent.put("map.toml", mapping);
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    std::fs::copy(&path, agent.desk().join(&name)).unwrap();
    let said = agent.run(&["submit", &name, "--mapping", "map.toml", "--confirm"]).await;
    let said = said.expect_code(code);
    if path.extension().is_some_and(|end| end == "xls") {
        assert!(said.all().contains("xlsx"), "an xls is read with a warning:\n{}", said.all());
    }
    Some(known(&server.clients().await, DEPARTMENT).await)
}

/// The statistics office's CSV: byte order mark, semicolons, title lines, `..`, "Pre."
const STATISTICS_OFFICE: &str = r#"
layout = "wide"
header = { find = ["Cities, provincies"] }
number = { format = "point" }
[marks]
missing = { ".." = "not_yet_available" }
provisional = ["Pre.", "Prel."]
footnotes = ["(*)", "(**)"]
"#;

#[tokio::test]
async fn income_and_population_from_the_statistics_office() {
    let mapping = format!(
        r#"headings = "{{period}} Total"
        {STATISTICS_OFFICE}
        [[select]]
        where = {{ "Cities, provincies" = "An Giang" }}
        fixed = {{ indicator = "income" }}
        [[select]]
        where = {{ "Cities, provincies" = "WHOLE COUNTRY" }}
        fixed = {{ indicator = "income-national" }}"#
    );
    let file = "vietnam-gso/Health, Culture and Living Standard/Monthly average income per \
                capita at current prices by income source and by province.csv";
    let Some(found) = sent(file, &mapping, &["income", "income-national"], 0).await else { return };
    assert_eq!(
        found,
        [
            "income 2010 1319",
            "income 2012 1871",
            "income 2014 2472",
            "income 2016 2909",
            "income-national 2010 1387",
            "income-national 2012 2000",
            "income-national 2014 2637",
            "income-national 2016 3049",
        ]
    );
    let mapping = format!(
        r#"headings = "{{sex}} {{period}}"
        ignore = ["x"]
        {STATISTICS_OFFICE}
        [tables.members.sex]
        Total = ""
        Male = "male"
        Female = "female"
        [[select]]
        where = {{ "Cities, provincies" = "An Giang" }}
        fixed = {{ indicator = "population", multiply = "1000" }}"#
    );
    let file = "vietnam-gso/Population and Employment/Average population by province.csv";
    let found = sent(file, &mapping.replace("ignore = [\"x\"]\n", ""), &["population"], 0).await;
    let found = found.unwrap();
    assert_eq!(found.len(), 3 * 22);
    for line in [
        "population 1995 1970100",
        "population 2016 2159900",
        "population sex=male 1995 966700",
        "population sex=female 2016 1090100",
    ] {
        assert!(found.iter().any(|known| known == line), "{line} is not in {found:?}");
    }
}

#[tokio::test]
async fn marks_of_the_statistics_office_are_missing_values() {
    let mapping = format!(
        r#"headings = "{{period}} Of which: Public teacher"
        {STATISTICS_OFFICE}
        [[select]]
        where = {{ "Cities, provincies" = "An Giang" }}
        fixed = {{ indicator = "public-teachers" }}"#
    );
    let file = "vietnam-gso/Education/Number of teachers, students in universities and colleges \
                by province.csv";
    let Some(found) = sent(file, &mapping, &["public-teachers"], 0).await else { return };
    assert_eq!(
        found[..3],
        [
            "public-teachers 2001 MISSING_REASON_NOT_YET_AVAILABLE",
            "public-teachers 2002 MISSING_REASON_NOT_YET_AVAILABLE",
            "public-teachers 2003 274",
        ]
    );
}

#[tokio::test]
async fn the_budget_from_the_ministrys_old_workbook() {
    // Headings in five rows, the unit in a line of its own, an empty cell of An Giang's row.
    let mapping = r##"
        layout = "long"
        sheet = "M09"
        header = { rows = [7, 11] }
        expect = { "J6" = "Đơn vị: triệu đồng" }
        fixed = { period = "2017", multiply = "1000000" }
        [[select]]
        where = { "TỈNH, THÀNH PHỐ" = "An Giang" }
        columns = { value = "THU NSNN TRÊN ĐỊA BÀN (1)" }
        fixed = { indicator = "budget-revenue" }
        [[select]]
        where = { "#B" = "An Giang" }
        columns = { value = "#H" }
        fixed = { indicator = "budget-spending" }
    "##;
    let indicators = ["budget-revenue", "budget-spending"];
    let Some(found) = sent("vietnam-mof/Plan_2017.xls", mapping, &indicators, 0).await else {
        return;
    };
    assert_eq!(found, ["budget-revenue 2017 5202000000000", "budget-spending 2017 10706091000000"]);
    // Rows under Roman numerals, in another sheet.
    let mapping = r#"
        layout = "long"
        sheet = "M03"
        header = { rows = [8, 9] }
        fixed = { period = "2017" }
        [[select]]
        where = { "STT" = "I", "Chỉ tiêu" = "Thu nội địa" }
        columns = { value = "Dự toán năm 2017" }
        fixed = { indicator = "domestic-revenue" }
    "#;
    let found = sent("vietnam-mof/Plan_2017.xls", mapping, &["domestic-revenue"], 0).await;
    assert_eq!(found.unwrap(), ["domestic-revenue 2017 990279.4999999999"]);
}

#[tokio::test]
async fn ranks_and_scores_from_the_indices_of_the_provinces() {
    let mapping = r##"
        layout = "long"
        sheet = "Summary_VN"
        header = { row = 1 }
        fixed = { period = "2016", edition = "pci" }
        [[select]]
        where = { "Tỉnh" = "An Giang" }
        columns = { value = "Gia nhập thị trường" }
        fixed = { indicator = "pci-entry" }
        [[select]]
        where = { "#L" = "An Giang" }
        columns = { value = "Thứ tự" }
        fixed = { indicator = "pci-fairness-rank", ranked_among = 63 }
    "##;
    let indicators = ["pci-entry", "pci-fairness-rank"];
    let Some(found) = sent("vietnam-mof/PCI_2016.xlsx", mapping, &indicators, 0).await else {
        return;
    };
    assert_eq!(found, ["pci-entry 2016 8.58357048034668", "pci-fairness-rank 2016 51"]);
    // The years are the names of the sheets.
    let mapping = r#"
        layout = "long"
        sheet = "{period}_PAPI"
        header = { row = 1 }
        fixed = { indicator = "papi-participation" }
        columns = { value = "Participation at Local Levels" }
        [[select]]
        where = { "tentinh_eng" = "An Giang" }
    "#;
    let file = "vietnam-mof/PAPI_2011-2016.xlsx";
    let found = sent(file, mapping, &["papi-participation"], 0).await.unwrap();
    assert_eq!(found.len(), 6);
    assert_eq!(found[0], "papi-participation 2011 4.869586");
    assert_eq!(found[5], "papi-participation 2016 4.480678081512451");
}

#[tokio::test]
async fn ranges_of_years_from_british_files_of_many_columns() {
    let mapping = r#"
        layout = "long"
        header = { find = ["Year", "Value"] }
        headline_only = true
        number = { format = "point", scientific = true }
        periods = { ranges = "last", texts = { "17 May to 11 June 2023" = "2023" } }
        marks = { missing = [""] }
        [fixed]
        indicator = "felt-safe"
        unit = "Percentage (%)"
        [columns]
        period = "Year"
        value = "Value"
        unit = "Units"
        status = "Observation status"
        [columns.dimensions]
        age = "Age"
        sex = "Sex"
        birth = "Country of birth"
        disability = "Disability status"
        ethnicity = "Ethnicity"
        group = "Ethnic group"
        income = "Household income"
        region = "Region"
        area = "Urban or rural"
        orientation = "Sexual orientation"
        qualification = "Highest qualification"
        [tables.statuses]
        "Normal value" = "final"
        "Undefined" = "unstated"
        "Missing value" = "missing"
    "#;
    let file = "uk-ons/indicator_16-1-4.csv";
    let Some(found) = sent(file, mapping, &["felt-safe"], 0).await else { return };
    assert!(found.len() > 10, "{found:?}");
    assert_eq!(found[0], "felt-safe 2002 68.08609377647656", "2001/02 ends in 2002");
}
