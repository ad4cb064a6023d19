//! Reading a webhook body. Two templates are understood; which one made a body is read from its first key, which stands
//! before anything a user can influence.

mod frame;
mod recommended;
mod scan;
mod warning;

use std::time::Duration;

use models::{Identity, MessageId, Personal, Timestamp};

use scan::Scan;
pub(crate) use warning::Warning;

/// Characters of a text that are let through: the most WhatsApp lets anybody type.
const MOST_CHARACTERS: usize = 65_536;
const MOST_ID_BYTES: usize = 512;
/// A longer name or list of media is left out: with it the message might not fit where it is kept.
const MOST_NAME_BYTES: usize = 1_024;
const MOST_MEDIA_BYTES: usize = 16 * 1_024;
/// A rendered time further from the arrival than Braze's retries can explain is none.
const PLAUSIBLE: Duration = Duration::from_hours(48);
/// What Braze renders where a campaign has no dispatch, as in previews.
const UNSENT: &str = "dispatch_id_for_unsent_campaign";

/// A webhook body, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    /// Which template made it.
    pub(crate) template: Template,
    /// Who wrote.
    pub(crate) identity: Identity,
    /// What they wrote, byte for byte.
    pub(crate) text: Personal,
    /// Whether the text was longer than what is let through.
    pub(crate) shortened: bool,
    /// The campaign's dispatch, if the body names one of its own.
    pub(crate) dispatch_id: Option<String>,
    /// When Braze rendered the body, in seconds.
    pub(crate) sent_at: Option<u64>,
    /// The language of the user's profile.
    pub(crate) language: Option<String>,
    /// What the user calls themselves.
    pub(crate) profile_name: Option<Personal>,
    /// Attached media, as rendered.
    pub(crate) media_urls: Option<Personal>,
    /// What whoever set up the campaign should know.
    pub(crate) warnings: Vec<Warning>,
}

/// The two templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Template {
    /// The one in Braze's documentation: nothing escaped, the free text last.
    Documented,
    /// Ours: JSON with every value escaped.
    Recommended,
}

/// Why a body cannot be read. It is authentic, so it is parked in quarantine, whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Not UTF-8, or said to be something else.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Compressed or otherwise encoded.
    #[error("the body has a Content-Encoding; Braze sends none")]
    Encoded,
    /// The first key is neither `user_id` nor `v`.
    #[error("the body begins like neither template: its first key must be \"user_id\" or \"v\"")]
    UnknownTemplate,
    /// Quotation marks as word processors make them.
    #[error("the body has typographic quotation marks; paste the template as plain text")]
    TypographicQuotes,
    /// The recommended template in a version that does not exist.
    #[error("the body has a \"v\" other than 1")]
    UnknownVersion,
    /// The keys before the message are not where the template has them.
    #[error("the body departs from its template at {0}")]
    OutOfPlace(&'static str),
    /// The external id could not have been read safely, or was not rendered.
    #[error(
        "the user id has a quotation mark, a control character, an escape that no filter writes or unrendered Liquid, \
         is blank, or is over 512 bytes"
    )]
    SuspiciousId,
    /// Not a phone number, so perhaps part of a crafted id.
    #[error("the phone number is neither empty nor a phone number")]
    SuspiciousPhone,
    /// No name of the user at all.
    #[error("there is no user id, no braze id and no phone, so no way to reach the user")]
    Unreachable,
}

/// The values of a body before they are judged.
#[derive(Default)]
struct Fields {
    dispatch_id: String,
    sent_at: String,
    user_id: String,
    braze_id: String,
    phone_number: String,
    language: String,
    profile_name: String,
    media_urls: String,
    message: String,
    /// An id was written with an escape that no filter writes: it may have been typed to be read as somebody else's.
    has_typed_escape: bool,
}

impl Body {
    /// Reads `bytes`, which reached the door at `arrival`.
    pub(crate) fn read(bytes: &[u8], arrival: Timestamp) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8)?;
        let mut warnings = Vec::new();
        let template = template_of(text)?;
        let fields = match template {
            Template::Documented => frame::read(text, &mut warnings)?,
            Template::Recommended => recommended::read(text, &mut warnings)?,
        };
        Self::judge(template, fields, warnings, arrival)
    }

    /// The message's id, the same for every delivery of one webhook.
    pub(crate) fn message_id(&self, arrival: Timestamp) -> MessageId {
        let user = self.identity.conversation();
        match (&self.dispatch_id, self.sent_at) {
            (None, None) => MessageId::of_arrival(user.as_str(), self.text.as_str(), arrival),
            (dispatch_id, sent_at) => MessageId::of_webhook(
                dispatch_id.as_deref().unwrap_or_default(),
                &sent_at.map(|seconds| seconds.to_string()).unwrap_or_default(),
                user.as_str(),
                self.text.as_str(),
            ),
        }
    }

    fn judge(
        template: Template,
        fields: Fields,
        mut warnings: Vec<Warning>,
        arrival: Timestamp,
    ) -> Result<Self, Unreadable> {
        if fields.has_typed_escape || !is_id(&fields.user_id) || !is_id(&fields.braze_id) {
            return Err(Unreadable::SuspiciousId);
        }
        if !is_phone(&fields.phone_number) {
            return Err(Unreadable::SuspiciousPhone);
        }
        let identity = Identity::new(&fields.user_id, &fields.braze_id, &fields.phone_number);
        let shortened = fields.message.char_indices().nth(MOST_CHARACTERS).map(|(end, _)| end);
        let text = shortened.map_or(fields.message.as_str(), |end| &fields.message[..end]);
        warnings.extend(shortened.map(|_| Warning::Shortened));
        if template == Template::Documented {
            warnings.push(Warning::Unescaped);
        }
        if warning::looks_like_a_key(text) {
            warnings.push(Warning::KeyInText);
        }
        Ok(Self {
            template,
            identity: identity.map_err(|_| Unreadable::Unreachable)?,
            text: Personal::from(text),
            shortened: shortened.is_some(),
            dispatch_id: dispatch_id(&fields, template, &mut warnings),
            sent_at: sent_at(&fields, arrival, &mut warnings),
            language: language(&fields, &mut warnings),
            profile_name: some(fields.profile_name, MOST_NAME_BYTES),
            media_urls: some(fields.media_urls, MOST_MEDIA_BYTES),
            warnings,
        })
    }
}

fn template_of(text: &str) -> Result<Template, Unreadable> {
    let mut scan = Scan::new(text);
    scan.space();
    scan.token("{").ok_or(Unreadable::UnknownTemplate)?;
    scan.space();
    match scan.rest() {
        rest if rest.starts_with("\"user_id\"") => Ok(Template::Documented),
        rest if rest.starts_with("\"v\"") => Ok(Template::Recommended),
        rest if rest.starts_with(['“', '”', '„', '«', '‟', '″']) => Err(Unreadable::TypographicQuotes),
        _ => Err(Unreadable::UnknownTemplate),
    }
}

/// Empty, or an id that cannot be a piece of something else.
fn is_id(text: &str) -> bool {
    let clean = !text.contains(['"', '“']) && !is_unrendered(text) && !text.contains(char::is_control);
    text.is_empty() || (clean && text.len() <= MOST_ID_BYTES && !text.trim().is_empty())
}

/// Whether Braze would have made something else of it.
fn is_unrendered(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Empty, or a number as people write it.
fn is_phone(text: &str) -> bool {
    let number = text.strip_prefix('+').unwrap_or(text);
    let legal = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '-');
    let is_number = number.chars().all(legal) && number.contains(|c: char| c.is_ascii_digit());
    text.is_empty() || ((5..=20).contains(&number.len()) && is_number)
}

fn dispatch_id(fields: &Fields, template: Template, warnings: &mut Vec<Warning>) -> Option<String> {
    let id = &fields.dispatch_id;
    let usable = !id.is_empty() && id != UNSENT && id.len() <= 200 && id.chars().all(|c| c.is_ascii_graphic());
    let usable = usable && !is_unrendered(id);
    if !usable && template == Template::Recommended {
        warnings.push(Warning::NoDispatch);
    }
    usable.then(|| id.clone())
}

fn sent_at(fields: &Fields, arrival: Timestamp, warnings: &mut Vec<Warning>) -> Option<u64> {
    let plausible = |seconds: &u64| {
        let at = Timestamp::from_seconds(*seconds);
        arrival.since(at).max(at.since(arrival)) < PLAUSIBLE
    };
    let seconds = fields.sent_at.parse().ok().filter(plausible);
    if seconds.is_none() && !fields.sent_at.is_empty() {
        warnings.push(Warning::NoTime);
    }
    seconds
}

fn language(fields: &Fields, warnings: &mut Vec<Warning>) -> Option<String> {
    let tag = &fields.language;
    let legal = (2..=20).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !legal && !tag.is_empty() {
        warnings.push(Warning::NoLanguage);
    }
    legal.then(|| tag.clone())
}

fn some(text: String, most: usize) -> Option<Personal> {
    (!text.is_empty() && text.len() <= most).then(|| Personal::from(text))
}

#[cfg(test)]
mod fields;
#[cfg(test)]
mod tests;
