//! Revocation lists: what they say, about whom, and for how long. A list that is not taken is as if it had not come.

use super::*;

const NOW: i64 = 20_261_120;

fn list<'a>(municipality: Municipality<'a>, entries: &'a [(Serial, State)]) -> WantedList<'a> {
    WantedList {
        municipality,
        number: 7,
        this_update: noon(NOW),
        next_update: noon(NOW).plus_ms(3_600_000),
        entries,
    }
}

fn leaf(authority: &Authority, number: u32) -> Certificate {
    let public_key = key("leaf-rsa-01").spki();
    let wanted = Wanted { serial: serial(number), ..card(&public_key) };
    parse(&authority.issue(&wanted).expect("issued"))
}

fn read(der: &[u8]) -> Crl {
    Crl::parse(der).expect("a list")
}

#[test]
fn a_list_knows_the_held_and_the_revoked() {
    let authority = auth_03();
    let anchors = anchors(&[&authority]);
    let at = noon(20_261_101);
    let reasons: Vec<Reason> = (0..=255).filter_map(Reason::from_code).collect();
    assert_eq!(reasons.len(), 8);
    let mut entries: Vec<(Serial, State)> = reasons
        .iter()
        .map(|reason| (serial(100 + u32::from(reason.code())), State::Revoked { at, reason: *reason }))
        .collect();
    entries.push((serial(50), State::OnHold { since: at }));
    entries.push((serial(60), State::Good));
    let mut lists = Lists::new();
    lists.add(read(&authority.issue_crl(&list(CHIYODA, &entries))), &anchors).expect("signed");
    let said = |number| lists.report(&leaf(&authority, number), noon(NOW)).expect("it is covered");
    for (number, state) in &entries {
        let number = number.as_bytes()[0].into();
        assert_eq!(said(number), Report { as_of: noon(NOW), state: *state });
    }
    assert_eq!(said(51).state, State::Good);
    assert_eq!(said(0x0100_2001).state, State::Good);
}

#[test]
fn a_list_is_true_for_its_time_only() {
    let authority = auth_03();
    let anchors = anchors(&[&authority]);
    let mut lists = Lists::new();
    lists.add(read(&authority.issue_crl(&list(CHIYODA, &[]))), &anchors).expect("signed");
    let card = leaf(&authority, 1);
    let (from, until) = (noon(NOW), noon(NOW).plus_ms(3_600_999));
    assert!(lists.report(&card, from).is_some() && lists.report(&card, until).is_some());
    assert_eq!(lists.report(&card, from.plus_ms(-1)), None);
    assert_eq!(lists.report(&card, until.plus_ms(1)), None);
    assert_eq!(judge(lists.report(&card, until.plus_ms(1)), until, i64::MAX), Err(Refused::StatusUnknown));
}

#[test]
fn a_list_says_nothing_of_other_parts_and_generations() {
    let (two, three) = (auth_02(), auth_03());
    let anchors = anchors(&[&two, &three]);
    let mut lists = Lists::new();
    let all = [(serial(1), State::OnHold { since: noon(NOW) })];
    lists.add(read(&three.issue_crl(&list(NAHA, &all))), &anchors).expect("signed");
    lists.add(read(&two.issue_crl(&list(CHIYODA, &all))), &anchors).expect("signed");
    let card = leaf(&three, 1);
    assert_eq!(lists.report(&card, noon(NOW)), None, "its municipality is Chiyoda, its key that of 03");
    assert!(lists.report(&leaf(&two, 1), noon(NOW)).is_some());
    lists.add(read(&three.issue_crl(&list(CHIYODA, &[]))), &anchors).expect("signed");
    assert_eq!(lists.report(&card, noon(NOW)).map(|report| report.state), Some(State::Good));
}

#[test]
fn a_place_for_some_reasons_only_is_no_place() {
    let authority = auth_03();
    let public_key = key("leaf-rsa-01").spki();
    let good = authority.issue(&card(&public_key)).expect("issued");
    let crl = read(&authority.issue_crl(&list(CHIYODA, &[])));
    let report_at = |more: &[u8]| {
        let der = with_extensions(&good, &key("auth-03"), |all| {
            let value = split(&inside(&all[place(all, 31)])).pop().expect("a value");
            let point = inside(&inside(&inside(&value)));
            replace(all, 31, false, &der::sequence(&[&der::sequence(&[&point, more])]));
        });
        crl.report(&parse(&der), noon(NOW))
    };
    assert!(report_at(&[]).is_some());
    assert_eq!(report_at(&[0x81, 2, 6, 0x40]), None, "keys that were lost");
    assert_eq!(report_at(&[0xa2, 3, 0x82, 1, b'x']), None, "another issuer's list");
}

#[test]
fn a_list_is_replaced_by_newer_ones_only() {
    let authority = auth_03();
    let anchors = anchors(&[&authority]);
    let card = leaf(&authority, 1);
    let held = [(serial(1), State::OnHold { since: noon(NOW) })];
    let older = WantedList { this_update: noon(NOW).plus_ms(-1000), ..list(CHIYODA, &[]) };
    let newer = WantedList { this_update: noon(NOW).plus_ms(1000), ..list(CHIYODA, &[]) };
    let mut lists = Lists::new();
    let mut after = |wanted: &WantedList<'_>| {
        lists.add(read(&authority.issue_crl(wanted)), &anchors).expect("signed");
        lists.report(&card, noon(NOW).plus_ms(2000)).expect("it is covered").state
    };
    assert_eq!(after(&older), State::Good);
    assert_eq!(after(&list(CHIYODA, &held)), State::OnHold { since: noon(NOW) });
    assert_eq!(after(&older), State::OnHold { since: noon(NOW) }, "a replayed list lifts no hold");
    assert_eq!(after(&newer), State::Good);
}

#[test]
fn lists_of_strangers_and_of_other_kinds_are_not_taken() {
    let authority = auth_03();
    let anchors = anchors(&[&authority]);
    let issuer = key("auth-03");
    let der = authority.issue_crl(&list(CHIYODA, &[]));
    let add = |der: &[u8]| Lists::new().add(read(der), &anchors);
    assert_eq!(add(&der), Ok(()));
    assert_eq!(add(&auth_02().issue_crl(&list(CHIYODA, &[]))), Err(Refused::UntrustedIssuer));
    assert_eq!(add(&signed(&parts(&der), &key("auth-02"))), Err(Refused::UntrustedIssuer));
    let mut changed = der.clone();
    *changed.last_mut().expect("bytes") ^= 1;
    assert_eq!(add(&changed), Err(Refused::UntrustedIssuer));

    // issuingDistributionPoint: 83 some reasons, 84 indirect, 85 attributes, a part named by a URI or relatively.
    let parted = |inner: &[u8]| {
        with_extensions(&der, &issuer, |all| {
            replace(all, 28, true, &der::sequence(&[inner]));
        })
    };
    for inner in [
        [0x83, 2, 6, 0x40].as_slice(),
        &[0x84, 1, 0xff],
        &[0x85, 1, 0xff],
        &[0xa0, 5, 0xa0, 3, 0x86, 1, b'x'],
        &[0xa0, 2, 0xa1, 0],
    ] {
        assert_eq!(add(&parted(inner)), Err(Refused::WrongKind), "{inner:?}");
    }
    let card = leaf(&authority, 1);
    let report = |der: &[u8]| read(der).report(&card, noon(NOW));
    assert!(report(&parted(&[0x81, 1, 0xff])).is_some(), "for holders");
    assert!(report(&parted(&[0x82, 1, 0xff])).is_none(), "for authorities");
    let both = parted(&[0x81, 1, 0xff, 0x82, 1, 0xff]);
    assert_eq!(Crl::parse(&both).map(|_| ()), Err(Refused::Malformed));
    // Whoever signs certificates only signs no lists.
    let signer = with_extensions(authority.certificate(), &issuer, |all| {
        replace(all, 15, true, &[3, 2, 2, 0x04]);
    });
    let no_lists = Anchors::new(Hierarchy::Test, [parse(&signer)]).expect("an anchor");
    assert_eq!(Lists::new().add(read(&der), &no_lists), Err(Refused::UntrustedIssuer));
}

#[test]
fn the_whole_issuers_list_covers_every_part() {
    let authority = auth_03();
    let anchors = anchors(&[&authority]);
    let held = [(serial(1), State::OnHold { since: noon(NOW) })];
    let der = with_extensions(&authority.issue_crl(&list(CHIYODA, &held)), &key("auth-03"), |all| {
        remove(all, 28);
    });
    let mut lists = Lists::new();
    lists.add(read(&der), &anchors).expect("signed");
    let said = lists.report(&leaf(&authority, 1), noon(NOW));
    assert_eq!(said.map(|report| report.state), Some(State::OnHold { since: noon(NOW) }));
}

#[test]
fn malformed_lists_are_refused() {
    let authority = auth_03();
    let issuer = key("auth-03");
    let at = noon(20_261_101);
    let entries = [(serial(1), State::OnHold { since: at }), (serial(2), State::OnHold { since: at })];
    let der = authority.issue_crl(&list(CHIYODA, &entries));
    let bad = |der: &[u8]| assert_eq!(Crl::parse(der).map(|_| ()), Err(Refused::Malformed));
    let unknown = with_extensions(&der, &issuer, |all| all.push(extension(27, true, &[2, 1, 1])));
    bad(&unknown); // a delta list
    let with_entries = |edit: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut parts = parts(&der);
        let mut entries = split(&inside(&parts[5]));
        edit(&mut entries);
        parts[5] = der::sequence(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
        signed(&parts, &issuer)
    };
    assert!(Crl::parse(&with_entries(&|_| {})).is_ok());
    bad(&with_entries(&|all| all.clear()));
    bad(&with_entries(&|all| all[1] = all[0].clone())); // twice
    let reason = |code: u8| {
        with_entries(&|all| {
            let last = all[0].len() - 1;
            all[0][last] = code;
        })
    };
    assert!(Crl::parse(&reason(10)).is_ok());
    for code in [7, 8, 11, 0x80, 0xff] {
        bad(&reason(code));
    }
    // No promise of a next one; the first version.
    let mut without = parts(&der);
    without.remove(4);
    bad(&signed(&without, &issuer));
    let mut first = parts(&der);
    first.remove(0);
    bad(&signed(&first, &issuer));
}

#[test]
fn reports_are_good_for_a_while() {
    let (at, age) = (noon(NOW), 60_000);
    let since = noon(20_261_101);
    let report = |as_of, state| Some(Report { as_of, state });
    assert_eq!(judge(None, at, age), Err(Refused::StatusUnknown));
    assert_eq!(judge(report(at.plus_ms(-age), State::Good), at, age), Ok(()));
    assert_eq!(judge(report(at.plus_ms(-age - 1), State::Good), at, age), Err(Refused::StatusUnknown));
    assert_eq!(judge(report(at.plus_ms(age), State::Good), at, age), Ok(()));
    assert_eq!(judge(report(at.plus_ms(age + 1), State::Good), at, age), Err(Refused::StatusUnknown));
    let held = State::OnHold { since };
    assert_eq!(judge(report(at, held), at, age), Err(Refused::OnHold { since }));
    assert_eq!(
        judge(report(at.plus_ms(-age - 1), held), at, age),
        Err(Refused::StatusUnknown),
        "it may be lifted"
    );
    let revoked = State::Revoked { at: since, reason: Reason::Superseded };
    let gone = Err(Refused::Revoked { at: since, reason: Reason::Superseded });
    assert_eq!(judge(report(at, revoked), at, age), gone);
    assert_eq!(judge(report(at.plus_ms(-age - 1), revoked), at, age), gone, "never taken back");
}
