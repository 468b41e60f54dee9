//! A person's genotype and family: alleles drawn from a population, handed down by Mendel's rules.

use std::sync::LazyLock;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::dice::Dice;
use super::tables::{Weighted, lines};
use crate::record::{Ancestry, Relation};

/// The CODIS core loci.
const LOCI: usize = 20;
/// Chance that an allele changes by one repeat when it is handed down.
const MUTATION: f64 = 0.002;
/// The populations of the frequency table, in its order.
const POPULATIONS: [&str; 4] = ["Cauc", "AfAm", "Hisp", "Asian"];

/// Both alleles at each locus, in tenths of a repeat.
pub(super) type Genotype = [[u16; 2]; LOCI];

/// Alleles by locus, as a laboratory reports them.
pub(super) struct Profile(Vec<(&'static str, Vec<u16>)>);

impl Profile {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (locus, alleles) in &self.0 {
            let texts: Vec<String> = alleles.iter().map(|&allele| allele_text(allele)).collect();
            map.serialize_entry(locus, &texts)?;
        }
        map.end()
    }
}

fn allele_text(tenths: u16) -> String {
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

/// A locus of the table: its name and how often each allele was seen in one population.
struct Locus {
    population: &'static str,
    name: &'static str,
    alleles: Weighted<u16>,
}

/// Population by population, each with its 20 core loci in one order; the table's other loci are left out.
static STR_ALLELES: LazyLock<Vec<Locus>> = LazyLock::new(|| {
    let all: Vec<&str> = lines(include_str!("../attribute/data/str_alleles.txt")).collect();
    let core = all.chunks(all.len() / POPULATIONS.len()).flat_map(|population| &population[..LOCI]);
    core.filter_map(|line| locus(line)).collect()
});

fn locus(line: &'static str) -> Option<Locus> {
    let mut words = line.split(' ');
    let (population, name) = (words.next()?, words.next()?);
    let allele = |entry: &str| {
        let (allele, times) = entry.split_once(':')?;
        let (whole, tenth) = allele.split_once('.').unwrap_or((allele, "0"));
        Some((whole.parse::<u16>().ok()? * 10 + tenth.parse::<u16>().ok()?, times.parse().ok()?))
    };
    Some(Locus { population, name, alleles: Weighted::new(words.filter_map(allele)) })
}

/// A mitochondrial lineage of the table: its differences, by population.
static LINEAGES: LazyLock<Vec<Weighted<Vec<&'static str>>>> = LazyLock::new(|| {
    let of = |population: &'static str| {
        lines(include_str!("data/mtdna.txt")).filter_map(move |line| {
            let (share, differences) = line.strip_prefix(population)?.trim_start().split_once(' ')?;
            Some((differences.split(' ').collect::<Vec<_>>(), share.parse().ok()?))
        })
    };
    POPULATIONS.iter().map(|population| Weighted::new(of(population))).collect()
});

/// Differences that single families have beyond their lineage.
const PRIVATE: [&str; 16] = [
    "16051G", "16093C", "16145A", "16168T", "16213A", "16234T", "16261T", "16291T", "16355T", "93G", "131C", "143A",
    "151T", "198T", "207A", "228T",
];

/// Y-chromosome loci and a common allele of each, in tenths.
const Y_LOCI: [(&str, u16); 15] = [
    ("DYS19", 140),
    ("DYS389I", 130),
    ("DYS389II", 290),
    ("DYS390", 240),
    ("DYS391", 110),
    ("DYS392", 130),
    ("DYS393", 130),
    ("DYS437", 150),
    ("DYS438", 120),
    ("DYS439", 120),
    ("DYS448", 190),
    ("DYS456", 160),
    ("DYS458", 170),
    ("DYS635", 230),
    ("YGATAH4", 120),
];

/// The person and those relatives who may give a sample.
pub(super) struct Family {
    pub(super) person: Genotype,
    pub(super) mother: Genotype,
    pub(super) father: Genotype,
    grandmother: Genotype,
    aunt: Genotype,
    siblings: [Genotype; 2],
    half_sibling: Genotype,
    child: Genotype,
    cousin: Genotype,
    mtdna: Vec<&'static str>,
    y: [u16; Y_LOCI.len()],
}

impl Family {
    /// Three generations of one population.
    pub(super) fn new(dice: &mut Dice, ancestry: Ancestry) -> Self {
        let population = population(ancestry);
        let mut founder = || founder(dice, population);
        let (grandmother, grandfather) = (founder(), founder());
        let (father, stepfather, partner, uncle) = (founder(), founder(), founder(), founder());
        let mother = child(dice, &grandmother, &grandfather);
        let person = child(dice, &mother, &father);
        let aunt = child(dice, &grandmother, &grandfather);
        Self {
            siblings: [child(dice, &mother, &father), child(dice, &mother, &father)],
            half_sibling: child(dice, &mother, &stepfather),
            child: child(dice, &person, &partner),
            cousin: child(dice, &aunt, &uncle),
            mtdna: mtdna(dice, population),
            y: Y_LOCI.map(|(_, allele)| y_allele(dice, allele)),
            person,
            mother,
            father,
            grandmother,
            aunt,
        }
    }

    /// The genotype of the `nth` relative of this sort.
    pub(super) const fn relative(&self, relation: Relation, nth: usize) -> &Genotype {
        match relation {
            Relation::Mother => &self.mother,
            Relation::Father => &self.father,
            Relation::Child => &self.child,
            Relation::FullSibling => &self.siblings[nth % 2],
            Relation::HalfSibling => &self.half_sibling,
            Relation::Grandparent => &self.grandmother,
            Relation::AuntUncle => &self.aunt,
            Relation::Cousin => &self.cousin,
        }
    }

    /// Differences of the maternal line; none where the relation is not of that line.
    pub(super) fn mtdna(&self, relation: Option<Relation>) -> Vec<&'static str> {
        match relation {
            Some(Relation::Father | Relation::Child) => Vec::new(),
            _ => self.mtdna.clone(),
        }
    }

    /// The paternal line's profile, that of a man and his father.
    pub(super) fn y_profile(&self) -> Profile {
        Profile(Y_LOCI.iter().zip(self.y).map(|((locus, _), allele)| (*locus, vec![allele])).collect())
    }
}

/// A complete profile, but for a locus that sometimes fails.
pub(super) fn full_profile(dice: &mut Dice, genotype: &Genotype) -> Profile {
    profile(dice, genotype, 0.03, 0.0)
}

/// What a laboratory sees: a locus fails with `failure`, one allele of two drops out with `drop_out`.
pub(super) fn profile(dice: &mut Dice, genotype: &Genotype, failure: f64, drop_out: f64) -> Profile {
    let mut seen = Vec::with_capacity(LOCI);
    for (locus, pair) in STR_ALLELES.iter().zip(genotype) {
        if dice.chance(failure) {
            continue;
        }
        let mut alleles = pair.to_vec();
        alleles.sort_unstable();
        if dice.chance(drop_out) {
            let at = dice.below(2) as usize;
            alleles.remove(at);
        }
        seen.push((locus.name, alleles));
    }
    Profile(seen)
}

/// The row of [`POPULATIONS`] that stands for an ancestry.
const fn population(ancestry: Ancestry) -> usize {
    match ancestry {
        Ancestry::Black => 1,
        Ancestry::Hispanic | Ancestry::Indigenous => 2,
        Ancestry::Asian | Ancestry::PacificIslander => 3,
        Ancestry::White | Ancestry::MiddleEastern | Ancestry::Other => 0,
    }
}

fn founder(dice: &mut Dice, population: usize) -> Genotype {
    let loci = &STR_ALLELES[population * LOCI..(population + 1) * LOCI];
    debug_assert!(loci.iter().all(|locus| locus.population == POPULATIONS[population]));
    std::array::from_fn(|at| [*loci[at].alleles.pick(dice), *loci[at].alleles.pick(dice)])
}

fn child(dice: &mut Dice, mother: &Genotype, father: &Genotype) -> Genotype {
    std::array::from_fn(|at| [handed_down(dice, mother[at]), handed_down(dice, father[at])])
}

fn handed_down(dice: &mut Dice, pair: [u16; 2]) -> u16 {
    let allele = dice.pick(&pair);
    match dice.chance(MUTATION) {
        false => allele,
        true if dice.chance(0.5) => allele + 10,
        true => allele - 10,
    }
}

fn mtdna(dice: &mut Dice, population: usize) -> Vec<&'static str> {
    let mut differences = LINEAGES[population].pick(dice).clone();
    for _ in 0..dice.below(3) {
        let private = dice.pick(&PRIVATE);
        if !differences.contains(&private) {
            differences.push(private);
        }
    }
    differences
}

fn y_allele(dice: &mut Dice, common: u16) -> u16 {
    dice.weighted(&[(common, 52), (common - 10, 20), (common + 10, 20), (common - 20, 4), (common + 20, 4)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(STR_ALLELES.len(), POPULATIONS.len() * LOCI);
        for (at, locus) in STR_ALLELES.iter().enumerate() {
            assert_eq!((locus.population, locus.name), (POPULATIONS[at / LOCI], STR_ALLELES[at % LOCI].name));
            assert!(locus.alleles.items().iter().all(|&allele| (30..600).contains(&allele)), "{}", locus.name);
        }
        assert!(LINEAGES.iter().all(|lineages| lineages.items().len() >= 6));
    }

    #[test]
    fn one_allele_of_each_locus_comes_from_each_parent() {
        let mut mutations = 0;
        for number in 0..300 {
            let family = Family::new(&mut Dice::new(1, Purpose::Family, 0, number), Ancestry::Black);
            for at in 0..LOCI {
                let [from_mother, from_father] = family.person[at];
                mutations += usize::from(!family.mother[at].contains(&from_mother));
                mutations += usize::from(!family.father[at].contains(&from_father));
            }
        }
        // 12,000 meioses at 0.002; some steps land on the parent's other allele.
        assert!((5..50).contains(&mutations), "{mutations}");
    }

    #[test]
    fn siblings_share_more_than_strangers() {
        let shared = |a: &Genotype, b: &Genotype| (0..LOCI).filter(|&at| a[at].contains(&b[at][0])).count();
        let families: Vec<Family> =
            (0..200).map(|n| Family::new(&mut Dice::new(2, Purpose::Family, 0, n), Ancestry::White)).collect();
        let siblings: usize = families.iter().map(|f| shared(&f.person, f.relative(Relation::FullSibling, 1))).sum();
        let strangers: usize = families.windows(2).map(|pair| shared(&pair[0].person, &pair[1].person)).sum();
        assert!(siblings > strangers * 3 / 2, "{siblings} {strangers}");
    }

    #[test]
    fn alleles_drop_out_and_loci_fail() {
        let mut dice = Dice::new(1, Purpose::Family, 0, 0);
        let family = Family::new(&mut dice, Ancestry::Asian);
        let profile = profile(&mut dice, &family.person, 0.5, 0.5);
        assert!(profile.len() < LOCI && profile.0.iter().any(|(_, alleles)| alleles.len() == 1));
    }
}
