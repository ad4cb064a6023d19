//! What this table does not show, said aloud: what Dragoman does not have, and what is shown elsewhere.

/// Kinds that Dragoman does nothing about, and why.
pub const NOT_BUILT: [(&str, &str); 3] = [
    (
        "B29 B30",
        "bodies are not signed (an HMAC that the template would write): the token in the header opens the door; times in \
         unsigned bodies are under B29 above",
    ),
    (
        "B60",
        "nothing judges what users write, and of what the AI writes only links, numbers and the mark are looked at",
    ),
    (
        "B67",
        "no endpoint is asked by Braze while it renders a reply: a send whose outcome nobody knows is flagged or repeated, as \
         `ON_UNKNOWN` says",
    ),
];

/// Kinds that are shown by other tests, alone or in part.
pub const ELSEWHERE: [(&str, &str); 7] = [
    (
        "B31 B51",
        "that a webhook which comes again is answered once, and that the AI is shown one person's words alone: `cargo run -p \
         simulation`",
    ),
    (
        "B35",
        "the gateway throttles; that the template says so: `the_door_is_throttled`, one of the rules in tests/infrastructure",
    ),
    (
        "B47 B56 B57",
        "what is sent before an answer is whole: `cargo test -p simulation --test turns streamed`; of lists, buttons and media \
         the words pass the guard too, and no test of this table says so",
    ),
    (
        "B49 B50",
        "the AI is shown whole turns, no more than `history_turns` and `history_tokens` of them, and a summary of those before: \
         `cargo test -p conversation room` and `cargo test -p simulation --test turns summaries`. Nothing looks for orders \
         that come piece by piece; each answer passes the guard by itself",
    ),
    (
        "B52 B53 B54",
        "what an AI's tool calls may do: `cargo test -p ai --test openai hostile_calls` and `cargo test -p ai --test \
         brand_tools`; what of a tool call is an answer's text is under B53 above",
    ),
    (
        "B45",
        "the silence after an opt-out: `cargo test -p conversation decide` and `cargo test -p end_to_end --test people`",
    ),
    (
        "B61 B63",
        "a user's budget of turns, and the same words again and again, as of two bots that talk to each other: `cargo test -p \
         conversation decide`, and `cargo run -p simulation` in whole worlds",
    ),
];
