//! What Braze is told, down to the request that leaves: one recipient, the one who wrote, and the words.

use braze::{Messaging as _, Outcome};
use models::{Attributes, Content, Identity, MessageId, Part, Reply, ReplyId};
use serde_json::{Value, json};

use crate::chain::{AMPLE, CAMPAIGN, Chain};
use crate::received::{holds, same};

/// The three names of a person, as the case has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) external: String,
    pub(crate) braze: String,
    pub(crate) phone: String,
}

impl Names {
    /// Who this is, for our own code.
    pub(crate) fn identity(&self) -> Option<Identity> {
        Identity::new(&self.external, &self.braze, &self.phone).ok()
    }

    /// The conversation's name, by the contract.
    pub(crate) fn conversation(&self) -> String {
        match (&*self.external, &*self.braze, &*self.phone) {
            ("", "", phone) => format!("alias:phone:{phone}"),
            ("", braze, _) => format!("braze:{braze}"),
            (external, ..) => format!("user:{external}"),
        }
    }

    /// How Braze must be told to reach this person first.
    fn recipient(&self) -> Value {
        match (&*self.external, &*self.braze, &*self.phone) {
            ("", braze, "") => json!({"braze_id": braze}),
            ("", _, phone) => json!({"user_alias": {"alias_name": phone, "alias_label": "phone"}}),
            (external, ..) => json!({"external_user_id": external}),
        }
    }
}

impl Chain {
    /// Whether these parts, sent to `to`, make one call each, with that person as its only recipient and nothing else.
    pub(crate) async fn sends(&self, parts: &[Part], to: &Identity, names: &Names) -> Result<(), String> {
        let count = u32::try_from(parts.len()).unwrap();
        for (part, text) in (1..).zip(parts) {
            let id = ReplyId::new(&MessageId::stored("message"), part);
            let reply = Reply {
                to: to.clone(),
                id,
                content: Content::Text(text.clone()),
                campaign: None,
                attributes: Attributes::default(),
                part,
                parts: count,
            };
            tells_nothing(&reply, text.as_str())?;
            let outcome = self.client.send(&reply, AMPLE).await;
            same("the send", &outcome, &Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false })?;
            let mut recipient = names.recipient();
            recipient["trigger_properties"] = json!({
                "external_system_msg_body": text.as_str(),
                "reply_id": format!("message#{part}"),
                "part": part,
                "parts": count,
            });
            let wanted = json!([{"campaign_id": CAMPAIGN, "recipients": [recipient]}]);
            same("what Braze is told", &Value::Array(self.braze.requests()), &wanted)?;
        }
        Ok(())
    }
}

fn tells_nothing(reply: &Reply, text: &str) -> Result<(), String> {
    let printed = format!("{reply:?} {reply:#?}");
    let quoted = format!("{text:?}");
    let shows = text.len() >= 16 && (printed.contains(text) || printed.contains(quoted.trim_matches('"')));
    holds(!shows, || "Debug shows what is said".to_owned())
}
