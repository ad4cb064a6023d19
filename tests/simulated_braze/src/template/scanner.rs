//! Braze's `${…}` tags, turned into what a plain Liquid parser reads.
//!
//! `{{${user_id}}}` becomes `{{braze_profile["${user_id}"]}}` and `{{whats_app.${x} | json_escape}}` becomes
//! `{{whats_app["${x}"] | json_escape}}`. Only what stands inside `{{ }}` and `{% %}`, outside of quotation marks, is
//! looked at.

use std::fmt::Write as _;

/// Where tags without a namespace, `${user_id}`, are looked up.
pub(crate) const PROFILE: &str = "braze_profile";

/// A template in plain Liquid, with the Braze tags that were in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Translated {
    pub(crate) text: String,
    pub(crate) tags: Vec<Tag>,
}

/// One Braze tag: `api_trigger_properties.${key}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) namespace: String,
    pub(crate) key: String,
}

/// Translates `template`; the error says what is wrong with it.
pub(crate) fn translate(template: &str) -> Result<Translated, &'static str> {
    let mut scanner = Scanner { rest: template, out: String::with_capacity(template.len() + 64), tags: Vec::new() };
    while scanner.piece()? {}
    Ok(Translated { text: scanner.out, tags: scanner.tags })
}

struct Scanner<'a> {
    rest: &'a str,
    out: String,
    tags: Vec<Tag>,
}

impl Scanner<'_> {
    /// Copies plain text up to the next `{{` or `{%`, and that to its end; false when the template is over.
    fn piece(&mut self) -> Result<bool, &'static str> {
        let Some(start) = [self.rest.find("{{"), self.rest.find("{%")].into_iter().flatten().min() else {
            self.out.push_str(self.rest);
            return Ok(false);
        };
        self.copy(start);
        let output = self.rest.starts_with("{{");
        self.copy(2);
        let from = self.out.len();
        if output {
            self.inside("}}")?;
        } else {
            self.inside("%}")?;
            self.statement(from)?;
        }
        Ok(true)
    }

    fn inside(&mut self, closing: &str) -> Result<(), &'static str> {
        loop {
            match self.rest.chars().next() {
                None => return Err("a `{{` or `{%` is never closed"),
                _ if self.rest.starts_with(closing) => {
                    self.copy(2);
                    return Ok(());
                }
                _ if self.rest.starts_with("${") => self.tag()?,
                _ if self.rest.starts_with("{{") || self.rest.starts_with("{%") => {
                    return Err("a `{{` or `{%` stands inside another");
                }
                Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
                Some(other) => self.copy(other.len_utf8()),
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<(), &'static str> {
        let length = self.rest[1..].find(quote).ok_or("a quotation mark is never closed")?;
        self.copy(length + 2);
        Ok(())
    }

    /// `${key}`, alone or behind `namespace.`.
    fn tag(&mut self) -> Result<(), &'static str> {
        let (key, rest) = self.rest[2..].split_once('}').ok_or("a `${` is never closed")?;
        self.rest = rest;
        let key = key.trim();
        if key.is_empty() || key.contains(['{', '$', '\n', '\r']) {
            return Err("a `${…}` holds no name");
        }
        let quote =
            [('"', !key.contains('"')), ('\'', !key.contains('\''))].iter().find(|(_, free)| *free).map(|q| q.0);
        let quote = quote.ok_or("a `${…}` holds both kinds of quotation marks")?;
        let namespace = self.namespace()?;
        let _ = write!(self.out, "[{quote}${{{key}}}{quote}]");
        self.tags.push(Tag { namespace, key: key.to_owned() });
        Ok(())
    }

    fn namespace(&mut self) -> Result<String, &'static str> {
        let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if self.out.ends_with('.') {
            self.out.pop();
            let name = self.out[self.out.trim_end_matches(in_name).len()..].to_owned();
            return if name.is_empty() { Err("a `.${…}` follows no name") } else { Ok(name) };
        }
        if self.out.ends_with(in_name) {
            return Err("a `${…}` follows a name without a dot");
        }
        self.out.push_str(PROFILE);
        Ok(PROFILE.to_owned())
    }

    /// Two statements need more than their tags translated: `raw`, whose content is nobody's business, and
    /// `abort_message('why')`, whose parentheses plain Liquid does not read.
    fn statement(&mut self, from: usize) -> Result<(), &'static str> {
        let content = inner(&self.out[from..self.out.len() - 2]).to_owned();
        if content == "raw" {
            return self.raw();
        }
        if let Some(arguments) = content.strip_prefix("abort_message") {
            let arguments = arguments.trim();
            let bare = arguments.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(arguments);
            self.out.truncate(from);
            let _ = write!(self.out, " abort_message {bare} %}}");
        }
        Ok(())
    }

    fn raw(&mut self) -> Result<(), &'static str> {
        loop {
            let start = self.rest.find("{%").ok_or("a `{% raw %}` is never closed")?;
            self.copy(start + 2);
            let length = self.rest.find("%}").ok_or("a `{% raw %}` is never closed")?;
            let end = inner(&self.rest[..length]) == "endraw";
            if end {
                self.copy(length + 2);
                return Ok(());
            }
        }
    }

    fn copy(&mut self, bytes: usize) {
        let (text, rest) = self.rest.split_at(bytes);
        self.out.push_str(text);
        self.rest = rest;
    }
}

/// What stands in a statement, without white space and its control by `-`.
fn inner(statement: &str) -> &str {
    statement.trim_matches('-').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_plain_liquid() {
        for (braze, plain) in [
            ("{{${user_id}}}", r#"{{braze_profile["${user_id}"]}}"#),
            ("{{ ${ user_id } | default: 'you' }}", r#"{{ braze_profile["${user_id}"] | default: 'you' }}"#),
            ("{{campaign.${dispatch_id}}}", r#"{{campaign["${dispatch_id}"]}}"#),
            ("{{custom_attribute.${eye colour}}}", r#"{{custom_attribute["${eye colour}"]}}"#),
            ("{{custom_attribute.${a \"b\"}}}", r#"{{custom_attribute['${a "b"}']}}"#),
            (
                "{% if ${language} == 'de' %}x{% endif %}",
                r#"{% if braze_profile["${language}"] == 'de' %}x{% endif %}"#,
            ),
            ("{{a.${b}.c | append: ${d}}}", r#"{{a["${b}"].c | append: braze_profile["${d}"]}}"#),
            ("{{- ${first_name} -}}", r#"{{- braze_profile["${first_name}"] -}}"#),
        ] {
            assert_eq!(translate(braze).unwrap().text, plain);
        }
    }

    #[test]
    fn what_is_no_tag_stays_as_it_is() {
        for text in [
            "",
            "plain ${user_id} text",
            "{ \"a\": { } }",
            "}} %} ${",
            "{{ '${user_id}' }}",
            "{{ \"}}\" }}",
            "{% raw %}{{${user_id}}} {% x %}{%- endraw -%}",
            "é{{ 'é' }}😀",
        ] {
            assert_eq!(translate(text).unwrap().text, text);
            assert_eq!(translate(text).unwrap().tags, []);
        }
    }

    #[test]
    fn the_reason_of_an_abort_loses_its_parentheses() {
        for (braze, plain) in [
            ("{% abort_message() %}", "{% abort_message  %}"),
            ("{% abort_message %}", "{% abort_message  %}"),
            ("{%- abort_message('why (not)') -%}", "{% abort_message 'why (not)' %}"),
            ("{% abort_message(${language}) %}", r#"{% abort_message braze_profile["${language}"] %}"#),
        ] {
            assert_eq!(translate(braze).unwrap().text, plain);
        }
    }

    #[test]
    fn broken_templates_are_mistakes() {
        for text in [
            "{{${user_id}",
            "{{${user_id",
            "{{",
            "{% if",
            "{{ 'a }}",
            "{{ {{ x }} }}",
            "{% x {{ y }} %}",
            "{{${}}}",
            "{{${ {x} }}}",
            "{{.${x}}}",
            "{{a${x}}}",
            "{% raw %} {{",
            "{% raw %} {% x",
            "{{${a\"'b}}}",
            "{{${a\nb}}}",
        ] {
            assert!(translate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_tag_is_named() {
        let tags = translate("{{api_trigger_properties.${a+b}}} {{${c}}}").unwrap().tags;
        let names: Vec<_> = tags.iter().map(|tag| (tag.namespace.as_str(), tag.key.as_str())).collect();
        assert_eq!(names, [("api_trigger_properties", "a+b"), (PROFILE, "c")]);
    }
}
