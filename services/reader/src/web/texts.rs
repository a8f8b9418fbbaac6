//! What the patient reads at the reader: questions, outcomes, notices.
//!
//! Always holds: plain words, what happened and what to do now; nothing of a person stands in a text but a day.
//! Not here: texts about what is wrong with a card, which come with their refusals (`cards::refusals`); the terminal's
//! own screens.
//! Rules come from: docs/rules.md S1 r1, r5, r6, r11; S2 r1, r3, r5; S3 r3 (usable at 80).

use crate::refusals;
use crate::rules::Standing;
use base::{Date, Help};
use consent::rules::Kind;
use counter::{
    Checked,
    refusals::{CARD_EXPIRES_SOON, CARD_IN_GRACE},
    rules::Outcome,
};
use web::house::Trouble;

/// A screen: Japanese and English of each.
pub(super) struct Screen {
    pub title: (&'static str, &'static str),
    pub text: (&'static str, &'static str),
    pub now: (&'static str, &'static str),
}

/// The same with days in it.
pub(super) struct Notice {
    pub title: (String, String),
    pub text: (String, String),
    pub now: (String, String),
}

/// A question with the reason why it is asked.
pub(super) struct Question {
    pub ask: (String, String),
    pub why: (String, String),
}

/// A question that is asked of everybody in the same words.
pub(super) struct Fixed {
    ask: (&'static str, &'static str),
    why: (&'static str, &'static str),
}

impl From<&Fixed> for Question {
    fn from(fixed: &Fixed) -> Question {
        let own = |(ja, en): (&str, &str)| (ja.to_owned(), en.to_owned());
        Question { ask: own(fixed.ask), why: own(fixed.why) }
    }
}

pub(super) const LIMIT: Fixed = Fixed {
    ask: (
        "限度額の情報を、この医療機関・薬局に伝えてもよろしいですか",
        "May this facility see your high-cost limit?",
    ),
    why: (
        "窓口でのお支払いが限度額までになります。限度額適用認定証は要りません。",
        "You then pay no more than the limit at the desk, without a limit certificate.",
    ),
};

pub(super) const DISEASES: Fixed = Fixed {
    ask: (
        "特定疾病療養受療証の情報を、この医療機関・薬局に伝えてもよろしいですか",
        "May this facility see your specific-disease certificate?",
    ),
    why: (
        "人工透析などの治療で、お支払いが自己負担限度額までになります。受療証をお持ちでない方は、どちらを選んでも変わりません。",
        "For treatments such as dialysis you then pay no more than your own limit. Without such a certificate either answer is fine.",
    ),
};

pub(super) fn view(kind: &Kind) -> (String, String) {
    (
        format!("{}を、この医療機関・薬局が見てもよろしいですか", kind.ja),
        format!("May this facility see: {}?", kind.en.to_lowercase()),
    )
}

/// A refusal: its own words are written for the patient when they come from a card.
pub(super) fn refused(help: &'static Help) -> Screen {
    Screen { title: help.what, text: ("", ""), now: help.desk }
}

pub(super) fn in_trouble(trouble: Trouble) -> Screen {
    let title = match trouble {
        Trouble::Busy => ("ただいま混み合っています", "The system is busy"),
        Trouble::Broken => ("ただいま確認できません", "This cannot be checked at the moment"),
    };
    Screen {
        title,
        text: ("カードに問題があるわけではありません。", "There is nothing wrong with your card."),
        now: (
            "少し待ってからもう一度カードを置くか、受付の職員にお知らせください。",
            "Wait a little and put your card on again, or tell the reception.",
        ),
    }
}

pub(super) fn may_enrol() -> Screen {
    Screen {
        title: (
            "健康保険証としての利用登録がまだのようです",
            "Your card is not yet enrolled for use as insurance certificate",
        ),
        text: (
            "ここで登録できます。登録は一生に一度で、すぐに使えます。",
            "You can enrol here. It is needed once in a lifetime and works at once.",
        ),
        now: (
            "次の内容をお読みいただき、よろしければ「同意して登録する」を押してください。",
            "Please read the following and press “Agree and enrol” if you wish.",
        ),
    }
}

pub(super) fn asks() -> Screen {
    Screen {
        title: ("いくつかおたずねします", "A few questions"),
        text: (
            "「はい」か「いいえ」を選んでください。「いいえ」でも受診できます。",
            "Answer yes or no. You can be treated whatever you answer.",
        ),
        now: ("", ""),
    }
}

/// The end of a check, as the patient is told: tone, code, nine-character code, texts.
pub(super) fn done(checked: &Checked) -> Ended {
    match checked.decision.outcome {
        Outcome::Valid => ("success", "", "", valid(checked.pre_operation)),
        Outcome::AidUnregistered => ended("warning", &refusals::AID_UNREGISTERED, AID_UNREGISTERED),
        Outcome::Invalid | Outcome::InvalidNewKnown => ended("warning", &refusals::LOST, LOST),
        Outcome::None | Outcome::Several => ended("info", &refusals::NO_COVERAGE, NO_COVERAGE),
        Outcome::Undetermined(help) => ended("warning", help, UNDETERMINED),
    }
}

type Ended = (&'static str, &'static str, &'static str, Screen);

fn ended(tone: &'static str, help: &'static Help, screen: Screen) -> Ended {
    (tone, help.code, help.oqs, screen)
}

fn valid(pre_operation: bool) -> Screen {
    let now = match pre_operation {
        true => (
            "カードをお取りください。試行中のため、保険証や資格確認書も受付にお見せください。",
            "Take your card. The system is on trial here: please show the reception your paper certificate too.",
        ),
        false => ("カードをお取りになり、お待ちください。", "Take your card and wait to be called."),
    };
    Screen {
        title: ("受付が完了しました", "You are checked in"),
        text: ("健康保険の資格を確認できました。", "Your insurance was confirmed."),
        now,
    }
}

const TO_RECEPTION: (&str, &str) =
    ("カードをお取りになり、受付の職員にお声がけください。", "Take your card and speak to the reception.");

const AID_UNREGISTERED: Screen = Screen {
    title: ("医療扶助の資格を確認しました", "Medical assistance was confirmed"),
    text: (
        "この医療機関・薬局の医療券が、まだ登録されていません。",
        "No ticket for this facility is registered yet.",
    ),
    now: TO_RECEPTION,
};

const LOST: Screen = Screen {
    title: ("今の資格を確認できませんでした", "No insurance could be confirmed for today"),
    text: (
        "以前の資格は終わっています。新しい保険の登録に時間がかかることがあります。",
        "Your earlier insurance has ended. A new one can take a while to be registered.",
    ),
    now: TO_RECEPTION,
};

const NO_COVERAGE: Screen = Screen {
    title: ("健康保険の資格が見つかりませんでした", "No insurance is registered for you"),
    text: (
        "利用登録は保存されています。資格が登録されると、そのまま使えます。",
        "Your enrolment is kept and takes effect by itself when an insurance is registered.",
    ),
    now: TO_RECEPTION,
};

const UNDETERMINED: Screen = Screen {
    title: ("今は確認できませんでした", "This could not be determined now"),
    text: (
        "資格がないという意味ではありません。保険者が登録内容を確認しています。",
        "It does not mean that you are not insured. The insurer is still verifying the record.",
    ),
    now: TO_RECEPTION,
};

/// What is to be said about a certificate that expires soon or has expired.
pub(super) fn notice(standing: Standing) -> Option<(&'static Help, Notice)> {
    let day = |day: Date| (day.in_era(), day.to_string());
    match standing {
        Standing::Good => None,
        Standing::ExpiresOn(on) => {
            let (ja, en) = day(on);
            let notice = Notice {
                title: (
                    "電子証明書の更新時期です".into(),
                    "The certificate on your card is due for renewal".into(),
                ),
                text: (format!("有効期限は{ja}です。"), format!("It is valid until {en}.")),
                now: (
                    "お住まいの市区町村の窓口で更新してください（無料）。".into(),
                    "Please renew it at your municipal office (free of charge).".into(),
                ),
            };
            Some((&CARD_EXPIRES_SOON, notice))
        }
        Standing::GraceUntil(on) => {
            let (ja, en) = day(on);
            let notice = Notice {
                title: (
                    "電子証明書の有効期限が切れています".into(),
                    "The certificate on your card has expired".into(),
                ),
                text: (
                    format!("{ja}までは資格の確認だけできます。薬や健診の情報は提供できません。"),
                    format!(
                        "Until {en} it still confirms your insurance, but no drugs or checkups can be shown."
                    ),
                ),
                now: (
                    "お早めに、市区町村の窓口で電子証明書を更新してください（無料）。".into(),
                    "Please renew it soon at your municipal office (free of charge).".into(),
                ),
            };
            Some((&CARD_IN_GRACE, notice))
        }
    }
}
