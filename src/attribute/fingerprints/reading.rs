//! Two readings of one finger: P(read after | read before).
//!
//! Ridge counts differ by a few; plain arches are taken for tented ones, small loops for tented arches, central pockets for
//! plain whorls, meeting tracings for inner or outer ones. Anything else is a slip, as common as what it is read for.

use super::code::{AMPUTATED, PLAIN_ARCH, Print, RADIAL, RIDGES, TENTED_ARCH, ULNAR};
use crate::model::FingerprintsModel;

/// P(read after | read before), slips aside.
pub(super) fn likely(model: &FingerprintsModel, before: Print, after: Print) -> f64 {
    match (before.kind == AMPUTATED, after.kind == AMPUTATED) {
        (true, true) => 1.0,
        (true, false) => 0.0,
        (false, true) => model.lost_since,
        (false, false) => (1.0 - model.lost_since) * pattern(model, before, after),
    }
}

fn pattern(model: &FingerprintsModel, before: Print, after: Print) -> f64 {
    match (before.whorl(), after.whorl()) {
        (Some(before), Some(after)) => {
            (1.0 - model.loop_for_whorl)
                * model.whorl_for_whorl[before.0][after.0]
                * model.tracing_for_tracing[before.1][after.1]
        }
        // Whorls that are taken for loops, and loops for whorls, are of any kind.
        (Some(_), None) if after.is_loop() => model.loop_for_whorl / (2 * (RIDGES - 1)) as f64,
        (None, Some(_)) if before.is_loop() => model.loop_for_whorl / 12.0,
        (None, None) => arch_or_loop(model, before, after),
        _ => 0.0,
    }
}

fn arch_or_loop(model: &FingerprintsModel, before: Print, after: Print) -> f64 {
    let tented = |ridges: usize| model.tented_for_small * model.each_ridge_more.powi(ridges as i32 - 1);
    match (before.kind, after.kind) {
        (PLAIN_ARCH, PLAIN_ARCH) => 1.0 - model.tented_for_plain,
        (PLAIN_ARCH, TENTED_ARCH) | (TENTED_ARCH, PLAIN_ARCH) => model.tented_for_plain,
        (TENTED_ARCH, TENTED_ARCH) => 1.0 - model.tented_for_plain - model.tented_for_small,
        // So often in all, most of them of one ridge.
        (TENTED_ARCH, ULNAR | RADIAL) => tented(after.ridges) * (1.0 - model.each_ridge_more) / 2.0,
        (ULNAR | RADIAL, TENTED_ARCH) => tented(before.ridges),
        (ULNAR | RADIAL, ULNAR | RADIAL) => {
            let loops = 1.0 - tented(before.ridges) - model.loop_for_whorl;
            let turned = if before.kind == after.kind { 1.0 - model.turned } else { model.turned };
            loops * turned * counted(model, before.ridges, after.ridges)
        }
        _ => 0.0,
    }
}

/// P(so many ridges counted | counted so many before).
pub(super) fn counted(model: &FingerprintsModel, before: usize, after: usize) -> f64 {
    let off = &model.ridges_off;
    match before.abs_diff(after) {
        0 => off[0],
        // Either more or fewer.
        apart if apart < off.len() - 1 => off[apart] / 2.0,
        // Ever fewer: a half, a quarter and so on.
        apart => off[off.len() - 1] * (-((apart + 2 - off.len()) as f64)).exp2() / 2.0,
    }
}

/// How two readings compare, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// The same pattern; ridges within 2.
    Agrees,
    /// Ridges 3 to 5 apart, patterns or tracings that are taken for each other, a finger lost since.
    Close,
    /// Anything else.
    Differs,
}

/// Compares a reading with a later one.
pub(super) fn compare(before: Print, after: Print) -> Agreement {
    const SMALL: usize = 3;
    let close = |close: bool| if close { Agreement::Close } else { Agreement::Differs };
    match (before.whorl(), after.whorl()) {
        (Some(one), Some(other)) => {
            let pocket = one.0 <= 1 && other.0 <= 1;
            let tracing = one.1.abs_diff(other.1) <= 1;
            if one == other { Agreement::Agrees } else { close(tracing && (one.0 == other.0 || pocket)) }
        }
        _ if before.is_loop() && before.kind == after.kind => match before.ridges.abs_diff(after.ridges) {
            0..=2 => Agreement::Agrees,
            apart => close(apart <= 5),
        },
        _ if before == after => Agreement::Agrees,
        _ if before.is_arch() && after.is_arch() => Agreement::Close,
        _ if after.kind == AMPUTATED => Agreement::Close,
        _ => {
            let small = |print: Print| print.is_loop() && print.ridges <= SMALL;
            let tented = |print: Print| print.kind == TENTED_ARCH;
            close((small(before) && tented(after)) || (tented(before) && small(after)))
        }
    }
}
