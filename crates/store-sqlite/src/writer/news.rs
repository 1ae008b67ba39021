//! What a turn has to tell: answers, and who is to be woken.

use tenure_core::id::Incarnation;
use tenure_store::{Handle, StoreError};

use super::turn::WRITE;
use super::watch::Concerned;
use super::work::Done;
use crate::error::WorkError;
use crate::recent::Appended;
use crate::request::Request;
use crate::watches::Watches;

/// A request and what its caller is told instead of its answer, if anything.
pub(super) type Told = (Request, Option<StoreError>);

/// What a turn has to tell.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) told: Vec<Told>,
    pub(super) changed: Vec<Handle>,
    /// What was appended to sessions to which nothing else happened in the same transaction.
    pub(super) appended: Vec<Appended>,
    pub(super) concerned: Vec<Concerned>,
    pub(super) gone: Vec<Incarnation>,
    /// What could not be read, and was not handed on to who reads it.
    pub(super) lost: Vec<String>,
}

impl News {
    /// These were done. What they appended is kept for those who watch.
    pub(super) fn kept(&mut self, mut taken: Vec<Request>, done: Done, watches: &Watches) {
        if !watches.is_empty() {
            let appends = taken.iter_mut().filter_map(Request::take_appended);
            self.appended
                .extend(appends.filter(|append| done.changed.binary_search(&append.handle).is_err()));
        }
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
        self.changed.extend(&done.appended);
        self.woken(done);
    }

    fn woken(&mut self, done: Done) {
        self.changed.extend(done.changed);
        self.concerned.extend(done.concerned);
        self.gone.extend(done.gone);
        self.lost.extend(done.lost);
    }
}
