//! The truth: whose each membership really is, and what went wrong with it. For tests and for whoever judges a matcher.
//!
//! Always holds: nothing of it reaches Shikaku by any door; a line has no name and no address.
//! Not here: what offices believe (`filings`).
//! Rules come from: the issue, part C ("the truth is kept apart from what offices believe").

use super::{block::Block, institutions::Institutions};

/// The columns of a line.
pub const HEADER: &str = "person,my_number,coverage_key,insurer,from,until,registered_on,is_loss_known,mistake,mistake_until,filed_number";

/// The lines of a block, each of one membership.
pub fn lines(block: &Block, institutions: &Institutions) -> Vec<String> {
    let my_number = |number| block.plan.my_number(number).reveal().to_owned();
    let mut lines = Vec::new();
    for person in &block.people {
        for (place, spell) in person.spells.iter().enumerate() {
            let day = |date: Option<base::Date>| date.map(base::Date::stamp8).unwrap_or_default();
            let mistake = spell.mistake.as_ref();
            let insurer = &institutions.insurers()[spell.due.insurer as usize];
            lines.push(format!(
                "{},{},{}-{place},{},{},{},{},{},{},{},{}",
                person.number.0,
                my_number(person.number),
                person.number.0,
                insurer.number.as_str(),
                spell.from.stamp8(),
                day(spell.until.map(|(on, _)| on)),
                day(spell.filed.registered_on),
                u8::from(spell.filed.is_loss_known),
                mistake.map(|mistake| mistake.kind.word()).unwrap_or_default(),
                day(mistake.and_then(|mistake| mistake.until)),
                mistake.and_then(|mistake| mistake.other).map(my_number).unwrap_or_default(),
            ));
        }
    }
    lines
}
