//! Rates, percentiles, processor time and bytes written. Knows nothing of what it measures.

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinSet;

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
        let Some(last) = self.0.len().checked_sub(1) else { return f64::NAN };
        let index = ((last as f64) * part).round() as usize;
        self.0[index.min(last)].as_secs_f64() * 1000.0
    }
}

/// Kibibytes that this process has caused to be written.
pub fn kib_written() -> f64 {
    kib_written_by("self")
}

fn kib_written_by(process: &str) -> f64 {
    let io = std::fs::read_to_string(format!("/proc/{process}/io")).unwrap_or_default();
    let bytes = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    bytes.and_then(|bytes| bytes.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Another process that takes part: it says a line when it is ready, and goes when nobody listens to it.
pub struct Beside {
    child: Child,
    said: String,
}

impl Beside {
    /// Starts it, and waits until it is ready.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let output = child.stdout.as_mut().expect("it is piped");
        let mut said = String::new();
        BufReader::new(output).read_line(&mut said).expect("it says something");
        assert!(!said.is_empty(), "it is ready");
        Self { child, said }
    }

    /// The line that it said.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// The processor time that it has used, and the kibibytes that it has caused to be written.
    pub fn used(&self) -> (Duration, f64) {
        let id = self.child.id().to_string();
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let ticks = after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
        // Linux counts a hundred a second, whatever the kernel does.
        (Duration::from_millis(ticks.sum::<u64>() * 10), kib_written_by(&id))
    }

    /// Kills it, and waits until it is gone. Returns when it was killed.
    pub fn kill(mut self) -> Instant {
        let at = Instant::now();
        self.child.kill().expect("it was there");
        self.child.wait().expect("it ends");
        at
    }

    /// Which process it is.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets it go, and waits until it has.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends");
    }
}

/// Waits until whoever started this process lets it go.
pub fn ready_until_let_go() {
    println!("ready");
    let mut line = String::new();
    while std::io::stdin().read_line(&mut line).is_ok_and(|read| read > 0) {}
}

/// What came of doing something again and again.
pub struct Measured {
    /// How many there were.
    pub count: f64,
    pub rate: f64,
    /// How long each took, in milliseconds: half of them, 99 of 100, 999 of 1,000.
    pub latencies: [f64; 3],
    pub cpu_micros: f64,
    pub kib: f64,
    pub failed: usize,
}

impl Measured {
    /// Of everything that was done since these were read.
    pub fn of(lengths: Vec<Duration>, per: u32, since: &Since) -> Self {
        let (length, count) = (since.at.elapsed(), lengths.len() as f64 * f64::from(per));
        let spread = Spread::of(lengths);
        Self {
            count,
            rate: count / length.as_secs_f64(),
            latencies: [0.5, 0.99, 0.999].map(|part| spread.at(part)),
            cpu_micros: cpu().saturating_sub(since.cpu).as_secs_f64() * 1e6 / count,
            kib: (kib_written() - since.kib) / count,
            failed: 0,
        }
    }

    /// Does it for a while, so many at once. One that fails is counted, and not measured. What is begun is finished.
    pub async fn during<F, Fut>(length: Duration, in_flight: usize, per: u32, deed: F) -> Self
    where
        F: Fn() -> Fut + Clone + Send + 'static,
        Fut: Future<Output = bool> + Send,
    {
        let since = Since::now();
        let mut tasks = JoinSet::new();
        for _ in 0..in_flight {
            let (deed, at) = (deed.clone(), since.at);
            tasks.spawn(async move {
                let (mut lengths, mut failed) = (Vec::new(), 0);
                while at.elapsed() < length {
                    let asked = Instant::now();
                    match deed().await {
                        true => lengths.push(asked.elapsed()),
                        false => failed += 1,
                    }
                }
                (lengths, failed)
            });
        }
        let (lengths, failed): (Vec<_>, Vec<usize>) = tasks.join_all().await.into_iter().unzip();
        Self { failed: failed.into_iter().sum(), ..Self::of(lengths.concat(), per, &since) }
    }

    /// With what other processes used meanwhile.
    pub fn beside(self, (cpu, kib): (Duration, f64)) -> Self {
        Self {
            cpu_micros: self.cpu_micros + cpu.as_secs_f64() * 1e6 / self.count,
            kib: self.kib + kib / self.count,
            ..self
        }
    }

    /// The one in the middle.
    pub fn median(mut rounds: Vec<Self>) -> Self {
        rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        let failed = rounds.iter().map(|round| round.failed).sum();
        let middle = rounds.len() / 2;
        Self { failed, ..rounds.swap_remove(middle) }
    }
}

/// What was used when something began.
pub struct Since {
    pub at: Instant,
    cpu: Duration,
    kib: f64,
}

impl Since {
    pub fn now() -> Self {
        Self { cpu: cpu(), kib: kib_written(), at: Instant::now() }
    }
}

/// What it costs to be there: a part of a core.
pub async fn idle() -> f64 {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, start) = (cpu(), Instant::now());
    tokio::time::sleep(Duration::from_secs(5)).await;
    cpu().saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64()
}
