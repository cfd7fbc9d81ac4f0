//! `ExportService`: figures as files.

use std::pin::Pin;

use futures_util::StreamExt as _;
use futures_util::stream::Stream;
use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::export_service_server::{ExportService, ExportServiceServer};
use super::{Answer, Services, error};
use crate::publish::Publish;

/// Most bytes of a file in one message.
const PIECE: usize = 256 << 10;

type Pieces = Pin<Box<dyn Stream<Item = Result<v1::ExportFiguresResponse, tonic::Status>> + Send>>;

struct Export(Services);

pub(super) fn service(services: &Services) -> ExportServiceServer<impl ExportService> {
    ExportServiceServer::new(Export(services.clone()))
}

#[tonic::async_trait]
impl ExportService for Export {
    type ExportFiguresStream = Pieces;

    async fn export_figures(&self, request: Request<v1::ExportFiguresRequest>) -> Answer<Pieces> {
        let publish =
            Publish { figures: self.0.figures.clone(), standing: self.0.standing.clone() };
        let begun = publish.file(request.into_inner(), self.0.clock.now()).await;
        let (file, pieces) = begun.map_err(|failure| error::status(&failure))?;
        let head = v1::ExportFiguresResponse { file: Some(file), data: Vec::new() };
        let pieces = pieces.flat_map(|piece| {
            let messages: Vec<_> = match piece {
                Ok(bytes) => bytes
                    .chunks(PIECE)
                    .map(|data| Ok(v1::ExportFiguresResponse { file: None, data: data.to_vec() }))
                    .collect(),
                Err(failure) => vec![Err(error::status(&failure))],
            };
            futures_util::stream::iter(messages)
        });
        let all = futures_util::stream::once(async { Ok(head) }).chain(pieces);
        Ok(tonic::Response::new(Box::pin(all)))
    }
}
