//! Which parts of a payload make it large.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Parts that are named: more do not help.
const NAMED_MAX: usize = 5;

/// The largest members of a JSON object with their sizes in bytes, largest first. Nothing for anything else.
#[must_use]
pub fn largest_parts(payload: &[u8]) -> Vec<(String, u64)> {
    let members = serde_json::from_slice::<BTreeMap<String, &RawValue>>(payload).unwrap_or_default();
    let mut sizes: Vec<_> =
        members.into_iter().map(|(name, value)| (name, value.get().len() as u64)).collect();
    sizes.sort_by(|(a_name, a), (b_name, b)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
    sizes.truncate(NAMED_MAX);
    sizes
}
