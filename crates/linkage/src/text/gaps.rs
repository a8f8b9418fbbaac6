//! Gaps between the words of a name: blanks, ・ and commas as they were written, kept beside the letters.
//!
//! Always holds: no gap stands before the first letter or, once [`Gaps::end`] was called, behind the last one.
//! Not here: which characters make a gap (name, kana).

/// Where a name has gaps. Its buffer is reused.
#[derive(Clone, Default)]
pub(crate) struct Gaps {
    /// Number of letters before the gap, and how wide it is.
    at: Vec<(usize, usize)>,
}

impl Gaps {
    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.at.clear();
    }

    /// A gap of a width after so many letters; gaps side by side are one.
    pub(crate) fn add(&mut self, letters: usize, width: usize) {
        match self.at.last_mut() {
            _ if letters == 0 => {}
            Some(last) if last.0 == letters => last.1 += width,
            _ => self.at.push((letters, width)),
        }
    }

    /// The only gap of a name that has ended, if it has one.
    #[inline]
    pub(crate) fn set(&mut self, only: Option<(usize, usize)>) {
        self.at.clear();
        if let Some(gap) = only {
            self.at.push(gap);
        }
    }

    /// The name has ended with so many letters.
    pub(crate) fn end(&mut self, letters: usize) {
        if self.at.last().is_some_and(|last| last.0 >= letters) {
            self.at.pop();
        }
    }

    /// Where the given name begins: after the only gap, or after the one that is wider than all others, since some
    /// offices write `田 中　花 子`.
    pub(crate) fn given(&self) -> Option<usize> {
        if let [only] = self.at.as_slice() {
            return Some(only.0);
        }
        let widest = self.at.iter().map(|gap| gap.1).max()?;
        let mut wide = self.at.iter().filter(|gap| gap.1 == widest);
        let found = wide.next()?.0;
        wide.next().is_none().then_some(found)
    }

    /// Where the gaps are: letters before each.
    pub(crate) fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.at.iter().map(|gap| gap.0)
    }

    /// Puts back what [`Gaps::positions`] gave; how wide they were matters only while reading.
    pub(crate) fn restore(&mut self, positions: impl Iterator<Item = usize>) {
        self.at.clear();
        self.at.extend(positions.map(|at| (at, 1)));
    }

    /// How many gaps there are.
    pub(crate) fn count(&self) -> usize {
        self.at.len()
    }

    /// All that is known.
    #[cfg(test)]
    pub(crate) fn widths(&self) -> &[(usize, usize)] {
        &self.at
    }

    /// The words of the name's letters.
    pub(crate) fn words<'n>(&'n self, letters: &'n [char]) -> impl Iterator<Item = &'n [char]> + Clone {
        let begins = std::iter::once(0).chain(self.at.iter().map(|gap| gap.0));
        let ends = self.at.iter().map(|gap| gap.0).chain([letters.len()]);
        begins.zip(ends).map(|(begin, end)| letters.get(begin..end).unwrap_or_default())
    }
}

/// The gap of a name that has one at most, while it is read.
#[derive(Clone, Copy, Default)]
pub(crate) struct Gap {
    at: usize,
    width: usize,
}

impl Gap {
    /// A blank after so many letters, as [`Gaps::add`] takes it: a full-width one is twice as wide. False if it is no blank, or
    /// belongs to a second gap.
    #[inline]
    pub(crate) fn take(&mut self, letters: usize, blank: char) -> bool {
        let width = match blank {
            ' ' => 1,
            '\u{3000}' => 2,
            _ => return false,
        };
        if self.at != letters {
            if self.at != 0 {
                return false;
            }
            *self = Gap { at: letters, width: 0 };
        }
        self.width += width;
        true
    }

    /// The gap and its width, if there is one in a name of so many letters.
    #[inline]
    pub(crate) fn within(self, letters: usize) -> Option<(usize, usize)> {
        (self.at > 0 && self.at < letters).then_some((self.at, self.width))
    }
}
