//! `POST /users/track`: attributes and events. Purchases are not simulated and refused.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::fields::Fields;
use super::trigger_send::{alias, only};
use crate::attributes::Attributes;
use crate::profiles::{Name, Profile};
use crate::world::World;

/// The most characters of an event's name or of a text in its properties.
const CHARACTERS: usize = 255;
/// The most bytes of an event's properties.
const PROPERTY_BYTES: usize = 100_000;

/// Takes in a call. An object that is wrong is left out and named in `errors`; the others count.
pub(super) fn take_in(body: &Map<String, Value>, world: &mut World) -> Result<Answer, Answer> {
    let mut fields = Fields::of(body, "the request");
    let attributes = fields.list("attributes").unwrap_or_default();
    let events = fields.list("events").unwrap_or_default();
    fields.finish()?;
    match attributes.len() + events.len() {
        0 => return Err(Answer::bad_request("there is nothing to track")),
        objects if objects > world.workspace.track_objects => {
            return Err(Answer::fatal(400, "Max Input Length Exceeded"));
        }
        _ => {}
    }
    let mut errors = Vec::new();
    let attributes = tally("attributes", attributes, &mut errors, |object| write_attributes(object, world));
    let events = tally("events", events, &mut errors, |object| write_event(object, world));
    let mut body = json!({"message": "success", "attributes_processed": attributes, "events_processed": events});
    if !errors.is_empty() {
        body["errors"] = Value::Array(errors);
    }
    Ok(Answer::new(201, body))
}

/// Does `one` with each object, notes those it refused, and counts the others.
fn tally(
    array: &str,
    objects: &[Value],
    errors: &mut Vec<Value>,
    mut one: impl FnMut(&Map<String, Value>) -> Result<(), Answer>,
) -> usize {
    let before = errors.len();
    for (index, object) in objects.iter().enumerate() {
        let object = object.as_object().ok_or_else(|| Answer::bad_request("must be an object"));
        if let Err(wrong) = object.and_then(&mut one) {
            errors.push(json!({"type": wrong.body["errors"][0], "input_array": array, "index": index}));
        }
    }
    objects.len() - (errors.len() - before)
}

/// Who an object is about, and whether they may be made if there is nobody.
struct Subject {
    name: Name,
    create: bool,
}

impl Subject {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Answer> {
        let names = [
            fields.text("external_id").map(|id| Name::External(id.into())),
            fields.object("user_alias").map(alias).transpose()?.map(Name::Alias),
            fields.text("braze_id").map(|id| Name::Braze(id.into())),
        ];
        let email = fields.text("email").map(|email| Name::Email(email.into()));
        let phone = fields.text("phone").map(|phone| Name::Phone(phone.into()));
        let existing_only = fields.flag("_update_existing_only");
        // An address names the user only where nothing else does, and then e-mail wins.
        let names = if names.iter().all(Option::is_none) { [email.or(phone), None, None] } else { names };
        let name = only(names, "needs exactly one of external_id, user_alias, braze_id, email and phone")?;
        let create = !existing_only.unwrap_or(matches!(name, Name::Alias(_)));
        Ok(Self { name, create })
    }

    /// Where the profile is; `None` if there is none and none shall be made.
    fn find(&self, world: &mut World) -> Option<usize> {
        world.profiles.find(&self.name).or_else(|| {
            let profile = match &self.name {
                Name::External(id) => Profile::customer(id.as_str()),
                Name::Alias(alias) => {
                    Profile { aliases: vec![alias.clone()], ..Profile::customer(alias.name.as_str()) }
                }
                Name::Phone(phone) => Profile::newcomer(phone.as_str()),
                Name::Braze(_) | Name::Email(_) => return None,
            };
            let external_id = profile.external_id.filter(|_| matches!(self.name, Name::External(_)));
            let phone = profile.phone.filter(|_| matches!(self.name, Name::Phone(_)));
            self.create.then(|| world.profiles.add(Profile { external_id, phone, subscribed: false, ..profile }))
        })
    }
}

fn write_attributes(object: &Map<String, Value>, world: &mut World) -> Result<(), Answer> {
    let mut fields = Fields::of(object, "an attributes object");
    let subject = Subject::read(&mut fields)?;
    fields.finish_open()?;
    let mut values = object.clone();
    for key in ["external_id", "user_alias", "braze_id", "_update_existing_only"] {
        values.remove(key);
    }
    let attributes = Attributes::read(&values, &world.workspace.subscription_group)?;
    if let Some(at) = subject.find(world) {
        world.profiles.edit(at, |profile| {
            attributes.write(profile);
            profile.subscribed = attributes.subscribed.unwrap_or(profile.subscribed);
        });
    }
    Ok(())
}

fn write_event(object: &Map<String, Value>, world: &mut World) -> Result<(), Answer> {
    let mut fields = Fields::of(object, "an event");
    let subject = Subject::read(&mut fields)?;
    let (name, time) = (fields.text("name"), fields.text("time"));
    let properties = fields.object("properties");
    let app = fields.text("app_id");
    fields.finish()?;
    if app.is_some_and(|app| app != world.workspace.app) {
        return Err(Answer::bad_request("there is no such app_id"));
    }
    let (Some(name), Some(time)) = (name, time) else {
        return Err(Answer::bad_request("an event needs a name and a time"));
    };
    if !plain_name(name) || !is_iso_8601(time) {
        return Err(Answer::bad_request("the event's name is too long, or its time is not ISO 8601"));
    }
    check_properties(properties)?;
    if let Some(at) = subject.find(world) {
        world.profiles.at_mut(at).events.push(json!({"name": name, "time": time, "properties": properties}));
    }
    Ok(())
}

fn plain_name(name: &str) -> bool {
    name.chars().count() <= CHARACTERS && !name.starts_with('$')
}

fn check_properties(properties: Option<&Map<String, Value>>) -> Result<(), Answer> {
    if properties.is_some_and(|map| Value::Object(map.clone()).to_string().len() > PROPERTY_BYTES) {
        return Err(Answer::bad_request("the properties are larger than 100 KB"));
    }
    for (name, value) in properties.into_iter().flatten() {
        if !plain_name(name) || ["time", "event_name"].contains(&name.as_str()) {
            return Err(Answer::bad_request("a property's name is reserved, too long or starts with $"));
        }
        if value.as_str().is_some_and(|text| text.chars().count() > CHARACTERS) {
            return Err(Answer::bad_request("a property holds more than 255 characters"));
        }
    }
    Ok(())
}

/// `2026-11-02T10:00:00Z`, with or without fractions, with `Z` or an offset.
fn is_iso_8601(time: &str) -> bool {
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let fraction = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches('0'));
    matches!(fraction, "Z" | "+00:00" | "-00:00" | "+0000" | "-0000")
}
