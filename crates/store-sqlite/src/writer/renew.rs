//! Renewing a lease: the most frequent write, and the smallest.

use tenure_core::lease::{Lease, Standing, Term};
use tenure_core::time::BootId;
use tenure_store::{Handle, RenewOutcome, RenewRequest, StoreError, record};

use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::row::{corrupt, signed};
use crate::sql;

/// What a renewal's holder is told. A clock that cannot be used gives no answer, and harms no neighbour.
type Answer = Result<RenewOutcome, StoreError>;

impl Work<'_> {
    pub(super) fn renew(&mut self, request: RenewRequest) -> Result<Answer, WorkError> {
        let now = self.now;
        let head = self.memory.heads.of(self.conn, request.handle)?;
        let Some((head, term)) = head.and_then(|head| {
            let (fence, term) = head.lease.filter(|(fence, _)| *fence == request.fence)?;
            debug_assert_eq!(fence, request.fence);
            Some((head, term))
        }) else {
            return Ok(Ok(RenewOutcome::Fenced { current: self.current_fence(request.handle)? }));
        };
        let renewed = match term.standing(&now) {
            Ok(Standing::Live) if !head.anonymous => term.renewed(&now),
            Ok(Standing::Live | Standing::Over) => return Ok(Ok(RenewOutcome::Expired)),
            Err(unusable) => Err(unusable),
        };
        let Ok(renewed) = renewed else {
            return Ok(Err(unusable_clock()));
        };
        head.lease = Some((request.fence, renewed));
        let columns = record::term_columns(&renewed);
        let (at, wall) = (columns.renewed.map(signed), columns.renewed_wall.map(signed));
        let row = (request.handle.0, signed(request.fence.0), at, wall);
        exactly_one(self.write_renewal(row)?, "a lease")?;
        if boot_of(&term) != boot_of(&renewed) {
            self.write_boot(request.handle, renewed)?;
        }
        Ok(Ok(RenewOutcome::Renewed(renewed)))
    }

    /// The grant of a lease says which boot's clock it is judged by.
    fn write_boot(&self, handle: Handle, term: Term) -> Result<(), WorkError> {
        let lease = self.stored(handle)?.and_then(|stored| stored.session.lease);
        let lease = lease.ok_or_else(|| corrupt("a lease that is renewed is not there"))?;
        let grant = record::encode_grant(&Lease { term, ..lease });
        exactly_one(sql::write(self.conn, sql::SESSION_GRANT, (handle.0, grant))?, "a session")
    }
}

const fn boot_of(term: &Term) -> Option<BootId> {
    match term {
        Term::Boot { renewed, .. } => Some(renewed.boot),
        Term::Interactive { .. } | Term::Wall { .. } | Term::Incomplete { .. } => None,
    }
}

fn unusable_clock() -> StoreError {
    StoreError::Unavailable { what: "judge a lease", source: "the wall clock stands before 1970".into() }
}
