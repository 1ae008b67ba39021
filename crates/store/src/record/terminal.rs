//! The stored form of a terminal's records.

use tenure_core::event::TerminalEvent;
use tenure_core::session::Exit;

use super::code::{stream_code, stream_of};
use super::{corrupt, required};
use crate::StoreError;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TerminalRecord {
    #[prost(oneof = "RecordKind", tags = "1, 2, 3, 4, 5, 6")]
    kind: Option<RecordKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum RecordKind {
    #[prost(message, tag = "1")]
    Started(StartedRecord),
    #[prost(message, tag = "2")]
    Output(OutputRecord),
    #[prost(message, tag = "3")]
    Resized(SizeRecord),
    #[prost(uint64, tag = "4")]
    Capped(u64),
    #[prost(message, tag = "5")]
    Exited(ExitRecord),
    #[prost(uint64, tag = "6")]
    Lost(u64),
}

#[derive(Clone, PartialEq, prost::Message)]
struct StartedRecord {
    #[prost(string, repeated, tag = "1")]
    command: Vec<String>,
    #[prost(message, optional, tag = "2")]
    size: Option<SizeRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct OutputRecord {
    #[prost(int32, tag = "1")]
    stream: i32,
    #[prost(bytes = "vec", tag = "2")]
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct SizeRecord {
    #[prost(uint32, tag = "1")]
    cols: u32,
    #[prost(uint32, tag = "2")]
    rows: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct ExitRecord {
    #[prost(oneof = "ExitKind", tags = "1, 2")]
    kind: Option<ExitKind>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
enum ExitKind {
    #[prost(sint32, tag = "1")]
    Code(i32),
    #[prost(sint32, tag = "2")]
    Signal(i32),
}

impl From<TerminalEvent> for TerminalRecord {
    fn from(terminal: TerminalEvent) -> Self {
        let kind = match terminal {
            TerminalEvent::Started { command, size } => {
                RecordKind::Started(StartedRecord { command, size: size.map(SizeRecord::from) })
            }
            TerminalEvent::Output { stream, bytes } => {
                RecordKind::Output(OutputRecord { stream: stream_code(stream), bytes })
            }
            TerminalEvent::Resized { cols, rows } => RecordKind::Resized(SizeRecord::from((cols, rows))),
            TerminalEvent::Capped { limit } => RecordKind::Capped(limit),
            TerminalEvent::Lost { bytes } => RecordKind::Lost(bytes),
            TerminalEvent::Exited(exit) => RecordKind::Exited(exit.into()),
        };
        Self { kind: Some(kind) }
    }
}

impl TerminalRecord {
    pub(super) fn into_terminal(self) -> Result<TerminalEvent, StoreError> {
        Ok(match required(self.kind, "what a terminal did")? {
            RecordKind::Started(record) => TerminalEvent::Started {
                command: record.command,
                size: record.size.map(SizeRecord::into_size).transpose()?,
            },
            RecordKind::Output(record) => {
                TerminalEvent::Output { stream: stream_of(record.stream)?, bytes: record.bytes }
            }
            RecordKind::Resized(record) => {
                let (cols, rows) = record.into_size()?;
                TerminalEvent::Resized { cols, rows }
            }
            RecordKind::Capped(limit) => TerminalEvent::Capped { limit },
            RecordKind::Lost(bytes) => TerminalEvent::Lost { bytes },
            RecordKind::Exited(record) => TerminalEvent::Exited(record.into_exit()?),
        })
    }
}

impl From<(u16, u16)> for SizeRecord {
    fn from((cols, rows): (u16, u16)) -> Self {
        Self { cols: cols.into(), rows: rows.into() }
    }
}

impl SizeRecord {
    fn into_size(self) -> Result<(u16, u16), StoreError> {
        let side = |cells: u32| {
            u16::try_from(cells)
                .map_err(|_large| corrupt(format!("a terminal of {cells} cells is too large")))
        };
        Ok((side(self.cols)?, side(self.rows)?))
    }
}

impl From<Exit> for ExitRecord {
    fn from(exit: Exit) -> Self {
        let kind = match exit {
            Exit::Code(code) => ExitKind::Code(code),
            Exit::Signal(signal) => ExitKind::Signal(signal),
        };
        Self { kind: Some(kind) }
    }
}

impl ExitRecord {
    pub(super) fn into_exit(self) -> Result<Exit, StoreError> {
        Ok(match required(self.kind, "how a command ended")? {
            ExitKind::Code(code) => Exit::Code(code),
            ExitKind::Signal(signal) => Exit::Signal(signal),
        })
    }
}
