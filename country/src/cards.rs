//! Cards of the country: certificates and files made from their stories, and the ways in which Shikaku hears of them:
//! the authority tells of certificates, the municipality enrols whoever takes a card.
//!
//! Always holds: nothing is signed before it is asked for; the same story gives the same bytes, but for P-384, where
//! each signature draws a number. Settling says of a certificate once what its story says; what people do about it
//! afterwards (a hold lifted, an enrolment cancelled) stands.
//! Not here: where files are written, and what a tap ends with.
//! Rules come from: docs/rules.md S1 r1, r11; S2 r1, r3, r4; the reference on the card, sections 2 and 4.3 to 4.6.

use crate::authority::{self, MUNICIPALITY, MUNICIPALITY_CODE};
use crate::chain::{self, CardState, CardStory, Fate, Planned};
use crate::{Patient, ids};
use ::cards::rules::{Channel, Holder, NewCertificate, Serial, Source, State};
use ::store::Tx;
use base::{Answer, BirthDate, Cx, Date, Era, Error, Id, Result, Sex, kinds};
use card::{Card, Contents, Half, Kind};
use pki::authority::{Attributes, Wanted};
use zeroize::Zeroizing;

/// A card that was made. It prints nothing: the file has keys and a PIN in it.
pub struct Issued {
    /// The text of the card's file.
    pub file: Zeroizing<String>,
    /// The authentication certificate on it, in DER.
    pub certificate: Vec<u8>,
    /// The certificate of the authority that issued it, in DER.
    pub authority: Vec<u8>,
}

/// The story of a patient's card as of today; nothing for who has none. Cheap: nothing is signed yet.
pub fn card(seed: u64, today: Date, patient: &Patient) -> Option<CardStory> {
    chain::story(seed, today, patient)
}

/// The longest name that fits on a card's face, in characters.
const HOLDER_MAX: usize = 100;

impl CardStory {
    /// Makes the card: signs its certificates and writes its file.
    ///
    /// # Errors
    /// Broken, when the card's own rules refuse what the country put together.
    pub fn issue(&self) -> Result<Issued> {
        let planned = self.given();
        let authority = authority::authentication(planned.generation);
        let leaf = authority::leaf(planned.generation, planned.key);
        let common_name = self.common_name(planned);
        let certificate = authority
            .issue(&Wanted {
                serial: pki::Serial::new(&planned.serial).expect("serials are positive"),
                common_name: &common_name,
                not_before: planned.valid_from(),
                not_after: planned.valid_until(),
                public_key: &leaf.spki,
                municipality: MUNICIPALITY,
                attributes: None,
            })
            .map_err(|why| {
                Error::broken(format!("a certificate of the country cannot be issued: {why:?}"))
            })?;
        let kind = self.kind();
        let has_pin = kind != Kind::PinLess;
        let is_blocked = self.state == CardState::Blocked || !has_pin;
        let auth = Half {
            certificate: certificate.clone(),
            ca: authority.certificate().to_vec(),
            key: leaf.pkcs8.clone().into(),
            pin: has_pin.then(|| self.pin.clone().into()),
            tries_left: if is_blocked { 0 } else { Half::AUTH_TRIES },
        };
        let (ja, en) = self.note.split_once(" / ").unwrap_or((&self.note, ""));
        let contents = Contents {
            // Files of cards allow fewer signs than a vendor's ids; no two ids differ in these alone.
            label: self.patient.replace('_', "-"),
            holder: self.face_name(),
            note_ja: printable(ja),
            note_en: printable(en),
            kind,
            auth,
            sign: (kind == Kind::Card && !planned.generation.is_p384())
                .then(|| self.signing_half())
                .transpose()?,
        };
        let made = Card::make(contents)
            .map_err(|problem| Error::broken(format!("a card of the country cannot be made: {problem}")))?;
        Ok(Issued { file: made.write(), certificate, authority: authority.certificate().to_vec() })
    }

    fn kind(&self) -> Kind {
        match self.state {
            CardState::PinLess => Kind::PinLess,
            _ if self.is_child => Kind::Child,
            _ => Kind::Card,
        }
    }

    /// Whether a card file, as it lies on the disk, is this card, whatever was done with it: the tries and PIN in it
    /// are whoever's who used it. Whether the row's PIN is still the one that the card was made with says [`Kept`].
    ///
    /// [`Kept`]: crate::Kept
    pub fn is_in(&self, file: &str) -> bool {
        let Ok(card) = Card::read(file) else { return false };
        let Ok(certificate) = pki::Certificate::parse(card.authentication_certificate()) else {
            return false;
        };
        certificate.serial().as_bytes() == self.serial()
            && (certificate.not_before(), certificate.not_after()) == self.validity()
            && card.kind() == self.kind()
            && card.holder() == self.face_name()
    }

    /// The signing side: a certificate with the four attributes, and a password that nobody is asked for yet.
    fn signing_half(&self) -> Result<Half> {
        let planned = self.given();
        let authority = authority::signing();
        let leaf = authority::leaf(planned.generation, planned.key.wrapping_add(7));
        let from = Date::from_number(pki::authority::SIGN_02.from).expect("an authority begins on a day");
        let issued_on = planned.issued_on.max(from);
        let mixed = self.mix("signing", planned);
        // The highest bit off and the one below on: positive, and four bytes long.
        let serial = ((mixed as u32 & 0x3fff_ffff) | 0x4000_0000).to_be_bytes();
        let common_name =
            format!("{}000{MUNICIPALITY_CODE}{:06}", issued_on.begins().stamp14(), (mixed >> 32) % 1_000_000);
        let name = printable(&self.holder.name.written);
        let address = printable(self.holder.address.as_deref().unwrap_or("架空県みどり市"));
        let no_substitutes = |text: &str| "0".repeat(text.chars().count());
        let certificate = authority
            .issue(&Wanted {
                serial: pki::Serial::new(&serial).expect("serials are positive"),
                common_name: &common_name,
                not_before: issued_on.begins(),
                not_after: planned.valid_until(),
                public_key: &leaf.spki,
                municipality: MUNICIPALITY,
                attributes: Some(Attributes {
                    name: &name,
                    name_substitutes: &no_substitutes(&name),
                    birth: &birth_with_era(self.holder.birth),
                    sex: match self.holder.sex {
                        Sex::Male => "1",
                        Sex::Female => "2",
                        Sex::Unset => "9",
                    },
                    address: &address,
                    address_substitutes: &no_substitutes(&address),
                }),
            })
            .map_err(|why| {
                Error::broken(format!("a certificate of the country cannot be issued: {why:?}"))
            })?;
        let password = self.mix("password", planned);
        let letters = (0..4).map(|place| char::from(b'A' + (password >> (place * 8)) as u8 % 26));
        let password = format!("{}{:04}", letters.collect::<String>(), (password >> 40) % 10_000);
        Ok(Half {
            certificate,
            ca: authority.certificate().to_vec(),
            key: leaf.pkcs8.clone().into(),
            pin: Some(password.into()),
            tries_left: Half::SIGN_TRIES,
        })
    }

    /// 23 signs that tell nothing but the municipality.
    fn common_name(&self, planned: &Planned) -> String {
        const SIGNS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let sign = |place: usize, of: u64| {
            let mixed = self.mix(&format!("common-name-{place}"), planned);
            char::from(SIGNS[(mixed % of) as usize])
        };
        let begins: String = (0..14).map(|place| sign(place, 36)).collect();
        let ends: String = (14..17).map(|place| sign(place, 10)).chain([sign(17, 36)]).collect();
        format!("{begins}{MUNICIPALITY_CODE}{ends}")
    }

    /// The name as the face has it.
    fn face_name(&self) -> String {
        let name: String = printable(&self.holder.name.written).chars().take(HOLDER_MAX).collect();
        if name.trim().is_empty() { "試験　患者".into() } else { name }
    }

    fn mix(&self, what: &str, planned: &Planned) -> u64 {
        ids::mix(self.seed, &[&self.patient, what, &planned.issued_on.stamp8(), &planned.until.stamp8()])
    }
}

/// A text on one line.
fn printable(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

/// Era digit and Gregorian day, `0` for the era where the day is not known.
fn birth_with_era(birth: BirthDate) -> String {
    let era = match birth.date().and_then(Era::of) {
        Some(Era::Meiji) => '1',
        Some(Era::Taisho) => '2',
        Some(Era::Showa) => '3',
        Some(Era::Heisei) => '4',
        Some(Era::Reiwa) => '5',
        None => '0',
    };
    format!("{era}{}", birth.stamp8())
}

/// Whether Shikaku has heard of a card what there is to hear, so that there is nothing to settle. Only reads: one
/// statement.
pub fn is_card_settled(tx: &mut Tx<'_>, story: &CardStory) -> Result<bool> {
    if story.state == CardState::Unknown {
        return Ok(true); // nobody tells of it, that is its point
    }
    let newest = story.certificates.last().expect("a story has a certificate");
    Ok(::cards::find(tx, &serial(newest))?.is_some())
}

/// Tells Shikaku of a card: its certificates with their succession, hold or revocation, and at the first card the
/// person's enrolment. Says whether there was anything to tell. Inside `Store::change`, after the person was settled.
///
/// # Errors
/// Broken, when a certificate is refused: two people of the country would share a serial.
pub fn settle_card(tx: &mut Tx<'_>, cx: &Cx<'_>, story: &CardStory) -> Result<bool> {
    if is_card_settled(tx, story)? {
        return Ok(false);
    }
    let earlier = ::cards::list(tx, story.person)?;
    let mut newest = None;
    let mut is_anew = true;
    for (place, planned) in story.certificates.iter().enumerate() {
        let serial = serial(planned);
        if ::cards::find(tx, &serial)?.is_some() {
            is_anew = false;
            continue;
        }
        let holder = match place.checked_sub(1) {
            None => Holder::Person(story.person),
            Some(before) => Holder::Succeeds(self::serial(&story.certificates[before])),
        };
        let new = NewCertificate {
            serial,
            valid_from: planned.valid_from(),
            valid_until: planned.valid_until(),
            source: Source::Card,
            holder,
        };
        newest = Some(taken(::cards::register(tx, cx, &new)?)?);
    }
    // A birth date that moved with the calendar made a new card, and so does another edition, whose story does not know
    // the one before.
    let stale = earlier.iter().filter(|known| {
        is_anew && known.source == Source::Card && !matches!(known.state, State::Revoked { .. })
    });
    for known in stale {
        let reason = ::cards::rules::Reason::Superseded;
        taken(::cards::revoke(tx, cx, known.certificate, reason, Channel::Authority)?)?;
    }
    if let Some(newest) = newest {
        apply(tx, cx, story, newest)?;
    }
    // A row that said not-enrolled and now says something else says that the person is enrolled.
    let is_edited = is_anew && story.edition > 0 && enrolment::get(tx, story.person)?.is_none();
    if (earlier.is_empty() || is_edited) && story.state != CardState::NotEnrolled {
        let channel = enrolment::rules::Channel::Municipality;
        taken(enrolment::record(tx, cx, story.person, channel, enrolment::rules::TERMS_VERSION)?)?;
    }
    Ok(true)
}

/// What became of the newest certificate.
fn apply(tx: &mut Tx<'_>, cx: &Cx<'_>, story: &CardStory, newest: Id<kinds::Certificate>) -> Result<()> {
    match story.certificates.last().map(|planned| planned.fate) {
        Some(Fate::Held { .. }) => {
            taken(::cards::hold(tx, cx, story.person, Channel::CallCentre)?)?;
        }
        Some(Fate::Revoked { reason, .. }) => {
            taken(::cards::revoke(tx, cx, newest, reason, Channel::Authority)?)?;
        }
        Some(Fate::Live) | None => {}
    }
    Ok(())
}

fn taken<T>(answer: Answer<T>) -> Result<T> {
    answer.map_err(|refusal| Error::broken(format!("a card of the country was refused: {refusal}")))
}

fn serial(planned: &Planned) -> Serial {
    Serial::new(&planned.serial).expect("serials are four bytes")
}
