//! How good the answers are: pure figures over pairs of known truth. No I/O, no engine.
//!
//! [`Ranks`] says where the true record stands on the lists (the cumulative match characteristic).
//! [`cllr`] and [`minimum_cllr`] say whether the bits are worth what they claim: the log-likelihood-ratio
//! cost of Brümmer and du Preez (2006), 0 for an oracle, 1 for a system that always says "no evidence",
//! more for one that misleads; and what would be left of it if only the scale of the bits were mended.
//! [`reliability()`] holds the probabilities of the lists against how often they were right, and [`Strength`]
//! says of one attribute how much it tells, and how often it misleads.

mod calibration;
mod misleading;
mod percentile;
mod ranks;
mod reliability;

pub use calibration::{Weighed, cllr, minimum_cllr};
pub use misleading::Strength;
pub use percentile::percentile;
pub use ranks::Ranks;
pub use reliability::{Bin, Claim, calibration_error, reliability};
