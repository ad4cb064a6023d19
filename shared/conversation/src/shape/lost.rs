//! Pairs of `**` that Markdown's rules take for text, though their writer meant markers. Those rules look for spaces between
//! words; `**注意：**请看` and `**"값"**은` have none where they would have to be. Such markers could not format on WhatsApp
//! either, for the same reason, so they are left out.

use super::line::{Kind, Line};

const MARKER: &str = "**";

/// Takes lost markers out of `line`.
pub(super) fn drop_lost_markers(line: &mut Line) {
    let lost = lost(&line.masked(&line.ranges(Kind::Code).collect::<Vec<_>>()));
    if lost.is_empty() {
        return;
    }
    let moved = |place: usize| {
        let before = lost.partition_point(|lost| *lost < place);
        let through = before.checked_sub(1).map_or(0, |last| (lost[last] + MARKER.len()).saturating_sub(place));
        place + through - MARKER.len() * before
    };
    for span in &mut line.spans {
        span.range = moved(span.range.start)..moved(span.range.end);
    }
    line.spans.retain(|span| !span.range.is_empty());
    let mut text = String::with_capacity(line.text.len());
    let mut at = 0;
    for place in lost {
        text.push_str(&line.text[at..place]);
        at = place + MARKER.len();
    }
    line.text = text + &line.text[at..];
}

/// Where they stand: in pairs, each around something, one of them next to a character that is not ASCII.
fn lost(text: &str) -> Vec<usize> {
    let mut lost = Vec::new();
    let mut opened: Option<(usize, bool)> = None;
    for (at, _) in text.match_indices(MARKER) {
        let before = text[..at].chars().next_back().unwrap_or(' ');
        let after = text[at + MARKER.len()..].chars().next().unwrap_or(' ');
        let is_foreign = !before.is_ascii() || !after.is_ascii();
        match opened {
            _ if before == '*' || after == '*' => {}
            Some((start, was_foreign)) if !before.is_whitespace() => {
                if is_foreign || was_foreign {
                    lost.extend([start, at]);
                }
                opened = None;
            }
            _ if !after.is_whitespace() && !before.is_ascii_alphanumeric() => opened = Some((at, is_foreign)),
            _ => {}
        }
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::super::line::Span;
    use super::*;

    #[test]
    fn what_is_special_moves_with_its_text() {
        let span = |kind, range| Span { kind, range };
        let spans = vec![
            span(Kind::Italic, 0..10),
            span(Kind::Strike, 1..9),
            span(Kind::Bold, 8..10),
            span(Kind::Code, 14..15),
        ];
        let mut line = Line { text: "**注：**意 b".to_owned(), spans, ..Line::default() };
        drop_lost_markers(&mut line);
        assert_eq!(line.text, "注：意 b");
        assert_eq!(line.spans, [span(Kind::Italic, 0..6), span(Kind::Strike, 0..6), span(Kind::Code, 10..11)]);
    }

    #[test]
    fn lost_markers_are_found_in_pairs() {
        for (text, expected) in [
            ("**注意：**请看", vec![0, 11]),
            ("a **\"값\"**은", vec![2, 9]),
            ("请**“重要”**联系 **“a”**是", vec![3, 17, 26, 35]),
            ("2**8 和 2**9, 甲 ** 乙 ** 丙", vec![]),
            ("**a:**b ***注：***意", vec![]),
            ("**注 **意", vec![]),
            ("** 注**意", vec![]),
            ("a**注**意", vec![]),
        ] {
            assert_eq!(lost(text), expected, "{text}");
        }
    }
}
