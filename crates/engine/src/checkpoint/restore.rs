//! Bringing a checkpoint back.

use tenure_core::checkpoint::{Content, Restore};
use tenure_core::session::{Command, Drive, Step, Writer};
use tenure_store::Handle;

use super::{Readable, record};
use crate::{Applied, Engine, EngineError, Target};

impl Engine {
    /// Brings a checkpoint back that was read: one event, and what the session is about if that is what was
    /// saved. Later checkpoints stay.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when a rule says no, [`EngineError::Damaged`] when the session's own record in
    /// it makes no sense.
    pub async fn restore(
        &self,
        handle: Handle,
        read: &Readable,
        writer: Writer,
    ) -> Result<Applied, EngineError> {
        let record = match read.checkpoint.content {
            Content::Given | Content::File(_) => None,
            Content::Record => {
                let senseless = |what| EngineError::Damaged {
                    session: read.checkpoint.session.clone(),
                    id: read.checkpoint.id.clone(),
                    what,
                    newest_valid: None,
                };
                Some(record::read(&read.bytes).map_err(senseless)?)
            }
        };
        let step = Step::Restore(Box::new(Restore { id: read.checkpoint.id.clone(), record }));
        self.apply(&Target::Session(handle), &Command::Drive(Box::new(Drive { writer, step }))).await
    }
}
