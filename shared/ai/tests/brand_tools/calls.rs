//! One call over HTTP: what leaves, what may come back, and what is refused.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ai::{Ai, AiError, Answer, BadTool, BrandTools, Caller, Equipped, HttpCaller, Question, ToolFailure, ToolRequest};
use async_trait::async_trait;
use axum::body::Body;
use models::Personal;
use platform::metrics::{Meter, Metric};
use platform::secrets::{FixedKey, Key, SecretUnavailable};
use secrecy::SecretString;

use crate::server::{Seen, Server, response};
use crate::{AMPLE, JSON, question, tools};

/// Counts what is called and what fails.
#[derive(Default)]
struct Counted(Mutex<Vec<Metric>>);

impl Meter for Counted {
    fn count(&self, metric: Metric, _: u64) {
        self.0.lock().unwrap().push(metric);
    }
}

fn toml(url: &str, more: &str) -> String {
    format!(
        "[tools.order]\ndescribe = \"x\"\nurl = \"{url}/{{order}}?v=1\"\nuser = \"customer\"\n{more}\n\
         [tools.order.arguments.order]\ndescribe = \"x\""
    )
}

fn caller(toml: &str, key: Option<&Arc<dyn Key>>, meter: Arc<Counted>) -> Result<HttpCaller, BadTool> {
    let (public, http) = (platform::http::public_client().unwrap(), platform::http::client().unwrap());
    HttpCaller::new(&tools(toml), &public, &http, &|_| key.cloned(), meter)
}

/// The request that the tool makes of a model's call.
async fn request(toml: &str) -> ToolRequest {
    /// Remembers the request.
    struct Kept(Mutex<Option<ToolRequest>>);
    #[async_trait]
    impl Caller for Kept {
        async fn call(&self, request: &ToolRequest, _: Duration) -> Result<Personal, ToolFailure> {
            *self.0.lock().unwrap() = Some(request.clone());
            Ok("".into())
        }
    }
    let kept = Arc::new(Kept(Mutex::default()));
    let calls = crate::wire::Says::calls(&[("order", serde_json::json!({"order": "AB1"}))]);
    let (_server, ai) = crate::wire::Wire::OpenAi.model(vec![calls, crate::wire::Says::words("So.")]).await;
    crate::equipped(&tools(toml), &kept, ai).answer(&question("user:secret-ada"), AMPLE).await.unwrap();
    let request = kept.0.lock().unwrap().take();
    request.unwrap()
}

/// What comes of one call to a shop, and what is counted.
async fn call(url: &str, more: &str, key: Option<Arc<dyn Key>>) -> (Result<String, ToolFailure>, Vec<Metric>) {
    let (toml, meter) = (toml(url, more), Arc::<Counted>::default());
    let caller = caller(&toml, key.as_ref(), Arc::clone(&meter)).unwrap();
    let request = request(&toml).await;
    let outcome = caller.call(&request, request.timeout).await.map(Personal::into_string);
    let counted = meter.0.lock().unwrap().clone();
    (outcome, counted)
}

async fn read(server: &Server) -> Result<String, ToolFailure> {
    call(&server.base_url, "private = true", None).await.0
}

fn key(text: &str) -> Arc<dyn Key> {
    Arc::new(FixedKey(text.into()))
}

#[tokio::test]
async fn a_get_carries_the_users_id_and_the_key_and_nothing_of_the_conversation() {
    let server = Server::json(r#"{"status": "on its way"}"#).await;
    let more = "private = true\nkey = \"shop_key\"";
    let (outcome, counted) = call(&server.base_url, more, Some(key("sk-shop\n"))).await;
    assert_eq!(outcome, Ok(r#"{"status": "on its way"}"#.to_owned()));
    assert_eq!(counted, [Metric::ToolCalled]);
    let Seen { path, headers, body } = &server.seen()[0];
    assert_eq!(path, "/v1/AB1?v=1&customer=secret-ada");
    assert_eq!((headers["authorization"].to_str().unwrap(), body.len()), ("Bearer sk-shop", 0));
    assert_eq!(headers.get("idempotency-key"), None);
}

#[tokio::test]
async fn a_post_carries_json_and_a_key_of_its_own_for_not_being_done_twice() {
    let server = Server::json("{}").await;
    let more = "private = true\nmethod = \"POST\"";
    for _ in 0..2 {
        assert_eq!(call(&server.base_url, more, None).await.0, Ok("{}".to_owned()));
    }
    let seen = server.seen();
    assert_eq!((seen[0].path.as_str(), &seen[0].body[..]), ("/v1/AB1?v=1", br#"{"customer":"secret-ada"}"#.as_slice()));
    assert_eq!(seen[0].headers["content-type"], "application/json");
    assert_eq!(seen[0].headers["idempotency-key"], seen[1].headers["idempotency-key"]);
    assert_eq!(seen[0].headers.get("authorization"), None);
}

#[tokio::test]
async fn only_a_2xx_of_json_or_plain_text_is_data() {
    let (plain, csv, problem) = ("text/plain; charset=utf-8", "text/csv", "application/problem+json");
    for (status, kind, body, expected) in [
        (200, Some("application/json"), r#"{"a": 1}"#, Ok(r#"{"a": 1}"#)),
        (201, Some("Application/JSON; charset=utf-8"), "[]", Ok("[]")),
        (200, Some(problem), "{}", Ok("{}")),
        (200, Some(plain), "on its way", Ok("on its way")),
        (200, Some(csv), "a,b", Ok("a,b")),
        (200, None, "on its way", Ok("on its way")),
        (204, None, "", Ok("")),
        (200, Some("text/html"), "<form>Log in</form>", Err(ToolFailure::NoData)),
        (200, Some("application/octet-stream"), "x", Err(ToolFailure::NoData)),
        (200, Some("application/json"), "{\"a\": ", Err(ToolFailure::NoData)),
        (404, Some("application/json"), "{}", Err(ToolFailure::Status(404))),
        (401, None, "secret", Err(ToolFailure::Status(401))),
        (500, Some(plain), "secret stack", Err(ToolFailure::Status(500))),
    ] {
        let server = Server::start(move |_| {
            let headers: Vec<_> = kind.into_iter().map(|kind| ("content-type", kind)).collect();
            ready(response(status, &headers, body))
        })
        .await;
        let (outcome, counted) = call(&server.base_url, "private = true", None).await;
        assert_eq!(outcome.as_deref().map_err(|failure| *failure), expected, "{status} {kind:?} {body}");
        // A number that the brand does not know is a customer's mistake and nobody's alarm.
        let is_fault = expected.is_err_and(|failure| failure != ToolFailure::Status(404));
        assert_eq!(counted.contains(&Metric::ToolFailed), is_fault, "{status}");
    }
    let server = Server::fixed(200, &[("content-type", "text/plain")], vec![0xff, 0xfe]).await;
    assert_eq!(read(&server).await, Err(ToolFailure::NoData));
}

#[tokio::test]
async fn a_long_answer_is_cut_and_a_flood_is_refused() {
    let text = "é".repeat(8_001);
    let shown = read(&Server::fixed(200, &[("content-type", "text/plain")], text.clone()).await).await.unwrap();
    assert_eq!(shown, format!("{}\n[The rest is not shown.]", "é".repeat(8_000)));
    assert_eq!(read(&Server::fixed(200, &[], text[2..].to_owned()).await).await, Ok(text[2..].to_owned()));
    let flood = Server::start(|_| {
        let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 16 * 1024]));
        ready(response(200, JSON, Body::from_stream(chunks)))
    })
    .await;
    assert_eq!(read(&flood).await, Err(ToolFailure::TooLarge));
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_the_other_host_never_hears_of_it() {
    let other = Server::json("{}").await;
    let to = other.base_url.clone();
    let server = Server::start(move |_| ready(response(307, &[("location", &to)], ""))).await;
    assert_eq!(read(&server).await, Err(ToolFailure::Status(307)));
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_shop_that_hangs_or_is_not_there_fails_in_time() {
    let hangs = Server::start(|_| std::future::pending()).await;
    let start = Instant::now();
    let (outcome, counted) = call(&hangs.base_url, "private = true\ntimeout_seconds = 0.5", None).await;
    assert_eq!((outcome, counted), (Err(ToolFailure::TimedOut), vec![Metric::ToolCalled, Metric::ToolFailed]));
    assert!(start.elapsed() < Duration::from_secs(5));
    let outcome = call("http://127.0.0.1:1", "private = true", None).await.0;
    assert_eq!(outcome, Err(ToolFailure::Unreachable));
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_in_numbers_at_the_start_and_by_name_when_it_is_looked_up() {
    let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    door.set_nonblocking(true).unwrap();
    let named = format!("https://localhost:{}", door.local_addr().unwrap().port());
    assert_eq!(call(&named, "", None).await.0, Err(ToolFailure::Unreachable));
    assert!(door.accept().is_err(), "nobody so much as knocked");
    let server = Server::json("{}").await;
    let private = server.base_url.replace("127.0.0.1", "localhost");
    assert_eq!(call(&private, "private = true", None).await.0, Ok("{}".to_owned()));
    assert_eq!(server.seen().len(), 1, "only the one that was meant");
    for host in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "2130706433", "[::1]", "[fd00:ec2::254]"] {
        let meter = Arc::<Counted>::default();
        let refused = caller(&toml(&format!("https://{host}"), ""), None, Arc::clone(&meter)).err();
        assert_eq!(refused, Some(BadTool::Local("order".to_owned())), "{host}");
        assert!(caller(&toml(&format!("https://{host}"), "private = true"), None, meter).is_ok(), "{host}");
    }
}

#[tokio::test]
async fn a_refused_key_is_read_again_once_and_one_that_is_none_costs_no_call() {
    /// Was rotated.
    struct Rotated;
    #[async_trait]
    impl Key for Rotated {
        async fn current(&self) -> Result<SecretString, SecretUnavailable> {
            Ok("old".into())
        }
        async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
            Ok("new".into())
        }
    }
    let more = "private = true\nkey = \"shop_key\"";
    let server = Server::start(|seen| {
        let status = if seen.headers["authorization"] == "Bearer new" { 200 } else { 401 };
        ready(response(status, JSON, "{}"))
    })
    .await;
    assert_eq!(call(&server.base_url, more, Some(Arc::new(Rotated))).await.0, Ok("{}".to_owned()));
    assert_eq!(call(&server.base_url, more, Some(key("wrong"))).await.0, Err(ToolFailure::Status(401)));
    assert_eq!(server.seen().len(), 4);
    for none in ["", " ", "two\nlines"] {
        assert_eq!(call(&server.base_url, more, Some(key(none))).await.0, Err(ToolFailure::NoKey), "{none:?}");
    }
    assert_eq!(server.seen().len(), 4);
    let nowhere = caller(&toml(&server.base_url, more), None, Arc::default()).err();
    assert_eq!(nowhere, Some(BadTool::NoKey("order".to_owned())));
}

#[tokio::test]
async fn no_failure_and_no_debug_output_shows_the_user_the_key_or_what_came_back() {
    let server = Server::fixed(500, &[], "secret stack").await;
    let (outcome, _) = call(&server.base_url, "private = true\nkey = \"k\"", Some(key("secret-key"))).await;
    let failure = outcome.unwrap_err();
    let request = request(&toml(&server.base_url, "private = true\nmethod = \"POST\"")).await;
    let asked = question("user:secret-ada");
    let tools = tools(&toml(&server.base_url, "private = true"));
    let brand = BrandTools::new(tools, &asked, Arc::new(caller("", None, Arc::default()).unwrap()));
    let shown = format!("{failure} {failure:?} {request:?} {brand:?}");
    assert!(!shown.contains("secret") && shown.contains("order"), "{shown}");
}

#[tokio::test]
async fn a_backend_without_tools_is_asked_as_ever() {
    /// Remembers whether it was offered anything of the brand's.
    struct Plain;
    #[async_trait]
    impl Ai for Plain {
        fn name(&self) -> &'static str {
            "plain"
        }
        async fn answer(&self, question: &Question, _: Duration) -> Result<Answer, AiError> {
            Ok(Answer::text(question.tools.brand.names().join(",")))
        }
    }
    let toml = toml("https://shop.example", "");
    let caller = Arc::new(caller(&toml, None, Arc::default()).unwrap());
    let ai = Equipped::new(tools(&toml), caller, Arc::new(Plain));
    assert_eq!(ai.answer(&question("user:ada"), AMPLE).await, Ok(Answer::text("order")));
    assert_eq!((ai.answer(&question("braze:ada"), AMPLE).await, ai.name()), (Ok(Answer::text("")), "plain"));
}
