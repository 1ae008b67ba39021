//! Two machines and a server, in namespaces of their own; a link is cut.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::world::{Process, World, told, until};

/// Where the server listens: an address of its own machine that is on neither link.
const SERVER: &str = "10.77.0.1";
const KEY: &str = "job";
const TTL: &str = "3s";

/// Writes its fence and the boot-time clock, again and again, as two processes that ignore SIGTERM, of which one has
/// left the session and the process group.
const STUBBORN: &str = "
import os, signal, time
for name in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(name, signal.SIG_IGN)
out = os.open(os.environ['EFFECTS'], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
if os.fork() == 0:
    os.setsid()
who = os.getpid()
while True:
    at = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    os.write(out, ('%s %d %d\\n' % (os.environ['TENURE_FENCE'], who, at)).encode())
    time.sleep(0.002)
";

/// A network namespace, which goes with this. What is in it must have ended before.
struct Machine {
    name: String,
}

impl Machine {
    fn new(name: &str) -> Self {
        let machine = Self { name: format!("tenure-{}-{name}", std::process::id()) };
        ip(&["netns", "add", &machine.name]);
        machine.ip(&["link", "set", "lo", "up"]);
        machine
    }

    /// `ip` within it.
    fn ip(&self, words: &[&str]) {
        ip(&[&["-n", &self.name], words].concat());
    }

    /// The same command within it.
    fn within(&self, command: &Command) -> Command {
        let mut within = Command::new("ip");
        within.args(["netns", "exec", &self.name]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => within.env(name, value),
                None => within.env_remove(name),
            };
        }
        within.current_dir(command.get_current_dir().unwrap()).stdin(Stdio::null());
        within
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(Command::new("ip").args(["netns", "delete", &self.name]).output());
    }
}

/// Changes what networks there are. A machine that cannot do that cannot show what these tests are for.
fn ip(words: &[&str]) {
    let output = Command::new("ip").args(words).output();
    let output = output.unwrap_or_else(|error| panic!("`ip` of iproute2 is needed by this test: {error}"));
    let line = words.join(" ");
    assert!(
        output.status.success(),
        "this test needs root and network namespaces: ip {line}: {}",
        told(&output)
    );
}

/// A machine with a storage directory of its own, linked to the server's machine.
struct Host {
    // Processes first: what holds a namespace keeps it alive.
    world: World,
    machine: Machine,
    url: String,
    token: String,
}

impl Host {
    /// `tenure` there, told of the server.
    fn tenure(&self, words: &[&str]) -> Command {
        let mut tenure = self.world.tenure(words);
        tenure.env("TENURE_SERVER", &self.url).env("TENURE_TOKEN", &self.token);
        self.machine.within(&tenure)
    }

    fn succeeds(&self, words: &[&str]) {
        let output = self.answer(words);
        assert!(output.status.success(), "{words:?}: {}", told(&output));
    }

    fn answer(&self, words: &[&str]) -> Output {
        self.tenure(words).output().unwrap()
    }

    /// A run of the stubborn command there, whose words are read at its end.
    fn runs(&self, options: &[&str], effects: &Effects) -> Process {
        let times = ["run", "--key", KEY, "--ttl", TTL, "--grace", "100ms"];
        let words = [&times[..], options, &["--", "python3", "-c", STUBBORN]].concat();
        let mut tenure = self.tenure(&words);
        tenure.env("EFFECTS", &effects.0).stdout(Stdio::null()).stderr(Stdio::piped());
        Process(tenure.spawn().unwrap())
    }
}

/// The server, and two machines that reach nothing but it.
struct Network {
    _server: Process,
    a: Host,
    b: Host,
    keeper: World,
    /// The end of each link at the server, in this namespace.
    hub: Machine,
}

impl Network {
    fn new() -> Self {
        let (keeper, hub) = (World::new(), Machine::new("s"));
        hub.ip(&["address", "add", &format!("{SERVER}/32"), "dev", "lo"]);
        let token = keeper.ok(&["token", "create", "--principal", "x", "--role", "owner"]);
        let token = token
            .split_whitespace()
            .find(|word| word.starts_with("tnr_"))
            .unwrap_or_else(|| panic!("{token}"));
        let serve = ["serve", "--log-level", "error", "--listen", &format!("{SERVER}:0")];
        let mut serve = hub.within(&keeper.tenure(&serve));
        let child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Process(child);
        let said = server.line();
        let url = said.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("it serves nowhere: {said}")).trim_end_matches([',', '.']);
        let host = |name: &str, net: u8| {
            let machine = Machine::new(name);
            linked(&hub, &machine, (&format!("to-{name}"), net));
            Host { world: World::new(), machine, url: url.to_owned(), token: token.to_owned() }
        };
        let (a, b) = (host("a", 1), host("b", 2));
        Self { _server: server, a, b, keeper, hub }
    }
}

impl Network {
    /// In the session's log, as the server's machine has it.
    fn has_nothing_of_the_first_after_the_second_began(&self) {
        let log = self.keeper.json(&["events", KEY]);
        let fences: Vec<_> = log.iter().filter_map(|event| event["fence"].as_u64()).collect();
        assert!(fences.is_sorted() && fences.contains(&1) && fences.contains(&2), "{fences:?}");
        self.keeper.ok(&["doctor", "--deep"]);
    }
}

/// A link called `name` at the hub, whose end is called `uplink` at the machine, and a way to the server over it.
fn linked(hub: &Machine, machine: &Machine, (name, net): (&str, u8)) {
    let veth = ["type", "veth", "peer", "name", "uplink", "netns", &machine.name];
    hub.ip(&[&["link", "add", "name", name][..], &veth].concat());
    hub.ip(&["address", "add", &format!("10.77.{net}.1/24"), "dev", name]);
    machine.ip(&["address", "add", &format!("10.77.{net}.2/24"), "dev", "uplink"]);
    hub.ip(&["link", "set", name, "up"]);
    machine.ip(&["link", "set", "uplink", "up"]);
    machine.ip(&[&["route", "add"][..], &way(net).each_ref().map(String::as_str)].concat());
}

/// To the server, over the link of that number.
fn way(net: u8) -> [String; 3] {
    [format!("{SERVER}/32"), "via".to_owned(), format!("10.77.{net}.1")]
}

/// What the commands of all machines have written, in the order in which they did.
struct Effects(PathBuf);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Effect {
    fence: u64,
    by: u64,
    at: u64,
}

impl Effects {
    fn all(&self) -> Vec<Effect> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let effect = |line: &str| {
            let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
            let [fence, by, at] = [(); 3].map(|()| numbers.next().unwrap());
            Effect { fence, by, at }
        };
        whole.lines().map(effect).collect()
    }

    /// Waits until two processes have written under this fence.
    fn begun(&self, fence: u64) {
        until("side effects of two processes", || {
            let all = self.all();
            let mut by: Vec<_> =
                all.iter().filter(|effect| effect.fence == fence).map(|effect| effect.by).collect();
            by.sort_unstable();
            by.dedup();
            (by.len() == 2).then_some(())
        });
    }

    /// At every moment, one holder's command wrote: in the file's order, and by the clock that all of them read.
    fn are_of_one_holder_at_a_time(&self) {
        let all = self.all();
        let turn = all.iter().position(|effect| effect.fence != 1).unwrap();
        let (before, after) = all.split_at(turn);
        assert!(
            after.iter().all(|effect| effect.fence == 2),
            "an old side effect came after the takeover's first"
        );
        let last = before.iter().map(|effect| effect.at).max().unwrap();
        let first = after.iter().map(|effect| effect.at).min().unwrap();
        assert!(last < first, "the old command wrote at {last}, the new one at {first} already");
    }
}

/// What the runner says at its end, and how it ends.
fn end(mut runner: Process) -> (Option<i32>, String) {
    let status = runner.end();
    let mut said = String::new();
    std::io::Read::read_to_string(runner.0.stderr.as_mut().unwrap(), &mut said).unwrap();
    (status.code(), said)
}

/// A holder that is cut off by `set` is stopped before the next begins, and learns of it once the link is up again.
fn a_holder_is_cut_off(set: impl Fn(&Network, &str)) {
    let network = Network::new();
    let Network { a, b, .. } = &network;
    let effects = Effects(network.keeper.path("effects"));
    let first = a.runs(&[], &effects);
    effects.begun(1);
    let refused = b.answer(&["run", "--key", KEY, "--output", "json", "--", "true"]);
    assert_eq!(refused.status.code(), Some(3), "{}", told(&refused));
    assert!(String::from_utf8_lossy(&refused.stdout).contains("\"HELD\""), "{}", told(&refused));

    set(&network, "down");
    let mut second = b.runs(&["--if-held", "wait", "--takeover", "the machine is away"], &effects);
    effects.begun(2);
    effects.are_of_one_holder_at_a_time();

    set(&network, "up");
    let (code, said) = end(first);
    assert!(said.contains("the lease could not be renewed in time: the command is being stopped"), "{said}");
    // Who is cut off for longer than a runner tries to be heard is not told who is in its place.
    match code {
        Some(3) => assert!(said.contains("was taken over by") && said.contains("(fence 2)"), "{said}"),
        code => assert!(
            code == Some(1) && said.contains("failed to record the session's end"),
            "{code:?}: {said}"
        ),
    }
    b.succeeds(&["stop", KEY]);
    assert_eq!(second.end().signal(), Some(9), "it ends as its command, which had to be killed");
    effects.are_of_one_holder_at_a_time();
    network.has_nothing_of_the_first_after_the_second_began();
}

#[test]
fn a_machine_whose_link_is_cut_stops_its_command_before_another_begins() {
    a_holder_is_cut_off(|network, state| {
        let machine = &network.a.machine;
        machine.ip(&["link", "set", "uplink", state]);
        if state == "up" {
            // It went with the link.
            machine.ip(&[&["route", "add"][..], &way(1).each_ref().map(String::as_str)].concat());
        }
    });
}

#[test]
fn a_machine_that_hears_nothing_more_stops_its_command_before_another_begins() {
    a_holder_is_cut_off(|network, state| network.hub.ip(&["link", "set", "to-a", state]));
}
