//! Stories of institutions.
//!
//! Always holds: what is pinned here is the same on every machine.
//! Not here: the dice.

use super::*;
use expect_test::expect_file;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const NATION: u32 = 229_717;

fn nation(seed: u64, facilities: u32) -> Institutions {
    Institutions::new(seed, Date::new(2026, 11, 20).unwrap(), facilities)
}

/// FNV-1a, for pinning.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[test]
fn insurers_have_checked_numbers_once_each_in_order() {
    let nation = nation(1, 5);
    let insurers = nation.insurers();
    assert!(insurers.is_sorted_by(|a, b| a.number < b.number), "sorted, and none twice");
    let names: BTreeSet<&str> = insurers.iter().map(|insurer| insurer.name.as_str()).collect();
    assert_eq!(names.len(), insurers.len(), "names come once");
    for insurer in insurers {
        let digits = insurer.number.as_str();
        assert!(InsurerNumber::parse_checked(digits).is_ok(), "{digits}");
        let prefecture = if digits.len() == 8 { &digits[2..4] } else { &digits[..2] };
        assert_eq!(prefecture, format!("{:02}", insurer.prefecture), "{}", insurer.name);
        assert!(insurer.members > 0, "{}", insurer.name);
        let is_invented = insurer.name.starts_with("架空");
        assert!(is_invented || insurer.kind == InsurerKind::Municipal, "{}", insurer.name);
        let serial = &digits[digits.len() - 4..digits.len() - 1];
        assert_eq!(insurer.kind == InsurerKind::Guild, digits.len() == 6 && serial >= "300", "{digits}");
    }
}

/// Counts and members by kind, the largest, the median and the smallest, and every fortieth insurer.
fn sample_of_insurers(nation: &Institutions) -> String {
    let mut text = String::from("kind\tinsurers\tmembers\tlargest\tmedian\tsmallest\n");
    let mut kinds: BTreeMap<InsurerKind, Vec<u32>> = BTreeMap::new();
    for insurer in nation.insurers() {
        kinds.entry(insurer.kind).or_default().push(insurer.members);
    }
    for (kind, mut sizes) in kinds {
        sizes.sort_unstable();
        let all: u64 = sizes.iter().copied().map(u64::from).sum();
        let (count, median) = (sizes.len(), sizes[sizes.len() / 2]);
        writeln!(text, "{kind:?}\t{count}\t{all}\t{}\t{median}\t{}", sizes[count - 1], sizes[0]).unwrap();
    }
    text.push_str("\nnumber\tname\tmembers\tcertificates\n");
    let mut dice = Dice::new(1, &[1]);
    for (place, insurer) in nation.insurers().iter().enumerate() {
        if place % 40 == 0 || insurer.prefecture == 99 {
            let employers = nation.employers_of(place);
            let papers: Vec<String> = (0..3)
                .map(|n| {
                    let range = employers.len() as u64;
                    let employer = (n > 0 && range > 0).then(|| employers.start + dice.below(range) as u32);
                    let (symbol, number) = nation.certificate(&mut dice, place, employer);
                    format!("{} {number}", symbol.as_deref().unwrap_or("—"))
                })
                .collect();
            writeln!(
                text,
                "{}\t{}\t{}\t{}",
                insurer.number.as_str(),
                insurer.name,
                insurer.members,
                papers.join(" / ")
            )
            .unwrap();
        }
    }
    text
}

/// Employers as people find them, in three prefectures.
fn sample_of_employers(nation: &Institutions) -> String {
    let mut text = String::from("number\tinsurer\tsymbol\tname\tmunicipality\n");
    for prefecture in [99, 22, 13] {
        let mut dice = Dice::new(1, &[u64::from(prefecture)]);
        for _ in 0..40 {
            let number = nation.employer(&mut dice, prefecture);
            let employer = nation.employer_of(number);
            let (insurer, city) = (
                &nation.insurers[employer.insurer].name,
                &nation.towns.cities[nation.towns.city[employer.municipality]].name,
            );
            writeln!(text, "{number}\t{insurer}\t{}\t{}\t{city}", employer.symbol, employer.name).unwrap();
        }
    }
    text
}

/// Facilities here and there.
fn sample_of_facilities(nation: &Institutions) -> String {
    let mut text = String::from("code\tkind\tname\tpostcode\taddress\tpre-operation\toperation\tcloses\n");
    let home = nation.facilities_in(nation.towns.midori);
    for number in home.chain((0..nation.facilities()).step_by(1_499)) {
        let facility = nation.facility(number);
        let day = |day: Option<Date>| day.map_or("—".to_owned(), |day| day.to_string());
        writeln!(
            text,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            facility.code,
            facility.kind,
            facility.name,
            facility.postcode,
            facility.address,
            day(facility.pre_operation_from),
            day(facility.operates_from),
            day(facility.closes_on),
        )
        .unwrap();
    }
    text
}

#[test]
fn samples_read_naturally() {
    let nation = nation(1, NATION);
    expect_file!["tests/insurers.tsv"].assert_eq(&sample_of_insurers(&nation));
    expect_file!["tests/employers.tsv"].assert_eq(&sample_of_employers(&nation));
    expect_file!["tests/facilities.tsv"].assert_eq(&sample_of_facilities(&nation));
}

#[test]
fn insurers_are_as_many_as_published_and_the_known_ones_are_among_them() {
    let nation = nation(1, 5);
    let count = |kind| nation.insurers().iter().filter(|insurer| insurer.kind == kind).count();
    // 02, 06, 国保 with and without law code, 39: country/data/published-offices.tsv and what the invented prefecture has.
    assert_eq!(count(InsurerKind::Seamen), 1);
    assert_eq!(count(InsurerKind::Society), 1_388);
    assert_eq!(count(InsurerKind::Guild), 162);
    assert_eq!(count(InsurerKind::Union), 48);
    assert_eq!(count(InsurerKind::Association), 48);
    let cities: BTreeSet<u32> =
        crate::nation::places::municipalities().iter().map(|place| place.city_code()).collect();
    assert_eq!(
        count(InsurerKind::Municipal),
        cities.len(),
        "each city, town, village and ward of Tokyo has one"
    );
    for (kind, total) in registry::TOTALS {
        let members: u64 =
            nation.insurers().iter().filter(|i| i.kind == kind).map(|i| u64::from(i.members)).sum();
        assert!(members.abs_diff(total) < 100, "{kind:?}: {members}");
    }
    for (number, name) in crate::places::insurers() {
        let found = nation.find(number).map(|place| nation.insurers()[place].name.as_str());
        assert_eq!(found, Some(name));
    }
}

#[test]
fn every_place_has_its_insurers() {
    let nation = nation(1, 5);
    let all = nation.insurers();
    let mut dice = Dice::new(1, &[]);
    for (place, town) in crate::nation::places::municipalities().iter().enumerate() {
        let municipal = &all[nation.municipal(place)];
        assert_eq!((municipal.kind, municipal.prefecture), (InsurerKind::Municipal, town.prefecture));
        let welfare = &all[nation.welfare(place)];
        assert_eq!((welfare.kind, welfare.prefecture), (InsurerKind::Welfare, town.prefecture));
        let union = &all[nation.union(town.prefecture)];
        assert_eq!((union.kind, union.prefecture), (InsurerKind::Union, town.prefecture));
        let association = &all[nation.association(town.prefecture)];
        assert_eq!((association.kind, association.prefecture), (InsurerKind::Association, town.prefecture));
        match nation.guild(&mut dice, town.prefecture).map(|guild| &all[guild]) {
            Some(guild) => assert_eq!((guild.kind, guild.prefecture), (InsurerKind::Guild, town.prefecture)),
            None => assert_eq!(town.prefecture, 99),
        }
    }
    let at = |name: &str| {
        let all = crate::nation::places::municipalities();
        all.iter().position(|place| place.name == name).unwrap()
    };
    let name = |insurer: usize| all[insurer].name.as_str();
    assert_eq!(name(nation.municipal(at("横浜市西区"))), "神奈川県横浜市");
    assert_eq!(name(nation.municipal(at("世田谷区"))), "東京都世田谷区");
    assert_eq!(name(nation.municipal(at("足柄下郡箱根町"))), "神奈川県箱根町");
    assert_eq!(name(nation.welfare(at("足柄下郡箱根町"))), "架空神奈川県福祉事務所");
    assert_eq!(name(nation.welfare(at("沼津市"))), "架空静岡県沼津市福祉事務所");
    assert_eq!(name(nation.welfare(nation.towns.midori)), "架空みどり市福祉事務所");
    assert_eq!(name(nation.municipal(nation.towns.midori)), "架空県みどり市");
    // There is a real city of that name.
    assert_eq!(name(nation.municipal(at("みどり市"))), "群馬県みどり市");
    let retired: Vec<usize> = (0..all.len()).filter_map(|place| nation.special_retired(place)).collect();
    assert_eq!(retired.len(), 61, "each of them has its society");
}

#[test]
fn people_work_for_insurers_by_their_size_and_mostly_near() {
    let nation = nation(1, 5);
    let all = nation.insurers();
    let mut dice = Dice::new(1, &[]);
    let mut by_kind: BTreeMap<InsurerKind, u32> = BTreeMap::new();
    let mut by_insurer = vec![0u64; all.len()];
    let mut near = 0;
    const DRAWN: u64 = 400_000;
    for _ in 0..DRAWN {
        let town = dice.cumulated(nation.towns.sums());
        let prefecture = nation.towns.prefecture[town];
        let number = nation.employer(&mut dice, prefecture);
        let insurer = nation.employers.place(number).0;
        *by_kind.entry(all[insurer].kind).or_default() += 1;
        by_insurer[insurer] += 1;
        near += u64::from(all[insurer].prefecture == prefecture);
    }
    let employed: u64 = employers::KINDS
        .iter()
        .filter_map(|kind| registry::TOTALS.iter().find(|(other, _)| other == kind))
        .map(|(_, total)| total)
        .sum();
    for (kind, total) in registry::TOTALS.iter().filter(|(kind, _)| employers::KINDS.contains(kind)) {
        let expected = DRAWN * total / employed;
        let drawn = u64::from(by_kind[kind]);
        assert!(drawn.abs_diff(expected) < expected / 20 + 100, "{kind:?}: {drawn}, not {expected}");
    }
    for (place, insurer) in all.iter().enumerate().filter(|(_, insurer)| insurer.members > 200_000) {
        if employers::KINDS.contains(&insurer.kind) {
            let expected = DRAWN * u64::from(insurer.members) / employed;
            let drawn = by_insurer[place];
            assert!(
                drawn.abs_diff(expected) < expected / 5 + 60,
                "{}: {drawn}, not {expected}",
                insurer.name
            );
        }
    }
    assert!((DRAWN * 6 / 10..DRAWN * 9 / 10).contains(&near), "{near}");
}

#[test]
fn colleagues_share_insurer_and_symbol_and_employers_of_one_insurer_do_not() {
    let nation = nation(1, 5);
    let mut dice = Dice::new(1, &[]);
    for (place, insurer) in nation.insurers().iter().enumerate() {
        let parts =
            matches!(insurer.kind, InsurerKind::Society | InsurerKind::Association | InsurerKind::Seamen);
        let numbers = nation.employers_of(place);
        assert_eq!(numbers.is_empty(), !employers::KINDS.contains(&insurer.kind), "{}", insurer.name);
        if parts {
            let symbols: BTreeSet<String> = numbers
                .clone()
                .take(3_000)
                .map(|number| {
                    base::canonical_key(&certificates::employer_symbol(1, insurer, number - numbers.start))
                })
                .collect();
            assert_eq!(symbols.len(), numbers.len().min(3_000), "{}", insurer.name);
        }
        if !numbers.is_empty() {
            let number = numbers.start + dice.below(numbers.len() as u64) as u32;
            let employer = nation.employer_of(number);
            assert_eq!(employer, nation.employer_of(number));
            assert_eq!(employer.insurer, place);
            assert!(
                employer.name.contains("架空") && !employer.name.contains("架空架空"),
                "{}",
                employer.name
            );
            let (one, _) = nation.certificate(&mut dice, place, Some(number));
            let (other, _) = nation.certificate(&mut dice, place, Some(number));
            assert_eq!((one.as_ref(), other.as_ref()), (Some(&employer.symbol), Some(&employer.symbol)));
        }
    }
}

#[test]
fn certificates_are_written_as_each_kind_writes_them() {
    let nation = nation(1, 5);
    let mut dice = Dice::new(1, &[]);
    for (place, insurer) in nation.insurers().iter().enumerate() {
        for _ in 0..5 {
            let (symbol, number) = nation.certificate(&mut dice, place, None);
            let digits = base::fold_width(&number);
            assert!(digits.len() <= 8 && digits.bytes().all(|b| b.is_ascii_digit()), "{number}");
            let bare = matches!(insurer.kind, InsurerKind::Union | InsurerKind::Welfare);
            assert_eq!(symbol.is_none(), bare, "{}", insurer.name);
            match insurer.kind {
                InsurerKind::Union => assert_eq!(number.len(), 8),
                InsurerKind::Welfare => {
                    assert_eq!(number.len(), 7);
                    let (body, check) = number.as_bytes().split_at(6);
                    assert_eq!(base::check_digit_21(body), check[0]);
                }
                _ => (),
            }
        }
        let same = base::canonical_key(&nation.write_number(place, 12_345_678));
        assert_eq!(same, "12345678", "a chosen number stays the same number");
    }
}

#[test]
fn codes_of_a_full_nation_are_checked_and_unique() {
    let nation = nation(1, NATION);
    assert_eq!(nation.facilities(), NATION);
    let mut codes = BTreeSet::new();
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut operating, mut starting, mut closed) = (0, 0, 0);
    let mut places = BTreeSet::new();
    for number in 0..NATION {
        let facility = nation.facility(number);
        assert!(FacilityCode::parse(facility.code.as_str()).is_ok());
        let prefecture = nation.towns.prefecture[facility.municipality];
        assert_eq!(facility.code.as_str()[..2], format!("{prefecture:02}"));
        let table = match facility.kind {
            "dental" => 3,
            "pharmacy" => 4,
            _ => 1,
        };
        assert_eq!(facility.code.point_table(), table);
        assert!(nation.facilities_in(facility.municipality).contains(&number));
        assert!(
            facility.name.starts_with("架空") && !facility.name.contains("架空架空"),
            "{}",
            facility.name
        );
        assert!(facility.pre_operation_from <= facility.operates_from, "{}", facility.code);
        let has_begun = facility.operates_from.is_some_and(|day| day <= nation.today);
        let has_closed = facility.closes_on.is_some_and(|day| day <= nation.today);
        operating += u32::from(has_begun && !has_closed);
        closed += u32::from(has_closed);
        starting +=
            u32::from(!has_begun && facility.pre_operation_from.is_some_and(|day| day <= nation.today));
        *kinds.entry(facility.kind).or_default() += 1;
        places.insert(facility.municipality);
        codes.insert(facility.code);
    }
    assert_eq!(codes.len(), NATION as usize, "no code comes twice");
    for (kind, published) in
        [("hospital", 8_192), ("clinic", 89_695), ("dental", 70_335), ("pharmacy", 61_495)]
    {
        assert!(kinds[kind].abs_diff(published) <= 4, "{kinds:?}");
    }
    // 212,972 were connected in June 2025; a few have begun and a few have closed since.
    assert!((205_000..214_000).contains(&operating), "{operating}");
    assert!((100..2_000).contains(&starting), "{starting}");
    assert!((500..4_000).contains(&closed), "{closed}");
    assert_eq!(places.len(), nation.towns.population.iter().filter(|people| **people > 0).count());
}

#[test]
fn the_named_patients_facilities_are_there_however_few_there_are() {
    for wanted in [0, 5, 6, 40, 1_000, NATION] {
        let nation = nation(1, wanted);
        assert_eq!(nation.facilities(), wanted.max(5));
        let home = nation.towns.midori;
        let all: Vec<Facility> = nation.facilities_in(home).map(|number| nation.facility(number)).collect();
        for known in crate::places::clinics(nation.today) {
            let found = all.iter().find(|facility| facility.code == known.code).unwrap();
            assert_eq!((found.name.as_str(), found.kind), (known.name, known.kind));
            assert_eq!((found.postcode.as_str(), found.address.as_str()), (known.postcode, known.address));
            assert_eq!(
                (found.operates_from, found.pre_operation_from),
                (known.operates_from, known.pre_operation_from)
            );
        }
        for (kind, name) in KINDS.iter().enumerate() {
            let numbers = nation.facilities_of(home, kind);
            assert!(!numbers.is_empty(), "{name}");
            assert!(numbers.clone().all(|number| nation.facility(number).kind == *name), "{wanted} {name}");
        }
        if wanted == NATION {
            continue; // their codes have a test of their own
        }
        let codes: BTreeSet<FacilityCode> =
            (0..nation.facilities()).map(|n| nation.facility(n).code).collect();
        assert_eq!(codes.len(), nation.facilities() as usize);
        assert!(all.len() <= 150 && all.len() >= (wanted as usize / 2).min(60), "{wanted}: {}", all.len());
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let pin = |seed| {
        let nation = nation(seed, 5_000);
        let mut text = sample_of_insurers(&nation) + &sample_of_employers(&nation);
        for number in 0..nation.facilities() {
            // Addresses are pinned where they are made.
            let facility =
                Facility { address: String::new(), postcode: String::new(), ..nation.facility(number) };
            writeln!(text, "{facility:?}").unwrap();
        }
        hash(&text)
    };
    assert_eq!(pin(1), pin(1));
    assert_ne!(pin(1), pin(2));
    assert_eq!(pin(7), PINNED);
}

const PINNED: u64 = 4_782_262_459_836_725_552;
