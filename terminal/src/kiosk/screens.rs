//! The kiosk's own screens: one table that says what happened and what the patient does now.
//!
//! Always holds: each has a nine-character code, `SKT05`, three digits, and `E`, `W` or `I`, that never changes its
//! meaning; it is polite, short and plain, says what to do now, and tells nothing of anybody. `terminal/kiosk-codes.txt`
//! is the committed list for staff and vendors; a test keeps it equal to this table.
//! Not here: what the server says (its texts come with its answers); codes in message files (`codes.rs`).
//! Rules come from: docs/rules.md S1 r1, r11, S2 r2, S17 r1; the reference on the card, sections 4.3, 4.4 and 4.6.

use super::line::Trouble;
use crate::door::Away;

/// How a screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Done.
    Success,
    /// Good to know.
    Info,
    /// Something to do.
    Warning,
    /// It does not go on.
    Error,
}

impl Tone {
    /// The word that styles and messages use.
    pub fn word(self) -> &'static str {
        match self {
            Tone::Success => "success",
            Tone::Info => "info",
            Tone::Warning => "warning",
            Tone::Error => "error",
        }
    }

    /// By its word; an unknown one is information.
    pub fn of(word: &str) -> Tone {
        let all = [Tone::Success, Tone::Warning, Tone::Error];
        all.into_iter().find(|tone| tone.word() == word).unwrap_or(Tone::Info)
    }
}

type Both = (&'static str, &'static str);

/// One screen, in Japanese and English.
#[derive(Debug, PartialEq, Eq)]
pub struct Screen {
    /// Nine characters.
    pub code: &'static str,
    /// A stable word.
    pub word: &'static str,
    /// How it looks.
    pub tone: Tone,
    /// What it is.
    pub title: Both,
    /// What happened; `{}` stands for the tries left.
    pub text: Both,
    /// What to do now.
    pub now: Both,
    /// What the engineer does.
    pub engineer: &'static str,
}

const STAFF: Both = (
    "カードをお取りになり、受付の職員に声をかけてください。",
    "Please take your card and speak to the staff at the desk.",
);
const BY_PAPER: Both = (
    "カードをお取りになり、受付の職員に声をかけてください。資格確認書などをお持ちのときは、お見せください。",
    "Please take your card and speak to the staff. If you have a written confirmation of eligibility, show it to them.",
);
const AGAIN_OR_STAFF: Both = (
    "「もう一度」を押してください。それでも変わらないときは、受付の職員に声をかけてください。",
    "Press “Try again”. If nothing changes, please speak to the staff at the desk.",
);
const FROM_START: Both =
    ("もう一度、カードを置くところから始めてください。", "Please begin again by placing your card.");
const NOTHING: &str = "Nothing to do.";

macro_rules! screens {
    ($($(#[$doc:meta])* $name:ident = $code:literal $word:literal $tone:ident
        title $title:expr, text $text:expr, now $now:expr, engineer $engineer:expr;)*) => {
        $($(#[$doc])*
        pub static $name: Screen = Screen {
            code: $code,
            word: $word,
            tone: Tone::$tone,
            title: $title,
            text: $text,
            now: $now,
            engineer: $engineer,
        };)*

        /// Every screen, in order.
        pub static ALL: &[&Screen] = &[$(&$name),*];
    };
}

screens! {
    /// The PIN was wrong, and tries are left.
    WRONG_PIN = "SKT05001W" "wrong-pin" Warning
        title ("暗証番号が違います", "Wrong PIN"),
        text ("あと{}回まで入力できます。", "Tries left: {}."),
        now ("落ち着いて、もう一度入力してください。思い出せないときは、受付の職員に声をかけてください。",
            "Take your time and enter it again. If you cannot remember it, please speak to the staff."),
        engineer "The card counts; a right PIN sets the count back to three.";
    /// The PIN is blocked.
    PIN_BLOCKED = "SKT05002E" "pin-blocked" Error
        title ("暗証番号が使えなくなっています", "The PIN is blocked"),
        text ("暗証番号を続けて3回まちがえたため、カードが入力を受け付けません。",
            "The PIN was entered wrongly three times in a row, so the card no longer accepts it."),
        now ("受付の職員に声をかけてください。暗証番号は、お住まいの市区町村の窓口で設定し直せます。",
            "Please speak to the staff at the desk. The PIN can be set anew at your municipal office."),
        engineer "Only the issuing side can unblock; the staff can go on by comparing the photo when eye_code is set.";
    /// Not four digits; the card was not asked.
    PIN_FORMAT = "SKT05003W" "pin-format" Warning
        title ("暗証番号は数字4桁です", "The PIN has four digits"),
        text ("カードには送っていません。入力できる回数は減っていません。",
            "Nothing was sent to the card, and no try was used up."),
        now ("数字4桁を入力してください。", "Please enter four digits."),
        engineer NOTHING;
    /// A card without PIN, and staff may look.
    NO_PIN_CARD = "SKT05004I" "no-pin-card" Info
        title ("暗証番号を使わないカードです", "This card has no PIN"),
        text ("職員がお顔とカードの写真を確認します。", "The staff will compare your face with the photo on the card."),
        now ("受付の職員に声をかけてください。", "Please speak to the staff at the desk."),
        engineer "A face-recognition card (顔認証マイナンバーカード).";
    /// A card without PIN, and staff may not look.
    NO_PIN_NO_EYE = "SKT05005E" "no-pin-no-eye" Error
        title ("このカードは、この機械では使えません", "This card cannot be used here"),
        text ("暗証番号を使わないカードですが、この機械は職員による写真の確認ができない設定です。",
            "The card has no PIN, and this reader is not set up for comparing the photo."),
        now BY_PAPER,
        engineer "Set eye_code if the staff may compare photos.";
    /// A card without PIN cannot sign in.
    NO_PIN_SIGN_IN = "SKT05006E" "no-pin-sign-in" Error
        title ("このカードではログインできません", "You cannot sign in with this card"),
        text ("暗証番号を使わないカードは、健康保険証と本人確認にだけ使えます。",
            "A card without PIN serves as insurance certificate and identification only."),
        now ("手続きは、お住まいの市区町村か、加入している医療保険者の窓口でできます。",
            "Your municipality or your insurer can help you at its desk."),
        engineer NOTHING;
    /// Staff says that face and photo differ.
    EYE_DIFFERS = "SKT05007E" "eye-differs" Error
        title ("ご本人の確認ができませんでした", "Your identity could not be confirmed"),
        text ("お顔とカードの写真が一致しないため、受付を中止しました。",
            "Face and photo do not match, so nothing was checked."),
        now ("ご自分のカードかどうかを確かめて、受付の職員にご相談ください。",
            "Please see whether the card is yours and speak to the staff."),
        engineer NOTHING;
    /// The staff's code is missing or wrong.
    STAFF_CODE_WRONG = "SKT05008W" "staff-code-wrong" Warning
        title ("職員コードが正しくありません", "The staff code is not right"),
        text ("写真の確認には、職員コードが必要です。", "Comparing the photo needs the staff code."),
        now ("職員の方が、職員コードを入力してください。", "The staff enters the staff code."),
        engineer "The code is the setting eye_code. Three wrong ones end the session.";
    /// Too many wrong codes.
    STAFF_CODE_SHUT = "SKT05009E" "staff-code-shut" Error
        title ("写真の確認はできませんでした", "The photo could not be compared"),
        text ("職員コードが続けて違ったため、受付を中止しました。",
            "The staff code was wrong several times, so nothing was checked."),
        now ("カードをお取りください。1分たってから、職員の方がもう一度お試しください。",
            "Please take your card. After one minute the staff can try again."),
        engineer "After three wrong codes in a row, from wherever, none is looked at for one minute.";
    /// The card file cannot be read.
    CARD_UNREADABLE = "SKT05011E" "card-unreadable" Error
        title ("カードを読み取れません", "The card cannot be read"),
        text ("マイナンバーカードではないか、カードが傷んでいるようです。",
            "This is not a My Number card, or it seems to be damaged."),
        now BY_PAPER,
        engineer "`shikaku card show` says what is wrong with the file.";
    /// The card was taken away in the middle.
    CARD_OUT = "SKT05012W" "card-out" Warning
        title ("カードが取り出されました", "The card was taken out"),
        text ("手続きの途中でカードがなくなったため、受付を終わりました。",
            "The card was gone before the end, so the session was closed."),
        now FROM_START,
        engineer "The card file vanished during a session.";
    /// Another card lies there now.
    CARD_SWAPPED = "SKT05013E" "card-swapped" Error
        title ("カードが入れ替わりました", "A different card was found"),
        text ("手続きの途中で別のカードに替わったため、受付を中止しました。",
            "The card was exchanged for another one, so nothing more was done."),
        now FROM_START,
        engineer "The card file has another certificate than when it was read.";
    /// The card is in use elsewhere.
    CARD_IN_USE = "SKT05014W" "card-in-use" Warning
        title ("このカードは別の画面で使用中です", "This card is being used elsewhere"),
        text ("同じカードの手続きが、別の画面で進んでいます。", "The same card is on another reader at this moment."),
        now ("少し待って、もう一度カードを選んでください。", "Please wait a little and choose the card again."),
        engineer "Kiosk, reader page and script door share the cards; one at a time has each.";
    /// The card does not do what it should.
    CARD_SILENT = "SKT05015E" "card-silent" Error
        title ("カードが応答しません", "The card does not answer"),
        text ("カードとのやり取りがうまくいきませんでした。", "The conversation with the card failed."),
        now BY_PAPER,
        engineer "The log has the card's status word under this code.";
    /// What the card counts cannot be written.
    CARD_UNWRITABLE = "SKT05016E" "card-unwritable" Error
        title ("カードを使えません", "The card cannot be used"),
        text ("カードに記録できないため、受付を中止しました。", "The card could not record what it must, so nothing was done."),
        now STAFF,
        engineer "The folder of the cards cannot be written: rights, or a full disk.";
    /// A step of a session that is no more.
    STALE = "SKT05021W" "stale" Warning
        title ("前の画面は終わっています", "That screen is over"),
        text ("時間がたったか、別の画面で受付が始まったため、前の画面は使えません。",
            "Time ran out, or a new session began elsewhere, so that screen can no longer be used."),
        now FROM_START,
        engineer "A form with a token that is not the session's present one.";
    /// The terms were not agreed to.
    TERMS_DECLINED = "SKT05022I" "terms-declined" Info
        title ("申込みをしませんでした", "You did not apply"),
        text ("このカードは、まだ健康保険証として使えません。あとから、いつでも申込みできます。",
            "The card does not serve as insurance certificate yet. You can apply at any time."),
        now BY_PAPER,
        engineer NOTHING;
    /// The reader page without a sign-in.
    NO_SIGN_IN = "SKT05023W" "no-sign-in" Warning
        title ("ログインの受付がありません", "There is no sign-in to confirm"),
        text ("この画面は、ご本人のページの「カードリーダーの画面を開く」から開きます。",
            "This page opens from “Open the card reader” on your own pages."),
        now ("ご本人のページに戻って、もう一度「カードリーダーの画面を開く」を押してください。",
            "Please go back to your own pages and choose “Open the card reader” again."),
        engineer "The address lacks a nonce `n` of 16 to 512 characters of base64url.";
    /// No card in the folder.
    NO_CARDS = "SKT05024W" "no-cards" Warning
        title ("カードがありません", "There are no cards"),
        text ("見本のカードが1枚も見つかりません。", "Not a single sample card was found."),
        now ("係の人に声をかけてください。", "Please tell the person in charge."),
        engineer "Put card files (*.card) into the folder of the cards: `shikaku card issue`.";
    /// No such page.
    NO_PAGE = "SKT05025E" "no-page" Error
        title ("ページが見つかりません", "Page not found"),
        text ("アドレスが違うようです。", "The address seems to be wrong."),
        now ("最初の画面へ戻ってください。", "Please go back to the first screen."),
        engineer NOTHING;
    /// A request of another site.
    FOREIGN = "SKT05026E" "foreign" Error
        title ("この操作は受け付けられません", "This cannot be accepted"),
        text ("ほかのページからの操作でした。", "It came from another page."),
        now ("最初の画面からやり直してください。", "Please begin at the first screen."),
        engineer "Host, Origin or Sec-Fetch-Site is not the kiosk's own; ask at the address that it listens on.";
    /// No connection.
    NO_LINE = "SKT05101E" "no-line" Error
        title ("ただいま確認ができません", "Checking is not possible now"),
        text ("回線がつながりません。カードに問題はありません。", "There is no connection. Nothing is wrong with your card."),
        now AGAIN_OR_STAFF,
        engineer "Line, VPN, name resolution, server; as SKT03001E.";
    /// No answer in time.
    TIMED_OUT = "SKT05102E" "timed-out" Error
        title ("ただいま確認ができません", "Checking is not possible now"),
        text ("時間内に返事がありませんでした。カードに問題はありません。",
            "There was no answer in time. Nothing is wrong with your card."),
        now AGAIN_OR_STAFF,
        engineer "Load of the server, line; as SKT03002E. Trying again sends the same request.";
    /// The server is busy.
    SERVER_BUSY = "SKT05103W" "server-busy" Warning
        title ("混み合っています", "It is busy at the moment"),
        text ("たくさんの方が確認しているため、時間がかかっています。", "Many people are being checked right now."),
        now ("少し待ってから「もう一度」を押してください。", "Please wait a little and press “Try again”."),
        engineer "The server's queue is full; as SKT03003E.";
    /// Certificates of terminal and server do not fit.
    NOT_TRUSTED = "SKT05104E" "not-trusted" Error
        title ("この機械では確認ができません", "This reader cannot check cards"),
        text ("機械の設定に問題があります。カードに問題はありません。",
            "The reader is not set up properly. Nothing is wrong with your card."),
        now BY_PAPER,
        engineer "The terminal's certificate or the CA of the settings; as SKT03004E.";
    /// The server did not take the request.
    NOT_TAKEN = "SKT05105E" "not-taken" Error
        title ("受付できませんでした", "It was not accepted"),
        text ("時間がたちすぎたか、確認を受け付けられませんでした。", "It took too long, or the request was not accepted."),
        now ("もう一度、カードを置くところから始めてください。変わらないときは、受付の職員に声をかけてください。",
            "Please begin again by placing your card. If nothing changes, speak to the staff."),
        engineer "The server answered with a 4xx status; its log has the reason under the request's key.";
    /// The server is broken.
    SERVER_FAULT = "SKT05106E" "server-fault" Error
        title ("ただいま確認ができません", "Checking is not possible now"),
        text ("確認先に障害が起きています。カードに問題はありません。",
            "The service has a fault. Nothing is wrong with your card."),
        now AGAIN_OR_STAFF,
        engineer "The server answered with a 5xx status; as SKT03006E.";
    /// The answer cannot be used.
    BAD_ANSWER = "SKT05107E" "bad-answer" Error
        title ("確認の結果を読み取れません", "The result cannot be read"),
        text ("思わぬ返事があったため、受付を中止しました。", "The answer was not understood, so nothing is shown."),
        now BY_PAPER,
        engineer "Versions of terminal and server that do not fit; as SKT03007E.";
    /// A script asked in a way that is not served.
    SCRIPT_SHAPE = "SKT05201E" "script-shape" Error
        title ("スクリプトの要求が正しくありません", "The script's request is not understood"),
        text ("要求の形が違います。", "The request has a wrong shape."),
        now ("詳しい説明は detail にあります。", "See detail."),
        engineer "POST application/json with the header `shikaku-script: 1`, without Origin and Sec-Fetch-*.";
    /// A word that names no kind of information.
    SCRIPT_WORD = "SKT05202E" "script-word" Error
        title ("同意の種類が正しくありません", "An unknown kind of consent"),
        text ("使えることばではありません。", "The word is not one of those allowed."),
        now ("詳しい説明は detail にあります。", "See detail."),
        engineer "detail names the words that are allowed.";
    /// No card of that name, or several.
    SCRIPT_CARD = "SKT05203E" "script-card" Error
        title ("カードが一つに決まりません", "Not exactly one card"),
        text ("その名前のカードがないか、いくつもあります。", "No card, or more than one, goes by that name."),
        now ("詳しい説明は detail にあります。", "See detail."),
        engineer "Give the card's label, its file's stem, or the beginning of one label only.";
    /// Too many scripts at once.
    SCRIPT_BUSY = "SKT05204W" "script-busy" Warning
        title ("混み合っています", "Busy"),
        text ("同時に受け付けられる数を超えています。", "More scripts than are served at once."),
        now ("少し待って、やり直してください。", "Wait a little and try again."),
        engineer "Tap one card after the other.";
    /// The terminal itself failed.
    TERMINAL_FAULT = "SKT05901E" "terminal-fault" Error
        title ("機械に障害が起きました", "The reader has a fault"),
        text ("手続きを続けられません。カードに問題はありません。", "It cannot go on. Nothing is wrong with your card."),
        now STAFF,
        engineer "A defect of ours, or a full disk; the log has its place. Please report it.";
    /// The result cannot be kept on the disk.
    RESULT_UNKEPT = "SKT05902E" "result-unkept" Error
        title ("結果を保存できません", "The result cannot be stored"),
        text ("確認はできましたが、結果をこの機械に記録できません。カードに問題はありません。",
            "The check was made, but the reader cannot store its result. Nothing is wrong with your card."),
        now AGAIN_OR_STAFF,
        engineer "The kept folder cannot be written: rights, or a full disk. Trying again fetches the same answer.";
}

impl Screen {
    /// What to do now for somebody at a reader of their own, where there is no staff.
    pub fn now_at_home(&self) -> Both {
        match self.code {
            "SKT05001W" => (
                "落ち着いて、もう一度入力してください。思い出せないときは、お住まいの市区町村の窓口で設定し直せます。",
                "Take your time and enter it again. If you cannot remember it, your municipal office can set a new one.",
            ),
            "SKT05002E" => (
                "暗証番号は、お住まいの市区町村の窓口で設定し直せます。",
                "The PIN can be set anew at your municipal office.",
            ),
            _ if self.now == AGAIN_OR_STAFF => (
                "少し待ってから「もう一度」を押してください。",
                "Please wait a little and press “Try again”.",
            ),
            _ if [STAFF, BY_PAPER, FROM_START].contains(&self.now) => (
                "カードを取り出し、ご本人のページからやり直してください。",
                "Please take your card and begin again on your own pages.",
            ),
            _ => self.now,
        }
    }
}

/// The screen for a request without answer.
pub fn of_trouble(trouble: &Trouble) -> &'static Screen {
    match trouble {
        Trouble::BadAnswer => &BAD_ANSWER,
        Trouble::Away(Away::NoLine) => &NO_LINE,
        Trouble::Away(Away::TimedOut) => &TIMED_OUT,
        Trouble::Away(Away::Busy) => &SERVER_BUSY,
        Trouble::Away(Away::NotTrusted) => &NOT_TRUSTED,
        Trouble::Away(Away::Refused { status: 500.., .. }) => &SERVER_FAULT,
        Trouble::Away(Away::Refused { .. }) => &NOT_TAKEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_screen_has_a_code_of_its_own_and_says_what_to_do() {
        let mut seen = HashSet::new();
        for screen in ALL {
            let end = match screen.tone {
                Tone::Error => 'E',
                Tone::Warning => 'W',
                Tone::Info | Tone::Success => 'I',
            };
            assert!(screen.code.len() == 9 && screen.code.starts_with("SKT05"), "{}", screen.code);
            assert!(screen.code.ends_with(end), "{}", screen.code);
            assert!(seen.insert(screen.code) && seen.insert(screen.word), "{} comes twice", screen.code);
            assert!(crate::codes::ALL.iter().all(|code| code.code != screen.code), "{}", screen.code);
            for (ja, en) in [screen.title, screen.text, screen.now] {
                assert!(
                    !ja.is_empty() && !en.is_empty() && ja.chars().count() <= 60,
                    "{}: {ja}",
                    screen.code
                );
            }
        }
    }

    #[test]
    fn the_committed_list_is_this_table() {
        let mut list = String::from(
            "The kiosk's own screens (not official ones). Generated by a test from src/kiosk/screens.rs.\n",
        );
        for screen in ALL {
            list += &format!(
                "\n{}  {}\n  {}\n  {}\n  {}\n  {}\n  {}\n  {}\n  Engineer: {}\n",
                screen.code,
                screen.word,
                screen.title.0,
                screen.text.0,
                screen.now.0,
                screen.title.1,
                screen.text.1,
                screen.now.1,
                screen.engineer
            );
        }
        expect_test::expect_file!["../../kiosk-codes.txt"].assert_eq(&list);
    }
}
