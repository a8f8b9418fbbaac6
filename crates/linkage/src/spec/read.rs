//! Reading a spec from TOML: word for word, so that every mistake has a line and a remedy.
//!
//! Always holds: all mistakes are found in one reading; nothing of the file that is not understood is passed over.
//! Not here: what the words mean (spec).

use super::{
    Encoding, Field, Fixed, Layout, Newline, Output, Shared, Side, Spec, SpecError, Unit, words::nearest,
};
use std::ops::Range;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

const SIDE_WORDS: [&str; 14] = [
    "format",
    "encoding",
    "separator",
    "header",
    "layout",
    "key",
    "name",
    "other_names",
    "kana",
    "birth",
    "sex",
    "address",
    "strong",
    "carry",
];
const LAYOUT_WORDS: [&str; 4] = ["unit", "record_length", "trimmed", "fields"];

/// No record or place in it is longer than a row can be.
const PLACE_MAX: u32 = crate::source::ROW_MAX as u32;

/// A birth date has at most era, year, month and day.
const BIRTH_COLUMNS_MAX: usize = 4;

type Value<'t> = Spanned<DeValue<'t>>;
type Load<'l> = &'l dyn Fn(&str) -> Option<String>;

/// Reads a spec; `load` gives the text of a layout file by its name.
pub fn spec(text: &str, load: Load<'_>) -> Result<Spec, Vec<SpecError>> {
    let mut reader = Reader { text, file: None, errors: Vec::new() };
    let Some(table) = reader.document() else { return Err(reader.errors) };
    reader.known(&table, &["a", "b", "output"]);
    let a = reader.side(&table, "a", load);
    let b = reader.side(&table, "b", load);
    let output = reader.output(&table);
    let mut spec = Spec { a, b, output };
    spec.share();
    if reader.errors.is_empty() && !spec.a.shared.sex && !spec.a.shared.address {
        reader.errors.push(SpecError::whole(
            "性別（sex）か住所（address）の少なくとも一方は、両方のファイルに必要です",
            "sex or address has to be named for both files",
        ));
    }
    if reader.errors.is_empty() { Ok(spec) } else { Err(reader.errors) }
}

/// Whether the line of a mistake has quotes that a word processor makes, or an input method.
fn has_wide_quotes(text: &str, at: usize) -> bool {
    let begin = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let line = text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    line.contains(['“', '”', '„', '＂', '‘', '’', '＇'])
}

struct Reader<'t> {
    text: &'t str,
    /// The layout file that is read, if it is not the spec.
    file: Option<String>,
    errors: Vec<SpecError>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Option<DeTable<'t>> {
        match DeTable::parse(self.text) {
            Ok(table) => Some(table.into_inner()),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                let (ja, en) = match has_wide_quotes(self.text, span.start) {
                    true => (
                        "。全角の引用符 “ ” は使えません。半角の \" で囲んでください",
                        "; write \" and not “ ”",
                    ),
                    false => ("（引用符やかっこの閉じ忘れなど）", ""),
                };
                let en = format!("not TOML: {}{en}", error.message());
                self.wrong(span, format!("TOMLとして読めません{ja}"), en);
                None
            }
        }
    }

    fn wrong(&mut self, span: Range<usize>, ja: impl Into<String>, en: impl Into<String>) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        self.errors.push(SpecError { file: self.file.clone(), line, ja: ja.into(), en: en.into() });
    }

    /// Refuses words that are not known here.
    fn known(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let word: &str = key.get_ref();
            if known.contains(&word) {
                continue;
            }
            let (ja, en) = match nearest(word, known) {
                Some(meant) => (format!("{meant} の誤りですか"), format!("did you mean {meant}?")),
                None => {
                    (format!("使えるのは {}", known.join("・")), format!("known are {}", known.join(", ")))
                }
            };
            self.wrong(
                key.span(),
                format!("「{word}」という設定はありません。{ja}"),
                format!("there is no setting {word}; {en}"),
            );
        }
    }

    fn table<'v>(&mut self, value: &'v Value<'t>) -> Option<&'v DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(value.span(), "ここは [ ] で始まる表でなければなりません", "this has to be a table");
        }
        table
    }

    fn side(&mut self, spec: &DeTable<'t>, which: &str, load: Load<'_>) -> Side {
        let mut side = Side::default();
        let Some(value) = spec.get(which) else {
            self.errors
                .push(SpecError::whole(format!("[{which}] がありません"), format!("[{which}] is missing")));
            return side;
        };
        let Some(table) = self.table(value) else { return side };
        self.known(table, &SIDE_WORDS);
        side.layout = self.layout(table, value.span(), load);
        let encodings = [("auto", Encoding::Auto), ("utf-8", Encoding::Utf8), ("cp932", Encoding::Cp932)];
        side.encoding = self.word(table, "encoding", &encodings).unwrap_or(Encoding::Auto);
        side.name = self.columns(table, "name", &side.layout);
        side.kana = self.columns(table, "kana", &side.layout);
        side.birth = self.columns(table, "birth", &side.layout);
        side.sex = self.columns(table, "sex", &side.layout);
        side.address = self.columns(table, "address", &side.layout);
        side.strong = self.columns(table, "strong", &side.layout);
        side.carry = self.columns(table, "carry", &side.layout);
        side.other_names = self.other_names(table, &side.layout);
        side.key = self.key(table, &side.layout);
        side.shared = Shared::default();
        self.needed(&side, table, which, value.span());
        side
    }

    /// The least that a comparison needs.
    fn needed(&mut self, side: &Side, table: &DeTable<'t>, which: &str, span: Range<usize>) {
        for (columns, word, ja) in [(&side.name, "name", "氏名"), (&side.birth, "birth", "生年月日")] {
            // A column list that is there and wrong has been told already.
            if columns.is_empty() && !table.contains_key(word) {
                self.wrong(
                    span.clone(),
                    format!("[{which}] に{ja}（{word}）が必要です"),
                    format!("[{which}] needs {word}"),
                );
            }
        }
        if !table.contains_key("sex") && !table.contains_key("address") {
            self.wrong(
                span.clone(),
                format!(
                    "[{which}] に性別（sex）か住所（address）が必要です。氏名と生年月日だけでは突合しません"
                ),
                format!("[{which}] needs sex or address: name and birth date alone are not enough"),
            );
        }
        if side.birth.len() > BIRTH_COLUMNS_MAX {
            self.wrong(
                span,
                format!("[{which}] の birth は元号・年・月・日の4項目までです"),
                format!("birth of [{which}] has at most era, year, month and day"),
            );
        }
    }

    fn layout(&mut self, table: &DeTable<'t>, span: Range<usize>, load: Load<'_>) -> Layout {
        let fixed = self.word(table, "format", &[("csv", false), ("fixed", true)]).unwrap_or(false);
        let foreign: &[&str] = if fixed { &["separator", "header"] } else { &["layout"] };
        for word in foreign {
            if let Some(value) = table.get(*word) {
                let format = if fixed { "fixed" } else { "csv" };
                self.wrong(
                    value.span(),
                    format!("{word} は format = \"{format}\" では使えません"),
                    format!("{word} does not go with format = \"{format}\""),
                );
            }
        }
        if !fixed {
            let separators = [(",", b','), ("\t", b'\t'), (";", b';')];
            let separator = self.word(table, "separator", &separators).unwrap_or(b',');
            return Layout::Csv { separator, header: self.yes(table, "header").unwrap_or(true) };
        }
        let empty = Fixed { unit: Unit::Bytes, record_length: None, trimmed: false, fields: Vec::new() };
        let Some(value) = table.get("layout") else {
            self.wrong(
                span,
                "固定長（format = \"fixed\"）には layout が必要です",
                "format = \"fixed\" needs a layout",
            );
            return Layout::Fixed(empty);
        };
        let fixed = match value.get_ref().as_str() {
            Some(name) => self.layout_file(name, value.span(), load),
            None => self.table(value).map(|table| self.fixed(table, value.span())),
        };
        Layout::Fixed(fixed.unwrap_or(empty))
    }

    fn layout_file(&mut self, name: &str, span: Range<usize>, load: Load<'_>) -> Option<Fixed> {
        let Some(text) = load(name) else {
            self.wrong(
                span,
                format!(
                    "レイアウトファイル {name} を読めません（設定ファイルと同じフォルダーに置いてください）"
                ),
                format!("the layout file {name} cannot be read; put it beside the spec"),
            );
            return None;
        };
        let mut reader = Reader { text: &text, file: Some(name.to_owned()), errors: Vec::new() };
        let fixed = reader.document().map(|table| reader.fixed(&table, 0..0));
        self.errors.append(&mut reader.errors);
        fixed
    }

    fn fixed(&mut self, table: &DeTable<'t>, span: Range<usize>) -> Fixed {
        self.known(table, &LAYOUT_WORDS);
        let unit = self.word(table, "unit", &[("bytes", Unit::Bytes), ("chars", Unit::Chars)]);
        let unit = unit.unwrap_or(Unit::Bytes);
        let record_length = table.get("record_length").and_then(|value| self.place(value));
        if record_length.is_some() && unit == Unit::Chars {
            self.wrong(
                span.clone(),
                "record_length は unit = \"bytes\" のときだけ使えます",
                "record_length needs unit = \"bytes\"",
            );
        }
        let trimmed = self.yes(table, "trimmed").unwrap_or(false);
        let fields = match table.get("fields").map(|value| (value, value.get_ref().as_array())) {
            Some((_, Some(fields))) if !fields.is_empty() => self.fields(fields.iter(), record_length),
            _ => {
                self.wrong(
                    span,
                    "layout には fields（name・start・length の並び）が必要です",
                    "a layout needs fields, each with name, start and length",
                );
                Vec::new()
            }
        };
        Fixed { unit, record_length, trimmed, fields }
    }

    fn fields<'v>(
        &mut self,
        values: impl Iterator<Item = &'v Value<'t>>,
        record_length: Option<u32>,
    ) -> Vec<Field>
    where
        't: 'v,
    {
        let mut fields: Vec<Field> = Vec::new();
        for value in values {
            let Some(table) = self.table(value) else { continue };
            self.known(table, &["name", "start", "length"]);
            let name = table.get("name").and_then(|name| self.column(name));
            let start = table.get("start").and_then(|start| self.place(start));
            let length = table.get("length").and_then(|length| self.place(length));
            let (Some(name), Some(start), Some(length)) = (name, start, length) else {
                let ja = "項目には name・start・length（1以上）が必要です";
                self.wrong(value.span(), ja, "a field needs name, start and length, from 1");
                continue;
            };
            if start - 1 + length > record_length.unwrap_or(PLACE_MAX) {
                let ja = format!("「{name}」がレコードの長さを超えています");
                self.wrong(value.span(), ja, format!("{name} goes beyond the record"));
            }
            if fields.iter().any(|field| field.name == name) {
                let ja = format!("「{name}」という項目が2つあります");
                self.wrong(value.span(), ja, format!("there are two fields {name}"));
            }
            fields.push(Field { name, start, length });
        }
        fields
    }

    /// A place or a length.
    fn place(&mut self, value: &Value<'t>) -> Option<u32> {
        let number = value.get_ref().as_integer();
        let number = number.and_then(|digits| u32::from_str_radix(digits.as_str(), digits.radix()).ok());
        let place = number.filter(|place| (1..=PLACE_MAX).contains(place));
        if place.is_none() {
            let ja = format!("1から{PLACE_MAX}までの数でなければなりません");
            self.wrong(value.span(), ja, format!("this has to be a number from 1 to {PLACE_MAX}"));
        }
        place
    }

    fn yes(&mut self, table: &DeTable<'t>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        let yes = value.get_ref().as_bool();
        if yes.is_none() {
            let ja = format!("{key} は true か false でなければなりません");
            self.wrong(value.span(), ja, format!("{key} is true or false"));
        }
        yes
    }

    /// One of a few words.
    fn word<T: Copy>(&mut self, table: &DeTable<'t>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = table.get(key)?;
        let written = value.get_ref().as_str().map(str::to_lowercase);
        let found = words.iter().find(|(word, _)| written.as_deref() == Some(*word));
        if found.is_none() {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            let ja = format!("{key} に書けるのは {} です", known.join("・"));
            self.wrong(value.span(), ja, format!("{key} is one of {}", known.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// One column, by name or number.
    fn column(&mut self, value: &Value<'t>) -> Option<String> {
        let column = match value.get_ref() {
            DeValue::String(name) => Some(name.trim().to_owned()),
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            _ => None,
        };
        let column = column.filter(|name| !name.is_empty());
        if column.is_none() {
            let ja = "項目名（\"氏名\" など）か番号でなければなりません";
            self.wrong(value.span(), ja, "this has to be a column's name or number");
        }
        column
    }

    /// One column that the layout can have.
    fn placed(&mut self, value: &Value<'t>, layout: &Layout) -> Option<String> {
        let name = self.column(value)?;
        match layout {
            Layout::Csv { header: true, .. } => {}
            Layout::Csv { header: false, .. } if name.parse::<u32>().is_ok_and(|n| n > 0) => {}
            Layout::Csv { header: false, .. } => {
                let ja = "見出しのないファイル（header = false）では、項目を1からの番号で書きます";
                self.wrong(value.span(), ja, "without a header columns are named by number, from 1");
            }
            Layout::Fixed(fixed) => {
                let names: Vec<&str> = fixed.fields.iter().map(|field| field.name.as_str()).collect();
                // Without fields the layout itself is wrong, which has been told.
                if !names.is_empty() && !names.contains(&name.as_str()) {
                    let ja = format!("「{name}」はレイアウトの fields にありません");
                    self.wrong(value.span(), ja, format!("{name} is no field of the layout"));
                }
            }
        }
        Some(name)
    }

    /// The columns of an attribute: one, or a list of several.
    fn columns(&mut self, table: &DeTable<'t>, key: &str, layout: &Layout) -> Vec<String> {
        table.get(key).map(|value| self.list(value, layout)).unwrap_or_default()
    }

    fn list(&mut self, value: &Value<'t>, layout: &Layout) -> Vec<String> {
        match value.get_ref().as_array() {
            Some(values) if values.is_empty() => {
                let ja = "空の並びです。項目がなければこの行を消してください";
                self.wrong(value.span(), ja, "an empty list; leave the line out if there is no such column");
                Vec::new()
            }
            Some(values) => values.iter().filter_map(|value| self.placed(value, layout)).collect(),
            None => self.placed(value, layout).into_iter().collect(),
        }
    }

    fn other_names(&mut self, table: &DeTable<'t>, layout: &Layout) -> Vec<Vec<String>> {
        let Some(value) = table.get("other_names") else { return Vec::new() };
        match value.get_ref().as_array() {
            Some(values) => values.iter().map(|value| self.list(value, layout)).collect(),
            None => vec![self.list(value, layout)],
        }
    }

    fn key(&mut self, table: &DeTable<'t>, layout: &Layout) -> Option<String> {
        table.get("key").and_then(|value| self.placed(value, layout))
    }

    fn output(&mut self, spec: &DeTable<'t>) -> Output {
        let mut output = Output::default();
        let Some(table) = spec.get("output").and_then(|value| self.table(value)) else { return output };
        self.known(table, &["bom", "newline"]);
        output.bom = self.yes(table, "bom").unwrap_or(output.bom);
        let newlines = [("crlf", Newline::Crlf), ("lf", Newline::Lf)];
        output.newline = self.word(table, "newline", &newlines).unwrap_or(output.newline);
        output
    }
}
