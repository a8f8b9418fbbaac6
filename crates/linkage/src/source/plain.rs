//! Cutting fields that have no quotes around them: nearly every row is nothing but such, and they are cut in one pass.
//!
//! Always holds: what is cut here is cut by [`csv::take`](super::csv::take) in the same way; where that is not certain,
//! nothing is.
//! Not here: quotes, rows of a wrong shape, the last bytes of a file (csv).
//! Rules come from: RFC 4180.

use super::{Cell, ROW_MAX};

/// Bytes that are looked at together: fields are so short that a search for the end of each, or a step for each eight bytes,
/// would be guessed wrong once a field.
const BLOCK: usize = 64;

/// Cuts the first fields of the row with which `rest` begins, and tells where the last of them ends: with a separator, as
/// those before it do, or with the row. `None`, and the fields are not to be used, where one has a quote or a control
/// character, where the row has fewer or is too long, and in the last bytes of a file.
pub fn cut(rest: &[u8], separator: u8, cells: &mut [Cell]) -> Option<usize> {
    let (blocks, _) = rest.as_chunks::<BLOCK>();
    let mut cells = cells.iter_mut();
    let Some(mut cell) = cells.next() else { return Some(0) };
    let mut from = 0;
    for (number, block) in blocks.iter().enumerate() {
        let mut places = ends(block, separator);
        while places != 0 {
            let place = places.trailing_zeros() as usize % BLOCK;
            places &= places - 1;
            let end = number * BLOCK + place;
            *cell = Cell { start: from as u32, end: end as u32, doubled: false };
            from = end + 1;
            let is_separator = block[place] == separator;
            match cells.next() {
                Some(next) if is_separator => cell = next,
                Some(_) => return None,
                None => {
                    let is_end = is_separator || matches!(block[place], b'\n' | b'\r');
                    return (is_end && end <= ROW_MAX).then_some(end);
                }
            }
        }
    }
    None
}

/// Where a field may end in a block, a bit each: separators, control characters (zero bytes and line ends among them) and
/// quotes, which open fields as a rule.
///
/// A comparison of bytes of a fixed number is done with many at once. What that leaves is turned into bits with few steps
/// when each eight bytes have another bit: then all are one word, of which rows and columns of bits change places.
// Not put into its caller: the compiler would not know there that nothing else writes to `bits`.
#[inline(never)]
fn ends(block: &[u8; BLOCK], separator: u8) -> u64 {
    const BITS: [u8; BLOCK] = {
        let mut bits = [0; BLOCK];
        let mut at = 0;
        while at < BLOCK {
            bits[at] = 1 << (at / 8);
            at += 1;
        }
        bits
    };
    let is_end = |byte: u8| (byte == separator) | (byte <= b'\r') | (byte == b'"');
    let mut bits = BITS;
    for (bit, byte) in bits.iter_mut().zip(block) {
        *bit = if is_end(*byte) { *bit } else { 0 };
    }
    let (words, _) = bits.as_chunks::<8>();
    turned(words.iter().fold(0, |all, word| all | u64::from_le_bytes(*word)))
}

/// Eight bytes of eight bits; each bit takes the place of its byte, and the other way round.
fn turned(mut bits: u64) -> u64 {
    // Single bits, then pairs, then four of them.
    for (step, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)]
    {
        let differ = (bits ^ (bits >> step)) & mask;
        bits ^= differ ^ (differ << step);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::csv;
    use proptest::prelude::*;

    const EMPTY: Cell = Cell { start: 0, end: 0, doubled: false };

    proptest! {
        #[test]
        fn the_first_fields_are_those_of_the_whole_row(
            row in "[a,\"あ]{0,90}|[a-e,\"]{0,90}|[ア-ン,]{0,40}|[a,\t\0\u{b}]{0,150}",
            behind in "(\r|\n|\r\n)[a,\"]{0,200}",
            count in 1_usize..14,
        ) {
            let text = row + &behind;
            let mut whole = Vec::new();
            let taken = csv::take(text.as_bytes(), 0, b',', usize::MAX, &mut whole);
            let mut first = vec![EMPTY; count];
            if let Some(end) = cut(text.as_bytes(), b',', &mut first) {
                prop_assert!(whole.len() >= count);
                prop_assert_eq!(first.as_slice(), &whole[..count]);
                prop_assert_eq!(end, first[count - 1].end as usize);
                prop_assert_eq!(end == taken.end, whole.len() == count);
            }
        }

        #[test]
        fn a_bit_for_each_place(block: [u8; BLOCK], separator: u8) {
            let is_end = |at: &usize| block[*at] == separator || block[*at] <= 13 || block[*at] == b'"';
            let want = (0..BLOCK).filter(is_end).fold(0, |bits, at| bits | 1_u64 << at);
            prop_assert_eq!(ends(&block, separator), want);
        }
    }

    #[test]
    fn fields_are_cut_but_for_quoted_ones_and_the_end_of_a_file() {
        let rest = "0123456789".repeat(7);
        for (row, count, want) in [
            ("ab,cd,ef\n", 0, Some(0)),
            ("ab,cd,ef\n", 2, Some(5)),
            ("ab,cd,ef\n", 3, Some(8)),
            ("ab,cd,ef\r\n", 3, Some(8)),
            ("ab,cd,ef\n", 4, None),
            ("ab,,\n", 3, Some(4)),
            ("ab,c\"d\",ef\n", 2, None),
            ("ab,\"cd\",ef\n", 1, Some(2)),
            ("ab,\"cd\",ef\n", 2, None),
            ("ab,c\td,ef\n", 1, Some(2)),
            ("ab,c\td,ef\n", 2, None),
            ("ab,cd,ef", 9, None),
        ] {
            let text = format!("{row}{rest}");
            assert_eq!(cut(text.as_bytes(), b',', &mut vec![EMPTY; count]), want, "{row}");
        }
        assert_eq!(cut(b"ab,cd,ef\n", b',', &mut [EMPTY]), None);
        let long = "a".repeat(ROW_MAX + 1) + "," + &rest;
        assert_eq!(cut(&long.as_bytes()[1..], b',', &mut [EMPTY]), Some(ROW_MAX));
        assert_eq!(cut(long.as_bytes(), b',', &mut [EMPTY]), None);
    }
}
