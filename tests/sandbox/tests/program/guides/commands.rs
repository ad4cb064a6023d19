//! Commands of cargo: ours are understood, those of other packages name what there is.

use std::collections::BTreeSet;
use std::process::Command as Process;

use clap::Parser as _;
use clap::error::ErrorKind;
use serde_json::Value;

use super::document::{Document, ROOT, Step};
use super::shell::Command;

/// What `cargo run --` is called with, if it is this program that the command runs.
pub(super) fn arguments(command: &Command) -> Option<Vec<String>> {
    let own = command.words.strip_prefix(["cargo".to_owned(), "run".to_owned()].as_slice())?;
    let (to_cargo, arguments) =
        own.iter().position(|word| word == "--").map_or((own, &[][..]), |at| (&own[..at], &own[at + 1..]));
    (!to_cargo.iter().any(|word| ["-p", "--package"].contains(&word.as_str()))).then(|| filled_in(arguments))
}

/// Whether these arguments start the sandbox.
pub(super) fn starts(arguments: &[String]) -> bool {
    parsed(arguments).is_ok_and(|program| program.deed.is_none())
}

fn parsed(arguments: &[String]) -> Result<sandbox::Program, clap::Error> {
    sandbox::Program::try_parse_from(std::iter::once("dragoman".to_owned()).chain(arguments.iter().cloned()))
}

/// What a reader has to fill in is a word.
fn filled_in(words: &[String]) -> Vec<String> {
    let is_open = |word: &&String| word.starts_with('<') || *word == "…";
    words.iter().map(|word| if is_open(&word) { "42".to_owned() } else { word.clone() }).collect()
}

/// The workspace's packages, and what can be tested and run in each.
pub(super) struct Packages {
    names: BTreeSet<String>,
    /// As `package kind name`.
    targets: BTreeSet<String>,
}

impl Packages {
    pub(super) fn read() -> Self {
        let mut cargo = Process::new(env!("CARGO"));
        let told = cargo
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
            .current_dir(ROOT)
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let mut packages = Self { names: BTreeSet::new(), targets: BTreeSet::new() };
        for package in told["packages"].as_array().unwrap() {
            let name = package["name"].as_str().unwrap();
            packages.names.insert(name.to_owned());
            for target in package["targets"].as_array().unwrap() {
                let (kind, target) = (target["kind"][0].as_str().unwrap(), target["name"].as_str().unwrap());
                packages.targets.insert(format!("{name} {kind} {target}"));
            }
        }
        packages
    }

    fn runs(&self, package: &str) -> bool {
        let prefix = format!("{package} bin ");
        self.targets.iter().any(|target| target.starts_with(&prefix))
    }
}

/// Every command that its reader would see fail at once.
pub(super) fn complaints(document: &Document, packages: &Packages) -> Vec<String> {
    let complaint = |step: &Step| match step {
        Step::Toml(_) => vec![],
        Step::Line(command) => of(command, false, packages),
        Step::Mention(command) => of(command, true, packages),
    };
    let complaints = document.steps.iter().flat_map(complaint);
    complaints.map(|complaint| format!("{}: {complaint}", document.file.display())).collect()
}

fn of(command: &Command, is_mention: bool, packages: &Packages) -> Vec<String> {
    let line = command.words.join(" ");
    if let Some(arguments) = arguments(command) {
        let mistake = parsed(&arguments).err().filter(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => false,
            // Its name alone.
            ErrorKind::MissingRequiredArgument => !(is_mention && arguments.len() == 1),
            _ => true,
        });
        let missing = arguments.iter().filter(|word| word.starts_with("functions/"));
        let missing = missing.filter(|file| !std::path::Path::new(ROOT).join(file).exists());
        let missing = missing.map(|file| format!("`{line}`: there is no {file}"));
        return mistake.map(|error| format!("`{line}`: {error}")).into_iter().chain(missing).collect();
    }
    if command.words.first().is_none_or(|word| word != "cargo") {
        return vec![];
    }
    let own = command.words.iter().position(|word| word == "--").map_or(&command.words[..], |at| &command.words[..at]);
    let after = |flags: &'static [&'static str]| {
        let pairs = own.windows(2).filter(move |pair| flags.contains(&pair[0].as_str()));
        pairs.map(|pair| pair[1].as_str()).filter(|name| *name != "…").collect::<Vec<_>>()
    };
    let (named, tests) = (after(&["-p", "--package"]), after(&["--test"]));
    let unknown = named.iter().filter(|name| !packages.names.contains(**name));
    let unknown = unknown.map(|name| format!("`{line}`: there is no package {name}"));
    let idle = named.iter().filter(|name| own[1] == "run" && packages.names.contains(**name) && !packages.runs(name));
    let idle = idle.map(|name| format!("`{line}`: {name} is no program"));
    let is_test = |test: &str| named.iter().any(|name| packages.targets.contains(&format!("{name} test {test}")));
    let absent = tests.iter().filter(|test| !is_test(test)).map(|test| format!("`{line}`: there is no test {test}"));
    unknown.chain(idle).chain(absent).collect()
}
