//! People whose number Braze does not know: it makes them unsubscribed, and drops every answer to them.

use crate::Finding;

/// The subscription group of the sandbox's simulated Braze, which the shop among the samples names.
pub const SIMULATED_GROUP: &str = "whatsapp-group";

const DROPPED: &str = "Braze reports success and drops the answer: nothing reaches the phone.";

/// What is wrong with `newcomers_group` of an assistant that is to be deployed.
pub fn newcomers_group(group: &str) -> Vec<Finding> {
    if group != SIMULATED_GROUP {
        return Vec::new();
    }
    vec![Finding::warning(
        "simulated_group",
        format!("newcomers_group in [profile] of assistant.toml is still {SIMULATED_GROUP}, that of the sandbox."),
        "Braze knows no such group: people whose number it does not know stay unsubscribed and read no answer, and \
         each of them raises the alarm ProfileFailed.",
        "Put the id of your number's subscription group there: Audience > Subscription Groups. Where a campaign or \
         Canvas subscribes newcomers, take the line away.",
    )]
}

/// Braze dropped an answer to somebody without an external id, whom nobody has subscribed.
pub fn newcomer_not_subscribed() -> Finding {
    Finding::error(
        "newcomer_not_subscribed",
        "Braze did not know this number, made it unsubscribed, and nobody has subscribed it since.",
        DROPPED,
        "Set newcomers_group in [profile] of assistant.toml to your number's subscription group (here any id will do): \
         it subscribes with the first answer. Or let a campaign or Canvas on the same trigger subscribe. Whoever has \
         had an answer already is subscribed by hand: here under Customer.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_group_of_the_sandbox_is_none_of_a_workspace() {
        let codes = |group| newcomers_group(group).iter().map(|finding| finding.code).collect::<Vec<_>>();
        assert_eq!(codes(SIMULATED_GROUP), ["simulated_group"]);
        assert_eq!(codes("6c1f0b0e-9a5d-4a8e-8d1b-2f6a4f0c9d11"), [""; 0]);
        assert_eq!(newcomer_not_subscribed().code, "newcomer_not_subscribed");
    }
}
