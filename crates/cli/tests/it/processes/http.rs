//! `tenure serve` as a process of its own, and a client without comforts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::world::{PATIENCE, Process, World};

/// A server and where it serves.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) address: String,
}

/// What is asked of a server, again and again if need be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) body: Value,
}

/// An answer whose body is still to be read.
struct Begun {
    from: BufReader<TcpStream>,
    status: u16,
    fields: BTreeMap<String, String>,
}

impl Server {
    /// One at that address, once it serves.
    pub(crate) fn start(world: &World, address: &str) -> Self {
        let mut serve = world.tenure(&["serve", "--log-level", "error", "--listen", address]);
        Self::of(serve.stderr(Stdio::null()))
    }

    /// The same, where a file that has grown too long is an error and no signal.
    pub(crate) fn start_cramped(world: &World) -> Self {
        let tenure = world.tenure(&["serve", "--log-level", "error", "--listen", "127.0.0.1:0"]);
        let mut command = Command::new("sh");
        command.envs(tenure.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(tenure.get_program());
        command.args(tenure.get_args());
        Self::of(command.stderr(Stdio::null()))
    }

    /// One that this command starts, once it serves.
    pub(crate) fn of(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut process = Process(child.unwrap());
        let said = process.line();
        let address = said.split_once("http://").unwrap_or_else(|| panic!("it serves nowhere: {said}")).1;
        let address = address.split([',', ' ']).next().unwrap().to_owned();
        Self { process, address }
    }

    /// Opens a session by that key, and holds it; returns its fence.
    pub(crate) fn hold(&self, key: &str) -> u64 {
        let opened = Ask::post("/v1/sessions", &serde_json::json!({ "key": key })).at(&self.address);
        assert_eq!(opened.unwrap().status, 201);
        let claim = serde_json::json!({ "holder": "me", "ttl_ms": 600_000 });
        let held = Ask::post(format!("/v1/sessions/{key}/start"), &claim).at(&self.address).unwrap();
        held.body["lease"]["fence"].as_u64().unwrap_or_else(|| panic!("it is held: {held:?}"))
    }
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), ..Self::default() }
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Self {
        let kind = ("content-type", "application/json".to_owned());
        Self { method: "POST", path: path.into(), headers: vec![kind], body: body.to_string() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Asks once, over a connection of its own.
    pub(crate) fn at(&self, address: &str) -> Result<Answer> {
        let Begun { mut from, status, mut fields } = self.begin(address)?;
        let mut body = Vec::new();
        from.read_to_end(&mut body)?;
        let length = fields.get("content-length").map_or(Ok(0), |length| length.parse());
        if body.len() < length.map_err(|_no_number| ErrorKind::InvalidData)? {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let kind = fields.remove("content-type").unwrap_or_default();
        let body = if kind.contains("json") { serde_json::from_slice(&body)? } else { Value::Null };
        Ok(Answer { status, kind, body })
    }

    /// A stream, from where its frames begin.
    pub(crate) fn stream(self, address: &str) -> Result<Stream> {
        let Begun { from, status, .. } = self.header("accept", "text/event-stream").begin(address)?;
        assert_eq!(status, 200);
        Ok(Stream { from })
    }

    fn begin(&self, address: &str) -> Result<Begun> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let Self { method, path, headers, body } = self;
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        )?;
        let mut from = BufReader::new(stream);
        let first = line(&mut from)?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| Error::from(ErrorKind::InvalidData))?;
        let mut fields = BTreeMap::new();
        loop {
            let field = line(&mut from)?;
            let Some((name, value)) = field.split_once(':') else { break };
            fields.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        Ok(Begun { from, status, fields })
    }
}

/// Server-sent events.
pub(crate) struct Stream {
    from: BufReader<TcpStream>,
}

/// One of them.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    /// Empty for an event of the log.
    pub(crate) event: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

impl Stream {
    /// The next frame that is whole.
    pub(crate) fn next(&mut self) -> Result<Frame> {
        let mut frame = Frame::default();
        loop {
            // Lines of chunks' lengths lie in between; they name no field.
            let line = line(&mut self.from)?;
            match line.split_once(": ") {
                Some(("event", name)) => frame.event = name.to_owned(),
                Some(("id", id)) => frame.id = id.parse().ok(),
                Some(("data", data)) => frame.data = serde_json::from_str(data)?,
                Some(_) => {}
                None if line.is_empty() && !frame.data.is_null() => return Ok(frame),
                None => {}
            }
        }
    }
}

/// A line that has come to its end.
fn line(from: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let whole = line.strip_suffix('\n').ok_or(ErrorKind::UnexpectedEof)?;
    Ok(whole.trim_end_matches('\r').to_owned())
}
