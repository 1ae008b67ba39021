//! A private storage directory with a workspace, and `tenure` in it.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Map, Value};
use tempfile::TempDir;

/// A private storage directory and an empty workspace beside it.
///
/// In a test whose path begins with `served::`, a server keeps the store, and `tenure` is told of it: what is shown there
/// of a file is shown of a server.
pub(crate) struct Home {
    // It ends before its files go.
    server: Option<RefCell<Serving>>,
    base: TempDir,
}

/// A `tenure serve` that ends with its home.
struct Serving {
    child: Child,
    url: String,
    /// How its wall clock is moved, if it is.
    offset: Option<String>,
}

impl Serving {
    fn begin(home: &Home, listen: &str, offset: Option<&str>) -> Self {
        let mut command = home.moved(offset);
        command.args(["serve", "--listen", listen, "--output", "json"]);
        // What moves its clock is a process of its own, and goes with it.
        command.process_group(0);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let serving = document(&line);
        let url = serving["url"].as_str().unwrap_or_else(|| panic!("{serving}")).to_owned();
        Self { child, url, offset: offset.map(str::to_owned) }
    }
}

impl Serving {
    fn end(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let _gone = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        drop(self.child.wait());
        // What moves clocks cannot tidy up now, and would trip over it under the same process id one day.
        for left in ["faketime_shm_", "sem.faketime_sem_"] {
            drop(fs::remove_file(format!("/dev/shm/{left}{}", self.child.id())));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.end();
    }
}

/// What `tenure` answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    /// Nothing is stored yet, not even the directory.
    pub(crate) fn new() -> Self {
        let home = Self::beside_its_store();
        let is_served = std::thread::current().name().is_some_and(|test| test.starts_with("served::"));
        let server = is_served.then(|| RefCell::new(Serving::begin(&home, "127.0.0.1:0", None)));
        Self { server, ..home }
    }

    /// The same, for what is about a store's file, its locks or its clock: a file keeps it in any case.
    pub(crate) fn beside_its_store() -> Self {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("ws")).unwrap();
        Self { server: None, base }
    }

    /// The storage directory.
    pub(crate) fn storage(&self) -> PathBuf {
        self.base.path().join("home")
    }

    /// The store's file.
    pub(crate) fn db(&self) -> PathBuf {
        self.storage().join("tenure.db")
    }

    /// The workspace's directory.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.base.path().join("ws")
    }

    /// The key of the workspace's slot.
    pub(crate) fn key(&self) -> String {
        format!("{}#main", self.workspace().canonicalize().unwrap().display())
    }

    /// A file beside the workspace.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.base.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `tenure` in the workspace, with nothing in its environment but its home, and its server if it has one.
    pub(crate) fn command(&self) -> Command {
        self.told(None)
    }

    /// `tenure` with its wall clock moved: `+9h`, `-100y`. Its boot-time clock is the machine's. A server's clock moves
    /// with it.
    pub(crate) fn at(&self, offset: &str) -> Command {
        self.told(Some(offset))
    }

    fn told(&self, offset: Option<&str>) -> Command {
        let mut command = self.moved(offset);
        if let Some(server) = &self.server {
            if server.borrow().offset.as_deref() != offset {
                // Another one in its place: only one of them may look after the store's clock.
                server.borrow_mut().end();
                let listen = server.borrow().url.trim_start_matches("http://").to_owned();
                server.replace(Serving::begin(self, &listen, offset));
            }
            command.env("TENURE_SERVER", &server.borrow().url);
        }
        command
    }

    fn moved(&self, offset: Option<&str>) -> Command {
        let Some(offset) = offset else { return self.bare(env!("CARGO_BIN_EXE_tenure")) };
        let mut command = self.bare("faketime");
        command.args(["--exclude-monotonic", "-f", offset, env!("CARGO_BIN_EXE_tenure")]);
        command
    }

    /// Another program there.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.bare(program);
        if let Some(server) = &self.server {
            command.env("TENURE_SERVER", &server.borrow().url);
        }
        command
    }

    fn bare(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TENURE_HOME", self.storage());
        command.current_dir(self.workspace()).stdin(Stdio::null());
        command
    }

    /// Where the locks of runs are.
    pub(crate) fn holds(&self) -> PathBuf {
        let Some(server) = &self.server else { return self.storage().join("tenure.db-run/hold") };
        let name = server.borrow().url.replace([':', '/'], "_");
        self.storage().join("servers").join(name).join("tenure.db-run/hold")
    }

    /// What `tenure` answers.
    pub(crate) fn ask(&self, words: &[&str]) -> Answer {
        answer(self.command().args(words))
    }

    /// What `tenure` prints, if it succeeds.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        succeeded(self.ask(words)).out
    }

    /// The one document that `tenure --output json` prints, if it succeeds.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        document(&self.ok(&json_words(words)))
    }

    /// What `tenure` prints at a moved clock, if it succeeds.
    pub(crate) fn ok_at(&self, offset: &str, words: &[&str]) -> String {
        succeeded(answer(self.at(offset).args(words))).out
    }

    /// The one document that `tenure --output json` prints at a moved clock, if it succeeds.
    pub(crate) fn json_at(&self, offset: &str, words: &[&str]) -> Value {
        document(&self.ok_at(offset, &json_words(words)))
    }

    /// A refusal, and proof that it changed nothing of what can be listed.
    pub(crate) fn refused(&self, words: &[&str]) -> Answer {
        let before = self.state();
        let refused = self.ask(words);
        assert_eq!(refused.code, 3, "{words:?}: {refused:?}");
        assert_eq!(refused.out, "", "a refusal is no answer");
        assert_eq!(self.state(), before, "{words:?} changed something");
        refused
    }

    /// The document of a refusal, which changed nothing.
    pub(crate) fn refused_json(&self, words: &[&str]) -> Value {
        let before = self.state();
        let refused = self.ask(&json_words(words));
        assert_eq!((refused.code, refused.err.as_str()), (3, ""), "{words:?}: {refused:?}");
        assert_eq!(self.state(), before, "{words:?} changed something");
        let document = document(&refused.out);
        assert_eq!(document["ok"], false);
        document
    }

    /// Everything that is stored about sessions, and their logs' heads. Empty before the first write.
    pub(crate) fn state(&self) -> Value {
        let mut list = document(&self.ok(&["list", "--limit", "1000", "--output", "json"]));
        for session in list["data"].as_array_mut().unwrap() {
            steady_session(session.as_object_mut().unwrap());
        }
        list
    }

    /// Starts an autonomous session for `actor`.
    pub(crate) fn hold(&self, actor: &str, seconds: &str) -> Value {
        self.hold_with(actor, seconds, &[])
    }

    /// The same with more options.
    pub(crate) fn hold_with(&self, actor: &str, seconds: &str, options: &[&str]) -> Value {
        self.json(&[&autonomous(actor, seconds)[..], options].concat())
    }

    /// Takes an earlier tool's record into the workspace.
    pub(crate) fn import(&self, record: &Value) {
        let file = self.file("record.json", &record.to_string());
        self.ok(&["import", &file]);
    }

    /// What people see, with what differs from run to run replaced.
    pub(crate) fn steady(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let canonical = self.base.path().canonicalize().unwrap();
        for base in [canonical.as_path(), self.base.path()] {
            text = text.replace(base.to_str().unwrap(), "[base]");
        }
        let text = replaced(&text, "ses_", |rest| rest.len().min(26), "[id]");
        replaced(&text, "20", instant, "[at]")
    }
}

/// A session without what changes by itself: time passes, and a runner renews and records.
fn steady_session(session: &mut Map<String, Value>) {
    session.remove("duration_ms");
    let lease = session.get_mut("lease").and_then(Value::as_object_mut);
    let is_run = lease.as_ref().is_some_and(|lease| lease["holder"]["kind"] == "run");
    if let Some(lease) = lease {
        lease.remove("standing");
        if is_run {
            lease.retain(|name, _| !["renewed_at", "expires_at", "holder_gone"].contains(&name.as_str()));
        }
    }
    if is_run {
        session.retain(|name, _| name != "head_seq" && name != "last_activity_at");
    }
}

/// The length of what follows the `20` of an instant in this century, or 0.
fn instant(rest: &str) -> usize {
    let form = |text: &str| {
        text.bytes().zip("00-00-00T00:00:00".bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
    };
    match rest.get(..17).filter(|text| form(text)) {
        Some(_) => rest.find('Z').map_or(0, |at| at + 1),
        None => 0,
    }
}

fn replaced(text: &str, begin: &str, length: impl Fn(&str) -> usize, by: &str) -> String {
    let (mut done, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(begin) {
        let after = &rest[at + begin.len()..];
        let found = length(after);
        done.push_str(&rest[..at]);
        done.push_str(if found == 0 { begin } else { by });
        rest = &after[found..];
    }
    done + rest
}

/// A `tenure run` that is killed if the test ends before it.
pub(crate) struct Running(Child);

impl Running {
    /// Starts `tenure run --key KEY -- sh -c SCRIPT` and returns once it holds the session.
    pub(crate) fn start(home: &Home, key: &str, script: &str) -> Self {
        Self::start_with(home, key, &[], script)
    }

    /// The same in the store of that file.
    pub(crate) fn start_at(home: &Home, db: &str, key: &str, script: &str) -> Self {
        let mut command = home.command();
        command.args(["--db", db, "run", "--key", key, "--", "sh", "-c", script]);
        let running = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        eventually(|| home.ask(&["--db", db, "show", key]).code == 0);
        running
    }

    /// The same with more options.
    pub(crate) fn start_with(home: &Home, key: &str, options: &[&str], script: &str) -> Self {
        let mut command = home.command();
        command.args(["run", "--key", key]).args(options).args(["--", "sh", "-c", script]);
        let running = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        eventually(|| home.ask(&["show", key]).code == 0);
        running
    }

    /// Kills the runner without a word, and returns once nothing of its tree is left.
    pub(crate) fn vanish(mut self, home: &Home) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        let holds = home.holds();
        let is_free = |lock: &fs::DirEntry| File::open(lock.path()).unwrap().try_lock_shared().is_ok();
        eventually(|| fs::read_dir(&holds).unwrap().all(|lock| is_free(&lock.unwrap())));
    }

    /// Its exit code, once it has ended.
    pub(crate) fn code(mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Returns once `holds` does, which must be soon.
#[expect(clippy::disallowed_methods, reason = "other processes can only be looked at again, with a deadline")]
pub(crate) fn eventually(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never came true");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The words that start an autonomous session for `actor`.
pub(crate) fn autonomous<'a>(actor: &'a str, seconds: &'a str) -> [&'a str; 7] {
    ["start", "--lifecycle", "autonomous", "--actor-id", actor, "--lease-seconds", seconds]
}

/// What a command answers.
pub(crate) fn answer(command: &mut Command) -> Answer {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer { code: status.code().unwrap(), out: text(&stdout), err: text(&stderr) }
}

/// The answer, if it is a success.
pub(crate) fn succeeded(answer: Answer) -> Answer {
    assert_eq!(answer.code, 0, "{answer:?}");
    answer
}

/// One document, and nothing after it.
pub(crate) fn document(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "not one document: {text}");
    serde_json::from_str(text).unwrap()
}

/// The same words, for an answer that is one document.
pub(crate) fn json_words<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words.iter().copied().chain(["--output", "json"]).collect()
}

/// The names of a document's fields, in order.
pub(crate) fn keys(document: &Value) -> Vec<&str> {
    document.as_object().unwrap().keys().map(String::as_str).collect()
}
