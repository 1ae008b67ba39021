//! How the catalog is asked.

use std::time::Duration;

use rusqlite::{Connection, StatementStatus};
use tenure_core::id::Incarnation;

use crate::place::Place;
use crate::troubles::Troubles;
use crate::{open, sql};

/// Whatever a list asks is found by a key, in the order in which it is wanted.
#[test]
fn nothing_that_a_list_asks_is_scanned_or_sorted() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../sql/migrations/0001_first.sql")).unwrap();
    conn.execute_batch(include_str!("../sql/migrations/0002_catalog.sql")).unwrap();
    for statement in [
        sql::FIND_DUE,
        sql::FIND_HANDLE,
        sql::FIND_IDS,
        sql::FIND_NEWEST,
        sql::FIND_OLDEST,
        sql::FIND_RANGE,
        sql::FOLDED_FIND,
        sql::POSTING_BLOCK_DOWN,
        sql::POSTING_BLOCK_UP,
        sql::POSTING_FIND,
        sql::POSTING_FROM,
        sql::ZONE_FIND,
        sql::ZONE_SLICES,
    ] {
        let steps = sql::plan(&conn, statement);
        assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{statement}: {steps:#?}");
    }
}

/// Whatever is bound, the plan stays: preparing costs more than most statements.
#[test]
fn no_statement_is_prepared_anew_for_what_is_bound() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::of(&home.path().join("tenure.db"), Incarnation([1; 16])).unwrap();
    let conn = open::open(&place, &Troubles::default(), Duration::from_secs(2)).unwrap();
    for statement in [sql::FIND_HANDLE, sql::FIND_ID, sql::FIND_SLOT, sql::FIND_NEWEST, sql::FIND_DUE] {
        let mut prepared = conn.prepare(statement).unwrap();
        let count = prepared.parameter_count();
        for value in 0..5 {
            prepared.exists(rusqlite::params_from_iter(vec![value; count])).unwrap();
        }
        assert_eq!(prepared.get_status(StatementStatus::RePrepare), 0, "{statement}");
    }
}
