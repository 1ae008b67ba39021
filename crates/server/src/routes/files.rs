//! Files that a session's work has changed: listed, read, recorded.

use axum::Json as Answered;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tenure_api::requests::RecordFile;
use tenure_api::{File, ListedFile, Page, Problem};
use tenure_core::checkpoint::{Content, FileAction};
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_core::refusal::LimitRefusal;
use tenure_engine::FileChange;
use tenure_store::{FileRequest, FilesRequest, ListedFile as Stored};
use tenure_words::{documents, file_bytes, file_unchanged};

use super::{Here, Write, named};
use crate::answer::{Answer, Failure};
use crate::body::Json;
use crate::caller::Caller;
use crate::query::Query;

/// Lists the files that a session has changed, by their paths
///
/// Each in its newest version.
#[utoipa::path(get, path = "/v1/sessions/{name}/files", tag = "files", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("limit" = Option<u64>, Query, description = "At most this many: 1 to 1,000", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page before ended")),
    responses((status = 200, body = Page<ListedFile>),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Answered<Page<ListedFile>>> {
    let limit = query.number("limit", (1, limits::FILES_LISTED_MAX as u64))?.unwrap_or(100);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let after = query.one("cursor")?;
    query.end()?;
    let handle = named(&served, &caller, &name).await?.handle;
    let store = served.setup.engine.store();
    let found = store.list_files(FilesRequest { handle, after, limit }).await?;
    let is_full = found.len() == limit;
    let next_cursor = found.last().filter(|_| is_full).map(|file| file.path.clone());
    Ok(Answered(Page { data: found.iter().map(documents::file).collect(), next_cursor }))
}

/// Which file is meant, and at which position of the log.
fn wanted(query: &mut Query) -> Answer<(String, Option<Seq>)> {
    let path = query.one("path")?.ok_or_else(|| Failure::usage("say which file: `path`"))?;
    let at = query.number("at", (0, i64::MAX as u64))?.map(Seq);
    Ok((path, at))
}

/// Shows a version of a file: its newest, or the one at a position of the log
#[utoipa::path(get, path = "/v1/sessions/{name}/files/version", tag = "files", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("path" = String, Query, description = "Which file"),
        ("at" = Option<u64>, Query, description = "As it was at this position of the log")),
    responses((status = 200, body = ListedFile),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn version(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Answered<ListedFile>> {
    let (path, at) = wanted(&mut query)?;
    query.end()?;
    let handle = named(&served, &caller, &name).await?.handle;
    let request = FileRequest { handle, path: path.clone(), at };
    let found = served.setup.engine.store().find_file(request).await?;
    let version = found.ok_or_else(|| file_unchanged(&path, at))?;
    Ok(Answered(documents::file(&Stored { path, version })))
}

/// Reads what was in a file, as it was recorded
///
/// The header `Tenure-Seq` of the answer is the position of the version's event.
#[utoipa::path(get, path = "/v1/sessions/{name}/files/content", tag = "files", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("path" = String, Query, description = "Which file"),
        ("at" = Option<u64>, Query, description = "As it was at this position of the log")),
    responses((status = 200, description = "Its bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn content(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Response> {
    let (path, at) = wanted(&mut query)?;
    query.end()?;
    let handle = named(&served, &caller, &name).await?.handle;
    let found = served.setup.engine.file(handle, &path, at).await?;
    let file = found.ok_or_else(|| file_unchanged(&path, at))?;
    let seq = file.checkpoint.seq.0;
    let mut response = file_bytes(file)?.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // It is the caller's, and no page of this server's.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("tenure-seq"), HeaderValue::from(seq));
    Ok(response)
}

/// Records a version of a file, and tells of it in the log
///
/// For the session's holder.
#[utoipa::path(post, path = "/v1/sessions/{name}/files", tag = "files", request_body = RecordFile,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = u64, Header, description = "Under which the session is held")),
    responses((status = 201, description = "It is durable", body = File),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn record(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Json(wish): Json<RecordFile>,
) -> Answer<(StatusCode, Answered<File>)> {
    let fence = guards.fence()?;
    let change = change(wish)?;
    let handle = named(&served, &caller, &name).await?.handle;
    let checkpoint = engine.record_file((handle, fence), change).await?;
    let Content::File(version) = &checkpoint.content else {
        unreachable!("what was recorded is a version of a file");
    };
    Ok((StatusCode::CREATED, Answered(File::of(&checkpoint, version))))
}

/// What is to be recorded, if it can be: a size that is the content's, and none of what is gone.
fn change(wish: RecordFile) -> Answer<FileChange> {
    let (length, max) = (wish.path.len(), limits::FILE_PATH_BYTES_MAX);
    if length > max {
        return Err(LimitRefusal::Bytes { what: "path", length, max }.into());
    }
    if wish.path.is_empty() {
        return Err(Failure::usage("`path` is empty"));
    }
    let content = wish.content_base64.map(|text| STANDARD.decode(text)).transpose();
    let content = content.map_err(|_wrong| Failure::usage("`content_base64` is not base64"))?;
    let action = FileAction::from(wish.action);
    if action == FileAction::Deleted && (wish.size > 0 || content.is_some()) {
        return Err(Failure::usage("what is gone has no size and no content"));
    }
    if let Some(content) = &content {
        let max = usize::try_from(limits::FILE_BYTES_MAX).unwrap_or(usize::MAX);
        if content.len() > max {
            return Err(LimitRefusal::Bytes { what: "content", length: content.len(), max }.into());
        }
        if content.len() as u64 != wish.size {
            return Err(Failure::usage(format!("`size` is not the content's, which has {}", content.len())));
        }
    }
    Ok(FileChange { path: wish.path, action, size: wish.size, content })
}
