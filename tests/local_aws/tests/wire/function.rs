use std::path::PathBuf;
use std::time::Duration;

use local_aws::{Function, InvocationError, LocalAws, QueueSettings};
use serde_json::{Value, json};

/// Example `function`, which cargo builds beside the tests.
fn binary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples/function")
}

async fn start(environment: &[(&str, &str)]) -> Result<Function, local_aws::InitFailure> {
    let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Function::start(binary(), pairs).await
}

async fn ask(function: &Function, event: Value) -> Result<Value, InvocationError> {
    function.invoke(event, Duration::from_secs(20)).await
}

#[tokio::test]
async fn a_function_answers_one_event_after_the_other() {
    let function = start(&[("GREETING", "hello")]).await.unwrap();
    for n in 0..3 {
        let answer = ask(&function, json!({ "do": "echo", "n": n })).await.unwrap();
        assert_eq!(answer["event"]["n"], n);
        assert_eq!(answer["greeting"], "hello");
        assert_eq!(answer["name"], "function");
        assert_eq!(answer["region"], "us-east-1");
        assert_eq!(answer["home"], Value::Null, "nothing of the parent's environment is passed on");
        let left = answer["milliseconds_left"].as_u64().unwrap();
        assert!((15_000..=20_000).contains(&left), "{left}");
    }
    assert!(function.init_duration() > Duration::ZERO && function.process_id().is_some());
}

#[tokio::test]
async fn what_a_function_prints_can_be_searched() {
    let function = start(&[]).await.unwrap();
    ask(&function, json!({ "do": "print", "text": "+49 151 234" })).await.unwrap();
    assert!(function.stdout().contains("out: +49 151 234"));
    assert!(function.stderr().contains("err: +49 151 234"));
}

#[tokio::test]
async fn a_reported_error_ends_only_the_invocation() {
    let function = start(&[]).await.unwrap();
    let process = function.process_id();
    let InvocationError::Reported(error) = ask(&function, json!({ "do": "fail" })).await.unwrap_err() else {
        panic!("the function should report an error");
    };
    assert!(error["errorMessage"].as_str().unwrap().contains("asked to fail"));
    ask(&function, json!({ "do": "echo" })).await.unwrap();
    assert_eq!(function.process_id(), process);
}

#[tokio::test]
async fn a_response_may_have_six_megabytes() {
    let function = start(&[]).await.unwrap();
    let quotes = 2;
    let full = 6 * 1024 * 1024 - quotes;
    let answer = ask(&function, json!({ "do": "answer", "bytes": full })).await.unwrap();
    assert_eq!(answer.as_str().unwrap().len(), full);
    let error = ask(&function, json!({ "do": "answer", "bytes": full + 1 })).await.unwrap_err();
    assert!(error.to_string().contains("ResponseSizeTooLarge"), "{error}");
    ask(&function, json!({ "do": "echo" })).await.unwrap();
}

#[tokio::test]
async fn a_process_that_ends_is_replaced_at_the_next_event() {
    let function = start(&[]).await.unwrap();
    let process = function.process_id();
    let ended = ask(&function, json!({ "do": "exit" })).await.unwrap_err();
    assert!(matches!(ended, InvocationError::Ended { exit_code: Some(7) }), "{ended}");
    ask(&function, json!({ "do": "echo" })).await.unwrap();
    assert_ne!(function.process_id(), process);
}

#[tokio::test]
async fn a_function_past_its_deadline_is_killed() {
    let function = start(&[]).await.unwrap();
    let late = function.invoke(json!({ "do": "sleep" }), Duration::from_millis(200)).await.unwrap_err();
    assert!(matches!(late, InvocationError::TimedOut(_)), "{late}");
    assert_eq!(function.process_id(), None);
    ask(&function, json!({ "do": "echo" })).await.unwrap();
}

#[tokio::test]
async fn a_kill_reaches_a_function_at_work() {
    let function = start(&[]).await.unwrap();
    let kill = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        function.kill().await;
    };
    let (answer, ()) = tokio::join!(ask(&function, json!({ "do": "sleep" })), kill);
    let killed = answer.unwrap_err();
    assert!(matches!(killed, InvocationError::Ended { exit_code: None }), "{killed}");
    ask(&function, json!({ "do": "echo" })).await.unwrap();
}

#[tokio::test]
async fn a_function_that_does_not_start_says_why() {
    for (way, exit_code, words) in [("exit", Some(3), "setting FOO is missing"), ("panic", Some(101), "asked to panic")]
    {
        let failure = start(&[("AT_START", way)]).await.unwrap_err();
        assert_eq!(failure.exit_code, exit_code, "{failure}");
        assert!(failure.stderr.contains(words), "{failure}");
    }
    let failure = Function::start("/nowhere/function", []).await.unwrap_err();
    assert!(failure.reason.contains("No such file"), "{failure}");
}

#[tokio::test]
async fn a_function_finds_the_server_by_its_environment() {
    let aws = LocalAws::start().await;
    let queue = aws.create_queue("work", QueueSettings::default());
    let function = Function::start(binary(), aws.environment()).await.unwrap();
    ask(&function, json!({ "do": "send", "queue": queue.url(), "text": "hi" })).await.unwrap();
    assert_eq!(queue.messages()[0].body, "hi");
}
