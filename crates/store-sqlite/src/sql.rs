//! The statements, one per file, and how they are asked.

use rusqlite::{Connection, Params, Row};

use crate::error::WorkError;

/// Names each statement after its file.
macro_rules! statements {
    ($($name:ident = $file:literal),+ $(,)?) => {
        $(pub(crate) const $name: &str = include_str!(concat!("sql/", $file, ".sql"));)+
    };
}

statements! {
    ARRIVAL_DELETE = "arrival_delete",
    ARRIVAL_FIND = "arrival_find",
    ARRIVAL_HAS = "arrival_has",
    ARRIVAL_IDLE = "arrival_idle",
    ARRIVAL_INSERT = "arrival_insert",
    ARRIVAL_LIST = "arrival_list",
    ARRIVAL_NAMED = "arrival_named",
    ARRIVAL_UPDATE = "arrival_update",
    CHECKPOINT_BROUGHT = "checkpoint_brought",
    CHECKPOINT_DELETE = "checkpoint_delete",
    CHECKPOINT_FIND = "checkpoint_find",
    CHECKPOINT_INHERIT = "checkpoint_inherit",
    CHECKPOINT_INSERT = "checkpoint_insert",
    CHECKPOINT_LIST = "checkpoint_list",
    CHECKPOINT_LIST_ALL = "checkpoint_list_all",
    CHUNK_AT = "chunk_at",
    CHUNK_BYTES = "chunk_bytes",
    CHUNK_DELETE = "chunk_delete",
    CHUNK_GIVE = "chunk_give",
    CHUNK_INSERT = "chunk_insert",
    CHUNK_OLDEST = "chunk_oldest",
    CHUNK_PAYLOAD = "chunk_payload",
    CHUNK_RECENT = "chunk_recent",
    CHUNK_TRIM = "chunk_trim",
    EVENT_ID_ANY = "event_id_any",
    EVENT_ID_DELETE = "event_id_delete",
    EVENT_ID_FIND = "event_id_find",
    EVENT_ID_GIVE = "event_id_give",
    EVENT_ID_GIVE_RANGE = "event_id_give_range",
    EVENT_ID_INSERT = "event_id_insert",
    FILE_FIND = "file_find",
    FILE_INHERIT = "file_inherit",
    FILE_LIST = "file_list",
    FIND_DUE = "find_due",
    FIND_HANDLE = "find_handle",
    FIND_ID = "find_id",
    FIND_IDS = "find_ids",
    FIND_NEWEST = "find_newest",
    FIND_OLDEST = "find_oldest",
    FIND_RANGE = "find_range",
    FIND_SLOT = "find_slot",
    FIND_SLOTS_NAMED = "find_slots_named",
    FOLDED_FIND = "folded_find",
    FOLDED_UPDATE = "folded_update",
    FOLD_DUE_DELETE = "fold_due_delete",
    FOLD_DUE_FIND = "fold_due_find",
    FOLD_DUE_INSERT = "fold_due_insert",
    FORK_DELETE = "fork_delete",
    FORK_FARTHEST = "fork_farthest",
    FORK_FIND = "fork_find",
    FORK_MOVE = "fork_move",
    FORK_WRITE = "fork_write",
    GROUP_FIND = "group_find",
    GROUP_INSERT = "group_insert",
    GROUP_LIMIT = "group_limit",
    GROUP_SHOWN = "group_shown",
    GROUP_TICKET = "group_ticket",
    HANDLE_FIRST = "handle_first",
    HANDLE_NEXT = "handle_next",
    HEAD_ACTIVITIES = "head_activities",
    HEAD_ACTIVITY = "head_activity",
    HEAD_ADMIT = "head_admit",
    HEAD_DELETE = "head_delete",
    HEAD_FIND = "head_find",
    HEAD_FOLD = "head_fold",
    HEAD_INSERT = "head_insert",
    HEAD_UPDATE = "head_update",
    LEASE_DELETE = "lease_delete",
    LEASE_RENEW = "lease_renew",
    LEASE_WRITE = "lease_write",
    LIST_CHILDREN = "list_children",
    LITTER_ADD = "litter_add",
    LITTER_DELETE = "litter_delete",
    LITTER_END = "litter_end",
    LITTER_FIND = "litter_find",
    LITTER_UPDATE = "litter_update",
    LOG_COMMIT = "log_commit",
    LOG_DELETE = "log_delete",
    LOG_HAS = "log_has",
    LOG_INSERT = "log_insert",
    LOG_LEFT = "log_left",
    LOG_NEWEST = "log_newest",
    LOG_OLDER = "log_older",
    LOG_PAYLOAD = "log_payload",
    LOG_ROW = "log_row",
    LOG_SCATTERED = "log_scattered",
    LOG_STEP = "log_step",
    LOG_TRIM = "log_trim",
    MEMBER_DELETE = "member_delete",
    MEMBER_FIND = "member_find",
    MEMBER_LIST = "member_list",
    MEMBER_WRITE = "member_write",
    NAMESPACE_FIND = "namespace_find",
    NAMESPACE_INSERT = "namespace_insert",
    NAMESPACE_LIST = "namespace_list",
    ORIGIN_DELETE = "origin_delete",
    ORIGIN_FIND = "origin_find",
    ORIGIN_INSERT = "origin_insert",
    PAYLOAD_DELETE = "payload_delete",
    PAYLOAD_DROP = "payload_drop",
    PAYLOAD_FIND = "payload_find",
    PAYLOAD_INSERT = "payload_insert",
    PAYLOAD_LEFT = "payload_left",
    PAYLOAD_SHOW = "payload_show",
    PIECE_DELETE = "piece_delete",
    PIECE_LIST = "piece_list",
    PIECE_SIZE = "piece_size",
    PIECE_WRITE = "piece_write",
    POSTING_BLOCK_DOWN = "posting_block_down",
    POSTING_BLOCK_UP = "posting_block_up",
    POSTING_DELETE = "posting_delete",
    POSTING_FIND = "posting_find",
    POSTING_FROM = "posting_from",
    POSTING_INSERT = "posting_insert",
    POSTING_WRITE = "posting_write",
    PROCESS_DELETE = "process_delete",
    PROCESS_FIND = "process_find",
    PROCESS_INSERT = "process_insert",
    PROCESS_LIST = "process_list",
    PURGE_ANY = "purge_any",
    PURGE_CHECKPOINTS = "purge_checkpoints",
    PURGE_CHUNKS = "purge_chunks",
    PURGE_DELETE = "purge_delete",
    PURGE_FIRST = "purge_first",
    PURGE_IDS = "purge_ids",
    PURGE_INSERT = "purge_insert",
    PURGE_LIST = "purge_list",
    PURGE_UPDATE = "purge_update",
    SESSION_ADMIT = "session_admit",
    SESSION_DELETE = "session_delete",
    SESSION_EXISTS = "session_exists",
    SESSION_HAS_COMMIT = "session_has_commit",
    SESSION_HAS_ID = "session_has_id",
    SESSION_INSERT = "session_insert",
    SESSION_POSTPONE = "session_postpone",
    SESSION_UPDATE = "session_update",
    SLOT_INSERT = "slot_insert",
    SLOT_SHOW = "slot_show",
    SLOT_UPDATE = "slot_update",
    STANDING = "standing",
    TALLY_ADD = "tally_add",
    TALLY_LIST = "tally_list",
    TRUNK_DELETE = "trunk_delete",
    TRUNK_FIND = "trunk_find",
    TRUNK_INSERT = "trunk_insert",
    TRUNK_LEFT = "trunk_left",
    TRUNK_UPDATE = "trunk_update",
    VERIFY_ARRIVALS = "verify_arrivals",
    VERIFY_CHECKPOINTS = "verify_checkpoints",
    VERIFY_CHUNKS = "verify_chunks",
    VERIFY_DEPTHS = "verify_depths",
    VERIFY_FORKS = "verify_forks",
    VERIFY_GROUPS = "verify_groups",
    VERIFY_HEADS = "verify_heads",
    VERIFY_IDS = "verify_ids",
    VERIFY_IDS_KNOWN = "verify_ids_known",
    VERIFY_LEASES = "verify_leases",
    VERIFY_LOG = "verify_log",
    VERIFY_PAYLOADS = "verify_payloads",
    VERIFY_POSTINGS = "verify_postings",
    VERIFY_SESSIONS = "verify_sessions",
    VERIFY_SLOTS = "verify_slots",
    VERIFY_TALLIES = "verify_tallies",
    VOLUME_ADD = "volume_add",
    VOLUME_FOLD = "volume_fold",
    VOLUME_FORGET = "volume_forget",
    VOLUME_LIST = "volume_list",
    WATCH_DELETE = "watch_delete",
    WATCH_DELETE_ALL = "watch_delete_all",
    WATCH_FIND = "watch_find",
    WATCH_INSERT = "watch_insert",
    ZONE_FIND = "zone_find",
    ZONE_SLICES = "zone_slices",
    ZONE_WRITE = "zone_write",
}

/// The first row of an answer, if there is one.
pub(crate) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, WorkError>,
) -> Result<Option<T>, WorkError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Every row of an answer.
pub(crate) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, WorkError>,
) -> Result<Vec<T>, WorkError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Whether there is an answer.
pub(crate) fn any(conn: &Connection, sql: &str, params: impl Params) -> Result<bool, WorkError> {
    Ok(one(conn, sql, params, |_| Ok(()))?.is_some())
}

/// Writes, and says how many rows were touched.
pub(crate) fn write(conn: &Connection, sql: &str, params: impl Params) -> Result<usize, WorkError> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}
