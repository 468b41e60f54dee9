//! `crossmatch evaluate`: loads a collection of known truth and says how well, and how fast, it is matched.
//!
//! Every twin that is unidentified or unclaimed is a query against all the missing. Pairs of different
//! people are sampled at random, not taken from the lists: those would be the hardest alone.

mod plots;
mod report;
mod svg;

use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use self::report::{Attributes, Load, Outcome, Report};
use super::collection::{Collection, Pair};
use super::{Failure, model};
use crate::attribute::Evidence;
use crate::engine::{Engine, EngineOptions, MatchRequest};
use crate::evaluate::Claim;
use crate::matching::{Candidate, CandidateList};
use crate::record::{Kind, Reference};

/// Candidates asked for; a true record further down counts as beyond the list.
const LIMIT: usize = 100;
/// Pairs of different people weighed for each query.
const DIFFERENT_PER_QUERY: usize = 20;
/// Which pairs those are does not change from run to run.
const SAMPLE_SEED: u64 = 1;
/// Writes and comparisons under way at once, well below the engine's queues.
const IN_FLIGHT: usize = 256;

/// Measures matching on a collection of known truth: ranks, calibration and time.
#[derive(Debug, Args)]
pub(super) struct Evaluate {
    /// Holds `missing`, `unidentified` and `unclaimed` (`.ndjson` or `.ndjson.gz`) and `truth.tsv`.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Parameters of the evidence, instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Prints the figures as JSON.
    #[arg(long)]
    json: bool,
    /// Also draws the figures there, as SVG: ranks, reliability, and a Tippett plot.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
}

/// Loads, queries and prints.
pub(super) fn run(options: &Evaluate) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::doing("cannot start the runtime", error))?;
    let index = tempfile::tempdir().map_err(|error| Failure::doing("cannot create a temporary directory", error))?;
    let model = model::load(options.model.as_deref())?;
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let engine_options =
        EngineOptions { threads, write_queue: 4 * IN_FLIGHT, match_queue: 4 * IN_FLIGHT, model, events: None };
    let engine = Engine::open(index.path(), &engine_options)
        .map_err(|error| Failure::doing("cannot open a temporary index", error))?;
    let report = runtime.block_on(measure(&engine, options));
    engine.close();
    let report = report?;
    if let Some(directory) = &options.plots {
        plots::write(&report, directory)?;
    }
    let text = if options.json { report.json() } else { report.table() };
    let told = std::io::stdout().write_all(text.as_bytes());
    told.map_err(|error| Failure::doing("cannot write to standard output", error))
}

#[expect(clippy::print_stderr, reason = "what was refused is told beside the figures")]
async fn measure(engine: &Engine, options: &Evaluate) -> Result<Report, Failure> {
    let mut collection = Collection::open(&options.directory)?;
    let load = load(engine, &mut collection).await?;
    for refused in &collection.refused {
        eprintln!("refused: {refused}");
    }
    let pairs = collection.pairs()?;
    let mut random = ChaCha8Rng::seed_from_u64(SAMPLE_SEED);
    let mut outcomes = Vec::with_capacity(pairs.len());
    for pair in &pairs {
        let others = sample(&mut random, &collection.missing, &pair.missing);
        outcomes.push(query(engine, pair, others).await?);
    }
    Ok(Report::new(&outcomes, load))
}

/// Puts every record.
async fn load(engine: &Engine, collection: &mut Collection) -> Result<Load, Failure> {
    let started = Instant::now();
    let puts = collection.records().map(|record| async move {
        let (reference, record) = record?;
        let done = engine.put(reference.clone(), record, None, None).await;
        done.map_err(|error| Failure::doing(format!("cannot store {reference}"), error))
    });
    let stored = stream::iter(puts).buffer_unordered(IN_FLIGHT);
    let records = stored.try_fold(0, |count, _| async move { Ok(count + 1) }).await?;
    Ok(Load { records, seconds: started.elapsed().as_secs_f64() })
}

/// Other missing persons, at random. Twice the same does no harm.
fn sample(random: &mut ChaCha8Rng, missing: &[Reference], truth: &Reference) -> Vec<Reference> {
    let draw = || &missing[(random.next_u64() % missing.len() as u64) as usize];
    std::iter::repeat_with(draw).take(DIFFERENT_PER_QUERY).filter(|other| *other != truth).cloned().collect()
}

/// One query: where the true record stands, and what it and some others weigh.
async fn query(engine: &Engine, pair: &Pair, others: Vec<Reference>) -> Result<Outcome, Failure> {
    let request = MatchRequest { limit: LIMIT, min_bits: None, kind: Some(Kind::Missing), include_unverified: true };
    let started = Instant::now();
    let list = engine.matches(&pair.other, request).await;
    let wall_us = started.elapsed().as_micros() as u64;
    let list = list
        .map_err(|error| Failure::doing(format!("cannot match {}", pair.other), error))?
        .ok_or_else(|| lost(&pair.other))?;
    let found = list.candidates.iter().find(|candidate| candidate.record == pair.missing);
    let weighed = |others: Vec<Reference>| async move {
        let evidence = engine.evidence(&pair.other, &others).await;
        let evidence = evidence.map_err(|error| Failure::doing(format!("cannot weigh {}", pair.other), error))?;
        let bits = |told: Vec<Evidence>| told.iter().map(|told| (told.attribute, told.bits.to_f64())).collect();
        Ok::<Vec<Attributes>, Failure>(evidence.into_iter().map(bits).collect())
    };
    let same = weighed(vec![pair.missing.clone()]).await?.pop().ok_or_else(|| lost(&pair.missing))?;
    let different = weighed(others).await?;
    Ok(Outcome {
        kind: pair.kind,
        tier: pair.tier.clone(),
        rank: found.map(|candidate| candidate.rank),
        claims: claims(&list, &pair.missing),
        same,
        different,
        match_us: list.phases.total_us(),
        wall_us,
    })
}

/// The probabilities of a list as if it were known that the person is somewhere on it, for here it is.
fn claims(list: &CandidateList, truth: &Reference) -> Vec<Claim> {
    let present = (1.0 - list.none_of_these).max(f64::MIN_POSITIVE);
    let claim = |candidate: &Candidate| Claim {
        probability: (candidate.weight.posterior / present).min(1.0),
        right: candidate.record == *truth,
    };
    list.candidates.iter().map(claim).collect()
}

fn lost(reference: &Reference) -> Failure {
    Failure(format!("{reference} was stored and is not there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_same_every_time_and_never_the_truth() {
        let missing: Vec<Reference> =
            (0..5).map(|n| Reference::new("x", &n.to_string()).expect("a reference")).collect();
        let draw = || sample(&mut ChaCha8Rng::seed_from_u64(SAMPLE_SEED), &missing, &missing[2]);
        assert_eq!(draw(), draw());
        assert!(!draw().is_empty() && !draw().contains(&missing[2]));
        assert!(sample(&mut ChaCha8Rng::seed_from_u64(1), &missing[..1], &missing[0]).is_empty());
    }
}
