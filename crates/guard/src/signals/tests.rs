//! Tests of the signals module.

use std::sync::mpsc;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGUSR2, SIGWINCH};
use signal_hook::low_level::raise;

use super::watch::Signals;
use super::{Caught, Route, Sender};

fn route(signal: i32, from: Sender, own_terminal: bool) -> Route {
    Caught { signal, from }.route(own_terminal)
}

#[test]
fn a_key_reaches_a_piped_command_once() {
    for signal in [SIGINT, SIGTSTP, SIGHUP] {
        assert_eq!(route(signal, Sender::Kernel, false), Route::Nothing);
        assert_eq!(route(signal, Sender::Kernel, true), Route::Foreground);
    }
}

#[test]
fn a_signal_sent_to_the_runner_reaches_the_command() {
    for own_terminal in [false, true] {
        assert_eq!(route(SIGTERM, Sender::Process(1), own_terminal), Route::Command);
        assert_eq!(route(SIGINT, Sender::Process(1), own_terminal), Route::Command);
    }
}

#[test]
fn the_runners_own_stop_signal_goes_nowhere() {
    assert_eq!(route(SIGTSTP, Sender::Process(std::process::id()), true), Route::Nothing);
}

#[test]
fn an_unknown_sender_of_sigint_is_a_key_and_of_sigterm_a_process() {
    assert_eq!(route(SIGINT, Sender::Unknown, false), Route::Nothing);
    assert_eq!(route(SIGTERM, Sender::Unknown, false), Route::Command);
}

#[test]
fn resizing_and_continuing_refresh_the_terminal() {
    for signal in [SIGWINCH, SIGCONT] {
        assert_eq!(route(signal, Sender::Kernel, true), Route::Refresh);
        assert_eq!(route(signal, Sender::Process(1), false), Route::Nothing);
    }
}

#[test]
fn what_comes_right_before_the_end_is_told() {
    for round in 0..1000 {
        let (events, heard) = mpsc::channel::<Caught>();
        let signals = Signals::watch(&events).unwrap();
        raise(SIGUSR2).unwrap();
        drop((signals, events));
        let heard: Vec<_> = heard.iter().map(|caught| caught.signal).collect();
        assert_eq!(heard, [SIGUSR2], "in round {round}");
    }
}
