//! Answers that come later: asked for once, waited for no longer than was said at first, and said only by whoever waits for them.

use std::collections::HashMap;

use ai::Question;
use conversation::shape::shape;
use models::{AgentAction, ConversationKey, MessageId, Timestamp};
use platform::clock::Clock as _;
use store::{Owner, Store as _, TurnKey, TurnKind, TurnRow, Wait};

use super::asks::REPLY_PARTS;
use super::figures::Figure;
use super::reaching::Unasked;
use super::{Draft, State, Witness};
use crate::later::LATER;

/// What is known of them.
#[derive(Default)]
pub(super) struct Later {
    /// Those that reached the door, by the beginning that no two share.
    came: HashMap<String, (MessageId, Timestamp)>,
    /// The questions that were put aside.
    aside: HashMap<ConversationKey, Vec<Aside>>,
    /// The claims that put one in the place of another and have not counted it yet.
    uncounted: HashMap<ConversationKey, u64>,
    /// Messages that were given up, and after how many steps that was.
    pub(super) given_up: HashMap<MessageId, usize>,
}

/// A question that was put aside.
struct Aside {
    question: MessageId,
    wait: Wait,
    turn: TurnKey,
    /// The step at which that was stored.
    step: usize,
}

impl Later {
    /// A conversation was forgotten, and nobody waits for an answer in it any more.
    pub(super) fn begin_anew(&mut self, key: &ConversationKey) {
        self.aside.remove(key);
    }

    /// The newest question that was put aside before this step. A row of a run whose claim was over may be stored late.
    fn newest(&self, key: &ConversationKey, before: usize) -> Option<&Aside> {
        let known = self.aside.get(key)?.iter().filter(|aside| aside.step < before);
        known.max_by_key(|aside| aside.turn)
    }
}

impl Witness {
    /// A question is put aside in the place of an older one, by whoever holds this claim.
    pub(crate) fn asked_anew(&self, key: &ConversationKey, row: &TurnRow, claim: u64) {
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("asked anew {} {:?}", key.as_str(), row.covers));
        state.later.uncounted.insert(key.clone(), claim);
        state.waits(key, row, claim);
        let step = state.figures.get(Figure::Steps);
        state.drafts.insert((key.clone(), row.key), Draft { row: row.clone(), step, unasked: Unasked::No });
    }

    /// An answer is on the agents' queue.
    pub(super) fn is_answered_later(&self, question: &MessageId, body: &str, at: Timestamp) {
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("answered later {}", question.as_str()));
        let parts = shape(&words(body), REPLY_PARTS);
        if let Some(name) = parts.first().and_then(|part| name_of(part.as_str())) {
            // The door takes the same request more than once, and what came first may be queued last: the earliest may be said.
            let came = state.later.came.entry(name).or_insert_with(|| (question.clone(), at));
            came.1 = came.1.min(at);
        }
        state.answers.push(parts);
    }

    /// An answer leaves its queue, by a run that began at this step: only if nobody waits for it. A row that was stored since, by
    /// a client that had given that up, the run may not know.
    pub(super) async fn a_later_answer_is_deleted(
        &self,
        (question, body): (&MessageId, &str),
        action: &AgentAction,
        began: usize,
    ) {
        let Some(key) = self.lock().filed.get(&question.newest()).cloned() else { return };
        let head = self.store.head(&key, self.clock.now()).await.ok().flatten().unwrap_or_default();
        let named = self.store.head(&action.conversation, self.clock.now()).await.ok().flatten().unwrap_or_default();
        let is_elsewhere = named.moved_to.unwrap_or_else(|| action.conversation.clone()) != key;
        if is_elsewhere || words(body).trim().is_empty() {
            return;
        }
        let mut state = self.lock();
        let newest = state.later.newest(&key, usize::MAX).filter(|aside| aside.step < began);
        // Given up meanwhile, the question was over, though its message may be back.
        let was_over = state.later.given_up.get(&question.newest()).is_some_and(|step| *step >= began);
        // Nor is anything waited for that was asked before its user was forgotten, though the message may be back.
        let newest = newest.filter(|aside| !was_over && !state.is_of_before(&key, aside.turn.epoch));
        let is_waited_for = newest.is_some_and(|aside| aside.question == *question && action.at <= aside.wait.until);
        if is_waited_for && head.pending.contains_key(&question.newest()) && head.owner == Owner::Bot && !head.opted_out
        {
            state.broken(format!("the answer to {question:?} was dropped, and it is waited for"));
        }
    }
}

impl State {
    /// A draft is stored.
    pub(super) fn waits(&mut self, key: &ConversationKey, row: &TurnRow, writer: u64) {
        let TurnKind::Waiting(wait) = row.kind else { return self.says_what_came_later(key, row) };
        self.figures.count(Figure::PutAside);
        let claim = self.conversations.get(key).map_or((0, 0), |known| (known.epoch, known.claimed_at));
        let Some(question) = MessageId::of_question(&row.covers) else {
            return self.broken(format!("a question of {} has no name", key.as_str()));
        };
        let step = self.figures.get(Figure::Steps);
        // Whoever read the past before it was stored cannot know it.
        let known = self.later.newest(key, claim.1).filter(|_| claim.0 == writer);
        // What was given up may come again bit by bit: whoever finds only some of it asks for that anew.
        let was_there =
            |id: &MessageId| self.conversations.get(key).is_some_and(|known| known.waiting_then.contains(id));
        let newest = |before: &&Aside| before.question.newest();
        let open =
            known.filter(|before| was_there(&newest(before))).filter(|before| !self.ends.contains_key(&newest(before)));
        let is_longer = open.is_some_and(|before| before.wait.until < wait.until);
        // Who was forgotten meanwhile begins anew.
        if is_longer && !self.is_of_before(key, writer) && !self.erased.contains_key(key) {
            self.broken(format!("{} is waited for longer than was said at first", key.as_str()));
        }
        self.later.aside.entry(key.clone()).or_default().push(Aside { question, wait, turn: row.key, step });
    }

    /// A run ends without a turn: a question that took the place of another one counts as a turn then, and so does an answer of
    /// which everything was said before its end.
    pub(super) fn counts_what_is_no_turn(&mut self, key: &ConversationKey, epoch: u64, counted: bool, now: Timestamp) {
        let asked_anew = self.later.uncounted.get(key) == Some(&epoch);
        let said = self.was_said_already(key, epoch);
        let owes = asked_anew || said.is_some();
        if owes != counted {
            let what = if said.is_some() { "said before its end" } else { "asked anew" };
            self.broken(format!("a question of {} was {what}: {owes}, and counted as a turn: {counted}", key.as_str()));
        }
        if asked_anew {
            self.later.uncounted.remove(key);
        }
        if owes {
            self.spends_on_a_question(key, said.unwrap_or(now));
        }
    }

    /// What came later is said only for the question that was waited for, and only if it came in time.
    fn says_what_came_later(&mut self, key: &ConversationKey, row: &TurnRow) {
        let name = row.reply.first().and_then(|part| name_of(part.text().as_str()));
        let Some((question, at)) = name.and_then(|name| self.later.came.get(&name).cloned()) else { return };
        self.figures.count(Figure::AnsweredLater);
        // Of whom was forgotten meanwhile it is not known any more what was waited for.
        if self.is_of_before(key, row.key.epoch) {
            return;
        }
        let aside = self.later.aside.get(key).into_iter().flatten();
        // A run whose claim is over may find what a later one drafted, and say it in vain.
        let is_over = self.conversations.get(key).is_some_and(|known| known.epoch != row.key.epoch);
        let is_own = |aside: &&Aside| aside.question == question && (is_over || aside.turn < row.key);
        let own: Vec<_> = aside.filter(is_own).collect();
        if !own.iter().any(|aside| at <= aside.wait.until) {
            let untils: Vec<_> = own.iter().map(|aside| aside.wait.until).collect();
            let key = key.as_str();
            self.broken(format!("{key} was told an answer of {at:?} that nobody waited for, or only until {untils:?}"));
        }
        let asked = self.queued.get(&question.newest()).map(|message| message.text.clone());
        if row.said.last().map(|said| &said.text) != asked.as_ref() {
            self.broken(format!("{} was told the answer to another question", key.as_str()));
        }
    }

    /// A question is asked: not once more as long as its answer may come, nor of whom it did not come from.
    pub(super) fn is_not_put_aside(&mut self, key: &ConversationKey, question: &Question, claim: Option<u64>) {
        let Some(known) = self.conversations.get(key).filter(|known| claim == Some(known.epoch)) else { return };
        let newest = self.later.newest(key, known.claimed_at);
        let is_same = newest.is_some_and(|aside| aside.question == question.id);
        if question.passed == 0
            && is_same
            && !self.ends.contains_key(&question.id.newest())
            && !self.erased.contains_key(key)
        {
            self.broken(format!("{:?} was asked again although its answer was to come later", question.id));
        }
    }
}

fn words(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    body["text"].as_str().unwrap_or_default().to_owned()
}

/// `later 7 `, if a reply begins with that.
fn name_of(reply: &str) -> Option<String> {
    let number = reply.strip_prefix(LATER)?.split(' ').next()?;
    Some(format!("{LATER}{number} "))
}
