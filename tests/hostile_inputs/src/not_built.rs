//! What hostile inputs could do to things that Dragoman does not have: said aloud, so that nobody believes it covered.

/// Kinds without cases, and why.
pub const NOT_BUILT: [(&str, &str); 16] = [
    (
        "B29 B30",
        "signed bodies (an HMAC over base64 values) are not built; times in unsigned bodies are under B29 above",
    ),
    ("B35", "throttling is the gateway's business; the template's checks look at it"),
    ("B45", "nothing follows yet from the words under B42 above; Braze's subscription group decides who gets replies"),
    ("B47", "no canary guards the instructions: a model may tell them"),
    ("B49 B50", "no budget on history beyond its number of turns; nothing reads a reply for what it gives away"),
    ("B52", "no attributes are written to profiles"),
    ("B53", "no tools: what of a tool call is an answer's text is under B53 above"),
    ("B55", "no hand-off to people: its words are known, under B55 above, but the routes answer 501"),
    ("B56", "no allow list for links: they are shown as they are"),
    ("B57", "nothing in a reply is masked"),
    ("B60", "no moderation of what comes in or goes out"),
    ("B61", "no budget per minute; fifty waiting messages are the bound, shown by the simulation"),
    ("B63", "no guard against two bots that talk to each other"),
    ("B66", "actions of agents: only their token is looked at"),
    ("B67", "no render guard"),
    (
        "B31 B51",
        "one answer to a thousand replays, and memory of one user only, are the responder's: see the simulation",
    ),
];
