//! Renewing a lease: the most frequent write, and the smallest.

use tenure_core::lease::Standing;
use tenure_store::{RenewOutcome, RenewRequest, record};

use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::row::signed;

impl Work<'_> {
    pub(super) fn renew(&mut self, request: RenewRequest) -> Result<RenewOutcome, WorkError> {
        let now = self.now;
        let head = self.memory.heads.of(self.conn, request.handle)?;
        let lease = head.as_ref().and_then(|head| head.lease);
        let Some((fence, term)) = lease.filter(|(fence, _)| *fence == request.fence) else {
            return Ok(RenewOutcome::Fenced { current: self.current_fence(request.handle)? });
        };
        let is_live = matches!(term.standing(&now), Ok(Standing::Live));
        let is_anonymous = head.as_ref().is_some_and(|head| head.anonymous);
        // A clock that cannot be used proves nothing about a lease that it judges.
        let Some(renewed) = term.renewed(&now).ok().filter(|_| is_live && !is_anonymous) else {
            return Ok(RenewOutcome::Expired);
        };
        if let Some(head) = head {
            head.lease = Some((fence, renewed));
        }
        let columns = record::term_columns(&renewed);
        let row = (
            request.handle.0,
            signed(fence.0),
            columns.renewed.map(signed),
            columns.renewed_wall.map(signed),
        );
        exactly_one(self.write_renewal(row)?, "a lease")?;
        Ok(RenewOutcome::Renewed(renewed))
    }
}
