//! Each outcome of a check by itself, and each boundary to the millisecond. Certificates with one fault are made from
//! a good one and signed anew, so that nothing but the fault can be the reason.

use super::*;
use crate::certificate::Algorithm;

fn check(anchors: &Anchors, der: &[u8], at: Instant) -> Result<Validity, Refused> {
    anchors.check(Kind::Authentication, &parse(der), at, &TERMS)
}

#[test]
fn every_generation_is_accepted_by_its_own_key() {
    let (one, two, three, four) = (auth_01(), auth_02(), auth_03(), auth_04());
    let anchors = anchors(&[&one, &two, &three, &four]);
    let (rsa, p384) = (key("leaf-rsa-01").spki(), key("leaf-p384-01").spki());
    let born = |year: i64| (noon(year * 10_000 + 1201), last_second((year + 5) * 10_000 + 1120));
    for (authority, year, public_key) in [
        (&one, 2017, &rsa),
        (&two, 2021, &rsa),
        (&three, 2024, &rsa),
        (&three, 2024, &p384),
        (&four, 2026, &p384),
        (&four, 2026, &rsa),
    ] {
        let (not_before, not_after) = born(year);
        let der = authority.issue(&Wanted { not_before, not_after, ..card(public_key) }).expect("issued");
        assert_eq!(check(&anchors, &der, not_before), Ok(Validity::Valid));
        assert_eq!(der[..2], [0x30, 0x82], "programs that read cards expect this form of the length");
    }
    let signer = sign_02();
    let der = signer.issue(&signing_card(&rsa)).expect("issued");
    let all = super::anchors(&[&three, &signer]);
    assert_eq!(all.check(Kind::Signing, &parse(&der), noon(20_250_101), &TERMS), Ok(Validity::Valid));
}

#[test]
fn certificates_for_something_else_are_of_the_wrong_kind() {
    let (authority, signer) = (auth_03(), sign_02());
    let (issuer, public_key) = (key("auth-03"), key("leaf-rsa-01").spki());
    let anchors = anchors(&[&authority, &signer]);
    let good = authority.issue(&card(&public_key)).expect("issued");
    let at = noon(20_250_101);
    let wrong = |der: &[u8]| assert_eq!(check(&anchors, der, at), Err(Refused::WrongKind));

    let signing = signer.issue(&signing_card(&public_key)).expect("issued");
    wrong(&signing);
    wrong(authority.certificate());
    wrong(signer.certificate());
    let for_signing = anchors.check(Kind::Signing, &parse(&good), at, &TERMS);
    assert_eq!(for_signing, Err(Refused::WrongKind));

    // Each mark of the profile by itself, properly signed.
    let edited = |edit: fn(&mut Vec<Vec<u8>>)| with_extensions(&good, &issuer, edit);
    assert_eq!(check(&anchors, &edited(|_| {}), at), Ok(Validity::Valid), "editing itself breaks nothing");
    for edit in [
        (|all| remove(all, 15)) as fn(&mut Vec<Vec<u8>>), // no key usage
        |all| remove(all, 37),
        |all| remove(all, 32),
        |all| replace(all, 15, false, &[3, 2, 7, 0x80]), // not critical
        |all| replace(all, 15, true, &[3, 2, 6, 0xc0]),  // non-repudiation too
        |all| replace(all, 37, false, &[0x30, 4, 6, 2, 0x2a, 3]), // another use
        |all| {
            // The policy of signing, and the policy not critical.
            let policy = all[place(all, 32)].clone();
            let at = policy.windows(3).position(|three| three == [1, 0, 30]).expect("it") + 2;
            let place = place(all, 32);
            all[place][at] = 20;
        },
        |all| {
            let place = place(all, 32);
            let value = inside(&split(&inside(&all[place])).pop().expect("a value"));
            all[place] = extension(32, false, &value);
        },
        |all| all.push(extension(19, true, &[0x30, 3, 1, 1, 0xff])), // an authority
        |all| all.push(extension(30, true, &[0x30, 0])),             // critical, not understood
        |all| all.push(extension(17, true, &[0x30, 0])),             // critical, only looked at
    ] {
        wrong(&edited(edit));
    }
    // Basic constraints that say "no authority", and something unknown that is not critical, harm nobody.
    let harmless =
        edited(|all| all.extend([extension(19, true, &[0x30, 0]), extension(30, false, &[0x30, 0])]));
    assert_eq!(check(&anchors, &harmless, at), Ok(Validity::Valid));

    // All marks of authentication, and the signing authority's name and signature.
    let mut mixed = parts(&good);
    mixed[3] = profile::issuer_name(Kind::Signing, Hierarchy::Test);
    wrong(&signed(&mixed, &key("sign-02")));

    // Keys that cards do not have: RSA with exponent 3.
    let mut parts = parts(&good);
    let at_exponent = parts[6].len() - 3;
    assert_eq!(parts[6][at_exponent..], [1, 0, 1]);
    parts[6][at_exponent + 2] = 3;
    wrong(&signed(&parts, &issuer));
}

#[test]
fn other_issuers_are_not_trusted() {
    let (two, three) = (auth_02(), auth_03());
    let public_key = key("leaf-rsa-01").spki();
    let anchors = anchors(&[&two, &three]);
    let good = three.issue(&card(&public_key)).expect("issued");
    let at = noon(20_250_101);
    let untrusted = |der: &[u8]| assert_eq!(check(&anchors, der, at), Err(Refused::UntrustedIssuer));

    // It names generation 03 and generation 02 signed; and one that names no key, or another serial.
    untrusted(&signed(&parts(&good), &key("auth-02")));
    untrusted(&with_extensions(&good, &key("auth-03"), |all| remove(all, 35)));
    untrusted(&with_extensions(&good, &key("auth-03"), |all| {
        let place = place(all, 35);
        let last = all[place].len() - 1;
        all[place][last] ^= 1;
    }));
    // A generation that is not among the anchors, and a stranger with the authority's name and key id.
    assert_eq!(check(&super::anchors(&[&two]), &good, at), Err(Refused::UntrustedIssuer));
    untrusted(&signed(&parts(&good), &key("leaf-rsa-09")));
    // Another name.
    let mut other = parts(&good);
    let place = other[3].windows(4).position(|four| four == b"user").expect("it");
    other[3][place] = b'U';
    untrusted(&signed(&other, &key("auth-03")));
    // The right key, under the name of another way to sign.
    let mut renamed = parts(&good);
    renamed[2] = Algorithm::EcdsaSha384.der();
    untrusted(&signed(&renamed, &key("auth-03")));
    // A changed byte of signature, and of what was signed.
    let mut changed = good.clone();
    *changed.last_mut().expect("bytes") ^= 1;
    untrusted(&changed);
    let mut changed = parts(&good);
    let last = changed[1].len() - 1;
    changed[1][last] ^= 1;
    let tbs = der::sequence(&changed.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let outer = split(&inside(&good));
    untrusted(&der::sequence(&[&tbs, &outer[1], &outer[2]]));
    // Nothing is said of the validity of what nobody signed.
    let late = check(&anchors, &signed(&parts(&good), &key("auth-02")), noon(20_281_201));
    assert_eq!(late, Err(Refused::UntrustedIssuer));
}

/// The same certificate in production's name; the authority has no way to do this.
fn in_production(der: &[u8], key: &SigningKey) -> Vec<u8> {
    let mut parts = parts(der);
    for part in &mut parts {
        let test = profile::issuer_name(Kind::Authentication, Hierarchy::Test);
        if *part == test {
            *part = profile::issuer_name(Kind::Authentication, Hierarchy::Production);
        }
    }
    signed(&parts, key)
}

#[test]
fn test_and_production_never_mix() {
    let authority = auth_03();
    let (issuer, public_key) = (key("auth-03"), key("leaf-rsa-01").spki());
    let test_card = authority.issue(&card(&public_key)).expect("issued");
    let real_root = in_production(authority.certificate(), &issuer);
    let real_card = in_production(&test_card, &issuer);
    let at = noon(20_250_101);

    let production = Anchors::new(Hierarchy::Production, [parse(&real_root)]).expect("anchors");
    let test = anchors(&[&authority]);
    assert_eq!(check(&production, &test_card, at), Err(Refused::TestHierarchy));
    assert_eq!(check(&test, &real_card, at), Err(Refused::ProductionHierarchy));
    // Signed with the right key and in production's name, it is still under the test policy.
    assert_eq!(check(&production, &real_card, at), Err(Refused::WrongKind));
    let mixed = |accepts, root: &[u8]| Anchors::new(accepts, [parse(root)]).map(|_| ());
    assert_eq!(mixed(Hierarchy::Production, authority.certificate()), Err(Refused::TestHierarchy));
    assert_eq!(mixed(Hierarchy::Test, &real_root), Err(Refused::ProductionHierarchy));
    assert_eq!(test.accepts(), Hierarchy::Test);

    // With production's policy it is good, and only there.
    let real_card = with_extensions(&real_card, &issuer, |all| {
        let place = place(all, 32);
        let at = all[place].windows(3).position(|three| three == [1, 0, 30]).expect("it") + 1;
        all[place][at] = 1;
        // The issuer is named here again.
        let own = all.iter().position(|one| inside(one).starts_with(&[6, 3, 0x55, 0x1d, 35])).expect("it");
        let id = extension(
            35,
            false,
            &der::sequence(&[&der::tlv(0x80, &[parse(&real_root).subject_key().expect("id")])]),
        );
        all[own] = id;
    });
    assert_eq!(check(&production, &real_card, at), Ok(Validity::Valid));
    assert_eq!(check(&test, &real_card, at), Err(Refused::ProductionHierarchy));
}

#[test]
fn anchors_are_authorities_that_signed_themselves() {
    let authority = auth_03();
    let public_key = key("leaf-rsa-01").spki();
    let anchor = |der: &[u8]| Anchors::new(Hierarchy::Test, [parse(der)]).map(|_| ());
    assert_eq!(anchor(authority.certificate()), Ok(()));
    let card = authority.issue(&card(&public_key)).expect("issued");
    assert_eq!(anchor(&card), Err(Refused::UntrustedIssuer), "a card is nobody's authority");
    let stranger = signed(&parts(authority.certificate()), &key("leaf-rsa-09"));
    assert_eq!(anchor(&stranger), Err(Refused::UntrustedIssuer));
    let own = key("auth-03");
    let without = |number| with_extensions(authority.certificate(), &own, |all| remove(all, number));
    assert_eq!(anchor(&without(19)), Err(Refused::WrongKind), "no authority");
    assert_eq!(anchor(&without(14)), Err(Refused::UntrustedIssuer), "its key has no name");
    let no_signer = with_extensions(authority.certificate(), &own, |all| {
        replace(all, 15, true, &[3, 2, 1, 0x02]);
    });
    assert_eq!(anchor(&no_signer), Err(Refused::WrongKind), "it signs lists only");
}

#[test]
fn validity_turns_at_the_millisecond() {
    let authority = auth_03();
    let public_key = key("leaf-rsa-01").spki();
    let anchors = anchors(&[&authority]);
    let der = authority.issue(&card(&public_key)).expect("issued");
    let (from, until) = (noon(20_240_305), last_second(20_281_120).plus_ms(999));
    let certificate = parse(&der);
    assert_eq!((certificate.not_before(), certificate.not_after()), (from, until));

    let with = |grace, at| {
        let terms = Terms { soon_months: 3, grace };
        anchors.check(Kind::Authentication, &certificate, at, &terms)
    };
    let soon = day(20_280_820).begins();
    for (at, expected) in [
        (from.plus_ms(-1), Err(Refused::NotYetValid { from })),
        (from, Ok(Validity::Valid)),
        (soon.plus_ms(-1), Ok(Validity::Valid)),
        (soon, Ok(Validity::ExpiresSoon { until })),
        (until, Ok(Validity::ExpiresSoon { until })),
        (until.plus_ms(1), Err(Refused::Expired { until })),
    ] {
        assert_eq!(with(Grace::None, at), expected);
    }
    assert_eq!(until.plus_ms(1), day(20_281_121).begins(), "the last day is whole");
    for (grace, last_day) in
        [(Grace::ToTheDay { months: 3 }, 20_290_220), (Grace::MonthEnd { months: 3 }, 20_290_228)]
    {
        let grace_ends = day(last_day).plus_days(1).begins().plus_ms(-1);
        let in_grace = Ok(Validity::InGrace { until, grace_ends });
        assert_eq!(with(grace, until), Ok(Validity::ExpiresSoon { until }));
        assert_eq!(with(grace, until.plus_ms(1)), in_grace);
        assert_eq!(with(grace, grace_ends), in_grace);
        assert_eq!(with(grace, grace_ends.plus_ms(1)), Err(Refused::Expired { until }));
    }
}

#[test]
fn a_certificate_is_never_valid_longer_than_its_issuer() {
    let authority = auth_01();
    let public_key = key("leaf-rsa-01").spki();
    let anchors = anchors(&[&authority]);
    let ends = day(20_251_020).begins().plus_ms(-1);
    // One that the authority should never have issued, and one that ends before it and is in its grace after it.
    let until = [last_second(20_260_501), last_second(20_251_001)];
    let [long, short] = until.map(|not_after| {
        let wanted = Wanted { not_before: noon(20_200_101), not_after, ..card(&public_key) };
        authority.issue(&wanted).expect("issued")
    });
    let late = noon(20_260_430);
    assert_eq!(check(&anchors, &long, ends), Ok(Validity::ExpiresSoon { until: ends }));
    assert_eq!(check(&anchors, &long, late), Err(Refused::Expired { until: ends }));
    let (until, grace_ends) = (day(20_251_002).begins().plus_ms(-1), day(20_260_201).begins().plus_ms(-1));
    assert_eq!(check(&anchors, &short, noon(20_251_201)), Ok(Validity::InGrace { until, grace_ends }));
    let early =
        Wanted { not_before: noon(20_150_101), not_after: last_second(20_200_101), ..card(&public_key) };
    let der = authority.issue(&early).expect("issued");
    let from = day(20_151_020).begins();
    assert_eq!(check(&anchors, &der, noon(20_150_601)), Err(Refused::NotYetValid { from }));
}

#[test]
fn certificates_end_on_birthdays() {
    let never = day(20_990_101);
    let end = |birth, issued, early| validity_end(birth, day(issued), early, never).date().as_number();
    assert_eq!(end((11, 20), 20_240_305, false), 20_281_120);
    assert_eq!(end((11, 20), 20_241_119, false), 20_281_120);
    assert_eq!(end((11, 20), 20_241_120, false), 20_291_120, "a birthday on the day of issue does not count");
    assert_eq!(end((11, 20), 20_241_121, false), 20_291_120);
    assert_eq!(end((11, 20), 20_240_901, true), 20_291_120, "the sixth");
    assert_eq!(end((1, 1), 20_241_231, false), 20_290_101);
    assert_eq!(end((2, 29), 20_240_228, false), 20_290_228);
    assert_eq!(end((2, 29), 20_230_701, false), 20_280_228, "also in a leap year");
    assert_eq!(end((2, 28), 20_230_701, false), 20_280_228);
    let capped = validity_end((11, 20), day(20_240_305), false, day(20_270_630));
    assert_eq!(capped, last_second(20_270_630));
    assert_eq!(validity_end((11, 20), day(20_240_305), false, never).stamp14(), "20281120235959");
}

#[test]
fn the_authority_repeats_itself_and_refuses_what_is_not_its() {
    let authority = auth_03();
    let public_key = key("leaf-rsa-01").spki();
    let wanted = card(&public_key);
    assert_eq!(authority.issue(&wanted), auth_03().issue(&wanted), "same question, same bytes");
    assert_eq!(authority.certificate(), auth_03().certificate());
    let refused = |wanted: &Wanted<'_>, why| assert_eq!(authority.issue(wanted), Err(why));
    refused(&Wanted { common_name: "TOO SHORT", ..wanted }, CannotIssue::CommonName);
    refused(&Wanted { common_name: "AUTH0001AGCIEG13101003Ａ", ..wanted }, CannotIssue::CommonName);
    refused(&Wanted { attributes: Some(FOUR), ..wanted }, CannotIssue::Attributes);
    refused(&Wanted { public_key: b"0", ..wanted }, CannotIssue::Key);
    let long = "x".repeat(CERTIFICATE_BYTES_MAX);
    let far = Municipality { prefecture: &long, name: "" };
    refused(&Wanted { municipality: far, ..wanted }, CannotIssue::TooLarge);
    let signer = sign_02();
    let blank = Wanted { attributes: None, ..signing_card(&public_key) };
    assert_eq!(signer.issue(&blank), Err(CannotIssue::Attributes));
    assert_eq!(SigningKey::from_pkcs8(b"").map(|_| ()), Err(CannotIssue::Key));
}

#[test]
fn the_pool_has_what_its_head_says() {
    let names: Vec<&str> = pool(POOL).iter().map(|(name, _)| *name).collect();
    let kinds = |kind: &str| names.iter().filter(|name| name.starts_with(kind)).count();
    assert_eq!(names[..5], ["auth-01", "auth-02", "auth-03", "sign-02", "auth-04"]);
    assert_eq!((kinds("leaf-rsa-"), kinds("leaf-p384-"), names.len()), (24, 4, 33));
    assert!(pool(POOL).iter().all(|(_, pkcs8)| SigningKey::from_pkcs8(pkcs8).is_ok()));
    assert!(pool("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----").is_empty());
}

#[test]
fn serials_are_numbers_and_print_nothing() {
    assert_eq!(serial(0x8001).hex(), "8001");
    assert_eq!(Serial::parse_hex("8001"), Some(serial(0x8001)));
    assert!(serial(0xff) < serial(0x100) && serial(0x100) < serial(0x101));
    for bad in ["", "0", "00", "001", "0001", "800", "8G", "ABCD", "あ"] {
        assert_eq!(Serial::parse_hex(bad), None, "{bad}");
    }
    assert!(Serial::new(&[0x7f; 20]).is_some());
    assert_eq!(Serial::new(&[0x80; 20]), None, "its sign would be a 21st byte");
    assert_eq!(Serial::new(&[1; 21]), None);
    assert_eq!(format!("{:?}", serial(0x8001)), "Serial(…)");
    let public_key = key("leaf-rsa-01").spki();
    let certificate = parse(&auth_03().issue(&card(&public_key)).expect("issued"));
    assert_eq!(format!("{certificate:?}"), "Certificate(…)");
    assert!(!format!("{:?}", signing_card(&public_key)).contains("花子"));
    for top in [0x7f_u32, 0x80, 0xff, 0x100, 0xffff_ffff] {
        let wanted = Wanted { serial: serial(top), ..card(&public_key) };
        assert_eq!(parse(&auth_03().issue(&wanted).expect("issued")).serial(), serial(top));
    }
}

#[test]
fn possession_is_proved_by_the_whole_signature() {
    let authority = auth_04();
    for name in ["leaf-rsa-01", "leaf-p384-01"] {
        let (own, other) = (key(name), key("leaf-rsa-02"));
        let certificate = parse(&authority.issue(&card(&own.spki())).expect("issued"));
        let message = b"a nonce";
        let signature = own.sign(message);
        assert!(certificate.verify(message, &signature));
        assert!(!certificate.verify(b"another", &signature));
        assert!(!certificate.verify(message, &other.sign(message)), "another card's key");
        assert!(!certificate.verify(message, &[]));
        assert!(!certificate.verify(message, &[signature.as_slice(), &[0]].concat()));
        for place in 0..signature.len() {
            let mut changed = signature.clone();
            changed[place] ^= 1;
            assert!(!certificate.verify(message, &changed));
        }
    }
}
