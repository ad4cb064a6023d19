//! A small run of `kills` on our own stand-in for AWS, with the binaries of this build.

use endurance::kills::{self, OnUnknown, Options};

// Quick, because a conversation that a dead process held is free again only 26 seconds after it was taken.
#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_break_no_promise() {
    let options = Options {
        count: 10,
        seed: None,
        emulator: "not needed".into(),
        endpoint: None,
        local: true,
        quick: true,
        on_unknown: OnUnknown::ResendOnce,
        sabotage: None,
    };
    let report = kills::run(options, |line| println!("{line}")).await.unwrap();
    println!("{}", report.text());
    assert_eq!(report.broken_promises(), [""; 0]);
    let number = |name: &str| report.value(name).and_then(serde_json::Value::as_u64).unwrap();
    assert_eq!(number("processes killed"), 10);
    assert!(number("messages answered") > 0, "nobody was answered: nothing is shown");
}
