//! What a transaction leaves behind when its body succeeds, fails, or panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use super::{Begun, transaction};
use crate::troubles::Troubles;

fn conn() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES ('before')").unwrap();
    conn
}

fn rows(conn: &Connection) -> Vec<String> {
    let mut statement = conn.prepare("SELECT x FROM t ORDER BY rowid").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn write(conn: &Connection) -> Result<(), rusqlite::Error> {
    conn.execute("INSERT INTO t VALUES ('written')", []).map(drop)
}

/// The state is as before, nothing is open, and the next transaction works.
fn is_as_before(conn: &Connection, troubles: &Troubles) {
    assert_eq!(rows(conn), ["before"]);
    assert!(conn.is_autocommit());
    assert!(troubles.all().is_empty());
    transaction(conn, troubles, write).unwrap();
    assert_eq!(rows(conn), ["before", "written"]);
}

#[test]
fn success_is_committed_and_its_value_returned() {
    let (conn, troubles) = (conn(), Troubles::default());
    let value = transaction(&conn, &troubles, |conn| write(conn).map(|()| 7)).unwrap();
    assert_eq!((value, rows(&conn)), (7, vec!["before".to_owned(), "written".to_owned()]));
    assert!(conn.is_autocommit());
}

#[test]
fn an_error_rolls_back_and_is_passed_on() {
    let (conn, troubles) = (conn(), Troubles::default());
    let failed: Result<(), _> = transaction(&conn, &troubles, |conn| {
        write(conn)?;
        Err(rusqlite::Error::InvalidQuery)
    });
    assert_eq!(failed, Err(rusqlite::Error::InvalidQuery));
    is_as_before(&conn, &troubles);
}

#[test]
fn a_panic_rolls_back_and_is_passed_on() {
    let (conn, troubles) = (conn(), Troubles::default());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        transaction(&conn, &troubles, |conn| -> Result<(), rusqlite::Error> {
            write(conn)?;
            panic!("in the body");
        })
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"in the body"));
    is_as_before(&conn, &troubles);
}

#[test]
fn the_write_lock_is_taken_at_the_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.db");
    let (one, other) = (Connection::open(&path).unwrap(), Connection::open(&path).unwrap());
    one.busy_timeout(std::time::Duration::ZERO).unwrap();
    let troubles = Troubles::default();
    let begun = Begun::immediate(&other, &troubles).unwrap();
    let refused: Result<(), rusqlite::Error> =
        transaction(&one, &troubles, |_| unreachable!("it has not begun"));
    let code = refused.unwrap_err().sqlite_error_code();
    assert_eq!(code, Some(rusqlite::ErrorCode::DatabaseBusy));
    drop(begun);
    transaction(&one, &troubles, |conn| conn.execute_batch("CREATE TABLE u (x)")).unwrap();
}

#[test]
fn a_transaction_that_sqlite_ended_by_itself_is_not_ended_twice() {
    let (conn, troubles) = (conn(), Troubles::default());
    let failed: Result<(), _> = transaction(&conn, &troubles, |conn| {
        write(conn)?;
        conn.execute_batch("CREATE TABLE once (x UNIQUE); INSERT INTO once VALUES (1)")?;
        conn.execute_batch("INSERT OR ROLLBACK INTO once VALUES (1)")
    });
    assert_eq!(failed.unwrap_err().sqlite_error_code(), Some(rusqlite::ErrorCode::ConstraintViolation));
    is_as_before(&conn, &troubles);
}
