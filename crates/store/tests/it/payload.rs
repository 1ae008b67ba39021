//! Payloads come back as they were, or are said to be damaged.

use tenure_core::checkpoint::{Checkpoint, Content, Encoding};
use tenure_core::id::{CheckpointId, Seq};
use tenure_core::limits;
use tenure_core::time::WallTime;
use tenure_store::payload::{Hex, Packed, unpack};

use crate::sample::session_id_of;

/// Bytes that no compression makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(next).collect()
}

fn checkpoint(packed: &Packed) -> Checkpoint {
    Checkpoint {
        id: CheckpointId::parse("ckp_1").unwrap(),
        session: session_id_of("ses_1"),
        seq: Seq(1),
        created_at: WallTime::from_epoch_ms(0),
        reason: None,
        metadata: None,
        content: Content::Given,
        encoding: packed.encoding,
        original_size: packed.original_size,
        stored_size: packed.bytes.len() as u64,
        sha256: packed.sha256,
    }
}

#[test]
fn a_payload_comes_back_as_it_was() {
    let large = limits::CHECKPOINT_COMPRESS_BYTES;
    for payload in [Vec::new(), vec![0; 1], vec![7; large], vec![7; 300 * large], noise(large), noise(9)] {
        let packed = Packed::of(payload.clone());
        assert_eq!(unpack(&checkpoint(&packed), packed.bytes).unwrap(), payload);
    }
}

#[test]
fn a_large_payload_is_compressed_unless_it_does_not_shrink() {
    let large = limits::CHECKPOINT_COMPRESS_BYTES;
    assert_eq!(Packed::of(vec![7; large - 1]).encoding, Encoding::Plain);
    let packed = Packed::of(vec![7; large]);
    assert_eq!((packed.encoding, packed.original_size), (Encoding::Zstd, large as u64));
    assert!(packed.bytes.len() < 100, "{packed:?}");
    let packed = Packed::of(noise(large));
    assert_eq!((packed.encoding, packed.bytes.len()), (Encoding::Plain, large));
}

#[test]
fn the_hash_is_that_of_the_payload_and_not_of_what_is_stored() {
    let hash = |payload: &[u8]| Hex(&Packed::of(payload.to_vec()).sha256).to_string();
    assert_eq!(hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(hash(&[b'a'; 1_000_000]), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

#[test]
fn every_flipped_bit_is_noticed() {
    for payload in [noise(64), vec![7; 2 * limits::CHECKPOINT_COMPRESS_BYTES]] {
        let packed = Packed::of(payload.clone());
        for bit in 0..packed.bytes.len() * 8 {
            let mut stored = packed.bytes.clone();
            stored[bit / 8] ^= 1 << (bit % 8);
            // A bit that decompressing ignores does no harm: what comes back is what was saved.
            let unpacked = unpack(&checkpoint(&packed), stored);
            assert!(unpacked.is_err() || unpacked == Ok(payload.clone()), "bit {bit}");
        }
    }
}

#[test]
fn what_is_cut_off_or_claims_too_much_is_damaged() {
    let packed = Packed::of(vec![7; 2 * limits::CHECKPOINT_COMPRESS_BYTES]);
    let short = packed.bytes[..packed.bytes.len() - 1].to_vec();
    assert!(unpack(&checkpoint(&packed), short).unwrap_err().contains("bytes are stored"));
    let greedy = Checkpoint { original_size: u64::MAX, ..checkpoint(&packed) };
    assert!(unpack(&greedy, packed.bytes.clone()).unwrap_err().contains("claims"));
    let wrong = Checkpoint { original_size: packed.original_size + 1, ..checkpoint(&packed) };
    assert!(unpack(&wrong, packed.bytes).unwrap_err().contains("bytes, not"));
}
