//! What offices get wrong in names and readings, by hand: other characters and other kana.
//!
//! Always holds: nothing here was taken from the matcher's tables, and nothing there from here; a pair stands for what a
//! clerk or a machine really does, not for what a matcher can undo.
//! Not here: how often (`noise`), variants of one character (`nation::words`).
//! Rules come from: the reference on matching, sections 1.2 and 1.3.

/// More characters that stand for one another in names, the common form first; beside those of `nation::words`.
pub(super) const VARIANTS: [&str; 29] = [
    "滝瀧", "円圓", "鶴靏", "岳嶽", "稲稻", "静靜", "実實", "絵繪", "総總", "蔵藏", "来來", "県縣", "満滿",
    "団團", "戸戶", "塩鹽", "緑綠", "暦曆", "遥遙", "凛凜", "桧檜", "侠俠", "巣巢", "剣劍", "芸藝", "両兩",
    "渋澁", "顕顯", "礼禮",
];

/// Different characters that people take for one another.
pub(super) const CONFUSABLE: [&str; 14] = [
    "斎斉", "富冨", "崎埼", "太大", "末未", "萩荻", "千干", "裕祐", "巳己", "徳得", "郎朗", "記紀", "渡度",
    "栗粟",
];

/// Characters of given names that sound alike: what a conversion from kana picks wrongly.
pub(super) const ALIKE: [&str; 16] = [
    "浩弘宏博洋",
    "一和",
    "幸行之",
    "明昭彰",
    "正政昌雅",
    "孝隆貴崇",
    "美実",
    "恵絵",
    "子児",
    "夫雄男",
    "介輔助",
    "郎朗",
    "哉也弥",
    "樹紀輝",
    "香佳花",
    "奈菜",
];

/// Readings that the same characters also have, of whole surnames or given names.
pub(super) const READINGS: [(&str, &str, &str); 34] = [
    ("中島", "ナカジマ", "ナカシマ"),
    ("山崎", "ヤマザキ", "ヤマサキ"),
    ("古谷", "フルヤ", "フルタニ"),
    ("上村", "ウエムラ", "カミムラ"),
    ("河野", "コウノ", "カワノ"),
    ("東", "ヒガシ", "アズマ"),
    ("新田", "ニッタ", "アラタ"),
    ("角田", "カクタ", "ツノダ"),
    ("菅野", "カンノ", "スガノ"),
    ("小山", "コヤマ", "オヤマ"),
    ("高田", "タカダ", "タカタ"),
    ("吉川", "ヨシカワ", "キッカワ"),
    ("神田", "カンダ", "コウダ"),
    ("中田", "ナカタ", "ナカダ"),
    ("川崎", "カワサキ", "カワザキ"),
    ("羽田", "ハネダ", "ハタ"),
    ("米田", "ヨネダ", "コメダ"),
    ("三田", "ミタ", "サンダ"),
    ("長田", "ナガタ", "オサダ"),
    ("金城", "キンジョウ", "カネシロ"),
    ("幸子", "サチコ", "ユキコ"),
    ("裕子", "ユウコ", "ヒロコ"),
    ("洋子", "ヨウコ", "ヒロコ"),
    ("智子", "トモコ", "サトコ"),
    ("順子", "ジュンコ", "ヨリコ"),
    ("恵子", "ケイコ", "シゲコ"),
    ("文子", "フミコ", "アヤコ"),
    ("悦子", "エツコ", "ヨシコ"),
    ("敬子", "ケイコ", "タカコ"),
    ("浩", "ヒロシ", "コウ"),
    ("正", "タダシ", "マサシ"),
    ("誠", "マコト", "セイ"),
    ("剛", "ツヨシ", "タケシ"),
    ("大輔", "ダイスケ", "タイスケ"),
];

/// Kana of half width that look alike in print or on a form.
pub(super) const KANA_ALIKE: [&str; 5] = ["ｿﾝ", "ｼﾂ", "ｸﾜ", "ｱﾏ", "ｺﾛ"];

/// Small kana of half width and their large forms.
pub(super) const SMALL: &str = "ｧｨｩｪｫｬｭｮｯ";
/// The large forms, in the same order.
pub(super) const LARGE: &str = "ｱｲｳｴｵﾔﾕﾖﾂ";

/// Kana of half width that may be voiced.
pub(super) const VOICEABLE: &str = "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ";

/// Half-width kana, in the order of [`WIDE`].
pub(super) const NARROW: &str = "ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ";
/// The same kana in full width.
pub(super) const WIDE: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// Katakana that an office writes in place of a character that it has not.
pub(super) const KANJI_SOUNDS: [(char, &str); 24] = [
    ('髙', "タカ"),
    ('高', "タカ"),
    ('﨑', "サキ"),
    ('崎', "サキ"),
    ('吉', "ヨシ"),
    ('𠮷', "ヨシ"),
    ('渡', "ワタ"),
    ('邉', "ナベ"),
    ('邊', "ナベ"),
    ('辺', "ナベ"),
    ('浜', "ハマ"),
    ('濱', "ハマ"),
    ('沢', "サワ"),
    ('澤', "サワ"),
    ('橋', "ハシ"),
    ('桜', "サクラ"),
    ('櫻', "サクラ"),
    ('恵', "メグミ"),
    ('徳', "トク"),
    ('德', "トク"),
    ('栄', "サカエ"),
    ('榮', "サカエ"),
    ('島', "シマ"),
    ('嶋', "シマ"),
];

/// Signs that offices write for a hyphen.
pub(super) const HYPHENS: [&str; 8] = ["-", "－", "‐", "−", "ー", "―", "–", "ｰ"];

/// Other spellings of kana within names of towns.
pub(super) const TOWN_KANA: [(&str, &[&str]); 6] = [
    ("ケ", &["ヶ", "が", "ガ"]),
    ("ヶ", &["ケ", "が", "ガ"]),
    ("ノ", &["の", "之"]),
    ("の", &["ノ", "之"]),
    ("ツ", &["ッ", "つ"]),
    ("ッ", &["ツ"]),
];

/// Chome in the old numerals of deeds (大字), from one on.
pub(super) const OLD_NUMERALS: [&str; 3] = ["壱", "弐", "参"];

/// The character of `to` that stands where `sign` stands in `from`.
pub(super) fn across(from: &str, to: &str, sign: char) -> Option<char> {
    let at = from.chars().position(|other| other == sign)?;
    to.chars().nth(at)
}
