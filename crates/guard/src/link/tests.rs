//! Tests of the link module.

use std::os::fd::AsFd;

use super::{Inbox, Incoming, pair, send, try_send};
use crate::control::ControlError;
use crate::frame::FRAME_MAX;

fn frame(inbox: &mut Inbox) -> Vec<u8> {
    match inbox.try_next() {
        Ok(Incoming::Frame(frame)) => frame,
        other => panic!("no frame: {other:?}"),
    }
}

#[test]
fn frames_of_two_writers_stay_whole_and_in_order() {
    let (near, far) = pair().unwrap();
    let second = near.try_clone().unwrap();
    let mut inbox = Inbox::new(far);
    for round in 0..5_u8 {
        send(&near, &[round; 10], &[]).unwrap();
        send(&second, &[round; 3], &[]).unwrap();
        assert_eq!(frame(&mut inbox), [round; 10]);
        assert_eq!(frame(&mut inbox), [round; 3]);
    }
}

#[test]
fn the_longest_frame_passes() {
    let (near, far) = pair().unwrap();
    let long = vec![7; FRAME_MAX];
    send(&near, &long, &[]).unwrap();
    assert_eq!(frame(&mut Inbox::new(far)), long);
}

#[test]
fn descriptors_come_with_their_frame_and_are_closed_on_exec() {
    let (near, far) = pair().unwrap();
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    send(&near, b"xx", &[writer.as_fd()]).unwrap();
    drop(writer);
    let mut inbox = Inbox::new(far);
    frame(&mut inbox);
    let passed = inbox.take_descriptors();
    assert_eq!(passed.len(), 1);
    assert!(rustix::io::fcntl_getfd(&passed[0]).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    rustix::io::write(&passed[0], b"hello").unwrap();
    drop(passed);
    let mut got = [0; 8];
    assert_eq!(rustix::io::read(&reader, &mut got).unwrap(), 5);
    assert_eq!(rustix::io::read(&reader, &mut got).unwrap(), 0);
}

#[test]
fn closed_only_when_every_writer_is_gone() {
    let (near, far) = pair().unwrap();
    let second = near.try_clone().unwrap();
    let mut inbox = Inbox::new(far);
    drop(near);
    assert!(matches!(inbox.try_next(), Ok(Incoming::Nothing)));
    drop(second);
    assert!(matches!(inbox.try_next(), Ok(Incoming::Closed)));
}

#[test]
fn a_gone_reader_is_told() {
    let (near, far) = pair().unwrap();
    drop(far);
    assert!(matches!(send(&near, b"xx", &[]), Err(ControlError::Gone)));
}

#[test]
fn a_reader_that_does_not_read_is_not_waited_for_forever() {
    let (near, _far) = pair().unwrap();
    while try_send(&near, &[0; 64], &[]).is_ok() {}
    assert!(matches!(send(&near, &[0; 64], &[]), Err(ControlError::Stuck)));
}
