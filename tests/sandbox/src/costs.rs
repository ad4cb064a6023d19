//! What AWS takes for an ordinary turn: the one place for its prices, which `bench` and `cargo run -- costs` share.
//!
//! us-east-1, as of [`AS_OF`], from the price pages of API Gateway (HTTP APIs), Lambda (arm64), SQS (standard queues), `DynamoDB` (on
//! demand), Secrets Manager and CloudWatch (logs, alarms, metrics, dashboards) at `https://aws.amazon.com/<service>/pricing/`. Not in
//! it: the AI's tokens, which cost more than all of this, and Braze.

/// When the price pages said so.
pub const AS_OF: &str = "November 2026";

/// Dollars for one.
const HTTP_API_CALL: f64 = 1.00e-6;
const LAMBDA_REQUEST: f64 = 0.20e-6;
const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
const QUEUE_CALL: f64 = 0.40e-6;
const WRITE_UNIT: f64 = 0.625e-6;
const READ_UNIT: f64 = 0.125e-6;
const LOG_BYTE: f64 = 0.50 / GIB;
const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// What is free in every account and every month, for good. API Gateway has nothing of that kind, nor has a table on demand.
const FREE_LAMBDA_REQUESTS: f64 = 1e6;
const FREE_GB_SECONDS: f64 = 400_000.0;
const FREE_QUEUE_CALLS: f64 = 1e6;
const FREE_LOG_BYTES: f64 = 5.0 * GIB;

/// What cannot be measured on one machine, assumed: a quarter of a second for Braze, the table and the rest, and ten
/// milliseconds for a webhook.
pub(crate) const SECONDS_BESIDE_THE_AI: f64 = 0.25;
const INGEST_SECONDS: f64 = 0.010;
/// A message is sent, received and deleted; the responder's own calls come on top.
const CALLS_OF_A_MESSAGE: f64 = 3.0;

/// The stack's own, whether anybody writes or not: dollars a month for one.
const SECRET: f64 = 0.40;
const ALARM: f64 = 0.10;
const SECRETS: u32 = 2;
const ALARMS: u32 = 21;
const FREE_ALARMS: u32 = 10;
/// With `MaximumConcurrency` Lambda keeps five pollers for a mapping, each asking for twenty seconds at a time, in a month of thirty days.
const QUEUES_POLLED: u32 = 2;
const POLLS_OF_A_QUEUE: f64 = 5.0 * 30.0 * 24.0 * 3600.0 / 20.0;

/// What one settled turn uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// Of the table.
    pub write_units: f64,
    /// Of the table.
    pub read_units: f64,
    /// Of the responder alone.
    pub queue_calls: f64,
    /// That the responder logs.
    pub log_bytes: f64,
}

impl Turn {
    /// A returning user's ordinary turn, as `bench` counts it: a test there holds it to that.
    pub const ORDINARY: Self = Self { write_units: 5.0, read_units: 1.0, queue_calls: 0.0, log_bytes: 1_454.0 };
}

/// What nobody but the operator knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assumed {
    /// How long the AI takes for an answer.
    pub ai_seconds: f64,
    /// What the template's `Memory` gives either function.
    pub memory_mb: f64,
}

impl Default for Assumed {
    fn default() -> Self {
        Self { ai_seconds: 3.0, memory_mb: 128.0 }
    }
}

/// Dollars, before free tiers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bill {
    /// The front door and ingest.
    pub door: f64,
    /// The responder, which mostly waits for the AI.
    pub responder: f64,
    /// The table.
    pub table: f64,
    /// The queue and the logs.
    pub queue_and_logs: f64,
    /// What the free tier would take off; not taken off anywhere here.
    pub free_tier: f64,
}

impl Bill {
    /// Of so many turns in a month, each of one message that comes in a batch of its own: the dearest way.
    pub fn of(turns: f64, turn: &Turn, assumed: &Assumed) -> Self {
        let memory_gb = assumed.memory_mb / 1024.0;
        let responder_seconds = assumed.ai_seconds + SECONDS_BESIDE_THE_AI;
        let queue_calls = CALLS_OF_A_MESSAGE + turn.queue_calls;
        let free = |used: f64, free: f64, price: f64| (turns * used).min(free) * price;
        Self {
            door: turns * (HTTP_API_CALL + LAMBDA_REQUEST + INGEST_SECONDS * memory_gb * LAMBDA_GB_SECOND),
            responder: turns * (LAMBDA_REQUEST + responder_seconds * memory_gb * LAMBDA_GB_SECOND),
            table: turns * (turn.write_units * WRITE_UNIT + turn.read_units * READ_UNIT),
            queue_and_logs: turns * (queue_calls * QUEUE_CALL + turn.log_bytes * LOG_BYTE),
            free_tier: free(2.0, FREE_LAMBDA_REQUESTS, LAMBDA_REQUEST)
                + free((INGEST_SECONDS + responder_seconds) * memory_gb, FREE_GB_SECONDS, LAMBDA_GB_SECOND)
                + free(queue_calls, FREE_QUEUE_CALLS, QUEUE_CALL)
                + free(turn.log_bytes, FREE_LOG_BYTES, LOG_BYTE),
        }
    }

    /// All of it.
    pub fn total(&self) -> f64 {
        self.door + self.responder + self.table + self.queue_and_logs
    }
}

/// Dollars a month of a stack to which nobody writes, each with what it is for.
pub fn standing() -> [(String, f64); 3] {
    let polls = f64::from(QUEUES_POLLED) * POLLS_OF_A_QUEUE;
    let dear = ALARMS.saturating_sub(FREE_ALARMS);
    [
        (format!("{SECRETS} secrets, ${SECRET:.2} each"), f64::from(SECRETS) * SECRET),
        (
            format!("{ALARMS} alarms, ${ALARM:.2} each beyond the account's first {FREE_ALARMS}"),
            f64::from(dear) * ALARM,
        ),
        (
            format!("Lambda's polling of {QUEUES_POLLED} queues, at most, the first million calls free"),
            polls * QUEUE_CALL,
        ),
    ]
}

/// What else may be on the bill, and cannot be known here.
pub const BESIDES: [&str; 4] = [
    "The dashboard: an account's first three are free, each further one costs $3.00 a month.",
    "Log storage: $0.03 a GiB and month for as long as LogRetentionDays says; the table's: $0.25, and $0.20 for its backups.",
    "Metrics: $0.30 a month for each name that is counted all month, beyond the account's first ten; by the hour.",
    "A further message of a turn costs a webhook and three calls of the queue more; a burst that is waited for, a wake-up.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_turns_cost_what_their_parts_cost() {
        let turn = Turn { write_units: 8.0, read_units: 4.0, queue_calls: 0.0, log_bytes: 0.0 };
        let bill = Bill::of(1e6, &turn, &Assumed::default());
        for (found, expected) in [
            (bill.door, 1.217),
            (bill.responder, 5.617),
            (bill.table, 5.50),
            (bill.queue_and_logs, 1.20),
            (bill.total(), 13.533),
        ] {
            assert!((found - expected).abs() < 0.001, "{found} is not {expected}");
        }
    }

    #[test]
    fn the_free_tier_gives_no_more_than_its_share_and_is_not_counted() {
        let bill = |turns| Bill::of(turns, &Turn::ORDINARY, &Assumed::default());
        // 1,000 turns stay within every allowance: of them the door's calls and the table alone are left to pay.
        let (few, calls) = (bill(1e3), 1e3 * HTTP_API_CALL);
        assert!((few.total() - few.free_tier - calls - few.table).abs() < 1e-9, "{few:?}");
        let most = 0.20 + 5.333_36 + 0.40 + 2.50;
        assert!((bill(1e9).free_tier - most).abs() < 1e-6, "{:?}", bill(1e9));
        assert!((bill(2e9).total() / bill(1e9).total() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_stands_idle_is_what_the_template_has() {
        let template = include_str!("../../../template.yaml");
        let count = |kind: &str| template.matches(&format!("    Type: {kind}\n")).count();
        assert_eq!(count("AWS::SecretsManager::Secret"), SECRETS as usize);
        assert_eq!(count("AWS::CloudWatch::Alarm"), ALARMS as usize);
        assert_eq!(count("AWS::CloudWatch::Dashboard"), 1);
        assert_eq!(template.matches("MaximumConcurrency: !Ref").count(), QUEUES_POLLED as usize);
        // An alarm over several metrics costs as much as several alarms.
        assert_eq!(template.matches("      MetricName: ").count(), ALARMS as usize);
        let dollars: f64 = standing().iter().map(|(_, dollars)| dollars).sum();
        assert!((dollars - (0.80 + 1.10 + 0.5184)).abs() < 1e-9, "{dollars}");
    }

    #[test]
    fn the_readmes_say_what_is_computed() {
        let readme = include_str!("../../../README.md");
        let million = Bill::of(1e6, &Turn::ORDINARY, &Assumed::default()).total();
        let idle: f64 = standing().iter().map(|(_, dollars)| dollars).sum();
        let figures = include_str!("../../bench/README.md");
        assert!(figures.contains(&format!("for other numbers | ${million:.2} |")), "{million}");
        assert!(readme.contains(&format!("A million turns with an AI of 3 seconds: ${million:.2},")), "{million}");
        assert!(readme.contains(&format!("about ${idle:.1}0 a month")), "{idle}");
    }
}
