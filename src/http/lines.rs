//! A body cut into lines as it arrives. A line over the limit is skipped, not kept: memory stays bounded.

use actix_web::web::{Bytes, BytesMut};

use super::body::Pieces;
use super::problem::Problem;

/// One line of a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the body, from 1; blank lines count.
    pub number: u64,
    /// Its text without the line's end; none: it is longer than the limit.
    pub text: Option<Bytes>,
}

/// Cuts pieces into lines; blank lines are passed over.
#[derive(Debug)]
pub struct Cutter {
    limit: usize,
    /// What has arrived and is not yet cut.
    rest: BytesMut,
    /// How much of `rest` is known to hold no line's end.
    scanned: usize,
    /// Whether the current line was longer than the limit: its beginning is gone.
    is_too_long: bool,
    number: u64,
}

impl Cutter {
    /// Lines of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, rest: BytesMut::new(), scanned: 0, is_too_long: false, number: 0 }
    }

    /// Takes the next piece of the body.
    pub fn push(&mut self, piece: &[u8]) {
        self.rest.extend_from_slice(piece);
    }

    /// The next complete line.
    #[expect(clippy::should_implement_trait, reason = "it ends only until the next piece")]
    pub fn next(&mut self) -> Option<Line> {
        while let Some(at) = self.rest[self.scanned..].iter().position(|byte| *byte == b'\n') {
            let end = self.scanned + at;
            let text = self.rest.split_to(end + 1).freeze().slice(..end);
            self.scanned = 0;
            if let Some(line) = self.line(text) {
                return Some(line);
            }
        }
        self.scanned = self.rest.len();
        if self.rest.len() > self.limit + 1 {
            self.is_too_long = true;
            self.rest.clear();
            self.scanned = 0;
        }
        None
    }

    /// What stands behind the last line's end.
    pub fn last(&mut self) -> Option<Line> {
        let text = self.rest.split().freeze();
        self.scanned = 0;
        self.line(text)
    }

    fn line(&mut self, mut text: Bytes) -> Option<Line> {
        self.number += 1;
        if text.ends_with(b"\r") {
            text.truncate(text.len() - 1);
        }
        if std::mem::take(&mut self.is_too_long) || text.len() > self.limit {
            return Some(Line { number: self.number, text: None });
        }
        let is_blank = text.iter().all(u8::is_ascii_whitespace);
        (!is_blank).then_some(Line { number: self.number, text: Some(text) })
    }
}

/// The lines of a body.
pub(super) struct Lines {
    pieces: Pieces,
    cutter: Cutter,
    is_complete: bool,
}

impl Lines {
    /// Lines of at most `limit` bytes.
    pub(super) fn new(pieces: Pieces, limit: usize) -> Self {
        Self { pieces, cutter: Cutter::new(limit), is_complete: false }
    }

    /// The number that the next line will have at the least.
    pub(super) const fn next_number(&self) -> u64 {
        self.cutter.number + 1
    }

    /// The next line; none: the body is complete. May be dropped while waiting without losing anything.
    pub(super) async fn next(&mut self) -> Result<Option<Line>, Problem> {
        loop {
            if let Some(line) = self.cutter.next() {
                return Ok(Some(line));
            }
            if self.is_complete {
                return Ok(None);
            }
            match self.pieces.next().await? {
                Some(piece) => self.cutter.push(&piece),
                None => {
                    self.is_complete = true;
                    return Ok(self.cutter.last());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts `text` in pieces of `size`, with lines of at most 8 bytes.
    fn cut(text: &str, size: usize) -> Vec<(u64, Option<String>)> {
        let mut cutter = Cutter::new(8);
        let mut lines = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            cutter.push(piece);
            lines.extend(std::iter::from_fn(|| cutter.next()));
        }
        lines.extend(cutter.last());
        lines.into_iter().map(|line| (line.number, line.text.map(|t| String::from_utf8(t.to_vec()).unwrap()))).collect()
    }

    fn check(text: &str, expected: &[(u64, Option<&str>)]) {
        let expected: Vec<_> = expected.iter().map(|(number, text)| (*number, text.map(str::to_owned))).collect();
        for size in 1..=text.len().max(1) {
            assert_eq!(cut(text, size), expected, "{text:?} in pieces of {size}");
        }
    }

    #[test]
    fn lines_do_not_depend_on_the_pieces_they_come_in() {
        check("", &[]);
        check("a\nb", &[(1, Some("a")), (2, Some("b"))]);
        check("a\r\n\r\n \n\nb\r\n", &[(1, Some("a")), (5, Some("b"))]);
        check("12345678\r\n12345678", &[(1, Some("12345678")), (2, Some("12345678"))]);
        check("123456789\nb\n", &[(1, None), (2, Some("b"))]);
        check("a\n12345678901234567890", &[(1, Some("a")), (2, None)]);
        check("12345678901234567890\n\nb", &[(1, None), (3, Some("b"))]);
    }
}
