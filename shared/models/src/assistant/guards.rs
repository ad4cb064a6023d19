//! What an AI may write, whatever it was talked into.

use super::section::Section;

const LONGEST_HOST: usize = 253;

/// What is taken out of an AI's words before anybody reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guards {
    /// The hosts that links may lead to, and everything below them; `None` for any.
    pub links: Option<Vec<String>>,
    /// Whether telephone numbers are masked.
    pub phones: bool,
    /// Whether card numbers are masked.
    pub cards: bool,
    /// Numbers that stay readable, such as the brand's own.
    pub numbers: Vec<String>,
}

impl Guards {
    pub(super) fn read(mut section: Section) -> Self {
        let listed = section.has("links");
        let hosts = section.numbered_texts("links", LONGEST_HOST);
        for (place, host) in &hosts {
            if host.contains(['/', ':', '@', ' ']) || !host.contains('.') {
                let problem = format!("must be hosts like shop.example: number {place} is none");
                section.mistake_in_list("links", *place, &problem);
            }
        }
        Self {
            links: listed.then(|| hosts.into_iter().map(|(_, host)| host).collect()),
            phones: section.flag("mask_phone_numbers", false),
            cards: section.flag("mask_card_numbers", true),
            numbers: section.numbered_texts("numbers", 40).into_iter().map(|(_, number)| number).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;

    #[test]
    fn links_lead_anywhere_and_cards_are_masked_unless_the_brand_says_otherwise() {
        let guards = |toml: &str| Assistant::from_toml(toml).map(|assistant| assistant.guards);
        assert_eq!(guards("").unwrap(), Guards { cards: true, ..Guards::default() });
        let own = "[guards]\nlinks = [\"shop.example\"]\nmask_card_numbers = false\nmask_phone_numbers = true\nnumbers = [\"0800 1\"]";
        let links = Some(vec!["shop.example".to_owned()]);
        let numbers = vec!["0800 1".to_owned()];
        assert_eq!(guards(own).unwrap(), Guards { links, phones: true, cards: false, numbers });
        assert_eq!(guards("[guards]\nlinks = []").unwrap().links, Some(vec![]));
        for bad in ["https://shop.example", "shop", "me@shop.example"] {
            assert!(guards(&format!("[guards]\nlinks = [\"{bad}\"]")).is_err(), "{bad}");
        }
    }
}
