//! Finished chunks of a large file, kept in the work folder: a run that was stopped or killed goes on behind them.
//!
//! One file for each side. Chunks are appended one after another, each with a header and a checksum, so that a kill can
//! damage the end only; what is damaged is cut off and read again.
//!
//! Always holds: a kept chunk is used only by a run of the same release, spec and input (the identity in its header); it
//! holds hashes and places, no text of a row. Keys are hashes of names and dates all the same: the file is owner-only.
//! Not here: what a chunk leaves (read); who makes the identity (work).
//! Rules come from: the issue, part C (stop and resume).

use super::{parts::ChunkParts, read::Leaf, runs::WordFile};
use crate::problem::{Problem, ProblemCode, Problems};
use base::Fault;
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::{Mutex, PoisonError},
};
use xxhash_rust::xxh3::xxh3_64;

/// Begins a chunk; has the format's number in it.
const MAGIC: u64 = u64::from_le_bytes(*b"SKLEAF03");
/// Words of a header: magic, identity, number, lines, lengths of the parts, checksum.
const HEADER: usize = 4 + PARTS + 1;
/// Starts, details, breaks, bounds, counted, own keys, problems, entries.
const PARTS: usize = 8;

/// The kept chunks of a file.
pub(super) struct Kept {
    side: char,
    identity: u64,
    file: WordFile,
    /// Where chunks begin. The lock also makes that only one thread appends.
    at: Mutex<BTreeMap<usize, u64>>,
}

impl Kept {
    /// Opens the file of a side, finds what is in it. What is of another identity, or damaged, is cut off.
    pub fn open(folder: &Path, side: char, identity: u64) -> Result<Kept, Fault> {
        let path = folder.join(format!("read-{side}"));
        let options =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = options.map_err(|e| Fault::caused("cannot open a file of the work folder", e))?;
        let (at, end) = scan(&file, identity).map_err(|e| Fault::caused("cannot read the work folder", e))?;
        file.set_len(end).map_err(|e| Fault::caused("cannot shorten a file of the work folder", e))?;
        Ok(Kept { side, identity, file: WordFile::new(file, end), at: Mutex::new(at) })
    }

    /// Whether a chunk is kept.
    pub fn has(&self, number: usize) -> bool {
        self.at.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&number)
    }

    /// Keeps a chunk.
    pub fn put(&self, number: usize, leaf: &Leaf) -> Result<(), Fault> {
        let words = words(number, leaf, self.identity);
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = self.file.append(&words)?;
        at.insert(number, begin);
        Ok(())
    }

    /// A kept chunk, and at which byte of the file its entries begin. Without entries unless asked for.
    pub fn get(&self, number: usize, entries: bool) -> Result<(Leaf, Option<u64>), Fault> {
        let found = self.at.lock().unwrap_or_else(PoisonError::into_inner).get(&number).copied();
        let begin = found.ok_or_else(|| Fault::new("a kept chunk is gone"))?;
        let (mut bytes, mut words) = (Vec::new(), Vec::new());
        self.file.read(begin, HEADER, &mut bytes, &mut words)?;
        let header = Header::of(&words).ok_or_else(|| Fault::new("a kept chunk has no header"))?;
        let [.., last] = header.words();
        let before = header.words().iter().sum::<usize>() - last;
        let body = begin + HEADER as u64 * 8;
        words.clear();
        self.file.read(body, before + if entries { last } else { 0 }, &mut bytes, &mut words)?;
        let leaf = leaf(&header, &words, self.side).ok_or_else(|| Fault::new("a kept chunk is damaged"))?;
        Ok((leaf, Some(body + before as u64 * 8)))
    }

    /// The file, for those who read entries from it.
    pub fn into_file(self) -> WordFile {
        self.file
    }
}

struct Header {
    identity: u64,
    number: usize,
    lines: u64,
    /// How many items each part has.
    lengths: [usize; PARTS],
    checksum: u64,
}

impl Header {
    fn of(words: &[u64]) -> Option<Header> {
        let [MAGIC, identity, number, lines, rest @ ..] = words else { return None };
        let (lengths, [checksum]) = rest.split_first_chunk::<PARTS>()? else { return None };
        // Lengths beyond any file are damage, and could overflow sums.
        if lengths.iter().any(|length| *length > 1 << 40) {
            return None;
        }
        Some(Header {
            identity: *identity,
            number: *number as usize,
            lines: *lines,
            lengths: lengths.map(|length| length as usize),
            checksum: *checksum,
        })
    }

    /// How many words each part takes.
    fn words(&self) -> [usize; PARTS] {
        let [starts, details, breaks, bounds, counted, own_keys, problems, entries] = self.lengths;
        [
            starts.div_ceil(2),
            details,
            breaks,
            bounds.div_ceil(2),
            counted,
            own_keys.div_ceil(2),
            problems,
            entries,
        ]
    }
}

/// Finds the undamaged chunks at the file's beginning; says where they end.
fn scan(file: &File, identity: u64) -> std::io::Result<(BTreeMap<usize, u64>, u64)> {
    let length = file.metadata()?.len();
    let (mut at, mut found, mut bytes) = (0, BTreeMap::new(), Vec::new());
    let to_words = |bytes: &[u8]| -> Vec<u64> {
        bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect()
    };
    while at + HEADER as u64 * 8 <= length {
        bytes.resize(HEADER * 8, 0);
        file.read_exact_at(&mut bytes, at)?;
        let Some(header) = Header::of(&to_words(&bytes)) else { break };
        let size: usize = header.words().iter().sum();
        let end = at + (HEADER + size) as u64 * 8;
        if header.identity != identity || end > length {
            break;
        }
        bytes.resize(size * 8, 0);
        file.read_exact_at(&mut bytes, at + HEADER as u64 * 8)?;
        if xxh3_64(&bytes) != header.checksum {
            break;
        }
        found.insert(header.number, at);
        at = end;
    }
    Ok((found, at))
}

fn words(number: usize, leaf: &Leaf, identity: u64) -> Vec<u64> {
    let problems = problem_words(&leaf.problems);
    let mut words = vec![MAGIC, identity, number as u64, leaf.lines];
    let lengths = [
        leaf.starts.len(),
        leaf.details.len(),
        leaf.breaks.len(),
        leaf.bounds.len(),
        leaf.counted.len(),
        leaf.own_keys.len(),
        problems.len(),
        leaf.entries.len(),
    ];
    words.extend(lengths.map(|length| length as u64));
    words.push(0);
    push_halves(&leaf.starts, &mut words);
    words.extend(&leaf.details);
    words.extend(leaf.breaks.iter().map(|(row, more)| u64::from(*row) << 32 | u64::from(*more)));
    push_halves(&leaf.bounds, &mut words);
    words.extend(&leaf.counted);
    push_halves(&leaf.own_keys, &mut words);
    words.extend(problems);
    words.extend(&leaf.entries);
    let body: Vec<u8> = words[HEADER..].iter().flat_map(|word| word.to_le_bytes()).collect();
    words[HEADER - 1] = xxh3_64(&body);
    words
}

fn leaf(header: &Header, words: &[u64], side: char) -> Option<Leaf> {
    let mut words = words;
    let mut parts: [&[u64]; PARTS] = [&[]; PARTS];
    for (part, length) in parts.iter_mut().zip(header.words()) {
        // Entries may have been left out.
        let (taken, rest) = words.split_at(length.min(words.len()));
        (*part, words) = (taken, rest);
    }
    let [starts, details, breaks, bounds, counted, own_keys, problems, entries] = parts;
    Some(Leaf {
        lines: header.lines,
        starts: halves(starts, header.lengths[0]),
        details: details.to_vec(),
        breaks: breaks.iter().map(|word| ((word >> 32) as u32, *word as u32)).collect(),
        bounds: halves(bounds, header.lengths[3]),
        counted: counted.to_vec(),
        own_keys: halves(own_keys, header.lengths[5]),
        parts: ChunkParts::default(),
        problems: problems_of(problems, side)?,
        entries: entries.to_vec(),
    })
}

fn push_halves(halves: &[u32], words: &mut Vec<u64>) {
    words.extend(halves.chunks(2).map(|pair| match pair {
        [low, high] => u64::from(*high) << 32 | u64::from(*low),
        [low] => u64::from(*low),
        _ => 0,
    }));
}

fn halves(words: &[u64], length: usize) -> Vec<u32> {
    words.iter().flat_map(|word| [*word as u32, (word >> 32) as u32]).take(length).collect()
}

/// Problems as words: how many kinds, each with its count; then the listed ones with line, kind and column. The side is
/// the file's.
fn problem_words(problems: &Problems) -> Vec<u64> {
    let kind =
        |code: ProblemCode| ProblemCode::ALL.iter().position(|known| *known == code).unwrap_or(0) as u64;
    let mut words = vec![problems.counts.len() as u64];
    for ((_, code), count) in &problems.counts {
        words.extend([kind(*code), *count]);
    }
    for problem in &problems.listed {
        let column = problem.column.as_deref().unwrap_or_default().as_bytes();
        words.extend([problem.line, kind(problem.code), u64::from(problem.column.is_some())]);
        words.push(column.len() as u64);
        words.extend(column.chunks(8).map(|part| {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            u64::from_le_bytes(word)
        }));
    }
    words
}

fn problems_of(words: &[u64], side: char) -> Option<Problems> {
    let kind = |number: u64| ProblemCode::ALL.get(number as usize).copied();
    let mut problems = Problems::default();
    let Some((kinds, mut words)) = words.split_first() else { return Some(problems) };
    for _ in 0..*kinds {
        let [code, count, rest @ ..] = words else { return None };
        problems.counts.insert((side, kind(*code)?), *count);
        words = rest;
    }
    while let [line, code, has_column, length, rest @ ..] = words {
        let length = *length as usize;
        let (column, rest) = rest.split_at_checked(length.div_ceil(8))?;
        let mut bytes: Vec<u8> = column.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.truncate(length);
        let column = String::from_utf8(bytes).ok().filter(|_| *has_column == 1);
        problems.listed.push(Problem { side, line: *line, column, code: kind(*code)? });
        words = rest;
    }
    Some(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_leaf(rows: u32) -> Leaf {
        let mut problems = Problems::default();
        for line in 0..rows {
            problems.add(Problem::row(
                'B',
                u64::from(line) + 1,
                Some("生年月日"),
                ProblemCode::BirthUnreadable,
            ));
            problems.add(Problem::row('B', 1, None, ProblemCode::Nul));
        }
        Leaf {
            lines: 77,
            starts: (0..rows).map(|row| row * 100).collect(),
            details: (0..rows).map(|row| u64::from(row) << 40).collect(),
            breaks: vec![(3, 1), (4, 2)],
            bounds: vec![0, 1, rows],
            entries: (0..u64::from(rows) * 3).collect(),
            counted: vec![5; rows as usize * 2],
            own_keys: vec![9; rows as usize],
            parts: ChunkParts::default(),
            problems,
        }
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..2 {
            let kept = Kept::open(folder.path(), 'B', 42).unwrap();
            for (number, rows) in [(3, 7), (0, 0), (11, 1_500)] {
                assert_eq!(kept.has(number), round == 1);
                if round == 0 {
                    kept.put(number, &some_leaf(rows)).unwrap();
                }
                let (leaf, at) = kept.get(number, true).unwrap();
                assert_eq!(leaf, some_leaf(rows));
                let (without, same_at) = kept.get(number, false).unwrap();
                assert_eq!((without.details, without.entries), (leaf.details, vec![]));
                assert_eq!(same_at, at);
                let mut entries = Vec::new();
                kept.file.read(at.unwrap(), leaf.entries.len(), &mut Vec::new(), &mut entries).unwrap();
                assert_eq!(entries, leaf.entries);
            }
        }
    }

    #[test]
    fn what_is_damaged_or_of_another_run_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("read-A");
        let fill = || {
            let kept = Kept::open(folder.path(), 'A', 1).unwrap();
            (0..3).for_each(|number| kept.put(number, &some_leaf(20)).unwrap());
            std::fs::read(&path).unwrap()
        };
        let whole = fill();
        let chunk = whole.len() / 3;
        // What was done to the file, the identity asked for, chunks that are left.
        type Damage = fn(&mut Vec<u8>, usize);
        let cases: [(Damage, u64, usize); 6] = [
            (|_, _| (), 1, 3),
            (|_, _| (), 2, 0),
            (|bytes, chunk| bytes.truncate(chunk * 3 - 1), 1, 2),
            (|bytes, chunk| bytes.truncate(chunk + 40), 1, 1),
            (|bytes, chunk| bytes[chunk + 300] ^= 1, 1, 1),
            (|bytes, _| bytes[40] = 0xff, 1, 0),
        ];
        for (damage, identity, left) in cases {
            let mut bytes = whole.clone();
            damage(&mut bytes, chunk);
            std::fs::write(&path, bytes).unwrap();
            let kept = Kept::open(folder.path(), 'A', identity).unwrap();
            let found: Vec<usize> = (0..3).filter(|number| kept.has(*number)).collect();
            assert_eq!(found, (0..left).collect::<Vec<_>>());
            assert_eq!(std::fs::metadata(&path).unwrap().len(), (left * chunk) as u64);
        }
    }

    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let _kept = Kept::open(folder.path(), 'A', 1).unwrap();
        let mode = std::fs::metadata(folder.path().join("read-A")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
