//! A request, before it is sent.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

/// What is done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sets; twice is once.
    Put,
    /// Changes a part.
    Patch,
    /// Does; twice is once by its idempotency key.
    Post,
    /// Removes.
    Delete,
}

/// A request: what it is for, what guards it, and what it says.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    query: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) twice: Twice,
    /// How long its answer may take at most, if less than the client's patience.
    pub(crate) within: Duration,
}

/// What carrying a request out twice comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Twice {
    /// The same as once.
    Same,
    /// The same as once, by an idempotency key: this one, or one that is drawn.
    Keyed(Option<String>),
    /// Something else.
    More,
}

impl Call {
    /// A request to the path of these parts, each of which is escaped.
    #[must_use]
    pub fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().fold(String::new(), |path, part| path + "/" + &escaped(part));
        let twice = match method {
            Method::Get | Method::Put => Twice::Same,
            Method::Post => Twice::Keyed(None),
            Method::Patch | Method::Delete => Twice::More,
        };
        Self {
            method,
            path,
            query: String::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            twice,
            within: Duration::MAX,
        }
    }

    /// The same without an idempotency key: for what does the same twice by itself, such as a renewal.
    #[must_use]
    pub fn as_often_as_needed(self) -> Self {
        Self { twice: Twice::Same, ..self }
    }

    /// The same without an idempotency key, and never sent again once it may have arrived.
    #[must_use]
    pub fn once_at_most(self) -> Self {
        Self { twice: Twice::More, ..self }
    }

    /// The same, given up when its answer takes longer than this.
    #[must_use]
    pub fn within(self, length: Duration) -> Self {
        Self { within: length, ..self }
    }

    /// The same under this idempotency key, so that another call with it is the same request.
    #[must_use]
    pub fn keyed(self, key: String) -> Self {
        Self { twice: Twice::Keyed(Some(key)), ..self }
    }

    /// The same with one more pair of the query.
    #[must_use]
    pub fn query(self, name: &str, value: impl ToString) -> Self {
        let mut pairs = form_urlencoded::Serializer::new(self.query);
        let query = pairs.append_pair(name, &value.to_string()).finish();
        Self { query, ..self }
    }

    /// The same with one more pair of the query, if there is a value.
    #[must_use]
    pub fn query_if(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// The same, guarded by the fence under which the session is held, if there is one.
    #[must_use]
    pub fn fence(self, fence: Option<u64>) -> Self {
        match fence {
            Some(fence) => self.header("fence", fence),
            None => self,
        }
    }

    /// The same, saying `document`.
    #[must_use]
    pub fn json(mut self, document: &impl Serialize) -> Self {
        let json = serde_json::to_vec(document).expect("a document can be written as JSON");
        self.body = json.into();
        self.header("content-type", "application/json")
    }

    /// Path and query.
    pub(crate) fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

/// A part of a path: all but what a URI may hold unescaped in it.
fn escaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'@' => {
                text.push(byte.into());
            }
            _ => write!(text, "%{byte:02X}").expect("a string takes what is written"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Call, Method};

    #[test]
    fn parts_and_pairs_are_escaped() {
        let call =
            Call::new(Method::Get, &["v1", "sessions", "a/b c%"]).query("label.x", "a&b").query("n", 1);
        assert_eq!(call.target(), "/v1/sessions/a%2Fb%20c%25?label.x=a%26b&n=1");
        assert_eq!(Call::new(Method::Get, &["v1"]).target(), "/v1");
    }
}
