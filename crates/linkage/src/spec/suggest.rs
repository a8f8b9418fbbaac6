//! A spec guessed from the headings of both files, as Japanese offices and English exports usually write them.
//!
//! Always holds: a heading is taken by its meaning only when it is in the table here; the My Number (個人番号) is never
//! suggested; a strong identifier is never suggested outright, since no heading tells whether both offices give one person
//! the same number: where they do not, every pair would be kept apart. A proposal shows it as a comment (write).
//! Not here: looking into the columns (source looks whether they hold what their heading says).

use super::{Layout, Side, Spec, SpecError};
use crate::source::Header;
use Meaning::{
    Address, Birth, Building, Carry, City, Day, Era, GivenName, Kana, KanaGiven, KanaSurname, Key, Lot,
    Month, Name, OtherName, OtherSurname, Prefecture, Sex, Strong, Surname, Town, Year,
};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Name,
    Surname,
    GivenName,
    OtherName,
    OtherSurname,
    Kana,
    KanaSurname,
    KanaGiven,
    Birth,
    Era,
    Year,
    Month,
    Day,
    Sex,
    Address,
    Prefecture,
    City,
    Town,
    Lot,
    Building,
    Strong,
    Key,
    Carry,
}

/// Headings as folded by [`fold`], parted by blanks; the more usual ones first, since the first found is taken.
const HEADINGS: [(Meaning, &str); 23] = [
    (
        Name,
        "氏名 漢字氏名 氏名漢字 名前 お名前 姓名 被保険者氏名 被保険者漢字氏名 対象者氏名 本人氏名 受給者氏名 加入者氏名 \
         世帯員氏名 住民氏名 受診者氏名 name fullname kanjiname namekanji",
    ),
    (Surname, "姓 氏 名字 苗字 漢字氏 氏漢字 漢字姓 姓漢字 lastname surname familyname"),
    (GivenName, "名 漢字名 名漢字 firstname givenname"),
    (
        OtherName,
        "通称 通称名 通称氏名 氏名通称 漢字通称名 旧氏名 本名 英字氏名 ローマ字氏名 アルファベット氏名 alias romanname",
    ),
    (OtherSurname, "旧氏 旧姓 maidenname formersurname"),
    (
        Kana,
        "カナ氏名 氏名カナ 氏名フリガナ フリガナ ふりがな カナ かな 氏名かな かな氏名 カナ名称 半角カナ氏名 氏名半角カナ \
         ヨミガナ 読み仮名 読み よみ 被保険者氏名カナ 被保険者カナ氏名 ｶﾅ氏名 氏名ｶﾅ ﾌﾘｶﾞﾅ 氏名ﾌﾘｶﾞﾅ ｶﾅ kana namekana \
         kananame furigana",
    ),
    (
        KanaSurname,
        "セイ せい カナ氏 氏カナ カナ姓 姓カナ 姓フリガナ 氏フリガナ ｾｲ lastnamekana surnamekana kanasurname",
    ),
    (KanaGiven, "メイ めい カナ名 名カナ 名フリガナ ﾒｲ firstnamekana givennamekana kanagivenname"),
    (
        Birth,
        "生年月日 生年月日西暦 西暦生年月日 生年月日和暦 和暦生年月日 誕生日 出生日 出生年月日 被保険者生年月日 birth \
         birthdate dateofbirth birthday dob",
    ),
    (Era, "元号 年号 生年月日元号 生年元号 生年月日年号 和暦元号 元号コード era"),
    (Year, "生年 生年月日年 年 和暦年 誕生年 birthyear"),
    (Month, "生月 生年月日月 月 誕生月 birthmonth"),
    (Day, "生日 生年月日日 日 dayofbirth"),
    (Sex, "性別 性別コード 性別区分 男女 男女別 男女区分 性 被保険者性別 sex gender"),
    (
        Address,
        "住所 現住所 住民票住所 住所1 住所2 住所3 被保険者住所 居住地 所在地 address addr address1 address2 address3",
    ),
    (Prefecture, "都道府県 都道府県名 prefecture"),
    (City, "市区町村 市区町村名 市町村 市町村名 city"),
    (Town, "町名 町字 町域 大字 大字町名 町丁目 丁目 town"),
    (Lot, "番地 番地号 地番 番地枝番 lot"),
    (
        Building,
        "方書 住所方書 方書名 方書き 建物 建物名 マンション名 アパート名 建物名部屋番号 部屋番号 building",
    ),
    (Strong, "被保険者番号 被保険者証番号 被保番 後期被保険者番号 insurednumber"),
    (
        Key,
        "宛名番号 宛名コード 住民コード 整理番号 管理番号 識別番号 個人コード 被保険者番号 被保険者証番号 被保番 通番 連番 \
         通し番号 行番号 番号 no id key insurednumber",
    ),
    (Carry, "郵便番号 郵便 〒 zip zipcode postcode postalcode"),
];

/// Words of headings under which the My Number (個人番号) stands.
const MY_NUMBER: [&str; 4] = ["個人番号", "マイナンバ", "ﾏｲﾅﾝﾊﾞ", "mynumber"];

/// Whether a heading is that of the My Number: of no use here, and not to be in the file at all.
pub(super) fn is_my_number(heading: &str) -> bool {
    let folded = fold(heading);
    MY_NUMBER.iter().any(|word| folded.contains(word))
}

/// A number that both files have and that may be the same for one person in both: the insured number (被保険者番号).
pub(super) fn strong(a: &Header, b: &Header) -> Option<(String, String)> {
    let one = |header: &Header| find(header, Strong).into_iter().next().filter(|_| is_header(header));
    one(a).zip(one(b))
}

/// Whether a cell is one of the headings known here, and so no person's data.
pub fn is_heading(cell: &str) -> bool {
    let folded = fold(cell);
    !folded.is_empty() && HEADINGS.iter().any(|(_, words)| words.split(' ').any(|word| fold(word) == folded))
}

/// The cells of a header by which a meaning is written, the more usual words first.
fn find(header: &Header, meaning: Meaning) -> Vec<String> {
    let words =
        HEADINGS.iter().filter(|(m, _)| *m == meaning).flat_map(|(_, words)| words.split(' ')).map(fold);
    words
        .filter_map(|word| {
            let mut cells = header.names.iter().filter(|cell| fold(cell) == word);
            // A heading that stands twice means neither.
            cells.next().filter(|_| cells.next().is_none()).cloned()
        })
        .collect()
}

/// Widths, blanks and marks taken away.
fn fold(heading: &str) -> String {
    let marks = ['-', '_', '(', ')', '[', ']', '「', '」', '【', '】', '.', ':', '/', '\u{feff}'];
    let folded = base::fold_width(heading);
    folded.chars().filter(|c| !c.is_whitespace() && !marks.contains(c)).flat_map(char::to_lowercase).collect()
}

impl Spec {
    /// A spec for two files with these headers.
    pub fn suggest(a: &Header, b: &Header) -> Result<Spec, Vec<SpecError>> {
        let spec = found(a, b);
        let mut errors = Vec::new();
        for (which, side) in [("A", &spec.a), ("B", &spec.b)] {
            for (columns, ja, en) in [(&side.name, "氏名", "name"), (&side.birth, "生年月日", "birth date")]
            {
                if columns.is_empty() {
                    errors.push(SpecError::whole(
                        format!("ファイル{which}の見出しに{ja}が見つかりません。設定ファイルで項目名を指定してください"),
                        format!("file {which} has no heading for the {en}; name the column in a spec"),
                    ));
                }
            }
        }
        if errors.is_empty() && !spec.a.shared.sex && !spec.a.shared.address {
            errors.push(SpecError::whole(
                "性別も住所も、両方のファイルの見出しには見つかりません。設定ファイルで項目名を指定してください",
                "neither sex nor address is among the headings of both files; name the columns in a spec",
            ));
        }
        if errors.is_empty() { Ok(spec) } else { Err(errors) }
    }
}

/// What is known of two files whose headings do not tell everything: nothing at all of one that may have no header.
pub(super) fn known(a: &Header, b: &Header) -> Spec {
    let mut spec = found(a, b);
    for (side, header) in [(&mut spec.a, a), (&mut spec.b, b)] {
        if !is_header(header) {
            let layout = Layout::Csv { separator: header.separator, header: false };
            *side = Side { layout, ..Side::default() };
        }
    }
    spec.share();
    spec
}

/// What the headings tell; something may be missing.
fn found(a: &Header, b: &Header) -> Spec {
    let mut spec = Spec { a: side(a), b: side(b), output: super::Output::default() };
    spec.share();
    spec
}

/// Letters of a heading that no value of a row has by chance; `no`, `id` and `sex` are too short.
const LETTERS_MIN: usize = 4;

/// So many digits one after another are a number of a row, not of a heading such as 住所1.
const DIGITS_MIN: usize = 5;

/// With so many known headings a row is a header, whatever else is in it.
const KNOWN_ENOUGH: usize = 3;

/// Whether a first row is a header beyond doubt, so that its cells are nobody's data: many cells are headings known here,
/// or some are and none is a birth date, a sex or a number.
pub(super) fn is_header(header: &Header) -> bool {
    let is_sure = |cell: &String| {
        let folded = fold(cell);
        let letters = folded.chars().filter(char::is_ascii_alphabetic).count();
        let has_kanji = folded.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        is_heading(cell) && (letters >= LETTERS_MIN || has_kanji && folded.chars().count() > 1)
    };
    let is_data = |cell: &String| {
        let cell = base::fold_width(cell);
        let has_number = cell.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= DIGITS_MIN);
        let has_sex = crate::sex::read(&cell).is_some_and(|sex| sex != crate::sex::Sex::Unknown);
        has_number || has_sex || !crate::birth::read(&cell).0.is_empty()
    };
    let known = header.names.iter().filter(|cell| is_sure(cell)).count();
    known >= KNOWN_ENOUGH || known > 0 && !header.names.iter().any(is_data)
}

fn side(header: &Header) -> Side {
    let one = |meaning: Meaning| find(header, meaning).into_iter().next();
    let all =
        |meanings: &[Meaning]| meanings.iter().map(|meaning| one(*meaning)).collect::<Option<Vec<String>>>();
    let whole_or =
        |whole: Meaning, parts: &[Meaning]| all(&[whole]).or_else(|| all(parts)).unwrap_or_default();
    let given = one(GivenName);
    let mut other_names: Vec<Vec<String>> =
        find(header, OtherName).into_iter().map(|name| vec![name]).collect();
    // Where the given name has a column, a former surname is written with it; else it stands alone, and a form puts the
    // main name's given name behind it.
    other_names.extend(one(OtherSurname).map(|surname| [surname].into_iter().chain(given).collect()));
    let era_and_birth = all(&[Era, Birth]);
    let parts = [Era, Year, Month, Day];
    let mut side = Side {
        layout: Layout::Csv { separator: header.separator, header: true },
        key: one(Key),
        name: whole_or(Name, &[Surname, GivenName]),
        other_names,
        kana: whole_or(Kana, &[KanaSurname, KanaGiven]),
        birth: era_and_birth
            .or_else(|| all(&[Birth]))
            .or_else(|| all(&parts))
            .or_else(|| all(&parts[1..]))
            .unwrap_or_default(),
        sex: one(Sex).into_iter().collect(),
        address: address(header),
        carry: find(header, Carry),
        ..Side::default()
    };
    // A reading alone names a person too, where a file has no other name.
    if side.name.is_empty() {
        side.name = side.kana.clone();
    }
    side
}

/// The whole address with its further lines and the building, or its parts from the prefecture on.
fn address(header: &Header) -> Vec<String> {
    let whole = find(header, Address);
    let mut columns = match whole.as_slice() {
        [] => [Prefecture, City, Town, Lot]
            .iter()
            .flat_map(|part| find(header, *part).into_iter().take(1))
            .collect(),
        _ => whole,
    };
    if !columns.is_empty() {
        columns.extend(find(header, Building).into_iter().take(1));
    }
    columns
}
