//! What a turn has to tell: answers, and who is to be woken.

use tenure_core::id::Incarnation;
use tenure_store::{Handle, StoreError};

use super::turn::WRITE;
use super::watch::Concerned;
use super::work::Done;
use crate::error::WorkError;
use crate::request::Request;

/// A request and what its caller is told instead of its answer, if anything.
pub(super) type Told = (Request, Option<StoreError>);

/// What a turn has to tell.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) told: Vec<Told>,
    pub(super) changed: Vec<Handle>,
    pub(super) concerned: Vec<Concerned>,
    pub(super) gone: Vec<Incarnation>,
}

impl News {
    /// These were done.
    pub(super) fn kept(&mut self, taken: Vec<Request>, done: Done) {
        self.told.extend(taken.into_iter().map(|request| (request, None)));
        self.woken(done);
    }

    /// This one was not done, and nothing was changed.
    pub(super) fn refused(&mut self, request: Request, why: WorkError) {
        self.told.push((request, Some(why.told(WRITE))));
    }

    /// These may have been done. Whoever would be woken is woken.
    pub(super) fn unknown(&mut self, taken: Vec<Request>, done: Done, why: &WorkError) {
        let why = why.to_string();
        self.told.extend(taken.into_iter().map(|request| {
            let source = why.clone().into();
            let error = match request.commit_id() {
                Some(commit_id) => StoreError::Unknown { commit_id, source },
                None => StoreError::Unavailable { what: WRITE, source },
            };
            (request, Some(error))
        }));
        self.woken(done);
    }

    fn woken(&mut self, done: Done) {
        self.changed.extend(done.changed);
        self.concerned.extend(done.concerned);
        self.gone.extend(done.gone);
    }
}
