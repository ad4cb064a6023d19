//! A Markdown file, as its readers use it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::shell::{self, Command};

/// The root of the repository.
pub(super) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What a reader tries, in the order in which it stands there.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// A block that says it is TOML.
    Toml(String),
    /// A line of any other block.
    Line(Command),
    /// A command within a sentence: perhaps only its name.
    Mention(Command),
}

#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: PathBuf,
    pub(super) steps: Vec<Step>,
    pub(super) links: Vec<String>,
    /// Of its headings, as GitHub names them.
    pub(super) anchors: BTreeSet<String>,
}

impl Document {
    pub(super) fn read(file: &Path) -> Self {
        Self::parse(file, &std::fs::read_to_string(file).unwrap())
    }

    pub(super) fn parse(file: &Path, text: &str) -> Self {
        let mut document =
            Self { file: file.to_owned(), steps: Vec::new(), links: Vec::new(), anchors: BTreeSet::new() };
        let (mut block, mut heading) = (None::<(bool, String)>, None::<String>);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let is_toml = matches!(&kind, CodeBlockKind::Fenced(language) if &**language == "toml");
                    block = Some((is_toml, String::new()));
                }
                Event::End(TagEnd::CodeBlock) => document.steps.extend(block.take().into_iter().flat_map(steps)),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => document.add_anchor(&heading.take().unwrap_or_default()),
                Event::Start(Tag::Link { dest_url, .. }) => document.links.push(dest_url.to_string()),
                Event::Text(text) => {
                    if let Some(text_so_far) = block.as_mut().map(|(_, text)| text).or(heading.as_mut()) {
                        text_so_far.push_str(&text);
                    }
                }
                Event::Code(code) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&code);
                    }
                    document.steps.extend(shell::commands(&code).into_iter().map(Step::Mention));
                }
                _ => {}
            }
        }
        document
    }

    fn add_anchor(&mut self, heading: &str) {
        let kept = |letter: &char| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter);
        let anchor = heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-");
        let again = (1..).map(|number| format!("{anchor}-{number}"));
        let free = std::iter::once(anchor.clone()).chain(again).find(|anchor| !self.anchors.contains(anchor));
        self.anchors.extend(free);
    }
}

fn steps((is_toml, text): (bool, String)) -> Vec<Step> {
    if is_toml { vec![Step::Toml(text)] } else { shell::commands(&text).into_iter().map(Step::Line).collect() }
}

/// Every README that is ours.
pub(super) fn all() -> Vec<Document> {
    let mut folders = vec![PathBuf::from(ROOT)];
    let mut documents = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if name == "README.md" {
                documents.push(Document::read(&path));
            }
        }
    }
    documents
}
