//! Metadata that merges, usage that adds up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::fixture::cases;
use crate::id::InvalidName;
use crate::refusal::LimitRefusal;
use crate::session::Usage;
use crate::session::facts::merged;

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_patch_adds_replaces_and_removes_names_and_leaves_the_others() {
    let before = pairs(&[("a", "1"), ("b", "[2]"), ("c", "{\"x\":1}")]);
    let merged = merged(&before, &pairs(&[("b", "\"two\""), ("c", "null"), ("d", "4")])).unwrap();
    assert_eq!(merged.metadata, pairs(&[("a", "1"), ("b", "\"two\""), ("d", "4")]));
    assert_eq!(merged.iterations, 0);
}

#[test]
fn files_changed_delta_adds_and_increment_iteration_counts_and_neither_is_kept() {
    let patch = pairs(&[("files_changed_delta", "3"), ("increment_iteration", "true")]);
    let first = merged(&BTreeMap::new(), &patch).unwrap();
    assert_eq!((first.metadata.clone(), first.iterations), (pairs(&[("files_changed", "3")]), 1));
    let less = pairs(&[("files_changed_delta", "-5"), ("increment_iteration", "false")]);
    let second = merged(&first.metadata, &less).unwrap();
    assert_eq!((second.metadata, second.iterations), (pairs(&[("files_changed", "-2")]), 0));
    let both = pairs(&[("files_changed", "10"), ("files_changed_delta", "1")]);
    assert_eq!(merged(&first.metadata, &both).unwrap().metadata, pairs(&[("files_changed", "11")]));
    let huge = pairs(&[("files_changed", &i64::MAX.to_string()), ("files_changed_delta", "1")]);
    assert_eq!(merged(&BTreeMap::new(), &huge).unwrap().metadata["files_changed"], i64::MAX.to_string());
}

#[test]
fn special_names_want_values_of_their_form() {
    let whole = |what| LimitRefusal::Form { what, form: "a whole number" };
    let table = [
        (pairs(&[("files_changed_delta", "\"3\"")]), whole("files_changed_delta")),
        (pairs(&[("files_changed_delta", "1.5")]), whole("files_changed_delta")),
        (pairs(&[("files_changed", "\"many\""), ("files_changed_delta", "1")]), whole("files_changed")),
        (
            pairs(&[("increment_iteration", "1")]),
            LimitRefusal::Form { what: "increment_iteration", form: "true or false" },
        ),
        (pairs(&[(" ", "1")]), LimitRefusal::Name { what: "metadata name", why: InvalidName::Blank }),
    ];
    for (patch, refusal) in table {
        assert_eq!(merged(&BTreeMap::new(), &patch), Err(refusal));
    }
}

#[test]
fn a_cost_is_a_decimal_number_without_idle_zeros() {
    let cost = |cost_micros| Usage { cost_micros, ..Usage::default() }.cost();
    assert_eq!([0, 1, 25_000, 1_000_000, 1_500_000].map(cost), ["0", "0.000001", "0.025", "1", "1.5"]);
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn usage_adds_up_in_any_order_and_never_overflows(
        a in any::<[u64; 5]>(), b in any::<[u64; 5]>(), c in any::<[u64; 5]>(),
    ) {
        let usage = |[iterations, input_tokens, output_tokens, tool_calls, cost_micros]: [u64; 5]| {
            Usage { iterations, input_tokens, output_tokens, tool_calls, cost_micros }
        };
        let [a, b, c] = [a, b, c].map(usage);
        prop_assert_eq!(a.plus(b).plus(c), c.plus(a).plus(b));
        prop_assert_eq!(a.plus(Usage::default()), a);
    }

    #[test]
    fn merging_twice_is_the_same_as_once_without_the_names_that_count(
        before in prop::collection::btree_map("[a-f]", "[0-9]", 0..4),
        patch in prop::collection::btree_map("[a-f]", prop_oneof![Just("null".to_owned()), "[0-9]"], 0..4),
    ) {
        let once = merged(&before, &patch).unwrap();
        prop_assert_eq!(merged(&once.metadata, &patch).unwrap(), once);
    }
}
