//! Figures as files: what `ExportService` streams, for a browser to save.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use futures_util::StreamExt as _;
use http::header;
use tiendo_shared::wire::v1;

use super::entry::Reader;
use super::lang::Lang;
use super::refusal::Refusal;
use super::shell::Asked;
use super::{Page, Web};
use crate::failure::Failure;
use crate::publish::Publish;

/// The formats by the names addresses give them.
const FORMATS: [(&str, v1::ExportFormat); 5] = [
    ("report", v1::ExportFormat::Report),
    ("csv", v1::ExportFormat::Csv),
    ("sdmx-csv", v1::ExportFormat::SdmxCsv),
    ("sdmx-structure", v1::ExportFormat::SdmxStructure),
    ("sdmx-json", v1::ExportFormat::SdmxJson),
];

/// The file.
pub(super) async fn file(
    State(web): State<Arc<Web>>,
    lang: Lang,
    reader: Reader,
    Path(format): Path<String>,
    Query(asked): Query<Asked>,
) -> Page {
    let refused = |failure| Refusal::new(lang, failure);
    let known = FORMATS.iter().find(|(name, _)| *name == format);
    let (_, format) = known.ok_or_else(|| refused(Failure::not_found("page", &format)))?;
    let place = web.crowd.work(&reader).map_err(refused)?;
    let when = web.when(&asked).map_err(refused)?;
    let request = v1::ExportFiguresRequest {
        format: *format as i32,
        department: asked.department,
        as_of: when.asked(),
        basis: reader.basis as i32,
        language: lang.code().to_owned(),
        ..Default::default()
    };
    let publish =
        Publish { figures: web.services.figures.clone(), standing: web.services.standing.clone() };
    let (file, pieces) = publish.file(request, when.now).await.map_err(refused)?;
    let headers = [
        (header::CONTENT_TYPE, file.media_type),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
    ];
    let pieces = pieces.map(move |piece| {
        let _held = &place;
        piece
    });
    let pieces = pieces.take_until(Box::pin(reader.over()));
    Ok((headers, Body::from_stream(pieces)).into_response())
}
