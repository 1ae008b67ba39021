//! How the catalog is asked.

use rusqlite::Connection;

use crate::sql;

fn plan(conn: &Connection, statement: &str) -> Vec<String> {
    let mut explained = conn.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let count = explained.parameter_count();
    let rows = explained.query_map(rusqlite::params_from_iter(vec![1; count]), |row| row.get(3));
    rows.unwrap().map(Result::unwrap).collect()
}

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
    ] {
        let steps = plan(&conn, statement);
        assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{statement}: {steps:#?}");
    }
}
