//! What the program says to what it is asked.

use std::io;
use std::process::{Command, Output};

use protocol_model::settings;

fn asked(arguments: &[&str]) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_protocol_model")).args(arguments).output()
}

fn names_every_setting(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    settings::large().iter().all(|setting| text.lines().any(|line| line.trim() == setting.name))
}

#[test]
fn a_word_that_is_in_no_name_fails_and_the_names_are_told() {
    for words in [&["nonsense"][..], &["one message", "nonsense"], &["--traces", "nonsense"]] {
        let output = asked(words).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert_eq!(output.stdout, b"", "nothing is searched");
        assert!(output.stderr.starts_with(b"error: \"nonsense\" is in the name of no setting"), "{output:?}");
        assert!(names_every_setting(&output.stderr), "{output:?}");
    }
}

#[test]
fn an_option_that_there_is_not_fails() {
    let output = asked(&["--trace"]).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
    assert!(output.stderr.starts_with(b"error: there is no option --trace;"));
}

#[test]
fn the_help_names_the_settings() {
    let output = asked(&["--help"]).unwrap();
    assert!(output.status.success() && names_every_setting(&output.stdout), "{output:?}");
}
