//! How answers begin that the AI is still writing: what it told is said in its order and once, and the rest is what follows it.

use std::collections::HashMap;

use ai::Question;
use conversation::shape::shape;
use models::{ConversationKey, MessageId, Personal, Timestamp};
use platform::clock::Clock as _;
use store::{TurnKey, TurnKind, TurnRow};

use super::asks::REPLY_PARTS;
use super::figures::Figure;
use super::sends::{Heard, part_name};
use super::{State, Witness};

/// Stands in what is asked about an answer whose rest never came.
pub(crate) const GO_ON: &str = "(Your last message broke off";

/// Characters of the mark by which instructions are known again.
const MARK: usize = 16;
/// Letters of the beginning by which they are known without it.
const BEGINNING: usize = 96;

/// What is known of how answers begin.
#[derive(Default)]
pub(super) struct Tellings {
    /// The paragraphs that were told, asking by asking.
    told: Vec<Vec<String>>,
    /// Whether the AI ever told its instructions, or the mark of them: such an answer is withheld.
    tells_its_instructions: bool,
    /// What was answered where an answer had been begun before it was asked for.
    go_on: Vec<String>,
    /// Answers of which everything was said before their end: by which claim, and when that was noted.
    said: HashMap<ConversationKey, (u64, Timestamp)>,
}

impl Witness {
    /// Somebody listens to an answer from now on; its number.
    pub(crate) fn listens(&self) -> usize {
        let mut state = self.lock();
        state.tellings.told.push(vec![]);
        state.tellings.told.len() - 1
    }

    /// The AI tells a paragraph before it has said all.
    pub(crate) fn told(&self, asking: usize, paragraph: &Personal) {
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("told {} characters", paragraph.as_str().len()));
        state.tellings.told[asking].push(paragraph.as_str().to_owned());
    }
}

impl State {
    /// The AI answered this: with what was told before, it may be said without that.
    pub(super) fn may_be_the_rest_of(&mut self, question: &Question, text: &str) {
        let mut rests = Vec::new();
        for told in &self.tellings.told {
            let begun = (1..=told.len()).map(|place| told[..place].concat());
            rests.extend(begun.filter_map(|begun| text.strip_prefix(&begun)).map(str::to_owned));
        }
        if question.text.as_str().contains(GO_ON) {
            rests.push(text.to_owned());
            rests.extend(self.tellings.told.iter().flat_map(|told| behind(told, text)));
            self.tellings.go_on.push(text.to_owned());
        }
        for rest in rests {
            self.answers.extend((1..=REPLY_PARTS).map(|parts| shape(&rest, parts)));
        }
        let mark = question.instructions.rsplit("\n\n").next().and_then(|note| note.get(..MARK));
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        let (said, rules) = (letters(text), letters(&question.instructions));
        let beginning = rules.get(..BEGINNING);
        self.tellings.tells_its_instructions |= mark.is_some_and(|mark| text.contains(mark));
        self.tellings.tells_its_instructions |= beginning.is_some_and(|rules| said.contains(rules));
    }

    /// These messages are over: whatever comes of the same words later is another answer.
    pub(super) fn forgets_how_it_began(&mut self, key: &ConversationKey, covers: &[MessageId]) {
        let turn = self.begun.get(key).and_then(|begun| begun.first()).map(|(turn, _)| *turn);
        let draft = turn.and_then(|turn| self.drafts.get(&(key.clone(), turn)));
        if draft.is_some_and(|draft| draft.row.covers.last().is_some_and(|id| covers.contains(id))) {
            self.begun.remove(key);
        }
    }

    /// Whether these words were read in how an answer to the message began, in one `of_these`.
    pub(super) fn was_begun_with(
        &self,
        key: &ConversationKey,
        id: &MessageId,
        canary: &String,
        of_these: impl Fn(&TurnRow) -> bool,
    ) -> bool {
        let phone = self.phones.get(key);
        let mut begun = self.beginnings(id).filter(|(_, row)| of_these(row));
        begun.any(|(_, row)| phone.is_some_and(|phone| phone.has_read(row.key, canary)))
    }

    /// Whether nobody knows of a beginning of the answer to the message whether it arrived: then it may never be read, as the
    /// policy says, and the answer goes on from there.
    pub(super) fn is_begun_in_doubt(&self, id: &MessageId) -> bool {
        self.beginnings(id).any(|(first, row)| {
            let name = part_name(&format!("{}!begun#{}", first.as_str(), row.key.number), row.key);
            let Some(key) = self.filed.get(id) else { return false };
            let begun = self.conversations.get(key).map_or(&[][..], |known| known.begun.as_slice());
            let is_unsent = begun.iter().any(|(turn, ..)| *turn == row.key);
            let mut requests = self.requests.iter().filter(|request| request.key == *key && request.turn == row.key);
            // That one copy was not taken tells nothing of another one.
            let is_refused =
                !is_unsent && requests.all(|request| matches!(request.heard, Some(Heard::Refused | Heard::Rejected)));
            !is_refused && self.parts.get(&name).is_none_or(|part| part.delivered == 0)
        })
    }

    /// The committed beginnings of the answer to a message, each with the message that it is named by.
    fn beginnings(&self, id: &MessageId) -> impl Iterator<Item = (&MessageId, &TurnRow)> {
        let committed = self.drafts.iter().filter(|(place, _)| self.committed.contains(*place));
        let of_it = committed.map(|(_, draft)| &draft.row).filter(|row| row.kind == TurnKind::Begun);
        of_it.filter(|row| row.covers.contains(id)).filter_map(|row| Some((row.covers.first()?, row)))
    }

    /// When it was noted by the claim of `epoch` that everything of an answer was said, if it was.
    pub(super) fn was_said_already(&mut self, key: &ConversationKey, epoch: u64) -> Option<Timestamp> {
        let (claim, at) = self.tellings.said.remove(key)?;
        (claim == epoch).then_some(at)
    }

    /// Whether an answer may have been withheld, for which a line of the bot's own stands.
    pub(super) fn may_withhold(&self) -> bool {
        self.tellings.tells_its_instructions
    }

    /// A turn is committed: a beginning goes on where the one before it ended, and is the AI's.
    pub(super) fn begins(&mut self, key: &ConversationKey, turn: TurnKey) {
        if self.kind(key, turn) != TurnKind::Begun {
            return;
        }
        self.figures.count(Figure::Begun);
        let Some(row) = self.drafts.get(&(key.clone(), turn)).map(|draft| draft.row.clone()) else { return };
        let before: String = self.begun.get(key).into_iter().flatten().map(|(_, text)| text.as_str()).collect();
        let reply: Vec<_> = row.reply.iter().map(|said| said.text().clone()).collect();
        let goes_on = |told: &Vec<String>| {
            let from = (0..=told.len()).find(|place| told[..*place].concat() == before)?;
            (from + 1..=told.len()).map(|to| told[from..to].concat()).find(|text| shape(text, 2) == reply)
        };
        match self.tellings.told.iter().rev().find_map(goes_on) {
            Some(text) => self.begun.entry(key.clone()).or_default().push((turn, text)),
            None => self.broken(format!("turn {} of {} is not how the answer goes on", turn.number, key.as_str())),
        }
    }

    /// A draft is stored. Of a beginning that Braze did not take nothing was said; an answer says what was not said yet.
    pub(super) fn goes_on_from_what_was_begun(&mut self, key: &ConversationKey, row: &TurnRow, reply: &[models::Part]) {
        if row.kind == TurnKind::Begun && reply.is_empty() {
            if let Some(begun) = self.begun.get_mut(key) {
                begun.retain(|(turn, _)| *turn != row.key);
                if begun.is_empty() {
                    self.begun.remove(key);
                }
            }
            return;
        }
        let before: String = self.begun.get(key).into_iter().flatten().map(|(_, text)| text.as_str()).collect();
        if row.kind == TurnKind::Answer && reply.is_empty() && !before.is_empty() {
            self.tellings.said.insert(key.clone(), (row.key.epoch, row.at));
        }
        let epoch = self.conversations.get(key).map(|conversation| conversation.epoch);
        let is_answer =
            row.kind == TurnKind::Answer && !row.own_line && !reply.is_empty() && epoch == Some(row.key.epoch);
        if before.is_empty() || !is_answer || self.may_be_said_by_a_flow(row) || self.is_begun_by_a_system(row) {
            return;
        }
        let begun = self.begun.get(key).map_or(&[][..], Vec::as_slice);
        let covers = begun.first().and_then(|(turn, _)| self.drafts.get(&(key.clone(), *turn)));
        let is_about_it = covers.is_some_and(|draft| row.covers.iter().all(|id| draft.row.covers.contains(id)));
        if is_about_it && begun.len() + reply.len() > REPLY_PARTS {
            let turn = row.key.number;
            self.broken(format!("turn {turn} of {} has more parts than are left of its answer's", key.as_str()));
        }
        let first = |told: &&Vec<String>| !told.is_empty() && before.starts_with(&told[0]);
        let says_it_again = self.tellings.told.iter().find(first).is_some_and(|told| {
            let first: String = shape(&told[0], 1).iter().map(|part| part.as_str().to_owned()).collect();
            reply[0].as_str().starts_with(&first)
        });
        // A model that does not go on may begin with the same paragraph and say something else.
        let is_other = |text: &&String| !as_read(text).starts_with(&as_read(&before));
        let mut others = self.tellings.go_on.iter().filter(is_other);
        let goes_on = others.any(|text| (1..=REPLY_PARTS).any(|parts| shape(text, parts).starts_with(reply)));
        if says_it_again && !goes_on && is_about_it {
            self.broken(format!("turn {} of {} says once more how it began", row.key.number, key.as_str()));
        }
    }
}

/// A text as it is read, whatever is bold or italic in it.
fn as_read(text: &str) -> String {
    let parts: Vec<_> = shape(text, REPLY_PARTS).iter().map(|part| part.as_str().trim().to_owned()).collect();
    parts.join("\n\n").replace(['*', '_', '~', '`'], "")
}

/// What stands in `text` behind paragraphs that read as so many of those that were told.
fn behind(told: &[String], text: &str) -> Vec<String> {
    let told: Vec<_> = (1..=told.len()).map(|place| as_read(&told[..place].concat())).collect();
    let ends = text.match_indices("\n\n").map(|(end, _)| text.split_at(end));
    ends.filter(|(before, _)| told.contains(&as_read(before))).map(|(_, rest)| rest.to_owned()).collect()
}
