//! Writing a spec as TOML with comments for a clerk, as a beginning to be edited.
//!
//! Always holds: what is written of a whole spec reads back as the same spec; a draft that lacks something does not read
//! until it is filled in; cells of a first row that is no header are never written.
//! Not here: finding out what stands in it (suggest).

use super::{Encoding, Field, Fixed, Layout, Newline, Side, Spec, Unit, suggest};
use crate::source::Header;
use base::Lang;
use std::fmt::Write;

impl Spec {
    /// The spec as text, with comments in a language.
    pub fn to_toml(&self, lang: Lang) -> String {
        let title = lang.pick(
            "# 突合の設定。項目名はファイルの見出しのとおりに書きます。複数の列は [\"姓\", \"名\"] のように並べます。\n",
            "# Which columns hold what, by the headings of the files; several columns as [\"surname\", \"given name\"].\n",
        );
        self.written(title, [None, None], lang)
    }

    /// A draft for headers that do not tell everything (see [`Spec::suggest`]): what was found, empty lists to fill in, and
    /// the headings to choose from.
    pub fn draft(a: &Header, b: &Header, lang: Lang) -> String {
        let title = lang.pick(
            "# 突合の設定の下書き。空の [ ] に、見出しの中から項目名を写してください。使わない項目の行は消します。\n",
            "# A draft of a spec. Copy headings into the empty [ ], and remove lines that are not needed.\n",
        );
        suggest::known(a, b).written(title, [Some(a), Some(b)], lang)
    }

    fn written(&self, title: &str, drafts: [Option<&Header>; 2], lang: Lang) -> String {
        let mut out = String::from(title);
        let a = lang.pick("ファイルA（相手を探す側）", "file A, whose rows want a partner");
        let b = lang.pick("ファイルB（探される側）", "file B, which is asked");
        side(&mut out, ("a", a), &self.a, drafts[0], lang);
        side(&mut out, ("b", b), &self.b, drafts[1], lang);
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

fn side(out: &mut String, (which, what): (&str, &str), side: &Side, draft: Option<&Header>, lang: Lang) {
    let _ = writeln!(out, "\n[{which}]  # {what}");
    if let Some(header) = draft {
        choice(out, header, lang);
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
        None if draft.is_some() => writeln!(out, "# key = \"\"  # {what}"),
        None => Ok(()),
    };
    for (word, columns, ja, en) in lists(side) {
        let to_fill_in = draft.is_some() && !matches!(word, "strong" | "carry");
        if !columns.is_empty() || to_fill_in {
            let _ = writeln!(out, "{word} = {}  # {}", list(columns), lang.pick(ja, en));
        }
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

/// The headings that a clerk can choose from, as comments.
fn choice(out: &mut String, header: &Header, lang: Lang) {
    if suggest::is_header(header) {
        let _ = writeln!(out, "# {}", lang.pick("このファイルの見出し：", "headings of this file:"));
        for name in &header.names {
            let _ = writeln!(out, "#   {}", text(name));
        }
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
