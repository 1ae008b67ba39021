//! Cases about versions of files: kept like checkpoints, found by path and position.

use std::sync::Arc;

use tenure_core::checkpoint::FileAction::{Created, Deleted, Modified};
use tenure_core::checkpoint::{Content, FileAction, FileVersion};
use tenure_core::event::EventBody;
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_store::payload::Packed;
use tenure_store::{
    CreateOutcome, CreateRequest, FileRequest, FilesRequest, Handle, ListedCheckpoint, PurgeOutcome,
};

use crate::fixture::{Bench, Held, TTL, cancel, created, id_of, noise, saving, takeover};
use crate::{Capability, Damage, Harness};

/// A version of a file whose content is `payload`, to be kept as `id`.
fn version(held: Held, id: &str, (path, action): (&str, FileAction), payload: &[u8]) -> CreateRequest {
    let size = payload.len() as u64;
    let version = FileVersion { path: path.to_owned(), action, size, is_kept: true };
    CreateRequest {
        content: Content::File(version),
        payload: Arc::new(Packed::of(payload.to_vec())),
        reason: None,
        ..saving(held.handle, Some(held.fence), id, b"")
    }
}

async fn keep(bench: &Bench, held: Held, id: &str, file: (&str, FileAction), payload: &[u8]) -> Seq {
    created(bench.create(&version(held, id, file, payload)).await).seq
}

/// The paths of a page of files, each with the id of its version.
async fn files(bench: &Bench, handle: Handle, after: Option<&str>, limit: usize) -> Vec<(String, String)> {
    let request = FilesRequest { handle, after: after.map(str::to_owned), limit };
    let listed = bench.store.list_files(request).await.expect("a list");
    listed.into_iter().map(|file| (file.path, id_of(&file.version))).collect()
}

async fn found(bench: &Bench, handle: Handle, path: &str, at: Option<Seq>) -> Option<String> {
    let request = FileRequest { handle, path: path.to_owned(), at };
    bench.store.find_file(request).await.expect("an answer").map(|version| id_of(&version))
}

fn told(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(path, id)| ((*path).to_owned(), (*id).to_owned())).collect()
}

/// Each file is listed once, as it is now, in the order of paths and page by page; one that is gone says so.
pub async fn changed_files_are_listed_in_their_newest_version(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    assert_eq!(files(&bench, held.handle, None, 10).await, []);
    for (id, path, action) in [
        ("ckp_1", "src/b.rs", Created),
        ("ckp_2", "a", Created),
        ("ckp_3", "src/b.rs", Modified),
        ("ckp_4", "src/a.rs", Created),
        ("ckp_5", "a", Deleted),
    ] {
        keep(&bench, held, id, (path, action), id.as_bytes()).await;
    }
    let all = told(&[("a", "ckp_5"), ("src/a.rs", "ckp_4"), ("src/b.rs", "ckp_3")]);
    assert_eq!(files(&bench, held.handle, None, 10).await, all);
    assert_eq!(files(&bench, held.handle, None, 2).await, all[..2]);
    assert_eq!(files(&bench, held.handle, Some("src/a.rs"), 2).await, all[2..]);
    assert_eq!(files(&bench, held.handle, Some("src/b.rs"), 2).await, []);
    let other = bench.hold("b", 1).await;
    assert_eq!(files(&bench, other.handle, None, 10).await, []);
}

/// A file is found as it was at any position of the log, and its content comes back.
pub async fn a_file_is_found_as_it_was_at_a_position(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let large = noise(limits::CHECKPOINT_PIECE_BYTES + 1);
    let first = keep(&bench, held, "ckp_1", ("a", Created), b"one").await;
    let second = keep(&bench, held, "ckp_2", ("a", Modified), &large).await;
    let third = keep(&bench, held, "ckp_3", ("a", Deleted), b"").await;
    let at = async |seq| found(&bench, held.handle, "a", Some(seq)).await;
    assert_eq!(at(Seq(first.0 - 1)).await, None);
    assert_eq!(at(first).await.as_deref(), Some("ckp_1"));
    assert_eq!(at(second).await.as_deref(), Some("ckp_2"));
    assert_eq!(at(third).await.as_deref(), Some("ckp_3"));
    assert_eq!(found(&bench, held.handle, "a", None).await.as_deref(), Some("ckp_3"));
    assert_eq!(found(&bench, held.handle, "b", None).await, None);
    assert_eq!(bench.payload_bytes(held.handle, "ckp_1").await, b"one");
    assert!(bench.payload_bytes(held.handle, "ckp_2").await == large);
}

/// A version of a file is its event and the owner's activity, and no checkpoint to go on from.
pub async fn a_version_of_a_file_is_told_as_file_change_and_is_no_checkpoint(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", b"one").await;
    let request = version(held, "ckp_2", ("src/a", Created), b"two");
    let checkpoint = created(bench.create(&request).await);
    assert_eq!(checkpoint.content, request.content);
    let log = bench.log(held.handle).await;
    let event = log.last().expect("an event");
    assert_eq!((event.seq, event.fence), (checkpoint.seq, Some(held.fence)));
    let EventBody::Given { kind, json } = &event.data else { panic!("a file_change, not {event:?}") };
    assert_eq!(kind.as_str(), "file_change");
    let begin = "{\"path\":\"src/a\",\"action\":\"created\",\"size\":3,\"sha256\":\"3fc4ccfe745870e2";
    assert!(json.starts_with(begin), "{json}");
    assert_eq!(bench.saved(held.handle).await, ["ckp_1"]);
}

/// Who lost the session keeps nothing any more.
pub async fn a_version_of_a_file_under_another_fence_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    bench.commit(held.handle, &takeover(2)).await;
    let late = version(held, "ckp_1", ("a", Created), b"one");
    let current = held.fence.next();
    assert_eq!(bench.refused_save(&late).await, CreateOutcome::Fenced { current });
    assert_eq!(files(&bench, held.handle, None, 10).await, []);
}

/// A fork begins with the files as they were there, whatever becomes of its parent.
pub async fn a_fork_has_the_files_as_they_were_there(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    keep(&bench, held, "ckp_1", ("a", Created), b"one").await;
    keep(&bench, held, "ckp_2", ("b", Created), b"two").await;
    let at = keep(&bench, held, "ckp_3", ("a", Modified), b"three").await;
    keep(&bench, held, "ckp_4", ("a", Deleted), b"").await;
    keep(&bench, held, "ckp_5", ("c", Created), b"five").await;
    let fork = bench.fork(held.handle, at.0, "ses_fork").await;
    let there = told(&[("a", "ckp_3"), ("b", "ckp_2")]);
    assert_eq!(files(&bench, fork, None, 10).await, there);
    bench.commit(held.handle, &cancel()).await;
    while bench.store.purge(held.handle).await.expect("an outcome") != PurgeOutcome::Purged {}
    while bench.store.reclaim().await.expect("an answer") {}
    assert_eq!(files(&bench, held.handle, None, 10).await, []);
    assert_eq!(files(&bench, fork, None, 10).await, there);
    assert_eq!(bench.payload_bytes(fork, "ckp_3").await, b"three");
}

/// A damaged version is reported, and its neighbours are listed and read.
pub async fn a_damaged_version_of_a_file_is_reported(harness: &dyn Harness) {
    if !harness.has(Capability::Damage) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    keep(&bench, held, "ckp_1", ("a", Created), b"one").await;
    keep(&bench, held, "ckp_2", ("b", Created), b"two").await;
    bench.damage(held.handle, "ckp_1", Damage::Record);
    let request = FilesRequest { handle: held.handle, after: None, limit: 10 };
    let listed = bench.store.list_files(request).await.expect("a list");
    assert_eq!(listed[0].path, "a", "its path is known");
    assert!(matches!(listed[0].version, ListedCheckpoint::Damaged { .. }), "{listed:?}");
    assert!(matches!(listed[1].version, ListedCheckpoint::Readable(_)), "{listed:?}");
}
