//! The filters that Braze adds to Liquid's own.

use std::fmt;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use liquid_core::parser::{FilterArguments, ParameterReflection};
use liquid_core::{Error, Expression, Filter, FilterReflection, ParseFilter, Result, Runtime, Value, ValueView};
use sha2::{Digest as _, Sha256};

use crate::hex::hex;

/// Every filter of this file. `md5`, `sha1` and the HMACs over them are not there: a template that uses them is refused.
pub(crate) const ALL: [BrazeFilter; 8] = [
    BrazeFilter { name: "json_escape", with: With::Nothing(|input| text(json_escape(&input.to_kstr()))) },
    BrazeFilter { name: "as_json_string", with: With::Nothing(|input| as_json(&input.to_value())) },
    BrazeFilter { name: "json_parse", with: With::Nothing(json_parse) },
    BrazeFilter { name: "url_escape", with: With::Nothing(|input| text(percent(&input.to_kstr(), URL_CHARACTERS))) },
    BrazeFilter { name: "url_param_escape", with: With::Nothing(|input| text(percent(&input.to_kstr(), UNRESERVED))) },
    BrazeFilter {
        name: "base64_encode",
        with: With::Nothing(|input| text(STANDARD.encode(input.to_kstr().as_bytes()))),
    },
    BrazeFilter { name: "sha2", with: With::Nothing(|input| text(hex(&Sha256::digest(input.to_kstr().as_bytes())))) },
    BrazeFilter {
        name: "hmac_sha256_hex",
        with: With::Key(|input, key| text(hex(&hmac(key.as_bytes(), input.to_kstr().as_bytes())))),
    },
];

/// The longest text that a filter takes: several of them one after the other double it each time.
const MOST_BYTES: usize = 1024 * 1024;

const UNRESERVED: &str = "-._~";
const URL_CHARACTERS: &str = "-._~!*'();:@&=+$,/?#[]";

/// One filter: a name, and what it makes of its input.
#[derive(Clone, Copy)]
pub(crate) struct BrazeFilter {
    name: &'static str,
    with: With,
}

#[derive(Clone, Copy)]
enum With {
    Nothing(fn(&dyn ValueView) -> Result<Value>),
    Key(fn(&dyn ValueView, &str) -> Result<Value>),
}

impl FilterReflection for BrazeFilter {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> &'static str {
        "a filter of Braze"
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for BrazeFilter {
    fn parse(&self, mut arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let key = match self.with {
            With::Nothing(_) => None,
            With::Key(_) => Some(arguments.positional.next().ok_or_else(|| Error::with_msg("the filter needs a key"))?),
        };
        if arguments.positional.next().is_some() || arguments.keyword.next().is_some() {
            return Err(Error::with_msg("the filter takes no more values"));
        }
        Ok(Box::new(Applied { filter: *self, key }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

struct Applied {
    filter: BrazeFilter,
    key: Option<Expression>,
}

impl Filter for Applied {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        if input.to_kstr().len() > MOST_BYTES {
            return Err(Error::with_msg("the value is too long for a filter"));
        }
        match (self.filter.with, &self.key) {
            (With::Nothing(change), _) => change(input),
            (With::Key(change), Some(key)) => change(input, &key.evaluate(runtime)?.to_kstr()),
            (With::Key(_), None) => Err(Error::with_msg("the filter needs a key")),
        }
    }
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.filter.name)
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.filter.name)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "filters may fail; these cannot")]
fn text(text: String) -> Result<Value> {
    Ok(Value::scalar(text))
}

/// What goes between the quotation marks of a JSON string. U+2028 and U+2029 are escaped too, for JavaScript's sake.
fn json_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_control() && c.is_ascii() || c == '\u{2028}' || c == '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

fn as_json(value: &Value) -> Result<Value> {
    let json = serde_json::to_string(value).map_err(|_| Error::with_msg("the value has no JSON form"))?;
    Ok(Value::scalar(json))
}

fn json_parse(input: &dyn ValueView) -> Result<Value> {
    let json: serde_json::Value =
        serde_json::from_str(&input.to_kstr()).map_err(|_| Error::with_msg("the text is not JSON"))?;
    liquid_core::to_value(&json)
}

fn percent(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// RFC 2104 over SHA-256.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}
