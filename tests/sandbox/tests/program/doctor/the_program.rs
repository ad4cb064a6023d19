//! The doctor as it is called.

use std::process::{Command, Output};

use super::super::{Program, command};
use super::*;

const SECRET: &str = "a-very-secret-token";

fn doctor(arguments: &[&str]) -> Command {
    let mut command = command(&["doctor"]);
    for name in
        ["INBOUND_URL", "BRAZE_CAMPAIGN_ID", "BRAZE_INBOUND_CAMPAIGN_ID", "WEBHOOK_TOKEN", "BRAZE_API_KEY", "NO_COLOR"]
    {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn ended(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_sandbox_is_healthy_and_scripts_can_read_so() {
    let program = Program::start(&[]);
    let (code, shown, progress) = ended(&mut doctor(&["--sandbox", &program.url]));
    assert!(code == Some(0) && shown.contains("Everything that was looked at is right"), "{shown}");
    assert!(shown.contains("Is re-eligibility on"), "{shown}");
    assert!(!shown.contains('\u{1b}') && progress.is_empty(), "colours and progress are for terminals: {progress}");
    let (code, shown, progress) = ended(&mut doctor(&["--json", "--sandbox", &program.url]));
    let report: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, &report["healthy"], progress.as_str()), (Some(0), &Value::from(true), ""));
    assert!(report["checks"].as_array().unwrap().iter().all(|check| check["result"] == "right"), "{shown}");
}

#[test]
fn a_mistake_ends_with_1_and_says_what_to_click_and_no_secret() {
    let program = Program::start(&[]);
    let url = format!("{}/inbound", program.url);
    let (code, shown, progress) = ended(doctor(&["--url", &url]).env("WEBHOOK_TOKEN", SECRET));
    assert!(code == Some(1) && shown.contains("wrong_token") && shown.contains("click"), "{shown}");
    assert!(shown.contains("Once that is mended") && !shown.contains("Is re-eligibility on"), "{shown}");
    let file = std::env::temp_dir().join(format!("dragoman-secrets-{}.json", std::process::id()));
    std::fs::write(&file, format!("{{\"webhook_token\": \"{SECRET}\"}}")).unwrap();
    let (code, json, _) = ended(&mut doctor(&["--json", "--url", &url, "--secrets", file.to_str().unwrap()]));
    std::fs::remove_file(&file).unwrap();
    assert!(code == Some(1) && json.contains("\"wrong_token\""), "{json}");
    assert!(!format!("{shown}{progress}{json}").contains(SECRET));
}

#[test]
fn a_call_that_leaves_nothing_to_do_ends_with_2_and_says_what_is_missing() {
    let bad = std::env::temp_dir().join(format!("dragoman-no-secrets-{}.json", std::process::id()));
    std::fs::write(&bad, SECRET).unwrap();
    for (arguments, words) in [
        (vec![], "nothing to look at"),
        (vec!["--url", "https://x.example.com/inbound"], "WEBHOOK_TOKEN"),
        (vec!["--braze-endpoint", "https://rest.fra-01.braze.eu"], "--reply-campaign, BRAZE_API_KEY"),
        (vec!["--sandbox", "http://127.0.0.1:1"], "no sandbox answers"),
        (vec!["--secrets", bad.to_str().unwrap()], "is no JSON object of texts"),
        (vec!["--token", "x"], "unexpected argument"),
    ] {
        let (code, _, error) = ended(&mut doctor(&arguments));
        assert!(code == Some(2) && error.contains(words) && !error.contains(SECRET), "{words} in {error}");
    }
    std::fs::remove_file(&bad).unwrap();
}
