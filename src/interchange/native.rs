//! The contract's own form: NDJSON, a record with `source` and `id` a line.

use std::io::BufRead;
use std::ops::ControlFlow;

use super::{Case, Each, ReadError, Refusal, Unused};
use crate::record::json::{self, Invalid, Tree};
use crate::record::{Record, Reference};

/// Reads one record after another. `source` names the records that do not name theirs. Empty lines are skipped.
pub fn read(mut input: impl BufRead, source: Option<&str>, each: &mut Each<'_>) -> Result<ControlFlow<()>, ReadError> {
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        number += 1;
        if !line.trim_ascii().is_empty() && each(case(number, &line, source)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// Writes a record as one line, without its end.
pub fn line(reference: &Reference, record: &Record) -> String {
    let record = json::write(record);
    // Neither part of a reference holds a character that JSON escapes; a record is an object with a `kind`.
    format!(r#"{{"source":"{}","id":"{}",{}"#, reference.source(), reference.id(), record.trim_start_matches('{'))
}

fn case(number: u64, line: &[u8], source: Option<&str>) -> Case {
    let parsed = json::parse(line).map(|tree| named(tree, source));
    let id = match parsed.as_ref().ok().and_then(|tree| tree.member("id")) {
        Some(Tree::Text(id)) => Some(id.clone()),
        _ => None,
    };
    let record = parsed.and_then(|tree| json::read_with_reference(&tree)).map_err(|invalid| match invalid {
        // The line within the line says nothing; the case's number is the line.
        Invalid::Json { problem, column, .. } => {
            Refusal::Invalid(Invalid::Json { problem, line: usize::try_from(number).unwrap_or(usize::MAX), column })
        }
        faults @ Invalid::Faults(_) => Refusal::Invalid(faults),
    });
    Case { number, id, record, unused: Unused::default() }
}

/// The record with the source it lacks.
fn named(mut tree: Tree, source: Option<&str>) -> Tree {
    let lacking = tree.member("source").is_none();
    if let (Tree::Object(members), Some(source), true) = (&mut tree, source, lacking) {
        members.push(("source".into(), Tree::Text(source.to_owned())));
    }
    tree
}
