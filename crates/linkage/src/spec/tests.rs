//! Specs as clerks write them, right and wrong. Each mistake is told with its line.

use super::*;
use crate::source::Header;
use base::Lang;
use expect_test::{Expect, expect};

const LEAST: &str = r#"
[a]
name = "氏名"
birth = "生年月日"
sex = "性別"
[b]
name = ["姓", "名"]
birth = ["元号", "年", "月", "日"]
sex = ["性別"]
address = ["住所", "方書"]
"#;

fn wrong(text: &str, want: Expect) {
    let errors = match Spec::parse(text) {
        Ok(_) => "no error".to_owned(),
        Err(errors) => {
            errors.iter().map(|e| format!("{}: {} / {}\n", e.line, e.ja, e.en)).collect::<String>()
        }
    };
    want.assert_eq(&errors);
}

#[test]
fn the_least_spec_has_defaults() {
    let spec = Spec::parse(LEAST).unwrap();
    assert_eq!(spec.a.layout, Layout::Csv { separator: b',', header: true });
    assert_eq!(spec.a.encoding, Encoding::Auto);
    assert_eq!(spec.a.shared, Shared { kana: false, sex: true, address: false, strong: false });
    assert_eq!(spec.a.shared, spec.b.shared);
    assert_eq!(spec.b.heading(Attribute::Birth), "元号+年+月+日");
    assert_eq!(spec.output, Output { bom: true, newline: Newline::Crlf });
    assert_eq!(spec.output.newline.text(), "\r\n");
}

#[test]
fn a_whole_spec_is_read_and_written_back() {
    let text = r#"
[a]
format = "CSV"
encoding = "CP932"
separator = "\t"
header = false
key = 1
name = [2, "3"]
other_names = [[4], [5, 3]]
kana = 6
birth = 7
sex = 8
address = [9, 10]
strong = 11
carry = [12]
[b]
format = "fixed"
encoding = "utf-8"
name = "氏名"
birth = "生年月日"
sex = "性\"別"
address = "住所"
kana = "カナ"
strong = "番号"
[b.layout]
unit = "bytes"
record_length = 0x64
trimmed = true
fields = [
  { name = "氏名", start = 1, length = 30 },
  { name = "生年月日", start = 31, length = 8 },
  { name = "性\"別", start = 39, length = 1 },
  { name = "住所", start = 40, length = 40 },
  { name = "カナ", start = 80, length = 10 },
  { name = "番号", start = 90, length = 11 },
]
[output]
bom = false
newline = "lf"
"#;
    let spec = Spec::parse(text).unwrap();
    assert_eq!(spec.a.other_names, [vec!["4"], vec!["5", "3"]]);
    assert_eq!(spec.a.layout, Layout::Csv { separator: b'\t', header: false });
    let Layout::Fixed(fixed) = &spec.b.layout else { panic!("{:?}", spec.b.layout) };
    assert_eq!((fixed.record_length, fixed.trimmed, fixed.fields.len()), (Some(100), true, 6));
    assert_eq!(fixed.fields[5], Field { name: "番号".into(), start: 90, length: 11 });
    assert_eq!(spec.a.shared, Shared { kana: true, sex: true, address: true, strong: true });
    assert_eq!(Spec::parse(&spec.to_toml(Lang::Ja)), Ok(spec));
}

#[test]
fn unknown_words_are_refused_with_what_was_meant() {
    wrong(
        &LEAST
            .replace("sex = \"性別\"", "sex = \"性別\"\nadress = \"住所\"\nfoo = 1")
            .replace("[b]", "[outptu]\n[b]"),
        expect![[r#"
            8: 「outptu」という設定はありません。output の誤りですか / there is no setting outptu; did you mean output?
            6: 「adress」という設定はありません。address の誤りですか / there is no setting adress; did you mean address?
            7: 「foo」という設定はありません。使えるのは format・encoding・separator・header・layout・key・name・other_names・kana・birth・sex・address・strong・carry / there is no setting foo; known are format, encoding, separator, header, layout, key, name, other_names, kana, birth, sex, address, strong, carry
        "#]],
    );
}

#[test]
fn what_is_missing_is_told() {
    wrong(
        "",
        expect![[r#"
        0: [a] がありません / [a] is missing
        0: [b] がありません / [b] is missing
    "#]],
    );
    wrong(
        "[a]\nkana = \"カナ\"\n[b]\nname = \"氏名\"\nbirth = \"生年月日\"",
        expect![[r#"
        1: [a] に氏名（name）が必要です / [a] needs name
        1: [a] に生年月日（birth）が必要です / [a] needs birth
        1: [a] に性別（sex）か住所（address）が必要です。氏名と生年月日だけでは突合しません / [a] needs sex or address: name and birth date alone are not enough
        3: [b] に性別（sex）か住所（address）が必要です。氏名と生年月日だけでは突合しません / [b] needs sex or address: name and birth date alone are not enough
    "#]],
    );
    wrong(
        &LEAST.replace("sex = [\"性別\"]\n", ""),
        expect![[r#"
        0: 性別（sex）か住所（address）の少なくとも一方は、両方のファイルに必要です / sex or address has to be named for both files
    "#]],
    );
}

#[test]
fn wrong_values_are_told() {
    wrong(
        &LEAST.replace(
            "[b]",
            "format = \"excel\"\nseparator = \"|\"\nheader = \"no\"\ncarry = []\nkey = 1.5\nstrong = [\"\"]\nkana = [[\"カナ\"]]\n[b]",
        ),
        expect![[r#"
            6: format に書けるのは "csv"・"fixed" です / format is one of "csv", "fixed"
            7: separator に書けるのは ","・"\t"・";" です / separator is one of ",", "\t", ";"
            8: header は true か false でなければなりません / header is true or false
            12: 項目名（"氏名" など）か番号でなければなりません / this has to be a column's name or number
            11: 項目名（"氏名" など）か番号でなければなりません / this has to be a column's name or number
            9: 空の並びです。項目がなければこの行を消してください / an empty list; leave the line out if there is no such column
            10: 項目名（"氏名" など）か番号でなければなりません / this has to be a column's name or number
        "#]],
    );
    wrong(
        &LEAST.replace("[b]", "header = false\n[b]"),
        expect![[r#"
        3: 見出しのないファイル（header = false）では、項目を1からの番号で書きます / without a header columns are named by number, from 1
        4: 見出しのないファイル（header = false）では、項目を1からの番号で書きます / without a header columns are named by number, from 1
        5: 見出しのないファイル（header = false）では、項目を1からの番号で書きます / without a header columns are named by number, from 1
    "#]],
    );
    wrong(
        &LEAST.replace("\"日\"]", "\"日\", \"時\"]"),
        expect![[r#"
        6: [b] の birth は元号・年・月・日の4項目までです / birth of [b] has at most era, year, month and day
    "#]],
    );
    wrong(
        "[a\nb = 1",
        expect![[r#"
        1: TOMLとして読めません（引用符やかっこの閉じ忘れなど） / not TOML: unclosed table, expected `]`
    "#]],
    );
    wrong(
        "a = 1\nb = []",
        expect![[r#"
        1: ここは [ ] で始まる表でなければなりません / this has to be a table
        2: ここは [ ] で始まる表でなければなりません / this has to be a table
    "#]],
    );
}

#[test]
fn layouts_are_checked() {
    let with = |layout: &str| LEAST.replace("[b]", &format!("format = \"fixed\"\n{layout}\n[b]"));
    wrong(
        &with(""),
        expect![[r#"
        2: 固定長（format = "fixed"）には layout が必要です / format = "fixed" needs a layout
    "#]],
    );
    wrong(
        &with("header = true\nlayout = { unit = \"chars\", record_length = 9, fields = [] }"),
        expect![[r#"
        7: header は format = "fixed" では使えません / header does not go with format = "fixed"
        8: record_length は unit = "bytes" のときだけ使えます / record_length needs unit = "bytes"
        8: layout には fields（name・start・length の並び）が必要です / a layout needs fields, each with name, start and length
    "#]],
    );
    wrong(
        &with(
            "layout.record_length = 10\n[[a.layout.fields]]\nname = \"氏名\"\nstart = 0\nlength = 3\n\
             [[a.layout.fields]]\nname = \"生年月日\"\nstart = 9\nlength = 3\n\
             [[a.layout.fields]]\nname = \"生年月日\"\nstart = 1\nlength = 3",
        ),
        expect![[r#"
            10: 1から1048576までの数でなければなりません / this has to be a number from 1 to 1048576
            8: 項目には name・start・length（1以上）が必要です / a field needs name, start and length, from 1
            12: 「生年月日」がレコードの長さを超えています / 生年月日 goes beyond the record
            16: 「生年月日」という項目が2つあります / there are two fields 生年月日
            3: 「氏名」はレイアウトの fields にありません / 氏名 is no field of the layout
            5: 「性別」はレイアウトの fields にありません / 性別 is no field of the layout
        "#]],
    );
    wrong(
        &LEAST.replace("[b]", "layout = \"x.toml\"\n[b]"),
        expect![[r#"
        6: layout は format = "csv" では使えません / layout does not go with format = "csv"
    "#]],
    );
}

#[test]
fn layout_files_stand_beside_the_spec() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spec.toml");
    let text = LEAST.replace("[b]", "format = \"fixed\"\nlayout = \"layout.toml\"\n[b]");
    std::fs::write(&path, &text).unwrap();
    let errors = Spec::load(&path).unwrap_err();
    assert_eq!((errors.len(), errors[0].line), (1, 7));
    let fields: String = ["氏名", "生年月日", "性別"]
        .iter()
        .zip([1, 21, 29])
        .map(|(name, start)| format!("[[fields]]\nname = \"{name}\"\nstart = {start}\nlength = 1\n"))
        .collect();
    std::fs::write(folder.path().join("layout.toml"), format!("unit = \"chars\"\n{fields}")).unwrap();
    let spec = Spec::load(&path).unwrap();
    let Layout::Fixed(fixed) = &spec.a.layout else { panic!("{:?}", spec.a.layout) };
    assert_eq!((fixed.unit, fixed.fields.len()), (Unit::Chars, 3));
    std::fs::write(folder.path().join("layout.toml"), format!("unit = \"chars\"\n{fields}size = 1\n"))
        .unwrap();
    let errors = Spec::load(&path).unwrap_err();
    assert_eq!((errors[0].file.as_deref(), errors[0].line), (Some("layout.toml"), 14));
    assert!(errors[0].to_string().starts_with("layout.toml: 14行目 (line 14): 「size」"), "{}", errors[0]);
}

fn header(names: &[&str]) -> Header {
    Header {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        separator: b',',
        encoding: Encoding::Utf8,
    }
}

#[test]
fn usual_headings_make_a_spec() {
    let a = header(&[
        "宛名番号",
        "漢字氏名",
        "カナ　氏名",
        "通称名",
        "旧氏",
        "生年月日",
        "性別",
        "郵便番号",
        "住所",
        "方書",
        "被保険者番号",
        "備考",
        "続柄 \"1\"",
        "",
        "個人番号",
    ]);
    let b = header(&[
        "No.",
        "姓",
        "名",
        "セイ",
        "メイ",
        "旧姓",
        "元号",
        "年",
        "月",
        "日",
        "Sex",
        "都道府県",
        "市区町村",
        "町名",
        "番地",
        "建物名",
        "被保番",
    ]);
    let spec = Spec::suggest(&a, &b).unwrap();
    expect![[r##"
        # 突合の設定。項目名はファイルの見出しのとおりに書きます。複数の列は ["姓", "名"] のように並べます。

        [a]  # ファイルA（相手を探す側）
        # 使っていない見出し："備考", "続柄 \"1\""
        # 個人番号（マイナンバー）の列があります。突合には使いません。この列をファイルから消してください。
        encoding = "auto"  # auto・utf-8・cp932
        format = "csv"
        separator = ","
        header = true
        key = "宛名番号"  # 行を示す番号（結果に出力）
        name = ["漢字氏名"]  # 氏名
        kana = ["カナ　氏名"]  # カナ氏名
        birth = ["生年月日"]  # 生年月日
        sex = ["性別"]  # 性別
        address = ["住所", "方書"]  # 住所・方書
        carry = ["郵便番号"]  # 結果にそのまま写す項目
        # 次の行は、両方の機関が同じ人に同じ番号を付けているときだけ、[a] と [b] の両方で先頭の # を消します。番号が違えば別人とみなすので、
        # それぞれが振った番号なら1組も結び付かなくなります。
        # strong = ["被保険者番号"]
        other_names = [["通称名"], ["旧氏"]]  # 通称・旧氏など

        [b]  # ファイルB（探される側）
        # 使っていない見出し："No."
        encoding = "auto"  # auto・utf-8・cp932
        format = "csv"
        separator = ","
        header = true
        key = "被保番"  # 行を示す番号（結果に出力）
        name = ["姓", "名"]  # 氏名
        kana = ["セイ", "メイ"]  # カナ氏名
        birth = ["元号", "年", "月", "日"]  # 生年月日
        sex = ["Sex"]  # 性別
        address = ["都道府県", "市区町村", "町名", "番地", "建物名"]  # 住所・方書
        # 次の行は、両方の機関が同じ人に同じ番号を付けているときだけ、[a] と [b] の両方で先頭の # を消します。番号が違えば別人とみなすので、
        # それぞれが振った番号なら1組も結び付かなくなります。
        # strong = ["被保番"]
        other_names = [["旧姓", "名"]]  # 通称・旧氏など

        [output]
        bom = true  # 表計算ソフトで開くなら true
        newline = "crlf"
    "##]]
    .assert_eq(&spec.proposal(&a, &b, Lang::Ja));
    for lang in [Lang::Ja, Lang::En] {
        assert_eq!(Spec::parse(&spec.to_toml(lang)).as_ref(), Ok(&spec));
        let proposal = spec.proposal(&a, &b, lang);
        assert_eq!(Spec::parse(&proposal).as_ref(), Ok(&spec));
        // With the signs taken off it is what the comment says.
        let strong = Spec::parse(&proposal.replace("# strong", "strong")).unwrap();
        assert_eq!(
            (&*strong.a.strong, &*strong.b.strong),
            (&["被保険者番号".into()][..], &["被保番".into()][..])
        );
    }
}

#[test]
fn headings_of_different_numbers_are_no_strong_identifier() {
    let a = header(&["id", "name", "date_of_birth", "gender", "宛名番号"]);
    let b = header(&["id", "name", "birth date", "sex", "被保険者番号"]);
    let spec = Spec::suggest(&a, &b).unwrap();
    assert!(!spec.a.shared.strong && spec.a.strong.is_empty() && spec.b.strong.is_empty());
    assert_eq!(spec.a.heading(Attribute::Birth), "date_of_birth");
}

#[test]
fn a_column_of_my_numbers_is_to_be_removed_and_never_named() {
    for (heading, want) in [
        ("個人番号", true),
        ("マイナンバー", true),
        ("ﾏｲﾅﾝﾊﾞｰ", true),
        ("本人 個人番号", true),
        ("My Number", true),
        ("個人コード", false),
        ("整理番号", false),
    ] {
        let [a, b] = [header(&["氏名", "生年月日", "性別", heading]), header(&["氏名", "生年月日", "性別"])];
        let texts = [
            Spec::suggest(&a, &b).unwrap().proposal(&a, &b, Lang::Ja),
            Spec::draft(&a, &header(&["おなまえ", "生年月日", "性別"]), Lang::Ja),
        ];
        for text in texts {
            let about = text.lines().filter(|line| line.contains("消してください")).count();
            assert_eq!(about == 1, want, "{text}");
            assert_eq!(text.contains(&format!("\"{heading}\"")), !want, "{text}");
        }
    }
}

#[test]
fn what_may_be_a_person_is_not_listed_as_unused() {
    // Two headings are enough for a proposal, and so are two of anything.
    let a = header(&["name", "birth", "sex"]);
    let b = header(&["氏名", "誕生日", "山田　太郎", "19481103", "性"]);
    let proposal = Spec::suggest(&a, &b).unwrap().proposal(&a, &b, Lang::Ja);
    assert!(!proposal.contains("山田"), "{proposal}");
}

#[test]
fn quotes_of_word_processors_are_told() {
    let wide = LEAST.replace("name = \"氏名\"", "name = “氏名”");
    wrong(
        &wide,
        expect![[r#"
        3: TOMLとして読めません。全角の引用符 “ ” は使えません。半角の " で囲んでください / not TOML: string values must be quoted, expected literal string; write " and not “ ”
    "#]],
    );
    wrong(
        &LEAST.replace("name = \"氏名\"", "name = \"氏名 # “"),
        expect![[r#"
        3: TOMLとして読めません。全角の引用符 “ ” は使えません。半角の " で囲んでください / not TOML: invalid basic string, expected `"`; write " and not “ ”
    "#]],
    );
}

#[test]
fn headings_that_tell_nothing_are_told() {
    let a = header(&["x", "y"]);
    let b = header(&["氏名", "氏名", "生年月日", "性別"]);
    let errors: Vec<String> =
        Spec::suggest(&a, &b).unwrap_err().iter().map(|error| error.en.clone()).collect();
    assert_eq!(
        errors,
        [
            "file A has no heading for the name; name the column in a spec",
            "file A has no heading for the birth date; name the column in a spec",
            "file B has no heading for the name; name the column in a spec",
        ]
    );
}

#[test]
fn a_draft_shows_headings_to_choose_from_and_no_person() {
    let unusual = header(&["患者番号", "おなまえ", "うまれ \"1\"", "性別"]);
    let headless = header(&["00012345", "山田　太郎", "昭和23年11月3日", "男", "宇治市本町2-1-5"]);
    let draft = Spec::draft(&unusual, &headless, Lang::Ja);
    expect![[r##"
        # 突合の設定の下書き。空の [ ] に、見出しの中から項目名を写してください。使わない項目の行は消します。

        [a]  # ファイルA（相手を探す側）
        # このファイルの見出し：
        #   "患者番号"
        #   "おなまえ"
        #   "うまれ \"1\""
        #   "性別"
        encoding = "auto"  # auto・utf-8・cp932
        format = "csv"
        separator = ","
        header = true
        # key = ""  # 行を示す番号（結果に出力）
        name = []  # 氏名
        kana = []  # カナ氏名
        birth = []  # 生年月日
        sex = ["性別"]  # 性別
        address = []  # 住所・方書

        [b]  # ファイルB（探される側）
        # 1行目が見出しかどうか分からないので、中身は示しません。見出しなら header = true とし、項目名を写します。
        # 見出しがなければ、列を "1" から "5" の番号で書きます。
        encoding = "auto"  # auto・utf-8・cp932
        format = "csv"
        separator = ","
        header = false
        # key = ""  # 行を示す番号（結果に出力）
        name = []  # 氏名
        kana = []  # カナ氏名
        birth = []  # 生年月日
        sex = []  # 性別
        address = []  # 住所・方書

        [output]
        bom = true  # 表計算ソフトで開くなら true
        newline = "crlf"
    "##]].assert_eq(&draft);
    let english = Spec::draft(&unusual, &headless, Lang::En);
    for text in [&draft, &english] {
        // It reads but for what is to be filled in.
        let errors = Spec::parse(text).unwrap_err();
        assert!(errors.iter().all(|error| error.line > 0), "{errors:?}");
        assert!(!text.contains("山田") && text.contains("おなまえ"), "{text}");
    }
    assert!(
        english.contains("# headings of this file:\n") && english.contains("\"1\" to \"5\""),
        "{english}"
    );
}

#[test]
fn a_first_row_is_a_header_or_may_be_a_person() {
    for (cells, want) in [
        (&["患者氏名", "患者カナ", "誕生の日", "性別"][..], true),
        (&["なまえ", "たんじょうび", "住所1"], true),
        // Years as headings: three known words are enough.
        (&["氏名", "生年月日", "住所", "20261001"], true),
        (&["Patient", "Born", "Gender"], true),
        (&["a", "b"], false),
        (&["山田　太郎", "ヤマダ", "19481103", "男"], false),
        // Without a date it may still be a person; short words are anybody's.
        (&["山田　太郎", "", "", "日", "no"], false),
        (&["氏名", "19481103"], false),
        (&["住所", "611-0021", "12345678"], false),
        (&["住所", "女"], false),
        (&[], false),
    ] {
        assert_eq!(suggest::is_header(&header(cells)), want, "{cells:?}");
    }
}

#[test]
fn strings_are_written_as_they_read() {
    for words in ["氏名", "a\"b\\c", "氏\n名", "a\tb", "a\u{1}\u{85}\u{2028}b", "it's"] {
        let mut spec = Spec::parse(LEAST).unwrap();
        spec.a.name = vec![words.to_owned()];
        let text = spec.to_toml(Lang::Ja);
        assert_eq!(Spec::parse(&text).map(|spec| spec.a.name), Ok(vec![words.to_owned()]), "{text}");
    }
}
