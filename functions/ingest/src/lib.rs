//! Lambda 1: authenticate Braze's webhook, understand its body, queue the message, answer 202.
