//! End-to-end tests: through the front door, against the simulated world.
