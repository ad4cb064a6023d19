//! What to do with the messages a claim found: the one place where that is decided, with everything it depends on given.

use std::time::Duration;

use models::assistant::{Assistant, BotText, KeywordLists};
use models::{HandOffReason, Spent, Timestamp, is_blank};

use crate::likeness::{Look, kept};
use crate::window::OPEN_FOR;

/// A message this long after it was written is no longer answered: the window is closed, unless something newer opened it.
pub const STALE_AFTER: Duration = OPEN_FOR;

/// One pending message of the user, as deciding needs it.
#[derive(Debug, Clone, Copy)]
pub struct Pending<'a> {
    /// Text, arrival, route, dispatch.
    pub look: Look<'a>,
    /// When the user wrote it, as far as anybody knows.
    pub written: Timestamp,
    /// What came along with it.
    pub beside: Beside,
}

/// What came along with a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Beside {
    /// Nothing, or nothing that anybody here would ever look at.
    #[default]
    Nothing,
    /// Something that is not opened.
    Closed,
    /// Something that the AI may see or hear. Nothing in it is ever a keyword.
    Openable,
}

/// Everything a decision depends on.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other, each by its name")]
#[derive(Debug)]
pub struct Situation<'a> {
    /// The open messages of the user, in the order of filing.
    pub pending: &'a [Pending<'a>],
    /// What the last turn answered.
    pub last_turn: &'a [Look<'a>],
    /// How many turns in a row, the last one among them, were about the same words as the pending messages, of the day that
    /// `spent` counts now.
    pub repeats: usize,
    /// Whether a flow waits for the user's answer.
    pub flow_waits: bool,
    /// Who answers.
    pub owner: Answerer,
    /// Whether there is a desk to hand over to.
    pub desk: bool,
    /// Whether the user has opted out.
    pub opted_out: bool,
    /// The route the messages came by leads to a person.
    pub route_hands_off: bool,
    /// The user's turns so far.
    pub spent: &'a Spent,
    /// Claims since a turn last ended, this one included.
    pub attempts: u32,
    /// The assistant's configuration.
    pub assistant: &'a Assistant,
    /// This moment.
    pub now: Timestamp,
}

/// Who answers a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// The bot.
    Bot,
    /// A person, and the quiet hours are counted from then: from an agent's last deed, later by what had to wait for the desk.
    Person(Timestamp),
}

/// What to do. Places are those of the pending messages that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Silence(Silence),
    /// Give the messages up; they go to the dead letters.
    Park(ParkReason),
    /// Say one of the bot's own lines.
    Say(BotText, Vec<usize>),
    /// Ask the AI.
    Ask(Vec<usize>),
    /// A person owns the conversation: tell the desk. With a wish that the bot has to remember all the same.
    Forward(Vec<usize>, Option<OptWish>),
    /// Say so, and let a person own the conversation.
    HandOff(HandOffReason, Vec<usize>),
    /// The quiet hours were over at this moment, and what came since is the bot's; then decide anew.
    TakeBack(Timestamp),
    /// Remember what the user wants, and be silent.
    Heed(OptWish),
    /// Remember that the user wants to hear from the bot again; then decide anew about all that was written.
    HearAgain,
    /// The user wants to hear from the bot again: remember it and say so.
    OptIn(Vec<usize>),
}

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Every message is a copy of another one, or a keyword that Braze answers.
    NothingNew,
    /// The user has opted out.
    OptedOut,
    /// The user has had as many turns as anybody gets, and was told.
    OverBudget,
    /// The same words came again and again, and the user was told that it is too much: somebody's own bot, most likely.
    Loop,
}

/// What the user wants of the bot altogether.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptWish {
    /// Silence.
    Out,
    /// Answers.
    In,
}

/// Why messages are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParkReason {
    /// Too old to be answered.
    Stale,
    /// Every attempt failed.
    Attempts,
    /// Braze refuses the send, and will again.
    Rejected,
    /// A person has the conversation, and the desk refuses the message for good.
    DeskRefused,
}

/// Decides, from what forbids an answer to what it is made of.
pub fn decide(situation: &Situation) -> Decision {
    let counted = counted(situation);
    let Some(newest) = counted.iter().map(|place| situation.pending[*place].written).max() else {
        return Decision::Silence(Silence::NothingNew);
    };
    let wish = opt_wish(situation, &counted);
    if let Answerer::Person(since) = situation.owner {
        let alone_from = since + situation.assistant.hand_off.return_after;
        // What came before that is people's, however late the desk takes it: nobody was quiet about what nobody had heard.
        let is_owed = counted.iter().any(|place| situation.pending[*place].look.arrival < alone_from);
        return if is_owed { Decision::Forward(counted, wish) } else { Decision::TakeBack(alone_from) };
    }
    let stale = situation.now.since(newest) >= STALE_AFTER;
    // Where there is a group to join, nobody here knows who has left it elsewhere: then nothing else reaches them.
    let may_be_out = situation.opted_out || situation.assistant.profile.opt_out_group.is_some();
    match wish {
        Some(OptWish::Out) => return Decision::Heed(OptWish::Out),
        // What a wish changes holds however late it comes; saying so would reach nobody any more.
        Some(OptWish::In) if may_be_out && stale => return Decision::Heed(OptWish::In),
        Some(OptWish::In) if may_be_out => return opt_in(situation, counted),
        _ if situation.opted_out => return Decision::Silence(Silence::OptedOut),
        _ => {}
    }
    if stale {
        return Decision::Park(ParkReason::Stale);
    }
    let limits = &situation.assistant.limits;
    if situation.attempts >= limits.attempts {
        return Decision::Park(ParkReason::Attempts);
    }
    answer(situation, counted)
}

/// A wish to hear from the bot again is answered by a line. What stands beside it is answered instead, which says as much.
fn opt_in(situation: &Situation, counted: Vec<usize>) -> Decision {
    let keywords = &situation.assistant.keywords;
    let is_wish = |place: &usize| wish(keywords, std::iter::once(situation.pending[*place].look.text)).is_some();
    if counted.iter().all(is_wish) || situation.attempts >= situation.assistant.limits.attempts {
        return Decision::OptIn(counted);
    }
    if situation.opted_out {
        return Decision::HearAgain;
    }
    match answer(situation, counted.clone()) {
        Decision::Silence(_) => Decision::OptIn(counted),
        answer => answer,
    }
}

/// What an answer is made of, once nothing forbids one.
fn answer(situation: &Situation, counted: Vec<usize>) -> Decision {
    let Assistant { limits, keywords, hand_off, .. } = situation.assistant;
    let text = |place: &usize| situation.pending[*place].look.text;
    if situation.desk && counted.iter().any(|place| keywords.hand_off.matches(text(place))) {
        return Decision::HandOff(HandOffReason::Keyword, counted);
    }
    if situation.desk && situation.route_hands_off {
        return Decision::HandOff(HandOffReason::Route, counted);
    }
    // A survey's answers are often alike. Somebody's own bot gets no further in a flow than its questions and the budget go.
    let loops = || situation.repeats >= limits.repeats && !situation.flow_waits;
    let too_much = match () {
        () if limits.budget.is_used_up(situation.spent, situation.now) => Some(Silence::OverBudget),
        () if loops() => Some(Silence::Loop),
        () => None,
    };
    if let Some(silence) = too_much {
        let told = situation.spent.told;
        return if told { Decision::Silence(silence) } else { Decision::Say(BotText::OverBudget, counted) };
    }
    if situation.attempts + 1 == limits.attempts {
        let person = situation.desk && hand_off.on_failure;
        return if person {
            Decision::HandOff(HandOffReason::Failure, counted)
        } else {
            Decision::Say(BotText::Fallback, counted)
        };
    }
    let beside = |place: &usize| situation.pending[*place].beside;
    if counted.iter().all(|place| is_blank(text(place)) && beside(place) != Beside::Openable) {
        let is_closed = counted.iter().any(|place| beside(place) == Beside::Closed);
        return Decision::Say(if is_closed { BotText::NotOpened } else { BotText::NoWords }, counted);
    }
    Decision::Ask(counted)
}

/// The messages that are neither copies nor keywords that Braze answers.
fn counted(situation: &Situation) -> Vec<usize> {
    let ignored = |place: &usize| situation.assistant.keywords.ignore.matches(situation.pending[*place].look.text);
    without_copies(situation.pending, situation.last_turn).into_iter().filter(|place| !ignored(place)).collect()
}

/// The newest wish among the messages that count.
fn opt_wish(situation: &Situation, counted: &[usize]) -> Option<OptWish> {
    wish(&situation.assistant.keywords, counted.iter().map(|place| situation.pending[*place].look.text))
}

/// The newest wish in `texts`, each of which is a whole message.
pub fn wish<'a>(keywords: &KeywordLists, texts: impl DoubleEndedIterator<Item = &'a str>) -> Option<OptWish> {
    texts.rev().find_map(|text| match text {
        text if keywords.opt_out.matches(text) => Some(OptWish::Out),
        text if keywords.opt_in.matches(text) => Some(OptWish::In),
        _ => None,
    })
}

/// The places of the pending messages that are no copies, of one another or of what the last turn was about.
pub fn without_copies(pending: &[Pending], last_turn: &[Look]) -> Vec<usize> {
    // The last turn stands before: what it answered already cannot lose to a copy that came late.
    let answered = last_turn.len();
    let looks: Vec<_> = last_turn.iter().copied().chain(pending.iter().map(|pending| pending.look)).collect();
    let is_copy_of_answered = |look| last_turn.iter().any(|answered| crate::likeness::alike(*answered, look));
    let stays = kept(&looks);
    (0..pending.len()).filter(|index| stays[answered + index] && !is_copy_of_answered(pending[*index].look)).collect()
}

#[cfg(test)]
mod tests;
