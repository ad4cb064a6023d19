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
/// Invocations that an account may have at once; a new one may begin with ten.
const LAMBDA: f64 = 1_000.0;
/// Write units a second that a new table on demand takes at once; it grows to twice its last peak, up to the quota.
const TABLE: f64 = 4_000.0;
/// Messages that a standard queue hands out and has not got back.
const QUEUE: f64 = 120_000.0;
/// Replies that one call of Braze carries at most; no more than one responder works on at once.
const BRAZE_RECIPIENTS: f64 = 50.0;
/// How much longer than most the slowest of a batch takes, if the logarithms of answers' times spread by 0.35: by the template's
/// values of `Batch`.
const SLOWEST: [(u16, f64); 4] = [(10, 1.65), (50, 2.1), (100, 2.3), (250, 2.5)];
/// How long a batch of more than ten waits to fill.
const WINDOW_SECONDS: f64 = 1.0;
/// The longest that a reply waits for a call that it shares.
const SHARED_SECONDS: f64 = 2.0;

/// The values that the template has for `Batch`.
pub const BATCHES: [u16; 4] = [SLOWEST[0].0, SLOWEST[1].0, SLOWEST[2].0, SLOWEST[3].0];

/// What nobody but the operator knows; by default what the template says, and Braze's default limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assumed {
    /// How long the AI takes for an answer.
    pub ai_seconds: f64,
    /// The most conversations that one responder works on at once: the template's `Batch`.
    pub batch: u16,
    /// The most batches at once: the template's `Concurrency`.
    pub concurrency: u32,
    /// Webhooks a second that the door takes: the template's `ThrottleRate`.
    pub throttle_rate: u32,
    /// Calls an hour that Braze takes, from everybody who sends.
    pub calls_per_hour: u32,
}

impl Default for Assumed {
    fn default() -> Self {
        let ai_seconds = crate::costs::Assumed::default().ai_seconds;
        Self { ai_seconds, batch: 10, concurrency: 10, throttle_rate: 500, calls_per_hour: 250_000 }
    }
}

/// One part, and what is asked of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Load {
    /// What is counted.
    pub what: &'static str,
    /// How much of it is asked for.
    pub asked: f64,
    /// How much there is; none if only the operator's contract knows.
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
    let responders = responders(replies, assumed);
    let (calls, limit) = (replies * 3_600.0, f64::from(assumed.calls_per_hour));
    let together = f64::from(assumed.batch).min(BRAZE_RECIPIENTS);
    let load = |what, asked, given: f64, knob| Load { what, asked, given: Some(given), knob };
    vec![
        load("door: webhooks a second", replies, f64::from(assumed.throttle_rate), "ThrottleRate, ThrottleBurst"),
        load("door: the account's quota", replies, DOOR, "AWS: HTTP API requests"),
        load("queue: messages in work", conversations, QUEUE, "AWS: none; they wait"),
        load(
            "responders at once",
            responders,
            f64::from(assumed.concurrency),
            "Concurrency; near Braze's limit Batch first",
        ),
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
        load(
            "Braze: calls an hour, at best",
            if calls > limit { calls / together } else { calls },
            limit,
            "Batch, Memory; Braze: the limit",
        ),
    ]
}

/// Whether replies must share calls, or Braze's limit is used up.
pub fn must_share(conversations: f64, assumed: &Assumed) -> bool {
    replies_per_second(conversations, assumed) * 3_600.0 > f64::from(assumed.calls_per_hour)
}

/// Those of which there is too little, the scarcest first.
pub fn scarce(conversations: f64, assumed: &Assumed) -> Vec<Load> {
    let mut scarce: Vec<_> = loads(conversations, assumed).into_iter().filter(|load| load.pressure() > 1.0).collect();
    scarce.sort_by(|a, b| b.pressure().total_cmp(&a.pressure()));
    scarce
}

/// Replies a second of so many conversations at once.
pub fn replies_per_second(conversations: f64, assumed: &Assumed) -> f64 {
    conversations / (assumed.ai_seconds + SECONDS_BESIDE_THE_AI)
}

/// A batch lasts as long as its slowest answer, and nothing takes the places of those that are done before.
fn responders(replies: f64, assumed: &Assumed) -> f64 {
    let slowest = SLOWEST.iter().find(|(batch, _)| *batch >= assumed.batch).unwrap_or(&SLOWEST[3]).1;
    let window = if assumed.batch > 10 { WINDOW_SECONDS } else { 0.0 };
    let shared = if replies * 3_600.0 > f64::from(assumed.calls_per_hour) { SHARED_SECONDS } else { 0.0 };
    let lasts = assumed.ai_seconds * slowest + SECONDS_BESIDE_THE_AI + window + shared;
    (replies * lasts / f64::from(assumed.batch)).ceil()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(conversations: f64, assumed: &Assumed) -> Option<&'static str> {
        scarce(conversations, assumed).first().map(|load| load.what)
    }

    #[test]
    fn ten_conversations_need_nothing_and_a_thousand_meet_responders_first() {
        let assumed = Assumed::default();
        assert_eq!(first(10.0, &assumed), None);
        assert_eq!(first(1_000.0, &assumed), Some("responders at once"));
        assert_eq!(first(100_000.0, &assumed), Some("responders at once"));
    }

    #[test]
    fn who_has_turned_what_was_in_the_way_finds_nothing_in_it() {
        let turned = Assumed { batch: 50, concurrency: 100, ..Assumed::default() };
        assert_eq!(first(1_000.0, &turned), None);
        assert!(must_share(1_000.0, &turned));
        assert!(!must_share(1_000.0, &Assumed { calls_per_hour: 2_000_000, ..turned }));
    }

    #[test]
    fn a_call_is_shared_by_no_more_than_a_batch_and_no_more_than_fifty() {
        for (batch, pressure) in [(10, 1.44), (50, 0.288), (250, 0.288)] {
            let loads = loads(3_250.0, &Assumed { batch, ..Assumed::default() });
            assert!((loads[loads.len() - 1].pressure() - pressure).abs() < 1e-9, "{loads:?}");
        }
    }

    #[test]
    fn what_the_template_gives_is_what_is_compared_with() {
        let template = include_str!("../../../template.yaml");
        let of = |name: &str| template.split(&format!("\n  {name}:\n")).nth(1).unwrap();
        let default = |name: &str| of(name).split("Default: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        let Assumed { batch, concurrency, throttle_rate, .. } = Assumed::default();
        assert_eq!(
            (default("ThrottleRate"), default("Concurrency"), default("Batch")),
            (throttle_rate, concurrency, u32::from(batch))
        );
        let values = of("Batch").split("AllowedValues: ").nth(1).unwrap().lines().next().unwrap();
        assert_eq!(values, format!("{BATCHES:?}"));
    }
}
