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

struct Listener {
    ear: UnboundedSender<Personal>,
    told: Mutex<String>,
}

impl Aloud {
    /// With a listener, who hears the paragraphs in their order; blank lines behind them are a part of them. Whoever drops the
    /// receiver is told nothing more.
    pub fn heard() -> (Self, UnboundedReceiver<Personal>) {
        let (ear, hears) = unbounded_channel();
        (Self(Some(Arc::new(Listener { ear, told: Mutex::default() }))), hears)
    }

    /// Whether it has a listener, if only one who has left.
    pub fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    /// Tells the next paragraphs. For backends: what is told cannot be taken back.
    pub fn tell(&self, paragraphs: &str) {
        let Some(listener) = &self.0 else { return };
        let mut told = listener.told.lock().unwrap_or_else(PoisonError::into_inner);
        if listener.ear.send(paragraphs.into()).is_ok() {
            told.push_str(paragraphs);
        }
    }

    /// Whether anything was told.
    pub fn has_told(&self) -> bool {
        self.with_told(|told| !told.is_empty())
    }

    /// All that was told so far.
    pub(crate) fn told(&self) -> String {
        self.with_told(str::to_owned)
    }

    fn with_told<T: Default>(&self, look: impl FnOnce(&str) -> T) -> T {
        let look = |listener: &Arc<Listener>| look(&listener.told.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.as_ref().map(look).unwrap_or_default()
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
