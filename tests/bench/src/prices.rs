//! What AWS takes, us-east-1, before free tiers, as of November 2026, from the price pages of API Gateway (HTTP APIs), Lambda
//! (arm64), SQS (standard queues), `DynamoDB` (on demand) and CloudWatch (logs) at `https://aws.amazon.com/<service>/pricing/`.
//! Not in it: the AI's tokens, which cost more than all of this, Braze, secrets, alarms and what idle polling costs.

/// Dollars for one.
const HTTP_API_CALL: f64 = 1.00e-6;
const LAMBDA_REQUEST: f64 = 0.20e-6;
const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
const QUEUE_CALL: f64 = 0.40e-6;
const WRITE_UNIT: f64 = 0.625e-6;
const READ_UNIT: f64 = 0.125e-6;
const LOG_BYTE: f64 = 0.50 / (1024.0 * 1024.0 * 1024.0);

/// What the template gives a function unless told otherwise.
const MEMORY_GB: f64 = 128.0 / 1024.0;
/// What cannot be measured on one machine, assumed: an AI that takes three seconds, a quarter of a second for Braze, the
/// table and the rest, and ten milliseconds for a webhook.
const RESPONDER_SECONDS: f64 = 3.25;
const INGEST_SECONDS: f64 = 0.010;
/// A message is sent, received and deleted; the responder's own calls come on top.
const CALLS_OF_A_MESSAGE: f64 = 3.0;

/// What one settled turn used, as counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
    /// Of the responder alone.
    pub(crate) queue_calls: f64,
    pub(crate) log_bytes: f64,
}

/// What a million turns cost, each of one message that comes in a batch of its own: the dearest way.
pub(crate) fn of_a_million(turn: &Turn) -> [(&'static str, f64); 5] {
    let front = HTTP_API_CALL + LAMBDA_REQUEST + INGEST_SECONDS * MEMORY_GB * LAMBDA_GB_SECOND;
    let queue = (CALLS_OF_A_MESSAGE + turn.queue_calls) * QUEUE_CALL;
    let waiting = LAMBDA_REQUEST + RESPONDER_SECONDS * MEMORY_GB * LAMBDA_GB_SECOND;
    let table = turn.write_units * WRITE_UNIT + turn.read_units * READ_UNIT;
    let rest = queue + turn.log_bytes * LOG_BYTE;
    [
        ("million turns: front door and ingest", front * 1e6),
        ("million turns: responder, AI of 3 s", waiting * 1e6),
        ("million turns: table", table * 1e6),
        ("million turns: queue and logs", rest * 1e6),
        ("million turns: all of it", (front + waiting + table + rest) * 1e6),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_turns_cost_what_their_parts_cost() {
        let turn = Turn { write_units: 8.0, read_units: 4.0, queue_calls: 0.0, log_bytes: 0.0 };
        let [front, waiting, table, rest, all] = of_a_million(&turn).map(|(_, dollars)| dollars);
        for (found, expected) in [(front, 1.217), (waiting, 5.617), (table, 5.50), (rest, 1.20), (all, 13.533)] {
            assert!((found - expected).abs() < 0.001, "{found} is not {expected}");
        }
    }
}
