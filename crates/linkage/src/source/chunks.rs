//! Splitting a file at row boundaries so that many threads can read it.
//!
//! Always holds: every cut is where reading from the beginning would begin a row; the cuts depend on the file and the
//! size only, not on the number of threads.
//! Not here: reading rows. How a quote opens and closes is the same here and in `csv`.

use super::csv::{self, QUOTED_MAX, after_break};
use memchr::{memchr_iter, memchr2};
use std::ops::Range;

/// Cuts of a file without quotes: at line ends, or between records of one length.
pub fn plain(data: &[u8], start: usize, size: usize, record: Option<usize>) -> Vec<usize> {
    let Some(record) = record else { return line_cuts(data, start, size) };
    let step = (size / record).max(1).saturating_mul(record);
    let mut cuts: Vec<usize> = (start..data.len()).step_by(step).collect();
    cuts.push(data.len());
    cuts
}

/// Cuts of a file that may have quotes.
pub fn quoted(data: &[u8], start: usize, separator: u8, size: usize, threads: usize) -> Vec<usize> {
    let cuts = line_cuts(data, start, size);
    let pieces: Vec<Range<usize>> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let scans = scan_all(data, &pieces, start, separator, threads);
    let mut kept = Vec::with_capacity(cuts.len());
    let mut open: Option<usize> = None;
    for (piece, outside) in pieces.iter().zip(scans) {
        let scan = match open {
            None => {
                kept.push(piece.start);
                outside
            }
            // Few line ends stand in quotes, so this second look is rare, and none of the first is wasted.
            Some(_) => quotes(data, piece, start, separator, Open::Still),
        };
        let too_long = open.zip(scan.first_close).is_some_and(|(open, close)| close - open > QUOTED_MAX);
        if scan.damaged || too_long {
            return walked(data, start, separator, size);
        }
        open = match scan.open {
            Open::No => None,
            Open::Still => open,
            Open::At(place) => Some(place),
        };
    }
    if open.is_some() {
        return walked(data, start, separator, size);
    }
    if !pieces.is_empty() {
        kept.push(data.len());
    }
    kept
}

/// Line ends about `size` apart, whether in quotes or not. Each search begins behind the one before, so a line of any
/// length is looked through once.
fn line_cuts(data: &[u8], start: usize, size: usize) -> Vec<usize> {
    let mut cuts = vec![start];
    let mut from = start.saturating_add(size);
    while from < data.len() {
        let Some(found) = memchr2(b'\n', b'\r', &data[from..]) else { break };
        let cut = after_break(data, from + found);
        if cut < data.len() {
            cuts.push(cut);
        }
        from = cut.saturating_add(size);
    }
    if start < data.len() {
        cuts.push(data.len());
    }
    cuts
}

/// Cuts of a file with a quote that never closes: found by walking from row to row, since giving such a row up changes
/// what all quotes after it mean.
fn walked(data: &[u8], start: usize, separator: u8, size: usize) -> Vec<usize> {
    let mut cuts = vec![start];
    let (mut at, mut last) = (start, start);
    while at < data.len() {
        // Blank lines belong to the chunk before, as they do for a reader.
        at = if matches!(data[at], b'\n' | b'\r') {
            after_break(data, at)
        } else {
            csv::take(data, at, separator, 0, &mut Vec::new()).next
        };
        if at - last >= size && at < data.len() {
            cuts.push(at);
            last = at;
        }
    }
    cuts.push(data.len());
    cuts
}

/// What a piece does to quotes.
#[derive(Clone, Copy, Default)]
struct Quotes {
    /// Whether a quote is open at the end.
    open: Open,
    /// The first quote that closes one opened before the piece.
    first_close: Option<usize>,
    /// A quote within the piece closes too late.
    damaged: bool,
}

#[derive(Clone, Copy, Default)]
enum Open {
    #[default]
    No,
    /// The one from before the piece is still open.
    Still,
    /// One that opened in the piece.
    At(usize),
}

/// Looks at all pieces as if they began outside of quotes, which nearly all do.
fn scan_all(
    data: &[u8],
    pieces: &[Range<usize>],
    start: usize,
    separator: u8,
    threads: usize,
) -> Vec<Quotes> {
    let mut scans = vec![Quotes::default(); pieces.len()];
    let share = pieces.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for (scans, pieces) in scans.chunks_mut(share).zip(pieces.chunks(share)) {
            scope.spawn(move || {
                for (scan, piece) in scans.iter_mut().zip(pieces) {
                    *scan = quotes(data, piece, start, separator, Open::No);
                }
            });
        }
    });
    scans
}

/// Follows the quotes of a piece. A piece begins after a line end, so no doubled quote is cut in two.
fn quotes(data: &[u8], piece: &Range<usize>, start: usize, separator: u8, begin: Open) -> Quotes {
    let mut state = Quotes { open: begin, ..Quotes::default() };
    let mut doubled = None;
    for at in memchr_iter(b'"', &data[piece.clone()]).map(|at| piece.start + at) {
        if doubled == Some(at) {
            continue;
        }
        if matches!(state.open, Open::No) {
            let opens = at == start || data[at - 1] == separator || matches!(data[at - 1], b'\n' | b'\r');
            if opens {
                state.open = Open::At(at);
            }
        } else if data.get(at + 1) == Some(&b'"') {
            doubled = Some(at + 1);
        } else {
            match state.open {
                Open::At(open) => state.damaged |= at - open > QUOTED_MAX,
                _ => state.first_close = Some(at),
            }
            state.open = Open::No;
        }
    }
    state
}
