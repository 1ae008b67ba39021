//! Beginning attempts: each in a task of its own, or many in one.

use std::sync::Arc;

use super::super::attempt::Run;
use super::super::crowd::{self, CROWD_MAX, Course, Crowd};
use super::super::spawn::spawn;
use super::Conductor;

impl Conductor {
    /// Lets an attempt begin: with others if it is expected to be over at once.
    pub(super) fn launch(&mut self, run: Run) {
        if run.code.pace.is_at_once() {
            self.gathered.push(run);
        } else {
            self.launch_alone(run);
        }
    }

    fn launch_alone(&self, run: Run) {
        spawn(crowd::alone(run, Arc::clone(&self.clock), self.sender.clone()));
    }

    /// Lets those begin that were gathered.
    pub(super) fn start_crowds(&mut self) {
        let mut gathered = std::mem::take(&mut self.gathered).into_iter();
        while gathered.len() > 0 {
            let crowd = Crowd::of(gathered.by_ref().take(CROWD_MAX).collect());
            self.crowds.push(Arc::clone(&crowd));
            spawn(crowd::together(crowd, Arc::clone(&self.clock), self.sender.clone()));
        }
    }

    /// Lets attempts go on by themselves where those that began together take too long.
    pub(super) fn break_up_crowds(&mut self) {
        if self.crowds.is_empty() {
            return;
        }
        let now = self.clock.now();
        for crowd in std::mem::take(&mut self.crowds) {
            match crowd.look(now) {
                Course::GoesOn => self.crowds.push(crowd),
                Course::Over => {}
                Course::BrokenUp(waiting, begun) => {
                    waiting.into_iter().for_each(|run| self.launch_alone(run));
                    begun.into_iter().for_each(|begun| begun.go_on(&self.sender));
                }
            }
        }
    }
}
