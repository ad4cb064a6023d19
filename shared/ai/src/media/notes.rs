//! How a model is told of what came along with a user's words: in brackets behind them, in the user's own turn.

use std::borrow::Cow;

use models::MediaKind;

use super::Medium;
use crate::Question;

const SPOKEN: &str =
    "[Some of this was said in a voice message and written down by a machine, which may have misheard.]";

/// The user's new words with what is to be known of what came along, for a model that `sees` pictures or does not.
pub(crate) fn said(question: &Question, sees: bool) -> Cow<'_, str> {
    let words = question.text.as_str();
    if question.media.is_empty() {
        return Cow::Borrowed(words);
    }
    let mut notes: Vec<Cow<'_, str>> = Vec::new();
    for medium in &question.media {
        let note = match medium {
            Medium::Picture(_) if sees => "[The customer sent a picture. You see it here.]".into(),
            Medium::Picture(_) => unseen(MediaKind::Picture).into(),
            Medium::Unseen(kind) => unseen(*kind).into(),
            Medium::Spoken if notes.iter().any(|note| note == SPOKEN) => continue,
            Medium::Spoken => SPOKEN.into(),
        };
        notes.push(note);
    }
    let words = Some(Cow::Borrowed(words)).filter(|words| !words.trim().is_empty());
    words.into_iter().chain(notes).collect::<Vec<_>>().join("\n").into()
}

/// What stands in a later turn for something that was sent in an earlier one.
pub fn noted(kind: MediaKind) -> String {
    format!("[The customer sent {}.]", named(kind))
}

fn unseen(kind: MediaKind) -> String {
    format!("[The customer sent {}, which you cannot open.]", named(kind))
}

fn named(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Picture => "a picture",
        MediaKind::Sticker => "a sticker",
        MediaKind::Voice => "a voice message",
        MediaKind::Video => "a video",
        MediaKind::Pdf => "a PDF",
        MediaKind::Document => "a document",
        MediaKind::Contact => "a contact",
        MediaKind::Location => "a location",
        MediaKind::File => "a file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Image;

    #[test]
    fn everything_that_came_along_is_named_behind_the_words() {
        let picture = Medium::Picture(Image::new(b"GIF89a").unwrap());
        let media = vec![Medium::Spoken, picture, Medium::Unseen(MediaKind::Pdf), Medium::Spoken];
        let question = Question { media, ..Question::plain("Look!") };
        for (sees, picture) in [(true, "a picture. You see it here."), (false, "a picture, which you cannot open.")] {
            let expected = format!(
                "Look!\n{SPOKEN}\n[The customer sent {picture}]\n[The customer sent a PDF, which you cannot open.]"
            );
            assert_eq!(said(&question, sees), expected);
        }
    }

    #[test]
    fn words_alone_stay_as_they_are_and_where_there_are_none_there_is_no_blank_line() {
        assert_eq!(said(&Question::plain(" hi \n"), true), " hi \n");
        let question = Question { media: vec![Medium::Unseen(MediaKind::Contact)], ..Question::plain(" ") };
        assert_eq!(said(&question, true), "[The customer sent a contact, which you cannot open.]");
    }
}
