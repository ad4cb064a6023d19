//! cargo run: the real handlers on embedded parts, with Braze, WhatsApp and the AI simulated, and a page to chat on.
