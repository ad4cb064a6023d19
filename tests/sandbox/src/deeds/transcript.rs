//! `cargo run -- transcript`.

mod lines;

use std::fmt::Write as _;

use models::ConversationKey;
use platform::clock::{Clock as _, SystemClock};
use serde::Serialize;
use store::{Head, Owner, Store, StoreError};

use super::{Misuse, deployed, shown};
use lines::{Line, lines};

/// Whose turns, and where they are.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Whose: user:<external id>, braze:<braze id> or alias:<label>:<name>
    #[arg(value_name = "CONVERSATION", value_parser = conversation)]
    conversation: ConversationKey,

    /// The table of conversations: TableName of the stack's outputs
    #[arg(long, env = "TABLE_NAME", value_name = "NAME")]
    table: String,

    /// The most turns to look back
    #[arg(long, default_value_t = 100, value_name = "N")]
    turns: u16,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// What was said in one conversation.
#[derive(Debug, Serialize)]
struct Transcript {
    owner: Owner,
    opted_out: bool,
    lines: Vec<Line>,
}

/// Reads a key as operators write it.
pub(super) fn conversation(text: &str) -> Result<ConversationKey, &'static str> {
    ConversationKey::parse(text).ok_or("it must be user:<external id>, braze:<braze id> or alias:<label>:<name>")
}

/// Whether there is such a conversation.
pub(super) async fn run(options: &Options) -> Result<bool, Misuse> {
    let table = deployed::table(&deployed::aws().await?, &options.table);
    match read(&table, options.conversation.clone(), options.turns).await {
        Ok(Some(transcript)) => {
            shown::print(&if options.json { shown::json(&transcript) } else { told(&transcript) });
            Ok(true)
        }
        Ok(None) => {
            eprintln!(
                "error: nothing is known of this conversation: nobody has written for 45 days, or it was forgotten"
            );
            Ok(false)
        }
        Err(error) => {
            eprintln!("error: {}", deployed::not_read(&options.table, &error));
            Ok(false)
        }
    }
}

async fn read(store: &dyn Store, mut key: ConversationKey, turns: u16) -> Result<Option<Transcript>, StoreError> {
    let now = SystemClock.now();
    let mut head = store.head(&key, now).await?;
    // A sign leads to where the conversation is, and never to another sign.
    if let Some(to) = head.as_ref().and_then(|head| head.moved_to.clone()) {
        (head, key) = (store.head(&to, now).await?, to);
    }
    let Some(head) = head.filter(|head| !is_empty(head)) else { return Ok(None) };
    let rows = store.newest_turns(&key, usize::from(turns), now).await?;
    let waiting: Vec<_> = head.pending.keys().cloned().collect();
    let waiting = if waiting.is_empty() { vec![] } else { store.messages(&key, &waiting).await? };
    let lines = lines(&head, rows, waiting);
    Ok(Some(Transcript { owner: head.owner, opted_out: head.opted_out, lines }))
}

/// Whether an erasure has left nothing to tell.
fn is_empty(head: &Head) -> bool {
    head.erased_at.is_some() && head.pending.is_empty() && head.last_turn == 0
}

fn told(transcript: &Transcript) -> String {
    let mut told = String::new();
    for line in &transcript.lines {
        let beginning = format!("{}  {:<8}  ", line.at, line.from.word());
        let text = printable(line.text.as_str()).replace('\n', &format!("\n{}", " ".repeat(beginning.chars().count())));
        let _ = writeln!(told, "{beginning}{text}{}", line.state.note());
    }
    let owner = match transcript.owner {
        Owner::Bot => "The bot answers",
        Owner::Person => "A person has the conversation",
    };
    told + owner + if transcript.opted_out { "; its user wants to hear nothing from the bot." } else { "." }
}

/// `text` without what would move a terminal's cursor or change its colours: it is a stranger's.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests;
