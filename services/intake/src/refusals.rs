//! Every way in which a feed file, a line of one, or an office at the machines' door is refused; and the notice that a
//! filing is held back.
//!
//! Always holds: codes are stable; no text can hold anything of a line. What another service refuses keeps its code.
//! Not here: what that service refuses (`cards`, `facilities` and so on).
//! Rules come from: docs/feeds.md; docs/rules.md S5 r1, r2.

use base::{Help, Refusal, helps};
use formats::feed::Fault;

helps! {
    // Lines ----------------------------------------------------------------------------------------------------------
    /// Too long or too deep.
    LINE_TOO_LARGE = "intake.line-too-large" "SKI01001E"
        what "行が長すぎるか、項目が多すぎます。" "The line is too long, or has too many parts."
        desk "1行は16 KiBまで、1つの加入の facts は64件までです。1つの加入は1行です。不要な facts を除いてください。" "A line has at most 16 KiB, a coverage at most 64 facts. A coverage is one line: leave out facts that are not needed."
        engineer "feed::LINE_BYTES_MAX, feed::FACTS_MAX, or a depth that no record has.";
    /// Not UTF-8.
    LINE_ENCODING = "intake.line-encoding" "SKI01002E"
        what "行がUTF-8ではありません。" "The line is not UTF-8."
        desk "ファイルをUTF-8で作り直してください。" "Make the file anew in UTF-8."
        engineer "Often Shift_JIS; the bytes of the line do not decode.";
    /// It ends in the middle.
    LINE_TRUNCATED = "intake.line-truncated" "SKI01003E"
        what "行が途中で終わっています。" "The line ends in the middle."
        desk "ファイルを書き終えてから送ってください。" "Send the file once it is written to its end."
        engineer "The JSON object is not closed: a copy that broke off, or a newline inside a text.";
    /// Not one JSON object.
    LINE_NOT_JSON = "intake.line-not-json" "SKI01004E"
        what "行がJSONのオブジェクト1つではありません。" "The line is not one JSON object."
        desk "1行に1つのオブジェクトを書いてください（RFC 8259）。" "Write one object a line (RFC 8259)."
        engineer "serde_json refused the line; its own text quotes and is not shown.";
    /// A key stands twice.
    LINE_REPEATED = "intake.line-repeated" "SKI01005E"
        what "同じ項目が2回書かれています。" "A field stands twice."
        desk "1つにしてください。" "Leave one."
        engineer "Two readers could take different ones.";
    /// A key that is not known here.
    LINE_UNKNOWN = "intake.line-unknown" "SKI01006E"
        what "この種別にない項目です。" "This record has no such field."
        desk "項目の名前の綴りを確かめるか、項目を削ってください。" "See whether the field is spelt right, or leave it out."
        engineer "docs/feeds.md lists the fields of each type; `?` stands for a name that is not shown.";
    /// A key that must be there.
    LINE_MISSING = "intake.line-missing" "SKI01007E"
        what "必須の項目がありません。" "A field that must be there is missing."
        desk "項目を書き加えてください。" "Add the field."
        engineer "Absent and null are the same.";
    /// Text, number, list.
    LINE_KIND = "intake.line-kind" "SKI01008E"
        what "値の型が違います。" "The value is of another type."
        desk "文字列は引用符で囲み、整数は引用符なしで書いてください。" "Put texts into quotation marks and whole numbers without."
        engineer "A text, whole number, object or list was expected. Numbers with check digits are texts.";
    /// Too long, empty, wrong count.
    LINE_LENGTH = "intake.line-length" "SKI01009E"
        what "値の長さが正しくありません。" "The value has the wrong length."
        desk "桁数を確かめてください。空の値は書かずに省きます。" "Check the count of characters. Leave out what is empty."
        engineer "docs/feeds.md has the lengths.";
    /// Other characters.
    LINE_CHARACTERS = "intake.line-characters" "SKI01010E"
        what "使えない文字が入っています。" "The value has characters that it may not have."
        desk "数字は半角で書き、制御文字を除いてください。" "Write digits in half width, and no control characters."
        engineer "docs/feeds.md has the characters of each field.";
    /// Not a day.
    DAY = "intake.day" "SKI01011E"
        what "日付として読み取れません。" "This is not a day."
        desk "暦にある日を YYYYMMDD で書いてください。生年月日だけは、不詳の月と日を 00 にできます。" "Write a day of the calendar as YYYYMMDD. In a birth date alone, an unknown month or day is 00."
        engineer "Not eight digits, or no such day.";
    /// Outside its range.
    LINE_RANGE = "intake.line-range" "SKI01012E"
        what "値が範囲の外です。" "The value is out of range."
        desk "値を確かめてください。" "Check the value."
        engineer "docs/feeds.md has the ranges.";
    /// None of the words.
    WORD = "intake.word" "SKI01013E"
        what "決められた値のどれでもありません。" "The value is none of those that it can be."
        desk "手引きの表の値を使ってください。" "Use one of the values in the guide."
        engineer "docs/feeds.md has the words; type and fact are words too.";
    /// Another version.
    VERSION = "intake.version" "SKI01014E"
        what "届出ファイルの版が違います。" "The file is of another version."
        desk "1行目の feed を shikaku/1 にし、その版の形で作ってください。" "Put shikaku/1 as feed into the first line, and make the file in that form."
        engineer "feed::VERSION.";
    /// Check digit.
    CHECK_DIGIT = "intake.check-digit" "SKI01015E"
        what "番号の検証番号（個人番号では検査用数字）が合いません。" "The number's check digit does not fit."
        desk "元の書類と見比べて、番号を確かめてください。" "Compare the number with the document it comes from."
        engineer "Insurer number and facility code: weights 2, 1 from the right; My Number: modulus 11.";
    /// Days in another order.
    DAYS_OUT_OF_ORDER = "intake.days-out-of-order" "SKI01016E"
        what "終了日が開始日より前です。" "The last day is before the first."
        desk "日付を確かめてください。" "Check the days."
        engineer "until < from, or card_until < card_from.";
    // What a record means --------------------------------------------------------------------------------------------
    /// Not this office's to file.
    OTHER_OFFICE = "intake.other-office" "SKI02001E"
        what "この種別は、この届出元からは届け出られません。" "This office may not file records of this type."
        desk "手引きの表で、どの届出元のものかを確かめてください。" "See in the guide whose records these are."
        engineer "rules::may_file: the record's type does not belong to the office's kind.";
    /// Another insurer's number.
    OTHER_INSURER = "intake.other-insurer" "SKI02002E"
        what "別の保険者の番号です。" "This is another insurer's number."
        desk "自分の保険者番号の加入だけを届け出てください。" "File coverages of your own insurer number only."
        engineer "intake_office.insurer_number differs from the record's.";
    /// The register does not have the number.
    NO_SUCH_PERSON = "intake.no-such-person" "SKI02003E"
        what "この個人番号の方は、住民基本台帳からの届出がまだありません。" "The resident register has told of nobody with this My Number."
        desk "番号を確かめ、正しければ、住民基本台帳の届出が済んでから送り直してください。" "Check the number; if it is right, send the line again after the register has filed."
        engineer "people::exchange gave nobody.";
    /// The serial is not known.
    NO_SUCH_CERTIFICATE = "intake.no-such-certificate" "SKI02004E"
        what "この証明書は登録されていません。" "There is no such certificate."
        desk "発行の届出を先に送ってください。" "File its issue first."
        engineer "cards::find gave nothing for the serial.";
    /// A revoked one cannot be held or lifted.
    CERTIFICATE_REVOKED = "intake.certificate-revoked" "SKI02005E"
        what "この証明書は失効しています。" "The certificate is revoked."
        desk "失効した証明書は一時停止も解除もできません。新しい証明書で届け出てください。" "A revoked certificate is neither suspended nor lifted. File with the new one."
        engineer "A revocation is final (S1 r11).";
    /// A revocation without its reason, or another state with one.
    REASON = "intake.reason" "SKI02006E"
        what "失効の理由がないか、失効でないのに理由があります。" "A revocation lacks its reason, or another state has one."
        desk "state が revoked のときだけ、reason に手引きの値を書いてください。" "Give reason, one of the values in the guide, with revoked and with nothing else."
        engineer "cards::rules::Reason has the words.";
    /// The terminal's facility is not known.
    NO_SUCH_FACILITY = "intake.no-such-facility" "SKI02007E"
        what "この医療機関等コードは登録されていません。" "There is no facility with this code."
        desk "医療機関の届出を先に送ってください。" "File the facility first."
        engineer "facilities::find gave nothing.";
    /// Recorded, and held back.
    HELD_BACK = "intake.held-back" "SKI02008W"
        what "届出は記録しましたが、住民基本台帳と一致しないため、照合が済むまで回答に使いません。" "Recorded, but it does not agree with the resident register: nothing is answered from it until it does."
        desk "個人番号、氏名、カナ、生年月日、性別、住所を本人の書類で確かめ、同じ key で届け出直してください。" "Check number, name, reading, birth date, sex and address with the person's documents, and file under the same key again."
        engineer "The link is not verified (S5 r2), or a case of the person is open. Which attribute differs is not told here.";
    // Files ----------------------------------------------------------------------------------------------------------
    /// The first line is no header.
    HEADER = "intake.header" "SKI03001E"
        what "1行目が届出ファイルの見出しではありません。" "The first line is not the header of a feed file."
        desk "1行目に feed、office、delivery、made_on を書いてください。" "Write feed, office, delivery and made_on into the first line."
        engineer "feed::read_header refused it; `shikaku feed check` names the field.";
    /// The header names another kind of office.
    OTHER_KIND = "intake.other-kind" "SKI03002E"
        what "見出しの office が、この届出元の種別と違います。" "The header names another kind of office than the one that sends it."
        desk "見出しを直すか、その届出元の証明書で送ってください。" "Mend the header, or send it with that office's certificate."
        engineer "header.office differs from intake_office.kind.";
    /// A delivery's name with other bytes.
    OTHER_BYTES = "intake.other-bytes" "SKI03003E"
        what "同じ delivery の名前で、内容の違うファイルが届いています。" "A file with other content came under this delivery's name before."
        desk "新しい内容は、新しい delivery の名前で送ってください。新しい名前では、どの行も新しい届出になります。前の状態の行は含めないでください。" "Send new content under a new name of delivery. Under a new name every line is news: leave out old states."
        engineer "The SHA-256 of the lines done differs from intake_delivery.digest, or there are more lines than were finished.";
    /// Somebody else goes on with it.
    ELSEWHERE = "intake.elsewhere" "SKI03004E"
        what "この delivery は、今ほかで受け付けています。" "This delivery is being taken elsewhere at this moment."
        desk "少し待って状態を確かめ、終わっていなければ送り直してください。" "Wait, ask for its state, and send it again if it is not finished."
        engineer "intake_delivery moved on since this load looked: two loads of one delivery.";
    /// Longer than the door takes.
    FILE_TOO_LARGE = "intake.file-too-large" "SKI03005E"
        what "ファイルが8 MiBを超えています。" "The file has more than 8 MiB."
        desk "別々の delivery の名前を付けて分けるか、運用者に shikaku feed load での読み込みを依頼してください。" "Split it under names of their own, or ask the operator to load it with `shikaku feed load`."
        engineer "web::BODY_MAX.";
    /// The body broke off.
    FILE_BROKE_OFF = "intake.file-broke-off" "SKI03006E"
        what "ファイルが最後まで届きませんでした。" "The file did not arrive to its end."
        desk "送り直してください。何も記録していません。" "Send it again. Nothing was recorded."
        engineer "The connection or the body ended early.";
    /// No such delivery of this office.
    NO_SUCH_DELIVERY = "intake.no-such-delivery" "SKI03007E"
        what "この名前の delivery は受け付けていません。" "No delivery of this name was taken."
        desk "名前を確かめてください。" "Check the name."
        engineer "intake_delivery has no row for the office and the name; another office's looks the same on purpose.";
    /// Something of ours is broken.
    BROKEN = "intake.broken" "SKI03008W"
        what "システムの問題で、受付が止まりました。" "Something in the system is broken, and the delivery stopped."
        desk "同じファイルを、しばらくしてから送り直してください。止まったところから続きます。" "Send the same file again in a while. It goes on where it stopped."
        engineer "The operation was undone and the fault logged; the batches before it stand.";
    // Offices --------------------------------------------------------------------------------------------------------
    /// The certificate is somebody's.
    CERTIFICATE_USED = "intake.certificate-used" "SKI04001E"
        what "この証明書は、すでに別の届出元か端末のものとして登録されています。" "This certificate is registered already, for another office or terminal."
        desk "新しい証明書を発行してください。" "Issue a new certificate."
        engineer "intake_office or facility_terminal has the fingerprint, barred and expired ones too.";
    /// It has expired.
    CERTIFICATE_EXPIRED = "intake.certificate-expired" "SKI04002E"
        what "証明書の期限か、指定した期限が過ぎています。" "The certificate, or the day named, has expired."
        desk "新しい証明書と、先の日付を指定してください。" "Name a new certificate and a day ahead."
        engineer "expires_at is not after now.";
    /// An insurer without number, or another office with one.
    OFFICE_INSURER = "intake.office-insurer" "SKI04003E"
        what "保険者には保険者番号が要り、ほかの届出元には付けられません。" "An insurer needs an insurer number, and no other office has one."
        desk "--kind insurer のときだけ、--insurer で番号を指定してください。" "Give --insurer with --kind insurer and with nothing else."
        engineer "rules::admit.";
    /// The label.
    OFFICE_LABEL = "intake.office-label" "SKI04004E"
        what "名称を80文字以内で指定してください。" "Give a name of at most 80 characters."
        desk "名称を指定し直してください。" "Give the name again."
        engineer "Empty, too long, or with control characters.";
    /// A relay is no office.
    OFFICE_KIND = "intake.office-kind" "SKI04006E"
        what "この種別の届出元は登録できません。" "No office is of this kind."
        desk "中継（relay）のファイルは、運用者が shikaku feed load で読み込みます。" "Files of a relay are loaded by the operator with `shikaku feed load`."
        engineer "feed::Office::Relay stands for lines of several offices.";
    /// No such office.
    NO_SUCH_OFFICE = "intake.no-such-office" "SKI04005E"
        what "この届出元は登録されていません。" "There is no such office."
        desk "shikaku office list で確かめてください。" "See `shikaku office list`."
        engineer "intake_office has no such row.";
}

/// The text of a code that a line was refused with, by us or by the door behind.
pub(crate) fn of_code(code: &str) -> Option<&'static Help> {
    let doors = [
        ALL,
        cards::refusals::ALL,
        enrolment::refusals::ALL,
        facilities::refusals::ALL,
        registration::refusals::ALL,
    ];
    doors.into_iter().flatten().copied().find(|help| help.code == code)
}

/// What a fault of a line is called here.
pub fn fault(fault: Fault) -> &'static Help {
    match fault {
        Fault::TooLarge => &LINE_TOO_LARGE,
        Fault::Encoding => &LINE_ENCODING,
        Fault::Truncated => &LINE_TRUNCATED,
        Fault::NotJson => &LINE_NOT_JSON,
        Fault::Repeated => &LINE_REPEATED,
        Fault::Unknown => &LINE_UNKNOWN,
        Fault::Missing => &LINE_MISSING,
        Fault::Kind => &LINE_KIND,
        Fault::Length => &LINE_LENGTH,
        Fault::Characters => &LINE_CHARACTERS,
        Fault::Day => &DAY,
        Fault::Range => &LINE_RANGE,
        Fault::Word => &WORD,
        Fault::Version => &VERSION,
    }
}

/// A line, or what it says, cannot be taken.
pub fn line(help: &'static Help) -> Refusal {
    Refusal::new(help, 422)
}

/// The first line is no header.
pub fn header() -> Refusal {
    Refusal::new(&HEADER, 422)
}

/// The header names another kind of office.
pub fn other_kind() -> Refusal {
    Refusal::new(&OTHER_KIND, 403)
}

/// The name of the delivery came with other bytes before.
pub fn other_bytes() -> Refusal {
    Refusal::new(&OTHER_BYTES, 409)
}

/// Two loads of one delivery at once.
pub fn elsewhere() -> Refusal {
    Refusal::new(&ELSEWHERE, 409)
}

/// Longer than the door takes.
pub fn file_too_large() -> Refusal {
    Refusal::new(&FILE_TOO_LARGE, 413)
}

/// The body broke off.
pub fn file_broke_off() -> Refusal {
    Refusal::new(&FILE_BROKE_OFF, 400)
}

/// No such delivery of this office.
pub fn no_such_delivery() -> Refusal {
    Refusal::new(&NO_SUCH_DELIVERY, 404)
}

/// The certificate is somebody's already.
pub fn certificate_used() -> Refusal {
    Refusal::new(&CERTIFICATE_USED, 409)
}

/// The certificate has expired.
pub fn certificate_expired() -> Refusal {
    Refusal::new(&CERTIFICATE_EXPIRED, 422)
}

/// An insurer without its number, or another office with one.
pub fn office_insurer() -> Refusal {
    Refusal::new(&OFFICE_INSURER, 422)
}

/// A relay is no office.
pub fn office_kind() -> Refusal {
    Refusal::new(&OFFICE_KIND, 422)
}

/// The name is missing or too long.
pub fn office_label() -> Refusal {
    Refusal::new(&OFFICE_LABEL, 422)
}

/// No such office.
pub fn no_such_office() -> Refusal {
    Refusal::new(&NO_SUCH_OFFICE, 404)
}
