//! Server-sent events, as far as AIs use them (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use crate::AiError;

/// The most bytes of one event's data: no more than of a whole answer.
const LARGEST: usize = 1024 * 1024;
const TOO_LARGE: AiError = AiError::Unusable("an event of it is larger than 1 MiB");

/// Bytes on their way to be events. What an event is called is not looked at: AIs say it in the data, too.
#[derive(Default)]
pub(super) struct Events {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The data of the event that has not ended yet, if it has any.
    data: Option<Vec<u8>>,
    /// Whether a carriage return was the last byte: with a line feed behind it, it is one line's end.
    after_return: bool,
    /// Whether a line has ended: before the first one there may be a byte order mark.
    has_begun: bool,
}

impl Events {
    /// The data of the events that end in `bytes`. What has not ended when the bytes do is no event.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Result<String, AiError>> {
        let mut ended = Vec::new();
        for byte in bytes {
            let follows_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => ended.extend(self.end_line().transpose()),
                _ if self.line.len() >= LARGEST => {
                    ended.push(Err(TOO_LARGE));
                    return ended;
                }
                byte => self.line.push(*byte),
            }
        }
        ended
    }

    /// The data of the event that ends with this line, if one does.
    fn end_line(&mut self) -> Result<Option<String>, AiError> {
        let line = std::mem::take(&mut self.line);
        let mark: &[u8] = if self.has_begun { b"" } else { "\u{FEFF}".as_bytes() };
        let line = line.strip_prefix(mark).unwrap_or(&line);
        self.has_begun = true;
        if line.is_empty() {
            let Some(data) = self.data.take() else { return Ok(None) };
            let data = String::from_utf8(data).map_err(|_| AiError::Unusable("an event of it is no text"))?;
            return Ok(Some(data).filter(|data| !data.is_empty()));
        }
        let Some(value) = line.strip_prefix(b"data").and_then(after_the_name) else { return Ok(None) };
        match &mut self.data {
            Some(data) if data.len() + value.len() >= LARGEST => return Err(TOO_LARGE),
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            None => self.data = Some(value.to_vec()),
        }
        Ok(None)
    }
}

/// The value of a field: nothing, or what stands behind the colon and a space.
fn after_the_name(rest: &[u8]) -> Option<&[u8]> {
    if rest.is_empty() {
        return Some(rest);
    }
    let value = rest.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn events(pieces: &[&[u8]]) -> Vec<Result<String, AiError>> {
        let mut events = Events::default();
        pieces.iter().flat_map(|piece| events.take(piece)).collect()
    }

    #[test]
    fn events_are_read_however_their_lines_end_and_wherever_they_are_cut() {
        for (wire, expected) in [
            ("data: a\n\ndata: b\n\n", &["a", "b"][..]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]),
            ("data: a\r\rdata: b\r\r", &["a", "b"]),
            ("data: a\r\n\ndata: b\n\r\n", &["a", "b"]),
            ("\u{FEFF}data: a\n\n", &["a"]),
            ("data: \u{FEFF}a\n\n", &["\u{FEFF}a"]),
            (": a comment\n\n:\ndata: a\n: another\n\n", &["a"]),
            ("event: x\nid: 7\nretry: 10\ndata: a\nunknown\ndatabase: b\n\n", &["a"]),
            ("data: a\ndata: b\ndata:  c\n\n", &["a\nb\n c"]),
            ("data:a\n\ndata\n\ndata:\n\ndata\ndata\n\n", &["a", "\n"]),
            ("data: tschüß 🦊 né\n\n", &["tschüß 🦊 né"]),
            ("event: x\n\n\n\n", &[]),
            ("data: cut off\n", &[]),
            ("data: cut off", &[]),
            ("", &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(|data| Ok((*data).to_owned())).collect();
            for place in 0..=wire.len() {
                let (before, after) = wire.as_bytes().split_at(place);
                assert_eq!(events(&[before, after]), expected, "{wire:?} cut at {place}");
            }
            assert_eq!(events(&wire.as_bytes().chunks(1).collect::<Vec<_>>()), expected, "{wire:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_none_are_read_otherwise_in_pieces(bytes in vec(any::<u8>(), 0..200), place in 0..200_usize) {
            let (before, after) = bytes.split_at(place.min(bytes.len()));
            prop_assert_eq!(events(&[before, after]), events(&[&bytes]));
        }
    }

    #[test]
    fn what_is_no_text_or_too_large_is_no_event() {
        assert!(matches!(events(&[b"data: \xFF\n\n"])[..], [Err(AiError::Unusable(_))]));
        let line = [b"data: ".to_vec(), vec![b'x'; LARGEST]].concat();
        assert_eq!(events(&[&line]), [Err(TOO_LARGE)]);
        let lines = [b"data: ".to_vec(), vec![b'x'; LARGEST / 2], b"\n".to_vec()].concat().repeat(3);
        assert_eq!(events(&[&lines])[0], Err(TOO_LARGE));
    }
}
