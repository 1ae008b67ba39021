//! From a name in a path to the one session that is meant.

use tenure_engine::EngineError;
use tenure_store::{Listed, NamedRequest};

use crate::answer::{Answer, Failure};
use crate::caller::Caller;
use crate::setup::Served;

/// The session that `text` names: an id, else the key of the open session, else of the newest. Sessions that the
/// caller may not see are not there.
pub(crate) async fn session(served: &Served, caller: &Caller, text: &str) -> Answer<Listed> {
    let request = NamedRequest { namespace: caller.namespace.clone(), name: text.to_owned() };
    let mut matches = served.setup.engine.store().named(request).await?;
    matches.retain(|listed| caller.sees(&listed.session));
    if matches.len() > 1 {
        return Err(EngineError::Ambiguous { name: text.to_owned(), matches }.into());
    }
    matches.pop().ok_or_else(|| Failure::not_found(text))
}
