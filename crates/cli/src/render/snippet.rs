//! How side effects outside Tenure are guarded with the fence.

use serde_json::{Map, Value};

use super::{Look, Report, Tone};

/// One way to guard a side effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snippet {
    /// In a database of one's own.
    Sql,
    /// In a service of one's own.
    Http,
    /// In a script.
    Shell,
}

impl Snippet {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Sql, Self::Http, Self::Shell];

    const fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Http => "http",
            Self::Shell => "shell",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Sql => SQL,
            Self::Http => HTTP,
            Self::Shell => SHELL,
        }
    }
}

const SQL: &str = "\
-- Once: the highest fence seen of each session.
CREATE TABLE IF NOT EXISTS tenure_fence (session TEXT PRIMARY KEY, fence BIGINT NOT NULL);

-- In the transaction of the side effect, with the values of TENURE_SESSION_ID and TENURE_FENCE.
-- No row comes back from an old fence: somebody else holds the session now, so roll back.
INSERT INTO tenure_fence (session, fence) VALUES (:session, :fence)
  ON CONFLICT (session) DO UPDATE SET fence = excluded.fence
  WHERE tenure_fence.fence <= excluded.fence
  RETURNING fence;
";

const HTTP: &str = "\
# Send both with every request that changes something.
curl --fail -X POST \"$URL\" -H \"Tenure-Session: $TENURE_SESSION_ID\" -H \"Fence: $TENURE_FENCE\" -d \"$BODY\"

# The service keeps the highest fence it has seen of each session, and in the transaction that
# applies the request answers 409 to a lower one.
";

const SHELL: &str = "\
# Right before a side effect: fails (3) unless this session is held under this fence, and live.
tenure check \"$TENURE_SESSION_ID\" --fence \"$TENURE_FENCE\" || exit 3

# It is a look, not a lock: what takes longer than the lease needs a guard where it writes (sql, http).
";

/// The snippets that were asked for.
#[derive(Debug)]
pub(crate) struct Snippets(pub(crate) Vec<Snippet>);

impl Report for Snippets {
    fn text(&self, look: &Look) -> String {
        let [one] = self.0.as_slice() else {
            let parts = self.0.iter().map(|snippet| {
                let title = format!("== {} ==", snippet.name());
                format!("{}\n\n{}", look.paint(Tone::Strong, &title), snippet.text())
            });
            return parts.collect::<Vec<_>>().join("\n");
        };
        one.text().to_owned()
    }

    fn json(&self) -> Value {
        let parts = self.0.iter().map(|snippet| (snippet.name().to_owned(), snippet.text().into()));
        Value::Object(parts.collect::<Map<_, _>>())
    }
}
