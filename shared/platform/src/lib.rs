//! The ground the functions stand on: settings, secrets, signatures, queues, time, logs and metrics.
//!
//! Each is a small interface with its AWS twin beside it, so that the sandbox and the tests can stand on other ground.

pub mod addresses;
pub mod aws;
pub mod clock;
pub mod hmac_sha256;
pub mod http;
pub mod logs;
pub mod metrics;
pub mod queue;
pub mod random;
pub mod secrets;
pub mod settings;
pub mod standard_webhooks;
mod trust;
