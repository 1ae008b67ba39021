//! The runner's ear: events from the guard, and what follows its death.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::event::GuardEvent;
use crate::frame::decode_event;
use crate::link::{Inbox, Incoming};
use crate::tree::{self, Spared};

/// Forwards events until the tree is gone; kills what is left if the guard is lost.
pub(crate) fn start<E>(guard: Child, socket: OwnedFd, spared: Spared, events: Sender<E>) -> io::Result<()>
where
    E: From<GuardEvent> + Send + 'static,
{
    let tell = move |event: GuardEvent| {
        // A runner that no longer listens still wants its tree ended.
        drop(events.send(event.into()));
    };
    let listen = move || listen(guard, Inbox::new(socket), &spared, &tell);
    std::thread::Builder::new().name("guard events".to_owned()).spawn(listen).map(drop)
}

fn listen(mut guard: Child, mut inbox: Inbox, spared: &Spared, tell: &dyn Fn(GuardEvent)) {
    let finished = forward(&mut inbox, tell);
    if !finished {
        tell(GuardEvent::GuardLost);
        // Dead already, or it broke the protocol; either way it can no longer be trusted with the command.
        drop(guard.kill());
    }
    drop(guard.wait());
    if !finished {
        tree::kill_descendants(spared, Duration::ZERO);
    }
    tell(GuardEvent::TreeGone);
}

/// Whether the guard said that the tree is gone.
fn forward(inbox: &mut Inbox, tell: &dyn Fn(GuardEvent)) -> bool {
    while let Ok(Incoming::Frame(frame)) = inbox.next() {
        match decode_event(&frame) {
            Ok(GuardEvent::TreeGone) => return true,
            Ok(event) => tell(event),
            Err(_) => return false,
        }
    }
    false
}
