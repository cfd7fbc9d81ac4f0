//! Published files of statistics offices abroad, mapped by configuration alone.

use super::*;
use crate::source::tests::published;

/// What the files of the British statistics office share.
const BRITISH: &str = r#"
    layout = "long"
    header = { find = ["Year", "Value"] }
    number = { format = "point", scientific = true }
    periods = { ranges = "last", texts = { "17 May to 11 June 2023" = "2023" } }
    marks = { missing = [""] }
    [tables.statuses]
    "Normal value" = "final"
    "Undefined" = "unstated"
    "Definition differs" = "break"
    "Estimated value" = "estimated"
    "Provisional value" = "provisional"
    "Missing value" = "missing"
    "Missing value; suppressed" = "confidential"
    [tables.multipliers]
    Units = "1"
    Unit = "1"
    Thousands = "1000"
    Millions = "1000000"
"#;

#[test]
fn ranges_of_years_and_many_dimensions_of_british_files_are_read() {
    let mapping = format!(
        r#"{BRITISH}
        [fixed]
        indicator = "felt-safe"
        unit = "Percentage (%)"
        [columns]
        period = "Year"
        value = "Value"
        unit = "Units"
        multiplier = "Unit multiplier"
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
        [tables.members.sex]
        Female = "female"
        Male = "male"
        "#
    );
    let Some(path) = published("uk-ons/indicator_16-1-4.csv") else { return };
    let lines = outcomes(&path, &mapping);
    let refused: Vec<_> = lines.iter().filter(|line| !line.starts_with("felt-safe")).collect();
    // The one row whose status says that its value is missing, and whose value is there.
    assert_eq!(refused, ["VALUE_THOUGH_MISSING R350 `78.51242006352307`"]);
    assert_eq!(lines[0], "felt-safe 2002 68.08609377647656 final");
    assert_eq!(lines[1], "felt-safe 2002 sex=female 53.096617922848345 final");
    let unstated = mapping.replace("\"confidential\"", "\"unstated\"");
    assert!(outcomes(&path, &unstated).iter().all(|line| line.starts_with("felt-safe")));
    let headline = outcomes(&path, &format!("headline_only = true\n{mapping}"));
    assert!(headline.len() > 10 && headline.iter().all(|line| !line.contains('=')), "{headline:?}");
    assert_eq!(headline[0], lines[0]);
}

#[test]
fn factors_of_british_files_are_applied_exactly() {
    let mapping = |indicator: &str| {
        format!(
            r#"{BRITISH}
            [fixed]
            indicator = "{indicator}"
            [columns]
            period = "Year"
            value = "Value"
            multiplier = "Unit multiplier"
            "#
        )
    };
    let Some(path) = published("uk-ons/indicator_17-5-1.csv") else { return };
    let lines = outcomes(&path, &mapping("loans"));
    assert_eq!(lines[..2], ["loans 2020 3630694", "loans 2021 16856170"].map(str::to_owned));
    let Some(path) = published("uk-ons/indicator_12-2-2.csv") else { return };
    assert_eq!(outcomes(&path, &mapping("consumption"))[0], "consumption 2000 175262700.00000002");
}

#[test]
fn every_british_and_canadian_file_is_read() {
    let canadian = r#"
        layout = "long"
        header = { row = 1 }
        number = { format = "point", scientific = true }
        periods = { ranges = "last" }
        marks = { missing = [""] }
    "#;
    for (folder, common) in [("uk-ons", BRITISH), ("canada-cif/data", canadian)] {
        let Some(folder) = published(folder) else { return };
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "csv") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let headings = text.lines().next().unwrap().trim_start_matches('\u{feff}');
            let column = |key: &str, heading: &str| {
                let is_there = headings.split(',').any(|one| one.trim_matches('"') == heading);
                if is_there { format!("{key} = \"{heading}\"\n") } else { String::new() }
            };
            let mapping = format!(
                "{common}\n[fixed]\nindicator = \"x\"\n[columns]\nperiod = \"Year\"\nvalue = \"Value\"\n{}{}",
                column("status", "Observation status"),
                column("multiplier", "Unit multiplier"),
            );
            let lines = outcomes(&path, &mapping);
            let refused: Vec<_> = lines.iter().filter(|line| !line.starts_with("x ")).collect();
            if text.lines().count() == 2 && headings == "Year,Value" {
                // "There is no data for this indicator yet"
                assert!(lines[0].starts_with("PERIOD_FORM A2"), "{path:?}: {lines:?}");
            } else {
                let contradicts = |line: &&String| line.starts_with("VALUE_THOUGH_MISSING R350");
                assert!(refused.into_iter().all(|line| contradicts(&line)), "{path:?}: {lines:?}");
                assert!(lines.len() > 1, "{path:?}: {lines:?}");
            }
        }
    }
}
