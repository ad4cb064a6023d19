//! What was measured, what it should be, and whether it is.

use serde_json::{Value, json};

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// How many times something else.
    Times,
    Millis,
    Micros,
    MiB,
    KiB,
    Instructions,
    /// Things that the name says.
    Count,
    Dollars,
}

/// What a figure shall be at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    pub(crate) most: f64,
    /// Why it is not reached, where it is not.
    pub(crate) because: &'static str,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// The figure, or why there is none.
    pub(crate) measured: Result<f64, String>,
    pub(crate) target: Option<Target>,
    /// Above this the gate is shut.
    pub(crate) limit: Option<f64>,
}

/// A figure beside its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    NoTarget,
    NotMeasured,
    Reached,
    /// It is so many times its target.
    Missed(f64),
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, unit: Unit, measured: f64) -> Self {
        Self { name: name.into(), unit, measured: Ok(measured), target: None, limit: None }
    }

    /// A figure that cannot be had, and why.
    pub(crate) fn missing(name: impl Into<String>, unit: Unit, reason: impl Into<String>) -> Self {
        Self { measured: Err(reason.into()), ..Self::new(name, unit, 0.0) }
    }

    pub(crate) fn target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match (&self.measured, self.target) {
            (Err(_), _) => Verdict::NotMeasured,
            (Ok(_), None) => Verdict::NoTarget,
            (Ok(measured), Some(target)) if *measured <= target.most => Verdict::Reached,
            (Ok(measured), Some(target)) => Verdict::Missed(measured / target.most),
        }
    }

    /// Whether it is above its limit. What was not measured is not.
    pub(crate) fn breaks_its_limit(&self) -> bool {
        self.limit.is_some_and(|limit| self.measured.as_ref().is_ok_and(|measured| *measured > limit))
    }

    pub(crate) fn json(&self) -> Value {
        let (verdict, times) = match self.verdict() {
            Verdict::NoTarget => ("no target", None),
            Verdict::NotMeasured => ("not measured", None),
            Verdict::Reached => ("reached", None),
            Verdict::Missed(times) => ("not reached", Some(times)),
        };
        json!({
            "name": self.name, "unit": format!("{:?}", self.unit), "measured": self.measured.as_ref().ok(),
            "why_not_measured": self.measured.as_ref().err(), "target": self.target.map(|target| target.most),
            "verdict": verdict, "times_the_target": times, "limit": self.limit, "breaks_its_limit": self.breaks_its_limit(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target = Target { most: 2.0, because: "of physics" };

    #[test]
    fn a_figure_is_judged_by_its_target() {
        let figure = |measured| Figure::new("start", Unit::Times, measured);
        for (figure, expected) in [
            (figure(1.9).target(TARGET), Verdict::Reached),
            (figure(2.0).target(TARGET), Verdict::Reached),
            (figure(3.0).target(TARGET), Verdict::Missed(1.5)),
            (figure(3.0), Verdict::NoTarget),
            (Figure::missing("start", Unit::Times, "no clock").target(TARGET), Verdict::NotMeasured),
        ] {
            assert_eq!(figure.verdict(), expected, "{figure:?}");
        }
    }

    #[test]
    fn a_figure_above_its_limit_breaks_it() {
        let limited = |figure: Figure| Figure { limit: Some(100.0), ..figure };
        let figure = |measured| Figure::new("start", Unit::Instructions, measured);
        assert!(limited(figure(101.0)).breaks_its_limit());
        assert!(!limited(figure(100.0)).breaks_its_limit());
        assert!(!figure(101.0).breaks_its_limit());
        assert!(!limited(Figure::missing("start", Unit::Instructions, "no tool")).breaks_its_limit());
    }
}
