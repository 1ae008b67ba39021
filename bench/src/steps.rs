//! W10: how long after `kill -9` a conversation goes on elsewhere.
//!
//! Each step of a conversation says where it begins, in one file for all processes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::measure::Beside;

/// How long a step takes.
pub const STEP: Duration = Duration::from_millis(20);

/// Says which conversation's step begins, and where.
///
/// # Errors
/// When the file cannot be written.
pub fn begins(mut log: &File, conversation: usize) -> std::io::Result<()> {
    log.write_all(format!("{conversation} {}\n", std::process::id()).as_bytes())
}

/// Kills one process after the other, so many times, and starts it again: how late each of its conversations was, and how
/// many did not go on in time.
pub async fn hand_over(
    log: &mut Log,
    mut workers: Vec<(String, Beside)>,
    start: impl Fn(&str) -> (String, Beside),
    (times, settles): (usize, Duration),
) -> (Vec<Duration>, usize) {
    let (mut late, mut stranded) = (Vec::new(), 0);
    for _ in 0..times {
        let (name, victim) = workers.remove(0);
        let process = victim.id();
        let killed_at = victim.kill();
        // What it said before it was killed is in the file by now.
        log.catch_up();
        let its: Vec<_> =
            log.last.iter().filter(|(_, (at, _))| *at == process).map(|(which, _)| *which).collect();
        for conversation in &its {
            log.last.remove(conversation);
        }
        log.until(|log| its.iter().all(|conversation| log.last.contains_key(conversation))).await;
        let gone_on = its.iter().filter_map(|conversation| log.last.get(conversation));
        let before = late.len();
        late.extend(gone_on.map(|(_, at)| at.duration_since(killed_at)));
        stranded += before + its.len() - late.len();
        workers.push(start(&name));
        // It gets its share of what is new; what moved stays where it is, and so on until each has been killed.
        let until = Instant::now() + settles;
        log.until(|_| Instant::now() > until).await;
    }
    for (_, worker) in workers {
        worker.kill();
    }
    (late, stranded)
}

/// What the steps of all processes say.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    patience: Duration,
    file: Option<File>,
    rest: String,
    /// Where each conversation's newest step began, and when that was first seen after it was forgotten.
    pub last: HashMap<usize, (u32, Instant)>,
}

impl Log {
    /// What is in that file, waited for no longer than is patient.
    #[must_use]
    pub fn at(path: &Path, patience: Duration) -> Self {
        Self { path: path.to_owned(), patience, file: None, rest: String::new(), last: HashMap::new() }
    }

    fn catch_up(&mut self) {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = &mut self.file else { return };
        file.read_to_string(&mut self.rest).expect("lines of text");
        let Some((whole, rest)) = self.rest.rsplit_once('\n') else { return };
        let now = Instant::now();
        for line in whole.lines() {
            let (conversation, process) = line.split_once(' ').expect("two words");
            let at = (process.parse().expect("a process"), now);
            let conversation = conversation.parse().expect("a number");
            self.last.entry(conversation).and_modify(|(process, _)| *process = at.0).or_insert(at);
        }
        self.rest = rest.to_owned();
    }

    /// Reads on until it is so, or there is no patience left.
    pub async fn until(&mut self, mut is_so: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + self.patience;
        while !is_so(self) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.catch_up();
        }
    }
}
