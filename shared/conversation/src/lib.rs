//! The rules of a conversation, pure: due times, decisions, reply shaping. Time is an argument.
