//! The documented template, read as a frame and not as JSON: nothing in it is escaped, so only what stands before the
//! free text can be trusted, and the free text is all the rest.
//!
//! Always the first match from the front: a later match is text.

use super::scan::Scan;
use super::{Fields, Unreadable, Warning};

pub(super) fn read(text: &str, warnings: &mut Vec<Warning>) -> Result<Fields, Unreadable> {
    let mut scan = Scan::new(text);
    let user_id = scan.token("{").and_then(|()| scan.key("user_id")).and_then(|()| scan.plain_value());
    let user_id = user_id.ok_or(Unreadable::OutOfPlace("user_id"))?;
    let phone = scan.token(",").and_then(|()| scan.key("phone_number")).and_then(|()| scan.plain_value());
    let phone = phone.ok_or(Unreadable::OutOfPlace("phone_number"))?;
    skip_further_keys(&mut scan, warnings)?;
    let message = scan.last_value().ok_or(Unreadable::OutOfPlace("the end"))?;
    if scan.pasted() {
        warnings.push(Warning::Pasted);
    }
    Ok(Fields {
        user_id: user_id.to_owned(),
        phone_number: phone.to_owned(),
        message: message.to_owned(),
        ..Fields::default()
    })
}

// Braze's page invites "other relevant information": keys between phone and message are passed over, never trusted.
fn skip_further_keys(scan: &mut Scan, warnings: &mut Vec<Warning>) -> Result<(), Unreadable> {
    loop {
        scan.token(",").ok_or(Unreadable::OutOfPlace("message"))?;
        if scan.key("message").is_some() {
            return Ok(());
        }
        let key = scan.token("\"").and_then(|()| scan.plain_value()).ok_or(Unreadable::OutOfPlace("message"))?;
        let value = scan.token(":").and_then(|()| scan.token("\"")).and_then(|()| scan.plain_value());
        value.ok_or(Unreadable::OutOfPlace("message"))?;
        warnings.push(Warning::FurtherKey(key.chars().take(64).collect()));
    }
}
