//! How the screens look: one thing a screen, large type, large buttons, usable without script.
//!
//! Always holds: what is shown follows from what is given, and everything given is escaped; each page has one title,
//! one main part and says its language; each form of a session carries the token of its step; no address holds
//! anything of a patient.
//! Not here: what comes next (`rules.rs`), the texts of the terminal's own screens (`screens.rs`).
//! Rules come from: デジタル庁デザインシステム, WCAG 2.2 AA; docs/rules.md S1 r1, r5, S2 r2; field experience that the
//! oldest patients use these screens most.

use super::lang::Lang;
use super::line::{Said, Terms};
use super::rules::{Ask, Ending, Errand, Over, Place, Session, Shelf, Work, token_of};
use super::screens::{self, Screen, Tone};
use super::slot::{Found, Printed};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Cards on one page of the start.
pub const CARDS_A_PAGE: usize = 6;

/// Which of the two readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The clinic's, for patients.
    Kiosk,
    /// A citizen's own, for signing in.
    Reader,
}

impl Side {
    /// What its addresses begin with.
    pub fn base(self) -> &'static str {
        match self {
            Side::Kiosk => "",
            Side::Reader => "/reader",
        }
    }

    /// Its first page.
    pub fn home(self) -> &'static str {
        match self {
            Side::Kiosk => "/",
            Side::Reader => "/reader",
        }
    }

    fn name(self, l: Lang) -> &'static str {
        match self {
            Side::Kiosk => l.pick("カード受付", "Card reader"),
            Side::Reader => l.pick("ご自分のカードリーダー", "Your own card reader"),
        }
    }
}

/// What every page needs.
pub struct Frame<'f> {
    /// Whose page.
    pub side: Side,
    /// In which language.
    pub lang: Lang,
    /// What its forms carry.
    pub token: String,
    /// Milliseconds until it goes back to the start.
    pub left_ms: Option<u64>,
    /// Where it then goes.
    pub then: &'f str,
    /// Whether a card is on the reader.
    pub has_card: bool,
    /// Whether there is nothing left to do but to take the card.
    pub is_over: bool,
    /// Whether it was taken away already.
    pub is_card_gone: bool,
    /// Whether staff may compare the photo.
    pub eye: bool,
    /// The staff's code where it is for everybody to read; else empty.
    pub eye_hint: &'f str,
    /// The sign-in's nonce, which names nobody.
    pub nonce: &'f str,
    /// Where the person's own pages are.
    pub pages_url: &'f str,
}

/// A whole page. It has one `h1`, which is in `main`.
pub fn page(frame: &Frame<'_>, title: &str, main: &Markup) -> Markup {
    let l = frame.lang;
    html! {
        (DOCTYPE)
        html lang=(l.word()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " — " (frame.side.name(l)) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(super::assets::href("kiosk.css"));
                script src=(super::assets::href("kiosk.js")) defer {}
                @if let Some(ms) = frame.left_ms {
                    // The script counts down and offers more time; without it the page goes back by itself.
                    noscript { meta http-equiv="refresh" content=(refresh(ms, frame.then)); }
                }
            }
            body data-left-ms=[frame.left_ms] data-then=(frame.then) {
                a.skip href="#main" { (l.pick("本文へ移動", "Skip to main content")) }
                (head(frame))
                main #main tabindex="-1" { (main) }
                (foot(frame))
            }
        }
    }
}

fn refresh(ms: u64, then: &str) -> String {
    format!("{}; url={then}", ms / 1000 + 1)
}

fn head(frame: &Frame<'_>) -> Markup {
    let l = frame.lang;
    let other = l.other();
    html! {
        header.head {
            p.brand { (frame.side.name(l)) }
            p.notice {
                (l.pick("公式のシステムではありません。登場する人は架空です。", "Not an official system. All people are invented."))
            }
            form method="post" action={ (frame.side.base()) "/step" } {
                (hidden(frame))
                button.quiet type="submit" name="act" value={ "lang-" (other.word()) } lang=(other.word()) {
                    (other.pick("日本語", "English"))
                }
            }
        }
    }
}

fn foot(frame: &Frame<'_>) -> Markup {
    let l = frame.lang;
    html! {
        @if frame.has_card {
            footer.foot {
                form method="post" action={ (frame.side.base()) "/step" } {
                    (hidden(frame))
                    button.out.primary[frame.is_over] type="submit" name="act" value="out" {
                        @if frame.is_card_gone { (l.pick("最初の画面へ", "To the first screen")) }
                        @else { (l.pick("カードを取り出す", "Take the card out")) }
                    }
                    @if frame.left_ms.is_some() {
                        button.quiet type="submit" name="act" value="stay" {
                            (l.pick("時間をのばす", "More time"))
                        }
                    }
                    p.left #left role="status" data-busy=(l.pick("確認しています…", "Checking…"))
                        data-text=(l.pick("あと{}秒で最初の画面に戻ります", "Back to the start in {} seconds")) {}
                }
            }
        }
    }
}

fn hidden(frame: &Frame<'_>) -> Markup {
    html! {
        input type="hidden" name="token" value=(frame.token);
        @if !frame.nonce.is_empty() { input type="hidden" name="n" value=(frame.nonce); }
    }
}

/// A form of the session's.
fn form(frame: &Frame<'_>, class: &str, body: &Markup) -> Markup {
    html! {
        form class=(class) method="post" action={ (frame.side.base()) "/step" } novalidate {
            (hidden(frame))
            (body)
        }
    }
}

fn button(class: &str, act: &str, text: &str) -> Markup {
    html! { button class=(class) type="submit" name="act" value=(act) { (text) } }
}

// --- the start ------------------------------------------------------------------------------------------------

/// The cards to choose from.
pub fn start(frame: &Frame<'_>, shelf: &Shelf, found: &Found, above: &Markup) -> Markup {
    let l = frame.lang;
    let cards = found.cards.as_slice();
    let title = match frame.side {
        Side::Kiosk => l.pick("カードを選んでください", "Please choose a card"),
        Side::Reader => l.pick("ログインの確認", "Confirm the sign-in"),
    };
    let pages = cards.len().div_ceil(CARDS_A_PAGE).max(1);
    let at = shelf.page.min(pages - 1);
    let shown = cards.iter().skip(at * CARDS_A_PAGE).take(CARDS_A_PAGE);
    let main = html! {
        (above)
        h1 { (title) }
        @if frame.side == Side::Kiosk {
            p.lead { (l.pick(
                "カードを読み取り機に置く代わりに、見本のカードを一枚選びます。",
                "Instead of placing a card on the reader, choose one of the sample cards.",
            )) }
        } @else {
            (matching(l, frame.nonce))
            h2 { (l.pick("カードを選んでください", "Choose your card")) }
        }
        @if cards.is_empty() && shelf.find.is_empty() {
            (banner(Tone::Warning, l.pick(screens::NO_CARDS.title.0, screens::NO_CARDS.title.1), &html! {
                p { (joined(l, pick(l, screens::NO_CARDS.text), pick(l, screens::NO_CARDS.now))) }
                p.code { (screens::NO_CARDS.code) }
            }))
        } @else {
            (finder(frame, shelf, cards.len()))
            form.tiles method="post" action={ (frame.side.base()) "/card" } {
                (hidden(frame))
                @for card in shown { (tile(l, card)) }
            }
            (pager(frame, at, pages))
            @if found.left_out > 0 { (left_out(l, found.left_out)) }
        }
    };
    page(frame, title, &main)
}

/// Says that there are more cards than are looked at.
fn left_out(l: Lang, count: usize) -> Markup {
    html! {
        p role="note" {
            (l.pick("カードが多すぎるため、ここに出ていないカードが", "Too many cards: left out here are "))
            (count) (l.pick("枚あります。", "."))
        }
    }
}

fn finder(frame: &Frame<'_>, shelf: &Shelf, found: usize) -> Markup {
    let l = frame.lang;
    html! {
        form.finder method="post" action={ (frame.side.base()) "/find" } {
            (hidden(frame))
            label for="find" { (l.pick("カードをさがす（名前など）", "Find a card (name or kind)")) }
            div.row {
                input #find type="text" name="find" value=(shelf.find) autocomplete="off" maxlength="100";
                button type="submit" { (l.pick("さがす", "Find")) }
            }
            @if !shelf.find.is_empty() {
                p role="status" {
                    @if found == 0 { (l.pick("見つかりません。", "None found.")) }
                    @else { (l.pick("見つかったカード：", "Found: ")) (found) (l.pick("枚", "")) }
                }
                button.quiet type="submit" name="clear" value="1" { (l.pick("すべてのカードを見る", "Show all cards")) }
            }
        }
    }
}

fn tile(l: Lang, card: &Printed) -> Markup {
    html! {
        button.tile type="submit" name="card" value=(card.stem) {
            span.tile-name { @if card.is_readable() { (card.holder) } @else { (card.label) } }
            @if !card.note(l).is_empty() { span.tile-note { (card.note(l)) } }
            @if card.is_readable() { span.tile-label { (card.label) } }
        }
    }
}

fn pager(frame: &Frame<'_>, at: usize, pages: usize) -> Markup {
    let l = frame.lang;
    let turn = |to: usize, text: &str| html! { button.quiet type="submit" name="page" value=(to) { (text) } };
    html! {
        @if pages > 1 {
            form.pager method="post" action={ (frame.side.base()) "/find" }
                aria-label=(l.pick("カードのページ", "Pages of cards")) {
                (hidden(frame))
                @if at > 0 { (turn(at - 1, l.pick("前のカード", "Previous cards"))) }
                p { (at + 1) (l.pick("ページ目／全", " of ")) (pages) (l.pick("ページ", "")) }
                @if at + 1 < pages { (turn(at + 1, l.pick("次のカード", "Next cards"))) }
            }
        }
    }
}

/// The code that stands on the person's own pages too.
fn matching(l: Lang, nonce: &str) -> Markup {
    html! {
        div.matching {
            p { (l.pick("照合番号", "Matching code")) }
            p.matching-code { (super::matching_code(nonce)) }
            p { (l.pick(
                "ご本人のページに出ている番号と同じか、確かめてください。違うときは、進まないでください。",
                "Compare it with the code on your own pages. If they differ, do not go on.",
            )) }
        }
    }
}

/// The reader's first page without a sign-in to confirm.
pub fn no_sign_in(frame: &Frame<'_>, screen: &'static Screen) -> Markup {
    let l = frame.lang;
    let main = html! {
        (own(l, screen, pick(l, screen.now_at_home())))
        p { a.link href={ (frame.pages_url) "/my/sign-in" } { (l.pick("ご本人のページへ", "Go to your own pages")) } }
    };
    page(frame, pick(l, screen.title), &main)
}

/// A screen of the terminal's own outside a session.
pub fn outside(frame: &Frame<'_>, screen: &'static Screen) -> Markup {
    let l = frame.lang;
    let main = html! {
        (own(l, screen, pick(l, screen.now)))
        p { a.link href=(frame.side.home()) { (l.pick("最初の画面へ", "To the first screen")) } }
    };
    page(frame, pick(l, screen.title), &main)
}

/// What the start says to whoever came with a step of a session that is over.
pub fn stale(l: Lang) -> Markup {
    let screen = &screens::STALE;
    banner(
        screen.tone,
        pick(l, screen.title),
        &html! {
            p { (pick(l, screen.text)) }
            p.code { (screen.code) }
        },
    )
}

// --- a session --------------------------------------------------------------------------------------------------

/// A session's present page.
pub fn session(frame: &Frame<'_>, session: &Session) -> Markup {
    match &session.place {
        Place::Working(work) => working(frame, *work),
        Place::Pin { left, remark } => pin(frame, session, *left, *remark),
        Place::Eye { remark, is_wrong } => eye(frame, *remark, *is_wrong),
        Place::Terms { terms, notice, .. } => conditions(frame, terms, notice.as_deref()),
        Place::Ask(ask) => question(frame, ask),
        Place::Over(over) => ended(frame, session, over),
    }
}

/// The frame's token for a session.
pub fn token(session: &Session) -> String {
    token_of(&session.key, session.step)
}

fn working(frame: &Frame<'_>, work: Work) -> Markup {
    let l = frame.lang;
    let title = l.pick("確認しています", "Checking");
    let what = match work {
        Work::Card => l.pick("カードを読み取っています。", "The card is being read."),
        Work::Line | Work::Check => l.pick("資格を確認しています。", "Your eligibility is being checked."),
    };
    let main = html! {
        div.screen {
            h1 { (title) }
            p.lead { (what) (l.pick("カードはそのままでお待ちください。", " Please leave the card where it is.")) }
        }
    };
    page(frame, title, &main)
}

fn pin(frame: &Frame<'_>, session: &Session, left: u8, remark: Option<&'static Screen>) -> Markup {
    let l = frame.lang;
    let visit = session.errand == Errand::Visit;
    let title = l.pick("暗証番号を入れてください", "Please enter your PIN");
    let body = html! {
        div.field {
            label for="pin" { (l.pick("数字4桁の暗証番号", "PIN of four digits")) }
            input #pin type="password" name="pin" inputmode="numeric" autocomplete="one-time-code" maxlength="4"
                required aria-describedby="tries" aria-invalid=[remark.map(|_| "true")];
            p #tries { (l.pick("あと", "Tries left: ")) strong { (left) } (l.pick("回まで入力できます", "")) }
        }
        (pad(l))
        div.acts {
            (button("primary", "pin", l.pick("決定", "OK")))
            @if visit && frame.eye {
                (button("quiet", "eye", l.pick("暗証番号が使えないとき", "I cannot use the PIN")))
            }
        }
    };
    let main = html! {
        @if let Some(screen) = remark {
            (banner(screen.tone, pick(l, screen.title), &html! {
                p { (joined(l, &gap(pick(l, screen.text), left),
                    pick(l, if visit { screen.now } else { screen.now_at_home() }))) }
                p.code { (screen.code) }
            }))
        }
        div.screen {
            @if !visit { p.matching-small {
                (l.pick("照合番号", "Matching code")) " " strong { (super::matching_code(frame.nonce)) }
            } }
            h1 { (title) }
            p.holder { (l.pick("カード：", "Card: ")) strong { (session.holder) } }
            (form(frame, "pin", &body))
        }
    };
    page(frame, title, &main)
}

/// Buttons for the digits; the script shows them, since nothing works them without it.
fn pad(l: Lang) -> Markup {
    let digit = |n: u8| html! { button type="button" data-digit=(n) { (n) } };
    html! {
        div.pad #pad hidden role="group" aria-label=(l.pick("数字のボタン", "Digits")) {
            @for n in 1..=9 { (digit(n)) }
            button.soft type="button" data-clear="all" { (l.pick("全部消す", "Clear")) }
            (digit(0))
            button.soft type="button" data-clear="one" { (l.pick("1つ消す", "Delete")) }
        }
    }
}

fn eye(frame: &Frame<'_>, remark: Option<&'static Screen>, is_wrong: bool) -> Markup {
    let l = frame.lang;
    let title = l.pick("職員による確認", "Check by the staff");
    let wrong = &screens::STAFF_CODE_WRONG;
    let acts = html! {
        (staff_code(frame, is_wrong))
        div.acts.two.long {
            (button("choice", "eye-fits", l.pick("同じ人です", "Same person")))
            (button("choice", "eye-differs", l.pick("違います", "Different person")))
        }
        @if remark.is_none() {
            div.acts { (button("quiet", "pin-again", l.pick("暗証番号の画面に戻る", "Back to the PIN"))) }
        }
    };
    let main = html! {
        @if is_wrong {
            (banner(wrong.tone, pick(l, wrong.title), &html! {
                p { (joined(l, pick(l, wrong.text), pick(l, wrong.now))) }
                p.code { (wrong.code) }
            }))
        } @else if let Some(screen) = remark {
            (banner(screen.tone, pick(l, screen.title), &html! {
                p { (pick(l, screen.text)) }
                p.code { (screen.code) }
            }))
        }
        div.screen {
            h1 { (title) }
            p.lead { (l.pick("受付の職員に声をかけ、この画面を見せてください。",
                "Please call the staff and show them this screen.")) }
            section.staff {
                h2 { (l.pick("職員の方へ", "For the staff")) }
                p { (l.pick("カードの写真と、ご本人のお顔を見比べてください。",
                    "Compare the photo on the card with the patient's face.")) }
                (form(frame, "", &acts))
            }
        }
    };
    page(frame, title, &main)
}

/// The field for what only the staff knows.
fn staff_code(frame: &Frame<'_>, is_wrong: bool) -> Markup {
    let l = frame.lang;
    html! {
        div.field {
            label for="code" { (l.pick("職員コード", "Staff code")) }
            input #code type="password" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="8"
                required aria-describedby="code-note" aria-invalid=[is_wrong.then_some("true")];
            p #code-note {
                (l.pick("「同じ人です」を押す前に、職員の方が入力してください。",
                    "To be entered by the staff before pressing “Same person”."))
                @if !frame.eye_hint.is_empty() {
                    " " (l.pick("見本の職員コード：", "The sample's staff code: ")) strong { (frame.eye_hint) }
                }
            }
        }
    }
}

fn conditions(frame: &Frame<'_>, terms: &Terms, notice: Option<&Said>) -> Markup {
    let l = frame.lang;
    let title = l.pick("健康保険証としての利用申込", "Use as your insurance certificate");
    let acts = html! {
        div.acts.two.long {
            (button("choice", "agree", l.pick("同意して申し込む", "Agree and apply")))
            (button("choice", "disagree", l.pick("申し込まない", "Do not apply")))
        }
    };
    let main = html! {
        (beside(l, notice))
        div.screen {
            h1 { (title) }
            p.lead { (l.pick("このカードは、まだ申込みがすんでいません。次の内容を読んで、選んでください。",
                "You have not applied with this card yet. Please read this and choose.")) }
            ul.terms { @for sentence in l.pick(&terms.ja, &terms.en) { li { (sentence) } } }
            (form(frame, "", &acts))
        }
    };
    page(frame, title, &main)
}

fn question(frame: &Frame<'_>, ask: &Ask) -> Markup {
    let l = frame.lang;
    let at = ask.given.len() + 1;
    let count = ask.count();
    let (title, why, acts) = match ask.open() {
        Some(question) => (question.text(l), question.why(l), yes_no(l)),
        None => (
            l.pick("処方箋は、どちらにしますか", "Which prescription would you like?"),
            l.pick(
                "電子処方箋は、引換番号かこのカードで、薬局に出せます。",
                "An electronic one is handed in at the pharmacy by number or with this card.",
            ),
            html! {
                (button("choice", "electronic", l.pick("電子処方箋", "Electronic")))
                (button("choice", "paper", l.pick("紙の処方箋", "Paper")))
            },
        ),
    };
    let body = html! {
        div.acts.two { (acts) }
        @if at > 1 { div.acts { (button("quiet", "back", l.pick("前の質問に戻る", "Previous question"))) } }
    };
    let main = html! {
        (beside(l, ask.notice.as_deref()))
        div.screen {
            p.progress #progress {
                (l.pick("", "Question ")) strong { (at) } (l.pick("問目／全", " of ")) (count) (l.pick("問", ""))
            }
            progress aria-labelledby="progress" max=(count) value=(at) {}
            h1 { (title) }
            @if !why.is_empty() { p.why { (why) } }
            (form(frame, "", &body))
        }
    };
    page(frame, title, &main)
}

fn yes_no(l: Lang) -> Markup {
    html! {
        (button("choice", "yes", l.pick("はい", "Yes")))
        (button("choice", "no", l.pick("いいえ", "No")))
    }
}

fn ended(frame: &Frame<'_>, session: &Session, over: &Over) -> Markup {
    let l = frame.lang;
    let visit = session.errand == Errand::Visit;
    let (title, body, notice, done) = match &over.ending {
        Ending::Said { said, notice, done } => {
            (headline(said.title.pick(l)), said_body(l, said), notice.as_deref(), *done)
        }
        Ending::Own(screen) => {
            let now = if visit { screen.now } else { screen.now_at_home() };
            (pick(l, screen.title), own(l, screen, pick(l, now)), None, false)
        }
    };
    let acts = html! {
        div.acts {
            @if over.again.is_some() { (button("primary", "again", l.pick("もう一度", "Try again"))) }
            @if over.eye {
                (button("primary", "eye", l.pick("職員が写真を確認する", "Staff compares the photo")))
            }
        }
    };
    let main = html! {
        (body)
        (beside(l, notice))
        @if done && !visit {
            p { a.link.primary href={ (frame.pages_url) "/my/enter" } {
                (l.pick("ご本人のページへ進む", "Go on to your own pages"))
            } }
        }
        @if over.again.is_some() || over.eye { (form(frame, "", &acts)) }
    };
    page(frame, title, &main)
}

// --- parts ----------------------------------------------------------------------------------------------------

fn pick(l: Lang, both: (&'static str, &'static str)) -> &'static str {
    l.pick(both.0, both.1)
}

fn gap(text: &str, left: u8) -> String {
    text.replace("{}", &left.to_string())
}

/// A refusal's sentence as a title; two of them stay sentences.
fn headline(text: &str) -> &str {
    const STOPS: [char; 2] = ['。', '.'];
    text.strip_suffix(STOPS).filter(|one| !one.contains(STOPS)).unwrap_or(text)
}

/// Two sentences; Japanese has no blank between them.
fn joined(l: Lang, first: &str, second: &str) -> String {
    format!("{first}{}{second}", l.pick("", " "))
}

fn own(l: Lang, screen: &'static Screen, now: &str) -> Markup {
    big(l, screen.tone, pick(l, screen.title), pick(l, screen.text), now, screen.code)
}

fn said_body(l: Lang, said: &Said) -> Markup {
    big(l, Tone::of(&said.tone), headline(said.title.pick(l)), said.text.pick(l), said.now.pick(l), &said.oqs)
}

/// A screen that says how it ended.
fn big(l: Lang, tone: Tone, title: &str, text: &str, now: &str, code: &str) -> Markup {
    html! {
        div.screen.end.{ (tone.word()) } {
            (sign(l, tone))
            h1 { (title) }
            @if !text.is_empty() { p.lead { (text) } }
            @if !now.is_empty() {
                section.now {
                    h2 { (l.pick("次にすること", "What to do now")) }
                    p { (now) }
                }
            }
            @if !code.is_empty() { p.code { (code) } }
        }
    }
}

/// The tone as a shape and a word, since colour alone says nothing to many.
fn sign(l: Lang, tone: Tone) -> Markup {
    let (word, path) = match tone {
        Tone::Success => (l.pick("完了", "Done"), "M14 25l8 8 14-17"),
        Tone::Info => (l.pick("お知らせ", "Note"), "M25 22v14M25 13v3"),
        Tone::Warning => (l.pick("ご注意", "Please note"), "M25 12v16M25 33v3"),
        Tone::Error => (l.pick("確認できません", "Not possible"), "M16 16l18 18M34 16L16 34"),
    };
    html! {
        p.sign {
            (PreEscaped(format!(
                "<svg viewBox=\"0 0 50 50\" width=\"56\" height=\"56\" aria-hidden=\"true\" focusable=\"false\">\
                 <circle cx=\"25\" cy=\"25\" r=\"23\"/><path d=\"{path}\"/></svg>"
            )))
            span { (word) }
        }
    }
}

fn banner(tone: Tone, title: &str, body: &Markup) -> Markup {
    html! {
        div.banner.{ (tone.word()) } role=[(tone != Tone::Info).then_some("alert")] {
            p.banner-title { (title) }
            (body)
        }
    }
}

/// What the server says beside.
fn beside(l: Lang, notice: Option<&Said>) -> Markup {
    html! {
        @if let Some(said) = notice {
            div.banner.{ (Tone::of(&said.tone).word()) } role="note" {
                p.banner-title { (said.title.pick(l)) }
                p { (joined(l, said.text.pick(l), said.now.pick(l))) }
                @if !said.oqs.is_empty() { p.code { (said.oqs) } }
            }
        }
    }
}
