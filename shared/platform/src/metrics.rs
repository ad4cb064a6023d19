//! Metrics as lines of CloudWatch's embedded metric format: counted by printing, nothing to flush, nothing to call.

use std::io::Write as _;

use models::Timestamp;
use serde_json::json;

use crate::clock::{Clock as _, SystemClock};

/// The CloudWatch namespace of every metric.
pub const NAMESPACE: &str = "Dragoman";
/// The one dimension of every metric: the deployed function's full name, which no other stack of the account shares.
const DIMENSION: &str = "FunctionName";
/// Where Lambda tells a function its full name.
const FULL_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// Something worth counting. The names are what alarms and dashboards in `template.yaml` look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// A request with a wrong or missing token.
    Unauthorized,
    /// A message was queued.
    Queued,
    /// An agent's wish was queued.
    AgentQueued,
    /// An authentic body that could not be read was parked.
    Quarantined,
    /// A request was answered 503: the queue or the secret was out of reach.
    Unavailable,
    /// An `explain` query without its header: somebody left it in a campaign's URL.
    ExplainIgnored,
    /// A turn was answered by the AI.
    Answered,
    /// A turn was answered with the fallback line, because no attempt to answer it had come to anything.
    Fallback,
    /// An AI called tools that it was not offered, or not as described.
    ToolRejected,
    /// One of the brand's own tools was called for an AI.
    ToolCalled,
    /// A call of one of the brand's own tools failed: no answer in time, nothing to show, or neither a 2xx nor a status that says
    /// that nothing is there.
    ToolFailed,
    /// A picture that a user sent was fetched for an AI.
    PictureOpened,
    /// A voice message was transcribed.
    VoiceTranscribed,
    /// Seconds of the voice messages that were transcribed, as far as the server says.
    VoiceSeconds,
    /// Something that a user sent could not be fetched, is not what it seemed, or could not be transcribed.
    MediaFailed,
    /// Tokens of questions to an AI, as far as its server says.
    AiInputTokens,
    /// Tokens of an AI's answers, as far as its server says.
    AiOutputTokens,
    /// An answer of the AI was replaced by one of the bot's own lines: it told the instructions, or nothing was left of it.
    Withheld,
    /// Links and numbers were taken out of an answer of the AI.
    TakenOut,
    /// No backend gave an answer in one attempt.
    AiFailed,
    /// An answer that an AI gave later was not said: it came too late, for another question, once more, or nobody waits for it.
    LateAnswer,
    /// Braze refused a send for now.
    SendDelayed,
    /// It is not known whether Braze accepted a send.
    UnknownSend,
    /// A turn ended with a send of which nobody knows whether it arrived.
    Flagged,
    /// The rest of a reply was dropped: a person took over, or Braze refused it.
    Cut,
    /// Messages were given up; they go to the dead letters.
    Parked,
    /// Messages were settled as copies of another one.
    Duplicate,
    /// Messages were settled unanswered because their user has had, or has waiting, as many as anybody may.
    OverBudget,
    /// A question was not asked of the AI because the deployment had asked as many as it may in a day.
    DeploymentOverBudget,
    /// A flow was started by another system.
    FlowStarted,
    /// A flow that another system wanted to start was not: a person has the conversation, or its user wants silence, or there
    /// is no such flow.
    FlowNotStarted,
    /// An agent's words were not sent: the user has not written for a day, and there is no template.
    WindowClosed,
    /// A webhook named a route the assistant does not have.
    UnknownRoute,
    /// A message was queued that this version cannot read.
    Unreadable,
    /// The row of a turn was passed over, or what it says given up: this version cannot read it.
    RowSkipped,
    /// The bot handed a conversation over to a person.
    HandedOff,
    /// Messages of a user went to the desk.
    Forwarded,
    /// The desk could not be told something.
    DeskFailed,
    /// The desk refused an event for good; it was skipped.
    DeskRefused,
    /// A turn in an agent's name was sent.
    AgentAnswered,
    /// An agent took a conversation over, or gave it back.
    OwnerChanged,
    /// The bot took a conversation back whose agents had been quiet for long.
    TakenBack,
    /// A user opted out.
    OptedOut,
    /// Messages of users who had opted out were settled unanswered.
    SilentByOptOut,
    /// The same words came again and again, and were settled unanswered.
    LoopBroken,
    /// Something could not be written to a profile in Braze.
    ProfileFailed,
    /// A user was forgotten.
    Erased,
}

/// Where counts go.
pub trait Meter: Send + Sync {
    /// Counts `amount` of `metric`.
    fn count(&self, metric: Metric, amount: u64);
}

/// Counts as lines on the standard output, where Lambda's log service finds them.
pub struct Emf {
    /// The function's short name: what its metrics are told apart by where Lambda names nothing.
    pub function: &'static str,
}

impl Meter for Emf {
    fn count(&self, metric: Metric, amount: u64) {
        let function = std::env::var(FULL_NAME).unwrap_or_else(|_| self.function.to_owned());
        let line = line(&function, metric, amount, SystemClock.now());
        // Not as a log line, inside which the format would not be recognised. A closed output is not worth failing for.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// Counts nothing: for where nobody watches.
pub struct Uncounted;

impl Meter for Uncounted {
    fn count(&self, _: Metric, _: u64) {}
}

fn line(function: &str, metric: Metric, amount: u64, now: Timestamp) -> String {
    let name = format!("{metric:?}");
    json!({
        "_aws": {
            "Timestamp": now.millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[DIMENSION]],
                "Metrics": [{"Name": name, "Unit": "Count"}],
            }],
        },
        DIMENSION: function,
        name: amount,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_metric_twice_as_the_format_wants() {
        let line = line("shop-Ingest-1a2b", Metric::Unauthorized, 2, Timestamp::from_millis(5));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["Unauthorized"], 2);
        assert_eq!(value["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "Unauthorized");
        assert_eq!(value["_aws"]["Timestamp"], 5);
        assert_eq!(value["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["FunctionName"]]));
        assert_eq!(value["FunctionName"], "shop-Ingest-1a2b");
    }
}
