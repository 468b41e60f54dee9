//! Marks against marks: what may be passed over changes nothing that counts.

use super::*;
use crate::model::Model;

fn marks(domain: Domain, text: &str) -> Marks {
    Marks::pack(read(domain, 0, text).drafts)
}

#[test]
fn what_is_passed_over_is_worth_no_more_than_the_least() {
    let texts = [
        "TATTOO PATRICA left leg; rose on left arm; scar on chin",
        "tattoo of rose, lt forearm. PATRICIA on leg",
        "skull right arm; tattoo PATRICK knee; pierced ears",
        "rose and skull; scar left arm",
    ];
    let model = Model::default();
    for domain in [Domain::Body, Domain::Things] {
        let all: Vec<Marks> = texts.iter().map(|text| marks(domain, text)).collect();
        let mut census = Census::default();
        all.iter().for_each(|marks| census.count(marks, 1));
        for (query, candidate) in all.iter().flat_map(|query| all.iter().map(move |other| (query, other))) {
            let likeness = Likeness::new(&census, &model.features.marks, model.smoothing, query);
            let found = |least: i32| {
                let mut found = Vec::new();
                likeness.weigh(candidate, least, |mine, theirs, bits, _| found.push((mine, theirs, bits)));
                found
            };
            let every = found(i32::MIN);
            assert_eq!(every.len(), query.len() * candidate.len());
            for least in [-2_000, -500, 0, 500, 2_000, 5_000] {
                let above = |found: &[(usize, usize, i32)]| -> Vec<_> {
                    found.iter().copied().filter(|(.., bits)| *bits > least).collect()
                };
                assert_eq!(above(&found(least)), above(&every), "more than {least}");
            }
        }
    }
}
