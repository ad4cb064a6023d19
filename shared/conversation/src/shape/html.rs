//! HTML in a reply: its tags say nothing on a phone, the words between them do.

/// Elements whose tags stand between two lines.
const BREAKS: &str = "article blockquote body br center dd details div dl dt footer form h1 h2 h3 h4 h5 h6 head header hr \
    html li main nav ol option p pre section summary table td th tr ul";
/// Elements whose tags stand within one.
const INLINE: &str = "a abbr audio b big button caption cite code col colgroup del em figcaption figure font i iframe img \
    input ins kbd label mark meta q s samp script select small span strike strong style sub sup svg tbody thead u video";

/// What a piece of HTML is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// A line break.
    Break,
    /// Nothing to see.
    Nothing,
    /// No HTML at all: in "send TRACK <order number>" it is what the customer is to fill in.
    Words,
}

/// What the tag or comment is that `html` begins with.
pub(super) fn tag(html: &str) -> Tag {
    let Some(inner) = html.strip_prefix('<') else { return Tag::Words };
    if inner.starts_with(['!', '?']) {
        return Tag::Nothing;
    }
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
    let is_in = |names: &str| names.split(' ').any(|name| name.eq_ignore_ascii_case(&inner[..end]));
    match () {
        () if is_in(BREAKS) => Tag::Break,
        () if is_in(INLINE) => Tag::Nothing,
        () => Tag::Words,
    }
}

/// The words of `html`, line by line.
pub(super) fn words(html: &str) -> String {
    let mut words = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        words.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = if rest.starts_with("<!--") { "-->" } else { ">" };
        let tag = tag(rest);
        let length = if tag == Tag::Words { Some(1) } else { rest.find(end).map(|at| at + end.len()) };
        let Some(length) = length else { break };
        words.push_str(match tag {
            Tag::Break => "\n",
            Tag::Nothing => "",
            Tag::Words => "<",
        });
        rest = &rest[length..];
    }
    words.push_str(rest);
    words.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_words_stay() {
        for (html, expected) in [
            ("<div class=\"a\">\n  Hello <b>you</b>\n</div>", "Hello you"),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("<!-- <b>no</b> -->yes", "yes"),
            ("1 < 2 <order number> <", "1 < 2 <order number> <"),
            ("<p>never closed <b", "never closed <b"),
        ] {
            assert_eq!(words(html), expected);
        }
    }
}
