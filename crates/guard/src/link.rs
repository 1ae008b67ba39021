//! A socket that carries whole frames and descriptors between two processes.
//!
//! On Linux the socket is `SOCK_SEQPACKET`, which keeps frames apart whoever writes them. Elsewhere it is a
//! stream and each frame is preceded by its length; one small frame is one `sendmsg`, which those systems do
//! not split.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};

use crate::clock::timespec;
use crate::control::ControlError;
use crate::frame::FRAME_MAX;

/// Most descriptors that come with one frame.
const DESCRIPTORS_MAX: usize = 8;

/// How long a writer waits for a reader that does not read.
const PATIENCE: Duration = Duration::from_secs(1);

const PREFIX: usize = if WHOLE_FRAMES { 0 } else { 4 };
const WHOLE_FRAMES: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// A connected pair; both ends are closed on exec.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
        Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let (one, other) = std::os::unix::net::UnixStream::pair()?;
        Ok((one.into(), other.into()))
    }
}

/// Sends one frame and the descriptors that belong to it, waiting at most a second for room.
pub(crate) fn send(socket: impl AsFd, frame: &[u8], with: &[BorrowedFd<'_>]) -> Result<(), ControlError> {
    loop {
        match try_send(&socket, frame, with) {
            Err(Errno::AGAIN) => {}
            Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => return Err(ControlError::Gone),
            Err(error) => return Err(ControlError::Io(error.into())),
            Ok(()) => return Ok(()),
        }
        let mut fds = [PollFd::new(&socket, PollFlags::OUT)];
        match poll(&mut fds, Some(&timespec(PATIENCE))) {
            Ok(0) => return Err(ControlError::Stuck),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(ControlError::Io(error.into())),
        }
    }
}

/// Sends one frame if there is room for it now.
pub(crate) fn try_send(socket: impl AsFd, frame: &[u8], with: &[BorrowedFd<'_>]) -> rustix::io::Result<()> {
    debug_assert!(frame.len() <= FRAME_MAX && with.len() <= DESCRIPTORS_MAX, "frames are bounded");
    let prefix = u32::try_from(frame.len()).expect("frames are bounded").to_le_bytes();
    let parts = [IoSlice::new(&prefix[..PREFIX]), IoSlice::new(frame)];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !with.is_empty() {
        assert!(control.push(SendAncillaryMessage::ScmRights(with)), "there is room for the descriptors");
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    loop {
        match rustix::net::sendmsg(&socket, &parts, &mut control, flags) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
            Ok(sent) if sent == frame.len() + PREFIX => return Ok(()),
            // Only a stream could do this, and only with a frame larger than its buffer.
            Ok(_) => return Err(Errno::MSGSIZE),
        }
    }
}

/// The receiving side of a socket.
#[derive(Debug)]
pub(crate) struct Inbox {
    socket: OwnedFd,
    bytes: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// One whole frame.
    Frame(Vec<u8>),
    /// Nothing at present.
    Nothing,
    /// Every writer is gone.
    Closed,
}

impl Inbox {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self { socket, bytes: Vec::new(), descriptors: VecDeque::new() }
    }

    /// The descriptors that came with the frames so far, oldest first.
    pub(crate) fn take_descriptors(&mut self) -> Vec<OwnedFd> {
        self.descriptors.drain(..).collect()
    }

    /// The next frame, without waiting.
    pub(crate) fn try_next(&mut self) -> io::Result<Incoming> {
        self.receive(RecvFlags::DONTWAIT)
    }

    /// The next frame, waiting for it.
    pub(crate) fn next(&mut self) -> io::Result<Incoming> {
        self.receive(RecvFlags::empty())
    }

    fn receive(&mut self, flags: RecvFlags) -> io::Result<Incoming> {
        loop {
            if let Some(frame) = self.whole_frame()? {
                return Ok(Incoming::Frame(frame));
            }
            match self.fill(flags) {
                Ok(0) | Err(Errno::CONNRESET) => return Ok(Incoming::Closed),
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(Incoming::Nothing),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn whole_frame(&mut self) -> io::Result<Option<Vec<u8>>> {
        if WHOLE_FRAMES {
            return Ok((!self.bytes.is_empty()).then(|| std::mem::take(&mut self.bytes)));
        }
        let Some((prefix, rest)) = self.bytes.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*prefix)).unwrap_or(usize::MAX);
        if length > FRAME_MAX {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let frame = rest[..length].to_vec();
        self.bytes.drain(..length + PREFIX);
        Ok(Some(frame))
    }

    fn fill(&mut self, flags: RecvFlags) -> rustix::io::Result<usize> {
        let mut room = [0; FRAME_MAX + 1];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let got = rustix::net::recvmsg(
            &self.socket,
            &mut [IoSliceMut::new(&mut room)],
            &mut control,
            flags | CLOEXEC,
        )?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                for descriptor in descriptors {
                    #[cfg(not(any(target_os = "linux", target_os = "android")))]
                    rustix::io::fcntl_setfd(&descriptor, rustix::io::FdFlags::CLOEXEC)?;
                    self.descriptors.push_back(descriptor);
                }
            }
        }
        if (WHOLE_FRAMES && got.bytes > FRAME_MAX) || self.descriptors.len() > DESCRIPTORS_MAX {
            return Err(Errno::MSGSIZE);
        }
        self.bytes.extend(&room[..got.bytes]);
        Ok(got.bytes)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOEXEC: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOEXEC: RecvFlags = RecvFlags::empty();

impl AsFd for Inbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests;
