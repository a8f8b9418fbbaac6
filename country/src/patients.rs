//! The named people of the country: one for each outcome of a check, and for each name or number that trips software.
//!
//! Always holds: a row's number and word make its id and are never used for anything else, also after the row is
//! gone; new rows take new numbers. A row shows one thing. People, addresses and numbers are invented.
//! Not here: how a row becomes filings (`drafts`), and proof of the expected outcomes (the end-to-end tests).
//! Rules come from: docs/rules.md S1 r3, r6, r7, r8, r10, r11; S2 r1, r3; S5 r2; the reference on OQS, section 6.3,
//! on matching, section 1.2, and on the card, sections 4.3 to 4.6.

use crate::calendar::day;
use crate::drafts::{Table, born, man, name, woman};
use crate::places::{Insurer, demo_clinic, pharmacy};
use crate::{CardState, Patient};

/// Everybody of the table.
pub(crate) fn all(t: Table) -> Vec<Patient> {
    let mut all: Vec<Patient> = [
        family(t),
        family_with_twins(t),
        elderly(t),
        limits_and_diseases(t),
        lost(t),
        lost_but(t),
        nobody(t),
        medical_aid(t),
        links_in_doubt(t),
        classes_and_numbers(t),
        kanji_names(t),
        other_names(t),
        cards_and_their_dates(t),
        cards_refused(t),
        cards_given_anew(t),
        first_uses(t),
        two_at_once(t),
    ]
    .into_iter()
    .flatten()
    .collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

fn family(t: Table) -> Vec<Patient> {
    let father = t
        .row(1, "valid-employee", man("緑川　一郎", "ﾐﾄﾞﾘｶﾜ ｲﾁﾛｳ", born(19800401)))
        .employee()
        .valid("被用者保険の本人、有効", "insured person of an employees' insurer, valid");
    let preschool = t
        .row(2, "preschool-child", woman("緑川　さくら", "ﾐﾄﾞﾘｶﾜ ｻｸﾗ", t.days.born_in_school_year(4, 6, 15)))
        .dependant_of(&father, 3)
        .valid("家族、未就学区分あり", "dependant child below school age: the preschool flag is set");
    let pupil = t
        .row(3, "school-child", man("緑川　大地", "ﾐﾄﾞﾘｶﾜ ﾀﾞｲﾁ", t.days.born_in_school_year(9, 6, 15)))
        .dependant_of(&father, 2)
        .valid("家族、就学児なので未就学区分なし", "dependant child at school: no preschool flag");
    let april = t
        .row(4, "born-on-1-april", woman("緑川　春", "ﾐﾄﾞﾘｶﾜ ﾊﾙ", t.days.born_in_school_year(6, 4, 1)))
        .dependant_of(&father, 4)
        .valid(
            "4月1日生まれ、翌日生まれより1年早く就学",
            "born on 1 April: at school a year before a child of 2 April",
        );
    vec![father, preschool, pupil, april]
}

fn family_with_twins(t: Table) -> Vec<Patient> {
    let twins_birth = t.days.born_in_school_year(8, 9, 9);
    let father = t
        .row(5, "father-like-son", man("高木　太郎", "ﾀｶｷﾞ ﾀﾛｳ", born(19750312)))
        .employee()
        .valid("息子と読みが同じ父", "father whose name reads like his son's");
    let son = t
        .row(6, "son-like-father", man("高木　太朗", "ﾀｶｷﾞ ﾀﾛｳ", born(20051130)))
        .dependant_of(&father, 2)
        .valid("父と読みが同じ息子、記号・番号も同じ", "son: same reading, symbol and number as his father");
    let elder = t
        .row(7, "twin-elder", woman("高木　陽菜", "ﾀｶｷﾞ ﾋﾅ", twins_birth))
        .dependant_of(&father, 3)
        .valid("双子の姉、枝番03", "elder twin, found by branch 03");
    let younger = t
        .row(8, "twin-younger", woman("高木　結菜", "ﾀｶｷﾞ ﾕﾅ", twins_birth))
        .dependant_of(&father, 4)
        .valid("双子の妹、枝番04", "younger twin, found by branch 04");
    let either = t
        .question(9, "twins-without-branch")
        .asks_like(&elder)
        .asks(|query| query.branch.clear())
        .several("双子を枝番なしで照会、複数該当", "the twins asked for without branch: several");
    vec![father, son, elder, younger, either]
}

fn elderly(t: Table) -> Vec<Patient> {
    vec![
        t.row(10, "municipal", man("北村　誠", "ｷﾀﾑﾗ ﾏｺﾄ", born(19680720)))
            .municipal()
            .valid("国保、保険者番号6桁を空白で埋めて照会", "municipal 国保: six digits, padded with blanks"),
        t.row(11, "aged-70-rate-20", man("石川　茂", "ｲｼｶﾜ ｼｹﾞﾙ", t.days.born_in_school_year(72, 6, 3)))
            .aged_70(20)
            .valid("70～74歳、高齢受給者証2割", "70 to 74 with an elderly recipient certificate, 20 %"),
        t.row(12, "aged-75-rate-10", woman("小川　ハツ", "ｵｶﾞﾜ ﾊﾂ", born(19400503)))
            .aged_75(day(2015, 5, 3))
            .rate(10)
            .valid("後期高齢者1割、記号も枝番もなし", "75 and over, 10 %: neither symbol nor branch"),
        t.row(13, "aged-75-rate-20", man("村上　勇", "ﾑﾗｶﾐ ｲｻﾑ", born(19450911)))
            .aged_75(day(2020, 9, 11))
            .rate(20)
            .valid("後期高齢者2割", "75 and over, 20 %"),
        t.row(14, "aged-75-rate-30", woman("西園寺　千代", "ｻｲｵﾝｼﾞ ﾁﾖ", born(19380214)))
            .aged_75(day(2013, 2, 14))
            .rate(30)
            .valid("後期高齢者3割", "75 and over, 30 %"),
        t.row(15, "aged-75-rate-not-known", man("浜田　正", "ﾊﾏﾀﾞ ﾀﾀﾞｼ", born(19491225)))
            .aged_75(day(2024, 12, 25))
            .valid_without_rate(
                "後期高齢者、今年度の負担割合が未登録",
                "75 and over, no rate registered for this year: valid, rate absent",
            ),
    ]
}

fn limits_and_diseases(t: Table) -> Vec<Patient> {
    vec![
        t.row(16, "limit-a03", man("森田　浩二", "ﾓﾘﾀ ｺｳｼﾞ", born(19720118)))
            .employee()
            .limit("01", "A03")
            .valid(
                "限度額適用認定証 ウ、同意があれば表示",
                "limit certificate, class ウ: shown with consent",
            ),
        t.row(17, "limit-a05", woman("坂本　幸子", "ｻｶﾓﾄ ｻﾁｺ", born(19650830)))
            .municipal()
            .limit("02", "A05")
            .valid(
                "限度額適用・標準負担額減額認定証 オ",
                "limit certificate with reduced standard amount, class オ",
            ),
        t.row(18, "limit-b05", woman("岡田　ミツ", "ｵｶﾀﾞ ﾐﾂ", born(19420625)))
            .aged_75(day(2017, 6, 25))
            .rate(10)
            .limit("02", "B05")
            .valid("後期高齢者、低所得Ⅱ", "75 and over, low income II"),
        t.row(19, "limit-b02", man("近江　義雄", "ｵｳﾐ ﾖｼｵ", born(19470107)))
            .aged_75(day(2022, 1, 7))
            .rate(30)
            .limit("01", "B02")
            .valid("後期高齢者、現役並みⅡ", "75 and over, active income II"),
        t.row(20, "long-term-hospital", man("田村　昭", "ﾀﾑﾗ ｱｷﾗ", t.days.born_in_school_year(73, 11, 11)))
            .aged_70(20)
            .long_term("02", "B05", t.days.months_ago(2))
            .valid("長期入院該当", "long-term hospital stay, reduced standard amount"),
        t.row(21, "dialysis", man("藤原　健太", "ﾌｼﾞﾜﾗ ｹﾝﾀ", born(19770404)))
            .employee()
            .disease("1", 10_000)
            .valid(
                "特定疾病（人工透析）1万円、同意なしでは表示されない",
                "dialysis, 10,000 yen: absent without consent",
            ),
        t.row(22, "dialysis-and-limit", woman("大野　真理", "ｵｵﾉ ﾏﾘ", born(19700919)))
            .employee()
            .limit("01", "A02")
            .disease("1", 20_000)
            .valid(
                "特定疾病2万円と限度額 イ、同意は別々",
                "dialysis, 20,000 yen, and a limit: consent for each",
            ),
    ]
}

fn lost(t: Table) -> Vec<Patient> {
    let long_ago = t.days.months_ago(14);
    vec![
        t.row(23, "lost-long-ago", man("平野　学", "ﾋﾗﾉ ﾏﾅﾌﾞ", born(19850505)))
            .employee()
            .lost(long_ago, "99")
            .invalid(
                "喪失後、届出期間を過ぎても新資格なし",
                "lost, no successor, and the filing window has passed",
            ),
        t.row(24, "lost-window-open", woman("宮本　由美", "ﾐﾔﾓﾄ ﾕﾐ", born(19900808)))
            .employee()
            .lost(t.days.ago(3), "03")
            .undetermined(
                "SKC01002W",
                "3日前に喪失、新資格の届出待ち",
                "lost three days ago, a successor may still be filed",
            ),
        t.row(25, "lost-new-known", man("上田　翔", "ｳｴﾀﾞ ｼｮｳ", born(19950221)))
            .employee()
            .lost(t.days.months_ago(3), "03")
            .employee_of(Insurer::Association, "3101", t.days.months_ago(3))
            .by_card("valid", "1")
            .invalid_new_known("転職して新資格あり", "changed jobs: lost, and the new eligibility is known"),
        t.row(26, "lost-by-death", man("久保　武", "ｸﾎﾞ ﾀｹｼ", born(19580716)))
            .employee()
            .lost(t.days.ago(3), "01")
            .card(CardState::Revoked)
            .invalid("死亡による喪失、届出期間を待たない", "lost by death: invalid at once"),
        t.row(27, "lost-to-public-assistance", woman("桜井　静", "ｻｸﾗｲ ｼｽﾞｶ", born(19621003)))
            .municipal()
            .lost(long_ago, "02")
            .medical_aid(long_ago)
            .ticket("01", "02", demo_clinic())
            .by_card("valid", "1")
            .invalid_new_known(
                "生活保護受給開始による喪失、医療扶助は別の番号で有効",
                "lost to public assistance; medical aid is asked by its own number",
            ),
        t.row(28, "lost-new-held-back", man("今井　亮", "ｲﾏｲ ﾘｮｳ", born(19880429)))
            .employee()
            .lost(t.days.months_ago(3), "03")
            .employee_of(Insurer::Teachers, "公立", t.days.months_ago(3))
            .filed_as(|entry| entry.name = name("今井　諒", "ｲﾏｲ ﾏｺﾄ"))
            .undetermined(
                "SKC01003W",
                "新資格の届出が住民票と不一致で照合中",
                "lost, and the successor is held back",
            ),
    ]
}

fn lost_but(t: Table) -> Vec<Patient> {
    let six_months_ago = t.days.months_ago(6);
    let before = six_months_ago.plus_days(-10);
    vec![
        t.row(29, "loss-corrected", woman("河野　恵", "ｺｳﾉ ﾒｸﾞﾐ", born(19830312)))
            .employee()
            .lost(t.days.months_ago(2), "99")
            .corrected(|filing| filing.facts.clear())
            .valid("喪失が誤りで訂正済み", "a loss was filed by mistake and has been corrected"),
        t.row(30, "joined-again", man("菅原　拓", "ｽｶﾞﾜﾗ ﾀｸ", born(19810606)))
            .employee()
            .lost(t.days.months_ago(20), "03")
            .employee_of(Insurer::Midori, "21", t.days.months_ago(8))
            .valid(
                "退職後、同じ記号・番号で再加入",
                "left and joined again under the same symbol and number",
            ),
        t.row(31, "valid-then", woman("丸山　愛", "ﾏﾙﾔﾏ ｱｲ", born(19790927)))
            .employee()
            .lost(six_months_ago, "99")
            .on_other_day(before, "1")
            .invalid(
                &format!("今日は無効、資格確認日{}なら有効", before.stamp8()),
                &format!("invalid today, valid when asked for {}", before.stamp8()),
            ),
        t.row(32, "begins-next-month", man("新井　始", "ｱﾗｲ ﾊｼﾞﾒ", born(20000110)))
            .employee_of(Insurer::Midori, "21", t.days.next_month())
            .on_other_day(t.days.next_month(), "1")
            .none(
                "来月1日からの資格、その日を資格確認日にすると有効",
                "begins on the first of next month, valid when asked for that day",
            ),
    ]
}

fn nobody(t: Table) -> Vec<Patient> {
    let other_birth = t
        .row(33, "wrong-birth-date", woman("内田　香織", "ｳﾁﾀﾞ ｶｵﾘ", born(19860214)))
        .employee()
        .asks(|query| query.birth_date = "19860215".into())
        .by_card("valid", "1")
        .none("生年月日の1日違い、該当なし", "the birth date is off by a day: none");
    let unused = t
        .question(34, "number-of-nobody")
        .asks_like(&other_birth)
        .asks(|query| query.number = "9999999".into())
        .none("誰の番号でもない", "a number that nobody has");
    vec![other_birth, unused]
}

fn medical_aid(t: Table) -> Vec<Patient> {
    let since = day(2024, 4, 1);
    vec![
        t.row(35, "aid-with-ticket", man("千葉　清", "ﾁﾊﾞ ｷﾖｼ", born(19551212)))
            .medical_aid(since)
            .ticket("01", "02", demo_clinic())
            .valid(
                "医療扶助のみ、今月のこの医療機関の医療券あり",
                "medical aid alone, with this month's ticket for the demo's clinic",
            ),
        t.row(36, "aid-without-ticket", woman("松田　文", "ﾏﾂﾀﾞ ﾌﾐ", born(19600401)))
            .medical_aid(since)
            .ticket("02", "04", pharmacy())
            .aid_unregistered(
                "医療扶助、調剤券だけで医療券なし",
                "medical aid with a ticket for the pharmacy only: valid, not registered here",
            ),
        t.row(37, "insurance-and-aid", man("安藤　修", "ｱﾝﾄﾞｳ ｵｻﾑ", born(19690530)))
            .employee()
            .medical_aid(since)
            .ticket("01", "02", demo_clinic())
            .valid(
                "被用者保険と医療扶助の併用、結果は2件",
                "insurance and medical aid together: two results",
            ),
    ]
}

fn links_in_doubt(t: Table) -> Vec<Patient> {
    let brother = man("黒田　稔", "ｸﾛﾀﾞ ﾐﾉﾙ", born(19760228));
    vec![
        t.row(38, "held-back-name", man("青木　健二", "ｱｵｷ ｹﾝｼﾞ", born(19820701)))
            .employee()
            .registered_as(|register| register.name = name("青木　健一", "ｱｵｷ ｹﾝｲﾁ"))
            .undetermined(
                "SKC01001W",
                "届出の氏名が住民票と不一致",
                "the filed name disagrees with the resident register",
            ),
        t.row(39, "held-back-mislink", man("黒田　実", "ｸﾛﾀﾞ ﾏｺﾄ", born(19740103)))
            .employee()
            .filed_with_number_of(brother)
            .by_card("none", "4")
            .undetermined(
                "SKC01001W",
                "弟の番号で届け出られた誤紐付け",
                "filed with his brother's number: a mis-link, held back",
            ),
        t.row(40, "held-back-unknown-number", woman("白石　舞", "ｼﾗｲｼ ﾏｲ", born(19930315)))
            .employee()
            .unknown_to_register()
            .undetermined(
                "SKC01001W",
                "届出の番号が住民票にない",
                "the register does not know the filed number",
            ),
        t.row(41, "held-back-variant", man("高橋　進", "ﾀｶﾊｼ ｽｽﾑ", born(19711021)))
            .employee()
            .registered_as(|register| register.name.written = "髙橋　進".into())
            .undetermined(
                "SKC01001W",
                "髙と高の違いだけでも保険者が確認するまで保留",
                "only 髙 and 高 differ: held back until a clerk has looked",
            ),
    ]
}

fn classes_and_numbers(t: Table) -> Vec<Patient> {
    let month_end = t.days.this_month().1;
    vec![
        t.row(42, "self-defence-forces", man("陸奥　守", "ﾑﾂ ﾏﾓﾙ", born(19980320)))
            .employee_of(Insurer::Forces, "09", day(2018, 4, 1))
            .card_class("07")
            .valid("自衛官診療証", "self-defence forces"),
        t.row(43, "short-term", man("原　豊", "ﾊﾗ ﾕﾀｶ", born(19730917)))
            .municipal()
            .card_class("03")
            .filed_as(|entry| entry.card_until = Some(month_end))
            .valid("短期被保険者証、有効期限は今月末", "short-term certificate, until the end of this month"),
        t.row(44, "special-medical-expenses", woman("水野　環", "ﾐｽﾞﾉ ﾀﾏｷ", born(19670806)))
            .municipal()
            .card_class("05")
            .valid(
                "特別療養費支給対象者、窓口は全額",
                "special medical expenses: the desk takes the whole amount",
            ),
        t.row(45, "full-width-number", woman("市川　渚", "ｲﾁｶﾜ ﾅｷﾞｻ", born(19910722)))
            .employee()
            .filed_as(|entry| {
                entry.symbol = Some("００２１－０７".into());
                entry.number = "００１０４５".into();
            })
            .asks(|query| query.symbol = "21-7".into())
            .valid(
                "登録は全角・先頭ゼロ・ハイフン、照会は半角",
                "registered in full width with zeros and a hyphen, asked in half width",
            ),
        t.row(46, "kanji-symbol", man("吉村　岳", "ﾖｼﾑﾗ ｶﾞｸ", born(19890611)))
            .employee_of(Insurer::Shirayuri, "白百合・１", day(2021, 10, 1))
            .asks(|query| query.symbol = "白百合･1".into())
            .valid(
                "漢字の記号、照会は半角の中点と数字",
                "symbol of kanji, asked with half-width dot and digit",
            ),
    ]
}

fn kanji_names(t: Table) -> Vec<Patient> {
    vec![
        t.row(47, "name-variant-kanji", man("髙﨑　𠮷男", "ﾀｶｻｷ ﾖｼｵ", born(19590318)))
            .municipal()
            .valid("髙・﨑・𠮷、𠮷はShift_JISにない", "髙, 﨑 and 𠮷; Shift_JIS lacks 𠮷"),
        t.row(48, "name-variation-selector", woman("渡邉\u{e0102}　澄子", "ﾜﾀﾅﾍﾞ ｽﾐｺ", born(19640409)))
            .employee()
            .registered_as(|register| register.name.written = "渡邉　澄子".into())
            .valid("邉の字形選択子（IVS）つき", "邉 with a variation selector (IVS)"),
        t.row(49, "name-gaiji-mark", man("辻\u{e0100}本　鷗太", "ﾂｼﾞﾓﾄ ｵｳﾀ", born(19700117)))
            .municipal()
            .filed_as(|entry| entry.name.written = "●本　鷗太".into())
            .valid(
                "保険者の控えでは外字が●、鷗はShift_JISにない",
                "the insurer's copy has ● for a gaiji; Shift_JIS lacks 鷗",
            ),
        t.row(50, "name-saito", woman("齋藤　純", "ｻｲﾄｳ ｼﾞｭﾝ", born(19840513)))
            .employee()
            .valid("斎・斉・齊と書き違えられやすい齋", "齋, often miswritten as 斎, 斉 or 齊"),
        t.row(51, "name-single-kanji", man("森　一", "ﾓﾘ ﾊｼﾞﾒ", born(19920201))).employee().valid(
            "姓も名も一字、一は長音やハイフンと紛らわしい",
            "one character each; 一 looks like a hyphen",
        ),
        t.row(52, "name-large-kana", woman("京極　りょう", "ｷﾖｳｺﾞｸ ﾘﾖｳ", born(19940630)))
            .employee()
            .registered_as(|register| register.name.kana = "ｷｮｳｺﾞｸ ﾘｮｳ".into())
            .valid("保険者のカナに小書きがない", "the insurer's reading has no small kana"),
    ]
}

fn other_names(t: Table) -> Vec<Patient> {
    const LONG: &str =
        "ＭＡＸＩＭＩＬＩＡＮ　ＡＬＥＸＡＮＤＥＲ　ＪＯＨＡＮＮＥＳ　ＶＯＮ　ＨＯＨＥＮＦＥＬＳ";
    const LONG_KANA: &str = "ﾏｸｼﾐﾘｱﾝ ｱﾚｸｻﾝﾀﾞｰ ﾖﾊﾈｽ ﾌｫﾝ ﾎｰｴﾝﾌｪﾙｽ";
    vec![
        t.row(
            53,
            "name-foreign-with-alias",
            woman("ＮＧＵＹＥＮ　ＴＨＩ　ＨＯＡ", "ｸﾞｴﾝ ﾃｨ ﾎｱ", born(19970905)),
        )
        .employee()
        .filed_as(|entry| entry.other_name = Some(name("木村　花", "ｷﾑﾗ ﾊﾅ")))
        .registered_as(|register| register.name.written = "NGUYEN THI HOA".into())
        .valid("外国人住民、通称あり", "foreign resident in Roman letters, with another name (通称)"),
        t.row(54, "name-long", man(LONG, LONG_KANA, born(19871104)))
            .employee()
            .valid("長い氏名、画面や帳票の欄に収まらない", "a name too long for most fields"),
        t.row(55, "name-former-surname", woman("鈴木　彩", "ｽｽﾞｷ ｱﾔ", born(19910329)))
            .employee()
            .filed_as(|entry| entry.other_name = Some(name("松本　彩", "ﾏﾂﾓﾄ ｱﾔ")))
            .valid("旧氏を併記", "former surname as another name"),
        t.row(56, "birth-day-not-known", man("具志堅　栄", "ｸﾞｼｹﾝ ｻｶｴ", born(19450600)))
            .aged_75(day(2020, 6, 30))
            .rate(10)
            .valid("生まれた日が不詳、00で照会", "the day of birth is not known: asked with 00"),
        t.row(57, "protected", woman("藤　葵", "ﾌｼﾞ ｱｵｲ", born(19850124)))
            .municipal()
            .withheld()
            .valid("支援措置対象者、住所は不開示", "protected person: address and postcode are withheld"),
    ]
}

fn cards_and_their_dates(t: Table) -> Vec<Patient> {
    let (soon, just) = (t.days.birthday_in_month(-2, 42), t.days.birthday_in_month(1, 51));
    vec![
        t.row(58, "card-near-expiry", woman("岩崎　千夏", "ｲﾜｻｷ ﾁﾅﾂ", soon))
            .employee()
            .card(CardState::NearExpiry)
            .valid(
                "電子証明書が3か月以内に満了、使えるが更新の案内あり",
                "certificate ends within three months: works, with a word about renewing",
            ),
        t.row(59, "card-in-grace", man("野口　隆", "ﾉｸﾞﾁ ﾀｶｼ", just))
            .municipal()
            .card(CardState::Grace)
            .valid(
                "電子証明書は満了、猶予の3か月以内で資格のみ",
                "certificate expired less than three months ago: eligibility only",
            ),
        t.row(60, "card-expired", woman("松井　典子", "ﾏﾂｲ ﾉﾘｺ", born(19661009)))
            .employee()
            .card(CardState::Expired)
            .valid("電子証明書が満了し猶予も終了", "certificate expired, and the months of grace are over"),
    ]
}

fn cards_refused(t: Table) -> Vec<Patient> {
    vec![
        t.row(61, "card-on-hold", man("荒木　真", "ｱﾗｷ ﾏｺﾄ", born(19880112)))
            .employee()
            .card(CardState::OnHold)
            .valid("紛失の届出で一時利用停止中", "reported lost by telephone: on hold"),
        t.row(62, "card-revoked", woman("小松　直美", "ｺﾏﾂ ﾅｵﾐ", born(19761130)))
            .municipal()
            .card(CardState::Revoked)
            .valid("電子証明書が失効（カード紛失）", "certificate revoked: the card was lost for good"),
        t.row(63, "card-pin-blocked", man("関口　博", "ｾｷｸﾞﾁ ﾋﾛｼ", born(19690822)))
            .employee()
            .card(CardState::Blocked)
            .valid("暗証番号が3回誤りでロック", "PIN blocked after three wrong ones"),
    ]
}

fn cards_given_anew(t: Table) -> Vec<Patient> {
    let renewed = t
        .row(64, "card-renewed", man("本田　和也", "ﾎﾝﾀﾞ ｶｽﾞﾔ", born(19850520)))
        .employee()
        .card(CardState::Renewed)
        .valid(
            "電子証明書を更新、新しい発行番号でも登録は続く",
            "certificate renewed: another serial, the enrolment goes on",
        );
    let child = t
        .row(66, "card-of-child", woman("本田　美月", "ﾎﾝﾀﾞ ﾐﾂﾞｷ", t.days.born_in_school_year(10, 7, 7)))
        .dependant_of(&renewed, 2)
        .valid(
            "15歳未満、利用者証明用のみ、暗証番号は保護者が入力",
            "below 15: authentication certificate only; a parent enters the PIN",
        );
    let superseded = t
        .row(65, "card-superseded", woman("柴田　久美", "ｼﾊﾞﾀ ｸﾐ", born(19790203)))
        .municipal()
        .card(CardState::Superseded)
        .valid(
            "再発行前の古いカード、電子証明書は失効",
            "the old card of somebody who has a new one: its certificate is revoked",
        );
    let pin_less = t
        .row(67, "card-pin-less", woman("大西　トメ", "ｵｵﾆｼ ﾄﾒ", born(19350625)))
        .aged_75(day(2010, 6, 25))
        .rate(10)
        .card(CardState::PinLess)
        .valid(
            "顔認証マイナンバーカード、暗証番号なし、目視で確認",
            "card without a PIN: the staff compares the face",
        );
    let next = t
        .row(71, "card-next-generation", man("未来　拓海", "ﾐﾗｲ ﾀｸﾐ", born(20010415)))
        .employee()
        .card(CardState::NextGeneration)
        .valid("次期カード（楕円曲線P-384、SHA-384）", "a card of the next generation: P-384 with SHA-384");
    vec![renewed, superseded, child, pin_less, next]
}

fn first_uses(t: Table) -> Vec<Patient> {
    vec![
        t.row(68, "card-not-enrolled", man("川村　優", "ｶﾜﾑﾗ ﾕｳ", born(20031018)))
            .employee()
            .card(CardState::NotEnrolled)
            .valid(
                "健康保険証利用の申込がまだ、読み取り機で申込",
                "not enrolled yet: the reader offers it at the first use",
            ),
        t.row(69, "card-no-coverage", woman("矢野　光", "ﾔﾉ ﾋｶﾙ", born(19960917)))
            .card(CardState::NoCoverage)
            .asks_with(Insurer::Midori, "21", "1069", "01")
            .none("申込済みだが資格の登録がまだない", "enrolled, but no insurer has registered anything yet"),
        t.row(70, "card-unknown", man("岸　新", "ｷｼ ｱﾗﾀ", born(19990504)))
            .employee()
            .card(CardState::Unknown)
            .valid(
                "電子証明書は有効だが発行番号が未登録",
                "the certificate is valid, but its serial was never registered",
            ),
    ]
}

fn two_at_once(t: Table) -> Vec<Patient> {
    vec![
        t.row(72, "two-valid-at-once", woman("和田　結", "ﾜﾀﾞ ﾕｲ", born(19930211)))
            .municipal()
            .employee_of(Insurer::Association, "3102", t.days.months_ago(4))
            .valid(
                "国保の喪失届がまだ、カードでは後から始まった資格",
                "国保 not given up yet: the card finds the coverage that began last",
            ),
    ]
}
