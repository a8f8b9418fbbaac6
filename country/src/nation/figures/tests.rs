//! Tests of counting, comparing and drawing.
//!
//! Always holds: blocks of made-up counts; no figure in an expected answer but the published ones means anything.

use super::*;
use crate::nation::published::Published;
use base::Lang;
use expect_test::expect;

fn block(first: u32) -> Figures {
    let mut figures = Figures::new();
    for number in first..first + 100 {
        figures.add(Counted::Person {
            age: number % 107,
            is_female: number % 2 == 0,
            is_foreign: number % 40 == 0,
        });
        figures.add(Counted::Surname(["佐藤", "鈴木", "渡邉"][number as usize % 3]));
        figures.add(Counted::Municipality(["みどり市", "札幌市中央区"][number as usize % 2]));
        figures.add(Counted::Insured(Scheme::ALL[number as usize % 8]));
        figures.add(Counted::Holder { is_enrolled: number % 5 != 0 });
        figures.add(Counted::Birth(BirthDate::from_number(19_890_107 + i64::from(number % 2)).unwrap()));
        let kind = Household::ALL[number as usize % 5];
        figures.add(Counted::Household { size: number % 9, kind });
        figures.add(Counted::Facility(["clinic", "pharmacy"][number as usize % 2]));
    }
    figures.add(Counted::Birth(BirthDate::from_number(19_260_000).unwrap()));
    figures.add(Counted::Event("birth"));
    figures.add(Counted::Mistake("wrong number"));
    figures.over_days(365);
    figures
}

#[test]
fn any_order_of_blocks_gives_the_same() {
    let (mut there, mut back) = (Figures::new(), Figures::new());
    for first in [0, 100, 200] {
        there.merge(&block(first));
    }
    for first in [200, 0, 100] {
        back.merge(&block(first));
    }
    assert_eq!(there, back);
    assert_eq!(there.people(), 300);
    assert_eq!(there.days, 365);
    assert_eq!(there.sizes.iter().sum::<u64>(), 300);
    assert_eq!((there.eras, there.vague_births), ([0, 0, 153, 150, 0], 3));
    assert_eq!(Figures::top(&there.surnames, 2), [("佐藤", 100), ("渡邉", 100)]);
}

#[test]
fn what_is_published_stands_beside() {
    let mut figures = block(0);
    figures.merge(&block(100));
    let published = Published::of_japan();
    let lines: Vec<String> = compare(&figures, &published)
        .iter()
        .map(|line| {
            format!("{} {} {:?} {:?} {}", line.what, line.en, line.invented, line.published, line.unit)
        })
        .collect();
    expect![[r#"
        age3 Under 15 1500 Some(1117) %
        age3 15 to 64 5000 Some(5955) %
        age3 65 and over 3500 Some(2928) %
        women Women 5000 Some(5137) %
        residents Foreign residents 250 Some(266) %
        size 1 person 2300 Some(3800) %
        size 2 people 1100 Some(2810) %
        size 3 people 1100 Some(1660) %
        size 4 people 1100 Some(1190) %
        size 5 people 1100 Some(380) %
        size 6 people 1100 Some(110) %
        size 7 people and more 2200 Some(50) %
        household One person 2000 Some(3810) %
        household Couple alone 2000 Some(2010) %
        household Couple with children 2000 Some(2510) %
        household One parent with children 2000 Some(900) %
        household Other 2000 Some(770) %
        insured Association (Kyokai Kenpo) 1250 Some(3143) %
        insured Health insurance societies 1250 Some(2247) %
        insured Mutual aid associations 1250 Some(783) %
        insured Seamen's insurance 1250 Some(9) %
        insured Municipal insurance 1250 Some(1922) %
        insured National health guilds 1250 Some(211) %
        insured Scheme for 75 and over 1250 Some(1524) %
        insured Public assistance 1250 Some(161) %
        insurers Association (Kyokai Kenpo) 0 Some(2) %
        insurers Health insurance societies 0 Some(2985) %
        insurers Mutual aid associations 0 Some(183) %
        insurers Seamen's insurance 0 Some(2) %
        insurers Municipal insurance 0 Some(3690) %
        insurers National health guilds 0 Some(348) %
        insurers Scheme for 75 and over 0 Some(101) %
        insurers Public assistance 0 Some(2688) %
        surname 佐藤 3350 Some(153) %
        surname 鈴木 3350 Some(144) %
        surname 高橋 0 Some(114) %
        surname 田中 0 Some(106) %
        surname 渡辺 0 Some(94) %
        surname 伊藤 0 Some(90) %
        surname 中村 0 Some(85) %
        surname 小林 0 Some(83) %
        surname 山本 0 Some(82) %
        surname 加藤 0 Some(71) %
        surname 吉田 0 Some(66) %
        surname 山田 0 Some(65) %
        surname 佐々木 0 Some(55) %
        surname 山口 0 Some(51) %
        surname 松本 0 Some(50) %
        surname 井上 0 Some(49) %
        surname 木村 0 Some(46) %
        surname 林 0 Some(44) %
        surname 斎藤 0 Some(43) %
        surname 清水 0 Some(42) %
        facility Hospitals 0 Some(357) %
        facility Clinics 5000 Some(3905) %
        facility Dental clinics 0 Some(3062) %
        facility Pharmacies 5000 Some(2677) %
        card Card holders (of all people) 10000 Some(7990) %
        card Enrolled (of card holders) 8000 Some(8776) %
        year Births 1000 Some(582) ‰
        year Deaths 0 Some(1262) ‰
        year Marriages 0 Some(380) ‰
        year Divorces 0 Some(147) ‰
        year Moves between municipalities 0 Some(4204) ‰"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn the_oldest_group_has_no_end() {
    let mut figures = Figures::new();
    figures.add(Counted::Person { age: 119, is_female: true, is_foreign: false });
    figures.add(Counted::Person { age: 4, is_female: false, is_foreign: false });
    assert_eq!((figures.ages[1][20], figures.ages[0][0]), (1, 1));
}

#[test]
fn plots_are_drawn_of_what_was_counted_in_both_languages() {
    let published = Published::of_japan();
    for lang in [Lang::Ja, Lang::En] {
        let keys: Vec<_> = draw(&block(0), &published, lang).iter().map(|plot| plot.key).collect();
        assert_eq!(
            keys,
            [
                "ages",
                "sizes",
                "households",
                "insured",
                "surnames",
                "facilities",
                "cards",
                "year",
                "eras",
                "municipalities",
                "mistakes"
            ]
        );
    }
    let empty = draw(&Figures::new(), &published, Lang::Ja);
    assert_eq!(empty.iter().map(|plot| plot.key).collect::<Vec<_>>(), ["ages", "eras"]);
}
