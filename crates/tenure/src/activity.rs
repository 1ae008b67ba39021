//! What an activity's code knows.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenure_core::trace::TraceParent;
use tenure_core::worker::Hold;
use tenure_engine::Attempt;
use tenure_store::PinGrant;

use crate::Failure;
use crate::failure::{decode, encode};

/// What an activity's code knows of the attempt that it is.
///
/// An activity runs at least once: it may be run again although it had done its work, if its process died before the
/// result was recorded. [`Self::idempotency_key`] is the same then.
#[derive(Debug, Clone)]
pub struct Activity(Attempt);

impl Activity {
    pub(crate) const fn new(attempt: Attempt) -> Self {
        Self(attempt)
    }

    /// The id of the instance that the activity belongs to.
    #[must_use]
    pub fn session(&self) -> &str {
        self.0.session().as_str()
    }

    /// The activity's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name().as_str()
    }

    /// Which attempt it is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.0.number()
    }

    /// A number that grows when another worker goes on with the instance. A resource that refuses smaller ones
    /// refuses whoever was left behind.
    #[must_use]
    pub const fn fence(&self) -> u64 {
        self.0.fence().0
    }

    /// The worker's hold on the activity's affinity key; nothing where it follows none.
    #[must_use]
    pub fn pin(&self) -> Option<Pin<'_>> {
        self.0.pin().map(Pin)
    }

    /// The trace that whoever started the instance was in, if that was said: a span of this attempt belongs under it.
    /// [`TraceParent`] displays as the header `traceparent`, for what the activity asks of others.
    #[must_use]
    pub const fn trace(&self) -> Option<TraceParent> {
        self.0.trace()
    }

    /// What is the same at every attempt of this activity, and differs from every other one's.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.0.idempotency_key()
    }

    /// Says that it is still at work, and how far it is. The next attempt can read the last of that, also if this
    /// process dies; it is recorded at most once a second.
    ///
    /// # Errors
    /// When what it says cannot be written.
    pub fn heartbeat(&self, details: &impl Serialize) -> Result<(), Failure> {
        self.0.heartbeat(Some(encode("a heartbeat", details)?));
        Ok(())
    }

    /// How far an earlier attempt said that it was; nothing where none said anything, or something else.
    #[must_use]
    pub fn details<T: DeserializeOwned>(&self) -> Option<T> {
        decode("a heartbeat", self.0.details()?).ok()
    }

    /// Whether nobody waits for the result any more.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until nobody waits for the result any more.
    pub async fn cancelled(&self) {
        self.0.cancelled().await;
    }
}

/// A worker's hold on an affinity key.
///
/// [`Self::hold`] says whether what an earlier activity of the key left in memory can still be there:
///
/// ```
/// use tenure::{Activity, Failure, Hold};
///
/// # struct Model;
/// # impl Model {
/// #     fn warm(_: &str) -> Option<Self> { None }
/// #     async fn from_checkpoint(_: &str) -> Result<Self, Failure> { Ok(Self) }
/// # }
/// async fn answer(activity: Activity, question: String) -> Result<String, Failure> {
///     let pin = activity.pin().ok_or_else(|| Failure::rejected("it is to run on a session"))?;
///     let warm = match pin.hold() {
///         Hold::Held => Model::warm(pin.key()),
///         // Another worker, or an earlier start of this one, had the key: nothing here is of use.
///         Hold::Claimed | Hold::Resumed => None,
///     };
///     let model = match warm {
///         Some(model) => model,
///         None => Model::from_checkpoint(pin.key()).await?,
///     };
/// #   drop(model);
///     Ok(format!("an answer to {question}"))
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Pin<'a>(&'a PinGrant);

impl<'a> Pin<'a> {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &'a str {
        self.0.key.as_str()
    }

    /// A number that grows whenever another worker, or another start of this one, gets the key. A resource that refuses
    /// smaller ones refuses whoever was left behind.
    #[must_use]
    pub const fn fence(&self) -> u64 {
        self.0.fence.0
    }

    /// How the worker came to it.
    #[must_use]
    pub const fn hold(&self) -> Hold {
        self.0.hold
    }
}
