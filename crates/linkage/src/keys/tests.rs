//! Every class of damage leaves keys that meet. A class that one key alone would catch is a class that a second error hides.
//!
//! Always holds: strangers meet under no key. All people are invented.

use super::*;
use crate::form::tests::form;

const WHOLE: &str = "山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2丁目1番5号|";

fn kinds_shared(a: &str, b: &str) -> Vec<usize> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    blocks(&form(a), &mut one);
    blocks(&form(b), &mut other);
    let mut kinds: Vec<usize> =
        one.iter().filter(|key| other.contains(key)).map(|(kind, _)| usize::from(*kind)).collect();
    kinds.dedup();
    kinds
}

#[test]
fn s5_r2_every_class_of_damage_is_met_at_least_twice() {
    for (class, damaged) in [
        ("nothing", WHOLE),
        ("address style", "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町２－１－５|"),
        ("parts left out", "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1|"),
        ("moved", "山田　太郎|ヤマダ タロウ|1955-03-12|1|北海道札幌市北区北一条西2-3|"),
        ("unreadable surname", "●田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|"),
        ("unreadable given name", "山田　太●||1955-03-12|1|宇治市本町2-1-5|"),
        ("all unreadable but two", "山●●郎||1955-03-12|1|宇治市本町2-1-5|"),
        ("a stranger's character", "川田　太郎||1955-03-12|1|宇治市本町2-1-5|"),
        ("reading", "山田　太郎|ヤマタ ダロウ|1955-03-12|1|宇治市本町2-1-5|"),
        ("era", "山田　太郎|ヤマダ タロウ|2018-03-12|1|宇治市本町2-1-5|"),
        ("wrong digit, no reading", "山田　太郎||1955-03-13|1|宇治市本町2-1-5|"),
        ("unknown day", "山田　太郎||昭和30年3月不詳|1|宇治市本町2-1-5|"),
        ("day and month", "山田　太郎|ヤマダ タロウ|1955-12-03|1|宇治市本町2-1-5|"),
        ("surname changed, no reading", "佐藤　太郎||1955-03-12|1|宇治市本町2-1-5|"),
        ("通称 in brackets", "KIM TAE（山田　太郎）||1955-03-12|1|宇治市本町2-1-5|"),
        ("旧氏 in a column", "佐藤　太郎+山田||1955-03-12|1|宇治市本町2-1-5|"),
        ("通称 and a wrong birth date", "KIM TAE+山田　太郎||1955-03-21|1|宇治市本町2-1-5|"),
        ("sex missing", "山田　太郎|ヤマダ タロウ|1955-03-12||宇治市本町2-1-5|"),
        ("no address", "山田　太郎|ヤマダ タロウ|1955-03-12|1||"),
        ("wrong birth date and unreadable", "山●　太郎|ヤマダ タロウ|1955-03-13|1|宇治市本町2-1-5|"),
    ] {
        let kinds = kinds_shared(WHOLE, damaged);
        let least = if class == "wrong birth date and unreadable" { 1 } else { 2 };
        assert!(kinds.len() >= least, "{class}: {kinds:?}");
    }
}

#[test]
fn strangers_do_not_meet() {
    for other in [
        "鈴木　花子|スズキ ハナコ|1960-01-02|2|北海道札幌市北区北一条西2-3|",
        "山田　太郎|ヤマダ タロウ|1960-01-02|1|北海道札幌市北区北一条西2-3|",
        "鈴木　花子|スズキ ハナコ|1955-03-12|2|北海道札幌市北区北一条西2-3|",
        "||||",
    ] {
        assert_eq!(kinds_shared(WHOLE, other), [0_usize; 0], "{other}");
    }
}

#[test]
fn s5_r2_coarse_is_the_same_but_for_characters_and_building() {
    let keys_of = |row: &str| keys(&form(row));
    let whole = keys_of(WHOLE);
    assert_ne!(whole.coarse, 0);
    for (row, coarse, exact) in [
        ("山田太郎|ﾔﾏﾀﾞﾀﾛｳ|S30.3.12|男|宇治市本町2-1-5|", true, true),
        ("山田太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5 宇治荘203|", true, false),
        ("山田太郎||1955-03-12|1|宇治市本町2-1-5|", true, false),
        ("山田太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|12-34", true, false),
        ("山田太郎|ヤマダ タロウ|1955-03-12||宇治市本町2-1-5|", false, false),
        ("山田太朗|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-6|", false, false),
        ("山田太郎|ヤマダ タロウ|1955-03-13|1|宇治市本町2-1-5|", false, false),
    ] {
        let keys = keys_of(row);
        assert_eq!((keys.coarse == whole.coarse, keys.exact == whole.exact), (coarse, exact), "{row}");
    }
    let (one, other) =
        ("髙橋　太郎||1955-03-12|1|宇治市本町2-1-5|", "高橋　太郎||1955-03-12|1|宇治市本町2-1-5|");
    assert_eq!(keys_of(one).coarse, keys_of(other).coarse);
    assert_ne!(keys_of(one).exact, keys_of(other).exact);
}

/// What is brought together two by two does not cancel out, and has an order.
#[test]
fn a_building_and_an_identifier_of_one_text_are_told_apart_from_those_of_another() {
    let key_of = |building: &str, number: &str| {
        keys(&form(&format!("山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5 {building}|{number}")))
            .exact
    };
    let [a, b] = ["B1203", "B4567"];
    let mut seen = vec![key_of(a, a), key_of(b, b), key_of(a, b), key_of(b, a), key_of("", a), key_of(a, "")];
    assert_eq!(
        form(&format!("||||宇治市本町2-1-5 {a}|{a}")).address.building,
        form(&format!("|||||{a}")).strong
    );
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 6);
}

/// Bare numbers share the exact key of the way that is more usual for so many of them, and never are both ways in one.
#[test]
fn s5_r2_a_lot_and_a_chome_never_have_one_exact_key() {
    let keys_of =
        |place: &str| keys(&form(&format!("山田　太郎|ヤマダ タロウ|1955-03-12|1|三島市本町{place}|")));
    for (chome, lot, bare, with_bare) in [
        ("1丁目2番3号", "1番地2-3", "1-2-3", "1丁目2番3号"),
        ("1丁目2番3号", "1番2-3", "1-2-3", "1丁目2番3号"),
        ("1丁目2番地", "1番地2", "1-2", "1番地2"),
        ("1丁目2番若葉荘203", "1番地2若葉荘203", "1-2若葉荘203", "1番地2若葉荘203"),
    ] {
        let [chome, lot, bare, with_bare] = [chome, lot, bare, with_bare].map(keys_of);
        assert_ne!(chome.exact, lot.exact);
        assert_eq!(bare.exact, with_bare.exact);
        // All of them stand beside each other: none is alone in its file beside another.
        assert!(bare.coarse != 0 && chome.coarse == bare.coarse && lot.coarse == bare.coarse);
    }
    for lot in ["123番地4", "123番地の4", "123番4", "123-4", "123の4"] {
        assert_eq!(keys_of(lot), keys_of("123-4"), "{lot}");
    }
}

#[test]
fn s5_r2_rows_that_lack_an_attribute_have_no_first_keys() {
    for row in [
        "|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|",
        "山|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|",
        "山田　太●|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|",
        "山田　太郎|ヤマダ タロウ||1|宇治市本町2-1-5|",
        "山田　太郎|ヤマダ タロウ|昭和30年3月不詳|1|宇治市本町2-1-5|",
        "山田　太郎||1955-03-12||宇治市本町2-1-5|",
        "山田　太郎|ヤマダ タロウ|1955-03-12|1||",
        "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町|",
        "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町無番地|",
        "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2丁目|",
        "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-●|",
    ] {
        assert_eq!(keys(&form(row)), Keys::default(), "{row}");
    }
    // Without a sex, but with a reading, four attributes are there.
    assert_ne!(keys(&form("山田　太郎|ヤマダ タロウ|1955-03-12||宇治市本町2-1-5|")).coarse, 0);
}

/// The engine takes the levels of rows that are equal in `exact` from one of them alone.
#[test]
fn s5_r2_rows_equal_in_exact_agree_as_a_row_with_itself() {
    let rows = [
        WHOLE,
        "山田太郎|ﾔﾏﾀﾞﾀﾛｳ|S30.3.12|男|宇治市本町2-1-5|",
        "山 田 太 郎|ヤマダタロウ|1955/3/12|M|〒611-0000 宇治市本町２の１の５|",
        "山田　太郎+佐藤|ヤマダ　タロウ|昭和30年3月12日|1|宇治市本町2-1-5|",
        "KIM　TAE YOUNG||1955-03-12|1|宇治市本町2-1-5|",
        "KIM TAE YOUNG||1955-03-12|1|宇治市本町2-1-5|",
        // A lot, and a 丁目; bare numbers can be either.
        "山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2番地1-5|",
        "山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2丁目1番地|",
        "山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2番地1|",
        "山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2-1|",
        // Without a gap these may be surnames alone.
        "林誠||1955-03-12|1|宇治市本町2-1-5|",
        "林　誠||1955-03-12|1|宇治市本町2-1-5|",
        "林　誠|ハヤシ|1955-03-12|1|宇治市本町2-1-5|",
        "林　誠|ハ ヤシ|1955-03-12|1|宇治市本町2-1-5|",
    ];
    let mut met = 0;
    for a in rows.map(form) {
        for b in rows.map(form) {
            if keys(&a).exact == keys(&b).exact {
                assert_eq!(a.compare(&b), a.compare(&a));
                assert_eq!(keys(&a).coarse, keys(&b).coarse);
                met += 1;
            }
        }
    }
    assert!(met > rows.len(), "{met}");
}

#[test]
fn s5_r2_addresses_equal_in_exact_agree_as_an_address_with_itself() {
    proptest::proptest!(|(
        a in "[12](丁目|番地|番|号|-|の)[12](丁目|番地|番|号|-|の)?[12]?(号|-| )?[12]?",
        b in "[12](丁目|番地|番|号|-|の)[12](丁目|番地|番|号|-|の)?[12]?(号|-| )?[12]?",
    )| {
        let of = |place: &str| form(&format!("山田　太郎|ヤマダ タロウ|1955-03-12|1|三島市本町{place}|"));
        let (a, b) = (of(&a), of(&b));
        if keys(&a).exact == keys(&b).exact && keys(&a).coarse != 0 {
            proptest::prop_assert_eq!(a.compare(&b), a.compare(&a));
            proptest::prop_assert_eq!(b.compare(&a), a.compare(&a));
        }
    });
}

#[test]
fn keys_are_ascending_and_never_zero() {
    proptest::proptest!(|(
        name in "[山田●太郎A-C 　（）]{0,8}", kana in "[ア-ンｱ-ﾝ ー]{0,8}",
        birth in "(19[0-9]{2}-0[1-9]-1[0-9])?", place in "[宇治市本町●1-3-]{0,12}", number in "[0-9]{0,3}",
    )| {
        let form = form(&format!("{name}|{kana}|{birth}|1|{place}|{number}"));
        let mut keys = vec![(9, 9)];
        blocks(&form, &mut keys);
        proptest::prop_assert!(keys.windows(2).all(|two| two[0] < two[1]));
        proptest::prop_assert!(keys.iter().all(|(kind, hash)| usize::from(*kind) < KINDS.len() && *hash != 0));
        proptest::prop_assert!(keys.len() <= KINDS.len() * 8);
    });
}

#[test]
fn names_and_towns_are_counted_by_family() {
    let (one, other) =
        (counted(&form("髙橋　太郎||||京都府宇治市本町1")), counted(&form("高橋太郎||||宇治市本町2-3")));
    assert_eq!(one, other);
    assert_ne!(one.name, 0);
    assert_ne!(one.town, 0);
    assert_eq!(counted(&form("高●太郎||||")), Counted::default());
}

/// What the engine keeps of a row makes the same keys as the row.
#[test]
fn parts_make_the_keys_of_a_row_that_has_no_more() {
    for (row, more) in [
        (WHOLE, false),
        ("山田　太●||昭和30年3月不詳|1|宇治市本町|", false),
        ("||||", false),
        ("佐藤　太郎+山田||1955-03-12|1|宇治市本町2-1-5|", true),
        ("山田　太郎||1955-03-12|1|宇治市本町2-1-5|12-34", true),
    ] {
        let form = form(row);
        let (mut whole, mut some) = (Vec::new(), Vec::new());
        blocks(&form, &mut whole);
        let parts = hashes(&form).parts();
        blocks_of(&parts, [].into_iter(), &mut some);
        assert_eq!(parts.more, more, "{row}");
        assert_eq!(whole == some, !more, "{row}");
        assert!(some.iter().all(|key| whole.contains(key)), "{row}");
    }
}

/// Every single change of a short text changes its hash, and both halves of it are used evenly.
#[test]
fn hashes_tell_short_names_apart() {
    let mut seen = std::collections::BTreeSet::new();
    let mut halves = std::collections::BTreeSet::new();
    let mut low = [0_u32; 16];
    let letters: Vec<char> = "山田太郎一二三花子".chars().collect();
    for a in &letters {
        for b in &letters {
            for c in &letters {
                for length in 0..=5 {
                    let name = [*a, *b, *c, '一', *a];
                    let hash = letters_hash(&name[..length]);
                    // Names of 0, 1 and 2 letters repeat.
                    if seen.insert(hash) {
                        halves.insert(half(hash));
                        low[(hash & 15) as usize] += 1;
                    }
                }
            }
        }
    }
    assert_eq!(seen.len(), 1 + 9 + 81 + 3 * 729);
    assert_eq!(halves.len(), seen.len());
    // 142 each on average.
    assert!(low.iter().all(|count| (100..=190).contains(count)), "{low:?}");
    assert_ne!(letters_hash(&['\0']), letters_hash(&[]));
}

#[test]
fn what_is_counted_is_the_same_by_itself() {
    for row in [
        WHOLE,
        "||||",
        "●山　太|ヤマ|不詳|1|無番地|",
        "山田　太郎||1955-03-12|1|本町2-1-5|12",
        "山|||1|三島市|",
    ] {
        let form = form(row);
        assert_eq!(counted(&form), hashes(&form).counted(), "{row}");
    }
}

/// A short text is hashed in another way than a long one, by itself or as the beginning of another.
#[test]
fn house_numbers_to_the_ban_have_one_hash_whatever_follows() {
    let numbers =
        ["12", "12-3", "12-34-5", "12-34-56", "12-34-567", "12-34-イ", "12-34-56イ7", "12-345-678-9"];
    let mut seen = std::collections::BTreeMap::new();
    for whole in numbers {
        for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let (hash, block) = numbers_hashes(whole, end);
            assert_eq!((hash, hash), numbers_hashes(whole, whole.len()), "{whole}");
            assert_eq!(block, *seen.entry(&whole[..end]).or_insert(block), "{whole} {end}");
            assert_eq!(block == 0, end == 0);
        }
    }
    let hashes: std::collections::BTreeSet<u64> = seen.values().copied().collect();
    assert_eq!(hashes.len(), seen.len());
    assert_eq!(numbers_hashes("", 0), (0, 0));
    assert_eq!(numbers_hashes("12-●", 2), (0, numbers_hashes("12", 2).0));
}

#[test]
fn a_mark_is_seen_wherever_it_stands() {
    proptest::proptest!(|(text in "[東町1-9ー●▲]{0,9}")| {
        proptest::prop_assert_eq!(is_readable(&text), !text.is_empty() && !text.contains(MARK));
    });
}

/// Two hashes of one row are two chances against an accident only if neither follows from the other.
#[test]
fn what_is_equal_in_coarse_by_accident_differs_in_exact() {
    let form = form("山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2-1-5|");
    let one = hashes(&form);
    // No row has them exchanged; it is the nearest accident that can be made.
    let other = Hashes { name: one.town, town: one.name, ..one };
    let (one, other) = (one.keys(&form), other.keys(&form));
    assert_eq!(one.coarse, other.coarse);
    assert_ne!(one.exact, other.exact);
}
