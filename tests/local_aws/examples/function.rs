//! A function that does what its event says; the tests run it under the Runtime API.

use std::env;
use std::process::exit;
use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match env::var("AT_START").as_deref() {
        Ok("exit") => {
            eprintln!("setting FOO is missing");
            exit(3);
        }
        Ok(_) => {
            eprintln!("asked to panic");
            std::panic::resume_unwind(Box::new(()))
        }
        Err(_) => run(service_fn(handle)).await,
    }
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    match payload["do"].as_str() {
        Some("echo") => {
            let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
            Ok(json!({
                "event": payload,
                "greeting": env::var("GREETING").ok(),
                "name": env::var("AWS_LAMBDA_FUNCTION_NAME").ok(),
                "region": env::var("AWS_REGION").ok(),
                "home": env::var("HOME").ok(),
                "milliseconds_left": u64::try_from(left.as_millis())?,
            }))
        }
        Some("print") => {
            use std::io::Write as _;
            writeln!(std::io::stdout(), "out: {}", text(&payload))?;
            writeln!(std::io::stderr(), "err: {}", text(&payload))?;
            Ok(Value::Null)
        }
        Some("answer") => Ok(Value::String("x".repeat(usize::try_from(payload["bytes"].as_u64().unwrap_or(0))?))),
        Some("fail") => Err("asked to fail".into()),
        Some("exit") => exit(7),
        Some("sleep") => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            Ok(Value::Null)
        }
        Some("send") => send(&payload).await,
        _ => Err("nothing to do".into()),
    }
}

/// Sends a message with a client that knows nothing but the environment.
async fn send(event: &Value) -> Result<Value, Error> {
    let sqs = aws_sdk_sqs::Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    let queue = event["queue"].as_str().unwrap_or_default();
    sqs.send_message().queue_url(queue).message_body(text(event)).send().await?;
    Ok(Value::Null)
}

fn text(event: &Value) -> &str {
    event["text"].as_str().unwrap_or_default()
}
