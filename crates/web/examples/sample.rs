//! Writes a page with every part, in both languages, to `/tmp/web-sample`, to be looked at.
//!
//! Always holds: whatever `web` can draw stands on it; everybody on it is invented.
//! Not here: a server; addresses of assets are made relative, so that a browser opens the files as they are.
//! Rules come from: nothing; run it with `cargo run -p web --example sample`.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::http::StatusCode;
use axum::response::Response;
use base::{Help, Lang, Refusal};
use maud::{Markup, html};
use web::forms::{Field, Kind, danger_form, error_summary, field, form};
use web::layout::{NavItem, Shell, Who, page};
use web::parts::{Tone, badge, banner, copyable, facts, pager, refusal, steps, table};
use web::{assets, problem};

const HELP: Help = Help {
    code: "counter.source-late",
    oqs: "XSK000001",
    what: ("資格を確認できませんでした。", "Eligibility could not be determined."),
    desk: (
        "保険証や資格確認書を確認し、なければ被保険者資格申立書に記入していただいてください。",
        "Look at the certificate; without one, ask the patient to fill in the declaration of eligibility.",
    ),
    engineer: "See the insurer's last load.",
};

fn main() -> Result<(), Box<dyn Error>> {
    let out = Path::new("/tmp/web-sample");
    fs::create_dir_all(out.join("assets"))?;
    for name in ["shikaku.css", "shikaku.js", "shikaku.svg"] {
        let (_, bytes) = assets::asset(name).ok_or("no such asset")?;
        fs::write(out.join("assets").join(name), bytes)?;
    }
    for (lang, word) in [(Lang::Ja, "ja"), (Lang::En, "en")] {
        write(out, &format!("parts-{word}.html"), parts_page(lang))?;
        write(out, &format!("form-{word}.html"), form_page(lang))?;
        write(out, &format!("broken-{word}.html"), problem::broken(lang))?;
        write(out, &format!("not-found-{word}.html"), problem::not_found(lang))?;
    }
    Ok(())
}

fn write(out: &Path, name: &str, response: Response) -> Result<(), Box<dyn Error>> {
    let mut body = pin!(axum::body::to_bytes(response.into_body(), usize::MAX));
    let Poll::Ready(bytes) = body.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        return Err("a page is whole at once".into());
    };
    let text = String::from_utf8(bytes?.to_vec())?.replace("\"/assets/", "\"assets/");
    Ok(fs::write(out.join(name), text)?)
}

fn shelled(l: Lang, title: &str, status: StatusCode, refresh_s: Option<u32>, main: Markup) -> Response {
    let who = Who {
        name: l.pick("架空 花子", "Hanako Kakuu"),
        role: l.pick("受付", "Receptionist"),
        place: Some(l.pick("みどり坂内科医院", "Midorizaka Clinic")),
        csrf: "token",
        sign_out: "/sign-out",
    };
    let nav = [
        NavItem { href: "parts-ja.html", label: l.pick("資格確認", "Check"), current: true },
        NavItem { href: "form-ja.html", label: l.pick("本日の来院者", "Today"), current: false },
        NavItem { href: "#a", label: l.pick("照会の履歴", "History"), current: false },
        NavItem { href: "#b", label: l.pick("端末", "Terminals"), current: false },
        NavItem { href: "#c", label: l.pick("職員と権限", "Staff and roles"), current: false },
    ];
    page(
        &Shell { lang: l, title, path: "/sample", who: Some(who), nav: &nav, demo: true, refresh_s },
        status,
        main,
    )
}

fn parts_page(l: Lang) -> Response {
    let title = l.pick("資格確認の結果", "Result of the check");
    let main = html! {
        h1 { (title) }
        p.lead { (l.pick("表示部品の見本です。", "A sample of every part.")) " " a href="#x" { (l.pick("リンク", "A link")) } }
        @for (tone, ja, en) in [
            (Tone::Success, "有効な資格です", "The eligibility is valid"),
            (Tone::Warning, "確認できませんでした", "It could not be determined"),
            (Tone::Error, "資格は失効しています", "The eligibility has been lost"),
            (Tone::Info, "本日 18:00 から点検を行います", "Maintenance starts today at 18:00"),
            (Tone::Neutral, "参考", "For reference"),
        ] {
            (banner(tone, l.pick(ja, en), html! { p { (l.pick(
                "2026年11月20日 9時15分現在。保険者からの最新の登録は前日の22時です。",
                "As of 2026-11-20 09:15. The insurer's last registration was at 22:00 the day before.",
            )) } }))
        }
        (refusal(l, &Refusal::new(&HELP, 200)))
        h2 { (l.pick("資格の内容", "The eligibility")) }
        (sample_facts(l))
        h2 { (l.pick("この結果になった理由", "Why this is the result")) }
        (steps(&[
            ("S3.r1".to_owned(), l.pick("利用者証明用電子証明書は有効です。", "The authentication certificate is valid.").to_owned()),
            ("S3.r4".to_owned(), l.pick("提示された人と資格は、2026年4月1日からの紐付けで結ばれています。", "The person presented is linked to the coverage since 2026-04-01.").to_owned()),
            ("S3.r9".to_owned(), l.pick("喪失の記録はありません。", "No loss is recorded.").to_owned()),
        ]))
        h2 { (l.pick("一覧", "A list")) }
        (sample_table(l))
        (pager(l, Some("#before"), Some("#after"), l.pick("21〜40件目（全128件）", "21–40 of 128")))
        (table(l.pick("空の一覧", "An empty list"), &[l.pick("時刻", "Time"), l.pick("氏名", "Name")], &[]))
        h2 { (l.pick("そのほか", "Others")) }
        p { (copyable("curl --cert terminal.pem https://localhost:7443/check")) }
        div.columns {
            div.card { h3 { (l.pick("受付の窓口", "Reception desk")) } p { (l.pick("カードを読み、資格を確認します。", "Read the card and check.")) } p { a.button href="#y" { (l.pick("開く", "Open")) } } }
            div.card { h3 { (l.pick("保険者の窓口", "Insurer's desk")) } p { (l.pick("加入と喪失を登録します。", "Register joining and leaving.")) } p { a.button.secondary href="#z" { (l.pick("開く", "Open")) } } }
        }
        details { summary { (l.pick("詳しく見る", "Details")) } p { (l.pick("中身です。", "The content.")) } }
    };
    shelled(l, title, StatusCode::OK, Some(5), main)
}

fn sample_facts(l: Lang) -> Markup {
    facts(&[
        (l.pick("氏名", "Name"), html! { "架空 太郎（カクウ タロウ）" }),
        (l.pick("生年月日", "Born"), html! { span.num { "1980-04-01" } "（昭和55年4月1日）" }),
        (l.pick("保険者番号", "Insurer number"), html! { span.num { "06999990" } }),
        (l.pick("負担割合", "Copayment"), html! { "3" (l.pick("割", "0 %")) }),
        (l.pick("状態", "State"), html! { (badge(Tone::Success, l.pick("有効", "Valid"))) }),
    ])
}

fn sample_table(l: Lang) -> Markup {
    let row = |time: &str, name: &str, tone: Tone, ja: &str, en: &str| {
        vec![
            html! { span.num { (time) } },
            html! { a href="#p" { (name) } },
            html! { (badge(tone, l.pick(ja, en))) },
            html! { (l.pick("みどり坂健康保険組合", "Midorizaka Health Insurance Society")) },
        ]
    };
    table(
        l.pick("本日の資格確認", "Today's checks"),
        &[
            l.pick("時刻", "Time"),
            l.pick("氏名", "Name"),
            l.pick("結果", "Result"),
            l.pick("保険者", "Insurer"),
        ],
        &[
            row("09:15", "架空 太郎", Tone::Success, "有効", "Valid"),
            row("09:21", "見本 さくら", Tone::Error, "失効", "Lost"),
            row("09:30", "例示 次郎", Tone::Warning, "確認できず", "Not determined"),
            row("09:42", "仮名 三郎", Tone::Info, "照会中", "Asking"),
            row("09:50", "想定 四季子", Tone::Neutral, "取消", "Withdrawn"),
        ],
    )
}

fn form_page(l: Lang) -> Response {
    let title = l.pick("資格を照会する", "Ask about an eligibility");
    let wrong = l.pick("生年月日を、例のように入力してください", "Enter the birth date as in the examples");
    let one = |name, label, hint, value, error, required, kind| {
        field(l, &Field { name, label, hint, value, error, required, kind })
    };
    let text = |width_chars, inputmode| Kind::Text { width_chars, inputmode, autocomplete: "off" };
    let sexes =
        [("1", l.pick("男", "Male")), ("2", l.pick("女", "Female")), ("3", l.pick("未設定", "Not set"))];
    let kinds = [
        ("", l.pick("選んでください", "Choose")),
        ("a", l.pick("被用者保険", "Employees' insurance")),
        ("b", l.pick("国民健康保険", "National health insurance")),
    ];
    let choose = l.pick("性別を選んでください", "Choose one");
    let main = html! {
        (error_summary(l, &[("born", wrong.to_owned()), ("sex", choose.to_owned())]))
        h1 { (title) }
        (form("/ask", "token", l.pick("照会する", "Ask"), html! {
            (one("insurer", l.pick("保険者番号", "Insurer number"), Some(l.pick("6桁または8桁の数字", "6 or 8 digits")), "06999990", None, true, text(8, "numeric")))
            (one("born", l.pick("生年月日", "Birth date"), None, "1980-13-01", Some(wrong), true, Kind::Date))
            (one("kana", l.pick("氏名（カナ）", "Name (kana)"), None, "", None, false, text(20, "text")))
            (one("address", l.pick("住所", "Address"), None, "", None, false, text(60, "text")))
            (one("scheme", l.pick("制度", "Scheme"), None, "a", None, true, Kind::Select(&kinds)))
            (one("sex", l.pick("性別", "Sex"), None, "", Some(choose), true, Kind::Radios(&sexes)))
            (one("password", l.pick("パスワード", "Password"), Some(l.pick("12文字以上", "At least 12 characters")), "", None, true, Kind::Password { autocomplete: "current-password" }))
            (one("agreed", l.pick("患者の同意を得ました", "The patient agrees"), None, "1", None, true, Kind::Checkbox))
            (one("hidden", "", None, "x", None, false, Kind::Hidden))
        }))
        h2 { (l.pick("取り消せない操作", "An act that cannot be taken back")) }
        (danger_form("/drop", "token", l.pick("端末を失効させる", "Revoke the terminal"), l.pick("本当に失効させますか。元に戻せません。", "Really revoke it? This cannot be undone."), html! {}))
        div.actions {
            button.button.secondary type="button" { (l.pick("戻る", "Back")) }
            button.button.quiet type="button" { (l.pick("閉じる", "Close")) }
            button.button type="button" disabled { (l.pick("押せません", "Disabled")) }
        }
    };
    shelled(l, title, StatusCode::UNPROCESSABLE_ENTITY, None, main)
}
