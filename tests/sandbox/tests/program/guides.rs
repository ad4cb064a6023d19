//! The guides: what they tell their readers to do can be done, and what they point to is there.

mod commands;
mod document;
mod links;
mod played;
mod shell;

use std::collections::BTreeMap;
use std::path::Path;

use commands::Packages;
use document::{Document, ROOT};

#[test]
fn every_command_in_a_guide_is_understood_and_names_packages_and_tests_that_there_are() {
    let (packages, documents) = (Packages::read(), document::all());
    assert!(documents.len() >= 20, "{}", documents.len());
    let complaints: Vec<_> = documents.iter().flat_map(|document| commands::complaints(document, &packages)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_link_in_a_guide_leads_somewhere() {
    let complaints: Vec<_> = document::all().iter().flat_map(links::complaints).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[tokio::test]
async fn what_a_guide_starts_starts_what_it_calls_answers_and_what_it_configures_is_right() {
    let (mut complaints, mut steps) = (Vec::new(), BTreeMap::new());
    for document in document::all() {
        let (found, played) = played::complaints(&document).await;
        complaints.extend(found);
        steps.insert(document.file, played);
    }
    for (file, at_least) in
        [("README.md", 12), ("functions/responder/samples/README.md", 29), ("shared/braze/live/README.md", 1)]
    {
        let played = steps[&Path::new(ROOT).join(file)];
        assert!(played >= at_least, "{file}: {played}");
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A page of the root that says this.
fn page(text: &str) -> Document {
    Document::parse(&Path::new(ROOT).join("A-PAGE.md"), text)
}

#[test]
fn a_command_that_cannot_be_run_is_found() {
    let packages = Packages::read();
    for (text, complaint) in [
        ("    cargo run -- doctor --colour", "--colour"),
        ("```sh\ncargo run -- chek\n```", "chek"),
        ("1. So:\n\n       A=b cargo run -- replay --send   # now", "--dead-letters"),
        ("Try `cargo run -- transcript 42 --table t` then.", "user:<external id>"),
        ("    cargo run -- --assistant functions/responder/samples/shops/assistant.toml", "there is no functions/"),
        ("    cargo run --release -p benches -- gate", "no package benches"),
        ("| `cargo run -p models` |", "models is no program"),
        ("`cargo test -p end_to_end --test leaks --test leeks`", "no test leeks"),
    ] {
        let complaints = commands::complaints(&page(text), &packages);
        assert!(complaints.len() == 1 && complaints[0].contains(complaint), "{complaint}: {complaints:?}");
    }
    for text in [
        "`cargo run -- replay` and `cargo run -- --help`",
        "    cargo run -- erase <an id> --url <ConversationsUrl>",
        "`cargo test -p …`",
    ] {
        let text = text.replace("<an id>", "user:42");
        assert_eq!(commands::complaints(&page(&text), &packages), Vec::<String>::new());
    }
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "# A page of *two* `words`\n[1](README.md) [2](#a-page-of-two-words) [3](shared/ai/README.md#the-webhook) [4](https://x.example)\n\
                [5](READ.md) [6](#a-page) [7](shared/ai/README.md#nothing) [8](shared/nothing/README.md#the-webhook)";
    let complaints = links::complaints(&page(text)).join("\n");
    assert_eq!(complaints.lines().count(), 4, "{complaints}");
    for dead in ["READ.md", "#a-page ", "#nothing", "shared/nothing"] {
        assert!(complaints.contains(dead), "{dead} in {complaints}");
    }
}

#[tokio::test]
async fn a_step_that_does_not_go_as_the_guide_says_is_found() {
    let (keyword, call) =
        ("```toml\n[keywords]\nopt_out = [\"enough\"]\n```\n", "    curl http://127.0.0.1:8787/sandbox/state\n");
    for (text, complaint) in [
        ("    curl http://127.0.0.1:8787/sandbox/stat".to_owned(), "404"),
        ("    curl -X POST \"<InboundUrl>\" -d '{}' -H \"Authorization: Bearer other\"".to_owned(), "401"),
        ("    curl --fail http://127.0.0.1:8787/health".to_owned(), "--fail"),
        ("```toml\ncolour = 1\n```".to_owned(), "colour"),
        ("    AI_BASE_URL=http://127.0.0.1:1 cargo run".to_owned(), "AI_MODEL"),
        (keyword.replace("out", "up") + "\n    cargo run -- --assistant assistant.toml\n", "opt_up"),
    ] {
        let (complaints, _) = played::complaints(&page(&text)).await;
        assert!(complaints.iter().any(|found| found.contains(complaint)), "{complaint}: {complaints:?}");
    }
    let good = format!(
        "{keyword}\n    cargo run -- --assistant assistant.toml\n{call}    AI_BASE_URL=http://127.0.0.1:1 AI_MODEL=… cargo run\n"
    );
    assert_eq!(played::complaints(&page(&good)).await, (vec![], 4));
}
