//! Pictures as text in JSON, written straight into the body: a copy of each would double what a question holds.

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use crate::Image;

/// Bytes in base64.
pub(crate) struct Base64<'a>(pub(crate) &'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}

/// A picture as an address that holds it.
pub(crate) struct DataUrl<'a>(pub(crate) &'a Image);

impl Serialize for DataUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = Base64Display::new(self.0.bytes(), &STANDARD);
        serializer.collect_str(&format_args!("data:{};base64,{bytes}", self.0.kind().mime()))
    }
}
