//! What is to be said in a turn, and what goes with it.

use models::{Attributes, Event, FlowState, Identity, Personal, RouteName, Spent, Timestamp, Utterance};
use store::{Said, TurnKind};

/// What is to be said in a turn.
pub(crate) struct Words {
    /// What happens in the turn.
    pub(crate) kind: TurnKind,
    /// What is said; empty where a row only remembers something.
    pub(crate) reply: Vec<Utterance>,
    /// The AI's words in it, and how many of the reply, from the first one, say them.
    pub(crate) spoken: Option<(Personal, usize)>,
    /// What the user had said, duplicates left out.
    pub(crate) said: Vec<Said>,
    /// Whom it goes to.
    pub(crate) to: Identity,
    /// Whether it is one of the bot's own lines.
    pub(crate) own_line: bool,
    /// What is written to the user's profile with it.
    pub(crate) attributes: Attributes,
    /// What of these the profile says already.
    pub(crate) joined_already: Attributes,
    /// What Braze is to be told once it was sent.
    pub(crate) events: Vec<Event>,
    /// The route it goes by.
    pub(crate) route: Option<RouteName>,
    /// What a person who takes over should know.
    pub(crate) summary: Option<Personal>,
    /// The flow that waits for an answer from now on.
    pub(crate) flow: Option<FlowState>,
    /// What it costs the user.
    pub(crate) cost: Cost,
}

impl Words {
    /// Words that change nothing beside being said.
    pub(crate) fn plain(kind: TurnKind, reply: Vec<Utterance>, to: Identity) -> Self {
        Self {
            kind,
            reply,
            spoken: None,
            said: vec![],
            to,
            own_line: matches!(kind, TurnKind::DeskDown | TurnKind::Moment),
            attributes: Attributes::default(),
            joined_already: Attributes::default(),
            events: vec![],
            route: None,
            summary: None,
            flow: None,
            cost: Cost::Nothing,
        }
    }
}

/// What is counted of a turn among those that its user may have.
#[derive(Clone, Copy)]
pub(crate) enum Cost {
    Nothing,
    Turn,
    /// A turn in which the user is told that it is too much.
    Told,
}

impl Cost {
    /// The user's turns with one that was made `at` this time: that of its row, or what is counted would be from another
    /// minute than what is kept.
    pub(crate) fn on_top_of(self, spent: Spent, at: Timestamp) -> Spent {
        match self {
            Self::Nothing => spent,
            Self::Turn => spent.and_a_turn(at),
            Self::Told => spent.and_told(at),
        }
    }
}
