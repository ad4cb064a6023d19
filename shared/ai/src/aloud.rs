//! Who listens while an answer is said.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use models::Personal;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Who, if anybody, hears an answer while it is said: whole paragraphs of its Markdown, as soon as the next one has begun. What
/// was told is how the answer's text begins, to the letter; the end of it is never told, for it is the answer's. Whoever was
/// told anything hears no second answer to the same question: what fails then has failed.
///
/// A handle: its clones tell the same listener. Two are equal if both have a listener, or neither.
#[derive(Clone, Default)]
pub struct Aloud(Option<Arc<Listener>>);

struct Listener(Mutex<Told>);

struct Told {
    /// None once the answer is over.
    ear: Option<UnboundedSender<Personal>>,
    so_far: String,
}

impl Aloud {
    /// With a listener, who hears the paragraphs in their order; blank lines behind them are a part of them. Whoever drops the
    /// receiver is told nothing more.
    pub fn heard() -> (Self, UnboundedReceiver<Personal>) {
        let (ear, hears) = unbounded_channel();
        (Self(Some(Arc::new(Listener(Mutex::new(Told { ear: Some(ear), so_far: String::new() }))))), hears)
    }

    /// Whether it has a listener, if only one who has left.
    pub fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    /// Tells the next paragraphs. For backends: what is told cannot be taken back.
    pub fn tell(&self, paragraphs: &str) {
        self.with(|told| {
            if told.ear.as_ref().is_some_and(|ear| ear.send(paragraphs.into()).is_ok()) {
                told.so_far.push_str(paragraphs);
            }
        });
    }

    /// The answer is over: the listener's receiver ends, whoever still has a handle.
    pub fn close(&self) {
        self.with(|told| told.ear = None);
    }

    /// Whether anything was told.
    pub fn has_told(&self) -> bool {
        self.with(|told| !told.so_far.is_empty())
    }

    /// All that was told so far.
    pub(crate) fn told(&self) -> String {
        self.with(|told| told.so_far.clone())
    }

    fn with<T: Default>(&self, rule: impl FnOnce(&mut Told) -> T) -> T {
        let rule = |listener: &Arc<Listener>| rule(&mut listener.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.as_ref().map(rule).unwrap_or_default()
    }
}

impl PartialEq for Aloud {
    fn eq(&self, other: &Self) -> bool {
        self.is_heard() == other.is_heard()
    }
}

impl Eq for Aloud {}

impl fmt::Debug for Aloud {
    /// Never what was told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aloud").field("is_heard", &self.is_heard()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_tell_one_listener_and_what_nobody_hears_was_not_told() {
        let (aloud, mut hears) = Aloud::heard();
        aloud.tell("a\n\n");
        aloud.clone().tell("b\n\n");
        assert_eq!((hears.try_recv(), hears.try_recv()), (Ok("a\n\n".into()), Ok("b\n\n".into())));
        drop(hears);
        aloud.tell("c\n\n");
        assert!(aloud.has_told());
        assert_eq!(aloud.told(), "a\n\nb\n\n");
        let (aloud, mut hears) = Aloud::heard();
        aloud.clone().close();
        aloud.tell("d");
        assert_eq!((hears.blocking_recv(), aloud.has_told()), (None, false));
        let nobody = Aloud::default();
        nobody.tell("x");
        assert!(!nobody.has_told() && !nobody.is_heard() && nobody.told().is_empty());
    }

    #[test]
    fn a_handle_does_not_show_what_was_told() {
        let (aloud, _hears) = Aloud::heard();
        aloud.tell("secret");
        assert_eq!(format!("{aloud:?}"), "Aloud { is_heard: true, .. }");
        assert!(aloud == Aloud::heard().0 && aloud != Aloud::default());
    }
}
