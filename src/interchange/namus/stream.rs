//! A file of cases as a stream: one case is in memory at a time, however the file lays them out.

use std::fmt;
use std::io::BufRead;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::interchange::ReadError;
use crate::record::json::Tree;

/// Takes a case, and the key it stood under in a map.
type Take<'a> = dyn FnMut(Option<String>, Tree) -> ControlFlow<()> + 'a;

/// Sections of a case that are objects: a map from number to case has none of these as a key.
const SECTIONS: &[&str] = &[
    "publicationStatus",
    "caseIdentification",
    "subjectIdentification",
    "subjectDescription",
    "circumstances",
    "sighting",
    "detailsOfRecovery",
    "physicalDescription",
    "physicalFeaturesNoKnownInformationIndicator",
    "caseOwner",
    "defaultImage",
];

/// Hands over every case of the input.
pub(super) fn cases(input: impl BufRead, take: &mut Take<'_>) -> Result<ControlFlow<()>, ReadError> {
    let mut json = serde_json::Deserializer::from_reader(input);
    let mut stopped = false;
    // `end` fails while there is something left, and then again if that cannot be read.
    while json.end().is_err() {
        let cases = Cases { take, stopped: &mut stopped };
        match cases.deserialize(&mut json) {
            Ok(()) => {}
            Err(_) if stopped => return Ok(ControlFlow::Break(())),
            Err(error) => return Err(read_error(error)),
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn read_error(error: serde_json::Error) -> ReadError {
    use serde_json::error::Category;
    let problem = match error.classify() {
        Category::Io => return ReadError::Io(error.into()),
        Category::Eof => "the text ends too early",
        Category::Data => "neither a case nor a list or map of cases",
        Category::Syntax => "a syntax error",
    };
    ReadError::Json { problem, line: error.line(), column: error.column() }
}

struct Cases<'a, 'b> {
    take: &'a mut Take<'b>,
    stopped: &'a mut bool,
}

impl Cases<'_, '_> {
    fn hand_over<E: Error>(&mut self, key: Option<String>, case: Tree) -> Result<(), E> {
        match (self.take)(key, case) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                *self.stopped = true;
                // The way out of a deserializer is an error; `stopped` says that it is none.
                Err(E::custom("stopped"))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Cases<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cases<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a case, or a list or map of cases")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut cases: A) -> Result<(), A::Error> {
        while let Some(case) = cases.next_element()? {
            self.hand_over(None, case)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let Some((key, first)) = map.next_entry::<String, Tree>()? else { return Ok(()) };
        if is_member(&key, &first) {
            let mut members = vec![(key.into(), first)];
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            return self.hand_over(None, Tree::Object(members));
        }
        self.hand_over(Some(key), first)?;
        while let Some((key, case)) = map.next_entry()? {
            self.hand_over(Some(key), case)?;
        }
        Ok(())
    }
}

/// Whether this is a member of a case, and not a case in a map. No member's name has a digit; numbers have.
fn is_member(key: &str, value: &Tree) -> bool {
    let number = key.bytes().any(|b| b.is_ascii_digit());
    !number && (SECTIONS.contains(&key) || !matches!(value, Tree::Object(_)))
}
