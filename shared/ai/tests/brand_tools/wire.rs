//! The wire formats behind one set of words, so that each test is held to all of them.

use std::sync::{Arc, Mutex};

use ai::{Ai, Anthropic, Bedrock, OpenAi};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::{Value, json};

use crate::JSON;
use crate::server::{Seen, Server, response};

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    OpenAi,
    Anthropic,
    Bedrock,
}

/// All of them.
pub(crate) const ALL: [Wire; 3] = [Wire::OpenAi, Wire::Anthropic, Wire::Bedrock];

/// What a model says in one round: words, and calls with their arguments as the model wrote them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Says {
    pub(crate) text: Option<&'static str>,
    pub(crate) calls: Vec<(&'static str, Value)>,
}

impl Says {
    pub(crate) fn words(text: &'static str) -> Self {
        Self { text: Some(text), calls: vec![] }
    }

    pub(crate) fn calls(calls: &[(&'static str, Value)]) -> Self {
        Self { text: None, calls: calls.to_vec() }
    }
}

impl Wire {
    fn body(self, says: &Says) -> String {
        let calls = (1..).zip(&says.calls);
        match self {
            Self::OpenAi => {
                let call = |(number, (name, arguments)): (usize, &(&str, Value))| {
                    let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
                    json!({"id": format!("c{number}"), "type": "function", "function": {"name": name, "arguments": arguments}})
                };
                let calls: Vec<_> = calls.map(call).collect();
                json!({"choices": [{"message": {"role": "assistant", "content": says.text, "tool_calls": calls}}]})
            }
            Self::Anthropic => {
                let text = says.text.map(|text| json!({"type": "text", "text": text}));
                let call = |(number, (name, input)): (usize, &(&str, Value))| {
                    json!({"type": "tool_use", "id": format!("c{number}"), "name": name, "input": input})
                };
                json!({"content": text.into_iter().chain(calls.map(call)).collect::<Vec<_>>(), "stop_reason": "tool_use"})
            }
            Self::Bedrock => {
                let text = says.text.map(|text| json!({ "text": text }));
                let call = |(number, (name, input)): (usize, &(&str, Value))| {
                    json!({"toolUse": {"toolUseId": format!("c{number}"), "name": name, "input": input}})
                };
                let content: Vec<_> = text.into_iter().chain(calls.map(call)).collect();
                json!({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "tool_use"})
            }
        }
        .to_string()
    }

    /// A server that says this, round by round, and the last for ever; and the backend that asks it.
    pub(crate) async fn model(self, rounds: Vec<Says>) -> (Server, Arc<dyn Ai>) {
        let rounds = Arc::new(Mutex::new((rounds.into_iter(), Says::default())));
        let server = Server::start(move |_| {
            let (next, last) = &mut *rounds.lock().unwrap();
            *last = next.next().unwrap_or_else(|| last.clone());
            std::future::ready(response(200, JSON, self.body(last)))
        })
        .await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = &server.base_url;
        let ai: Arc<dyn Ai> = match self {
            Self::OpenAi => Arc::new(OpenAi::new(url, "m", None, http).unwrap()),
            Self::Anthropic => Arc::new(Anthropic::new(url, "m", None, http).unwrap()),
            Self::Bedrock => {
                let credentials = Credentials::new("AKIDTEST", "secret-access-key", None, None, "test");
                let credentials = SharedCredentialsProvider::new(credentials);
                let aws = SdkConfig::builder().endpoint_url(url).credentials_provider(credentials).build();
                Arc::new(Bedrock::new(&aws, "eu-central-1", "m", http).unwrap())
            }
        };
        (server, ai)
    }

    /// The tools that a request offers: each one's name and schema.
    pub(crate) fn offered(self, request: &Seen) -> Vec<(String, Value)> {
        let body = sent(request);
        let tools = if self == Self::Bedrock { &body["toolConfig"]["tools"] } else { &body["tools"] };
        let tools = tools.as_array().cloned().unwrap_or_default();
        let tool = |tool: Value| match self {
            Self::OpenAi => (tool["function"]["name"].clone(), tool["function"]["parameters"].clone()),
            Self::Anthropic => (tool["name"].clone(), tool["input_schema"].clone()),
            Self::Bedrock => (tool["toolSpec"]["name"].clone(), tool["toolSpec"]["inputSchema"]["json"].clone()),
        };
        tools.into_iter().map(tool).map(|(name, schema)| (name.as_str().unwrap().to_owned(), schema)).collect()
    }

    /// What the system message says.
    pub(crate) fn instructions(self, request: &Seen) -> String {
        let body = sent(request);
        let text = match self {
            Self::OpenAi => &body["messages"][0]["content"],
            Self::Anthropic => &body["system"],
            Self::Bedrock => &body["system"][0]["text"],
        };
        text.as_str().unwrap().to_owned()
    }

    /// The last round that a request shows: what was said, each call's id and arguments, and each result's id and text.
    pub(crate) fn shown(self, request: &Seen) -> Shown {
        let messages = sent(request)["messages"].as_array().unwrap().clone();
        let place = messages.iter().rposition(|message| message["role"] == "assistant").unwrap();
        let (said, after) = (&messages[place], &messages[place + 1..]);
        let pair = |id: &Value, text: Value| (id.as_str().unwrap().to_owned(), text);
        if self == Self::OpenAi {
            let calls = said["tool_calls"].as_array().unwrap().iter();
            let arguments = |call: &Value| call["function"]["arguments"].as_str().unwrap().parse().unwrap();
            return Shown {
                text: said["content"].as_str().map(str::to_owned),
                calls: calls.map(|call| pair(&call["id"], arguments(call))).collect(),
                results: after.iter().map(|it| pair(&it["tool_call_id"], it["content"].clone())).collect(),
            };
        }
        if self == Self::Bedrock {
            let blocks = |message: &Value, kind: &str| -> Vec<Value> {
                message["content"].as_array().unwrap().iter().filter_map(|block| block.get(kind)).cloned().collect()
            };
            assert_eq!(after.len(), 1);
            let (calls, results) = (blocks(said, "toolUse"), blocks(&after[0], "toolResult"));
            return Shown {
                text: blocks(said, "text").first().map(|text| text.as_str().unwrap().to_owned()),
                calls: calls.iter().map(|call| pair(&call["toolUseId"], call["input"].clone())).collect(),
                results: results.iter().map(|it| pair(&it["toolUseId"], it["content"][0]["text"].clone())).collect(),
            };
        }
        let blocks = |message: &Value, kind: &str| -> Vec<Value> {
            message["content"].as_array().unwrap().iter().filter(|block| block["type"] == kind).cloned().collect()
        };
        assert_eq!(after.len(), 1);
        Shown {
            text: blocks(said, "text").first().map(|block| block["text"].as_str().unwrap().to_owned()),
            calls: blocks(said, "tool_use").iter().map(|call| pair(&call["id"], call["input"].clone())).collect(),
            results: blocks(&after[0], "tool_result")
                .iter()
                .map(|result| pair(&result["tool_use_id"], result["content"].clone()))
                .collect(),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: Option<String>,
    pub(crate) calls: Vec<(String, Value)>,
    pub(crate) results: Vec<(String, Value)>,
}

fn sent(request: &Seen) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}
