//! Writing Protocol Buffers messages from what is borrowed.
//!
//! Records are read by prost's derived types. What is written at every commit is written from where it is, without a
//! record made of copies in between; the golden files say that both speak of the same form.

use std::time::Duration;

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

/// The fields of a message, written in the order of their numbers.
pub(super) struct Fields<'b>(pub(super) &'b mut Vec<u8>);

impl Fields<'_> {
    /// A number; nothing where it is 0.
    pub(super) fn number(&mut self, tag: u32, number: u64) {
        if number != 0 {
            self.some_number(tag, number);
        }
    }

    /// A number, also 0.
    pub(super) fn some_number(&mut self, tag: u32, number: u64) {
        encode_key(tag, WireType::Varint, self.0);
        encode_varint(number, self.0);
    }

    /// A number of eight bytes; nothing where it is 0.
    pub(super) fn fixed(&mut self, tag: u32, number: u64) {
        if number != 0 {
            encode_key(tag, WireType::SixtyFourBit, self.0);
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Bytes; nothing where there are none.
    pub(super) fn bytes(&mut self, tag: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.some_bytes(tag, bytes);
        }
    }

    /// Bytes, also none.
    pub(super) fn some_bytes(&mut self, tag: u32, bytes: &[u8]) {
        encode_key(tag, WireType::LengthDelimited, self.0);
        encode_varint(bytes.len() as u64, self.0);
        self.0.extend_from_slice(bytes);
    }

    /// A text; nothing where it is empty.
    pub(super) fn text(&mut self, tag: u32, text: &str) {
        self.bytes(tag, text.as_bytes());
    }

    /// A text, also an empty one.
    pub(super) fn some_text(&mut self, tag: u32, text: &str) {
        self.some_bytes(tag, text.as_bytes());
    }

    /// A length of time.
    pub(super) fn length(&mut self, tag: u32, length: Duration) {
        self.message(tag, |fields| {
            fields.number(1, length.as_secs());
            fields.number(2, u64::from(length.subsec_nanos()));
        });
    }

    /// A message within the message.
    pub(super) fn message(&mut self, tag: u32, write: impl FnOnce(&mut Fields<'_>)) {
        encode_key(tag, WireType::LengthDelimited, self.0);
        // Most are shorter than what one byte can say.
        let at = self.0.len();
        self.0.push(0);
        write(&mut Fields(self.0));
        let length = self.0.len() - at - 1;
        let more = encoded_len_varint(length as u64) - 1;
        if more > 0 {
            self.0.resize(self.0.len() + more, 0);
            self.0.copy_within(at + 1..at + 1 + length, at + 1 + more);
        }
        encode_varint(length as u64, &mut self.0.get_mut(at..).unwrap_or_default());
    }
}
