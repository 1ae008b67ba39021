//! What the runner says, done.

use rustix::process::{Signal, kill_process, kill_process_group};

use super::Watchman;
use crate::GuardEvent;
use crate::frame::ToGuard;
use crate::link::Incoming;
use crate::plan::Seat;

/// Frames read before the clock is looked at again.
const FRAMES_A_TURN: usize = 64;

impl Watchman {
    /// A runner that is gone, or is not understood, ends the tree.
    pub(super) fn hear_runner(&mut self) {
        for _ in 0..FRAMES_A_TURN {
            let Some(inbox) = &mut self.inbox else { return };
            match inbox.try_next() {
                Ok(Incoming::Nothing) => return,
                Ok(Incoming::Frame(frame)) => match ToGuard::decode(&frame) {
                    Ok(frame) => self.obey(&frame),
                    Err(_) => self.lose_runner(),
                },
                Ok(Incoming::Closed) | Err(_) => self.lose_runner(),
            }
        }
    }

    fn lose_runner(&mut self) {
        self.inbox = None;
        self.end();
    }

    fn obey(&mut self, frame: &ToGuard) {
        match *frame {
            ToGuard::Deadline(deadline) => self.ending.extend(deadline),
            ToGuard::Stop => self.end(),
            ToGuard::Signal { signal, foreground } => self.pass_signal(signal, foreground),
            ToGuard::Resume => self.resume(),
            ToGuard::Keys { given } => self.pass_keys(given),
            ToGuard::Freeze => self.freeze(),
            ToGuard::Thaw => {
                self.freezer.thaw();
                self.outbox.push(GuardEvent::Thawed);
            }
            ToGuard::Plan(_) | ToGuard::Start { .. } | ToGuard::Exec { .. } | ToGuard::Yield { .. } => {
                self.lose_runner();
            }
        }
    }

    fn freeze(&mut self) {
        // A tree that is being ended must stay able to end.
        if let Some(main) = self.main.filter(|_| self.ending.is_living()) {
            self.freezer.freeze(main);
            self.outbox.push(GuardEvent::Frozen);
        }
    }

    fn pass_signal(&self, signal: i32, foreground: bool) {
        let (Some(main), Some(signal)) = (self.main, Signal::from_named_raw(signal)) else { return };
        // A command that is gone needs no signal any more.
        let _ = match self.seat {
            Seat::Terminal { .. } if foreground => {
                kill_process_group(self.front.group().unwrap_or(main), signal)
            }
            Seat::Terminal { .. } | Seat::Group(_) | Seat::BirthGroup => kill_process(main, signal),
        };
    }

    fn resume(&self) {
        let Some(main) = self.main else { return };
        // A command that is gone needs no continuing.
        let _ = match self.seat {
            Seat::Terminal { .. } => kill_process_group(main, Signal::CONT),
            Seat::Group(_) | Seat::BirthGroup => kill_process(main, Signal::CONT),
        };
    }

    fn pass_keys(&mut self, given: bool) {
        let (Some(main), Seat::Terminal { .. }) = (self.main, self.seat) else { return };
        // A terminal that is gone has no foreground.
        drop(if given { self.front.give(main) } else { self.front.take(&self.stage_program) });
    }
}
