//! Which code a worker has.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use foldhash::HashMap;
use tenure_core::id::CodeName;
use tenure_core::orchestration::{Failure, Payload, Version};
use tenure_replay::Code;

use super::attempt::Attempt;
use super::crowd::Pace;

/// An activity at work.
pub type ActivityFuture = Pin<Box<dyn Future<Output = Result<Payload, Failure>> + Send>>;

/// An activity's code.
pub type ActivityCode = Arc<dyn Fn(Attempt, Payload) -> ActivityFuture + Send + Sync>;

/// An activity's code, and how it was run so far.
#[derive(Clone)]
pub(super) struct KnownActivity {
    pub(super) code: ActivityCode,
    pub(super) pace: Arc<Pace>,
}

/// Which code a worker has.
#[derive(Clone, Default)]
pub struct Registry {
    orchestrations: HashMap<CodeName, BTreeMap<Version, Code>>,
    activities: HashMap<CodeName, KnownActivity>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut orchestrations: Vec<_> = self.orchestrations.keys().collect();
        let mut activities: Vec<_> = self.activities.keys().collect();
        orchestrations.sort();
        activities.sort();
        f.debug_struct("Registry")
            .field("orchestrations", &orchestrations)
            .field("activities", &activities)
            .finish()
    }
}

impl Registry {
    /// Adds an orchestration, in place of one of the same name and version.
    pub fn add_orchestration(&mut self, name: CodeName, version: Version, code: Code) {
        self.orchestrations.entry(name).or_default().insert(version, code);
    }

    /// Adds an activity, in place of one of the same name.
    pub fn add_activity(&mut self, name: CodeName, code: ActivityCode) {
        self.activities.insert(name, KnownActivity { code, pace: Arc::default() });
    }

    /// An orchestration: exactly that version, else the latest.
    #[must_use]
    pub fn orchestration(&self, name: &CodeName, version: Option<Version>) -> Option<(Version, Code)> {
        let versions = self.orchestrations.get(name)?;
        let found = match version {
            Some(version) => versions.get_key_value(&version),
            None => versions.last_key_value(),
        };
        found.map(|(version, code)| (*version, Arc::clone(code)))
    }

    /// Whether there is an activity of that name.
    #[must_use]
    pub fn has_activity(&self, name: &CodeName) -> bool {
        self.activities.contains_key(name)
    }

    /// An activity.
    pub(super) fn activity(&self, name: &CodeName) -> Option<KnownActivity> {
        self.activities.get(name).cloned()
    }
}
