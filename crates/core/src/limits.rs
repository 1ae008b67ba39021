//! Every bound on a size, a count or a time, named once.

use std::time::Duration;

/// Longest activity text, in characters (not bytes).
pub const ACTIVITY_CHARS_MAX: usize = 280;
/// Longest time after which something ends by itself, besides leases: what is later than the calendar is no instant.
pub const SPAN_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
/// An interactive workspace session is over when it was last started longer ago than this.
pub const INTERACTIVE_STALE_AFTER: Duration = Duration::from_secs(8 * 60 * 60);
/// Longest session id given by a caller, in characters.
pub const SESSION_ID_CHARS_MAX: usize = 128;
/// Longest actor, supervisor or worker id, in bytes.
pub const ACTOR_ID_BYTES_MAX: usize = 256;
/// Longest name of a principal, in characters.
pub const PRINCIPAL_CHARS_MAX: usize = 128;
/// Longest id of a token, in characters.
pub const TOKEN_ID_CHARS_MAX: usize = 64;
/// Longest note of a token, in characters.
pub const TOKEN_NOTE_CHARS_MAX: usize = 256;
/// That a token was used is written down at most once in this time.
pub const TOKEN_TOUCH_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// How long the secret before is good after a token was rotated, when nothing else was asked for.
pub const TOKEN_GRACE_DEFAULT: Duration = Duration::from_secs(60 * 60);
/// Longest key of a request that may be made twice, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Largest body of an answer that is kept, in bytes.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// An answer is kept for this long after it was given.
pub const ANSWERS_KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest slot key, in bytes. Workspace keys carry a path, so this follows the usual `PATH_MAX`.
pub const KEY_BYTES_MAX: usize = 4096;
/// Longest name of a group, in bytes.
pub const GROUP_BYTES_MAX: usize = 256;
/// Longest namespace, in bytes.
pub const NAMESPACE_BYTES_MAX: usize = 64;
/// Longest event type name, in bytes.
pub const EVENT_TYPE_BYTES_MAX: usize = 64;
/// Longest id that a caller gives an event, in characters.
pub const EVENT_ID_CHARS_MAX: usize = 128;
/// Largest payload of one event, in bytes.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Most events in one append.
pub const EVENTS_PER_APPEND_MAX: usize = 1000;
/// Most events that one read returns.
pub const EVENTS_PER_READ_MAX: usize = 1000;
/// Longest reason of a takeover, clear or cancel, in bytes.
pub const REASON_BYTES_MAX: usize = 4096;
/// Most labels of one session.
pub const LABELS_MAX: usize = 64;
/// Longest label name or value, in bytes.
pub const LABEL_BYTES_MAX: usize = 256;
/// Most bytes of one session's metadata, names and JSON text together.
pub const METADATA_BYTES_MAX: usize = 64 * 1024;
/// Most timings of one session.
pub const TIMINGS_MAX: usize = 256;
/// Most sessions that one list returns.
pub const LIST_MAX: usize = 1000;
/// Most due sessions that one writing command sweeps.
pub const SWEEP_MAX: usize = 100;
/// Most attempts to decide again after somebody else changed the session in between.
pub const DECIDE_ATTEMPTS_MAX: usize = 8;

/// Shortest lease of a workspace's autonomous owner.
pub const WORKSPACE_TTL_MIN: Duration = Duration::from_secs(1);
/// Longest lease of a workspace's autonomous owner.
pub const WORKSPACE_TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Shortest lease of a worker or of `tenure run`.
pub const RUN_TTL_MIN: Duration = Duration::from_secs(1);
/// Longest lease of a worker or of `tenure run`.
pub const RUN_TTL_MAX: Duration = Duration::from_secs(10 * 60);
/// Lease of a worker or of `tenure run` when nothing else was asked for.
pub const RUN_TTL_DEFAULT: Duration = Duration::from_secs(15);
/// Time between asking a command to end and ending it, when nothing else was asked for.
pub const RUN_GRACE_DEFAULT: Duration = Duration::from_secs(3);
/// An active session without activity for longer than this counts as stuck, when nothing else was asked for.
pub const STUCK_AFTER: Duration = Duration::from_secs(30 * 60);
/// When more than this part of the sessions that were opened lately has expired, that is worth a look.
pub const EXPIRED_PERCENT_MAX: u64 = 10;
/// Most stuck sessions that are looked at for having done nothing at all.
pub const STUCK_LOOKED_AT_MAX: usize = 200;
/// Lease of a session that is driven by hand, when nothing else was asked for.
pub const HAND_TTL_DEFAULT: Duration = Duration::from_secs(60);
/// An agent session without activity for longer than this expires.
pub const AGENT_IDLE_AFTER: Duration = Duration::from_secs(30 * 60);

/// Completed sessions are pruned when they ended longer ago than this, when nothing else was asked for.
pub const COMPLETED_KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Sessions that ended otherwise are pruned when that was longer ago than this, when nothing else was asked for.
pub const FAILED_KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What a bringer of a session has brought so far is given up when it brings nothing more for this long.
pub const ARRIVAL_IDLE_MAX: Duration = Duration::from_secs(10 * 60);
/// Longest name of the store that a session is handed over to, in bytes.
pub const STORE_NAME_BYTES_MAX: usize = 4096;

/// Most recorded bytes of one session's terminal output, when nothing else was asked for.
pub const RECORD_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Output is recorded in chunks of at most this many bytes, and up to three more so that no character is cut.
pub const RECORD_CHUNK_BYTES: usize = 64 * 1024;
/// Output waits at most this long to be recorded.
pub const RECORD_CHUNK_AGE: Duration = Duration::from_millis(100);

/// Longest checkpoint id, in characters.
pub const CHECKPOINT_ID_CHARS_MAX: usize = 64;
/// Largest payload of a checkpoint, in bytes.
pub const CHECKPOINT_BYTES_MAX: usize = 100 * 1024 * 1024;
/// A payload of a checkpoint that is larger than this many bytes is worth a warning.
pub const CHECKPOINT_BYTES_WARN: usize = 10 * 1024 * 1024;
/// A payload of a checkpoint is compressed from this many bytes on.
pub const CHECKPOINT_COMPRESS_BYTES: usize = 4 * 1024;
/// A payload of a checkpoint is written in pieces of at most this many stored bytes.
pub const CHECKPOINT_PIECE_BYTES: usize = 256 * 1024;
/// Largest metadata of a checkpoint, in bytes.
pub const CHECKPOINT_METADATA_BYTES_MAX: usize = 64 * 1024;
/// Newest checkpoints of a session that are kept when nothing else was asked for.
pub const CHECKPOINTS_KEPT: usize = 10;
/// Largest content of a changed file that is kept, in bytes.
pub const FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Bytes of contents of changed files that a run keeps when nothing else was asked for.
pub const FILES_BYTES_KEPT: u64 = 256 * 1024 * 1024;
/// Longest path of a changed file, in bytes.
pub const FILE_PATH_BYTES_MAX: usize = 4096;
/// Most changed files that one list returns.
pub const FILES_LISTED_MAX: usize = 1000;
/// Most changed files that a fork begins with.
pub const FILES_INHERITED_MAX: usize = 10_000;
/// Most checkpoints that one list returns, and that a fork begins with.
pub const CHECKPOINTS_LISTED_MAX: usize = 1000;

/// Longest name of an orchestration or an activity, in characters.
pub const CODE_NAME_CHARS_MAX: usize = 128;
/// Longest name of a signal, in bytes.
pub const SIGNAL_NAME_BYTES_MAX: usize = 256;
/// Largest input, output or signal of an orchestration or an activity, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest custom status of an orchestration, in bytes.
pub const STATUS_BYTES_MAX: usize = 16 * 1024;
/// Most signals that are carried over when an orchestration continues as new.
pub const SIGNALS_CARRIED_MAX: usize = 10_000;
/// An activity whose workers died this often without an answer is given up, and an orchestration whose code so many workers
/// did not survive.
pub const RESCUES_MAX: u32 = 10;
/// Lease of a worker when nothing else was asked for.
pub const WORKER_TTL_DEFAULT: Duration = Duration::from_secs(15);
/// A worker whose loop stands still for so many of its ttls is given up: its lease is not renewed until the loop goes on.
pub const WORKER_STILL_TTLS_MAX: u32 = 4;
/// Time between asking an orchestration to end and ending it, when nothing else was asked for.
pub const CANCEL_GRACE_DEFAULT: Duration = Duration::from_secs(10);
/// Most instances that one claim gives.
pub const CLAIMED_AT_ONCE_MAX: usize = 1000;
/// Longest affinity key, in bytes.
pub const AFFINITY_KEY_BYTES_MAX: usize = 256;
/// Longest name of a queue, in bytes.
pub const QUEUE_NAME_BYTES_MAX: usize = 256;
/// Of how many keys a worker runs activities at once unless it says otherwise.
pub const PINS_BUSY_MAX_DEFAULT: usize = 256;
/// How many keys a worker holds unless it says otherwise.
pub const PINS_HELD_MAX_DEFAULT: usize = 10_000;
/// How long a key stays with its worker when nothing of it runs or waits.
pub const PIN_IDLE_DEFAULT: Duration = Duration::from_secs(5 * 60);
/// How long a key waits for workers that hold fewer.
pub const SHARE_PATIENCE: Duration = Duration::from_secs(1);
