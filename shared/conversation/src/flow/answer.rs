//! Whether a text is an answer that fits, and what its value is.

use models::assistant::{Choice, Expect};
use models::{Personal, folded};

use super::{date, number};

/// The most characters of an answer that are kept: values are stored with the conversation.
pub(super) const VALUE_CHARACTERS: usize = 1_000;
/// The longest e-mail address (RFC 5321), and the part of it before the `@`.
const EMAIL_CHARACTERS: usize = 254;
const MAILBOX_CHARACTERS: usize = 64;

/// The value of `text`; `None` if it does not fit. What the user typed, without the space around it; but an option is named
/// as the configuration does, a number is written as in JSON, a date as ISO 8601 does.
pub(super) fn read(expect: &Expect, text: &str) -> Option<Personal> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let value = match expect {
        Expect::Text => text.chars().take(VALUE_CHARACTERS).collect(),
        Expect::OneOf(options) => option(options, text)?.to_owned(),
        Expect::Number => number::read(text)?,
        Expect::Date => date::read(text)?,
        Expect::Email if is_email(text) => text.to_owned(),
        Expect::Pattern(pattern) if is_short(text) && pattern.matches(text) => text.to_owned(),
        Expect::Email | Expect::Pattern(_) | Expect::Nothing => return None,
    };
    Some(value.into())
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= VALUE_CHARACTERS
}

/// The option that `text` means: its words, else its number from 1. Words first, for options that are numbers.
fn option<'a>(options: &'a [Choice], text: &str) -> Option<&'a str> {
    let by_words = options.iter().find(|option| option.is_meant_by(text));
    let by_number = || options.get(folded(text).parse::<usize>().ok()?.checked_sub(1)?);
    by_words.or_else(by_number).map(Choice::value)
}

/// Whether mail could arrive there: one `@`, something before it, a domain of two or more labels behind it.
fn is_email(text: &str) -> bool {
    let Some((mailbox, domain)) = text.split_once('@') else { return false };
    let is_label = |label: &str| {
        let legal = |c: char| c.is_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(legal) && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "\"(),:;<>@[]\\".contains(c);
    text.chars().count() <= EMAIL_CHARACTERS
        && (1..=MAILBOX_CHARACTERS).contains(&mailbox.chars().count())
        && !mailbox.contains(is_odd)
        && !(mailbox.starts_with('.') || mailbox.ends_with('.') || mailbox.contains(".."))
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use models::assistant::Assistant;

    use super::*;

    #[test]
    fn an_option_is_meant_by_its_words_or_its_number() {
        let flow = "[[flows.f.steps]]\nname = \"a\"\nsay = \"?\"\nexpect = \"one_of\"\n\
                    options = [\"Réclamation\", { en = \"Exchange\", de = \"Umtausch\" }, \"2\"]";
        let flows = Assistant::from_toml(flow).unwrap().flows;
        let Expect::OneOf(options) = &flows.get("f").unwrap().steps[0].expect else { panic!("no options") };
        for (said, meant) in [
            ("RECLAMATION!", Some("Réclamation")),
            ("1", Some("Réclamation")),
            ("1.", Some("Réclamation")),
            ("1️⃣", Some("Réclamation")),
            ("umtausch", Some("Exchange")),
            ("2", Some("2")),
            ("3", Some("2")),
            ("0", None),
            ("4", None),
            ("99999999999999999999999", None),
            ("an exchange", None),
            ("!", None),
        ] {
            assert_eq!(option(options, said), meant, "{said}");
        }
    }

    #[test]
    fn an_email_address_is_what_mail_could_arrive_at() {
        for good in ["a@b.de", "first.last+tag@mail.shop.example", "o'neil@ex-ample.ie", "jörg@müller.de"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@b.de", "a".repeat(65));
        for bad in [
            "a",
            "a@",
            "@b.de",
            "a@b",
            "a@b.",
            "a@.de",
            "a b@c.de",
            "a@b c.de",
            "a@b@c.de",
            ".a@b.de",
            "a.@b.de",
            "a..b@c.de",
            "<a@b.de>",
            "a@-b.de",
            "a@b-.de",
            "a@b.de,",
            "my mail is a@b.de",
            &long,
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_too_long_to_be_kept_matches_no_pattern() {
        let toml = "[[flows.f.steps]]\nname = \"a\"\nsay = \"?\"\nexpect = \"pattern\"\npattern = \"^x+$\"";
        let flows = Assistant::from_toml(toml).unwrap().flows;
        let fits = |length| read(&flows.get("f").unwrap().steps[0].expect, &"x".repeat(length)).is_some();
        assert!(fits(VALUE_CHARACTERS) && !fits(VALUE_CHARACTERS + 1));
    }

    #[test]
    fn a_value_is_what_was_typed_without_the_space_around_and_not_without_end() {
        let text = |said: &str| read(&Expect::Text, said).map(Personal::into_string);
        assert_eq!(text(" It  is\ntoo small 😕 ").as_deref(), Some("It  is\ntoo small 😕"));
        assert_eq!(text(&"é".repeat(5_000)), Some("é".repeat(VALUE_CHARACTERS)));
        for nothing in ["", " ", "\n\t"] {
            assert_eq!(text(nothing), None);
        }
    }
}
