use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::openai::response::heard;
use crate::streamed::tests::{is_the_same_however_it_is_cut, streamed};
use crate::tools::Calls;
use crate::{Answer, Deed, Tools, Usage};

const MALFORMED: AiError = AiError::Unusable("a part of it is not JSON");

fn fold() -> Box<dyn Fold> {
    Box::<Completion>::default()
}

fn wire(events: &[&str]) -> String {
    events.iter().map(|data| ["data: ", data, "\n\n"].concat()).collect()
}

fn says(text: &str) -> String {
    json!({"id": "c1", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}).to_string()
}

/// The answer in these events where everything is offered, and what was told before it was there.
fn answer(events: &[&str]) -> (Result<Answer, AiError>, String) {
    let (body, told) = streamed(fold(), &[wire(events).as_bytes()]);
    let tools = Tools { hand_off: true, flows: vec![("book".to_owned(), "always".to_owned())], ..Tools::default() };
    let read = |body: Vec<u8>| {
        let mut calls = Calls::new(&tools);
        let heard = heard(&body, &mut calls)?;
        calls.answer(heard.text, heard.usage)
    };
    (body.and_then(read), told)
}

const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const COST: &str = r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#;
const ROLE: &str =
    r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#;

#[test]
fn parts_come_together_to_the_answer_and_all_paragraphs_but_the_last_are_told() {
    let (one, two) = (says("One.\n"), says("\nTwo, and more 🦊."));
    let in_pieces =
        r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"Hello"}]}}]}"#;
    let other_choice = r#"{"choices":[{"index":1,"delta":{"content":"No."}},{"index":0,"delta":{"content":"Yes."}}]}"#;
    let usage = Some(Usage { input_tokens: 12, output_tokens: 3 });
    for (events, text, cost, told) in [
        (&[ROLE, &one, &two, STOP, COST, DONE][..], "One.\n\nTwo, and more 🦊.", usage, "One.\n\n"),
        // Some never say that they are done, some not why, and some nothing of the cost.
        (&[&one, &two, STOP], "One.\n\nTwo, and more 🦊.", None, "One.\n\n"),
        (&[&one, &two, DONE], "One.\n\nTwo, and more 🦊.", None, "One.\n\n"),
        (&[in_pieces, STOP, DONE], "Hello", None, ""),
        (&[other_choice, DONE], "Yes.", None, ""),
        (
            &["{}", "{\"choices\":null}", "{\"choices\":[7,null,{}]}", &one, &two, DONE],
            "One.\n\nTwo, and more 🦊.",
            None,
            "One.\n\n",
        ),
    ] {
        let said = Answer::Said { text: Some(text.into()), deeds: vec![], rejected: 0, usage: cost };
        assert_eq!(answer(events), (Ok(said), told.to_owned()), "{events:?}");
        is_the_same_however_it_is_cut(fold, wire(events).as_bytes());
    }
}

#[test]
fn a_call_is_read_whole_however_servers_number_its_parts_and_nothing_is_told_beside_it() {
    let call = |calls: Value| json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}).to_string();
    let begins = |index: Value, id: Value, name: &str, arguments: Value| {
        call(
            json!([{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]),
        )
    };
    let goes_on = |index: Value, more: &str| call(json!([{"index": index, "function": {"arguments": more}}]));
    let none = Value::Null;
    let book = || begins(json!(1), json!("b"), "start_flow", json!(r#"{"flow":"book"}"#));
    for parts in [
        vec![
            begins(json!(0), json!("a"), "hand_off", json!("")),
            goes_on(json!(0), r#"{"summary""#),
            goes_on(json!(0), r#":"Hm."}"#),
            book(),
        ],
        // Not one after the other.
        vec![begins(json!(0), json!("a"), "hand_off", json!("")), book(), goes_on(json!(0), r#"{"summary":"Hm."}"#)],
        // No numbers; and numbers that are all the same.
        vec![
            begins(none.clone(), json!("a"), "hand_off", json!("{\"summary\":")),
            goes_on(none.clone(), "\"Hm.\"}"),
            begins(none.clone(), json!("b"), "start_flow", json!("{\"flow\":\"book\"}")),
        ],
        vec![
            begins(json!(0), json!("a"), "hand_off", json!("{\"summary\":\"Hm.\"}")),
            begins(json!(0), json!("b"), "start_flow", json!("{\"flow\":\"book\"}")),
        ],
        // The id again in every part, a name late, an object for a text.
        vec![
            begins(json!(0), json!("a"), "", none.clone()),
            begins(json!(0), json!("a"), "hand_off", json!({"summary": "Hm."})),
            book(),
        ],
    ] {
        let (text, rest) = (says("One.\n\nTwo, and"), says(" more.\n\nThree, and more."));
        let mut events = vec![text.as_str()];
        events.extend(parts.iter().map(String::as_str));
        events.extend([rest.as_str(), STOP, DONE]);
        let deeds = vec![Deed::HandOff { summary: "Hm.".into() }, Deed::StartFlow("book".to_owned())];
        let text = Some("One.\n\nTwo, and more.\n\nThree, and more.".into());
        assert_eq!(
            answer(&events),
            (Ok(Answer::Said { text, deeds, rejected: 0, usage: None }), String::new()),
            "{parts:?}"
        );
    }
}

#[test]
fn what_does_not_come_to_its_end_is_no_answer_and_what_was_told_stands() {
    let (one, two) = (says("One.\n\n"), says("Two, and more."));
    for (last, expected) in [
        (None, BROKE_OFF),
        (Some(r#"{"error":{"message":"overloaded","type":"server_error"}}"#), BROKE_OFF),
        (Some(r#"{"error":"overloaded"}"#), BROKE_OFF),
        (Some(r#"{"choices":[{"index":0,"delta":{"cont"#), MALFORMED),
        (Some("<html>"), MALFORMED),
        (Some("[]"), MALFORMED),
        (Some("7"), MALFORMED),
    ] {
        let events: Vec<_> = [one.as_str(), &two].into_iter().chain(last).collect();
        assert_eq!(answer(&events), (Err(expected), "One.\n\n".to_owned()), "{last:?}");
    }
    let told_nothing = |events: &[&str]| (answer(events).0, answer(events).1.is_empty());
    assert_eq!(told_nothing(&[ROLE, STOP, DONE]), (Err(AiError::Unusable("its text is blank")), true));
    assert_eq!(told_nothing(&[STOP, DONE]), (Err(AiError::Unusable("it holds no text")), true));
}

#[test]
fn calls_have_an_end_however_many_a_server_makes() {
    let mut fold = Completion::default();
    for index in 0..10_000 {
        let call = json!({"index": index, "id": index.to_string(), "function": {"name": "hand_off"}});
        let event = json!({"choices": [{"delta": {"tool_calls": [call]}}]}).to_string();
        assert_eq!(fold.take(&event), Ok(Part::Call));
    }
    assert_eq!(fold.calls.len(), MOST_CALLS);
}

#[test]
fn an_answer_has_an_end_however_much_a_server_says() {
    let long = says(&"x".repeat(64 * 1024));
    let (body, _) = streamed(fold(), &[wire(&[long.as_str(); 40]).as_bytes(), wire(&[DONE]).as_bytes()]);
    assert_eq!(body, Err(AiError::Unusable("it is larger than 1 MiB")));
    let piece = wire(&[long.as_str(); 16]);
    let pieces: Vec<_> = std::iter::repeat_n(piece.as_bytes(), 20).collect();
    assert_eq!(streamed(fold(), &pieces).0, Err(AiError::Unusable("it is larger than 8 MiB")));
}

proptest! {
    #[test]
    fn no_event_makes_it_panic(parts in vec(prop_oneof![
        Just("{"), Just("}"), Just("["), Just("]"), Just(":"), Just(","), Just("\"choices\""), Just("\"delta\""), Just("\"content\""),
        Just("\"tool_calls\""), Just("\"function\""), Just("\"arguments\""), Just("\"usage\""), Just("null"), Just("7"), Just("\"x\""),
    ], 0..24)) {
        let _ = answer(&[&parts.concat(), STOP, DONE]);
    }
}

#[test]
fn values_of_another_shape_than_they_should_have_are_passed_over() {
    for odd in [
        r#"{"choices":{"delta":{"content":"x"}}}"#,
        r#"{"choices":["x"]}"#,
        r#"{"choices":[{"delta":"x"}]}"#,
        r#"{"choices":[{"delta":{"content":7,"tool_calls":"x"}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":["x",null,7]}}]}"#,
        r#"{"choices":[{"index":"0","delta":null,"finish_reason":7}]}"#,
        r#"{"error":null,"usage":"free"}"#,
    ] {
        let (answer, told) = answer(&[odd, &says("One."), STOP]);
        let text = |answer| if let Ok(Answer::Said { text, .. }) = answer { text } else { None };
        assert_eq!((text(answer), told), (Some("One.".into()), String::new()), "{odd}");
    }
}
