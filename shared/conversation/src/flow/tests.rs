use std::time::Duration;

use models::assistant::Assistant;

use super::*;

const SAMPLE: &str = include_str!("../../../models/src/assistant/flows/return.toml");
const START: Timestamp = Timestamp::from_seconds(1_000);
const HOUR: Duration = Duration::from_hours(1);

fn flows() -> Flows {
    Assistant::from_toml(SAMPLE).unwrap().flows
}

fn at(flows: &Flows, now: Timestamp) -> Flowing<'_> {
    Flowing { flows, language: None, now }
}

/// The flow after these answers, given one second apart.
fn after(flows: &Flows, answers: &[&str]) -> Progress {
    let mut progress = at(flows, START).start("return").unwrap();
    let mut now = START;
    for answer in answers {
        now = now + Duration::from_secs(1);
        progress = at(flows, now).advance(&progress.state.unwrap(), answer);
    }
    progress
}

fn step(progress: &Progress) -> &str {
    progress.state.as_ref().map_or("", |state| &state.step)
}

/// What is said, each by its beginning: of texts the first word, of campaigns the id.
fn said(progress: &Progress) -> Vec<&str> {
    fn first_word(saying: &Saying) -> &str {
        match saying {
            Saying::Text { text, .. } => text.split(' ').next().unwrap(),
            Saying::Campaign { id, .. } => id.as_str(),
        }
    }
    progress.says.iter().map(first_word).collect()
}

#[test]
fn only_a_flow_that_exists_starts() {
    let flows = flows();
    assert_eq!(at(&flows, START).start("refund"), None);
    let progress = at(&flows, START).start("return").unwrap();
    assert_eq!((said(&progress), step(&progress), progress.end), (vec!["Which"], "order", None));
    let state = progress.state.unwrap();
    assert_eq!((state.asked, state.since, state.touched), (1, START, START));
}

#[test]
fn the_question_comes_in_the_users_language() {
    let flows = flows();
    let german = Flowing { language: Some("de-AT"), ..at(&flows, START) };
    assert_eq!(said(&german.start("return").unwrap()), ["Um"]);
}

#[test]
fn each_branch_asks_what_it_needs_and_ends() {
    let flows = flows();
    let refund = after(&flows, &["AB12345", "refund"]);
    assert_eq!(step(&refund), "bought");
    let done = after(&flows, &["AB12345", "1", "4.3.2026"]);
    assert_eq!((said(&done), &done.state, done.end), (vec!["Thank"], &None, Some(End::Completed)));
    let exchange = after(&flows, &["AB12345", "2"]);
    assert_eq!(step(&exchange), "size");
    let done = after(&flows, &["AB12345", "2", "42,5"]);
    assert_eq!((said(&done), done.end), (vec!["Thank"], Some(End::Completed)));
}

#[test]
fn a_campaign_gets_all_values_as_trigger_properties_and_options_are_shown() {
    let flows = flows();
    let asked = after(&flows, &["ab12345"]);
    assert!(matches!(&asked.says[..], [Saying::Text { options, .. }] if options == &["Refund", "Exchange"]));
    let triggered = after(&flows, &["ab12345", "EXCHANGE!"]);
    let [Saying::Campaign { properties, .. }] = &triggered.says[..] else { panic!("a campaign") };
    let expected = [("order", "ab12345"), ("reason", "Exchange")];
    assert_eq!(properties, &expected.map(|(name, value)| (name.to_owned(), value.into())).into());
    assert_eq!(properties, &triggered.state.unwrap().values);
}

#[test]
fn braze_is_told_the_value_when_the_step_is_done() {
    let flows = flows();
    let attribute =
        |name: &str, value: &str, is_number| Fact::Attribute { name: name.into(), value: value.into(), is_number };
    assert_eq!(after(&flows, &["AB12345"]).facts, [attribute("last_return_order", "AB12345", false)]);
    let event = Fact::Event { name: "return_requested".to_owned(), value: Some("Refund".into()) };
    assert_eq!(after(&flows, &["AB12345", "1"]).facts, [event]);
    assert_eq!(after(&flows, &["none", "AB12345", "??"]).facts, []);
    let toml = SAMPLE.replace("expect = \"nothing\"", "expect = \"nothing\"\nevent = \"thanked\"");
    let line = after(&Assistant::from_toml(&toml).unwrap().flows, &["AB12345", "2", "42"]);
    assert_eq!(line.facts, [Fact::Event { name: "thanked".to_owned(), value: None }], "a line has no value");
    let number = "[[flows.return.steps]]\nname = \"a\"\nsay = \"?\"\nexpect = \"number\"\nattribute = \"n\"";
    let flows = Assistant::from_toml(number).unwrap().flows;
    assert_eq!(after(&flows, &["7,50"]).facts, [attribute("n", "7.5", true)]);
}

#[test]
fn braze_gets_no_more_of_a_value_than_it_takes() {
    let toml = "[[flows.return.steps]]\nname = \"a\"\nsay = \"?\"\nexpect = \"pattern\"\npattern = \"é+\"\nattribute = \"a\"\nevent = \"e\"\nnext = \"b\"\n\
                [[flows.return.steps]]\nname = \"b\"\nsay = \"?\"\nexpect = \"text\"";
    let flows = Assistant::from_toml(toml).unwrap().flows;
    let progress = after(&flows, &["é".repeat(300).as_str()]);
    let cut: Personal = "é".repeat(255).into();
    assert!(matches!(&progress.facts[..], [Fact::Attribute { value, .. }, Fact::Event { value: Some(also), .. }]
        if *value == cut && *also == cut));
    assert_eq!(progress.state.unwrap().values["a"].as_str().chars().count(), 300, "the flow keeps it");
}

#[test]
fn an_event_says_that_any_words_were_given_and_not_which() {
    let toml = "[[flows.return.steps]]\nname = \"a\"\nsay = \"?\"\nexpect = \"text\"\nattribute = \"a\"\nevent = \"e\"";
    let told = after(&Assistant::from_toml(toml).unwrap().flows, &["My knee hurts"]).facts;
    let attribute = Fact::Attribute { name: "a".to_owned(), value: "My knee hurts".into(), is_number: false };
    assert_eq!(told, [attribute, Fact::Event { name: "e".to_owned(), value: None }]);
}

#[test]
fn an_answer_that_does_not_fit_is_asked_for_again_and_then_not() {
    let flows = flows();
    for (count, asked) in [(1, 2), (2, 3)] {
        let again = after(&flows, &["what?", "where?"][..count]);
        assert_eq!((said(&again), step(&again), again.end), (vec!["That"], "order", None));
        assert_eq!(again.state.unwrap().asked, asked);
    }
    let handed_off = after(&flows, &["what?", "where?", "why?"]);
    assert_eq!((said(&handed_off), step(&handed_off), handed_off.end), (vec![], "order", Some(End::HandOff)));
    let called_off = after(&flows, &["AB12345", "2", "big", "large", "huge"]);
    assert_eq!((called_off.state, called_off.end), (None, Some(End::Cancelled)));
}

#[test]
fn without_a_line_for_it_the_question_is_asked_again() {
    let flows = flows();
    assert_eq!(said(&after(&flows, &["AB12345", "neither"])), ["Would"]);
    let campaign = after(&flows, &["AB12345", "2", "big"]);
    assert!(said(&campaign)[0].starts_with("1111"));
}

#[test]
fn a_step_can_be_left_for_another_one_when_nobody_can_answer_it() {
    let toml = SAMPLE.replace("otherwise = \"cancel\"", "otherwise = \"order\"");
    let flows = Assistant::from_toml(&toml).unwrap().flows;
    let back = after(&flows, &["AB12345", "2", "big", "large", "huge"]);
    assert_eq!((said(&back), step(&back), back.state.as_ref().unwrap().asked), (vec!["Which"], "order", 1));
}

#[test]
fn a_flow_ends_with_a_person_where_it_says_so() {
    let toml = SAMPLE
        .replace("Exchange = \"size\"", "Exchange = \"hand_off\"")
        .replace("next = \"thanks\"", "next = \"size\"");
    let flows = Assistant::from_toml(&toml).unwrap().flows;
    let done = after(&flows, &["AB12345", "2"]);
    assert_eq!((&done.state, done.end, done.facts.len()), (&None, Some(End::HandOff), 1));
}

#[test]
fn an_answer_that_comes_too_late_is_an_ordinary_message() {
    let flows = flows();
    let state = after(&flows, &["AB12345"]).state.unwrap();
    let asked = START + Duration::from_secs(1);
    assert_eq!(state.touched, asked);
    let just_in_time = at(&flows, asked + HOUR - Duration::from_millis(1));
    assert!(just_in_time.waits(&state) && !at(&flows, asked + HOUR).waits(&state));
    let just = just_in_time.advance(&state, "1");
    assert_eq!((step(&just), just.leaves_the_message()), ("bought", false));
    let late = at(&flows, asked + HOUR).advance(&state, "1");
    assert_eq!(late, Progress::end(End::TimedOut));
    assert!(late.leaves_the_message() && !Progress::called_off().leaves_the_message());
}

#[test]
fn after_a_person_the_step_is_asked_as_if_for_the_first_time() {
    let flows = flows();
    let handed_off = after(&flows, &["AB12345", "neither", "none"]);
    assert_eq!(handed_off.end, Some(End::HandOff));
    let state = handed_off.state.unwrap();
    let later = START + Duration::from_mins(15);
    let resumed = at(&flows, later).resume(&state);
    assert_eq!((said(&resumed), resumed.end), (vec!["Would"], None));
    assert_eq!(resumed.state.as_ref().unwrap(), &FlowState { asked: 1, touched: later, ..state.clone() });
    assert_eq!(at(&flows, later + HOUR).resume(&state), Progress::end(End::TimedOut));
}

#[test]
fn what_a_new_deployment_took_away_is_gone_and_what_became_a_line_is_said() {
    let flows = flows();
    let state = after(&flows, &["AB12345"]).state.unwrap();
    for gone in [
        FlowState { flow: "refund".to_owned(), ..state.clone() },
        FlowState { step: "why".to_owned(), ..state.clone() },
    ] {
        let progress = at(&flows, START).advance(&gone, "1");
        assert_eq!(progress, Progress::end(End::Gone));
        assert!(progress.leaves_the_message());
    }
    let line = at(&flows, START).advance(&FlowState { step: "thanks".to_owned(), ..state }, "1");
    assert_eq!((said(&line), line.end), (vec!["Thank"], Some(End::Completed)));
}

#[test]
fn a_state_is_stored_and_read_back_and_shows_nobodys_words() {
    let state = after(&flows(), &["AB12345"]).state.unwrap();
    let stored = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<FlowState>(&stored).unwrap(), state);
    let progress = after(&flows(), &["AB12345", "2"]);
    assert!(!format!("{state:?}{progress:?}").contains("AB12345"));
}

#[test]
fn options_are_shown_in_the_users_language_and_known_by_the_default_one() {
    let flow = "[[flows.f.steps]]\nname = \"wish\"\nsay = \"?\"\nexpect = \"one_of\"\nattribute = \"wish\"\n\
                options = [\"OK\", { en = \"Exchange\", de = \"Umtausch\" }]\nnext = { OK = \"end\", Exchange = \"end\" }";
    let flows = Assistant::from_toml(flow).unwrap().flows;
    let flowing = Flowing { language: Some("de"), ..at(&flows, START) };
    let asked = flowing.start("f").unwrap();
    let Saying::Text { options, .. } = &asked.says[0] else { panic!("{asked:?}") };
    assert_eq!(options, &["OK", "Umtausch"]);
    for answer in ["Umtausch", "exchange", "2"] {
        let answered = flowing.advance(asked.state.as_ref().unwrap(), answer);
        let facts: Vec<_> = answered
            .facts
            .iter()
            .map(|fact| match fact {
                Fact::Attribute { value, .. } => value.as_str(),
                Fact::Event { .. } => "an event",
            })
            .collect();
        assert_eq!((facts, answered.end), (vec!["Exchange"], Some(End::Completed)), "{answer}");
    }
}
