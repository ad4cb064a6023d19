#![doc = include_str!("../README.md")]

mod clock;
mod dispatch;
mod dynamodb;
mod faults;
mod fields;
mod local_aws;
mod mapping;
mod operation;
mod refusal;
mod runtime_api;
mod secrets;
mod server;
mod shared;
mod sqs;
mod texts;
mod tls;

pub use faults::Fault;
pub use local_aws::{Capacity, LocalAws};
pub use mapping::{Batch, Mapping};
pub use operation::Operation;
pub use runtime_api::{Function, InitFailure, InvocationError, RuntimeApi, lambda_environment};
pub use sqs::{Queue, QueueSettings, QueuedMessage};
pub use tls::TlsFront;
