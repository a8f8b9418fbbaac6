//! Characters: which of them an encoding can show, and what stands in for those that it cannot.
//!
//! Always holds: what [`fits`] says can be written and read back the same, but for seven characters that JIS
//! and Microsoft number differently (`〜` comes back as `～`): they are one character to every reader. What is
//! replaced is always marked by the caller; a name is never changed in silence.
//! Not here: matching of variants (linkage): a variant that is good enough to show is not a proof of
//! identity.
//! Rules come from: the reference on matching, section 1.2 (variants, `●`), on the OQS interface, sections 3
//! and 10.

use std::borrow::Cow;

use encoding_rs::SHIFT_JIS;

use crate::xml::Bad;

/// How the characters of a message are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// Shift_JIS as Windows has it (CP932).
    ShiftJis,
}

impl Encoding {
    /// `CharacterCodeIdentifier`. Samples and the strictest public parser say 0 and 1, one code table says 1
    /// and 2 (the reference, section 9, conflict 1): whoever learns better changes it here and nowhere else.
    pub fn code(self) -> &'static str {
        match self {
            Encoding::Utf8 => "0",
            Encoding::ShiftJis => "1",
        }
    }

    /// As the XML declaration says it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::ShiftJis => "Shift_JIS",
        }
    }

    pub(crate) fn of_label(label: &str) -> Option<Encoding> {
        match label.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Encoding::Utf8),
            "shift_jis" | "shift-jis" | "sjis" | "x-sjis" | "windows-31j" | "cp932" | "ms932"
            | "ms_kanji" | "csshiftjis" => Some(Encoding::ShiftJis),
            _ => None,
        }
    }
}

/// What stands for a character that cannot be shown, as the insurers' intermediate server has it.
pub const SUBSTITUTE: char = '●';

/// The text of bytes. Without a declared encoding: UTF-8 when valid, else Shift_JIS when valid. A character
/// that is cut at the very end means a file that is still being written.
pub(crate) fn decode(bytes: &[u8], declared: Option<Encoding>) -> Result<(Cow<'_, str>, Encoding), Bad> {
    match declared {
        Some(Encoding::Utf8) => from_utf8(bytes).map(|text| (text, Encoding::Utf8)),
        Some(Encoding::ShiftJis) => from_shift_jis(bytes).map(|text| (text, Encoding::ShiftJis)),
        None => from_utf8(bytes).map(|text| (text, Encoding::Utf8)).or_else(|bad| {
            let text =
                from_shift_jis(bytes).map_err(|other| if bad == Bad::Truncated { bad } else { other })?;
            Ok((text, Encoding::ShiftJis))
        }),
    }
}

fn from_utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Bad> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| if error.error_len().is_none() { Bad::Truncated } else { Bad::Encoding })
}

fn from_shift_jis(bytes: &[u8]) -> Result<Cow<'_, str>, Bad> {
    let decode = |bytes| SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
    decode(bytes).ok_or_else(|| match bytes.split_last() {
        Some((0x81..=0x9f | 0xe0..=0xfc, before)) if decode(before).is_some() => Bad::Truncated,
        _ => Bad::Encoding,
    })
}

/// Whether XML 1.0 allows the character at all.
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
        && c != '\u{FFFE}'
        && c != '\u{FFFF}'
}

/// Whether the text can be written as it is, without substitutes.
pub fn fits(text: &str, encoding: Encoding) -> bool {
    let plain = |b: u8| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..0x7f);
    text.bytes().all(plain)
        || match encoding {
            Encoding::Utf8 => text.chars().all(is_xml_char),
            Encoding::ShiftJis => text.chars().all(|c| is_shift_jis(c) || twin(c).is_some()),
        }
}

/// The text as Shift_JIS can show it, and whether anything was replaced: a known variant where there is one,
/// else [`SUBSTITUTE`]; variation selectors are dropped.
pub fn substitute(text: &str) -> (String, bool) {
    let mut shown = String::with_capacity(text.len());
    let mut changed = false;
    for c in text.chars() {
        if is_shift_jis(c) {
            shown.push(c);
        } else if let Some(same) = twin(c) {
            shown.push(same);
        } else {
            changed = true;
            shown.extend((!is_variation_selector(c)).then(|| variant(c).unwrap_or(SUBSTITUTE)));
        }
    }
    (shown, changed)
}

/// The text as this encoding can show it, and whether anything was replaced.
pub(crate) fn shown(text: &str, encoding: Encoding) -> (Cow<'_, str>, bool) {
    if encoding == Encoding::ShiftJis {
        let (shown, changed) = substitute(text);
        return (Cow::Owned(shown), changed);
    }
    if fits(text, encoding) {
        return (Cow::Borrowed(text), false);
    }
    (Cow::Owned(text.chars().map(|c| if is_xml_char(c) { c } else { SUBSTITUTE }).collect()), true)
}

/// The bytes of a text that [`substitute`] made.
pub(crate) fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::ShiftJis => SHIFT_JIS.encode(text).0.into_owned(),
    }
}

/// Whether CP932 has the character, and gives the same one back.
fn is_shift_jis(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | ' '..='~' | 'ぁ'..='ん' | 'ァ'..='ヶ' | '\u{FF61}'..='\u{FF9F}' => true,
        // The encoder takes the yen sign for a backslash, the overline for a tilde and the minus for its
        // twin.
        '\u{A5}' | '\u{203E}' | '\u{2212}' | '\0'..='\u{9F}' => false,
        _ => {
            let mut buffer = [0; 4];
            !SHIFT_JIS.encode(c.encode_utf8(&mut buffer)).2
        }
    }
}

/// The other number of the same JIS character.
fn twin(c: char) -> Option<char> {
    Some(match c {
        '\u{301C}' => '\u{FF5E}',
        '\u{2212}' => '\u{FF0D}',
        '\u{2014}' => '\u{2015}',
        '\u{2016}' => '\u{2225}',
        '\u{A2}' => '\u{FFE0}',
        '\u{A3}' => '\u{FFE1}',
        '\u{AC}' => '\u{FFE2}',
        _ => return None,
    })
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

fn variant(c: char) -> Option<char> {
    let pairs = [KANJI, COMPATIBILITY, SIGNS].into_iter().flat_map(str::split_whitespace);
    let pair = pairs.map(str::chars).find_map(|mut pair| (pair.next()? == c).then(|| pair.next())?);
    pair.or_else(|| LATIN.iter().find(|letters| letters.contains(c))?.chars().next())
}

/// Kanji outside CP932 with the form that registers commonly put in their place; only undisputed ones.
const KANJI: &str = "𠮷吉 𡈽土 𣘺橋 槗橋 㟢崎 𠮟叱 𥱋築 𦚰脇 𣑊栃 𣳾泰 𩵋魚 𠀋丈 㐂喜 㔟勢 㐧第 㑹会 㝡最 㳒法 䑓台 囯国 \
    柒漆 吕呂 吳呉 步歩 戶戸 內内 彥彦 黃黄 產産 曆暦 歷歴 每毎 卽即 尙尚 巢巣 晚晩 涉渉 淚涙 渴渇 溫温 狀状 硏研 稅税 \
    緣縁 說説 銳鋭 閱閲 脫脱 虛虚 絕絶 錄録 鍊錬 徵徴 吿告 娛娯 姸妍 擊撃 倂併 俠侠 蔣蒋 萊莱 鷗鴎 塡填 剝剥 頰頬 瘦痩 \
    繫繋 顚顛 醬醤 摑掴 嚙噛 焰焔 簞箪 蟬蝉 禱祷 瀆涜 麴麹 噓嘘 屛屏 幷并 搔掻 潑溌 醱醗 鹼鹸 蠟蝋 吞呑 啞唖 揷挿 鬭闘";

/// Compatibility forms (JIS X 0213) with their canonical equals. Written as numbers: editors normalise them
/// away.
const COMPATIBILITY: &str = "\u{F91D}欄 \u{F928}廊 \u{F936}虜 \u{F970}殺 \u{F9D0}類 \u{FA30}侮 \u{FA31}僧 \u{FA32}免 \
    \u{FA33}勉 \u{FA34}勤 \u{FA35}卑 \u{FA36}喝 \u{FA37}嘆 \u{FA38}器 \u{FA39}塀 \u{FA3A}墨 \u{FA3B}層 \u{FA3C}屮 \
    \u{FA3D}悔 \u{FA3E}慨 \u{FA3F}憎 \u{FA40}懲 \u{FA41}敏 \u{FA42}既 \u{FA43}暑 \u{FA44}梅 \u{FA45}海 \u{FA46}渚 \
    \u{FA47}漢 \u{FA48}煮 \u{FA4A}琢 \u{FA4B}碑 \u{FA4C}社 \u{FA4D}祉 \u{FA4E}祈 \u{FA4F}祐 \u{FA50}祖 \u{FA51}祝 \
    \u{FA52}禍 \u{FA53}禎 \u{FA54}穀 \u{FA55}突 \u{FA56}節 \u{FA57}練 \u{FA58}縉 \u{FA59}繁 \u{FA5A}署 \u{FA5B}者 \
    \u{FA5C}臭 \u{FA5F}著 \u{FA60}褐 \u{FA61}視 \u{FA62}謁 \u{FA63}謹 \u{FA64}賓 \u{FA65}贈 \u{FA67}逸 \u{FA68}難 \
    \u{FA69}響 \u{FA6A}頻";

/// Signs and kana with a plainer form.
const SIGNS: &str = "\u{A5}￥ \u{203E}￣ \u{2011}‐ \u{2013}－ \u{2022}・ \u{3094}ヴ";

/// Letters with marks, behind the letter without.
const LATIN: [&str; 30] = [
    "AÀÁÂÃÄÅĀĂĄ",
    "CÇĆĈĊČ",
    "DĎ",
    "EÈÉÊËĒĔĖĘĚ",
    "GĜĞĠĢ",
    "IÌÍÎÏĨĪĬĮİ",
    "LĹĻĽ",
    "NÑŃŅŇ",
    "OÒÓÔÕÖŌŎŐ",
    "RŔŖŘ",
    "SŚŜŞŠ",
    "TŢŤ",
    "UÙÚÛÜŨŪŬŮŰŲ",
    "YÝŶŸ",
    "ZŹŻŽ",
    "aàáâãäåāăą",
    "cçćĉċč",
    "dď",
    "eèéêëēĕėęě",
    "gĝğġģ",
    "iìíîïĩīĭį",
    "lĺļľ",
    "nñńņň",
    "oòóôõöōŏő",
    "rŕŗř",
    "sśŝşš",
    "tţť",
    "uùúûüũūŭůűų",
    "yýÿŷ",
    "zźżž",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_leads_from_outside_to_inside() {
        for pair in [KANJI, COMPATIBILITY, SIGNS].into_iter().flat_map(str::split_whitespace) {
            let [from, to] = pair.chars().collect::<Vec<_>>()[..] else { panic!("{pair}") };
            assert!(!is_shift_jis(from) && twin(from).is_none() && is_shift_jis(to), "{pair} {from:?}");
        }
        for letters in LATIN {
            assert!(
                letters.chars().skip(1).all(|c| !is_shift_jis(c) && variant(c) == letters.chars().next())
            );
        }
    }

    #[test]
    fn names_in_shift_jis() {
        for (text, shown, changed) in [
            ("𠮷田　髙﨑", "吉田　髙﨑", true),
            ("葛\u{E0100}飾", "葛飾", true),
            ("令\u{FE00}和", "令和", true),
            ("髙﨑　濵德", "髙﨑　濵德", false),
            ("José Nguyễn", "Jose Nguy●n", true),
            ("１〜２−３", "１～２－３", false),
            ("東京都１丁目‐２", "東京都１丁目‐２", false),
            ("\u{1}\u{80}𛀁\u{E000}", "●●●●", true),
        ] {
            assert_eq!(substitute(text), (shown.to_owned(), changed), "{text}");
            assert_eq!(fits(text, Encoding::ShiftJis), !changed, "{text}");
        }
        assert!(fits("𠮷\u{E0100}", Encoding::Utf8) && !fits("\u{1}", Encoding::Utf8));
    }

    #[test]
    fn what_is_substituted_comes_back_the_same() {
        proptest::proptest!(|(text in "\\PC{0,20}")| {
            let (shown, _) = substitute(&text);
            let bytes = encode(&shown, Encoding::ShiftJis);
            let (back, _) = decode(&bytes, Some(Encoding::ShiftJis)).expect("encodable");
            proptest::prop_assert_eq!(back.as_ref(), shown.as_str());
        });
    }
}
