//! Style, script and signs of the pages, kept in the program.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

const FILES: [(&str, &str, &str); 3] = [
    ("board.css", "text/css; charset=utf-8", include_str!("../../assets/board.css")),
    ("board.js", "text/javascript; charset=utf-8", include_str!("../../assets/board.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
];

/// One of the files; the same for everybody, and nobody's secret.
pub(super) async fn file(Path(name): Path<String>) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, *text).into_response()
}
