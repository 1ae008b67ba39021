//! Checkpoints, for people and for programs.

mod changed;
mod diff;
mod list;
mod show;

use tenure_core::checkpoint::Checkpoint;
use tenure_core::escape::Escaped;

pub(crate) use changed::{Created, Pruned, Restored};
pub(crate) use diff::Diff;
pub(crate) use list::Checkpoints;
pub(crate) use show::Shown;

/// A number of bytes, for people.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

/// Names and sizes of parts, for people.
pub(crate) fn sizes(parts: &[(String, u64)]) -> String {
    let parts = parts.iter().map(|(name, bytes)| format!("`{}` {}", Escaped(name), size(*bytes)));
    parts.collect::<Vec<_>>().join(", ")
}

/// The size of a payload and of what is stored of it, for people.
fn stored(checkpoint: &Checkpoint) -> String {
    let original = size(checkpoint.original_size);
    if checkpoint.stored_size == checkpoint.original_size {
        return original;
    }
    format!("{original}, stored as {} ({})", size(checkpoint.stored_size), checkpoint.encoding.name())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_shown_in_the_largest_unit_that_fits() {
        let shown = [0, 1023, 1024, 1536, 1 << 20, 100 << 20, 5 << 30].map(size);
        assert_eq!(shown, ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 KiB", "1.0 MiB", "100.0 MiB", "5.0 GiB"]);
    }
}
