//! A reply as an AI writes it, Markdown of any length, made into texts that WhatsApp shows well.
//!
//! `reader` turns the Markdown into lines, `pack` spreads them over parts, `markup` writes each line with
//! WhatsApp's own markers. Markers and fences are written last, per line and per part; so a cut anywhere leaves every
//! marker closed before it and opened again after it.

mod cut;
mod direction;
mod html;
mod line;
mod lost;
mod markup;
mod pack;
mod reader;
mod source;
mod table;
mod writer;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod seen;
#[cfg(test)]
mod tests;

pub(crate) use direction::is_direction;
use models::{PART_CHARACTERS, Part, is_blank};

/// Ends the last part of a reply that was too long.
const ELLIPSIS: &str = " …";

/// The parts that say `markdown` on WhatsApp, at most `most_parts` of them; the last one ends with ` …` if more was to
/// be said. Empty if there is nothing to say, or nothing to see in it.
pub fn shape(markdown: &str, most_parts: usize) -> Vec<Part> {
    texts(markdown, most_parts, PART_CHARACTERS).into_iter().filter_map(|text| Part::new(text).ok()).collect()
}

/// The parts that say `text` as a person wrote it: nothing in it is Markdown, and none of it is left out but control
/// characters. Empty if there is nothing to see in it.
pub fn verbatim(text: &str) -> Vec<Part> {
    let text = reader::clean(text);
    let mut lines: Vec<line::Line> = Vec::new();
    let mut gap = false;
    for written in text.split('\n') {
        if is_blank(written) {
            gap = !lines.is_empty();
        } else {
            lines.push(line::Line::plain(written, std::mem::take(&mut gap)));
        }
    }
    if lines.iter().all(line::Line::is_blank) {
        return Vec::new();
    }
    let parts = pack::pack(lines, PART_CHARACTERS);
    parts.iter().filter_map(|part| Part::new(pack::join(part)).ok()).collect()
}

/// [`shape`] with parts of at most `limit` characters.
fn texts(markdown: &str, most_parts: usize, limit: usize) -> Vec<String> {
    // One part more is read than is sent: where the last one ends depends on what would come next.
    let lines = reader::read(markdown, most_parts.saturating_add(1).saturating_mul(limit));
    if lines.iter().all(line::Line::is_blank) {
        return Vec::new();
    }
    let mut parts = pack::pack(lines, limit);
    let is_too_long = parts.len() > most_parts;
    parts.truncate(most_parts);
    if let Some(last) = parts.last_mut().filter(|_| is_too_long) {
        *last = pack::head(std::mem::take(last), limit - ELLIPSIS.chars().count());
    }
    let mut texts: Vec<_> = parts.iter().map(|part| pack::join(part)).collect();
    if let Some(last) = texts.last_mut().filter(|_| is_too_long) {
        last.push_str(ELLIPSIS);
    }
    texts
}
