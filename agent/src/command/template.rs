//! `template`: the Excel form with exactly the indicators a department owes.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::Department;
use tiendo_shared::period::ReportingPeriod;

use crate::app::{App, Failed};
use crate::clock;
use crate::connection::Connection;
use crate::console::Tone;
use crate::due;
use crate::exit::Exit;
use crate::form::{owed, usual_period, write};
use crate::home;

/// What was made, for programs.
#[derive(Debug, Serialize)]
struct Made<'a> {
    command: &'static str,
    file: String,
    department: &'a str,
    period: String,
    indicators: Vec<&'a str>,
    rows: usize,
    exit: u8,
}

pub(super) async fn run(
    app: &mut App<'_>,
    period: Option<ReportingPeriod>,
    out: Option<PathBuf>,
    force: bool,
) -> Result<Exit, Failed> {
    let lang = app.lang();
    // A form can be made from the catalogue kept here, even if nothing says where the server is.
    let mut connection = app.connection().ok();
    if let Some(way) = &mut connection
        && app.meet(way).await.is_none()
    {
        connection = None;
    }
    let catalogue = app.catalogue(connection.as_ref()).await?;
    let department = app.department(&catalogue)?;
    let none = |period: &str| Failed::because(lang.template_none(&department.id, period));
    let period = match period {
        Some(period) => Some(period),
        None => next_period(app, connection.as_ref(), &catalogue, &department).await?,
    };
    let period = period.ok_or_else(|| none("…"))?;
    let indicators = owed(&catalogue, &department.id, period);
    if indicators.is_empty() {
        return Err(none(&period.to_string()));
    }
    let usual_name = || PathBuf::from(format!("bieu-mau-{}-{period}.xlsx", department.id));
    let path = out.unwrap_or_else(usual_name);
    let shown = path.display().to_string();
    if !force && Path::new(&path).exists() {
        return Err(Failed::because(lang.file_exists(&shown)));
    }
    let form = write::Form {
        catalogue: &catalogue,
        department: &department,
        period,
        indicators: &indicators,
        lang,
    };
    let unwritten =
        |cause: &dyn ToString| Failed::because(lang.cannot_write(&shown, &cause.to_string()));
    let (bytes, rows) = write::to_xlsx(&form).map_err(|error| unwritten(&error))?;
    home::replace(&path, &bytes).map_err(|error| unwritten(&error))?;
    let said = lang.template_done(&shown, &period.to_string(), indicators.len(), rows);
    app.console.toned(Tone::Good, &said);
    app.console.line(&lang.template_next(&shown));
    app.console.document(&Made {
        command: "template",
        file: shown,
        department: &department.id,
        period: period.to_string(),
        indicators: indicators.iter().map(|indicator| indicator.id.as_str()).collect(),
        rows,
        exit: Exit::Done as u8,
    });
    Ok(Exit::Done)
}

/// The period of the report that is due first, or else the one that is usually reported now.
async fn next_period(
    app: &mut App<'_>,
    connection: Option<&Connection>,
    catalogue: &Catalogue,
    department: &Department,
) -> Result<Option<ReportingPeriod>, Failed> {
    let (due, _) = due::list(app, connection, catalogue, department).await?;
    let usual = || usual_period(catalogue, &department.id, clock::day(clock::now()));
    Ok(due.first().map(|report| report.period).or_else(usual))
}
