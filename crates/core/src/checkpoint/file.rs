//! Versions of files that the owner's work has changed.

use std::fmt::Write;

use crate::event::EventBody;
use crate::id::EventType;

/// A version of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileVersion {
    /// Which file: a path from the directory that is watched.
    pub path: String,
    /// What has become of it.
    pub action: FileAction,
    /// Its size in bytes; 0 when it is gone.
    pub size: u64,
    /// Whether its content is kept: large ones are not.
    pub is_kept: bool,
}

/// What has become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileAction {
    /// It is new.
    Created,
    /// It has another content.
    Modified,
    /// It is gone.
    Deleted,
}

impl FileAction {
    /// Its name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
        }
    }
}

impl FileVersion {
    /// The event `file_change`, whose payload callers who append such events themselves give in the same form.
    pub(super) fn told(&self, sha256: &[u8; 32]) -> EventBody {
        let mut json = format!(r#"{{"path":{},"action":"{}""#, Quoted(&self.path), self.action.name());
        if self.action != FileAction::Deleted {
            let hash = sha256.iter().fold(String::new(), |mut hash, byte| {
                write!(hash, "{byte:02x}").expect("text takes text");
                hash
            });
            let hash = if self.is_kept { format!(r#","sha256":"{hash}""#) } else { String::new() };
            write!(json, r#","size":{}{hash}"#, self.size).expect("text takes text");
        }
        json.push('}');
        let kind = EventType::parse("file_change").expect("it is a name");
        EventBody::Given { kind, json }
    }
}

/// Text as a JSON string.
struct Quoted<'a>(&'a str);

impl std::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, action: FileAction, is_kept: bool) -> String {
        let version = FileVersion { path: path.to_owned(), action, size: 7, is_kept };
        let EventBody::Given { kind, json } = version.told(&[0xab; 32]) else {
            panic!("it is told in the form of what callers append")
        };
        assert_eq!(kind.as_str(), "file_change");
        json
    }

    #[test]
    fn a_change_of_a_file_tells_path_action_size_and_hash() {
        let hash = "ab".repeat(32);
        let expected = format!(r#"{{"path":"src/a.rs","action":"created","size":7,"sha256":"{hash}"}}"#);
        assert_eq!(told("src/a.rs", FileAction::Created, true), expected);
        let unkept = r#"{"path":"a","action":"modified","size":7}"#;
        assert_eq!(told("a", FileAction::Modified, false), unkept);
        assert_eq!(told("a", FileAction::Deleted, true), r#"{"path":"a","action":"deleted"}"#);
    }

    #[test]
    fn a_path_may_be_anything() {
        let odd = r#"{"path":"a\"b\\c\u000a\u001bä","action":"deleted"}"#;
        assert_eq!(told("a\"b\\c\n\u{1b}ä", FileAction::Deleted, true), odd);
    }
}
