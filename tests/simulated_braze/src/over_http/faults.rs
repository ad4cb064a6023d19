//! What goes wrong on purpose.

use std::time::Instant;

use serde_json::json;

use super::*;
use crate::Faults;

fn faults(json: Value) -> Faults {
    serde_json::from_value(json).unwrap()
}

fn now_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn the_next_calls_are_answered_as_the_faults_say_and_then_all_is_well() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    served.braze.set_faults(faults(json!({"sends": [
        {"times": 2, "answer": {"status": {"code": 500}}},
        {"answer": {"status": {"code": 502, "body": "html"}}, "processed": true},
        {"answer": {"status": {"code": 503, "body": "empty"}}},
        {"answer": {"status": {"code": 401}}},
    ]})));
    let mut seen = Vec::new();
    for text in ["a", "b", "c", "d", "e", "f"] {
        let response = served.post("/campaigns/trigger/send").json(&to_42(text)).send().await.unwrap();
        seen.push((response.status().as_u16(), response.text().await.unwrap()));
    }
    let statuses: Vec<u16> = seen.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [500, 500, 502, 503, 401, 201]);
    assert_eq!(serde_json::from_str::<Value>(&seen[0].1).unwrap()["message"], "Internal Server Error");
    assert!(seen[2].1.starts_with("<html>") && seen[3].1.is_empty());
    assert_eq!(served.brand("user:42"), ["c", "f"]);
    assert_eq!(served.braze.faults(), Faults { sends: served.braze.faults().sends, ..Faults::default() });
    let recorded: Vec<_> = served.braze.requests().iter().map(|request| request.status).collect();
    assert_eq!(recorded, statuses.into_iter().map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_429_names_a_time_or_none_or_nonsense() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    for (reset, check) in [
        (
            json!({"in_seconds": 30}),
            (|value| value.unwrap().parse::<u64>().unwrap().abs_diff(now_seconds() + 30) <= 1)
                as fn(Option<&str>) -> bool,
        ),
        (json!({"in_seconds": -60}), |value| value.unwrap().parse::<u64>().unwrap() < now_seconds()),
        (json!("missing"), |value| value.is_none()),
        (json!("garbage"), |value| value.unwrap().parse::<u64>().is_err()),
        (json!("true"), |value| value.unwrap().parse::<u64>().unwrap() % 3_600 == 0),
    ] {
        served.braze.set_faults(faults(json!({"sends": [{"answer": {"status": {"code": 429, "reset": reset}}}]})));
        let response = served.post("/campaigns/trigger/send").json(&to_42("x")).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["x-ratelimit-remaining"].to_str().unwrap()),
            (429, "0")
        );
        assert!(check(response.headers().get("x-ratelimit-reset").map(|value| value.to_str().unwrap())), "{reset}");
    }
    assert!(served.brand("user:42").is_empty());
}

#[tokio::test]
async fn an_answer_can_be_lost_before_within_or_altogether_though_the_message_arrived() {
    for (fault, head) in [("cut", false), ("cut_in_body", true), ("silence", false)] {
        for processed in [true, false] {
            let served = with_writers(workspace("http://127.0.0.1:9")).await;
            served.braze.set_faults(faults(json!({"sends": [{"answer": fault, "processed": processed}]})));
            let patience = Duration::from_millis(if fault == "silence" { 500 } else { 5_000 });
            let call = served.post("/campaigns/trigger/send").json(&to_42("x")).timeout(patience);
            match call.send().await {
                Ok(response) => {
                    assert!(head && response.status().as_u16() == 201, "{fault}");
                    assert!(response.bytes().await.is_err(), "{fault}");
                }
                Err(error) => assert!(!head && error.is_timeout() == (fault == "silence"), "{fault}: {error:?}"),
            }
            assert_eq!(served.brand("user:42").len(), usize::from(processed), "{fault}");
            assert_eq!(served.braze.requests()[0].status, None, "{fault}");
            // The next call is answered.
            assert_eq!(served.trigger(&to_42("y")).await.0, 201, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_slow_answer_comes_after_its_message_arrived() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    served.braze.set_faults(faults(json!({"delay_ms": 5_000})));
    let call = served.post("/campaigns/trigger/send").json(&to_42("x")).timeout(Duration::from_millis(500));
    assert!(call.send().await.unwrap_err().is_timeout());
    assert_eq!(served.brand("user:42"), ["x"]);
    served.braze.set_faults(faults(json!({"trickle_ms": 5})));
    let start = Instant::now();
    let (status, answer) = served.trigger(&to_42("y")).await;
    assert_eq!((status, &answer["message"]), (201, &json!("success")));
    assert!(start.elapsed() > Duration::from_millis(200));
}

#[tokio::test]
async fn re_eligibility_can_be_taken_from_every_campaign_at_once() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    served.trigger(&to_42("one")).await;
    served.braze.set_faults(faults(json!({"re_eligibility_off": true})));
    assert_eq!(served.trigger(&to_42("two")).await.0, 201);
    assert_eq!(served.brand("user:42"), ["one"]);
    // What comes without a campaign is not concerned.
    for text in ["a", "b"] {
        assert_eq!(answer(served.post("/messages/send").json(&of_its_own(text))).await.0, 201);
    }
    served.braze.set_faults(Faults::default());
    served.trigger(&to_42("three")).await;
    assert_eq!(served.brand("user:42"), ["one", "a", "b", "three"]);
}

#[tokio::test]
async fn faults_of_tracking_leave_sending_alone() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    served.braze.set_faults(faults(json!({"tracks": [{"answer": {"status": {"code": 500}}}]})));
    assert_eq!(served.trigger(&to_42("x")).await.0, 201);
    let call = json!({"attributes": [{"external_id": "42", "plan": "gold"}]});
    assert_eq!(answer(served.post("/users/track").json(&call)).await.0, 500);
    assert!(served.braze.profile("user:42").unwrap().attributes.is_empty());
    assert_eq!(answer(served.post("/users/track").json(&call)).await.0, 201);
}
