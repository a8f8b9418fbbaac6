//! What is wrong with an input (入力の問題): which file, line and column, what it is and what to do about it.
//!
//! Always holds: a problem never holds a value of a row, only places and headings; codes are frozen; every problem is
//! counted, and which ones are listed does not depend on the order in which chunks were read.
//! Not here: finding problems (source, engine); writing the list (output).
//! Rules come from: the list of hostile input; STYLE.md (a parser returns the value and its problems).

use crate::{
    birth::BirthDoubt,
    form::Doubts,
    spec::{Attribute, Side},
};
use std::collections::BTreeMap;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// `A` or `B`.
    pub side: char,
    /// The line in the file, from 1; 0 when it is the whole file. While a chunk is read: lines before it in the chunk.
    pub line: u64,
    /// The heading of the column meant, if one is.
    pub column: Option<String>,
    /// What.
    pub code: ProblemCode,
}

/// What follows from a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The run stops before anything is written.
    Stops,
    /// The row counts as a row, but cannot be linked.
    RowUnusable,
    /// The row is used; somebody should look.
    Noted,
}

impl Severity {
    /// In Japanese, for the list.
    pub fn ja(self) -> &'static str {
        match self {
            Severity::Stops => "処理中止",
            Severity::RowUnusable => "突合不可の行",
            Severity::Noted => "注意",
        }
    }

    /// In English.
    pub fn en(self) -> &'static str {
        match self {
            Severity::Stops => "stops",
            Severity::RowUnusable => "row unusable",
            Severity::Noted => "noted",
        }
    }
}

/// The kinds: variants with code, severity, and "what; what to do" in Japanese and in English.
macro_rules! problems {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $severity:ident, $ja:literal, $en:literal;)*) => {
        /// Kinds of problems.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ProblemCode { $($(#[$doc])* $variant,)* }

        impl ProblemCode {
            /// All kinds, in the order of their codes.
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$variant,)*];

            /// The frozen code, such as `P201`: P1 is the whole file, P2 a row, P3 a value.
            pub fn code(self) -> &'static str {
                match self { $(ProblemCode::$variant => $code,)* }
            }

            /// What follows from it.
            pub fn severity(self) -> Severity {
                match self { $(ProblemCode::$variant => Severity::$severity,)* }
            }

            /// What it is and what to do, in Japanese.
            pub fn ja(self) -> &'static str {
                match self { $(ProblemCode::$variant => $ja,)* }
            }

            /// What it is and what to do, in English.
            pub fn en(self) -> &'static str {
                match self { $(ProblemCode::$variant => $en,)* }
            }
        }
    };
}

problems! {
    /// No byte, or blank lines only.
    Empty = "P101", Stops,
        "ファイルが空です。出力し直してください。",
        "The file is empty; export it again.";
    /// A header and no row.
    HeaderOnly = "P102", Stops,
        "見出しだけで、データの行がありません。出力し直してください。",
        "There is a header and no row; export the file again.";
    /// A column of the spec is not in the file.
    NoColumn = "P103", Stops,
        "設定にある項目がファイルにありません。設定の項目名を見出しに合わせてください（見出しのないファイルなら header = false）。A と B の順も確かめてください。",
        "The file lacks columns that the spec names; correct the names in the spec (or say header = false if the file has none), and see whether A and B are in their order.";
    /// Goes with `NoColumn`: the headings that were recognised. The others are not shown, since a file without a
    /// header has a person there.
    HeaderHas = "P104", Stops,
        "ファイルの見出しのうち、読み取れた項目はこれだけです。",
        "These are the headings of the file that are known.";
    /// A column of the spec stands twice in the header.
    ColumnTwice = "P105", Stops,
        "同じ名前の項目が見出しに2回以上あります。一方の名前を変えてください。",
        "The header has this column more than once; rename one of them.";
    /// UTF-16, which spreadsheets call Unicode text.
    Utf16 = "P106", Stops,
        "文字コードがUTF-16（Unicodeテキスト）です。「CSV UTF-8」で保存し直してください。",
        "The file is UTF-16 (\"Unicode text\"); save it as \"CSV UTF-8\".";
    /// A column holds what belongs into another.
    ColumnsSwapped = "P107", Stops,
        "この項目の中身が別の項目のもののようです（氏名・カナ・生年月日・性別・住所の入れ替わり）。設定の項目名か、ファイルの列を直してください。",
        "This column seems to hold what belongs into another (name, kana, birth date, sex, address swapped); correct the spec or the file.";
    /// The spec says UTF-8, or CP932, and most of the file is the other.
    OtherEncoding = "P108", Stops,
        "文字コードが設定と違うようです。設定の encoding を auto にするか、正しい値にしてください。UTF-8 でも Shift_JIS（CP932）でもないときは、どちらかで保存し直してください。",
        "The file's encoding is not the one in the spec; say encoding = \"auto\" or the right one. If it is neither UTF-8 nor Shift_JIS (CP932), save it as one of them.";
    /// Some numbers begin with zeros, others are shorter.
    LostLeadingZeros = "P109", Noted,
        "番号の桁数がそろっていません。表計算ソフトで先頭の0が消えた可能性があります。元のシステムから出力し直してください。",
        "Numbers differ in length; a spreadsheet may have dropped leading zeros. Export from the original system.";
    /// No column of the spec is in the file: another separator, a title above the header, or another file altogether.
    NoHeadingFits = "P110", Stops,
        "設定の項目が1つも見出しに合いません。区切り文字（separator）、1行目が見出しか、A と B の順を確かめてください。",
        "Not one column of the spec is among the headings; see to the separator, whether the first line is the header, and the order of A and B.";
    /// A spreadsheet's own file (.xlsx, .xls), or another archive.
    Workbook = "P111", Stops,
        "Excel ブック（または圧縮ファイル）です。Excel で開き、「名前を付けて保存」の「CSV UTF-8」で保存し直してください。",
        "This is an Excel workbook (or an archive); save it as \"CSV UTF-8\" from the spreadsheet.";
    /// The first line says `sep=` and another separator than the spec.
    OtherSeparator = "P112", Stops,
        "1行目（sep=）が示す区切り文字が、設定の separator と違います。設定の separator を1行目に合わせてください。使えるのはコンマ・タブ・セミコロンだけなので、ほかの文字のときは区切り文字を変えて出力し直してください。",
        "The first line (sep=) names another separator than the spec; correct the separator in the spec. Only comma, tab and semicolon can be used: if it is none of them, export with another separator.";

    /// Not as many fields as the header.
    WrongFieldCount = "P201", RowUnusable,
        "項目の数（固定長では行の長さ）が合いません。区切り文字や改行が値に混じっていないか確かめてください。",
        "The number of fields (the length, in a fixed-width file) is not right; look for separators or line ends inside a value.";
    /// A quote is not closed.
    UnclosedQuote = "P202", RowUnusable,
        "引用符（\"）が閉じていません。この行の引用符を直してください。",
        "A quote is not closed; correct the quotes of this line.";
    /// Text between a closing quote and the next separator.
    TextAfterQuote = "P203", RowUnusable,
        "引用符（\"）の後に余分な文字があります。値の中の引用符は2つ重ねてください。",
        "There is text after a closing quote; a quote inside a value is written twice.";
    /// A NUL byte.
    Nul = "P204", RowUnusable,
        "NUL 文字（制御文字）があります。ファイルが壊れているおそれがあります。出力し直してください。",
        "There is a NUL byte; the file may be damaged. Export it again.";
    /// Bytes that are not of the file's encoding.
    BadEncoding = "P205", RowUnusable,
        "この行に、ファイルの文字コードとして読めない文字があります（文字コードの混在など）。出力し直してください。",
        "The row has bytes that are not of the file's encoding (mixed encodings, for example); export it again.";
    /// A row longer than any row can be.
    RowTooLong = "P206", RowUnusable,
        "行が長すぎます（1 MiBまで）。改行が失われていないか確かめてください。",
        "The row is too long (1 MiB at most); look for lost line ends.";
    /// The file ends within its last row.
    TruncatedLastRow = "P207", RowUnusable,
        "最後の行が途中で切れています。ファイルの転送や出力が途中で終わったおそれがあります。出力し直してください。",
        "The last row is cut off; copying or exporting may have ended early. Export the file again.";
    /// A key stands on an earlier row too.
    DuplicateKey = "P208", Noted,
        "同じキーの行がほかにもあります。同じ人が2回入っていないか確かめてください。",
        "Another row has the same key; see whether one person is in the file twice.";

    /// No name.
    NoName = "P301", RowUnusable,
        "氏名がありません。この行は結び付けません。元のデータの氏名を確かめてください。",
        "There is no name. The row is not linked; look at the original.";
    /// A birth date in no known way of writing.
    BirthUnreadable = "P302", Noted,
        "生年月日として読めません（元号のない2桁の年、月と日の順が分からないものを含みます）。この値は使いません。「19481103」や「昭和23年11月3日」のように書き直してください。",
        "This cannot be read as a birth date (nor can two digits of a year without an era, or day and month in an unknown order). It is not used; write it as 19481103, for example.";
    /// A birth date that became a spreadsheet's day number.
    BirthSpreadsheet = "P303", Noted,
        "生年月日が表計算ソフトの通し番号になっています。日付に直して読みましたが、元のデータを確かめてください。",
        "The birth date is a spreadsheet's day number. It was read as that day; compare with the original.";
    /// A birth date that is on no calendar, or outside the years that are read.
    BirthNoSuchDay = "P304", Noted,
        "生年月日が暦にない日か、1868年より前・2099年より後の日です。この値は使いません。元のデータを確かめてください。",
        "The birth date is no day of the calendar, or before 1868 or after 2099. It is not used; look at the original.";
    /// A birth date that lacks parts, has its year last, or a year that its era never had.
    BirthDamaged = "P305", Noted,
        "生年月日の書き方が整っていません（月や日がない、年だけ、年が最後にある、元号の最後の年を過ぎている）。分かるところを読んで使いました。元のデータを確かめてください。",
        "The birth date is not written in order (month or day missing, a year alone, the year last, a year past its era's end). What is plain was read and used; look at the original.";
    /// A sex in no known way of writing.
    SexUnknown = "P306", Noted,
        "性別として読めません。記載なしとして扱います。「1」「2」か「男」「女」に書き直してください。",
        "This cannot be read as a sex and counts as not given; write 1 or 2, M or F.";
    /// A number that became a power of ten.
    NumberDamaged = "P307", Noted,
        "番号が表計算ソフトの指数表示（1.23E+11など）になっています。この番号は使いません。元のシステムから出力し直してください。",
        "A spreadsheet turned the number into a power of ten (such as 1.23E+11). It is not used; export from the original system.";
}

impl From<BirthDoubt> for ProblemCode {
    fn from(doubt: BirthDoubt) -> ProblemCode {
        match doubt {
            BirthDoubt::Unreadable => ProblemCode::BirthUnreadable,
            BirthDoubt::Serial => ProblemCode::BirthSpreadsheet,
            BirthDoubt::NoSuchDay => ProblemCode::BirthNoSuchDay,
            BirthDoubt::Damaged => ProblemCode::BirthDamaged,
        }
    }
}

impl Problem {
    /// A problem of a row.
    pub fn row(side: char, line: u64, column: Option<&str>, code: ProblemCode) -> Problem {
        Problem { side, line, column: column.map(str::to_owned), code }
    }

    /// What was doubtful in a row, if anything was.
    pub(crate) fn of_doubts(
        doubts: Doubts,
        (side, spec): (char, &Side),
        line: u64,
    ) -> impl Iterator<Item = Problem> {
        let found = [
            (doubts.no_name.then_some(ProblemCode::NoName), Attribute::Name),
            (doubts.birth.map(ProblemCode::from), Attribute::Birth),
            (doubts.sex.then_some(ProblemCode::SexUnknown), Attribute::Sex),
        ];
        // Asked of every row, and nearly none has a doubt: the heading is put together only for one that has.
        let told = move |(code, attribute): (Option<ProblemCode>, Attribute)| {
            code.map(|code| Problem::row(side, line, Some(&spec.heading(attribute)), code))
        };
        found.into_iter().filter_map(told)
    }

    /// A problem of a whole file.
    pub fn file(side: char, column: Option<&str>, code: ProblemCode) -> Problem {
        Problem::row(side, 0, column, code)
    }

    /// Where, what and what to do, in Japanese.
    pub fn ja(&self) -> String {
        let line = if self.line == 0 { String::new() } else { format!(" {}行目", self.line) };
        let column = self.column.as_ref().map(|column| format!("「{column}」")).unwrap_or_default();
        format!("ファイル{}{line}{column}: {}（{}）", self.side, self.code.ja(), self.code.code())
    }

    /// Where, what and what to do, in English.
    pub fn en(&self) -> String {
        let line = if self.line == 0 { String::new() } else { format!(", line {}", self.line) };
        let column = self.column.as_ref().map(|column| format!(", column {column}")).unwrap_or_default();
        format!("File {}{line}{column}: {} ({})", self.side, self.code.en(), self.code.code())
    }
}

/// Problems of a run: every one is counted, the first of each code and side are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// Listed, by side, code, line, column.
    pub listed: Vec<Problem>,
    /// How many of each.
    pub counts: BTreeMap<(char, ProblemCode), u64>,
}

impl Problems {
    /// How many of one code and side are listed.
    pub const LISTED_MAX: u64 = 1_000;

    /// Counts a problem, and lists it if it is among the first of its code and side by line.
    pub fn add(&mut self, problem: Problem) {
        *self.counts.entry((problem.side, problem.code)).or_default() += 1;
        self.list(problem);
    }

    /// Counts so many problems more, all of which stand behind those that can be listed.
    pub fn more(&mut self, side: char, code: ProblemCode, count: u64) {
        if count > 0 {
            *self.counts.entry((side, code)).or_default() += count;
        }
    }

    /// Takes the problems out of a reader's list, with so many lines of the file before the chunk. A line of a row is
    /// then the line in the file, from 1.
    pub fn take(&mut self, from: &mut Vec<Problem>, lines_before: u64) {
        for mut problem in from.drain(..) {
            problem.line += lines_before + 1;
            self.add(problem);
        }
    }

    /// Adds what another reader collected, whose lines are short by this many (see [`Problems::take`] with 0 lines).
    pub fn merge(&mut self, other: Problems, lines_before: u64) {
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
        for mut problem in other.listed {
            // A problem of the whole file has line 0 and keeps it.
            problem.line += if problem.line == 0 { 0 } else { lines_before };
            self.list(problem);
        }
    }

    /// How many there are of a code on a side.
    pub fn count(&self, side: char, code: ProblemCode) -> u64 {
        self.counts.get(&(side, code)).copied().unwrap_or_default()
    }

    /// Keeps `listed` in order, at most [`Problems::LISTED_MAX`] of a code and side. Rows come in ascending lines
    /// mostly, so once a list is full nearly all problems end at the first comparison.
    fn list(&mut self, problem: Problem) {
        let key = |p: &Problem| (p.side, p.code);
        let begin = self.listed.partition_point(|p| key(p) < key(&problem));
        let end = begin + self.listed[begin..].partition_point(|p| key(p) == key(&problem));
        let at = begin
            + self.listed[begin..end]
                .partition_point(|p| (p.line, &p.column) <= (problem.line, &problem.column));
        let full = (end - begin) as u64 >= Problems::LISTED_MAX;
        if full && at == end {
            return;
        }
        if full {
            self.listed.remove(end - 1);
        }
        self.listed.insert(at, problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_ascend() {
        let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.code()).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
        for code in ProblemCode::ALL {
            assert!(code.ja().ends_with('。') && code.en().ends_with('.'), "{code:?}");
            // What it is, and what to do; a list of headings goes with another problem, which says it.
            let [ja, en] = [code.ja(), code.en()].map(|words| words.trim_end_matches(['。', '.']));
            let says_what_to_do = ja.contains('。') && en.contains([';', '.']);
            assert!(says_what_to_do || *code == ProblemCode::HeaderHas, "{code:?}");
            let of_file = code.code().starts_with("P1");
            assert_eq!(code.severity() == Severity::Stops, of_file && *code != ProblemCode::LostLeadingZeros);
        }
    }

    #[test]
    fn a_problem_says_where_what_and_what_to_do() {
        let problem = Problem::row('A', 12, Some("氏名"), ProblemCode::NoName);
        assert_eq!(
            problem.ja(),
            "ファイルA 12行目「氏名」: 氏名がありません。この行は結び付けません。元のデータの氏名を確かめてください。（P301）"
        );
        assert_eq!(
            problem.en(),
            "File A, line 12, column 氏名: There is no name. The row is not linked; look at the original. (P301)"
        );
        let problem = Problem::file('B', None, ProblemCode::Empty);
        assert_eq!(problem.ja(), "ファイルB: ファイルが空です。出力し直してください。（P101）");
        assert_eq!(problem.en(), "File B: The file is empty; export it again. (P101)");
    }

    #[test]
    fn the_first_are_listed_whatever_the_order() {
        let all: Vec<Problem> = (0..3_000)
            .map(|n| Problem::row('A', n * 7 % 3_000, None, ProblemCode::Nul))
            .chain((0..5).map(|n| Problem::row('B', n, Some("x"), ProblemCode::NoName)))
            .collect();
        let mut forward = Problems::default();
        all.iter().cloned().for_each(|p| forward.add(p));
        let mut backward = Problems::default();
        all.iter().rev().cloned().for_each(|p| backward.add(p));
        // Two chunks of which each filled its own list.
        let mut parts = Problems::default();
        for half in all.rchunks(1_700) {
            let mut part = Problems::default();
            half.iter().cloned().for_each(|p| part.add(p));
            parts.merge(part, 0);
        }
        assert_eq!(forward, backward);
        assert_eq!(forward, parts);
        assert_eq!(forward.count('A', ProblemCode::Nul), 3_000);
        assert_eq!(forward.listed.len(), 1_005);
        assert!(forward.listed[..1_000].iter().zip(0..).all(|(p, line)| p.line == line));
    }

    #[test]
    fn lines_of_chunks_become_lines_of_the_file() {
        let mut chunk = Problems::default();
        chunk.take(&mut vec![Problem::row('A', 0, None, ProblemCode::Nul)], 0);
        chunk.add(Problem::file('A', None, ProblemCode::LostLeadingZeros));
        let mut all = Problems::default();
        all.merge(chunk, 41);
        let lines: Vec<u64> = all.listed.iter().map(|p| p.line).collect();
        assert_eq!(lines, [0, 42]);
        let mut direct = Problems::default();
        direct.take(&mut vec![Problem::row('A', 3, None, ProblemCode::Nul)], 41);
        assert_eq!(direct.listed[0].line, 45);
    }
}
