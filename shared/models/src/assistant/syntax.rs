//! What is wrong with a file that is no TOML.

use super::mistake::{Mistake, line_of};

/// As word processors and web pages make them.
const TYPOGRAPHIC_QUOTES: [char; 8] = ['“', '”', '„', '‟', '‘', '’', '«', '»'];

/// What is wrong with `text`, and on which line. Nothing of the line itself is told: it may hold a secret.
pub(super) fn mistake(text: &str, error: &toml::de::Error) -> Mistake {
    let start = error.span().map_or(0, |span| span.start);
    let behind = text.get(start..).unwrap_or_default();
    let told = format!("it is not TOML: {}", in_plain_words(error.message(), behind));
    Mistake::on_line(told, line_of(text, start))
}

/// The parser's words, or plainer ones for what people do most. `behind` begins with what the parser stumbled over.
fn in_plain_words<'a>(message: &'a str, behind: &str) -> &'a str {
    match message {
        _ if behind.starts_with(TYPOGRAPHIC_QUOTES) => {
            "typographic quotation marks, as word processors make them; write plain ones, \""
        }
        "duplicate key" => "this key, or this [section], stands further up already; put both together",
        "string values must be quoted, expected literal string" => {
            "a value is a text in quotation marks, a number, true or false, or a list in [ ]"
        }
        message => message,
    }
}

#[cfg(test)]
mod tests {
    use crate::assistant::Assistant;

    #[test]
    fn a_file_that_is_no_toml_is_refused_with_the_line_and_plain_words() {
        for (toml, told) in [
            ("a = 1\na = 2\n", "this key, or this [section], stands further up already; put both together (line 2)"),
            ("[limits]\n\n[keywords]\n[limits]\n", "put both together (line 4)"),
            ("\ninstructions = “Hello”\n", "write plain ones, \" (line 2)"),
            ("[keywords]\n“stop” = 1\n", "write plain ones, \" (line 2)"),
            ("[hand_off]\nby_assistant = yes\n", "a number, true or false, or a list in [ ] (line 2)"),
            ("[keywords]\nopt_out [\"a\"]\n", "key with no value, expected `=` (line 2)"),
        ] {
            let bad = Assistant::from_toml(toml).unwrap_err();
            let [mistake] = bad.mistakes() else { panic!("{bad}") };
            assert!(mistake.told().starts_with("it is not TOML: "), "{bad}");
            assert!(mistake.to_string().ends_with(told), "{told} in {bad}");
        }
    }
}
