//! The kiosk with a line that answers by itself: for looking at every screen without a server.
//!
//! `cargo run -p terminal --example kiosk_sample -- FOLDER PORT` makes sample cards in FOLDER (PIN 1234) and serves the
//! kiosk. What the line says depends on the card; its note says what.
//!
//! Always holds: loopback only; everybody is invented.
//! Not here: a server, a check, a consent.
//! Rules come from: nothing; it shows `terminal::kiosk`.

use card::{Card, Contents, Half, Kind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{fs, io};
use terminal::Away;
use terminal::kiosk::{
    Answer, Answers, Challenge, Ground, Line, Next, Proof, Question, Said, Settings, Tap, Terms, Trouble,
    Words,
};

/// Label, name, note, kind and tries left.
const CARDS: [(&str, &str, &str, &str, Kind, u8); 12] = [
    ("P001", "試験　花子", "通常（質問5問）", "usual, five questions", Kind::Card, 3),
    ("P002", "架空　太郎", "利用申込がまだの人", "not enrolled yet", Kind::Card, 3),
    ("P003", "見本　さくら", "有効期限が切れたカード", "expired", Kind::Card, 3),
    ("P004", "練習　一郎", "期限切れから3か月以内", "expired, in grace", Kind::Card, 3),
    ("P005", "仮名　みどり", "回線が切れている", "line down", Kind::Card, 3),
    ("P006", "例文　次郎", "暗証番号がロックされたカード", "PIN blocked", Kind::Card, 0),
    ("P007", "想定　ハル", "暗証番号のないカード", "without PIN", Kind::PinLess, 0),
    ("P008", "待機　のぞみ", "返事が遅い（8秒）", "slow answers", Kind::Card, 3),
    ("P009", "混雑　三郎", "サーバーが混雑", "server busy", Kind::Card, 3),
    ("P010", "長岡京ヶ原　右衛門左衛門之介", "名前の長い人", "a long name", Kind::Card, 3),
    ("P011", "架空　こども", "子どものカード", "a child's card", Kind::Child, 3),
    ("P012", "最後　の人", "あと1回", "one try left", Kind::Card, 1),
];

/// A line that knows the cards by their certificates.
struct Sample {
    known: Vec<(Vec<u8>, &'static str)>,
    count: AtomicU32,
}

fn words(ja: &str, en: &str) -> Words {
    Words { ja: ja.to_owned(), en: en.to_owned() }
}

fn said(tone: &str, oqs: &str, title: Words, text: Words, now: Words) -> Said {
    Said { oqs: oqs.to_owned(), tone: tone.to_owned(), title, text, now, ..Said::default() }
}

fn question(kind: &str, ja: &str, en: &str, why_ja: &str, why_en: &str) -> Question {
    Question {
        kind: kind.to_owned(),
        ja: ja.to_owned(),
        en: en.to_owned(),
        why_ja: why_ja.to_owned(),
        why_en: why_en.to_owned(),
    }
}

fn questions() -> Vec<Question> {
    let past = (
        "これまでの情報をもとに、より適した医療を受けられます。",
        "Your doctor can treat you better with it.",
    );
    vec![
        question(
            "limit",
            "限度額の情報を、この医療機関に提供しますか",
            "May this facility see your high-cost limit?",
            "提供すると、窓口での支払いが限度額までになります。",
            "Then you pay no more than your limit at the desk.",
        ),
        question(
            "checkups",
            "過去の健診結果を、提供しますか",
            "May it see your past checkups?",
            past.0,
            past.1,
        ),
        question("drugs", "過去のお薬の情報を、提供しますか", "May it see your past drugs?", past.0, past.1),
        question(
            "diagnosis",
            "過去の診療の情報を、提供しますか",
            "May it see your past treatment?",
            past.0,
            past.1,
        ),
        question("operation", "手術の情報を、提供しますか", "May it see your operations?", past.0, past.1),
    ]
}

fn ask(label: &str) -> Answer {
    let notice = (label == "P010").then(|| {
        said(
            "warning",
            "SKC05011W",
            words("カードの有効期限が近づいています", "Your card expires soon"),
            words("電子証明書の期限は2027年1月15日です。", "The certificate expires on 15 January 2027."),
            words("お住まいの市区町村で更新してください。", "Please renew it at your municipality."),
        )
    });
    let next = Next::Ask { pass: label.to_owned(), questions: questions(), prescription: true };
    Answer { said: Said::default(), notice, next }
}

fn done() -> Answer {
    let said = said(
        "success",
        "",
        words("受付が終わりました", "You are checked in"),
        words("資格を確認しました。", "Your eligibility is confirmed."),
        words(
            "カードをお取りになり、お呼びするまでお待ちください。",
            "Please take your card and wait to be called.",
        ),
    );
    Answer { said, notice: None, next: Next::Done { face: None } }
}

fn refused(label: &str) -> Answer {
    let said = if label == "P003" {
        said(
            "error",
            "SKC05001E",
            words("カードの有効期限が切れています", "Your card has expired"),
            words(
                "電子証明書の期限が切れてから3か月を過ぎました。",
                "The certificate expired over three months ago.",
            ),
            words(
                "受付の職員に声をかけてください。更新は、お住まいの市区町村でできます。",
                "Please speak to the staff. Your municipality renews the card.",
            ),
        )
    } else {
        said(
            "warning",
            "SKC05002W",
            words("資格だけを確認しました", "Only your eligibility was checked"),
            words(
                "期限が切れているため、お薬などの情報は提供できません。",
                "Drugs and checkups cannot be shown.",
            ),
            words("お早めに、お住まいの市区町村で更新してください。", "Please renew the card soon."),
        )
    };
    Answer { said, notice: None, next: Next::Refused }
}

impl Line for Sample {
    fn nonce(&self, _: &str, _: &str) -> Result<Challenge, Trouble> {
        let nonce = format!("sample-nonce-{}", self.count.fetch_add(1, Ordering::Relaxed));
        Ok(Challenge { message: nonce.clone().into_bytes(), nonce })
    }

    #[expect(clippy::disallowed_methods, reason = "the slow card's answer is slow")]
    fn tap(&self, _: &str, tap: &Tap) -> Result<Answer, Trouble> {
        let label = match &tap.ground {
            Ground::Proof(proof) => {
                let known = self.known.iter().find(|(certificate, _)| *certificate == proof.certificate);
                known.map_or("", |(_, label)| label).to_owned()
            }
            Ground::Pass(pass) => pass.clone(),
        };
        match (label.as_str(), &tap.answers, &tap.enrol) {
            ("P005", Some(_), _) => Err(Trouble::Away(Away::NoLine)),
            ("P009", ..) => Err(Trouble::Away(Away::Busy)),
            ("P003" | "P004", ..) => Ok(refused(&label)),
            ("P002", None, None) => {
                let terms = Terms {
                    version: "2026-11".to_owned(),
                    ja: [
                        "マイナンバーカードを、健康保険証として使えるようにします。",
                        "申込みは、一生に一度だけです。",
                        "申込みは、いつでも取り消せます。",
                        "申込みの日時と場所を記録します。",
                    ]
                    .map(str::to_owned)
                    .to_vec(),
                    en: [
                        "Your My Number card will serve as insurance certificate.",
                        "You apply once in your life.",
                        "You can cancel at any time.",
                        "Time and place are recorded.",
                    ]
                    .map(str::to_owned)
                    .to_vec(),
                };
                Ok(Answer { said: Said::default(), notice: None, next: Next::Enrol { pass: label, terms } })
            }
            ("P008", Some(_), _) => {
                std::thread::sleep(Duration::from_secs(8));
                Ok(done())
            }
            (_, Some(Answers { .. }), _) => Ok(done()),
            _ => Ok(ask(&label)),
        }
    }

    fn prove(&self, _: &str, _: &Proof) -> Result<(Said, bool), Trouble> {
        let said = said(
            "success",
            "",
            words("確認できました", "Confirmed"),
            words("カードで、ご本人と確認しました。", "The card shows that it is you."),
            words("ご本人のページへ進んでください。", "Please go on to your own pages."),
        );
        Ok((said, true))
    }
}

fn make(folder: &Path) -> io::Result<Vec<(Vec<u8>, &'static str)>> {
    fs::create_dir_all(folder)?;
    let mut known = Vec::new();
    for (label, holder, note_ja, note_en, kind, tries_left) in CARDS {
        let half = || -> Result<Half, rcgen::Error> {
            let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?;
            let params = rcgen::CertificateParams::new(vec![format!("{label}.test")])?;
            let certificate = params.self_signed(&key)?.der().to_vec();
            let pin = (kind != Kind::PinLess).then(|| "1234".to_owned().into());
            Ok(Half {
                ca: certificate.clone(),
                certificate,
                key: key.serialize_der().into(),
                pin,
                tries_left,
            })
        };
        let half = half().map_err(io::Error::other)?;
        known.push((half.certificate.clone(), label));
        let contents = Contents {
            label: label.to_owned(),
            holder: holder.to_owned(),
            note_ja: note_ja.to_owned(),
            note_en: note_en.to_owned(),
            kind,
            auth: half,
            sign: None,
        };
        let card = Card::make(contents).map_err(io::Error::other)?;
        fs::write(folder.join(format!("{label}.card")), card.write().as_bytes())?;
    }
    fs::write(folder.join("P013.card"), "not a card")?;
    Ok(known)
}

#[expect(clippy::disallowed_methods, reason = "a sample reads its own command line")]
#[expect(clippy::print_stdout, reason = "it says where it answers")]
fn main() -> io::Result<()> {
    let mut given = std::env::args().skip(1);
    let folder = PathBuf::from(given.next().ok_or_else(|| io::Error::other("name a folder"))?);
    let port = given.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let known = make(&folder.join("cards"))?;
    let terminal = terminal::Settings::new(folder.join("OQS"), folder.join("kept"), "1310000001".to_owned());
    let mut settings = Settings::new(folder.join("cards"), "http://127.0.0.1:8480".to_owned(), &terminal);
    settings.listen.set_port(port);
    settings.eye_code = "2580".to_owned();
    settings.shows_eye_code = true;
    let line = Arc::new(Sample { known, count: AtomicU32::new(0) });
    let kiosk = terminal::kiosk::start(&settings, line)?;
    println!("ready http://{}/", kiosk.address());
    loop {
        std::thread::park();
    }
}
