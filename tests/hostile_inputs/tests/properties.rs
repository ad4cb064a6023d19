//! What holds for every text, name, id, token, path and body of the hostile kinds, through the real door.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken world shall end the test")]

use std::cell::LazyCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hostile_inputs::{Arrival, Door, Mode, PIECES, Templates, Visit, Webhook, other_readings};
use http::{HeaderValue, Method, header};
use models::QueueMessage;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

struct World {
    runtime: tokio::runtime::Runtime,
    door: Door,
    templates: Templates,
}

thread_local! {
    static WORLD: LazyCell<World> = LazyCell::new(|| World {
        runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap(),
        door: Door::default(),
        templates: Templates::default(),
    });
}

fn visit(visit: &Visit, body: &[u8]) -> Arrival {
    WORLD.with(|world| world.runtime.block_on(world.door.visit(visit, body)))
}

fn render(webhook: &Webhook, mode: Mode) -> String {
    WORLD.with(|world| world.templates.render(webhook, mode))
}

/// What was queued: the conversation and the text; `None` if the body was parked instead, whole.
fn read(body: &[u8]) -> Option<(String, String)> {
    let arrival = visit(&Visit::webhook(), body);
    assert_eq!(arrival.answer.status, 202);
    let parked = arrival.parked.iter().flat_map(|part| {
        let part: Value = serde_json::from_str(part).unwrap();
        STANDARD.decode(part["body_base64"].as_str().unwrap()).unwrap()
    });
    match &arrival.queued[..] {
        [] => {
            assert_eq!(parked.collect::<Vec<_>>(), body);
            assert!(!arrival.parked.is_empty(), "neither queued nor parked");
            None
        }
        [queued] => {
            assert!(arrival.parked.is_empty());
            assert!(queued.is_ascii());
            let message = QueueMessage::from_json(queued).unwrap().inbound().unwrap();
            Some((message.identity.conversation().as_str().to_owned(), message.text.into_string()))
        }
        _ => panic!("queued twice"),
    }
}

fn webhook(message: String) -> Webhook {
    Webhook {
        dispatch_id: "dispatch-1".to_owned(),
        sent_at: "1700000000".to_owned(),
        user_id: "42".to_owned(),
        braze_id: "braze-42".to_owned(),
        phone_number: "+4915112345678".to_owned(),
        language: "en".to_owned(),
        profile_name: "Ada".to_owned(),
        media_urls: String::new(),
        message,
    }
}

/// Pieces that upset parsers, alone and together, and now and then anything else.
fn hostile(pieces: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => select(&PIECES[..]).prop_map(str::to_owned),
        2 => any::<char>().prop_map(String::from),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..pieces).prop_map(|pieces| pieces.concat())
}

/// Texts of few signs, the ones that frames and JSON are made of: nearly every short sequence of them comes up.
fn structural() -> impl Strategy<Value = String> {
    let signs =
        vec!["\"", "\\", "{", "}", "[", "]", ":", ",", " ", "\n", "\r\n", "\t", "user_id", "message", "1", "u0022"];
    prop::collection::vec(select(signs), 0..12).prop_map(|signs| signs.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_changes_and_none_moves_anybody(text in prop_oneof![hostile(12), structural(), any::<String>()]) {
        for mode in [Mode::Frame, Mode::Escaped, Mode::HalfEscaped] {
            let body = render(&webhook(text.clone()), mode);
            prop_assert_eq!(read(body.as_bytes()), Some(("user:42".to_owned(), text.clone())), "{:?}", mode);
        }
    }

    #[test]
    fn whatever_json_escape_does_a_text_moves_nobody(text in prop_oneof![hostile(12), structural(), any::<String>()]) {
        let body = render(&webhook(text.clone()), Mode::Unescaped);
        let (user, read) = read(body.as_bytes()).expect("it is read");
        prop_assert_eq!(user, "user:42");
        prop_assert!(read == text || other_readings(&body, &text).contains(&read), "{:?}", read);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_name_of_a_profile_moves_its_owner(
        name in hostile(8),
        media in hostile(4),
        language in prop_oneof![3 => Just("en".to_owned()), 1 => hostile(4)],
    ) {
        for mode in [Mode::Escaped, Mode::HalfEscaped, Mode::Unescaped] {
            let spoken = Webhook {
                profile_name: name.clone(),
                media_urls: media.clone(),
                language: language.clone(),
                ..webhook("hi".to_owned())
            };
            let read = read(render(&spoken, mode).as_bytes());
            prop_assert!(read.is_none_or(|(user, _)| user == "user:42"), "{:?}", mode);
        }
        let spoken = Webhook { profile_name: name, media_urls: media, ..webhook("hi".to_owned()) };
        prop_assert_eq!(read(render(&spoken, Mode::Escaped).as_bytes()), Some(("user:42".to_owned(), "hi".to_owned())));
    }

    #[test]
    fn an_odd_id_arrives_as_it_is_or_is_parked(
        id in hostile(5).prop_filter("an empty one is nobody's", |id| !id.is_empty()),
        text in hostile(5),
    ) {
        let spoken = Webhook { user_id: id.clone(), ..webhook(text.clone()) };
        let itself = (format!("user:{id}"), text);
        for mode in [Mode::Frame, Mode::Escaped] {
            // The README says of the documented template that ids must not hold a quotation mark.
            if mode == Mode::Escaped || !id.contains('"') {
                let read = read(render(&spoken, mode).as_bytes());
                prop_assert!(read.is_none_or(|read| read == itself), "{:?}", mode);
            }
        }
    }

    #[test]
    fn an_odd_phone_is_parked_and_moves_nobody(phone in hostile(5), text in hostile(5)) {
        prop_assume!(!phone.contains('"') && !phone.chars().all(|c| c.is_ascii_digit()));
        let spoken = Webhook { phone_number: phone, ..webhook(text) };
        for mode in [Mode::Frame, Mode::Escaped] {
            prop_assert_eq!(read(render(&spoken, mode).as_bytes()), None, "{:?}", mode);
        }
    }

    #[test]
    fn every_authentic_body_is_queued_or_parked_whole(
        text in hostile(6),
        mode in select(&Mode::ALL[..]),
        place in any::<prop::sample::Index>(),
        put in prop::collection::vec(any::<u8>(), 0..4),
        taken in 0_usize..4,
    ) {
        let mut body = render(&webhook(text), mode).into_bytes();
        let from = place.index(body.len());
        let to = (from + taken).min(body.len());
        body.splice(from..to, put);
        // `read` has the assertions.
        let _ = read(&body);
    }

    #[test]
    fn any_bytes_are_queued_or_parked_whole(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for start in [&b""[..], b"{\"user_id\": \"", b"{\"v\": 1, ", b"{\"v\": 1, \"user_id\": \"42\", \"message\": \""] {
            let _ = read(&[start, &bytes].concat());
        }
    }

    #[test]
    fn only_the_right_token_opens(
        token in prop_oneof![
            "[ -~]{0,40}",
            Just("right-webhook-token".to_owned()),
            Just("older-webhook-token".to_owned()),
            "(right|older)-(webhook|agent)-token[ ,]?",
            "[Rr]ight-webhook-token?n?",
        ],
        scheme in prop_oneof![4 => Just("Bearer "), 1 => select(vec!["bearer ", "BEARER ", "Bearer", "Basic ", "Bearer  ", ""])],
    ) {
        let mut call = Visit::webhook();
        let value = HeaderValue::from_str(&format!("{scheme}{token}")).unwrap();
        call.headers.insert(header::AUTHORIZATION, value);
        let arrival = visit(&call, render(&webhook("hi".to_owned()), Mode::Frame).as_bytes());
        let is_right = ["right-webhook-token", "older-webhook-token"].contains(&token.as_str());
        let opens = is_right && scheme.eq_ignore_ascii_case("bearer ");
        prop_assert_eq!(arrival.answer.status.as_u16(), if opens { 202 } else { 401 });
        prop_assert_eq!(arrival.queued.len(), usize::from(opens));
    }

    #[test]
    fn only_the_paths_of_the_contract_exist(
        path in prop_oneof![
            "/(inbound|health|conversations)?(/[a-zA-Z0-9_.%/-]{0,70})?",
            "/inbound/[a-zA-Z0-9_-]{1,70}",
            "/conversations/(messages|takeover|release|erase)/?",
            any::<String>(),
        ],
        method in select(vec![Method::POST, Method::GET, Method::PUT, Method::HEAD]),
    ) {
        let call = Visit { method: method.clone(), path: path.clone(), ..Visit::webhook() };
        let arrival = visit(&call, render(&webhook("hi".to_owned()), Mode::Frame).as_bytes());
        let name = path.strip_prefix("/inbound/").unwrap_or("?");
        let is_route = name.len() <= 64 && !name.is_empty();
        let is_route = is_route && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let actions = ["messages", "takeover", "release", "erase"].map(|action| format!("/conversations/{action}"));
        let expected = match (path.as_str(), method) {
            ("/health", Method::GET) => 200,
            ("/health", _) => 405,
            (inbound, method) if inbound == "/inbound" || is_route => if method == Method::POST { 202 } else { 405 },
            // The webhook's token does not open these.
            (action, method) if actions.contains(&action.to_owned()) => if method == Method::POST { 401 } else { 405 },
            _ => 404,
        };
        prop_assert_eq!(arrival.answer.status.as_u16(), expected, "{}", path);
    }
}
