//! Every way in which signing in and managing accounts are refused.
//!
//! Always holds: codes are stable; `docs/refusals.md` is made from `ALL` by a test; no text can hold anything of a
//! request; signing in says no in one way only, so that nobody learns which logins exist, are closed or wait.
//! Nine-character codes are ours, not official ones (the official list is not public).
//! Not here: a role that may not (`web::routes::NOT_PERMITTED`).
//! Rules come from: DESIGN section 3, "Answers"; OWASP Authentication.

use base::{Refusal, helps};

helps! {
    /// Signing in, or proving a factor, failed.
    SIGN_IN_FAILED = "staff.sign-in-failed" "SKS01001E"
        what "確認できませんでした。" "This could not be verified."
        desk "入力を確かめて、もう一度お試しください。5回続けて間違えると1分、その後は間違えるたびに倍（最長1時間）お待ちいただきます。" "Check what you entered and try again. After five failures in a row you have to wait a minute, then twice as long each time, up to an hour."
        engineer "The log row says which: unknown, closed, wrong or waiting. On purpose the page does not.";
    /// A one-time password was not used in time.
    ONE_TIME_RUN_OUT = "staff.one-time-run-out" "SKS01002E"
        what "仮のパスワードの期限が切れています。" "The one-time password has run out."
        desk "管理者に、新しい仮のパスワードの発行を依頼してください。" "Ask your administrator for a new one."
        engineer "one_time_until has passed. The first administrator gets a new one when the server starts again.";
    /// The session has ended.
    SESSION_ENDED = "staff.session-ended" "SKS01003E"
        what "ログインの有効時間が終わりました。" "Your session has ended."
        desk "もう一度ログインしてください。" "Sign in again."
        engineer "No live session for the cookie, or it does not lack the step that was asked for.";
    /// The password is too short or too long.
    PASSWORD_LENGTH = "staff.password-length" "SKS02001E"
        what "パスワードは12文字以上、半角256文字分以内にしてください。" "A password has at least 12 characters and at most 256 bytes."
        desk "覚えやすい言葉をいくつかつなげると、長く、忘れにくくなります。" "A few words in a row are long and easy to remember."
        engineer "PASSWORD_CHARS_MIN characters at least, PASSWORD_BYTES_MAX bytes at most; no rule of composition.";
    /// The password is one of the first to be guessed.
    PASSWORD_COMMON = "staff.password-common" "SKS02002E"
        what "このパスワードは推測されやすいため使えません。" "This password is easily guessed."
        desk "ログイン名やよく使われる言葉を避けて、別のパスワードにしてください。" "Choose another one without your login and without common phrases."
        engineer "In the list of common ones, little besides the login, or fewer than five different characters.";
    /// The repeated password is another.
    PASSWORD_TWICE = "staff.password-twice" "SKS02003E"
        what "2回入力したパスワードが一致しません。" "The two passwords differ."
        desk "同じパスワードを2回入力してください。" "Enter the same password twice."
        engineer "Fields `new` and `again` differ.";
    /// The login has the wrong shape.
    LOGIN_SHAPE = "staff.login-shape" "SKS03001E"
        what "ログイン名は3〜64文字の英数字と . _ - @ です。" "A login has 3 to 64 letters, digits or . _ - @."
        desk "入力し直してください。大文字と小文字、全角と半角は区別しません。" "Enter it again. Upper and lower case and width do not matter."
        engineer "rules::read_login.";
    /// The login is somebody's.
    LOGIN_TAKEN = "staff.login-taken" "SKS03002E"
        what "このログイン名は使われています。" "This login is taken."
        desk "別のログイン名にしてください。閉じたアカウントの名前も使えません。" "Choose another one. Logins of closed accounts are not given out again."
        engineer "staff_account_by_login; closed accounts count, so that the log stays unambiguous.";
    /// The name is missing or too long.
    NAME = "staff.name" "SKS03003E"
        what "氏名を64文字以内で入力してください。" "Enter a name of at most 64 characters."
        desk "氏名を入力し直してください。" "Enter the name again."
        engineer "Empty, longer than NAME_CHARS_MAX, or with control characters.";
    /// The role is unknown.
    ROLE = "staff.role" "SKS03004E"
        what "役割を選んでください。" "Choose a role."
        desk "一覧から役割を選んでください。" "Choose one from the list."
        engineer "Role::parse gave nothing.";
    /// Role and place do not go together.
    PLACE = "staff.place" "SKS03005E"
        what "役割と所属が合いません。" "Role and facility do not go together."
        desk "受付、医師・薬剤師、医療機関等管理者には医療機関等コードを入力し、ほかの役割では空欄にしてください。" "Enter a facility code for receptionists, clinicians and facility administrators, and none for other roles."
        engineer "Role::belongs_to_facility must agree with the presence of a known facility.";
    /// The actor may not give this role there.
    NOT_YOURS_TO_GIVE = "staff.not-yours-to-give" "SKS03006E"
        what "この役割や所属を与える権限がありません。" "You may not give this role or place."
        desk "自分の医療機関の役割だけを選ぶか、システム管理者に依頼してください。" "Choose a role of your own facility, or ask a system administrator."
        engineer "rules::reaches: a facility administrator gives facility roles of the own facility only.";
    /// There is no such account.
    NO_SUCH_ACCOUNT = "staff.no-such-account" "SKS03007E"
        what "このアカウントは見つかりません。" "There is no such account."
        desk "一覧から選び直してください。" "Choose it again from the list."
        engineer "Unknown, closed, or out of the actor's reach; all look the same on purpose.";
    /// The last system administrator stays.
    LAST_ADMINISTRATOR = "staff.last-administrator" "SKS03008E"
        what "最後のシステム管理者は、閉じることも役割を変えることもできません。" "The last system administrator can neither be closed nor given another role."
        desk "先に別のシステム管理者を登録してください。" "Make another system administrator first."
        engineer "No other open account has the role.";
    /// There is no such desk in the demo.
    NO_SUCH_DESK = "staff.no-such-desk" "SKS03009E"
        what "この窓口はありません。" "There is no such desk."
        desk "窓口の一覧から選び直してください。" "Choose one from the list of desks."
        engineer "No open account of demo_desks for the role, or this is not a demo.";
}

/// Signing in, or proving a factor, failed.
pub fn sign_in_failed() -> Refusal {
    Refusal::new(&SIGN_IN_FAILED, 422)
}

/// The one-time password has run out.
pub fn one_time_run_out() -> Refusal {
    Refusal::new(&ONE_TIME_RUN_OUT, 403)
}

/// The session has ended.
pub fn session_ended() -> Refusal {
    Refusal::new(&SESSION_ENDED, 401)
}

/// The password is too short or too long.
pub fn password_length() -> Refusal {
    Refusal::new(&PASSWORD_LENGTH, 422)
}

/// The password is easily guessed.
pub fn password_common() -> Refusal {
    Refusal::new(&PASSWORD_COMMON, 422)
}

/// The repeated password is another.
pub fn password_twice() -> Refusal {
    Refusal::new(&PASSWORD_TWICE, 422)
}

/// The login has the wrong shape.
pub fn login_shape() -> Refusal {
    Refusal::new(&LOGIN_SHAPE, 422)
}

/// The login is somebody's.
pub fn login_taken() -> Refusal {
    Refusal::new(&LOGIN_TAKEN, 409)
}

/// The name is missing or too long.
pub fn name() -> Refusal {
    Refusal::new(&NAME, 422)
}

/// The role is unknown.
pub fn role() -> Refusal {
    Refusal::new(&ROLE, 422)
}

/// Role and place do not go together.
pub fn place() -> Refusal {
    Refusal::new(&PLACE, 422)
}

/// The actor may not give this role there.
pub fn not_yours_to_give() -> Refusal {
    Refusal::new(&NOT_YOURS_TO_GIVE, 403)
}

/// There is no such account.
pub fn no_such_account() -> Refusal {
    Refusal::new(&NO_SUCH_ACCOUNT, 404)
}

/// The last system administrator stays.
pub fn last_administrator() -> Refusal {
    Refusal::new(&LAST_ADMINISTRATOR, 409)
}

/// There is no such desk in the demo.
pub fn no_such_desk() -> Refusal {
    Refusal::new(&NO_SUCH_DESK, 404)
}
