//! crossmatch weighs every missing person against every unidentified and unclaimed body, and says why, in bits.
//!
//! # The idea
//!
//! Two clerks described one body. The engine compares **every** record with the query: no blocking, no filter that could
//! lose the right one. That is affordable because a million records hold few *different* values. Each attribute is a
//! column: a dictionary of distinct values, and a small code a row. A query weighs itself against each distinct value
//! once, as carefully as the attribute deserves, which gives a table of bits; the scan only looks up and adds. Score and
//! explanation are the same computation: the explanation is the weighing of the two values, with its words.
//!
//! Every attribute answers one question: how many times likelier is what both records say if they describe one person
//! than if they describe two? Bits are log2 of that, in thousandths, as integers: sums do not depend on their order, so
//! that the answer is the same for any thread count, insertion order and restart.
//!
//! ```text
//! JSON ─ http ─▶ record::Record ─▶ store (durable)           query ─▶ plan: a table of bits a column
//!                     │                                                       │
//!                     └─▶ attribute::* values ─▶ columns ─▶ snapshot ─▶ scan ─▶ top k ─▶ evidence ─▶ http ─▶ JSON
//!                                       (the text index follows the store at its own pace)
//! ```
//!
//! # The rooms, from the ground up
//!
//! - [`record`]: a case, valid by construction; its JSON form in both directions; every fault of a body at once.
//! - [`exclusion`]: pairs that people ruled out or confirmed.
//! - [`event`]: what callers are told without asking, and from which bits on.
//! - [`processor`]: wide vectors, and memory ahead of time.
//! - [`model`]: the parameters of the evidence, loaded and checked once; [`model::Bits`].
//! - [`attribute`]: one file an attribute: what it reads from a record, how two values are weighed, how that is told.
//! - [`corpus`]: columns, dictionaries, rows; an immutable snapshot; the columns' file.
//! - [`matching`]: plan, scan, top k, posterior, explanation.
//! - [`text`]: full-text search, the only room that knows tantivy.
//! - [`store`]: the only room that touches `index/`: durable records, versions, the order of writes, the log of events.
//! - [`engine`]: the façade; owns the writer, the swap of snapshots and the pool that weighs.
//! - [`access`]: keys and tokens: who may do what, and how often.
//! - [`audit`]: the trail of calls, the one other file that counts in `index/`.
//! - [`http`]: the only room that knows actix, status codes and the JSON of answers.
//! - [`interchange`]: other people's formats into records. [`simulate`]: collections that behave like real ones.
//!   [`evaluate`]: figures of a ranking of known truth. [`fit`]: what such a truth says of the model's parameters.
//! - [`followed`]: files that are read again when they change. [`outbound`]: calls to services elsewhere.
//! - [`settings`]: every knob of `serve`. [`telemetry`]: metrics and logs. [`cli`]: one file a command.
//!
//! # What holds
//!
//! 1. `record`, `model`, `attribute` and `matching` have no I/O, no clock and no randomness.
//! 2. A [`record::Record`] that exists is valid. Its JSON form lives in `record`, because four rooms need it and because
//!    that is where raw becomes valid; nothing else below `http` knows JSON.
//! 3. A snapshot never changes. A match holds one from start to end, and sees every write acknowledged before it began.
//! 4. A match is exact: equal, to the bit, to a naive twin that weighs every pair one by one (`tests/it/twin.rs`).
//! 5. Unknown is 0 bits. Rank is bits descending, then reference ascending. The evidence sums to the score.
//! 6. An acknowledged write survives `kill -9` and a loss of power. Everything but `records.redb`, the trail
//!    and the log of events (`events.redb`) is derived from it, and made again when it is missing, damaged or of another
//!    version.
//! 7. Logs, errors, metrics and `Debug` carry identifiers and counts, never a person's data.
//!
//! # What it is not
//!
//! It owns no records: the case systems do, and a new import rebuilds them; only what people decided on pairs is kept
//! nowhere else. It excludes nobody by itself: soft evidence only costs bits. It does not learn from what it is asked.

pub mod access;
pub mod attribute;
pub mod audit;
pub mod cli;
pub mod corpus;
pub mod engine;
pub mod evaluate;
pub mod event;
pub mod exclusion;
pub mod fit;
pub mod followed;
pub mod http;
pub mod interchange;
pub mod matching;
pub mod model;
pub mod outbound;
pub mod processor;
pub mod record;
pub mod settings;
pub mod simulate;
pub mod store;
pub mod telemetry;
pub mod text;
