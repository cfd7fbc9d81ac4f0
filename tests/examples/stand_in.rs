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
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["fill", form, indicator, ref entries @ ..] => fill(Path::new(form), indicator, entries),
        ["call", "-cacert", ca, "-cert", cert, "-key", key, "-d", request, address, method] => {
            let channel = connect([ca, cert, key], address).await?;
            let answer = call(channel, method, &serde_json::from_str(request)?).await?;
            println!("{}", serde_json::to_string_pretty(&answer)?);
            Ok(())
        }
        _ => bail!(
            "accepted: `fill FORM INDICATOR KEY=VALUE…` and \
             `call -cacert FILE -cert FILE -key FILE -d JSON ADDRESS METHOD`"
        ),
    }
}

async fn connect([ca, cert, key]: [&str; 3], address: &str) -> anyhow::Result<Channel> {
    let read = |path: &str| std::fs::read(path).with_context(|| path.to_owned());
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read(ca)?))
        .identity(Identity::from_pem(read(cert)?, read(key)?));
    Ok(Endpoint::from_shared(format!("https://{address}"))?.tls_config(tls)?.connect().await?)
}

/// The answer in the form grpcurl would print.
async fn call(channel: Channel, method: &str, request: &Value) -> anyhow::Result<Value> {
    match method {
        "tiendo.v1.AdminService/CreateJoinToken" => {
            let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
            let request = v1::CreateJoinTokenRequest {
                role: text("role"),
                department: text("department"),
                agent: text("agent"),
                lifetime: None,
            };
            let answer: v1::CreateJoinTokenResponse = unary(channel, method, request).await?;
            Ok(json!({ "token": answer.token }))
        }
        "tiendo.v1.StatusService/ListTargetStatuses" => {
            let request = v1::ListTargetStatusesRequest::default();
            let answer: v1::ListTargetStatusesResponse = unary(channel, method, request).await?;
            Ok(json!({ "statuses": answer.statuses.iter().map(status).collect::<Vec<_>>() }))
        }
        other => bail!("`{other}` is not called by the demo"),
    }
}

async fn unary<Q, A>(channel: Channel, method: &str, request: Q) -> anyhow::Result<A>
where
    Q: prost::Message + Send + Sync + 'static,
    A: prost::Message + Default + Send + Sync + 'static,
{
    let mut grpc = Grpc::new(channel);
    grpc.ready().await?;
    let path = PathAndQuery::try_from(format!("/{method}"))?;
    let codec = tonic_prost::ProstCodec::<Q, A>::default();
    Ok(grpc.unary(tonic::Request::new(request), path, codec).await?.into_inner())
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
