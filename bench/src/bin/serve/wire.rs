//! HTTP/1.1 over one connection: as much of it as the server's answers need.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection, for one request after the other.
pub struct Connection {
    stream: TcpStream,
    host: String,
    request: Vec<u8>,
    got: Vec<u8>,
}

/// What is posted.
pub struct Post<'a> {
    pub path: &'a str,
    pub fence: Option<u64>,
    pub body: &'a str,
}

impl Connection {
    pub async fn to(host: &str) -> Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: host.to_owned(), request: Vec::new(), got: Vec::new() })
    }

    /// The status and the body of the answer.
    pub async fn post(&mut self, Post { path, fence, body }: Post<'_>) -> Result<(u16, &[u8])> {
        let fence = fence.map(|fence| format!("fence: {fence}\r\n")).unwrap_or_default();
        let (host, length) = (&self.host, body.len());
        self.request.clear();
        self.request.extend_from_slice(
            format!("POST {path} HTTP/1.1\r\nhost: {host}\r\n{fence}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").as_bytes(),
        );
        self.stream.write_all(&self.request).await?;
        self.got.clear();
        let head = read_head(&mut self.stream, &mut self.got).await?;
        let length = head.length.ok_or_else(|| wrong("an answer says how long it is"))?;
        while self.got.len() < head.end + length {
            some(self.stream.read_buf(&mut self.got).await?)?;
        }
        Ok((head.status, &self.got[head.end..head.end + length]))
    }
}

/// A stream of server-sent events.
pub struct Stream {
    stream: TcpStream,
    /// What was received and not looked at.
    got: Vec<u8>,
    /// What was in chunks, up to the next empty line.
    text: Vec<u8>,
}

impl Stream {
    /// Opens it. Panics unless the server streams.
    pub async fn open(host: &str, path: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(host).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut got = Vec::new();
        let head = read_head(&mut stream, &mut got).await?;
        assert_eq!(head.status, 200, "{}", String::from_utf8_lossy(&got));
        got.drain(..head.end);
        Ok(Self { stream, got, text: Vec::new() })
    }

    /// Hands over every frame that is there, waiting for one if need be. Whoever stops waiting loses nothing.
    pub async fn next(&mut self, mut each: impl FnMut(&str)) -> Result<()> {
        loop {
            self.unwrap_chunks()?;
            let mut told = 0;
            while let Some(length) = self.text[told..].windows(2).position(|end| end == b"\n\n") {
                let frame = std::str::from_utf8(&self.text[told..told + length]);
                each(frame.map_err(|_not_text| wrong("a stream is text"))?);
                told += length + 2;
            }
            if told > 0 {
                self.text.drain(..told);
                return Ok(());
            }
            some(self.stream.read_buf(&mut self.got).await?)?;
        }
    }

    /// Takes every chunk that is whole out of its wrapping.
    fn unwrap_chunks(&mut self) -> Result<()> {
        let mut taken = 0;
        while let Some(line) = self.got[taken..].windows(2).position(|end| end == b"\r\n") {
            let length = std::str::from_utf8(&self.got[taken..taken + line]).unwrap_or_default();
            let length = usize::from_str_radix(length, 16).map_err(|_| wrong("a chunk says its length"))?;
            let begins = taken + line + 2;
            if length == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let Some(chunk) = self.got.get(begins..begins + length + 2) else { break };
            self.text.extend_from_slice(&chunk[..length]);
            taken = begins + length + 2;
        }
        self.got.drain(..taken);
        Ok(())
    }
}

/// The head of an answer.
struct Head {
    status: u16,
    length: Option<usize>,
    /// Where the body begins.
    end: usize,
}

async fn read_head(stream: &mut TcpStream, got: &mut Vec<u8>) -> Result<Head> {
    let end = loop {
        if let Some(at) = got.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
        some(stream.read_buf(got).await?)?;
    };
    let text = std::str::from_utf8(&got[..end]).map_err(|_not_text| wrong("a head is text"))?;
    let status = text.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(|| wrong("no status"))?;
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = lengths.next().and_then(|(_, value)| value.trim().parse().ok());
    Ok(Head { status, length, end })
}

fn some(read: usize) -> Result<()> {
    if read == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}
