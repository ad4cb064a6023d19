//! How much of a conversation a prompt has room for, in whole turns, and what is to be summed up before it falls out.

/// The fewest turns that a prompt must have room for where something is summed up: with fewer it would be done after every turn.
const FEWEST: usize = 4;
/// So many turns go by at most before what could not be summed up is tried again.
const MOST_TO_A_NEW_TRY: usize = 5;
/// Bytes of a token, as an estimate that is rather too high: of English a token has four, and a character of Chinese is three
/// bytes and at most a token or two.
const BYTES: usize = 3;

/// The room that a prompt has for earlier turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// So many turns.
    pub turns: usize,
    /// So many tokens, as [`tokens`] estimates them.
    pub tokens: usize,
}

/// About how many tokens a text of so many bytes has.
pub fn tokens(bytes: usize) -> usize {
    bytes.div_ceil(BYTES)
}

impl Room {
    /// How many of the newest turns fit, given the tokens of each, newest first. Turns are whole: the first one that does not fit
    /// is left out with all before it. The newest one fits whatever it has, or a prompt would say nothing about what is answered.
    pub fn fits(self, newest_first: &[usize]) -> usize {
        let mut left = self.tokens;
        let fits = |(place, tokens): &(usize, &usize)| match left.checked_sub(**tokens) {
            Some(rest) => {
                left = rest;
                true
            }
            None => *place == 0 && std::mem::take(&mut left) < **tokens,
        };
        newest_first.iter().take(self.turns).enumerate().take_while(fits).count()
    }

    /// Whether the next turn may push one of these out.
    pub fn is_nearly_full(self, newest_first: &[usize]) -> bool {
        let tokens: usize = newest_first.iter().sum();
        newest_first.len() >= self.turns || tokens > self.tokens / 4 * 3
    }

    /// How many turns go by before something is summed up again, after a try that was paid for and came to nothing: half of
    /// what fits, and no more than a few, for meanwhile turns fall out that nothing tells of.
    pub fn turns_to_a_new_try(self) -> usize {
        (self.turns / 2).min(MOST_TO_A_NEW_TRY)
    }

    /// How many of the oldest of these turns are to be summed up now; 0 if it is not time yet. That is before one of them falls
    /// out, and then half of what fits, so that it is not done after every turn.
    pub fn to_sum_up(self, newest_first: &[usize]) -> usize {
        if self.turns < FEWEST || !self.is_nearly_full(newest_first) {
            return 0;
        }
        let half = Self { turns: self.turns / 2, tokens: self.tokens / 2 };
        newest_first.len() - half.fits(newest_first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_newest_turns_fit_whole_until_one_does_not() {
        for (turns, most, newest_first, fit) in [
            (10, 100, &[10, 20, 30][..], 3),
            (2, 100, &[10, 20, 30], 2),
            (10, 30, &[10, 20, 1], 2),
            (10, 29, &[10, 20, 1], 1),
            (10, 5, &[10, 1, 1], 1),
            (10, 0, &[0, 1, 0], 1),
            (0, 100, &[10], 0),
            (10, 100, &[], 0),
        ] {
            assert_eq!(Room { turns, tokens: most }.fits(newest_first), fit, "{turns} {most} {newest_first:?}");
        }
    }

    #[test]
    fn half_is_summed_up_when_the_next_turn_may_push_one_out() {
        for (turns, most, newest_first, sum) in [
            (10, 1_000, vec![1; 9], 0),
            (10, 1_000, vec![1; 10], 5),
            (10, 1_000, vec![1; 12], 7),
            (4, 1_000, vec![1; 4], 2),
            (3, 1_000, vec![1; 9], 0),
            (0, 1_000, vec![], 0),
            (10, 1_000, vec![200, 200, 300], 0),
            (10, 1_000, vec![200, 200, 300, 100], 2),
            (10, 1_000, vec![900], 0),
        ] {
            assert_eq!(Room { turns, tokens: most }.to_sum_up(&newest_first), sum, "{turns} {most} {newest_first:?}");
        }
    }

    #[test]
    fn a_new_try_is_half_of_what_fits_away_and_never_far() {
        for (turns, away) in [(4, 2), (6, 3), (10, 5), (60, 5)] {
            assert_eq!(Room { turns, tokens: 1 }.turns_to_a_new_try(), away);
        }
    }

    #[test]
    fn an_estimate_is_rather_too_high() {
        for (text, at_least) in [("", 0), ("Where is my order?", 5), ("\u{6211}\u{7684}\u{8ba2}\u{5355}", 4)] {
            assert!(tokens(text.len()) >= at_least, "{text}");
        }
    }

    proptest! {
        /// If each summary comes off before the next turn, and no turn has more than a quarter of the room, nothing is ever pushed
        /// out; and two turns at least go by between two of them.
        #[test]
        fn a_conversation_never_loses_a_turn(turns in 4_usize..60, sizes in vec(0_usize..25, 1..300)) {
            let room = Room { turns, tokens: 100 };
            let (mut kept, mut since): (Vec<usize>, usize) = (vec![], 2);
            for size in sizes {
                prop_assert_eq!(room.fits(&kept), kept.len());
                kept.insert(0, size);
                since += 1;
                let sum = room.to_sum_up(&kept);
                prop_assert!(sum < kept.len());
                if sum > 0 {
                    prop_assert!(since >= 2, "{:?}", kept);
                    kept.truncate(kept.len() - sum);
                    since = 0;
                }
            }
        }
    }
}
