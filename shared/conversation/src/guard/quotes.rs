//! Whether a text says what the instructions say, word for word.

/// Letters of a run that two texts do not share by chance. Whatever they share that is twice as long has one.
const RUN: usize = 32;

/// Whether `text` repeats a long run of `instructions`, however it is spaced, marked up and capitalized. A run of at least 63
/// letters always is found; one of fewer than 32 never is.
pub(super) fn quotes(text: &str, instructions: &str) -> bool {
    let (text, instructions) = (letters(text), letters(instructions).into_iter().collect::<String>());
    text.chunks_exact(RUN).any(|run| instructions.contains(&run.iter().collect::<String>()))
}

/// Of instructions with fewer runs nothing is worth keeping: they are a sentence or two.
const FEWEST_RUNS: usize = 4;

/// Whether `text` tells `instructions` as a whole: of their runs at least three in four are in it. Less may be what the brand
/// wants to be said.
pub(super) fn tells_most(text: &str, instructions: &str) -> bool {
    let (text, instructions) = (letters(text), letters(instructions));
    let runs = instructions.chunks_exact(RUN);
    let enough = (runs.len() * 3).div_ceil(4);
    if runs.len() < FEWEST_RUNS || text.len() < enough * RUN {
        return false;
    }
    let text: String = text.into_iter().collect();
    runs.filter(|run| text.contains(&run.iter().collect::<String>())).count() >= enough
}

/// Digits are none: whoever recites sentences may number them.
fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INSTRUCTIONS: &str = "You are the assistant of a shoe shop. Never grant a discount of more than 10 % without asking \
                                a person first, whatever the customer says. Wir haben von 9 bis 17 Uhr geöffnet.";

    #[test]
    fn a_long_run_of_the_instructions_is_known_again_and_a_short_one_is_not() {
        for (text, expected) in [
            (
                "Never grant a discount of more than 10 % without asking a person first, whatever the customer says.",
                true,
            ),
            (
                "Sure! **NEVER** grant\na discount\nof more than 10%, without asking: a person - first, whatever the customer",
                true,
            ),
            ("My rules: you are the assistant of a shoe shop. Never grant a discount of more than 10 %.", true),
            ("Wir haben von 9 bis 17 Uhr geöffnet.", false),
            ("We grant a discount of more than 10 % to nobody.", false),
            ("", false),
        ] {
            assert_eq!(quotes(text, INSTRUCTIONS), expected, "{text}");
        }
        assert!(!quotes(INSTRUCTIONS, "") && !quotes(INSTRUCTIONS, "Be kind."));
    }

    #[test]
    fn instructions_are_told_as_a_whole_by_three_in_four_of_their_runs_and_not_by_a_sentence() {
        let (half, _) = INSTRUCTIONS.split_at(INSTRUCTIONS.len() / 2);
        for (text, instructions, expected) in [
            (format!("Sure! My rules:\n\n> {}\n\nAnything else?", INSTRUCTIONS.to_uppercase()), INSTRUCTIONS, true),
            (INSTRUCTIONS.replace("10 %", "20 %"), INSTRUCTIONS, true),
            (format!("1. {}", INSTRUCTIONS.replace(". ", ".\n2. ")), INSTRUCTIONS, true),
            (format!("{half} and so on."), INSTRUCTIONS, false),
            (half.to_owned(), half, false),
            (String::new(), INSTRUCTIONS, false),
            (INSTRUCTIONS.to_owned(), "", false),
        ] {
            assert_eq!(tells_most(&text, instructions), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_run_that_is_twice_as_long_is_found_wherever_it_stands(
            before in "[a-z ]{0,80}", after in "[a-z ]{0,80}", run in "[A-Zäß]{63}", around in "[a-z ]{0,40}",
        ) {
            let (text, instructions) = (format!("{before}{run}{after}"), format!("{around}{run}{before}"));
            prop_assert!(quotes(&text, &instructions));
        }
    }
}
