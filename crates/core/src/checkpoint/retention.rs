//! Which checkpoints are kept.

/// Why a checkpoint is kept or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// It is one of the newest.
    Newest,
    /// It is older, but the newest of an open session that can be brought back.
    LastValid,
    /// It is not.
    No,
}

/// Which of `count` checkpoints are kept, newest first, when `newest` of them are wanted.
///
/// `valid` is the place of the newest one that can be brought back. It is kept whatever is wanted, because an
/// open session must not be left without one; of a session that has ended, pass `None`.
#[must_use]
pub fn keep(count: usize, newest: usize, valid: Option<usize>) -> Vec<Kept> {
    let kept = |place| match place {
        place if place < newest => Kept::Newest,
        place if Some(place) == valid => Kept::LastValid,
        _ => Kept::No,
    };
    (0..count).map(kept).collect()
}
