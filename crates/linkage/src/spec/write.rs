//! Writing a spec as TOML with comments for a clerk, as a beginning to be edited.
//!
//! Always holds: what is written of a whole spec reads back as the same spec, and so does a proposal with its comments; a
//! draft that lacks something does not read until it is filled in; cells of a first row that is no header are never written,
//! and the heading of a My Number (個人番号) never either.
//! Not here: finding out what stands in it (suggest).

use super::{Encoding, Field, Fixed, Layout, Newline, Side, Spec, Unit, suggest};
use crate::source::Header;
use base::Lang;
use std::fmt::Write;

/// The first line of a spec, in Japanese and in English.
const TITLE: (&str, &str) = (
    "# 突合の設定。項目名はファイルの見出しのとおりに書きます。複数の列は [\"姓\", \"名\"] のように並べます。\n",
    "# Which columns hold what, by the headings of the files; several columns as [\"surname\", \"given name\"].\n",
);

impl Spec {
    /// The spec as text, with comments in a language.
    pub fn to_toml(&self, lang: Lang) -> String {
        self.written(lang.pick(TITLE.0, TITLE.1), Remarks::default(), lang)
    }

    /// The spec that [`Spec::suggest`] found for these headers, as text: with the headings of which it makes no use, and,
    /// as a comment, the identifier that both files may share.
    pub fn proposal(&self, a: &Header, b: &Header, lang: Lang) -> String {
        let remarks = Remarks { headers: Some((a, b)), strong: suggest::strong(a, b), is_draft: false };
        self.written(lang.pick(TITLE.0, TITLE.1), remarks, lang)
    }

    /// A draft for headers that do not tell everything (see [`Spec::suggest`]): what was found, empty lists to fill in, and
    /// the headings to choose from.
    pub fn draft(a: &Header, b: &Header, lang: Lang) -> String {
        let title = lang.pick(
            "# 突合の設定の下書き。空の [ ] に、見出しの中から項目名を写してください。使わない項目の行は消します。\n",
            "# A draft of a spec. Copy headings into the empty [ ], and remove lines that are not needed.\n",
        );
        let remarks = Remarks { headers: Some((a, b)), strong: suggest::strong(a, b), is_draft: true };
        suggest::known(a, b).written(title, remarks, lang)
    }

    fn written(&self, title: &str, remarks: Remarks<'_>, lang: Lang) -> String {
        let mut out = String::from(title);
        let a = lang.pick("ファイルA（相手を探す側）", "file A, whose rows want a partner");
        let b = lang.pick("ファイルB（探される側）", "file B, which is asked");
        let (strong_a, strong_b) = remarks.strong.unzip();
        let (header_a, header_b) = remarks.headers.unzip();
        let is_draft = remarks.is_draft;
        side(&mut out, ("a", a), &self.a, Remark { header: header_a, strong: strong_a, is_draft }, lang);
        side(&mut out, ("b", b), &self.b, Remark { header: header_b, strong: strong_b, is_draft }, lang);
        let newline = match self.output.newline {
            Newline::Crlf => "crlf",
            Newline::Lf => "lf",
        };
        let bom = self.output.bom;
        let sheets = lang.pick("表計算ソフトで開くなら true", "true for spreadsheets");
        // Writing to a string does not fail.
        let _ = write!(out, "\n[output]\nbom = {bom}  # {sheets}\nnewline = \"{newline}\"\n");
        out
    }
}

/// What a text says besides the spec.
#[derive(Default)]
struct Remarks<'h> {
    headers: Option<(&'h Header, &'h Header)>,
    strong: Option<(String, String)>,
    is_draft: bool,
}

/// The same of one file.
struct Remark<'h> {
    header: Option<&'h Header>,
    /// A column that may be a strong identifier.
    strong: Option<String>,
    is_draft: bool,
}

fn side(out: &mut String, (which, what): (&str, &str), side: &Side, remark: Remark<'_>, lang: Lang) {
    let _ = writeln!(out, "\n[{which}]  # {what}");
    if let Some(header) = remark.header {
        match remark.is_draft {
            true => choice(out, header, lang),
            false => unused(out, side, header, remark.strong.as_ref(), lang),
        }
    }
    let encoding = match side.encoding {
        Encoding::Auto => "auto",
        Encoding::Utf8 => "utf-8",
        Encoding::Cp932 => "cp932",
    };
    let _ = writeln!(out, "encoding = \"{encoding}\"  # auto・utf-8・cp932");
    match &side.layout {
        Layout::Csv { separator, header } => {
            let separator = text(&char::from(*separator).to_string());
            let _ = writeln!(out, "format = \"csv\"\nseparator = {separator}\nheader = {header}");
        }
        Layout::Fixed(_) => out.push_str("format = \"fixed\"\n"),
    }
    let what = lang.pick("行を示す番号（結果に出力）", "the row's own number, shown in results");
    let _ = match &side.key {
        Some(key) => writeln!(out, "key = {}  # {what}", text(key)),
        // Results name rows by their lines then.
        None if remark.is_draft => writeln!(out, "# key = \"\"  # {what}"),
        None => Ok(()),
    };
    for (word, columns, ja, en) in lists(side) {
        let to_fill_in = remark.is_draft && !matches!(word, "strong" | "carry");
        if !columns.is_empty() || to_fill_in {
            let _ = writeln!(out, "{word} = {}  # {}", list(columns), lang.pick(ja, en));
        }
    }
    if let Some(column) = remark.strong {
        maybe_strong(out, &column, lang);
    }
    if !side.other_names.is_empty() {
        let lists: Vec<String> = side.other_names.iter().map(|columns| list(columns)).collect();
        let what = lang.pick("通称・旧氏など", "names used besides: aliases, former surnames");
        let _ = writeln!(out, "other_names = [{}]  # {what}", lists.join(", "));
    }
    if let Layout::Fixed(fixed) = &side.layout {
        layout(out, which, fixed);
    }
}

/// The lists of a side: word, columns, what they hold.
fn lists(side: &Side) -> [(&'static str, &[String], &'static str, &'static str); 7] {
    [
        ("name", &side.name, "氏名", "name"),
        ("kana", &side.kana, "カナ氏名", "its reading"),
        ("birth", &side.birth, "生年月日", "birth date"),
        ("sex", &side.sex, "性別", "sex"),
        ("address", &side.address, "住所・方書", "address and building"),
        (
            "strong",
            &side.strong,
            "両方のファイルに共通する番号（違えば別人とみなす）",
            "a number that both files have; another number is another person",
        ),
        ("carry", &side.carry, "結果にそのまま写す項目", "copied to results as it is"),
    ]
}

/// An identifier that only the clerk can know to be one.
fn maybe_strong(out: &mut String, column: &str, lang: Lang) {
    let column = list(&[column.to_owned()]);
    let warning = lang.pick(
        "# 次の行は、両方の機関が同じ人に同じ番号を付けているときだけ、[a] と [b] の両方で先頭の # を消します。番号が違えば別人とみなすので、\n\
         # それぞれが振った番号なら1組も結び付かなくなります。",
        "# Take the # off the next line, in [a] and in [b], only if both offices give one person the same number. Another number is\n\
         # another person: if each office numbers by itself, not one pair will be linked.",
    );
    let _ = writeln!(out, "{warning}\n# strong = {column}");
}

/// The headings of which the spec makes no use: something may be among them that it should use.
fn unused(out: &mut String, side: &Side, header: &Header, strong: Option<&String>, lang: Lang) {
    if !suggest::is_header(header) {
        return;
    }
    let lists = [&side.name, &side.kana, &side.birth, &side.sex, &side.address, &side.strong, &side.carry];
    let others = side.other_names.iter().chain(lists).flatten();
    let used: Vec<&String> = others.chain(&side.key).chain(strong).collect();
    let mut unused: Vec<String> = Vec::new();
    for name in header.names.iter().filter(|name| !name.is_empty() && !used.contains(name)) {
        if !suggest::is_my_number(name) {
            unused.push(text(name));
        }
    }
    unused.dedup();
    if !unused.is_empty() {
        let what = lang.pick("# 使っていない見出し：", "# headings not used: ");
        let _ = writeln!(out, "{what}{}", unused.join(", "));
    }
    my_number(out, header, lang);
}

/// A My Number is compared nowhere, and every copy of the file would have to be guarded for it.
fn my_number(out: &mut String, header: &Header, lang: Lang) {
    if header.names.iter().any(|name| suggest::is_my_number(name)) {
        let words = lang.pick(
            "# 個人番号（マイナンバー）の列があります。突合には使いません。この列をファイルから消してください。",
            "# The file has a column of My Numbers (個人番号). They are of no use here: remove the column from the file.",
        );
        let _ = writeln!(out, "{words}");
    }
}

/// The headings that a clerk can choose from, as comments.
fn choice(out: &mut String, header: &Header, lang: Lang) {
    if suggest::is_header(header) {
        let _ = writeln!(out, "# {}", lang.pick("このファイルの見出し：", "headings of this file:"));
        for name in header.names.iter().filter(|name| !suggest::is_my_number(name)) {
            let _ = writeln!(out, "#   {}", text(name));
        }
        my_number(out, header, lang);
        return;
    }
    // The first row may be a person's.
    let columns = header.names.len();
    let _ = match lang {
        Lang::Ja => writeln!(
            out,
            "# 1行目が見出しかどうか分からないので、中身は示しません。見出しなら header = true とし、項目名を写します。\n\
             # 見出しがなければ、列を \"1\" から \"{columns}\" の番号で書きます。"
        ),
        Lang::En => writeln!(
            out,
            "# The first row may be a person's, so it is not shown. If it is a header, say header = true and copy its names;\n\
             # if there is none, columns are written by their numbers, \"1\" to \"{columns}\"."
        ),
    };
}

fn layout(out: &mut String, which: &str, fixed: &Fixed) {
    let unit = match fixed.unit {
        Unit::Bytes => "bytes",
        Unit::Chars => "chars",
    };
    let _ = writeln!(out, "\n[{which}.layout]\nunit = \"{unit}\"");
    if let Some(length) = fixed.record_length {
        let _ = writeln!(out, "record_length = {length}");
    }
    let _ = writeln!(out, "trimmed = {}\nfields = [", fixed.trimmed);
    for Field { name, start, length } in &fixed.fields {
        let _ = writeln!(out, "  {{ name = {}, start = {start}, length = {length} }},", text(name));
    }
    out.push_str("]\n");
}

fn list(columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| text(column)).collect();
    format!("[{}]", columns.join(", "))
}

/// A string of TOML on one line, so that a comment can hold it too.
fn text(words: &str) -> String {
    let mut out = String::from("\"");
    for sign in words.chars() {
        match sign {
            '"' | '\\' => out.extend(['\\', sign]),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            // The control characters that TOML does not take, and those that some editors take for line ends.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04X}", u32::from(sign));
            }
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}
