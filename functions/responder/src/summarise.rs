//! Summing up what a prompt has no room for any more. Nobody waits for it: it is begun when every reply of a batch was sent and
//! every conversation is free again, and given up where there is no time for it. A later turn tries again; where an AI has made
//! nothing of it, not the next one: that would be paid for after every turn.

use std::time::Duration;

use ai::{Ai, AiError, Past, SUMMARY_INSTRUCTIONS, Summary};
use conversation::guard::{Instructions, Looked, look};
use conversation::prompt::kept_words;
use conversation::room::Room;
use conversation::shape::shape;
use models::{ConversationKey, Part, Personal};
use platform::clock::Deadline;
use platform::metrics::Metric;
use store::{Owner, Recap, StoreError, Summing, TurnRow};

use crate::history::{History, Outgrown};
use crate::{RECORD_WITHIN, Responder};

/// How long an AI may take for it at most: the function is paid for meanwhile, and the batch is not over.
const WITHIN: Duration = Duration::from_secs(10);
/// With less than this it is not begun: hardly any model would be done, but for one that must always be faster.
const AT_LEAST: Duration = Duration::from_secs(2);
/// Characters of a summary that are kept: more than it is asked to have, and little beside the turns it stands for.
const MOST_CHARACTERS: usize = 2_000;

/// A conversation in which something will soon fall out of the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Long {
    /// Its key.
    pub(crate) key: ConversationKey,
    /// Follows the delivery that woke it through the logs.
    pub(crate) log_id: String,
}

/// Why nothing was summed up this time.
#[derive(Debug, thiserror::Error)]
enum Unsummed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ai(#[from] AiError),
    #[error("the summary tells what it must not, or nothing")]
    Withheld,
    #[error("its row has changed or is gone")]
    Moved,
}

impl Unsummed {
    /// Whether an AI has worked on it, or would fail at it again: then the next turn does not try it anew.
    fn is_paid_for(&self) -> bool {
        match self {
            Self::Withheld => true,
            Self::Ai(error) => !matches!(error, AiError::Unavailable { .. } | AiError::LeftAlone),
            Self::Store(_) | Self::Moved => false,
        }
    }
}

impl Responder {
    /// The room that a prompt has for earlier turns.
    pub(crate) fn room(&self) -> Room {
        Room { turns: self.assistant.limits.history_turns, tokens: self.assistant.limits.history_tokens }
    }

    /// Whether something is soon to be summed up in a conversation with this past.
    pub(crate) fn grows_long(&self, history: &History) -> bool {
        let may = self.assistant.limits.summary && self.summariser(history).summarises();
        may && history.is_nearly_outgrown(self.room(), self.clock.now())
    }

    /// Sums up what falls out of the prompt of a long conversation, if it is time and there is time.
    pub(crate) async fn sum_up(&self, long: &Long, deadline: Deadline) {
        match self.try_to_sum_up(long, deadline).await {
            Ok(true) => tracing::info!(log_id = long.log_id, "a conversation was summed up"),
            Ok(false) => {}
            Err(reason) => tracing::warn!(log_id = long.log_id, %reason, "not summed up; a later turn tries again"),
        }
    }

    /// Whether it was. What the conversation holds is read anew: others may have gone on with it, or forgotten it.
    async fn try_to_sum_up(&self, long: &Long, deadline: Deadline) -> Result<bool, Unsummed> {
        let most = self.assistant.limits.ai_deadline.min(WITHIN);
        let least = AT_LEAST.min(most);
        let now = self.clock.now();
        // Something is to be read first, and what comes of it is to be written down.
        if deadline.left(now, RECORD_WITHIN) < RECORD_WITHIN + least {
            return Ok(false);
        }
        // Who answers meanwhile does this afterwards; and of whom nobody is asked anything, nobody is asked this.
        let head = self.store.head(&long.key, now).await?;
        let is_ours = |head: &store::Head| head.owner == Owner::Bot && !head.opted_out && !head.leased(now);
        let Some(head) = head.filter(is_ours) else { return Ok(false) };
        let history = History::new(self.newest_turns(&long.key, now).await?, head.last_turn);
        let Some(outgrown) = history.outgrown(self.room(), now) else { return Ok(false) };
        let left = deadline.left(self.clock.now(), RECORD_WITHIN).min(most);
        if left < least || self.is_used_up() {
            return Ok(false);
        }
        let instructions = Instructions::of(SUMMARY_INSTRUCTIONS);
        let past = outgrown.past(&long.key, instructions.note(), self.assistant.limits.output_tokens);
        let summed = self.summed_up(&past, self.summariser(&history), left, &instructions).await;
        let Outgrown { recap, row, .. } = outgrown;
        let text = match summed {
            Ok(text) => text,
            Err(reason) => {
                if reason.is_paid_for() {
                    let tried = TurnRow { summing: row.summing.clone().tried(), ..row.clone() };
                    self.store.replace_turn(&long.key, &row, &tried, self.clock.now()).await?;
                }
                return Err(reason);
            }
        };
        let with_it = TurnRow { summing: Summing::Done(Recap { text, ..recap }), ..row.clone() };
        let is_kept = self.store.replace_turn(&long.key, &row, &with_it, self.clock.now()).await?;
        if is_kept { Ok(true) } else { Err(Unsummed::Moved) }
    }

    /// A summary as it is kept.
    async fn summed_up(
        &self,
        past: &Past,
        ai: &dyn Ai,
        time: Duration,
        instructions: &Instructions<'_>,
    ) -> Result<Personal, Unsummed> {
        let Summary { text, usage } = self.asked_for_a_summary(past, ai, time).await?;
        self.note(usage);
        self.kept_summary(&text, instructions).ok_or(Unsummed::Withheld)
    }

    /// It counts as a question of the deployment's day.
    async fn asked_for_a_summary(&self, past: &Past, ai: &dyn Ai, time: Duration) -> Result<Summary, AiError> {
        let (summary, ()) = futures::future::join(ai.summarise(past, time), self.count_a_question()).await;
        summary
    }

    /// A summary as it is kept: what an answer must not tell, nor show, a summary must not either.
    fn kept_summary(&self, text: &Personal, instructions: &Instructions<'_>) -> Option<Personal> {
        match look(&shape(text.as_str(), 1), instructions, &self.assistant.guards) {
            Looked::Withheld => None,
            Looked::Passed { parts, taken_out } => {
                self.count(Metric::TakenOut, taken_out);
                let text: String = parts.iter().map(Part::as_str).collect();
                Some(Personal::new(kept_words(&text, false, MOST_CHARACTERS)))
            }
        }
    }

    /// What is asked first on the way that the conversation is on.
    fn summariser(&self, history: &History) -> &dyn Ai {
        self.ai_by(history.route().map(|(name, _)| name))
    }
}
