//! Tests of the plan module.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use super::{Plan, Seat};
use crate::frame::FrameError;

fn plan() -> Plan {
    Plan {
        stage: (PathBuf::from("/bin/tenure"), vec!["__stage".into()]),
        argv: vec!["sh".into(), OsString::from_vec(vec![0xff, b' ', 0x1b]), OsString::new()],
        cwd: PathBuf::from("/tmp"),
        env: vec![("A".into(), Some("b=c".into())), ("GONE".into(), None), ("EMPTY".into(), Some("".into()))],
        seat: Seat::Group(77),
        grace: Duration::from_millis(1_500),
        shared_locks: vec!["/run/gate".into(), "/run/write".into()],
    }
}

#[test]
fn a_plan_survives_its_bytes() {
    assert_eq!(Plan::decode(&plan().encode()), Ok(plan()));
    let inherited = Plan { seat: Seat::BirthGroup, ..plan() };
    assert_eq!(Plan::decode(&inherited.encode()), Ok(inherited));
    let terminal = Plan { seat: Seat::Terminal { foreground: true }, ..plan() };
    assert_eq!(Plan::decode(&terminal.encode()), Ok(terminal));
}

#[test]
fn a_plan_cut_anywhere_is_refused() {
    let bytes = plan().encode();
    for length in 0..bytes.len() {
        assert_eq!(Plan::decode(&bytes[..length]), Err(FrameError::Short), "cut at {length}");
    }
}

#[test]
fn a_plan_without_a_program_is_refused() {
    let empty = Plan { argv: Vec::new(), ..plan() };
    assert_eq!(Plan::decode(&empty.encode()), Err(FrameError::Value));
}

#[test]
fn bytes_after_a_plan_are_refused() {
    let mut bytes = plan().encode();
    bytes.push(0);
    assert_eq!(Plan::decode(&bytes), Err(FrameError::Long));
}
