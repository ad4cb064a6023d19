//! Links that an AI wrote: only to where the brand wants people to go.

use std::iter;
use std::ops::Range;

use models::is_visible;

use super::seam;
use crate::shape::is_direction;

/// What WhatsApp makes a link of without `https://` before it, as far as brands and swindlers use it.
const TOP_LEVELS: [&str; 34] = [
    "com", "net", "org", "info", "biz", "io", "co", "me", "app", "dev", "shop", "store", "online", "site", "xyz",
    "top", "club", "link", "click", "live", "page", "eu", "de", "at", "ch", "fr", "es", "pt", "br", "mx", "uk", "us",
    "ru", "cn",
];
/// Signs around a link that are not part of it.
const AROUND: &[char] =
    &['(', ')', '<', '>', '[', ']', '"', '\'', '“', '”', '„', '«', '»', '*', '_', '~', '`', ',', ';', '!', '?'];

/// `text` without the links that must not be followed, and how many those were. Whatever the list says, a link goes that hides
/// where it leads: behind a name (`https://shop.example@evil.example`), a number for a host, letters that look like others.
pub(super) fn without(text: &str, allowed: Option<&[String]>) -> (String, usize) {
    let bad = bad(text, allowed);
    let before = bad.first().map_or(text, |link| &text[..link.start]);
    let ends = bad.iter().skip(1).map(|link| link.start).chain(iter::once(text.len()));
    let kept = bad.iter().zip(ends).fold(before.to_owned(), |before, (link, end)| {
        // Directions within it stay, or what they open would not be closed.
        let directions: String = text[link.clone()].chars().filter(|c| is_direction(*c)).collect();
        seam::joined(&before, &(directions + &text[link.end..end]))
    });
    (kept, bad.len())
}

/// Where the links stand that must not be followed.
fn bad(text: &str, allowed: Option<&[String]>) -> Vec<Range<usize>> {
    let mut at = 0;
    let words = text.split_inclusive(char::is_whitespace).map(|piece| {
        let start = at;
        at += piece.len();
        (start, piece.trim_end_matches(char::is_whitespace))
    });
    let of_links = words.filter_map(|(start, word)| {
        let core = core(word);
        link(core).is_some_and(|link| !link.is_good(allowed)).then(|| {
            let start = start + word.find(core).unwrap_or_default();
            start..start + whole(&text[start..], core.len())
        })
    });
    of_links.collect()
}

/// How much of `text`, which begins with a link of `length`, is that link: what it opens, it closes.
fn whole(text: &str, mut length: usize) -> usize {
    for (open, close) in [('(', ')'), ('[', ']')] {
        while text[..length].matches(open).count() > text[..length].matches(close).count()
            && text[length..].starts_with(close)
        {
            length += 1;
        }
    }
    length
}

/// A word without the signs around it: what is a link, if it is one. In Arabic and Hebrew a link often stands in marks of direction.
fn core(word: &str) -> &str {
    let is_around = |c: char| AROUND.contains(&c) || !is_visible(c);
    word.trim_matches(is_around).trim_end_matches(|c| is_around(c) || matches!(c, '.' | ':'))
}

/// A link, taken apart.
struct Link<'a> {
    /// `None` where the text has none and WhatsApp makes it a link all the same.
    scheme: Option<&'a str>,
    /// What stands between the scheme and the path.
    authority: &'a str,
}

fn link(word: &str) -> Option<Link<'_>> {
    if let Some((before, rest)) = word.split_once("://") {
        // "see:https://…" is a link too.
        let scheme =
            before.rsplit(|c: char| !c.is_ascii_alphanumeric() && !"+.-".contains(c)).next().unwrap_or_default();
        return Some(Link { scheme: Some(scheme), authority: authority(rest) });
    }
    let lower = word.to_ascii_lowercase();
    if ["javascript:", "data:", "vbscript:", "file:", "intent:"].iter().any(|scheme| lower.starts_with(scheme)) {
        return Some(Link { scheme: word.split(':').next(), authority: "" });
    }
    let authority = authority(word);
    let host = host(authority);
    let last = host.rsplit_once('.').map(|(_, last)| last.to_ascii_lowercase())?;
    // An e-mail address is none.
    let looks_like_one = !authority.contains('@') && (TOP_LEVELS.contains(&last.as_str()) || lower.starts_with("www."));
    looks_like_one.then_some(Link { scheme: None, authority })
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#', '\\']).next().unwrap_or_default()
}

fn host(authority: &str) -> &str {
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() }
}

impl Link<'_> {
    fn is_good(&self, allowed: Option<&[String]>) -> bool {
        let web =
            self.scheme.is_none_or(|scheme| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
        let host = host(self.authority).trim_end_matches('.').to_lowercase();
        let is_number = host.starts_with('[') || host.rsplit('.').next().is_some_and(is_number);
        let looks_like_another = !host.is_ascii() || host.split('.').any(|label| label.starts_with("xn--"));
        let hides = self.authority.contains('@') || is_number || (looks_like_another && allowed.is_none());
        let is_allowed = |name: &String| {
            let name = name.to_lowercase();
            host == name || host.strip_suffix(&name).is_some_and(|before| before.ends_with('.'))
        };
        web && !hides && allowed.is_none_or(|allowed| allowed.iter().any(is_allowed))
    }
}

/// Whether a host with this last label is an address in numbers, as every browser reads it: `2130706433`, `0x7f000001`.
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    hexadecimal || label.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_a_list_only_links_go_that_hide_where_they_lead() {
        for good in [
            "https://shop.example/a?b=c#d",
            "See https://shop.example.",
            "(http://shop.example:8080/x)",
            "shop.com, www.shop.example",
            "Write to help@shop.com",
            "9.30 a.m., z.B. 1.000,50",
            "version 1.2.3",
            "see:https://shop.example/a",
            "\u{2067}شاهد \u{2068}https://shop.example/a\u{2069}.\u{2069}",
        ] {
            assert_eq!(without(good, None), (good.to_owned(), 0));
        }
        for (bad, left) in [
            ("https://shop.example@evil.example/x", ""),
            ("See https://1.2.3.4/x now", "See now"),
            ("See http://[::1]:80/.", "See."),
            ("See https://xn--shp-bna.example!", "See!"),
            ("Go to https://shоp.example", "Go to"),
            ("Press javascript:alert(1) now", "Press now"),
            ("ftp://shop.example", ""),
            ("git+https://shop.example", ""),
            ("Here:\n*https://a@b.example*\nbye", "Here:\nbye"),
            ("Our shop (https://a@b.example).", "Our shop."),
            ("Our shop ( https://a@b.example ) is open", "Our shop is open"),
            ("Our shop <https://a@b.example> is open", "Our shop is open"),
            ("Our shop [](https://a@b.example) is open", "Our shop is open"),
            ("(see https://a@b.example)", "(see)"),
            ("Open (https://a@b.example, or call), always", "Open (or call), always"),
            ("See https://a@b.example/x_(y) .", "See."),
            ("See  https://a@b.example  now", "See now"),
            ("- https://a@b.example\n- Or  call", "- Or  call"),
            ("https://2130706433/", ""),
            ("See http://0X7f000001/ now", "See now"),
            ("http://127.0.0.0x1", ""),
            ("\u{2067}See \u{2068}https://1.2.3.4/x\u{2069}.\u{2069}", "\u{2067}See \u{2068}\u{2069}.\u{2069}"),
            ("See https://a@b.example/\u{202e}x\u{202c}y now", "See \u{202e}\u{202c} now"),
        ] {
            assert_eq!(without(bad, None), (left.to_owned(), 1), "{bad}");
        }
    }

    #[test]
    fn with_a_list_only_its_hosts_and_what_is_below_them_stay() {
        let allowed = ["Shop.Example".to_owned(), "müller.de".to_owned()];
        for (text, taken_out) in [
            ("https://shop.example/a", 0),
            ("https://www.SHOP.example:443/a", 0),
            ("https://shop.example./a", 0),
            ("https://müller.de", 0),
            ("\u{2068}https://shop.example\u{2069}", 0),
            ("\u{2068}https://evil.com\u{2069}", 1),
            ("https://evilshop.example", 1),
            ("https://shop.example.evil.com", 1),
            ("https://evil.com/shop.example", 1),
            ("https://evil.com\\@shop.example", 1),
            ("https://shop.example@evil.com", 1),
            ("evil.com/x", 1),
            ("no link. at all", 0),
        ] {
            assert_eq!(without(text, Some(&allowed)).1, taken_out, "{text}");
        }
        assert_eq!(without("https://shop.example", Some(&[])).1, 1, "an empty list allows none");
    }

    proptest! {
        #[test]
        fn nothing_that_hides_or_is_not_on_the_list_is_left(text in "(https?://|\u{2068}|\u{2069}|[a-z.@:/\\[\\]()]{1,8}|evil\\.com|shop\\.example| |\n|é){0,20}") {
            let allowed = ["shop.example".to_owned()];
            let (kept, _) = without(&text, Some(&allowed));
            for word in kept.split_whitespace() {
                prop_assert!(link(core(word)).is_none_or(|link| link.is_good(Some(&allowed))), "{word} in {kept}");
            }
        }
    }
}
