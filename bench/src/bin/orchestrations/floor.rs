//! The bare writes of orchestrations: the same rows, without an engine.
//!
//! One writer, statements prepared once, one commit for each step of all that are in flight.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::measure::{Measured, Since};
use rusqlite::{Connection, params};

/// The sizes of what the store writes: an input or a result of 100 bytes, and what is said around it.
const BODY: usize = 50;
const EVENT: usize = 60;
const SCHEDULED: usize = 125;
const COMPLETED: usize = 110;
const AROUND: usize = 125;

const TABLES: &str = "
    CREATE TABLE session (sid INTEGER PRIMARY KEY, ns INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,
        revision INTEGER NOT NULL, commit_id BLOB NOT NULL, commit_at INTEGER NOT NULL, body BLOB NOT NULL,
        history INTEGER) STRICT;
    CREATE UNIQUE INDEX session_id ON session (ns, id);
    CREATE TABLE head (sid INTEGER PRIMARY KEY, seq INTEGER NOT NULL, pos INTEGER NOT NULL, at INTEGER NOT NULL)
        STRICT;
    CREATE TABLE log (pos INTEGER PRIMARY KEY, sid INTEGER NOT NULL, seq INTEGER NOT NULL, prev INTEGER NOT NULL,
        commit_id BLOB NOT NULL, payload BLOB NOT NULL) STRICT;
    CREATE TABLE instance (sid INTEGER PRIMARY KEY, turn INTEGER NOT NULL, history INTEGER NOT NULL,
        worker INTEGER, fence INTEGER NOT NULL, wake INTEGER, commit_id BLOB NOT NULL) STRICT;
    CREATE TABLE history (pos INTEGER PRIMARY KEY, sid INTEGER NOT NULL, execution INTEGER NOT NULL,
        prev INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;";

/// What an orchestration asks for, step by step.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Activities one after the other.
    pub(crate) steps: u32,
    /// Activities at once.
    pub(crate) wide: u32,
}

pub(crate) struct Floor {
    connection: Connection,
    sid: i64,
    log: i64,
    history: i64,
}

impl Floor {
    pub(crate) fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("the floor opens");
        connection.set_prepared_statement_cache_capacity(16);
        let set_up = format!("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {TABLES}");
        connection.execute_batch(&set_up).expect("it takes tables");
        Self { connection, sid: 0, log: 0, history: 0 }
    }

    pub(crate) fn during(&mut self, length: Duration, in_flight: usize, shape: Shape) -> Measured {
        let (since, mut lengths) = (Since::now(), Vec::new());
        while since.at.elapsed() < length {
            let asked = Instant::now();
            self.group(in_flight, shape);
            lengths.extend(std::iter::repeat_n(asked.elapsed(), in_flight));
        }
        Measured::of(lengths, shape.steps * shape.wide, &since)
    }

    /// So many orchestrations, from start to end.
    fn group(&mut self, in_flight: usize, Shape { steps, wide }: Shape) {
        let first = self.sid + 1;
        self.sid += in_flight as i64;
        let all = first..=self.sid;
        let wide = wide as usize;
        self.step(|floor| {
            all.clone().for_each(|sid| floor.start(sid, AROUND + SCHEDULED * wide));
        });
        for _ in 1..steps {
            self.step(|floor| all.clone().for_each(|sid| floor.turn(sid, SCHEDULED + COMPLETED)));
        }
        self.step(|floor| all.clone().for_each(|sid| floor.end(sid, AROUND + COMPLETED * wide)));
    }

    fn step(&mut self, writes: impl FnOnce(&mut Self)) {
        self.connection.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        writes(self);
        self.connection.execute_batch("COMMIT").expect("it is kept");
    }

    fn start(&mut self, sid: i64, history: usize) {
        let id = format!("ses_{sid:026}");
        let session = "INSERT INTO session VALUES (?1, 1, ?2, 1, 1, zeroblob(16), ?1, zeroblob(?3), NULL)";
        self.execute(session, params![sid, id, BODY as i64]);
        self.append(sid, 0);
        self.execute("INSERT INTO head VALUES (?1, 1, ?2, ?2)", params![sid, self.log]);
        self.remember(sid, 0, history);
        self.execute(
            "INSERT INTO instance VALUES (?1, 1, ?2, 1, 1, 0, zeroblob(16))",
            params![sid, self.history],
        );
    }

    fn turn(&mut self, sid: i64, history: usize) {
        self.remember(sid, self.history, history);
        let update =
            "UPDATE instance SET turn = turn + 1, history = ?2, commit_id = zeroblob(16) WHERE sid = ?1";
        self.execute(update, params![sid, self.history]);
    }

    fn end(&mut self, sid: i64, history: usize) {
        self.remember(sid, self.history, history);
        self.append(sid, 1);
        self.execute("UPDATE head SET seq = 3, pos = ?2, at = ?2 WHERE sid = ?1", params![sid, self.log]);
        self.execute("DELETE FROM instance WHERE sid = ?1", params![sid]);
        let session =
            "UPDATE session SET state = 4, revision = 2, commit_at = ?2, body = zeroblob(?3), history = ?2
            WHERE sid = ?1";
        self.execute(session, params![sid, self.history, BODY as i64]);
    }

    fn append(&mut self, sid: i64, prev: i64) {
        self.log += 1;
        let insert = "INSERT INTO log VALUES (?1, ?2, 1, ?3, zeroblob(16), zeroblob(?4))";
        self.execute(insert, params![self.log, sid, prev, EVENT as i64]);
    }

    fn remember(&mut self, sid: i64, prev: i64, bytes: usize) {
        self.history += 1;
        let insert = "INSERT INTO history VALUES (?1, ?2, 1, ?3, zeroblob(?4))";
        self.execute(insert, params![self.history, sid, prev, bytes as i64]);
    }

    fn execute(&self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) {
        let mut statement = self.connection.prepare_cached(sql).expect("a statement");
        statement.execute(parameters).expect("a row");
    }
}
