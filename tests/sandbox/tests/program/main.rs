//! The program as a user starts it.
#![expect(clippy::unwrap_used, reason = "a broken program shall end the test")]

mod check;
mod deeds;
mod doctor;
mod guides;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// `cargo run --` with these arguments and variables, until dropped.
struct Program {
    child: Child,
    url: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in [
        "AI_BACKEND",
        "AI_BASE_URL",
        "AI_MODEL",
        "AI_API_KEY",
        "BRAZE_ENDPOINT",
        "DESK",
        "ASSISTANT_CONFIG",
        "ON_UNKNOWN",
    ] {
        command.env_remove(name);
    }
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"] {
        command.env_remove(name);
    }
    command
}

impl Program {
    fn start(environment: &[(&str, &str)]) -> Self {
        let mut command = command(&["--no-open", "--port", "0"]);
        command.envs(environment.iter().copied());
        Self::started(command).unwrap()
    }

    /// As soon as it is ready; else what it says.
    fn started(mut command: Command) -> Result<Self, String> {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if let Some(url) = line.trim().strip_prefix("sandbox ready at ") {
            return Ok(Self { url: url.to_owned(), child });
        }
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        let _ = child.wait();
        Err(format!("{line}{error}"))
    }

    async fn types(&self, text: &str) {
        let url = format!("{}/sandbox/phones/user:ada/messages", self.url);
        let answer = reqwest::Client::new().post(url).json(&json!({"text": text})).send().await.unwrap();
        assert_eq!(answer.status(), 202);
    }

    /// Waits until the user's phone shows `text`.
    async fn reads(&self, text: &str) {
        let patience = Instant::now() + Duration::from_secs(10);
        while !self.get("/sandbox/phones/user:ada").await.to_string().contains(text) {
            assert!(Instant::now() < patience, "{text}: {}", self.get("/sandbox/steps").await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn get(&self, path: &str) -> Value {
        reqwest::get(format!("{}{path}", self.url)).await.unwrap().json().await.unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every request's key and body.
type Received = Arc<Mutex<Vec<(String, Value)>>>;

/// Somebody outside who keeps every request and gives one answer.
async fn outsider(path: &str, answer: Value) -> (String, Received) {
    let received = Received::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let state = (Arc::clone(&received), answer);
    let app = Router::new().route(path, post(receive)).with_state(state);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, received)
}

async fn receive(
    State((received, answer)): State<(Received, Value)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Json<Value> {
    let key = ["authorization", "x-api-key", "webhook-signature"].iter().find_map(|name| headers.get(*name));
    let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    received.lock().unwrap().push((key, body));
    Json(answer)
}

#[tokio::test]
async fn keys_in_the_environment_let_a_real_ai_answer_real_phones() {
    let says = json!({"choices": [{"message": {"role": "assistant", "content": "**Hello** from a model"}}]});
    let (ai, asked) = outsider("/v1/chat/completions", says).await;
    let (braze, sent) = outsider("/campaigns/trigger/send", json!({"message": "success"})).await;
    let program = Program::start(&[
        ("AI_BASE_URL", &format!("{ai}/v1")),
        ("AI_MODEL", "a-model"),
        ("AI_API_KEY", "an-ai-key"),
        ("BRAZE_ENDPOINT", &braze),
        ("BRAZE_CAMPAIGN_ID", "a-campaign"),
        ("BRAZE_API_KEY", "a-braze-key"),
    ]);
    program.types("He said \"hi\"?").await;
    let patience = Instant::now() + Duration::from_secs(10);
    while sent.lock().unwrap().is_empty() {
        assert!(Instant::now() < patience, "nothing was sent: {}", program.get("/sandbox/steps").await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (key, question) = asked.lock().unwrap()[0].clone();
    assert_eq!((key.as_str(), &question["model"]), ("Bearer an-ai-key", &json!("a-model")));
    assert_eq!(question["messages"].as_array().unwrap().last().unwrap()["content"], "He said \"hi\"?");
    let (key, reply) = sent.lock().unwrap()[0].clone();
    assert_eq!((key.as_str(), &reply["campaign_id"]), ("Bearer a-braze-key", &json!("a-campaign")));
    let words = &reply["recipients"][0]["trigger_properties"]["external_system_msg_body"];
    assert_eq!(words, "*Hello* from a model");
    assert_eq!(program.get("/sandbox/state").await["ai"], "openai: a-model");
}

#[tokio::test]
async fn a_model_of_bedrock_answers_as_whoever_the_environment_names() {
    let says = json!({"output": {"message": {"role": "assistant", "content": [{"text": "Hello from Bedrock"}]}}});
    let (bedrock, asked) = outsider("/model/a-model/converse", says).await;
    let program = Program::start(&[
        ("AI_BACKEND", "bedrock"),
        ("AI_MODEL", "a-model"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDTEST"),
        ("AWS_SECRET_ACCESS_KEY", "a-secret"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &bedrock),
    ]);
    program.types("Who answers?").await;
    program.reads("Hello from Bedrock").await;
    let (signature, question) = asked.lock().unwrap()[0].clone();
    assert!(signature.contains("Credential=AKIDTEST/") && signature.contains("/eu-central-1/bedrock/"), "{signature}");
    assert_eq!(question["messages"], json!([{"role": "user", "content": [{"text": "Who answers?"}]}]));
    assert_eq!(program.get("/sandbox/state").await["ai"], "bedrock: a-model");
}

#[tokio::test]
async fn an_assistant_may_ask_one_ai_after_another_and_another_platform_on_a_route() {
    let (claude, asked) =
        outsider("/v1/messages", json!({"content": [{"type": "text", "text": "Hello from below"}]})).await;
    let (bot, told) = outsider("/hook", json!([{"recipient_id": "user:ada", "text": "Hello from a platform"}])).await;
    let toml = format!(
        "ladder = [\"claude\"]\n[backends.claude]\nkind = \"anthropic\"\nbase_url = \"{claude}\"\nmodel = \"c\"\n\
         key = \"claude_key\"\n[backends.bot]\nkind = \"webhook\"\nbase_url = \"{bot}/hook\"\nkey = \"bot_secret\"\n\
         deadline_seconds = 5\n[routes.bot]\nbackend = \"bot\"\nkeywords = [\"the bot please\"]\n"
    );
    let assistant = std::env::temp_dir().join(format!("dragoman-backends-{}.toml", std::process::id()));
    std::fs::write(&assistant, toml).unwrap();
    let program = Program::start(&[
        ("ASSISTANT_CONFIG", assistant.to_str().unwrap()),
        ("AI_BACKEND", "openai"),
        ("AI_BASE_URL", "http://127.0.0.1:1/v1"),
        ("AI_MODEL", "a-model-that-is-out"),
        ("CLAUDE_KEY", "a-claude-key"),
        ("BOT_SECRET", "a-bot-secret"),
    ]);
    program.types("Who answers?").await;
    program.reads("Hello from below").await;
    program.types("The bot, please!").await;
    program.reads("Hello from a platform").await;
    std::fs::remove_file(&assistant).unwrap();

    let (key, question) = asked.lock().unwrap()[0].clone();
    assert_eq!((key.as_str(), &question["model"]), ("a-claude-key", &json!("c")));
    let (signature, question) = told.lock().unwrap()[0].clone();
    assert!(signature.starts_with("v1,"), "{signature}");
    assert_eq!(
        (&question["sender"], &question["message"], &question["can_hand_off"]),
        (&json!("user:ada"), &json!("The bot, please!"), &json!(true))
    );
    assert_eq!(question["history"].as_array().unwrap().len(), 2);
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_is_its_file_or_the_folder_that_holds_it_or_a_text_that_is_kept_at_aws() {
    let own = "[texts.en]\ndont_know = \"Nobody here knows.\"\n";
    let folder = std::env::temp_dir().join(format!("dragoman-assistant-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("knowledge")).unwrap();
    std::fs::write(folder.join("assistant.toml"), own).unwrap();
    std::fs::write(folder.join("knowledge/pens.md"), "# Pens\n\n## Do you sell pens?\n\nIn every colour.\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let aws = format!("http://{}", listener.local_addr().unwrap());
    let parameter = Json(json!({"Parameter": {"Value": own}}));
    let app = Router::new().route("/", post(async move || parameter));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let credentials = [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "a")];
    for (place, knows) in [
        (folder.to_str().unwrap(), "In every colour."),
        (folder.join("assistant.toml").to_str().unwrap(), "In every colour."),
        ("ssm:/dragoman/assistant", "Nobody here knows."),
    ] {
        let mut command = command(&["--no-open", "--port", "0", "--assistant", place]);
        command.envs(credentials).env("AWS_ENDPOINT_URL_SSM", &aws);
        let program = Program::started(command).unwrap();
        program.types("Do you sell pens?").await;
        program.reads(knows).await;
    }
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn a_bot_that_knows_no_answer_is_announced_at_the_start() {
    let folder = std::env::temp_dir().join(format!("dragoman-empty-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("assistant.toml"), "version = 1\n").unwrap();
    let folder_path = folder.to_str().unwrap();
    let model: &[_] = &[("AI_BASE_URL", "http://127.0.0.1:1"), ("AI_MODEL", "m")];
    for (arguments, variables, announced) in [
        (vec!["--assistant", folder_path], &[][..], true),
        (vec!["--assistant", folder_path], model, false),
        (vec![], &[], false),
    ] {
        let mut command = command(&["--no-open", "--port", "0"]);
        let mut child = command.args(&arguments).envs(variables.iter().copied()).spawn().unwrap();
        let mut greeting = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        while !text.contains("Ctrl-C") {
            assert!(greeting.read_line(&mut text).unwrap() > 0, "{text}");
        }
        // The last line may come in a write of its own.
        std::thread::sleep(Duration::from_millis(200));
        child.kill().unwrap();
        child.wait().unwrap();
        greeting.read_to_string(&mut text).unwrap();
        assert!(
            text.contains("/takeover, /release, /erase, /flows\n") && text.contains("/conversations/answers\n"),
            "{text}"
        );
        assert_eq!(text.contains("knows no answer"), announced, "{arguments:?} {variables:?}: {text}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_start_that_fails_says_why_and_ends_with_an_error() {
    let assistant = std::env::temp_dir().join(format!("dragoman-bad-{}.toml", std::process::id()));
    std::fs::write(&assistant, "colour = 1\n[limits]\nattempts = 0\n").unwrap();
    for (arguments, variables, expected) in [
        (vec!["--assistant", assistant.to_str().unwrap()], vec![], vec!["colour", "limits.attempts"]),
        (vec!["--assistant", "/nowhere.toml"], vec![], vec!["/nowhere.toml", "--assistant takes", "ssm:/"]),
        (vec!["--assistant", "ssm:/a"], vec![], vec!["ASSISTANT_CONFIG ssm:/a", "AWS_REGION"]),
        (vec!["--assistant", "s3://bucket"], vec![], vec!["must be s3://bucket/key"]),
        (vec![], vec![("AI_BASE_URL", "http://127.0.0.1:1")], vec!["AI_MODEL"]),
        (
            vec![],
            vec![("AI_BACKEND", "webhook"), ("AI_BASE_URL", "http://127.0.0.1:1")],
            vec!["AI_BASE_URL", "no key to sign with"],
        ),
        (
            vec![],
            vec![("AI_BACKEND", "webhook"), ("AI_BASE_URL", "http://127.0.0.1:1"), ("AI_API_KEY", "whsec_n@t-base64")],
            vec!["AI_API_KEY cannot sign", "whsec_$(openssl"],
        ),
        (vec![], vec![("DESK", "webhook"), ("DESK_URL", "http://127.0.0.1:1")], vec!["DESK_TOKEN is missing"]),
        (
            vec![],
            vec![("DESK", "webhook"), ("DESK_URL", "http://127.0.0.1:1"), ("DESK_TOKEN", "whsec_n@t-base64")],
            vec!["DESK_TOKEN cannot sign"],
        ),
        (vec![], vec![("AI_BACKEND", "bedrock"), ("AI_MODEL", "m")], vec!["AI_BACKEND", "AWS_REGION"]),
        (
            vec![],
            vec![("BRAZE_ENDPOINT", "rest.example.com")],
            vec!["BRAZE_ENDPOINT", "BRAZE_CAMPAIGN_ID", "BRAZE_API_KEY", "that part is simulated"],
        ),
    ] {
        let mut child = command(&["--no-open", "--port", "0"]).args(&arguments).envs(variables).spawn().unwrap();
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(!child.wait().unwrap().success(), "{arguments:?}");
        for word in expected {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert!(!text.contains("n@t"), "{text}");
    }
    let _ = std::fs::remove_file(assistant);
}

#[test]
fn on_a_port_that_is_taken_what_is_wrong_with_the_set_up_is_told_first() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (variables, expected) in [
        (vec![("AI_BASE_URL", "http://127.0.0.1:1")], "AI_MODEL is missing"),
        (vec![("AI_BACKEND", "bedrock"), ("AI_MODEL", "m")], "AWS_REGION"),
        (vec![("ASSISTANT_CONFIG", "/nowhere.toml")], "/nowhere.toml"),
        (vec![], "is taken, perhaps by another sandbox"),
    ] {
        let output = command(&["--no-open", "--port", &port]).envs(variables).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn the_help_and_the_first_lines_say_how_to_call_it() {
    let help = command(&["--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for word in ["Usage: cargo run -- ", "/inbound", "`sandbox`", "/conversations/messages", "`agent`"] {
        assert!(help.contains(word), "{word} in {help}");
    }
    for (deed, words) in [
        ("doctor", ["--send-to", "cargo run -- doctor --sandbox"]),
        ("check", ["--body", "--assistant shop"]),
        ("replay", ["--dead-letters", "no word, name or number of anybody"]),
        ("transcript", ["--table", "this prints a customer's words, on purpose"]),
        ("erase", ["--url", "AGENT_TOKEN"]),
        ("costs", ["--ai-seconds", "cargo run -- costs"]),
        ("scale", ["--conversations", "cargo run -- scale"]),
        ("completion", ["bash", "alias dragoman="]),
    ] {
        let help = String::from_utf8(command(&[deed, "--help"]).output().unwrap().stdout).unwrap();
        assert!(words.iter().all(|word| help.contains(word)) && help.contains("The exit code is 0"), "{help}");
    }
    let mut child = command(&["--no-open", "--port", "0"]).spawn().unwrap();
    let lines: Vec<_> = BufReader::new(child.stdout.take().unwrap()).lines().take(7).collect::<Result<_, _>>().unwrap();
    let _ = child.kill();
    let _ = child.wait();
    let url = lines[0].strip_prefix("sandbox ready at ").unwrap();
    for word in [
        &format!("POST {url}/inbound"),
        "Bearer sandbox",
        &format!("POST {url}/conversations/messages"),
        "Bearer agent",
    ] {
        assert!(
            lines.iter().any(|line| line.ends_with(word) || line.contains(&format!("{word},"))),
            "{word} in {lines:?}"
        );
    }
}
