//! What is asked, who waits for the answer, and what becomes of that.

use tenure_store::StoreError;
use tokio::sync::oneshot;

/// A question, its answer once it is known, and who waits for it.
#[derive(Debug)]
pub(crate) struct Asked<Q, A> {
    pub(crate) question: Q,
    pub(crate) answer: Option<Result<A, StoreError>>,
    reply: oneshot::Sender<Answered<Q, A>>,
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
        (Self { question, answer: None, reply }, answer)
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub(super) fn forget(&mut self) {
        self.answer = None;
    }

    /// Whoever no longer waits has given up hearing it.
    pub(super) fn tell(self) {
        let answer = self.answer.unwrap_or(Err(StoreError::Closed));
        drop(self.reply.send(Answered { answer, _question: self.question }));
    }

    pub(super) fn refuse(self, error: StoreError) {
        drop(self.reply.send(Answered { answer: Err(error), _question: self.question }));
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
