//! The table, through the real code.

use hostile_inputs::cases::Table;

#[test]
fn the_table_has_at_least_500_cases() {
    let cases = Table::read().cases();
    assert!(cases >= 500, "{cases}");
}

#[test]
fn no_case_stands_there_twice() {
    let inputs = Table::read().inputs();
    let mut once = std::collections::HashSet::new();
    let twice: Vec<_> = inputs.iter().filter(|input| !once.insert(*input)).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

#[tokio::test]
async fn every_case_comes_out_as_it_must() {
    let outcome = hostile_inputs::run(&Table::read()).await;
    assert!(outcome.deviations.is_empty(), "{}", outcome.deviations.join("\n"));
}
