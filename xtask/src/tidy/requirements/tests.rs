//! When the page of requirements is refused.

use super::{PAGE, check, required};
use crate::tidy::finding::lines;
use crate::tidy::tree::tree;

const TESTS: (&str, &str) = ("crates/core/src/tests.rs", "#[test]\nfn shown() {}");

/// A page that states and shows every requirement except those named, and then has `more`.
fn page(without: &[&str], more: &str) -> String {
    let stated = required().filter(|id| !without.contains(&id.as_str()));
    let rows: String = stated.map(|id| format!("| {id} | says `something` | `core::shown` |\n")).collect();
    format!("# Requirements\n\n| id | what it says | tests |\n|---|---|---|\n{rows}{more}")
}

fn found(page: &str) -> Vec<String> {
    lines(check(&tree(&[TESTS, (PAGE, page)])))
}

#[test]
fn the_list_has_the_ids_at_both_ends_of_its_ranges() {
    let ids: Vec<String> = required().collect();
    for id in ["C-1", "C-22", "C-25", "C-49", "C-70", "L-9", "L-14", "L-27", "P-53", "B-C8", "B-L8", "B-P6"] {
        assert!(ids.iter().any(|required| required == id), "{id}");
    }
    for id in ["C-23", "C-26", "C-28", "C-50", "L-10", "P-54", "B-C3"] {
        assert!(!ids.iter().any(|required| required == id), "{id}");
    }
}

#[test]
fn a_page_with_every_requirement_shown_passes() {
    assert_eq!(found(&page(&[], "")), Vec::<String>::new());
}

#[test]
fn requirements_without_a_row_are_listed() {
    let expected = "docs/reference/requirements.md:1: no row states C-17, L-2 (requirement)";
    assert_eq!(found(&page(&["C-17", "L-2"], "")), [expected]);
}

#[test]
fn requirements_without_a_test_are_listed() {
    let more = "| C-17 | a | - |\n| L-2 | b | |\n";
    let expected = "docs/reference/requirements.md:1: no test is named for C-17, L-2 (requirement)";
    assert_eq!(found(&page(&["C-17", "L-2"], more)), [expected]);
}

#[test]
fn a_test_that_does_not_exist_is_refused() {
    let found = found(&page(&["C-17"], "| C-17 | a | `shown`, `gone` |\n"));
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("C-17: there is no test `gone` (requirement)"), "{found:?}");
}

#[test]
fn a_requirement_is_stated_once_and_known() {
    let found = found(&page(&[], "| C-17 | a | `shown` |\n| C-99 | a | `shown` |\n"));
    assert_eq!(found.len(), 2);
    assert!(found[0].contains("C-17 is also stated in line"), "{found:?}");
    assert!(found[1].contains("`C-99` is not in REQUIRED of xtask"), "{found:?}");
}

#[test]
fn a_missing_page_states_nothing() {
    let found = lines(check(&tree(&[])));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("no row states C-1, C-2"), "{found:?}");
}
