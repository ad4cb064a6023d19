//! Routes: a reply goes by the campaign of the way that its messages took, and the AI is told what that way says.

use std::time::Duration;

use ai::Question;
use models::{ConversationKey, HandOffReason, Message, MessageId, Reply, RouteName};
use store::{TurnKey, TurnKind, TurnRow};

use super::flows::{MOMENT, Standing};
use super::{End, Figure, State};

/// The worlds' routes.
struct Route {
    name: &'static str,
    instructions: &'static str,
    campaign: &'static str,
    /// The whole message that leads there.
    keyword: Option<&'static str>,
    /// How long a conversation stays there.
    stay: Duration,
    /// Whether it leads to a person.
    hands_off: bool,
}

const ROUTES: [Route; 3] = [
    Route {
        name: "returns",
        instructions: "You are the canary prompt of returns",
        campaign: "c-returns",
        keyword: None,
        stay: Duration::from_mins(30),
        hands_off: false,
    },
    Route {
        name: "sales",
        instructions: "You are the canary prompt of sales",
        campaign: "c-sales",
        keyword: Some("sale"),
        stay: Duration::from_mins(10),
        hands_off: false,
    },
    Route {
        name: "vip",
        instructions: "You are the canary prompt of the few",
        campaign: "c-vip",
        keyword: Some("vip"),
        stay: Duration::from_mins(30),
        hands_off: true,
    },
];

fn of_name(name: &RouteName) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.name == name.as_str())
}

/// The way that a message takes by itself.
fn taken(message: &Message) -> Option<&'static Route> {
    let by_words = || ROUTES.iter().find(|route| route.keyword == Some(message.text.as_str()));
    message.route.as_ref().and_then(of_name).or_else(by_words)
}

impl State {
    /// Whether an assistant of this world knows the route of a message.
    pub(super) fn knows_the_route(&self, message: &Message) -> bool {
        self.flows.known && message.route.as_ref().is_some_and(|name| of_name(name).is_some())
    }

    /// A turn goes by the way of its newest message that took one, or by the one that the conversation is on; what agents and
    /// other systems say by the one on which the user last wrote.
    pub(super) fn goes_by_its_route(
        &mut self,
        key: &ConversationKey,
        row: &TurnRow,
        open: &[MessageId],
        standing: &Standing,
    ) {
        let by_the_brand = row.kind == TurnKind::Agent || self.is_begun_by_a_system(row);
        let by_route = matches!(row.kind, TurnKind::Answer | TurnKind::OptIn | TurnKind::HandOff(_)) && !by_the_brand;
        let ways = if by_the_brand {
            vec![standing.route.as_ref().and_then(|(name, _)| of_name(name))]
        } else {
            self.ways(key, row, open, standing)
        };
        let fits = |way: Option<&Route>| {
            let campaign = way.map(|route| route.campaign);
            // A step that is a campaign goes by its own, and so does a template.
            let texts = row.reply.iter().filter(|said| said.content.needs_the_window());
            texts.map(|said| said.campaign.as_ref().map(models::CampaignId::as_str)).all(|id| id == campaign)
        };
        let named = |way: Option<&Route>| way.map(|route| route.name) == row.route.as_ref().map(RouteName::as_str);
        let right = ways.iter().copied().any(fits) && (!by_route || ways.iter().copied().any(named));
        if !right {
            let goes = row.route.as_ref().map(RouteName::as_str);
            let ways: Vec<_> = ways.iter().map(|way| way.map(|route| route.name)).collect();
            let (turn, key) = (row.key.number, key.as_str());
            self.broken(format!("turn {turn} of {key} does not go by its route: by {goes:?}, not one of {ways:?}"));
        }
        if row.route.is_some() {
            self.figures.count(Figure::Routed);
        }
        self.goes_to_people(key, row, open);
    }

    /// What goes a way that leads to people is handed over, where there are any; nothing else is for that reason.
    fn goes_to_people(&mut self, key: &ConversationKey, row: &TurnRow, open: &[MessageId]) {
        let leads = self.leads_to_people(open);
        let right = match row.kind {
            TurnKind::HandOff(HandOffReason::Route) => leads,
            TurnKind::Answer => !leads,
            _ => true,
        };
        if !right {
            self.broken(format!("turn {} of {} does not go where its route leads", row.key.number, key.as_str()));
        }
    }

    /// The way of the newest of these messages that took one.
    fn way_taken(&self, messages: &[MessageId]) -> Option<&'static Route> {
        messages.iter().rev().filter_map(|id| self.queued.get(id)).find_map(taken)
    }

    /// Whether these messages go a way that leads to people.
    pub(super) fn leads_to_people(&self, messages: &[MessageId]) -> bool {
        self.flows.known && self.people.desk && self.way_taken(messages).is_some_and(|route| route.hands_off)
    }

    fn ways(
        &self,
        key: &ConversationKey,
        row: &TurnRow,
        open: &[MessageId],
        standing: &Standing,
    ) -> Vec<Option<&'static Route>> {
        if let Some(route) = self.way_taken(open) {
            return vec![Some(route)];
        }
        let stays = standing.route.as_ref().and_then(|(name, since)| Some((of_name(name)?, *since)));
        let Some((route, since)) = stays else { return vec![None] };
        let mut ways = Vec::new();
        if self.first_drafted(key, row).since(since) < route.stay + MOMENT {
            ways.push(Some(route));
        }
        if row.at.since(since) + MOMENT >= route.stay {
            ways.push(None);
        }
        ways
    }

    /// The AI is asked: it is told what the way of the newest message says, if that message took one by itself, and nothing
    /// of another way if the conversation never was on one.
    pub(super) fn is_told_of_its_route(&mut self, question: &Question) {
        let Some(newest) = self.queued.get(&question.id.newest()) else { return };
        let told = ROUTES.iter().find(|route| question.instructions.starts_with(route.instructions));
        let key = self.filed.get(&newest.id);
        let here = || self.queued.values().filter(|message| self.filed.get(&message.id) == key);
        let right = match (taken(newest), told) {
            _ if !self.flows.known => true,
            // A copy that came later may have come by another route.
            (Some(own), Some(told)) => {
                let waits = |message: &&Message| self.ends.get(&message.id).is_none_or(|end| *end == End::Parked);
                // A run that was fenced may ask about what is settled since.
                own.name == told.name || here().filter(waits).filter_map(taken).any(|taken| taken.name == told.name)
            }
            (Some(_), None) => false,
            (None, None) => true,
            (None, Some(told)) => here().filter_map(taken).any(|taken| taken.name == told.name),
        };
        if !right {
            let id = question.id.clone();
            self.broken(format!("the AI was asked {id:?} with the instructions of another route"));
        }
    }

    /// A request goes by the campaign that its turn's row says.
    pub(super) fn goes_by_its_campaign(&mut self, key: &ConversationKey, turn: TurnKey, reply: &Reply) {
        let row = self.drafts.get(&(key.clone(), turn)).map(|draft| &draft.row);
        let said = row.and_then(|row| row.reply.get(reply.part as usize - 1));
        if said.is_some_and(|said| said.campaign != reply.campaign) {
            self.broken(format!("{} goes by another campaign than its turn says", reply.id.as_str()));
        }
    }
}
