//! An approval: whoever does not answer in time is passed over.
//!
//! The next one is asked then. The wait is a durable timer that races a signal: it goes on through restarts, for weeks if
//! it must.
//! `cargo run -p tenure --example approval -- FILE.db`
#![expect(clippy::print_stdout, reason = "it tells people what happens")]

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure::{Activity, Builder, Either, Error, Failure, Orchestration, Tenure, race};
use tokio::sync::mpsc;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) what: String,
    /// Who is asked, one after the other.
    pub(crate) approvers: Vec<String>,
    /// How long each of them has time to answer.
    pub(crate) patience: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) by: String,
    pub(crate) is_approved: bool,
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Decision {
    Approved { by: String },
    Refused { by: String },
    NobodyAnswered,
}

/// The orchestration.
pub(crate) async fn approval(ctx: Orchestration, request: Request) -> Result<Decision, Failure> {
    for approver in &request.approvers {
        ctx.set_status(&format!("waiting for {approver}"))?;
        ctx.activity::<()>("ask", &(approver, &request.what)).attempts(5).await?;
        match race(ctx.signal::<Answer>("answer"), ctx.sleep(request.patience)).await {
            Either::Left(answer) => {
                let Answer { by, is_approved } = answer?;
                return Ok(if is_approved { Decision::Approved { by } } else { Decision::Refused { by } });
            }
            // The signal is no longer waited for: an answer that comes now is the next wait's.
            Either::Right(passed) => passed?,
        }
    }
    Ok(Decision::NobodyAnswered)
}

/// Who was asked, by which instance.
pub(crate) type Asked = (String, String);

/// What runs approvals. A real `ask` sends a mail; this one puts a letter into `letters`.
pub(crate) fn office(builder: Builder, letters: mpsc::UnboundedSender<Asked>) -> Builder {
    let ask = move |activity: Activity, (approver, what): (String, String)| {
        println!("  dear {approver}, may we have {what}?");
        let sent = letters.send((activity.session().to_owned(), approver));
        std::future::ready(sent.map_err(|_closed| Failure::new("the office is closed")))
    };
    builder.orchestration("approval", approval).activity("ask", ask)
}

/// Three requests. Ada says yes, the boss says no, Bob is on holiday. Returns what came of them.
pub(crate) async fn three_requests(
    tenure: &Tenure,
    mut letters: mpsc::UnboundedReceiver<Asked>,
    patience: Duration,
) -> Result<[Decision; 3], Error> {
    let request = |what: &str, approvers: &[&str]| {
        let approvers = approvers.iter().copied().map(str::to_owned).collect();
        Request { what: what.to_owned(), approvers, patience }
    };
    let chair = tenure.run("approval", &request("a new chair", &["Ada", "the boss"])).await?;
    let yacht = tenure.run("approval", &request("a yacht", &["Bob", "the boss"])).await?;
    let lunch = tenure.run("approval", &request("lunch", &["Bob"])).await?;
    let answers = async {
        while let Some((instance, by)) = letters.recv().await {
            if by != "Bob" {
                let is_approved = by == "Ada";
                tenure.instance(&instance).await?.signal("answer", &Answer { by, is_approved }).await?;
            }
        }
        Ok::<_, Error>(())
    };
    let decisions = async { Ok([chair.result().await?, yacht.result().await?, lunch.result().await?]) };
    match race(std::pin::pin!(decisions), answers).await {
        Either::Left(decisions) => decisions,
        Either::Right(answers) => answers.map(|()| unreachable!("the office is open")),
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let file = std::env::args_os().nth(1).unwrap_or_else(|| "approvals.db".into());
    let (letters, box_of_letters) = mpsc::unbounded_channel();
    let tenure = office(Tenure::at(file), letters).start().await?;
    for decision in three_requests(&tenure, box_of_letters, Duration::from_millis(500)).await? {
        println!("{decision:?}");
    }
    tenure.stop().await;
    Ok(())
}
