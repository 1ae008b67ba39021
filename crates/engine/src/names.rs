//! From what a person types to the one session that is meant.

use tenure_core::id::Namespace;
use tenure_core::kind::Kind;
use tenure_store::{Listed, NamedRequest};

use crate::{Engine, EngineError};

/// What a person typed to name a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The tenant.
    pub namespace: Namespace,
    /// An id, else the key of an open session, else of the newest.
    pub text: String,
    /// Only sessions of this kind, if said.
    pub kind: Option<Kind>,
}

impl Engine {
    /// The one session that `name` means.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], or [`EngineError::Ambiguous`] with all that it could mean.
    pub async fn resolve(&self, name: &Name) -> Result<Listed, EngineError> {
        let request = NamedRequest { namespace: name.namespace.clone(), name: name.text.clone() };
        let mut matches = self.store.named(request).await?;
        matches.retain(|listed| name.kind.is_none_or(|kind| listed.session.kind == kind));
        if matches.len() > 1 {
            return Err(EngineError::Ambiguous { name: name.text.clone(), matches });
        }
        matches.pop().ok_or_else(|| EngineError::NotFound { name: name.text.clone() })
    }
}
