//! The shortest list of faults with which a run still breaks a promise.

use crate::faults::{Effect, Fault};
use crate::run::{Run, Told};

/// Takes faults away from a run that broke a promise, as long as it still breaks one of the same: halves first, then less and less.
/// Returns the run with the faults that are left, and what came of it.
pub fn shrink(run: &Run, told: &Told) -> (Run, Told) {
    let kinds: Vec<_> = told.violations.iter().map(|violation| kind(violation)).collect();
    let with = |faults: &[(Effect, Fault)]| {
        let run = Run { faults: Some(faults.to_vec()), keep_trace: true, ..run.clone() };
        let told = run.tell();
        told.violations.iter().any(|violation| kinds.contains(&kind(violation))).then_some((run, told))
    };
    let mut faults = told.faults.clone();
    // Some promises break without any fault, and chance is no fault of the list: both are tried as they are.
    let Some(mut found) = with(&[]).or_else(|| with(&faults)) else { return (run.clone(), run.tell()) };
    if found.0.faults.as_deref() == Some(&[]) {
        return found;
    }
    let mut chunk = faults.len().div_ceil(2);
    while chunk > 0 {
        let mut start = 0;
        while start < faults.len() {
            let mut fewer = faults.clone();
            fewer.drain(start..faults.len().min(start + chunk));
            match with(&fewer) {
                Some(shorter) => (faults, found) = (fewer, shorter),
                None => start += chunk,
            }
        }
        chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
    }
    found
}

/// The promise that was broken, whoever it was broken to: the plain words of what is said about it.
fn kind(violation: &str) -> String {
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
    violation.split(' ').filter(plain).collect::<Vec<_>>().join(" ")
}
