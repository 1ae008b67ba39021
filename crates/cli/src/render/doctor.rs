//! What a doctor says.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Map, Value, json};
use tenure_core::escape::Escaped;
use tenure_core::id::Namespace;
use tenure_store_sqlite::Health;
use tenure_traces::Collector;

use super::{Look, Report, Tone, block};
use crate::args::lifecycle::Span;
use crate::args::options::{Options, Origin, ServeSettings, Setting};
use crate::args::{Color, Form};
use crate::verbs::doctor::{Checkup, Process, Tree, Trees};
use tenure_words::shown;
use tenure_words::when::length;

impl Checkup<'_> {
    /// What must be mended.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if let Some(failure) = &self.failure {
            complaints.push(failure.primary.clone());
            complaints.extend(failure.details.clone());
        }
        if self.clock_works == Some(false) {
            complaints.push("the system clock is before UNIX_EPOCH".to_owned());
        }
        let open = self.files.iter().filter(|file| file.what != "configuration" && !file.is_private());
        complaints.extend(open.map(|file| {
            format!("others may use the {} {} (mode {:04o})", file.what, shown(&file.path), file.mode)
        }));
        complaints.extend(self.trees.orphans.iter().map(orphan));
        if let Some(health) = &self.health {
            if health.journal_mode != "wal" {
                complaints.push(format!("the journal mode is {}, not wal", Escaped(&health.journal_mode)));
            }
            complaints.extend(health.troubles.iter().map(|trouble| Escaped(trouble).to_string()));
        }
        let findings = self.findings.iter().flatten();
        complaints.extend(findings.map(|finding| Escaped(&finding.what).to_string()));
        complaints
    }
}

/// A tree that outlived its lease, and how to end it.
fn orphan(tree: &Tree) -> String {
    let session = session(tree);
    if tree.processes.is_empty() {
        let lock = Escaped(&tree.lock);
        return format!("{session} is late, and its lock {lock} is held, by whom cannot be told");
    }
    let pids: Vec<_> = tree.processes.iter().map(|process| process.pid.to_string()).collect();
    format!(
        "{session} is late, and its processes live: {}; end them: kill -KILL {}",
        processes(tree),
        pids.join(" ")
    )
}

/// The session that a tree had the lease of. Its tenant need not be the one that was asked for.
fn session(tree: &Tree) -> String {
    match &tree.session {
        Some((namespace, id)) if *namespace == Namespace::default_name() => format!("session {id}"),
        Some((namespace, id)) => format!("session {id} of namespace {namespace}"),
        None => "a session".to_owned(),
    }
}

fn processes(tree: &Tree) -> String {
    let named = |process: &Process| format!("{} ({})", process.pid, Escaped(&process.name));
    tree.processes.iter().map(named).collect::<Vec<_>>().join(", ")
}

impl Report for Checkup<'_> {
    fn text(&self, look: &Look) -> String {
        let sections = [
            section(look, "Settings", self.settings()),
            section(look, "Store", self.store()),
            section(look, "Files", self.file_rows(look)),
            section(look, "Runs", self.runs()),
        ];
        sections.into_iter().chain([self.verdict(look)]).collect()
    }

    fn json(&self) -> Value {
        let complaints = self.complaints();
        let settings = settings(&self.app.options)
            .into_iter()
            .map(|(name, value, origin)| (name.to_owned(), json!({ "value": value, "origin": origin })));
        let files = self.files.iter().map(|file| {
            json!({ "what": file.what, "path": file.path.to_string_lossy(), "mode": format!("{:04o}", file.mode), "bytes": file.bytes })
        });
        json!({
            "command": "doctor",
            "ok": complaints.is_empty(),
            "version": env!("CARGO_PKG_VERSION"),
            "settings": Value::Object(settings.collect::<Map<_, _>>()),
            "store": self.health.as_ref().map(health),
            "files": files.collect::<Vec<_>>(),
            "runs": { "live": self.trees.live, "late": self.trees.late, "gone": self.trees.gone, "orphans": trees(&self.trees.orphans), "ending": trees(&self.trees.ending) },
            "findings": self.findings.as_ref().map(|all| all.iter().map(|one| one.what.clone()).collect::<Vec<_>>()),
            "wrong": complaints,
        })
    }
}

impl Checkup<'_> {
    fn verdict(&self, look: &Look) -> String {
        let complaints = self.complaints();
        if complaints.is_empty() {
            let words = match self.findings {
                Some(_) => "Everything is as it should be.",
                None => "Nothing is wrong; `--deep` also verifies what is stored.",
            };
            return format!("{}\n", look.paint(Tone::Good, words));
        }
        let label = look.paint(Tone::Bad, "wrong:");
        complaints.iter().map(|complaint| format!("{label} {complaint}\n")).collect()
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let default = Origin::Default.to_string();
        // Few serve. Whoever does is shown what was said of it.
        let is_told =
            |(name, _, origin): &(&str, String, String)| !(name.starts_with("serve.") && *origin == default);
        let rows = settings(&self.app.options);
        rows.into_iter()
            .filter(is_told)
            .map(|(name, value, origin)| (name, format!("{} ({origin})", Escaped(&value))))
            .collect()
    }

    fn store(&self) -> Vec<(&'static str, String)> {
        let Some(health) = &self.health else {
            let words = match (&self.failure, &self.app.options.server) {
                (Some(_), _) => "cannot be used".to_owned(),
                (None, Some(server)) => format!("kept by {}, which answers", server.value.address),
                (None, None) => "not there yet".to_owned(),
            };
            return vec![("store", words)];
        };
        let listening: Vec<_> = health.listening.iter().map(u32::to_string).collect();
        vec![
            ("schema", format!("version {}", health.schema_version)),
            ("SQLite", format!("{}, journal {}", health.sqlite_version, Escaped(&health.journal_mode))),
            ("size", format!("{} bytes, and {} in the write-ahead log", health.db_bytes, health.wal_bytes)),
            ("write lock", health.writer.map_or_else(|| "free".to_owned(), |pid| format!("process {pid}"))),
            ("watched by", if listening.is_empty() { "nobody".to_owned() } else { listening.join(", ") }),
        ]
    }

    fn runs(&self) -> Vec<(&'static str, String)> {
        if self.health.is_none() {
            return Vec::new();
        }
        let Trees { live, gone, late, orphans, ending } = &self.trees;
        let counts = [("with a lease", *live), ("late", *late), ("ended", *gone), ("orphans", orphans.len())];
        let counts = counts.into_iter().map(|(name, count)| (name, count.to_string()));
        // Not wrong by itself: whoever records a session's end lets its lock go a moment later.
        let ending = ending.iter().map(|tree| ("ending", processes(tree)));
        counts.chain(ending).collect()
    }

    fn file_rows(&self, look: &Look) -> Vec<(&'static str, String)> {
        let rows = self.files.iter().map(|file| {
            let mode = format!("{:04o}", file.mode);
            let mode = if file.is_private() { mode } else { look.paint(Tone::Warn, &mode) };
            let bytes = file.bytes.map_or_else(String::new, |bytes| format!("  {bytes} bytes"));
            (file.what, format!("{mode}  {}{bytes}", shown(&file.path)))
        });
        rows.collect()
    }
}

fn trees(trees: &[Tree]) -> Vec<Value> {
    let trees = trees.iter().map(|tree| {
        let processes =
            tree.processes.iter().map(|process| json!({ "pid": process.pid, "name": process.name }));
        let (namespace, session) = tree.session.as_ref().map(|(ns, id)| (ns.as_str(), id.as_str())).unzip();
        json!({ "lock": tree.lock, "namespace": namespace, "session": session, "processes": processes.collect::<Vec<_>>() })
    });
    trees.collect()
}

fn section(look: &Look, title: &str, rows: Vec<(&str, String)>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows = block(look, rows);
    let rows = rows.lines().map(|row| format!("  {row}\n"));
    format!("{}\n{}\n", look.paint(Tone::Strong, title), rows.collect::<String>())
}

fn health(health: &Health) -> Value {
    json!({
        "path": health.path.to_string_lossy(),
        "schema_version": health.schema_version,
        "sqlite_version": health.sqlite_version,
        "journal_mode": health.journal_mode,
        "page_bytes": health.page_bytes,
        "db_bytes": health.db_bytes,
        "wal_bytes": health.wal_bytes,
        "writer_pid": health.writer,
        "listening": health.listening,
        "troubles": health.troubles,
    })
}

/// Every setting: its name, its value, where that came from.
fn settings(options: &Options) -> Vec<(&'static str, String, String)> {
    let row = |name, value: String, origin: &Origin| (name, value, origin.to_string());
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let mut rows = vec![
        row("storage-dir", path(&options.home.value), &options.home.origin),
        match &options.server {
            Some(server) => row("server", server.value.address.to_string(), &server.origin),
            None => row("db", path(&options.db.value), &options.db.origin),
        },
        row("namespace", options.namespace.value.as_str().to_owned(), &options.namespace.origin),
        row("output", form(options.output.value).to_owned(), &options.output.origin),
        row("color", color(options.color.value).to_owned(), &options.color.origin),
        row("profile", options.profile.value.to_string(), &options.profile.origin),
    ];
    let expiry = [
        ("idle-timeout", &options.expiry.idle_timeout, "as the kind says"),
        ("expires-in", &options.expiry.expires_in, "never"),
        ("pending-timeout", &options.expiry.pending_timeout, "never"),
    ];
    rows.extend(expiry.map(|(name, setting, unset)| row(name, span(setting.value, unset), &setting.origin)));
    rows.extend(served(&options.serve));
    let read = if options.file.exists() { "read" } else { "not there" };
    rows.push(("tenure.toml", path(&options.file), read.to_owned()));
    if let Some(session) = &options.held.session {
        rows.push(row("session", session.as_str().to_owned(), &Origin::Environment("TENURE_SESSION_ID")));
    }
    if let Some(fence) = options.held.fence {
        rows.push(row("fence", fence.to_string(), &Origin::Environment("TENURE_FENCE")));
    }
    rows
}

/// How a server would serve.
fn served(serve: &ServeSettings) -> [(&'static str, String, String); 13] {
    let limits = &serve.limits;
    let collector = serve.traces.value.as_ref().map_or_else(|| "nowhere".to_owned(), Collector::url);
    let number =
        |name, setting: &Setting<usize>| (name, setting.value.to_string(), setting.origin.to_string());
    let switch =
        |name, setting: &Setting<bool>| (name, setting.value.to_string(), setting.origin.to_string());
    let time = |name, setting: &Setting<Duration>| (name, length(setting.value), setting.origin.to_string());
    [
        ("serve.listen", serve.listen.value.to_string(), serve.listen.origin.to_string()),
        switch("serve.require_token", &serve.require_token),
        ("serve.log", word(serve.log.value), serve.log.origin.to_string()),
        ("serve.log_level", word(serve.log_level.value), serve.log_level.origin.to_string()),
        switch("serve.audit", &serve.audit),
        ("serve.otlp", collector, serve.traces.origin.to_string()),
        number("serve.connections", &limits.connections),
        number("serve.body_bytes", &limits.body_bytes),
        time("serve.head_timeout", &limits.head_timeout),
        time("serve.body_timeout", &limits.body_timeout),
        time("serve.write_timeout", &limits.write_timeout),
        time("serve.heartbeat", &limits.heartbeat),
        time("serve.drain", &limits.drain),
    ]
}

/// A choice as it is written.
fn word(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn span(span: Option<Span>, unset: &str) -> String {
    match span {
        None => unset.to_owned(),
        Some(Span::Never) => "never".to_owned(),
        Some(Span::After(after)) => length(after),
    }
}

const fn form(form: Form) -> &'static str {
    match form {
        Form::Text => "text",
        Form::Json => "json",
    }
}

const fn color(color: Color) -> &'static str {
    match color {
        Color::Auto => "auto",
        Color::Always => "always",
        Color::Never => "never",
    }
}
