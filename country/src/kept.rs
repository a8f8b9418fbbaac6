//! What is kept of the cards that were made, so that an edited row reaches its card and an unchanged one leaves it alone:
//! for each patient's id the card's edition, the state that it was made for, and a mark of the row's PIN.
//!
//! Always holds: a row that says another state than its card was made for gives another card, with serials that were
//! never given, so that whatever became of the one before does not matter; a row that says another PIN gives the same
//! card written anew; any other row gives the card that lies there, with its tries and its holder's own PIN. What cannot
//! be read counts as not known, and a card of which nothing is known is judged by its file.
//! Not here: where the text lies (`app`), the card itself (`cards`).
//! Rules come from: none; the marks are ours.

use crate::chain::{CardState, CardStory};
use crate::{Patient, ids};
use std::collections::BTreeMap;

/// The cards that were made, by patients' ids. It prints nothing: its marks come from PINs.
#[derive(Default)]
pub struct Kept(BTreeMap<String, Made>);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Made {
    edition: u32,
    state: CardState,
    mark: u64,
}

impl Kept {
    /// Reads what [`Kept::text`] wrote; lines of any other shape are left out.
    pub fn read(text: &str) -> Kept {
        let made = |line: &str| {
            let mut words = line.split(' ');
            let plain =
                |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            let id = words.next().filter(|id| !id.is_empty() && plain(id))?;
            let edition = words.next()?.parse().ok()?;
            let state = CardState::parse(words.next()?)?;
            let mark = u64::from_str_radix(words.next()?, 16).ok()?;
            words.next().is_none().then(|| (id.to_owned(), Made { edition, state, mark }))
        };
        Kept(text.lines().filter_map(made).collect())
    }

    /// One line for each card: id, edition, state, mark.
    pub fn text(&self) -> String {
        let line = |(id, made): (&String, &Made)| {
            format!("{id} {} {} {:016x}\n", made.edition, made.state.word(), made.mark)
        };
        self.0.iter().map(line).collect()
    }

    /// Tells patients which edition of their card is due: the next one where the row says another state.
    pub fn due(&self, patients: &mut [Patient]) {
        for patient in patients {
            let (Some(made), Some(state)) = (self.0.get(&patient.id), patient.card_state) else { continue };
            patient.edition = made.edition.saturating_add(u32::from(!made.state.is_same_card(state)));
        }
    }

    /// Tells patients which edition of their card is the present one, whatever their rows came to say since.
    pub fn present(&self, patients: &mut [Patient]) {
        for patient in patients {
            patient.edition = self.0.get(&patient.id).map_or(0, |made| made.edition);
        }
    }

    /// Whether a card file, as it lies on the disk, is the card that its row describes.
    pub fn stands(&self, story: &CardStory, file: &str) -> bool {
        story.is_in(file) && self.0.get(&story.patient).is_none_or(|made| made.mark == mark(story))
    }

    /// Keeps that a card is as its row says.
    pub fn made(&mut self, story: &CardStory) {
        let made = Made { edition: story.edition, state: story.state, mark: mark(story) };
        self.0.insert(story.patient.clone(), made);
    }

    /// Keeps that a card was written anew while a demo runs: with the row's PIN, and of the edition that Shikaku knows.
    /// Another state waits for the next start.
    pub fn written(&mut self, story: &CardStory) {
        match self.0.get_mut(&story.patient) {
            Some(made) => made.mark = mark(story),
            None => self.made(story),
        }
    }

    /// The ids of the patients whose cards were made.
    pub fn patients(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Tells one PIN of a row from another.
fn mark(story: &CardStory) -> u64 {
    ids::mix(story.seed, &[&story.patient, "pin-mark", story.pin()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::day;
    use crate::{card, read_csv};

    /// The story of one row of a vendor's file as of 27 November 2026, with the edition that is due.
    fn row(kept: &Kept, cells: &str) -> CardStory {
        let text =
            format!("id,insurer_number,number,birth_date,pin,card_state\nmine,06990010,1,19800401,{cells}\n");
        let today = day(2026, 11, 27);
        let (mut read, problems) = read_csv(text.as_bytes(), 1, today);
        assert_eq!(problems, []);
        kept.due(&mut read);
        card(1, today, &read[0]).unwrap()
    }

    #[test]
    fn another_pin_or_state_makes_a_card_anew_and_use_does_not() {
        let mut kept = Kept::default();
        let first = row(&kept, "1470,valid");
        let file = first.issue().unwrap().file;
        assert!(kept.stands(&first, &file), "nothing is known yet: the file decides");
        kept.made(&first);
        assert!(kept.stands(&first, &file));
        let used = file.replace("tries_left = 3", "tries_left = 1").replace("\"1470\"", "\"9999\"");
        assert!(used != *file && kept.stands(&row(&kept, "1470,valid"), &used));
        let other_pin = row(&kept, "1471,valid");
        assert_eq!(other_pin.serial(), first.serial());
        assert!(other_pin.is_in(&file) && !kept.stands(&other_pin, &file));
        let other_kind = row(&kept, ",pin-less");
        assert!(!other_kind.is_in(&file));
    }

    #[test]
    fn each_change_of_state_is_another_edition_and_reads_back() {
        let mut kept = Kept::default();
        let mut serials = std::collections::BTreeSet::new();
        for (state, edition) in
            [("valid", 0), ("on-hold", 1), ("on-hold", 1), ("valid", 2), ("", 2), ("revoked", 3)]
        {
            let story = row(&kept, &format!(",{state}"));
            assert_eq!(story.edition, edition, "{state}");
            serials.insert(story.serial());
            kept.made(&story);
            kept = Kept::read(&kept.text());
        }
        assert_eq!(serials.len(), 4, "no edition has a serial of an earlier one");
        assert_eq!(kept.patients().collect::<Vec<_>>(), ["mine"]);
        // A card written anew while a demo runs keeps its edition; the state waits for the next start.
        let mut waiting = Kept::read(&kept.text());
        let edited = row(&kept, "1470,valid");
        waiting.written(&edited);
        assert_eq!(row(&waiting, "1470,valid").edition, 4);
        assert!(waiting.stands(&edited, &edited.issue().unwrap().file));
        for broken in [
            "",
            "mine",
            "../mine 1 valid 00",
            "mine x valid 00",
            "mine 1 no-state 00",
            "mine 1 valid 0g",
            "mine 1 valid 00 more",
        ] {
            assert_eq!(Kept::read(broken).text(), "", "{broken}");
        }
    }
}
