//! What others send, and the instances that come in.

use std::cmp::Reverse;
use std::sync::Arc;

use tenure_core::orchestration::{HistoryEvent, Version};
use tenure_core::session::Session;
use tenure_replay::{Code, Instance, Pending};
use tenure_store::{ClaimRequest, Claimed, HistoryPage, HistoryRequest, MailRequest, Mailed, StoreError};

use super::super::live::{Live, Trial};
use super::super::order::Key;
use super::super::step::UNCHOSEN;
use super::house::words;
use super::trials::on_trial;
use super::{Conductor, Done, Due, RETRY_AFTER};

/// Most instances that are claimed at once.
const CLAIM_MAX: usize = 128;
/// Most messages that are read at once.
const MAIL_MAX: usize = 1024;

impl Conductor {
    pub(super) fn read_mail(&mut self) {
        // Not while instances are claimed: it is not known whose messages come with them.
        if self.is_reading_mail || self.is_claiming || !self.wants_mail {
            return;
        }
        self.wants_mail = false;
        self.is_reading_mail = true;
        let store = Arc::clone(self.engine.store());
        let request = MailRequest {
            worker: self.worker,
            after: self.mail_read_to,
            noticed: self.pulse.noticed(),
            limit: MAIL_MAX,
        };
        self.work.push(Box::pin(async move { Done::Mailed(store.mail(request).await) }));
    }

    pub(super) fn mailed(&mut self, mailed: Result<Mailed, StoreError>) {
        self.is_reading_mail = false;
        let Ok(mailed) = mailed else {
            self.due.push(Reverse((self.now.after(RETRY_AFTER), Due::Mail)));
            return;
        };
        self.wants_mail |= mailed.messages.len() >= MAIL_MAX || mailed.notices.len() >= MAIL_MAX;
        self.mail_read_to = mailed.read_to.max(self.mail_read_to);
        if self.starting.is_empty() {
            self.early.retain(|handle, _| self.loading.contains_key(handle));
        }
        for (handle, message) in mailed.messages {
            match self.by_handle.get(&handle).and_then(|key| Some((*key, self.live.get_mut(key)?))) {
                Some((key, live)) => {
                    live.receive(message);
                    self.ready.push_back(key);
                    self.wait_alone(key);
                }
                None => self.early.entry(handle).or_default().push(message),
            }
        }
        self.notice(mailed.notices);
        if mailed.is_draining {
            self.drain();
        }
    }

    pub(super) fn claim(&mut self) {
        // Some more than fit: those that only wait are put away for them, once they are there.
        let most = self.options.instances_max.saturating_add(self.options.instances_max.clamp(1, CLAIM_MAX));
        let room = most.saturating_sub(self.live.len() + self.loading.len());
        let is_busy =
            self.is_claiming || self.is_reading_mail || self.stopping.is_some() || !self.is_trusted();
        if is_busy || room == 0 || !std::mem::take(&mut self.wants_claim) {
            return;
        }
        self.is_claiming = true;
        let (store, worker) = (Arc::clone(self.engine.store()), self.worker);
        let request = ClaimRequest { worker, limit: room.min(CLAIM_MAX) };
        self.work.push(Box::pin(async move { Done::Claimed(store.claim(request).await) }));
    }

    pub(super) fn claimed(&mut self, claimed: Result<Vec<Claimed>, StoreError>) {
        self.is_claiming = false;
        let Ok(claimed) = claimed else {
            self.claim_at = Some(self.now.after(RETRY_AFTER));
            return;
        };
        self.wants_claim |= claimed.len() >= CLAIM_MAX;
        let store = Arc::clone(self.engine.store());
        self.work.push(Box::pin(async move { Done::NextWake(store.next_wake().await) }));
        for one in claimed {
            self.load(one);
        }
    }

    pub(super) fn load(&mut self, claimed: Claimed) {
        let store = Arc::clone(self.engine.store());
        self.loading.insert(claimed.handle, claimed.is_rescued);
        let execution = claimed.session.execution.as_ref().map(|execution| execution.number);
        let request = HistoryRequest { handle: claimed.handle, execution };
        self.work.push(Box::pin(async move {
            let page = store.history(request).await;
            Done::Loaded(Box::new(claimed), page)
        }));
    }

    /// An instance that was put away or left behind is brought back from its history.
    pub(super) fn loaded(&mut self, claimed: Claimed, page: Result<HistoryPage, StoreError>) {
        self.loading.remove(&claimed.handle);
        match page {
            Ok(page) if claimed.is_rescued => self.rescue(claimed, page),
            Ok(page) => self.bring_in(claimed, page),
            Err(error) if error.is_passing() => self.load(claimed),
            Err(error) => self.set_aside(&claimed, &error.to_string()),
        }
    }

    pub(super) fn bring_in(&mut self, claimed: Claimed, mut page: HistoryPage) {
        let Some((version, code)) = self.code_of(&claimed.session) else {
            return self.set_aside(&claimed, "no worker here has code of that name and version");
        };
        if let Some(HistoryEvent::ExecutionStarted(start)) =
            page.turns.first_mut().and_then(|turn| turn.first_mut())
        {
            start.version = version;
        }
        if let Some((unrun, trial)) = on_trial(&claimed.session.id, &code, &page.turns) {
            return self.resume(claimed, (unrun, Some(trial)), &page.turns);
        }
        match Instance::replay(claimed.session.id.clone(), &code, &page.turns) {
            Ok(code) => self.resume(claimed, (code, None), &page.turns),
            Err(problem) => self.set_aside(&claimed, &words(&problem)),
        }
    }

    pub(super) fn code_of(&self, session: &Session) -> Option<(Version, Code)> {
        let execution = session.execution.as_deref()?;
        let version = Some(execution.version).filter(|version| *version != UNCHOSEN);
        self.registry.orchestration(&execution.name, version)
    }

    fn resume(
        &mut self,
        claimed: Claimed,
        (code, trial): (Instance, Option<Box<Trial>>),
        history: &[Vec<HistoryEvent>],
    ) {
        let Claimed { handle, session, fence, turn, is_rescued: _, messages, out } = claimed;
        self.blocked.remove(&handle);
        if let Some(lost) = self.by_handle.get(&handle).copied() {
            // It was somebody else's in between, while this worker was late, and what is remembered of it is old.
            self.leave(lost);
        }
        let execution = session.execution.as_ref().map_or(1, |execution| execution.number);
        let whose = (session.namespace.clone(), session.principal.clone());
        let mut live = Live::new((session.id.clone(), whose, execution), code);
        (live.session, live.trial) = (Some(session), trial);
        (live.handle, live.fence, live.turn) = (Some(handle), fence, turn);
        live.pending = Pending::of(history);
        live.out = out.into_iter().map(|out| (out.op, out)).collect();
        let activities = live.pending.activities();
        live.out.retain(|op, _| activities.contains_key(op));
        live.is_new =
            !history.iter().flatten().any(|event| matches!(event, HistoryEvent::TurnStarted { .. }));
        let early = self.early.remove(&handle).unwrap_or_default();
        messages.into_iter().chain(early).for_each(|message| live.receive(message));
        live.ends_at = live.pending.cancel.as_ref().map(|wish| wish.at.after(self.options.cancel_grace));
        let key = self.enter(live);
        self.by_handle.insert(handle, key);
        self.take_up(key);
    }

    /// Takes up what an instance that came in waits for.
    fn take_up(&mut self, key: Key) {
        self.wait_alone(key);
        let Some(live) = self.live.get(&key) else { return };
        for (op, at) in live.pending.timers() {
            self.due.push(Reverse((*at, Due::Timer(key, *op))));
        }
        for (op, pending) in live.pending.activities() {
            if let Some(at) = pending.due_at {
                self.due.push(Reverse((at, Due::Attempt(key, *op))));
            }
        }
        let begin = live.may_begin();
        if let Some(at) = live.ends_at {
            self.due.push(Reverse((at, Due::End(key))));
        }
        if live.is_ready() {
            self.ready.push_back(key);
        } else {
            self.idle.push_back((key, live.used));
        }
        begin.into_iter().for_each(|op| self.enqueue(key, op));
    }
}
