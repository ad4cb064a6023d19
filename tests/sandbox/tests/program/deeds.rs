//! What an operator does, as it is called.

use std::process::Output;

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
        (vec!["costs", "--turns", "0"], "--turns"),
        (vec!["scale", "--batch", "0"], "--batch"),
        (vec!["costs", "--ai-seconds", "fast"], "from 0 to 900"),
    ] {
        let (code, _, error) = ended(&arguments, &[]);
        assert!(code == Some(2) && error.contains(words), "{words} in {error}");
    }
}

#[test]
fn a_table_that_cannot_be_reached_is_named_with_what_failed_and_what_to_do() {
    let nowhere = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "a"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ];
    let (code, _, error) = ended(&["transcript", "user:42", "--table", "talks"], &nowhere);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("the table talks cannot be read (no connection)"), "{error}");
    assert!(error.contains("AWS_ENDPOINT_URL") && !error.contains("kept"), "{error}");
}

#[test]
fn credentials_that_are_missing_are_not_taken_for_a_network_that_is_down() {
    let nobody = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let queues = ["replay", "--queue", "https://q", "--dead-letters", "https://d", "--table", "t"];
    for arguments in [&["transcript", "user:42", "--table", "talks"][..], &queues, &["check", "--assistant", "ssm:/a"]]
    {
        let (code, _, error) = ended(arguments, &nobody);
        assert!(code == Some(2) && error.starts_with("error: there are no AWS credentials here"), "{error}");
        assert!(error.contains("aws configure") && !error.contains("WARN"), "{error}");
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
        for deed in ["doctor", "check", "replay", "transcript", "erase", "costs", "scale", "completion"] {
            assert!(script.contains(deed), "{deed} for {shell}");
        }
    }
}

#[test]
fn costs_are_those_of_the_turns_of_the_ai_and_of_the_memory_that_are_asked_for() {
    let told = |more: &[&str]| {
        let (code, text, error) = ended(&[&["costs", "--json"], more].concat(), &[]);
        assert_eq!(code, Some(0), "{error}");
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let dollars = |told: &serde_json::Value, part: &str| told["months"][0][part].as_f64().unwrap();
    let usual = told(&["--turns", "1000000"]);
    let slow = told(&["--turns", "1000000", "--ai-seconds", "6"]);
    let large = told(&["--turns", "1000000", "--memory", "256"]);
    let expected = sandbox::costs::Bill::of(1e6, &sandbox::costs::Turn::ORDINARY, &sandbox::costs::Assumed::default());
    assert!((dollars(&usual, "total") - expected.total()).abs() < 1e-9, "{usual}");
    // Three more seconds of an eighth of a gigabyte, and the same seconds of twice the memory.
    assert!((dollars(&slow, "responder") - dollars(&usual, "responder") - 5.000_025).abs() < 1e-6, "{slow}");
    assert!((dollars(&large, "responder") - 2.0 * dollars(&usual, "responder") + 0.20).abs() < 1e-6, "{large}");
    assert_eq!(large["months"][0]["table"], usual["months"][0]["table"]);
    let turns: Vec<_> = told(&[])["months"].as_array().unwrap().iter().map(|month| month["turns"].clone()).collect();
    assert_eq!(turns, [1_000, 100_000, 10_000_000]);
    let (_, text, _) = ended(&["costs"], &[]);
    for words in ["prices of November 2026", "10,000,000", "free tier: not counted", "2 secrets", "$0.00"] {
        assert!(text.contains(words), "{words} in {text}");
    }
}
