//! Agents in several processes, each conversation with its model warm in one of them.
//!
//! Two processes share one store. A conversation's turns run on its own *session*: all on the process that has its model
//! in memory. Between turns the conversation waits, at no cost, and its history begins anew. When a process dies, its
//! conversations go on in another one: that brings their models back from their last checkpoint.
//!
//! `cargo run --example warm_agents` starts two processes, kills one of them between two turns, and says what came of it.
#![expect(clippy::print_stdout, reason = "it tells people what happens")]

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure::{Activity, Builder, Error, Failure, Hold, Orchestration, Tenure};

/// A conversation between two turns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Conversation {
    /// How many turns there are in all.
    pub(crate) turns: u32,
    /// Which one comes next, from 1.
    pub(crate) turn: u32,
    /// Whether it waits for a signal before the next turn, besides the time.
    pub(crate) waits: bool,
    /// What was answered.
    pub(crate) answers: Vec<Answer>,
}

/// What the agent answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// In which process.
    pub(crate) process: String,
    /// How the process came to the conversation's model.
    pub(crate) model: String,
    /// How much the model remembered before.
    pub(crate) remembered: usize,
}

/// What a model remembers. Bringing one up is slow; asking one that is warm is not.
type Model = Vec<String>;

/// The models that are warm in this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Warm(Arc<Mutex<HashMap<String, Model>>>);

impl Warm {
    fn take(&self, key: &str) -> Option<Model> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    fn keep(&self, key: &str, model: Model) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), model);
    }
}

/// Where models are kept that may have to be brought back: one file for each conversation.
#[derive(Debug, Clone)]
struct Checkpoints(PathBuf);

impl Checkpoints {
    fn file(&self, key: &str) -> PathBuf {
        self.0.join(format!("{key}.json"))
    }

    fn load(&self, key: &str) -> Result<Option<Model>, Failure> {
        match std::fs::read(self.file(key)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(Failure::from),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A reader finds the old one or the new one, whenever this process dies.
    fn save(&self, key: &str, fence: u64, model: &Model) -> Result<(), Failure> {
        let draft = self.0.join(format!("{key}.{fence}.draft"));
        std::fs::write(&draft, serde_json::to_vec(model)?)?;
        std::fs::rename(draft, self.file(key))?;
        Ok(())
    }
}

/// One turn of the agent, where its model is warm, or is to be.
async fn answer(
    (process, warm, checkpoints): (String, Warm, Checkpoints),
    activity: Activity,
    question: String,
) -> Result<Answer, Failure> {
    let pin = activity.pin().ok_or_else(|| Failure::rejected("a turn runs on its conversation's session"))?;
    let kept = match pin.hold() {
        Hold::Held => warm.take(pin.key()),
        // Another process had it, or an earlier start of this one: nothing here is of use.
        Hold::Claimed | Hold::Resumed => None,
    };
    let (how, mut model) = match kept {
        Some(model) => ("warm", model),
        None => match checkpoints.load(pin.key())? {
            Some(model) => ("from its checkpoint", model),
            None => ("new", Model::new()),
        },
    };
    // A turn that is run again answers as it did.
    let remembered = model.iter().position(|known| *known == question).unwrap_or(model.len());
    if remembered == model.len() {
        model.push(question);
    }
    checkpoints.save(pin.key(), pin.fence(), &model)?;
    warm.keep(pin.key(), model);
    Ok(Answer { process, model: how.to_owned(), remembered })
}

/// A conversation: a turn, a wait, and so on with a new history.
async fn conversation(ctx: Orchestration, mut so_far: Conversation) -> Result<Vec<Answer>, Failure> {
    let question = format!("question {}", so_far.turn);
    let answer = ctx.activity("answer", &question).on_own_session().exclusive().attempts(3);
    so_far.answers.push(answer.await?);
    if so_far.turn == so_far.turns {
        return Ok(so_far.answers);
    }
    ctx.set_status(&format!("waits for turn {}", so_far.turn + 1))?;
    if so_far.waits {
        ctx.signal::<()>("go on").await?;
    }
    ctx.sleep(Duration::from_millis(50)).await?;
    so_far.turn += 1;
    Err(ctx.continue_as_new(&so_far))
}

/// One process of the service.
pub(crate) fn process(builder: Builder, name: &str, directory: &Path) -> Builder {
    let (warm, checkpoints) = (Warm::default(), Checkpoints(directory.to_owned()));
    let (lost, process) = (warm.clone(), name.to_owned());
    builder
        .worker_id(name)
        .on_lost(move |key| drop(lost.take(key)))
        .orchestration("conversation", conversation)
        .activity("answer", move |activity, question| {
            answer((process.clone(), warm.clone(), checkpoints.clone()), activity, question)
        })
}

/// Starts conversations, and waits until each has had its first turn.
pub(crate) async fn converse(client: &Tenure, numbers: Range<usize>) -> Result<(), Error> {
    for number in numbers.clone() {
        let begin = Conversation { turns: 3, turn: 1, waits: true, answers: Vec::new() };
        client.run("conversation", &begin).id(&format!("talk-{number}")).await?;
    }
    for number in numbers {
        let talk = client.instance(&format!("talk-{number}")).await?;
        let mut status = talk.status().await?;
        while status.text.as_deref() != Some("waits for turn 2") && !status.has_ended {
            status = talk.status_after(status.changes).await?;
        }
    }
    Ok(())
}

/// Lets the conversations go on to their end.
pub(crate) async fn go_on(client: &Tenure, numbers: Range<usize>) -> Result<Vec<Vec<Answer>>, Error> {
    let mut all = Vec::new();
    for number in numbers {
        let talk = client.instance(&format!("talk-{number}")).await?;
        // One signal for each wait; the second is kept until it is waited for.
        talk.signal("go on", &()).await?;
        talk.signal("go on", &()).await?;
        all.push(talk.result().await?);
    }
    Ok(all)
}

/// Starts this program again, as one of the service's processes.
fn start_process(name: &str, directory: &Path) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(directory).arg(name).stdin(Stdio::null()).spawn()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let directory = arguments.next().map_or_else(|| PathBuf::from("agents"), PathBuf::from);
    std::fs::create_dir_all(&directory)?;
    let file = directory.join("agents.db");
    if let Some(name) = arguments.next() {
        let tenure = process(Tenure::at(file), &name.to_string_lossy(), &directory).start().await?;
        // It goes on until it is killed, or drained: `tenure worker drain NAME`.
        tenure.stopped().await;
        return Ok(());
    }
    let client = Tenure::at(file).connect()?;
    let mut two = start_process("two", &directory)?;
    converse(&client, 0..3).await?;
    let mut one = start_process("one", &directory)?;
    converse(&client, 3..6).await?;
    println!("every conversation has had a turn; process two is killed");
    two.kill()?;
    two.wait()?;
    for (number, answers) in go_on(&client, 0..6).await?.into_iter().enumerate() {
        println!("conversation {number}:");
        for Answer { process, model, remembered } in answers {
            println!("  answered by {process}, with a model that was {model} and remembered {remembered}");
        }
    }
    one.kill()?;
    one.wait()?;
    Ok(())
}
