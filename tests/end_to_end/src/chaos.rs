//! Chance from a seed: the same seed, the same run.

/// How often what goes wrong, in thousandths of all effects.
#[derive(Debug, Clone)]
pub struct Chaos {
    state: u64,
    /// The responder dies.
    pub deaths: u64,
    /// The effect fails; half of the time it happens all the same.
    pub failures: u64,
}

impl Chaos {
    /// Chance from `seed`, with rates that depend on it: some runs are calm, some terrible.
    pub fn new(seed: u64) -> Self {
        let mut chaos =
            Self { state: seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, deaths: 0, failures: 0 };
        (chaos.deaths, chaos.failures) = (chaos.below(60), chaos.below(80));
        chaos
    }

    /// True in `thousandths` of a thousand cases.
    pub fn chance(&mut self, thousandths: u64) -> bool {
        self.below(1_000) < thousandths
    }

    /// A number from 0 up to, and without, `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % bound
    }
}
