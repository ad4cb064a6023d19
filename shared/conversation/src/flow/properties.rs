//! What holds for every flow that was read, whatever is answered.

use std::time::Duration;

use models::assistant::{Assistant, Next, Target};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

const START: Timestamp = Timestamp::from_seconds(1_000);
/// Each kind of answer: how it is written in the configuration, and a text that fits.
const KINDS: [(&str, &str); 7] = [
    ("expect = \"text\"", "words"),
    ("expect = \"one_of\"\noptions = [\"Yes\", \"No\"]", "no"),
    ("expect = \"number\"", "12,5"),
    ("expect = \"date\"", "4.3.2026"),
    ("expect = \"email\"", "a@b.de"),
    ("expect = \"pattern\"\npattern = \"^[A-Z]{2}[0-9]+$\"", "AB12"),
    ("expect = \"nothing\"", ""),
];

/// A step of `count`, which leads to any of them or to an end.
fn step(index: usize, count: usize) -> impl Strategy<Value = String> {
    let target = move || {
        let ends = ["\"end\"", "\"hand_off\""].map(str::to_owned);
        select((0..count).map(|n| format!("\"s{n}\"")).chain(ends).collect::<Vec<_>>())
    };
    let next = prop_oneof![
        2 => Just(String::new()),
        1 => target().prop_map(|target| format!("next = {target}\n")),
        2 => (target(), target()).prop_map(|(yes, no)| format!("next = {{ Yes = {yes}, No = {no} }}\n")),
    ];
    let otherwise = prop_oneof![
        Just("re_asks = 0\notherwise = \"cancel\"\n".to_owned()),
        target()
            .prop_filter("a target of both", |t| t != "\"end\"")
            .prop_map(|target| format!("otherwise = {target}\n")),
    ];
    (0..KINDS.len(), next, otherwise, any::<bool>()).prop_map(move |(kind, next, otherwise, is_campaign)| {
        let say = if is_campaign { "campaign = \"c\"" } else { "say = \"?\"" };
        // Only a choice can branch.
        let kind = if next.contains('{') { 1 } else { kind };
        let asks = if kind == 6 {
            "event = \"e\"\n".to_owned()
        } else {
            format!("{otherwise}attribute = \"a\"\nevent = \"e\"\n")
        };
        format!("[[flows.f.steps]]\nname = \"s{index}\"\n{say}\n{}\n{next}{asks}", KINDS[kind].0)
    })
}

/// Flows that were read: of those that come up, the ones that hang together.
fn checked() -> impl Strategy<Value = Flows> {
    let steps = (1..=7_usize).prop_flat_map(|count| (0..count).map(|index| step(index, count)).collect::<Vec<_>>());
    steps.prop_filter_map("it does not hang together", |steps| {
        Assistant::from_toml(&steps.concat()).ok().map(|assistant| assistant.flows)
    })
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(KINDS.map(|(_, fits)| fits.to_owned()).to_vec()),
        2 => select(["yes", "1", "2", "", "  ", "1,234", "31.2.2026", "x@y"].map(str::to_owned).to_vec()),
        2 => any::<String>(),
        1 => any::<char>().prop_map(|c| c.to_string().repeat(1_500)),
    ]
}

fn assert_sound(flows: &Flows, progress: &Progress, before: Option<&FlowState>) {
    let flow = flows.get("f").unwrap();
    assert!(progress.says.len() <= flow.steps.len());
    let is_over = matches!(progress.end, Some(End::Completed | End::Cancelled | End::TimedOut | End::Gone));
    assert!(!is_over || progress.state.is_none());
    assert!(
        progress.end.is_some() || progress.state.is_some() && !progress.says.is_empty(),
        "nobody is left without a word"
    );
    assert_ne!(progress.end, Some(End::Gone), "the flow is there");
    if let Some(state) = &progress.state {
        let step = flow.step(&state.step).expect("a step of the flow");
        assert_ne!(step.expect, Expect::Nothing, "it waits at a question");
        assert!((1..=step.re_asks + 1).contains(&state.asked));
        assert!(before.is_none_or(|before| before.since == state.since && before.values.len() <= state.values.len()));
        assert!(state.values.values().all(|value| !value.is_empty() && value.as_str().chars().count() <= 1_000));
    }
    for fact in &progress.facts {
        let (Fact::Attribute { value, .. } | Fact::Event { value: Some(value), .. }) = fact else { continue };
        assert!(value.as_str().chars().count() <= FACT_CHARACTERS);
    }
}

/// Steps from which `step` is this many answers away from an end.
fn distance(flow: &Flow, target: &Target, most: usize) -> usize {
    let Target::Step(name) = target else { return 0 };
    if most == 0 {
        return usize::MAX / 2;
    }
    1 + flow.step(name).unwrap().next.targets().map(|next| distance(flow, next, most - 1)).min().unwrap()
}

/// A text that fits `step` and leads on by the shortest way to an end.
fn fitting(flow: &Flow, step: &Step) -> String {
    if let (Expect::OneOf(options), Next::ByOption(branches)) = (&step.expect, &step.next) {
        return options
            .iter()
            .min_by_key(|option| distance(flow, &branches[option.value()], flow.steps.len()))
            .unwrap()
            .value()
            .to_uppercase();
    }
    KINDS.iter().find(|(_, fits)| answer::read(&step.expect, fits).is_some()).unwrap().1.to_owned()
}

proptest! {
    #[test]
    fn any_answers_end_a_flow_or_leave_it_at_a_question(
        flows in checked(),
        texts in prop::collection::vec((words(), 0..40_u64, 0..30_u8), 0..25),
    ) {
        let mut now = START;
        let mut progress = Flowing { flows: &flows, language: None, now }.start("f").unwrap();
        assert_sound(&flows, &progress, None);
        for (text, minutes, chance) in texts {
            let Some(state) = progress.state else { break };
            now = now + Duration::from_mins(if chance == 0 { 60 } else { minutes });
            let flowing = Flowing { flows: &flows, language: Some("de"), now };
            progress = if chance == 1 { flowing.resume(&state) } else { flowing.advance(&state, &text) };
            assert_sound(&flows, &progress, Some(&state));
        }
    }

    #[test]
    fn answers_that_fit_lead_to_an_end(flows in checked(), wander in prop::collection::vec(any::<Index>(), 0..10)) {
        let (flow, flowing) = (flows.get("f").unwrap(), Flowing { flows: &flows, language: None, now: START });
        let mut progress = flowing.start("f").unwrap();
        let mut wander = wander.into_iter();
        for _ in 0..10 + flow.steps.len() {
            let Some(state) = progress.state else { break };
            let step = flow.step(&state.step).unwrap();
            // First some choices at will, then the way out.
            let text = match (wander.next(), &step.expect) {
                (Some(index), Expect::OneOf(options)) => index.get(options).value().to_owned(),
                _ => fitting(flow, step),
            };
            progress = flowing.advance(&state, &text);
            prop_assert!(progress.state.as_ref().is_none_or(|state| state.asked == 1), "it fitted");
        }
        prop_assert!(matches!(progress.end, Some(End::Completed | End::HandOff)), "{progress:?}");
    }

    #[test]
    fn a_value_stays_what_the_user_typed(text in "\\PC{1,300}") {
        let toml = "[[flows.f.steps]]\nname = \"a\"\nsay = \"?\"\nexpect = \"text\"\n\
                    [[flows.f.steps]]\nname = \"b\"\nsay = \"?\"\nexpect = \"text\"";
        let flows = Assistant::from_toml(toml).unwrap().flows;
        let flowing = Flowing { flows: &flows, language: None, now: START };
        let progress = flowing.advance(&flowing.start("f").unwrap().state.unwrap(), &text);
        let state = progress.state.unwrap();
        match text.trim() {
            "" => prop_assert_eq!(state.step, "a"),
            typed => prop_assert_eq!(state.values["a"].as_str(), typed),
        }
    }

    #[test]
    fn a_number_and_a_date_that_were_read_are_read_as_themselves(text in "[-+]?[0-9]{1,5}[.,/-]?[0-9]{0,3}[.,/-]?[0-9]{0,4}") {
        for expect in [Expect::Number, Expect::Date] {
            let Some(value) = answer::read(&expect, &text) else { continue };
            let digits = |text: &str| text.chars().filter(|c| ('1'..='9').contains(c)).count();
            prop_assert_eq!(digits(value.as_str()), digits(&text), "no digit but zeros comes or goes");
            if expect == Expect::Number {
                prop_assert!(serde_json::from_str::<f64>(value.as_str()).is_ok());
            } else {
                prop_assert_eq!(answer::read(&expect, value.as_str()), Some(value));
            }
        }
    }
}
