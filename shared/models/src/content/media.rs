//! Pictures and files.

use serde::{Deserialize, Serialize};

use super::{Misfit, ProposedMedia, bounded, given};
use crate::reply::has_liquid;
use crate::{Part, Personal};

const CAPTION_CHARACTERS: usize = 1_024;
const URL_CHARACTERS: usize = 2_000;
/// What WhatsApp shows as a picture.
const PICTURES: [&str; 3] = ["jpg", "jpeg", "png"];

/// Something to be fetched from an https address, with at most 1,024 characters below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ProposedMedia", into = "ProposedMedia")]
pub struct Media {
    url: Personal,
    caption: Option<Part>,
    text: Part,
}

impl Media {
    /// Where it is fetched from.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The text below.
    pub fn caption(&self) -> Option<&Part> {
        self.caption.as_ref()
    }

    /// Everything in plain words.
    pub fn text(&self) -> &Part {
        &self.text
    }

    /// Whether the address ends in the name of a file that is no picture, such as `invoice.pdf`.
    pub fn is_another_file(&self) -> bool {
        let (_, file) = self.url().trim_start_matches("https://").split_once('/').unwrap_or_default();
        let file = file.split(['?', '#']).next().and_then(|path| path.rsplit('/').next());
        let extension = file.and_then(|file| file.rsplit_once('.')).map(|(_, extension)| extension);
        extension.is_some_and(|extension| !PICTURES.contains(&extension.to_ascii_lowercase().as_str()))
    }
}

impl TryFrom<ProposedMedia> for Media {
    type Error = Misfit;

    fn try_from(proposed: ProposedMedia) -> Result<Self, Misfit> {
        if !is_plain_https(proposed.url.as_str()) {
            return Err(Misfit::Url);
        }
        let caption = given(proposed.caption.as_ref()).map(|text| bounded("the caption", text, CAPTION_CHARACTERS));
        let text = Part::new(proposed.text())?;
        Ok(Self { caption: caption.transpose()?, text, url: proposed.url })
    }
}

impl From<Media> for ProposedMedia {
    fn from(kind: Media) -> Self {
        Self { url: kind.url, caption: kind.caption.map(|caption| String::from(caption).into()) }
    }
}

/// `https://host/…` without a user's name before the host, in the characters an address may have.
fn is_plain_https(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host_is_one = host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    let path_is_one = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    host_is_one && path_is_one && url.len() <= URL_CHARACTERS && !has_liquid(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(url: &str, caption: Option<&str>) -> Result<Media, Misfit> {
        ProposedMedia { url: url.into(), caption: caption.map(Into::into) }.try_into()
    }

    #[test]
    fn media_come_from_a_plain_https_address() {
        for good in ["https://shop.example/a%20b.png?x=1&y=(2)#z", "https://cdn.shop.example:8443/a", "https://x"] {
            assert!(media(good, None).is_ok(), "{good}");
        }
        let long = format!("https://shop.example/{}", "x".repeat(2_000));
        for bad in [
            "",
            "http://shop.example/a.png",
            "HTTPS://shop.example/a.png",
            "https://",
            "https:///a.png",
            "https://user@shop.example/a.png",
            "https://shop.example/a b.png",
            "https://shop.example/\n",
            "https://shop.example/é.png",
            "https://shop.example/{{x}}",
            "https://shop.example/{%x%}",
            "javascript:alert(1)",
            &long,
        ] {
            assert_eq!(media(bad, None), Err(Misfit::Url), "{bad}");
        }
    }

    #[test]
    fn a_caption_is_short() {
        let at = |caption: &str| media("https://shop.example/a.png", Some(caption)).map(|_| ());
        assert_eq!(at(&"é".repeat(1_024)), Ok(()));
        assert_eq!(at(&"x".repeat(1_025)), Err(Misfit::TooLong { what: "the caption", most: 1_024 }));
        assert_eq!(media("https://shop.example/a.png", Some(" ")).unwrap().caption(), None);
    }

    #[test]
    fn only_a_name_that_says_otherwise_makes_it_another_file() {
        for (url, other) in [
            ("https://shop.example/a.png", false),
            ("https://shop.example/a.JPG?size=1.5", false),
            ("https://shop.example/v1.2/a", false),
            ("https://shop.example", false),
            ("https://shop.example/invoice.pdf", true),
            ("https://shop.example/a.png/film.mp4#t", true),
        ] {
            assert_eq!(media(url, None).unwrap().is_another_file(), other, "{url}");
        }
    }
}
