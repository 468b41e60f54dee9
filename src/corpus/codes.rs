//! The codes of a column, a row each, as narrow as those of the row's block allow.
//!
//! A match reads every code of every column that the query has, so bytes are time: one where the dictionary has few
//! values or the early ones are the common ones, none where no row of a block has a value.

use super::blocks::{BLOCK, Blocks};
use super::dictionary::UNKNOWN;

/// One code a row.
#[derive(Clone, Default)]
pub(super) struct Codes {
    blocks: Blocks<Block, 1>,
    len: usize,
}

/// The codes of [`BLOCK`] rows.
#[derive(Clone)]
enum Block {
    /// So many rows without a value.
    Unknown(usize),
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    Whole(Vec<u32>),
}

/// The codes of one block of rows.
#[derive(Clone, Copy)]
pub enum CodeBlock<'a> {
    /// No row has a value.
    Unknown,
    /// Codes up to 255.
    Bytes(&'a [u8]),
    /// Codes up to 65,535.
    Words(&'a [u16]),
    /// Any codes.
    Whole(&'a [u32]),
}

impl CodeBlock<'_> {
    /// Bytes that the codes take.
    pub fn bytes(self) -> usize {
        match self {
            Self::Unknown => 0,
            Self::Bytes(codes) => size_of_val(codes),
            Self::Words(codes) => size_of_val(codes),
            Self::Whole(codes) => size_of_val(codes),
        }
    }
}

impl Codes {
    /// The code of a row, unknown where there is no such row.
    pub(super) fn get(&self, row: usize) -> u32 {
        let at = row % BLOCK;
        let code = match self.blocks.get(row / BLOCK) {
            None | Some(Block::Unknown(_)) => None,
            Some(Block::Bytes(codes)) => codes.get(at).copied().map(u32::from),
            Some(Block::Words(codes)) => codes.get(at).copied().map(u32::from),
            Some(Block::Whole(codes)) => codes.get(at).copied(),
        };
        code.unwrap_or(UNKNOWN)
    }

    /// Puts a code at a row, which is one of the rows or the next one.
    pub(super) fn set(&mut self, row: usize, code: u32) {
        if row == self.len {
            if row.is_multiple_of(BLOCK) {
                self.blocks.push(Block::Unknown(0));
            }
            self.len += 1;
        }
        if let Some(block) = self.blocks.get_mut(row / BLOCK) {
            block.set(row % BLOCK, code);
        }
    }

    /// The codes of one block.
    pub(super) fn block(&self, block: usize) -> CodeBlock<'_> {
        match self.blocks.get(block) {
            None | Some(Block::Unknown(_)) => CodeBlock::Unknown,
            Some(Block::Bytes(codes)) => CodeBlock::Bytes(codes),
            Some(Block::Words(codes)) => CodeBlock::Words(codes),
            Some(Block::Whole(codes)) => CodeBlock::Whole(codes),
        }
    }
}

impl FromIterator<u32> for Codes {
    fn from_iter<I: IntoIterator<Item = u32>>(codes: I) -> Self {
        let mut all = Self::default();
        codes.into_iter().enumerate().for_each(|(row, code)| all.set(row, code));
        all
    }
}

impl Block {
    fn set(&mut self, at: usize, code: u32) {
        self.widen(code);
        match self {
            Self::Unknown(rows) => *rows = (*rows).max(at + 1),
            Self::Bytes(codes) => put(codes, at, code as u8),
            Self::Words(codes) => put(codes, at, code as u16),
            Self::Whole(codes) => put(codes, at, code),
        }
    }

    /// Makes room for a code. A block never narrows: its dictionary does not either.
    fn widen(&mut self, code: u32) {
        let wider = match self {
            Self::Unknown(rows) if code != UNKNOWN => Self::Bytes(vec![0; *rows]),
            Self::Bytes(codes) if code > u32::from(u8::MAX) => {
                Self::Words(codes.iter().copied().map(u16::from).collect())
            }
            Self::Words(codes) if code > u32::from(u16::MAX) => {
                Self::Whole(codes.iter().copied().map(u32::from).collect())
            }
            _ => return,
        };
        *self = wider;
        self.widen(code);
    }
}

fn put<C>(codes: &mut Vec<C>, at: usize, code: C) {
    match codes.get_mut(at) {
        Some(there) => *there = code,
        None => {
            codes.reserve_exact(BLOCK - codes.len());
            codes.push(code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_are_those_that_were_set(
            sets in prop::collection::vec((0..3 * BLOCK, prop_oneof![0..3_u32, 250..260_u32, 65_530..65_540_u32]), 1..40),
            rows in 1..3 * BLOCK,
        ) {
            let mut plain = vec![UNKNOWN; rows];
            let mut codes: Codes = plain.iter().copied().collect();
            for (row, code) in sets {
                let row = row.min(plain.len());
                if row == plain.len() { plain.push(code) } else { plain[row] = code }
                codes.set(row, code);
            }
            prop_assert!((0..plain.len() + 2).all(|row| codes.get(row) == plain.get(row).copied().unwrap_or(UNKNOWN)));
            for (block, plain) in plain.chunks(BLOCK).enumerate() {
                let wide: Vec<u32> = match codes.block(block) {
                    CodeBlock::Unknown => vec![UNKNOWN; plain.len()],
                    CodeBlock::Bytes(codes) => codes.iter().copied().map(u32::from).collect(),
                    CodeBlock::Words(codes) => codes.iter().copied().map(u32::from).collect(),
                    CodeBlock::Whole(codes) => codes.to_vec(),
                };
                prop_assert_eq!(wide, plain);
            }
        }
    }
}
