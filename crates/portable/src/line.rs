//! One line: a JSON object that ends with its checksum.

use crate::FlawKind;

/// No line is longer than this: the largest event, each of its bytes written in six, and room for the rest.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Before the checksum.
const MARK: &[u8] = b",\"crc\":\"";
/// After it.
const CLOSE: &[u8] = b"\"}\n";
/// Its digits.
const DIGITS: usize = 8;

/// Closes a line: `line` is an object from its beginning up to, but without, its closing brace.
pub(crate) fn seal(line: &mut Vec<u8>, begin: usize) {
    let sum = crc(&line[begin..]);
    line.extend_from_slice(MARK);
    line.extend_from_slice(format!("{sum:08x}").as_bytes());
    line.extend_from_slice(CLOSE);
}

/// The object of a line, without its checksum and its closing brace.
pub(crate) fn open(line: &[u8]) -> Result<&[u8], FlawKind> {
    if line.len() > LINE_BYTES_MAX {
        return Err(FlawKind::TooLong);
    }
    let Some(rest) = line.strip_suffix(b"\n") else {
        return Err(FlawKind::CutOff);
    };
    let rest = rest.strip_suffix(&CLOSE[..CLOSE.len() - 1]).ok_or(FlawKind::Altered)?;
    let (rest, digits) = rest.split_at_checked(rest.len().saturating_sub(DIGITS)).ok_or(FlawKind::Altered)?;
    let body = rest.strip_suffix(MARK).ok_or(FlawKind::Altered)?;
    if format!("{:08x}", crc(body)).as_bytes() == digits { Ok(body) } else { Err(FlawKind::Altered) }
}

/// CRC-32 as zip and PNG have it: it notices every change of up to 32 bits in a row.
fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| TABLE[((sum ^ u32::from(*byte)) & 0xFF) as usize] ^ (sum >> 8);
    !bytes.iter().fold(u32::MAX, step)
}

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let (mut byte, mut number) = (0, 0);
    while byte < 256 {
        let mut sum = number;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[byte] = sum;
        (byte, number) = (byte + 1, number + 1);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_well_known_one() {
        assert_eq!(crc(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc(b""), 0);
    }

    #[test]
    fn a_line_is_opened_as_it_was_closed() {
        let mut line = b"before".to_vec();
        line.extend_from_slice(b"{\"a\":1");
        seal(&mut line, 6);
        assert_eq!(open(&line[6..]), Ok(&b"{\"a\":1"[..]));
    }

    #[test]
    fn every_bit_counts() {
        let mut line = b"{\"a\":1".to_vec();
        seal(&mut line, 0);
        for at in 0..line.len() * 8 {
            let mut other = line.clone();
            other[at / 8] ^= 1 << (at % 8);
            assert!(open(&other).is_err(), "bit {at}");
        }
        for length in 0..line.len() {
            assert_eq!(open(&line[..length]), Err(FlawKind::CutOff));
        }
    }
}
