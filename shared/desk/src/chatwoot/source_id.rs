//! What a person is called at Chatwoot.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use models::ConversationKey;

/// Tells our contacts from those of other systems in the same account.
const PREFIX: &str = "dragoman-";

/// The `source_id` of a conversation's person in the inbox: the key in base64, because it must come back out of a webhook
/// and because a dot, an `@` or a slash in a source id breaks some of Chatwoot's own routes
/// (<https://github.com/wppconnect-team/wppconnect-server/pull/432>).
pub(super) fn of(conversation: &ConversationKey) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(conversation.as_str()))
}

/// The conversation behind a `source_id`; `None` if it is not one of ours.
pub(super) fn read(source_id: &str) -> Option<ConversationKey> {
    let key = URL_SAFE_NO_PAD.decode(source_id.strip_prefix(PREFIX)?).ok()?;
    ConversationKey::parse(std::str::from_utf8(&key).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_key_comes_back_and_needs_no_escaping(id in ".+") {
            let key = ConversationKey::parse(&format!("user:{id}")).unwrap();
            let source_id = of(&key);
            prop_assert!(source_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
            prop_assert_eq!(read(&source_id), Some(key));
        }

        #[test]
        fn other_systems_ids_are_nobody(id in ".*") {
            prop_assert_eq!(read(&id), None);
        }
    }

    #[test]
    fn what_only_looks_like_ours_is_nobody() {
        for id in ["dragoman-", "dragoman-*", "dragoman-eA", "dragoman-_w", "5f1e-b3"] {
            assert_eq!(read(id), None, "{id}");
        }
    }
}
