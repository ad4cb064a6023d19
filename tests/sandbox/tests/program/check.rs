//! `cargo run -- check`.

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;
use simulated_braze::{DOCUMENTED_BODY, RECOMMENDED_BODY};

use super::command;

fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("dragoman-check-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

fn check(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(&["check"]).args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_packed_assistant_and_the_sample_are_right() {
    assert_eq!(check(&[]).0, Some(0));
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/responder/samples/shop/assistant.toml");
    let (code, shown, _) = check(&["--assistant", sample]);
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn the_group_of_the_sandbox_is_told_before_it_is_deployed_and_stops_nothing() {
    let sandboxs = file("sandboxs-group.toml", "[profile]\nnewcomers_group = \"whatsapp-group\"\n");
    let (code, shown, _) = check(&["--json", "--assistant", sandboxs.to_str().unwrap()]);
    std::fs::remove_file(&sandboxs).unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let finding = &shown["assistant"]["findings"][0];
    assert_eq!((code, &finding["code"], &finding["severity"]), (Some(0), &"simulated_group".into(), &"warning".into()));
    let path = file("own-group.toml", "[profile]\nnewcomers_group = \"6c1f0b0e-9a5d-4a8e\"\n");
    let (code, shown, _) = check(&["--json", "--assistant", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, &shown["assistant"]["findings"]), (Some(0), &Value::Array(vec![])));
    let (_, shown, _) = check(&["--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        shown["assistant"]["findings"],
        Value::Array(vec![]),
        "whoever deploys what is packed is warned of nothing"
    );
}

#[test]
fn what_the_responder_would_not_start_with_is_told_with_what_was_meant() {
    for (toml, told) in [
        ("[limits]\nattemtps = 3\n", vec!["2: `limits.attemtps` is no setting; did you mean `limits.attempts`?"]),
        ("colour = 1\n[limits]\nattempts = 0\n", vec!["1: `colour` is no setting", "3: `limits.attempts` must be"]),
        ("[knowledge]\nfolder = \"nowhere\"\n", vec!["2: `knowledge.folder` names a folder without any Markdown file"]),
        ("version = 2\n", vec!["1: `version` must be 1"]),
        ("# mine\ninstructions = \n", vec!["2: it is not TOML"]),
        ("[routes.a]\nbackend = \"gemini\"\n", vec!["2: `routes.a.backend` must be a name out of [backends]"]),
        (
            "[[flows.f.steps]]\nname = \"a\"\nsay = \"?\"\nexpect = \"oneof\"\noptions = [\"x\"]\nnext = { x = \"b\" }",
            vec!["4: `flows.f.steps.a.expect` must be text, one_of", "6: `flows.f.steps.a.next` names the step"],
        ),
    ] {
        let path = file("bad.toml", toml);
        let (code, shown, _) = check(&["--json", "--assistant", path.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{shown}");
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let mistakes = shown["assistant"]["mistakes"].as_array().unwrap();
        assert_eq!(mistakes.len(), told.len(), "{shown:#}");
        for (mistake, told) in mistakes.iter().zip(told) {
            let expected = format!("{}:{told}", path.display());
            assert!(mistake.as_str().unwrap().starts_with(&expected), "{expected} in {mistake}");
        }
        let (_, shown, _) = check(&["--assistant", path.to_str().unwrap()]);
        std::fs::remove_file(&path).unwrap();
        assert!(shown.contains("check again"), "{shown}");
    }
}

#[test]
fn a_body_is_judged_and_warnings_alone_are_no_failure() {
    for (body, code, found) in [
        (RECOMMENDED_BODY.to_owned(), 0, vec![]),
        (DOCUMENTED_BODY.to_owned(), 0, vec!["documented_body"]),
        (RECOMMENDED_BODY.replace(" | json_escape", ""), 1, vec!["unescaped"]),
    ] {
        let path = file("body.liquid", &body);
        let (ended, shown, _) = check(&["--json", "--body", path.to_str().unwrap()]);
        std::fs::remove_file(&path).unwrap();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let codes = shown["body"]["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]);
        assert_eq!((ended, &shown["healthy"]), (Some(code), &Value::from(code == 0)), "{shown}");
        assert!(
            codes.clone().all(|code| found.iter().any(|expected| code == expected)) && codes.count() >= found.len()
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_a_wrong_call() {
    for arguments in [["--body", "/nowhere.liquid"], ["--assistant", "/nowhere.toml"]] {
        let (code, _, error) = check(&arguments);
        assert!(code == Some(2) && error.contains("/nowhere") && error.contains("is the path right?"), "{error}");
        assert!(error.contains("No such file"), "{error}");
    }
}

#[test]
fn the_schema_is_printed_as_it_stands_beside_the_packed_assistant() {
    let (code, shown, _) = check(&["--schema"]);
    let schema = include_str!("../../../../functions/responder/assistant/assistant.schema.json");
    assert_eq!((code, &*shown), (Some(0), schema));
    assert_eq!(check(&["--schema", "--json"]).0, Some(2), "there is nothing to show as a result");
}
