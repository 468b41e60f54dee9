//! Which language clerks wrote in: that of most of the words that only one of the tables knows.
//!
//! A word that two languages share, a name and an inscription say nothing, and nothing in quotes does. Short fillers alone
//! do not carry it: "SUR" and "MI VIDA" are tattooed on English-speaking people too. English is what a text is in that does
//! not say otherwise.

use std::sync::LazyLock;

use super::reading::Domain;
use super::tokens::{Token, tokens};
use super::vocabulary::{Sense, Vocabulary};

/// English, and what is mixed into it.
pub(super) static ENGLISH: LazyLock<Vocabulary> = LazyLock::new(|| {
    Vocabulary::read(include_str!("../data/marks_en.txt"), None).knowing(include_str!("../data/marks_words_en.txt"))
});

/// Spanish over English.
pub(super) static SPANISH: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::read(include_str!("../data/marks_es.txt"), Some(&ENGLISH)));

/// French over English.
pub(super) static FRENCH: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::read(include_str!("../data/marks_fr.txt"), Some(&ENGLISH)));

/// A language, by its words.
pub(in crate::attribute) type Language = &'static Vocabulary;

/// The language of a record's texts, which is one for all of them.
pub(in crate::attribute) fn language<'t>(domain: Domain, texts: impl Iterator<Item = &'t str>) -> Language {
    let words: Vec<Token> =
        texts.flat_map(|text| tokens(text, &ENGLISH)).filter(|token| token.quotation == 0).collect();
    let others: [Language; 2] = [&SPANISH, &FRENCH];
    let lead = |language: Language| lead(domain, language, &words);
    let best = others.map(|language| (lead(language), language)).into_iter().rev().max_by_key(|(lead, _)| *lead);
    best.filter(|(lead, _)| *lead > 0).map_or(&ENGLISH, |(_, language)| language)
}

/// A filler of so many letters is a clerk's word.
const LONG: usize = 6;

/// How many more words are this language's than are English; 0 where all of them are short fillers.
fn lead(domain: Domain, language: Language, words: &[Token]) -> i32 {
    let words = || words.iter().filter(|token| token.word.len() > 1);
    if !words().any(|token| language.is_sure(domain, &token.word)) {
        return 0;
    }
    let (mut lead, mut anchored) = (0, false);
    for Token { word, .. } in words() {
        let english = ENGLISH.knows(word);
        if !english && language.is_sure(domain, word) {
            lead += 1;
            let filler = matches!(language.sense(domain, word), Some(Sense::Filler | Sense::Join | Sense::But));
            anchored |= !filler || word.len() >= LONG;
        } else if english && language.own_sense(domain, word).is_none() {
            lead -= 1;
        }
    }
    if anchored { lead } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Language, domain: Domain, texts: &[&str]) {
        let wrong = |text: &&&str| !std::ptr::eq(language(domain, std::iter::once(**text)), expected);
        let wrong: Vec<&&str> = texts.iter().filter(wrong).collect();
        assert!(wrong.is_empty(), "taken for another language: {wrong:?}");
    }

    #[test]
    fn a_text_is_in_the_language_of_most_of_its_words() {
        check(
            &SPANISH,
            Domain::Body,
            &[
                "TATUAJE BRAZO IZQ",
                "Cicatriz en el muslo derecho",
                "sin tatuajes",
                "NO PRESENTA TATUAJES",
                "mano izquierda",
            ],
        );
        check(
            &FRENCH,
            Domain::Body,
            &["TATOUAGE AVANT-BRAS G.", "cicatrice à la main droite", "aucun tatouage", "L'oreille percée"],
        );
        check(
            &SPANISH,
            Domain::Things,
            &["camisa blanca y pantalón azul", "TENIS ROJOS, CALCETINES", "chamarra de mezclilla"],
        );
        check(
            &FRENCH,
            Domain::Things,
            &["chemise blanche, pantalon noir", "Bague en or à la main droite", "chaussures"],
        );
    }

    #[test]
    fn names_and_inscriptions_of_another_language_leave_a_text_english() {
        check(
            &ENGLISH,
            Domain::Body,
            &[
                "",
                "Tattoo left arm: ROSA MARIA",
                "MI VIDA LOCA",
                "SUR 13",
                "SUR on chest",
                "MAIN STREET CREW",
                "Rosa",
                "Luna",
                "Angel on back",
                "perdoname madre por mi vida loca, across upper back",
                "\"mi corazon izquierdo\"",
                "Dos Equis",
                "Norte",
                "De La Cruz",
                "Marie-Claire",
                "rose, lion, dragon",
                "L & R arm",
                "apple pie",
                "tatuaje: left arm, rose",
                "fracture tibia",
                "tribal band brazo left arm",
            ],
        );
        check(
            &ENGLISH,
            Domain::Things,
            &["blue jeans, camisa, white socks", "2 bras", "Chanel robe", "Marlboro box", "tan pants"],
        );
    }
}
