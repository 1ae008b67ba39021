//! Moving the next look at sessions that were due.

use tenure_store::Postpone;

use super::work::Work;
use crate::error::WorkError;
use crate::row::signed;
use crate::sql;

impl Work<'_> {
    pub(super) fn postpone(&mut self, looks: &[Postpone]) -> Result<(), WorkError> {
        for look in looks {
            sql::write(self.conn, sql::SESSION_POSTPONE, (look.handle.0, signed(look.until.epoch_ms())))?;
        }
        Ok(())
    }
}
