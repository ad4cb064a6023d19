use super::super::Assistant;
use super::*;

const SAMPLE: &str = include_str!("return.toml");

fn flows(toml: &str) -> Result<Flows, Vec<String>> {
    Assistant::from_toml(toml).map(|assistant| assistant.flows).map_err(|bad| bad.told())
}

/// A flow of steps, each given by its lines.
fn flow_of(steps: &[&str]) -> String {
    steps.iter().fold("[flows.f]\n".to_owned(), |toml, step| format!("{toml}[[flows.f.steps]]\n{step}\n"))
}

#[test]
fn a_return_with_a_branch_is_read_whole() {
    let flows = flows(SAMPLE).unwrap();
    let flow = flows.get("return").unwrap();
    assert_eq!((flow.start.len(), flow.timeout), (2, Duration::from_hours(1)));
    let names: Vec<_> = flow.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["order", "reason", "bought", "size", "thanks"]);
    let step = |name| flow.step(name).unwrap();
    let to = |name: &str| Target::Step(name.to_owned());
    assert_eq!(step("order").next, Next::Always(to("reason")), "the step below");
    assert_eq!(step("reason").next.after("Exchange"), &to("size"));
    assert_eq!(step("thanks").next, Next::Always(Target::End), "nothing stands below");
    assert_eq!((step("order").re_asks, step("reason").re_asks), (2, 1));
    assert_eq!((&step("order").otherwise, &step("size").otherwise), (&Otherwise::HandOff, &Otherwise::Cancel));
    assert!(matches!(&step("size").say, Say::Campaign(id) if id.as_str().starts_with("1111")));
}

#[test]
fn a_line_is_said_in_the_users_language_or_in_the_default_one() {
    let toml = "default_language = \"de\"\n".to_owned() + SAMPLE;
    let flows = flows(&toml).unwrap();
    let Say::Text(line) = &flows.get("return").unwrap().steps[0].say else { panic!("a text") };
    assert!(line.text(Some("en-GB")).starts_with("Which"));
    for language in [None, Some("de"), Some("ja")] {
        assert!(line.text(language).starts_with("Um welche"), "{language:?}");
    }
}

#[test]
fn a_loop_that_an_answer_leaves_is_a_flow() {
    let more = "name = \"more\"\nsay = \"More?\"\nexpect = \"one_of\"\noptions = [\"Yes\", \"No\"]\n";
    assert!(flows(&flow_of(&[&format!("{more}next = {{ Yes = \"more\", No = \"end\" }}")])).is_ok());
    assert!(flows(&flow_of(&[&format!("{more}next = {{ Yes = \"more\", No = \"hand_off\" }}")])).is_ok());
}

#[test]
fn a_step_that_only_failed_answers_lead_to_is_reached() {
    let steps = [
        "name = \"a\"\nsay = \"?\"\nexpect = \"number\"\nnext = \"end\"\notherwise = \"b\"",
        "name = \"b\"\nsay = \"Ok\"\nexpect = \"nothing\"",
    ];
    assert!(flows(&flow_of(&steps)).is_ok());
}

/// What a step says and expects, where only the rest is of interest.
const ASK: &str = "say = \"?\"\nexpect = \"text\"";
const CHOOSE: &str = "name = \"a\"\nsay = \"?\"\nexpect = \"one_of\"";

/// The lines of steps, and how the one mistake in them is named.
fn mistaken_steps() -> Vec<(Vec<String>, &'static str)> {
    let one = |step: String, mistake| (vec![step], mistake);
    let a = |more: &str| format!("name = \"a\"\n{ASK}\n{more}");
    let b = |more: &str| format!("name = \"b\"\n{ASK}\n{more}");
    let choose = |more: &str| format!("{CHOOSE}\n{more}");
    let silent = |more: &str| format!("name = \"a\"\nsay = \"?\"\nexpect = \"nothing\"\n{more}");
    vec![
        one(ASK.to_owned(), "`flows.f.steps.1.name` must be 1 to 40"),
        one(format!("name = \"A b\"\n{ASK}"), "`flows.f.steps.1.name` must be 1 to 40"),
        one(format!("name = \"{}\"\n{ASK}", "a".repeat(41)), "`flows.f.steps.1.name` must be 1 to 40"),
        one(format!("name = \"end\"\n{ASK}"), "`flows.f.steps.end.name` must not be one of"),
        one(a("colour = 1"), "`flows.f.steps.a.colour` is no setting"),
        one("name = \"a\"\nexpect = \"text\"".to_owned(), "`flows.f.steps.a.say` or `campaign`"),
        one(a("campaign = \"c\""), "`flows.f.steps.a.say` or `campaign`"),
        one(
            "name = \"a\"\nexpect = \"text\"\ncampaign = \" \"".to_owned(),
            "`flows.f.steps.a.campaign` must be a text",
        ),
        one(
            "name = \"a\"\nexpect = \"text\"\ncampaign = \"my survey\"".to_owned(),
            "`flows.f.steps.a.campaign` is no campaign's id: an id of Braze has 1 to 128",
        ),
        one("name = \"a\"\nexpect = \"text\"\nsay = \"\"".to_owned(), "`flows.f.steps.a.say` must be a text"),
        one(
            "name = \"a\"\nexpect = \"text\"\nsay = { de = \"Ja\" }".to_owned(),
            "`flows.f.steps.a.say` has no text in the default language",
        ),
        one(
            "name = \"a\"\nexpect = \"text\"\nsay = { en = \"y\", de-AT = \"j\" }".to_owned(),
            "`flows.f.steps.a.say.de-AT` is none of the assistant's languages (de, en, es, fr, pt); did you mean `de`?",
        ),
        one(a("re_ask = { en = 7 }"), "`flows.f.steps.a.re_ask.en` must be a text"),
        one("name = \"a\"\nsay = \"?\"".to_owned(), "`flows.f.steps.a.expect` must be text, one_of"),
        one(
            "name = \"a\"\nsay = \"?\"\nexpect = \"words\"".to_owned(),
            "`flows.f.steps.a.expect` must be text, one_of",
        ),
        one(choose(""), "`flows.f.steps.a.options` must be 1 to 10"),
        one(choose("options = []"), "`flows.f.steps.a.options` must be 1 to 10"),
        one(
            choose(&format!("options = [{}]", (0..11).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(","))),
            "`flows.f.steps.a.options` must be 1 to 10",
        ),
        one(
            choose(&format!("options = [\"{}\"]", "x".repeat(25))),
            "`flows.f.steps.a.options.1` must be a text of 1 to 24",
        ),
        one(choose("options = [\"x\", 2]\nnext = { x = \"end\" }"), "`flows.f.steps.a.options.2` must be a text"),
        one(choose("options = [\"x\", { de = \"y\" }]"), "`flows.f.steps.a.options.2` has no text in the default"),
        one(choose("options = [\"Été\", \"ete!\"]"), "`flows.f.steps.a.options` must differ"),
        one(
            choose("options = [\"x\", \"y\"]\nnext = { x = \"end\" }"),
            "`flows.f.steps.a.next` has no branch for the option \"y\"",
        ),
        one(
            choose("options = [\"x\"]\nnext = { x = \"end\", z = \"end\" }"),
            "`flows.f.steps.a.next.z` is none of the step's options",
        ),
        one(choose("options = [\"x\"]\nnext = { x = 7 }"), "`flows.f.steps.a.next.x` must be a step's name"),
        one(
            choose("options = [\"x\"]\nnext = { x = \"y\" }"),
            "`flows.f.steps.a.next` names the step \"y\", which does not exist",
        ),
        one(a("options = [\"x\"]"), "`flows.f.steps.a.options` needs expect = \"one_of\""),
        one(a("pattern = \"x\""), "`flows.f.steps.a.pattern` needs expect = \"pattern\""),
        one("name = \"a\"\nsay = \"?\"\nexpect = \"pattern\"".to_owned(), "`flows.f.steps.a.pattern` is missing"),
        one(
            "name = \"a\"\nsay = \"?\"\nexpect = \"pattern\"\npattern = \"(\"".to_owned(),
            "`flows.f.steps.a.pattern` is no pattern that can be used",
        ),
        one(
            "name = \"a\"\nsay = \"?\"\nexpect = \"pattern\"\npattern = \"(x{90}){90}\"".to_owned(),
            "`flows.f.steps.a.pattern` is no pattern that can be used",
        ),
        one(a("next = { x = \"end\" }"), "`flows.f.steps.a.next` can only branch"),
        one(a("next = 7"), "`flows.f.steps.a.next` must be a step's name"),
        one(a("next = \"b\""), "`flows.f.steps.a.next` names the step \"b\", which does not exist"),
        one(a("otherwise = \"b\""), "`flows.f.steps.a.otherwise` names the step \"b\", which does not exist"),
        one(a("otherwise = 7"), "`flows.f.steps.a.otherwise` must be"),
        one(a("re_asks = 11"), "`flows.f.steps.a.re_asks` must be a whole number"),
        one(silent("re_ask = \"x\""), "`flows.f.steps.a.re_ask` needs a step that expects an answer"),
        one(silent("re_asks = 1"), "`flows.f.steps.a.re_asks` needs a step that expects an answer"),
        one(silent("otherwise = \"cancel\""), "`flows.f.steps.a.otherwise` needs a step that expects an answer"),
        one(silent("attribute = \"x\""), "`flows.f.steps.a.attribute` needs a step that expects an answer"),
        one(silent("next = \"a\""), "`flows.f.steps.a.next` leads into a loop"),
        one(a("next = \"a\""), "`flows.f.steps.a.next` leads into a loop"),
        (vec![a(""), a("")], "`flows.f.steps.a` is the name of two steps"),
        (vec![a("next = \"end\""), b("")], "`flows.f.steps.b` is never reached"),
        (vec![a(""), b("next = \"b\"\notherwise = \"cancel\"")], "`flows.f.steps.a.next` leads into a loop"),
    ]
}

/// Names that Braze does not take, or that are not the brand's to give, and how each mistake begins.
fn mistaken_names() -> Vec<(Vec<String>, &'static str)> {
    let names = [
        ("attribute = \"$a\"", "`flows.f.steps.a.attribute` is no name for a custom attribute: a name has 1 to 255"),
        ("attribute = \"a\\nb\"", "`flows.f.steps.a.attribute` is no name for a custom attribute: a name has 1 to 255"),
        ("attribute = \"{{a}}\"", "`flows.f.steps.a.attribute` is no name for a custom attribute: it holds Liquid"),
        ("attribute = \"email\"", "`flows.f.steps.a.attribute` is no name for a custom attribute: the name means"),
        (
            "attribute = \"external_id\"",
            "`flows.f.steps.a.attribute` is no name for a custom attribute: the name means",
        ),
        (
            "attribute = \"dragoman_owner\"",
            "`flows.f.steps.a.attribute` is no name for a custom attribute: what begins",
        ),
        ("event = \"$a\"", "`flows.f.steps.a.event` is no name for a custom event: a name has 1 to 255"),
        ("event = \"\"", "`flows.f.steps.a.event` must be a text"),
    ];
    names.map(|(more, mistake)| (vec![format!("name = \"a\"\n{ASK}\n{more}")], mistake)).to_vec()
}

#[test]
fn each_mistake_in_a_step_is_named_where_it_is() {
    for (steps, expected) in mistaken_steps().into_iter().chain(mistaken_names()) {
        let toml = flow_of(&steps.iter().map(String::as_str).collect::<Vec<_>>());
        let mistakes = flows(&toml).expect_err(&toml);
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(expected)), "{toml}\n{expected}\n{mistakes:#?}");
        // A step that leads into a loop is named, and so is the loop.
        let is_alone =
            mistakes.len() == 1 || (expected.contains("loop") && mistakes.iter().all(|m| m.contains("loop")));
        assert!(is_alone, "one mistake, one line:\n{toml}\n{mistakes:#?}");
    }
}

#[test]
fn a_branch_that_leads_nowhere_is_told_so_whether_it_is_an_option_or_not() {
    let step = |options: &str| {
        flow_of(&[&format!(
            "name = \"a\"\nsay = \"?\"\nexpect = \"one_of\"\noptions = [{options}]\nnext = {{ X = \"end\", Z = \"nowhere\" }}"
        )])
    };
    assert_eq!(
        flows(&step("\"X\", \"Z\"")).unwrap_err(),
        ["`flows.f.steps.a.next` names the step \"nowhere\", which does not exist"]
    );
    assert_eq!(
        flows(&step("\"X\"")).unwrap_err(),
        [
            "`flows.f.steps.a.next.Z` is none of the step's options",
            "`flows.f.steps.a.next.Z` names the step \"nowhere\", which does not exist"
        ]
    );
}

#[test]
fn a_word_that_a_keyword_list_takes_first_starts_no_flow() {
    let flow = format!("[flows.f]\nstart = [\"send back\", \"STOP\"]\n[[flows.f.steps]]\nname = \"a\"\n{ASK}\n");
    assert_eq!(
        flows(&flow).unwrap_err(),
        ["`flows.f.start` has \"STOP\" (number 2), which `keywords.opt_out` takes first, so it would never lead here"]
    );
    flows(&format!("{flow}[keywords]\nshipped = false")).unwrap();
}

#[test]
fn an_option_that_a_keyword_list_takes_first_is_a_mistake() {
    let flow = |options: &str| flow_of(&[&format!("{CHOOSE}\noptions = [{options}]")]);
    let taken = |word: &str, list: &str| {
        format!(
            "`flows.f.steps.a.options` has \"{word}\" (number 2), which `keywords.{list}` takes first, so it would never \
             be taken for an answer"
        )
    };
    for (word, list) in [
        ("Unsubscribe", "opt_out"),
        ("Désabonnement", "opt_out"),
        ("Baja", "opt_out"),
        ("Parar", "opt_out"),
        ("Abmelden!", "opt_out"),
        ("Human", "hand_off"),
        ("Conseiller", "hand_off"),
        ("Agente", "hand_off"),
        ("Atendente", "hand_off"),
        ("Mitarbeiter", "hand_off"),
        ("Quit", "cancel"),
        ("Annuler", "cancel"),
        ("Salir", "cancel"),
        ("Sair", "cancel"),
        ("Abbrechen", "cancel"),
    ] {
        let toml = flow(&format!("\"Other\", \"{word}\""));
        assert_eq!(flows(&toml).unwrap_err(), [taken(word, list)]);
        flows(&format!("{toml}[keywords]\nshipped = false")).unwrap();
    }
    let own = flow("\"Other\", \"Sale\"") + "[keywords]\nignore = [\"SALE\"]";
    assert_eq!(flows(&own).unwrap_err(), [taken("Sale", "ignore")]);
    // Words that only say more, and those that want back in: nobody in a flow has opted out.
    flows(&flow("\"Cancel my order\", \"Start\", \"Alta\"")).unwrap();
}

#[test]
fn each_mistake_in_a_flow_is_named_where_it_is() {
    let step = format!("[[flows.f.steps]]\nname = \"a\"\n{ASK}\n");
    let many = (0..31).fold(String::new(), |toml, n| toml + &step.replace("\"a\"", &format!("\"s{n}\"")));
    for (toml, expected) in [
        ("[flows.f]".to_owned(), "`flows.f.steps` must be 1 to 30"),
        ("[flows.f]\nsteps = []".to_owned(), "`flows.f.steps` must be 1 to 30"),
        ("[flows.f]\nsteps = 3".to_owned(), "`flows.f.steps` must be tables: [[flows.f.steps]]"),
        (many, "`flows.f.steps` must be 1 to 30"),
        (step.replace("flows.f", "flows.F"), "`flows.F` is no name"),
        (
            format!("[flows.f]\ntimeout_minutes = 0\n{step}"),
            "`flows.f.timeout_minutes` must be a whole number from 1 to 10080",
        ),
        (format!("[flows.f]\nstart = \"x\"\n{step}"), "`flows.f.start` must be a list of texts"),
        (
            format!("[flows.f]\nstart = [\"x\", \"X!\"]\n{step}"),
            "`flows.f.start` has \"X!\" (number 2), which stands in `flows.f.start` (number 1) already",
        ),
        (format!("[flows.f]\ndescribe = 1\n{step}"), "`flows.f.describe` must be a text"),
        (format!("[flows.f]\nstop = 1\n{step}"), "`flows.f.stop` is no setting"),
        ("flows = 1".to_owned(), "`flows` must be a table"),
    ] {
        let mistakes = flows(&toml).expect_err(&toml);
        assert!(mistakes.len() == 1 && mistakes[0].starts_with(expected), "{toml}\n{mistakes:#?}");
    }
    let two =
        format!("[flows.f]\nstart = [\"x\"]\n{step}[flows.g]\nstart = [\"X\"]\n{}", step.replace("flows.f", "flows.g"));
    let told = "`flows.g.start` has \"X\" (number 1), which stands in `flows.f.start` (number 1) already";
    assert!(flows(&two).unwrap_err()[0].starts_with(told));
}

#[test]
fn the_mistakes_of_all_steps_are_named_at_once() {
    let steps: Vec<_> = mistaken_steps().into_iter().take(30).map(|(steps, _)| steps[0].clone()).collect();
    let mistakes = flows(&flow_of(&steps.iter().map(String::as_str).collect::<Vec<_>>())).unwrap_err();
    assert!(mistakes.len() >= steps.len(), "{mistakes:#?}");
}

#[test]
fn a_language_that_nobody_would_ever_be_asked_in_is_a_mistake() {
    let flow = |languages: &str| {
        format!("[[flows.f.steps]]\nname = \"a\"\nsay = {{ en = \"Which?\", {languages} }}\nexpect = \"text\"\n")
    };
    for (languages, advice) in [
        ("pt_br = \"Qual?\"", "`flows.f.steps.a.say.pt_br` is none of … (de, en, es, fr, pt); did you mean `pt`?"),
        ("ed = \"Was?\"", "`flows.f.steps.a.say.ed` is none of … (de, en, es, fr, pt); did you mean `de`?"),
        (
            "ja = \"?\"",
            "`flows.f.steps.a.say.ja` is none of … (de, en, es, fr, pt); a new one needs its lines in [texts] too",
        ),
    ] {
        let mistakes = Assistant::from_toml(&flow(languages)).unwrap_err().told();
        assert_eq!(mistakes, [advice.replace('…', "the assistant's languages")]);
    }
    let lines: Vec<_> = super::super::texts::keys().iter().map(|key| format!("{key} = \"!\"\n")).collect();
    let with_lines = format!("[texts.it]\n{}{}", lines.concat(), flow("it = \"Quale?\""));
    Assistant::from_toml(&with_lines).unwrap();
}
