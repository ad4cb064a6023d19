//! One conversation as an agent needs it: since when it waits, why, and what was said.

use desk::{DeskEvent, NotSent, What};
use models::{AgentAction, AgentDeed, HandOffReason, MessageId, Personal, Timestamp};
use serde::Serialize;

use crate::desk::{Entry, speaker};

/// A conversation that a person owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Owned {
    pub(crate) conversation: String,
    /// What the phone beside the desk is called.
    pub(crate) phone: String,
    /// Since when, if that is known.
    pub(crate) since: Option<Timestamp>,
}

/// What an agent sees of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Thread {
    #[serde(flatten)]
    owned: Owned,
    state: State,
    /// `null` while the desk was told nothing: a person took over by themselves, or the desk could not be reached.
    reason: Option<HandOffReason>,
    summary: Option<Personal>,
    profile_name: Option<Personal>,
    language: Option<String>,
    /// What was said, oldest first.
    lines: Vec<Said>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// For somebody to take it.
    Waiting,
    /// Somebody has.
    Attended,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Said {
    from: &'static str,
    text: Personal,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_urls: Option<Personal>,
    /// Why it did not reach the user, as far as the desk was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_sent: Option<NotSent>,
    at: Timestamp,
}

impl Thread {
    /// Where it stands in the list: who waits comes first, who has waited longest before all.
    pub(crate) fn place(&self) -> impl Ord + use<> {
        (self.state, self.owned.since, self.owned.conversation.clone())
    }
}

/// The thread of a conversation; `entries` are what happened with it, oldest first.
pub(crate) fn thread(owned: Owned, entries: &[&Entry]) -> Thread {
    let stretch = current_stretch(entries);
    let hand_off = stretch.iter().rposition(|entry| hand_off_of(entry).is_some());
    let mut thread = Thread {
        owned,
        state: if stretch.iter().any(|entry| takes_over(entry)) { State::Attended } else { State::Waiting },
        reason: None,
        summary: None,
        profile_name: None,
        language: None,
        lines: Vec::new(),
    };
    if let Some(event) = hand_off.and_then(|at| hand_off_of(stretch[at])) {
        thread.take(event);
    }
    for (place, entry) in stretch.iter().enumerate() {
        let Some(said) = said(entry, stretch) else { continue };
        // The transcript tells what came before it, in its own times.
        let told = hand_off.is_some_and(|hand_off| place < hand_off)
            && thread.lines.iter().any(|line| line.from == said.from && line.text == said.text);
        if !told {
            thread.lines.push(said);
        }
    }
    thread.lines.sort_by_key(|line| line.at);
    thread
}

impl Thread {
    fn take(&mut self, event: &DeskEvent) {
        let What::HandOff { reason, summary, transcript, profile_name, language } = &event.what else { return };
        self.owned.since = self.owned.since.or(Some(event.at));
        self.reason = Some(*reason);
        self.summary = Some(summary.clone());
        self.profile_name.clone_from(profile_name);
        self.language.clone_from(language);
        let lines = transcript.iter();
        self.lines = lines
            .map(|line| Said {
                from: speaker(line.from),
                text: line.text.clone(),
                media_urls: None,
                not_sent: None,
                at: line.at,
            })
            .collect();
    }
}

/// What happened since the bot had the conversation last.
fn current_stretch<'a>(entries: &'a [&'a Entry]) -> &'a [&'a Entry] {
    let released = entries.iter().rposition(|entry| match entry {
        Entry::Told(event) => matches!(event.what, What::Released { .. }),
        Entry::Did(action) => matches!(action.deed, AgentDeed::Release),
    });
    entries.get(released.map_or(0, |at| at + 1)..).unwrap_or_default()
}

fn hand_off_of(entry: &Entry) -> Option<&DeskEvent> {
    match entry {
        Entry::Told(event) if matches!(event.what, What::HandOff { .. }) => Some(event),
        _ => None,
    }
}

fn takes_over(entry: &Entry) -> bool {
    matches!(entry, Entry::Did(AgentAction { deed: AgentDeed::Say(_) | AgentDeed::TakeOver, .. }))
}

fn said(entry: &Entry, stretch: &[&Entry]) -> Option<Said> {
    let said = |from, text: &Personal, at: &Timestamp| Said {
        from,
        text: text.clone(),
        media_urls: None,
        not_sent: None,
        at: *at,
    };
    match entry {
        Entry::Told(DeskEvent { what: What::Message { text, media_urls }, at, .. }) => {
            Some(Said { media_urls: media_urls.clone(), ..said("user", text, at) })
        }
        Entry::Did(AgentAction { id, deed: AgentDeed::Say(text), at, .. }) => {
            Some(Said { not_sent: why_not_sent(id, stretch), ..said("agent", text, at) })
        }
        _ => None,
    }
}

/// Why the agent's line `id` did not reach its user. Lines that went as one turn are named after the first of them.
fn why_not_sent(id: &MessageId, stretch: &[&Entry]) -> Option<NotSent> {
    let event = format!("not-sent:{}", id.as_str());
    stretch.iter().find_map(|entry| match entry {
        Entry::Told(DeskEvent { id, what: What::NotSent { reason, .. }, .. }) if *id == event => Some(*reason),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use desk::{Line, ReleasedBy, Speaker};
    use models::ConversationKey;

    use super::*;

    fn told(second: u64, what: What) -> Entry {
        let conversation = ConversationKey::parse("user:ada").unwrap();
        Entry::Told(DeskEvent { id: second.to_string(), conversation, at: Timestamp::from_seconds(second), what })
    }

    fn did(second: u64, deed: AgentDeed) -> Entry {
        let (conversation, at) = (ConversationKey::parse("user:ada").unwrap(), Timestamp::from_seconds(second));
        let id = MessageId::of_arrival("user:ada", &second.to_string(), at);
        Entry::Did(AgentAction { id, log_id: String::new(), conversation, at, named: false, deed })
    }

    fn handed_off(second: u64, transcript: &[(Speaker, &str, u64)]) -> Entry {
        let line = |(from, text, at): &(Speaker, &str, u64)| Line {
            from: *from,
            text: (*text).into(),
            at: Timestamp::from_seconds(*at),
        };
        told(
            second,
            What::HandOff {
                reason: HandOffReason::Keyword,
                summary: "a parcel".into(),
                transcript: transcript.iter().map(line).collect(),
                profile_name: Some("Ada".into()),
                language: None,
            },
        )
    }

    fn wrote(second: u64, text: &str) -> Entry {
        told(second, What::Message { text: text.into(), media_urls: None })
    }

    fn of(entries: &[Entry]) -> Thread {
        let (conversation, phone) = ("user:ada".to_owned(), "user:ada".to_owned());
        let owned = Owned { conversation, phone, since: Some(Timestamp::from_seconds(5)) };
        thread(owned, &entries.iter().collect::<Vec<_>>())
    }

    fn lines(thread: &Thread) -> Vec<(&str, &str)> {
        thread.lines.iter().map(|line| (line.from, line.text.as_str())).collect()
    }

    #[test]
    fn who_was_handed_over_waits_with_everything_that_was_said() {
        let thread = of(&[
            handed_off(5, &[(Speaker::User, "hi", 1), (Speaker::Bot, "hello", 2), (Speaker::Bot, "a colleague", 6)]),
            wrote(4, "a human please"),
            wrote(9, "still there?"),
        ]);
        assert_eq!((thread.state, thread.reason), (State::Waiting, Some(HandOffReason::Keyword)));
        assert_eq!(
            lines(&thread),
            [
                ("user", "hi"),
                ("bot", "hello"),
                ("user", "a human please"),
                ("bot", "a colleague"),
                ("user", "still there?")
            ]
        );
    }

    #[test]
    fn an_agents_word_or_a_takeover_ends_the_waiting() {
        let hand_off = || handed_off(5, &[]);
        let thread = of(&[hand_off(), wrote(6, "hello?"), did(7, AgentDeed::Say("Eve here".into()))]);
        assert_eq!((thread.state, lines(&thread)), (State::Attended, vec![("user", "hello?"), ("agent", "Eve here")]));
        assert_eq!(of(&[hand_off(), did(6, AgentDeed::TakeOver)]).state, State::Attended);
    }

    #[test]
    fn what_an_agent_said_before_the_desk_was_told_stands_there_once() {
        let say = did(6, AgentDeed::Say("Eve here".into()));
        let thread = of(&[say.clone(), handed_off(7, &[(Speaker::Agent, "Eve here", 6)])]);
        assert_eq!(lines(&thread), [("agent", "Eve here")]);
        assert_eq!(lines(&of(&[say, handed_off(7, &[])])), [("agent", "Eve here")]);
    }

    #[test]
    fn an_agents_line_says_why_it_was_not_sent() {
        let (sent, unsent) = (did(6, AgentDeed::Say("a".into())), did(7, AgentDeed::Say("b".into())));
        let Entry::Did(AgentAction { id, .. }) = &unsent else { panic!("an agent did it") };
        let event = What::NotSent { reason: NotSent::WindowClosed, text: "b".into() };
        let Entry::Told(event) = told(8, event) else { panic!("the desk was told") };
        let event = Entry::Told(DeskEvent { id: format!("not-sent:{}", id.as_str()), ..event });
        let thread = of(&[sent, unsent.clone(), event]);
        let reasons: Vec<_> = thread.lines.iter().map(|line| (line.text.as_str(), line.not_sent)).collect();
        assert_eq!(reasons, [("a", None), ("b", Some(NotSent::WindowClosed))]);
    }

    #[test]
    fn after_a_release_the_next_person_begins_anew() {
        for released in [told(8, What::Released { by: ReleasedBy::Agent }), did(8, AgentDeed::Release)] {
            let thread = of(&[handed_off(5, &[(Speaker::User, "old", 1)]), did(6, AgentDeed::TakeOver), released]);
            assert_eq!((thread.state, thread.reason, lines(&thread)), (State::Waiting, None, vec![]));
        }
    }

    #[test]
    fn who_has_waited_longest_is_first_and_who_is_attended_to_last() {
        let waits = |second: u64| {
            let thread = of(&[]);
            let owned = Owned { since: Some(Timestamp::from_seconds(second)), ..thread.owned.clone() };
            Thread { owned, ..thread }
        };
        let attended = Thread { state: State::Attended, ..waits(1) };
        let mut threads = [attended.clone(), waits(9), waits(3)];
        threads.sort_by_key(Thread::place);
        assert_eq!(threads, [waits(3), waits(9), attended]);
    }
}
