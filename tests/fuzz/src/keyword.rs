//! Any message as a keyword.

use models::{Keywords, normalised};

/// Invisible characters, and what stands around a word that a person typed.
const DECORATIONS: [&str; 8] = ["\u{200b}", " ", "\u{fe0f}", "!", "\u{3000}", "🛑🏽", "»", "\u{202e}\u{ad}"];
const ACCENTS: [char; 4] = ['\u{301}', '\u{308}', '\u{327}', '\u{336}'];

/// The first byte chooses the disguise, the rest is a message. What is normalised stays so, in words of letters and digits
/// with one space between them; case, accents, invisible characters and decoration change nothing; and what matches is
/// exactly what is normalised to the same.
pub fn keyword(bytes: &[u8]) {
    let Some((&choice, message)) = bytes.split_first() else { return };
    let message = String::from_utf8_lossy(message);
    let keyword = normalised(&message);
    assert_eq!(normalised(&keyword), keyword);
    assert!(keyword.is_empty() || keyword.split(' ').all(|word| !word.is_empty()), "{keyword:?}");

    let disguised = disguised(&message, usize::from(choice));
    assert_eq!(normalised(&disguised), keyword, "{message:?} as {disguised:?}");

    let (own, other) = (Keywords::from_iter([&message]), Keywords::from_iter([format!("{message} more")]));
    let is_short = |text: &str| text.len() <= models::LONGEST_MESSAGE;
    assert_eq!(own.matches(&disguised), !keyword.is_empty() && is_short(&disguised));
    assert!(!other.matches(&message) && !own.matches(&format!("{message} more")));
}

/// The message as somebody else might type it.
fn disguised(message: &str, choice: usize) -> String {
    let [decoration, end] = [choice, choice / 8].map(|n| DECORATIONS[n % DECORATIONS.len()]);
    let accent = ACCENTS[choice % ACCENTS.len()];
    let cased = match choice / 64 {
        0 => message.to_uppercase(),
        1 => message.to_lowercase(),
        2 => message.chars().flat_map(|c| [c, '\u{2060}']).collect(),
        _ => {
            message.chars().flat_map(|c| std::iter::once(c).chain(c.is_ascii_alphabetic().then_some(accent))).collect()
        }
    };
    format!("{decoration}{cased}{end}")
}
