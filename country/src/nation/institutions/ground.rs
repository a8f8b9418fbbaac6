//! Stands in for `places` while that is being written.
//!
//! Always holds: the same three calls.
//! Not here: real municipalities.

use crate::nation::dice::Dice;

pub struct Municipality {
    pub prefecture: u8,
    pub name: String,
    pub population: u32,
}

const NAMES: [&str; 47] = [
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県", "埼玉県", "千葉県",
    "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県",
    "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県",
    "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
];

pub fn prefecture_name(prefecture: u8) -> &'static str {
    NAMES.get(usize::from(prefecture).wrapping_sub(1)).copied().unwrap_or("架空県")
}

pub fn municipalities() -> Vec<Municipality> {
    let mut all = Vec::new();
    for prefecture in 1..=47u8 {
        for n in 0..36 {
            let name = format!("仮{n}市");
            all.push(Municipality { prefecture, name, population: 2_600_000 / (n + 20) });
        }
    }
    all.push(Municipality { prefecture: 99, name: "みどり市".to_owned(), population: 60_000 });
    all
}

pub fn home(dice: &mut Dice, municipality: usize, is_flat: bool) -> (String, String) {
    let _ = (municipality, is_flat);
    ("000-0001".to_owned(), format!("{}番地", dice.below(2_000) + 1))
}
