//! What a message body may hold, and its checksum.

use md5::{Digest as _, Md5};

use crate::refusal::Refusal;

/// The most bytes of a message: 1 MiB of UTF-8 (SQS quotas, "Message size").
pub(super) const MESSAGE_BYTES: usize = 1 << 20;

/// Checks size and characters of a body as SQS does.
pub(super) fn check(body: &str) -> Result<(), Refusal> {
    if body.is_empty() {
        return Err(Refusal::new("MissingParameter", "The request must contain the parameter MessageBody."));
    }
    if body.len() > MESSAGE_BYTES {
        let message =
            format!("One or more parameters are invalid. Reason: Message must be shorter than {MESSAGE_BYTES} bytes.");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    match body.chars().find(|c| !allowed(*c)) {
        None => Ok(()),
        Some(c) => Err(Refusal::new(
            "InvalidMessageContents",
            format!("Invalid character U+{:04X} in the message.", u32::from(c)),
        )),
    }
}

/// `#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF` (API reference, `SendMessage`).
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The MD5 of a body in hexadecimal, which clients compare with what they sent.
pub(crate) fn md5(body: &str) -> String {
    format!("{:x}", Md5::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bodies_that_sqs_takes_pass() {
        let full = "x".repeat(MESSAGE_BYTES);
        for (body, refusal) in [
            ("hello", None),
            ("\t\n\r é \u{e000}\u{fffd}👍", None),
            (full.as_str(), None),
            ("", Some("MissingParameter")),
            (&format!("{full}x"), Some("InvalidParameterValue")),
            ("nul \0", Some("InvalidMessageContents")),
            ("bell \u{7}", Some("InvalidMessageContents")),
            ("\u{fffe}", Some("InvalidMessageContents")),
            ("\u{ffff}", Some("InvalidMessageContents")),
        ] {
            assert_eq!(check(body).err().map(|refusal| refusal.code), refusal, "{} bytes", body.len());
        }
    }

    #[test]
    fn the_checksum_is_the_one_of_the_rfc() {
        assert_eq!(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }
}
