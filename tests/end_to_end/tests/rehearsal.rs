//! What an operator rehearses on the deployment of `cargo run -p end_to_end`: the commands that it prints.

#![expect(clippy::unwrap_used, reason = "a broken rehearsal shall end the test")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use end_to_end::binary;

const PATIENCE: Duration = Duration::from_secs(30);

/// The program, and what it printed.
struct Rehearsal {
    program: Child,
    variables: Vec<(String, String)>,
    commands: Vec<Vec<String>>,
}

impl Rehearsal {
    fn start() -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_end_to_end")).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
        let lines: Vec<_> = lines.take(6).collect();
        assert_eq!(lines.len(), 6, "it ended early, standard error says why: {lines:?}");
        assert!(lines[0].starts_with("rehearsal ready"), "{lines:?}");
        let pairs = lines[1].strip_prefix("export ").unwrap().split(' ').map(|pair| pair.split_once('=').unwrap());
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let words = |line: &String| line.strip_prefix("cargo run -- ").unwrap().split(' ').map(str::to_owned).collect();
        Self { program, variables, commands: lines[2..].iter().map(words).collect() }
    }

    /// Runs the command of this number; what it says, and whether it ended well.
    fn run(&self, number: usize) -> (bool, String) {
        let mut command = Command::new(binary("sandbox"));
        command.args(&self.commands[number]).env_clear().envs(self.variables.iter().cloned());
        let ended = command.output().unwrap();
        (ended.status.success(), String::from_utf8(ended.stdout).unwrap() + &String::from_utf8(ended.stderr).unwrap())
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn the_commands_of_an_operator_can_be_rehearsed_without_an_account() {
    let rehearsal = Rehearsal::start();
    let (went_well, told) = rehearsal.run(0);
    assert!(went_well && told.contains("When are you open?") && told.contains("Monday to Friday"), "{told}");
    let (went_well, told) = rehearsal.run(1);
    assert!(went_well && told.contains("send again") && told.contains("Nothing was done"), "{told}");
    let (went_well, told) = rehearsal.run(2);
    assert!(went_well && told.contains("send again"), "{told}");
    let patience = Instant::now() + PATIENCE;
    loop {
        let (went_well, told) = rehearsal.run(3);
        if went_well && told.contains("How can I pay?") && told.contains("PayPal") {
            break;
        }
        assert!(Instant::now() < patience, "{told}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
