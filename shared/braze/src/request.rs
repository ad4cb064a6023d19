//! The body of `/campaigns/trigger/send`.

use models::{Recipient, Reply};
use serde_json::{Value, json};

/// One call for one person. `trigger_properties` carries the words and, for the campaign's own use, which part of which
/// reply they are.
pub(crate) fn trigger_send(campaign: &str, recipient: &Recipient, reply: &Reply) -> Value {
    let mut who = match recipient {
        Recipient::External(id) => json!({"external_user_id": id.as_str()}),
        Recipient::Braze(id) => json!({"braze_id": id.as_str()}),
        Recipient::Alias { label, name } => json!({"user_alias": {"alias_name": name.as_str(), "alias_label": label}}),
    };
    who["trigger_properties"] = json!({
        "external_system_msg_body": reply.text.as_str(),
        "reply_id": reply.id.as_str(),
        "part": reply.part,
        "parts": reply.parts,
    });
    json!({"campaign_id": campaign, "recipients": [who]})
}

#[cfg(test)]
mod tests {
    use models::{Identity, MessageId, Part, ReplyId};

    use super::*;

    fn reply(identity: Identity) -> Reply {
        let id = ReplyId::new(&MessageId::stored("m1"), 1);
        Reply { to: identity, id, text: Part::new("your external system message").unwrap(), part: 1, parts: 2 }
    }

    #[test]
    fn the_body_is_the_one_in_brazes_documentation() {
        let reply = reply(Identity::new("external_id", "", "").unwrap());
        let body = trigger_send("campaign_id", &reply.to.recipients()[0], &reply);
        assert_eq!(
            body,
            json!({
                "campaign_id": "campaign_id",
                "recipients": [{
                    "external_user_id": "external_id",
                    "trigger_properties": {
                        "external_system_msg_body": "your external system message",
                        "reply_id": "m1#1", "part": 1, "parts": 2,
                    },
                }],
            })
        );
    }

    #[test]
    fn users_without_an_external_id_are_named_by_alias_or_braze_id() {
        let reply = reply(Identity::new("", "b1", "+4915112345").unwrap());
        let who = |recipient: &Recipient| trigger_send("c", recipient, &reply)["recipients"][0].clone();
        let recipients = reply.to.recipients();
        assert_eq!(who(&recipients[0])["user_alias"], json!({"alias_name": "+4915112345", "alias_label": "phone"}));
        assert_eq!(who(&recipients[1])["braze_id"], "b1");
    }
}
