//! The attribute against examples and against a population.

use rustc_hash::FxHashMap;

use super::*;
use crate::attribute::Facing;
use crate::model::Model;
use crate::record::json;

const FACING: Facing = Facing { query: Kind::Missing, candidate: Kind::Unclaimed };

fn value(record: &str) -> Option<Value> {
    let tree = json::parse(record.as_bytes()).expect("JSON");
    Names::read(&json::read(&tree).unwrap_or_else(|faults| panic!("{faults:?}")).1)
}

/// A record of "given middle family" with "-" for an unknown part; of a whole name after "="; of several after "/".
fn named(names: &str) -> Value {
    let one = |name: &str| match name.strip_prefix('=') {
        Some(full) => format!(r#"{{"full": "{full}"}}"#),
        None => {
            let fields = ["given", "middle", "family"].into_iter().zip(name.split(' '));
            let told = fields.filter(|(_, text)| *text != "-");
            let told: Vec<String> =
                told.map(|(field, text)| format!(r#""{field}": "{}""#, text.replace('_', " "))).collect();
            format!("{{{}}}", told.join(","))
        }
    };
    let names: Vec<String> = names.split('/').map(one).collect();
    value(&format!(r#"{{"kind": "missing", "names": [{}]}}"#, names.join(","))).expect("a name")
}

fn evidence(query: &Value, candidate: &Value) -> (Bits, Option<Evidence>) {
    let (model, statistics) = (crate::model::Model::default(), Statistics::default());
    let prepared = Names::prepare(Scale { model: &model, statistics: &statistics, facing: FACING }, query);
    let evidence = Names::explain(&prepared, candidate);
    let bits = Names::weigh(&prepared, candidate);
    assert_eq!(evidence.as_ref().map_or(Bits::ZERO, |evidence| evidence.bits), bits);
    (bits, evidence)
}

#[test]
fn levels() {
    let table = [
        ("Robert - Smith", "Robert - Smith", "same"),
        ("Robert Lee Smith", "Robert L Smith", "variant"),
        ("Robert - Smith", "Bob - Smith", "variant"),
        ("Robert - Smith", "Smith - Robert", "variant"),
        ("Robert - Smith", "R - Smith", "variant"),
        ("Robert - Smith", "Roebrt - Smith", "variant"),
        ("Robert Lee Smith", "Lee - Smith", "variant"),
        ("Robert - Smith", "=SMITH, ROBERT", "same"),
        ("Robert - Smith", "=Mr. Robert Smith", "same"),
        ("Yusuf - Masri", "=يوسف المصري", "variant"),
        ("Ana - García_López", "Ana - Garcia", "same"),
        ("Robert - Smith", "Robert - Jones", "partial"),
        ("Robert - Smith", "William - Smith", "partial"),
        ("Robert - Smith", "William - Jones", "different"),
        ("Tasha - Boswell/Stephanie - Tierney", "Stephanie - Tierney", "same"),
    ];
    for (query, candidate, level) in table {
        let (_, evidence) = evidence(&named(query), &named(candidate));
        assert_eq!(evidence.map(|evidence| evidence.level), Some(level), "{query} and {candidate}");
    }
}

#[test]
fn unknown_is_no_evidence() {
    assert!(value(r#"{"kind": "missing"}"#).is_none());
    let (bits, evidence) = evidence(&named("Robert - -"), &named("- - Smith"));
    assert!(bits == Bits::ZERO && evidence.is_none());
}

#[test]
fn rare_names_weigh_more_and_every_damage_costs() {
    let bits = |a: &str, b: &str| evidence(&named(a), &named(b)).0;
    let falling = [
        ("Robert - Titcomb", "Robert - Titcomb"),
        ("Robert - Smith", "Robert - Smith"),
        ("Robert - Smith", "Robrt - Smith"),
        ("Robert - Smith", "R - Smith"),
        ("Robert - Smith", "Robert - Jones"),
        ("Robert - Smith", "William - Jones"),
    ];
    let bits: Vec<Bits> = falling.iter().map(|(a, b)| bits(a, b)).collect();
    assert!(bits.windows(2).all(|two| two[0] > two[1]), "{bits:?}");
}

#[test]
fn several_names_pay_for_their_tries() {
    let one = evidence(&named("Robert - Smith"), &named("Robert - Smith")).0;
    let of_four = evidence(&named("Robert - Smith/Tom - Hill"), &named("Robert - Smith/Bo - Rye")).0;
    assert_eq!(one.0 - of_four.0, 2_000);
}

#[test]
fn an_inscription_may_be_the_name_but_never_speaks_against() {
    let tattoo =
        r#"{"kind": "unidentified", "features": [{"kind": "tattoo", "description": "\"Rosalba\" on left arm"}]}"#;
    let body = value(tattoo).expect("an inscription");
    let (bits, told) = evidence(&named("Rosalba - Smith"), &body);
    assert!(bits > Bits::ZERO && told.is_some_and(|told| told.level == "inscribed"));
    let (bits, told) = evidence(&named("Robert - Smith"), &body);
    assert!(bits == Bits::ZERO && told.is_none());
}

/// Numbers that look random: the test is the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: f64) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64 * end
    }

    /// A name by its share; the rest of the people have names of their own.
    fn name(&mut self, names: &[(String, f64)]) -> String {
        let mut at = self.below(1.0);
        let listed = names.iter().find(|(_, share)| {
            at -= share;
            at < 0.0
        });
        listed.map_or_else(
            || (0..7).map(|_| char::from(b'a' + self.below(26.0) as u8)).collect(),
            |(name, _)| name.clone(),
        )
    }

    /// A name as clerks write it.
    fn person(&mut self) -> String {
        let (given, family) = (self.name(&CENSUS[0]), self.name(&CENSUS[1]));
        let middle = if self.below(1.0) < 0.5 { self.name(&CENSUS[0]) } else { "-".to_owned() };
        match self.below(10.0) as u32 {
            0 => format!("{family} {middle} {given}"),
            1 => format!("{} {middle} {family}", &given[..1]),
            2 => format!("={given} {family}"),
            _ => format!("{given} {middle} {family}"),
        }
    }
}

static CENSUS: std::sync::LazyLock<[Vec<(String, f64)>; 2]> = std::sync::LazyLock::new(|| {
    let tables: [&[u8]; 2] =
        [include_bytes!("../data/given_names_us.txt.gz"), include_bytes!("../data/family_names_us.txt.gz")];
    tables.map(|table| {
        let mut text = String::new();
        let _ = std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(table), &mut text);
        let line = |line: &str| {
            line.split_once(' ').map(|(name, share)| (name.to_owned(), share.parse::<f64>().expect("a share") / 1e7))
        };
        text.lines().filter_map(line).collect()
    })
});

/// Mean likelihood ratio over different people, and the share that reaches each power of four.
fn of_different_people(aliases: bool) -> (f64, [f64; 6]) {
    let mut dice = Dice(5);
    let mut people = |count: usize| -> Vec<Value> {
        let name = |dice: &mut Dice| match aliases {
            true => format!("{}/{}/{}", dice.person(), dice.person(), dice.person()),
            false => dice.person(),
        };
        (0..count).map(|_| named(&name(&mut dice))).collect()
    };
    let (queries, candidates) = (people(120), people(4_000));
    let (model, mut statistics) = (crate::model::Model::default(), Statistics::default());
    candidates.iter().for_each(|value| Names::count(&mut statistics, Kind::Unclaimed, value, 1));
    let (mut sum, mut reach) = (0.0, [0.0; 6]);
    let pairs = (queries.len() * candidates.len()) as f64;
    for query in &queries {
        let prepared = Names::prepare(Scale { model: &model, statistics: &statistics, facing: FACING }, query);
        for candidate in &candidates {
            let bits = Names::weigh(&prepared, candidate).to_f64();
            sum += bits.exp2();
            (1..=6)
                .filter(|power| bits >= f64::from(2 * power))
                .for_each(|power| reach[power as usize - 1] += 1.0 / pairs);
        }
    }
    (sum / pairs, reach)
}

#[test]
fn different_people_average_a_ratio_of_at_most_one() {
    for aliases in [false, true] {
        let (mean, reach) = of_different_people(aliases);
        assert!(mean <= 1.0, "{mean}");
        for (power, share) in (1..).zip(reach) {
            assert!(share <= 0.25_f64.powi(power), "{share} reach 4 to the {power}");
        }
    }
}

/// Whoever of the two asks, the bits are the same.
#[test]
fn it_weighs_the_same_both_ways() {
    let (given, middle, family) = (
        ["Robert", "Bob", "Roberta", "R", "Ana_María", "Smith"],
        ["-", "Lee", "R"],
        ["Smith", "Smyth", "García_López", "R", "Bob", "Robert"],
    );
    let mut names: Vec<String> = Vec::new();
    for given in given {
        for middle in middle {
            names.extend(family.map(|family| format!("{given} {middle} {family}")));
        }
    }
    names.extend(["=Robert Smith", "=SMITH, BOB", "=R Smyth", "=Ana María García López", "=García"].map(String::from));
    let (model, statistics) = (crate::model::Model::default(), Statistics::default());
    let values: Vec<Value> = names.iter().map(|name| named(name)).collect();
    let prepare = |value| Names::prepare(Scale { model: &model, statistics: &statistics, facing: FACING }, value);
    let prepared: Vec<_> = values.iter().map(prepare).collect();
    for a in 0..names.len() {
        for b in 0..a {
            let both = [Names::weigh(&prepared[a], &values[b]), Names::weigh(&prepared[b], &values[a])];
            assert_eq!(both[0], both[1], "{} and {}", names[a], names[b]);
        }
    }
}

/// Two words that have one number are still two words.
#[test]
fn a_part_is_not_taken_for_another_of_its_number() {
    let word = |at: u32| -> String {
        let digits = std::iter::successors(Some(at.wrapping_mul(2_654_435_761)), |rest| Some(rest / 26));
        digits.take(7).map(|rest| char::from(b'a' + (rest % 26) as u8)).collect()
    };
    let mut known: FxHashMap<u32, String> = FxHashMap::default();
    let two = (0..600_000).map(word).find_map(|word| {
        let number = Token::new(word.clone(), None, Role::Family).number();
        known.insert(number, word.clone()).map(|before| [before, word])
    });
    let [one, other] = two.expect("of so many words two have one number").map(|word| named(&format!("- - {word}")));
    let (model, mut statistics) = (Model::default(), Statistics::default());
    [&one, &other].into_iter().for_each(|value| Names::count(&mut statistics, Kind::Unclaimed, value, 1));
    let prepared = Names::prepare_for_all(Scale { model: &model, statistics: &statistics, facing: FACING }, &one);
    assert!(Names::weigh(&prepared, &one) > Bits::ZERO && Names::weigh(&prepared, &other) < Bits::ZERO);
}

#[test]
fn names_of_a_side_share_their_parts_as_long_as_there_are_any() {
    let mut statistics = Statistics::default();
    let mut put = |name: &str| {
        let mut value = named(name);
        Names::share(&statistics, Kind::Missing, &mut value);
        Names::count(&mut statistics, Kind::Missing, &value, 1);
        value
    };
    let (one, other) = (put("Anna - Smith"), put("John - Smith"));
    let family = |value: &Value| Arc::clone(&value.names()[0].tokens[1]);
    assert!(Arc::ptr_eq(&family(&one), &family(&other)));
    [&one, &other].into_iter().for_each(|value| Names::count(&mut statistics, Kind::Missing, value, -1));
    assert_eq!(statistics.tokens[Kind::Missing as usize].distinct(), 0);
    // The two names' own, and the one that is counted with.
    assert_eq!(Arc::strong_count(&family(&one)), 3);
}
