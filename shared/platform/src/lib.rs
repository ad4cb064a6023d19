//! The ground the functions stand on: settings, secrets, queues, deadlines, logs and metrics.
//!
//! Each is a small interface with its AWS twin beside it, so that the sandbox and the tests can stand on other ground.

pub mod secrets;
