//! When a person is enrolled, by which terms, and who may cancel it.
//!
//! Always holds: values in, values out. An enrolment is a person's: no certificate, no coverage and no day decides
//! about it, so it survives a renewed card and waits for an eligibility (S2 r3).
//! Not here: whether a channel may enrol at all, whether the person is insured (the desks), SQL (`store`).
//! Rules come from: docs/rules.md S2 r1, r2, r3.

use crate::refusals;
use base::{Actor, Answer, Id, Instant, kinds};

/// Where a person enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The face-recognition reader of a clinic or pharmacy.
    Reader,
    /// The person's own pages, on whosever device.
    Portal,
    /// A municipality's desk.
    Municipality,
    /// A bank's machine.
    Atm,
}

impl Channel {
    /// All of them.
    pub const ALL: [Channel; 4] = [Channel::Reader, Channel::Portal, Channel::Municipality, Channel::Atm];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Channel::Reader => "reader",
            Channel::Portal => "portal",
            Channel::Municipality => "municipality",
            Channel::Atm => "atm",
        }
    }

    /// The channel of a word.
    pub fn parse(word: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|channel| channel.word() == word)
    }
}

/// A person's standing enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Who enrolled.
    pub person: Id<kinds::Person>,
    /// When.
    pub at: Instant,
    /// Where.
    pub channel: Channel,
    /// The version of the terms that were agreed to.
    pub terms: String,
}

/// The version of [`TERMS`]. Another text is another version.
pub const TERMS_VERSION: &str = "2026-11";

/// The terms of enrolment, sentence by sentence, in Japanese and in English. They are ours, not the official ones.
pub static TERMS: (&[&str], &[&str]) = (
    &[
        "申し込むと、マイナンバーカードを健康保険証として、医療機関や薬局の受付で使えるようになります。",
        "申込は一生に一度で済み、カードを更新しても、転職や引っ越しで加入先が変わっても、申し込み直す必要はありません。",
        "加入先がまだ登録されていないときも申込は有効で、登録されたときから使えるようになります。",
        "申込は、ご自分のページからいつでも取り消すことができ、後からもう一度申し込むこともできます。",
        "申し込んだ日時と窓口の種類、同意した説明の版を記録します。12桁のマイナンバーは使いません。",
        "このシステムは公的なものではなく、ここで申し込んでも、国の制度での利用登録にはなりません。",
    ],
    &[
        "Once you enrol, you can use your My Number card as your health insurance card at clinics and pharmacies.",
        "You enrol once in a lifetime: a renewed card, a new job or a move does not make you do it again.",
        "Your enrolment also counts while your insurance is not registered yet, and takes effect when it is.",
        "You can cancel it on your own pages at any time, and enrol again later.",
        "We record when and at which kind of place you enrolled, and which version of these terms you agreed to. The \
         12-digit My Number is not used.",
        "This is not an official system: enrolling here does not enrol you in the national one.",
    ],
);

/// What an event of enrolment said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Enrolled,
    Cancelled,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Enrolled => "enrolled",
            Kind::Cancelled => "cancelled",
        }
    }

    pub fn parse(word: &str) -> Option<Kind> {
        [Kind::Enrolled, Kind::Cancelled].into_iter().find(|kind| kind.word() == word)
    }
}

/// The newest event of a person.
#[derive(Clone)]
pub(crate) struct Event {
    /// Counted from 1 for each person.
    pub sequence: i64,
    pub kind: Kind,
    /// When, where and by which terms; of a cancelling the terms are empty.
    pub enrolment: Enrolment,
}

/// The enrolment that stands, if the newest event is one.
pub(crate) fn standing(newest: Option<Event>) -> Option<Enrolment> {
    newest.filter(|event| event.kind == Kind::Enrolled).map(|event| event.enrolment)
}

/// Whether these terms are those that we show today (S2 r2: they are read and agreed to first).
pub(crate) fn agreed(terms: &str) -> Answer<()> {
    if terms == TERMS_VERSION { Ok(()) } else { Err(refusals::other_terms()) }
}

/// Only the person themself cancels an enrolment: not a desk, and nobody else's card.
pub(crate) fn may_cancel(actor: Actor, person: Id<kinds::Person>) -> Answer<()> {
    match actor {
        Actor::Person { person: own } if own == person.raw() => Ok(()),
        _ => Err(refusals::not_the_person()),
    }
}

/// A device may be a relative's, the card is one's own (S2 r2): who comes by card enrols nobody else. Desks and readers
/// enrol whoever's card they have proved.
pub(crate) fn may_enrol(actor: Actor, person: Id<kinds::Person>) -> Answer<()> {
    match actor {
        Actor::Person { person: own } if own != person.raw() => Err(refusals::not_the_person()),
        _ => Ok(()),
    }
}
