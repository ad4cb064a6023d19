use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::anthropic::response::heard;
use crate::streamed::tests::{is_the_same_however_it_is_cut, streamed};
use crate::tools::Calls;
use crate::{Answer, Deed, Tools, Usage};

const MALFORMED: AiError = AiError::Unusable("a part of it is not JSON");

fn fold() -> Box<dyn Fold> {
    Box::<Message>::default()
}

/// Events with their names, as Anthropic sends them.
fn wire(events: &[Value]) -> String {
    let event = |data: &Value| {
        ["event: ", data["type"].as_str().unwrap_or("x"), "\ndata: ", &data.to_string(), "\n\n"].concat()
    };
    events.iter().map(event).collect()
}

fn start() -> Value {
    let usage = json!({"input_tokens": 2, "cache_read_input_tokens": 10, "output_tokens": 1});
    json!({"type": "message_start", "message": {"id": "m", "type": "message", "content": [], "usage": usage}})
}

fn block(index: u64, block: &Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u64, kind: &str, field: &str, more: &str) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": {"type": kind, field: more}})
}

fn says(index: u64, text: &str) -> Value {
    delta(index, "text_delta", "text", text)
}

fn end(stop_reason: &str) -> [Value; 2] {
    let delta = json!({"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": {"output_tokens": 3}});
    [delta, json!({"type": "message_stop"})]
}

fn answer(wire: &str) -> (Result<Answer, AiError>, String) {
    let (body, told) = streamed(fold(), &[wire.as_bytes()]);
    let tools = Tools { hand_off: true, ..Tools::default() };
    let read = |body: Vec<u8>| {
        let mut calls = Calls::new(&tools);
        let heard = heard(&body, &mut calls)?;
        calls.answer(heard.text, heard.usage)
    };
    (body.and_then(read), told)
}

fn text(index: u64) -> Value {
    block(index, &json!({"type": "text", "text": ""}))
}

#[test]
fn parts_come_together_to_the_answer_and_all_paragraphs_but_the_last_are_told() {
    let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
    let thinking = block(0, &json!({"type": "thinking", "thinking": "", "signature": ""}));
    let thoughts = [
        thinking,
        delta(0, "thinking_delta", "thinking", "Hm.\n\nHm, hm, hm, hm."),
        delta(0, "signature_delta", "signature", "s"),
        stop(0),
    ];
    let words = [
        text(1),
        json!({"type": "ping"}),
        says(1, "One.\n"),
        says(1, "\nTwo, and"),
        stop(1),
        text(2),
        says(2, " more."),
        stop(2),
    ];
    let new = [json!({"type": "of another time"}), json!({"no": "type"}), delta(2, "of another time", "x", "y")];
    let events = [&[start()][..], &thoughts, &words, &new, &end("end_turn")].concat();
    let usage = Some(Usage { input_tokens: 12, output_tokens: 3 });
    let said = Answer::Said { text: Some("One.\n\nTwo, and more.".into()), deeds: vec![], rejected: 0, usage };
    assert_eq!(answer(&wire(&events)), (Ok(said), "One.\n\n".to_owned()));
    is_the_same_however_it_is_cut(fold, wire(&events).as_bytes());
}

#[test]
fn thoughts_and_their_signature_come_together_for_a_next_round() {
    let events = [
        block(0, &json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, "thinking_delta", "thinking", "H"),
        delta(0, "thinking_delta", "thinking", "m."),
        delta(0, "signature_delta", "signature", "s"),
        block(1, &json!({"type": "tool_use", "id": "t", "name": "x", "input": {}})),
    ];
    let body = streamed(fold(), &[wire(&[&events[..], &end("tool_use")].concat()).as_bytes()]).0.unwrap();
    let content = serde_json::from_slice::<Value>(&body).unwrap()["content"].take();
    let call = json!({"type": "tool_use", "id": "t", "name": "x", "input": {}});
    assert_eq!(content, json!([{"type": "thinking", "thinking": "Hm.", "signature": "s"}, call]));
}

#[test]
fn a_call_is_read_whole_and_nothing_is_told_after_it_has_begun() {
    let call = || block(1, &json!({"type": "tool_use", "id": "t", "name": "hand_off", "input": {}}));
    let input = |more: &str| delta(1, "input_json_delta", "partial_json", more);
    let hand_off = |summary: &str| vec![Deed::HandOff { summary: summary.into() }];
    for (parts, deeds, rejected, stop_reason) in [
        (vec![call(), input(""), input("{\"summary\": \"H"), input("m.\"}")], hand_off("Hm."), 0, "tool_use"),
        (vec![call()], hand_off(""), 0, "tool_use"),
        (vec![call(), input("{\"summary\": \"H")], vec![], 1, "tool_use"),
        // It may be half a call.
        (vec![call(), input("{}")], vec![], 1, "max_tokens"),
    ] {
        let words = [text(0), says(0, "One.\n\nTwo, and more.\n\n")];
        let events = [&words[..], &parts, &end(stop_reason)].concat();
        let all = Some("One.\n\nTwo, and more.\n\n".into());
        let said = Answer::Said { text: all, deeds, rejected, usage: None };
        let said = match said {
            Answer::Said { text, deeds, rejected, .. } => (text, deeds, rejected),
            _ => unreachable!(),
        };
        let (found, told) = answer(&wire(&events));
        let Ok(Answer::Said { text, deeds, rejected, .. }) = found else { panic!("{found:?}") };
        assert_eq!(((text, deeds, rejected), told.as_str()), (said, "One.\n\n"), "{parts:?}");
    }
    let late =
        [
            &[
                text(0),
                says(0, "One."),
                call(),
                input("{}"),
                text(2),
                says(2, "\n\nTwo, and more.\n\nThree, and more."),
            ][..],
            &end("tool_use"),
        ]
        .concat();
    assert_eq!(answer(&wire(&late)).1, "");
}

#[test]
fn an_answer_whose_reason_to_end_has_come_is_whole_without_the_last_event() {
    let wire = wire(&[&[start(), text(0), says(0, "One.\n\nTwo, and more.")][..], &end("end_turn")[..1]].concat());
    let (found, _) = answer(&wire);
    assert!(matches!(&found, Ok(Answer::Said { text: Some(_), .. })), "{found:?}");
}

#[test]
fn what_does_not_come_to_its_end_is_no_answer_and_what_was_told_stands() {
    let begun = wire(&[start(), text(0), says(0, "One.\n\nTwo, and more.")]);
    let error = |kind: &str| wire(&[json!({"type": "error", "error": {"type": kind, "message": "Overloaded"}})]);
    for (last, expected) in [
        (String::new(), BROKE_OFF),
        (error("overloaded_error"), BROKE_OFF),
        (error("api_error"), BROKE_OFF),
        ("data: {\"type\": \"content_block_de\n\n".to_owned(), MALFORMED),
        ("data: <html>\n\n".to_owned(), MALFORMED),
        (wire(&[says(7, "of no block")]), MISFIT),
        (wire(&[json!({"type": "content_block_start", "index": 1})]), MISFIT),
        (wire(&end("refusal")), AiError::Unusable("the model refused to answer")),
    ] {
        assert_eq!(answer(&(begun.clone() + &last)), (Err(expected), "One.\n\n".to_owned()), "{last}");
    }
}

proptest! {
    #[test]
    fn no_event_makes_it_panic(parts in vec(prop_oneof![
        Just("{"), Just("}"), Just("["), Just("]"), Just(":"), Just(","), Just("\"type\""), Just("\"index\""), Just("\"delta\""),
        Just("\"content_block\""), Just("\"content_block_start\""), Just("\"content_block_delta\""), Just("\"text_delta\""),
        Just("\"message_delta\""), Just("\"message_start\""), Just("\"usage\""), Just("null"), Just("0"), Just("\"text\""),
    ], 0..24)) {
        let _ = answer(&format!("data: {}\n\n{}", parts.concat(), wire(&end("end_turn"))));
    }
}

#[test]
fn values_of_another_shape_than_they_should_have_are_passed_over() {
    for odd in [
        json!([]),
        json!(7),
        json!({"type": 7}),
        json!({"type": "message_start", "message": "x"}),
        json!({"type": "message_delta", "delta": "x", "usage": 7}),
        json!({"type": "content_block_delta", "index": 0, "delta": "x"}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 7}}),
    ] {
        let events = [&[text(0), says(0, "One."), odd.clone()][..], &end("end_turn")].concat();
        let Ok(Answer::Said { text, .. }) = answer(&wire(&events)).0 else { panic!("{odd}") };
        assert_eq!(text, Some("One.".into()), "{odd}");
    }
}
