//! What so many conversations at once ask of each part, beside what that part gives by default: pure arithmetic.
//!
//! Quotas are the default ones of an account in us-east-1 (a new account may begin with fewer functions at once), as of [`AS_OF`], from
//! `https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html`; Braze's limit is from its page on API limits.
//! What Braze takes where replies share calls is simulated by `cargo run --release -p simulation -- ceiling`.

use crate::costs::{SECONDS_BESIDE_THE_AI, Turn};

/// When the quotas were so.
pub const AS_OF: &str = "November 2026";

/// Requests a second that an account's HTTP APIs take.
const DOOR: f64 = 10_000.0;
/// Invocations that an account may have at once.
const LAMBDA: f64 = 1_000.0;
/// Write units a second that a new table on demand takes at once; it grows to twice its last peak, up to the quota.
const TABLE: f64 = 4_000.0;
/// Messages that a standard queue hands out and has not got back.
const QUEUE: f64 = 120_000.0;
/// Calls an hour that Braze takes, from everybody who sends.
const BRAZE: f64 = 250_000.0;
/// Replies that one call of Braze carries at most; no more than one responder works on at once.
const BRAZE_RECIPIENTS: f64 = 50.0;
/// What the template gives if nobody says otherwise: `ThrottleRate`, and `Concurrency` times `Batch`.
const THROTTLE_RATE: f64 = 500.0;
const CONCURRENCY: f64 = 10.0;

/// What nobody but the operator knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assumed {
    /// How long the AI takes for an answer.
    pub ai_seconds: f64,
    /// The most conversations that one responder works on at once: the template's `Batch`.
    pub batch: f64,
}

impl Default for Assumed {
    fn default() -> Self {
        Self { ai_seconds: crate::costs::Assumed::default().ai_seconds, batch: 10.0 }
    }
}

/// One part, and what is asked of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Load {
    /// What is counted.
    pub what: &'static str,
    /// How much of it is asked for.
    pub asked: f64,
    /// How much there is by default; none if only the operator's contract knows.
    pub given: Option<f64>,
    /// What to do when it is not enough.
    pub knob: &'static str,
}

impl Load {
    /// How many times too little there is; below one it is enough.
    pub fn pressure(&self) -> f64 {
        self.given.map_or(0.0, |given| self.asked / given)
    }
}

/// What so many conversations that are being answered at the same moment ask of each part, in the order of a message's way.
pub fn loads(conversations: f64, assumed: &Assumed) -> Vec<Load> {
    let replies = replies_per_second(conversations, assumed);
    let responders = (conversations / assumed.batch).ceil();
    let load = |what, asked, given: f64, knob| Load { what, asked, given: Some(given), knob };
    vec![
        load("door: webhooks a second", replies, THROTTLE_RATE, "ThrottleRate, ThrottleBurst"),
        load("door: the account's quota", replies, DOOR, "AWS: HTTP API requests"),
        load("queue: messages in work", conversations, QUEUE, "AWS: none; they wait"),
        load("responders at once", responders, CONCURRENCY, "Concurrency, then Batch"),
        load("responders: the account's quota", responders, LAMBDA, "AWS: concurrent executions; Batch"),
        load(
            "table: write units a second",
            replies * Turn::ORDINARY.write_units,
            TABLE,
            "AWS: warm throughput of the table",
        ),
        Load {
            what: "AI: requests a minute",
            asked: replies * 60.0,
            given: None,
            knob: "the provider's limit; a second backend",
        },
        load("Braze: calls an hour, alone", replies * 3_600.0, BRAZE, "Batch: replies share calls; Braze: the limit"),
        load(
            "Braze: calls an hour, shared",
            replies * 3_600.0 / assumed.batch.min(BRAZE_RECIPIENTS),
            BRAZE,
            "Batch, Memory; Braze: the limit",
        ),
    ]
}

/// Replies a second of so many conversations at once.
pub fn replies_per_second(conversations: f64, assumed: &Assumed) -> f64 {
    conversations / (assumed.ai_seconds + SECONDS_BESIDE_THE_AI)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(conversations: f64, assumed: &Assumed) -> Option<Load> {
        let scarce = loads(conversations, assumed).into_iter().filter(|load| load.pressure() > 1.0);
        scarce.max_by(|a, b| a.pressure().total_cmp(&b.pressure()))
    }

    #[test]
    fn ten_conversations_need_nothing_and_a_thousand_meet_responders_first() {
        let assumed = Assumed::default();
        assert_eq!(first(10.0, &assumed), None);
        assert_eq!(first(1_000.0, &assumed).unwrap().what, "responders at once");
        assert_eq!(first(100_000.0, &assumed).unwrap().what, "responders at once");
    }

    #[test]
    fn a_call_is_shared_by_no_more_than_a_batch_and_no_more_than_fifty() {
        for (batch, pressure) in [(1.0, 14.4), (10.0, 1.44), (50.0, 0.288), (250.0, 0.288)] {
            let loads = loads(3_250.0, &Assumed { batch, ..Assumed::default() });
            let [alone, shared] = &loads[loads.len() - 2..] else { panic!() };
            assert!((alone.asked - 3_600_000.0).abs() < 1e-6, "{alone:?}");
            assert!((shared.pressure() - pressure).abs() < 1e-9, "{shared:?}");
        }
    }

    #[test]
    fn what_the_template_gives_is_what_is_compared_with() {
        let template = include_str!("../../../template.yaml");
        let default = |name: &str| -> f64 {
            let parameter = template.split(&format!("\n  {name}:\n")).nth(1).unwrap();
            parameter.split("Default: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap()
        };
        assert!((default("ThrottleRate") - THROTTLE_RATE).abs() < 1e-9);
        assert!((default("Concurrency") - CONCURRENCY).abs() < 1e-9);
        assert!((default("Batch") - Assumed::default().batch).abs() < 1e-9);
    }
}
