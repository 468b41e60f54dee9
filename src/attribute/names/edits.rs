//! Slips of the pen between two short names, without allocating.

/// Letters that are looked at: longer names are compared by their beginnings.
const LENGTH: usize = 40;

/// Letters left out, put in, changed or swapped with their neighbour (optimal string alignment), up to `most`.
pub(super) fn edits(a: &[u8], b: &[u8], most: usize) -> Option<usize> {
    let [a, b] = [a, b].map(|name| &name[..name.len().min(LENGTH)]);
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut rows = [[0_u8; LENGTH + 1]; 3];
    rows[0].iter_mut().enumerate().for_each(|(at, cell)| *cell = at as u8);
    for i in 1..=a.len() {
        let [row, above, second] = [i % 3, (i + 2) % 3, (i + 1) % 3];
        rows[row][0] = i as u8;
        let mut least = i as u8;
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut cost = (rows[above][j - 1] + u8::from(!same)).min(rows[above][j] + 1).min(rows[row][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(rows[second][j - 2] + 1);
            }
            rows[row][j] = cost;
            least = least.min(cost);
        }
        // A swap may still save one over the row.
        if usize::from(least) > most + 1 {
            return None;
        }
    }
    let found = usize::from(rows[a.len() % 3][b.len()]);
    (found <= most).then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_optimal_string_alignment(a in "[abc]{0,8}", b in "[abc]{0,8}", most in 0..9_usize) {
            let expected = strsim::osa_distance(&a, &b);
            prop_assert_eq!(edits(a.as_bytes(), b.as_bytes(), most), (expected <= most).then_some(expected));
        }
    }
}
