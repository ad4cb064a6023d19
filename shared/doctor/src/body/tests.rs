use super::*;
use crate::RECOMMENDED_BODY as RECOMMENDED;

const DOCUMENTED: &str = r#"{
  "user_id": "{{${user_id}}}",
  "phone_number": "{{${phone_number}}}",
  "message": "{{whats_app.${inbound_message_body}}}"
}"#;

const MESSAGE: &str = "{{whats_app.${inbound_message_body} | json_escape}}";
const USER: &str = "{{${user_id} | json_escape}}";

fn codes(body: &str) -> Vec<(&'static str, bool)> {
    inbound_body(body).iter().map(|finding| (finding.code, finding.is_error())).collect()
}

#[test]
fn the_recommended_body_is_right_however_it_is_spaced() {
    for body in [
        RECOMMENDED.to_owned(),
        RECOMMENDED.replace("{{", "{{ ").replace(" | json_escape", "|json_escape"),
        RECOMMENDED.replace(&format!("\"{MESSAGE}\""), "{{whats_app.${inbound_message_body} | as_json_string}}"),
        format!("\n{}\n", RECOMMENDED.replace(", \"", ",\n  \"")),
    ] {
        assert_eq!(codes(&body), [], "{body}");
    }
}

#[test]
fn each_mistake_in_the_recommended_body_has_its_finding() {
    for (from, to, expected) in [
        (RECOMMENDED, "  \n", vec![("empty_body", true)]),
        ("\"v\"", "“v”", vec![("typographic_quotes", true)]),
        ("{{${user_id} | json_escape}}", "{{${user_id} | json_escape", vec![("liquid_syntax", true)]),
        ("}}\"}", "", vec![("liquid_syntax", true)]),
        ("\"v\": 1,", " {% if ${user_id} %}{% endif %}\"v\": 1,", vec![("liquid_logic", false)]),
        ("\"v\": 1, ", "\"v\":\u{a0}1, ", vec![("pasted", false)]),
        ("\"v\": 1,", "\"v\": 1", vec![("not_json", true)]),
        ("\"v\": 1", "\"v\": 2", vec![("unknown_version", true)]),
        ("\"v\": 1, ", "", vec![("unknown_template", true)]),
        ("\"language\"", "\"user_id\"", vec![("key_twice", true), ("wrong_tag", true)]),
        ("\"language\"", "\"languages\"", vec![("further_key", false)]),
        ("\"message\"", "\"text\"", vec![("no_message", true), ("further_key", false)]),
        ("\"user_id\"", "\"userid\"", vec![("no_user_id", true), ("further_key", false)]),
        (USER, "", vec![("no_user_id", true)]),
        (USER, "42", vec![("same_for_everybody", true)]),
        (USER, "{{${user_id} | default: 'unknown' | json_escape}}", vec![("default_for_a_name", true)]),
        (USER, "{{${user_id} | upcase | json_escape}}", vec![("further_filter", true)]),
        (USER, "{{${user_id}}}", vec![("unescaped", false)]),
        (USER, "{{${braze_id} | json_escape}}", vec![("wrong_tag", true)]),
        (USER, "id-{{${user_id} | json_escape}}", vec![("wrong_tag", true)]),
        (USER, "{{user_id}}", vec![("wrong_tag", true)]),
        (MESSAGE, "{{whats_app.${inbound_message_body}}}", vec![("unescaped", true)]),
        (
            MESSAGE,
            "{{whats_app.${inbound_message_body} | json_escape | json_escape}}",
            vec![("escaped_too_often", true)],
        ),
        (
            MESSAGE,
            "{{whats_app.${inbound_message_body} | truncate: 20 | json_escape}}",
            vec![("further_filter", false)],
        ),
        (
            MESSAGE,
            "{{whats_app.${inbound_message_body} | default: 'hi' | json_escape}}",
            vec![("default_for_a_value", false)],
        ),
        (MESSAGE, "{{sms.${inbound_message_body} | json_escape}}", vec![("wrong_tag", true)]),
        (MESSAGE, "hello", vec![("wrong_tag", true)]),
        ("profile_name} | json_escape", "profile_name}", vec![("unescaped", true)]),
        ("\"dispatch_id\": \"{{campaign.${dispatch_id}}}\", ", "", vec![("no_dispatch", false)]),
        ("{{campaign.${dispatch_id}}}", "{{campaign.${api_id}}}", vec![("wrong_tag", false)]),
        ("\"sent_at\": \"{{'now' | date: '%s'}}\",", "", vec![("no_time", false)]),
        ("date: '%s'", "date: '%c'", vec![("wrong_tag", false)]),
    ] {
        let body = RECOMMENDED.replace(from, to);
        assert_ne!(body, RECOMMENDED, "{from}");
        assert_eq!(codes(&body), expected, "{to}");
    }
    let (braze_id, further) = ("\"braze_id\": \"{{${braze_id}}}\"", "\"plan\": \"gold\"");
    for (behind, expected) in [(braze_id, ("key_behind_message", true)), (further, ("further_key", false))] {
        let body = RECOMMENDED
            .replace(&format!("{behind}, "), "")
            .replace("body} | json_escape}}\"}", &format!("body}} | json_escape}}}}\", {behind}}}"));
        assert!(body.ends_with(&format!("{behind}}}")), "{body}");
        assert_eq!(codes(&body), [expected], "{behind}");
    }
    let nobody = RECOMMENDED.replace("{{${braze_id}}}", "").replace("{{${phone_number} | json_escape}}", "");
    assert_eq!(codes(&nobody), [("no_other_name", false)]);
}

#[test]
fn the_documented_body_is_told_to_be_unescaped_and_judged_by_its_own_rules() {
    let always = ("documented_body", false);
    for (from, to, expected) in [
        ("", "", vec![always]),
        ("\"user_id\": \"{{${user_id}}}\",", "", vec![("unknown_template", true)]),
        ("\"phone_number\": \"{{${phone_number}}}\",", "", vec![always, ("out_of_place", true)]),
        ("\"message\"", "\"plan\": \"{{${plan}}}\", \"message\"", vec![always, ("further_key", false)]),
        ("\"message\"", "\"text\"", vec![always, ("no_message", true)]),
        ("_body}}}\"", "_body}}}\", \"plan\": \"gold\"", vec![always, ("key_behind_message", true)]),
        ("message_body}", "message_body} | json_escape", vec![always, ("escaped_too_often", true)]),
        ("{{${user_id}}}", "{{${user_id} | default: 'x'}}", vec![always, ("default_for_a_name", true)]),
    ] {
        assert_eq!(codes(&DOCUMENTED.replace(from, to)), expected, "{to}");
    }
}

/// `template` for somebody who writes `text`; braces and filters as Braze has them.
fn hit(template: &str, user: &str, text: &str) -> Vec<(&'static str, bool)> {
    let value = |name: &str| match name {
        "${user_id}" => user.to_owned(),
        "${phone_number}" => "+4915112345678".to_owned(),
        "whats_app.${inbound_message_body}" => text.to_owned(),
        _ => String::new(),
    };
    let rendered = crate::liquid::render(template, |name| Some(value(name))).unwrap();
    rendered_body(template, &rendered).iter().map(|finding| (finding.code, finding.is_error())).collect()
}

const HOSTILE: [&str; 4] = ["say \"hi\"", "two\nlines", "left \\", "hi\", \"user_id\": \"bruno"];

#[test]
fn no_words_hit_a_trap_in_the_recommended_body() {
    for text in ["hi", "", "{{${user_id}}}", "{% raw %}"].iter().chain(&HOSTILE) {
        assert_eq!(hit(RECOMMENDED, "ada", text), [], "{text}");
        assert_eq!(hit(RECOMMENDED, "", text), [], "{text}");
    }
}

#[test]
fn words_that_break_an_unescaped_body_or_add_to_it_are_told_and_plain_ones_are_not() {
    let unescaped = RECOMMENDED.replace(MESSAGE, "{{whats_app.${inbound_message_body}}}");
    for (template, is_error) in [(DOCUMENTED, false), (unescaped.as_str(), true)] {
        assert_eq!(hit(template, "ada", "When are you open?"), [], "{template}");
        for text in &HOSTILE[..3] {
            assert_eq!(hit(template, "ada", text), [("words_break_the_json", is_error)], "{text} {template}");
        }
        for text in [HOSTILE[3], "hi\", \"x\": \"y"] {
            assert_eq!(hit(template, "ada", text), [("words_become_keys", is_error)], "{text} {template}");
        }
    }
}

#[test]
fn what_befalls_every_message_is_told_with_each() {
    let unquoted = RECOMMENDED.replace(&format!("\"{MESSAGE}\""), MESSAGE);
    let by_id_alone = RECOMMENDED.replace("{{${braze_id}}}", "").replace("{{${phone_number} | json_escape}}", "");
    let twice = RECOMMENDED.replace("body} |", "body} | json_escape |");
    let everybody = RECOMMENDED.replace(USER, "42");
    for (template, user, text, expected) in [
        (unquoted.as_str(), "ada", "hi", vec!["not_json"]),
        (&by_id_alone, "ada", "hi", vec![]),
        (&by_id_alone, "", "hi", vec!["names_nobody"]),
        (&twice, "ada", "hi", vec![]),
        (&twice, "ada", "two\nlines", vec!["escaped_too_often"]),
        (&everybody, "ada", "hi", vec!["same_for_everybody"]),
        (&RECOMMENDED.replace("\"v\": 1,", ""), "ada", "hi", vec!["unknown_template"]),
    ] {
        let codes: Vec<_> = hit(template, user, text).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, expected, "{template} {text}");
    }
    assert_eq!(rendered_body("", "").first().map(|finding| finding.code), Some("empty_body"));
    let logic = "{\"v\": 1, {% if true %}\"message\": \"x\"{% endif %}}";
    assert_eq!(rendered_body(logic, "{\"v\": 1, \"user_id\": \"ada\", \"message\": \"x\"}"), []);
    assert_eq!(body_not_rendered("why").code, "body_not_rendered");
}
