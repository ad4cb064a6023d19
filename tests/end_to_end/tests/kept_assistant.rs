//! An assistant that is kept in S3, or in the Parameter Store, and read by the real function when it starts.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::process::{Command, Output};

use end_to_end::{Stack, binary, documented, environment, serve_braze};
use local_aws::{Fault, Function, LocalAws, Operation, QueueSettings};

/// The bot's own line for what the knowledge does not have.
const OWN: &str = "[texts.en]\ndont_know = \"Kept elsewhere.\"\n";
const OBJECT: &str = "s3://brand.example/dragoman/assistant.toml";
const PARAMETER: &str = "ssm:/dragoman/assistant";

fn keep(aws: &LocalAws, toml: &str) {
    aws.put_object("brand.example", "dragoman/assistant.toml", toml);
    aws.put_parameter("/dragoman/assistant", toml);
}

fn world(aws: &LocalAws) {
    for name in ["work", "agent", "quarantine"] {
        aws.create_queue(name, QueueSettings::default());
    }
    aws.put_secret("responder", r#"{"braze_api_key": "canary-braze-key"}"#);
}

/// How the start fails with the assistant at `place`.
async fn failure(aws: &LocalAws, place: &str) -> String {
    let settings = [("BRAZE_ENDPOINT", "http://127.0.0.1:1"), ("ASSISTANT_CONFIG", place)];
    let start = Function::start(binary("responder"), environment(aws, &settings)).await;
    start.unwrap_err().to_string()
}

#[tokio::test]
async fn what_is_kept_at_aws_is_read_once_and_answers_also_where_the_first_attempt_fails() {
    for (place, operation) in [(OBJECT, Operation::GetObject), (PARAMETER, Operation::GetParameter)] {
        let (braze, endpoint) = serve_braze().await;
        let stack = Stack::deploy_with(braze, &[("BRAZE_ENDPOINT", &endpoint)]).await;
        keep(&stack.aws, OWN);
        stack.aws.inject(Fault::fail(operation));
        let settings = [("BRAZE_ENDPOINT", &*endpoint), ("ASSISTANT_CONFIG", place)];
        let responder = Function::start(binary("responder"), environment(&stack.aws, &settings)).await.unwrap();
        let stack = Stack { responder: responder.into(), ..stack };
        stack.introduce("ada");
        stack.webhook("canary-webhook-token", &documented("ada", "xylophone quartz?")).await;
        stack.feed(|| stack.is_settled()).await;
        assert_eq!(stack.read_by("ada"), ["Kept elsewhere."]);
        assert_eq!(stack.aws.capacity().calls(operation), 2, "one that failed, and one");
    }
}

#[tokio::test]
async fn a_wrong_one_stops_the_start_with_every_mistake_and_one_that_cannot_be_had_says_why() {
    let aws = LocalAws::start().await;
    world(&aws);
    for (place, code) in [(OBJECT, "404 NoSuchKey"), (PARAMETER, "400 ParameterNotFound")] {
        let told = failure(&aws, place).await;
        assert!(told.contains(place) && told.contains(code), "{told}");
    }
    keep(&aws, "colour = 1\n[limits]\nattempts = 0\n[knowledge]\nfolder = \"nowhere\"\n");
    for place in [OBJECT, PARAMETER] {
        let told = failure(&aws, place).await;
        for words in [place, "3 mistakes; mend them", "`colour`", "`limits.attempts`", "`knowledge.folder`"] {
            assert!(told.contains(words), "{words} in {told}");
        }
    }
    keep(&aws, &format!("# {}", "x".repeat(256 * 1024)));
    assert!(failure(&aws, OBJECT).await.contains("larger than 256 KB"));
    assert!(failure(&aws, "s3://bucket").await.contains("must be s3://bucket/key or ssm:/parameter/name"));
    aws.inject(Fault::hang(Operation::GetObject).times(2));
    assert!(failure(&aws, OBJECT).await.contains("no answer within 4 seconds"));
}

/// `cargo run -- check`, or `doctor`, of the assistant at `place`; how it ends and what it says.
async fn looked_at(aws: &LocalAws, deed: &str, place: &str) -> (Option<i32>, String) {
    let mut command = Command::new(binary("sandbox"));
    command.args([deed, "--assistant", place]).env_clear().envs(aws.environment());
    // AWS answers from this test's own thread.
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let Output { status, stdout, stderr } = ended.unwrap();
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn what_is_kept_at_aws_can_be_checked_before_a_function_starts_with_it() {
    let aws = LocalAws::start().await;
    for (place, code) in [(OBJECT, "404 NoSuchKey"), (PARAMETER, "400 ParameterNotFound")] {
        for deed in ["check", "doctor"] {
            let (ended, told) = looked_at(&aws, deed, place).await;
            assert!(ended == Some(2) && told.contains(place) && told.contains(code), "{told}");
        }
    }
    keep(&aws, OWN);
    for place in [OBJECT, PARAMETER] {
        let (ended, told) = looked_at(&aws, "check", place).await;
        assert!(ended == Some(0) && told.contains(place), "{told}");
        // The doctor has the assistant, and nothing else yet.
        let (ended, told) = looked_at(&aws, "doctor", place).await;
        assert!(ended == Some(2) && told.contains("there is nothing to look at"), "{told}");
    }
    keep(&aws, "colour = 1\n[limits]\nattempts = 0\n");
    for place in [OBJECT, PARAMETER] {
        let (ended, told) = looked_at(&aws, "check", place).await;
        assert!(ended == Some(1) && told.contains("`colour`") && told.contains("`limits.attempts`"), "{told}");
        let (ended, told) = looked_at(&aws, "doctor", place).await;
        assert!(ended == Some(2) && told.contains("2 mistakes; mend them"), "{told}");
    }
}
