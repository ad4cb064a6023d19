//! A form with a file in it, written by hand: the one form there is.

use std::fmt::Write as _;

use platform::hmac_sha256;

/// A form's bytes, and what its header has to say.
pub(super) struct Form {
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

/// A form of these fields, and a file of this name and type.
pub(super) fn form(fields: &[(&str, &str)], (name, mime): (&str, &str), file: &[u8]) -> Form {
    let boundary = boundary(file);
    let mut body = Vec::with_capacity(file.len() + 1024);
    for (field, value) in fields {
        let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {mime}\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Form { content_type: format!("multipart/form-data; boundary={boundary}"), body }
}

/// A line that stands in no file: nobody can write one into a file that follows from the whole file.
fn boundary(file: &[u8]) -> String {
    let mut boundary = "dragoman-".to_owned();
    for byte in hmac_sha256::sign(b"boundary", &[file]).unwrap_or_default() {
        // A text takes everything.
        let _ = write!(boundary, "{byte:02x}");
    }
    boundary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_exactly_this() {
        let Form { content_type, body } = form(&[("model", "m")], ("voice.ogg", "audio/ogg"), b"OggS\0\xff\r\n--x");
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert!(boundary.len() <= 73 && boundary.starts_with("dragoman-"), "{boundary}");
        let expected = [
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n").as_bytes(),
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"voice.ogg\"\r\n")
                .as_bytes(),
            b"Content-Type: audio/ogg\r\n\r\nOggS\0\xff\r\n--x\r\n",
            format!("--{boundary}--\r\n").as_bytes(),
        ]
        .concat();
        assert_eq!(body, expected);
    }

    #[test]
    fn another_file_has_another_boundary() {
        assert_ne!(boundary(b"a"), boundary(b"b"));
    }
}
