//! Tests of the crate from outside: one binary, one module for each thing they prove.
//!
//! - `access`: who may do what.
//! - `audit`: every call that counts leaves a line, and the lines hold together.
//! - `backup`: what is backed up while writes go on is all there after a restore.
//! - `batch`, `documentation`, `probes`, `records`, `refusals`: the service, a real one in this process on a free port,
//!   spoken to over TCP (`service` runs it, `client` speaks).
//! - `bench`: the command drives a service of its own and says how quick it was.
//! - `calls`: random calls are answered as a model of the service says.
//! - `corpus`: no input that the fuzzer found does any harm.
//! - `crash`: no acknowledged write is lost to `kill -9`.
//! - `evidence`: what holds of every attribute in the registry, over a simulated population.
//! - `events`: what is told without being asked, in streams; `webhooks`: by post.
//! - `exclusions`: what people decided on pairs holds, survives and is reopened.
//! - `exhaustive`: the check that a running service makes of its matches sees every fault of a list.
//! - `import`: the command loads files into a directory, a service or standard output, and counts all of it.
//! - `levels`: every level of every attribute has a pair that is at it.
//! - `load`: the service lives and keeps its deadlines under full load.
//! - `namus`: NamUs cases as published become records, and what could not be used is named.
//! - `operations`: what is in `ops/` fits the service.
//! - `pairs`: what is told of a pair beside its evidence: the model, what to collect next, why it is not listed.
//! - `schema`: the reader of records refuses what `record.schema.json` refuses, and nothing else but nonsense.
//! - `tidy`: the house rules: files say what they are for, rooms use only the rooms below them.
//! - `tokens`: tokens of an identity provider, good ones and forged ones.
//! - `twin`: the engine equals its naive twin to the bit (`population` makes its collections).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod audit;
mod backup;
mod batch;
mod bench;
mod calls;
mod client;
mod corpus;
mod crash;
mod disk;
mod documentation;
mod events;
mod evidence;
mod exclusions;
mod exhaustive;
mod import;
mod levels;
mod load;
mod namus;
mod operations;
mod pairs;
mod population;
mod probes;
mod records;
mod refusals;
mod schema;
mod service;
mod tidy;
mod tokens;
mod twin;
mod webhooks;
