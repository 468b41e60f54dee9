//! What became of every case: counts, the report of refusals, the progress bar.
//!
//! Names files, numbers of cases and fields; never a value of a case.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::rc::Rc;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::Failure;
use crate::interchange::{Refusal, Unused};

/// So many refusals are told on the terminal; the report has them all.
const TOLD_MAX: u64 = 20;

/// Where a case came from.
pub(super) struct Origin {
    pub(super) file: Rc<str>,
    /// From 1; the line, where a case is a line.
    pub(super) number: u64,
    pub(super) id: Option<String>,
}

/// What became of a case.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    Stored,
    Unchanged,
    /// Written to standard output.
    Printed,
    Refused(Refused),
}

/// Why a case was refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) detail: String,
    /// Every fault of the record, with its pointer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<serde_json::Value>,
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        let errors = refusal.faults().iter().filter_map(|fault| serde_json::to_value(fault).ok()).collect();
        Self { code: refusal.code().to_owned(), detail: refusal.to_string(), errors }
    }
}

/// One line of the report.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    case: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(flatten)]
    refused: &'a Refused,
}

/// The counts of an import.
pub(super) struct Ledger {
    read: u64,
    stored: u64,
    unchanged: u64,
    refused: u64,
    unused: Unused,
    report: Option<BufWriter<File>>,
    bar: ProgressBar,
}

impl Ledger {
    /// An empty ledger; the bar is to reach `bytes`, and is shown on a terminal only.
    pub(super) fn open(report: Option<&Path>, bytes: Option<u64>) -> Result<Self, Failure> {
        let create = |path: &Path| {
            let what = format_args!("cannot write the report {}", path.display());
            File::create(path).map(BufWriter::new).map_err(|error| Failure::doing(what, error))
        };
        let report = report.map(create).transpose()?;
        let (read, stored, unchanged, refused) = (0, 0, 0, 0);
        Ok(Self { read, stored, unchanged, refused, unused: Unused::default(), report, bar: bar(bytes) })
    }

    pub(super) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Counts a case that was read, and what it says without saying anything.
    pub(super) fn read(&mut self, unused: &Unused) {
        self.read += 1;
        self.unused.add(unused);
        // A hidden bar would build the text for nobody.
        if !self.bar.is_hidden() && self.read.is_multiple_of(100) {
            self.bar.set_message(format!("{} cases", self.read));
        }
    }

    /// Counts what became of a case.
    pub(super) fn settle(&mut self, origin: &Origin, fate: Fate) -> Result<(), Failure> {
        match fate {
            Fate::Stored => self.stored += 1,
            Fate::Unchanged => self.unchanged += 1,
            Fate::Printed => {}
            Fate::Refused(refused) => self.refuse(origin, &refused)?,
        }
        Ok(())
    }

    fn refuse(&mut self, origin: &Origin, refused: &Refused) -> Result<(), Failure> {
        self.refused += 1;
        let Origin { file, number, id } = origin;
        if self.refused <= TOLD_MAX {
            let id = id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
            self.say(format_args!("{file}: case {number}{id} is refused: {}{}", refused.detail, first_fault(refused)))?;
        }
        if self.refused == TOLD_MAX + 1 {
            self.say(format_args!("further refusals are counted, and written to the file of --report"))?;
        }
        let Some(report) = &mut self.report else { return Ok(()) };
        let line = Line { file, case: *number, id: id.as_deref(), refused };
        serde_json::to_writer(&mut *report, &line)
            .map_err(io::Error::from)
            .and_then(|()| report.write_all(b"\n"))
            .map_err(|error| Failure::doing("cannot write the report", error))
    }

    /// A line on standard error, beside the bar.
    pub(super) fn say(&self, line: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        let said = self.bar.suspend(|| writeln!(io::stderr(), "crossmatch: {line}"));
        said.map_err(|error| Failure::doing("cannot write to standard error", error))
    }

    /// Whether there were cases and all of them were refused.
    pub(super) const fn is_all_refused(&self) -> bool {
        self.refused > 0 && self.refused == self.read
    }

    /// Writes the counts.
    pub(super) fn end(&mut self, output: &mut impl Write) -> io::Result<()> {
        self.bar.finish_and_clear();
        if let Some(report) = &mut self.report {
            report.flush()?;
        }
        let Self { read, stored, unchanged, refused, .. } = &self;
        writeln!(output, "read {read}, stored {stored}, unchanged {unchanged}, refused {refused}")?;
        if self.unused.total() > 0 {
            writeln!(output, "values not used: {}", self.unused.total())?;
        }
        for (reason, count) in self.unused.iter() {
            writeln!(output, "  {:<24}{count:>8}", reason.code())?;
        }
        Ok(())
    }
}

/// Behind a record's refusal, its first fault.
fn first_fault(refused: &Refused) -> String {
    let text = |fault: &serde_json::Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    let fault = refused.errors.first();
    fault.map(|fault| format!("; first {}: {}", text(fault, "pointer"), text(fault, "code"))).unwrap_or_default()
}

fn bar(bytes: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match bytes {
        Some(bytes) => (ProgressBar::new(bytes), "{wide_bar} {bytes}/{total_bytes} {msg} {eta}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {msg} {elapsed}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
