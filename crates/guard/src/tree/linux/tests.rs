//! Tests of the linux module.

use rustix::process::{Pid, getpid, getppid};

use super::super::jobs::Job;
use super::{State, parent_of};

#[test]
fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
    let text = b"42 (a) b (c) T 7 42 40 34816 99 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 1000 2 3";
    let state = State::parse(text).unwrap();
    assert!(state.is_stopped());
    assert_eq!(state.parent, Pid::from_raw(7));
    assert_eq!(state.job, Job { group: 42, session: 40 });
    assert_eq!(state.started, 123_456);
}

#[test]
fn text_cut_short_is_no_state() {
    assert_eq!(State::parse(b"42 (a) T 7 42"), None);
    assert_eq!(State::parse(b""), None);
}

#[test]
fn this_process_is_as_the_kernel_says() {
    let state = State::of(getpid()).unwrap();
    assert_eq!(parent_of(getpid()), getppid());
    assert!(!state.is_dead() && !state.is_stopped());
    assert!(state.started > 0);
}
