//! Every state that the small settings can reach keeps every promise, and comes to rest when nothing goes wrong any more.

use protocol_model::{Fault, settings};

/// More than any small setting has.
const PLENTY: usize = 1_000_000;

#[test]
fn every_state_of_the_small_settings_keeps_every_promise() {
    for setting in settings::small() {
        let report = setting.search(PLENTY, |_, _| {});
        assert!(report.violation.is_none(), "{}: {:#?}", setting.name, report.violation);
        assert!(report.complete, "{}: more than {PLENTY} states", setting.name);
        assert!(report.states > 200, "{}: only {} states: it cannot have seen much", setting.name, report.states);
    }
}

#[test]
fn the_small_settings_have_every_fault_between_them() {
    let settings = settings::small();
    let missing: Vec<_> = Fault::ALL
        .into_iter()
        .filter(|fault| !settings.iter().any(|setting| setting.faults.iter().any(|(other, _)| other == fault)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
