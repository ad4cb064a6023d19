//! The real SDKs against the server, and a real function under the Runtime API.
#![cfg(test)]

mod capacity;
mod conditions;
mod faults;
mod function;
mod mapping;
mod reads;
mod refusals;
mod sdk;
mod secrets;
mod sqs;
mod updates;
