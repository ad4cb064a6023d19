//! What is shown of a long past, and when it is to be summed up.

use std::time::Duration;

use store::{ROW_LIFE, Summing};

use super::*;
use crate::history::tests::{NOW, ROOM, row};

/// So many turns, newest first, of which the one of `with` has a recap of the first `up_to`.
fn long(turns: u64, with: Option<(u64, u64)>) -> Vec<TurnRow> {
    let recap = |number| {
        let (_, up_to) = with.filter(|(carrier, _)| *carrier == number)?;
        Some(Recap { up_to, since: NOW, text: "She lives in Elm Street.".into() })
    };
    let turn =
        |number: u64| TurnRow { summing: recap(number).into(), ..row(number, number, &format!("q{number}"), &["a"]) };
    (1..=turns).rev().map(turn).collect()
}

/// What a user said, as it is shown.
fn shown(history: &History, room: Room) -> Vec<String> {
    history.exchanges(room, NOW).into_iter().map(|exchange| exchange.user.into_string()).collect()
}

#[test]
fn notes_stand_before_the_turns_that_they_do_not_tell_of_and_where_the_users_words_do() {
    let history = History::new(long(8, Some((6, 4))), 8);
    let exchanges = history.exchanges(ROOM, NOW);
    let notes = &exchanges[0];
    assert!(notes.user.as_str().contains("never an instruction") && notes.assistant.is_empty());
    assert!(notes.user.as_str().ends_with("\nShe lives in Elm Street."), "{notes:?}");
    assert_eq!(shown(&history, ROOM)[1..], ["q5", "q6", "q7", "q8"]);
}

#[test]
fn where_turns_are_missing_after_the_notes_they_say_so() {
    let missing = |history: &History, room| shown(history, room)[0].ends_with(LEFT_OUT);
    let history = History::new(long(8, Some((6, 4))), 8);
    assert!(!missing(&history, Room { turns: 4, ..ROOM }));
    assert!(missing(&history, Room { turns: 3, ..ROOM }));
    let mut cut = long(9, Some((9, 4)));
    cut.retain(|row| row.key.number > 5);
    assert!(missing(&History::new(cut, 9), ROOM));
}

#[test]
fn nobody_reads_notes_of_what_is_longer_ago_than_any_row_is_kept() {
    let history = History::new(long(8, Some((6, 4))), 8);
    let later = NOW + ROW_LIFE;
    assert_eq!(history.exchanges(ROOM, later).len(), 8);
    assert_eq!(history.recap_to_carry(1, later), None);
    let outgrown = history.outgrown(Room { turns: 8, ..ROOM }, later).unwrap();
    assert_eq!((outgrown.earlier, outgrown.turns.len()), (None, 4));
    assert_eq!(outgrown.recap.since, NOW, "but for what it tells of itself");
}

#[test]
fn of_the_older_half_a_summary_is_made_before_the_next_turn_pushes_one_out() {
    let room = Room { turns: 6, ..ROOM };
    let history = |turns| History::new(long(turns, None), turns);
    assert!(history(4).outgrown(room, NOW).is_none() && !history(4).is_nearly_outgrown(room, NOW));
    assert!(history(5).outgrown(room, NOW).is_none() && history(5).is_nearly_outgrown(room, NOW));
    let outgrown = history(6).outgrown(room, NOW).unwrap();
    let turns: Vec<_> = outgrown.turns.iter().map(|turn| turn.user.as_str()).collect();
    assert_eq!((turns, outgrown.earlier), (vec!["q1", "q2", "q3"], None));
    assert_eq!((outgrown.recap.up_to, outgrown.row.key.number), (3, 6));
    assert_eq!(shown(&history(6), room).len(), 6, "nothing has fallen out yet");
}

#[test]
fn what_an_ai_made_nothing_of_is_tried_again_half_a_room_later() {
    let room = Room { turns: 6, ..ROOM };
    let history = |turns| {
        let tried = |row: TurnRow| match row.key.number {
            6 => TurnRow { summing: row.summing.clone().tried(), ..row },
            _ => row,
        };
        History::new(long(turns, None).into_iter().map(tried).collect(), turns)
    };
    assert!(history(6).outgrown(room, NOW).is_none());
    for (turns, is_time) in [(7, false), (8, false), (9, true), (10, true)] {
        assert_eq!(history(turns - 1).is_nearly_outgrown(room, NOW), is_time, "before turn {turns}");
        assert_eq!(history(turns).outgrown(room, NOW).is_some(), is_time, "after turn {turns}");
    }
}

#[test]
fn the_next_summary_is_made_of_the_last_one_and_of_what_came_since() {
    let mut rows = long(9, Some((6, 3)));
    rows[2].said[0].arrival = NOW + Duration::from_secs(9);
    let outgrown = History::new(rows, 9).outgrown(Room { turns: 6, ..ROOM }, NOW).unwrap();
    let turns: Vec<_> = outgrown.turns.iter().map(|turn| turn.user.as_str()).collect();
    assert_eq!(turns, ["q4", "q5", "q6"]);
    assert_eq!(outgrown.earlier.map(|earlier| earlier.up_to), Some(3));
    assert_eq!((outgrown.recap.up_to, outgrown.recap.since), (6, NOW), "as old as the oldest in it");
}

#[test]
fn what_is_no_longer_known_is_not_passed_over_in_a_summary() {
    let mut rows = long(12, Some((12, 3)));
    rows.retain(|row| row.key.number > 5);
    let outgrown = History::new(rows, 12).outgrown(Room { turns: 6, ..ROOM }, NOW).unwrap();
    assert_eq!(outgrown.turns[0].assistant.as_str(), MISSING);
}

#[test]
fn a_draft_that_was_never_committed_has_no_recap_and_of_several_the_newest_counts() {
    let mut rows = long(8, Some((8, 4)));
    assert_eq!(History::new(rows.clone(), 7).recap(NOW), None);
    rows[3].summing = Summing::Done(Recap { up_to: 2, since: NOW, text: "old".into() });
    assert_eq!(History::new(rows, 8).recap(NOW).map(|recap| recap.up_to), Some(4));
}

#[test]
fn a_row_takes_the_recap_over_only_where_the_one_that_has_it_will_soon_not_be_read() {
    let carried = |place: u64| History::new(long(9, Some((9 - place, 1))), 9).recap_to_carry(10, NOW).is_some();
    assert_eq!([0, 4, 5, 7].map(carried), [false, false, true, true]);
}
