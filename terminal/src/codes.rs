//! The terminal's own codes: one table that says what happened, what the desk does and what the engineer does.
//!
//! Always holds: a code is nine characters, `SKT`, five digits, and `E` (error), `W` (warning) or `I` (information);
//! it never changes its meaning. A Japanese message fits the 60 characters of `ErrorMessage`, filled in or not. No
//! text holds anything of a request except a time of day or the name of an element. `terminal/codes.txt` is the
//! committed list for vendors; a test keeps it equal to this table.
//! Not here: which situation gets which code (`rules.rs`, `answers.rs`), the codes of the server (its own list).
//! Rules come from: the reference on the OQS interface, sections 5 (width 9), 6.6 (what the desk can do) and 10.
//! These codes are not official ones; the official list is not public.

/// One code with its texts.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Nine characters.
    pub code: &'static str,
    /// A stable word for logs and counters.
    pub word: &'static str,
    /// What happened, in Japanese; `{}` stands for the time of day or the element.
    pub ja: &'static str,
    /// What happened, in English.
    pub en: &'static str,
    /// What the desk does, in Japanese.
    pub desk_ja: &'static str,
    /// What the desk does, in English.
    pub desk_en: &'static str,
    /// What the engineer does.
    pub engineer: &'static str,
}

impl Code {
    /// The Japanese message with its gap filled.
    pub fn say(&self, fill: &str) -> String {
        self.ja.replacen("{}", fill, 1).chars().take(MESSAGE_WIDTH).collect()
    }
}

/// Characters of `ErrorMessage` and `ProcessingResultMessage`, by the narrower of the two known widths.
pub const MESSAGE_WIDTH: usize = 60;

const RESEND: (&str, &str) = (
    "レセコン等からもう一度送ってください。繰り返すときはシステム業者へ連絡してください。",
    "Send it again from the clinic's system; if it happens again, call its vendor.",
);
const VENDOR: (&str, &str) =
    ("システム業者へ、このコードを伝えてください。", "Tell this code to the vendor of the clinic's system.");
const LINE: (&str, &str) = (
    "氏名・生年月日・性別・住所を控え、回線が戻ってから再照会してください。急ぐときは被保険者資格申立書を書いてもらってください。",
    "Note name, date of birth, sex and address and ask again once the line is back; if that cannot wait, have the patient fill in a declaration of eligibility.",
);

/// The request file is empty.
pub static EMPTY: Code = Code {
    code: "SKT01001E",
    word: "empty",
    ja: "要求ファイルが空です。",
    en: "The request file is empty.",
    desk_ja: RESEND.0,
    desk_en: RESEND.1,
    engineer: "The writer created the file and wrote nothing. Write elsewhere and rename into req.",
};
/// The request file ends in the middle.
pub static HALF_WRITTEN: Code = Code {
    code: "SKT01002E",
    word: "half-written",
    ja: "要求ファイルが途中で切れています。",
    en: "The request file ends in the middle.",
    desk_ja: RESEND.0,
    desk_en: RESEND.1,
    engineer: "The writer stopped for longer than settle_ms. Write elsewhere and rename into req.",
};
/// The request file is not XML.
pub static NOT_XML: Code = Code {
    code: "SKT01003E",
    word: "not-xml",
    ja: "要求ファイルがXMLとして読めません。",
    en: "The request file cannot be read as XML.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Check the file with an XML parser; look for unescaped & and <.",
};
/// The bytes are not in the encoding they claim.
pub static WRONG_ENCODING: Code = Code {
    code: "SKT01004E",
    word: "wrong-encoding",
    ja: "要求ファイルの文字コードが宣言と合いません（UTF-8またはShift_JIS）。",
    en: "The bytes do not fit the declared encoding (UTF-8 or Shift_JIS).",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Declare the encoding that is written; only UTF-8 and Shift_JIS are accepted.",
};
/// The file is larger than any request.
pub static TOO_BIG: Code = Code {
    code: "SKT01005E",
    word: "too-big",
    ja: "要求ファイルが大きすぎます。",
    en: "The request file is too large.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "The file exceeds max_bytes; a request has about 1 kB.",
};
/// A link, pipe or device under a request's name.
pub static NOT_A_FILE: Code = Code {
    code: "SKT01006E",
    word: "not-a-file",
    ja: "要求が通常のファイルではありません。",
    en: "The request is not an ordinary file.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Links, pipes and devices are never followed or opened; write a plain file.",
};
/// Document types, entities, processing instructions.
pub static FORBIDDEN: Code = Code {
    code: "SKT01007E",
    word: "forbidden",
    ja: "要求ファイルに使用できない記述（DOCTYPE・実体参照等）があります。",
    en: "The request holds a document type, an entity or a processing instruction.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Remove DOCTYPE, entities and processing instructions. If nobody wrote them, look for malware.",
};
/// A shape that no request has.
pub static WRONG_SHAPE: Code = Code {
    code: "SKT01008E",
    word: "wrong-shape",
    ja: "要求ファイルの構造が電文の形式と異なります。",
    en: "The request has a shape that no message has (too deep, too many elements, mixed text).",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Compare the file with the layout; no attributes, no text beside elements.",
};
/// The root is not `XmlMsg`.
pub static WRONG_ROOT: Code = Code {
    code: "SKT01009E",
    word: "wrong-root",
    ja: "要求ファイルのルート要素がXmlMsgではありません。",
    en: "The root element is not XmlMsg.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Another message under this name, or another program writing into req.",
};
/// The same file name is answered or under way.
pub static DUPLICATE: Code = Code {
    code: "SKT01010E",
    word: "duplicate",
    ja: "同じファイル名の要求が処理中か、その回答が未取得です。",
    en: "A request of the same file name is under way, or its answer has not been taken.",
    desk_ja: "先の回答を確認してください。見当たらないときはもう一度送ってください。",
    desk_en: "Look at the first answer; if there is none, send it again.",
    engineer: "Give every request a file name of its own and remove answers after reading. This refusal is in <answer>_dup<n>.xml; the first answer is untouched.",
};
/// A message of a known family that this terminal does not serve.
pub static NOT_SERVED: Code = Code {
    code: "SKT01011E",
    word: "not-served",
    ja: "この種類の要求にはまだ対応していません。",
    en: "This kind of message is not served yet.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Only OQSsiquc01req and OQSsiimm01req are served. Switch the function off in the clinic's system.",
};
/// The same bytes were answered a short while ago.
pub static REPEATED: Code = Code {
    code: "SKT01012E",
    word: "repeated",
    ja: "同じ名前・同じ内容の要求に回答済みです。",
    en: "A request of the same name and content has been answered already.",
    desk_ja: "先の回答を使ってください。改めて確認するときは資格確認をやり直してください。",
    desk_en: "Use the first answer; to check anew, ask again.",
    engineer: "Vary the file name, or set repeat_ms to 0 when the system reuses names on purpose.",
};
/// The file cannot be opened.
pub static UNREADABLE: Code = Code {
    code: "SKT01013E",
    word: "unreadable",
    ja: "要求ファイルを開けません（読み取り権限がありません）。",
    en: "The request file cannot be opened: no right to read it.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Let the terminal's account read what the clinic's system writes into req.",
};
/// Another institution's code.
pub static FOREIGN_INSTITUTION: Code = Code {
    code: "SKT02001E",
    word: "foreign-institution",
    ja: "医療機関コードがこの端末のものと異なります。",
    en: "The institution code is not this terminal's.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Compare MedicalInstitutionCode with institution_code in the terminal's settings. Nothing was sent.",
};
/// The asked day does not exist.
pub static BAD_ASKED_DATE: Code = Code {
    code: "SKT02002E",
    word: "bad-asked-date",
    ja: "資格確認日（QualificationConfirmationDate）が正しい日付ではありません。",
    en: "QualificationConfirmationDate is not a day of the calendar.",
    desk_ja: "資格確認日を直して、やり直してください。",
    desk_en: "Correct the day that is asked about and ask again.",
    engineer: "Eight digits, YYYYMMDD, a day that exists.",
};
/// The birth date is impossible.
pub static BAD_BIRTH_DATE: Code = Code {
    code: "SKT02003E",
    word: "bad-birth-date",
    ja: "生年月日（Birthdate）が正しい日付ではありません。",
    en: "Birthdate is not a day of the calendar.",
    desk_ja: "生年月日を直して、やり直してください。月日が不詳のときは00とします。",
    desk_en: "Correct the date of birth and ask again; unknown month or day is 00.",
    engineer: "Eight digits, YYYYMMDD; month and day, or day alone, may be 00.",
};
/// An element is missing, repeated or too long.
pub static BAD_ELEMENT: Code = Code {
    code: "SKT02004E",
    word: "bad-element",
    ja: "要求の項目が不足・重複・桁超過です（{}）",
    en: "An element is missing, repeated or too long.",
    desk_ja: "入力を確かめて、やり直してください。",
    desk_en: "Check what was entered and ask again.",
    engineer: "The message names the element; compare with the layout of the request.",
};
/// A patient number that is not ASCII.
pub static BAD_REFERENCE_NUMBER: Code = Code {
    code: "SKT02005E",
    word: "bad-reference-number",
    ja: "照会番号（ReferenceNumber）に使えない文字があります。半角英数字・記号だけが使えます。",
    en: "ReferenceNumber holds characters other than ASCII.",
    desk_ja: "カルテ番号等を半角英数字・記号に直して、もう一度登録してください。",
    desk_en: "Change the patient number to ASCII letters, digits and signs and register it again.",
    engineer: "Characters 0x20 to 0x7e, at most 50 of them. Nothing was sent.",
};
/// No connection to the server.
pub static NO_LINE: Code = Code {
    code: "SKT03001E",
    word: "no-line",
    ja: "{}現在、資格確認サーバーに接続できません。氏名・生年月日・性別・住所を控え後で再照会、または資格申立書を。",
    en: "The server cannot be reached.",
    desk_ja: LINE.0,
    desk_en: LINE.1,
    engineer: "Check line, VPN, name resolution and the server. A check is kept and reported to the server later; a registration is not, and the clinic sends it again.",
};
/// The server did not answer in time.
pub static TIMED_OUT: Code = Code {
    code: "SKT03002E",
    word: "timed-out",
    ja: "{}現在、資格確認サーバーの応答がありません。氏名・生年月日・性別・住所を控え後で再照会、または資格申立書を。",
    en: "The server did not answer in time.",
    desk_ja: LINE.0,
    desk_en: LINE.1,
    engineer: "Check the load of the server and the line. A check is kept and reported to the server later; a registration is not, and the clinic sends it again.",
};
/// The server is busy.
pub static BUSY: Code = Code {
    code: "SKT03003E",
    word: "busy",
    ja: "{}現在、資格確認サーバーが混み合っています。しばらくして再照会してください。",
    en: "The server is busy.",
    desk_ja: "少し待って再照会してください。急ぐときは氏名・生年月日・性別・住所を控えてください。",
    desk_en: "Wait a little and ask again; if it cannot wait, note name, date of birth, sex and address.",
    engineer: "The server's queue is full (429 or 503). A check is kept and reported later, a registration is not.",
};
/// Certificates do not fit.
pub static NOT_TRUSTED: Code = Code {
    code: "SKT03004E",
    word: "not-trusted",
    ja: "端末とサーバーの証明書を確認できず、接続できません。システム業者へ連絡してください。",
    en: "Terminal and server do not accept each other's certificates.",
    desk_ja: "システム業者へ連絡してください。それまでは氏名・生年月日・性別・住所を控えてください。",
    desk_en: "Call the vendor; until then note name, date of birth, sex and address.",
    engineer: "Check expiry and issuer of the terminal's certificate, the CA in the settings, and the facility's registration.",
};
/// The server refused the request.
pub static REFUSED: Code = Code {
    code: "SKT03005E",
    word: "refused",
    ja: "資格確認サーバーが要求を受け付けませんでした。システム業者へ連絡してください。",
    en: "The server did not accept the request.",
    desk_ja: VENDOR.0,
    desk_en: VENDOR.1,
    engineer: "Look for the request's id in the terminal's log; the server's log has the reason under the same id.",
};
/// The server is broken.
pub static SERVER_FAULT: Code = Code {
    code: "SKT03006E",
    word: "server-fault",
    ja: "{}現在、資格確認サーバーに障害があります。氏名・生年月日・性別・住所を控え後で再照会、または資格申立書を。",
    en: "The server reports a fault of its own.",
    desk_ja: LINE.0,
    desk_en: LINE.1,
    engineer: "The server answered with a 5xx status. A check is kept and reported later, a registration is not.",
};
/// The server's answer cannot be used.
pub static BAD_ANSWER: Code = Code {
    code: "SKT03007E",
    word: "bad-answer",
    ja: "資格確認サーバーの回答を読み取れません。システム業者へ連絡してください。",
    en: "The server's answer cannot be read, or is about another request.",
    desk_ja: LINE.0,
    desk_en: LINE.1,
    engineer: "Terminal and server are of versions that do not fit, or something between them changes messages.",
};
/// Characters were replaced.
pub static SUBSTITUTED: Code = Code {
    code: "SKT04001W",
    word: "substituted",
    ja: "文字コードにない文字を通用字体または●に置き換えています。氏名はカナ氏名でも確認してください。",
    en: "Characters that the encoding lacks are shown in their usual form (𠮷 as 吉) or, without one, as ●.",
    desk_ja: "氏名の漢字は資格情報の画面か本人の書類で、読みはカナ氏名で確認してください。",
    desk_en: "Check the reading in NameKana, and the characters of the name with the patient.",
    engineer: "Set the answer's encoding to UTF-8 if the clinic's system can read it.",
};
/// The terminal itself failed.
pub static TERMINAL_FAULT: Code = Code {
    code: "SKT09001E",
    word: "terminal-fault",
    ja: "資格確認端末の内部で障害が起きました。システム業者へ連絡してください。",
    en: "The terminal failed.",
    desk_ja: "もう一度照会し、繰り返すときはシステム業者へ連絡してください。",
    desk_en: "Ask again; if it happens again, call the vendor.",
    engineer: "A defect of ours; the log has its place. Please report it.",
};

/// Every code, in order.
pub static ALL: &[&Code] = &[
    &EMPTY,
    &HALF_WRITTEN,
    &NOT_XML,
    &WRONG_ENCODING,
    &TOO_BIG,
    &NOT_A_FILE,
    &FORBIDDEN,
    &WRONG_SHAPE,
    &WRONG_ROOT,
    &DUPLICATE,
    &NOT_SERVED,
    &REPEATED,
    &UNREADABLE,
    &FOREIGN_INSTITUTION,
    &BAD_ASKED_DATE,
    &BAD_BIRTH_DATE,
    &BAD_ELEMENT,
    &BAD_REFERENCE_NUMBER,
    &NO_LINE,
    &TIMED_OUT,
    &BUSY,
    &NOT_TRUSTED,
    &REFUSED,
    &SERVER_FAULT,
    &BAD_ANSWER,
    &SUBSTITUTED,
    &TERMINAL_FAULT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_well_made_and_unique() {
        let mut seen = std::collections::HashSet::new();
        for code in ALL {
            let digits = &code.code[3..8];
            assert!(code.code.len() == 9 && code.code.starts_with("SKT"), "{}", code.code);
            assert!(digits.bytes().all(|b| b.is_ascii_digit()) && code.code.ends_with(['E', 'W', 'I']));
            assert!(seen.insert(code.code) && seen.insert(code.word), "{} comes twice", code.code);
            let fill =
                if *code == &BAD_ELEMENT { "LimitApplicationCertificateRelatedConsFlg" } else { "23:59" };
            let width = code.ja.replacen("{}", fill, 1).chars().count();
            assert!(width <= MESSAGE_WIDTH, "{} has {width} characters", code.code);
        }
    }

    #[test]
    fn the_committed_list_is_this_table() {
        let mut list = String::from(
            "The terminal's own codes (not official ones). Generated by a test from src/codes.rs.\n",
        );
        for code in ALL {
            list += &format!(
                "\n{}  {}\n  {}\n  {}\n  窓口: {}\n  Desk: {}\n  Engineer: {}\n",
                code.code, code.word, code.ja, code.en, code.desk_ja, code.desk_en, code.engineer
            );
        }
        expect_test::expect_file!["../codes.txt"].assert_eq(&list);
    }
}
