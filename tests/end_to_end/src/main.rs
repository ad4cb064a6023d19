//! A deployment on this machine, with a conversation and a dead letter in it: operators rehearse their commands on it.

#![expect(clippy::unwrap_used, reason = "a broken world shall end the rehearsal")]

use std::io::Write as _;

use end_to_end::{CAMPAIGN, Stack, TABLE, documented};

/// Called by `webhook` as Braze is.
const TOKEN: &str = "canary-webhook-token";

#[tokio::main]
async fn main() {
    let _ = writeln!(std::io::stderr(), "building, deploying, and letting one message fail for good: a minute or more");
    let stack = Stack::deploy().await;
    converse(&stack).await;
    give_up(&stack).await;
    // Whoever closes the pipe has what they wanted.
    let _ = writeln!(std::io::stdout(), "{}", greeting(&stack));
    tokio::select! {
        () = stack.serve("work") => {}
        () = stack.serve("agent") => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Ada asks and is answered.
async fn converse(stack: &Stack) {
    stack.introduce("ada");
    stack.webhook(TOKEN, &documented("ada", "When are you open?")).await;
    stack.feed(|| stack.is_settled()).await;
}

/// Bruno asks while the reply campaign is gone, so that his message becomes a dead letter; then the campaign is back.
async fn give_up(stack: &Stack) {
    stack.introduce("bruno");
    let rename = |id: &str| stack.braze.change_workspace(|workspace| id.clone_into(&mut workspace.replies[0].id));
    rename("deleted");
    stack.webhook(TOKEN, &documented("bruno", "How can I pay?")).await;
    let dead = stack.aws.queue("dead").unwrap();
    stack.feed(|| !dead.messages().is_empty()).await;
    rename(CAMPAIGN);
}

fn greeting(stack: &Stack) -> String {
    let url = |queue| stack.aws.queue(queue).unwrap().url();
    let outputs = [
        ("TABLE_NAME", TABLE.to_owned()),
        ("QUEUE_URL", url("work")),
        ("AGENT_QUEUE_URL", url("agent")),
        ("DEAD_LETTER_QUEUE_URL", url("dead")),
    ];
    let outputs = outputs.map(|(name, value)| (name.to_owned(), value));
    let variables = stack.aws.environment().into_iter().chain(outputs);
    let variables: Vec<_> = variables.map(|(name, value)| format!("{name}={value}")).collect();
    format!(
        "rehearsal ready, until Ctrl-C: ada was answered, bruno's message is a dead letter. In another shell:\n\
         export {}\n\
         cargo run -- transcript user:ada\n\
         cargo run -- replay\n\
         cargo run -- replay --send\n\
         cargo run -- transcript user:bruno",
        variables.join(" ")
    )
}
