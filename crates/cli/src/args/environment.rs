//! The process's environment, read once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The variables that this program looks at.
const NAMES: [&str; 25] = [
    "HOME",
    "NO_COLOR",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_SDK_DISABLED",
    "OTEL_TRACES_EXPORTER",
    "TENURE_COLOR",
    "TENURE_DB",
    "TENURE_EXPIRES_IN",
    "TENURE_FENCE",
    "TENURE_HOME",
    "TENURE_IDLE_TIMEOUT",
    "TENURE_LISTEN",
    "TENURE_LOG",
    "TENURE_LOG_LEVEL",
    "TENURE_NAMESPACE",
    "TENURE_OTLP",
    "TENURE_OUTPUT",
    "TENURE_PENDING_TIMEOUT",
    "TENURE_PROFILE",
    "TENURE_SERVER",
    "TENURE_SESSION_ID",
    "TENURE_TOKEN",
    "TRACEPARENT",
    "XDG_DATA_HOME",
];

/// What the environment says. An empty variable counts as unset.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    values: BTreeMap<&'static str, OsString>,
    directory: Option<PathBuf>,
}

impl Environment {
    /// Reads the variables and the working directory.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub(crate) fn read() -> Self {
        let values = NAMES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        Self { values: set(values), directory: std::env::current_dir().ok() }
    }

    /// An environment made of literals, for tests.
    #[cfg(test)]
    pub(crate) fn of(values: &[(&'static str, &str)]) -> Self {
        Self {
            values: set(values.iter().map(|(name, value)| (*name, OsString::from(value)))),
            directory: Some(PathBuf::from("/work")),
        }
    }

    /// A variable's value.
    pub(crate) fn get(&self, name: &'static str) -> Option<&OsStr> {
        debug_assert!(NAMES.contains(&name), "{name} is not read from the environment");
        self.values.get(name).map(OsString::as_os_str)
    }

    /// The working directory, unless it is gone or may not be entered.
    pub(crate) fn directory(&self) -> Option<&PathBuf> {
        self.directory.as_ref()
    }
}

fn set(values: impl Iterator<Item = (&'static str, OsString)>) -> BTreeMap<&'static str, OsString> {
    values.filter(|(_, value)| !value.is_empty()).collect()
}
