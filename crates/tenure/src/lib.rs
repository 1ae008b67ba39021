//! Durable functions: async Rust that survives crashes, in one process, on one SQLite file.
//!
//! An **orchestration** is an async function that says what is to be done, in which order. An **activity** is an async
//! function that does something: it calls a service, writes a file. Whatever an orchestration waits for is recorded,
//! so that after a crash it goes on where it was.
//!
//! ```
//! use tenure::{Activity, Failure, Orchestration, Tenure};
//!
//! async fn greet(_: Activity, name: String) -> Result<String, Failure> {
//!     Ok(format!("Hello, {name}!"))
//! }
//!
//! async fn hello(ctx: Orchestration, name: String) -> Result<String, Failure> {
//!     ctx.activity("greet", &name).await
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tenure::Error> {
//! # let directory = tempfile::tempdir().unwrap();
//! # let file = directory.path().join("tenure.db");
//! let tenure = Tenure::at(file).orchestration("hello", hello).activity("greet", greet).start().await?;
//! let greeting: String = tenure.run("hello", &"Ada").id("greet-ada").await?.result().await?;
//! assert_eq!(greeting, "Hello, Ada!");
//! # tenure.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! The examples beside this crate are an order that undoes what it did (`order_saga`), an approval that races a timer
//! (`approval`), a report that many parts make (`fan_out_report`), and conversations that stay on the process that has
//! their model in memory (`warm_agents`).
//!
//! # Where activities run
//!
//! Where their instance is, unless they follow a key ([`ActivityCall::on_session`]) or wait in a queue
//! ([`ActivityCall::on_queue`]):
//!
//! ```
//! use tenure::{Activity, Failure, Hold, Orchestration, Tenure};
//!
//! async fn next(activity: Activity, number: u32) -> Result<(u32, bool), Failure> {
//!     let is_warm = activity.pin().is_some_and(|pin| pin.hold() == Hold::Held);
//!     Ok((number + 1, is_warm))
//! }
//!
//! async fn count(ctx: Orchestration, (): ()) -> Result<Vec<bool>, Failure> {
//!     let (one, first) = ctx.activity::<(u32, bool)>("next", &0).on_session("counter").await?;
//!     let (_, second) = ctx.activity::<(u32, bool)>("next", &one).on_session("counter").exclusive().await?;
//!     Ok(vec![first, second])
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tenure::Error> {
//! # let directory = tempfile::tempdir().unwrap();
//! # let file = directory.path().join("tenure.db");
//! let tenure = Tenure::at(file).worker_id("one").orchestration("count", count).activity("next", next);
//! let tenure = tenure.start().await?;
//! let warm: Vec<bool> = tenure.run("count", &()).await?.result().await?;
//! assert_eq!(warm, [false, true]);
//! # tenure.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What an orchestration may do
//!
//! Its code is run again to bring it back, and must then do the same. It takes the time from [`Orchestration::now`],
//! random values from [`Orchestration::random`] and ids from [`Orchestration::new_id`], awaits only what comes from
//! its [`Orchestration`], and leaves everything else to activities. Code that does otherwise is found out: the instance stands
//! still, its log says what was expected and what was found, and it goes on once code that fits is there.
//!
//! Futures of this crate work with [`join_all`], [`race`] and with the combinators of `futures`; `tokio::select!`
//! chooses by chance unless it is `biased`. Dropping a future gives up what it waits for: the loser of a race is
//! cancelled.
#![deny(missing_docs)]

mod activity;
mod call;
mod clock;
mod code;
mod combine;
mod error;
mod failure;
mod instance;
mod orchestration;
mod runtime;

pub use activity::{Activity, Pin};
pub use call::{ActivityCall, ChildCall, SignalCall, Sleep};
pub use combine::{Either, join_all, race, race_all};
pub use error::Error;
pub use failure::Failure;
pub use instance::{Instance, RunCall};
pub use orchestration::Orchestration;
pub use runtime::{Builder, Tenure};
pub use tenure_core::orchestration::{Backoff, Cause, RetryPolicy, Version};
pub use tenure_core::trace::TraceParent;
pub use tenure_core::worker::{Hold, Queues};
pub use tenure_engine::{Hook, IfThere, Status, WorkerNews, WorkerOptions};
