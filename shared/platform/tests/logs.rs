//! What a process prints that has started logging: this test runs itself once more as that process.

use std::process::Command;

use serde_json::Value;

const CHILD: &str = "DRAGOMAN_TEST_LOGS";
const NAME: &str = "a_panic_is_a_log_line_that_tells_its_place_and_none_of_its_words";

#[test]
fn a_panic_is_a_log_line_that_tells_its_place_and_none_of_its_words() {
    if let Ok(spans) = std::env::var(CHILD) {
        if spans == "with" {
            platform::logs::start_with_spans();
        } else {
            platform::logs::start();
        }
        let _span = tracing::info_span!("conversation", log_id = "word").entered();
        tracing::info!(part = 2, "accepted");
        tracing::debug!("too much");
        panic!("zanzibar");
    }
    for spans in ["with", "without"] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", NAME, "--nocapture"]).env(CHILD, spans).env_remove("AWS_LAMBDA_LOG_LEVEL");
        let done = child.output().unwrap();
        assert!(!done.status.success());
        let (printed, complaints) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        // The test runner may have begun a line of its own.
        let objects = printed.lines().filter_map(|line| line.find('{').map(|start| &line[start..]));
        let lines: Vec<Value> = objects.map(|line| serde_json::from_str(line).unwrap()).collect();
        let levels: Vec<_> = lines.iter().map(|line| line["level"].as_str().unwrap()).collect();
        assert_eq!(levels, ["INFO", "ERROR"], "{printed}");
        assert_eq!((&lines[0]["message"], &lines[0]["part"]), (&"accepted".into(), &2.into()));
        let says_whose = |line: &Value| line["span"]["log_id"] == "word";
        assert!(lines.iter().all(|line| says_whose(line) == (spans == "with")), "{spans} spans: {printed}");
        assert!(lines.iter().all(|line| line["timestamp"].is_string()), "CloudWatch takes a line without one for INFO");
        assert!(lines[1]["place"].as_str().unwrap().contains("logs.rs"), "{printed}");
        assert!(!format!("{printed}{complaints}").contains("zanzibar"), "{printed}{complaints}");
    }
}
