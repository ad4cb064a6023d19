//! What WhatsApp makes of the markers in a part, and that it is what the Markdown meant.

use proptest::prelude::*;

use super::texts;

/// A letter, and whether it is bold, italic and struck out.
type Shown = (char, [bool; 3]);

/// Reads a line as WhatsApp does: a pair of markers formats what is between them if it stands at the edges of words.
fn read_by_whatsapp(line: &str) -> Vec<Shown> {
    let chars: Vec<char> = line.chars().collect();
    let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let is_space = |c: Option<&char>| c.is_none_or(|c| c.is_whitespace());
    let before = |at: usize| at.checked_sub(1).and_then(|before| chars.get(before));
    let mut formats = vec![[false; 3]; chars.len()];
    for (index, marker) in ['*', '_', '~'].into_iter().enumerate() {
        let mut opened = None;
        for at in (0..chars.len()).filter(|at| chars[*at] == marker) {
            match opened {
                Some(start) if !is_space(before(at)) && !is_word(chars.get(at + 1)) => {
                    formats[start..at].iter_mut().for_each(|format| format[index] = true);
                    opened = None;
                }
                None if !is_word(before(at)) && !is_space(chars.get(at + 1)) => opened = Some(at),
                _ => {}
            }
        }
        assert_eq!(opened, None, "{line:?}");
    }
    chars.into_iter().zip(formats).filter(|(c, _)| c.is_alphanumeric()).collect()
}

/// Words and what is to be seen of them, some formatted alone, some together.
fn formatted_words() -> impl Strategy<Value = (String, Vec<Shown>)> {
    let word = prop_oneof!["[a-z]{1,12}", Just("straße".to_owned()), Just("你好".to_owned()), Just("مرحبا".to_owned())];
    let group = (prop::collection::vec(word, 1..12), any::<[bool; 3]>()).prop_map(|(words, formats)| {
        let markers: Vec<_> = ["**", "_", "~~"].into_iter().zip(formats).filter(|(_, is_on)| *is_on).collect();
        let open: String = markers.iter().map(|(marker, _)| *marker).collect();
        let close: String = markers.iter().rev().map(|(marker, _)| *marker).collect();
        let letters: Vec<_> = words.concat().chars().map(|c| (c, formats)).collect();
        (format!("{open}{}{close}, ", words.join(" ")), letters)
    });
    prop::collection::vec(group, 1..12).prop_map(|groups| {
        let (markdown, shown): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
        (markdown.concat(), shown.concat())
    })
}

proptest! {
    #[test]
    fn what_is_formatted_stays_so_across_cuts((markdown, shown) in formatted_words()) {
        let parts = texts(&markdown, usize::MAX, 60);
        let read: Vec<_> = parts.iter().flat_map(|part| part.lines()).flat_map(read_by_whatsapp).collect();
        prop_assert_eq!(read, shown);
    }
}
