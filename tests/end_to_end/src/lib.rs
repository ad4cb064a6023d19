//! Nothing but tests: the sandbox through its front door, and the real binaries as Lambda starts them.
