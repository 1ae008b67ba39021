//! A set of sessions of one block.

use tenure_store::Handle;

/// How many sessions a block has.
pub(super) const BLOCK: i64 = 4096;
/// The last place in a block.
pub(super) const LAST: u16 = 4095;

const WORDS: usize = 64;
/// From so many on, a set is kept as one bit for each session, else as a list of places.
const DENSE: usize = 256;

/// A set of sessions of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits([u64; WORDS]);

/// A session's block, and its place there.
pub(super) fn place_of(handle: Handle) -> (i64, u16) {
    (handle.0.div_euclid(BLOCK), place_in(handle.0.div_euclid(BLOCK), handle))
}

/// A session's place in a block, or the end of the block that it is beyond.
pub(super) fn place_in(block: i64, handle: Handle) -> u16 {
    let place = handle.0.saturating_sub(block * BLOCK).clamp(0, i64::from(LAST));
    u16::try_from(place).expect("a place is at most the last")
}

/// The session at a place of a block.
pub(super) fn handle_at(block: i64, place: u16) -> Handle {
    Handle(block * BLOCK + i64::from(place))
}

impl Bits {
    pub(super) const NONE: Self = Self([0; WORDS]);
    pub(super) const ALL: Self = Self([u64::MAX; WORDS]);

    pub(super) fn insert(&mut self, place: u16) {
        self.0[usize::from(place / 64)] |= 1 << (place % 64);
    }

    pub(super) fn remove(&mut self, place: u16) {
        self.0[usize::from(place / 64)] &= !(1 << (place % 64));
    }

    /// Those from the first place to the last, both included.
    pub(super) fn between(first: u16, last: u16) -> Self {
        let mut bits = Self::NONE;
        (first..=last).for_each(|place| bits.insert(place));
        bits
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0 == Self::NONE.0
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        self.with(other, |one, two| one & two)
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        self.with(other, |one, two| one | two)
    }

    fn with(&self, other: &Self, both: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|at| both(self.0[at], other.0[at])))
    }

    /// The places, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = u16> {
        let words = (0..).step_by(64).zip(self.0).filter(|(_, word)| *word != 0);
        words.flat_map(|(first, word): (u16, u64)| {
            (0..64).filter(move |place| (word >> place) & 1 == 1).map(move |place| first + place)
        })
    }

    /// As it is stored.
    pub(super) fn encode(&self) -> Vec<u8> {
        if self.count() >= DENSE {
            return self.0.iter().flat_map(|word| word.to_le_bytes()).collect();
        }
        self.places().flat_map(u16::to_le_bytes).collect()
    }

    /// From its stored form; `None` when it is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut bits = Self::NONE;
        if bytes.len() == WORDS * 8 {
            for (word, bytes) in bits.0.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = u64::from_le_bytes(bytes.try_into().ok()?);
            }
            return Some(bits);
        }
        for bytes in bytes.chunks(2) {
            let place = u16::from_le_bytes(bytes.try_into().ok()?);
            if place > LAST {
                return None;
            }
            bits.insert(place);
        }
        Some(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_places_come_back_in_order() {
        for step in [1, 2, 15, 16, 17, 300, 4096] {
            let mut bits = Bits::NONE;
            (0..=LAST).step_by(step).for_each(|place| bits.insert(place));
            assert_eq!(Bits::decode(&bits.encode()), Some(bits));
            assert!(bits.places().eq((0..=LAST).step_by(step)));
            assert_eq!(bits.count(), bits.places().count());
        }
        assert_eq!(Bits::NONE.encode(), [0; 0]);
        assert_eq!(Bits::decode(&[0, 16]), None, "no block has a place 4096");
        assert_eq!(Bits::decode(&[1]), None);
    }

    #[test]
    fn sets_are_put_together() {
        let (low, high) = (Bits::between(0, 600), Bits::between(500, LAST));
        assert_eq!(low.and(&high), Bits::between(500, 600));
        assert_eq!(low.or(&high), Bits::ALL);
        assert!(low.and(&Bits::NONE).is_empty());
    }

    #[test]
    fn every_session_has_a_place() {
        for handle in [1, 4095, 4096, 20_000] {
            let (block, place) = place_of(Handle(handle));
            assert_eq!(handle_at(block, place), Handle(handle));
        }
    }
}
