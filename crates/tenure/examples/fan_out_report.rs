//! A report: every part is counted at the same time, then everything comes together.
//!
//! A part that fails is tried again. The instance's status says how far it is.
//! `cargo run -p tenure --example fan_out_report -- FILE.db`
#![expect(clippy::print_stdout, reason = "it tells people what happens")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure::{Activity, Backoff, Builder, Error, Failure, Orchestration, RetryPolicy, Tenure, join_all};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The words of each part that could be read.
    pub(crate) words: BTreeMap<String, usize>,
    pub(crate) total: usize,
    /// The parts that could not be read, and why.
    pub(crate) missing: BTreeMap<String, String>,
}

/// The orchestration. It is given the names of the parts.
pub(crate) async fn report(ctx: Orchestration, parts: Vec<String>) -> Result<Report, Failure> {
    let retry = RetryPolicy { attempts_max: 4, backoff: Backoff::fixed(Duration::from_millis(20)) };
    let done = AtomicUsize::new(0);
    let counted = parts.iter().map(async |part| {
        let words = ctx.activity::<usize>("count", part).retry(retry).await;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        ctx.set_status(&format!("{done} of {} parts", parts.len()))?;
        Ok::<_, Failure>(words)
    });
    let mut report = Report { words: BTreeMap::new(), total: 0, missing: BTreeMap::new() };
    for (part, words) in parts.iter().zip(join_all(counted).await) {
        match words? {
            Ok(words) => {
                report.total += words;
                report.words.insert(part.clone(), words);
            }
            Err(failure) if failure.is_cancelled() => return Err(failure),
            Err(failure) => drop(report.missing.insert(part.clone(), failure.message().to_owned())),
        }
    }
    Ok(report)
}

/// An activity: counts the words of a part. A real one reads a file or asks a service, which may fail for a while.
pub(crate) async fn count(activity: Activity, part: String) -> Result<usize, Failure> {
    let text = match part.as_str() {
        "opening" => "It was a bright cold day in April",
        "middle" if activity.attempt() < 3 => return Err(Failure::new("the shelf is locked")),
        "middle" => "and the clocks were striking thirteen",
        "end" => "the end",
        _ => return Err(Failure::rejected("there is no such part")),
    };
    println!("  {part}: read at attempt {}", activity.attempt());
    Ok(text.split(' ').count())
}

pub(crate) fn library(builder: Builder) -> Builder {
    builder.orchestration("report", report).activity("count", count)
}

/// A report on four parts, one of which is not there. Returns it with the status that the instance had at the end.
pub(crate) async fn four_parts(tenure: &Tenure) -> Result<(Report, Option<String>), Error> {
    let parts = ["opening", "middle", "end", "appendix"];
    let instance = tenure.run("report", &parts).await?;
    let id = instance.id().to_owned();
    let report = instance.result().await?;
    Ok((report, tenure.instance(&id).await?.status().await?.text))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let file = std::env::args_os().nth(1).unwrap_or_else(|| "reports.db".into());
    let tenure = library(Tenure::at(file)).start().await?;
    let (report, status) = four_parts(&tenure).await?;
    println!("{} words ({})", report.total, status.unwrap_or_default());
    for (part, words) in report.words {
        println!("  {part}: {words}");
    }
    for (part, why) in report.missing {
        println!("  {part}: {why}");
    }
    tenure.stop().await;
    Ok(())
}
