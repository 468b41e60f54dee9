//! The columns' file: a snapshot in bytes, so that a restart does not read every record again.
//!
//! ```text
//! magic "XMCOLS\r\n" · format u32 · crc32 of the rest u32 · length of the rest u64 · bincode of [`Body`]
//! ```
//! All little-endian. A file of another format, of other attributes or readings, or with a wrong checksum is refused
//! by name; it is a cache, and is made again from the records. Columns are encoded and decoded in parallel.

use bincode::config::standard;
use bincode::error::DecodeError;
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{CorpusWriter, Row, Snapshot};
use crate::attribute::Left;
use crate::record::{Kind, Reference};

const MAGIC: &[u8; 8] = b"XMCOLS\r\n";
const FORMAT: u32 = 3;
const HEADER: usize = 8 + 4 + 4 + 8;

#[derive(Serialize, Deserialize)]
struct Body {
    sequence: u64,
    /// Reference, whether verified, and how well preserved, by side.
    rows: [Vec<(Reference, bool, Left)>; 3],
    columns: Vec<SavedColumns>,
}

#[derive(Serialize, Deserialize)]
struct SavedColumns {
    attribute: String,
    reading: u32,
    bytes: Vec<u8>,
}

/// Why a columns' file is not used.
#[derive(Debug, Error)]
pub enum InvalidColumns {
    /// Another program's file.
    #[error("it is not a columns' file of crossmatch")]
    Foreign,
    /// Written by another version.
    #[error("its format is {0}, this version reads {FORMAT}")]
    Format(u32),
    /// Damaged.
    #[error("its checksum does not match")]
    Checksum,
    /// Its attributes are not this version's.
    #[error("its attributes are not those of this version")]
    Attributes,
    /// Whole, but not decodable.
    #[error("it cannot be decoded")]
    Decode(#[from] DecodeError),
    /// A snapshot that cannot be encoded.
    #[error("the columns cannot be encoded")]
    Encode(#[from] bincode::error::EncodeError),
}

/// Decodes what was encoded with bincode's standard configuration.
///
/// A text whose length is more than all there is must not get the memory that it asks for. Bincode's limit is a constant
/// and counts a number by its size in memory, at most eight times what it takes.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    use bincode::serde::decode_from_slice as read;
    let decoded = match bytes.len() {
        0..0x10_0000 => read(bytes, standard().with_limit::<0x80_0000>()),
        0x10_0000..0x800_0000 => read(bytes, standard().with_limit::<0x4000_0000>()),
        _ => read(bytes, standard().with_limit::<0x100_0000_0000>()),
    };
    decoded.map(|(value, _)| value)
}

/// The bytes of a columns' file.
pub struct ColumnsFile;

impl ColumnsFile {
    /// Encodes a snapshot. Free rows are left out.
    pub fn encode(snapshot: &Snapshot) -> Result<Vec<u8>, InvalidColumns> {
        let live = |side: Kind| -> Vec<u32> {
            let rows = snapshot.rows(side).iter().zip(0..);
            rows.filter(|(row, _)| row.reference.is_some()).map(|(_, at)| at).collect()
        };
        let live: Vec<Vec<u32>> = Kind::ALL.iter().map(|&side| live(side)).collect();
        let row = |side: Kind, at: &u32| {
            let row = snapshot.rows(side).get(*at as usize)?;
            Some((row.reference.clone()?, row.verified, row.left))
        };
        let rows = |side: Kind| live[side as usize].iter().filter_map(|at| row(side, at)).collect();
        let columns = snapshot.columns.par_iter().map(|columns| {
            let about = columns.about();
            let bytes = columns.save([&live[0], &live[1], &live[2]])?;
            Ok(SavedColumns { attribute: about.name.to_owned(), reading: about.reading, bytes })
        });
        let body = Body {
            sequence: snapshot.sequence,
            rows: [rows(Kind::Missing), rows(Kind::Unidentified), rows(Kind::Unclaimed)],
            columns: columns.collect::<Result<_, InvalidColumns>>()?,
        };
        let body = bincode::serde::encode_to_vec(&body, standard())?;
        Ok(Self::framed(&body))
    }

    /// Puts the header before a body, whatever it holds.
    pub fn framed(body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    /// Decodes a writer, and the number of the last write that is in it.
    pub fn decode(bytes: &[u8]) -> Result<(CorpusWriter, u64), InvalidColumns> {
        let body: Body = decode(Self::body(bytes)?)?;
        let mut writer = CorpusWriter::default();
        if writer.columns.len() != body.columns.len() {
            return Err(InvalidColumns::Attributes);
        }
        let Body { sequence, rows, columns } = body;
        let mut places = CorpusWriter::default();
        let fill = || {
            for (&kind, rows) in Kind::ALL.iter().zip(rows) {
                for (row, (reference, verified, left)) in (0..).zip(rows) {
                    places.fill(kind, row, Row { reference: Some(reference), verified, left });
                }
            }
        };
        let load = || {
            writer.columns.par_iter_mut().zip(columns).try_for_each(|(columns, saved)| {
                let about = columns.snapshot().about();
                if about.name != saved.attribute || about.reading != saved.reading {
                    return Err(InvalidColumns::Attributes);
                }
                Ok(columns.load(&saved.bytes)?)
            })
        };
        let ((), loaded) = rayon::join(fill, load);
        loaded?;
        Ok((CorpusWriter { columns: writer.columns, ..places }, sequence))
    }

    /// Checks the frame.
    fn body(bytes: &[u8]) -> Result<&[u8], InvalidColumns> {
        let (header, body) = bytes.split_at_checked(HEADER).ok_or(InvalidColumns::Foreign)?;
        let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        if !header.starts_with(MAGIC) {
            return Err(InvalidColumns::Foreign);
        }
        if number(8) != FORMAT {
            return Err(InvalidColumns::Format(number(8)));
        }
        let length = u64::from(number(16)) | u64::from(number(20)) << 32;
        if body.len() as u64 != length || crc32fast::hash(body) != number(12) {
            return Err(InvalidColumns::Checksum);
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_take_a_byte_each_are_read_whatever_the_limit() {
        for many in [3, 0xf_fff0, 0x10_0000] {
            let numbers = vec![1_u64; many];
            let bytes = bincode::serde::encode_to_vec(&numbers, standard()).unwrap();
            assert_eq!(decode::<Vec<u64>>(&bytes).unwrap(), numbers);
        }
    }

    #[test]
    fn a_text_longer_than_all_there_is_is_refused_without_its_memory() {
        // A length of eight bytes, and nothing behind it.
        let bytes = [&[253][..], &(u64::MAX / 4).to_le_bytes()].concat();
        assert!(matches!(decode::<String>(&bytes), Err(DecodeError::LimitExceeded)));
    }
}
