//! Proof that `assistant.schema.json`, which editors read, and the reader say the same.

mod walker;

use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::{Map, Value, json};
use toml::Table;

use super::section::Section;
use super::{Assistant, Mistake};
use walker::{Schema, join};

const SCHEMA: &str = include_str!("../../../../functions/responder/assistant/assistant.schema.json");
const DEFAULT: &str = include_str!("../../../../functions/responder/assistant/assistant.toml");
const SAMPLE: &str = include_str!("../../../../functions/responder/samples/shop/assistant.toml");

fn schema() -> Schema {
    Schema::parse(SCHEMA)
}

fn json(toml: &str) -> Value {
    serde_json::to_value(toml.parse::<Table>().unwrap()).unwrap()
}

/// The file with every setting in it that stands there as a comment.
fn uncommented(toml: &str) -> String {
    let setting = Regex::new(r"^# ([a-z_.]+ = |\[)").unwrap();
    let line = |line: &str| if setting.is_match(line) { line[2..].to_owned() } else { line.to_owned() };
    toml.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Every key there is: the default file with all its examples in force, those taken away that exclude each other, and a
/// language of the brand's own.
fn full() -> String {
    let examples = uncommented(DEFAULT)
        .replace("\"…\"", "\"an-id\"")
        .replace("\"the id of an API-triggered campaign\"", "\"an-id\"")
        .replace("kinds = false", "")
        .replace("ladder = [\"claude\"]", "ladder = [\"claude\", \"nova\"]");
    let own = super::texts::keys().map(|key| format!("{key} = \"…\"")).join("\n");
    format!("{examples}\n[texts.it]\n{own}\n")
}

fn read(file: &Value) -> Result<Assistant, Vec<Mistake>> {
    Assistant::from_table(Table::try_from(file).unwrap())
}

#[test]
fn every_key_that_the_reader_asks_for_is_in_the_schema_and_the_other_way_round() {
    let mut file = Section::root(full().parse().unwrap());
    Assistant::read(&mut file);
    let (schema, asked) = (schema(), file.asked());
    let keys = asked.iter().map(|name| schema.key(name).ok_or(name));
    let asked: BTreeSet<_> =
        keys.map(|key| key.expect("the reader asks for it")).filter(|key| !key.ends_with('*')).collect();
    assert_eq!(asked, schema.keys());
    assert!(asked.len() > 100, "{asked:?}");
}

#[test]
fn the_shipped_files_and_all_their_examples_fit() {
    for toml in [DEFAULT, SAMPLE, &full(), &uncommented(SAMPLE)] {
        assert_eq!(schema().refusals(&json(toml)), [""; 0]);
        assert!(Assistant::from_toml(toml).is_ok(), "{:?}", Assistant::from_toml(toml));
    }
    let fewer = |toml: &str| json(&uncommented(toml)).to_string().len() > json(toml).to_string().len() + 200;
    assert!(fewer(DEFAULT) && fewer(SAMPLE), "the examples are found");
}

#[test]
fn what_is_wrong_is_refused_by_both() {
    for (toml, name) in WRONG {
        let refusals = schema().refusals(&json(toml));
        assert!(refusals.iter().any(|refusal| refusal.starts_with(&format!("`{name}`"))), "{toml}: {refusals:?}");
        assert!(Assistant::from_toml(toml).is_err(), "{toml}");
    }
}

const WRONG: &[(&str, &str)] = &[
    ("version = 2", "version"),
    ("colour = \"blue\"", "colour"),
    ("instructions = \" \"", "instructions"),
    ("default_language = \"English\"", "default_language"),
    ("ladder = \"claude\"", "ladder"),
    ("[limits]\nattemtps = 3", "limits.attemtps"),
    ("[limits]\nattempts = 2", "limits.attempts"),
    ("[limits]\nattempts = 3.5", "limits.attempts"),
    ("[quiet_period]\ncap_seconds = \"soon\"", "quiet_period.cap_seconds"),
    ("[hand_off]\non_failure = \"yes\"", "hand_off.on_failure"),
    ("[desk]\nlanguage = \"it\"", "desk.language"),
    ("[desk.notes]\nsumary = \"x\"", "desk.notes.sumary"),
    ("[profile]\nfacts = [\"mood\"]", "profile.facts.1"),
    ("[profile]\nopt_out_group = \"two words\"", "profile.opt_out_group"),
    ("[profile.learn.dragoman_owner]\ndescribe = \"x\"", "profile.learn"),
    ("[profile.learn.email]\ndescribe = \"x\"", "profile.learn"),
    ("[profile.learn.size]\nvalues = \"colour\"", "profile.learn.size.values"),
    ("[profile.learn.size]", "profile.learn.size"),
    ("[replies]\nkinds = false\nlist = \"c\"", "replies.list"),
    ("[routes.\"a b\"]", "routes"),
    ("[routes.a]\nhandoff = true", "routes.a.handoff"),
    ("[routes.a.quiet_period]\nfragment_seconds = 61", "routes.a.quiet_period.fragment_seconds"),
    ("[backends.x]\nkind = \"gemini\"", "backends.x.kind"),
    ("[backends.x]\nkind = \"openai\"\nmodel = \"m\"", "backends.x"),
    (
        "[backends.x]\nkind = \"webhook\"\nbase_url = \"https://x.example\"\nkey = \"k\"\nmodel = \"m\"",
        "backends.x.model",
    ),
    ("[backends.x]\nkind = \"bedrock\"\nmodel = \"m\"\nkey = \"k\"", "backends.x.key"),
    ("[backends.x]\nkind = \"bedrock\"\nmodel = \"m\"\nregion = \"Frankfurt\"", "backends.x.region"),
    ("[backends.x]\nkind = \"openai\"\nmodel = \"m\"\nbase_url = \"x.example\"", "backends.x.base_url"),
    ("[tools.hand_off]\ndescribe = \"x\"\nurl = \"https://x.example\"", "tools"),
    ("[tools.t]\ndescribe = \"x\"\nurl = \"http://x.example\"", "tools.t.url"),
    ("[tools.t]\ndescribe = \"x\"\nurl = \"https://x.example\"\nkey = \"ai_api_key\"", "tools.t.key"),
    ("[tools.t]\ndescribe = \"x\"\nurl = \"https://x.example\"\nmethod = \"PUT\"", "tools.t.method"),
    ("[tools.t]\ndescribe = \"x\"\nurl = \"https://x.example\"\n[tools.t.arguments.a]", "tools.t.arguments.a"),
    ("[media]\nhosts = [\"https://x.example\"]", "media.hosts.1"),
    ("[media.voice]\nmodel = \"m\"", "media.voice"),
    ("[knowledge]\nfolder = 7", "knowledge.folder"),
    ("[guards]\nlinks = [\"shop\"]", "guards.links.1"),
    ("[keywords]\nopt_out = [\"halt\", 7]", "keywords.opt_out.2"),
    ("[texts.it]\nfallback = \"Poi\"", "texts.it"),
    ("[texts.pt-BR]", "texts"),
    ("[texts.fr]\nfalback = \"x\"", "texts.fr.falback"),
    ("[flows.f]\nstart = [\"x\"]", "flows.f"),
    ("[flows.f]\nsteps = []", "flows.f.steps"),
    ("[[flows.f.steps]]\nname = \"end\"\nsay = \"x\"\nexpect = \"text\"", "flows.f.steps.1.name"),
    ("[[flows.f.steps]]\nname = \"a\"\nexpect = \"text\"", "flows.f.steps.1"),
    ("[[flows.f.steps]]\nname = \"a\"\nsay = \"x\"\ncampaign = \"c\"\nexpect = \"text\"", "flows.f.steps.1"),
    ("[[flows.f.steps]]\nname = \"a\"\nsay = \"x\"\nexpect = \"one_of\"", "flows.f.steps.1"),
    ("[[flows.f.steps]]\nname = \"a\"\nsay = \"x\"\nexpect = \"pattern\"", "flows.f.steps.1"),
    ("[[flows.f.steps]]\nname = \"a\"\nsay = \"x\"\nexpect = \"text\"\noptions = [\"x\"]", "flows.f.steps.1.options"),
    ("[[flows.f.steps]]\nname = \"a\"\nsay = \"x\"\nexpect = \"nothing\"\nre_ask = \"x\"", "flows.f.steps.1.re_ask"),
    ("[[flows.f.steps]]\nname = \"a\"\nsay = \"x\"\nexpect = \"text\"\nnext = { x = \"end\" }", "flows.f.steps.1.next"),
];

/// A table of a file: its whole name in the schema's terms, and where it is.
fn tables(value: &Value, name: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    let below: Vec<_> = match value {
        Value::Object(table) => {
            found.push((name.to_owned(), pointer.to_owned()));
            table.iter().map(|(key, value)| (key.clone(), value)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect(),
        _ => return,
    };
    for (key, value) in below {
        tables(value, &join(name, &key), &format!("{pointer}/{key}"), found);
    }
}

/// Every table of the full file with each key that it may have, and what the schema says of it.
fn places(full: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    tables(full, "", "", &mut found);
    let schema = schema();
    let keys = |(name, pointer): (String, String)| {
        let says = |says: &Value| schema.resolved(says).clone();
        let properties: Map<_, _> = schema.properties(&name);
        properties.iter().map(|(key, below)| (pointer.clone(), key.clone(), says(below))).collect::<Vec<_>>()
    };
    found.into_iter().flat_map(keys).collect()
}

fn with(full: &Value, pointer: &str, key: &str, value: Option<&Value>) -> Value {
    let mut file = full.clone();
    let table = file.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(table.insert(key.to_owned(), value.clone())),
        None => drop(table.remove(key)),
    }
    file
}

/// Values at the edges of what the schema says, and of every type.
fn probes(says: &Value) -> Vec<Value> {
    let mut probes = vec![
        json!(true),
        json!(-1),
        json!(1.5),
        json!(""),
        json!(" "),
        json!("ä b"),
        json!([]),
        json!([7]),
        json!({"x": 7}),
    ];
    for edge in ["minimum", "maximum"].iter().filter_map(|word| says[word].as_i64()) {
        probes.extend([json!(edge - 1), json!(edge), json!(edge + 1)]);
    }
    let long =
        |most: &Value| most.as_u64().map(|most| [most, most + 1].map(|len| (0..len).map(|_| 'x').collect::<String>()));
    probes.extend(long(&says["maxLength"]).into_iter().flatten().map(Value::from));
    probes.extend(long(&says["items"]["maxLength"]).into_iter().flatten().map(|text| json!([text])));
    probes
}

/// What the reader says where a value is wrong by itself, whatever stands elsewhere.
const BY_ITSELF: [&str; 8] = [
    "must be a whole number",
    "must be seconds",
    "must be true or false",
    "must be a text of",
    "must be texts of",
    "must be a list",
    "must be a table",
    "must be tables",
];

#[test]
fn at_every_key_the_schema_and_the_reader_take_and_refuse_the_same_types_and_ranges() {
    // Without the shipped keywords, which take most of the time to read.
    let (full, schema) = (json(&full().replace("shipped = true", "shipped = false")), schema());
    assert!(schema.refusals(&full).is_empty() && read(&full).is_ok());
    let (mut refused, mut apart) = (0, Vec::new());
    for (pointer, key, says) in places(&full) {
        for probe in probes(&says) {
            let file = with(&full, &pointer, &key, Some(&probe));
            let mistakes = read(&file).err().unwrap_or_default();
            let refusals = schema.refusals(&file);
            let by_itself = |mistake: &Mistake| BY_ITSELF.iter().any(|words| mistake.told().contains(words));
            let agree = if refusals.is_empty() { !mistakes.iter().any(by_itself) } else { !mistakes.is_empty() };
            if !agree {
                apart.push(format!("{pointer}/{key} = {probe:.60}: {refusals:?}, {mistakes:?}"));
            }
            refused += usize::from(!refusals.is_empty());
        }
    }
    assert_eq!(apart, [""; 0]);
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn a_default_in_the_schema_is_what_the_reader_takes_where_nothing_is_said() {
    let full = json(&full());
    assert!(read(&full).is_ok());
    let mut compared = 0;
    for (pointer, key, says) in places(&full) {
        let Some(default) = says.get("default") else { continue };
        let said = with(&full, &pointer, &key, Some(default));
        if schema().refusals(&said).is_empty() {
            assert_eq!(read(&said), read(&with(&full, &pointer, &key, None)), "{pointer}/{key}");
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared}");
}
