//! Short names for sessions, of this process alone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tenure_core::id::{CheckpointId, Seq, SessionId};
use tenure_store::Handle;

/// Which session each handle stands for.
#[derive(Debug, Default)]
pub(crate) struct Handles(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_id: HashMap<SessionId, Handle>,
    ids: Vec<SessionId>,
}

impl Handles {
    /// The handle of a session.
    pub(crate) fn of(&self, id: &SessionId) -> Handle {
        let mut known = self.known();
        if let Some(handle) = known.by_id.get(id) {
            return *handle;
        }
        known.ids.push(id.clone());
        let handle = Handle(i64::try_from(known.ids.len()).unwrap_or(i64::MAX));
        known.by_id.insert(id.clone(), handle);
        handle
    }

    /// The session of a handle, if that was given out.
    pub(crate) fn id(&self, handle: Handle) -> Option<SessionId> {
        let place = usize::try_from(handle.0).ok()?.checked_sub(1)?;
        self.known().ids.get(place).cloned()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names of versions of files, of this process alone.
#[derive(Debug, Default)]
pub(crate) struct Files(Mutex<HashMap<CheckpointId, (String, Seq)>>);

impl Files {
    /// The name of the version of that file at that position of a session's log, where there is no other.
    pub(crate) fn id(
        &self,
        (handles, session): (&Handles, &SessionId),
        path: &str,
        seq: Seq,
    ) -> CheckpointId {
        let id = format!("file.{}.{}", seq.0, handles.of(session).0);
        let id = CheckpointId::parse(&id).expect("digits and dots are a name");
        self.known().insert(id.clone(), (path.to_owned(), seq));
        id
    }

    /// The file and the position that a name stands for, if it stands for one.
    pub(crate) fn of(&self, id: &CheckpointId) -> Option<(String, Seq)> {
        self.known().get(id).cloned()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<CheckpointId, (String, Seq)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_keeps_its_handle() {
        let (handles, id) = (Handles::default(), |text| SessionId::parse(text).unwrap());
        let (a, b) = (handles.of(&id("a")), handles.of(&id("b")));
        assert_ne!(a, b);
        assert_eq!(handles.of(&id("a")), a);
        assert_eq!((handles.id(a), handles.id(b)), (Some(id("a")), Some(id("b"))));
        for unknown in [0, -1, 3, i64::MAX] {
            assert_eq!(handles.id(Handle(unknown)), None);
        }
    }
}
