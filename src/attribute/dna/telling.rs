//! DNA evidence in words: what was compared, where it does not fit, and what the relatives say without one of them.

use std::sync::Arc;

use super::super::{Attribute, Detail, Evidence, Facing, Part};
use super::family::Family;
use super::handing::Handings;
use super::kinship::Kinship;
use super::lineage::Compared;
use super::lines::Person;
use super::loci::{Loci, Profile, TABLE, each};
use super::{Dna, Prepared, Value, Weighed};
use crate::model::{Bits, DnaModel};
use crate::record::Relation;

/// A ratio below which a locus does not fit without a mutation or an error.
const UNFIT: f64 = 0.05;
/// Loci that are named in a summary.
const NAMED: usize = 3;
/// Bits that the relatives gain without one of them, from which on that is told.
const WORTH_TELLING: f64 = 5.0;

/// Relatives and a person's profile, over the loci that both have.
struct Relatives<'a> {
    model: &'a DnaModel,
    handings: &'a Arc<Handings>,
    family: &'a Family,
    person: &'a Profile,
    loci: Loci,
    population: usize,
}

/// The loci that do not fit: by a mutation, and at all.
#[derive(Default)]
struct Unfit {
    mutated: Vec<usize>,
    others: Vec<usize>,
}

/// The evidence of a weighed pair.
pub(super) fn tell(prepared: &Prepared<'_>, candidate: &Value, weighed: &Weighed) -> Evidence {
    let (ante, post) = prepared.facing.ante_post(prepared.query, candidate);
    let mut details = Vec::new();
    let mut told: Vec<(&'static str, Bits, String)> = Vec::new();
    for (name, bits, _) in weighed.parts().into_iter().filter(|(_, _, there)| *there) {
        let words = match name {
            "str" => own_profiles(prepared.model, weighed, (ante, post), &mut details),
            "kinship" => relatives(prepared, weighed, (ante, post), &mut details),
            "mtdna" => line("mtDNA", weighed.mtdna, prepared.facing, weighed.lines[0]),
            _ => line("Y-STR", weighed.y_str, prepared.facing, weighed.lines[1]),
        };
        told.push((name, bits, words));
    }
    for (name, compared) in [("mtdna_differences", weighed.mtdna), ("y_str_differences", weighed.y_str)] {
        details.extend(compared.map(|compared| (name, Detail::Count(compared.differences.into()))));
    }
    let bits = weighed.bits();
    let summary = told.iter().map(|(_, _, words)| &**words).collect::<Vec<_>>().join("; ");
    let parts = told.into_iter().map(|(name, bits, summary)| Part { name, bits, summary });
    let parts: Vec<Part> = if summary.is_empty() { Vec::new() } else { parts.collect() };
    let parts = if parts.len() > 1 { parts } else { Vec::new() };
    Evidence {
        parts,
        details,
        ..Evidence::plain(
            &Dna::ABOUT,
            bits,
            level(weighed, unfit(prepared.model, weighed, (ante, post)).len(), bits),
            summary,
        )
    }
}

/// The level of a pair whose own profiles do not fit at some loci.
fn level(weighed: &Weighed, unfit: usize, bits: Bits) -> &'static str {
    match bits.to_f64() {
        bits if bits >= 10.0 && unfit > 1 => "supported",
        bits if bits >= 10.0 && weighed.direct >= 10.0 => "direct_match",
        bits if bits >= 10.0 => "kinship",
        bits if bits >= 3.0 => "supported",
        bits if bits > -3.0 => "inconclusive",
        bits if bits > -10.0 => "not_supported",
        _ => "excluded",
    }
}

type Details = Vec<(&'static str, Detail)>;

/// The loci at which own profiles do not agree, whatever dropped out.
fn unfit(model: &DnaModel, weighed: &Weighed, (ante, post): (&Value, &Value)) -> Vec<usize> {
    let (Some(ante), Some(post)) = (&ante.own, &post.own) else { return Vec::new() };
    let direct = |at: usize| super::Direct { locus: &TABLE[at], population: weighed.population, model };
    each(weighed.loci.direct).filter(|&at| direct(at).ratio(ante.at(at), post.at(at)) == 0.0).collect()
}

fn own_profiles(model: &DnaModel, weighed: &Weighed, values: (&Value, &Value), details: &mut Details) -> String {
    let (Some(ante), Some(post)) = (&values.0.own, &values.1.own) else { return String::new() };
    let unfit = unfit(model, weighed, values);
    let loci = || each(weighed.loci.direct);
    let single = loci().filter(|&at| ante.at(at).is_single() || post.at(at).is_single()).count();
    let (compared, agree) = (loci().count(), loci().count() - unfit.len());
    details.push(("loci_compared", Detail::Count(compared as u64)));
    details.push(("loci_different", Detail::Text(names(&unfit, usize::MAX))));
    let mut words = format!("own profiles agree at {agree} of {compared} loci");
    if single > 0 {
        words += &format!(", one allele alone at {single}");
    }
    if !unfit.is_empty() {
        words += &format!(", differ at {}", names(&unfit, NAMED));
    }
    words
}

fn relatives(
    prepared: &Prepared<'_>,
    weighed: &Weighed,
    (ante, post): (&Value, &Value),
    details: &mut Details,
) -> String {
    let (model, handings) = (prepared.model, &prepared.handings);
    let sides = [(ante, post, weighed.loci.ante_family), (post, ante, weighed.loci.post_family)];
    let told = sides.into_iter().filter(|(_, _, loci)| *loci != 0).filter_map(|(family, person, loci)| {
        let population = weighed.population;
        let (family, person) = (family.family.as_ref()?, person.own.as_ref()?);
        Some(Relatives { model, handings, family, person, loci, population })
    });
    // Of relatives on both sides the first are told in figures: the names of these are the same.
    let mut others = Vec::new();
    let words =
        |(at, relatives): (usize, Relatives<'_>)| relatives.words(if at == 0 { &mut *details } else { &mut others });
    let told: Vec<String> = told.enumerate().map(words).collect();
    told.join("; ")
}

impl Relatives<'_> {
    fn words(&self, details: &mut Details) -> String {
        let unfit = self.unfit();
        let compared = each(self.loci).count();
        let fit = compared - unfit.others.len();
        details.push(("kinship_loci_compared", Detail::Count(compared as u64)));
        details.push(("loci_mutated", Detail::Text(names(&unfit.mutated, usize::MAX))));
        details.push(("loci_inconsistent", Detail::Text(names(&unfit.others, usize::MAX))));
        let mut words = format!("{} at {fit} of {compared} loci", self.who());
        match &unfit.mutated[..] {
            [] => {}
            [one] => words += &format!(", one mutation step at {}", TABLE[*one].name),
            more => words += &format!(", mutation steps at {}", names(more, NAMED)),
        }
        if !unfit.others.is_empty() {
            words += &format!(", not at {}", names(&unfit.others, NAMED));
        }
        if let Some((without, bits)) = self.without() {
            details.push(("without", Detail::Text(without.code().to_owned())));
            details.push(("without_bits", Detail::Measure((bits * 1_000.0).round() / 1_000.0)));
            words += &format!("; {bits:.1} bits without the {}", without.code().replace('_', " "));
        }
        words
    }

    /// Loci that no reading of the family explains well.
    fn unfit(&self) -> Unfit {
        let model = self.model;
        let readings = self.family.readings();
        let mut unfit = Unfit::default();
        for at in each(self.loci) {
            let (locus, population, result) = (&TABLE[at], self.population, self.person.at(at));
            let handing = self.handings.at(at, population, model);
            let person = Person { model, locus, population, handing, result };
            let told = readings.iter().filter_map(|reading| reading.at_locus(at, person, self.family));
            let best = told.map(|told| told.ratio).fold(0.0, f64::max);
            if best < model.typing_error * 1.25 {
                unfit.others.push(at);
            } else if best < UNFIT {
                unfit.mutated.push(at);
            }
        }
        unfit
    }

    fn who(&self) -> String {
        if let Some(only) = self.family.only() {
            return match only.relation() {
                Relation::Mother => "mother and child",
                Relation::Father => "father and child",
                Relation::Child => "parent and child",
                Relation::FullSibling => "full siblings",
                Relation::HalfSibling => "half siblings",
                Relation::Grandparent => "grandparent and grandchild",
                Relation::AuntUncle => "aunt or uncle and niece or nephew",
                Relation::Cousin => "cousins",
            }
            .to_owned();
        }
        let relations = self.family.members().chunk_by(|one, other| one.relation() == other.relation());
        let relations = relations.map(|alike| match alike.len() {
            1 => alike[0].relation().code().replace('_', " "),
            more => format!("{more} {}", plural(alike[0].relation())),
        });
        let relations: Vec<String> = relations.collect();
        let (last, others) = relations.split_last().map_or(("", &[][..]), |(last, others)| (&**last, others));
        match others {
            [] => format!("of the family of {last}"),
            others => format!("of the family of {} and {last}", others.join(", ")),
        }
    }

    /// The relative without whom the others say most, where that is much more than all say together.
    fn without(&self) -> Option<(Relation, f64)> {
        let person = Kinship::of_person(self.model, self.handings, self.person);
        let bits = |family: &Family| {
            let loci = self.loci & family.loci();
            person.against_family(self.population, family, loci)
        };
        let all = bits(self.family);
        let others = (0..self.family.members().len())
            .filter_map(|at| Some((self.family.members()[at].relation(), bits(&self.family.without(at)?))));
        let most = others.max_by(|a, b| a.1.total_cmp(&b.1))?;
        (most.1 - all >= WORTH_TELLING).then_some(most)
    }
}

const fn plural(relation: Relation) -> &'static str {
    match relation {
        Relation::Mother => "samples of the mother",
        Relation::Father => "samples of the father",
        Relation::Child => "children",
        Relation::FullSibling => "full siblings",
        Relation::HalfSibling => "half siblings",
        Relation::Grandparent => "grandparents",
        Relation::AuntUncle => "aunts or uncles",
        Relation::Cousin => "cousins",
    }
}

fn names(loci: &[usize], most: usize) -> String {
    let named: Vec<&str> = loci.iter().take(most).map(|&at| TABLE[at].name).collect();
    match loci.len().saturating_sub(most) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn line(name: &str, compared: Option<Compared>, facing: Facing, counted: f64) -> String {
    let Some(compared) = compared else { return String::new() };
    let [query, candidate] = &compared.whose;
    let (ante, post) = facing.ante_post(query, candidate);
    let of: Vec<String> = [ante, post]
        .into_iter()
        .flatten()
        .map(|relation| format!(" of the {}", relation.code().replace('_', " ")))
        .collect();
    let found = match (compared.differences, compared.frequency) {
        (0, Some((agree, of))) => format!("agrees, as does that of {agree} of {of} records"),
        (1, _) => "differs once, which is inconclusive".to_owned(),
        (many, _) => format!("differs {many} times"),
    };
    let implied = if compared.bits != 0.0 && counted == 0.0 { "; implied by the loci" } else { "" };
    format!("{name}{} {found}{implied}", of.join(" and"))
}
