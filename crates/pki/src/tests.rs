//! Tests of this crate alone, and the small world they share: authorities of all generations and cards from the
//! committed pool of keys. OpenSSL and NIST's suite judge in the `tests` crate.

mod checking;
mod hostile;
mod lists;
mod proving;

use crate::{
    authority::*,
    certificate::{Certificate, Serial},
    der::{self, Input},
    *,
};
use base::{Date, Instant};

pub(crate) const POOL: &str = include_str!("../../../country/keys/test-keys.pem");

pub(crate) const CHIYODA: Municipality<'_> = Municipality { prefecture: "Tokyo-to", name: "Chiyoda-ku" };
pub(crate) const NAHA: Municipality<'_> = Municipality { prefecture: "Okinawa-ken", name: "Naha-shi" };

pub(crate) const TERMS: Terms = Terms { soon_months: 3, grace: Grace::MonthEnd { months: 3 } };

pub(crate) fn key(name: &str) -> SigningKey {
    let (_, pkcs8) = pool(POOL).into_iter().find(|(known, _)| *known == name).expect("a key of the pool");
    SigningKey::from_pkcs8(&pkcs8).expect("a key")
}

pub(crate) fn authority(generation: &Generation, name: &str) -> Authority {
    let (_, pkcs8) = pool(POOL).into_iter().find(|(known, _)| *known == name).expect("a key of the pool");
    Authority::new(generation, &pkcs8).expect("an authority")
}

pub(crate) fn auth_01() -> Authority {
    authority(&AUTH_01, "auth-01")
}

pub(crate) fn auth_02() -> Authority {
    authority(&AUTH_02, "auth-02")
}

pub(crate) fn auth_03() -> Authority {
    authority(&AUTH_03, "auth-03")
}

pub(crate) fn auth_04() -> Authority {
    authority(&AUTH_04, "auth-04")
}

pub(crate) fn sign_02() -> Authority {
    authority(&SIGN_02, "sign-02")
}

pub(crate) fn anchors(of: &[&Authority]) -> Anchors {
    let own = of.iter().map(|authority| parse(authority.certificate()));
    Anchors::new(Hierarchy::Test, own).expect("test anchors")
}

pub(crate) fn parse(der: &[u8]) -> Certificate {
    Certificate::parse(der).expect("a certificate")
}

pub(crate) fn day(number: i64) -> Date {
    Date::from_number(number).expect("a day")
}

/// 23:59:59 in Japan: the last second of a day.
pub(crate) fn last_second(number: i64) -> Instant {
    day(number).plus_days(1).begins().plus_ms(-1000)
}

pub(crate) fn noon(number: i64) -> Instant {
    day(number).begins().plus_ms(12 * 3_600_000)
}

pub(crate) fn serial(number: u32) -> Serial {
    let bytes = number.to_be_bytes();
    Serial::new(&bytes[number.leading_zeros() as usize / 8..]).expect("a serial")
}

/// A card of somebody born on 20 November, issued on 2024-03-05.
pub(crate) fn card(public_key: &[u8]) -> Wanted<'_> {
    Wanted {
        serial: serial(0x0100_2001),
        common_name: "AUTH0001AGCIEG13101003A",
        not_before: noon(20_240_305),
        not_after: last_second(20_281_120),
        public_key,
        municipality: CHIYODA,
        attributes: None,
    }
}

pub(crate) const FOUR: Attributes<'_> = Attributes {
    name: "試験　花子",
    name_substitutes: "00000",
    birth: "419790520",
    sex: "2",
    address: "東京都千代田区試験町一丁目１番１号",
    address_substitutes: "00000000000000000",
};

pub(crate) fn signing_card(public_key: &[u8]) -> Wanted<'_> {
    Wanted { common_name: "20240305120000SIGN13101003AB", attributes: Some(FOUR), ..card(public_key) }
}

/// The parts of a certificate's or list's inside.
pub(crate) fn parts(der: &[u8]) -> Vec<Vec<u8>> {
    let mut outer = Input::new(der).only(der::SEQUENCE).expect("a sequence");
    split(outer.item().expect("an inside").value.bytes())
}

/// The values that stand one after the other.
pub(crate) fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut left = Input::new(bytes);
    let mut found = Vec::new();
    while !left.is_empty() {
        found.push(left.item().expect("a value").whole.bytes().to_vec());
    }
    found
}

/// The inside of one value.
pub(crate) fn inside(value: &[u8]) -> Vec<u8> {
    Input::new(value).item().expect("a value").value.bytes().to_vec()
}

/// Signs parts as the inside of a certificate or list.
pub(crate) fn signed(parts: &[Vec<u8>], key: &SigningKey) -> Vec<u8> {
    let tbs = der::sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let algorithm = parts.iter().find(|part| part.starts_with(&[0x30]) && part.len() < 20).expect("it");
    der::sequence(&[&tbs, algorithm, &der::bits(&key.sign(&tbs))])
}

/// The same with other extensions, signed by this key.
pub(crate) fn with_extensions(der: &[u8], key: &SigningKey, edit: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut parts = parts(der);
    let tagged = parts.pop().expect("extensions are last");
    let mut extensions = split(&inside(&inside(&tagged)));
    edit(&mut extensions);
    let list = der::sequence(&extensions.iter().map(Vec::as_slice).collect::<Vec<_>>());
    parts.push(der::tlv(tagged[0], &[&list]));
    signed(&parts, key)
}

/// An extension of the arc 2.5.29.
pub(crate) fn extension(number: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    der::sequence(&[&der::oid(&[0x55, 0x1d, number]), flag, &der::tlv(der::OCTET_STRING, &[value])])
}

/// Puts an extension in the place of the one with its number.
pub(crate) fn replace(extensions: &mut [Vec<u8>], number: u8, critical: bool, value: &[u8]) {
    let place = place(extensions, number);
    extensions[place] = extension(number, critical, value);
}

/// Takes an extension out.
pub(crate) fn remove(extensions: &mut Vec<Vec<u8>>, number: u8) {
    extensions.remove(place(extensions, number));
}

/// Where the extension of the arc 2.5.29 stands.
pub(crate) fn place(extensions: &[Vec<u8>], number: u8) -> usize {
    let oid = [6, 3, 0x55, 0x1d, number];
    extensions.iter().position(|extension| inside(extension).starts_with(&oid)).expect("the extension")
}

/// A server's workers share these.
#[test]
fn workers_can_share_what_a_server_keeps() {
    fn shared<T: Send + Sync>() {}
    shared::<Anchors>();
    shared::<Lists>();
    shared::<Nonces>();
    shared::<Certificate>();
    shared::<Authority>();
}
