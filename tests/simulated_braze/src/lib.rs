#![doc = include_str!("../README.md")]

mod attributes;
mod campaigns;
mod delivery;
mod faults;
mod hex;
mod layout;
#[cfg(test)]
mod over_http;
mod profiles;
mod rest;
mod sending;
mod simulation;
mod tags;
mod template;
mod views;
mod webhooks;
mod workspace;
mod world;

pub use campaigns::{
    BadKeyword, Channel, DOCUMENTED_BODY, DOCUMENTED_REPLY_MESSAGE, Delivery, InboundCampaign, Keyword, Kind,
    RECOMMENDED_BODY, REPLY_MESSAGE, ReplyCampaign,
};
pub use delivery::NotDelivered;
pub use faults::{Fault, FaultAnswer, FaultBody, FaultReset, Faults};
pub use layout::{Beside, Layout};
pub use profiles::{Alias, Profile};
pub use simulation::{NotAConversation, SimulatedBraze};
pub use template::{NotTaken, TEMPLATE_BYTES, TemplateError, parse, take};
pub use views::{Attempt, Outcome, PhoneMessage, RequestRecord, Sender, Snapshot, Undelivered, WebhookRecord};
pub use webhooks::Inbound;
pub use workspace::{ApiKey, MessageTemplate, Retries, Workspace};
