//! What is kept with a session besides its life: metadata, progress, timings, usage.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::SessionId;
use crate::limits;
use crate::orchestration::Execution;
use crate::refusal::LimitRefusal;

/// What callers keep with a session. None of it decides anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Names and values: JSON text that was checked where it came in.
    pub metadata: BTreeMap<String, String>,
    /// How far the work is.
    pub progress: Option<Progress>,
    /// How long each named operation took.
    pub timings: BTreeMap<String, Duration>,
    /// What the work has used so far.
    pub usage: Usage,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How much of it is done.
    pub current: u64,
    /// How much there is, if known.
    pub total: Option<u64>,
}

/// What work has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Usage {
    /// Rounds of the agent.
    pub iterations: u64,
    /// Tokens that a model read.
    pub input_tokens: u64,
    /// Tokens that a model wrote.
    pub output_tokens: u64,
    /// Tools that were called.
    pub tool_calls: u64,
    /// What it cost, in millionths.
    pub cost_micros: u64,
}

/// The session that another one was created for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Its id.
    pub id: SessionId,
    /// Whether it was deleted since.
    pub deleted: bool,
}

/// One fact, as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Every label.
    Labels(BTreeMap<String, String>),
    /// Every metadata value.
    Metadata(BTreeMap<String, String>),
    /// How far the work is.
    Progress(Progress),
    /// Every timing.
    Timings(BTreeMap<String, Duration>),
    /// Everything that was used.
    Usage(Usage),
    /// Which code drives it, and what that says of itself.
    Execution(Box<Execution>),
}

impl Usage {
    /// Both together. Saturates.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            iterations: self.iterations.saturating_add(other.iterations),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            tool_calls: self.tool_calls.saturating_add(other.tool_calls),
            cost_micros: self.cost_micros.saturating_add(other.cost_micros),
        }
    }

    /// The cost as a decimal number, which is also one in JSON.
    #[must_use]
    pub fn cost(&self) -> String {
        const WHOLE: u64 = 1_000_000;
        let (whole, rest) = (self.cost_micros / WHOLE, self.cost_micros % WHOLE);
        if rest == 0 {
            return whole.to_string();
        }
        let digits = format!("{rest:06}");
        format!("{whole}.{}", digits.trim_end_matches('0'))
    }

    /// The event that tells of it, as JSON text.
    fn json(&self) -> String {
        format!(
            r#"{{"iterations":{},"inputTokens":{},"outputTokens":{},"toolCalls":{},"cost":{}}}"#,
            self.iterations,
            self.input_tokens,
            self.output_tokens,
            self.tool_calls,
            self.cost()
        )
    }
}

impl Progress {
    /// The event that tells of it, as JSON text.
    fn json(&self) -> String {
        match self.total {
            Some(total) => format!(r#"{{"current":{},"total":{total}}}"#, self.current),
            None => format!(r#"{{"current":{}}}"#, self.current),
        }
    }
}

impl Fact {
    /// The event that tells of it, its type and JSON text; nothing for what nobody follows live.
    #[must_use]
    pub fn told(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Progress(progress) => Some(("progress", progress.json())),
            Self::Usage(usage) => Some(("usage", usage.json())),
            Self::Labels(_) | Self::Metadata(_) | Self::Timings(_) | Self::Execution(_) => None,
        }
    }
}

/// `labels` with `added` over them.
///
/// # Errors
/// [`LimitRefusal`] when a label is blank or too long, or there are too many.
pub fn labelled(
    labels: &BTreeMap<String, String>,
    added: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, LimitRefusal> {
    for (name, value) in added {
        named("label", name, limits::LABEL_BYTES_MAX)?;
        bytes("label", value.len(), limits::LABEL_BYTES_MAX)?;
    }
    let mut all = labels.clone();
    all.extend(added.clone());
    count("labels", all.len(), limits::LABELS_MAX)?;
    Ok(all)
}

/// `timings` with `added` over them.
pub(super) fn timed(
    timings: &BTreeMap<String, Duration>,
    added: &BTreeMap<String, Duration>,
) -> Result<BTreeMap<String, Duration>, LimitRefusal> {
    added.keys().try_for_each(|name| named("timing", name, limits::LABEL_BYTES_MAX))?;
    let mut all = timings.clone();
    all.extend(added.clone());
    count("timings", all.len(), limits::TIMINGS_MAX)?;
    Ok(all)
}

/// What a patch makes of metadata, and how many iterations it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merged {
    /// Every metadata value.
    pub(super) metadata: BTreeMap<String, String>,
    /// Iterations to count.
    pub(super) iterations: u64,
}

/// The name whose value is added to `files_changed`.
const FILES_CHANGED_DELTA: &str = "files_changed_delta";
const FILES_CHANGED: &str = "files_changed";
/// The name whose `true` counts one iteration.
const INCREMENT_ITERATION: &str = "increment_iteration";

/// `metadata` with the names of `patch` over it, values as compact JSON text: `null` removes a name, and two
/// names do arithmetic instead of being kept.
pub(super) fn merged(
    metadata: &BTreeMap<String, String>,
    patch: &BTreeMap<String, String>,
) -> Result<Merged, LimitRefusal> {
    let mut merged = Merged { metadata: metadata.clone(), iterations: 0 };
    for (name, json) in patch {
        named("metadata name", name, limits::LABEL_BYTES_MAX)?;
        match (name.as_str(), json.as_str()) {
            (INCREMENT_ITERATION, "true") => merged.iterations = 1,
            (INCREMENT_ITERATION, "false") => {}
            (INCREMENT_ITERATION, _) => {
                return Err(LimitRefusal::Form { what: INCREMENT_ITERATION, form: "true or false" });
            }
            // Added below, to what the same patch may have set.
            (FILES_CHANGED_DELTA, _) => {}
            (_, "null") => drop(merged.metadata.remove(name)),
            _ => drop(merged.metadata.insert(name.clone(), json.clone())),
        }
    }
    if let Some(delta) = patch.get(FILES_CHANGED_DELTA) {
        let before = merged.metadata.get(FILES_CHANGED).map_or("0", String::as_str);
        let sum = whole(FILES_CHANGED, before)?.saturating_add(whole(FILES_CHANGED_DELTA, delta)?);
        merged.metadata.insert(FILES_CHANGED.to_owned(), sum.to_string());
    }
    let size = merged.metadata.iter().map(|(name, json)| name.len() + json.len()).sum();
    bytes("metadata", size, limits::METADATA_BYTES_MAX)?;
    Ok(merged)
}

fn whole(what: &'static str, json: &str) -> Result<i64, LimitRefusal> {
    json.parse().map_err(|_other| LimitRefusal::Form { what, form: "a whole number" })
}

fn named(what: &'static str, name: &str, max: usize) -> Result<(), LimitRefusal> {
    if name.trim().is_empty() {
        return Err(LimitRefusal::Name { what, why: crate::id::InvalidName::Blank });
    }
    bytes(what, name.len(), max)
}

const fn bytes(what: &'static str, length: usize, max: usize) -> Result<(), LimitRefusal> {
    if length > max { Err(LimitRefusal::Bytes { what, length, max }) } else { Ok(()) }
}

const fn count(what: &'static str, count: usize, max: usize) -> Result<(), LimitRefusal> {
    if count > max { Err(LimitRefusal::Count { what, count, max }) } else { Ok(()) }
}
