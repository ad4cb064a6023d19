//! What is wrong with a template, in words. The parser's own text draws a picture of what it was given, which is not what
//! somebody typed, and lists every filter there is.

/// Why a template does not parse: in one line, about the template, without the parser's picture and lists.
pub(super) fn in_words(error: &liquid::Error) -> String {
    let told = error.to_string();
    let after = |label: &str| told.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim);
    let first = told.lines().next().unwrap_or_default().trim_start_matches("liquid:").trim();
    if let Some(filter) = after("requested filter=") {
        return format!("the filter `{filter}` is not known here");
    }
    if let Some(tag) = after("requested=") {
        return format!("the tag `{tag}` is not known here, or not in this place");
    }
    if let Some(filter) = after("filter=") {
        let name = filter.split(':').next().unwrap_or_default().trim();
        return format!("the filter `{name}` cannot be used so: {}", after("cause=").unwrap_or(first));
    }
    let place = first.strip_prefix("--> ").and_then(|place| place.split_once(':'));
    match (place, after("= ")) {
        (_, Some(reason)) if reason.starts_with("Unclosed block") => "a block is never closed".to_owned(),
        // Of many things that might stand there, one is enough to see where to look.
        (Some((line, _)), Some(reason)) => {
            format!(
                "line {line} is no Liquid ({})",
                reason.split(", ").next().unwrap_or_default().trim_end_matches('.')
            )
        }
        _ => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::template::parse;

    #[test]
    fn a_mistake_is_one_short_line_without_the_parsers_picture() {
        for (template, told) in [
            ("{{ 'x' | md5 }}", "the filter `md5` is not known here"),
            ("{% connected_content http://x %}", "line 1 is no Liquid (expected Value)"),
            ("{% nothing %}", "the tag `nothing` is not known here, or not in this place"),
            ("{% endif %}", "the tag `endif` is not known here, or not in this place"),
            ("{% if ${user_id} %}", "a block is never closed"),
            ("a\nb {{ ${user_id} | }}", "line 2 is no Liquid (expected Identifier)"),
            ("{% if a == %}x{% endif %}", "line 1 is no Liquid (Value expected)"),
            ("{{ 'x' | sha2: 'y' }}", "the filter `sha2` cannot be used so: the filter takes no more values"),
            ("{{ 'x' | append }}", "the filter `append` cannot be used so: expected at least 1 positional argument"),
        ] {
            let error = parse(template).unwrap_err().to_string();
            assert_eq!(error, format!("the template does not parse: {told}"), "{template}");
        }
    }
}
