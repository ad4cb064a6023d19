//! Braze's Liquid: templates of messages, of webhook bodies and of webhook addresses.
//!
//! A value goes into a template once and is never read as a template itself, whatever braces it holds.

mod abort;
mod bounded;
mod filters;
mod mistake;
mod names;
mod scanner;

use abort::AbortTag;
pub use bounded::{NotTaken, TEMPLATE_BYTES, take};
use liquid::ParserBuilder;
pub(crate) use names::Names;
pub(crate) use scanner::{PROFILE, Tag};
use serde::{Deserialize, Serialize};

/// A template that cannot be used. The words are about the template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum TemplateError {
    /// It is not Liquid as far as the simulation knows it.
    #[error("the template does not parse: {0}")]
    DoesNotParse(String),
    /// It asks for something that is not there.
    #[error("the template does not render: {0}")]
    DoesNotRender(String),
}

/// What came out of a template.
pub(crate) enum Rendered {
    Text(String),
    /// The template called `abort_message`, with this reason; empty if it gave none.
    Aborted(String),
}

/// Renders `template` with `names`.
pub(crate) fn render(template: &str, names: &Names) -> Result<Rendered, TemplateError> {
    let abort = AbortTag::default();
    let parsed = parser(&abort)?.parse(&scan(template)?.text).map_err(|error| does_not_parse(&error))?;
    match (parsed.render(names), abort.reason.get()) {
        (Ok(text), _) => Ok(Rendered::Text(text)),
        (Err(_), Some(reason)) => Ok(Rendered::Aborted(reason.clone())),
        // Its first line only: the others quote the values.
        (Err(error), None) => {
            Err(TemplateError::DoesNotRender(error.to_string().lines().next().unwrap_or_default().into()))
        }
    }
}

/// Checks that `template` parses, and gives the tags it uses.
pub(crate) fn tags(template: &str) -> Result<Vec<Tag>, TemplateError> {
    let translated = scan(template)?;
    parser(&AbortTag::default())?.parse(&translated.text).map_err(|error| does_not_parse(&error))?;
    Ok(translated.tags)
}

/// Checks that `template` parses.
pub fn parse(template: &str) -> Result<(), TemplateError> {
    tags(template).map(drop)
}

fn scan(template: &str) -> Result<scanner::Translated, TemplateError> {
    scanner::translate(template).map_err(|mistake| TemplateError::DoesNotParse(mistake.to_owned()))
}

fn parser(abort: &AbortTag) -> Result<liquid::Parser, TemplateError> {
    let standard = ParserBuilder::with_stdlib().tag(abort.clone());
    let builder = filters::ALL.into_iter().fold(standard, ParserBuilder::filter);
    builder.build().map_err(|error| does_not_parse(&error))
}

fn does_not_parse(error: &liquid::Error) -> TemplateError {
    TemplateError::DoesNotParse(mistake::in_words(error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn names() -> Names {
        let mut names = Names::new();
        names.set_text(PROFILE, "user_id", "42");
        names.set_text("whats_app", "inbound_message_body", "say \"hi\"\n\\ 😀 {{${user_id}}}");
        names.set("custom_attribute", "size", &serde_json::json!(7));
        names
    }

    fn text(template: &str) -> String {
        match render(template, &names()).unwrap_or_else(|error| panic!("{template}: {error}")) {
            Rendered::Text(text) => text,
            Rendered::Aborted(reason) => format!("aborted: {reason}"),
        }
    }

    #[test]
    fn tags_stand_for_their_values_once() {
        for (template, rendered) in [
            ("<{{${user_id}}}>", "<42>"),
            ("<{{${first_name}}}>", "<>"),
            ("<{{${first_name} | default: 'friend'}}>", "<friend>"),
            ("{{whats_app.${inbound_message_body}}}", "say \"hi\"\n\\ 😀 {{${user_id}}}"),
            ("{{whats_app.${inbound_message_body} | json_escape}}", r#"say \"hi\"\n\\ 😀 {{${user_id}}}"#),
            ("{{whats_app.inbound_message_body}}", ""),
            ("{{user_id}}", ""),
            ("{{custom_attribute.${size} | plus: 1}}", "8"),
            ("{% assign x = ${user_id} %}{{x | append: '!'}}", "42!"),
            ("{% if ${user_id} == '42' %}yes{% else %}no{% endif %}", "yes"),
            ("{% if ${first_name} %}yes{% else %}no{% endif %}", "no"),
            ("{% assign l = 'a,b' | split: ',' %}{% for c in l %}[{{c}}]{% endfor %}", "[a][b]"),
            ("{% raw %}{{${user_id}}}{% endraw %}", "{{${user_id}}}"),
            ("a{% abort_message() %}b", "aborted: "),
            ("a{% if ${user_id} == '42' %}{% abort_message('not you') %}{% endif %}b", "aborted: not you"),
        ] {
            assert_eq!(text(template), rendered, "{template}");
        }
    }

    #[test]
    fn the_filters_of_braze_do_what_they_say() {
        for (template, rendered) in [
            ("{{ 'a\"b\\c/é' | json_escape }}", r#"a\"b\\c/é"#),
            ("{{ \"a'b\" | as_json_string }}", r#""a'b""#),
            ("{% assign o = '{\"k\": [1, 2]}' | json_parse %}{{ o.k | last }}", "2"),
            ("{{ 'hey<&>hi ü' | url_escape }}", "hey%3C&%3Ehi%20%C3%BC"),
            ("{{ 'hey<&>hi ü' | url_param_escape }}", "hey%3C%26%3Ehi%20%C3%BC"),
            ("{{ 'hey' | base64_encode }}", "aGV5"),
            ("{{ 'abc' | sha2 }}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            // RFC 4231, test case 2.
            (
                "{{ 'what do ya want for nothing?' | hmac_sha256_hex: 'Jefe' }}",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ] {
            assert_eq!(text(template), rendered, "{template}");
        }
    }

    #[test]
    fn every_control_character_is_escaped_for_json() {
        let raw: String = (0..0x20).filter_map(char::from_u32).chain("\u{7f}\"\\\u{2028}\u{2029}é😀".chars()).collect();
        let mut names = Names::new();
        names.set_text("whats_app", "x", &raw);
        let Rendered::Text(json) = render("\"{{whats_app.${x} | json_escape}}\"", &names).unwrap() else { panic!() };
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), raw);
        assert!(!json.contains('\u{2028}') && json.contains('😀'));
    }

    proptest! {
        #[test]
        fn any_text_survives_the_recommended_body(text in any::<String>(), id in any::<String>()) {
            let mut names = names();
            names.set_text(PROFILE, "user_id", &id);
            names.set_text("whats_app", "inbound_message_body", &text);
            let Rendered::Text(body) = render(crate::RECOMMENDED_BODY, &names).unwrap() else { panic!("aborted") };
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!((body["message"].as_str(), body["user_id"].as_str()), (Some(&*text), Some(&*id)));
        }

        #[test]
        fn any_template_ends_in_a_text_or_an_error(template in "([{}%$'\"|.: -]|user_id|whats_app|raw|endraw|if|abort_message|\\{\\{|\\$\\{|é){0,24}") {
            let _ = render(&template, &names());
        }

        #[test]
        fn text_without_braces_is_nobody_s_tag(text in "[^{]*") {
            let Rendered::Text(same) = render(&text, &names()).unwrap() else { panic!("aborted") };
            prop_assert_eq!(same, text);
        }
    }

    #[test]
    fn the_time_is_in_whole_seconds() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let rendered: u64 = text("{{'now' | date: '%s'}}").parse().unwrap();
        assert!(rendered.abs_diff(now) <= 1);
    }

    #[test]
    fn an_error_quotes_the_template_and_never_a_value() {
        let error = render("{{ whats_app.${inbound_message_body} | json_parse }}", &names()).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("say"), "{error}");
    }

    #[test]
    fn what_the_simulation_cannot_do_is_an_error_and_never_a_guess() {
        for template in [
            "{{${user_id} | md5}}",
            "{% connected_content http://x %}",
            "{{ 'x' | hmac_sha256_hex }}",
            "{{ | }}",
            "{% if ${user_id} %}",
            "{{ 'x' | sha2: 'y' }}",
            "{{nobody.${x}}}",
            "{{ 'x' | json_parse }}",
        ] {
            assert!(render(template, &names()).is_err(), "{template}");
        }
    }
}
