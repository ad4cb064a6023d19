//! HMAC-SHA256, in which webhooks are signed.

use hmac::{Hmac, KeyInit as _, Mac as _};
use hmac_sha2::Sha256;

/// The state after `parts`, one behind the other; a key of any length is taken.
fn state(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac)
}

/// The signature of `parts`, one behind the other. Every key will do; `None` is for the types alone.
pub fn sign(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    Some(state(key, parts)?.finalize().into_bytes().into())
}

/// Whether `signature` is that of `parts`; takes as long for a wrong one as for the right one.
pub fn is_signature(signature: &[u8], key: &[u8], parts: &[&[u8]]) -> bool {
    state(key, parts).is_some_and(|mac| mac.verify_slice(signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4231_hold() {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
        };
        for (key, text, expected) in [
            (&[0x0b; 20][..], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let signature = sign(key, &[&text.as_bytes()[..3], &text.as_bytes()[3..]]).unwrap();
            assert_eq!(signature[..], bytes(expected));
            assert!(is_signature(&signature, key, &[text.as_bytes()]));
            assert!(!is_signature(&signature[..31], key, &[text.as_bytes()]));
            assert!(!is_signature(&signature, b"other", &[text.as_bytes()]));
        }
    }
}
