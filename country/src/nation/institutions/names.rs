//! What institutions are called.
//!
//! Always holds: 架空 (invented) stands in every name. Words of nature and of trades only; no company's, nobody's name.
//! Not here: people's names (`words`).

use super::{Insurer, InsurerKind};
use crate::nation::dice::Dice;
use super::ground as places;

/// Words that companies and clinics alike are named after.
pub const STEMS: [&str; 96] = [
    "朝霧", "青葉", "若草", "白樺", "みずほの", "夕凪", "星ヶ丘", "ひばり", "つばめ", "かもめ", "せせらぎ", "こもれび",
    "あおぞら", "ひなた", "すずらん", "さくら", "もみじ", "けやき", "くすのき", "やまぼうし", "松風", "竹林", "梅園", "藤棚",
    "桔梗", "なでしこ", "花水木", "菜の花", "ひまわり", "たんぽぽ", "つくし", "すみれ", "あじさい", "椿", "柊", "橘",
    "銀杏", "楓", "翠", "若竹", "清流", "湧水", "滝見", "川音", "泉", "湖畔", "浜風", "磯辺",
    "灯台", "波音", "渚", "潮見", "港南", "岬", "砂丘", "山彦", "峰", "雪渓", "高原", "牧場",
    "麦秋", "稲穂", "豊穣", "里山", "田園", "水車", "峠", "街道", "宿場", "城下", "太鼓", "風鈴",
    "千鳥", "白鷺", "鶺鴒", "雲雀野", "翡翠", "瑠璃", "琥珀", "珊瑚", "真珠", "虹", "彗星", "北斗",
    "明星", "暁", "黎明", "曙光", "夕映", "月見", "十六夜", "春日和", "秋晴", "小春", "初雪", "若葉",
];

/// What companies with a society of their own do.
const INDUSTRIES: [&str; 40] = [
    "電機", "製作所", "自動車部品", "化学", "製薬", "食品", "飲料", "製紙", "印刷", "繊維", "硝子", "鋼管", "重工",
    "精機", "計測器", "通信", "情報システム", "ソフトウェア", "銀行", "信用金庫", "証券", "生命", "損害保険", "百貨店",
    "ストア", "商事", "物流", "海運", "航空サービス", "電鉄", "バス", "建設", "不動産", "電力設備", "ガス", "石油",
    "新聞", "放送", "ホテル", "人材サービス",
];

/// Trades whose employers share a society (総合健保).
const TRADES: [&str; 32] = [
    "薬業", "電子機器", "機械器具", "出版", "印刷工業", "食品製造", "菓子", "酒類", "織物商", "洋装", "履物", "木材",
    "家具", "金属プレス", "鋳物", "鍍金", "塗料", "プラスチック", "ゴム", "紙器", "自動車販売", "自動車整備", "貨物運送",
    "倉庫", "港湾荷役", "旅行業", "外食", "広告", "測量設計", "情報処理", "信用組合", "会計事務",
];

/// Mutuals of the state's servants, with their weights.
pub const NATIONAL: [(&str, u64); 20] = [
    ("総務", 20), ("法務", 90), ("外務", 20), ("財務", 60), ("国税", 110), ("文教", 230), ("厚生", 110), ("農政", 50),
    ("林野", 15), ("経産", 40), ("国土", 130), ("海上", 35), ("防衛家族", 420), ("司法", 60), ("会計検査", 4),
    ("印刷造幣", 15), ("国会", 10), ("郵政", 560), ("国立病院", 130), ("連合本部", 12),
];

/// Trades of guilds beside doctors and builders, those of most prefectures first.
pub const GUILD_TRADES: [&str; 13] = [
    "食品衛生", "理容美容", "税理士", "弁護士", "料理飲食", "卸売市場", "文芸美術", "浴場", "青果", "水産", "寝具", "左官",
    "芸能",
];

/// 静岡 of 静岡県; 北海道 and the invented prefecture as they are called.
pub fn prefecture_stem(prefecture: u8) -> &'static str {
    let name = places::prefecture_name(prefecture);
    match name {
        "北海道" => name,
        _ => name.strip_suffix(['県', '府', '都']).unwrap_or(name),
    }
}

/// Makes names of societies, each once.
pub struct Societies {
    company: u64,
    trade: u64,
    first: u64,
}

impl Societies {
    pub fn new(first: u64) -> Societies {
        Societies { company: 0, trade: 0, first: first % 1_000_000 }
    }

    /// Name, own words, and whether it is a trade's.
    pub fn next(&mut self, prefecture: u8) -> (String, String, bool) {
        if (self.company + self.trade) % 6 == 5 {
            self.trade += 1;
            let trade = TRADES[((self.trade + self.first) % TRADES.len() as u64) as usize];
            let area = self.area(prefecture);
            return (format!("架空{area}{trade}健康保険組合"), format!("{area}{trade}"), true);
        }
        // 31 has no factor in common with the lists' lengths, so no pair comes twice within their product.
        let all = (STEMS.len() * INDUSTRIES.len()) as u64;
        let pair = ((self.first + self.company) * 1_231 % all) as usize;
        self.company += 1;
        let (stem, industry) = (STEMS[pair % STEMS.len()], INDUSTRIES[pair / STEMS.len()]);
        let own = format!("{stem}{industry}");
        let group = if self.company % 7 == 0 { "グループ" } else { "" };
        (format!("架空{own}{group}健康保険組合"), own, false)
    }

    /// A trade's area: its prefecture, or in turn a wider one.
    fn area(&self, prefecture: u8) -> &'static str {
        prefecture_stem(prefecture)
    }
}

/// An employer's name. `rank` is its place among the `of` employers of its insurer, the largest first.
pub fn employer(dice: &mut Dice, insurer: &Insurer, rank: u32, of: u32) -> String {
    let stem = &insurer.stem;
    match insurer.kind {
        InsurerKind::Society if !insurer.is_trade && rank == 0 => format!("株式会社架空{stem}"),
        InsurerKind::Society if !insurer.is_trade => {
            let side = dice.pick(&["販売", "サービス", "物流", "システム", "エンジニアリング", "ファシリティーズ"]);
            format!("架空{stem}{side}株式会社")
        }
        _ => {
            let _ = of;
            format!("株式会社架空{}", dice.pick(&STEMS))
        }
    }
}
