//! What a conversation's rows say about what went before.

use ai::Exchange;
use conversation::likeness::Look;
use models::{MessageId, Personal};
use store::{Said, TurnRow};

/// A conversation's newest rows, sorted out: which are history, and which is a draft that was never committed.
#[derive(Debug, Default)]
pub(crate) struct History {
    turns: Vec<TurnRow>,
    drafts: Vec<TurnRow>,
}

impl History {
    /// Sorts `rows` (newest first), of which turns up to `last_turn` happened.
    pub(crate) fn new(rows: Vec<TurnRow>, last_turn: u64) -> Self {
        let (mut turns, drafts): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.key.number <= last_turn);
        // Of one turn the highest epoch is the one that was sent; newest first, it stands before the others.
        turns.dedup_by_key(|row| row.key.number);
        Self { turns, drafts }
    }

    /// The last `most` turns that were answered, oldest first.
    pub(crate) fn exchanges(&self, most: usize) -> Vec<Exchange> {
        let mut exchanges: Vec<_> =
            self.turns.iter().filter(|row| !row.reply.is_empty()).take(most).map(exchange).collect();
        exchanges.reverse();
        exchanges
    }

    /// What the last turn answered.
    pub(crate) fn last_turn(&self) -> Vec<Look<'_>> {
        self.turns.first().into_iter().flat_map(|row| row.said.iter().map(look)).collect()
    }

    /// A draft that a run before us wrote for exactly these messages and did not live to commit; rather an answer than a
    /// line of the bot's own.
    pub(crate) fn draft_for(&self, number: u64, covers: &[MessageId]) -> Option<&TurnRow> {
        let drafts = self.drafts.iter().filter(|row| row.key.number == number && row.covers == covers);
        drafts.min_by_key(|row| row.own_line)
    }
}

/// Whether `rows` can lack nothing that was written before the claim of `epoch`: its predecessor's draft is among them. A run
/// that wrote none leaves that open.
pub(crate) fn is_whole(rows: &[TurnRow], epoch: u64) -> bool {
    rows.iter().map(|row| row.key.epoch).max().unwrap_or_default() + 1 >= epoch
}

/// What likeness looks at in something said.
pub(crate) fn look(said: &Said) -> Look<'_> {
    Look { text: said.text.as_str(), arrival: said.arrival, route: said.route.as_ref(), dispatched: said.dispatched }
}

/// Several messages as one text, as a user's turn in a prompt.
pub(crate) fn joined<'a>(texts: impl Iterator<Item = &'a Personal>) -> Personal {
    Personal::new(texts.map(Personal::as_str).collect::<Vec<_>>().join("\n"))
}

fn exchange(row: &TurnRow) -> Exchange {
    let assistant = row.reply.iter().map(models::Part::as_str).collect::<Vec<_>>().join("\n\n");
    Exchange { user: joined(row.said.iter().map(|said| &said.text)), assistant: Personal::new(assistant) }
}

#[cfg(test)]
mod tests {
    use models::{Identity, Part, Timestamp};
    use store::TurnKey;

    use super::*;

    fn row(number: u64, epoch: u64, text: &str, reply: &[&str]) -> TurnRow {
        TurnRow {
            key: TurnKey { number, epoch },
            at: Timestamp::EPOCH,
            covers: vec![MessageId::stored(text)],
            said: vec![Said { text: text.into(), arrival: Timestamp::EPOCH, route: None, dispatched: true }],
            to: Identity::new("42", "", "").unwrap(),
            reply: reply.iter().map(|part| Part::new(*part).unwrap()).collect(),
            own_line: false,
        }
    }

    #[test]
    fn of_each_turn_that_happened_the_last_draft_is_history_oldest_first() {
        let rows = vec![
            row(4, 9, "next", &["draft"]),
            row(3, 7, "c", &["3", "and more"]),
            row(3, 6, "c", &["unsent"]),
            row(2, 5, "b", &[]),
            row(1, 2, "a", &["1"]),
        ];
        let history = History::new(rows, 3);
        let said: Vec<_> =
            history.exchanges(10).into_iter().map(|e| (e.user.into_string(), e.assistant.into_string())).collect();
        assert_eq!(said, [("a".to_owned(), "1".to_owned()), ("c".to_owned(), "3\n\nand more".to_owned())]);
        assert_eq!(history.exchanges(1).len(), 1);
        let looked: Vec<_> = history.last_turn().iter().map(|look| (look.text, look.dispatched)).collect();
        assert_eq!(looked, [("c", true)]);
    }

    #[test]
    fn rows_that_lack_the_last_runs_draft_may_lack_more() {
        let rows = [row(2, 3, "given up", &["draft"]), row(1, 2, "a", &["1"])];
        assert!(is_whole(&rows, 4) && !is_whole(&rows, 5));
        assert!(is_whole(&[], 1) && !is_whole(&[], 2));
    }

    #[test]
    fn a_conversation_without_a_turn_has_no_past() {
        let history = History::new(vec![], 0);
        assert!(history.last_turn().is_empty() && history.exchanges(9).is_empty());
    }

    #[test]
    fn an_answer_is_taken_up_rather_than_a_line_of_the_bots_own() {
        let line = TurnRow { own_line: true, ..row(4, 9, "next", &["Sorry"]) };
        let history = History::new(vec![line, row(4, 8, "next", &["answer"])], 3);
        assert!(!history.draft_for(4, &[MessageId::stored("next")]).unwrap().own_line);
    }

    #[test]
    fn several_messages_are_one_text_of_several_lines() {
        let texts = ["hi".into(), "one sec".into()];
        assert_eq!(joined(texts.iter()).as_str(), "hi\none sec");
    }

    #[test]
    fn a_draft_is_taken_up_only_for_the_same_turn_and_messages() {
        let history = History::new(vec![row(4, 9, "next", &["draft"])], 3);
        let covers = |text| [MessageId::stored(text)];
        assert!(history.draft_for(4, &covers("next")).is_some());
        assert!(history.draft_for(4, &covers("other")).is_none());
        assert!(history.draft_for(5, &covers("next")).is_none());
    }
}
