//! Families whose chance is a formula: relatives of one line each, or full siblings.
//!
//! A line is what one parent hands down. A relative's allele and the person's on it are copies of one with some chance, so
//! many handings-on apart, and else two drawn ones ([`Line::both`]). Of at most one relative on each line, the chance is a
//! sum over who has which allele from whom of one factor a line, and a factor knows nothing of the other line
//! ([`OnLine`]). Full siblings share both lines: what a parent handed to them and to the person goes back to either of the
//! parent's own two alleles ([`Children`]).
//!
//! The same as going through the parents' genotypes, which is left whatever else there is ([`Household`]), but that no
//! allele is taken together with others.

use super::handing::Handing;
use super::loci::{Locus, Typed};
use super::pedigree::{Chances, Role, Side};
use super::pool::Seen;
use crate::model::DnaModel;

#[cfg(doc)]
use super::pedigree::Household;

/// Siblings that have a formula.
const SIBLINGS: usize = 2;

/// What the person has in common with a relative of one line.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// The chance that both alleles are copies of one.
    shared: f64,
    /// How many handings-on are between the two.
    meioses: usize,
}

/// The chance of a relative's result, with the person's first allele on the line, with the second, and with any.
pub(super) type OnLine = [f64; 3];

/// A person's result at a locus, in one population.
#[derive(Clone, Copy)]
pub(super) struct Person<'a> {
    pub(super) model: &'a DnaModel,
    pub(super) locus: &'a Locus,
    pub(super) population: usize,
    /// How what the population was seen to have is handed down.
    pub(super) handing: &'a Handing,
    pub(super) result: Typed,
}

impl Line {
    /// The line that a parent and a child have in common.
    pub(super) const OF_PARENT: Self = Self { shared: 1.0, meioses: 1 };

    /// The line that a relation has in common with the person; none: it has both.
    const fn of(role: Role) -> Option<Self> {
        let (shared, meioses) = match role {
            Role::Parent(_) | Role::Child => return Some(Self::OF_PARENT),
            Role::HalfSibling(_) | Role::Grandparent(_) => (0.5, 2),
            Role::AuntUncle(_) => (0.5, 3),
            Role::Cousin(_) => (0.25, 4),
            Role::FullSibling => return None,
        };
        Some(Self { shared, meioses })
    }

    /// The chance that the relative has the one allele on the line, and the person the other; none: any.
    fn both(self, handing: &Handing, relatives: Option<usize>, persons: Option<usize>) -> f64 {
        let drawn = share(handing, relatives) * share(handing, persons);
        let (Some(from), Some(to)) = (relatives, persons) else { return drawn };
        let copied = handing.share(from) * handing.becomes(from, to, self.meioses);
        (1.0 - self.shared) * drawn + self.shared * copied
    }

    /// What a relative's result says on the line.
    pub(super) fn tell(self, person: Person<'_>, relative: Typed) -> OnLine {
        person.with_alleles([relative], |handing, result, [relative]| {
            let persons = alleles(result);
            let chance = |persons: Option<usize>| {
                over_ways(relative, person.model.drop_out, |on, off| {
                    [self.both(handing, on, persons), share(handing, off)]
                })
            };
            [Some(persons[0]), Some(persons[1]), None].map(chance)
        })
    }
}

/// The one or two relatives of a family that is typed at a locus, if they are on one line each.
pub(super) fn apart(members: &[(Role, Typed)]) -> Option<[Option<(Line, Typed)>; 2]> {
    let of_line = |at: usize| members.get(at).and_then(|(role, typed)| Some((Line::of(*role)?, *typed)));
    match members {
        [_] => {}
        [one, other] if side(one.0).zip(side(other.0)).is_some_and(|(one, other)| one != other) => {}
        _ => return None,
    }
    Some([Some(of_line(0)?), of_line(1)])
}

impl Person<'_> {
    /// Says something of the person's result and of relatives', by the places of their alleles.
    fn with_alleles<T, const N: usize>(
        self,
        relatives: [Typed; N],
        said: impl FnOnce(&Handing, Seen, [Seen; N]) -> T,
    ) -> T {
        let nothing = Seen::One(0);
        let places = |handing: &Handing| {
            let person = handing.seen(self.result)?;
            let seen = relatives.map(|typed| handing.seen(typed));
            seen.iter().all(Option::is_some).then(|| (person, seen.map(|seen| seen.unwrap_or(nothing))))
        };
        if let Some((person, relatives)) = places(self.handing) {
            return said(self.handing, person, relatives);
        }
        let shown = relatives.into_iter().chain([self.result]);
        let handing = self.handing.showing(self, shown);
        let (person, relatives) = places(&handing).unwrap_or((nothing, [nothing; N]));
        said(&handing, person, relatives)
    }

    /// What is said on a line by nobody.
    fn drawn(self) -> OnLine {
        let share = |allele: u16| self.locus.share(self.population, allele);
        let Typed { first, second } = self.result;
        [share(first), share(if second == 0 { first } else { second }), 1.0]
    }

    /// The chances of what is said on each of the two lines; none: by nobody.
    pub(super) fn chances(self, lines: [Option<OnLine>; 2]) -> Chances {
        let [one, other] = lines.map(|line| line.unwrap_or_else(|| self.drawn()));
        let allele = |choice: Option<usize>| choice.unwrap_or(2);
        let seen = match self.result {
            Typed { second: 0, .. } => Seen::One(0),
            Typed { first, second } => Seen::Two(0, usize::from(first != second)),
        };
        let together = over_ways(seen, self.model.drop_out, |a, b| [one[allele(a)], other[allele(b)]]);
        Chances { family: one[2] * other[2], together }
    }

    /// The likelihood ratio, by the chances of a family's results.
    pub(super) fn ratio(self, chances: Chances) -> f64 {
        if chances.family == 0.0 {
            // Two results of one parent that cannot both be right.
            return 1.0;
        }
        let clean = chances.together / (chances.family * self.chances([None; 2]).together);
        (1.0 - self.model.typing_error) * clean + self.model.typing_error
    }
}

/// The chance of a drawn allele; none: any.
fn share(handing: &Handing, allele: Option<usize>) -> f64 {
    allele.map_or(1.0, |allele| handing.share(allele))
}

/// The places of the alleles of a result; of one that is alone twice.
const fn alleles(seen: Seen) -> [usize; 2] {
    match seen {
        Seen::Two(a, b) => [a, b],
        Seen::One(a) => [a; 2],
    }
}

/// The sum over the ways that somebody came by a result, of each one's weight times what is said of either allele.
fn over_ways(seen: Seen, drop_out: f64, said: impl Fn(Option<usize>, Option<usize>) -> [f64; 2]) -> f64 {
    let way = |weight: f64, a: Option<usize>, b: Option<usize>| {
        let [one, other] = said(a, b);
        weight * one * other
    };
    match seen {
        Seen::Two(a, b) if a == b => way(1.0, Some(a), Some(a)),
        Seen::Two(a, b) => way(1.0, Some(a), Some(b)) + way(1.0, Some(b), Some(a)),
        Seen::One(a) => {
            let one_of_them = way(drop_out, Some(a), None) + way(drop_out, None, Some(a));
            one_of_them + way(1.0 - 2.0 * drop_out, Some(a), Some(a))
        }
    }
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

/// The results of full siblings, if nobody else is typed at a locus and they have a formula.
pub(super) fn siblings(members: &[(Role, Typed)]) -> Option<[Option<Typed>; SIBLINGS]> {
    let all = (1..=SIBLINGS).contains(&members.len()) && members.iter().all(|(role, _)| *role == Role::FullSibling);
    all.then(|| std::array::from_fn(|at| members.get(at).map(|(_, typed)| *typed)))
}

impl Person<'_> {
    /// The chances of the results of full siblings; none: nobody.
    pub(super) fn among_siblings(self, siblings: [Option<Typed>; SIBLINGS]) -> Chances {
        let chances = |handing: &Handing, children: &[Seen]| {
            let children = Children { handing, drop_out: self.model.drop_out, seen: children };
            Chances { family: children.chance(1), together: children.chance(0) }
        };
        match siblings {
            [Some(one), Some(other)] => {
                self.with_alleles([one, other], |handing, person, [one, other]| chances(handing, &[person, one, other]))
            }
            [one, other] => {
                let only = one.or(other).unwrap_or_default();
                self.with_alleles([only], |handing, person, [only]| chances(handing, &[person, only]))
            }
        }
    }
}

/// A couple's children, the person first.
struct Children<'a> {
    handing: &'a Handing,
    drop_out: f64,
    seen: &'a [Seen],
}

/// The ways to come by a result: an allele from each parent by its place, and a weight; those without weight are none.
type Ways = [(f64, [usize; 2]); 3];

impl Children<'_> {
    /// The chance of the results of all children from one on.
    fn chance(&self, from: usize) -> f64 {
        // The parents can change places: of two ways of the first child that differ in that alone, one is gone through.
        let [first, second, third] = [0, 1, 2].map(|at| self.ways(self.seen.get(from + at), at == 0));
        let mut chance = 0.0;
        for (weight, one) in first.iter().filter(|(weight, _)| *weight != 0.0) {
            for (by, two) in second.iter().filter(|(weight, _)| *weight != 0.0) {
                let weight = weight * by;
                for (by, three) in third.iter().filter(|(weight, _)| *weight != 0.0) {
                    let handed = |parent: usize| self.handing.handed_to_all([one[parent], two[parent], three[parent]]);
                    chance += weight * by * handed(0) * handed(1);
                }
            }
        }
        chance
    }

    /// The ways to come by a result, or by none; `mirrored`: one stands for two that differ in the parents' places.
    fn ways(&self, seen: Option<&Seen>, mirrored: bool) -> Ways {
        let (once, any) = (self.drop_out, self.handing.any());
        let none = (0.0, [any; 2]);
        match (seen, mirrored) {
            (None, _) => [(1.0, [any; 2]), none, none],
            (Some(&Seen::Two(a, b)), _) if a == b => [(1.0, [a; 2]), none, none],
            (Some(&Seen::Two(a, b)), true) => [(2.0, [b, a]), none, none],
            (Some(&Seen::Two(a, b)), false) => [(1.0, [a, b]), (1.0, [b, a]), none],
            (Some(&Seen::One(a)), true) => [(2.0 * once, [a, any]), (1.0 - 2.0 * once, [a; 2]), none],
            (Some(&Seen::One(a)), false) => [(once, [a, any]), (once, [any, a]), (1.0 - 2.0 * once, [a; 2])],
        }
    }
}
