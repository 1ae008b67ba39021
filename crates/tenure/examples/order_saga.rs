//! An order: reserve the goods, charge the customer, ship.
//!
//! In between the customer may change their mind. When a step fails for good, or somebody cancels the order, what was
//! done is undone in reverse.
//! `cargo run -p tenure --example order_saga -- FILE.db`
#![expect(clippy::print_stdout, reason = "it tells people what happens")]

use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure::{Activity, Builder, Error, Failure, Orchestration, Tenure};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) item: String,
    /// How long the customer may change their mind.
    pub(crate) cooling_off: Duration,
}

/// The orchestration. Whatever happens to the process, each order ends shipped, or with nothing left behind.
pub(crate) async fn order(ctx: Orchestration, order: Order) -> Result<String, Failure> {
    let mut undo = Vec::new();
    let outcome = steps(&ctx, &order, &mut undo).await;
    if outcome.is_err() {
        // Also when it was cancelled: that interrupts what is waited for once, and leaves time to tidy up.
        for deed in undo.into_iter().rev() {
            ctx.activity::<()>(deed, &order).attempts(10).await?;
        }
    }
    outcome
}

async fn steps(ctx: &Orchestration, order: &Order, undo: &mut Vec<&str>) -> Result<String, Failure> {
    // Noted before it is done: a step that failed or was interrupted may have done its work all the same.
    undo.push("release");
    ctx.activity::<()>("reserve", order).attempts(3).await?;
    undo.push("refund");
    ctx.activity::<()>("charge", order).attempts(3).await?;
    ctx.sleep(order.cooling_off).await?;
    ctx.activity::<()>("ship", order).attempts(3).await?;
    Ok(format!("{} is on its way", order.item))
}

/// What the shop did, in order.
pub(crate) type Ledger = Arc<Mutex<Vec<String>>>;

/// An activity. A real one calls a warehouse or a bank, with the idempotency key: it may run more than once, and
/// what undoes something may run where nothing was done.
fn deed(ledger: &Ledger) -> impl Fn(Activity, Order) -> Ready<Result<(), Failure>> + Send + Sync + 'static {
    let ledger = Arc::clone(ledger);
    move |activity, order| {
        let (name, item) = (activity.name(), order.item.as_str());
        println!("  {name:<8} {item:<6} (key {})", activity.idempotency_key());
        ledger.lock().expect("nobody panics with it").push(format!("{name} {item}"));
        ready(match (name, item) {
            ("ship", "vase") => Err(Failure::rejected("the vase is broken")),
            ("charge", _) if activity.attempt() == 1 => Err(Failure::new("the bank is busy")),
            _ => Ok(()),
        })
    }
}

pub(crate) fn shop(builder: Builder, ledger: &Ledger) -> Builder {
    let names = ["reserve", "release", "charge", "refund", "ship"];
    let builder = builder.orchestration("order", order);
    names.into_iter().fold(builder, |builder, name| builder.activity(name, deed(ledger)))
}

/// Three orders: one goes well, one fails, one is cancelled. Returns how they ended.
pub(crate) async fn three_orders(tenure: &Tenure) -> Result<[String; 3], Error> {
    let (short, long) = (Duration::from_millis(50), Duration::from_secs(24 * 60 * 60));
    let order = |item: &str, cooling_off| Order { item: item.to_owned(), cooling_off };
    let book = tenure.run("order", &order("book", short)).await?;
    let book = book.result::<String>().await?;
    let vase = tenure.run("order", &order("vase", short)).await?;
    let vase = vase.result::<String>().await.expect_err("it cannot be shipped");
    let piano = tenure.run("order", &order("piano", long)).await?;
    piano.cancel("it does not fit through the door").await?;
    let piano = piano.result::<String>().await.expect_err("it was cancelled");
    Ok([book, vase.to_string(), piano.to_string()])
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let file = std::env::args_os().nth(1).unwrap_or_else(|| "orders.db".into());
    let tenure = shop(Tenure::at(file), &Ledger::default()).start().await?;
    for ended in three_orders(&tenure).await? {
        println!("{ended}");
    }
    tenure.stop().await;
    Ok(())
}
