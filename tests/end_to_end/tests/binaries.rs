//! The real binaries, as Lambda starts them: a webhook at ingest, its queue, the responder, the table, and simulated Braze.

use std::sync::Arc;
use std::time::Duration;

use end_to_end::{Stack, TABLE, binary, documented, environment, serve_braze};
use local_aws::{Fault, Function, LocalAws, Mapping, Operation, QueueSettings};

#[tokio::test]
async fn a_webhook_is_answered_and_an_ordinary_turn_costs_five_write_units() {
    let stack = Stack::deploy().await;
    stack.introduce("canary-user");
    for (turn, text) in ["When are you open?", "How do I return my shoes?"].into_iter().enumerate() {
        stack.aws.reset_capacity();
        let answer = stack.webhook("canary-webhook-token", &documented("canary-user", text)).await;
        assert_eq!(answer["statusCode"], 202, "{answer}");
        stack.feed(|| stack.read_by("canary-user").len() > turn && stack.is_settled()).await;
        // The first message of a conversation looks once whether Braze knew the user by another name, leaves a sign under
        // the one other name that this user has, and looks whether the user was forgotten meanwhile.
        let first = 2 * u64::from(turn == 0);
        let capacity = stack.aws.capacity();
        assert_eq!(capacity.write_units, 5 + first, "{capacity:?}");
        assert!(capacity.half_read_units <= 4 + first, "{capacity:?}");
        let queue_calls = [Operation::SendMessage, Operation::ReceiveMessage, Operation::DeleteMessage];
        assert_eq!(queue_calls.map(|operation| capacity.calls(operation)), [1, 1, 1], "{capacity:?}");
        assert_eq!(capacity.calls(Operation::ChangeMessageVisibility), 0);
    }
    let read = stack.read_by("canary-user");
    assert!(read[0].contains("Monday to Friday") && read[1].contains("30 days"), "{read:?}");
    let head = stack.aws.item_size(TABLE, "user:canary-user", "C").unwrap();
    assert!(head <= 1_024, "the head takes {head} bytes");
}

#[tokio::test]
async fn a_wrong_token_is_turned_away_and_a_rotated_one_let_in() {
    let stack = Stack::deploy().await;
    let body = documented("42", "hi");
    assert_eq!(stack.webhook("wrong", &body).await["statusCode"], 401);
    stack.aws.put_secret("ingest", r#"{"webhook_token": "new", "agent_token": "canary-agent-token"}"#);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for token in ["new", "canary-webhook-token"] {
        assert_eq!(stack.webhook(token, &body).await["statusCode"], 202, "{token}");
    }
    assert!(stack.ingest.stdout().contains("\"Unauthorized\":1"));
}

#[tokio::test]
async fn a_queue_that_is_down_is_a_503_within_five_seconds_be_it_the_one_for_what_nobody_can_read() {
    let stack = Stack::deploy().await;
    let unreadable = r#"{"message": "hi"}"#;
    for (queue, body) in [("work", documented("42", "hi")), ("quarantine", unreadable.to_owned())] {
        stack.aws.inject(Fault::hang(Operation::SendMessage).always());
        let started = std::time::Instant::now();
        assert_eq!(stack.webhook("canary-webhook-token", &body).await["statusCode"], 503, "{queue}");
        assert!(started.elapsed() < Duration::from_secs(5), "{queue}: {:?}", started.elapsed());
        stack.aws.clear_faults();
        assert_eq!(stack.webhook("canary-webhook-token", &body).await["statusCode"], 202, "{queue}");
        assert_eq!(stack.aws.queue(queue).unwrap().messages().len(), 1, "{queue}");
    }
    // A large body is kept in parts: each has to be.
    stack.aws.inject(Fault::fail(Operation::SendMessage).after(1).always());
    let large = "x".repeat(200_000);
    assert_eq!(stack.webhook("canary-webhook-token", &large).await["statusCode"], 503);
}

#[tokio::test]
async fn although_aws_throttles_every_call_once_a_message_is_answered_in_its_first_delivery() {
    use Operation::{GetItem, PutItem, Query, SendMessage, UpdateItem};
    let stack = Stack::deploy().await;
    stack.introduce("ada");
    let calls = [(SendMessage, 1), (Query, 1), (GetItem, 2), (PutItem, 2), (UpdateItem, 5)];
    for (operation, calls) in calls {
        // The first, the third, the fifth: what lies between are the retries.
        for call in 0..calls {
            stack.aws.inject(Fault::throttle(operation).after(2 * call));
        }
    }
    let answer = stack.webhook("canary-webhook-token", &documented("ada", "When are you open?")).await;
    assert_eq!(answer["statusCode"], 202, "{answer}");
    let delivery = Mapping::new(stack.work.clone());
    let batch = delivery.next(|event| stack.responder.invoke(event, Duration::from_secs(30))).await;
    assert_eq!((batch.deleted.len(), batch.kept.len()), (1, 0), "{batch:?}");
    assert_eq!(stack.read_by("ada").len(), 1, "{:?}", stack.read_by("ada"));
    assert_eq!(stack.aws.pending_faults(), [], "a turn has fewer calls than this test believes");
}

#[tokio::test]
async fn credentials_that_expire_before_a_message_is_claimed_cost_no_more_than_another_delivery() {
    let stack = Stack::deploy().await;
    stack.aws.inject(Fault::expire(Operation::SendMessage).always());
    assert_eq!(stack.webhook("canary-webhook-token", &documented("ada", "hi")).await["statusCode"], 503);
    stack.aws.clear_faults();
    let delivery = Mapping::new(stack.work.clone());
    // At the message's row, and at its place in the head, with which it is claimed.
    for (user, operation, calls) in [("ada", Operation::PutItem, 0), ("eve", Operation::UpdateItem, 1)] {
        stack.introduce(user);
        let accepted = stack.webhook("canary-webhook-token", &documented(user, "When are you open?")).await;
        assert_eq!(accepted["statusCode"], 202, "{user}");
        stack.aws.inject(Fault::expire(operation).after(calls).always());
        let batch = delivery.next(|event| stack.responder.invoke(event, Duration::from_secs(30))).await;
        assert_eq!((batch.deleted.len(), batch.kept.len()), (0, 1), "{user}: {batch:?}");
        stack.aws.clear_faults();
        assert!(stack.work.duplicate(&batch.kept[0]));
        let batch = delivery.next(|event| stack.responder.invoke(event, Duration::from_secs(30))).await;
        assert_eq!((batch.deleted.len(), batch.kept.len()), (1, 0), "{user}: {batch:?}");
        assert_eq!(stack.read_by(user).len(), 1, "{user}: {:?}", stack.read_by(user));
    }
}

#[tokio::test]
async fn answers_go_on_where_nobody_takes_logs_or_metrics() {
    let (braze, endpoint) = serve_braze().await;
    let aws = Stack::aws().await;
    let unheard = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/unheard.sh");
    let start = async |name: &str| {
        let program = binary(name).to_string_lossy().into_owned();
        let settings = [("BRAZE_ENDPOINT", endpoint.as_str()), ("PROGRAM", &program)];
        Arc::new(Function::start(unheard, environment(&aws, &settings)).await.unwrap())
    };
    let (ingest, responder, work) = (start("ingest").await, start("responder").await, aws.queue("work").unwrap());
    let stack = Stack { aws, braze, work, ingest, responder };
    stack.introduce("ada");
    let answer = stack.webhook("canary-webhook-token", &documented("ada", "When are you open?")).await;
    assert_eq!(answer["statusCode"], 202, "{answer}");
    stack.feed(|| stack.is_settled()).await;
    assert_eq!(stack.read_by("ada").len(), 1, "{:?}", stack.read_by("ada"));
    for function in [&stack.ingest, &stack.responder] {
        assert_eq!((function.stdout(), function.stderr()), (String::new(), String::new()), "somebody took them");
    }
}

#[tokio::test]
async fn secrets_out_of_reach_at_the_start_are_an_outage_and_not_the_end() {
    let aws = LocalAws::start().await;
    for name in ["work", "agent", "quarantine"] {
        aws.create_queue(name, QueueSettings::default());
    }
    aws.inject(Fault::fail(Operation::GetSecretValue).always());
    let ingest = Function::start(binary("ingest"), environment(&aws, &[("BRAZE_ENDPOINT", "http://127.0.0.1:1")]))
        .await
        .unwrap();
    let (braze, _) = serve_braze().await;
    let (work, ingest) = (aws.queue("work").unwrap(), Arc::new(ingest));
    let stack = Stack { aws, braze, work, responder: Arc::clone(&ingest), ingest };
    assert_eq!(stack.webhook("t", &documented("42", "hi")).await["statusCode"], 503);
    stack.aws.clear_faults();
    stack.aws.put_secret("ingest", r#"{"webhook_token": "t", "agent_token": "a"}"#);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(stack.webhook("t", &documented("42", "hi")).await["statusCode"], 202);
}

#[tokio::test]
async fn three_fragments_come_back_when_they_are_due_and_get_one_answer() {
    let stack = Stack::deploy().await;
    stack.introduce("ada");
    for text in ["hi", "I want to know", "your opening hours"] {
        stack.webhook("canary-webhook-token", &documented("ada", text)).await;
    }
    let started = std::time::Instant::now();
    stack.feed(|| stack.is_settled()).await;
    assert!(started.elapsed() >= Duration::from_secs(3));
    assert_eq!(stack.read_by("ada").len(), 1, "{:?}", stack.read_by("ada"));
}

#[tokio::test]
async fn bad_settings_stop_a_function_at_its_start_and_are_all_named() {
    for (name, expected) in [
        ("ingest", ["QUEUE_URL", "QUARANTINE_QUEUE_URL", "INGEST_SECRET_ID"]),
        ("responder", ["TABLE_NAME", "BRAZE_ENDPOINT", "BRAZE_CAMPAIGN_ID"]),
    ] {
        let failure = Function::start(binary(name), []).await.expect_err("it must not start").to_string();
        for setting in expected {
            assert!(failure.contains(setting), "{name}: {failure}");
        }
    }
}
