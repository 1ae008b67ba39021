//! Tests of the frame module.

use super::{FrameError, ToGuard, VERSION, decode_event, encode_event, step, step_number};
use crate::event::{StartFailure, StartStep};
use crate::{BootTime, Ended, GuardEvent};

fn frames() -> Vec<ToGuard> {
    vec![
        ToGuard::Plan(vec![1, 2, 3]),
        ToGuard::Plan(Vec::new()),
        ToGuard::Start { deadline: BootTime::from_nanos(9) },
        ToGuard::Deadline(BootTime::NEVER),
        ToGuard::Signal { signal: 15, foreground: true },
        ToGuard::Signal { signal: 2, foreground: false },
        ToGuard::Resume,
        ToGuard::Keys { given: true },
        ToGuard::Keys { given: false },
        ToGuard::Yield { join: 6, to: 5 },
        ToGuard::Freeze,
        ToGuard::Thaw,
        ToGuard::Stop,
        ToGuard::Exec { parent: 12 },
    ]
}

fn events() -> Vec<GuardEvent> {
    vec![
        GuardEvent::Started { pid: 4 },
        GuardEvent::Failed(StartFailure { step: StartStep::Exec, errno: 2 }),
        GuardEvent::Stopped { signal: 20 },
        GuardEvent::Continued,
        GuardEvent::Frozen,
        GuardEvent::Thawed,
        GuardEvent::Exited(Ended::Code(3)),
        GuardEvent::Exited(Ended::Signal(9)),
        GuardEvent::Overdue { at: BootTime::from_nanos(1 << 40) },
        GuardEvent::TreeGone,
        GuardEvent::GuardLost,
    ]
}

#[test]
fn frames_survive_their_bytes() {
    for frame in frames() {
        assert_eq!(ToGuard::decode(&frame.encode()), Ok(frame));
    }
    for event in events() {
        assert_eq!(decode_event(&encode_event(event)), Ok(event));
    }
}

#[test]
fn frames_cut_or_lengthened_are_refused() {
    for frame in frames() {
        let mut bytes = frame.encode();
        for length in 0..bytes.len() {
            assert!(ToGuard::decode(&bytes[..length]).is_err(), "{frame:?} cut at {length}");
        }
        bytes.push(0);
        assert_eq!(ToGuard::decode(&bytes), Err(FrameError::Long), "{frame:?}");
    }
}

#[test]
fn another_version_is_refused() {
    let mut bytes = ToGuard::Stop.encode();
    bytes[0] = VERSION + 1;
    assert_eq!(ToGuard::decode(&bytes), Err(FrameError::Version));
    assert_eq!(decode_event(&bytes), Err(FrameError::Version));
}

#[test]
fn every_step_has_its_number() {
    for number in 0..9 {
        assert_eq!(step(number).map(step_number), Ok(number));
    }
    assert_eq!(step(9), Err(FrameError::Value));
}
