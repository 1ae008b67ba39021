//! The log that all activities append to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tenure_store::Clock as _;
use tenure_store_sqlite::SystemClock;

/// Time since the machine was started.
pub(super) fn now() -> Duration {
    Duration::from_millis(SystemClock::new().now().boot.ms)
}

/// Appends to the log. What one says at once is there as a whole, or its beginning where its process was killed.
#[derive(Debug, Clone)]
pub(super) struct Pen(Arc<File>);

impl Pen {
    pub(super) fn at(path: &Path) -> Self {
        Self(Arc::new(OpenOptions::new().create(true).append(true).open(path).unwrap()))
    }

    pub(super) fn write(&self, what: &What) {
        let line = format!("\n{}\t{}.\n", now().as_millis(), what.words());
        self.0.as_ref().write_all(line.as_bytes()).unwrap();
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) at: Duration,
    pub(super) what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A worker is at work.
    Open { process: u32, worker: String },
    /// A worker did not start.
    Refused { process: u32, why: String },
    /// A worker has stopped.
    Gone { process: u32 },
    /// What its hook heard.
    News { process: u32, news: String },
    /// An activity begins.
    Start { process: u32, run: String, key: String, fence: u64, op: String },
    /// It ends.
    End { process: u32, run: String },
    /// The test froze a process.
    Frozen { process: u32 },
    /// The test wakes it.
    Woken { process: u32 },
    /// The test killed it.
    Killed { process: u32 },
}

impl What {
    fn words(&self) -> String {
        match self {
            Self::Open { process, worker } => format!("open\t{process}\t{worker}"),
            Self::Refused { process, why } => format!("refused\t{process}\t{why}"),
            Self::Gone { process } => format!("gone\t{process}"),
            Self::News { process, news } => format!("news\t{process}\t{news}"),
            Self::Start { process, run, key, fence, op } => {
                format!("start\t{process}\t{run}\t{key}\t{fence}\t{op}")
            }
            Self::End { process, run } => format!("end\t{process}\t{run}"),
            Self::Frozen { process } => format!("frozen\t{process}"),
            Self::Woken { process } => format!("woken\t{process}"),
            Self::Killed { process } => format!("killed\t{process}"),
        }
    }

    pub(super) const fn process(&self) -> u32 {
        match self {
            Self::Open { process, .. }
            | Self::Refused { process, .. }
            | Self::Gone { process }
            | Self::News { process, .. }
            | Self::Start { process, .. }
            | Self::End { process, .. }
            | Self::Frozen { process }
            | Self::Woken { process }
            | Self::Killed { process } => *process,
        }
    }

    pub(super) fn is_news(&self, of: u32, which: &[&str]) -> bool {
        matches!(self, Self::News { process, news } if *process == of && which.contains(&news.as_str()))
    }
}

impl Entry {
    /// Nothing where its process was killed before it had said it all.
    fn read(line: &str) -> Option<Self> {
        let words: Vec<_> = line.strip_suffix('.')?.split('\t').collect();
        let (at, rest) = words.split_first()?;
        let own = str::to_owned;
        let process = |process: &str| process.parse().ok();
        let what = match rest {
            ["open", p, worker] => What::Open { process: process(p)?, worker: own(worker) },
            ["refused", p, why] => What::Refused { process: process(p)?, why: own(why) },
            ["gone", p] => What::Gone { process: process(p)? },
            ["news", p, news] => What::News { process: process(p)?, news: own(news) },
            ["start", p, run, key, fence, op] => What::Start {
                process: process(p)?,
                run: own(run),
                key: own(key),
                fence: fence.parse().ok()?,
                op: own(op),
            },
            ["end", p, run] => What::End { process: process(p)?, run: own(run) },
            ["frozen", p] => What::Frozen { process: process(p)? },
            ["woken", p] => What::Woken { process: process(p)? },
            ["killed", p] => What::Killed { process: process(p)? },
            _ => return None,
        };
        Some(Self { at: Duration::from_millis(at.parse().ok()?), what })
    }
}

/// Reads the log as it grows.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    read: u64,
    pub(super) entries: Vec<Entry>,
}

/// How long nothing may take that a test waits for.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

impl Log {
    pub(super) const fn of(path: PathBuf) -> Self {
        Self { path, read: 0, entries: Vec::new() }
    }

    /// Reads what is new.
    pub(super) fn catch_up(&mut self) {
        let Ok(mut file) = File::open(&self.path) else { return };
        let mut more = Vec::new();
        file.seek(SeekFrom::Start(self.read)).unwrap();
        file.read_to_end(&mut more).unwrap();
        let whole = more.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        self.read += whole as u64;
        let text = String::from_utf8_lossy(more.get(..whole).unwrap_or_default()).into_owned();
        self.entries.extend(text.lines().filter_map(Entry::read));
    }

    /// Waits for an entry after the first so many.
    pub(super) async fn until(&mut self, after: usize, what: &str, is_it: impl Fn(&What) -> bool) -> Entry {
        self.until_count(after, 1, what, is_it).await
    }

    /// Waits for so many entries after the first so many: the last of them.
    pub(super) async fn until_count(
        &mut self,
        after: usize,
        count: usize,
        what: &str,
        is_it: impl Fn(&What) -> bool,
    ) -> Entry {
        let (deadline, mut looked, mut found) = (now() + PATIENCE, after, 0);
        loop {
            self.catch_up();
            for entry in self.entries.get(looked..).unwrap_or_default() {
                found += usize::from(is_it(&entry.what));
                if found == count {
                    return entry.clone();
                }
            }
            looked = looked.max(self.entries.len());
            assert!(now() < deadline, "waited in vain for {what}: {:?}", self.last());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn last(&self) -> &[Entry] {
        self.entries.get(self.entries.len().saturating_sub(20)..).unwrap_or_default()
    }

    /// The workers on which activities of each key began.
    pub(super) fn homes(&self) -> BTreeMap<String, BTreeSet<u32>> {
        let mut homes = BTreeMap::<_, BTreeSet<_>>::new();
        for entry in &self.entries {
            if let What::Start { process, key, .. } = &entry.what {
                homes.entry(key.clone()).or_default().insert(*process);
            }
        }
        homes
    }

    /// What is to hold however workers die and freeze: of each key nothing begins under an older fence than something
    /// before it, one process has each fence, and who was frozen for longer than its lease begins nothing before it has
    /// renewed that, or has begun anew.
    pub(super) fn check(&self) -> Runs {
        let (mut fences, mut holders) = (HashMap::new(), HashMap::new());
        let (mut doubtful, mut ended) = (HashMap::new(), HashSet::new());
        let (mut runs, mut straddling) = (Runs::default(), HashMap::new());
        for (number, entry) in self.entries.iter().enumerate() {
            let is_first = doubtful.get_mut(&entry.what.process()).map(std::mem::take);
            match &entry.what {
                What::Start { run, op, .. } if is_first == Some(true) => {
                    // It was frozen after it had looked whether it may begin, and before it said so. It has one thread,
                    // so that is what comes first. Whatever knows fences refuses it, if it has to.
                    runs.caught += 1;
                    runs.ops.entry(op.clone()).or_default().insert(run.clone());
                }
                What::Start { process, run, key, fence, op } => {
                    assert!(
                        is_first.is_none(),
                        "entry {number}: {entry:?} begins on a worker whose lease may be over: {:#?}",
                        self.of_process(*process, number)
                    );
                    let newest = fences.entry(key.as_str()).or_insert(0);
                    assert!(
                        *fence >= *newest,
                        "entry {number}: {entry:?} begins after one under fence {newest}: {:#?} {:#?}",
                        self.of_process(*process, number),
                        self.of_key(key)
                    );
                    *newest = *fence;
                    let holder = *holders.entry((key.as_str(), *fence)).or_insert(*process);
                    assert_eq!(holder, *process, "entry {number}: {entry:?} shares its fence");
                    straddling.insert(run.as_str(), *process);
                    runs.ops.entry(op.clone()).or_default().insert(run.clone());
                }
                What::End { run, .. } => {
                    assert!(ended.insert(run.as_str()), "{run} ends twice");
                    runs.ended.insert(run.clone());
                    straddling.remove(run.as_str());
                }
                What::Woken { process } => {
                    doubtful.insert(*process, true);
                    let under_way = straddling.iter().filter(|(_, of)| **of == *process);
                    runs.late.extend(under_way.map(|(run, _)| (*run).to_owned()));
                }
                What::News { process, news } if news == "Safe" || news == "Over" => {
                    doubtful.remove(process);
                    runs.over += u64::from(news == "Over");
                }
                _ => {}
            }
        }
        runs
    }

    fn of_key(&self, wanted: &str) -> Vec<&Entry> {
        let of_it = self
            .entries
            .iter()
            .filter(|entry| matches!(&entry.what, What::Start { key, .. } if key == wanted));
        of_it.collect()
    }

    fn of_process(&self, wanted: u32, until: usize) -> Vec<&Entry> {
        let before = self.entries.get(..=until).unwrap_or_default();
        let mut of_it: Vec<_> =
            before.iter().rev().filter(|entry| entry.what.process() == wanted).take(12).collect();
        of_it.reverse();
        of_it
    }
}

/// What ran.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// The runs of each activity, by what is the same for all of them.
    pub(super) ops: HashMap<String, HashSet<String>>,
    pub(super) ended: HashSet<String>,
    /// Those that were under way when their process was frozen, and went on when it was woken.
    pub(super) late: HashSet<String>,
    /// Those that were frozen between the last look at the lease and their first word.
    pub(super) caught: u64,
    /// How often a worker was told that its lease was over.
    pub(super) over: u64,
}
