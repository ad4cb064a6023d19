//! What each figure shall be, and why it is not where it is not. Instruction counts have theirs in `limits.rs`.

use crate::figures::Target;

const fn at_most(most: f64) -> Target {
    Target { most, because: "" }
}

pub(crate) const INGEST_START: Target = Target { most: 1.6, because: "see its instructions" };
pub(crate) const RESPONDER_START: Target = Target { most: 2.2, because: "see its instructions" };
pub(crate) const FIRST_INVOCATION: Target = at_most(2.5);
pub(crate) const FIRST_CONTACT: Target =
    Target { most: 600.0, because: "the first use of AWS-LC and a post-quantum key exchange are in it" };
pub(crate) const INGEST_WARM: Target = at_most(3.0);
pub(crate) const INGEST_MEMORY: Target =
    Target { most: 7.0, because: "nearly all of it is pages of the binary itself" };
pub(crate) const RESPONDER_MEMORY: Target =
    Target { most: 12.0, because: "nearly all of it is pages of the binary itself" };
pub(crate) const INGEST_BINARY: Target =
    Target { most: 7.0, because: "HTTP/2, which the SDK links and nobody speaks here, and cryptography are a fourth" };
pub(crate) const INGEST_ZIP: Target = at_most(3.0);
pub(crate) const RESPONDER_BINARY: Target = at_most(11.0);
pub(crate) const RESPONDER_ZIP: Target = at_most(4.5);
pub(crate) const BATCH: Target = at_most(1.02);
pub(crate) const OWN_REPLY: Target = at_most(15.0);
pub(crate) const GROWTH: Target = at_most(256.0);
pub(crate) const WRITE_UNITS: Target = at_most(5.0);
pub(crate) const ROUND_TRIPS: Target = at_most(4.0);
