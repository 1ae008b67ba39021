//! The frames between runner, guard and stage, and their bytes.
//!
//! A frame is `[version u8][kind u8][body]`, numbers little-endian. The socket keeps frames apart (see
//! [`crate::link`]), so that two writers never mix. A reader refuses an unknown version or kind, a body that
//! is too short, and one with bytes left over.

use thiserror::Error;

use crate::event::{StartFailure, StartStep};
use crate::{BootTime, Ended, GuardEvent};

/// Raised whenever the meaning of any frame changes; runner and guard are normally the same program.
pub(crate) const VERSION: u8 = 1;

/// The longest frame, in bytes; a longer plan travels in several.
pub(crate) const FRAME_MAX: usize = 32 * 1024;

/// What may stand in one [`ToGuard::Plan`].
pub(crate) const CHUNK_MAX: usize = FRAME_MAX - 6;

/// From the runner to the guard; `Plan`, `Exec` and `Yield` from the guard to the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToGuard {
    /// The next piece of an encoded [`crate::plan::Plan`].
    Plan(Vec<u8>),
    /// The plan is whole; standard streams and hold lock come with it. Begin, if before the deadline.
    Start {
        deadline: BootTime,
    },
    Deadline(BootTime),
    Signal {
        signal: i32,
        foreground: bool,
    },
    Resume,
    /// The real terminal's keys now go to the command's terminal, or no longer do.
    Keys {
        given: bool,
    },
    Freeze,
    Thaw,
    Stop,
    /// The plan is whole; standard streams and hold lock come with it. Become the command, if this process
    /// is still the parent.
    Exec {
        parent: u32,
    },
    /// Make this process group the foreground of the terminal, and exit.
    Yield {
        /// The group in front, to be joined for it.
        join: u32,
        /// The group to be in front.
        to: u32,
    },
}

/// These bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FrameError {
    #[error("frame of an unknown version")]
    Version,
    #[error("frame of an unknown kind")]
    Kind,
    #[error("frame cut short")]
    Short,
    #[error("frame too long")]
    Long,
    #[error("frame with a value out of range")]
    Value,
}

impl ToGuard {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Plan(chunk) => Writer::frame(1).bytes(chunk),
            Self::Start { deadline } => Writer::frame(2).u64(deadline.as_nanos()),
            Self::Deadline(deadline) => Writer::frame(3).u64(deadline.as_nanos()),
            Self::Signal { signal, foreground } => Writer::frame(4).i32(*signal).bool(*foreground),
            Self::Resume => Writer::frame(5),
            Self::Freeze => Writer::frame(6),
            Self::Thaw => Writer::frame(7),
            Self::Stop => Writer::frame(8),
            Self::Exec { parent } => Writer::frame(9).u32(*parent),
            Self::Keys { given } => Writer::frame(10).bool(*given),
            Self::Yield { join, to } => Writer::frame(11).u32(*join).u32(*to),
        }
        .done()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let (kind, mut body) = Reader::frame(bytes)?;
        let frame = match kind {
            1 => Self::Plan(body.bytes()?.to_vec()),
            2 => Self::Start { deadline: BootTime::from_nanos(body.u64()?) },
            3 => Self::Deadline(BootTime::from_nanos(body.u64()?)),
            4 => Self::Signal { signal: body.i32()?, foreground: body.bool()? },
            5 => Self::Resume,
            6 => Self::Freeze,
            7 => Self::Thaw,
            8 => Self::Stop,
            9 => Self::Exec { parent: body.u32()? },
            10 => Self::Keys { given: body.bool()? },
            11 => Self::Yield { join: body.u32()?, to: body.u32()? },
            _ => return Err(FrameError::Kind),
        };
        body.end()?;
        Ok(frame)
    }
}

/// From guard to runner, and `Failed` from stage to guard.
pub(crate) fn encode_event(event: GuardEvent) -> Vec<u8> {
    match event {
        GuardEvent::Started { pid } => Writer::frame(1).u32(pid),
        GuardEvent::Failed(failure) => Writer::frame(2).u8(step_number(failure.step)).i32(failure.errno),
        GuardEvent::Stopped { signal } => Writer::frame(3).i32(signal),
        GuardEvent::Continued => Writer::frame(4),
        GuardEvent::Frozen => Writer::frame(5),
        GuardEvent::Thawed => Writer::frame(6),
        GuardEvent::Exited(Ended::Code(code)) => Writer::frame(7).i32(code),
        GuardEvent::Exited(Ended::Signal(signal)) => Writer::frame(8).i32(signal),
        GuardEvent::Overdue { at } => Writer::frame(9).u64(at.as_nanos()),
        GuardEvent::TreeGone => Writer::frame(10),
        GuardEvent::GuardLost => Writer::frame(11),
    }
    .done()
}

/// The reverse of [`encode_event`].
pub(crate) fn decode_event(bytes: &[u8]) -> Result<GuardEvent, FrameError> {
    let (kind, mut body) = Reader::frame(bytes)?;
    let event = match kind {
        1 => GuardEvent::Started { pid: body.u32()? },
        2 => GuardEvent::Failed(StartFailure { step: step(body.u8()?)?, errno: body.i32()? }),
        3 => GuardEvent::Stopped { signal: body.i32()? },
        4 => GuardEvent::Continued,
        5 => GuardEvent::Frozen,
        6 => GuardEvent::Thawed,
        7 => GuardEvent::Exited(Ended::Code(body.i32()?)),
        8 => GuardEvent::Exited(Ended::Signal(body.i32()?)),
        9 => GuardEvent::Overdue { at: BootTime::from_nanos(body.u64()?) },
        10 => GuardEvent::TreeGone,
        11 => GuardEvent::GuardLost,
        _ => return Err(FrameError::Kind),
    };
    body.end()?;
    Ok(event)
}

const STEPS: [StartStep; 9] = [
    StartStep::Subreaper,
    StartStep::Session,
    StartStep::Stage,
    StartStep::Deadline,
    StartStep::ParentDeath,
    StartStep::Directory,
    StartStep::Descriptors,
    StartStep::Exec,
    StartStep::Protocol,
];

fn step(number: u8) -> Result<StartStep, FrameError> {
    STEPS.get(usize::from(number)).copied().ok_or(FrameError::Value)
}

fn step_number(step: StartStep) -> u8 {
    let index = STEPS.iter().position(|each| *each == step).expect("every step is listed");
    u8::try_from(index).expect("there are few steps")
}

/// Builds a byte string field by field.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    fn frame(kind: u8) -> Self {
        Self(vec![VERSION, kind])
    }

    pub(crate) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(crate) fn bool(self, value: bool) -> Self {
        self.u8(value.into())
    }

    pub(crate) fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn i32(mut self, value: i32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A length and so many bytes.
    pub(crate) fn bytes(self, value: &[u8]) -> Self {
        let length = u32::try_from(value.len()).expect("plans are far below 4 GiB");
        let mut out = self.u32(length);
        out.0.extend(value);
        out
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Takes a byte string apart, field by field.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn frame(bytes: &'a [u8]) -> Result<(u8, Self), FrameError> {
        let mut reader = Self(bytes);
        if reader.u8()? != VERSION {
            return Err(FrameError::Version);
        }
        let kind = reader.u8()?;
        Ok((kind, reader))
    }

    pub(crate) fn over(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(FrameError::Short)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, FrameError> {
        let [value] = self.array::<1>()?;
        Ok(value)
    }

    pub(crate) fn bool(&mut self) -> Result<bool, FrameError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(FrameError::Value),
        }
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FrameError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, FrameError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, FrameError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let length = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        let (head, tail) = self.0.split_at_checked(length).ok_or(FrameError::Short)?;
        self.0 = tail;
        Ok(head)
    }

    /// Nothing may be left over.
    pub(crate) fn end(self) -> Result<(), FrameError> {
        if self.0.is_empty() { Ok(()) } else { Err(FrameError::Long) }
    }
}

#[cfg(test)]
mod tests;
