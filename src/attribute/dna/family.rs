//! Relatives of one person together against one person's profile.
//!
//! # How a family is read
//!
//! The schema names the relation, not the side of the family, and not whether half siblings or children have their other
//! parent in common. Every way to read it counts, by how well it explains the relatives' own results:
//!
//! ```text
//! LR = sum over readings r of P(r | relatives) x product over loci of LR(locus | r)
//! ```
//!
//! Of those whose side is open the first four have both sides tried; others are left out. So is whoever is the fifth of a
//! relation or the ninth of all, parents, children and siblings first: they leave little to add. Aunts and uncles are full
//! siblings of a parent, at most two grandparents are on a side, a cousin is the child of a sibling of a parent and of a
//! stranger. Several results for one mother or father are of one woman or man.
//!
//! # One locus
//!
//! `LR = (1 - e) P(person, relatives) / (P(person) P(relatives)) + e`: with the chance e of a typing error the result says
//! nothing, so that no locus costs more than log2 e. Founders are unrelated (theta is 0).

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::lines::{self, Person};
use super::loci::{Loci, Profile, Typed};
use super::pedigree::{Chances, Household, Role, Side};
use super::pool::{Pool, Seen};
use crate::record::Relation;

/// Relatives that are weighed.
pub(super) const RELATIVES: usize = 8;
/// Relatives of one relation that are weighed.
const OF_ONE_RELATION: usize = 4;
/// Relatives whose side of the family is tried both ways.
const OPEN_SIDES: usize = 4;

/// A relative's profile.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Member {
    /// The relation's place in [`Relation::ALL`].
    relation: u8,
    profile: Profile,
}

/// The typed relatives of a person, the nearest first.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Family {
    members: Box<[Member]>,
}

/// What one locus says under one reading of the family.
#[derive(Clone, Copy)]
pub(super) struct AtLocus {
    /// The likelihood ratio.
    pub(super) ratio: f64,
    /// log2 of the chance of the relatives' results; 0 where the family is read in one way only.
    pub(super) family: f64,
}

/// One way to read a family.
pub(super) struct Reading {
    roles: [Option<Role>; RELATIVES],
    halves_share: bool,
    children_share: bool,
    /// Whether the family can be read in other ways too.
    is_one_of_several: bool,
}

impl Member {
    /// What the relative is to the person.
    pub(super) fn relation(&self) -> Relation {
        Relation::ALL[usize::from(self.relation)]
    }

    /// The same, if no other relative says on which side of the family.
    pub(super) fn role(&self) -> Role {
        role(self.relation(), Side::Mother)
    }

    /// The relative's profile.
    pub(super) const fn profile(&self) -> &Profile {
        &self.profile
    }
}

impl Family {
    /// The relatives that are weighed; none: nobody is typed.
    pub(super) fn new(relatives: impl Iterator<Item = (Relation, Profile)>) -> Option<Self> {
        let member = |(relation, profile)| Member { relation: relation as u8, profile };
        let mut members: Vec<Member> = relatives.map(member).collect();
        members.sort_unstable();
        // The same profile again is another sample of one relative, or a twin's, who has nothing to add.
        members.dedup();
        let mut weighed: Vec<Member> = Vec::with_capacity(RELATIVES);
        for member in members {
            let alike = weighed.iter().filter(|other| other.relation == member.relation).count();
            if weighed.len() < RELATIVES && alike < OF_ONE_RELATION {
                weighed.push(member);
            }
        }
        (!weighed.is_empty()).then(|| Self { members: weighed.into() })
    }

    /// Whether it is as [`Self::new`] makes it, from a file.
    pub(super) fn is_sound(&self) -> bool {
        let fits = |member: &Member| usize::from(member.relation) < Relation::ALL.len();
        (1..=RELATIVES).contains(&self.members.len()) && self.members.iter().all(fits)
    }

    /// The relatives.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The one relative, where it is one.
    pub(super) fn only(&self) -> Option<&Member> {
        (self.members.len() == 1).then(|| &self.members[0])
    }

    /// The parents' profiles, where they are all.
    pub(super) fn parents(&self) -> Option<[&Profile; 2]> {
        let [one, other] = &self.members[..] else { return None };
        let are = [one.relation(), other.relation()] == [Relation::Mother, Relation::Father];
        are.then_some([&one.profile, &other.profile])
    }

    /// The profiles of two full siblings of the person, where they are all.
    pub(super) fn two_siblings(&self) -> Option<[&Profile; 2]> {
        let [one, other] = &self.members[..] else { return None };
        let are = [one.relation(), other.relation()] == [Relation::FullSibling; 2];
        are.then_some([&one.profile, &other.profile])
    }

    /// The family without one of its members; none: there are no others.
    pub(super) fn without(&self, at: usize) -> Option<Self> {
        let mut members = self.members.to_vec();
        members.remove(at);
        (!members.is_empty()).then(|| Self { members: members.into() })
    }

    /// The loci at which any relative is typed.
    pub(super) fn loci(&self) -> Loci {
        self.members.iter().fold(0, |loci, member| loci | member.profile.loci())
    }

    /// Every way to read the family.
    pub(super) fn readings(&self) -> Vec<Reading> {
        let count = |of: &dyn Fn(Relation) -> bool| self.members.iter().filter(|member| of(member.relation())).count();
        let open = count(&|relation| role(relation, Side::Mother) != role(relation, Side::Father)).min(OPEN_SIDES);
        // Without parents the two sides can change places: the first relative's side is then the mother's.
        let parents = count(&|relation| matches!(relation, Relation::Mother | Relation::Father));
        let mirrored = usize::from(open > 0 && parents == 0);
        let tried = |together: usize| if together > 1 { &[false, true][..] } else { &[false] };
        let children = tried(count(&|relation| relation == Relation::Child));
        let mut readings = Vec::new();
        for sides in 0..1_u32 << (open - mirrored) {
            let Some(roles) = self.roles(sides << mirrored, open) else { continue };
            let halves = |side| roles.iter().filter(|role| **role == Some(Role::HalfSibling(side))).count();
            let halves = tried(halves(Side::Mother).max(halves(Side::Father)));
            for &halves_share in halves {
                for &children_share in children {
                    readings.push(Reading { roles, halves_share, children_share, is_one_of_several: true });
                }
            }
        }
        if let [only] = &mut readings[..] {
            only.is_one_of_several = false;
        }
        readings
    }

    /// Who is what, if the bits of `sides` say who is on the father's; none: no family has it.
    fn roles(&self, sides: u32, open: usize) -> Option<[Option<Role>; RELATIVES]> {
        let mut roles = [None; RELATIVES];
        let mut at = 0;
        for (slot, member) in roles.iter_mut().zip(&self.members) {
            let (here, there) = (role(member.relation(), Side::Mother), role(member.relation(), Side::Father));
            let fathers = sides >> at & 1 == 1;
            let is_open = here != there;
            *slot = (!is_open || at < open).then_some(if fathers && is_open { there } else { here });
            at += usize::from(is_open);
        }
        let grandparents = |side| roles.iter().filter(|role| **role == Some(Role::Grandparent(side))).count();
        (grandparents(Side::Mother) <= 2 && grandparents(Side::Father) <= 2).then_some(roles)
    }
}

/// What a relation is where its side is the one given; the parents have their own.
const fn role(relation: Relation, side: Side) -> Role {
    match relation {
        Relation::Mother => Role::Parent(Side::Mother),
        Relation::Father => Role::Parent(Side::Father),
        Relation::Child => Role::Child,
        Relation::FullSibling => Role::FullSibling,
        Relation::HalfSibling => Role::HalfSibling(side),
        Relation::Grandparent => Role::Grandparent(side),
        Relation::AuntUncle => Role::AuntUncle(side),
        Relation::Cousin => Role::Cousin(side),
    }
}

impl Reading {
    /// What the locus `at` says of a person and the family; none: either is not typed at it.
    pub(super) fn at_locus(&self, at: usize, person: Person<'_>, family: &Family) -> Option<AtLocus> {
        if !person.result.is_known() {
            return None;
        }
        let typed = family.members.iter().map(|member| member.profile.at(at));
        let roles = self.roles.iter().zip(typed).filter_map(|(role, typed)| Some(((*role)?, typed)));
        let members: SmallVec<[(Role, Typed); RELATIVES]> = roles.filter(|(_, typed)| typed.is_known()).collect();
        if members.is_empty() {
            return None;
        }
        let chances = chances(person, &members, (self.halves_share, self.children_share));
        let family = match chances.family {
            0.0 => person.model.typing_error.log2(),
            family if self.is_one_of_several => family.log2(),
            _ => 0.0,
        };
        Some(AtLocus { ratio: person.ratio(chances), family })
    }
}

/// The chances of the relatives' results at a locus. Whether half siblings, and children, share their other parent.
pub(super) fn chances(
    person: Person<'_>,
    members: &[(Role, Typed)],
    (halves_share, children_share): (bool, bool),
) -> Chances {
    if let Some(lines) = lines::apart(members) {
        return person.chances(lines.map(|line| line.map(|(line, typed)| line.tell(person, typed))));
    }
    if let Some(siblings) = lines::siblings(members) {
        return person.among_siblings(siblings);
    }
    let Person { model, locus, population, result, .. } = person;
    let pool = Pool::new(locus, population, model, members.iter().map(|(_, typed)| *typed).chain([result]));
    let members: SmallVec<[(Role, Seen); RELATIVES]> =
        members.iter().filter_map(|(role, typed)| Some((*role, pool.seen(*typed)?))).collect();
    let household = Household { pool: &pool, members: &members, halves_share, children_share };
    pool.seen(result).map_or(Chances::default(), |person| household.chances(person))
}
