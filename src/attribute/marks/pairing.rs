//! One to one: each row gets at most one column, and no column two, so that the gains add up to the most there is.
//!
//! The Hungarian method with potentials (Kuhn 1955, Munkres 1957), in integers: exact, and the same whenever the same
//! table is asked. A pair without a gain is no pair.

use super::MOST;

/// The column of each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attribute) struct Pairs {
    column: [u8; MOST],
}

const NONE: u8 = u8::MAX;

impl Pairs {
    const EMPTY: Self = Self { column: [NONE; MOST] };

    /// Row and column of every pair.
    pub(in crate::attribute) fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        let rows = self.column.iter().enumerate().filter(|(_, column)| **column != NONE);
        rows.map(|(row, column)| (row, usize::from(*column)))
    }
}

/// Pairs rows and columns; `gains` row by row, at most [`MOST`] of either.
pub(in crate::attribute) fn assign(gains: &[i32], rows: usize, columns: usize) -> Pairs {
    alone(gains, columns).unwrap_or_else(|| {
        if rows <= columns {
            hungarian(rows, columns, |row, column| gains[row * columns + column].max(0))
        } else {
            let mut pairs = Pairs::EMPTY;
            let turned = hungarian(columns, rows, |column, row| gains[row * columns + column].max(0));
            turned.iter().for_each(|(column, row)| pairs.column[row] = column as u8);
            pairs
        }
    })
}

/// The pairs with a gain, if no row and no column has two of them: nearly always.
fn alone(gains: &[i32], columns: usize) -> Option<Pairs> {
    let mut pairs = Pairs::EMPTY;
    let mut taken = 0_u16;
    for (row, gains) in gains.chunks(columns.max(1)).enumerate() {
        for (column, _) in gains.iter().enumerate().filter(|(_, gain)| **gain > 0) {
            if pairs.column[row] != NONE || taken & 1 << column != 0 {
                return None;
            }
            pairs.column[row] = column as u8;
            taken |= 1 << column;
        }
    }
    Some(pairs)
}

/// Rows and columns from 1, as in the usual presentation; column 0 holds the row that looks for one.
fn hungarian(rows: usize, columns: usize, gain: impl Fn(usize, usize) -> i32) -> Pairs {
    let mut row_potential = [0_i64; MOST + 1];
    let mut column_potential = [0_i64; MOST + 1];
    let mut row_of = [0_usize; MOST + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut least = [i64::MAX; MOST + 1];
        let mut used = [false; MOST + 1];
        let mut way = [0_usize; MOST + 1];
        let mut at = 0;
        while row_of[at] != 0 {
            used[at] = true;
            let from = row_of[at];
            let (mut step, mut next) = (i64::MAX, 0);
            for column in (1..=columns).filter(|column| !used[*column]) {
                let cost = -i64::from(gain(from - 1, column - 1)) - row_potential[from] - column_potential[column];
                if cost < least[column] {
                    (least[column], way[column]) = (cost, at);
                }
                if least[column] < step {
                    (step, next) = (least[column], column);
                }
            }
            for column in 0..=columns {
                if used[column] {
                    row_potential[row_of[column]] += step;
                    column_potential[column] -= step;
                } else if column > 0 {
                    least[column] -= step;
                }
            }
            at = next;
        }
        while at != 0 {
            row_of[at] = row_of[way[at]];
            at = way[at];
        }
    }
    let mut pairs = Pairs::EMPTY;
    for column in (1..=columns).filter(|column| row_of[*column] != 0 && gain(row_of[*column] - 1, column - 1) > 0) {
        pairs.column[row_of[column] - 1] = column as u8 - 1;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The most there is, by trying everything.
    fn naive(gains: &[Vec<i32>], taken: u32) -> i32 {
        let Some((first, rest)) = gains.split_first() else { return 0 };
        let free = first.iter().enumerate().filter(|(column, _)| taken & 1 << column == 0);
        let with = free.map(|(column, gain)| gain + naive(rest, taken | 1 << column));
        with.max().unwrap_or(0).max(naive(rest, taken))
    }

    proptest! {
        #[test]
        fn nothing_pairs_better(rows in 0..6_usize, columns in 0..6_usize, gains in prop::collection::vec(-5..9_i32, 36)) {
            let table: Vec<Vec<i32>> = (0..rows).map(|row| gains[row * columns..][..columns].to_vec()).collect();
            let flat: Vec<i32> = table.concat();
            let pairs = assign(&flat, rows, columns);
            let sum: i32 = pairs.iter().map(|(row, column)| table[row][column]).sum();
            prop_assert_eq!(sum, naive(&table, 0));
            let mut of: Vec<usize> = pairs.iter().map(|(_, column)| column).collect();
            of.sort_unstable();
            prop_assert!(of.windows(2).all(|two| two[0] != two[1]), "no column twice");
            prop_assert!(pairs.iter().all(|(row, column)| table[row][column] > 0), "no pair without a gain");
        }
    }

    #[test]
    fn the_greedy_choice_is_not_the_best() {
        let pairs = assign(&[9, 8, 8, 1], 2, 2);
        assert_eq!(pairs.iter().collect::<Vec<_>>(), [(0, 1), (1, 0)]);
    }
}
