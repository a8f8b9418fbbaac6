//! Every way in which a facility, its entry or its terminal is refused.
//!
//! Always holds: codes are stable; `docs/refusals.md` is made from `ALL` by a test; no text can hold anything of a
//! request. Nine-character codes are ours, not official ones (the official list is not public).
//! Not here: a facility that may not ask today (`counter`).
//! Rules come from: DESIGN section 3, "Answers"; docs/rules.md S1 r9, S11 r1.

use base::{Refusal, helps};

helps! {
    /// The code is not ten digits.
    CODE_SHAPE = "facilities.code-shape" "SKF01001E"
        what "医療機関等コードは10桁の数字です。" "A facility code has ten digits."
        desk "都道府県番号2桁、点数表番号1桁、7桁の番号を続けて入力してください。" "Enter prefecture (2 digits), point table (1) and the seven-digit number together."
        engineer "FacilityCode::parse: shape.";
    /// The code's check digit does not fit.
    CODE_CHECK_DIGIT = "facilities.code-check-digit" "SKF01002E"
        what "医療機関等コードの検証番号が合いません。" "The check digit of the facility code does not fit."
        desk "指定通知書などと見比べて、入力し直してください。" "Compare it with the notice of designation and enter it again."
        engineer "The last digit must check the nine before it (weights 2, 1 from the right).";
    /// The code's point table is another kind's.
    CODE_OF_OTHER_KIND = "facilities.code-of-other-kind" "SKF01003E"
        what "医療機関等コードの点数表番号が、種別と一致しません。" "The point table in the code is not that of this kind of facility."
        desk "3桁目（1 医科、3 歯科、4 調剤）と種別を確認してください。" "Check the third digit (1 medical, 3 dental, 4 pharmacy) and the kind."
        engineer "FacilityCode::point_table differs from Kind::point_table.";
    /// Another facility has the code.
    CODE_TAKEN = "facilities.code-taken" "SKF01004E"
        what "この医療機関等コードは、別の医療機関として登録されています。" "Another facility is registered under this code."
        desk "一覧からその医療機関を開き、登録内容を確認してください。" "Open that facility from the list and check its entry."
        engineer "facility_entry has a standing row with this code and another facility id.";
    /// The name is missing or too long.
    NAME = "facilities.name" "SKF01005E"
        what "名称を80文字以内で入力してください。" "Enter a name of at most 80 characters."
        desk "名称を入力し直してください。" "Enter the name again."
        engineer "Empty, longer than NAME_CHARS_MAX, or with control characters.";
    /// The dates are out of order.
    DATES_OUT_OF_ORDER = "facilities.dates-out-of-order" "SKF01006E"
        what "日付の順序が正しくありません。" "The dates are out of order."
        desk "プレ運用開始日、運用開始日、終了日の順に、後の日付になるように入力してください。" "Pre-operation must begin before operation, and operation before closing."
        engineer "pre_operation_from < operates_from < closes_on must hold for those that are set (S1 r9).";
    /// A day does not read.
    DATE = "facilities.date" "SKF01007E"
        what "日付として読み取れません。" "This is not a date."
        desk "例のように入力するか、空欄にしてください。" "Enter it as in the examples, or leave it empty."
        engineer "web::dates::read_date gave nothing.";
    /// The kind is unknown.
    KIND = "facilities.kind" "SKF01008E"
        what "種別を選んでください。" "Choose a kind."
        desk "一覧から種別を選んでください。" "Choose one from the list."
        engineer "Kind::parse gave nothing.";
    /// There is no such facility.
    NO_SUCH_FACILITY = "facilities.no-such-facility" "SKF02001E"
        what "この医療機関は登録されていません。" "There is no such facility."
        desk "一覧から選び直してください。" "Choose it again from the list."
        engineer "The id has no row in facility_entry.";
    /// There is no such terminal here.
    NO_SUCH_TERMINAL = "facilities.no-such-terminal" "SKF02002E"
        what "この端末は登録されていません。" "There is no such terminal."
        desk "一覧から選び直してください。" "Choose it again from the list."
        engineer "The id is unknown or belongs to another facility; both look the same on purpose.";
    /// The certificate was used before.
    CERTIFICATE_USED = "facilities.certificate-used" "SKF02003E"
        what "この証明書は、別の端末または停止した端末のものです。" "This certificate belongs to another or to a barred terminal."
        desk "新しい証明書を発行してください。" "Issue a new certificate."
        engineer "The fingerprint is known for another facility, or its terminal is barred; certificates are not moved.";
    /// The terminal's label is missing or too long.
    TERMINAL_LABEL = "facilities.terminal-label" "SKF02004E"
        what "端末の名前を40文字以内で入力してください。" "Enter a name for the terminal of at most 40 characters."
        desk "「受付1」のように、置き場所が分かる名前にしてください。" "Use a name that tells where it stands, such as Reception 1."
        engineer "Empty, longer than LABEL_CHARS_MAX, or with control characters.";
    /// What was pasted is no certificate.
    CERTIFICATE_UNREADABLE = "facilities.certificate-unreadable" "SKF02005E"
        what "PEM形式の証明書として読み取れません。" "This is not a certificate in PEM."
        desk "証明書のファイルを開き、BEGIN CERTIFICATE の行から END CERTIFICATE の行までをすべて貼り付けてください。" "Open the certificate's file and paste everything from the line BEGIN CERTIFICATE to the line END CERTIFICATE."
        engineer "No such lines, no base64 between them, or no DER of an X.509 certificate; check with openssl x509 -in cert.pem -noout -text.";
    /// More than one certificate was pasted.
    CERTIFICATES_SEVERAL = "facilities.certificates-several" "SKF02006E"
        what "証明書が2つ以上あります。" "There is more than one certificate."
        desk "端末の証明書（多くは最初の1つ）だけを貼り付け、認証局の証明書は除いてください。" "Paste the terminal's own certificate only, mostly the first, without those of authorities."
        engineer "The text has several BEGIN CERTIFICATE lines; the terminal is known by its leaf alone.";
    /// A private key was pasted.
    CERTIFICATE_WITH_KEY = "facilities.certificate-with-key" "SKF02007E"
        what "秘密鍵が含まれています。登録も保存もしていません。" "This holds a private key. Nothing was recorded or kept."
        desk "秘密鍵は端末の外に出さず、証明書の部分だけを貼り付けてください。" "Keep the key on the terminal and paste the certificate's part only."
        engineer "The text has a PRIVATE KEY line. It went through the browser and this server: consider a new key.";
    /// The certificate has expired.
    CERTIFICATE_EXPIRED = "facilities.certificate-expired" "SKF02008E"
        what "この証明書は期限が切れています。" "This certificate has expired."
        desk "新しい証明書を発行してください。" "Issue a new certificate."
        engineer "notAfter is not later than now; check with openssl x509 -in cert.pem -noout -enddate, and this server's clock.";
}

/// Not ten digits.
pub fn code_shape() -> Refusal {
    Refusal::new(&CODE_SHAPE, 422)
}

/// The check digit does not fit.
pub fn code_check_digit() -> Refusal {
    Refusal::new(&CODE_CHECK_DIGIT, 422)
}

/// The point table is another kind's.
pub fn code_of_other_kind() -> Refusal {
    Refusal::new(&CODE_OF_OTHER_KIND, 422)
}

/// Another facility has the code.
pub fn code_taken() -> Refusal {
    Refusal::new(&CODE_TAKEN, 409)
}

/// The name is missing or too long.
pub fn name() -> Refusal {
    Refusal::new(&NAME, 422)
}

/// The dates are out of order.
pub fn dates_out_of_order() -> Refusal {
    Refusal::new(&DATES_OUT_OF_ORDER, 422)
}

/// A day does not read.
pub fn date() -> Refusal {
    Refusal::new(&DATE, 422)
}

/// The kind is unknown.
pub fn kind() -> Refusal {
    Refusal::new(&KIND, 422)
}

/// There is no such facility.
pub fn no_such_facility() -> Refusal {
    Refusal::new(&NO_SUCH_FACILITY, 404)
}

/// There is no such terminal here.
pub fn no_such_terminal() -> Refusal {
    Refusal::new(&NO_SUCH_TERMINAL, 404)
}

/// The certificate was used before.
pub fn certificate_used() -> Refusal {
    Refusal::new(&CERTIFICATE_USED, 409)
}

/// The terminal's label is missing or too long.
pub fn terminal_label() -> Refusal {
    Refusal::new(&TERMINAL_LABEL, 422)
}

/// What was pasted is no certificate.
pub fn certificate_unreadable() -> Refusal {
    Refusal::new(&CERTIFICATE_UNREADABLE, 422)
}

/// More than one certificate was pasted.
pub fn certificates_several() -> Refusal {
    Refusal::new(&CERTIFICATES_SEVERAL, 422)
}

/// A private key was pasted.
pub fn certificate_with_key() -> Refusal {
    Refusal::new(&CERTIFICATE_WITH_KEY, 422)
}

/// The certificate has expired.
pub fn certificate_expired() -> Refusal {
    Refusal::new(&CERTIFICATE_EXPIRED, 422)
}
