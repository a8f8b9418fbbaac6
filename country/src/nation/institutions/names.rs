//! What insurers and employers are called.
//!
//! Always holds: 架空 (invented) stands in every name. Words are of nature, of places and of trades; no company's, nobody's
//! name. A society's name comes once.
//! Not here: names of facilities (`signs`), people's names (`words`).

use super::towns::{City, MIDORI_PREFECTURE};
use super::{Insurer, InsurerKind};
use crate::nation::dice::Dice;
use crate::nation::places;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The words of a list with blanks between them.
pub fn words(list: &'static str) -> Vec<&'static str> {
    list.split_whitespace().collect()
}

/// Words that companies are named after.
static STEMS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    words(
        "朝霧 青葉 若草 白樺 夕凪 星見 千鳥 白鷺 鶺鴒 雲雀 翡翠 瑠璃 琥珀 珊瑚 彗星 北斗 \
         明星 黎明 曙光 月見 松風 竹林 梅園 藤棚 桔梗 撫子 水木 紅葉 楠 柊 橘 銀杏 楓 \
         若竹 清流 湧水 滝見 湖畔 浜風 渚 潮見 砂浜 山彦 雪渓 高原 牧野 稲穂 豊穣 田園 \
         白波 翠嵐 青嵐 錦秋 初雪 若葉 双葉 三日月 八重桜 九重 常磐 緑陰 紺碧 浅黄 茜 \
         群青 萌黄 オリオン カシオペヤ アンドロメダ ペガスス アルタイル デネブ",
    )
});

/// What companies with a society of their own do.
static INDUSTRIES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    words(
        "電機 製作所 自動車部品 化学 製薬 食品 飲料 製紙 印刷 繊維 硝子 鋼管 重工 精機 \
         計測器 通信 情報システム ソフトウェア 銀行 信用金庫 証券 生命保険 損害保険 百貨店 \
         ストア 商事 物流 海運 航空サービス 電鉄 バス 建設 不動産 電力設備 ガス 石油 新聞社 \
         放送 ホテル 人材サービス 玩具",
    )
});

/// Of these, those whose societies are for a group of companies now and then.
const GROUPS: [&str; 10] =
    ["電機", "化学", "食品", "重工", "通信", "物流", "電鉄", "建設", "不動産", "百貨店"];

/// Trades whose employers share a society (総合健保), and what such an employer is called.
const TRADES: [(&str, &str); 32] = [
    ("薬業", "薬品"),
    ("電子機器", "電子"),
    ("機械器具", "機械"),
    ("出版", "出版"),
    ("印刷工業", "印刷"),
    ("食品製造", "食品"),
    ("菓子", "製菓"),
    ("酒類", "酒造"),
    ("織物", "織物"),
    ("洋装", "縫製"),
    ("履物", "製靴"),
    ("木材", "木材"),
    ("家具", "家具"),
    ("金属プレス", "金属"),
    ("鋳物", "鋳造"),
    ("鍍金", "鍍金"),
    ("塗料", "塗料"),
    ("プラスチック", "樹脂"),
    ("ゴム", "ゴム"),
    ("紙器", "紙器"),
    ("自動車販売", "自動車販売"),
    ("自動車整備", "自動車整備"),
    ("貨物運送", "運輸"),
    ("倉庫", "倉庫"),
    ("港湾荷役", "港運"),
    ("旅行業", "トラベル"),
    ("外食", "フーズ"),
    ("広告", "広告"),
    ("測量設計", "設計"),
    ("情報処理", "データ"),
    ("信用組合", "信用組合"),
    ("会計事務", "会計"),
];

/// Areas wider than a prefecture, where a trade's society may sit: prefectures from, to, and name.
const AREAS: [(u8, u8, &str); 11] = [
    (2, 7, "東北"),
    (8, 14, "関東"),
    (8, 14, "首都圏"),
    (1, 20, "東日本"),
    (13, 13, "全国"),
    (13, 13, "全日本"),
    (16, 18, "北陸"),
    (21, 24, "東海"),
    (25, 30, "近畿"),
    (25, 40, "西日本"),
    (40, 46, "九州"),
];

/// Mutuals of the state's servants, with their weights.
pub const NATIONAL: [(&str, u64); 20] = [
    ("総務", 20),
    ("法務", 90),
    ("外務", 20),
    ("財務", 60),
    ("税務", 110),
    ("文教", 230),
    ("厚生", 110),
    ("農政", 50),
    ("林野", 15),
    ("経済", 40),
    ("国土", 130),
    ("海上", 35),
    ("防衛", 420),
    ("司法", 60),
    ("検査", 4),
    ("造幣", 15),
    ("議会", 10),
    ("郵便", 560),
    ("国立療養", 130),
    ("連合", 12),
];

/// Trades of guilds beside doctors and builders, those of most prefectures first.
pub const GUILD_TRADES: [&str; 13] = [
    "食品衛生",
    "理容美容",
    "税理士",
    "弁護士",
    "料理飲食",
    "卸売市場",
    "文芸美術",
    "浴場",
    "青果",
    "水産",
    "寝具",
    "左官",
    "芸能",
];

/// What small employers do.
static SMALL: LazyLock<Vec<&str>> = LazyLock::new(|| {
    words(
        "工務店 運送 商会 電設 塗装 板金 製菓 水産 青果 造園 印刷 自動車 タクシー 警備 \
         クリーニング 不動産 設計 食品 酒造 家具 縫製 旅館 書店 介護サービス 建材 鉄工 農園 \
         畜産 石材 文具 薬品 設備 電気工事 ソフト デザイン 美容室 食堂 保険事務所",
    )
});

/// 静岡 of 静岡県; 北海道 as it is called; the invented prefecture's offices bear its city's name.
pub fn prefecture_stem(prefecture: u8) -> &'static str {
    if prefecture == MIDORI_PREFECTURE {
        return "みどり";
    }
    let name = places::prefecture_name(prefecture);
    name.strip_suffix(['県', '府', '都']).unwrap_or(name)
}

/// With 架空 before it, where the invented prefecture's name does not begin so.
pub fn invented(name: &str) -> String {
    if name.starts_with("架空") { name.to_owned() } else { format!("架空{name}") }
}

/// Makes names of societies, each once.
pub struct Societies {
    company: usize,
    trade: usize,
    first: usize,
    taken: BTreeSet<String>,
}

impl Societies {
    /// Begins anywhere in the lists.
    pub fn new(first: u64) -> Societies {
        Societies { company: 0, trade: 0, first: (first % 1_000_000) as usize, taken: BTreeSet::new() }
    }

    /// Name, own words, and whether it is a trade's, which is every sixth.
    pub fn next(&mut self, prefecture: u8) -> (String, String, bool) {
        if (self.company + self.trade) % 6 == 5 {
            self.trade += 1;
            let own = self.trade_of(prefecture);
            return (format!("架空{own}健康保険組合"), own, true);
        }
        // The step is prime to both lists' lengths, so that no pair comes twice.
        let pair = (self.first + self.company) * 1_231 % (STEMS.len() * INDUSTRIES.len());
        self.company += 1;
        let own = format!("{}{}", STEMS[pair % STEMS.len()], INDUSTRIES[pair / STEMS.len()]);
        let is_group = GROUPS.iter().any(|end| own.ends_with(end)) && self.company.is_multiple_of(3);
        let group = if is_group { "グループ" } else { "" };
        (format!("架空{own}{group}健康保険組合"), own, false)
    }

    /// The next trade that has no society of that name yet.
    fn trade_of(&mut self, prefecture: u8) -> String {
        let wider = AREAS.iter().filter(|(from, to, _)| (*from..=*to).contains(&prefecture));
        let areas: Vec<&str> =
            std::iter::once(prefecture_stem(prefecture)).chain(wider.map(|(.., name)| *name)).collect();
        let mut place = self.first + self.trade * 7;
        loop {
            let area = areas[place / TRADES.len() % areas.len()];
            let own = format!("{area}{}", TRADES[place % TRADES.len()].0);
            if self.taken.insert(own.clone()) {
                return own;
            }
            place += 1;
        }
    }
}

/// An employer's name. `rank` is its place among its insurer's employers, the largest first; `city` is where it is.
pub fn employer(dice: &mut Dice, insurer: &Insurer, rank: u32, city: &City) -> String {
    let (own, town) = (insurer.stem.as_str(), city.stem.as_str());
    let word = *dice.pick(&STEMS[..]);
    match insurer.kind {
        InsurerKind::Society if insurer.is_trade => {
            let trade = TRADES.iter().find(|(trade, _)| own.ends_with(trade)).map_or("産業", |(_, is)| is);
            company(dice, &format!("{word}{trade}"))
        }
        InsurerKind::Society if rank == 0 => seat(own),
        InsurerKind::Society => {
            let side = dice.pick(&[
                "販売",
                "サービス",
                "ロジスティクス",
                "システムズ",
                "エンジニアリング",
                "ビジネス",
            ]);
            let stem = STEMS.iter().find(|stem| own.starts_with(*stem)).map_or(own, |stem| stem);
            let town = if stem == town { "" } else { town };
            format!("架空{stem}{town}{side}株式会社")
        }
        InsurerKind::Seamen => {
            format!("架空{word}{}株式会社", dice.pick(&["海運", "汽船", "漁業", "フェリー", "港湾タグ"]))
        }
        InsurerKind::Association => small(dice, word, town, city.name.ends_with('区')),
        _ => office(dice, insurer, rank, city),
    }
}

/// The company whose society it is.
fn seat(own: &str) -> String {
    if ["製作所", "信用金庫", "新聞社"].iter().any(|end| own.ends_with(end)) {
        return format!("架空{own}");
    }
    format!("架空{own}株式会社")
}

fn company(dice: &mut Dice, own: &str) -> String {
    if own.ends_with("信用組合") {
        return format!("架空{own}");
    }
    match dice.below(10) {
        0..=3 => format!("株式会社架空{own}"),
        4..=7 => format!("架空{own}株式会社"),
        8 => format!("有限会社架空{own}"),
        _ => format!("合同会社架空{own}"),
    }
}

/// A small employer: companies mostly, and those who care for others.
fn small(dice: &mut Dice, word: &str, town: &str, is_ward: bool) -> String {
    let trade = *dice.pick(&SMALL[..]);
    match dice.below(40) {
        0..=2 => format!("医療法人架空{word}会"),
        3..=4 => format!("社会福祉法人架空{word}福祉会"),
        5 => format!("特定非営利活動法人架空{town}{word}の会"),
        6 if !is_ward => format!("架空{town}農業協同組合"),
        7 => format!("税理士法人架空{word}"),
        8..=16 => company(dice, &format!("{town}{trade}")),
        _ => company(dice, &format!("{word}{trade}")),
    }
}

/// An office of the state, of a prefecture, of a municipality; schools and police.
fn office(dice: &mut Dice, insurer: &Insurer, rank: u32, city: &City) -> String {
    let (own, town, place) = (insurer.stem.as_str(), city.stem.as_str(), city.name.as_str());
    let prefecture = places::prefecture_name(insurer.prefecture);
    let is_first = rank == 0;
    match insurer.kind {
        InsurerKind::NationalMutual if is_first => format!("架空{own}本庁"),
        InsurerKind::NationalMutual => {
            format!("架空{own}{town}{}", dice.pick(&["事務所", "出張所", "支局", "センター"]))
        }
        InsurerKind::LocalMutual if insurer.name.contains("市町村") => {
            format!("{}{}", invented(place), if city.is_city { "役所" } else { "役場" })
        }
        InsurerKind::LocalMutual if is_first => format!("{}庁", invented(prefecture)),
        InsurerKind::LocalMutual => {
            let kind = dice.pick(&["土木事務所", "保健所", "水道事務所", "税務事務所", "児童相談所"]);
            format!("{}{town}{kind}", invented(prefecture))
        }
        InsurerKind::PoliceMutual if is_first => format!("{}警察本部", invented(prefecture)),
        InsurerKind::PoliceMutual => format!("架空{town}警察署"),
        InsurerKind::SchoolMutual if own == "私学" => {
            let word = *dice.pick(&STEMS[..]);
            format!("学校法人架空{word}{}", dice.pick(&["学園", "学院", "幼稚園", "大学", "女学院"]))
        }
        InsurerKind::SchoolMutual => match dice.below(4) {
            0 => format!(
                "{}立{town}{}高等学校",
                invented(prefecture),
                dice.pick(&["", "東", "西", "南", "北", "商業", "工業"])
            ),
            kind => {
                let level = if kind == 1 { "中学校" } else { "小学校" };
                format!(
                    "{}立{}{level}",
                    invented(place),
                    dice.pick(&["第一", "第二", "第三", "中央", "東", "西", "南", "北"])
                )
            }
        },
        _ => insurer.name.clone(), // a unit of the forces is its own employer
    }
}
