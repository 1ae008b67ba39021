//! The process group and the session of a process, by number.

use rustix::process::Pid;

/// Where a process stands in job control.
///
/// A number is 0 if the group or session was begun outside this process's number space, as in a container or
/// sandbox that was entered without a new session. rustix has no value for that (its `getsid`, `getpgid` and
/// `getpgrp` must not meet it), so the numbers are read where the processes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) group: i32,
    pub(crate) session: i32,
}

impl Job {
    /// The group, if nobody but processes below `us`, which is in `ours`, can be in it.
    ///
    /// That is so in every session that was begun below `us`, or by it. In a session that is shared with
    /// strangers they could be in the group, so there each process is killed by itself only.
    pub(super) fn group_apart_from(self, ours: Self, us: Pid) -> Option<Pid> {
        let shared = self.session == ours.session && ours.session != us.as_raw_nonzero().get();
        Pid::from_raw(self.group).filter(|_| self.group != ours.group && !shared)
    }
}

#[cfg(test)]
mod tests {
    use super::{Job, Pid};

    /// Process 10, asked about a child.
    fn apart(ours: (i32, i32), theirs: (i32, i32)) -> Option<i32> {
        let job = |(group, session)| Job { group, session };
        let group = job(theirs).group_apart_from(job(ours), Pid::from_raw(10)?)?;
        Some(group.as_raw_nonzero().get())
    }

    #[test]
    fn the_group_of_a_session_of_its_own_is_killed() {
        assert_eq!(apart((10, 7), (20, 20)), Some(20));
        assert_eq!(apart((0, 0), (20, 20)), Some(20));
    }

    #[test]
    fn another_group_of_the_session_that_we_lead_is_killed() {
        assert_eq!(apart((10, 10), (20, 10)), Some(20));
    }

    #[test]
    fn a_group_that_strangers_may_be_in_is_left() {
        assert_eq!(apart((10, 7), (20, 7)), None, "the session is shared");
        assert_eq!(apart((10, 10), (10, 10)), None, "it is our own group");
        assert_eq!(apart((10, 0), (20, 0)), None, "the session was begun outside the container");
    }

    #[test]
    fn a_group_begun_outside_the_container_is_left() {
        assert_eq!(apart((10, 10), (0, 0)), None);
    }
}
