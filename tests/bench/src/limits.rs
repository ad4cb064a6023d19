//! The limits of the gate: instruction counts as they are now, on x86-64, for the functions as `.ci/run` builds them
//! (`sam build`, without LTO and with 16 codegen units, which takes a third less time; as shipped, with fat LTO, they are a
//! seventh lower). Who makes a function cheaper lowers its line; who must make it dearer says in the commit why.

use crate::figures::{Figure, Target, Unit};
use crate::instructions::Instructions;

/// Percent that a count may be above what was measured: another linker, C library or processor moves it a little.
const MARGIN: f64 = 5.0;

/// A count that must not grow.
#[derive(Debug)]
struct Gate {
    name: &'static str,
    /// What it was when this line was written.
    measured: f64,
    target: Option<Target>,
}

/// The gates of one function.
#[derive(Debug)]
pub(crate) struct Gates {
    start: Gate,
    warm: Gate,
}

pub(crate) const INGEST: Gates = Gates {
    start: Gate {
        name: "ingest: instructions to the first poll",
        measured: 3_270_000.0,
        target: Some(Target {
            most: 2_500_000.0,
            because: "two clients of the SDK read AWS's table of partitions, 0.4 M each; the loader relocates for 0.6 M",
        }),
    },
    warm: Gate {
        name: "ingest: instructions of a warm webhook",
        measured: 771_000.0,
        target: Some(Target {
            most: 550_000.0,
            because: "a fifth is SHA-256 for the signature, in software: callgrind's processor has no instructions for it",
        }),
    },
};

pub(crate) const RESPONDER: Gates = Gates {
    start: Gate {
        name: "responder: instructions to the first poll",
        measured: 6_520_000.0,
        target: Some(Target {
            most: 5_000_000.0,
            because: "three clients of the SDK read AWS's table of partitions, 0.4 M each",
        }),
    },
    warm: Gate { name: "responder: instructions of a warm turn", measured: 4_890_000.0, target: None },
};

impl Gates {
    /// What was counted, beside what it may be; or why nothing was counted.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(crate) fn judge(&self, counted: Result<Instructions, &str>) -> [Figure; 2] {
        [(&self.start, counted.map(|counted| counted.start)), (&self.warm, counted.map(|counted| counted.warm))].map(
            |(gate, counted)| Figure {
                name: gate.name.to_owned(),
                unit: Unit::Instructions,
                measured: counted.map(|count| count as f64).map_err(str::to_owned),
                target: gate.target,
                limit: Some(gate.measured * (1.0 + MARGIN / 100.0)),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gate_is_shut_by_a_count_above_its_margin_and_by_no_other() {
        for gates in [INGEST, RESPONDER] {
            let [start, warm] = [gates.start.measured, gates.warm.measured];
            for (more, shut) in [(1.0, false), (1.04, false), (1.06, true)] {
                for (start_more, warm_more) in [(more, 1.0), (1.0, more)] {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
                    let counted = Instructions { start: (start * start_more) as u64, warm: (warm * warm_more) as u64 };
                    let figures = gates.judge(Ok(counted));
                    let found = figures.each_ref().map(Figure::breaks_its_limit);
                    assert_eq!(found, [shut && start_more > 1.0, shut && warm_more > 1.0], "{figures:?}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_counted_shuts_no_gate_and_is_said() {
        for figure in INGEST.judge(Err("no tool")) {
            assert!(!figure.breaks_its_limit());
            assert_eq!(figure.measured, Err("no tool".to_owned()));
        }
    }
}
