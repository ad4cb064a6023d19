//! What goes wrong on purpose.

use serde::{Deserialize, Serialize};

/// The faults in force. As JSON every field may be left out, and an unknown one is a mistake:
///
/// ```
/// let faults: simulated_braze::Faults = serde_json::from_str(r#"{
///     "sends": [
///         {"times": 2, "answer": {"status": {"code": 429, "reset": {"in_seconds": 3}}}},
///         {"answer": {"status": {"code": 502, "body": "html"}}, "processed": true},
///         {"answer": "cut", "processed": true}
///     ],
///     "delay_ms": 200, "webhook_copies": 1, "re_eligibility_off": true
/// }"#)?;
/// # assert_eq!(faults.sends.len(), 3);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// What happens to the next calls that send, first entry first; an entry goes when it is used up.
    pub sends: Vec<Fault>,
    /// The same for `/users/track`.
    pub tracks: Vec<Fault>,
    /// How long every answer waits. The call has done its work before that.
    pub delay_ms: u64,
    /// How long every answer waits before each byte of its body.
    pub trickle_ms: u64,
    /// How many more times every webhook is sent.
    pub webhook_copies: u32,
    /// No campaign is re-eligible, as in campaigns whose switch nobody touched.
    pub re_eligibility_off: bool,
}

/// One thing that goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// How many calls it befalls.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the call does its work all the same, so that only its answer is wrong.
    #[serde(default)]
    pub processed: bool,
    /// What the caller sees.
    pub answer: FaultAnswer,
}

/// What the caller sees instead of the true answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultAnswer {
    /// An answer with this status.
    Status {
        /// Such as 429.
        code: u16,
        /// What stands in its body.
        #[serde(default)]
        body: FaultBody,
        /// What `x-ratelimit-reset` says.
        #[serde(default)]
        reset: FaultReset,
    },
    /// The connection is closed before the answer begins.
    Cut,
    /// The connection is closed after the head of a 201, in the middle of the body.
    CutInBody,
    /// Nothing, until the caller gives up.
    Silence,
}

/// What stands in a wrong answer's body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultBody {
    /// JSON in Braze's shape.
    #[default]
    Braze,
    /// The page of a proxy.
    Html,
    /// Nothing.
    Empty,
}

/// What `x-ratelimit-reset` says in a wrong answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultReset {
    /// The truth.
    #[default]
    True,
    /// So many seconds from now; negative for the past.
    InSeconds(i64),
    /// The header is not there.
    Missing,
    /// The header is no number.
    Garbage,
}

const fn once() -> u32 {
    1
}

/// Takes the next fault out of a list of them.
pub(crate) fn next(faults: &mut Vec<Fault>) -> Option<Fault> {
    faults.retain(|fault| fault.times > 0);
    let fault = faults.first_mut()?;
    fault.times -= 1;
    Some(fault.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_their_order_and_as_often_as_they_say() {
        let fault = |times, answer| Fault { times, processed: false, answer };
        let mut faults =
            vec![fault(2, FaultAnswer::Cut), fault(0, FaultAnswer::CutInBody), fault(1, FaultAnswer::Silence)];
        let met: Vec<_> = std::iter::from_fn(|| next(&mut faults)).map(|fault| fault.answer).collect();
        assert_eq!(met, [FaultAnswer::Cut, FaultAnswer::Cut, FaultAnswer::Silence]);
        assert_eq!(next(&mut faults), None);
    }

    #[test]
    fn an_unknown_fault_is_a_mistake() {
        for text in
            [r#"{"send": []}"#, r#"{"sends": [{"answer": "cut", "time": 2}]}"#, r#"{"sends": [{"answer": "x"}]}"#]
        {
            assert!(serde_json::from_str::<Faults>(text).is_err(), "{text}");
        }
    }
}
