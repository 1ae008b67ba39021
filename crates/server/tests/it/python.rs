//! The example worker in Python: pinned work, killed in between, and started again.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tenure::{Failure, Orchestration, Tenure};

use crate::support::Server;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Greeting {
    text: String,
    said: Vec<String>,
    hold: String,
    pid: u32,
}

/// Greets whoever is named, one after the other, and waits for a word in between.
async fn conversation(ctx: Orchestration, names: Vec<String>) -> Result<Vec<Greeting>, Failure> {
    let mut greetings = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            ctx.signal::<()>("next").await?;
        }
        let greeting = ctx.activity("greet", name).on_session("conversation").on_queue("python");
        greetings.push(greeting.await?);
        ctx.set_status(&format!("{} greeted", at + 1))?;
    }
    Ok(greetings)
}

/// The worker, once it is ready; ended with the test.
struct Worker(Child);

impl Worker {
    fn start(server: &Server) -> Self {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/worker.py");
        let mut command = Command::new("python3");
        command.args([example, &format!("http://{}", server.address), "greeter"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }

    fn kill(mut self) {
        kill_process(Pid::from_child(&self.0), Signal::KILL).unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_a_key_finds_it_warm_until_its_worker_is_killed() {
    let server = Server::open().await;
    let tenure = Tenure::at(server.home.path().join("tenure.db"));
    let tenure = tenure.orchestration("conversation", conversation).start().await.unwrap();
    let worker = Worker::start(&server);
    let instance = tenure.run("conversation", &["Ann", "Bob", "Cid"]).id("talk").await.unwrap();
    instance.status_after(0).await.unwrap();
    instance.signal("next", &()).await.unwrap();
    instance.status_after(1).await.unwrap();
    worker.kill();
    let _again = Worker::start(&server);
    instance.signal("next", &()).await.unwrap();
    let told = loop {
        let told = server.get("/v1/orchestrations/talk/result?wait_ms=30000").send().await.is(200);
        if told["outcome"] != "running" {
            break told;
        }
    };
    assert_eq!(told["outcome"], "completed", "{told}");
    let greetings: Vec<Greeting> = serde_json::from_value(told["output"].clone()).unwrap();
    let seen: Vec<_> = greetings.iter().map(|each| (each.hold.as_str(), each.said.join(" "))).collect();
    let expected =
        [("claimed", "Ann".to_owned()), ("held", "Ann Bob".to_owned()), ("resumed", "Cid".to_owned())];
    assert_eq!(seen, expected);
    assert_eq!(greetings[0].pid, greetings[1].pid);
    assert_ne!(greetings[1].pid, greetings[2].pid);
    let history = server.get("/v1/orchestrations/talk/history").send().await.is(200);
    let kinds = history["data"].as_array().unwrap().iter();
    let completed = kinds.filter(|fact| fact["type"] == "TaskCompleted").count();
    assert_eq!(completed, 3, "each activity has one result");
    drop(instance);
    tenure.stop().await;
}
