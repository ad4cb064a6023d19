//! How one of the brand's tools is described to a model.

use models::assistant::{Argument, HttpTool, LearnedValues};
use serde_json::{Map, Value, json};

use crate::tools::Tool;

/// The tool called `name`, with the arguments that the model fills in and no others.
pub(super) fn described(name: &str, tool: &HttpTool) -> Tool {
    let properties: Map<_, _> = tool.arguments.iter().map(|given| (given.name.clone(), schema(given))).collect();
    let required: Vec<_> = tool.arguments.iter().filter(|given| given.required).map(|given| &given.name).collect();
    Tool {
        name: name.to_owned().into(),
        description: tool.describe.clone().into(),
        parameters: json!({"type": "object", "properties": properties, "required": required}),
    }
}

fn schema(argument: &Argument) -> Value {
    let describe = &argument.describe;
    match &argument.values {
        LearnedValues::Text => json!({"type": "string", "description": describe}),
        LearnedValues::Number => json!({"type": "number", "description": describe}),
        LearnedValues::Flag => json!({"type": "boolean", "description": describe}),
        LearnedValues::OneOf(choices) => json!({"type": "string", "enum": choices, "description": describe}),
    }
}
