//! An operator at the queues and the table of a deployment, with the program that operators have.

#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::process::{Command, Output};

use end_to_end::{Stack, TABLE, binary, documented};
use serde_json::Value;

/// `cargo run --` with these arguments, told the region and the credentials by its environment.
async fn program(stack: &Stack, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(binary("sandbox"));
    let url = |name| stack.aws.queue(name).unwrap().url();
    command.args(arguments).env_clear().envs(stack.aws.environment()).env("TABLE_NAME", TABLE);
    command.env("QUEUE_URL", url("work")).env("AGENT_QUEUE_URL", url("agent"));
    // AWS answers from this test's own thread.
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let Output { status, stdout, stderr } = ended.unwrap();
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn a_message_that_was_given_up_is_answered_once_when_its_cause_is_mended() {
    let stack = Stack::deploy().await;
    stack.introduce("canary-user");
    let dead = stack.aws.queue("dead").unwrap();
    let letters = dead.url();
    let replay = |more: &'static [&'static str]| {
        let arguments = [&["replay", "--dead-letters", letters.as_str()], more].concat();
        let stack = &stack;
        async move { program(stack, &arguments).await }
    };

    // Somebody has deleted the reply campaign.
    let campaign = |id: &'static str| stack.braze.change_workspace(|workspace| workspace.replies[0].id = id.to_owned());
    campaign("another");
    let body = documented("canary-user", "When are you open?");
    let answer = stack.webhook("canary-webhook-token", &body).await;
    assert_eq!(answer["statusCode"], 202, "{answer}");
    stack.feed(|| !dead.messages().is_empty()).await;
    assert!(stack.read_by("canary-user").is_empty());
    assert!(stack.responder.stdout().contains(r#""reason":"Rejected""#), "{}", stack.responder.stdout());

    campaign("replies");
    let letter = dead.messages()[0].body.clone();
    let (code, told) = replay(&[]).await;
    assert!(code == Some(0) && told.contains("send again") && told.contains("Nothing was done"), "{told}");
    for personal in ["canary-user", "15550123", "open"] {
        assert!(!told.contains(personal), "{personal} in {told}");
    }
    assert_eq!((dead.messages().len(), stack.work.messages().len()), (1, 0), "a dry run changes nothing");
    assert!(dead.messages()[0].hidden_for.is_zero(), "and hides nothing");

    let (code, told) = replay(&["--send", "--json"]).await;
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &report["counts"]["send_again"]), (Some(0), &1.into()), "{told}");
    assert!(stack.aws.queue("work").unwrap().messages().len() == 1 && dead.messages().is_empty());
    stack.feed(|| stack.is_settled()).await;
    let read = stack.read_by("canary-user");
    assert!(read.len() == 1 && read[0].contains("Monday to Friday"), "{read:?}");

    // The same letter once more, as a queue that delivers at least once may have it.
    dead.send(&letter);
    let (code, told) = replay(&["--send"]).await;
    assert!(code == Some(0) && told.contains("delete: it is done") && dead.messages().is_empty(), "{told}");
    assert_eq!(stack.read_by("canary-user").len(), 1);

    let (code, told) = program(&stack, &["transcript", "user:canary-user"]).await;
    let lines: Vec<_> = told.lines().collect();
    assert!(code == Some(0) && lines[0].ends_with("customer  When are you open?"), "{told}");
    assert!(lines[1].contains("Monday to Friday") && told.ends_with("The bot answers.\n"), "{told}");
    assert_eq!(program(&stack, &["transcript", "user:nobody"]).await.0, Some(1));
}
