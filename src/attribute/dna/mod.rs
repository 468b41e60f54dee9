//! DNA: the person's own profile, the profiles of relatives, and what is handed down whole.
//!
//! The alternative is always the same: the remains are those of an unrelated person of the same population.
//!
//! - **Own profile on both sides** ([`direct`]): Balding and Nichols with theta 0.01.
//! - **Relatives on one side, an own profile on the other** ([`family`], [`pedigree`]): all relatives at once, by the joint
//!   chance of the family they make. Usually the remains are the person; where the family's record is that of the
//!   remains, the missing person is.
//! - **Locus by locus** whichever of the two both sides allow; an own profile makes relatives superfluous at its loci.
//!   Relatives against relatives are not compared.
//! - **Mitochondrial and Y-chromosomal profiles** ([`lineage`]), the person's own or those of relatives of the line.
//!
//! # What is independent
//!
//! Loci are, and so are the two lines; their logarithms add. A line that the STR evidence implies is not: whoever is a
//! woman's child has her mitochondrial profile, and the alternatives that a large STR ratio leaves are relatives, who have
//! it as well. A line is implied where own profiles are compared, or a relative who may be of that line. Then the larger of
//! the two counts where both speak for the pair, and the lower where both speak against it; only what contradicts adds.
//!
//! # Populations
//!
//! Allele shares are those of the ancestries that either record gives; of several, and of all four where neither gives
//! one or none is in the table, the population in which the pair has the lowest ratio.
//!
//! # Errors
//!
//! One listed allele is a genotype of which one allele was seen. A locus never costs more than a typing error does. What
//! concerns all loci at once - a swapped sample, a father who is not the father - makes relatives tell nothing in one case of
//! a hundred, so that they never cost more than 7 bits; the details tell what they would say without one of them.

mod direct;
mod family;
mod figures;
mod handing;
mod kept;
mod kinship;
mod lineage;
mod lines;
mod loci;
mod memo;
mod mtdna;
mod pedigree;
mod pool;
mod telling;
#[cfg(test)]
mod tests;
mod y_str;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::{About, Attribute, Counts, Evidence, Facing, Scale};
use crate::model::{Bits, DnaModel};
use crate::processor::fetch;
use crate::record::{Kind, Record, Relation, Sex};
use direct::Direct;
use family::Family;
use handing::Handings;
use kinship::Kinship;
use lineage::{Compared, Lineage, Lines};
use loci::{EVERY_POPULATION, Loci, POPULATIONS, Profile, TABLE, each};
use memo::Memo;
use mtdna::Mtdna;
use y_str::YStr;

/// The attribute.
pub struct Dna;

/// What a record has of DNA.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    /// The populations that its ancestries may stand for, a bit each; 0: none is given.
    populations: u8,
    own: Option<Profile>,
    family: Option<Family>,
    /// The loci at which the person is typed, and at which any relative is.
    own_loci: Loci,
    family_loci: Loci,
    mtdna: Option<Lines<Mtdna>>,
    y_str: Option<Lines<YStr>>,
}

/// How often each profile of a line occurs, over all records.
#[derive(Clone, Default)]
pub struct Statistics {
    mtdna: Counts<Mtdna>,
    y_str: Counts<YStr>,
    /// Of the model alone, kept here for all queries.
    handings: Arc<Handings>,
}

/// A query made ready.
pub struct Prepared<'a> {
    model: &'a DnaModel,
    facing: Facing,
    query: &'a Value,
    handings: Arc<Handings>,
    /// What relatives weigh at the least.
    least_kinship: Bits,
    /// The likelihood ratio of own profiles at a locus, by population.
    direct: [OnceLock<Memo<1>>; POPULATIONS],
    of_person: Option<Kinship<'a>>,
    of_family: Option<Kinship<'a>>,
    mtdna: Option<Lineage<'a, Mtdna>>,
    y_str: Option<Lineage<'a, YStr>>,
}

/// What a pair can be compared by, and what that says.
struct Weighed {
    loci: Compare,
    /// The population of the lowest ratio.
    population: usize,
    /// log2 of the likelihood ratios.
    direct: f64,
    kinship: f64,
    mtdna: Option<Compared>,
    y_str: Option<Compared>,
    /// What counts of the lines.
    lines: [f64; 2],
}

/// Which loci are compared, and how.
#[derive(Clone, Copy)]
struct Compare {
    /// The person's own profiles.
    direct: Loci,
    /// The relatives of the earlier record with the later one's own profile.
    ante_family: Loci,
    /// The other way round.
    post_family: Loci,
}

impl Attribute for Dna {
    const ABOUT: About = About {
        name: "dna",
        needs: "the person's own STR profile on one side and the person's or relatives' on the other, or mtDNA or Y-STR of \
                one line on both",
        levels: &[
            ("direct_match", "the person's own profiles agree, but for one locus at most: at least 10 bits"),
            ("kinship", "the relatives, or a line of the family, support it strongly: at least 10 bits"),
            ("supported", "3 to 10 bits for the pair, or more by own profiles that differ at two loci or more"),
            ("inconclusive", "less than 3 bits either way"),
            ("not_supported", "3 to 10 bits against the pair"),
            ("excluded", "at least 10 bits against the pair"),
        ],
        floor: Bits(-40_000),
        cap: Bits(120_000),
        professional: true,
        source: "Balding and Nichols 1994 (theta); National Research Council 1996 (5/2N); NIST 1036 (allele shares); \
                 SWGDAM 2019 and 2022 (mtDNA, Y)",
        reading: 3,
    };
    type Value = Value;
    type Statistics = Statistics;
    type Prepared<'a> = Prepared<'a>;
    type Known = ();

    fn read(record: &Record) -> Option<Value> {
        let dna = record.dna.as_ref()?;
        let typed =
            |relative: &crate::record::Relative| Some((relative.relation, Profile::read(relative.str.as_ref()?)?));
        let ranges = &dna.mtdna_range;
        let of_relatives = dna
            .relatives
            .iter()
            .filter_map(|relative| Some((Some(relative.relation), Mtdna::read(&relative.mtdna, ranges)?)));
        let mtdna = Mtdna::read(&dna.mtdna, ranges).map(|own| (None, own)).into_iter().chain(of_relatives);
        let of_relatives = dna
            .relatives
            .iter()
            .filter_map(|relative| Some((Some(relative.relation), YStr::read(relative.y_str.as_ref()?))));
        let y_str = dna.y_str.as_ref().map(|own| (None, YStr::read(own))).into_iter().chain(of_relatives);
        let own = dna.str.as_ref().and_then(Profile::read);
        let family = Family::new(dna.relatives.iter().filter_map(typed));
        let value = Value {
            populations: record.ancestry.iter().fold(0, |all, &ancestry| all | loci::populations(ancestry)),
            own_loci: own.as_ref().map_or(0, Profile::loci),
            family_loci: family.as_ref().map_or(0, Family::loci),
            own,
            family,
            mtdna: Lines::read(mtdna, |relation| mothers_line(relation, record.sex)),
            y_str: Lines::read(y_str, |relation| fathers_line(relation, record.sex)),
        };
        let something = value.own.is_some() || value.family.is_some() || value.mtdna.is_some() || value.y_str.is_some();
        something.then_some(value)
    }

    fn is_sound(value: &Value) -> bool {
        value.family.as_ref().is_none_or(Family::is_sound)
            && value.mtdna.as_ref().is_none_or(Lines::is_sound)
            && value.y_str.as_ref().is_none_or(Lines::is_sound)
    }

    fn count(statistics: &mut Statistics, _: Kind, value: &Value, by: i64) {
        if let Some(line) = &value.mtdna {
            statistics.mtdna.change(line.surest(), by);
        }
        if let Some(line) = &value.y_str {
            statistics.y_str.change(line.surest(), by);
        }
    }

    fn prepare<'a>(scale: Scale<'a, Statistics>, query: &'a Value) -> Prepared<'a> {
        let (model, statistics) = (&scale.model.dna, scale.statistics);
        let handings = statistics.handings.of(model);
        Prepared {
            model,
            facing: scale.facing,
            query,
            least_kinship: Bits::of_ratio(model.relatives_wrong),
            direct: Default::default(),
            of_person: query.own.as_ref().map(|profile| Kinship::of_person(model, &handings, profile)),
            of_family: query.family.as_ref().map(|family| Kinship::of_family(model, &handings, family)),
            mtdna: query.mtdna.as_ref().map(|line| Lineage::new(model, &statistics.mtdna, line)),
            y_str: query.y_str.as_ref().map(|line| Lineage::new(model, &statistics.y_str, line)),
            handings,
        }
    }

    #[inline(always)]
    fn fetch(candidate: &Value) {
        candidate.family.iter().for_each(|family| fetch(family.members()));
    }

    fn weigh(prepared: &Prepared<'_>, candidate: &Value) -> Bits {
        prepared.weighed(candidate, false).map_or(Bits::ZERO, |weighed| weighed.bits())
    }

    fn explain(prepared: &Prepared<'_>, candidate: &Value) -> Option<Evidence> {
        prepared.weighed(candidate, true).map(|weighed| telling::tell(prepared, candidate, &weighed))
    }
}

/// Of four chances, how many that a relative has the person's mitochondrial profile.
const fn mothers_line(relation: Relation, sex: Option<Sex>) -> u8 {
    match (relation, sex) {
        (Relation::Mother | Relation::FullSibling, _) | (Relation::Child, Some(Sex::Female)) => 4,
        (Relation::HalfSibling | Relation::AuntUncle, _) | (Relation::Child, None | Some(Sex::Intersex)) => 2,
        (Relation::Grandparent | Relation::Cousin, _) => 1,
        (Relation::Father, _) | (Relation::Child, Some(Sex::Male)) => 0,
    }
}

/// Of four chances, how many that a relative who has a Y-chromosome has that of the person.
const fn fathers_line(relation: Relation, sex: Option<Sex>) -> u8 {
    match (relation, sex) {
        (_, Some(Sex::Female)) | (Relation::Mother, _) => 0,
        (Relation::Father | Relation::FullSibling, _) | (Relation::Child, Some(Sex::Male)) => 4,
        (Relation::HalfSibling | Relation::AuntUncle | Relation::Grandparent, _) | (Relation::Child, _) => 2,
        (Relation::Cousin, _) => 1,
    }
}

impl Prepared<'_> {
    /// Weighs a pair. `told`: not only its bits are asked for.
    fn weighed(&self, candidate: &Value, told: bool) -> Option<Weighed> {
        let (ante, post) = self.facing.ante_post(self.query, candidate);
        let loci = Compare::new(ante, post);
        let mtdna = self.mtdna.as_ref().zip(candidate.mtdna.as_ref()).and_then(|(line, other)| line.compare(other));
        let y_str = self.y_str.as_ref().zip(candidate.y_str.as_ref()).and_then(|(line, other)| line.compare(other));
        if loci.is_empty() && mtdna.is_none() && y_str.is_none() {
            return None;
        }
        // Relatives alone cannot say less than their least: then the other populations need not be weighed.
        let relatives_alone = loci.direct == 0 && mtdna.is_none() && y_str.is_none();
        let enough = (relatives_alone && !told).then_some(self.least_kinship);
        let (population, direct, kinship) = self.least_favourable(candidate, loci, enough);
        let implied = implied(ante, post, loci);
        let bits = |compared: Option<Compared>| compared.map_or(0.0, |compared| compared.bits);
        let lines = independent(direct + kinship, [bits(mtdna), bits(y_str)], implied);
        Some(Weighed { loci, population, direct, kinship, mtdna, y_str, lines })
    }

    /// The population in which the pair weighs least, and what own profiles and relatives weigh in it; or the first in which
    /// relatives weigh no more than `enough`.
    fn least_favourable(&self, candidate: &Value, loci: Compare, enough: Option<Bits>) -> (usize, f64, f64) {
        let given = self.query.populations | candidate.populations;
        let possible = if given == 0 { EVERY_POPULATION } else { given };
        let mut least: Option<(usize, f64, f64)> = None;
        for population in (0..POPULATIONS).filter(|population| possible >> population & 1 == 1) {
            let (direct, kinship) =
                (self.direct(candidate, population, loci), self.kinship(candidate, population, loci));
            if least.is_none_or(|least| direct + kinship < least.1 + least.2) {
                least = Some((population, direct, kinship));
            }
            if enough.is_some_and(|enough| Bits::from_f64(kinship) <= enough) {
                break;
            }
        }
        least.unwrap_or((0, 0.0, 0.0))
    }

    fn direct(&self, candidate: &Value, population: usize, loci: Compare) -> f64 {
        let (ante, post) = self.facing.ante_post(self.query, candidate);
        let (Some(ante), Some(post), Some(theirs)) = (&ante.own, &post.own, &candidate.own) else { return 0.0 };
        let at_locus = |at: usize| {
            let direct = Direct { locus: &TABLE[at], population, model: self.model };
            let clean = direct.ratio(ante.at(at), post.at(at));
            (1.0 - self.model.typing_error) * clean + self.model.typing_error
        };
        let memo = self.direct[population].get_or_init(Memo::new);
        each(loci.direct).map(|at| memo.get(theirs, at, || [at_locus(at)])[0]).product::<f64>().log2()
    }

    fn kinship(&self, candidate: &Value, population: usize, loci: Compare) -> f64 {
        let (of_family, of_person) = if self.facing.query_is_post() {
            (loci.post_family, loci.ante_family)
        } else {
            (loci.ante_family, loci.post_family)
        };
        let family = self.of_family.as_ref().zip(candidate.own.as_ref()).filter(|_| of_family != 0);
        let family = family.map_or(0.0, |(query, person)| query.against_person(population, person, of_family));
        let person = self.of_person.as_ref().zip(candidate.family.as_ref()).filter(|_| of_person != 0);
        let person = person.map_or(0.0, |(query, family)| query.against_family(population, family, of_person));
        if of_family | of_person == 0 {
            return 0.0;
        }
        // Whoever is not the relative that the record says tells nothing of the person.
        let wrong = self.model.relatives_wrong;
        ((1.0 - wrong) * (family + person).exp2() + wrong).log2()
    }
}

impl Compare {
    const fn new(ante: &Value, post: &Value) -> Self {
        let direct = ante.own_loci & post.own_loci;
        let ante_family = post.own_loci & ante.family_loci & !direct;
        let post_family = ante.own_loci & post.family_loci & !(direct | ante_family);
        Self { direct, ante_family, post_family }
    }

    const fn is_empty(self) -> bool {
        self.direct | self.ante_family | self.post_family == 0
    }
}

/// Whether what is compared locus by locus implies the mother's line, and the father's.
fn implied(ante: &Value, post: &Value, loci: Compare) -> [bool; 2] {
    let families = [(ante, loci.ante_family), (post, loci.post_family)];
    let families = families.into_iter().filter(|(_, loci)| *loci != 0).filter_map(|(value, _)| value.family.as_ref());
    let lines: [fn(Relation, Option<Sex>) -> u8; 2] = [mothers_line, fathers_line];
    lines.map(|line| {
        let of_line = |family: &Family| family.members().iter().any(|member| line(member.relation(), None) > 0);
        loci.direct != 0 || families.clone().any(of_line)
    })
}

/// What each line adds to the bits of loci: of what is implied, only what goes beyond them or contradicts them.
fn independent(loci: f64, lines: [f64; 2], implied: [bool; 2]) -> [f64; 2] {
    let mut left = loci;
    std::array::from_fn(|at| {
        let line = lines[at];
        if !implied[at] || line * left <= 0.0 {
            return line;
        }
        let counted = if line > 0.0 { line.min(left) } else { line.max(left) };
        left -= counted;
        line - counted
    })
}

impl Weighed {
    /// Name, bits and whether it was compared, of each part. What exceeds floor or cap is taken from the first.
    fn parts(&self) -> [(&'static str, Bits, bool); 4] {
        let mut parts = [
            ("str", self.direct, self.loci.direct != 0),
            ("kinship", self.kinship, self.loci.ante_family | self.loci.post_family != 0),
            ("mtdna", self.lines[0], self.mtdna.is_some()),
            ("y_str", self.lines[1], self.y_str.is_some()),
        ]
        .map(|(name, bits, there)| (name, if there { Bits::from_f64(bits) } else { Bits::ZERO }, there));
        let sum: Bits = parts.iter().map(|(_, bits, _)| *bits).sum();
        let over = sum.within(Dna::ABOUT.floor, Dna::ABOUT.cap).0 - sum.0;
        if let Some((_, bits, _)) = parts.iter_mut().find(|(_, _, there)| *there) {
            *bits += Bits(over);
        }
        parts
    }

    fn bits(&self) -> Bits {
        self.parts().into_iter().map(|(_, bits, _)| bits).sum()
    }
}
