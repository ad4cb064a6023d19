//! The corpus again, without an engine: whatever a target ever found stays mended.
#![expect(clippy::unwrap_used, reason = "a corpus that cannot be read shall end the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, panic, thread};

use fuzz::{TARGETS, Target};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path)).collect()
}

/// The files of `name`'s corpus that `target` panics at.
fn broken(name: &str, target: Target) -> Vec<PathBuf> {
    let files = entries(&here("corpus").join(name)).into_values();
    files.filter(|file| panic::catch_unwind(|| target(&fs::read(file).unwrap())).is_err()).collect()
}

#[test]
fn every_corpus_file_still_passes() {
    let broken: Vec<PathBuf> = thread::scope(|scope| {
        let replays = TARGETS.map(|(name, target)| scope.spawn(move || broken(name, target)));
        replays.into_iter().flat_map(|replay| replay.join().unwrap()).collect()
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_target_has_a_corpus_and_a_program_and_nothing_else_has() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let corpora = entries(&here("corpus"));
    assert_eq!(corpora.keys().cloned().collect::<BTreeSet<_>>(), targets);
    assert!(corpora.values().all(|corpus| !entries(corpus).is_empty()), "an empty corpus replays nothing");
    let programs = entries(&here("engine/src/bin")).into_keys();
    assert_eq!(programs.map(|file| file.trim_end_matches(".rs").to_owned()).collect::<BTreeSet<_>>(), targets);
}

/// What is fuzzed is what ships.
#[test]
fn the_engine_is_locked_to_the_workspaces_versions() {
    let (workspace, engine) = (locked("../../Cargo.lock"), locked("engine/Cargo.lock"));
    let strays = engine
        .iter()
        .filter(|(name, versions)| workspace.get(*name).is_some_and(|shipped| !versions.is_subset(shipped)));
    let strays: Vec<_> = strays.collect();
    assert!(strays.is_empty(), "`cp Cargo.lock tests/fuzz/engine/` mends it: {strays:#?}");
}

/// The versions of each package in a lock file.
fn locked(path: &str) -> BTreeMap<String, BTreeSet<String>> {
    let lock = fs::read_to_string(here(path)).unwrap();
    let value = |line: &str, key| Some(line.strip_prefix(key)?.trim_matches('"').to_owned());
    let mut versions = BTreeMap::<String, BTreeSet<String>>::new();
    let mut lines = lock.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = value(line, "name = ") {
            versions.entry(name).or_default().extend(lines.peek().and_then(|next| value(next, "version = ")));
        }
    }
    assert!(versions.contains_key("serde_json"));
    versions
}
