//! What is run while it is killed: the examples, with activities that leave a trace.

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tenure::{Activity, Builder, Error, Failure, Instance, Tenure, WorkerOptions};

use crate::approval::{Answer, Request, approval};
use crate::fan_out_report::{count, report};
use crate::order_saga::{Order, order};

/// Where a store is, and what its activities leave behind.
#[derive(Debug, Clone)]
pub(super) struct Place {
    directory: PathBuf,
    /// How long activities take at most; how long each does is chance.
    slow: Duration,
}

impl Place {
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), slow: Duration::ZERO }
    }

    /// With activities that take up to so long.
    pub(super) fn slow(self, slow: Duration) -> Self {
        Self { slow, ..self }
    }

    pub(super) fn store(&self) -> PathBuf {
        self.directory.join("tenure.db")
    }

    pub(super) fn trace(&self) -> PathBuf {
        self.directory.join("trace")
    }

    /// The store with the code of all three examples.
    pub(super) fn tenure(&self) -> Builder {
        // Whoever cannot tidy up for a while, because it is killed again and again, still has to.
        let options =
            WorkerOptions { cancel_grace: Duration::from_secs(24 * 60 * 60), ..WorkerOptions::default() };
        let world = World::of(self);
        let mut builder = Tenure::at(self.store()).options(options);
        for name in ["reserve", "release", "charge", "refund", "ship"] {
            builder = builder.activity(name, world.traced(shop));
        }
        builder
            .activity("ask", world.traced(ask))
            .activity("count", world.traced(|_, activity, part| count(activity, part)))
            .orchestration("order", order)
            .orchestration("approval", approval)
            .orchestration("report", report)
    }
}

/// What activities see of the world.
#[derive(Debug, Clone)]
struct World {
    client: Arc<Tenure>,
    trace: Arc<File>,
    slow: Duration,
}

type Deed<O> = Pin<Box<dyn Future<Output = Result<O, Failure>> + Send>>;

impl World {
    fn of(place: &Place) -> Self {
        let trace = OpenOptions::new().create(true).append(true).open(place.trace()).unwrap();
        let client = Tenure::at(place.store()).connect().unwrap();
        Self { client: Arc::new(client), trace: Arc::new(trace), slow: place.slow }
    }

    /// An activity that leaves a trace on the disk when it has done its work, before that is known to anybody.
    fn traced<I, O, F, Fut>(&self, deed: F) -> impl Fn(Activity, I) -> Deed<O> + Send + Sync + 'static
    where
        F: Fn(Arc<Tenure>, Activity, I) -> Fut,
        F: Send + Sync + 'static,
        Fut: Future<Output = Result<O, Failure>> + Send + 'static,
    {
        let world = self.clone();
        move |activity, input| {
            let doing = deed(Arc::clone(&world.client), activity.clone(), input);
            let (trace, slow) = (Arc::clone(&world.trace), world.slow);
            Box::pin(async move {
                tokio::time::sleep(slow.mul_f64(part_of(&activity))).await;
                let output = doing.await?;
                let line = format!("{} {}\n", activity.idempotency_key(), activity.attempt());
                trace.as_ref().write_all(line.as_bytes())?;
                trace.sync_data()?;
                Ok(output)
            })
        }
    }
}

/// A part of one, another one for each attempt.
fn part_of(activity: &Activity) -> f64 {
    let mut hash = DefaultHasher::new();
    (activity.idempotency_key(), activity.attempt()).hash(&mut hash);
    f64::from((hash.finish() >> 48) as u16) / f64::from(u16::MAX)
}

/// What an order asks for. Whoever bought the piano changes their mind when they see the bill.
async fn shop(client: Arc<Tenure>, activity: Activity, order: Order) -> Result<(), Failure> {
    match (activity.name(), order.item.as_str()) {
        ("ship", "vase") => Err(Failure::rejected("the vase is broken")),
        ("charge", _) if activity.attempt() == 1 => Err(Failure::new("the bank is busy")),
        ("charge", "piano") => {
            let instance = client.instance(activity.session()).await?;
            unless_ended(instance.cancel("it is too heavy").await)
        }
        _ => Ok(()),
    }
}

/// Asks somebody, who answers before this is over, unless it is Bob.
async fn ask(client: Arc<Tenure>, activity: Activity, (by, _): (String, String)) -> Result<(), Failure> {
    if by == "Bob" {
        return Ok(());
    }
    let answer = Answer { is_approved: by == "Ada", by };
    let instance = client.instance(activity.session()).await?;
    unless_ended(instance.signal("answer", &answer).await)
}

/// What is sent twice may come when it is over.
fn unless_ended(sent: Result<(), Error>) -> Result<(), Failure> {
    match sent {
        Err(Error::Ended) => Ok(()),
        sent => Ok(sent?),
    }
}

/// An instance that is run: which orchestration, and what is right.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    Order(&'static str),
    Approval(&'static [&'static str], Duration),
    Report,
}

impl Work {
    /// The work of a number.
    pub(super) const fn of(number: u64) -> Self {
        match number % 7 {
            0 => Self::Order("book"),
            1 => Self::Order("vase"),
            2 => Self::Order("piano"),
            3 => Self::Approval(&["Ada"], Duration::from_secs(60)),
            // Long enough for the answer to be heard on a busy machine.
            4 => Self::Approval(&["Bob", "the boss"], Duration::from_secs(3)),
            5 => Self::Approval(&["Bob"], Duration::from_millis(30)),
            _ => Self::Report,
        }
    }

    pub(super) fn id(number: u64) -> String {
        format!("work-{number}")
    }

    /// Starts it, unless it was started before.
    pub(super) async fn start(self, tenure: &Tenure, number: u64) -> Result<Instance, Error> {
        let id = Self::id(number);
        match self {
            Self::Order(item) => {
                let days = if item == "piano" { 30 } else { 0 };
                let cooling_off = Duration::from_secs(days * 24 * 60 * 60) + Duration::from_millis(20);
                tenure.run("order", &Order { item: item.to_owned(), cooling_off }).id(&id).await
            }
            Self::Approval(approvers, patience) => {
                let approvers = approvers.iter().copied().map(str::to_owned).collect();
                let request = Request { what: "a yacht".to_owned(), approvers, patience };
                tenure.run("approval", &request).id(&id).await
            }
            Self::Report => tenure.run("report", &["opening", "middle", "end", "appendix"]).id(&id).await,
        }
    }

    /// How it has to end.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Order("book") => "\"book is on its way\"",
            Self::Order("vase") => "the vase is broken",
            Self::Order(_) => "cancelled: it is too heavy",
            Self::Approval(["Ada"], _) => r#"{"Approved":{"by":"Ada"}}"#,
            Self::Approval([_, _], _) => r#"{"Refused":{"by":"the boss"}}"#,
            Self::Approval(..) => "\"NobodyAnswered\"",
            Self::Report => {
                r#"{"words":{"end":2,"middle":6,"opening":8},"total":16,"missing":{"appendix":"there is no such part"}}"#
            }
        }
    }
}

/// How an instance ended, in words.
pub(super) async fn end_of(instance: Instance) -> String {
    match instance.result::<serde_json::Value>().await {
        Ok(output) => output.to_string(),
        Err(error) => error.to_string(),
    }
}
