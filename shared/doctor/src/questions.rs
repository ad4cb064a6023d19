//! What Braze tells no program, so that a person has to look.

use crate::report::Question;

/// What could be seen after all, so that nobody needs to be asked.
#[derive(Default, Clone, Copy)]
pub(crate) struct Seen {
    /// The token in the webhook campaign.
    pub(crate) token: bool,
    /// The words of the reply campaign.
    pub(crate) words: bool,
}

/// What is to be asked.
pub(crate) fn questions(seen: Seen) -> Vec<Question> {
    let mut questions = ALWAYS.to_vec();
    if !seen.words {
        questions.push(Question {
            question: "Is the reply's text exactly {{api_trigger_properties.${external_system_msg_body}}}?",
            why: "Braze's guide prints external_system_msg+body, with a plus: then replies are empty.",
            click: "Reply campaign > Compose Messages",
        });
    }
    if !seen.token {
        questions.push(Question {
            question: "Is the Authorization header `Bearer`, one blank, and the webhook token?",
            why: "Else the door answers 401, and Braze drops every message for good.",
            click: "Webhook campaign > Compose > Request Headers; a 401 in its Message Activity Log is the token",
        });
    }
    questions
}

const ALWAYS: [Question; 10] = [
    Question {
        question: "Is re-eligibility on, with 0 minutes, in both campaigns?",
        why: "It is off by default: then each customer is heard once and answered once, ever, and Braze reports success.",
        click: "Both campaigns > Schedule Delivery > Delivery Controls > Allow users to become re-eligible to receive campaign",
    },
    Question {
        question: "Is frequency capping off in both campaigns?",
        why: "Else the bot falls silent in the middle of a conversation.",
        click: "Both campaigns > Schedule Delivery > Delivery Controls",
    },
    Question {
        question: "Are quiet hours off, and is there no delivery speed limit?",
        why: "Else answers come hours late, or not at all: after 24 hours WhatsApp takes none.",
        click: "Both campaigns > Schedule Delivery > Delivery Controls",
    },
    Question {
        question: "Is the audience \"all users\" in both campaigns, without a segment or filter?",
        why: "Whoever is not in it is not heard, or not answered.",
        click: "Both campaigns > Target Audiences",
    },
    Question {
        question: "Is there no control group, neither in the campaigns nor a Global Control Group?",
        why: "Its members never get an answer.",
        click: "Both campaigns > Target Audiences > A/B Testing; Audience > Global Control Group",
    },
    Question {
        question: "Does the webhook campaign's trigger stand for all messages that Dragoman shall hear?",
        why: "With a keyword it fires for that alone: \"Is\" wants capitals, a regex minds case unless it begins with (?i). \
              Without one it fires for every message, also for those that another campaign answers: customers get two \
              answers, unless [keywords] ignores them.",
        click: "Webhook campaign > Schedule Delivery > Action-Based > Send a WhatsApp inbound message",
    },
    Question {
        question: "Do both campaigns name the same subscription group, that of your number?",
        why: "Else customers are answered by another number, outside of their chat.",
        click: "Webhook campaign > Schedule Delivery; reply campaign > Compose Messages",
    },
    Question {
        question: "Is the reply a Response Message with the layout text, and no template?",
        why: "A template aborts on the line breaks that an AI writes; Braze reports success.",
        click: "Reply campaign > Compose Messages > Message Type",
    },
    Question {
        question: "Are people subscribed before they are answered, those with unknown numbers too?",
        why: "Braze makes a number it does not know unsubscribed, and drops every answer to it.",
        click: "A campaign or Canvas on the same trigger that subscribes, or newcomers_group in [profile] of assistant.toml",
    },
    Question {
        question: "Has the key an empty list of allowed IPs, or does the responder have a fixed address?",
        why: "A Lambda has no fixed address unless its traffic goes through a NAT gateway: Braze refuses every reply.",
        click: "Settings > APIs and Identifiers > API Keys",
    },
];
