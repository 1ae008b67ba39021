//! Versions of orchestrations.

use std::fmt;

/// A version: three numbers, the more significant ones first, as in Semantic Versioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// What changed without agreement with what was.
    pub major: u32,
    /// What was added.
    pub minor: u32,
    /// What was mended.
    pub patch: u32,
}

impl Version {
    /// The version of code that names none.
    pub const FIRST: Self = Self { major: 1, minor: 0, patch: 0 };

    /// Reads `1.2.3`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|number| {
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| number.parse().ok()).flatten()
        });
        let version = Self { major: numbers.next()??, minor: numbers.next()??, patch: numbers.next()?? };
        numbers.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
