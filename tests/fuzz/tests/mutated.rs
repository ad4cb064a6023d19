//! A bounded share of fuzzing without an engine: the corpus, changed at random.
#![expect(clippy::unwrap_used, reason = "a corpus that cannot be read shall end the test")]

use std::path::Path;
use std::{fs, panic, thread};

use fuzz::{TARGETS, Target};

/// Changed files for each target.
const TRIES: u64 = 500;

/// Numbers that look random and are the same every time (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, and 0 if there is none.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap()
    }
}

/// One to four changes: a byte is another, a piece is gone, said twice, or of another file.
fn changed(corpus: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(4) {
        let from = numbers.below(bytes.len() + 1);
        let to = from + numbers.below(bytes.len() - from + 1).min(32);
        match numbers.below(4) {
            0 if from < bytes.len() => bytes[from] = numbers.next().to_le_bytes()[0],
            1 => drop(bytes.drain(from..to)),
            2 => drop(bytes.splice(from..from, bytes[from..to].to_vec())),
            _ => {
                let other = &corpus[numbers.below(corpus.len())];
                let start = numbers.below(other.len() + 1);
                bytes.splice(from..to, other[start..].iter().take(64).copied());
            }
        }
    }
    bytes
}

/// The changed files of `name`'s corpus that `target` panics at, as text.
fn broken(name: &str, target: Target) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let mut numbers = Numbers(1);
    let tries = (0..TRIES).map(|_| changed(&corpus, &mut numbers));
    let breaks = |bytes: &Vec<u8>| panic::catch_unwind(|| target(bytes)).is_err();
    tries.filter(breaks).map(|bytes| format!("{name}: {:?}", String::from_utf8_lossy(&bytes))).collect()
}

#[test]
fn whatever_is_changed_in_the_corpus_the_promises_of_the_targets_hold() {
    let broken: Vec<String> = thread::scope(|scope| {
        let plays = TARGETS.map(|(name, target)| scope.spawn(move || broken(name, target)));
        plays.into_iter().flat_map(|play| play.join().unwrap()).collect()
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_target_that_breaks_at_some_bytes_is_found_out() {
    assert!(!broken("keyword", |bytes| assert!(bytes.len() % 7 != 3)).is_empty());
}
