//! How the case files write what is too long or too strange to be typed.

use serde::Deserialize;

/// Some bytes, written as a reader can see them: a text, `{repeat = …, times = …}`, `{hex = "c0af"}`, or a list of those,
/// one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Notation {
    /// As it stands.
    Text(String),
    /// The same again and again.
    Repeat {
        /// What.
        repeat: Box<Notation>,
        /// How often.
        times: usize,
    },
    /// Bytes, two digits each.
    Hex {
        /// The digits, with spaces between bytes or without.
        hex: String,
    },
    /// One after the other.
    Row(Vec<Notation>),
}

impl Default for Notation {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<&str> for Notation {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Notation {
    /// The bytes it stands for.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Repeat { repeat, times } => repeat.bytes().repeat(*times),
            Self::Hex { hex } => {
                let digits: Vec<_> = hex.chars().filter(|c| !c.is_whitespace()).collect();
                assert!(digits.len() % 2 == 0, "half a byte in {hex}");
                let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
                digits.chunks(2).map(|pair| byte(pair).expect("hexadecimal digits")).collect()
            }
            Self::Row(row) => row.iter().flat_map(Self::bytes).collect(),
        }
    }

    /// The text it stands for.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).expect("this place of the table takes text only")
    }

    /// Its beginning, in printable ASCII, to name a case by.
    pub(crate) fn excerpt(&self) -> String {
        let bytes = self.bytes();
        let shown: String = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).chars().take(40).collect();
        let more = if bytes.len() > shown.len() { format!("… ({} bytes)", bytes.len()) } else { String::new() };
        format!("{:?}{more}", shown.trim_end_matches('\u{fffd}'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        value: Notation,
    }

    fn read(toml: &str) -> Notation {
        toml::from_str::<File>(&format!("value = {toml}")).unwrap().value
    }

    #[test]
    fn every_way_to_write_bytes_is_read() {
        for (toml, bytes) in [
            ("'a\"b'", &b"a\"b"[..]),
            ("{ repeat = 'ab', times = 2 }", b"abab"),
            ("{ hex = 'c0 af00' }", b"\xc0\xaf\0"),
            ("['a', { repeat = { hex = 'ff' }, times = 2 }, 'b']", b"a\xff\xffb"),
        ] {
            assert_eq!(read(toml).bytes(), bytes, "{toml}");
        }
    }
}
