//! The columns' file: a snapshot in bytes, so that a restart does not read every record again.
//!
//! ```text
//! magic "XMCOLS\r\n" · format u32 · crc32 of the rest u32 · length of the rest u64 · the rest
//! ```
//! All little-endian. The rest is bincode: the number of the last write, then a part (its length, and its bytes) with the
//! rows of each side, then each attribute's name, reading and part. A file of another format, of other attributes or
//! readings, or with a wrong checksum is refused by name; it is a cache, and is made again from the records. The parts of
//! attributes are encoded and decoded in parallel, a value at a time.

use bincode::config::standard;
use bincode::error::{DecodeError, EncodeError};
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{CorpusWriter, Row, Snapshot};
use crate::attribute::{About, Left};
use crate::record::{Kind, Reference};

const MAGIC: &[u8; 8] = b"XMCOLS\r\n";
const FORMAT: u32 = 4;
const HEADER: usize = 8 + 4 + 4 + 8;

/// A row: reference, whether verified, and what is left of the person.
type SavedRow = (Reference, bool, Left);

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
    Encode(#[from] EncodeError),
}

/// Bytes that are decoded from front to back.
#[derive(Clone, Copy)]
pub(super) struct Saved<'a>(&'a [u8]);

impl<'a> Saved<'a> {
    /// The next value.
    ///
    /// A text whose length is more than all there is must not get the memory that it asks for. Bincode's limit is a constant
    /// and counts a number by its size in memory, at most eight times what it takes.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<T, DecodeError> {
        use bincode::serde::decode_from_slice as read;
        let (value, taken) = match self.0.len() {
            0..0x10_0000 => read(self.0, standard().with_limit::<0x80_0000>()),
            0x10_0000..0x800_0000 => read(self.0, standard().with_limit::<0x4000_0000>()),
            _ => read(self.0, standard().with_limit::<0x100_0000_0000>()),
        }?;
        self.0 = self.0.get(taken..).unwrap_or_default();
        Ok(value)
    }

    /// The number of the values that follow: each takes a byte at least.
    pub(super) fn count(&mut self) -> Result<usize, DecodeError> {
        let count: u64 = self.next()?;
        let additional = (count as usize).saturating_sub(self.0.len());
        if additional > 0 { Err(DecodeError::UnexpectedEnd { additional }) } else { Ok(count as usize) }
    }

    /// Nothing follows.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::Other("there is more than was said")) }
    }

    /// The next part.
    fn part(&mut self) -> Result<Self, DecodeError> {
        let length = self.count()?;
        let (part, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(Self(part))
    }
}

/// Appends a value.
pub(super) fn save<T: Serialize>(bytes: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    bincode::serde::encode_into_std_write(value, bytes, standard()).map(drop)
}

/// Appends values and their number.
pub(super) fn save_all<T: Serialize>(
    bytes: &mut Vec<u8>,
    mut values: impl ExactSizeIterator<Item = T>,
) -> Result<(), EncodeError> {
    save(bytes, &(values.len() as u64))?;
    values.try_for_each(|value| save(bytes, &value))
}

/// The bytes of a columns' file.
pub struct ColumnsFile;

impl ColumnsFile {
    /// Encodes a snapshot, in pieces one behind the other. Free rows are left out.
    pub fn encode(snapshot: &Snapshot) -> Result<Vec<Vec<u8>>, InvalidColumns> {
        let live = |side: Kind| -> Vec<u32> {
            let rows = snapshot.rows(side).iter().zip(0..);
            rows.filter(|(row, _)| row.reference.is_some()).map(|(_, at)| at).collect()
        };
        let live: Vec<Vec<u32>> = Kind::ALL.iter().map(|&side| live(side)).collect();
        let rows = |side: Kind| {
            let mut bytes = Vec::new();
            let rows = live[side as usize].iter().map(|at| {
                let row = snapshot.rows(side).get(*at as usize);
                row.and_then(|row| Some((row.reference.as_ref()?, row.verified, row.left)))
            });
            save_all(&mut bytes, rows.flatten().collect::<Vec<_>>().into_iter())?;
            Ok(bytes)
        };
        let columns = snapshot.columns.par_iter().map(|columns| columns.save([&live[0], &live[1], &live[2]]));
        let columns = columns.collect::<Result<Vec<_>, EncodeError>>()?;

        let mut pieces = vec![Vec::new(), Vec::new()];
        save(&mut pieces[1], &snapshot.sequence)?;
        let mut part = |name: Option<&About>, bytes: Vec<u8>| {
            let mut before = Vec::new();
            if let Some(about) = name {
                save(&mut before, &(about.name, about.reading))?;
            }
            save(&mut before, &(bytes.len() as u64))?;
            pieces.extend([before, bytes]);
            Ok::<_, EncodeError>(())
        };
        Kind::ALL.iter().try_for_each(|&side| part(None, rows(side)?))?;
        snapshot.columns.iter().zip(columns).try_for_each(|(columns, bytes)| part(Some(columns.about()), bytes))?;
        pieces[0] = Self::header(&pieces).to_vec();
        Ok(pieces)
    }

    /// What stands before a file's pieces.
    fn header(pieces: &[impl AsRef<[u8]>]) -> [u8; HEADER] {
        let mut checksum = crc32fast::Hasher::new();
        let mut length = 0;
        for piece in pieces {
            checksum.update(piece.as_ref());
            length += piece.as_ref().len();
        }
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        header[12..16].copy_from_slice(&checksum.finalize().to_le_bytes());
        header[16..].copy_from_slice(&(length as u64).to_le_bytes());
        header
    }

    /// Puts the header before a body, whatever it holds.
    pub fn framed(body: &[u8]) -> Vec<u8> {
        [&Self::header(&[body]), body].concat()
    }

    /// Decodes a writer, and the number of the last write that is in it.
    pub fn decode(bytes: &[u8]) -> Result<(CorpusWriter, u64), InvalidColumns> {
        let mut saved = Saved(Self::body(bytes)?);
        let sequence = saved.next()?;
        let mut rows = [saved.part()?, saved.part()?, saved.part()?];
        let counts = [rows[0].count()?, rows[1].count()?, rows[2].count()?];
        let mut writer = CorpusWriter::default();
        let mut parts = Vec::new();
        for columns in &writer.columns {
            let about = columns.snapshot().about();
            if saved.0.is_empty() {
                return Err(InvalidColumns::Attributes);
            }
            let (attribute, reading): (String, u32) = saved.next()?;
            if (about.name, about.reading) != (&attribute, reading) {
                return Err(InvalidColumns::Attributes);
            }
            parts.push(saved.part()?);
        }
        if !saved.0.is_empty() {
            return Err(InvalidColumns::Attributes);
        }
        let mut places = CorpusWriter::default();
        let fill = || {
            Kind::ALL.iter().zip(rows).zip(counts).try_for_each(|((&kind, mut rows), count)| {
                for at in 0..count as u32 {
                    let (reference, verified, left): SavedRow = rows.next()?;
                    places.fill(kind, at, Row { reference: Some(reference), verified, left });
                }
                rows.end()
            })
        };
        let load = || {
            writer
                .columns
                .par_iter_mut()
                .zip(parts)
                .with_max_len(1)
                .try_for_each(|(columns, part)| columns.load(part, counts))
        };
        let (filled, loaded) = rayon::join(fill, load);
        filled.and(loaded)?;
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
    fn a_text_longer_than_a_value_can_be_is_refused_without_its_memory() {
        // A length of eight bytes, and nothing behind it.
        let bytes = [&[253][..], &(u64::MAX / 4).to_le_bytes()].concat();
        assert!(matches!(Saved(&bytes).next::<String>(), Err(DecodeError::LimitExceeded)));
        assert!(matches!(Saved(&bytes).count(), Err(DecodeError::UnexpectedEnd { .. })));
    }
}
