//! What this table does not cover, because Dragoman does not have it or because it is shown elsewhere: said aloud.

/// Kinds without cases, and why.
pub const NOT_BUILT: [(&str, &str); 11] = [
    (
        "B29 B30",
        "signed bodies (an HMAC over base64 values) are not built; times in unsigned bodies are under B29 above",
    ),
    ("B35", "throttling is the gateway's business; the template's checks look at it"),
    ("B47", "no canary guards the instructions: a model may tell them"),
    ("B49 B50", "no budget on history beyond its number of turns; nothing reads a reply for what it gives away"),
    (
        "B52 B53 B54",
        "what an AI's tool calls may do is held against hostile calls by `cargo test -p ai --test openai`; what of a tool \
         call is an answer's text is under B53 above",
    ),
    ("B56", "no allow list for links: they are shown as they are"),
    ("B57", "nothing in a reply is masked"),
    ("B60", "no moderation of what comes in or goes out"),
    ("B67", "no render guard"),
    (
        "B45 B61 B63",
        "the silence after an opt-out, the limits of turns and the guard against two bots that talk to each other are \
         `conversation`'s, whose tests show them, and `cargo test -p end_to_end --test people`",
    ),
    (
        "B31 B51",
        "one answer to a thousand replays, and memory of one user only, are the responder's: see the simulation",
    ),
];
