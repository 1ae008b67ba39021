//! The stored form of payloads: compressed where that helps, and hashed.

use sha2::{Digest, Sha256};
use tenure_core::checkpoint::{Checkpoint, Encoding};
use tenure_core::limits;

/// zstd's own default, and the one that its speed is known for.
const LEVEL: i32 = 3;

/// A payload as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed {
    /// How.
    pub encoding: Encoding,
    /// The payload's size in bytes.
    pub original_size: u64,
    /// SHA-256 of the payload.
    pub sha256: [u8; 32],
    /// What is stored.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packed")
            .field("encoding", &self.encoding)
            .field("original_size", &self.original_size)
            .field("stored_size", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Packed {
    /// Packs a payload. One that is small, or does not shrink, stays as it is.
    #[must_use]
    pub fn of(payload: Vec<u8>) -> Self {
        let original_size = payload.len() as u64;
        let sha256 = Sha256::digest(&payload).into();
        let (encoding, bytes) = match compressed(&payload) {
            Some(smaller) => (Encoding::Zstd, smaller),
            None => (Encoding::Plain, payload),
        };
        Self { encoding, original_size, sha256, bytes }
    }
}

fn compressed(payload: &[u8]) -> Option<Vec<u8>> {
    if payload.len() < limits::CHECKPOINT_COMPRESS_BYTES {
        return None;
    }
    // Not being able to compress is no reason not to keep it.
    let smaller = zstd::bulk::compress(payload, LEVEL).ok()?;
    (smaller.len() < payload.len()).then_some(smaller)
}

/// A checkpoint's payload from what was stored of it.
///
/// # Errors
/// What is wrong with it, in words, when it is not what was saved.
pub fn unpack(checkpoint: &Checkpoint, stored: Vec<u8>) -> Result<Vec<u8>, String> {
    if stored.len() as u64 != checkpoint.stored_size {
        return Err(format!("{} bytes are stored of it, not {}", stored.len(), checkpoint.stored_size));
    }
    let Checkpoint { encoding, original_size, sha256, .. } = *checkpoint;
    Packed { encoding, original_size, sha256, bytes: stored }.unpacked()
}

impl Packed {
    /// The payload that was packed.
    ///
    /// # Errors
    /// What is wrong with it, in words, when it is not that.
    pub fn unpacked(self) -> Result<Vec<u8>, String> {
        let payload = match self.encoding {
            Encoding::Plain => self.bytes,
            Encoding::Zstd => decompressed(self.original_size, &self.bytes)?,
        };
        if payload.len() as u64 != self.original_size {
            return Err(format!("it has {} bytes, not {}", payload.len(), self.original_size));
        }
        let found: [u8; 32] = Sha256::digest(&payload).into();
        if found != self.sha256 {
            return Err(format!("its SHA-256 is {}, not {}", Hex(&found), Hex(&self.sha256)));
        }
        Ok(payload)
    }
}

fn decompressed(original_size: u64, stored: &[u8]) -> Result<Vec<u8>, String> {
    let size = usize::try_from(original_size).unwrap_or(usize::MAX);
    if size > limits::CHECKPOINT_BYTES_MAX {
        return Err(format!("it claims to have {size} bytes"));
    }
    zstd::bulk::decompress(stored, size).map_err(|why| format!("it cannot be decompressed: {why}"))
}

/// Bytes in hexadecimal.
#[derive(Debug, Clone, Copy)]
pub struct Hex<'a>(pub &'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
