//! What every benchmark needs: a durable directory, percentiles, CPU time, the disk's own speed.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

/// A directory on the disk that holds the build, not in memory: durable writes are the point.
pub fn directory() -> TempDir {
    let beside = std::env::current_exe().expect("this program has a file");
    let parent = beside.parent().expect("it lies in a directory").to_owned();
    tempfile::tempdir_in(parent).expect("the build's disk takes a directory")
}

/// The processor time that this process has used.
pub fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Sorted lengths of time.
pub struct Spread(Vec<Duration>);

impl Spread {
    pub fn of(mut lengths: Vec<Duration>) -> Self {
        lengths.sort_unstable();
        Self(lengths)
    }

    /// The length below which this part of all lie, in milliseconds.
    pub fn at(&self, part: f64) -> f64 {
        let last = self.0.len() - 1;
        let index = ((last as f64) * part).round() as usize;
        self.0[index.min(last)].as_secs_f64() * 1000.0
    }
}

/// How long the disk takes to make 4 KiB more durable.
pub fn fdatasync(directory: &Path) -> Spread {
    let path: PathBuf = directory.join("fdatasync");
    let mut file = File::create(&path).expect("the directory takes a file");
    let block = [7; 4096];
    let lengths = (0..300).map(|_| {
        let start = Instant::now();
        file.write_all(&block).expect("the disk takes 4 KiB");
        file.sync_data().expect("and keeps it");
        start.elapsed()
    });
    let spread = Spread::of(lengths.collect());
    std::fs::remove_file(path).expect("it is ours");
    spread
}

/// Kibibytes that this process has caused to be written.
pub fn kib_written() -> f64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let bytes = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    bytes.and_then(|bytes| bytes.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Prints the disk's own speed, above a table.
pub fn print_disk(directory: &Path) {
    let disk = fdatasync(directory);
    println!("disk: append 4 KiB + fdatasync p50 {:.3} ms, p99 {:.3} ms", disk.at(0.5), disk.at(0.99));
}
