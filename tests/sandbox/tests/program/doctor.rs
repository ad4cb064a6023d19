//! The doctor, shown set-ups with a mistake in them: in a simulated Braze, at a real door, and at servers that are none.

mod at_the_door;
mod in_braze;
mod the_program;

use std::sync::Arc;

use ::doctor::{Door, Report, Setup, Workspace as Theirs, examine};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use sandbox::{Options, Sandbox};
use serde_json::Value;
use simulated_braze::{Profile, SimulatedBraze, Workspace};
use tokio::net::TcpListener;

const KEY: &str = "a-braze-key";
const TOKEN: &str = "sandbox";

/// A right set-up: a real door, and a simulated Braze of its own.
struct Ground {
    door: Arc<Sandbox>,
    braze: Arc<SimulatedBraze>,
    rest: String,
}

/// What a test puts over the details of a campaign that simulated Braze tells: its id, and what is merged in.
type Edit = Option<(&'static str, Value)>;

impl Ground {
    /// With `seed` done to the workspace, and `edit` to what its details say.
    async fn with(seed: impl FnOnce(&mut Workspace), edit: Edit) -> Self {
        Self::before(&door().await, seed, edit).await
    }

    /// The same before a door that stands already.
    async fn before(door: &Arc<Sandbox>, seed: impl FnOnce(&mut Workspace), edit: Edit) -> Self {
        let mut workspace = Workspace::recommended(&format!("{}/inbound", door.url()), TOKEN, "replies", KEY);
        workspace.profiles.push(Profile::customer("42"));
        seed(&mut workspace);
        let braze = SimulatedBraze::new(workspace);
        let router = Arc::clone(&braze).router().layer(middleware::from_fn_with_state(Arc::new(edit), edited));
        Self { door: Arc::clone(door), braze, rest: listen(router).await }
    }

    fn setup(&self) -> Setup {
        let workspace = Theirs {
            endpoint: self.rest.clone(),
            key: KEY.into(),
            details_key: None,
            reply_campaign: "replies".to_owned(),
            further_campaigns: Vec::new(),
            inbound_campaign: Some("inbound".to_owned()),
            writes_profiles: true,
            other_clusters: Vec::new(),
        };
        let door = Door { url: format!("{}/inbound", self.door.url()), token: TOKEN.into() };
        Setup {
            door: Some(door),
            workspace: Some(workspace),
            routes: Some(vec!["returns".to_owned()]),
            ..Setup::default()
        }
    }

    /// What is found once `change` is done to what the doctor is told.
    async fn found(&self, change: impl FnOnce(&mut Setup)) -> Vec<&'static str> {
        let mut setup = self.setup();
        change(&mut setup);
        codes(&looked_at(&setup).await)
    }
}

async fn door() -> Arc<Sandbox> {
    Arc::new(Sandbox::start(&Options::default()).await.unwrap())
}

async fn looked_at(setup: &Setup) -> Report {
    examine(setup, &platform::http::client().unwrap(), &|_| ()).await
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.findings().map(|finding| finding.code).collect()
}

async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn edited(State(edit): State<Arc<Edit>>, request: Request, next: Next) -> Response {
    let of = request.uri().query().unwrap_or_default().to_owned();
    let response = next.run(request).await;
    match &*edit {
        Some((campaign, patch)) if of == format!("campaign_id={campaign}") => {
            let (_, body) = response.into_parts();
            let mut details: Value = serde_json::from_slice(&to_bytes(body, 1 << 20).await.unwrap()).unwrap();
            merge(&mut details, patch);
            Response::new(Body::from(details.to_string()))
        }
        _ => response,
    }
}

/// RFC 7396, without taking anything away.
fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(value), Value::Object(patch)) if !patch.is_empty() => {
            for (key, patch) in patch {
                merge(value.entry(key).or_insert(Value::Null), patch);
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}

#[tokio::test]
async fn a_right_set_up_has_no_finding() {
    let ground = Ground::with(|_| (), None).await;
    let report = looked_at(&ground.setup()).await;
    assert!(report.healthy && report.findings().next().is_none(), "{report:?}");
    assert!(report.ask.iter().any(|question| question.question.contains("re-eligibility")));
    // The doctor sent nothing, and left nothing in the queue.
    assert!(ground.braze.phone("user:42").is_empty() && ground.braze.undelivered().is_empty());
    let state: Value =
        reqwest::get(format!("{}/sandbox/state", ground.door.url())).await.unwrap().json().await.unwrap();
    assert_eq!((&state["conversations"], &state["quarantined"]), (&Value::from(Vec::<Value>::new()), &Value::from(0)));
}

#[test]
fn the_body_to_paste_is_the_same_everywhere() {
    let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let readme = spaced(include_str!("../../../../README.md"));
    assert!(readme.contains(&spaced(::doctor::RECOMMENDED_BODY)));
    assert_eq!(::doctor::RECOMMENDED_BODY, simulated_braze::RECOMMENDED_BODY);
}

#[test]
fn every_finding_is_explained_in_the_readme_and_shown_by_a_test() {
    let doctor = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/doctor"));
    let readme = std::fs::read_to_string(doctor.join("README.md")).unwrap();
    let tests = ["check.rs", "doctor/in_braze.rs", "doctor/at_the_door.rs", "../customers.rs", "../liquid.rs"];
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program"));
    let tests = tests.map(|file| std::fs::read_to_string(folder.join(file)).unwrap()).concat();
    // Braze's own hosts cannot be stood in for here; the rules' own tests show it.
    let shown = |code: &str| code == "unknown_cluster" || tests.contains(&format!("\"{code}\""));
    let sources =
        ["src", "src/body", "src/examine"].iter().flat_map(|folder| std::fs::read_dir(doctor.join(folder)).unwrap());
    let sources = sources.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some());
    let text: String = sources.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let made = text.split("Finding::error(").chain(text.split("Finding::warning(")).skip(1);
    let codes = made.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next());
    let codes: std::collections::BTreeSet<_> = codes.collect();
    assert!(codes.len() > 60, "{codes:?}");
    for code in codes {
        assert!(readme.contains(&format!("`{code}`")), "the README has no {code}");
        assert!(shown(code), "no test shows {code}");
    }
}
