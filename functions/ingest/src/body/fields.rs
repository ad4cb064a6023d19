//! What becomes of each value of the recommended template, and what its sender is told about it.

use std::collections::HashSet;

use models::Timestamp;

use super::*;

const ARRIVAL: Timestamp = Timestamp::from_seconds(1_700_000_003);

/// A good body but for these values, each as it stands between its quotation marks.
fn with(values: &[(&str, &str)]) -> String {
    let good = [
        ("dispatch_id", "d1"),
        ("sent_at", "1700000000"),
        ("user_id", "42"),
        ("braze_id", "b1"),
        ("phone_number", "+4915112345678"),
        ("language", "pt-BR"),
        ("profile_name", "Zoë"),
        ("media_urls", "https://a.example/1.jpg"),
        ("message", "hi"),
    ];
    let value = |key| values.iter().find(|(other, _)| *other == key).map(|(_, value)| *value);
    let pairs = good.map(|(key, good)| format!(", \"{key}\": \"{}\"", value(key).unwrap_or(good)));
    format!("{{\"v\": 1{}}}", pairs.concat())
}

fn read(values: &[(&str, &str)]) -> Result<Body, Unreadable> {
    Body::read(with(values).as_bytes(), ARRIVAL)
}

#[test]
fn every_value_is_read_whether_the_message_was_escaped_or_not() {
    for (message, salvaged) in [("hi", false), ("say \"hi\"", true)] {
        let body = read(&[("message", message)]).unwrap();
        let names: Vec<_> = body.identity.recipients().iter().map(models::ConversationKey::of).collect();
        let names: Vec<_> = names.iter().map(models::ConversationKey::as_str).collect();
        assert_eq!(names, ["user:42", "alias:phone:+4915112345678", "braze:b1"]);
        assert_eq!((body.template, body.text.as_str(), body.shortened), (Template::Recommended, message, false));
        assert_eq!((body.dispatch_id.as_deref(), body.sent_at), (Some("d1"), Some(1_700_000_000)));
        assert_eq!(body.language.as_deref(), Some("pt-BR"));
        assert_eq!(body.profile_name, Some("Zoë".into()));
        assert_eq!(body.media_urls, Some("https://a.example/1.jpg".into()));
        assert_eq!(body.warnings, if salvaged { vec![Warning::Salvaged] } else { vec![] });
    }
}

#[test]
fn a_value_before_an_unescaped_message_ends_at_the_first_mark_that_is_not_escaped() {
    for (written, name) in [(r#"Zo\"e\""#, "Zo\"e\""), (r"Zo\\", "Zo\\"), (r#"\\\""#, "\\\"")] {
        let body = read(&[("profile_name", written), ("message", "say \"hi\"")]).unwrap();
        assert_eq!(body.profile_name, Some(name.into()), "{written}");
    }
}

#[test]
fn an_id_is_at_most_512_bytes_and_holds_nothing_that_could_end_it() {
    let (longest, too_long) = ("x".repeat(512), "x".repeat(513));
    for key in ["user_id", "braze_id"] {
        for good in ["a-b_c.d@e", "Ünï", &longest] {
            assert!(read(&[(key, good)]).is_ok(), "{key} {good}");
        }
        for bad in ["{{x", "{%x", "“a”", "a\\u0007", " ", "a\\\"b", &too_long] {
            assert_eq!(read(&[(key, bad)]), Err(Unreadable::SuspiciousId), "{key} {bad}");
        }
    }
}

#[test]
fn an_escape_that_no_filter_writes_makes_an_id_nobodys() {
    for key in ["user_id", "braze_id"] {
        for message in ["hi", "say \"hi\""] {
            for (written, read_as) in
                [(r"vict\\u0069m", r"vict\u0069m"), (r"a\u0026b\/\u00e9", "a&b/é"), (r"\\\\", r"\\")]
            {
                let body = read(&[(key, written), ("message", message)]).unwrap();
                let expected = if key == "user_id" { format!("user:{read_as}") } else { format!("braze:{read_as}") };
                let mut names = vec![body.identity.conversation()];
                names.extend(body.identity.other_conversations());
                assert!(names.iter().any(|name| name.as_str() == expected), "{key} {written}");
            }
            for typed in [r"vict\u0069m", r"\u0034\u0032", r"a\u005fb", r"a\u002Db", r"a\\\u0040b"] {
                let body = read(&[(key, typed), ("message", message)]);
                assert_eq!(body, Err(Unreadable::SuspiciousId), "{key} {typed}");
            }
        }
    }
    // A name that somebody gave themselves moves nobody.
    assert_eq!(read(&[("profile_name", r"\u0041da")]).unwrap().profile_name, Some("Ada".into()));
}

#[test]
fn a_dispatch_id_is_used_if_it_is_one_and_its_lack_is_told() {
    let (longest, too_long) = ("d".repeat(200), "d".repeat(201));
    for (written, is_one) in [
        ("64ff0c2e", true),
        (longest.as_str(), true),
        ("", false),
        (too_long.as_str(), false),
        ("dispatch_id_for_unsent_campaign", false),
        ("{{campaign.${dispatch_id}}}", false),
        ("{%x%}", false),
        ("a b", false),
        ("é", false),
    ] {
        let body = read(&[("dispatch_id", written)]).unwrap();
        assert_eq!(body.dispatch_id.as_deref(), is_one.then_some(written));
        assert_eq!(body.warnings.contains(&Warning::NoDispatch), !is_one, "{written}");
    }
}

#[test]
fn a_time_within_two_days_of_the_arrival_is_believed() {
    for (written, known, told) in [
        ("1699827204", true, false),
        ("1700172802", true, false),
        ("1699827203", false, true),
        ("1700172803", false, true),
        ("", false, false),
    ] {
        let body = read(&[("sent_at", written)]).unwrap();
        assert_eq!((body.sent_at.is_some(), body.warnings.contains(&Warning::NoTime)), (known, told), "{written}");
    }
}

#[test]
fn a_language_is_kept_if_it_is_a_tag() {
    for (written, is_tag) in [
        ("de", true),
        ("zh_Hans", true),
        ("x", false),
        ("en us", false),
        ("dé", false),
        ("english-english-engli", false),
    ] {
        let body = read(&[("language", written)]).unwrap();
        assert_eq!(body.language.as_deref(), is_tag.then_some(written));
        assert_eq!(body.warnings.contains(&Warning::NoLanguage), !is_tag, "{written}");
    }
    let without = read(&[("language", "")]).unwrap();
    assert_eq!((without.language, without.warnings), (None, vec![]));
}

#[test]
fn a_name_and_media_are_left_out_where_they_are_longer_than_what_is_kept() {
    let kept = |key, length: usize| {
        let body = read(&[(key, &"x".repeat(length))]).unwrap();
        [body.profile_name, body.media_urls].iter().flatten().any(|value| value.as_str().len() == length)
    };
    assert!(kept("profile_name", 1_024) && !kept("profile_name", 1_025));
    assert!(kept("media_urls", 16_384) && !kept("media_urls", 16_385));
    assert_eq!(read(&[("profile_name", "")]).unwrap().profile_name, None);
}

#[test]
fn every_warning_has_advice_of_its_own() {
    let warnings = [
        Warning::Unescaped,
        Warning::FurtherKey("city".to_owned()),
        Warning::Pasted,
        Warning::Salvaged,
        Warning::Shortened,
        Warning::KeyInText,
        Warning::NoDispatch,
        Warning::NoTime,
        Warning::NoLanguage,
    ];
    let advice: HashSet<_> = warnings.iter().map(Warning::advice).collect();
    assert_eq!(advice.len(), warnings.len());
    assert!(advice.iter().all(|advice| advice.contains(' ')), "{advice:?}");
    assert!(warnings[1].advice().contains("\"city\""));
}
