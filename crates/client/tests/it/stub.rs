//! A server that answers as a test says, and keeps what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tenure_client::{Address, Caller, Client, Patience};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The trace that a client asks in.
pub(crate) const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What a server was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What is said to that: bytes as they are, and what then becomes of the connection.
pub(crate) enum Reply {
    /// It is kept for the next request.
    Kept(Vec<u8>),
    /// It is closed.
    Cut(Vec<u8>),
    /// It stays open, and nothing more is said.
    Silent(Vec<u8>),
}

/// A server of a test's own.
pub(crate) struct Stub {
    address: Address,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// One that answers request number n, from 0, as `reply` says.
    pub(crate) async fn new(reply: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, reply) = (Arc::clone(&asked), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                tokio::spawn(async move { answer(stream, &kept, reply.as_ref()).await });
            }
        });
        Self { address, asked }
    }

    /// A client of it with little patience for answers and silence.
    pub(crate) fn client(&self, patience: Patience) -> Client {
        let draws = Mutex::new(0);
        let draw = move || {
            let mut draws = draws.lock().unwrap();
            *draws += 1;
            [*draws; 16]
        };
        let caller = Caller { token: Some("s3cret".to_owned()), traceparent: Some(TRACE.to_owned()) };
        Client::new(self.address.clone(), caller, Arc::new(draw), patience).unwrap()
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.asked.lock().unwrap()
    }

    /// Methods and targets of what it was asked so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect()
    }
}

async fn answer(
    stream: TcpStream,
    kept: &Mutex<Vec<Asked>>,
    reply: &(impl Fn(usize, &Asked) -> Reply + ?Sized),
) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = request(&mut stream).await {
        let n = {
            let mut kept = kept.lock().unwrap();
            kept.push(asked.clone());
            kept.len() - 1
        };
        let (bytes, is_silent) = match reply(n, &asked) {
            Reply::Kept(bytes) => {
                drop(stream.write_all(&bytes).await);
                continue;
            }
            Reply::Cut(bytes) => (bytes, false),
            Reply::Silent(bytes) => (bytes, true),
        };
        drop(stream.write_all(&bytes).await);
        if is_silent {
            // Until the client lets go.
            drop(stream.read_to_end(&mut Vec::new()).await);
        }
        return;
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let first = line(stream).await?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let field = line(stream).await?;
        let Some((name, value)) = field.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { method, target, headers, body })
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await.ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}

/// A whole answer.
pub(crate) fn document(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into()
}

/// A problem as a server words it.
pub(crate) fn problem(status: u16, code: &str, retry_after_ms: Option<u64>) -> Vec<u8> {
    let again = retry_after_ms.map_or(String::new(), |ms| format!(r#","retry_after_ms":{ms}"#));
    let is_passing = retry_after_ms.is_some();
    document(
        status,
        &format!(
            r#"{{"type":"about:blank","title":"T","status":{status},"detail":"it is so","code":"{code}","retryable":{is_passing}{again}}}"#
        ),
    )
}

/// The beginning of a stream, and these frames of it.
pub(crate) fn stream(frames: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{frames}").into()
}

/// Short of what people have, long enough for a busy machine.
pub(crate) fn patience() -> Patience {
    Patience {
        connect: Duration::from_secs(10),
        answer: Duration::from_secs(20),
        silence: Duration::from_millis(200),
        total: Duration::from_secs(20),
    }
}
