//! Numbers that stand for words. They never change.

use tenure_core::access::Role;
use tenure_core::checkpoint::{Encoding, FileAction};
use tenure_core::event::{Request, Stream};
use tenure_core::kind::Kind;
use tenure_core::lease::HolderKind;
use tenure_core::orchestration::Cause;
use tenure_core::session::{Mode, StateName};

use super::corrupt;
use crate::StoreError;

/// Writes a pair of total functions between an enum and its numbers.
macro_rules! codes {
    ($see:vis $of:ident, $from:ident, $type:ident, $what:literal, {$($variant:ident = $code:literal),+ $(,)?}) => {
        #[doc = concat!("The number of a ", $what, ".")]
        #[must_use]
        $see const fn $of(value: $type) -> i32 {
            match value {
                $($type::$variant => $code,)+
            }
        }

        #[doc = concat!("The ", $what, " of a number.")]
        ///
        /// # Errors
        #[doc = concat!("[`StoreError::Corrupt`] for a number that stands for no ", $what, ".")]
        $see fn $from(code: i32) -> Result<$type, StoreError> {
            match code {
                $($code => Ok($type::$variant),)+
                unknown => Err(corrupt(format!(concat!($what, " {} is unknown"), unknown))),
            }
        }
    };
}

codes!(pub kind_code, kind_of, Kind, "kind", { Agent = 1, Workspace = 2, Workflow = 3 });

// Those up to 3 are open, the others terminal.
codes!(pub state_code, state_of, StateName, "state", {
    Pending = 1,
    Active = 2,
    Paused = 3,
    Completed = 4,
    Failed = 5,
    Cancelled = 6,
    Expired = 7,
});

codes!(pub(super) mode_code, mode_of, Mode, "mode", { General = 1, Research = 2, Implement = 3 });

codes!(pub(super) holder_kind_code, holder_kind_of, HolderKind, "holder kind", {
    Interactive = 1,
    RuntimeSupervisor = 2,
    RuntimeWorker = 3,
    Run = 4,
    Worker = 5,
});

codes!(pub role_code, role_of, Role, "role", { Observer = 1, Owner = 2, Worker = 3, Admin = 4 });

codes!(pub(super) stream_code, stream_of, Stream, "stream", { Terminal = 1, Stdout = 2, Stderr = 3 });

codes!(pub(super) request_code, request_of, Request, "request", { Pause = 1, Resume = 2, Stop = 3 });

codes!(pub(super) file_action_code, file_action_of, FileAction, "file action", { Created = 1, Modified = 2, Deleted = 3 });

codes!(pub(super) encoding_code, encoding_of, Encoding, "encoding", { Plain = 1, Zstd = 2 });

codes!(pub(super) cause_code, cause_of, Cause, "cause of a failure", {
    Failed = 1,
    Rejected = 2,
    Panicked = 3,
    TimedOut = 4,
    Poisoned = 5,
    Cancelled = 6,
    Unavailable = 7,
    Unreadable = 8,
});
