//! One to one: each row gets at most one column, and no column two, so that the gains add up to the most there is.
//!
//! The Hungarian method with potentials (Kuhn 1955, Munkres 1957), in integers: exact, and the same whenever the same
//! table is asked. A pair without a gain is no pair.

use super::MOST;

/// A row and a column that go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attribute) struct Pair {
    pub(in crate::attribute) row: usize,
    pub(in crate::attribute) column: usize,
    /// What it is worth.
    pub(in crate::attribute) value: i32,
    /// What it is worth more than leaving both alone.
    pub(in crate::attribute) gain: i32,
}

/// Collects the pairs with a gain, and chooses among them.
#[derive(Default)]
pub(in crate::attribute) struct Pairing {
    pairs: Vec<Pair>,
    /// Rows and columns that have a pair.
    rows: u16,
    columns: u16,
    /// Whether some row or column has two.
    crossed: bool,
}

impl Pairing {
    /// Offers a pair; without a gain it is none. Rows and columns are below [`MOST`].
    pub(in crate::attribute) fn offer(&mut self, pair: Pair) {
        if pair.gain > 0 {
            let (row, column) = (1 << pair.row, 1 << pair.column);
            self.crossed |= self.rows & row != 0 || self.columns & column != 0;
            self.rows |= row;
            self.columns |= column;
            self.pairs.push(pair);
        }
    }

    /// The pairs that gain most, in the order of rows.
    pub(in crate::attribute) fn best(mut self) -> Vec<Pair> {
        let by_row = |pair: &Pair| (pair.row, pair.column);
        let by_column = |pair: &Pair| (pair.column, pair.row);
        if !self.crossed {
            // Nothing to choose.
        } else if let Some(column_of) = each_its_best(&self.pairs, by_row) {
            self.pairs.retain(|pair| column_of[pair.row] == pair.column);
        } else if let Some(row_of) = each_its_best(&self.pairs, by_column) {
            self.pairs.retain(|pair| row_of[pair.column] == pair.row);
        } else {
            let column_of = self.column_of_each_row();
            self.pairs.retain(|pair| column_of[pair.row] == pair.column);
        }
        self.pairs.sort_unstable_by_key(|pair| pair.row);
        self.pairs
    }

    fn column_of_each_row(&self) -> [usize; MOST] {
        let mut gains = [[0; MOST]; MOST];
        self.pairs.iter().for_each(|pair| gains[pair.row][pair.column] = pair.gain);
        let length = |used: u16| (u16::BITS - used.leading_zeros()) as usize;
        hungarian(length(self.rows).max(length(self.columns)), &gains)
    }
}

/// The partner with which each gains most; none: two are after one, or one has two that are as good. Where each can have its
/// best, no other choice gains as much.
fn each_its_best(pairs: &[Pair], sides: impl Fn(&Pair) -> (usize, usize)) -> Option<[usize; MOST]> {
    let mut most = [0; MOST];
    let mut partner_of = [MOST; MOST];
    let mut tied = 0_u16;
    for pair in pairs {
        let (one, partner) = sides(pair);
        if pair.gain > most[one] {
            (most[one], partner_of[one]) = (pair.gain, partner);
            tied &= !(1 << one);
        } else if pair.gain == most[one] {
            tied |= 1 << one;
        }
    }
    let mut taken = 0_u16;
    for partner in partner_of.into_iter().filter(|partner| *partner < MOST) {
        tied |= taken & 1 << partner;
        taken |= 1 << partner;
    }
    (tied == 0).then_some(partner_of)
}

/// The column of each row of a square table. Rows and columns from 1, as in the usual presentation; column 0 holds the row
/// that looks for one.
fn hungarian(side: usize, gains: &[[i32; MOST]; MOST]) -> [usize; MOST] {
    let mut row_potential = [0_i64; MOST + 1];
    let mut column_potential = [0_i64; MOST + 1];
    let mut row_of = [0_usize; MOST + 1];
    for row in 1..=side {
        row_of[0] = row;
        let mut least = [i64::MAX; MOST + 1];
        let mut used = [false; MOST + 1];
        let mut way = [0_usize; MOST + 1];
        let mut at = 0;
        while row_of[at] != 0 {
            used[at] = true;
            let from = row_of[at];
            let (mut step, mut next) = (i64::MAX, 0);
            for column in (1..=side).filter(|column| !used[*column]) {
                let cost = -i64::from(gains[from - 1][column - 1]) - row_potential[from] - column_potential[column];
                if cost < least[column] {
                    (least[column], way[column]) = (cost, at);
                }
                if least[column] < step {
                    (step, next) = (least[column], column);
                }
            }
            for column in 0..=side {
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
    let mut column_of = [MOST; MOST];
    (1..=side).for_each(|column| column_of[row_of[column] - 1] = column - 1);
    column_of
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

    fn offered(table: &[Vec<i32>]) -> Pairing {
        let mut pairing = Pairing::default();
        for (row, gains) in table.iter().enumerate() {
            for (column, &gain) in gains.iter().enumerate() {
                pairing.offer(Pair { row, column, value: gain, gain });
            }
        }
        pairing
    }

    proptest! {
        #[test]
        fn nothing_pairs_better(rows in 0..6_usize, columns in 0..6_usize, gains in prop::collection::vec(-5..9_i32, 36)) {
            let table: Vec<Vec<i32>> = (0..rows).map(|row| gains[row * columns..][..columns].to_vec()).collect();
            let pairs = offered(&table).best();
            prop_assert_eq!(pairs.iter().map(|pair| pair.gain).sum::<i32>(), naive(&table, 0));
            for (at, pair) in pairs.iter().enumerate() {
                prop_assert!(pair.gain > 0, "no pair without a gain");
                prop_assert!(pairs[..at].iter().all(|other| other.row != pair.row && other.column != pair.column));
            }
        }
    }

    proptest! {
        #[test]
        fn who_can_have_their_best_are_those_whom_the_method_finds(gains in prop::collection::vec(-5..9_i32, 9)) {
            let offered = offered(&gains.chunks(3).map(<[i32]>::to_vec).collect::<Vec<_>>());
            let column_of = offered.column_of_each_row();
            for pair in offered.best() {
                prop_assert_eq!(column_of[pair.row], pair.column);
            }
        }
    }

    #[test]
    fn the_greedy_choice_is_not_the_best() {
        let pairs = offered(&[vec![9, 8], vec![8, 1]]).best();
        assert_eq!(pairs.iter().map(|pair| (pair.row, pair.column)).collect::<Vec<_>>(), [(0, 1), (1, 0)]);
    }
}
