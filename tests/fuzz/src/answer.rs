//! Bytes as the answer of a server.

/// A status, one header's value and a body.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) header: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The first line is `status header`, the rest the body. `None` if the status is none that HTTP knows.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (status, header) = bytes[..end].split_at_checked(3)?;
        let status = std::str::from_utf8(status).ok()?.parse().ok().filter(|status| (100..=999).contains(status))?;
        // What is not readable as text never reaches the readers.
        let header = std::str::from_utf8(header).ok().filter(|header| !header.is_empty());
        Some(Self { status, header, body: &bytes[end + 1..] })
    }
}
