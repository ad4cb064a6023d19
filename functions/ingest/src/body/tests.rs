use models::Timestamp;
use proptest::prelude::*;

use super::*;

/// Texts that upset templates, parsers and people.
const HOSTILE: [&str; 22] = [
    "He said \"hi\"",
    "a\nb",
    "a\r\nb\tc",
    "C:\\temp",
    "ends with \\",
    "\\n \\u0041",
    "👩‍👩‍👧",
    "مرحبا",
    "hi\", \"user_id\": \"victim",
    "hi\", \"phone_number\": \"+1999",
    "\", \"message\": \"other",
    "\"}",
    "\" }",
    "x\"\n}\n",
    "{{${email_address}}}",
    "{% abort_message() %}",
    "\u{0}\u{7}",
    "\u{2028}",
    "{",
    "}",
    "\"",
    "",
];

fn documented(user: &str, phone: &str, text: &str) -> String {
    format!("{{ \"user_id\": \"{user}\", \"phone_number\": \"{phone}\", \"message\": \"{text}\" }}")
}

fn recommended(user: &str, braze: &str, phone: &str, text: &str) -> String {
    let json = |text: &str| serde_json::to_string(text).unwrap();
    format!(
        "{{\"v\": 1, \"dispatch_id\": \"d1\", \"sent_at\": \"1700000000\",\n \"user_id\": {}, \"braze_id\": {}, \
         \"phone_number\": {}, \"language\": \"fr\", \"profile_name\": \"Zoë\", \"media_urls\": \"\", \"message\": {}}}",
        json(user),
        json(braze),
        json(phone),
        json(text)
    )
}

const ARRIVAL: Timestamp = Timestamp::from_seconds(1_700_000_003);

fn read(body: &str) -> Result<Body, Unreadable> {
    Body::read(body.as_bytes(), ARRIVAL)
}

fn user(body: &Body) -> String {
    body.identity.conversation().as_str().to_owned()
}

#[test]
fn hostile_texts_come_through_both_templates_unchanged_and_move_nobody() {
    for text in HOSTILE {
        for body in [documented("42", "+4915112345678", text), recommended("42", "b1", "+4915112345678", text)] {
            let body = read(&body).unwrap();
            assert_eq!((body.text.as_str(), user(&body).as_str()), (text, "user:42"));
        }
    }
}

#[test]
fn white_space_between_tokens_is_free() {
    for body in [
        "{\n  \"user_id\": \"42\",\n  \"phone_number\": \"\",\n  \"message\": \"hi\"\n}",
        "{\r\n\"user_id\" : \"42\" ,\r\n\"phone_number\" : \"\" ,\r\n\"message\" : \"hi\"\r\n}\r\n",
        "{\"user_id\":\"42\",\"phone_number\":\"\",\"message\":\"hi\"}",
        "\u{feff}{\u{a0}\"user_id\": \"42\",\u{a0}\"phone_number\": \"\", \"message\": \"hi\"\u{a0}} ",
    ] {
        assert_eq!(read(body).unwrap().text.as_str(), "hi", "{body}");
    }
}

#[test]
fn pasted_spaces_and_further_keys_are_warned_about() {
    let body = "{\u{a0}\"user_id\": \"42\", \"phone_number\": \"\", \"city\": \"Rome\", \"message\": \"hi\"}";
    let warnings = read(body).unwrap().warnings;
    for warning in [Warning::Pasted, Warning::FurtherKey("city".to_owned()), Warning::Unescaped] {
        assert!(warnings.contains(&warning), "{warning:?}");
    }
    let behind = read("{\"user_id\":\"42\",\"phone_number\":\"\",\"message\":\"hi\",\"city\":\"Rome\"}").unwrap();
    assert_eq!(behind.text.as_str(), "hi\",\"city\":\"Rome");
    assert!(behind.warnings.contains(&Warning::KeyInText));
}

#[test]
fn nobody_is_warned_of_what_is_not_there() {
    let warnings = |body: &str| read(body).unwrap().warnings;
    assert_eq!(warnings(&documented("42", "", "hi")), [Warning::Unescaped]);
    let pasted = "{\"user_id\": \"42\", \"phone_number\": \"\", \"message\": \"hi\"\u{a0}}";
    assert_eq!(warnings(pasted), [Warning::Pasted, Warning::Unescaped]);
    for (text, like_a_key) in [
        ("hi\", \"city\": \"Rome", true),
        ("hi\" , \"home_city2\" : \"Rome", true),
        ("he said \"yes\", \"no\" and \"maybe\"", false),
        ("a\", \"\": \"b", false),
        ("a\", \"b c\": \"d", false),
        ("a, \"b\": c", false),
    ] {
        let found = warnings(&documented("42", "", text));
        assert_eq!(found.contains(&Warning::KeyInText), like_a_key, "{text}");
    }
}

#[test]
fn what_is_not_from_a_template_is_not_guessed_at() {
    for (body, reason) in [
        ("", Unreadable::UnknownTemplate),
        ("null", Unreadable::UnknownTemplate),
        ("[]", Unreadable::UnknownTemplate),
        ("{\"message\": \"hi\", \"user_id\": \"42\"}", Unreadable::UnknownTemplate),
        ("{“user_id”: “42”}", Unreadable::TypographicQuotes),
        ("{\"v\": 2, \"message\": \"hi\", \"user_id\": \"42\"}", Unreadable::UnknownVersion),
        ("{\"user_id\": 42, \"phone_number\": \"\", \"message\": \"hi\"}", Unreadable::OutOfPlace("user_id")),
        ("{\"user_id\": \"42\", \"message\": \"hi\"}", Unreadable::OutOfPlace("phone_number")),
        (
            "{\"user_id\": \"42\", \"phone_number\": \"\", \"x\": 1, \"message\": \"hi\"}",
            Unreadable::OutOfPlace("message"),
        ),
        ("{\"user_id\": \"42\", \"phone_number\": \"\", \"message\": \"hi\"};", Unreadable::OutOfPlace("the end")),
        ("{\"user_id\": \"42\", \"phone_number\": \"\", \"message\": \"}", Unreadable::OutOfPlace("the end")),
    ] {
        assert_eq!(read(body), Err(reason), "{body}");
    }
    assert_eq!(Body::read(b"{\"user_id\": \"\xc0\xaf\"", ARRIVAL), Err(Unreadable::NotUtf8));
}

#[test]
fn suspicious_names_are_refused() {
    let long = "x".repeat(513);
    for id in ["{{${user_id}}}", "{%if a%}42{%endif%}", "a\u{0}b", "  ", long.as_str()] {
        assert_eq!(read(&documented(id, "", "hi")), Err(Unreadable::SuspiciousId), "{id}");
        assert_eq!(read(&recommended(id, "", "", "hi")), Err(Unreadable::SuspiciousId), "{id}");
    }
    assert_eq!(read(&recommended("a\"b", "", "", "hi")), Err(Unreadable::SuspiciousId));
    for phone in [
        "abc",
        "+1",
        "     ",
        "-----",
        "+()()()",
        "whatsapp:+15551234",
        "+123456789012345678901",
        "1\", \"message\": \"x",
    ] {
        assert!(read(&documented("42", phone, "hi")).is_err(), "{phone}");
    }
    assert_eq!(read(&documented("", "", "hi")), Err(Unreadable::Unreachable));
}

#[test]
fn a_crafted_id_does_not_pass_for_a_phone() {
    let crafted = documented("victim\", \"phone_number\": \"x\", \"message\": \"x", "+4915112345678", "hi");
    assert_eq!(read(&crafted), Err(Unreadable::SuspiciousPhone));
}

#[test]
fn users_without_an_external_id_are_found_by_braze_id_or_phone() {
    let known = |body: &str| user(&read(body).unwrap());
    assert_eq!(known(&documented("", "+49 (151) 123-45", "hi")), "alias:phone:+49 (151) 123-45");
    assert_eq!(known(&recommended("", "b1", "+4915112345", "hi")), "braze:b1");
    assert_eq!(known(&recommended("", "", "+4915112345", "hi")), "alias:phone:+4915112345");
}

#[test]
fn duplicate_keys_cannot_move_the_user() {
    let body = recommended("42", "", "", "hi").replace("\"hi\"}", "\"hi\", \"user_id\": \"victim\"}");
    let body = read(&body).unwrap();
    assert_eq!((user(&body).as_str(), body.text.as_str()), ("user:42", "hi\", \"user_id\": \"victim"));
    assert!(body.warnings.contains(&Warning::Salvaged));
}

#[test]
fn a_key_behind_the_message_is_nobodys_whatever_the_template_lacks() {
    for (before, behind) in [
        ("\"user_id\": \"42\"", "\"braze_id\": \"victim\""),
        ("\"phone_number\": \"+4915112345678\"", "\"user_id\": \"victim\""),
        ("\"user_id\": \"42\"", "\"phone_number\": \"+15550001111\""),
        ("\"user_id\": \"42\"", "\"dispatch_id\": \"d0\""),
    ] {
        let body = |order: &str| read(&format!("{{\"v\": 1, {order}}}"));
        assert!(body(&format!("{before}, {behind}, \"message\": \"hi\"")).is_ok(), "{behind}");
        let moved = body(&format!("{before}, \"message\": \"hi\", {behind}"));
        assert_eq!(moved, Err(Unreadable::OutOfPlace("a key behind the message")), "{behind}");
    }
    let further = read("{\"v\": 1, \"user_id\": \"42\", \"message\": \"hi\", \"city\": \"Rome\"}").unwrap();
    assert_eq!(further.warnings, [Warning::FurtherKey("city".to_owned()), Warning::NoDispatch]);
}

#[test]
fn an_unescaped_message_is_salvaged_and_an_unescaped_name_is_not() {
    let template = |name: &str, text: &str| {
        format!(
            "{{\"v\": 1, \"dispatch_id\": \"d\", \"sent_at\": \"1\", \"user_id\": \"42\", \"braze_id\": \"\", \
             \"phone_number\": \"\", \"language\": \"\", \"profile_name\": \"{name}\", \"media_urls\": \"\", \
             \"message\": \"{text}\"}}"
        )
    };
    for (written, read_as) in
        [("He said \"hi\"", "He said \"hi\""), ("a\nb \\\"c\\\"", "a\nb \"c\""), ("ends \\", "ends \\")]
    {
        assert_eq!(read(&template("Zoë", written)).unwrap().text.as_str(), read_as, "{written}");
    }
    assert!(read(&template("Z\"oë", "hi")).is_err());
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = recommended("42", "", "", "hi").replace("\"hi\"}", &format!("\"hi\", \"x\": {}", "[".repeat(100_000)));
    assert!(matches!(read(&deep), Err(Unreadable::OutOfPlace(_))));
}

#[test]
fn ids_are_stable_over_retries_and_fall_back_to_the_arrival() {
    let (now, later) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
    let dispatched = read(&recommended("42", "", "", "hi")).unwrap();
    assert_eq!(dispatched.message_id(now), dispatched.message_id(later));
    let bare = read(&documented("42", "", "hi")).unwrap();
    assert_ne!(bare.message_id(now), bare.message_id(later));
    let preview = recommended("42", "", "", "hi").replace("\"d1\"", "\"dispatch_id_for_unsent_campaign\"");
    let preview = read(&preview.replace("1700000000", "soon")).unwrap();
    assert_eq!((&preview.dispatch_id, preview.sent_at), (&None, None));
    assert_ne!(preview.message_id(now), preview.message_id(later));
}

#[test]
fn a_time_of_another_day_is_none() {
    for (written, known) in
        [("1700000000", true), ("1699999000", true), ("42", false), ("1700500000", false), ("soon", false)]
    {
        let body = read(&recommended("42", "", "", "hi").replace("1700000000", written)).unwrap();
        assert_eq!(body.sent_at.is_some(), known, "{written}");
        assert_eq!(body.warnings.contains(&Warning::NoTime), !known, "{written}");
    }
}

#[test]
fn a_name_that_is_no_name_is_left_out() {
    let body = recommended("42", "", "", "hi").replace("Zoë", &"x".repeat(2_000));
    assert_eq!(read(&body).unwrap().profile_name, None);
}

#[test]
fn a_text_longer_than_anybody_can_type_is_cut() {
    let body = read(&documented("42", "", &"é".repeat(65_537))).unwrap();
    assert!(body.shortened);
    assert_eq!(body.text.as_str().chars().count(), 65_536);
}

proptest! {
    #[test]
    fn no_text_whatever_changes_the_user_or_itself(
        text in r#"([a-z "{}:,\\\n\r]|\PC|"\}|" \}|", "user_id": "victim|"message": "){0,40}"#,
    ) {
        for body in [documented("42", "+4915112345678", &text), recommended("42", "b1", "+4915112345678", &text)] {
            let body = read(&body).unwrap();
            prop_assert_eq!(body.text.as_str(), &text);
            prop_assert_eq!(user(&body), "user:42");
        }
    }

    #[test]
    fn no_bytes_whatever_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Body::read(&bytes, ARRIVAL);
        let _ = Body::read(&[b"{\"user_id\": \"".as_slice(), &bytes].concat(), ARRIVAL);
        let _ = Body::read(&[b"{\"v\": 1, ".as_slice(), &bytes].concat(), ARRIVAL);
    }
}
