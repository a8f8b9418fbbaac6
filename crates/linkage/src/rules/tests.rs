//! The rules as tables, over every combination of levels, and as a frozen list of decisions.
//!
//! Always holds: what must never link is asked of all combinations, and not through the rules' own words. A change of a
//! weight shows in the frozen lists, which are read before they are updated.

use super::{rarity::bits, *};
use crate::keys::Counted;
use expect_test::expect;
use std::fmt::Write as _;

/// Common name and town, middling, and rare beyond what is believed.
const RARITIES: [Rarity; 4] = [
    Rarity { name: 0, town: 0 },
    Rarity { name: 12, town: 10 },
    Rarity { name: 16, town: 13 },
    Rarity { name: 30, town: 30 },
];

fn every() -> impl Iterator<Item = Levels> {
    let firsts = NameLevel::ALL.iter().flat_map(|name| KanaLevel::ALL.iter().map(move |kana| (*name, *kana)));
    let pairs = firsts.flat_map(|(name, kana)| BirthLevel::ALL.iter().map(move |birth| (name, kana, *birth)));
    pairs.flat_map(|(name, kana, birth)| {
        SexLevel::ALL.iter().flat_map(move |sex| {
            AddressLevel::ALL.iter().flat_map(move |address| {
                StrongLevel::ALL.iter().map(move |strong| Levels {
                    name,
                    kana,
                    birth,
                    sex: *sex,
                    address: *address,
                    strong: *strong,
                })
            })
        })
    })
}

/// Levels from their codes, such as `N1 K1 B1 S1 A2 I-`.
fn levels(codes: &str) -> Levels {
    let mut codes = codes.split(' ');
    fn next<L: Copy>(codes: &mut std::str::Split<'_, char>, all: &[L], code: fn(L) -> &'static str) -> L {
        let wanted = codes.next().expect("six codes");
        all.iter().copied().find(|level| code(*level) == wanted).expect("a code")
    }
    Levels {
        name: next(&mut codes, NameLevel::ALL, NameLevel::code),
        kana: next(&mut codes, KanaLevel::ALL, KanaLevel::code),
        birth: next(&mut codes, BirthLevel::ALL, BirthLevel::code),
        sex: next(&mut codes, SexLevel::ALL, SexLevel::code),
        address: next(&mut codes, AddressLevel::ALL, AddressLevel::code),
        strong: next(&mut codes, StrongLevel::ALL, StrongLevel::code),
    }
}

/// What the story is, the levels, the code of the rule that has to decide.
const STORIES: &[(&str, &str, &str)] = &[
    // One person.
    ("everything the same", "N1 K1 B1 S1 A1 I-", "L1"),
    ("the same without a reading", "N1 K- B1 S1 A1 I-", "L1"),
    ("髙橋 and 高橋, no building", "N2 K1 B1 S1 A2 I-", "L1"),
    ("斎藤 and 斉藤", "N3 K1 B1 S1 A1 I-", "L1"),
    ("斎藤 and 斉藤 without readings", "N3 K- B1 S1 A1 I-", "L1"),
    ("an unreadable character", "N4 K1 B1 S1 A1 I-", "L1"),
    ("an unreadable character without a reading", "N4 K- B1 S1 A1 I-", "L1"),
    ("a 通称", "N5 K4 B1 S1 A1 I-", "L1"),
    ("the same 通称 on both sides, same reading", "NT K1 B1 S1 A1 I-", "L1"),
    ("a middle name left out", "N6 K1 B1 S1 A1 I-", "L1"),
    ("words in another order, in the reading too", "N6 K0 B1 S1 A1 I-", "L1"),
    ("a mistyped character, same reading", "N7 K1 B1 S1 A1 I-", "L1"),
    ("a new surname in the same home", "N8 K4 B1 S1 A1 I-", "L1"),
    ("the go left out", "N1 K1 B1 S1 A4 I-", "L1"),
    ("another room", "N1 K1 B1 S1 A3 I-", "L1"),
    ("a reading filled in by machine", "N1 K0 B1 S1 A1 I-", "L1"),
    ("a wrong digit of the birth date", "N1 K1 B5 S1 A1 I-", "L1"),
    ("day and month swapped, no building", "N1 K- B4 S1 A2 I-", "L1"),
    ("a wrong era", "N2 K1 B3 S1 A1 I-", "L1"),
    ("an unknown day of birth", "N1 K1 B2 S1 A1 I-", "L1"),
    ("sex not held, but a reading", "N1 K1 B1 S- A1 I-", "L1"),
    ("moved, same identifier", "N1 K1 B1 S1 A0 I1", "L1"),
    // For a clerk.
    ("moved, or a namesake", "N1 K1 B1 S1 A0 I-", "C2"),
    ("same name and birthday in one town", "N1 K1 B1 S1 A6 I-", "C2"),
    ("an insurer without addresses", "N1 K1 B1 S1 A- I-", "C3"),
    ("another sex", "N1 K1 B1 S0 A1 I-", "C1"),
    ("another birth date, all else the same", "N1 K1 B0 S1 A1 I-", "C4"),
    ("no birth date", "N1 K1 B- S1 A1 I-", "C5"),
    ("a wrong digit and a loose variant", "N3 K1 B5 S1 A1 I-", "C6"),
    ("a wrong digit and another reading", "N1 K0 B5 S1 A1 I-", "C6"),
    ("a wrong digit and the block alone", "N1 K1 B5 S1 A4 I-", "C6"),
    ("one character, no reading", "N7 K- B1 S1 A1 I-", "C7"),
    ("a loose variant and another reading", "N3 K5 B1 S1 A1 I-", "C7"),
    ("an unreadable character, reading one kana off (優● of twins)", "N4 K3 B1 S1 A1 I-", "C7"),
    ("other kanji, same reading", "N0 K1 B1 S1 A1 I-", "C7"),
    ("a 通称 that one file does not know", "N0 K0 B1 S1 A1 I-", "C7"),
    ("the same 通称 and another reading", "N5 K0 B1 S1 A1 I-", "C7"),
    ("twins of one household's 通称, without readings", "NT K- B1 S1 A1 I-", "C7"),
    ("twins of one household's 通称", "NT K5 B1 S1 A1 I-", "C7"),
    ("a household's 通称 and number", "NT K- B1 S1 A1 I1", "C7"),
    ("a 通称 beside a new name, moved", "NT K- B1 S1 A0 I-", "C2"),
    ("a surname alone, or ●子, without a reading", "N- K- B1 S1 A1 I-", "C7"),
    ("no kanji name", "N- K1 B1 S1 A1 I-", "C7"),
    ("a new surname and another reading of the given name", "N8 K0 B1 S1 A1 I-", "C7"),
    ("a new surname, the block alone", "N8 K4 B1 S1 A4 I-", "C7"),
    ("a new surname, moved within the city", "N8 K4 B1 S1 A7 I-", "C2"),
    ("さくら and 桜", "N9 K1 B1 S1 A1 I-", "C8"),
    ("a family's identifier and the twin", "N9 K5 B1 S1 A1 I1", "C8"),
    ("neither sex nor reading", "N1 K- B1 S- A1 I-", "C9"),
    // Different persons.
    ("twins", "N9 K5 B1 S1 A1 I-", "D2"),
    ("twins without readings", "N9 K- B1 S1 A1 I-", "D2"),
    ("太一 and 大一, twins", "N7 K5 B1 S1 A1 I-", "D4"),
    ("健一 and 健二, twins", "N7 K0 B1 S1 A1 I-", "D4"),
    ("和夫 and 和子", "N7 K- B1 S0 A1 I-", "D4"),
    ("father and son, 一夫 and 一男, born thirty years apart", "N7 K1 B0 S1 A1 I-", "D5"),
    ("father and son, one digit apart", "N7 K- B5 S1 A1 I-", "D4"),
    ("father and son", "N9 K5 B0 S1 A1 I-", "D2"),
    ("spouses", "N9 K5 B0 S0 A1 I-", "D2"),
    ("a household's 通称, other birth dates", "NT K- B0 S1 A1 I-", "D5"),
    ("different names in one house", "N0 K0 B0 S1 A1 I-", "D3"),
    ("born on one day in one house, surnames read alike", "N0 K5 B1 S1 A1 I-", "D3"),
    ("born on one day in one block, other names", "N0 K0 B1 S1 A4 I-", "D3"),
    ("same name in one city", "N1 K1 B0 S1 A7 I-", "D5"),
    ("same name, nothing else", "N1 K1 B0 S1 A0 I-", "D5"),
    ("same given name and birthday in one city, no readings", "N8 K- B1 S1 A7 I-", "D6"),
    ("same given name and birthday far away", "N8 K4 B1 S1 A0 I-", "D6"),
    ("other identifiers", "N1 K1 B1 S1 A1 I0", "D1"),
    ("same name, near birth date, far away", "N1 K1 B5 S1 A0 I-", "D0"),
    ("nothing is known", "N- K- B- S- A- I-", "D0"),
];

#[test]
fn s5_r2_every_story_is_decided_by_its_rule() {
    for (story, codes, want) in STORIES {
        let decision = decide(&levels(codes), Rarity { name: 15, town: 13 });
        assert_eq!(decision.reason.code(), *want, "{story}: {codes}, score {}", decision.score);
    }
}

#[test]
fn s5_r2_decisions_are_frozen() {
    let mut table = String::new();
    for (story, codes, _) in STORIES {
        let _ = write!(table, "{codes}");
        for rarity in
            [Rarity { name: 12, town: 10 }, Rarity { name: 15, town: 13 }, Rarity { name: 19, town: 16 }]
        {
            let decision = decide(&levels(codes), rarity);
            let _ = write!(table, " {} {:>5}", decision.reason.code(), decision.score);
        }
        let _ = writeln!(table, "  {story}");
    }
    expect![[r#"
        N1 K1 B1 S1 A1 I- L1  1903 L1  2203 L1  2603  everything the same
        N1 K- B1 S1 A1 I- L1  1863 L1  2163 L1  2563  the same without a reading
        N2 K1 B1 S1 A2 I- L1  1698 L1  1998 L1  2398  髙橋 and 高橋, no building
        N3 K1 B1 S1 A1 I- L1  1508 L1  1808 L1  2208  斎藤 and 斉藤
        N3 K- B1 S1 A1 I- L1  1468 L1  1768 L1  2168  斎藤 and 斉藤 without readings
        N4 K1 B1 S1 A1 I- L1  1488 L1  1788 L1  2188  an unreadable character
        N4 K- B1 S1 A1 I- L1  1188 L1  1488 L1  1888  an unreadable character without a reading
        N5 K4 B1 S1 A1 I- L1  1368 L1  1668 L1  2068  a 通称
        NT K1 B1 S1 A1 I- L1  1468 L1  1768 L1  2168  the same 通称 on both sides, same reading
        N6 K1 B1 S1 A1 I- L1  1568 L1  1868 L1  2268  a middle name left out
        N6 K0 B1 S1 A1 I- L1   968 L1  1268 L1  1668  words in another order, in the reading too
        N7 K1 B1 S1 A1 I- L1   768 L1  1068 L1  1468  a mistyped character, same reading
        N8 K4 B1 S1 A1 I- L1   738 L1   738 L1   738  a new surname in the same home
        N1 K1 B1 S1 A4 I- L1  1623 L1  1923 L1  2323  the go left out
        N1 K1 B1 S1 A3 I- L1  1673 L1  1973 L1  2373  another room
        N1 K0 B1 S1 A1 I- L1  1413 L1  1713 L1  2113  a reading filled in by machine
        N1 K1 B5 S1 A1 I- L1   643 L1   943 L1  1343  a wrong digit of the birth date
        N1 K- B4 S1 A2 I- L1   933 L1  1233 L1  1633  day and month swapped, no building
        N2 K1 B3 S1 A1 I- C0   588 L1   888 L1  1288  a wrong era
        N1 K1 B2 S1 A1 I- L1  1063 L1  1363 L1  1763  an unknown day of birth
        N1 K1 B1 S- A1 I- L1  1805 L1  2105 L1  2505  sex not held, but a reading
        N1 K1 B1 S1 A0 I1 L1   773 L1  1073 L1  1473  moved, same identifier
        N1 K1 B1 S1 A0 I- C2  -727 C2  -427 C2   -27  moved, or a namesake
        N1 K1 B1 S1 A6 I- C2    23 C2   473 C2  1173  same name and birthday in one town
        N1 K1 B1 S1 A- I- C3   -27 C3   273 C3   673  an insurer without addresses
        N1 K1 B1 S0 A1 I- C1  1145 C1  1445 C1  1845  another sex
        N1 K1 B0 S1 A1 I- C4  -277 C4    23 C4   423  another birth date, all else the same
        N1 K1 B- S1 A1 I- C5   563 C5   863 C5  1263  no birth date
        N3 K1 B5 S1 A1 I- C6   248 C6   548 C6   948  a wrong digit and a loose variant
        N1 K0 B5 S1 A1 I- C6   153 C6   453 C6   853  a wrong digit and another reading
        N1 K1 B5 S1 A4 I- C6   363 C6   663 C6  1063  a wrong digit and the block alone
        N7 K- B1 S1 A1 I- C7   468 C7   768 C7  1168  one character, no reading
        N3 K5 B1 S1 A1 I- C7  1068 C7  1368 C7  1768  a loose variant and another reading
        N4 K3 B1 S1 A1 I- C7  1188 C7  1488 C7  1888  an unreadable character, reading one kana off (優● of twins)
        N0 K1 B1 S1 A1 I- C7    68 C7    68 C7    68  other kanji, same reading
        N0 K0 B1 S1 A1 I- C7  -882 C7  -882 C7  -882  a 通称 that one file does not know
        N5 K0 B1 S1 A1 I- C7  1018 C7  1318 C7  1718  the same 通称 and another reading
        NT K- B1 S1 A1 I- C7  1168 C7  1468 C7  1868  twins of one household's 通称, without readings
        NT K5 B1 S1 A1 I- C7   868 C7  1168 C7  1568  twins of one household's 通称
        NT K- B1 S1 A1 I1 C7  2668 C7  2968 C7  3368  a household's 通称 and number
        NT K- B1 S1 A0 I- D0 -1462 C2 -1162 C2  -762  a 通称 beside a new name, moved
        N- K- B1 S1 A1 I- C7   668 C7   668 C7   668  a surname alone, or ●子, without a reading
        N- K1 B1 S1 A1 I- C7  1268 C7  1268 C7  1268  no kanji name
        N8 K0 B1 S1 A1 I- C7   388 C7   388 C7   388  a new surname and another reading of the given name
        N8 K4 B1 S1 A4 I- C7   458 C7   458 C7   458  a new surname, the block alone
        N8 K4 B1 S1 A7 I- C2 -1162 C2 -1162 C2 -1162  a new surname, moved within the city
        N9 K1 B1 S1 A1 I- C8   498 C8   498 C8   498  さくら and 桜
        N9 K5 B1 S1 A1 I1 C8  1398 C8  1398 C8  1398  a family's identifier and the twin
        N1 K- B1 S- A1 I- C9  1765 C9  2065 C9  2465  neither sex nor reading
        N9 K5 B1 S1 A1 I- D2  -102 D2  -102 D2  -102  twins
        N9 K- B1 S1 A1 I- D2   198 D2   198 D2   198  twins without readings
        N7 K5 B1 S1 A1 I- D4   168 D4   468 D4   868  太一 and 大一, twins
        N7 K0 B1 S1 A1 I- D4   168 D4   468 D4   868  健一 and 健二, twins
        N7 K- B1 S0 A1 I- D4  -290 D4    10 D4   410  和夫 and 和子
        N7 K1 B0 S1 A1 I- D5 -1412 D5 -1112 D5  -712  father and son, 一夫 and 一男, born thirty years apart
        N7 K- B5 S1 A1 I- D4  -792 D4  -492 D4   -92  father and son, one digit apart
        N9 K5 B0 S1 A1 I- D2 -2282 D2 -2282 D2 -2282  father and son
        N9 K5 B0 S0 A1 I- D2 -3040 D2 -3040 D2 -3040  spouses
        NT K- B0 S1 A1 I- D5 -1012 D5  -712 D5  -312  a household's 通称, other birth dates
        N0 K0 B0 S1 A1 I- D3 -3062 D3 -3062 D3 -3062  different names in one house
        N0 K5 B1 S1 A1 I- D3  -832 D3  -832 D3  -832  born on one day in one house, surnames read alike
        N0 K0 B1 S1 A4 I- D3 -1162 D3 -1162 D3 -1162  born on one day in one block, other names
        N1 K1 B0 S1 A7 I- D5 -2177 D5 -1877 D5 -1477  same name in one city
        N1 K1 B0 S1 A0 I- D5 -2907 D5 -2607 D5 -2207  same name, nothing else
        N8 K- B1 S1 A7 I- D6 -1212 D6 -1212 D6 -1212  same given name and birthday in one city, no readings
        N8 K4 B1 S1 A0 I- D6 -1892 D6 -1892 D6 -1892  same given name and birthday far away
        N1 K1 B1 S1 A1 I0 D1   403 D1   703 D1  1103  other identifiers
        N1 K1 B5 S1 A0 I- D0 -1987 D0 -1687 D0 -1287  same name, near birth date, far away
        N- K- B- S- A- I- D0 -2700 D0 -2700 D0 -2700  nothing is known
    "#]].assert_eq(&table);
}

/// Every combination of levels, counted by the rule that decides it: a rule that is changed unawares is seen here.
#[test]
fn s5_r2_all_combinations_are_frozen() {
    let mut counts = vec![0_u32; Reason::ALL.len()];
    for levels in every() {
        counts[decide(&levels, Rarity { name: 15, town: 13 }).reason as usize] += 1;
    }
    let mut table = String::new();
    for (reason, count) in Reason::ALL.iter().zip(counts) {
        let _ = writeln!(table, "{} {count}", reason.code());
    }
    expect![[r#"
        L1 1697
        C0 211
        C1 7801
        C2 910
        C3 232
        C4 483
        C5 2493
        C6 12787
        C7 1401
        C8 162
        C9 482
        D0 13088
        D1 18144
        D2 2160
        D3 2440
        D4 2340
        D5 5073
        D6 672
    "#]]
    .assert_eq(&table);
}

#[test]
fn s5_r2_what_never_links() {
    let mut links = 0;
    for levels in every() {
        for rarity in RARITIES {
            let decision = decide(&levels, rarity);
            assert_eq!(decision.grade, decision.reason.grade());
            if decision.grade != Grade::Link {
                continue;
            }
            links += 1;
            let codes = levels.codes();
            assert!(decision.score >= LINK_AT, "{codes}");
            assert_ne!(levels.strong, StrongLevel::Different, "{codes}");
            assert_ne!(levels.sex, SexLevel::Different, "{codes}");
            assert!(!matches!(levels.birth, BirthLevel::Different | BirthLevel::Missing), "{codes}");
            let other_name = [NameLevel::SurnameOnly, NameLevel::Different, NameLevel::Missing];
            assert!(!other_name.contains(&levels.name), "{codes}");
            let same_reading = matches!(levels.kana, KanaLevel::Equal | KanaLevel::Voicing);
            assert!(levels.name != NameLevel::AliasOnly || same_reading, "{codes}");
            let house = levels.address <= AddressLevel::SameBlock;
            assert!(house || levels.strong == StrongLevel::Equal, "{codes}");
        }
    }
    assert!(links > 1000, "the test saw links: {links}");
}

/// Counted here by another way than in the rules: everything that is neither missing nor different.
#[test]
fn s5_r2_three_attributes_never_link() {
    let mut fewest = 6;
    for levels in every() {
        let Levels { name, kana, birth, sex, address, strong } = levels;
        let there = [
            !matches!(name, NameLevel::Missing | NameLevel::Different),
            !matches!(kana, KanaLevel::Missing | KanaLevel::Different),
            !matches!(birth, BirthLevel::Missing | BirthLevel::Different),
            sex == SexLevel::Equal,
            !matches!(address, AddressLevel::Missing | AddressLevel::Different),
            strong == StrongLevel::Equal,
        ];
        let there = there.iter().filter(|it| **it).count();
        for rarity in RARITIES {
            if decide(&levels, rarity).grade == Grade::Link {
                assert!(there > 3, "{}", levels.codes());
                fewest = fewest.min(there);
            }
        }
    }
    assert_eq!(fewest, 4, "four do");
}

/// Whatever else agrees: a household and its insured number, a number that stands for "none".
#[test]
fn s5_r2_an_identifier_never_links_what_differs_in_name_or_birth_date() {
    let mut seen = 0;
    for levels in every().filter(|levels| levels.strong == StrongLevel::Equal) {
        let other_name = matches!(levels.name, NameLevel::Different | NameLevel::SurnameOnly);
        let other_birth = levels.birth == BirthLevel::Different;
        for rarity in RARITIES.into_iter().filter(|_| other_name || other_birth) {
            let grade = decide(&levels, rarity).grade;
            assert_ne!(grade, Grade::Link, "{}", levels.codes());
            // Where both differ it is another person, and no clerk's case.
            assert!(!(other_name && other_birth) || grade == Grade::NoLink, "{}", levels.codes());
            seen += 1;
        }
    }
    assert!(seen > 1_000, "{seen}");
}

#[test]
fn s5_r2_an_identifier_that_many_share_says_nothing() {
    for levels in every().filter(|levels| levels.strong == StrongLevel::Shared) {
        let without = Levels { strong: StrongLevel::Missing, ..levels };
        for rarity in RARITIES {
            assert_eq!(decide(&levels, rarity), decide(&without, rarity), "{}", levels.codes());
        }
    }
}

#[test]
fn s5_r2_identifiers_are_counted_in_b() {
    use crate::form::tests::form;
    let row = |number: &str| form(&format!("山田　太郎|||||{number}"));
    for (rows, times, want) in [
        (100, 0, StrongLevel::Equal),
        (100, 1, StrongLevel::Equal),
        // A large family.
        (100, 16, StrongLevel::Equal),
        (100, 17, StrongLevel::Shared),
        (12_000_000, 17, StrongLevel::Equal),
        (12_000_000, 60, StrongLevel::Shared),
    ] {
        let counts = rarity::Counts::new();
        (0..times).for_each(|_| counts.add_strong(crate::keys::strong(&row("99990000"))));
        counts.set_rows(rows);
        assert_eq!(
            counts.compare(&row("99990000"), &row("９９９９００００")).strong,
            want,
            "{times} of {rows}"
        );
        // What differs, differs; what is not there, is not.
        assert_eq!(counts.compare(&row("99990000"), &row("1234")).strong, StrongLevel::Different);
        assert_eq!(counts.compare(&row("99990000"), &row("")).strong, StrongLevel::Missing);
    }
}

/// Identifiers that share a cell by chance are not held for shared.
#[test]
fn many_identifiers_are_everybodys_own() {
    let counts = rarity::Counts::new();
    let rows = 2_000_000_u64;
    let hash = |row: u64| xxhash_rust::xxh3::xxh3_64(&row.to_le_bytes());
    (0..rows).for_each(|row| counts.add_strong(hash(row)));
    counts.set_rows(rows);
    assert!((0..rows).all(|row| !counts.is_shared(hash(row))));
}

#[test]
fn s5_r2_a_strong_difference_is_a_veto_and_a_sex_difference_half_of_one() {
    for levels in every() {
        for rarity in RARITIES {
            let grade = decide(&levels, rarity).grade;
            if levels.strong == StrongLevel::Different {
                assert_eq!(grade, Grade::NoLink, "{}", levels.codes());
            }
            if levels.sex == SexLevel::Different {
                assert_ne!(grade, Grade::Link, "{}", levels.codes());
            }
        }
    }
}

/// Levels of one attribute from better to worse. What is in no chain with another is not better or worse than it: a missing
/// reading contradicts nothing and may link where one that is a kana off does not; an alternative or a new surname is
/// another kind of evidence than a doubtful character. On purpose one step goes the other way: with another reading, a name
/// that differs in one character is a twin's and never the person's, while a wholly other name in the same home may be a
/// 通称 and is shown to a clerk; so `OneOff` is in no chain with `Different`. And a Roman name, whose words were
/// left out or moved, may link with a reading that differs wholly for that reason, not with one that differs in part.
const NAME_CHAINS: &[&[NameLevel]] = &[
    &[NameLevel::Equal, NameLevel::Variant, NameLevel::Weak, NameLevel::Unreadable, NameLevel::OneOff],
    &[NameLevel::Variant, NameLevel::Alias, NameLevel::AliasOnly, NameLevel::Different],
    &[NameLevel::Variant, NameLevel::Roman, NameLevel::OneOff],
    &[NameLevel::Variant, NameLevel::GivenOnly, NameLevel::Different],
    &[NameLevel::Variant, NameLevel::SurnameOnly],
    &[NameLevel::Variant, NameLevel::Missing],
];
const KANA_CHAINS: &[&[KanaLevel]] = &[
    &[KanaLevel::Equal, KanaLevel::Voicing, KanaLevel::OneOff, KanaLevel::Different],
    &[KanaLevel::Voicing, KanaLevel::GivenOnly, KanaLevel::Different],
    &[KanaLevel::Voicing, KanaLevel::SurnameOnly],
    &[KanaLevel::Voicing, KanaLevel::Missing, KanaLevel::Different],
];
const BIRTH_CHAINS: &[&[BirthLevel]] = &[
    &[BirthLevel::Equal, BirthLevel::Partial, BirthLevel::Different],
    &[BirthLevel::Equal, BirthLevel::Era, BirthLevel::Different],
    &[BirthLevel::Equal, BirthLevel::Swapped, BirthLevel::Different],
    &[BirthLevel::Equal, BirthLevel::OneDigit, BirthLevel::Different],
    &[BirthLevel::Equal, BirthLevel::DayOff, BirthLevel::Different],
    &[BirthLevel::Equal, BirthLevel::Missing, BirthLevel::Different],
];
const SEX_CHAINS: &[&[SexLevel]] = &[&[SexLevel::Equal, SexLevel::Missing, SexLevel::Different]];
const ADDRESS_CHAINS: &[&[AddressLevel]] = &[
    &[
        AddressLevel::Equal,
        AddressLevel::NoBuilding,
        AddressLevel::OtherBuilding,
        AddressLevel::SameBlock,
        AddressLevel::SameTown,
        AddressLevel::SameCity,
        AddressLevel::Different,
    ],
    &[AddressLevel::SameBlock, AddressLevel::Unreadable, AddressLevel::Different],
    &[AddressLevel::SameBlock, AddressLevel::Missing, AddressLevel::Different],
];
const STRONG_CHAINS: &[&[StrongLevel]] =
    &[&[StrongLevel::Equal, StrongLevel::Shared, StrongLevel::Missing, StrongLevel::Different]];

fn worse<L: Copy + PartialEq>(chains: &[&[L]], level: L) -> Vec<L> {
    let next = chains.iter().flat_map(|chain| chain.windows(2).filter(|two| two[0] == level));
    next.map(|two| two[1]).collect()
}

#[test]
fn s5_r2_a_better_level_never_makes_a_worse_grade_or_score() {
    let mut steps = 0;
    for levels in every() {
        let mut others = Vec::new();
        others.extend(worse(NAME_CHAINS, levels.name).into_iter().map(|name| Levels { name, ..levels }));
        if levels.name != NameLevel::Roman {
            others.extend(worse(KANA_CHAINS, levels.kana).into_iter().map(|kana| Levels { kana, ..levels }));
        }
        others.extend(worse(BIRTH_CHAINS, levels.birth).into_iter().map(|birth| Levels { birth, ..levels }));
        others.extend(worse(SEX_CHAINS, levels.sex).into_iter().map(|sex| Levels { sex, ..levels }));
        others.extend(
            worse(ADDRESS_CHAINS, levels.address).into_iter().map(|address| Levels { address, ..levels }),
        );
        others.extend(
            worse(STRONG_CHAINS, levels.strong).into_iter().map(|strong| Levels { strong, ..levels }),
        );
        for other in others {
            for rarity in RARITIES {
                let (better, worse) = (decide(&levels, rarity), decide(&other, rarity));
                let step = || format!("{} {:?} → {} {:?}", levels.codes(), better, other.codes(), worse);
                assert!(better.grade <= worse.grade && better.score >= worse.score, "{}", step());
                steps += 1;
            }
        }
    }
    assert!(steps > 500_000, "{steps}");
}

#[test]
fn s5_r2_a_rarer_name_or_town_never_weighs_less() {
    for levels in every().filter(|levels| levels.strong == StrongLevel::Missing) {
        for name in 0..24 {
            let town = name;
            let here = score(&levels, Rarity { name, town });
            assert!(here <= score(&levels, Rarity { name: name + 1, town }), "{}", levels.codes());
            assert!(here <= score(&levels, Rarity { name, town: town + 1 }), "{}", levels.codes());
        }
    }
}

/// What is the same in everything links, however common the name: it is what the exact tiers link without asking.
#[test]
fn s5_r2_exact_equality_links() {
    for codes in ["N1 K1 B1 S1 A1 I-", "N1 K- B1 S1 A1 I-", "N1 K1 B1 S- A1 I-", "N1 K1 B1 S1 A1 I1"] {
        for rarity in RARITIES {
            assert_eq!(decide(&levels(codes), rarity).grade, Grade::Link, "{codes}");
        }
    }
}

#[test]
fn s5_r2_rivals() {
    let decision = |codes: &str| decide(&levels(codes), Rarity { name: 15, town: 13 });
    for (best, other, want) in [
        // Two records that would both be links.
        ("N1 K1 B1 S1 A1 I-", "N1 K1 B5 S1 A1 I-", true),
        ("N1 K1 B1 S1 A1 I-", "N1 K1 B1 S1 A1 I-", true),
        // A namesake of the same birthday in the same town does not trouble an agreement in everything …
        ("N1 K1 B1 S1 A1 I-", "N1 K1 B1 S1 A6 I-", false),
        ("N1 K1 B1 S1 A1 I-", "N1 K1 B1 S1 A0 I-", false),
        // … but one in which a digit of the birth date was wrong.
        ("N1 K1 B5 S1 A1 I-", "N1 K1 B1 S1 A6 I-", true),
        // The twin is another person.
        ("N1 K1 B5 S1 A1 I-", "N9 K5 B1 S1 A1 I-", false),
        ("N1 K1 B5 S1 A1 I-", "N7 K5 B1 S1 A1 I-", false),
        // An unreadable character, and a twin whose name may be meant.
        ("N4 K- B1 S1 A1 I-", "N4 K- B1 S1 A1 I-", true),
        ("N3 K- B1 S1 A1 I-", "N7 K- B1 S1 A1 I-", false),
    ] {
        assert_eq!(rivals(&decision(best), &decision(other)), want, "{best} / {other}");
    }
}

#[test]
fn codes_are_unique_and_grades_follow_letters() {
    let mut codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Reason::ALL.len());
    for reason in Reason::ALL {
        let letter = match reason.grade() {
            Grade::Link => "L",
            Grade::Review => "C",
            Grade::NoLink => "D",
        };
        assert!(reason.code().starts_with(letter), "{}", reason.code());
        assert!(!reason.ja().is_empty() && !reason.en().is_empty());
    }
}

#[test]
fn rarity_is_drawn_towards_what_is_believed() {
    for (count, rows, want) in [
        (0, 0, 15),
        (1, 100, 14),
        (100, 100, 12),
        (1, 1_800_000, 16),
        (110, 1_800_000, 14),
        (1_800_000, 1_800_000, 0),
        (1, 18_000_000, 19),
        (u64::MAX, u64::MAX, 0),
        (0, u64::MAX, 58),
    ] {
        assert_eq!(bits(count, rows), want, "{count} of {rows}");
    }
}

#[test]
fn counts_do_not_depend_on_order_threads_or_sides() {
    use crate::keys::Counted;
    let rows: Vec<Counted> =
        (1..20_000_u64).map(|i| Counted { name: 1 + i % 97, town: 1 + i % 13 }).collect();
    let alone = rarity::Counts::new();
    rows.iter().rev().for_each(|row| alone.add(*row));
    let together = rarity::Counts::new();
    std::thread::scope(|scope| {
        for part in rows.chunks(5_000) {
            let together = &together;
            scope.spawn(move || part.iter().for_each(|row| together.add(*row)));
        }
    });
    for counts in [&alone, &together] {
        counts.set_rows(rows.len() as u64);
    }
    let unread = Counted::default();
    for (a, b) in [
        (rows[0], rows[1]),
        (rows[5], unread),
        (unread, unread),
        (rows[7], Counted { name: 5_000, town: 99 }),
    ] {
        assert_eq!(alone.rarity(a, b), together.rarity(a, b));
        assert_eq!(alone.rarity(a, b), alone.rarity(b, a));
    }
    assert_eq!(alone.rarity(unread, unread), Rarity { name: 10, town: 10 });
}

#[test]
fn explanations_add_up() {
    let levels = levels("N2 K1 B1 S1 A2 I-");
    let rarity = Rarity { name: 12, town: 13 };
    let decision = decide(&levels, rarity);
    expect![[r#"
        N2 氏名が異体字を除き一致（+10.20ビット）
        K1 カナが一致（+0.40ビット）
        B1 生年月日が一致（+13.40ビット）
        S1 性別が一致（+0.98ビット）
        A2 住所が方書を除き一致（+19.00ビット）
        I- 固有番号を比べられない（設定か記載がないか、読めない）（+0.00ビット）
        比較前の見込み（-27.00ビット）
        合計（+16.98ビット）。基準：一致は+6.00以上、要確認は-12.00以上
        判定：一致［L1］一致の基準を満たし、妨げる規則がない"#]]
    .assert_eq(&explain(&levels, rarity, &decision, Lang::Ja).join("\n"));
    expect![[r#"
        N2 same but for variant characters (+10.20 bits)
        K1 same reading (+0.40 bits)
        B1 same birth date (+13.40 bits)
        S1 same sex (+0.98 bits)
        A2 same but for a building on one side only (+19.00 bits)
        I- identifier not compared, missing or unreadable (+0.00 bits)
        before comparing (-27.00 bits)
        total (+16.98 bits); a link needs +6.00, a review -12.00
        decided: link [L1] enough weight and no rule against it"#]]
    .assert_eq(&explain(&levels, rarity, &decision, Lang::En).join("\n"));
}

#[test]
fn every_explanation_shows_weights_whose_sum_is_the_score() {
    for levels in every().step_by(37) {
        let decision = decide(&levels, Rarity { name: 14, town: 12 });
        let lines = explain(&levels, Rarity { name: 14, town: 12 }, &decision, Lang::En);
        let hundredths = |line: &String| {
            let (_, weight) = line.rsplit_once(" (").expect("a weight");
            let (weight, _) = weight.split_once(" bits").expect("bits");
            weight.replace('.', "").parse::<i32>().expect("a number")
        };
        let sum: i32 = lines[..7].iter().map(hundredths).sum();
        assert_eq!(sum, decision.score);
        assert_eq!(sum, hundredths(&lines[7].split_once(';').expect("thresholds").0.to_owned()));
    }
}

#[test]
fn a_link_that_is_nearly_as_good_is_a_rival_of_an_exact_one() {
    let decision = |reason: Reason, score| Decision { grade: reason.grade(), score, reason };
    let link = decision(Reason::Enough, 3_000);
    for (reason, score, want) in [
        (Reason::Enough, 3_100, true),
        (Reason::Enough, 3_000 - MARGIN + 1, true),
        (Reason::Enough, 3_000 - MARGIN, false),
        // What is a clerk's by itself loses to a row that is the same in everything.
        (Reason::SexDiffers, 3_000, false),
        (Reason::GivenDiffers, 3_000, false),
    ] {
        assert_eq!(rivals_exact(&link, &decision(reason, score)), want, "{reason:?} {score}");
    }
}

#[test]
fn rows_counted_together_are_counted_as_one_by_one() {
    let row = |number: u64| Counted { name: number % 7 * 1_000_003, town: number % 5 * 7 };
    let rows: Vec<Counted> = (0..1_000).map(row).collect();
    let (one, all) = (rarity::Counts::new(), rarity::Counts::new());
    rows.iter().for_each(|counted| one.add(*counted));
    all.add_all(&rows);
    let mut seen = Vec::new();
    all.rarities(&rows, |at, rarity| seen.push((at, rarity)));
    let want = rows.iter().enumerate().map(|(at, counted)| (at, one.rarity(*counted, *counted)));
    assert_eq!(seen, want.collect::<Vec<_>>());
}
