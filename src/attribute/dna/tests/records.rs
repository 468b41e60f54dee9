//! Whole records: what is read, what is compared with what, and how that is told.

use serde_json::{Value as Json, json};

use super::super::super::{Attribute, Evidence, Facing, Scale};
use super::super::loci::TABLE;
use super::super::{Dna, Statistics};
use crate::model::{Bits, Model};
use crate::record::{Kind, Record, json as reader};

fn read(kind: &str, dna: &Json) -> Record {
    let body = json!({"kind": kind, "sex": "male", "ancestry": ["white"], "dna": dna});
    reader::read(&reader::parse(body.to_string().as_bytes()).expect("JSON")).unwrap_or_else(|_| panic!("{body}")).1
}

/// The evidence of a missing person and a body in a collection of both and of others, whoever asks.
fn explain_among(others: &[Record], missing: &Record, body: &Record) -> Option<Evidence> {
    let model = Model::default();
    let mut statistics = Statistics::default();
    let values = others.iter().chain([missing, body]).filter_map(|record| Some((record.kind, Dna::read(record)?)));
    values.for_each(|(kind, value)| Dna::count(&mut statistics, kind, &value, 1));
    let told = [(missing, body), (body, missing)].map(|(query, candidate)| {
        let facing = Facing { query: query.kind, candidate: candidate.kind };
        let (query, candidate) = (Dna::read(query)?, Dna::read(candidate)?);
        let prepared = Dna::prepare(Scale { model: &model, statistics: &statistics, facing }, &query);
        let evidence = Dna::explain(&prepared, &candidate);
        let bits = evidence.as_ref().map_or(Bits::ZERO, |evidence| evidence.bits);
        assert_eq!(Dna::weigh(&prepared, &candidate), bits);
        assert!((Dna::ABOUT.floor..=Dna::ABOUT.cap).contains(&bits));
        evidence
    });
    assert_eq!(told[0], told[1], "whoever asks");
    if let Some(evidence) = &told[0] {
        let parts: Bits = evidence.parts.iter().map(|part| part.bits).sum();
        assert!(evidence.parts.is_empty() || parts == evidence.bits);
        assert!(Dna::ABOUT.levels.iter().any(|(level, _)| *level == evidence.level));
    }
    told[0].clone()
}

fn explain(missing: &Json, body: &Json) -> Option<Evidence> {
    explain_among(&[], &read("missing", missing), &read("unidentified", body))
}

fn bits(missing: &Json, body: &Json) -> f64 {
    explain(missing, body).map_or(0.0, |evidence| evidence.bits.to_f64())
}

fn text(allele: u16) -> String {
    if allele.is_multiple_of(10) { (allele / 10).to_string() } else { format!("{}.{}", allele / 10, allele % 10) }
}

/// A profile of the twenty core loci: at each the alleles of these places, from the most frequent.
fn profile(a: usize, b: usize) -> Json {
    let loci = TABLE[..20].iter().map(|locus| {
        let mut alleles = locus.alleles.clone();
        alleles.sort_by(|a, b| locus.share(0, *b).total_cmp(&locus.share(0, *a)));
        (locus.name.to_owned(), json!([text(alleles[a]), text(alleles[b])]))
    });
    Json::Object(loci.collect())
}

fn relative(relation: &str, profile: &Json) -> Json {
    json!({"relatives": [{"relation": relation, "str": profile}]})
}

fn own(profile: &Json) -> Json {
    json!({"str": profile})
}

#[test]
fn what_cannot_be_compared_is_no_evidence() {
    let (mine, mtdna) = (own(&profile(0, 1)), json!({"mtdna": ["263G"], "mtdna_range": ["1-576"]}));
    let elsewhere = json!({"mtdna": ["16126C"], "mtdna_range": ["16024-16365"]});
    let other_kit = own(&json!({"SE33": ["17", "28.2"]}));
    let y = json!({"y_str": {"DYS19": ["14"]}});
    let mother = relative("mother", &profile(0, 1));
    for (a, b) in
        [(&mine, &mtdna), (&mtdna, &elsewhere), (&mine, &other_kit), (&y, &mtdna), (&mother, &mother), (&y, &mother)]
    {
        assert!(explain(a, b).is_none(), "{a} {b}");
        assert!(explain(b, a).is_none(), "{b} {a}");
    }
    assert!(Dna::read(&read("missing", &json!({"str": {"a locus nobody knows": ["3"]}}))).is_none());
}

#[test]
fn a_match_of_twenty_loci_is_beyond_doubt_and_an_error_costs_only_bits() {
    let whole = bits(&own(&profile(0, 1)), &own(&profile(0, 1)));
    assert!(whole > 50.0, "{whole}");
    let changed = |locus: &str, alleles: &[&str]| {
        let mut changed = profile(0, 1);
        changed[locus] = json!(alleles);
        bits(&own(&profile(0, 1)), &own(&changed))
    };
    let single = profile(0, 1)["FGA"][0].clone();
    let dropped = changed("FGA", &[single.as_str().expect("an allele")]);
    let wrong = changed("FGA", &["30", "31"]);
    assert!(wrong < dropped && dropped < whole && wrong > whole - 16.0, "{whole} {dropped} {wrong}");
    let unknown = changed("FGA", &["50.2", "51.2"]);
    assert!(unknown <= wrong + 0.001, "an allele of no table is no allele in common: {unknown} {wrong}");
    let mut fewer = profile(0, 1);
    fewer.as_object_mut().expect("loci").remove("FGA");
    assert!(bits(&own(&profile(0, 1)), &own(&fewer)) < whole);
    let strangers = explain(&own(&profile(0, 1)), &own(&profile(2, 3))).expect("evidence");
    assert_eq!((strangers.level, strangers.bits), ("excluded", Dna::ABOUT.floor));
}

#[test]
fn locus_names_of_every_kit_are_one() {
    let a = own(&json!({"Penta D": ["9", "13"], "vWA": ["16", "17"], "TH01": ["6", "9.3"], "CSF1PO": ["10", "12"]}));
    let b = own(&json!({"PENTA_D": ["13", "9"], "VWA": ["17", "16"], "THO1": ["9.3", "6"], "CSF1P0": ["12", "10"]}));
    assert!(bits(&a, &b) > 8.0);
}

#[test]
fn an_unseen_allele_that_agrees_weighs_as_one_seen_five_times() {
    let rare = own(&json!({"TPOX": ["25.2", "8"]}));
    let found = bits(&rare, &rare);
    let (p, q) = (5.0 / 722.0, TABLE.iter().find(|locus| locus.name == "TPOX").expect("the locus").share(0, 80));
    let most = 1.0 / (2.0 * p * q);
    assert!(found < f64::log2(most) && found > f64::log2(most) - 2.0, "{found}");
}

#[test]
fn the_words_name_the_relation_and_the_loci_that_do_not_fit() {
    let child = explain(&relative("mother", &profile(3, 4)), &own(&profile(3, 5))).expect("evidence");
    assert_eq!((child.level, &*child.summary), ("kinship", "mother and child at 20 of 20 loci"));
    let mut mutated = profile(3, 5);
    mutated["FGA"] = json!(["23", "23"]);
    let mut mother = profile(3, 4);
    mother["FGA"] = json!(["22", "25"]);
    let one = explain(&relative("mother", &mother), &own(&mutated)).expect("evidence");
    assert_eq!(one.summary, "mother and child at 20 of 20 loci, one mutation step at FGA");
    assert!(one.bits < child.bits && one.bits.to_f64() > child.bits.to_f64() - 14.0);
    mother["FGA"] = json!(["18", "18"]);
    let far = explain(&relative("mother", &mother), &own(&mutated)).expect("evidence");
    assert_eq!(far.summary, "mother and child at 19 of 20 loci, not at FGA");
    assert!(far.bits < one.bits);
    let stranger = explain(&relative("mother", &profile(3, 4)), &own(&profile(0, 1))).expect("evidence");
    assert_eq!(stranger.level, "not_supported", "a mother may not be the mother");
    assert!(stranger.bits.to_f64() > -7.0);
}

#[test]
fn a_relative_who_is_not_one_is_named() {
    let family = json!({"relatives": [
        {"relation": "mother", "str": profile(0, 0)},
        {"relation": "father", "str": profile(3, 3)},
        {"relation": "full_sibling", "str": profile(0, 1)},
    ]});
    let told = explain(&family, &own(&profile(0, 1))).expect("evidence");
    let without = told.details.iter().find(|(name, _)| *name == "without").expect("somebody");
    assert_eq!(without.1, super::super::super::Detail::Text("father".to_owned()));
    assert!(told.summary.contains("bits without the father"), "{}", told.summary);
}

#[test]
fn the_order_of_relatives_means_nothing_and_no_family_is_too_large() {
    let relations =
        ["cousin", "aunt_uncle", "grandparent", "half_sibling", "full_sibling", "child", "father", "mother"];
    let member = |at: usize| json!({"relation": relations[at % 8], "str": profile(at % 4, (at * 7 + 1) % 5)});
    let many: Vec<Json> = (0..32).map(member).collect();
    let reversed: Vec<Json> = many.iter().rev().cloned().collect();
    let body = own(&profile(0, 1));
    assert_eq!(explain(&json!({"relatives": many}), &body), explain(&json!({"relatives": reversed}), &body));
    for relation in relations {
        let alike = vec![json!({"relation": relation, "str": profile(0, 1)}); 12];
        assert!(bits(&json!({"relatives": alike}), &body).is_finite());
    }
}

#[test]
fn of_what_the_loci_imply_only_the_larger_counts() {
    let mt = json!({"mtdna": ["263G", "16126C"], "mtdna_range": ["16024-576"]});
    let others: Vec<Record> = (0..300)
        .map(|at| read("missing", &json!({"mtdna": [format!("{}A", 16_100 + at % 200)], "mtdna_range": ["16024-576"]})))
        .collect();
    let among = |missing: &Json, body: &Json| {
        let evidence = explain_among(&others, &read("missing", missing), &read("unidentified", body));
        evidence.expect("evidence")
    };
    let alone = among(&mt, &mt).bits.to_f64();
    assert!(alone > 5.0 && alone < 9.0, "{alone}");
    let with = |dna: &Json, relation: Option<&str>| {
        let mut both = dna.clone();
        let whose = match relation {
            None => &mut both,
            Some(_) => &mut both["relatives"][0],
        };
        whose["mtdna"] = mt["mtdna"].clone();
        both["mtdna_range"] = mt["mtdna_range"].clone();
        both
    };
    let mother = relative("mother", &profile(3, 4));
    let body = own(&profile(3, 5));
    let loci = among(&mother, &body).bits;
    let together = among(&with(&mother, Some("mother")), &with(&body, None));
    assert_eq!(together.bits, loci, "a mother's child has her profile");
    assert_eq!(together.parts.len(), 2);
    let father = relative("father", &profile(3, 4));
    let (alone, both) = (among(&father, &body).bits, among(&with(&father, None), &with(&body, None)).bits);
    assert!(both.0 > alone.0 + 5_000, "the father says nothing of the mother's line");
    let mut other = with(&body, None);
    other["mtdna"] = json!(["73G", "150T", "16189C"]);
    let against = among(&with(&mother, Some("mother")), &other);
    assert!(against.bits.0 < loci.0 - 5_000, "what contradicts adds");
    assert_eq!(among(&with(&father, Some("father")), &with(&body, None)).bits, alone, "a father's is not his child's");
}

#[test]
fn a_line_that_may_be_another_says_less() {
    let y = |relation: Option<&str>| {
        let loci = json!({"DYS19": ["14"], "DYS390": ["24"], "DYS391": ["11"], "DYS392": ["13"]});
        match relation {
            None => json!({"y_str": loci}),
            Some(relation) => json!({"relatives": [{"relation": relation, "y_str": loci}]}),
        }
    };
    let others: Vec<Record> = (0..99)
        .map(|at| {
            read(
                "missing",
                &json!({"y_str": {"DYS19": [text(130 + at)], "DYS390": ["23"],
            "DYS391": ["10"], "DYS392": ["11"]}}),
            )
        })
        .collect();
    let bits = |relation: &str| {
        let pair = (read("missing", &y(Some(relation))), read("unidentified", &y(None)));
        explain_among(&others, &pair.0, &pair.1).map_or(0, |evidence| evidence.bits.0)
    };
    assert!(bits("father") > bits("half_sibling") && bits("half_sibling") > bits("cousin") && bits("cousin") > 0);
    assert_eq!(bits("mother"), 0);
    let differing = json!({"y_str": {"DYS19": ["15"], "DYS390": ["24"], "DYS391": ["11"], "DYS392": ["13"]}});
    let one = explain(&y(Some("father")), &differing).expect("evidence");
    assert_eq!((one.bits, one.level), (Bits::ZERO, "inconclusive"));
}

#[test]
fn without_an_ancestry_the_least_favourable_population_counts() {
    let of = |ancestry: &[&str]| {
        let record = |kind: &str| {
            let body = json!({"kind": kind, "ancestry": ancestry, "dna": {"str": profile(0, 1)}});
            reader::read(&reader::parse(body.to_string().as_bytes()).expect("JSON")).unwrap_or_else(|_| panic!()).1
        };
        explain_among(&[], &record("missing"), &record("unidentified")).expect("evidence").bits
    };
    let known = [["white"], ["black"], ["hispanic"], ["asian"]].map(|ancestry| of(&ancestry));
    assert_eq!(Some(&of(&[])), known.iter().min());
    assert_eq!(of(&["other"]), of(&[]));
    assert_eq!(of(&["white", "black"]), known[0].min(known[1]));
    assert_eq!(Kind::ALL.len(), 3);
}

#[test]
fn relatives_of_one_line_who_differ_are_weighed_by_their_odds_in_any_order() {
    let y = |allele: &str| json!({"DYS19": [allele], "DYS390": ["24"], "DYS391": ["11"], "DYS392": ["13"], "DYS393": ["12"]});
    let others: Vec<Record> = (0..99).map(|at| read("missing", &json!({"y_str": y(&text(200 + at))}))).collect();
    let of = |relatives: &[(&str, &Json)]| {
        let relatives: Vec<Json> =
            relatives.iter().map(|(relation, y)| json!({"relation": relation, "y_str": y})).collect();
        let body = read("unidentified", &json!({"y_str": y("14")}));
        explain_among(&others, &read("missing", &json!({"relatives": relatives})), &body)
            .expect("evidence")
            .bits
            .to_f64()
    };
    let (same, other) =
        (y("14"), json!({"DYS19": ["17"], "DYS390": ["21"], "DYS391": ["9"], "DYS392": ["11"], "DYS393": ["14"]}));
    let alone = of(&[("full_sibling", &same)]);
    assert!(alone > 4.0 && of(&[("full_sibling", &other)]) < -10.0);
    let torn = of(&[("father", &other), ("full_sibling", &same)]);
    assert_eq!(torn, of(&[("full_sibling", &same), ("father", &other)]));
    assert!((torn - (alone - 1.0)).abs() < 0.6, "either may be the person's: {torn} {alone}");
    let nearer = of(&[("half_sibling", &other), ("father", &same)]);
    assert!(nearer < alone && nearer > alone - 0.1, "a half sibling may be of another line: {nearer} {alone}");
    assert_eq!(of(&[("father", &same), ("full_sibling", &same)]), alone);
}

#[test]
fn a_line_that_agrees_never_speaks_against_the_pair() {
    let mt = json!({"mtdna": ["263G", "16126C"], "mtdna_range": ["16024-576"]});
    assert_eq!(bits(&mt, &mt), 0.0, "in a collection of these two");
}

#[test]
fn one_relative_sampled_twice_is_one() {
    let sibling =
        |times: usize| json!({"relatives": vec![json!({"relation": "full_sibling", "str": profile(0, 1)}); times]});
    let body = own(&profile(0, 1));
    assert_eq!(explain(&sibling(3), &body), explain(&sibling(1), &body));
}

#[test]
fn own_profiles_that_differ_twice_are_no_direct_match() {
    let differing = |loci: usize| {
        let mut changed = profile(0, 1);
        TABLE[..loci].iter().for_each(|locus| changed[locus.name] = json!(["49", "50"]));
        explain(&own(&profile(0, 1)), &own(&changed)).expect("evidence").level
    };
    assert_eq!([0, 1, 2].map(differing), ["direct_match", "direct_match", "supported"]);
    let single = |profile: Json| {
        let loci = profile.as_object().expect("loci").iter().map(|(name, alleles)| (name.clone(), json!([alleles[0]])));
        own(&Json::Object(loci.collect()))
    };
    let dropped = explain(&own(&profile(0, 1)), &single(profile(0, 1))).expect("evidence");
    assert_eq!(dropped.level, "direct_match", "one allele alone everywhere: {:?}", dropped.bits);
}
