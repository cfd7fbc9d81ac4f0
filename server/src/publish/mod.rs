//! Use case: figures as files that other programs read, piece by piece.

mod csv;
mod report;
mod sdmx_csv;
mod sdmx_json;
mod sdmx_ml;
mod structure;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use jiff::Timestamp;
use tiendo_shared::wire::{self, v1};

use crate::failure::Failure;
use crate::figures::{Figures, as_of};
use crate::page;
use crate::standing::Standing;

/// Writes figures into files.
#[derive(Debug, Clone)]
pub struct Publish {
    /// Where the figures come from.
    pub figures: Figures,
    /// Where targets stand, for reports.
    pub standing: Standing,
}

/// What makes a file of figures.
trait Writer: Send {
    /// What stands before the figures.
    fn begin(&mut self) -> Result<Vec<u8>, Failure>;
    /// The next figures, by department, indicator, dimensions and period.
    fn add(&mut self, figures: &[v1::StoredMeasurement]) -> Result<Vec<u8>, Failure>;
    /// What stands after them.
    fn end(&mut self) -> Result<Vec<u8>, Failure>;
}

impl Publish {
    /// A file: what it is, and its bytes. Nothing is read before they are asked for.
    pub async fn file(
        &self,
        request: v1::ExportFiguresRequest,
        now: Timestamp,
    ) -> Result<(v1::ExportedFile, impl Stream<Item = Result<Bytes, Failure>> + use<>), Failure>
    {
        let instant = self.figures.store.settle(as_of(request.as_of)?, now).await?;
        if request.format() == v1::ExportFormat::Report {
            let bytes = self.report(&request, instant, now).await?;
            let file = v1::ExportedFile {
                name: format!("tiendo-{}.xlsx", request_day(&self.figures, instant)),
                media_type: REPORT.to_owned(),
                as_of: Some(wire::timestamp(instant)),
            };
            let whole = futures_util::stream::once(async { Ok(bytes) });
            return Ok((file, whole.left_stream()));
        }
        let (writer, name, media_type) = self.writer(request.format(), instant)?;
        let wanted = v1::ListMeasurementsRequest {
            department: request.department.clone(),
            indicator: request.indicator.clone(),
            as_of: Some(wire::timestamp(instant)),
            basis: request.basis,
            page_size: page::MOST,
            ..v1::ListMeasurementsRequest::default()
        };
        // Refuses what cannot be asked for before the stream begins.
        self.figures.query(&wanted, instant)?;
        let file = v1::ExportedFile {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            as_of: Some(wire::timestamp(instant)),
        };
        let step = match request.format() {
            v1::ExportFormat::SdmxStructure => Step::End,
            _ => Step::Figures(wanted),
        };
        let state = Writing {
            figures: self.figures.clone(),
            now,
            writer,
            step: Step::Begin(Box::new(step)),
        };
        Ok((file, futures_util::stream::unfold(state, Writing::next).right_stream()))
    }

    /// What writes a format, and the name and media type of its files.
    fn writer(
        &self,
        format: v1::ExportFormat,
        instant: Timestamp,
    ) -> Result<(Box<dyn Writer>, &'static str, &'static str), Failure> {
        let catalogue = &self.figures.catalogue;
        Ok(match format {
            v1::ExportFormat::Unspecified | v1::ExportFormat::Report => {
                let message = "name a format, such as EXPORT_FORMAT_SDMX_CSV";
                return Err(Failure::invalid("format", "UNKNOWN_FORMAT", message));
            }
            v1::ExportFormat::Csv => {
                (Box::new(csv::Csv::of(catalogue)), "tiendo-figures.csv", "text/csv; charset=utf-8")
            }
            v1::ExportFormat::SdmxCsv => (
                Box::new(sdmx_csv::SdmxCsv::of(catalogue)),
                "tiendo-figures-sdmx.csv",
                "application/vnd.sdmx.data+csv; version=2.0.0; labels=id",
            ),
            v1::ExportFormat::SdmxStructure => (
                Box::new(sdmx_ml::SdmxMl::of(catalogue, instant)),
                "tiendo-structure.xml",
                "application/vnd.sdmx.structure+xml; version=2.1",
            ),
            v1::ExportFormat::SdmxJson => (
                Box::new(sdmx_json::SdmxJson::of(catalogue, instant)),
                "tiendo-figures.json",
                "application/vnd.sdmx.data+json; version=2.0.0",
            ),
        })
    }
}

/// Media type of a workbook.
const REPORT: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The day of an instant, where the catalogue is at home.
fn request_day(figures: &Figures, instant: Timestamp) -> jiff::civil::Date {
    figures.catalogue.calendar().today(instant)
}

/// How far a file is written.
struct Writing {
    figures: Figures,
    now: Timestamp,
    writer: Box<dyn Writer>,
    step: Step,
}

/// What comes next.
enum Step {
    Begin(Box<Step>),
    Figures(v1::ListMeasurementsRequest),
    End,
    Done,
}

impl Writing {
    /// The next piece, which is not empty; the file ends with a failure.
    async fn next(mut self) -> Option<(Result<Bytes, Failure>, Self)> {
        loop {
            let piece = match std::mem::replace(&mut self.step, Step::Done) {
                Step::Begin(then) => {
                    self.step = *then;
                    self.writer.begin()
                }
                Step::Figures(wanted) => self.page(wanted).await,
                Step::End => self.writer.end(),
                Step::Done => return None,
            };
            match piece {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Some((Ok(bytes.into()), self)),
                Err(failure) => {
                    self.step = Step::Done;
                    return Some((Err(failure), self));
                }
            }
        }
    }

    async fn page(&mut self, wanted: v1::ListMeasurementsRequest) -> Result<Vec<u8>, Failure> {
        let page = self.figures.measurements(wanted.clone(), self.now).await?;
        let page_token = page.next_page_token;
        self.step = if page_token.is_empty() {
            Step::End
        } else {
            Step::Figures(v1::ListMeasurementsRequest { page_token, ..wanted })
        };
        self.writer.add(&page.measurements)
    }
}

/// Text in one line: what breaks a line, or could turn it round, becomes a blank.
fn one_line(text: &str) -> String {
    let breaks = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if breaks(letter) { ' ' } else { letter }).collect()
}

/// A time as SDMX and spreadsheets read it.
fn instant(message: Option<&prost_types::Timestamp>) -> String {
    let instant = message.and_then(wire::instant);
    instant.map_or_else(String::new, |instant| instant.to_string())
}
