//! Which known word a mistyped one was meant to be.

/// The one of `known` whose word is spelled most like `word`, if any is like it at all: at most one slip in three
/// letters, and two letters only swapped. Large letters count as small ones.
pub(super) fn nearest<T>(word: &str, known: impl Iterator<Item = T>, of: impl Fn(&T) -> &str) -> Option<T> {
    let word = word.to_lowercase();
    let letters = word.chars().count();
    let most = (letters / 3).clamp(1, 3);
    let slips = |item: T| {
        let other = of(&item).to_lowercase();
        let is_like = letters > 2 || sorted(&word) == sorted(&other);
        is_like.then(|| (distance(&word, &other), item))
    };
    known.filter_map(slips).filter(|(slips, _)| *slips <= most).min_by_key(|(slips, _)| *slips).map(|(_, item)| item)
}

/// What is added to a mistake whose word was probably `meant` for another.
pub(super) fn did_you_mean(meant: Option<&str>) -> String {
    meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

/// `a, b or c`.
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<_> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// How many letters have to be put in, taken out, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let edited = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            row.push(if swapped { edited.min(rows[i - 2][j - 2] + 1) } else { edited });
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = ["fragment_seconds", "complete_seconds", "cap_seconds", "say", "stay"];
        for (word, meant) in [
            ("fragment_second", Some("fragment_seconds")),
            ("fragmetn_seconds", Some("fragment_seconds")),
            ("cap_seconds", Some("cap_seconds")),
            ("capseconds", Some("cap_seconds")),
            ("sya", Some("say")),
            ("staye", Some("stay")),
            ("Cap_Seconds", Some("cap_seconds")),
            ("SAY", Some("say")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known.iter(), |known| known).copied(), meant, "{word}");
        }
    }

    #[test]
    fn two_letters_are_only_ever_swapped() {
        for (word, meant) in [("ed", Some("de")), ("EN", Some("en")), ("it", None), ("nl", None), ("d", None)] {
            assert_eq!(nearest(word, ["de", "en", "pt"].iter(), |known| known).copied(), meant, "{word}");
        }
    }

    #[test]
    fn words_are_listed_as_people_do() {
        for (words, told) in [(&["a", "b", "c"][..], "a, b or c"), (&["a", "b"], "a or b"), (&["a"], "a"), (&[], "")] {
            assert_eq!(listed(words), told);
        }
    }

    #[test]
    fn each_kind_of_slip_counts_once() {
        for (a, b, slips) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "abxc", 1),
            ("abc", "ac", 1),
            ("abc", "adc", 1),
            ("abc", "acb", 1),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!((distance(a, b), distance(b, a)), (slips, slips), "{a} {b}");
        }
    }
}
