//! A run whose store is full says so once, and ends when told to.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStderr, Command, ExitStatus, Stdio};

use rustix::process::Signal;

use super::world::{Process, World};

/// A run that prints more than its store may grow to, and what it says to people.
struct Cramped {
    runner: Process,
    said: BufReader<ChildStderr>,
}

impl Cramped {
    /// The limit on the size of files gives the same error as a full disk.
    fn start(world: &World) -> Self {
        let run = ["run", "--key", "job", "--ttl", "2s", "--grace", "100ms", "--"];
        let tenure = world.tenure(&run);
        let mut command = Command::new("sh");
        command.envs(tenure.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.args(["-c", "trap '' XFSZ; ulimit -f 3000; exec \"$@\"", "sh"]).arg(tenure.get_program());
        command.args(tenure.get_args()).arg("yes");
        let mut runner =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(runner.stderr.take().unwrap());
        Self { runner: Process(runner), said }
    }

    fn says(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    /// How it ends, and what it says until then.
    fn ends(mut self) -> (ExitStatus, Vec<String>) {
        let status = self.runner.end();
        (status, self.said.lines().map(Result::unwrap).collect())
    }
}

/// What is stored is a beginning of what was printed, and sound.
fn is_sound(world: &World) {
    let recorded = world.ok(&["events", "job", "--raw"]);
    assert!(recorded.len() > 100_000, "{} bytes", recorded.len());
    assert!(recorded.bytes().zip(b"y\n".iter().cycle()).all(|(found, printed)| found == *printed));
    assert!(world.ok(&["doctor", "--deep"]).contains("Everything is as it should be."));
}

#[test]
fn it_says_once_that_it_waits_and_ends_when_it_is_told_to() {
    for signal in [Signal::TERM, Signal::INT] {
        let world = World::new();
        let mut run = Cramped::start(&world);
        let waits = run.says();
        assert!(waits.contains("recording waits") && waits.contains("no space left"), "{waits}");
        run.runner.send(signal);
        let (status, said) = run.ends();
        // There may still be room for the end, which is small.
        let goes_on = |line: &String| line.contains("is paused; go on with it");
        let is_recorded = said.iter().all(goes_on) && status.signal() == Some(signal.as_raw());
        let is_told = matches!(&said[..], [one] if one.contains("failed to record the session's end"));
        assert!(is_recorded || (is_told && status.code() == Some(1)), "{status:?}: {said:?}");
        is_sound(&world);
    }
}

#[test]
fn it_ends_by_itself_once_it_cannot_keep_its_lease() {
    let world = World::new();
    let run = Cramped::start(&world);
    let (status, said) = run.ends();
    assert_eq!(said.iter().filter(|line| line.contains("recording waits")).count(), 1, "{said:?}");
    assert!(said.iter().any(|line| line.contains("could not be renewed in time")), "{said:?}");
    let last = said.last().unwrap();
    assert!(
        last.contains("failed to record the session's end") && last.contains("were not recorded"),
        "{said:?}"
    );
    assert_eq!(status.code(), Some(1));
    is_sound(&world);
}
