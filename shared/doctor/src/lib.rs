#![doc = include_str!("../README.md")]

mod address;
mod answer;
mod body;
mod campaign;
mod examine;
mod finding;
mod inbound;
mod liquid;
mod newcomers;
mod probes;
mod questions;
mod reply;
mod report;
mod setup;
mod workspace;

pub use address::CLUSTERS;
pub use body::{body_not_rendered, inbound_body, rendered_body};
pub use campaign::unknown_campaign;
pub use examine::examine;
pub use finding::{Finding, Severity};
pub use newcomers::{SIMULATED_GROUP, newcomer_not_subscribed, newcomers_group};
pub use probes::RECOMMENDED_BODY;
pub use reply::{rendered_reply, reply_message, reply_not_rendered};
pub use report::{Check, Checked, Question, Report};
pub use setup::{Door, Setup, Workspace};
