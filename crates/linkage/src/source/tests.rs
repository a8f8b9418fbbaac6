//! Small files as offices write them, and as nobody should: rows and problems that come of them.
//! All people are invented.

use super::*;
use crate::{
    form::{Form, Texts, tests::held},
    problem::Problems,
    spec::{Attribute, Field, Fixed, Shared, Spec, Unit},
};
use encoding_rs::SHIFT_JIS;
use expect_test::{Expect, expect};
use memmap2::MmapMut;
use proptest::prelude::*;
use std::{borrow::Borrow, fmt::Write};

const FROM_AUTO: Encoding = Encoding::Auto;

fn mapped(bytes: &[u8]) -> Mmap {
    // A map of no bytes is refused; `map` tells an empty file before it comes to that.
    let mut map = MmapMut::map_anon(bytes.len().max(1)).unwrap();
    map[..bytes.len()].copy_from_slice(bytes);
    if bytes.is_empty() {
        map[0] = b'\n';
    }
    map.make_read_only().unwrap()
}

fn side(encoding: Encoding) -> Side {
    let column = |name: &str| vec![name.to_owned()];
    Side { encoding, name: column("n"), birth: column("b"), sex: column("s"), ..Side::default() }
}

fn open(bytes: &[u8], side: &Side) -> Result<Source, Vec<Problem>> {
    Source::over(mapped(bytes), 'A', side).map_err(Closed::unwrap)
}

/// Without a look at what the columns hold, for files of nonsense.
fn cut(bytes: &[u8], side: &Side) -> Result<Source, Vec<Problem>> {
    Source::cut(mapped(bytes), 'A', side).map_err(Closed::unwrap)
}

/// Every row with its line, its offset and its fields; every problem with its line.
fn told(source: &Source) -> String {
    let mut out = String::new();
    let (mut row, mut problems, mut found) = (source.row(), Vec::new(), Vec::new());
    let mut rows = source.rows(0..u64::MAX);
    while let Some(usable) = rows.next(&mut row, &mut problems) {
        let fields: Vec<String> = (0..row.cells.len())
            .map(|field| source.charset.lossy(&row.field_of(field)).into_owned())
            .collect();
        let mut texts = Texts::default();
        let usable = usable && row.texts(&mut texts, &mut problems);
        // A full-width blank is to be seen as one.
        let fields =
            if usable { format!("{fields:?}").replace("\\u{3000}", "\u{3000}") } else { "-".to_owned() };
        writeln!(out, "{}@{} {fields}", source.first_line() + row.line, row.offset).unwrap();
        found.append(&mut problems);
    }
    writeln!(out, "{} lines", source.first_line() + rows.lines() - 1).unwrap();
    let mut all = Problems::default();
    all.take(&mut found, source.first_line() - 1);
    for problem in &all.listed {
        writeln!(out, "{} {}:{:?} {:?}", problem.code.code(), problem.line, problem.column, problem.code)
            .unwrap();
    }
    out
}

fn check(bytes: impl AsRef<[u8]>, want: impl Borrow<Expect>) {
    check_side(bytes, &side(FROM_AUTO), want);
}

fn check_side(bytes: impl AsRef<[u8]>, side: &Side, want: impl Borrow<Expect>) {
    let told = match open(bytes.as_ref(), side) {
        Ok(source) => told(&source),
        Err(problems) => problems
            .iter()
            .map(|p| format!("{} {}:{:?} {:?}\n", p.code.code(), p.line, p.column, p.code))
            .collect(),
    };
    want.borrow().assert_eq(&told);
}

fn sjis(text: &str) -> Vec<u8> {
    let (bytes, _, lost) = SHIFT_JIS.encode(text);
    assert!(!lost, "{text}");
    bytes.into_owned()
}

#[test]
fn line_ends_of_every_kind() {
    for end in ["\n", "\r\n", "\r"] {
        for last in ["", end] {
            let text = format!("n,b,s{end}1,2,3{end}{end}4,5,6{last}");
            let source = open(text.as_bytes(), &side(FROM_AUTO)).unwrap();
            let told = told(&source);
            let lines = if last.is_empty() { 3 } else { 4 };
            let at = 5 + end.len();
            let want = format!(
                "2@{at} [\"1\", \"2\", \"3\"]\n4@{} [\"4\", \"5\", \"6\"]\n{lines} lines\n",
                at + 5 + 2 * end.len()
            );
            assert_eq!(told, want, "{end:?} {last:?}");
        }
    }
    check(
        "\n\nn,b,s\n\n\n1,2,3\r\r\n4,5,6\u{1a}\u{1a}",
        expect![[r#"
        6@10 ["1", "2", "3"]
        8@18 ["4", "5", "6"]
        7 lines
    "#]],
    );
}

#[test]
fn quotes_of_every_kind() {
    check(
        concat!(
            "\"n\",b,\"s\"\r\n",
            "\"1\",\"2,2\",3\r\n",
            "\"a\r\nb\nc\rd\",\"say \"\"no\"\"\",\"\"\r\n",
            "\"\"\"\",\"\"\"\"\"\",x\r\n",
            "a\"b,c\"\"d,\"e\"",
        ),
        expect![[r#"
            2@11 ["1", "2,2", "3"]
            3@24 ["a\r\nb\nc\rd", "say \"no\"", ""]
            7@52 ["\"", "\"\"", "x"]
            8@67 ["a\"b", "c\"\"d", "e"]
            7 lines
        "#]],
    );
}

#[test]
fn a_broken_quote_costs_one_row() {
    check(
        "n,b,s\n\"a\"x,2,3\n4,\"5\" ,6\n\"7\"\"8\"9,\"\"x\",7\n1,2,3\n",
        expect![[r#"
        2@6 -
        3@15 -
        4@24 -
        5@39 ["1", "2", "3"]
        5 lines
        P203 2:Some("n") TextAfterQuote
        P203 3:Some("b") TextAfterQuote
        P203 4:Some("n") TextAfterQuote
    "#]],
    );
    check(
        "n,b,s\n1,\"2\n,3\n\",4\n5,6,\"7\n8,9,10\n",
        expect![[r#"
        2@6 ["1", "2\n,3\n", "4"]
        5@18 -
        6@25 ["8", "9", "10"]
        6 lines
        P202 5:Some("s") UnclosedQuote
    "#]],
    );
    check(
        "n,b,s\n5,6,\"",
        expect![[r#"
        2@6 -
        1 lines
        P202 2:Some("s") UnclosedQuote
    "#]],
    );
}

#[test]
fn a_row_of_wrong_shape_is_told_and_moves_nothing() {
    check(
        "n,b,s\n1,2\n1,2,3,4\n\"1\",2\n\n\"1\",2,3,\n,,\n1,2",
        expect![[r#"
        2@6 -
        3@10 -
        4@18 -
        6@25 -
        7@34 ["", "", ""]
        8@37 -
        7 lines
        P201 2:None WrongFieldCount
        P201 3:None WrongFieldCount
        P201 4:None WrongFieldCount
        P201 6:None WrongFieldCount
        P207 8:None TruncatedLastRow
    "#]],
    );
    check(
        "n,b,s\n1,\"2\"",
        expect![[r#"
        2@6 -
        1 lines
        P207 2:None TruncatedLastRow
    "#]],
    );
    check(
        b"n,b,s\n1,\x00,3\n4,5,6\n\0\0\0,,",
        expect![[r#"
        2@6 -
        3@12 ["4", "5", "6"]
        4@18 -
        3 lines
        P204 2:None Nul
        P204 4:None Nul
    "#]],
    );
}

#[test]
fn a_row_beyond_all_measure_is_told() {
    let long = "x".repeat(3 << 20);
    for row in [format!("{long},2,3"), format!("1,\"2\",{long}"), format!("1,{}3", "\"2\",".repeat(1 << 19))]
    {
        let text = format!("n,b,s\n1,2,3\n{row}\n4,5,6\n");
        let source = open(text.as_bytes(), &side(FROM_AUTO)).unwrap();
        let want = format!(
            "2@6 [\"1\", \"2\", \"3\"]\n3@12 -\n4@{} [\"4\", \"5\", \"6\"]\n4 lines\nP206 3:None RowTooLong\n",
            13 + row.len()
        );
        assert_eq!(told(&source), want);
        // Nothing of such a row is kept in memory.
        let (mut line, mut problems) = (source.row(), Vec::new());
        let mut rows = source.rows(0..u64::MAX);
        while rows.next(&mut line, &mut problems).is_some() {}
        assert!(line.cells.capacity() < 100);
    }
    // A quoted value of such a length is a quote that was never closed: its first line is given up.
    let text = format!("n,b,s\n1,\"2\n{long}\n4,5,6\n\",8,9\n");
    check(
        &text,
        expect![[r#"
        2@6 -
        3@11 -
        4@3145740 ["4", "5", "6"]
        5@3145746 -
        5 lines
        P202 2:Some("b") UnclosedQuote
        P202 5:Some("n") UnclosedQuote
        P206 3:None RowTooLong
    "#]],
    );
}

#[test]
fn files_with_nothing_in_them() {
    let empty = expect![[r#"
        P101 0:None Empty
    "#]];
    for bytes in ["", "\n\r\n", "\u{feff}", "\u{1a}", "\u{feff}\r\n\u{1a}"] {
        check(bytes, &empty);
    }
    for bytes in ["n,b,s", "n,b,s\r\n\r\n", "\u{feff}\"n\",b,s\n\u{1a}"] {
        check(
            bytes,
            expect![[r#"
            P102 0:None HeaderOnly
        "#]],
        );
    }
}

#[test]
fn a_header_that_cannot_be_read_stops_the_run() {
    for (bytes, want) in [
        ("\nn,b,\"s\n1,2,3\n".to_owned(), (2, ProblemCode::UnclosedQuote)),
        ("\"n\"x,b,s\n1,2,3\n".to_owned(), (1, ProblemCode::TextAfterQuote)),
        ("n,b,s,\0\n1,2,3\n".to_owned(), (1, ProblemCode::Nul)),
        ("n".repeat(2 << 20), (1, ProblemCode::RowTooLong)),
    ] {
        let problems = open(bytes.as_bytes(), &side(FROM_AUTO)).unwrap_err();
        assert_eq!((problems[0].line, problems[0].code), want);
    }
}

#[test]
fn columns_are_found_by_heading() {
    let mut side = side(FROM_AUTO);
    side.name = vec!["氏名（カナ）".into()];
    side.carry = vec!["n".into(), "n".into()];
    check_side(
        "s , 氏名(カナ) ,x,b,n\n1,2,3,4,5\n",
        &side,
        expect![[r#"
        2@26 ["1", "2", "3", "4", "5"]
        2 lines
    "#]],
    );
    check_side(
        "s,s,氏名,住所,山田太郎\n1,2,3,4,5\n",
        &side,
        expect![[r#"
            P103 0:Some("氏名（カナ）・b・n") NoColumn
            P105 0:Some("s") ColumnTwice
            P104 0:Some("氏名・住所") HeaderHas
        "#]],
    );
}

#[test]
fn columns_are_found_by_number() {
    let text = "[a]\nheader = false\nname = 2\nbirth = 1\nsex = 3\n[b]\nname = 1\nheader = false\nbirth = 2\nsex = 4";
    let spec = Spec::parse(text).unwrap();
    check_side(
        "1,2,3\n4,5\n6,7,8",
        &spec.a,
        expect![[r#"
        1@0 ["1", "2", "3"]
        2@6 -
        3@10 ["6", "7", "8"]
        2 lines
        P201 2:None WrongFieldCount
    "#]],
    );
    check_side(
        "1,2,3\n4,5\n6,7,8",
        &spec.b,
        expect![[r#"
        P103 0:Some("4") NoColumn
    "#]],
    );
}

#[test]
fn cp932_is_seen_and_read() {
    // The second bytes of 表, ソ and 能 are a backslash; 髙 is a character of IBM; ① and － are Microsoft's.
    let text = "n,b,s\r\n表ソ能,①－髙,ｶﾅ\r\n\"彌\"\"永\",2,3\r\n";
    let bytes = sjis(text);
    assert!([&[0x95, 0x5c][..], &[0xfb, 0xfc]].iter().all(|c| bytes.windows(2).any(|w| w == *c)));
    for encoding in [Encoding::Auto, Encoding::Cp932] {
        check_side(
            &bytes,
            &side(encoding),
            expect![[r#"
            2@7 ["表ソ能", "①－髙", "ｶﾅ"]
            3@25 ["彌\"永", "2", "3"]
            3 lines
        "#]],
        );
    }
    check_side(
        &bytes,
        &side(Encoding::Utf8),
        expect![[r#"
        P108 0:None OtherEncoding
    "#]],
    );
}

#[test]
fn utf8_is_seen_and_read() {
    let text = "n,b,s\n髙橋\u{e0100},𠮷,ー\n";
    let want = expect![[r#"
        2@6 ["髙橋\u{e0100}", "𠮷", "ー"]
        2 lines
    "#]];
    check(text, &want);
    check_side(text, &side(Encoding::Utf8), want);
    check(
        format!("\u{feff}{text}"),
        expect![[r#"
        2@9 ["髙橋\u{e0100}", "𠮷", "ー"]
        2 lines
    "#]],
    );
    let other = expect![[r#"
        P108 0:None OtherEncoding
    "#]];
    check_side(format!("\u{feff}{text}"), &side(Encoding::Cp932), &other);
    check_side("n,b,s\n高橋太郎,昭和,男\n", &side(Encoding::Cp932), other);
}

#[test]
fn a_spreadsheets_own_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    for begin in [&b"PK\x03\x04\x14\0\x06\0"[..], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"] {
        let bytes = [begin, &[0; 4096]].concat();
        check(
            &bytes,
            expect![[r#"
            P111 0:None Workbook
        "#]],
        );
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(super::header(&path, 'A').unwrap_err().unwrap()[0].code, ProblemCode::Workbook);
    }
}

#[test]
fn a_file_of_which_no_heading_fits_is_one_problem() {
    for text in ["n;b;s\n1;2;3\n", "令和8年度の名簿,,\nn,b,s\n1,2,3\n", "山田　太郎,19481103,男\n"]
    {
        check(
            text,
            expect![[r#"
            P110 0:Some("n・b・s") NoHeadingFits
        "#]],
        );
    }
}

#[test]
fn utf16_is_refused() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for text in ["\u{feff}n,b,s\n1,2,3\n", "n,b,s\n1,2,3\n", "氏名,生年月日,性別\n高橋太郎,1950-01-01,1\n"]
    {
        check(
            utf16(text),
            expect![[r#"
            P106 0:None Utf16
        "#]],
        );
    }
}

#[test]
fn mixed_encodings_are_told_by_row() {
    let (utf8, cp932) = ("佐藤花子,昭和,女\n", sjis("鈴木一郎,昭和,男\n"));
    let file = |parts: &[&[u8]]| parts.concat();
    check(
        file(&[b"n,b,s\n", utf8.as_bytes(), utf8.as_bytes(), &cp932, b"4,5,6\n"]),
        expect![[r#"
        2@6 ["佐藤花子", "昭和", "女"]
        3@30 ["佐藤花子", "昭和", "女"]
        4@54 -
        5@71 ["4", "5", "6"]
        5 lines
        P205 4:Some("n") BadEncoding
    "#]],
    );
    check(
        file(&[b"n,b,s\n", &cp932, &cp932, utf8.as_bytes(), b"4,5,6\n1,\x81,3\n"]),
        expect![[r#"
        2@6 ["鈴木一郎", "昭和", "男"]
        3@23 ["鈴木一郎", "昭和", "男"]
        4@40 -
        5@64 ["4", "5", "6"]
        6@70 -
        6 lines
        P205 4:None BadEncoding
        P205 6:Some("b") BadEncoding
    "#]],
    );
}

#[test]
fn the_encoding_is_seen_behind_a_million_ascii_rows() {
    let mut bytes = b"n,b,s\n".to_vec();
    for _ in 0..400_000 {
        bytes.extend(b"1,2,3\n");
    }
    bytes.extend(sjis("鈴木,昭和,男\n"));
    let source = cut(&bytes, &side(FROM_AUTO)).unwrap();
    assert_eq!(source.charset, Charset::Cp932);
}

fn fixed(unit: Unit, record_length: Option<u32>, trimmed: bool) -> Side {
    let fields = [("n", 1, 10), ("b", 11, 8), ("s", 19, 1)].map(|(name, start, length)| Field {
        name: name.into(),
        start,
        length,
    });
    Side {
        layout: Layout::Fixed(Fixed { unit, record_length, trimmed, fields: fields.into() }),
        ..side(FROM_AUTO)
    }
}

#[test]
fn fixed_width_in_bytes() {
    let text =
        "高橋　太郎19500101 \r\n表　ソ　　195001012\r\n 髙 @  ﾀﾛｳ19500101　\r\n短い\r\n\r\n１２３　　195001";
    check_side(
        sjis(text),
        &fixed(Unit::Bytes, None, false),
        expect![[r#"
        1@0 ["高橋　太郎", "19500101", ""]
        2@21 ["表　ソ", "19500101", "2"]
        3@42 -
        4@64 -
        6@72 -
        5 lines
        P201 4:None WrongFieldCount
        P205 3:Some("s") BadEncoding
        P207 6:None TruncatedLastRow
    "#]],
    );
    check_side(
        sjis("高橋\r\n高橋　太郎195001011\r\n　　　　\r\n"),
        &fixed(Unit::Bytes, None, true),
        expect![[r#"
        1@0 ["高橋", "", ""]
        2@6 ["高橋　太郎", "19500101", "1"]
        3@27 ["", "", ""]
        3 lines
    "#]],
    );
}

#[test]
fn fixed_width_in_characters() {
    let text = "高橋　太郎　　　　　195001011\n表ソ        195001012余り\nＡ　　　　　　　　　19500101\n";
    for bytes in [text.as_bytes().to_vec(), sjis(text)] {
        let source = open(&bytes, &fixed(Unit::Chars, None, false)).unwrap();
        let told = told(&source);
        assert!(told.starts_with("1@0 [\"高橋　太郎\", \"19500101\", \"1\"]\n"), "{told}");
        assert!(told.contains("[\"表ソ\", \"19500101\", \"2\"]"), "{told}");
        assert!(told.ends_with("3 lines\nP201 3:None WrongFieldCount\n"), "{told}");
        let trimmed = open(&bytes, &fixed(Unit::Chars, None, true)).unwrap();
        assert!(self::told(&trimmed).contains("[\"Ａ\", \"19500101\", \"\"]"));
    }
}

#[test]
fn fixed_width_without_line_ends() {
    let rows = ["ﾀﾅｶ       195001011 ", "ﾅｶﾀ       195001012 ", "ﾅｶﾀ       19500101"];
    check_side(
        sjis(&rows.concat()),
        &fixed(Unit::Bytes, Some(20), false),
        expect![[r#"
        1@0 ["ﾀﾅｶ", "19500101", "1"]
        2@20 ["ﾅｶﾀ", "19500101", "2"]
        3@40 -
        3 lines
        P207 3:None TruncatedLastRow
    "#]],
    );
    // The length is wrong by one: the line ends wander into the fields.
    check_side(
        "0123456789195001011\r\n".repeat(3),
        &fixed(Unit::Bytes, Some(20), false),
        expect![[r#"
        1@0 ["0123456789", "19500101", "1"]
        2@20 -
        3@40 -
        4@60 -
        4 lines
        P201 2:None WrongFieldCount
        P201 3:None WrongFieldCount
        P207 4:None TruncatedLastRow
    "#]],
    );
}

#[test]
fn columns_that_look_swapped_stop_the_run() {
    let mut side = side(FROM_AUTO);
    side.kana = vec!["k".into()];
    side.address = vec!["a".into()];
    let file = |row: &str| format!("n,k,b,s,a\n{}", format!("{row}\n").repeat(6));
    let good = "高橋　太郎,ﾀｶﾊｼ ﾀﾛｳ,昭和25年1月1日,男,東京都千代田区丸の内2-1";
    let source = open(file(good).as_bytes(), &side).unwrap();
    assert!(source.noted().is_empty());
    for (row, want) in [
        // Nothing of these is usual, and nothing of it is a mistake of columns.
        ("ｼﾞﾖﾝ ｽﾐｽ,JOHN SMITH,不詳,,2-1", vec![]),
        ("JOHN SMITH,,44197,9,", vec![]),
        ("1950-01-01,ﾀｶﾊｼ ﾀﾛｳ,高橋　太郎,男,東京都千代田区丸の内2-1", vec!["n", "b"]),
        ("ﾀｶﾊｼ ﾀﾛｳ,高橋　太郎,1950/1/1,1,東京都千代田区丸の内2-1", vec!["n", "k"]),
        ("高橋　太郎,ﾀｶﾊｼ ﾀﾛｳ,1,昭和25年1月1日,東京都千代田区丸の内2-1", vec!["b", "s"]),
        ("高橋　太郎,ﾀｶﾊｼ ﾀﾛｳ,1950/1/1,東京都千代田区丸の内2-1,1", vec!["s", "a"]),
        ("東京都千代田区丸の内2-1,ﾀｶﾊｼ ﾀﾛｳ,1950/1/1,1,高橋　太郎", vec!["n"]),
    ] {
        let found = match open(file(row).as_bytes(), &side) {
            Ok(_) => Vec::new(),
            Err(problems) => problems
                .into_iter()
                .map(|problem| {
                    assert_eq!(problem.code, ProblemCode::ColumnsSwapped);
                    problem.column.unwrap()
                })
                .collect(),
        };
        assert_eq!(found, want, "{row}");
    }
}

#[test]
fn lost_zeros_are_noted() {
    let mut side = side(FROM_AUTO);
    side.key = Some("s".into());
    let rows: String = ["01234567", "234567", "11234567", "21234567", "31234567"]
        .iter()
        .map(|key| format!("高橋,1950-01-01,{key}\n"))
        .collect();
    side.sex = Vec::new();
    let source = open(format!("n,b,s\n{rows}").as_bytes(), &side).unwrap();
    assert_eq!(source.noted(), [Problem::file('A', Some("s"), ProblemCode::LostLeadingZeros)]);
}

#[test]
fn several_columns_are_joined() {
    let names = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let side = Side {
        key: Some("id".into()),
        name: names("sei mei"),
        other_names: vec![names("alias"), names("old mei")],
        kana: names("ks km"),
        birth: names("era y m d"),
        sex: names("s"),
        address: names("a1 a2"),
        strong: names("no"),
        carry: names("zip"),
        ..Side::default()
    };
    let header = "id,sei,mei,alias,old,ks,km,era,y,m,d,s,a1,a2,no,zip";
    for (row, want) in [
        (
            "7,高橋,太郎,,,ﾀｶﾊｼ,ﾀﾛｳ,昭和,25,1,2,1,丸の内1,,00123,100",
            "高橋　太郎 / ﾀｶﾊｼ　ﾀﾛｳ / 昭和25年1月2日 / 1 / 丸の内1 / 00123 / 7 / 100",
        ),
        (
            "8,高橋,,JOHN,佐藤,,ﾀﾛｳ,3,25,1,12,1,,\"A \"\"B\"\"\",1.23E+11,\"x\"\"y\"",
            "高橋+JOHN / ﾀﾛｳ / 3250112 / 1 / A \"B\" /  / 8 / x\"y",
        ),
        ("9,高橋,太郎,,佐藤,,,昭和,25年,,,,a,b,,", "高橋　太郎+佐藤　太郎 /  / 昭和25年 /  / a b /  / 9 / "),
        (",,,,,,,,,,,,,,,", " /  /  /  /  /  /  / "),
    ] {
        let source = open(format!("{header}\n{row}\n").as_bytes(), &side).unwrap();
        let (mut line, mut problems) = (source.row(), Vec::new());
        assert_eq!(source.rows(0..u64::MAX).next(&mut line, &mut problems), Some(true));
        // What another row left in the buffers does not shine through.
        let mut texts = Texts { names: names("x x x x"), kana: "x".into(), ..Texts::default() };
        assert!(line.texts(&mut texts, &mut problems));
        let written = texts.names.iter().filter(|name| !name.is_empty());
        let names = written.map(String::as_str).collect::<Vec<_>>().join("+");
        let found = [
            &names,
            &texts.kana,
            &texts.birth,
            &texts.sex,
            &texts.address,
            &texts.strong,
            &*line.key(),
            &*line.carried(0),
        ];
        assert_eq!(found.join(" / "), want);
        let codes: Vec<&str> = problems.iter().map(|problem| problem.code.code()).collect();
        assert_eq!(codes, if row.starts_with('8') { vec!["P307"] } else { vec![] });
        assert_eq!(line.carried(1), "");
        assert_eq!(line.written(Attribute::Name), texts.names[0].replace('\u{3000}', " "));
    }
}

#[test]
fn dates_in_three_columns_have_their_units() {
    let mut side = side(FROM_AUTO);
    side.birth = ["y", "m", "d"].map(str::to_owned).to_vec();
    for (row, want) in [
        ("a,1,1950,4,1", "1950年4月1日"),
        ("a,1,S25, 4 ,1日", "S25年4月1日"),
        ("a,1,1950,,", "1950年"),
        ("a,1,,,", ""),
    ] {
        let source = open(format!("n,s,y,m,d\n{row}\n").as_bytes(), &side).unwrap();
        let (mut line, mut texts) = (source.row(), Texts::default());
        source.at(10, &mut line);
        assert!(line.texts(&mut texts, &mut Vec::new()));
        assert_eq!(texts.birth, want);
    }
}

#[test]
fn raw_bytes_are_the_same_or_not() {
    let shared = Shared { kana: true, sex: true, address: true, strong: true };
    let column = |name: &str| vec![name.to_owned()];
    let side = Side {
        kana: column("k"),
        address: column("a"),
        strong: column("i"),
        other_names: vec![column("x")],
        shared,
        ..side(FROM_AUTO)
    };
    let hash = |header: &str, row: &str, side: &Side| {
        let source = open(format!("{header}\n{row}\n").as_bytes(), side).unwrap();
        let mut line = source.row();
        source.at(header.len() as u64 + 1, &mut line);
        line.raw_hash()
    };
    let first = hash("n,k,b,s,a,i,x", "氏,カ,1,2,住,9,", &side);
    assert!(first.present && first.hash != 0);
    // Order of columns, quotes and alternative names do not matter.
    assert_eq!(hash("x,i,a,s,b,k,n", "別,9,住,2,1,カ,\"氏\"", &side), first);
    assert_eq!(hash("n,k,b,s,a,i,x", "\"氏\",カ,\"1\",2,\"住\",9,", &side), first);
    // Nor does it how long they are.
    for length in [1, 70, 90, 1_000] {
        let home = "住".repeat(length);
        let long = hash("n,k,b,s,a,i,x", &format!("氏,カ,1,2,{home},9,"), &side);
        assert_eq!(hash("n,k,b,s,a,i,x", &format!("氏,カ,1,\"2\",{home},9,"), &side), long);
        assert_eq!(hash("a,n,k,b,s,i,x", &format!("{home},氏,カ,1,2,9,"), &side), long);
        assert_eq!(long == first, length == 1);
    }
    for row in ["氏,カ,12,,住,9,", "氏,カ,1,2,住,8,", "氏 ,カ,1,2,住,9,", "\"氏\"\"\",カ,1,2,住,9,"]
    {
        assert_ne!(hash("n,k,b,s,a,i,x", row, &side).hash, first.hash, "{row}");
    }
    for (row, present) in [
        ("氏,カ,1,2,住,,", true),
        ("氏,,1,2,住,9,", false),
        ("氏,カ,1,2,　 　,9,", false),
        (" ,カ,1,2,住,9,", false),
        ("氏,カ,,2,住,9,", false),
    ] {
        assert_eq!(hash("n,k,b,s,a,i,x", row, &side).present, present, "{row}");
    }
    // A kana column that only one file has is left out; without addresses on both sides no row is complete.
    let without = Side { shared: Shared { kana: false, ..shared }, ..side.clone() };
    let one = hash("n,k,b,s,a,i,x", "氏,カ,1,2,住,9,", &without);
    assert_eq!(one, hash("n,k,b,s,a,i,x", "氏,,1,2,住,9,", &without));
    assert!(one.present);
    let homeless = Side { shared: Shared { address: false, ..shared }, ..side };
    assert!(!hash("n,k,b,s,a,i,x", "氏,カ,1,2,住,9,", &homeless).present);
}

#[test]
fn files_that_cannot_be_opened_are_faults() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("none.csv")] {
        let fault = Source::open(&path, 'B', &side(FROM_AUTO)).unwrap_err().unwrap_err();
        assert!(fault.to_string().starts_with("file B "), "{fault}");
    }
    let path = folder.path().join("empty.csv");
    std::fs::write(&path, "").unwrap();
    let problems = Source::open(&path, 'B', &side(FROM_AUTO)).unwrap_err().unwrap();
    assert_eq!(problems, [Problem::file('B', None, ProblemCode::Empty)]);
    std::fs::write(&path, "n,b,s\n1,2,3").unwrap();
    let source = Source::open(&path, 'B', &side(FROM_AUTO)).unwrap();
    assert_eq!((source.bytes(), format!("{source:?}")), (&b"n,b,s\n1,2,3"[..], "Source(B)".to_owned()));
}

#[test]
fn headings_are_read_with_their_separator() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("header.csv");
    for (bytes, separator, encoding, names) in [
        ("\n氏名,\"生年,月日\"\n1,2\n".as_bytes().to_vec(), b',', Encoding::Utf8, vec!["氏名", "生年,月日"]),
        (sjis("氏名\t住所 \r\n"), b'\t', Encoding::Cp932, vec!["氏名", "住所"]),
        ("\u{feff}a;b;c".into(), b';', Encoding::Utf8, vec!["a", "b", "c"]),
        ("a".into(), b',', Encoding::Utf8, vec!["a"]),
        // A line before them names it, which may be another than they seem to have.
        ("\u{feff}sep=;\r\na,b,c;d\r\n".into(), b';', Encoding::Utf8, vec!["a,b,c", "d"]),
        (sjis("SEP=\t\n\n氏名\t住所\n"), b'\t', Encoding::Cp932, vec!["氏名", "住所"]),
        ("sep=|\na,b".into(), b',', Encoding::Utf8, vec!["a", "b"]),
        ("sep=,x\n".into(), b',', Encoding::Utf8, vec!["sep=", "x"]),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let header = super::header(&path, 'A').unwrap();
        assert_eq!((header.separator, header.encoding), (separator, encoding));
        assert_eq!(header.names, names);
    }
    for nothing in ["\n", "sep=,", "sep=;\n\n"] {
        std::fs::write(&path, nothing).unwrap();
        assert_eq!(super::header(&path, 'A').unwrap_err().unwrap()[0].code, ProblemCode::Empty);
    }
}

#[test]
fn a_first_line_may_name_the_separator() {
    let of = |separator: char, header| {
        let side = format!(
            "header = {header}\nseparator = {:?}\nname = \"1\"\nbirth = \"2\"\nsex = \"3\"\n",
            separator.to_string()
        );
        Spec::parse(&format!("[a]\n{side}[b]\n{side}")).unwrap().a
    };
    let found = |text: &str, side: &Side| match open(text.as_bytes(), side) {
        Ok(source) => told(&source),
        Err(problems) => {
            problems.iter().map(|p| format!("{} {}:{:?}\n", p.code.code(), p.line, p.column)).collect()
        }
    };
    // The file, its separator by the spec, whether it has a header, what is told.
    let cases = [
        ("sep=;\r\n1;2;3\r\n4;5\r\n", ';', true, "3@14 -\n3 lines\nP201 3:None WrongFieldCount\n"),
        ("\u{feff}Sep=,\n\n1,2,3\n\"4\n\",5,6\n", ',', true, "4@16 [\"4\\n\", \"5\", \"6\"]\n5 lines\n"),
        ("sep=\t\r1\t2\t3\r", '\t', false, "2@6 [\"1\", \"2\", \"3\"]\n2 lines\n"),
        ("sep=;\n1;2;3\n", ',', true, "P112 1:Some(\"sep=;\")\n"),
        ("sep=\t\n1,2,3\n", ',', false, "P112 1:Some(\"sep=\\\\t\")\n"),
        ("sep=|\n1|2|3\n", ',', true, "P112 1:Some(\"sep=|\")\n"),
        ("sep=,\n\"1,2,3\n", ',', true, "P202 2:None\n"),
        ("\"sep=;\"\n1;2;3\n4;5;6\n", ';', true, "3@14 [\"4\", \"5\", \"6\"]\n3 lines\n"),
        ("sep=;;;\n1;2;3\n4;5;6\n", ';', true, "3@14 [\"4\", \"5\", \"6\"]\n3 lines\n"),
        ("sep=,", ',', true, "P101 0:None\n"),
        ("sep=,\n1,2,3\n", ',', true, "P102 0:None\n"),
        // In any other line, and with more behind it, it is what it is.
        ("1,2,3\nsep=,\n", ',', true, "2@6 -\n2 lines\nP201 2:None WrongFieldCount\n"),
        ("sep=,5,6\n", ',', false, "1@0 [\"sep=\", \"5\", \"6\"]\n1 lines\n"),
    ];
    for (text, separator, header, want) in cases {
        assert_eq!(found(text, &of(separator, header)), want, "{text:?}");
    }
    // Its lines are those of the file, however it is cut.
    let rows = "1;2;3\n".repeat(50);
    let source = cut(format!("sep=;\n1;2;3\n{rows}").as_bytes(), &of(';', true)).unwrap();
    agrees(&source).unwrap();
    let (found, _) = chunked(&source, 20, 2);
    assert!(
        found.len() == 50 && found.iter().zip(3..).all(|((_, line, _), want)| *line == want),
        "{found:?}"
    );
}

/// Rows as read chunk by chunk, with lines of the file.
fn chunked(source: &Source, size: u64, threads: usize) -> (Vec<(u64, u64, String)>, Vec<Problem>) {
    let (mut rows_found, mut problems_found) = (Vec::new(), Problems::default());
    let mut lines = source.first_line() - 1;
    let mut end = None;
    for chunk in source.chunks(size, threads) {
        assert!(
            chunk.start < chunk.end && end.is_none_or(|end| end == chunk.start),
            "chunks leave nothing out"
        );
        end = Some(chunk.end);
        let (mut row, mut problems) = (source.row(), Vec::new());
        let mut rows = source.rows(chunk);
        while rows.next(&mut row, &mut problems).is_some() {
            let mut texts = Texts::default();
            row.texts(&mut texts, &mut problems);
            let fields = format!("{:?} {:?} {:?}", row.cells, texts.names, row.raw_hash());
            rows_found.push((row.offset, lines + 1 + row.line, fields));
        }
        problems_found.take(&mut problems, lines);
        lines += rows.lines();
    }
    (rows_found, problems_found.listed)
}

/// Reads by chunks of all sizes and at places, and compares with reading in one go.
fn agrees(source: &Source) -> Result<(), TestCaseError> {
    let whole = chunked(source, u64::MAX, 1);
    for (size, threads) in [(1, 1), (2, 3), (7, 2), (16, 2), (100, 2)] {
        prop_assert_eq!(&chunked(source, size, threads), &whole);
    }
    let mut row = source.row();
    for (offset, _, fields) in whole.0.iter().rev() {
        source.at(*offset, &mut row);
        let mut texts = Texts::default();
        row.texts(&mut texts, &mut Vec::new());
        prop_assert_eq!(&format!("{:?} {:?} {:?}", row.cells, texts.names, row.raw_hash()), fields);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_chunks_give_the_same_rows(
        rows in prop::collection::vec(prop::collection::vec("[a,\"\r\n表]{0,6}", 3), 1..40),
        quote in any::<bool>(),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let mut text = format!("n,b,s{end}");
        for row in &rows {
            // Written by the book, or just as it comes.
            let cell = |cell: &String| if quote { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() };
            text.push_str(&row.iter().map(cell).collect::<Vec<_>>().join(","));
            text.push_str(end);
        }
        let source = cut(text.as_bytes(), &side(FROM_AUTO)).unwrap();
        agrees(&source)?;
        if quote {
            let mut row = source.row();
            let (mut found, mut problems) = (source.rows(0..u64::MAX), Vec::new());
            for want in &rows {
                prop_assert_eq!(found.next(&mut row, &mut problems), Some(true));
                for (field, want) in want.iter().enumerate() {
                    let field = row.field_of(field);
                    prop_assert_eq!(std::str::from_utf8(&field).unwrap(), want);
                }
            }
            prop_assert_eq!(found.next(&mut row, &mut problems), None);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(
            prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(0x1a), Just(0x81), Just(b' '), any::<u8>()],
            0..200,
        ),
        with_header in any::<bool>(),
        encoding in prop::sample::select(vec![Encoding::Auto, Encoding::Utf8, Encoding::Cp932]),
        shape in 0..4,
    ) {
        let mut bytes = bytes;
        if with_header {
            bytes.splice(0..0, *b"n,b,s\n");
        }
        let layout = match shape {
            0 => side(encoding).layout,
            1 => fixed(Unit::Bytes, None, true).layout,
            2 => fixed(Unit::Chars, None, true).layout,
            _ => fixed(Unit::Bytes, Some(19), false).layout,
        };
        if let Ok(source) = cut(&bytes, &Side { layout: layout.clone(), ..side(encoding) }) {
            agrees(&source)?;
            let _ = sample::look(&source, &Side { layout, ..side(encoding) });
        }
    }
}

#[test]
fn chunks_behind_a_quote_that_never_closes_are_right() {
    // One stray quote, then ordinary rows, some of them quoted with line ends inside, past the limit of a quoted value.
    let mut text = String::from("n,b,s\n1,\"2,3\n");
    while text.len() < csv::QUOTED_MAX + 10_000 {
        text.push_str("plain,row,1\n");
    }
    for _ in 0..1_000 {
        text.push_str("\"two\nlines\",\"a \"\"b\"\"\",3\n");
    }
    let source = cut(text.as_bytes(), &side(FROM_AUTO)).unwrap();
    let whole = chunked(&source, u64::MAX, 1);
    assert_eq!(whole.1, [Problem::row('A', 2, Some("b"), ProblemCode::UnclosedQuote)]);
    for size in [1_000, 4_096, 700_000] {
        assert_eq!(chunked(&source, size, 2), whole, "{size}");
        assert!(source.chunks(size, 2).len() > 1);
    }
}

#[test]
fn chunks_are_about_as_large_as_asked() {
    let mut text = String::from("n,b,s\n");
    for n in 0..10_000 {
        writeln!(text, "\"row {n}\",\"line\nline\",3").unwrap();
    }
    let source = cut(text.as_bytes(), &side(FROM_AUTO)).unwrap();
    let chunks = source.chunks(10_000, 2);
    assert_eq!(chunks, source.chunks(10_000, 1));
    assert!(chunks.len() > text.len() / 50_000, "{}", chunks.len());
    let fixed =
        cut("0123456789195001011\n".repeat(1_000).as_bytes(), &fixed(Unit::Bytes, Some(20), false)).unwrap();
    assert_eq!(fixed.chunks(4_000, 2).len(), 5);
}

/// A row read at once is what its columns read one by one are.
#[test]
fn a_row_read_into_a_form_is_its_texts_read() {
    let names = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (few, many) = (vec![names("alias"), names("old mei")], vec![names("alias"); 9]);
    let spec = |other_names| Side {
        name: names("sei mei"),
        other_names,
        kana: names("k"),
        birth: names("era y"),
        sex: names("s"),
        address: names("a1 a2"),
        strong: names("no"),
        ..Side::default()
    };
    let header = "sei,mei,alias,old,k,era,y,s,a1,a2,no,rest\n";
    let cell = || {
        prop_oneof![
            3 => "(高橋|花子|ﾀｶﾊｼ|昭和25年1月2日|19500102|1|女|静岡県三島市本町|1-2-3|コーポ203|ABC12| |　|){1,2}",
            1 => "[a-z0-9１２３一二\"\"'=.E+●（）-]{0,8}",
            1 => Just(String::from("1.23E+11")),
        ]
    };
    let rows = prop::collection::vec(prop::collection::vec(cell(), 12), 1..6);
    proptest!(|(rows in rows, quoted in any::<bool>(), broken in prop::option::of(0_usize..400), sjis in any::<bool>())| {
        let mut text = String::from(header);
        for row in &rows {
            let cell = |cell: &String| match quoted && cell.contains(['"', 'E', '女']) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell.trim_start_matches('"').to_owned(),
            };
            text.push_str(&row.iter().map(cell).collect::<Vec<_>>().join(","));
            text.push('\n');
        }
        let mut bytes = if sjis { SHIFT_JIS.encode(&text).0.into_owned() } else { text.clone().into_bytes() };
        if let Some(at) = broken.map(|at| header.len() + at).filter(|at| *at < bytes.len() && bytes[*at] != b'\n') {
            bytes[at] = 0xff;
        }
        let encoding = if sjis { Encoding::Cp932 } else { Encoding::Utf8 };
        for others in [&few, &many] {
            let side = Side { encoding, ..spec(others.clone()) };
            let Ok(source) = cut(&bytes, &side) else { continue };
            let (mut row, mut buffers, mut kept) = (source.row(), Buffers::default(), Form::default());
            let mut lines = source.rows(0..u64::MAX);
            let (mut texts, mut ignored) = (Texts::default(), Vec::new());
            while lines.next(&mut row, &mut ignored).is_some() {
                let (mut found, mut want) = (Vec::new(), Vec::new());
                let doubts = row.form(&mut buffers, &mut kept, &mut found);
                let readable = row.texts(&mut texts, &mut want);
                let mut form = Form::default();
                let wanted = form.read(&texts);
                prop_assert_eq!(found, want);
                prop_assert_eq!(doubts, readable.then_some(wanted));
                if readable {
                    prop_assert_eq!(held(&kept), held(&form));
                }
            }
        }
    });
}

proptest! {
    #[test]
    fn fields_are_what_stands_between_separators(
        row in "([-,;:\t\u{8}]|[a-c]|表|\u{0}|\u{80}|\u{ff}|[+-]){0,40}",
        separator in prop::sample::select(vec![b',', b'\t', b';']),
    ) {
        let mut cells = Vec::new();
        let taken = csv::take(row.as_bytes(), 0, separator, usize::MAX, &mut cells);
        let found: Vec<&[u8]> = cells.iter().map(|cell| cell.of(row.as_bytes())).collect();
        let want: Vec<&[u8]> = row.as_bytes().split(|byte| *byte == separator).collect();
        prop_assert_eq!(&found, &want);
        let nul = row.contains('\0').then_some((ProblemCode::Nul, None));
        prop_assert_eq!(taken.wrong, nul);
        let narrow = csv::take(row.as_bytes(), 0, separator, want.len() + 1, &mut cells);
        prop_assert_eq!(narrow.wrong, Some((ProblemCode::TruncatedLastRow, None)));
    }
}

#[test]
fn a_file_of_another_encoding_is_told_as_a_whole() {
    let mut bytes = b"n,b,s\n".to_vec();
    for _ in 0..20 {
        bytes.extend(b"\xfd\xfe\xff,19500101,1\n");
    }
    let spec = side(FROM_AUTO);
    let source = cut(&bytes, &spec).unwrap();
    let stops = sample::look(&source, &spec).unwrap_err();
    assert_eq!(stops, [Problem::file('A', None, ProblemCode::OtherEncoding)]);
}

#[test]
#[cfg(unix)]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(Source::open(&pipe, 'A', &side(FROM_AUTO)), Err(Err(_))));
    assert!(Spec::load(&pipe).is_err());
}
