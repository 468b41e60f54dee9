//! Files and standard input as plain text: gzip is known by its first bytes, whatever the name says.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;

const GZIP: &[u8] = &[0x1f, 0x8b];
/// The mark that some programs put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Opens a file; the bar counts its bytes as they are on the disk.
pub(super) fn open(path: &Path, bar: &ProgressBar) -> io::Result<Box<dyn BufRead>> {
    if is_standard_input(path) {
        return plain(bar.wrap_read(io::stdin()));
    }
    plain(bar.wrap_read(File::open(path)?))
}

/// The bytes of all files together; none if standard input is among them.
pub(super) fn total_bytes(files: &[PathBuf]) -> Option<u64> {
    let bytes = |path: &PathBuf| if is_standard_input(path) { None } else { Some(path.metadata().ok()?.len()) };
    files.iter().map(bytes).sum()
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn plain(input: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let (head, input) = peeked(input, GZIP.len())?;
    if head == GZIP { unmarked(MultiGzDecoder::new(input)) } else { unmarked(input) }
}

/// The text without a byte order mark.
fn unmarked(input: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let (head, mut input) = peeked(input, BYTE_ORDER_MARK.len())?;
    if head == BYTE_ORDER_MARK {
        input.read_exact(&mut [0; BYTE_ORDER_MARK.len()])?;
    }
    Ok(Box::new(BufReader::new(input)))
}

/// The first bytes, and the input as if they had not been read.
fn peeked<R: Read>(mut input: R, count: usize) -> io::Result<(Vec<u8>, impl Read + use<R>)> {
    let mut head = Vec::with_capacity(count);
    input.by_ref().take(count as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(input)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn check(bytes: Vec<u8>, expected: &str) {
        let mut text = String::new();
        plain(Cursor::new(bytes)).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn text_comes_out_however_it_is_wrapped() {
        check(Vec::new(), "");
        check(b"{}".to_vec(), "{}");
        check(b"7".to_vec(), "7");
        check(gzip(b"{}"), "{}");
        check([gzip(b"{}\n"), gzip(b"[]")].concat(), "{}\n[]");
        check("\u{feff}{}".into(), "{}");
        check(gzip("\u{feff}{}".as_bytes()), "{}");
    }
}
