//! Numbers that stand for words. They never change.

use tenure_core::event::{Request, Stream};
use tenure_core::kind::Kind;
use tenure_core::lease::HolderKind;
use tenure_core::session::{Mode, StateName};

use super::corrupt;
use crate::StoreError;

/// Writes a pair of total functions between an enum and its numbers.
macro_rules! codes {
    ($(#[$doc:meta])* $see:vis $of:ident, $(#[$back_doc:meta])* $from:ident, $type:ty, $what:literal, {$($variant:path = $code:literal),+ $(,)?}) => {
        $(#[$doc])*
        #[must_use]
        $see const fn $of(value: $type) -> i32 {
            match value {
                $($variant => $code,)+
            }
        }

        $(#[$back_doc])*
        $see fn $from(code: i32) -> Result<$type, StoreError> {
            match code {
                $($code => Ok($variant),)+
                unknown => Err(corrupt(format!(concat!($what, " {} is unknown"), unknown))),
            }
        }
    };
}

codes!(
    /// The number of a kind.
    pub kind_code,
    /// The kind of a number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a number that stands for no kind.
    kind_of, Kind, "kind", {
        Kind::Agent = 1,
        Kind::Workspace = 2,
    }
);

codes!(
    /// The number of a state. Those up to 3 are open, the others terminal.
    pub state_code,
    /// The state of a number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a number that stands for no state.
    state_of, StateName, "state", {
        StateName::Pending = 1,
        StateName::Active = 2,
        StateName::Paused = 3,
        StateName::Completed = 4,
        StateName::Failed = 5,
        StateName::Cancelled = 6,
        StateName::Expired = 7,
    }
);

codes!(
    /// The number of a mode.
    pub(super) mode_code,
    /// The mode of a number.
    mode_of, Mode, "mode", {
        Mode::General = 1,
        Mode::Research = 2,
        Mode::Implement = 3,
    }
);

codes!(
    /// The number of a sort of holder.
    pub(super) holder_kind_code,
    /// The sort of holder of a number.
    holder_kind_of, HolderKind, "holder kind", {
        HolderKind::Interactive = 1,
        HolderKind::RuntimeSupervisor = 2,
        HolderKind::RuntimeWorker = 3,
        HolderKind::Run = 4,
    }
);

codes!(
    /// The number of a stream.
    pub(super) stream_code,
    /// The stream of a number.
    stream_of, Stream, "stream", {
        Stream::Terminal = 1,
        Stream::Stdout = 2,
        Stream::Stderr = 3,
    }
);

codes!(
    /// The number of a request.
    pub(super) request_code,
    /// The request of a number.
    request_of, Request, "request", {
        Request::Pause = 1,
        Request::Resume = 2,
    }
);
