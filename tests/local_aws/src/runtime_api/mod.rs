//! The Lambda Runtime API (developer guide, "Using the Lambda runtime API"), and functions that run under it.

mod function;
mod output;
mod process;
mod server;

pub use function::{Function, InvocationError, lambda_environment};
pub use process::InitFailure;
pub use server::RuntimeApi;
