//! Files that a session's work has changed.

use bytes::Bytes;
use tenure_api::requests::RecordFile;
use tenure_api::{File, ListedFile, Page};

use super::session;
use crate::call::Method;
use crate::{Client, ClientError};

impl Client {
    /// One page of the files that a session has changed, each in its newest version, by their paths.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn files(
        &self,
        name: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<ListedFile>, ClientError> {
        let call = session(Method::Get, name, &["files"]).query("limit", limit);
        self.ask(call.query_if("cursor", cursor)).await
    }

    /// A file's newest version, or the one at a position of the log.
    ///
    /// # Errors
    /// As [`Client::files`]; `FILE_NOT_FOUND` when the session had not changed it.
    pub async fn file(&self, name: &str, path: &str, at: Option<u64>) -> Result<ListedFile, ClientError> {
        let call = session(Method::Get, name, &["files", "version"]).query("path", path);
        self.ask(call.query_if("at", at)).await
    }

    /// What was in that version.
    ///
    /// # Errors
    /// As [`Client::file`].
    pub async fn file_content(&self, name: &str, path: &str, at: Option<u64>) -> Result<Bytes, ClientError> {
        let call = session(Method::Get, name, &["files", "content"]).query("path", path);
        self.read(call.query_if("at", at)).await
    }

    /// Keeps a version of a file, for the session's holder.
    ///
    /// # Errors
    /// As [`Client::files`].
    pub async fn record_file(&self, name: &str, fence: u64, file: &RecordFile) -> Result<File, ClientError> {
        self.ask(session(Method::Post, name, &["files"]).fence(Some(fence)).json(file)).await
    }
}
