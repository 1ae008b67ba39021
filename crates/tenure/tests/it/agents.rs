//! The agents' service with two processes, one of which is killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tenure::Tenure;

use crate::warm_agents::{converse, go_on, process};

/// Tell the process that is killed where it works, and its name.
const DIRECTORY: &str = "TENURE_AGENTS_DIRECTORY";
const NAME: &str = "TENURE_AGENTS_NAME";

#[expect(clippy::disallowed_methods, reason = "a process that is started for a test is told what it is for")]
fn told() -> Option<(PathBuf, String)> {
    Some((std::env::var_os(DIRECTORY)?.into(), std::env::var(NAME).ok()?))
}

#[tokio::test]
#[ignore = "started by the other test"]
async fn answers_until_it_is_killed() {
    let Some((directory, name)) = told() else { return };
    let tenure = process(Tenure::at(directory.join("agents.db")), &name, &directory).start().await.unwrap();
    tenure.stopped().await;
}

/// A process of the service. It goes with the test.
struct Process(Child);

impl Process {
    fn start(name: &str, directory: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "agents::answers_until_it_is_killed", "--ignored"]);
        command.env(DIRECTORY, directory).env(NAME, name);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// R-S1, R-G: a process is killed between two turns, and its conversations go on from their checkpoints.
#[tokio::test]
async fn conversations_of_a_killed_process_go_on_in_another_from_their_checkpoints() {
    let directory = tempfile::tempdir().unwrap();
    let client = Tenure::at(directory.path().join("agents.db")).connect().unwrap();
    let two = Process::start("two", directory.path());
    converse(&client, 0..3).await.unwrap();
    let one = Process::start("one", directory.path());
    converse(&client, 3..6).await.unwrap();
    drop(two);
    for (number, answers) in go_on(&client, 0..6).await.unwrap().into_iter().enumerate() {
        let told: Vec<_> =
            answers.iter().map(|answer| (answer.process.as_str(), answer.model.as_str())).collect();
        let before = told[0].0;
        assert!(number >= 3 || before == "two", "{told:?}");
        let second = if before == "two" { "from its checkpoint" } else { "warm" };
        assert_eq!(told, [(before, "new"), ("one", second), ("one", "warm")], "conversation {number}");
        let remembered: Vec<_> = answers.iter().map(|answer| answer.remembered).collect();
        assert_eq!(remembered, [0, 1, 2]);
    }
    drop(one);
}
