//! What is asked, who waits for the answer, and what becomes of that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_store::StoreError;
use tokio::sync::oneshot;

/// A question, its answer once it is known, and who waits for it.
#[derive(Debug)]
pub(crate) struct Asked<Q, A> {
    pub(crate) question: Q,
    pub(crate) answer: Option<Result<A, StoreError>>,
    reply: Reply<Answered<Q, A>>,
}

/// Where an answer goes.
#[derive(Debug)]
enum Reply<T> {
    Alone(oneshot::Sender<T>),
    /// Which of the answers it is that are waited for together.
    Among(Arc<Together<T>>, usize),
}

/// Answers that are waited for together: whoever waits is woken once.
#[derive(Debug)]
struct Together<T>(Mutex<Answers<T>>);

#[derive(Debug)]
struct Answers<T> {
    known: Vec<Option<T>>,
    missing: usize,
    /// Nothing once all was told.
    reply: Option<oneshot::Sender<Vec<T>>>,
}

impl<T> Together<T> {
    fn answers(&self) -> MutexGuard<'_, Answers<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Reply<T> {
    fn is_closed(&self) -> bool {
        match self {
            Self::Alone(reply) => reply.is_closed(),
            Self::Among(together, _) => {
                together.answers().reply.as_ref().is_none_or(oneshot::Sender::is_closed)
            }
        }
    }

    /// Whoever no longer waits has given up hearing it.
    fn send(self, answer: T) {
        match self {
            Self::Alone(reply) => drop(reply.send(answer)),
            Self::Among(together, at) => {
                let mut answers = together.answers();
                if let Some(known) = answers.known.get_mut(at) {
                    *known = Some(answer);
                }
                answers.missing = answers.missing.saturating_sub(1);
                if answers.missing > 0 {
                    return;
                }
                let (known, reply) = (std::mem::take(&mut answers.known), answers.reply.take());
                drop(answers);
                if let Some(reply) = reply {
                    drop(reply.send(known.into_iter().flatten().collect()));
                }
            }
        }
    }
}

/// An answer, and what was asked: whoever asked takes it apart, so that the writer does not do it for everybody.
#[derive(Debug)]
pub(crate) struct Answered<Q, A> {
    pub(crate) answer: Result<A, StoreError>,
    _question: Q,
}

impl<Q, A> Asked<Q, A> {
    /// A question and where its answer arrives.
    pub(crate) fn new(question: Q) -> (Self, oneshot::Receiver<Answered<Q, A>>) {
        let (reply, answer) = oneshot::channel();
        (Self { question, answer: None, reply: Reply::Alone(reply) }, answer)
    }

    /// Questions whose answers arrive together, in order.
    pub(crate) fn all(
        questions: impl ExactSizeIterator<Item = Q>,
    ) -> (Vec<Self>, oneshot::Receiver<Vec<Answered<Q, A>>>) {
        let (reply, answers) = oneshot::channel();
        let missing = questions.len();
        let known = std::iter::repeat_with(|| None).take(missing).collect();
        let together = Arc::new(Together(Mutex::new(Answers { known, missing, reply: Some(reply) })));
        let asked = questions.enumerate().map(|(at, question)| {
            let reply = Reply::Among(Arc::clone(&together), at);
            Self { question, answer: None, reply }
        });
        (asked.collect(), answers)
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub(super) fn forget(&mut self) {
        self.answer = None;
    }

    pub(super) fn tell(self) {
        let answer = self.answer.unwrap_or(Err(StoreError::Closed));
        self.reply.send(Answered { answer, _question: self.question });
    }

    pub(super) fn refuse(self, error: StoreError) {
        self.reply.send(Answered { answer: Err(error), _question: self.question });
    }
}

/// Names each kind of request once, and has every kind do the same when it is answered.
macro_rules! requests {
    (
        $(#[$about:meta])*
        pub(crate) enum $name:ident {
            $($(#[$about_kind:meta])* $kind:ident($asked:ty),)+
        }
    ) => {
        $(#[$about])*
        pub(crate) enum $name {
            $($(#[$about_kind])* $kind($asked),)+
        }

        impl $name {
            /// Whether nobody waits for the answer any more.
            pub(crate) fn is_abandoned(&self) -> bool {
                match self {
                    $(Self::$kind(asked) => asked.is_abandoned(),)+
                }
            }

            /// Forgets an answer that turned out not to be kept.
            pub(crate) fn forget(&mut self) {
                match self {
                    $(Self::$kind(asked) => asked.forget(),)+
                }
            }

            /// Tells the answer.
            pub(crate) fn tell(self) {
                match self {
                    $(Self::$kind(asked) => asked.tell(),)+
                }
            }

            /// Tells that there is no answer.
            pub(crate) fn refuse(self, error: StoreError) {
                match self {
                    $(Self::$kind(asked) => asked.refuse(error),)+
                }
            }
        }
    };
}

pub(super) use requests;
