//! The canaries of a run: users whose names nobody else has, and a mark at the beginning of each text they type.

/// The beginning of every name and mark.
pub(crate) const CANARY: &str = "quokka";

/// The external id of a user.
pub(crate) fn user(number: usize) -> String {
    format!("{CANARY}{number}")
}

/// The mark of a user's text.
pub(crate) fn mark(user: &str, number: usize) -> String {
    format!("{user}x{number}")
}

/// The user whose mark this is.
pub(crate) fn owner(mark: &str) -> &str {
    mark.split_once('x').map_or(mark, |(user, _)| user)
}

/// Every mark in a text, in its order, each once.
pub(crate) fn marks(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for mark in occurrences(text) {
        if !found.contains(&mark) {
            found.push(mark);
        }
    }
    found
}

/// Every mark in a text, as often as it is there.
pub(crate) fn occurrences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices(CANARY) {
        let rest = &text[start..];
        let user = CANARY.len() + digits(&rest[CANARY.len()..]);
        let Some(number) = rest[user..].strip_prefix('x').map(digits).filter(|length| *length > 0) else { continue };
        found.push(&rest[..=user + number]);
    }
    found
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_they_stand() {
        let text = format!("{} \"hi\"\n{}👋{} again, {}", mark(&user(1), 2), mark(&user(17), 30), "quokka1x2", user(5));
        assert_eq!(marks(&text), ["quokka1x2", "quokka17x30"]);
        assert_eq!(marks("quokka1x2").into_iter().map(owner).collect::<Vec<_>>(), ["quokka1"]);
        assert!(marks("quokkax, quokka3x, kangaroo1x2").is_empty());
    }
}
