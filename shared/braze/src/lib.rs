//! Braze's REST interface: one reply to one person, and the three outcomes of a send.
