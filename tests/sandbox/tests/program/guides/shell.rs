//! Lines of a shell, as far as guides use it: variables in front, quotes, comments, and lines that go on in the next one.

/// One command, with the variables that stand before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Command {
    pub(super) variables: Vec<(String, String)>,
    pub(super) words: Vec<String>,
}

/// The commands of a block. What is no shell at all gives words that nobody looks for.
pub(super) fn commands(block: &str) -> Vec<Command> {
    block.replace("\\\n", " ").lines().map(command).filter(|command| !command.words.is_empty()).collect()
}

fn command(line: &str) -> Command {
    let mut words = words(line).into_iter().peekable();
    let mut variables = Vec::new();
    while let Some((name, value)) = words.peek().and_then(|word| assigned(word)) {
        variables.push((name.to_owned(), value.to_owned()));
        words.next();
    }
    Command { variables, words: words.collect() }
}

fn assigned(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    (is_name && !name.is_empty()).then_some((name, value))
}

/// Words up to a comment. What a reader has to fill in, `<…>`, is part of one word, blanks and all.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut until) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (until, letter) {
            (Some(end), _) if letter == end => {
                until = None;
                if end == '>' {
                    word.get_or_insert_default().push('>');
                }
            }
            (None, '\'' | '"') => {
                until = Some(letter);
                word.get_or_insert_default();
            }
            (None, '<') => {
                until = Some('>');
                word.get_or_insert_default().push('<');
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn a_line_is_read_as_a_shell_reads_it() {
    let read = |line| commands(line).into_iter().map(|command| (command.variables, command.words)).collect::<Vec<_>>();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        read(
            "A_KEY=… cargo run -- --port 0   # any\n# nothing\ncurl \"<Url>?a=1\" \\\n     -d '{ \"a\": \"b#c\" }'\nerase <an id>"
        ),
        [
            (vec![("A_KEY".to_owned(), "…".to_owned())], words(&["cargo", "run", "--", "--port", "0"])),
            (vec![], words(&["curl", "<Url>?a=1", "-d", "{ \"a\": \"b#c\" }"])),
            (vec![], words(&["erase", "<an id>"])),
        ]
    );
}
