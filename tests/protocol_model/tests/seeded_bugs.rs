//! A search is worth what it finds: each mistake that is put in on purpose breaks the promise it should.

use protocol_model::{Bug, Setting, settings};

const PLENTY: usize = 1_000_000;

#[test]
fn every_seeded_bug_is_found() {
    for (setting, expected) in settings::seeded() {
        let violation = setting.search(PLENTY, |_, _| {}).violation;
        let found = violation.map(|violation| (violation.broken, violation.trace));
        assert_eq!(found.as_ref().map(|(broken, _)| *broken), Some(expected), "{:?}: {found:#?}", setting.rules.bug);
    }
}

#[test]
fn without_its_bug_each_of_these_settings_keeps_every_promise() {
    for (mut setting, _) in settings::seeded() {
        let bug = setting.rules.bug.take();
        let report = setting.search(PLENTY, |_, _| {});
        assert!(report.complete && report.violation.is_none(), "{bug:?}: {report:#?}");
    }
}

#[test]
fn every_bug_has_a_setting() {
    let seeded: Vec<_> = settings::seeded().into_iter().filter_map(|(setting, _)| setting.rules.bug).collect();
    let missing: Vec<_> = Bug::ALL.into_iter().filter(|bug| !seeded.contains(bug)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn filing_must_be_faster_than_forgetting() {
    let (setting, expected) = settings::beyond();
    let broken = |setting: &Setting| setting.search(PLENTY, |_, _| {}).violation.map(|violation| violation.broken);
    assert_eq!(broken(&setting), Some(expected));
    let mut fast = setting;
    fast.rules.slow_filing = false;
    assert_eq!(broken(&fast), None);
}
