//! Finds a canary in what was said: as it is, inside base64, or as the bytes that Rust's `Debug` prints.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Whether `canary` can be read out of `said`.
pub(crate) fn is_told(said: &str, canary: &str) -> bool {
    // However lists are spaced.
    let dense: String = said.split_whitespace().collect();
    said.contains(canary) || in_base64(canary).iter().chain([&in_bytes(canary)]).any(|form| dense.contains(form))
}

/// What stands in the base64 of any text with `canary` in it, one for each place in a group of three bytes that it may begin
/// at: only the characters that nothing before or after it has a part in. None of a canary's is one of the two by which the
/// alphabets of base64 differ.
fn in_base64(canary: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let bits = 8 * (before + canary.len());
        let all = STANDARD_NO_PAD.encode([&vec![0; before], canary.as_bytes()].concat());
        all[(8 * before).div_ceil(6)..bits / 6].to_owned()
    })
}

/// `99,97,110`: of `[99, 97, 110]` and of JSON.
fn in_bytes(canary: &str) -> String {
    canary.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn a_canary_is_found_in_whatever_form_it_is_told() {
    for around in ["", "a", "ab", "abc"] {
        let text = format!("{around}canary words{around}");
        let encoded = [&STANDARD_NO_PAD, &base64::engine::general_purpose::URL_SAFE].map(|base64| base64.encode(&text));
        let bytes = [format!("{:?}", text.as_bytes()), format!("{:#?}", text.as_bytes())];
        let json = serde_json::to_string(text.as_bytes()).unwrap();
        for said in [&text, &encoded[0], &encoded[1], &bytes[0], &bytes[1], &json] {
            assert!(is_told(said, "canary words"), "{said}");
            assert!(!is_told(said, "canary-words"), "{said}");
        }
    }
}
