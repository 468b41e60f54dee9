//! `crossmatch openapi`: prints the specification.

use std::io::Write;

use super::Failure;
use crate::http;

/// Prints `openapi.yaml`.
pub(super) fn run() -> Result<(), Failure> {
    let written = std::io::stdout().write_all(http::specification().as_bytes());
    written.map_err(|error| Failure::doing("cannot print the specification", error))
}
