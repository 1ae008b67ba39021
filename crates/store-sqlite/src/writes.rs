//! How many requests each group of the writer carried out, and how long.

use std::time::Duration;

use tenure_store::{Histogram, Writes};

/// Steps of how many requests a group carried out.
const SIZES: [u64; 14] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];
/// Steps of how long a group took, in microseconds.
const LENGTHS: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000,
];

/// Counts groups.
#[derive(Debug)]
pub(crate) struct Written {
    sizes: Histogram,
    lengths: Histogram,
}

impl Default for Written {
    fn default() -> Self {
        Self { sizes: Histogram::new(&SIZES), lengths: Histogram::new(&LENGTHS) }
    }
}

impl Written {
    /// A group of so many requests is durable, so long after it began.
    pub(crate) fn note(&self, requests: usize, took: Duration) {
        self.sizes.note(requests as u64);
        self.lengths.note(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// What was counted so far.
    pub(crate) fn read(&self) -> Writes {
        Writes { sizes: self.sizes.read(), lengths: self.lengths.read() }
    }
}
