//! The brand's own tools: what an AI may look up, or do, over HTTP for the user it talks to.

mod read;
mod url;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

pub use url::{Piece, ToolUrl};

use super::LearnedValues;

/// Every tool by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpTools(BTreeMap<String, HttpTool>);

impl HttpTools {
    /// The tool called `name`.
    pub fn get(&self, name: &str) -> Option<&HttpTool> {
        self.0.get(name)
    }

    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &HttpTool)> {
        self.0.iter().map(|(name, tool)| (name.as_str(), tool))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields of the responder's secret that they are called with.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.values().filter_map(|tool| tool.key.as_deref())
    }
}

/// One tool: one kind of request to one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpTool {
    /// What it does and when it fits, in words for the AI.
    pub describe: String,
    /// Where it is. Every placeholder in it is the name of a required argument, or [`user`](Self::user).
    pub url: ToolUrl,
    /// How it is called.
    pub method: Method,
    /// What the AI fills in.
    pub arguments: Vec<Argument>,
    /// The field of the responder's secret that is sent as a bearer token; `None` if it wants none.
    pub key: Option<String>,
    /// The most time one call gets, within what the question leaves.
    pub timeout: Duration,
    /// The name under which the user's own external id is sent, which the AI neither sees nor fills in. A user who has none
    /// does not get the tool.
    pub user: Option<String>,
    /// Whether it may be at an address that only this network knows.
    pub private: bool,
}

/// How a tool is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Arguments that the path does not name go into the query.
    Get,
    /// Arguments that the path does not name go into a JSON object.
    Post,
}

/// What the AI fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// What it is called, for the AI and in the request.
    pub name: String,
    /// What it is, in words for the AI.
    pub describe: String,
    /// What its values are.
    pub values: LearnedValues,
    /// Whether it must be there.
    pub required: bool,
}
