//! Families whose chance is a formula: relatives of one line each, or full siblings.
//!
//! A line is what one parent hands down. A relative's allele and the person's on it are copies of one with some chance, so
//! many handings-on apart, and else two drawn ones ([`Line::both`]). Of at most one relative on each line, the chance is a
//! sum over who has which allele from whom of one factor a line. Full siblings share both lines: what a parent handed to
//! them and to the person goes back to either of the parent's own two alleles ([`handed_to_all`]).
//!
//! The same as going through the parents' genotypes, which is left whatever else there is ([`Household::chances`]).

use std::cmp::Ordering;

use super::pedigree::{Chances, Household, Role, Side};
use super::pool::{Pool, Seen, Way};

/// Siblings that have a formula.
const SIBLINGS: usize = 2;

/// What the person has in common with a relative of one line.
#[derive(Clone, Copy)]
struct Line {
    /// The chance that both alleles are copies of one.
    shared: f64,
    /// How many handings-on are between the two.
    meioses: u32,
}

impl Line {
    /// The line that a relation has in common with the person; none: it has both.
    const fn of(role: Role) -> Option<Self> {
        let (shared, meioses) = match role {
            Role::Parent(_) | Role::Child => (1.0, 1),
            Role::HalfSibling(_) | Role::Grandparent(_) => (0.5, 2),
            Role::AuntUncle(_) => (0.5, 3),
            Role::Cousin(_) => (0.25, 4),
            Role::FullSibling => return None,
        };
        Some(Self { shared, meioses })
    }

    /// The chance that the relative has the one allele on the line, and the person the other; none: any.
    fn both(self, pool: &Pool, relatives: Option<usize>, persons: Option<usize>) -> f64 {
        let drawn = share(pool, relatives) * share(pool, persons);
        let (Some(from), Some(to)) = (relatives, persons) else { return drawn };
        let copied = pool.share(from) * pool.becomes(from, to, self.meioses);
        (1.0 - self.shared) * drawn + self.shared * copied
    }

    /// The chance of the relative's result and of the person's allele on the line.
    fn chance(self, pool: &Pool, relative: Seen, persons: Option<usize>) -> f64 {
        let chance = |way: Way| way.weight * self.both(pool, way.of[0], persons) * share(pool, way.of[1]);
        pool.ways(relative).into_iter().filter(|way| way.weight != 0.0).map(chance).sum()
    }
}

/// The chances of a family's results; none: it has no formula.
pub(super) fn chances(household: &Household<'_>, person: Seen) -> Option<Chances> {
    let (pool, members) = (household.pool, household.members);
    if members.iter().all(|(role, _)| *role == Role::FullSibling) {
        return siblings(pool, members, person);
    }
    match members {
        [_] => {}
        [one, other] if side(one.0).zip(side(other.0)).is_some_and(|(one, other)| one != other) => {}
        _ => return None,
    }
    let of_line = |at: usize| members.get(at).and_then(|(role, seen)| Some((Line::of(*role)?, *seen)));
    let lines = [of_line(0), of_line(1)];
    let chance = |at: usize, allele| match lines[at] {
        None => share(pool, allele),
        Some((line, seen)) => line.chance(pool, seen, allele),
    };
    let ways = pool.ways(person).into_iter().filter(|way| way.weight != 0.0);
    let together = ways.map(|way| way.weight * chance(0, way.of[0]) * chance(1, way.of[1])).sum();
    Some(Chances { family: chance(0, None) * chance(1, None), together })
}

/// The one side of the family that a relative is on.
const fn side(role: Role) -> Option<Side> {
    match role {
        Role::Parent(side)
        | Role::HalfSibling(side)
        | Role::Grandparent(side)
        | Role::AuntUncle(side)
        | Role::Cousin(side) => Some(side),
        Role::FullSibling | Role::Child => None,
    }
}

fn share(pool: &Pool, allele: Option<usize>) -> f64 {
    allele.map_or(1.0, |allele| pool.share(allele))
}

/// The chances of the results of a couple's children; none: there are too many.
fn siblings(pool: &Pool, members: &[(Role, Seen)], person: Seen) -> Option<Chances> {
    let mut children = [person; SIBLINGS + 1];
    for (child, (_, seen)) in children[1..].iter_mut().zip(members) {
        *child = *seen;
    }
    let chance = |children: &[Seen]| {
        let (first, others) = children.split_first()?;
        // The parents can change places: of two ways of the first child that differ in that alone, one is gone through.
        let ways = pool.ways(*first).map(|way| match way.of[0].cmp(&way.of[1]) {
            Ordering::Less => Way { weight: 0.0, ..way },
            Ordering::Equal => way,
            Ordering::Greater => Way { weight: 2.0 * way.weight, ..way },
        });
        Some(by_each(pool, ways, [Handed::default(); 2], others))
    };
    let all = children.get(..=members.len())?;
    Some(Chances { family: chance(&all[1..])?, together: chance(all)? })
}

/// What a parent handed to its children, where it is known.
#[derive(Clone, Copy, Default)]
struct Handed {
    alleles: [usize; SIBLINGS + 1],
    count: usize,
}

impl Handed {
    fn and(mut self, allele: Option<usize>) -> Self {
        if let Some(allele) = allele {
            self.alleles[self.count] = allele;
            self.count += 1;
        }
        self
    }
}

/// The sum over the ways of one child, and of each that follows.
fn by_each(pool: &Pool, ways: [Way; 3], handed: [Handed; 2], others: &[Seen]) -> f64 {
    let chance = |way: Way| {
        let [mother, father] = handed;
        let handed = [mother.and(way.of[0]), father.and(way.of[1])];
        match others.split_first() {
            Some((next, others)) => by_each(pool, pool.ways(*next), handed, others),
            None => handed_to_all(pool, &handed[0]) * handed_to_all(pool, &handed[1]),
        }
    };
    ways.into_iter().filter(|way| way.weight != 0.0).map(|way| way.weight * chance(way)).sum()
}

/// The chance that a parent of whom nothing else is known hands down all of these: each is a copy of either of two drawn.
fn handed_to_all(pool: &Pool, handed: &Handed) -> f64 {
    let [a, b, c] = handed.alleles;
    let (share, two) = (|allele| pool.share(allele), |a, b| pool.copies([a, b]));
    match handed.count {
        0 => 1.0,
        1 => share(a),
        2 => 0.5 * (share(a) * share(b) + two(a, b)),
        _ => 0.25 * (share(a) * two(b, c) + share(b) * two(a, c) + share(c) * two(a, b) + pool.copies([a, b, c])),
    }
}
