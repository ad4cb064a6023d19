//! The route that messages go by: the webhook's, a keyword's, or the one the conversation is on.

use models::assistant::Route;
use models::{Author, Message, RouteName, Timestamp, Utterance};

use crate::Responder;
use crate::history::History;
use crate::turn::Claimed;

/// The way messages go.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Way<'a> {
    /// The route; `None` for the default way.
    pub(crate) route: Option<(&'a RouteName, &'a Route)>,
    /// Whether the messages themselves took it, and it is not only what the conversation was on.
    pub(crate) taken: bool,
}

impl Way<'_> {
    /// The route's name.
    pub(crate) fn name(&self) -> Option<RouteName> {
        self.route.map(|(name, _)| name.clone())
    }

    /// `reply` by the way's own reply campaign, but for what has a campaign of its own.
    pub(crate) fn carries(&self, mut reply: Vec<Utterance>) -> Vec<Utterance> {
        if let Some(campaign) = self.route.and_then(|(_, route)| route.campaign.as_ref()) {
            for said in reply.iter_mut().filter(|said| said.content.needs_the_window()) {
                said.campaign.get_or_insert_with(|| campaign.clone());
            }
        }
        reply
    }

    /// Whether it leads to a person. A conversation that came back from one is not led there again.
    pub(crate) fn hands_off(&self) -> bool {
        self.taken && self.route.is_some_and(|(_, route)| route.hand_off)
    }
}

impl Responder {
    /// The way that `messages` go, the newest one first asked. What another system starts takes none: it names a flow, not a
    /// keyword.
    fn way<'a>(&'a self, messages: &'a [Message], history: &'a History, now: Timestamp) -> Way<'a> {
        if messages.iter().any(|message| message.author == Author::System) {
            return self.way_back(history);
        }
        let routes = &self.assistant.routes;
        let named = |name: &'a RouteName| Some((name, routes.get(name)?));
        let taken = messages.iter().rev().find_map(|message| {
            let led = || routes.led_to(message.text.as_str());
            message.route.as_ref().and_then(named).or_else(|| named(led()?))
        });
        let stays = || {
            let (name, since) = history.route()?;
            named(name).filter(|(_, route)| now.since(since) < route.stay)
        };
        Way { route: taken.or_else(stays), taken: taken.is_some() }
    }

    /// The way of a claimed conversation's turn.
    pub(crate) fn way_of<'a>(&'a self, claimed: Claimed<'a>) -> Way<'a> {
        self.way(&claimed.agenda.open, claimed.history, claimed.began)
    }

    /// The way on which the brand begins to say something: the one by which the user last wrote, however long ago. By another
    /// campaign it might come from another number.
    pub(crate) fn way_back<'a>(&'a self, history: &'a History) -> Way<'a> {
        let named = |(name, _): (&'a RouteName, _)| Some((name, self.assistant.routes.get(name)?));
        Way { route: history.route().and_then(named), taken: false }
    }
}
