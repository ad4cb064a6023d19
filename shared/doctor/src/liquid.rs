//! A text with Braze's Liquid in it, cut into its pieces. No engine: it knows the tags and filters that a webhook body needs,
//! and says so where there are others.

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// What stands there as it is.
    Text(&'a str),
    /// `{{ … }}`.
    Tag(Tag<'a>),
    /// `{% … %}`.
    Logic,
}

/// `{{ name | filter: argument }}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// Such as `whats_app.${inbound_message_body}`.
    pub(crate) name: &'a str,
    pub(crate) filters: Vec<Filter<'a>>,
}

/// One filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter<'a> {
    pub(crate) name: &'a str,
    /// What follows the colon; empty without one.
    pub(crate) argument: &'a str,
}

impl Tag<'_> {
    pub(crate) fn has(&self, filter: &str) -> bool {
        self.filters.iter().any(|found| found.name == filter)
    }
}

/// A tag begins and does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unclosed;

/// Cuts `template` into its pieces.
pub(crate) fn pieces(template: &str) -> Result<Vec<Piece<'_>>, Unclosed> {
    let (mut pieces, mut rest) = (Vec::new(), template);
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        pieces.push(Piece::Text(&rest[..start]));
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let inner = &rest[start + 2..];
        let end = end(inner, close).ok_or(Unclosed)?;
        pieces.push(if close == "}}" { Piece::Tag(tag(&inner[..end])) } else { Piece::Logic });
        rest = &inner[end + 2..];
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    Ok(pieces)
}

/// Where `close` stands outside of quotation marks and of `${…}`.
fn end(text: &str, close: &str) -> Option<usize> {
    let mut within: Option<char> = None;
    for (at, c) in text.char_indices() {
        match within {
            Some(last) if last == c => within = None,
            None if text[at..].starts_with(close) => return Some(at),
            None if c == '\'' || c == '"' => within = Some(c),
            // The next tag begins before this one ends.
            None if text[at..].starts_with("{{") => return None,
            None if c == '{' => within = Some('}'),
            Some(_) | None => {}
        }
    }
    None
}

fn tag(inner: &str) -> Tag<'_> {
    let mut parts = split(inner.trim_matches('-')).into_iter();
    let name = parts.next().unwrap_or_default().trim();
    let filters = parts.map(|part| {
        let (name, argument) = part.split_once(':').unwrap_or((part, ""));
        Filter { name: name.trim(), argument: argument.trim() }
    });
    Tag { name, filters: filters.collect() }
}

/// Splits at `|` outside of quotation marks.
fn split(text: &str) -> Vec<&str> {
    let mut within = None;
    text.split(|c: char| {
        match within {
            Some(quote) if quote == c => within = None,
            None if c == '\'' || c == '"' => within = Some(c),
            _ => {}
        }
        within.is_none() && c == '|'
    })
    .collect()
}

/// What goes between the quotation marks of a JSON string for `text`.
pub(crate) fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// `template` with a value for every tag, as Braze renders it; `None` where it holds a tag without a value, a filter that is
/// not known here, or logic.
pub(crate) fn render(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    for piece in pieces(template).ok()? {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Tag(tag) => out.push_str(&tag.filters.iter().try_fold(value(tag.name)?, filtered)?),
            Piece::Logic => return None,
        }
    }
    Some(out)
}

fn filtered(text: String, filter: &Filter<'_>) -> Option<String> {
    match (filter.name, filter.argument) {
        ("json_escape", "") => Some(json_escaped(&text)),
        ("as_json_string", "") => Some(serde_json::Value::from(text).to_string()),
        ("default", argument) if text.is_empty() => Some(argument.trim_matches(['\'', '"']).to_owned()),
        // The time is given in seconds already.
        ("default", _) | ("date", "'%s'" | "\"%s\"") => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(template: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
        let tags = pieces(template).unwrap().into_iter().filter_map(|piece| match piece {
            Piece::Tag(tag) => {
                Some((tag.name, tag.filters.iter().map(|filter| (filter.name, filter.argument)).collect()))
            }
            _ => None,
        });
        tags.collect()
    }

    #[test]
    fn tags_and_their_filters_are_found() {
        for (template, expected) in [
            ("none { at } all", vec![]),
            ("{{${user_id}}}", vec![("${user_id}", vec![])]),
            ("a{{ ${a} }}b{{b.${c} | json_escape}}", vec![("${a}", vec![]), ("b.${c}", vec![("json_escape", "")])]),
            ("{{'now' | date: '%s'}}", vec![("'now'", vec![("date", "'%s'")])]),
            ("{{${a} | default: '}}|' | x}}", vec![("${a}", vec![("default", "'}}|'"), ("x", "")])]),
            ("{{- ${a} -}}", vec![("${a}", vec![])]),
        ] {
            assert_eq!(tags(template), expected, "{template}");
        }
        assert_eq!(pieces("{% if x %}y"), Ok(vec![Piece::Logic, Piece::Text("y")]));
        for open in ["{{${user_id}", "{{", "{% if", "{{ 'x }}", "{{${a} | b\", \"c\": \"{{${d}}}\""] {
            assert_eq!(pieces(open), Err(Unclosed), "{open}");
        }
    }

    #[test]
    fn what_is_known_is_rendered_and_nothing_else() {
        let value = |name: &str| match name {
            "${a}" => Some("say \"hi\"\n".to_owned()),
            "${none}" => Some(String::new()),
            _ => None,
        };
        for (template, expected) in [
            ("<{{${a}}}>", Some("<say \"hi\"\n>")),
            ("{{${a} | json_escape}}", Some(r#"say \"hi\"\n"#)),
            ("{{${a} | as_json_string}}", Some(r#""say \"hi\"\n""#)),
            ("{{${none} | default: 'x'}}", Some("x")),
            ("{{${b}}}", None),
            ("{{${a} | upcase}}", None),
            ("{% if a %}{% endif %}", None),
            ("{{${a}", None),
        ] {
            assert_eq!(render(template, value).as_deref(), expected, "{template}");
        }
    }
}
