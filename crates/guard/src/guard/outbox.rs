//! Events on their way to the runner, which may be stopped and not reading.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use crate::GuardEvent;
use crate::frame::encode_event;
use crate::link;

/// A runner that does not read for so many events misses the oldest news of stopping and continuing.
const WAITING_MAX: usize = 256;

/// Never makes the guard wait: a runner that does not read must not keep a deadline from being met.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<GuardEvent>,
}

impl Outbox {
    pub(super) fn push(&mut self, event: GuardEvent) {
        if self.waiting.len() >= WAITING_MAX {
            let passing = |event: &GuardEvent| {
                matches!(
                    event,
                    GuardEvent::Stopped { .. }
                        | GuardEvent::Continued
                        | GuardEvent::Frozen
                        | GuardEvent::Thawed
                )
            };
            if let Some(oldest) = self.waiting.iter().position(passing) {
                self.waiting.remove(oldest);
            }
        }
        self.waiting.push_back(event);
    }

    /// Sends what there is room for. What a runner that is gone would have heard is dropped.
    pub(super) fn flush(&mut self, socket: BorrowedFd<'_>) {
        while let Some(event) = self.waiting.front() {
            match link::try_send(socket, &encode_event(*event), &[]) {
                Ok(()) => drop(self.waiting.pop_front()),
                Err(Errno::AGAIN) => return,
                Err(_) => self.waiting.clear(),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
