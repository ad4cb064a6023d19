//! Replies to several people that share a call.

use std::collections::BTreeSet;

use models::{Personal, Recipient, Reply};

pub(crate) use crate::request::PROPERTY_BYTES;
use crate::request::property_bytes;

/// The most recipients of one call: <https://www.braze.com/docs/api/endpoints/messaging/send_messages/post_send_triggered_campaigns>.
pub(crate) const MOST_RECIPIENTS: usize = 50;

/// At most fifty replies by one campaign, each to a person of their own whom Braze knows by external id. Somebody who is
/// named twice in a call gets one message only, and two names of other kinds may be one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Together {
    replies: Vec<Reply>,
    named: BTreeSet<Personal>,
    property_bytes: usize,
}

impl Together {
    /// Adds `reply`, unless it must go by another call: then nothing is changed.
    pub fn add(&mut self, reply: &Reply) -> bool {
        let Some(Recipient::External(id)) = reply.to.recipients().into_iter().next() else { return false };
        let bytes = self.property_bytes + property_bytes(reply);
        let is_of_one_campaign = self.replies.first().is_none_or(|first| first.campaign == reply.campaign);
        let fits = self.replies.len() < MOST_RECIPIENTS && bytes <= PROPERTY_BYTES;
        if !is_of_one_campaign || !fits || !self.named.insert(id) {
            return false;
        }
        self.property_bytes = bytes;
        self.replies.push(reply.clone());
        true
    }

    /// The replies, in the order in which they were added.
    pub fn replies(&self) -> &[Reply] {
        &self.replies
    }
}

#[cfg(test)]
mod tests {
    use models::{Attributes, CampaignId, Content, Identity, MessageId, Part, ReplyId};

    use super::*;

    fn reply(external: &str, text: &str) -> Reply {
        Reply {
            to: Identity::new(external, "", "+4915112345").unwrap(),
            id: ReplyId::new(&MessageId::stored("m1"), 1),
            content: Content::Text(Part::new(text).unwrap()),
            campaign: None,
            attributes: Attributes::default(),
            part: 1,
            parts: 1,
        }
    }

    #[test]
    fn nobody_is_named_twice_and_who_has_no_external_id_goes_alone() {
        let mut together = Together::default();
        assert_eq!(["a", "b", "a", ""].map(|user| together.add(&reply(user, "hi"))), [true, true, false, false]);
        assert_eq!(together.replies().len(), 2);
    }

    #[test]
    fn a_call_goes_by_one_campaign() {
        let mut together = Together::default();
        let other = Reply { campaign: Some(CampaignId::new("other").unwrap()), ..reply("b", "hi") };
        assert_eq!([together.add(&reply("a", "hi")), together.add(&other)], [true, false]);
    }

    #[test]
    fn a_call_has_at_most_fifty_recipients_and_fifty_kilobytes_of_properties() {
        let (mut short, mut long) = (Together::default(), Together::default());
        for number in 0..60 {
            short.add(&reply(&format!("u{number}"), "hi"));
            long.add(&reply(&format!("u{number}"), &"é".repeat(4_000)));
        }
        assert_eq!((short.replies().len(), long.replies().len()), (50, 6));
    }
}
