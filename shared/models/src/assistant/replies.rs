//! What replies may be besides text, and which campaigns show it.

use super::section::Section;
use crate::{CampaignId, Content};

/// Which kinds of replies there are, and the campaigns that have one each. A kind without one goes by whatever sends text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplyRules {
    /// Whether the AI may answer with quick replies, lists and media: what sends replies has to show them.
    pub kinds: bool,
    /// Whether an answer's first paragraphs are sent while the AI still writes the rest.
    pub stream: bool,
    quick_replies: Option<CampaignId>,
    list: Option<CampaignId>,
    media: Option<CampaignId>,
    /// The campaign with an approved template, for people who have been silent for 24 hours: nothing else reaches them.
    pub closed_window: Option<CampaignId>,
}

impl ReplyRules {
    /// The campaign that shows this kind of message, if it is one of its own.
    pub fn campaign_for(&self, content: &Content) -> Option<&CampaignId> {
        match content {
            Content::QuickReplies(_) => self.quick_replies.as_ref(),
            Content::List(_) => self.list.as_ref(),
            Content::Media(_) => self.media.as_ref(),
            Content::Template(_) => self.closed_window.as_ref(),
            Content::Text(_) | Content::Campaign(_) => None,
        }
    }

    /// All of them.
    pub(super) fn campaigns(&self) -> impl Iterator<Item = &CampaignId> {
        [&self.quick_replies, &self.list, &self.media, &self.closed_window].into_iter().flatten()
    }

    /// Who names a campaign for a kind wants the kind.
    pub(super) fn read(mut section: Section) -> Self {
        let mut campaign = |kind| section.campaign(kind);
        let (quick_replies, list, media) = (campaign("quick_replies"), campaign("list"), campaign("media"));
        let closed_window = campaign("closed_window");
        let named = [&quick_replies, &list, &media].iter().any(|campaign| campaign.is_some());
        let kinds = section.flag("kinds", named);
        if named && !kinds {
            section.mistake("kinds", "is false, and a campaign is named for one: leave one of the two out");
        }
        let stream = section.flag("stream", false);
        Self { kinds, stream, quick_replies, list, media, closed_window }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;
    use crate::{Part, ProposedReplies};

    fn rules(toml: &str) -> Result<ReplyRules, String> {
        Assistant::from_toml(toml).map(|assistant| assistant.replies).map_err(|bad| bad.to_string())
    }

    #[test]
    fn each_kind_may_have_a_campaign_of_its_own() {
        let rules = rules("[replies]\nquick_replies = \"c-replies\"\nclosed_window = \"c-template\"").unwrap();
        let replies = ProposedReplies { body: "Which?".into(), options: vec!["a".into()] };
        let (replies, text) = (Content::QuickReplies(replies.try_into().unwrap()), Part::new("hi").unwrap().into());
        assert_eq!(rules.campaign_for(&replies).map(CampaignId::as_str), Some("c-replies"));
        assert_eq!(rules.campaign_for(&text), None);
        assert!(rules.kinds);
    }

    #[test]
    fn without_a_word_there_is_text_alone_and_a_contradiction_is_a_mistake() {
        assert_eq!(rules(""), Ok(ReplyRules::default()));
        assert!(!rules("[replies]\nclosed_window = \"c\"").unwrap().kinds);
        assert!(rules("[replies]\nkinds = true").unwrap().kinds);
        assert!(rules("[replies]\nstream = true").unwrap().stream && !rules("[replies]").unwrap().stream);
        assert!(rules("[replies]\nkinds = false\nlist = \"c\"").unwrap_err().contains("replies.kinds"));
        assert!(rules("[replies]\nlist = \"\"").unwrap_err().contains("replies.list"));
    }
}
