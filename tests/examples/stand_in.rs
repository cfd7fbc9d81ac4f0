//! Stands in for a spreadsheet program and grpcurl in the demo, where there is no Python.
#![allow(clippy::print_stdout, reason = "it answers on standard output")]

use std::path::Path;

use anyhow::{Context as _, bail};
use calamine::{Data, Range, Reader as _, SheetVisible};
use rust_xlsxwriter::{Workbook, Worksheet};

use serde_json::{Value, json};
use tiendo_shared::wire::v1;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["fill", form, indicator, ref entries @ ..] => fill(Path::new(form), indicator, entries),
        ["statuses", address] => statuses(address).await,
        _ => bail!("accepted: `fill FORM INDICATOR KEY=VALUE…` and `statuses ADDRESS`"),
    }
}

/// Prints where every target stands, in the form grpcurl would.
async fn statuses(address: &str) -> anyhow::Result<()> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let mut grpc = Grpc::new(channel);
    grpc.ready().await?;
    let path = PathAndQuery::from_static("/tiendo.v1.StatusService/ListTargetStatuses");
    let codec = tonic_prost::ProstCodec::<
        v1::ListTargetStatusesRequest,
        v1::ListTargetStatusesResponse,
    >::default();
    let request = v1::ListTargetStatusesRequest::default();
    let answer = grpc.unary(tonic::Request::new(request), path, codec).await?.into_inner();
    let statuses: Vec<Value> = answer.statuses.iter().map(status).collect();
    println!("{}", serde_json::to_string_pretty(&json!({ "statuses": statuses }))?);
    Ok(())
}

fn status(status: &v1::TargetStatus) -> Value {
    let why = status.explanation.clone().unwrap_or_default();
    let english = |text: &Option<v1::LocalText>| text.as_ref().map(|text| text.en.clone());
    json!({
        "target": status.target,
        "name": { "en": english(&status.name) },
        "promise": { "en": english(&status.promise) },
        "verdict": status.verdict().as_str_name(),
        "reason": status.reason,
        "horizon": status.horizon,
        "flags": status.flags().map(|flag| flag.as_str_name()).collect::<Vec<_>>(),
        "explanation": {
            "method": why.method,
            "current": why.current.as_ref().map(value),
            "reference": why.reference.as_ref().map(value),
            "gap": why.gap,
            "projected": why.projected,
            "observedPace": why.observed_pace,
            "requiredPace": why.required_pace,
            "paceUnit": why.pace_unit,
            "progress": why.progress,
        },
    })
}

fn value(value: &v1::PeriodValue) -> Value {
    json!({ "period": value.period, "value": value.value })
}

/// Writes a form anew with one row filled in; columns are found by their keys.
fn fill(form: &Path, indicator: &str, entries: &[&str]) -> anyhow::Result<()> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(form)?;
    let shown = book.sheets_metadata().iter().map(|sheet| sheet.visible == SheetVisible::Visible);
    let shown: Vec<bool> = shown.collect();
    let mut written = Workbook::new();
    for ((name, cells), shown) in book.worksheets().into_iter().zip(shown) {
        let sheet = written.add_worksheet().set_name(name)?.set_hidden(!shown);
        copy(&cells, sheet)?;
        if shown {
            let (row, _) = position(&cells, indicator)?;
            for (key, value) in entries.iter().filter_map(|entry| entry.split_once('=')) {
                let (_, column) = position(&cells, &format!("tiendo:{key}"))?;
                match value.parse::<f64>() {
                    Ok(number) => sheet.write(row, column, number)?,
                    Err(_) => sheet.write(row, column, value)?,
                };
            }
        }
    }
    written.save(form)?;
    println!("{}: {indicator}: {}", form.display(), entries.join(", "));
    Ok(())
}

fn copy(cells: &Range<Data>, sheet: &mut Worksheet) -> anyhow::Result<()> {
    let (first_row, first_column) = cells.start().unwrap_or_default();
    for (row, column, data) in cells.used_cells() {
        let row = first_row + u32::try_from(row)?;
        let column = u16::try_from(first_column as usize + column)?;
        match data {
            Data::Float(number) => sheet.write(row, column, *number)?,
            Data::Int(number) => sheet.write(row, column, *number)?,
            Data::Bool(flag) => sheet.write(row, column, *flag)?,
            other => sheet.write(row, column, other.to_string())?,
        };
    }
    Ok(())
}

/// Row and column of the first cell with this text.
fn position(cells: &Range<Data>, text: &str) -> anyhow::Result<(u32, u16)> {
    let (first_row, first_column) = cells.start().unwrap_or_default();
    let (row, column, _) = cells
        .used_cells()
        .find(|(_, _, data)| matches!(data, Data::String(s) if s == text))
        .with_context(|| format!("the form has no cell `{text}`"))?;
    Ok((first_row + u32::try_from(row)?, u16::try_from(first_column as usize + column)?))
}
