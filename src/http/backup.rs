//! `/v1/backup`: a copy of everything that counts, streamed.

use std::fs::File;
use std::io::Read;

use actix_web::body::SizedStream;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;

use super::Shared;
use super::audit::Note;
use super::guard;
use super::openapi::Refused;
use super::parameters;
use super::problem::Problem;

/// Bytes sent in one piece.
const PIECE: usize = 256 << 10;

/// Back up
///
/// All records, versions and decisions as of one moment, while writes go on: a file for `crossmatch restore`. A key needs
/// a clearance for it. The audit trail is a file of its own that can be copied at any time.
#[utoipa::path(
    get, path = "/v1/backup", tag = "operation", operation_id = "backup",
    responses(
        (status = 200, description = "The backup", body = String, content_type = "application/octet-stream"),
        Refused::<400>, Refused::<500>, Refused::<503>, Refused::<507>,
    )
)]
pub(super) async fn backup(app: Shared, request: HttpRequest) -> Result<HttpResponse, Problem> {
    parameters::none(&request)?;
    if !guard::caller(&request).clearance {
        return Err(Problem::BackupNeedsClearance);
    }
    let engine = app.engine()?;
    Note::new("backup", []).leave(&request);
    let file = web::block(move || engine.backup()).await.map_err(|_| Problem::Internal)??;
    let bytes = file.metadata().map_err(|_| Problem::Store { doing: "read the backup" })?.len();
    let pieces = stream::try_unfold(file, |file| async move {
        web::block(move || piece(file)).await.unwrap_or_else(|_| Err(std::io::Error::other("the reader is gone")))
    });
    let body = SizedStream::new(bytes, Box::pin(pieces));
    Ok(HttpResponse::Ok().content_type("application/octet-stream").body(body))
}

/// The next piece of a file; none: that was all.
fn piece(mut file: File) -> std::io::Result<Option<(Bytes, File)>> {
    let mut piece = Vec::with_capacity(PIECE);
    file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
    Ok((!piece.is_empty()).then(|| (piece.into(), file)))
}
