//! The case that plays random verbs against the model.

use crate::{Harness, model_test};

/// Sequences that are played unless the environment says otherwise.
const CASES: u32 = 24;
/// The first one's seed unless the environment says otherwise.
const SEED: u64 = 1;

/// Whatever is done to it, the store answers and shows what the model does.
///
/// `TENURE_MODEL_CASES` and `TENURE_MODEL_SEED` ask for more, and for others.
pub async fn random_verbs_do_what_the_model_does(harness: &dyn Harness) {
    let cases = asked("TENURE_MODEL_CASES").and_then(|cases| u32::try_from(cases).ok());
    model_test(harness, cases.unwrap_or(CASES), asked("TENURE_MODEL_SEED").unwrap_or(SEED)).await;
}

/// Whatever is done with tasks and keys, the store says and shows what the model does.
///
/// `TENURE_MODEL_CASES` and `TENURE_MODEL_SEED` ask for more, and for others.
pub async fn random_tasks_go_where_the_models_go(harness: &dyn Harness) {
    let cases = asked("TENURE_MODEL_CASES").and_then(|cases| u32::try_from(cases).ok());
    crate::model::tasks(harness, cases.unwrap_or(CASES), asked("TENURE_MODEL_SEED").unwrap_or(SEED)).await;
}

#[expect(clippy::disallowed_methods, reason = "a failing seed is run again without editing the test")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
