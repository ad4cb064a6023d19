//! That an answer takes a moment: said while the AI is asked, to whoever waits for the bot, once before the next thing is said.

use models::ConversationKey;
use store::{TurnKey, TurnKind};

use super::State;
use super::figures::Figure;

impl State {
    /// A turn is committed. Two that say it follow each other nowhere.
    pub(super) fn takes_a_moment(&mut self, key: &ConversationKey, turn: TurnKey) {
        if self.kind(key, turn) != TurnKind::Moment {
            return;
        }
        self.figures.count(Figure::Moments);
        if self.begun.contains_key(key) {
            self.broken(format!("{} was told that the answer takes a moment, and it had begun", key.as_str()));
        }
        if !self.moments.insert(key.clone()) {
            self.broken(format!("{} was told twice that the answer takes a moment", key.as_str()));
        }
    }

    /// A turn of any kind is part of the past: from now on it may be said again.
    pub(super) fn has_gone_on(&mut self, key: &ConversationKey, turn: TurnKey) {
        let kind = self.kind(key, turn);
        if kind != TurnKind::Moment {
            self.moments.remove(key);
        }
        if !matches!(kind, TurnKind::Moment | TurnKind::Begun) {
            self.begun.remove(key);
        }
    }
}
