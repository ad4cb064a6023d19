//! What hostile texts are made of.

/// Pieces that upset templates, parsers and people, alone and together.
pub const PIECES: [&str; 64] = [
    "\"",
    "\"",
    "\\",
    "\\\"",
    "\r\n",
    "\n",
    "\t",
    "\"}",
    "\" }",
    "\"\n}\n",
    "\"}]}",
    "{",
    "}",
    "[",
    ",",
    ":",
    "{\"",
    "\", \"user_id\": \"victim",
    "\",\"user_id\":\"victim",
    "\",\n\"user_id\":\"victim\",\n\"x\":\"",
    "\", \"phone_number\": \"+15550001111",
    "\", \"message\": \"other",
    "\", \"braze_id\": \"victim",
    "\", \"v\": 1, \"user_id\": \"victim",
    "\", \"dispatch_id\": \"old",
    "\"}{\"user_id\": \"victim\", \"phone_number\": \"\", \"message\": \"",
    "{ \"user_id\": \"victim\", \"phone_number\": \"\", \"message\": \"hi\" }",
    "\"user_id\"",
    "\": \"",
    "\u{2028}",
    "\u{2029}",
    "\0",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\u{feff}",
    "\u{a0}",
    "\u{200b}",
    "\u{202e}",
    "\u{2066}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{10ffff}",
    "\\u0041",
    "\\ud83d",
    "\\ude00",
    "\\u0000",
    "\\n",
    "\\x",
    "C:\\temp",
    "{{${user_id}}}",
    "{{ 'x' | json_escape }}",
    "{% abort_message() %}",
    "👩‍👩‍👧",
    "👍🏽",
    "🇩🇪",
    "e\u{301}\u{323}",
    "مرحبا",
    "hello",
    "a b",
    "“quoted”",
    "42",
];

/// Chance with a seed: the same seed, the same texts, on every machine.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// From a seed; neighbouring seeds have nothing in common.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number (`SplitMix64`).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % bound as u64).unwrap_or_default()
    }

    /// Puts a hostile text of up to twelve pieces in the place of `text`.
    pub fn hostile(&mut self, text: &mut String) {
        text.clear();
        for _ in 0..self.below(13) {
            match self.below(8) {
                0 => text.push(self.character()),
                _ => text.push_str(PIECES[self.below(PIECES.len())]),
            }
        }
    }

    /// Any character there is, the odd ones as likely as the plain ones.
    fn character(&mut self) -> char {
        let most = [0x7f, 0xff, 0xffff, 0x0010_ffff][self.below(4)];
        u32::try_from(self.below(most + 1)).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
    }
}
