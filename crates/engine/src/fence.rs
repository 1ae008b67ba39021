//! A fence that a caller gives beside its name: it must be the current one.

use tenure_core::id::Fence;
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::Current;

/// Whether the open session is held under `given`.
///
/// # Errors
/// [`Refusal::Fenced`] when it is held under another fence, or by nobody.
pub fn check_fence(current: &Current, given: Fence) -> Result<(), Refusal> {
    let held = current.open().and_then(|session| Some(Held::of(session, session.lease.as_ref()?)));
    match held {
        Some(held) if held.fence == given => Ok(()),
        holder => {
            let (current, holder) = (current.counters.fence, holder.map(Box::new));
            Err(Refusal::Fenced { given, current, holder })
        }
    }
}
