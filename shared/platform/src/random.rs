//! Words nobody can guess: log ids, run tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Makes a new word each time it is called.
pub type Words = Box<dyn Fn() -> String + Send + Sync>;

/// Words of 11 characters, 64 bits from the operating system.
pub fn words() -> Words {
    Box::new(|| {
        let mut bytes = [0; 8];
        // Without the system's randomness nothing here is safe to go on; TLS would not work either.
        match getrandom::fill(&mut bytes) {
            Ok(()) => URL_SAFE_NO_PAD.encode(bytes),
            Err(_) => std::process::abort(),
        }
    })
}
