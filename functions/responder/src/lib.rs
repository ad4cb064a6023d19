//! Lambda 2: keep each conversation's mailbox, ask the AI, answer through Braze.
