//! Templates that anybody may have typed, on a page for instance: those that can neither grow without end nor run for long.

use liquid::ParserBuilder;
use liquid_lib::stdlib;

use super::{AbortTag, filters, mistake, scan};

/// The most bytes of such a template. Braze's own limits for them are not documented; the recommended body has 600.
pub const TEMPLATE_BYTES: usize = 8 * 1024;
/// The most tags and statements in one: they are read by recursion where they stand within each other.
const TAGS: usize = 64;
/// The most brackets, for the same reason.
const BRACKETS: usize = 256;

/// Why a template that somebody typed is not taken. The words are about the template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It has more than [`TEMPLATE_BYTES`].
    #[error("a template of more than {TEMPLATE_BYTES} bytes is not taken here")]
    TooLong,
    /// It has more tags or brackets than any template needs.
    #[error("a template of more than {TAGS} tags or {BRACKETS} brackets is not taken here")]
    TooMuch,
    /// It is good Liquid, with something in it that may grow without end.
    #[error("loops, variables, and filters that multiply a text are not taken here: they may grow without end ({0})")]
    MayGrow(String),
}

/// Whether a template is harmless enough to be rendered for whoever typed it. One that does not parse is: it is never rendered.
pub fn take(template: &str) -> Result<(), NotTaken> {
    if template.len() > TEMPLATE_BYTES {
        return Err(NotTaken::TooLong);
    }
    let count = |what: &str| template.matches(what).count();
    if count("{{") + count("{%") > TAGS || count("[") + count("(") > BRACKETS {
        return Err(NotTaken::TooMuch);
    }
    let Ok(()) = super::parse(template) else { return Ok(()) };
    let Ok(translated) = scan(template) else { return Ok(()) };
    let refused = |error: &liquid::Error| NotTaken::MayGrow(mistake::in_words(error));
    let parser = parser().map_err(|error| refused(&error))?;
    parser.parse(&translated.text).map(drop).map_err(|error| refused(&error))
}

/// Conditions, and filters that make a text longer by no more than what stands in the template, or by a factor that
/// [`filters`] bounds.
fn parser() -> Result<liquid::Parser, liquid::Error> {
    let harmless = ParserBuilder::new()
        .tag(AbortTag::default())
        .block(stdlib::RawBlock)
        .block(stdlib::CommentBlock)
        .block(stdlib::IfBlock)
        .block(stdlib::UnlessBlock)
        .block(stdlib::CaseBlock)
        .filter(stdlib::Append)
        .filter(stdlib::Capitalize)
        .filter(stdlib::Date)
        .filter(stdlib::Default)
        .filter(stdlib::Downcase)
        .filter(stdlib::First)
        .filter(stdlib::Last)
        .filter(stdlib::Lstrip)
        .filter(stdlib::Prepend)
        .filter(stdlib::Remove)
        .filter(stdlib::Rstrip)
        .filter(stdlib::Size)
        .filter(stdlib::Slice)
        .filter(stdlib::Split)
        .filter(stdlib::Strip)
        .filter(stdlib::StripNewlines)
        .filter(stdlib::Truncate)
        .filter(stdlib::TruncateWords)
        .filter(stdlib::Upcase);
    filters::ALL.into_iter().fold(harmless, ParserBuilder::filter).build()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;
    use crate::template::{Names, Rendered, render};
    use crate::{DOCUMENTED_BODY, DOCUMENTED_REPLY_MESSAGE, RECOMMENDED_BODY, REPLY_MESSAGE};

    #[test]
    fn what_braze_and_dragoman_recommend_is_taken_and_so_is_what_never_renders() {
        for template in [
            RECOMMENDED_BODY,
            DOCUMENTED_BODY,
            REPLY_MESSAGE,
            DOCUMENTED_REPLY_MESSAGE,
            "",
            "{{${user_id}",
            "{% if %}",
            "{{ 'x' | md5 }}",
            "{% if ${language} == 'de' %}Hallo{% else %}{% abort_message('no') %}{% endif %}",
            "{{${first_name} | default: 'you' | upcase | truncate: 3}}",
        ] {
            assert_eq!(take(template), Ok(()), "{template}");
        }
    }

    #[test]
    fn what_may_grow_without_end_is_not() {
        for template in [
            "{% for i in (1..1000000000) %}x{% endfor %}",
            "{% tablerow i in (1..1000000000) %}x{% endtablerow %}",
            "{% assign a = 'x' %}{% assign a = a | append: a %}",
            "{% capture a %}x{% endcapture %}",
            "{% increment a %}",
            "{{ 'x' | replace: 'x', 'xxxx' | replace: 'x', 'xxxx' }}",
            "{{ 'x,x' | split: ',' | join: 'xxxx' }}",
        ] {
            assert!(matches!(take(template), Err(NotTaken::MayGrow(_))), "{template} {:?}", take(template));
        }
        assert_eq!(take(&"x".repeat(TEMPLATE_BYTES)), Ok(()));
        assert_eq!(take(&"x".repeat(TEMPLATE_BYTES + 1)), Err(NotTaken::TooLong));
        assert_eq!(take(&"{{${a}}}".repeat(65)), Err(NotTaken::TooMuch));
    }

    #[test]
    fn the_deepest_and_the_longest_that_is_taken_ends() {
        let mut names = Names::new();
        names.set_text("whats_app", "x", &"\\\u{1}".repeat(40_000));
        let ifs = format!("{}x{}", "{% if true %}".repeat(32), "{% endif %}".repeat(32));
        let brackets = format!("{{{{ {}'x'{} }}}}", "whats_app[".repeat(200), "]".repeat(200));
        let escaped = format!("{{{{ whats_app.${{x}}{} }}}}", " | json_escape".repeat(500));
        let quoted = format!("{{{{ whats_app.${{x}}{} }}}}", " | as_json_string".repeat(450));
        let conditions = format!("{{% if true{} %}}x{{% endif %}}", " and true".repeat(900));
        for template in [ifs, brackets, escaped, quoted, conditions] {
            assert_eq!(take(&template), Ok(()));
            if let Ok(Rendered::Text(text)) = render(&template, &names) {
                assert!(text.len() < 8 * 1024 * 1024, "{}", text.len());
            }
        }
    }

    proptest! {
        #[test]
        fn no_template_makes_the_judge_fall(template in "([{}%$'\"|.: -\\[\\]()]|user_id|if|endif|for|raw|\\{\\{|\\$\\{|é){0,40}") {
            let taken = take(&template);
            prop_assert!(!matches!(taken, Err(NotTaken::TooLong)));
        }
    }
}
