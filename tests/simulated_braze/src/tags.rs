//! What the `${…}` tags of one message to or from one user stand for.

use crate::profiles::Profile;
use crate::template::{Names, PROFILE};

/// The tags of every message: the user's, the campaign's. What was typed or triggered is added by who knows it.
pub(crate) fn names(profile: &Profile, group: &str, campaign: &str, dispatch_id: &str) -> Names {
    let mut names = Names::new();
    let personal =
        [("user_id", &profile.external_id), ("phone_number", &profile.phone), ("first_name", &profile.first_name)];
    for (key, value) in personal {
        if let Some(value) = value {
            names.set_text(PROFILE, key, value.as_str());
        }
    }
    names.set_text(PROFILE, "braze_id", profile.braze_id.as_str());
    if let Some(language) = &profile.language {
        names.set_text(PROFILE, "language", language);
    }
    for (key, value) in &profile.attributes {
        names.set("custom_attribute", key, value);
    }
    names.set_text("subscribed_state", group, if profile.subscribed { "subscribed" } else { "unsubscribed" });
    names.set_text("campaign", "api_id", campaign);
    names.set_text("campaign", "dispatch_id", dispatch_id);
    names
}
