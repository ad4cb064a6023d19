//! What an operator does, as it is called.

use std::process::Output;

use clap::Parser as _;

use super::{Program, command};

fn ended(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = command(arguments);
    for name in ["QUEUE_URL", "AGENT_QUEUE_URL", "TABLE_NAME", "AGENT_TOKEN", "CONVERSATIONS_URL"] {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } = command.envs(variables.iter().copied()).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_call_that_leaves_nothing_to_do_ends_with_2_and_says_what_is_missing() {
    let queues = ["--queue", "https://q", "--dead-letters", "https://d", "--table", "t"];
    let replay = |more: &[&'static str]| [&["replay"], &queues[..], more].concat();
    let erase = |more: &[&'static str]| [&["erase", "user:42"], more].concat();
    for (arguments, words) in [
        (vec!["replay"], "--dead-letters"),
        (replay(&[]), "AWS_REGION"),
        (replay(&["--dry-run", "--send"]), "cannot be used with"),
        (replay(&["--assistant", "/nowhere.toml"]), "/nowhere.toml"),
        (vec!["transcript", "user:42"], "--table"),
        (vec!["transcript", "42", "--table", "t"], "user:<external id>"),
        (vec!["transcript", "user:42", "--table", "t"], "AWS_REGION"),
        (erase(&[]), "--url"),
        (erase(&["--url", "https://x.example.com/conversations"]), "AGENT_TOKEN"),
        (erase(&["--url", "http://x.example.com/conversations"]), "ConversationsUrl"),
        (vec!["completion", "cobol"], "bash"),
    ] {
        let (code, _, error) = ended(&arguments, &[]);
        assert!(code == Some(2) && error.contains(words), "{words} in {error}");
    }
}

#[tokio::test]
async fn somebody_is_forgotten_by_the_door_that_knows_the_token_and_only_if_it_is_meant() {
    let program = Program::start(&[]);
    program.types("When are you open?").await;
    program.reads("Monday to Friday").await;
    let url = format!("{}/conversations", program.url);
    let erase =
        |token, yes: &[&str]| ended(&[&["erase", "user:ada", "--url", &url], yes].concat(), &[("AGENT_TOKEN", token)]);
    let (code, _, error) = erase("agent", &[]);
    assert!(code == Some(2) && error.contains("--yes"), "{error}");
    let (code, _, error) = erase("a-wrong-token", &["--yes"]);
    assert!(code == Some(1) && error.contains("AGENT_TOKEN") && !error.contains("a-wrong-token"), "{error}");
    assert!(program.get("/sandbox/steps").await.to_string().contains("user:ada"));
    let (code, told, _) = erase("agent", &["--yes"]);
    assert!(code == Some(0) && told.contains("Taken"), "{told}");
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while program.get("/sandbox/steps").await.to_string().contains("When are you open") {
        assert!(std::time::Instant::now() < patience, "{}", program.get("/sandbox/steps").await);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let nobody = ended(&["erase", "user:42", "--yes", "--url", "http://127.0.0.1:1"], &[("AGENT_TOKEN", "agent")]);
    assert!(nobody.0 == Some(1) && nobody.2.contains("nothing answers"), "{}", nobody.2);
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command_by_its_short_name() {
    for (shell, word) in [("bash", "_dragoman()"), ("zsh", "#compdef dragoman"), ("fish", "complete -c dragoman")] {
        let (code, script, _) = ended(&["completion", shell], &[]);
        assert!(code == Some(0) && script.contains(word), "{script}");
        for deed in ["doctor", "check", "replay", "transcript", "erase", "completion"] {
            assert!(script.contains(deed), "{deed} for {shell}");
        }
    }
}

#[test]
fn every_command_that_the_guide_to_the_alarms_and_the_readme_tell_an_operator_is_understood() {
    let operators = ["doctor", "check", "replay", "transcript", "erase", "completion"];
    for (text, at_least) in
        [(include_str!("../../../../shared/platform/alarms/README.md"), 12), (include_str!("../../../../README.md"), 9)]
    {
        let calls = text.split("cargo run -- ").skip(1).map(|rest| rest.split(['`', '\n', '#']).next().unwrap().trim());
        let calls: Vec<_> = calls.filter(|call| operators.iter().any(|deed| call.starts_with(deed))).collect();
        assert!(calls.len() >= at_least, "{calls:?}");
        for call in calls {
            // What a reader has to fill in is one word.
            let filled = call.replace("<your external id>", "42");
            let words = std::iter::once("dragoman").chain(filled.split_whitespace());
            let understood = sandbox::Program::try_parse_from(words);
            assert!(understood.is_ok(), "{call}: {}", understood.unwrap_err());
        }
    }
}
