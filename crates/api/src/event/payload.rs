//! What happened, by an event's type. Names are in camelCase.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use crate::lease::Holder;
use crate::word::StateWord;

/// `state_changed`: the session moved between states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateChanged {
    /// From which; `null` when it was opened.
    #[schema(required = true)]
    pub from: Option<StateWord>,
    /// To which.
    pub to: StateWord,
    /// Why, in words for people.
    pub reason: String,
    /// Who asked for it, when it was not the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// `completion` and `error`: the work ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ending {
    /// What to tell people.
    pub message: String,
    /// What it took.
    pub stats: Stats,
}

/// What work took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// How long it ran.
    pub duration_ms: u64,
    /// Bytes that its command wrote.
    pub output_bytes: u64,
    /// How its command ended, when there was one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exited>,
    /// What else it used, if anything.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Used>,
}

/// What work used besides time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Used {
    /// Rounds of the agent.
    pub iterations: u64,
    /// Tokens that a model read.
    pub input_tokens: u64,
    /// Tokens that a model wrote.
    pub output_tokens: u64,
    /// Tools that were called.
    pub tool_calls: u64,
    /// What was paid, to the millionth.
    #[schema(value_type = f64)]
    pub cost: Number,
}

/// `activity`: the owner said what it is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivityNoted {
    /// Its words.
    pub text: String,
}

/// `lease_granted`: somebody became the holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseGranted {
    /// Who.
    pub holder: Holder,
    /// Under which fence.
    pub fence: u64,
    /// For how long after each renewal. A person's has no length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// `lease_taken_over`: somebody became the holder in another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseTakenOver {
    /// Who had it before.
    pub from: String,
    /// Who has it now.
    pub holder: Holder,
    /// Under which fence.
    pub fence: u64,
    /// Why.
    pub reason: String,
}

/// `lease_released`: the holder let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseReleased {
    /// Under which fence it had held.
    pub fence: u64,
}

/// `succeeded`: a workspace went on as another session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Succeeded {
    /// The session that took its place.
    pub by: String,
}

/// `checkpoint_created`: a value was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckpointCreated {
    /// Its id.
    pub checkpoint: String,
    /// Its size in bytes.
    pub size: u64,
    /// Why, if somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `checkpoint_restored`: a saved value was brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckpointRestored {
    /// Its id.
    pub checkpoint: String,
    /// Whether the session's own record was: it is about what it was about then.
    pub record: bool,
}

/// `retained`: everything of the session is to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetainedNow {
    /// Why.
    pub reason: String,
    /// Who said so, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// `retention_ended`: the session need not be kept any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionEnded {
    /// Who said so, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// `handed_over`: the session belongs to another store from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandedOver {
    /// Names the hand-over, on both sides.
    pub handover: String,
    /// The other store.
    pub to: String,
    /// The fence that was raised for it.
    pub fence: u64,
    /// Who wished it, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A `message` of Tenure's own: somebody other than the owner asks for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// `pause`, `resume` or `stop`.
    pub request: String,
}

/// `terminal`: a record of the command's terminal. The first names the command, the last its exit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Terminal {
    /// The command was started.
    Started(Started),
    /// It wrote something.
    Output(Output),
    /// Its terminal changed size.
    Resized(Resized),
    /// Later output is not recorded.
    Capped(Capped),
    /// Output that belongs here was not recorded.
    Lost(Lost),
    /// It ended.
    Exited(Exited),
}

/// The command was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Started {
    /// Its words.
    pub command: Vec<String>,
    /// Columns of its terminal, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cols: Option<u16>,
    /// Rows of its terminal, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u16>,
}

/// The command wrote something: one of the four, as text where it is UTF-8 and as Base64 elsewhere.
///
/// Each event stands for itself: a chunk may begin or end inside a character.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Output {
    /// To its terminal or its standard output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The same, when it is not text.
    #[serde(rename = "outputBase64", skip_serializing_if = "Option::is_none")]
    pub output_base64: Option<String>,
    /// To its standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The same, when it is not text.
    #[serde(rename = "errorBase64", skip_serializing_if = "Option::is_none")]
    pub error_base64: Option<String>,
    /// `terminal`, which mixes both, `stdout` or `stderr`.
    pub stream: String,
}

/// The command's terminal changed size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resized {
    /// New number of columns.
    pub cols: u16,
    /// New number of rows.
    pub rows: u16,
}

/// The recording reached its size limit: later output is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capped {
    /// The limit.
    pub capped_at_bytes: u64,
}

/// Output that belongs here was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lost {
    /// How many bytes.
    pub lost_bytes: u64,
}

/// The command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exited {
    /// What it returned; of one that a signal ended, the code that shells give it.
    pub exit_code: i32,
    /// The number of the signal that ended it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}
