//! Much of one thing (W12), and a tenth of it.
//!
//! What each costs has to be the same.
//!
//! Words choose: `scale fan history children timers`. `scale pending=1000000` measures how late timers fire, 5,000 of
//! them a second, beside so many whose time is far away.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bench::measure::{Since, Spread};
use bench::{cpu, directory, print_disk};
use tempfile::TempDir;
use tenure::{Activity, Failure, Orchestration, Tenure, join_all};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Activities at once.
const FAN: u64 = 10_000;
/// Events of a history, and activities at once that they come from.
const EVENTS: u64 = 100_000;
const WIDE: u64 = 1000;
const CHILDREN: u64 = 10_000;
const TIMERS: u64 = 50_000;
/// Timers that are due in each second, and for how many seconds.
const RATE: u64 = 5000;
const SECONDS: u64 = 10;
/// Starts that are under way at once.
const STARTING: u64 = 512;

/// How late timers fired.
static LATE: Mutex<Vec<Duration>> = Mutex::new(Vec::new());

async fn echo(_: Activity, input: u64) -> Result<u64, Failure> {
    Ok(input)
}

async fn fan(ctx: Orchestration, count: u64) -> Result<u64, Failure> {
    let all = join_all((0..count).map(|number| ctx.activity::<u64>("echo", &number))).await;
    Ok(all.into_iter().filter(Result::is_ok).count() as u64)
}

async fn waves(ctx: Orchestration, count: u64) -> Result<u64, Failure> {
    for _ in 0..count {
        fan(ctx.clone(), WIDE).await?;
    }
    ctx.set_status("done")?;
    ctx.signal::<()>("end").await?;
    Ok(count)
}

async fn parent(ctx: Orchestration, count: u64) -> Result<u64, Failure> {
    let all = join_all((0..count).map(|number| ctx.child::<u64>("child", &number))).await;
    Ok(all.into_iter().filter(Result::is_ok).count() as u64)
}

async fn child(_: Orchestration, input: u64) -> Result<u64, Failure> {
    Ok(input)
}

async fn sleeps(ctx: Orchestration, at: SystemTime) -> Result<(), Failure> {
    ctx.sleep_until(at).await?;
    let late = SystemTime::now().duration_since(at).unwrap_or_default();
    LATE.lock().unwrap_or_else(PoisonError::into_inner).push(late);
    Ok(())
}

async fn naps(ctx: Orchestration, (at, count): (SystemTime, u64)) -> Result<u64, Failure> {
    let all = join_all((0..count).map(|_| ctx.sleep_until(at))).await;
    Ok(all.into_iter().filter(Result::is_ok).count() as u64)
}

async fn open(path: &Path) -> Tenure {
    let builder = Tenure::at(path).activity("echo", echo).orchestration("fan", fan);
    let builder = builder.orchestration("waves", waves).orchestration("parent", parent);
    let builder = builder.orchestration("child", child).orchestration("sleeps", sleeps);
    builder.orchestration("naps", naps).start().await.expect("it starts")
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let home = directory();
    println!("Much of one thing, and a tenth of it; peak memory is of the whole process");
    print_disk(home.path());
    if let Some(count) = words.iter().find_map(|word| word.strip_prefix("pending=")) {
        return pending(home.path(), count.parse().expect("a number of timers")).await;
    }
    println!(
        "{:<30} {:>9} {:>9} {:>9} {:>12} {:>9} {:>9}",
        "", "how many", "s", "µs each", "CPU-µs each", "KiB each", "peak MiB"
    );
    let is_chosen = |word: &str| words.is_empty() || words.iter().any(|said| said == word);
    for part in [10, 1] {
        if is_chosen("fan") {
            one("fan", FAN / part).await;
        }
    }
    for part in [10, 1] {
        if is_chosen("history") {
            history(EVENTS / part).await;
        }
    }
    for part in [10, 1] {
        if is_chosen("children") {
            one("parent", CHILDREN / part).await;
        }
    }
    for part in [10, 1] {
        if is_chosen("timers") {
            timers(TIMERS / part).await;
        }
    }
}

/// What one thing cost.
struct Cost {
    since: Since,
    cpu: Duration,
    kib: f64,
}

impl Cost {
    fn begin() -> Self {
        // The peak is that of what comes.
        drop(std::fs::write("/proc/self/clear_refs", "5"));
        Self { cpu: cpu(), kib: bench::kib_written(), since: Since::now() }
    }

    fn print(&self, what: &str, count: u64) {
        let (seconds, each) = (self.since.at.elapsed().as_secs_f64(), count as f64);
        let cpu = cpu().saturating_sub(self.cpu).as_secs_f64() * 1e6 / each;
        println!(
            "{what:<30} {count:>9} {seconds:>9.3} {:>9.2} {cpu:>12.2} {:>9.3} {:>9.0}",
            seconds * 1e6 / each,
            (bench::kib_written() - self.kib) / each,
            peak_mib()
        );
    }
}

/// The most memory that this process had.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

fn store() -> (TempDir, std::path::PathBuf) {
    let home = directory();
    let path = home.path().join("scale.db");
    (home, path)
}

/// One instance with so much in it, from start to result.
async fn one(name: &str, count: u64) {
    let (_home, path) = store();
    let tenure = open(&path).await;
    let cost = Cost::begin();
    let instance = tenure.run(name, &count).await.expect("it starts");
    let done: u64 = instance.result().await.expect("it completes");
    assert_eq!(done, count);
    cost.print(if name == "fan" { "activities at once" } else { "children at once" }, count);
    tenure.stop().await;
}

/// A history of so many events: made, and brought back after a restart.
async fn history(events: u64) {
    let (_home, path) = store();
    let tenure = open(&path).await;
    let cost = Cost::begin();
    let instance = tenure.run("waves", &(events / 2 / WIDE)).id("long").await.expect("it starts");
    instance.status_after(0).await.expect("it is there");
    cost.print("events of a history: made", events);
    tenure.stop().await;
    let tenure = open(&path).await;
    let cost = Cost::begin();
    let instance = tenure.instance("long").await.expect("it is there");
    instance.signal("end", &()).await.expect("it is open");
    instance.result::<u64>().await.expect("it completes");
    cost.print("events of a history: replayed", events);
    tenure.stop().await;
}

/// Starts so many that sleep until then.
async fn start(tenure: &Tenure, count: u64, at: impl Fn(u64) -> SystemTime) {
    for wave in (0..count).step_by(STARTING as usize) {
        let all = (wave..count.min(wave + STARTING)).map(|number| {
            let at = at(number);
            async move { drop(tenure.run("sleeps", &at).await.expect("it starts")) }
        });
        join_all(all).await;
    }
}

/// How late those were that fired since this was last asked, when they are so many.
async fn fired(count: u64) -> Spread {
    loop {
        {
            let mut late = LATE.lock().unwrap_or_else(PoisonError::into_inner);
            if late.len() as u64 >= count {
                return Spread::of(std::mem::take(&mut late));
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn print_late(late: &Spread) {
    let [p50, p99, most] = [0.5, 0.99, 1.0].map(|part| late.at(part));
    println!("{:<30} late by p50 {p50:.1} ms, p99 {p99:.1} ms, most {most:.1} ms", "");
}

/// So many that are due at once: those of one instance, one of each instance, and overdue ones after a restart.
async fn timers(count: u64) {
    let (_home, path) = store();
    let tenure = open(&path).await;
    let cost = Cost::begin();
    let soon = SystemTime::now() + Duration::from_millis(100);
    let naps = tenure.run("naps", &(soon, count)).await.expect("it starts");
    assert_eq!(naps.result::<u64>().await.expect("it completes"), count);
    cost.print("timers of one instance", count);

    let cost = Cost::begin();
    let due = SystemTime::now() + Duration::from_micros(200) * count as u32;
    start(&tenure, count, |_| due).await;
    cost.print("instances that sleep: started", count);
    tokio::time::sleep(due.duration_since(SystemTime::now()).unwrap_or_default()).await;
    let cost = Cost::begin();
    let late = fired(count).await;
    cost.print("timers due at once", count);
    print_late(&late);

    let due = SystemTime::now() + Duration::from_micros(200) * count as u32;
    start(&tenure, count, |_| due).await;
    tenure.stop().await;
    tokio::time::sleep(due.duration_since(SystemTime::now()).unwrap_or_default()).await;
    let cost = Cost::begin();
    let tenure = open(&path).await;
    let before = LATE.lock().unwrap_or_else(PoisonError::into_inner).len() as u64;
    drop(fired(count).await);
    cost.print("overdue after a restart", count);
    if before > 0 {
        println!("{:<30} {before} of them fired before the restart", "");
    }
    tenure.stop().await;
}

/// How late timers are, beside many whose time is far away.
async fn pending(home: &Path, count: u64) {
    let path = home.join("pending.db");
    let tenure = open(&path).await;
    let cost = Cost::begin();
    let far = SystemTime::now() + Duration::from_secs(24 * 3600);
    start(&tenure, count, |_| far).await;
    cost.print("instances that sleep: started", count);
    let tenure = restart(tenure, &path).await;
    for round in 0..2 {
        let due = RATE * SECONDS;
        let begin = SystemTime::now() + Duration::from_micros(250) * due as u32;
        let apart = Duration::from_secs(1) / RATE as u32;
        let cost = Cost::begin();
        start(&tenure, due, |number| begin + apart * number as u32).await;
        let left = begin.duration_since(SystemTime::now());
        cost.print("those that are due soon: started", due);
        tokio::time::sleep(left.unwrap_or_default()).await;
        let (cost, asked) = (Cost::begin(), Instant::now());
        let late = fired(due).await;
        cost.print("timers, 5,000 due per second", due);
        println!("round {round}: {:.1} s for {SECONDS} s of timers", asked.elapsed().as_secs_f64());
        print_late(&late);
    }
    tenure.stop().await;
}

/// Nothing is in memory after this but what the store gives back.
async fn restart(tenure: Tenure, path: &Path) -> Tenure {
    tenure.stop().await;
    open(path).await
}
