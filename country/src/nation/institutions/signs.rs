//! What is written over the doors of facilities.
//!
//! Always holds: every name begins with 架空 (invented). Within a municipality few names of a kind come twice.
//! Not here: codes and dates (`facilities`).

use super::names::{invented, words};
use super::towns::City;
use crate::nation::dice::Dice;
use crate::nation::places;
use std::sync::LazyLock;

/// Words that clinics and pharmacies are named after.
static STEMS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    words(
        "さくら ひまわり すみれ たんぽぽ あじさい コスモス もみじ けやき くすのき ひいらぎ \
         かえで いちょう ポプラ オリーブ はなみずき やまぶき つばき ゆり すずらん なのはな \
         つくし れんげ あやめ ききょう なでしこ あさがお ラベンダー クローバー わかば あおば \
         わかくさ こもれび ひばり つばめ かもめ めじろ うぐいす かるがも こまどり はくちょう \
         しらさぎ ふくろう かわせみ せせらぎ いずみ みずうみ なぎさ しおかぜ そよかぜ はるかぜ \
         あおぞら ひなた ゆうひ あさひ にじいろ ほしぞら きらり みかづき あけぼの ゆうやけ \
         はるか のぞみ きぼう ひかり かがやき やすらぎ ほほえみ ふれあい まごころ すこやか \
         げんき のびのび なごみ ひだまり おひさま ゆめ つむぎ あゆみ いぶき みのり 大樹 若葉台 \
         緑風 真清水 泉の森 星の丘 虹の橋 風の杜 花の里 海の見える丘 白樺 桜並木 梅の木 \
         竹の里 松の木 杉の木",
    )
});

/// Put before the word where a town has so many facilities that words run out.
static QUARTERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    words(
        "駅前 本町 中央 南 北 東 西 新町 栄町 緑町 旭町 駅南 駅北 港町 川端 橋本町 寺町 \
         市役所前 大通り 公園前 坂上 坂下 台町 元町 仲町 宮前 団地 バイパス インター前",
    )
});

/// What clinics treat, as often as they do.
static FIELDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    words(
        "内科 内科 内科 内科 内科 内科 内科 内科 内科小児科 内科小児科 内科循環器科 \
         内科胃腸科 内科胃腸科 内科外科 小児科 小児科 こども 整形外科 整形外科 整形外科 \
         整形外科 皮膚科 皮膚科 皮膚科 眼科 眼科 眼科 眼科 耳鼻咽喉科 耳鼻咽喉科 耳鼻咽喉科 \
         産婦人科 レディース 泌尿器科 外科 脳神経外科 メンタル 心療内科 糖尿病内科 在宅",
    )
});

/// Where a sign hangs.
pub struct Site<'t> {
    pub city: &'t City,
    /// The municipality; in a designated city a ward.
    pub municipality: usize,
    /// Has the most people of its prefecture.
    pub is_capital: bool,
    /// Is its city, or the first of its wards.
    pub is_first: bool,
}

/// The name of a facility, the `rank`-th of its kind in its municipality.
pub fn sign(dice: &mut Dice, kind: usize, rank: u32, site: &Site<'_>) -> String {
    let word = word(rank, site.municipality, kind);
    let own = match kind {
        0 => public_hospital(dice, rank, site).unwrap_or_else(|| hospital(dice, &word, &site.city.stem)),
        1 => clinic(dice, &word, rank, site.city),
        2 => dental(dice, &word),
        _ => pharmacy(dice, &word, &site.city.stem),
    };
    invented(&own)
}

/// A word that no other of the same kind has in this municipality, until all are used in all quarters.
fn word(rank: u32, municipality: usize, kind: usize) -> String {
    let first = municipality * 37 + kind * 31;
    let rank = rank as usize;
    // 29 is prime to the count of words.
    let stem = STEMS[(first + rank * 29) % STEMS.len()];
    let quarter = match rank / STEMS.len() % (QUARTERS.len() + 1) {
        0 => "",
        round => QUARTERS[round - 1],
    };
    format!("{quarter}{stem}")
}

/// The hospitals of prefectures and municipalities come first.
fn public_hospital(dice: &mut Dice, rank: u32, site: &Site<'_>) -> Option<String> {
    let prefecture = places::prefecture_name(site.city.prefecture);
    match (site.is_capital, rank) {
        (true, 0) => return Some(format!("{prefecture}立中央病院")),
        (true, 1) => return Some(format!("{prefecture}立こども病院")),
        (true, 2) | (false, 0) if site.is_first => (),
        _ => return None,
    }
    let town = &site.city.stem;
    let own = match site.city.name.chars().last() {
        Some('市') => *dice.pick(&["市立病院", "市民病院", "市立総合医療センター"]),
        Some('区') => *dice.pick(&["区民病院", "中央病院"]),
        Some('村') => "村立病院",
        _ => *dice.pick(&["町立病院", "厚生病院", "中央病院"]),
    };
    Some(format!("{town}{own}"))
}

fn hospital(dice: &mut Dice, word: &str, town: &str) -> String {
    match dice.below(10) {
        0 => format!("{town}{word}病院"),
        1 => format!("{word}総合病院"),
        2 => format!("{word}記念病院"),
        3 => format!("{word}リハビリテーション病院"),
        4 => format!("{word}こころの病院"),
        5 => format!("医療法人{word}会　{word}病院"),
        6 => format!("医療法人社団{word}会　{town}{word}病院"),
        7 => format!("{word}{}病院", dice.pick(&["整形外科", "産婦人科", "脳神経外科", "循環器"])),
        _ => format!("{word}病院"),
    }
}

fn clinic(dice: &mut Dice, word: &str, rank: u32, city: &City) -> String {
    if !city.is_city && rank == 0 {
        return format!("{}国民健康保険診療所", city.name);
    }
    let field = *dice.pick(&FIELDS[..]);
    let end = match field {
        "こども" | "レディース" | "メンタル" | "在宅" => "クリニック",
        _ => *dice.pick(&["クリニック", "クリニック", "クリニック", "医院", "医院"]),
    };
    match dice.below(20) {
        0 => format!("{word}診療所"),
        1 => format!("医療法人{word}会　{word}{field}{end}"),
        2 => format!("{}{word}{field}{end}", city.stem),
        _ => format!("{word}{field}{end}"),
    }
}

fn dental(dice: &mut Dice, word: &str) -> String {
    match dice.below(20) {
        0..=7 => format!("{word}歯科医院"),
        8..=11 => format!("{word}歯科クリニック"),
        12..=14 => format!("{word}デンタルクリニック"),
        15 => format!("{word}矯正歯科"),
        16 => format!("{word}ファミリー歯科"),
        17 => format!("{word}こども歯科"),
        18 => format!("医療法人{word}会　{word}歯科"),
        _ => format!("{word}歯科"),
    }
}

fn pharmacy(dice: &mut Dice, word: &str, town: &str) -> String {
    match dice.below(20) {
        0..=7 => format!("{word}薬局"),
        8..=10 => format!("{word}調剤薬局"),
        11 => format!("{word}ファーマシー"),
        12 => format!("薬局{word}堂"),
        13 => format!("{word}薬局　{town}店"),
        _ => {
            let chain =
                dice.pick(&["あまねく薬局", "つぼみ薬局", "まちかど調剤", "ドラッグこだち", "てのひら薬局"]);
            format!("{chain}　{town}{word}店")
        }
    }
}
