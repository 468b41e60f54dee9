//! Marks in three languages, and marks against marks: what may be passed over changes nothing that counts.

use super::*;
use crate::model::Model;
use crate::record::{BelongingKind, FeatureKind};

fn marks(domain: Domain, text: &str) -> Marks {
    Marks::pack(read(domain, 0, text, &ENGLISH).drafts)
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

/// What is read of a text in the language that it is found to be in, and what it denies.
fn told(domain: Domain, kind: u8, text: &str) -> (String, u16) {
    let reading = read(domain, kind, text, language(domain, std::iter::once(text)));
    let marks = Marks::pack(reading.drafts);
    let sort = |mark: usize| match domain {
        Domain::Body => FeatureKind::ALL[usize::from(marks.head(mark).sort)].code(),
        Domain::Things => "thing",
    };
    let told: Vec<String> = (0..marks.len()).map(|mark| marks.told(mark, sort(mark))).collect();
    (told.join(" / "), reading.denied)
}

#[test]
fn english_is_read_as_if_there_were_no_other_language() {
    let lines = include_str!("english.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut read = 0;
    for line in lines {
        let [domain, sort, text, marks, denied] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (domain, sort) = match domain {
            "body" => (Domain::Body, FeatureKind::parse(sort).map(|kind| kind as u8)),
            _ => (Domain::Things, BelongingKind::parse(sort).map(|kind| kind as u8)),
        };
        let denied = denied.parse().expect("bits");
        assert_eq!(told(domain, sort.expect("a sort"), text), (marks.to_owned(), denied), "{text}");
        read += 1;
    }
    assert!(read > 400);
}

#[track_caller]
fn check(domain: Domain, cases: &[(FeatureKind, &str, &str)]) {
    let read = |&(kind, text, expected): &(FeatureKind, &str, &str)| {
        let (told, _) = told(domain, kind as u8, text);
        (told != expected).then(|| format!("{text}\n     {told}\n not {expected}"))
    };
    let faults: Vec<String> = cases.iter().filter_map(read).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

use FeatureKind::{Amputation, Artificial, Fracture, Other, Piercing, Scar, Tattoo};

#[test]
fn marks_are_read_in_spanish() {
    check(
        Domain::Body,
        &[
            (Tattoo, "TATUAJE ANTEBRAZO IZQ. ROSA", "tattoo: rose, left forearm"),
            (Tattoo, "Tatuaje de una mariposa en el hombro derecho", "tattoo: butterfly, right shoulder"),
            (
                Tattoo,
                "TATUAJE BRAZO DER. CALAVERA BRAZO IZQ. AGUILA",
                "tattoo: skull, right arm / tattoo: eagle, left arm",
            ),
            (Tattoo, "TAT. EN PIERNA DCHA. CON LEYENDA \"MADRE\"", "tattoo: word mother, right leg"),
            (Tattoo, "tatuajes de estrellas negras en la muñeca izquierda", "tattoo: star black, left wrist"),
            (Tattoo, "Dragón a color, parte alta de la espalda", "tattoo: dragon color, upperback"),
            (
                Tattoo,
                "Manga completa en brazo derecho, cruz en el pecho",
                "tattoo: sleeve full, right arm / tattoo: cross, chest",
            ),
            (Scar, "CICATRIZ QUIRÚRGICA EN ABDOMEN", "scar: surgery, abdomen"),
            (
                Scar,
                "Cicatriz en la ceja izquierda, en la rodilla derecha y en el codo izquierdo",
                "scar, left eyebrow / scar, right knee / scar, left elbow",
            ),
            (Scar, "Cicatriz de quemadura en cara externa del muslo der.", "scar: burn outer, right thigh"),
            (
                Scar,
                "CICATRIZ DE APENDICECTOMIA; CICATRIZ DE CESAREA",
                "scar: appendectomy, right abdomen / scar: cesarean, abdomen",
            ),
            (Other, "Lunar en la mejilla derecha", "scar: mole, right cheek"),
            (Other, "mancha de nacimiento color café en la espalda baja", "scar: birthmark brown, lowerback"),
            (Piercing, "PERFORACIONES EN AMBAS OREJAS", "piercing, both ear"),
            (Amputation, "Falta dedo meñique mano izquierda", "amputation: missing, left pinky"),
            (Fracture, "FRACTURA ANTIGUA DE TIBIA DERECHA", "fracture: healed, right calf"),
            (Artificial, "placa y tornillos en tobillo izquierdo", "artificial / artificial, left ankle"),
            (Scar, "No tiene tatuajes; cicatriz en el mentón", "scar, chin"),
            (Tattoo, "TATUAGE EN EL PIE DERECHO, DEDO DEL PIE: SOL", "tattoo, right foot / tattoo: sun, toe"),
        ],
    );
}

#[test]
fn marks_are_read_in_french() {
    check(
        Domain::Body,
        &[
            (Tattoo, "TATOUAGE AVANT-BRAS G. ROSE", "tattoo: rose, left forearm"),
            (Tattoo, "Tatouage représentant un papillon sur l'épaule droite", "tattoo: butterfly, right shoulder"),
            (
                Tattoo,
                "Tatoué : tête de mort au bras gauche, aigle au bras droit",
                "tattoo: skull, left arm / tattoo: eagle, right arm",
            ),
            (Tattoo, "TAT. MAIN DTE INSCRIPTION « MAMAN »", "tattoo: word maman, right hand"),
            (Tattoo, "étoiles noires à la cheville gauche", "tattoo: star black, left ankle"),
            (Tattoo, "Cœur rouge dans le haut du dos", "tattoo: heart red, upperback"),
            (Scar, "CICATRICE CHIRURGICALE À L'ABDOMEN", "scar: surgery, abdomen"),
            (
                Scar,
                "cicatrice au sourcil gauche, au genou droit et au coude gauche",
                "scar, left eyebrow / scar, right knee / scar, left elbow",
            ),
            (Scar, "Cicatrice de brûlure, face externe de la cuisse droite", "scar: burn outer, right thigh"),
            (
                Scar,
                "CICATRICE D'APPENDICECTOMIE; CICATRICE DE CESARIENNE",
                "scar: appendectomy, right abdomen / scar: cesarean, abdomen",
            ),
            (Other, "grain de beauté sur la joue droite", "scar: mole, right cheek"),
            (Other, "tache de naissance brune bas du dos", "scar: birthmark brown, lowerback"),
            (Piercing, "OREILLES PERCÉES", "piercing, ear"),
            (Amputation, "Amputé de l'auriculaire de la main gauche", "amputation, left pinky"),
            (Fracture, "FRACTURE ANCIENNE DU TIBIA DROIT", "fracture: healed, right calf"),
            (Artificial, "plaque et vis à la cheville gauche", "artificial / artificial, left ankle"),
            (Scar, "Pas de tatouage ; cicatrice au menton", "scar, chin"),
            (Scar, "cicatrice au dos de la main droite, tatouage dans le dos", "scar: rear, right hand / tattoo, back"),
        ],
    );
}

#[test]
fn what_is_denied_in_spanish_and_french_is_no_mark() {
    let check = |kind: FeatureKind, text: &str, marks: usize, kinds: &[FeatureKind]| {
        let reading = read(Domain::Body, kind as u8, text, language(Domain::Body, std::iter::once(text)));
        let denied = kinds.iter().fold(0, |denied, kind| denied | 1_u16 << *kind as u8);
        assert_eq!((reading.drafts.len(), reading.denied), (marks, denied), "{text}");
    };
    check(Tattoo, "Ninguno", 0, &[Tattoo]);
    check(Tattoo, "SIN TATUAJES", 0, &[Tattoo]);
    check(Scar, "No presenta tatuajes ni cicatrices", 0, &[Tattoo, Scar]);
    check(Other, "SIN SEÑAS PARTICULARES", 0, &[Other]);
    check(Scar, "Sin tatuajes, con cicatriz en la barbilla", 1, &[Tattoo]);
    check(Tattoo, "Se desconoce", 0, &[]);
    check(Tattoo, "NÉANT", 0, &[Tattoo]);
    check(Tattoo, "aucun tatouage", 0, &[Tattoo]);
    check(Scar, "Ni tatouage ni cicatrice", 0, &[Tattoo, Scar]);
    check(Scar, "Sans tatouage ni cicatrice", 0, &[Tattoo, Scar]);
    check(Scar, "Pas de tatouage mais une cicatrice au menton", 1, &[Tattoo]);
    check(Piercing, "Inconnu", 0, &[]);
}

#[test]
fn things_are_read_in_spanish_and_french() {
    let thing = |text, told| (Tattoo, text, told);
    check(
        Domain::Things,
        &[
            thing("Camisa blanca, pantalón de mezclilla azul", "thing: shirt white / thing: pants jeans blue"),
            thing("PLAYERA NEGRA TENIS ROJOS", "thing: tshirt black / thing: sneakers red"),
            thing("Zapatos cafés de piel talla 27", "thing: shoes brown leather size 27"),
            thing("Reloj plateado y anillo de oro", "thing: watch silver / thing: ring gold"),
            thing("blusa rosa de manga corta", "thing: blouse pink sleeve short"),
            thing("Sudadera gris con capucha", "thing: sweatshirt gray"),
            thing("mochila azul marino marca \"Puma\"", "thing: backpack navy brand puma"),
            thing("Chemise blanche, pantalon en jean bleu", "thing: shirt white / thing: pants jeans blue"),
            thing("T-SHIRT NOIR BASKETS ROUGES", "thing: tshirt black / thing: sneakers red"),
            thing("Chaussures en cuir marron, pointure 42", "thing: shoes leather brown size 42"),
            thing("montre argentée et bague en or", "thing: watch silver / thing: ring gold"),
            thing("chemisier rose à manches courtes", "thing: blouse pink sleeve short"),
            thing("boucles d'oreilles dorées", "thing: earring gold"),
            thing("sac à dos bleu marine", "thing: backpack navy"),
        ],
    );
}
