//! Tests of places: codes, towns, shares, styles, and a sample that a reader can judge. Shares are asked for within
//! bands, so that a change of the tables by a few towns does not break them.

use super::*;
use expect_test::expect_file;
use std::collections::BTreeMap;

#[test]
fn codes_have_the_check_digits_of_the_reference() {
    let examples = [
        (13_101, "131016"),
        (1_100, "011002"),
        (27_100, "271004"),
        (14_100, "141003"),
        (23_100, "231002"),
        (47_201, "472018"),
        (1_202, "012025"),
        (40_130, "401307"),
        (13_000, "130001"),
        (1_000, "010006"),
        (47_000, "470007"),
    ];
    for (code, full) in examples {
        assert_eq!(code6(code), full);
    }
    let hakodate = municipalities().iter().find(|one| one.code == 1_202).expect("函館市");
    assert_eq!((hakodate.name, hakodate.kana, hakodate.code6().as_str()), ("函館市", "ﾊｺﾀﾞﾃｼ", "012025"));
}

#[test]
fn municipalities_are_all_there_in_order() {
    let all = municipalities();
    assert_eq!(all.len(), 1_892 + 1, "1,741 without the six of the north, cities as their wards; and ours");
    assert!(all.is_sorted_by_key(|one| one.code));
    assert_eq!((all[midori()].name, all[midori()].code, all[midori()].prefecture), ("みどり市", 99_201, 99));
    for one in all {
        assert!(!prefecture_name(one.prefecture).is_empty(), "{}", one.name);
        assert!(one.name.ends_with(['市', '区', '町', '村']), "{}", one.name);
        assert!(one.kana.chars().all(|sign| ('ｦ'..='ﾟ').contains(&sign)), "{}", one.kana);
        assert!(one.people > 0, "{}", one.name);
    }
    let governing: std::collections::BTreeSet<u32> = all.iter().map(Municipality::city_code).collect();
    assert_eq!(governing.len(), 1_741 + 1);
    let of =
        |code: u32| all.iter().find(|one| one.code == code).map(|one| (one.city_code(), one.city_name()));
    assert_eq!(of(14_118), Some((14_100, "横浜市")));
    assert_eq!(of(27_141), Some((27_140, "堺市")));
    assert_eq!(of(13_101), Some((13_101, "千代田区")));
    assert_eq!(of(14_382), Some((14_382, "足柄下郡箱根町")));
}

#[test]
fn every_municipality_has_towns_with_postcodes_of_its_region() {
    let places = &*PLACES;
    // First three digits by prefecture, as far as two digits say it; the post's districts do not follow every border.
    for (municipality, range) in places.municipalities.iter().zip(&places.within) {
        assert!(!range.is_empty(), "{} has no town", municipality.name);
        for town in &places.towns[range.clone()] {
            let (district, rest) = town.postcode.split_once('-').expect("NNN-NNNN");
            assert!(district.len() == 3 && rest.len() == 4, "{}", town.postcode);
            assert!(
                town.postcode.bytes().all(|sign| sign.is_ascii_digit() || sign == b'-'),
                "{}",
                town.postcode
            );
            let first: u32 = district[..2].parse().expect("digits");
            let is_across = ACROSS.contains(&municipality.code);
            let fits = is_across
                || FIRSTS.iter().any(|(prefecture, firsts)| {
                    *prefecture == municipality.prefecture && firsts.contains(&first)
                });
            assert!(fits, "{} {} {}", municipality.name, town.name, town.postcode);
            assert!(!town.name.contains("以下に"), "{}", town.name);
            let has_chome =
                matches!(town.style, lots::Style::Chome | lots::Style::ChomeLots | lots::Style::Cho);
            assert_eq!(has_chome, town.chome > 0, "{}", town.name);
        }
    }
}

/// Municipalities some of whose mail comes from the neighbouring prefecture: 豊根村, 吉富町, 上毛町, 松浦市.
const ACROSS: [u32; 4] = [23_563, 40_642, 40_646, 42_208];

/// The first two digits of postcodes in each prefecture.
const FIRSTS: [(u8, &[u32]); 48] = [
    (1, &[0, 4, 5, 6, 7, 8, 9]),
    (2, &[1, 3]),
    (3, &[2]),
    (4, &[98]),
    (5, &[1]),
    (6, &[99]),
    (7, &[96, 97]),
    (8, &[30, 31]),
    (9, &[32]),
    (10, &[37]),
    (11, &[33, 34, 35, 36]),
    (12, &[26, 27, 28, 29]),
    (13, &[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]),
    (14, &[21, 22, 23, 24, 25]),
    (15, &[94, 95]),
    (16, &[93]),
    (17, &[92]),
    (18, &[91, 92]),
    (19, &[40]),
    (20, &[38, 39]),
    (21, &[50]),
    (22, &[41, 42, 43]),
    (23, &[44, 45, 46, 47, 48, 49]),
    (24, &[49, 51, 64]),
    (25, &[52]),
    (26, &[60, 61, 62]),
    (27, &[53, 54, 55, 56, 57, 58, 59, 61, 63]),
    (28, &[65, 66, 67]),
    (29, &[63, 64]),
    (30, &[64]),
    (31, &[68]),
    (32, &[68, 69]),
    (33, &[70, 71]),
    (34, &[72, 73]),
    (35, &[74, 75]),
    (36, &[77]),
    (37, &[76]),
    (38, &[79]),
    (39, &[78]),
    (40, &[80, 81, 82, 83]),
    (41, &[84]),
    (42, &[81, 85]),
    (43, &[86]),
    (44, &[87]),
    (45, &[88]),
    (46, &[89]),
    (47, &[90]),
    (99, &[0]),
];

#[test]
fn people_live_where_people_live() {
    let mut dice = Dice::new(1, &[]);
    let mut counts = BTreeMap::<u8, u64>::new();
    for _ in 0..200_000 {
        let place = pick(&mut dice, None);
        assert_ne!(place, midori(), "the invented city comes to nobody who did not ask");
        *counts.entry(municipalities()[place].prefecture).or_default() += 1;
    }
    assert_eq!(counts.len(), 47);
    let per_mille = |prefecture: u8| counts[&prefecture] * 1_000 / 200_000;
    assert!((107..115).contains(&per_mille(13)), "東京 {}", per_mille(13));
    assert!((66..73).contains(&per_mille(27)), "大阪 {}", per_mille(27));
    assert!((3..6).contains(&per_mille(31)), "鳥取 {}", per_mille(31));
    for prefecture in 1..=47 {
        let place = pick(&mut dice, Some(prefecture));
        assert_eq!(municipalities()[place].prefecture, prefecture);
    }
    assert_eq!(pick(&mut dice, Some(99)), midori());
}

#[test]
fn addresses_begin_with_the_municipality_and_keep_the_register_s_style() {
    let mut dice = Dice::new(2, &[]);
    let mut counts = BTreeMap::<&str, u64>::new();
    for draw in 0..200_000u64 {
        let municipality = pick(&mut dice, (draw % 20 == 0).then_some(99));
        let home = home(&mut dice, municipality, draw % 3 == 0);
        let whose = &municipalities()[municipality];
        let start = format!("{}{}", prefecture_name(whose.prefecture), whose.name);
        let rest = home.address.strip_prefix(&start).expect("prefecture and municipality come first");
        assert!(!home.address.contains(|sign: char| sign.is_ascii()), "{}", home.address);
        assert!(home.address.chars().count() <= 60, "{}", home.address);
        for mark in ["丁目", "番地の", "番地", "号", "大字", "字", "地割", "無番地", "西入", "方", "甲"]
        {
            *counts.entry(mark).or_default() += u64::from(rest.contains(mark));
        }
    }
    for (mark, least) in [("丁目", 80_000), ("番地", 60_000), ("号", 60_000), ("大字", 3_000), ("字", 2_000)]
    {
        assert!(counts[mark] > least, "{mark} {}", counts[mark]);
    }
    for (mark, least, most) in [
        ("地割", 30, 3_000),
        ("無番地", 5, 200),
        ("西入", 10, 600),
        ("甲", 100, 3_000),
        ("番地の", 2_000, 30_000),
    ] {
        assert!((least..most).contains(&counts[mark]), "{mark} {}", counts[mark]);
    }
}

#[test]
fn numbers_are_written_in_kanji() {
    for (number, wanted) in
        [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (105, "百五"), (2_345, "二千三百四十五")]
    {
        let mut out = String::new();
        lots::kanji(number, &mut out);
        assert_eq!(out, wanted);
    }
}

#[test]
fn other_offices_write_the_same_home() {
    let mut dice = Dice::new(3, &[]);
    let home = Home {
        municipality: municipalities().iter().position(|one| one.code == 22_203).expect("沼津市"),
        postcode: "410-0801".into(),
        address: "静岡県沼津市大手町三丁目１２番５号　コーポ大手２０３".into(),
    };
    let seen: std::collections::BTreeSet<String> = (0..2_000).map(|_| restyle(&mut dice, &home)).collect();
    for wanted in [
        "静岡県沼津市大手町三丁目１２番５号　コーポ大手２０３",
        "静岡県沼津市大手町３丁目１２番５号",
        "沼津市大手町3-12-5",
        "沼津市大手町３－１２－５－２０３",
        "静岡県沼津市大手町三丁目十二番五号",
    ] {
        assert!(seen.contains(wanted), "{wanted} in {seen:#?}");
    }
    for made in &seen {
        assert!(made.contains("沼津市大手町"), "{made}");
    }
    let same = (0..20_000).filter(|_| {
        let home = super::home(&mut dice, 0, true);
        restyle(&mut dice, &home) == home.address
    });
    assert!((500..5_000).contains(&same.count()), "now and then both agree");
}

#[test]
fn a_sample_that_a_reader_can_judge() {
    let mut dice = Dice::new(2_026, &[2]);
    let mut sample = String::new();
    for draw in 0..120u64 {
        let municipality = match draw {
            0..70 => pick(&mut dice, None),
            70..80 => midori(),
            // Where habits differ: Hokkaido, Aomori, Iwate, Ishikawa, Kyoto, Osaka.
            _ => pick(&mut dice, Some([1, 2, 3, 17, 26, 27, 38, 7][draw as usize % 8])),
        };
        let home = home(&mut dice, municipality, draw % 3 == 0);
        let other = restyle(&mut dice, &home);
        sample += &format!("{} {}\n         {other}\n", home.postcode, home.address);
    }
    expect_file!["sample.txt"].assert_eq(&sample);
}
