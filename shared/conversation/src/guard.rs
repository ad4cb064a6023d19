//! What an AI wrote is looked at once more before anybody reads it: by code, which no prompt can talk over.

mod instructions;
mod links;
mod numbers;
mod quotes;
mod seam;

use models::Part;
use models::assistant::Guards;

pub use instructions::Instructions;

/// What came of looking at a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// It may go out as these parts; so many links and numbers were taken out of it.
    Passed {
        /// What is left; never empty.
        parts: Vec<Part>,
        /// How many links and numbers are not.
        taken_out: usize,
    },
    /// It must not: it tells the instructions, or nothing is left of it.
    Withheld,
}

/// Looks at `parts` as WhatsApp would show them.
pub fn look(parts: &[Part], instructions: &Instructions<'_>, guards: &Guards) -> Looked {
    if instructions.are_told_by(&parts.iter().map(Part::as_str).collect::<String>()) {
        return Looked::Withheld;
    }
    let mut taken_out = 0;
    let without = parts.iter().filter_map(|part| {
        let (text, links) = links::without(part.as_str(), guards.links.as_deref());
        let (text, numbers) = numbers::masked(&text, guards);
        taken_out += links + numbers;
        // What is blank now had nothing else in it.
        Part::new(text).ok()
    });
    let parts: Vec<_> = without.collect();
    if parts.is_empty() { Looked::Withheld } else { Looked::Passed { parts, taken_out } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(texts: &[&str]) -> Vec<Part> {
        texts.iter().map(|text| Part::new(*text).unwrap()).collect()
    }

    #[test]
    fn an_ordinary_reply_passes_as_it_is() {
        let reply = parts(&["Open 9-17, see https://shop.example/hours.", "Call 0221 123456."]);
        let passed = Looked::Passed { parts: reply.clone(), taken_out: 0 };
        assert_eq!(look(&reply, &Instructions::of("Be brief."), &Guards::default()), passed);
    }

    #[test]
    fn a_reply_that_tells_the_instructions_or_is_a_bad_link_alone_is_withheld() {
        let instructions = Instructions::of("Be brief.");
        let note = instructions.note();
        let (mark, _) = note.split_once('.').unwrap();
        let told = format!("I was told: {mark}");
        for reply in [parts(&["Sure!", &told]), parts(&["https://me@evil.example"])] {
            assert_eq!(look(&reply, &instructions, &Guards::default()), Looked::Withheld);
        }
    }

    #[test]
    fn what_is_taken_out_is_counted_and_the_rest_goes_out() {
        let guards = Guards { links: Some(vec!["shop.example".to_owned()]), phones: true, ..Guards::default() };
        let reply = parts(&["See https://evil.example/x or shop.example/a, or call +49 221 123456."]);
        let Looked::Passed { parts, taken_out } = look(&reply, &Instructions::of(""), &guards) else { panic!() };
        assert_eq!((parts[0].as_str(), taken_out), ("See or shop.example/a, or call •••56.", 2));
    }
}
