use std::cell::Cell;

use models::assistant::Assistant;
use platform::clock::SystemClock;
use platform::metrics::Uncounted;
use platform::secrets::FixedKey;

use super::*;

const THREE: &str = "[backends.a]\nkind = \"openai\"\nbase_url = \"https://a.example/v1\"\nmodel = \"m\"\n\
                     [backends.b]\nkind = \"anthropic\"\nbase_url = \"https://b.example\"\nmodel = \"m\"\nkey = \"k\"\n\
                     [backends.c]\nkind = \"webhook\"\nbase_url = \"https://c.example/hook\"\nkey = \"k\"\n";

fn files(toml: &str) -> AssistantFiles {
    let assistant = Assistant::from_toml(toml).unwrap();
    AssistantFiles { assistant, knowledge: vec![], route_knowledge: BTreeMap::new() }
}

fn chosen(base_url: &str) -> AiSettings {
    let (speaks, base_url) = (Speaks::OpenAi("m".to_owned()), base_url.to_owned());
    AiSettings::Backend(Backend { place: Place::Server { speaks, base_url, key: None }, deadline: None, images: false })
}

fn bedrock(region: Option<&str>) -> AiSettings {
    let place = Place::Bedrock { model: "m".to_owned(), region: region.map(str::to_owned) };
    AiSettings::Backend(Backend { place, deadline: None, images: false })
}

fn with<T>(key: bool, window: &dyn Fn(Arc<dyn Ai>) -> Arc<dyn Ai>, then: impl FnOnce(&Means<'_>) -> T) -> T {
    let key = |_: &str| key.then(|| Arc::new(FixedKey("k".into())) as Arc<dyn Key>);
    let (http, public_http) = (platform::http::client().unwrap(), platform::http::public_client().unwrap());
    let (clock, meter, tool_window) = (Arc::new(SystemClock), Arc::new(Uncounted), &|caller| caller);
    let aws = SdkConfig::builder().build();
    then(&Means { http, public_http, aws: &aws, meter, key: &key, clock, window, tool_window })
}

fn failure(settings: &AiSettings, toml: &str, key: bool) -> Option<String> {
    let outcome = with(key, &|ai| ai, |means| Backends::new(settings, &files(toml), means));
    outcome.err().map(|error| error.to_string())
}

/// What is asked before the knowledge where `backend` comes first, the one of the environment as `-`.
fn order(settings: &AiSettings, toml: &str, backend: Option<&str>) -> String {
    let rungs = with(true, &|ai| ai, |means| Rungs::new(settings, &files(toml), means).unwrap());
    let mut names: Vec<_> = rungs.named.iter().map(|(name, rung)| (name.as_str(), rung)).collect();
    names.extend(rungs.chosen.as_ref().map(|rung| ("-", rung)));
    let name =
        |rung: &Arc<Rung>| names.iter().find(|(_, known)| Arc::ptr_eq(known, rung)).map_or("?", |(name, _)| name);
    rungs.above_the_knowledge(backend).iter().map(name).collect()
}

#[test]
fn a_route_puts_its_backend_in_the_place_of_the_first_and_the_rest_is_as_everywhere() {
    let toml = format!("ladder = [\"b\", \"a\"]\n{THREE}[routes.r]\nbackend = \"c\"\n[routes.s]\nbackend = \"a\"");
    for (settings, backend, expected) in [
        (chosen("https://x.example"), None, "-ba"),
        (chosen("https://x.example"), Some("c"), "cba"),
        (chosen("https://x.example"), Some("a"), "ab"),
        (AiSettings::Knowledge, None, ""),
        (AiSettings::Knowledge, Some("c"), "cba"),
    ] {
        assert_eq!(order(&settings, &toml, backend), expected, "{backend:?}");
    }
}

#[test]
fn the_window_is_around_what_is_asked_first_and_nothing_else() {
    let ladder = format!("ladder = [\"a\", \"b\", \"c\"]\n{THREE}");
    let route =
        format!("ladder = [\"a\", \"b\"]\n{THREE}[routes.r]\nbackend = \"c\"\n[routes.k]\nknowledge_only = true");
    for (settings, toml, expected) in [
        (AiSettings::Knowledge, "", 1),
        (chosen("https://x.example"), "", 1),
        (chosen("https://x.example"), &ladder, 1),
        // The first, the route's, and the knowledge where it is alone.
        (chosen("https://x.example"), &route, 3),
    ] {
        let windows = Cell::new(0);
        let window = |ai| {
            windows.set(windows.get() + 1);
            ai
        };
        assert!(with(true, &window, |means| Backends::new(&settings, &files(toml), means)).is_ok());
        assert_eq!(windows.get(), expected, "{toml}");
    }
}

#[test]
fn pictures_are_fetched_where_a_model_sees_them_and_voices_where_somebody_listens() {
    let voice = "[media.voice]\nbase_url = \"https://v.example/v1\"\nmodel = \"m\"";
    let seeing = |at: &str| THREE.replace(&format!("[backends.{at}]\n"), &format!("[backends.{at}]\nimages = true\n"));
    let ladder = |of: &str| format!("ladder = [\"a\", \"b\", \"c\"]\n{of}");
    let x = || chosen("https://x.example");
    for (settings, toml, sees, opens) in [
        (x(), ladder(THREE), false, false),
        (x(), format!("{}[media]\nimages = true", ladder(THREE)), true, true),
        (x(), ladder(&seeing("b")), true, true),
        (bedrock(Some("eu-west-3")), "[media]\nimages = true".to_owned(), true, true),
        (AiSettings::Knowledge, "[media]\nimages = true".to_owned(), false, false),
        (AiSettings::Knowledge, voice.to_owned(), false, true),
        (x(), format!("ladder = [\"b\", \"c\"]\n{}[routes.r]\nbackend = \"a\"", seeing("a")), false, true),
    ] {
        let backends = with(true, &|ai| ai, |means| Backends::new(&settings, &files(&toml), means)).unwrap();
        assert_eq!((backends.ladder.sees(), backends.media.is_some()), (sees, opens), "{toml}");
        assert!(backends.routes.values().all(|ai| ai.sees()), "{toml}");
    }
}

#[test]
fn what_cannot_be_set_up_is_named_by_its_setting_and_never_shown() {
    let ladder = format!("ladder = [\"a\", \"b\", \"c\"]\n{THREE}");
    let tool =
        |host: &str| format!("[tools.order]\ndescribe = \"x\"\nurl = \"https://{host}/orders\"\nkey = \"shop_key\"\n");
    let voice = |url: &str, rest: &str| format!("[media.voice]\nbase_url = \"{url}\"\nmodel = \"m\"\n{rest}");
    let nova = "ladder = [\"nova\"]\n[backends.nova]\nkind = \"bedrock\"\nmodel = \"m\"".to_owned();
    let with_password = ladder.replace("https://b.example", "https://me:hush@b.example");
    for (settings, toml, key, expected) in [
        (chosen("https://x.example"), &ladder, true, None),
        (chosen("https://me:hush@x.example"), &ladder, true, Some("`AI_BASE_URL`")),
        (chosen("https://x.example"), &with_password, true, Some("`backends.b.base_url`")),
        (chosen("https://x.example"), &ladder, false, Some("`backends.c.base_url` is signed")),
        (AiSettings::Knowledge, &ladder, true, Some("`ladder` is never asked")),
        (AiSettings::Knowledge, &tool("shop.example"), true, None),
        (AiSettings::Knowledge, &tool("shop.example"), false, Some("`tools.order.key` names a key that is not there")),
        (AiSettings::Knowledge, &tool("169.254.169.254"), true, Some("`tools.order.url` is no public address")),
        (AiSettings::Knowledge, &tool("1.2.3.4.5"), true, Some("`tools.order.url` is no address")),
        (AiSettings::Knowledge, &voice("https://x.example", ""), false, None),
        (AiSettings::Knowledge, &voice("https://x.example", "key = \"voice_key\""), true, None),
        (AiSettings::Knowledge, &voice("https://x.example", "key = \"voice_key\""), false, Some("`media.voice.key`")),
        (AiSettings::Knowledge, &voice("https://me:hush@x.example", ""), true, Some("`media.voice.base_url`")),
        (bedrock(None), &ladder, true, Some("`AI_BACKEND`: there is no region")),
        (bedrock(Some("eu-west-3")), &ladder, true, None),
        (chosen("https://x.example"), &nova, true, Some("`backends.nova.kind`: there is no region")),
    ] {
        let failure = failure(&settings, toml, key);
        assert_eq!(failure.is_some(), expected.is_some(), "{failure:?}");
        let failure = failure.unwrap_or_default();
        assert!(failure.starts_with(expected.unwrap_or_default()) && !failure.contains("hush"), "{failure}");
    }
}
