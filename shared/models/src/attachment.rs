//! What a user attached to a message: how many things, of which kind, and where Braze keeps each.

use serde::{Deserialize, Serialize};

use crate::Personal;

/// The most attachments of one message that are looked at; WhatsApp sends one a message.
const MOST: usize = 10;
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// One thing that came along with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is, as far as its address says.
    pub kind: MediaKind,
    /// Where it is kept; `None` where what stands there is no web address.
    pub url: Option<Personal>,
}

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A photo, a drawing, a screenshot.
    Picture,
    /// A small picture that stands for a mood.
    Sticker,
    /// A voice message, or any other sound.
    Voice,
    /// A film.
    Video,
    /// A PDF.
    Pdf,
    /// A text, a table or slides.
    Document,
    /// Somebody's business card.
    Contact,
    /// A place.
    Location,
    /// Nobody can tell by its address.
    File,
}

impl MediaKind {
    /// Whether it is, or may be, something to look at.
    pub fn may_be_seen(self) -> bool {
        matches!(self, Self::Picture | Self::Sticker | Self::File)
    }

    /// Whether it is, or may be, something to listen to.
    pub fn may_be_heard(self) -> bool {
        matches!(self, Self::Voice | Self::File)
    }

    /// What the address of something says about it: the ending of its last step, or the place it leads to.
    fn of_url(url: &str) -> Self {
        let address = url.split(['?', '#']).next().unwrap_or_default();
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.starts_with("maps.") || (host.starts_with("www.google.") && path.starts_with("maps")) {
            return Self::Location;
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref().unwrap_or_default() {
            "jpg" | "jpeg" | "png" | "gif" => Self::Picture,
            // WhatsApp's stickers are WebP, and its photos are not.
            "webp" => Self::Sticker,
            "ogg" | "oga" | "opus" | "amr" | "aac" | "m4a" | "mp3" | "wav" => Self::Voice,
            "mp4" | "3gp" | "mov" => Self::Video,
            "pdf" => Self::Pdf,
            "txt" | "doc" | "docx" | "ppt" | "pptx" | "xls" | "xlsx" | "csv" => Self::Document,
            "vcf" => Self::Contact,
            _ => Self::File,
        }
    }
}

/// What `media_urls` names, in its order. How Braze writes several addresses is not documented, so every likely way is read: a
/// list in JSON, addresses with anything that is in no address between them, and addresses one behind the other. What is
/// there and is no web address counts as one thing that nobody can open.
pub fn attachments(media_urls: &Personal) -> Vec<Attachment> {
    let text = media_urls.as_str().trim();
    if text.is_empty() {
        return vec![];
    }
    let urls: Vec<String> = match serde_json::from_str::<Vec<String>>(text) {
        Ok(urls) => urls.iter().flat_map(|url| addresses(url)).map(str::to_owned).collect(),
        Err(_) => addresses(text).map(str::to_owned).collect(),
    };
    if urls.is_empty() {
        let is_list_of_nothing = text.bytes().all(|byte| b"[]\", ".contains(&byte));
        let is_place = text.starts_with("geo:");
        let kind = if is_place { MediaKind::Location } else { MediaKind::File };
        return if is_list_of_nothing { vec![] } else { vec![Attachment { kind, url: None }] };
    }
    let attachment = |url: String| Attachment { kind: MediaKind::of_url(&url), url: Some(url.into()) };
    urls.into_iter().take(MOST).map(attachment).collect()
}

/// The web addresses in `text`.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let found = SCHEMES.iter().flat_map(|scheme| text.match_indices(scheme)).map(|(at, _)| at);
    // One inside another one's query belongs to it.
    let mut starts: Vec<usize> = found.filter(|at| !text[..*at].ends_with(['=', '&'])).collect();
    starts.sort_unstable();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| {
        let address = &text[start..end];
        let is_over = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | '\\' | '|');
        let address = address.split(is_over).next().unwrap_or_default();
        address.trim_end_matches([',', ';', ']', ')'])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(MediaKind, Option<String>)> {
        let read = attachments(&text.into());
        read.into_iter().map(|found| (found.kind, found.url.map(Personal::into_string))).collect()
    }

    #[test]
    fn however_several_addresses_are_written_each_is_found() {
        let both = ["https://a.example/1.jpg?x=1,2&y=%20", "https://a.example/2.pdf"];
        let expected = [(MediaKind::Picture, Some(both[0].to_owned())), (MediaKind::Pdf, Some(both[1].to_owned()))];
        for text in [
            format!(r#"["{}","{}"]"#, both[0], both[1]),
            format!(r#"["{}", "{}"]"#, both[0].replace('/', "\\/").replace('&', "\\u0026"), both[1]),
            format!("{}, {}", both[0], both[1]),
            format!("{},{}", both[0], both[1]),
            format!("{}\n{}", both[0], both[1]),
            format!("[{} {}]", both[0], both[1]),
            both.concat(),
        ] {
            assert_eq!(read(&text), expected, "{text}");
        }
    }

    #[test]
    fn an_address_within_an_address_is_no_second_one() {
        let url = "https://a.example/1.png?to=https://b.example/2.png";
        assert_eq!(read(url), [(MediaKind::Picture, Some(url.to_owned()))]);
    }

    #[test]
    fn the_ending_of_an_address_says_what_it_is() {
        use MediaKind::{Contact, Document, File, Location, Pdf, Picture, Sticker, Video, Voice};
        for (path, expected) in [
            ("a.example/1.JPG", Picture),
            ("a.example/1.jpeg?X-Amz-Signature=ab.pdf", Picture),
            ("a.example/x/1.webp#.png", Sticker),
            ("a.example/1.ogg", Voice),
            ("a.example/1.amr", Voice),
            ("a.example/1.mp4", Video),
            ("a.example/1.pdf", Pdf),
            ("a.example/1.docx", Document),
            ("a.example/ada.vcf", Contact),
            ("maps.google.com/?q=1,2", Location),
            ("www.google.com/maps?q=1,2", Location),
            ("a.example/9f8e7d", File),
            ("a.png", File),
            ("a.example/", File),
        ] {
            assert_eq!(read(&format!("https://{path}"))[0].0, expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_web_address_is_something_that_cannot_be_opened() {
        for text in ["javascript:alert(1)", "file:///etc/passwd", "data:image/png;base64,AAAA", "ftp://a.example/1.jpg"]
        {
            assert_eq!(read(text), [(MediaKind::File, None)], "{text}");
        }
        assert_eq!(read("geo:52.5,13.4"), [(MediaKind::Location, None)]);
        for nothing in ["", " ", "[]", "[\"\"]"] {
            assert_eq!(read(nothing), [], "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn any_text_whatever_names_a_few_things_at_most_and_every_address_is_in_it(text in "\\PC*|(https?://[a-z/.=&\\[\\]\", ]{0,9}){0,20}") {
            let found = read(&text);
            prop_assert!(found.len() <= MOST);
            for url in found.into_iter().filter_map(|(_, url)| url) {
                prop_assert!(url.starts_with("http") && !url.contains(char::is_whitespace), "{}", url);
            }
        }
    }
}
