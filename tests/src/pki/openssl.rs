//! OpenSSL as judge of each case: certificates with their lists by `openssl verify`, proofs by `openssl dgst`.
//!
//! OpenSSL knows no grace, has no idea which hierarchy a server accepts, and ends validity a second earlier (at the
//! beginning of the last second; RFC 5280 includes it). Such differences are named at the case.

use super::pem;
use crate::desk::{Home, outsider};
use base::{Date, Instant};
use pki::{
    Anchors, Bound, Certificate, Crl, Grace, Hierarchy, Kind, Lists, Nonces, Reason, Serial, State, Terms,
    Validity, authority::*, judge,
};
use std::{ffi::OsStr, fs};

const POOL: &str = include_str!("../../../country/keys/test-keys.pem");
const TERMS: Terms = Terms { soon_months: 3, grace: Grace::ToTheDay { months: 3 } };
const CHIYODA: Municipality<'_> = Municipality { prefecture: "Tokyo-to", name: "Chiyoda-ku" };
const NAHA: Municipality<'_> = Municipality { prefecture: "Okinawa-ken", name: "Naha-shi" };
const FOUR: Attributes<'_> = Attributes {
    name: "試験　花子",
    name_substitutes: "00000",
    birth: "419790520",
    sex: "2",
    address: "東京都千代田区試験町一丁目１番１号",
    address_substitutes: "00000000000000000",
};

fn pkcs8(name: &str) -> Vec<u8> {
    let (_, key) = pool(POOL).into_iter().find(|(known, _)| *known == name).expect("a key of the pool");
    key.to_vec()
}

fn key(name: &str) -> SigningKey {
    SigningKey::from_pkcs8(&pkcs8(name)).expect("a key")
}

fn authority(generation: &Generation, key: &str) -> Authority {
    Authority::new(generation, &pkcs8(key)).expect("an authority")
}

fn day(number: i64) -> Date {
    Date::from_number(number).expect("a day")
}

fn noon(number: i64) -> Instant {
    day(number).begins().plus_ms(12 * 3_600_000)
}

fn last_second(number: i64) -> Instant {
    day(number).plus_days(1).begins().plus_ms(-1000)
}

fn wanted(public_key: &[u8]) -> Wanted<'_> {
    Wanted {
        serial: Serial::new(&[1, 0, 0x20, 1]).expect("a serial"),
        common_name: "AUTH0001AGCIEG13101003A",
        not_before: noon(20_240_305),
        not_after: last_second(20_281_120),
        public_key,
        municipality: CHIYODA,
        attributes: None,
    }
}

/// Changes some bytes of a certificate or list for as many others, and signs it anew with an RSA-2048 key.
fn changed(der: &[u8], from: &[u8], to: &[u8], key: &SigningKey) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut der = der.to_vec();
    let inside = 4..4 + 4 + usize::from(u16::from_be_bytes([der[6], der[7]]));
    let at = der[inside.clone()].windows(from.len()).position(|part| part == from).expect("it is there");
    der[inside.start + at..][..to.len()].copy_from_slice(to);
    let signature = key.sign(&der[inside]);
    let end = der.len() - signature.len();
    der[end..].copy_from_slice(&signature);
    der
}

/// A question to both judges.
struct Case {
    name: &'static str,
    kind: Kind,
    certificate: Vec<u8>,
    /// None: revocation is not asked for.
    lists: Option<Vec<Vec<u8>>>,
    at: Instant,
    /// What we say.
    ours: &'static str,
    /// Why OpenSSL says something else.
    differs: Option<&'static str>,
}

/// Both judges with the same anchors.
struct Bench {
    home: Home,
    anchors: Anchors,
    roots: std::path::PathBuf,
}

impl Bench {
    fn new(accepts: Hierarchy, roots: &[&Authority]) -> Bench {
        let home = Home::new();
        let file = home.path("roots.pem");
        let text: String = roots.iter().map(|root| pem("CERTIFICATE", root.certificate())).collect();
        fs::write(&file, text).expect("written");
        let own = roots.iter().filter(|_| accepts == Hierarchy::Test);
        let parsed = own.map(|root| Certificate::parse(root.certificate()).expect("a root"));
        Bench { anchors: Anchors::new(accepts, parsed).expect("anchors"), roots: file, home }
    }

    /// What we say, in a word or two.
    fn ours(&self, case: &Case) -> Result<String, String> {
        let say = |refused| format!("{refused:?}").split(' ').next().expect("a word").to_owned();
        let certificate = Certificate::parse(&case.certificate).map_err(say)?;
        let validity = self.anchors.check(case.kind, &certificate, case.at, &TERMS).map_err(say)?;
        if let Some(lists) = &case.lists {
            let mut known = Lists::new();
            for der in lists {
                // A list that is not taken is as if it had not come.
                let _ = Crl::parse(der).and_then(|crl| known.add(crl, &self.anchors));
            }
            judge(known.report(&certificate, case.at), case.at, i64::MAX).map_err(say)?;
        }
        Ok(match validity {
            Validity::Valid => "Valid".into(),
            Validity::ExpiresSoon { .. } => "ExpiresSoon".into(),
            Validity::InGrace { .. } => "InGrace".into(),
        })
    }

    /// Whether OpenSSL accepts it, and what it says.
    fn openssl(&self, case: &Case) -> (bool, String) {
        let (certificate, lists) = (self.home.path("certificate.pem"), self.home.path("lists.pem"));
        fs::write(&certificate, pem("CERTIFICATE", &case.certificate)).expect("written");
        let at = case.at.ms().div_euclid(1000).to_string();
        let policy = match case.kind {
            Kind::Authentication => "1.2.392.200149.8.5.1.0.30",
            Kind::Signing => "1.2.392.200149.8.5.1.0.20",
        };
        let mut args: Vec<&OsStr> =
            ["verify", "-x509_strict", "-explicit_policy", "-policy", policy].map(OsStr::new).into();
        args.extend(["-no-CApath", "-no-CAstore", "-attime", &at, "-CAfile"].map(OsStr::new));
        args.push(self.roots.as_os_str());
        if case.kind == Kind::Authentication {
            args.extend(["-purpose", "sslclient"].map(OsStr::new));
        }
        if let Some(all) = &case.lists {
            fs::write(&lists, all.iter().map(|der| pem("X509 CRL", der)).collect::<String>())
                .expect("written");
            args.push(OsStr::new("-crl_check"));
            if !all.is_empty() {
                args.extend([OsStr::new("-CRLfile"), lists.as_os_str()]);
            }
        }
        args.push(certificate.as_os_str());
        let ran = outsider("openssl", &args, b"");
        (ran.code == Some(0), ran.out + &ran.err)
    }

    fn try_all(&self, cases: &[Case]) {
        for case in cases {
            let ours = self.ours(case);
            let word = match &ours {
                Ok(word) | Err(word) => word.as_str(),
            };
            assert_eq!(word, case.ours, "{}", case.name);
            let (accepts, said) = self.openssl(case);
            let agree = accepts == ours.is_ok();
            assert_eq!(agree, case.differs.is_none(), "{}: we say {word}, OpenSSL says {said}", case.name);
        }
    }
}

fn case(name: &'static str, certificate: &[u8], at: Instant, ours: &'static str) -> Case {
    let (certificate, kind) = (certificate.to_vec(), Kind::Authentication);
    Case { name, kind, certificate, lists: None, at, ours, differs: None }
}

fn issued(authority: &Authority, public_key: &[u8], from: i64, until: i64) -> Vec<u8> {
    let wanted = Wanted { not_before: noon(from), not_after: last_second(until), ..wanted(public_key) };
    authority.issue(&wanted).expect("issued")
}

#[test]
fn openssl_agrees_on_generations_and_times() {
    let (one, two) = (authority(&AUTH_01, "auth-01"), authority(&AUTH_02, "auth-02"));
    let (three, four) = (authority(&AUTH_03, "auth-03"), authority(&AUTH_04, "auth-04"));
    let bench = Bench::new(Hierarchy::Test, &[&one, &two, &three, &four]);
    let (rsa, p384) = (key("leaf-rsa-01").spki(), key("leaf-p384-01").spki());
    let good = issued(&three, &rsa, 20_240_305, 20_281_120);
    let longer_than_its_issuer = issued(&one, &rsa, 20_210_301, 20_260_301);
    let (at, from, until) = (noon(20_261_120), noon(20_240_305), last_second(20_281_120));
    let no_grace = Some("OpenSSL knows no grace");
    bench.try_all(&[
        case("generation 01", &issued(&one, &rsa, 20_170_301, 20_220_301), noon(20_200_101), "Valid"),
        case("generation 02", &issued(&two, &rsa, 20_210_301, 20_260_301), noon(20_240_101), "Valid"),
        case("generation 03", &good, at, "Valid"),
        case("generation 03, P-384 card", &issued(&three, &p384, 20_240_305, 20_281_120), at, "Valid"),
        case("generation 04, RSA card", &issued(&four, &rsa, 20_260_801, 20_311_120), at, "Valid"),
        case("generation 04, P-384 card", &issued(&four, &p384, 20_260_801, 20_311_120), at, "Valid"),
        case("not yet valid", &good, from.plus_ms(-1), "NotYetValid"),
        case("just valid", &good, from, "Valid"),
        case("last second but one", &good, until.plus_ms(-1), "ExpiresSoon"),
        Case {
            differs: Some("OpenSSL takes the last second as over when it begins"),
            ..case("last second", &good, until.plus_ms(999), "ExpiresSoon")
        },
        Case { differs: no_grace, ..case("in grace", &good, until.plus_ms(1000), "InGrace") },
        Case { differs: no_grace, ..case("last day of grace", &good, last_second(20_290_220), "InGrace") },
        case("grace is over", &good, day(20_290_221).begins(), "Expired"),
        case("its authority expired", &longer_than_its_issuer, noon(20_260_215), "Expired"),
    ]);
}

#[test]
fn openssl_agrees_on_kinds_and_issuers() {
    let (two, three) = (authority(&AUTH_02, "auth-02"), authority(&AUTH_03, "auth-03"));
    let signer = authority(&SIGN_02, "sign-02");
    let bench = Bench::new(Hierarchy::Test, &[&two, &three, &signer]);
    let rsa = key("leaf-rsa-01").spki();
    let good = three.issue(&wanted(&rsa)).expect("issued");
    let signing =
        Wanted { common_name: "20240305120000SIGN13101003AB", attributes: Some(FOUR), ..wanted(&rsa) };
    let signing = signer.issue(&signing).expect("issued");
    let own = key("auth-03");
    let edit = |from: &[u8], to: &[u8]| changed(&good, from, to, &own);
    let signed_by = |name| changed(&good, b"AUTH0001", b"AUTH0001", &key(name));
    let root = Certificate::parse(three.certificate()).expect("a root");
    let named = [&[0x80, 0x14], root.subject_key().expect("its key's name")].concat();
    let other = [&named[..21], &[named[21] ^ 1]].concat();
    let mut flipped = good.clone();
    *flipped.last_mut().expect("bytes") ^= 1;
    let now = |name, certificate: &[u8], ours| case(name, certificate, noon(20_261_120), ours);
    let for_signing =
        |name, certificate: &[u8], ours| Case { kind: Kind::Signing, ..now(name, certificate, ours) };
    bench.try_all(&[
        now("good", &good, "Valid"),
        for_signing("signing certificate", &signing, "Valid"),
        now("signing certificate as authentication", &signing, "WrongKind"),
        for_signing("authentication certificate as signing", &good, "WrongKind"),
        now("an authority's own", three.certificate(), "WrongKind"),
        now("under signing's policy", &edit(&[8, 5, 1, 0, 30], &[8, 5, 1, 0, 20]), "WrongKind"),
        now("for servers", &edit(&[5, 5, 7, 3, 2], &[5, 5, 7, 3, 1]), "WrongKind"),
        now("for encryption", &edit(&[3, 2, 7, 0x80], &[3, 2, 5, 0x20]), "WrongKind"),
        now("critical and unknown", &edit(&[0x55, 0x1d, 15], &[0x55, 0x1d, 99]), "WrongKind"),
        Case {
            differs: Some("the profile wants digitalSignature and nothing else"),
            ..now("for signing too", &edit(&[3, 2, 7, 0x80], &[3, 2, 6, 0xc0]), "WrongKind")
        },
        now("another issuer's name", &edit(b"JPKI-TEST", b"JPKI-TES1"), "UntrustedIssuer"),
        now("another generation's signature", &signed_by("auth-02"), "UntrustedIssuer"),
        now("a stranger's signature", &signed_by("leaf-rsa-09"), "UntrustedIssuer"),
        now("names no generation's key", &edit(&named, &other), "UntrustedIssuer"),
        now("a changed signature", &flipped, "UntrustedIssuer"),
        now("cut short", &good[..good.len() - 1], "Malformed"),
        Case {
            differs: Some("OpenSSL passes over what follows a certificate"),
            ..now("a byte too many", &[good.as_slice(), &[0]].concat(), "Malformed")
        },
    ]);
}

#[test]
fn openssl_agrees_on_other_anchors() {
    let (two, three) = (authority(&AUTH_02, "auth-02"), authority(&AUTH_03, "auth-03"));
    let rsa = key("leaf-rsa-01").spki();
    let good = three.issue(&wanted(&rsa)).expect("issued");
    let at = noon(20_261_120);
    let only_two = Bench::new(Hierarchy::Test, &[&two]);
    only_two.try_all(&[case("its generation is missing", &good, at, "UntrustedIssuer")]);
    // The same name, serial and days as generation 03, and another key.
    let impostor = authority(&AUTH_03, "leaf-rsa-09");
    let forged = impostor.issue(&wanted(&rsa)).expect("issued");
    let bench = Bench::new(Hierarchy::Test, &[&two, &three]);
    bench.try_all(&[case("an impostor's", &forged, at, "UntrustedIssuer")]);
    let production = Bench::new(Hierarchy::Production, &[&three]);
    production.try_all(&[Case {
        differs: Some("OpenSSL was given the test root; our production anchors would not take it"),
        ..case("a test card in production", &good, at, "TestHierarchy")
    }]);
}

#[test]
fn openssl_agrees_on_lists() {
    let (two, three) = (authority(&AUTH_02, "auth-02"), authority(&AUTH_03, "auth-03"));
    let bench = Bench::new(Hierarchy::Test, &[&two, &three]);
    let (rsa, at) = (key("leaf-rsa-01").spki(), noon(20_261_120));
    let wanted = wanted(&rsa);
    let good = three.issue(&wanted).expect("issued");
    let on = |entries: &[(Serial, State)]| {
        let (municipality, this_update, next_update) = (CHIYODA, at.plus_ms(-60_000), at.plus_ms(60_000));
        three.issue_crl(&WantedList { municipality, number: 3, this_update, next_update, entries })
    };
    let clean = on(&[]);
    let held = on(&[(wanted.serial, State::OnHold { since: at.plus_ms(-90_000) })]);
    let revoked = |reason| on(&[(wanted.serial, State::Revoked { at: at.plus_ms(-90_000), reason })]);
    let other_serial = Serial::new(&[1, 0, 0x20, 2]).expect("a serial");
    let others = on(&[(other_serial, State::OnHold { since: at.plus_ms(-90_000) })]);
    let elsewhere = WantedList {
        municipality: NAHA,
        number: 3,
        this_update: at.plus_ms(-60_000),
        next_update: at.plus_ms(60_000),
        entries: &[],
    };
    let naha = three.issue_crl(&elsewhere);
    let of_two = two.issue_crl(&WantedList { municipality: CHIYODA, ..elsewhere });
    let mut flipped = clean.clone();
    *flipped.last_mut().expect("bytes") ^= 1;
    let strangers = changed(&clean, b"JPKI-TEST", b"JPKI-TEST", &key("leaf-rsa-09"));
    let asked = |name, lists: &[&[u8]], ours| Case {
        lists: Some(lists.iter().map(|list| list.to_vec()).collect()),
        ..case(name, &good, at, ours)
    };
    let late = |ms, ours| Case { at: at.plus_ms(ms), ..asked("later and earlier", &[&clean], ours) };
    bench.try_all(&[
        asked("clean", &[&clean], "Valid"),
        asked("another is on hold", &[&others], "Valid"),
        asked("on hold", &[&held], "OnHold"),
        asked("revoked", &[&revoked(Reason::Unspecified)], "Revoked"),
        asked("replaced", &[&revoked(Reason::Superseded)], "Revoked"),
        asked("key lost", &[&revoked(Reason::KeyCompromise)], "Revoked"),
        asked("on hold, among others", &[&naha, &of_two, &held], "OnHold"),
        asked("no list", &[], "StatusUnknown"),
        asked("another municipality's", &[&naha], "StatusUnknown"),
        asked("another generation's", &[&of_two], "StatusUnknown"),
        asked("a changed signature", &[&flipped], "StatusUnknown"),
        asked("a stranger's", &[&strangers], "StatusUnknown"),
        late(-60_001, "StatusUnknown"),
        late(-60_000, "Valid"),
        late(59_999, "Valid"),
        Case {
            differs: Some("OpenSSL takes the last second as over when it begins"),
            ..late(60_999, "Valid")
        },
        late(61_000, "StatusUnknown"),
    ]);
}

#[test]
fn openssl_agrees_on_proofs() {
    let home = Home::new();
    let three = authority(&AUTH_03, "auth-03");
    let nonces = Nonces::new(&[5; 32]);
    let bound = Bound { door: "tap", facility: 1, terminal: 2, session: "s" };
    let at = noon(20_261_120);
    let (nonce, other) =
        (nonces.issue([1; 16], at, &bound).message(), nonces.issue([2; 16], at, &bound).message());
    for (holder, digest) in [("leaf-rsa-01", "-sha256"), ("leaf-p384-01", "-sha384")] {
        let own = key(holder);
        let certificate = three.issue(&wanted(&own.spki())).expect("issued");
        let certificate = Certificate::parse(&certificate).expect("a certificate");
        let (public, signed, said) = (home.path("public.pem"), home.path("signature"), home.path("message"));
        fs::write(&public, pem("PUBLIC KEY", &own.spki())).expect("written");
        let mut flipped = own.sign(&nonce);
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for (name, message, signature, good) in [
            ("own", nonce, own.sign(&nonce), true),
            ("of another nonce", nonce, own.sign(&other), false),
            ("by the key for signing", nonce, key("leaf-rsa-02").sign(&nonce), false),
            ("by the authority", nonce, key("auth-03").sign(&nonce), false),
            ("changed", nonce, flipped, false),
            ("none", nonce, Vec::new(), false),
        ] {
            assert_eq!(certificate.verify(&message, &signature), good, "{holder}: {name}");
            fs::write(&signed, &signature).expect("written");
            fs::write(&said, message).expect("written");
            let args = [
                OsStr::new("dgst"),
                digest.as_ref(),
                "-verify".as_ref(),
                public.as_ref(),
                "-signature".as_ref(),
            ];
            let ran =
                outsider("openssl", &[args.as_slice(), &[signed.as_ref(), said.as_ref()]].concat(), b"");
            assert_eq!(ran.code == Some(0), good, "{holder}: {name}: {}{}", ran.out, ran.err);
        }
    }
}
