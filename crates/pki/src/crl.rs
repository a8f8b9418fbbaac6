//! Certificate revocation lists, version 2: read strictly, believed only with an anchor's signature, and asked by serial.
//!
//! JPKI publishes one list for each municipality: the list names its part by a directory name
//! (issuingDistributionPoint), and each certificate names its list by the same (cRLDistributionPoints).
//! Always holds: a list says something only about certificates of the key that signed it, of its part, and between
//! thisUpdate and nextUpdate; a newer list is never replaced by an older one; serials are found by halving.
//! Not here: lists for some reasons only, indirect and delta lists: they say nothing to us.
//! Rules come from: RFC 5280, sections 5 and 6.3; the reference on the card, section 2.

use crate::{
    Refused,
    certificate::{Algorithm, AuthorityKey, Certificate, Points, Serial, Signed, name, point_names},
    der::{self, Bad, Input, Read, Span, must},
    path::{Anchors, Issuer},
    revocation::{Reason, Report, State},
};
use base::Instant;
use std::{cmp::Ordering, fmt};

/// A list has at most so many bytes: some hundred thousand serials.
pub const CRL_BYTES_MAX: usize = 16 * 1024 * 1024;

const REASON_ON_HOLD: u8 = 6;

/// Which certificates a list is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    All,
    Holders,
    Authorities,
    /// A kind of list that says nothing to us.
    Nobody,
}

/// A revocation list that was read; nothing is believed before its signature was checked.
pub struct Crl {
    der: Box<[u8]>,
    tbs: Span,
    algorithm: Algorithm,
    signature: Span,
    issuer: Span,
    this_update: Instant,
    next_update: Instant,
    about: About,
    /// The names of its part; none: the issuer's only list.
    points: Points,
    authority_key: AuthorityKey,
    /// In the order of serials.
    entries: Vec<(Serial, State)>,
}

impl Crl {
    /// Reads a list.
    ///
    /// # Errors
    /// [`Refused::Malformed`] for anything but one whole list of version 2 in DER with a time of its next update, at
    /// most [`CRL_BYTES_MAX`] long, with no serial twice and nothing critical in it that we do not understand.
    pub fn parse(der: &[u8]) -> Result<Crl, Refused> {
        Crl::read(der).map_err(|Bad| Refused::Malformed)
    }

    fn read(der: &[u8]) -> Read<Crl> {
        must(der.len() <= CRL_BYTES_MAX)?;
        let signed = Signed::read(der)?;
        let mut tbs = signed.tbs.value;
        must(tbs.small(der::INTEGER)? == 1)?;
        must(tbs.item()?.whole.bytes() == signed.algorithm_bytes)?;
        let issuer = tbs.item()?;
        must(issuer.tag == der::SEQUENCE && !issuer.value.is_empty())?;
        name(issuer.value)?;
        let (this_update, next_update) = (tbs.time()?, tbs.time()?);
        let entries = match tbs.take_if(der::SEQUENCE)? {
            Some(list) => entries(list)?,
            None => Vec::new(),
        };
        let mut crl = Crl {
            tbs: signed.tbs.whole.span(),
            algorithm: signed.algorithm,
            signature: signed.signature.span(),
            issuer: issuer.whole.span(),
            this_update,
            next_update: next_update.plus_ms(999),
            about: About::All,
            points: Points::default(),
            authority_key: AuthorityKey::default(),
            entries,
            der: der.into(),
        };
        if let Some(extensions) = tbs.take_if(der::context(0))? {
            crl.read_extensions(extensions.only(der::SEQUENCE)?)?;
        }
        tbs.end()?;
        Ok(crl)
    }

    fn read_extensions(&mut self, mut list: Input<'_>) -> Read<()> {
        let (mut parts, mut keys) = (0, 0);
        must(!list.is_empty())?;
        while !list.is_empty() {
            let (oid, critical, value) = extension(&mut list)?;
            match oid {
                [0x55, 0x1d, 28] => {
                    parts += 1;
                    self.read_part(value.only(der::SEQUENCE)?)?;
                }
                [0x55, 0x1d, 35] => {
                    keys += 1;
                    self.authority_key = AuthorityKey::read(value)?;
                }
                _ => must(!critical)?,
            }
        }
        must(parts <= 1 && keys <= 1)
    }

    /// issuingDistributionPoint.
    fn read_part(&mut self, mut part: Input<'_>) -> Read<()> {
        must(!part.is_empty())?;
        let named = part.take_if(der::context(0))?;
        if let Some(names) = named {
            point_names(names, &mut self.points)?;
        }
        let holders = part.flag(der::context_plain(1))?;
        let authorities = part.flag(der::context_plain(2))?;
        let some_reasons = part.take_if(der::context_plain(3))?.is_some();
        let indirect = part.flag(der::context_plain(4))?;
        let attributes = part.flag(der::context_plain(5))?;
        part.end()?;
        // A part that is named in another way than by a directory name is a part that we cannot find.
        let unnamed = named.is_some() && self.points.iter().all(Option::is_none);
        self.about = match (holders, authorities) {
            _ if some_reasons || indirect || attributes || unnamed => About::Nobody,
            (false, false) => About::All,
            (true, false) => About::Holders,
            (false, true) => About::Authorities,
            (true, true) => return Err(Bad),
        };
        Ok(())
    }

    /// From when on it is true.
    pub fn this_update(&self) -> Instant {
        self.this_update
    }

    /// The last millisecond before which a newer one was promised.
    pub fn next_update(&self) -> Instant {
        self.next_update
    }

    /// Whether this issuer, which may sign lists, signed it.
    pub fn signed_by(&self, issuer: &Issuer) -> bool {
        let key = self.authority_key.key_id.map(|span| span.of(&self.der));
        let same_key = match (key, issuer.certificate().subject_key()) {
            (Some(named), Some(key)) => named == key,
            _ => true,
        };
        same_key
            && issuer.signs_lists()
            && self.issuer.of(&self.der) == issuer.certificate().subject()
            && issuer.signed(self.algorithm, self.tbs.of(&self.der), self.signature.of(&self.der))
    }

    /// What it says of a certificate of its issuer at an instant: nothing if that one is of another part, or if the
    /// list is not of that time. Whoever asks has asked [`Crl::signed_by`] before.
    pub fn report(&self, certificate: &Certificate, at: Instant) -> Option<Report> {
        let of_time = self.this_update <= at && at <= self.next_update;
        if !of_time || !self.covers(certificate) {
            return None;
        }
        let found = self.entries.binary_search_by_key(&certificate.serial(), |(serial, _)| *serial);
        let state = found.map_or(State::Good, |index| self.entries[index].1);
        Some(Report { as_of: self.this_update, state })
    }

    fn covers(&self, certificate: &Certificate) -> bool {
        let about = match self.about {
            About::All => true,
            About::Holders => !certificate.extensions.authority,
            About::Authorities => certificate.extensions.authority,
            About::Nobody => false,
        };
        let mut own = self.points().peekable();
        about
            && certificate.issuer() == self.issuer.of(&self.der)
            && (own.peek().is_none() || own.any(|name| certificate.points().any(|point| point == name)))
    }

    fn points(&self) -> impl Iterator<Item = &[u8]> {
        self.points.iter().flatten().map(|span| span.of(&self.der))
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Crl(…)")
    }
}

fn extension<'a>(list: &mut Input<'a>) -> Read<(&'a [u8], bool, Input<'a>)> {
    let mut extension = list.take(der::SEQUENCE)?;
    let (oid, critical) = (extension.oid()?, extension.flag(der::BOOLEAN)?);
    let value = extension.take(der::OCTET_STRING)?;
    extension.end()?;
    Ok((oid, critical, value))
}

fn entries(mut list: Input<'_>) -> Read<Vec<(Serial, State)>> {
    let mut found = Vec::new();
    must(!list.is_empty())?;
    while !list.is_empty() {
        let mut entry = list.take(der::SEQUENCE)?;
        let (serial, at) = (Serial::read(entry.integer()?)?, entry.time()?);
        let mut state = State::Revoked { at, reason: Reason::Unspecified };
        if let Some(mut extensions) = entry.take_if(der::SEQUENCE)? {
            must(!extensions.is_empty())?;
            while !extensions.is_empty() {
                let (oid, critical, mut value) = extension(&mut extensions)?;
                if oid == [0x55, 0x1d, 21] {
                    let code = value.small(der::ENUMERATED)?;
                    value.end()?;
                    state = match code {
                        REASON_ON_HOLD => State::OnHold { since: at },
                        // 8, removed from the list, is for delta lists only.
                        code => State::Revoked { at, reason: Reason::from_code(code).ok_or(Bad)? },
                    };
                } else {
                    must(!critical)?;
                }
            }
        }
        entry.end()?;
        found.push((serial, state));
    }
    found.sort_unstable_by_key(|(serial, _)| *serial);
    must(found.array_windows().all(|[one, next]| one.0 != next.0))?;
    Ok(found)
}

/// The newest lists of all parts, each signed by an anchor.
#[derive(Debug, Default)]
pub struct Lists {
    /// In the order of their scopes.
    lists: Vec<Listed>,
}

#[derive(Debug)]
struct Listed {
    /// The key that signed it; a list of one generation says nothing about another's certificates.
    key: Box<[u8]>,
    crl: Crl,
}

impl Listed {
    fn scope(&self) -> (&[u8], Option<&[u8]>) {
        (&self.key, self.crl.points().next())
    }
}

impl Lists {
    /// None yet.
    pub fn new() -> Lists {
        Lists::default()
    }

    /// Takes a list in place of the older one of the same part; an older one than there is changes nothing.
    ///
    /// # Errors
    /// [`Refused::UntrustedIssuer`] unless an anchor signed it; [`Refused::WrongKind`] for a list of a kind that says
    /// nothing to us, or of several parts.
    pub fn add(&mut self, crl: Crl, anchors: &Anchors) -> Result<(), Refused> {
        let issuer =
            anchors.issuers().find(|issuer| crl.signed_by(issuer)).ok_or(Refused::UntrustedIssuer)?;
        if crl.about == About::Nobody || crl.points().count() > 1 {
            return Err(Refused::WrongKind);
        }
        let key = issuer.certificate().subject_key().ok_or(Refused::UntrustedIssuer)?;
        let listed = Listed { key: key.into(), crl };
        match self.lists.binary_search_by(|known| known.scope().cmp(&listed.scope())) {
            Ok(index) if self.lists[index].crl.this_update > listed.crl.this_update => {}
            Ok(index) => self.lists[index] = listed,
            Err(index) => self.lists.insert(index, listed),
        }
        Ok(())
    }

    /// What the lists say of a certificate at an instant; `None` if no list of that time is about it.
    pub fn report(&self, certificate: &Certificate, at: Instant) -> Option<Report> {
        let key = certificate.authority_key()?;
        let parts = certificate.points().map(Some).chain([None]);
        parts.filter_map(|part| self.find((key, part))?.report(certificate, at)).max_by(newest)
    }

    fn find(&self, scope: (&[u8], Option<&[u8]>)) -> Option<&Crl> {
        let index = self.lists.binary_search_by(|known| known.scope().cmp(&scope)).ok()?;
        Some(&self.lists[index].crl)
    }
}

fn newest(one: &Report, other: &Report) -> Ordering {
    one.as_of.cmp(&other.as_of)
}
