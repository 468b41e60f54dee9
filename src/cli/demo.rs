//! `serve --demo`: a small synthetic collection to try the service with.

use std::io::Write;
use std::net::SocketAddr;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Failure;
use crate::engine::Engine;
use crate::record::json;
use crate::record::{Kind, Record, Reference};
use crate::simulate::{Counts, Simulation};

/// Enough for rare values to be rare, few enough to be there in two seconds.
const COUNTS: Counts = Counts { missing: 2_000, unidentified: 1_000, unclaimed: 1_000, twins: 200 };
const SEED: u64 = 1;
/// Writes under way at once.
const IN_FLIGHT: usize = 1_024;

/// A person who is reported missing in the demonstration.
const MISSING: &str = r#"{"source":"demo","id":"MP1","kind":"missing","sex":"male","ancestry":["white"],
    "names":[{"given":"Walter","middle":"James","family":"Okafor-Lind"}],"birth_date":"1978-03-02",
    "age_years":{"min":36,"max":36},"height_cm":{"min":180,"max":183},"weight_kg":{"min":79,"max":84},
    "hair_color":["brown"],"eye_color":["blue"],
    "last_contact":{"date":"2014-10-04","place":{"country":"US","region":"CO","county":"Larimer",
        "locality":"Estes Park","latitude":40.3772,"longitude":-105.5217}},
    "features":[{"kind":"tattoo","description":"Compass rose with \"TRUE NORTH\" on left forearm"},
        {"kind":"scar","description":"Appendectomy scar"}],
    "dental":{"teeth":{"1":"X","2":"MO","3":"MOD","14":"O","16":"X","17":"X","18":"OF","19":"MODC","30":"MO","32":"X",
        "4":"V","5":"V","6":"V","7":"V","8":"V","9":"V","10":"V","11":"V","12":"V","13":"V"}}}"#;

/// The call that is printed: what a medical examiner has on the table.
const BODY: &str = r#"{"kind":"unidentified","sex":"male","age_years":{"min":30,"max":45},"height_cm":{"min":175,"max":185},
 "found":{"date":"2016-07-19","place":{"country":"US","region":"CO","latitude":40.40,"longitude":-105.62}},
 "remains":{"condition":"partial_soft_tissue"},
 "features":[{"kind":"tattoo","description":"LT F0REARM: C0MPASS, LETTERING TRUE N0RTH"}],
 "dental":{"teeth":{"2":"MO","3":"MODC","8":"V","9":"V","14":"O","18":"OF","19":"MODC","30":"X"}}}"#;

/// Fills the engine and prints a call to try at `address`.
pub(super) async fn load(engine: &Engine, address: SocketAddr) -> Result<(), Failure> {
    let simulation = Simulation::new(COUNTS, SEED).map_err(|error| Failure::doing("cannot simulate", error))?;
    let all = Kind::ALL.iter().flat_map(|&kind| (0..simulation.count(kind)).map(move |at| (kind, at)));
    let lines = all.map(|(kind, at)| simulation.record(kind, at).json).chain([MISSING.to_owned()]);
    let puts = lines.map(|line| async move {
        let (reference, record) = read(&line)?;
        engine
            .put(reference, record, None, None)
            .await
            .map_err(|error| Failure::doing("cannot load the demonstration", error))
    });
    stream::iter(puts).buffer_unordered(IN_FLIGHT).try_for_each(|_| async { Ok(()) }).await?;
    let mut stdout = std::io::stdout();
    // Nobody who does not read it needs it.
    let _ = writeln!(
        stdout,
        "\nTry: whose remains are these?\n\ncurl -s http://{address}/v1/match -H 'content-type: application/json' -d '{BODY}'\n"
    );
    Ok(())
}

fn read(line: &str) -> Result<(Reference, Record), Failure> {
    let read = json::parse(line.as_bytes()).and_then(|tree| json::read_with_reference(&tree));
    read.map_err(|error| Failure::doing("the demonstration holds a record with a fault", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_demonstration_shows_is_a_record() {
        read(MISSING).expect("the missing person");
        json::read(&json::parse(BODY.as_bytes()).expect("JSON")).expect("the remains");
    }
}
