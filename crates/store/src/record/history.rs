//! The stored form of an execution's history.

use tenure_core::id::CodeName;
use tenure_core::orchestration::Version;

use super::corrupt;
use crate::StoreError;

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct VersionRecord {
    #[prost(uint32, tag = "1")]
    major: u32,
    #[prost(uint32, tag = "2")]
    minor: u32,
    #[prost(uint32, tag = "3")]
    patch: u32,
}

impl VersionRecord {
    pub(super) const fn of(version: Version) -> Self {
        let Version { major, minor, patch } = version;
        Self { major, minor, patch }
    }

    pub(super) const fn into_version(self) -> Version {
        let Self { major, minor, patch } = self;
        Version { major, minor, patch }
    }
}

/// The name of code that was accepted when it was written.
pub(super) fn code_name(text: &str) -> Result<CodeName, StoreError> {
    CodeName::parse(text).map_err(|why| corrupt(format!("an orchestration's name is not one: {why:?}")))
}
