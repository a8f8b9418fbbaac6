//! Ways of writing an address, what they are read as, and what two of them have in common. The houses are invented.

use super::*;
use crate::levels::AddressLevel as Level;
use proptest::prelude::*;

fn form(text: &str) -> AddressForm {
    let mut form = AddressForm::default();
    read(text, &mut form);
    form
}

/// Town, numbers and building.
fn parts(text: &str) -> (String, String, String) {
    let AddressForm { town, numbers, building, .. } = form(text);
    (town, numbers, building)
}

fn level(a: &str, b: &str) -> Level {
    let (x, y) = (form(a), form(b));
    let level = compare(&x, &y);
    assert_eq!(compare(&y, &x), level, "{a} {b}, the other way round");
    level
}

/// All of these are the same address, down to the keys.
fn same(written: &[&str]) {
    let keys = |text: &str| {
        let AddressForm { city_key, town, numbers, block, building, .. } = form(text);
        (city_key, town, numbers, block, building)
    };
    for text in written {
        assert_eq!(keys(text), keys(written[0]), "{text}");
        assert_eq!(level(written[0], text), Level::Equal, "{text}");
    }
}

/// Equal, though the keys may differ.
fn equal(pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        assert_eq!(level(a, b), Level::Equal, "{a} {b}");
    }
}

#[test]
fn styles_of_chome_ban_go() {
    same(&[
        "静岡県沼津市大手町一丁目２番３号",
        "静岡県沼津市大手町1丁目2番3号",
        "静岡県沼津市大手町1-2-3",
        "沼津市大手町１－２－３",
        "沼津市大手町1‐2−3",
        "沼津市大手町１ー２ー３",
        "沼津市大手町一丁目2-3",
        "沼津市大手町1丁目2番地3",
        "沼津市大手町1丁目2番地の3",
        "沼津市大手町1の2の3",
        "沼津市大手町一丁目二番三号",
        "沼津市大手町一－二－三",
        "沼津市大手町壱丁目弐番参号",
        "沼津市大手町01-02-03",
        "沼津市大手町1.2.3",
        "沼津市大手町1一2一3",
        "沼津市大字大手町1丁目2番3号",
        "静岡県　沼津市　大手町　1丁目　2番　3号",
        "〒410-0801 静岡県沼津市大手町1-2-3",
        "4100801静岡県沼津市大手町1-2-3",
        "〒４１０－０８０１　静岡県沼津市大手町1-2-3。",
        "静岡県沼津市大手町1-2-3，",
        "静岡県沼津市沼津市大手町1-2-3",
        "沼津市静岡県沼津市大手町1-2-3",
        "静岡県沼津市大手町1丁目2番3",
    ]);
    assert_eq!(
        parts("静岡県沼津市大手町十二丁目二十三番百四号"),
        ("大手町".into(), "12-23-104".into(), "".into())
    );
    assert_eq!(parts("静岡県沼津市大手町千二百三十四番地"), ("大手町".into(), "1234".into(), "".into()));
}

#[test]
fn styles_of_lots() {
    same(&[
        "三重県津市大字新田１２３番地４",
        "津市新田123番地の4",
        "津市新田123-4",
        "津市新田百二十三番地四",
        "津市新田123の4",
        "津市新田123ノ4",
        "津市新田123番4",
        "津市新田123番4号",
        "津市字新田123番地4先",
    ]);
    same(&[
        "石川県七尾市和倉町イ12番地5",
        "七尾市和倉町ｲ12-5",
        "七尾市和倉町イの12の5",
        "七尾市和倉町イ十二番地五",
    ]);
    same(&["愛媛県松山市三町甲12番地", "松山市三町甲12", "松山市3町甲十二番地"]);
    same(&["三重県津市新田12番地甲", "津市新田12-甲", "津市新田12の甲"]);
    same(&[
        "岩手県久慈市夏井町第12地割34番地5",
        "久慈市夏井町12地割34-5",
        "久慈市夏井町12-34-5",
        "久慈市夏井町第十二地割三十四番地五",
    ]);
    same(&["三重県津市大字新田無番地", "津市新田無番地"]);
    same(&["三重県津市新田番外地", "津市新田番外"]);
    same(&["三重県津市新田番外12", "津市新田番外12番地", "津市新田番外地12"]);
}

#[test]
fn places_of_their_own_kind() {
    same(&[
        "北海道札幌市中央区北一条西二丁目3番4号",
        "札幌市中央区北1条西2丁目3-4",
        "札幌市中央区北１西２－３－４",
        "札幌市北一条西2-3-4",
        "札幌市中央区北一條西二丁目三番四号",
    ]);
    same(&[
        "北海道札幌市北区あいの里一条5丁目2-3",
        "札幌市北区あいの里1条5-2-3",
        "札幌市北区あいの里1条五丁目2番3号",
    ]);
    equal(&[("札幌市北区あいの里1条5-2-3", "札幌市北区あいの里1-5-2-3")]);
    same(&["北海道旭川市一条通八丁目33番地", "旭川市1条8丁目33", "旭川市1条通8-33"]);
    same(&["大阪府堺市堺区櫛屋町東三丁12番5号", "堺市堺区櫛屋町東3丁12-5", "堺市櫛屋町東3-12-5"]);
    same(&[
        "北海道中川郡幕別町字忠類東6線北12号",
        "幕別町忠類東６線北１２号",
        "中川郡幕別町忠類東六線北十二号",
        "幕別町忠類東6-北12",
    ]);
    same(&[
        "京都府京都市上京区今出川通河原町西入三芳町12番地",
        "京都市上京区三芳町１２",
        "京都市上京区今出川通河原町西入ル三芳町12",
        "京都市三芳町十二番地",
    ]);
    same(&[
        "京都府京都市中京区寺町通四条上る大文字町12番地3",
        "京都市中京区大文字町12-3",
        "京都市中京区寺町通四条上ル大文字町12の3",
        "京都市中京区寺町通四条上がる大文字町12-3",
    ]);
    same(&["京都市上京区上の下立売通御前西入3丁目東西俵屋町12番地", "京都市上京区東西俵屋町12"]);
}

#[test]
fn towns_with_numerals_and_other_traps() {
    same(&["香川県丸亀市三番町12番地", "丸亀市3番町12"]);
    same(&["兵庫県西宮市上ケ原三番町1-23", "西宮市上ヶ原3番町1番23号", "西宮市上が原三番町一番二十三号"]);
    same(&["和歌山県和歌山市九番丁12番地", "和歌山市9番丁12"]);
    same(&["東京都中央区八丁堀1丁目2番3号", "中央区八丁堀1-2-3", "中央区8丁堀1-2-3"]);
    same(&["東京都港区麻布十番一丁目2番3号", "港区麻布10番1-2-3", "港区麻布十番1-2-3"]);
    same(&["東京都北区上十条1丁目2-3", "北区上10条1-2-3"]);
    same(&["東京都品川区東五反田1-2-3", "品川区東5反田1丁目2番3号"]);
    same(&["新潟県新潟市中央区一番堀通町12", "新潟市1番堀通町12番地"]);
    same(&["秋田県横手市十文字町十文字12番地", "横手市十文字町十文字12"]);
    same(&["秋田県にかほ市象潟町４丁目塩越1624番地の10", "にかほ市象潟町四丁目塩越1624-10"]);
    same(&["宮城県伊具郡丸森町四重麦七四百七十三番地二十二", "丸森町四重麦七473-22"]);
    same(&["山形県東根市中島通り6-18-30", "東根市中島通り六丁目18番30号"]);
    equal(&[
        ("和歌山県和歌山市久保丁2-40-6", "和歌山市久保丁二丁目40番6号"),
        ("新潟県十日町市本町六の一丁目2番3号", "十日町市本町6-1-2-3"),
    ]);
    assert_eq!(parts("東京都千代田区二番町12-3").0, "2番町");
    assert_eq!(parts("熊本県八代市千丁町新牟田12").0, "1000丁町新牟田");
    assert_ne!(form("旭川市東鷹栖1条12").town, form("旭川市東鷹栖1線12").town);
    // Nothing but a town.
    assert_eq!(parts("東京都北区上十条"), ("上10".into(), "".into(), "".into()));
    assert_eq!(parts("東京都港区三田"), ("3田".into(), "".into(), "".into()));
}

#[test]
fn spellings_of_one_town() {
    same(&["茨城県龍ケ崎市檜町1-2", "龍ヶ崎市桧町1-2", "竜ケ崎市檜町1番2号", "竜が崎市桧町1-2"]);
    same(&[
        "東京都千代田区霞が関1-2-3",
        "千代田区霞ヶ関1-2-3",
        "千代田区霞ケ関1-2-3",
        "千代田区霞ガ関1-2-3",
        "千代田区霞ヵ関1-2-3",
        "千代田区霞ｹ関1-2-3",
        "千代田区霞ｶﾞ関1-2-3",
    ]);
    same(&["新潟県津南町堂ノ前12", "津南町堂の前12", "津南町堂之前12", "津南町堂ﾉ前12"]);
    same(&["東京都新宿区四ツ谷1-2", "新宿区四ッ谷1-2", "新宿区四っ谷1-2"]);
    same(&["神奈川県横浜市西区みなとみらい1-2", "横浜市西区ミナトミライ1-2", "横浜市ﾐﾅﾄﾐﾗｲ1-2"]);
    same(&["東京都港区芝浦\u{e0100}1-2", "港区芝浦1-2"]);
    same(&[
        "青森県弘前市大字新田字前田12番地3",
        "弘前市新田前田12-3",
        "弘前市大字新田小字前田12の3",
        "弘前市新田字前田12番3",
    ]);
    // 文字 is no 字.
    assert_eq!(parts("秋田県横手市十文字町12").0, "10文字町");
    same(&["福島県伊達市保原町大和字前田12番地", "伊達市保原町大和前田12"]);
    same(&["秋田県横手市十文字町字前田12", "横手市十文字町前田12"]);
    assert_ne!(form("東京都港区芝1-2").town, form("東京都港区赤坂1-2").town);
}

#[test]
fn municipalities() {
    same(&["静岡県駿東郡清水町新宿12", "静岡県清水町新宿12", "駿東郡清水町新宿12", "清水町新宿12"]);
    same(&[
        "大阪府大阪市北区天神橋1-2",
        "大阪市北区天神橋1-2",
        "大阪市天神橋1-2",
        "大阪府大阪市天神橋1-2",
        "大阪市大阪府大阪市北区天神橋1-2",
    ]);
    same(&["東京都三宅島三宅村阿古12", "三宅村阿古12", "東京都三宅村阿古12"]);
    same(&["兵庫県赤穂郡上郡町大持12", "上郡町大持12"]);
    same(&["福島県郡山市大町1-2", "郡山市大町1-2"]);
    same(&["三重県四日市市三重12", "四日市市三重12"]);
    same(&["佐賀県杵島郡大町町大町12", "大町町大町12"]);
    // Former wards.
    same(&["静岡県浜松市中央区鍛冶町12", "浜松市中区鍛冶町12", "浜松市鍛冶町12"]);
    // Without the prefecture either may be meant, but written out they differ.
    for (a, b, want) in [
        ("東京都府中市本町1-2", "府中市本町1-2", Level::Equal),
        ("広島県府中市本町1-2", "府中市本町1-2", Level::Equal),
        ("広島県府中市本町1-2", "東京都府中市本町1-2", Level::Different),
        ("北海道伊達市末永町12", "福島県伊達市末永町12", Level::Different),
        ("大阪府大阪市北区中之島1-2", "北区中之島1-2", Level::Equal),
        ("東京都北区中之島1-2", "北区中之島1-2", Level::Equal),
        ("東京都北区中之島1-2", "大阪市北区中之島1-2", Level::Different),
        ("大阪市西区中之島1-2", "大阪市北区中之島1-2", Level::Different),
        ("栄町安食12", "千葉県印旛郡栄町安食12", Level::Equal),
    ] {
        assert_eq!(level(a, b), want, "{a} {b}");
    }
    assert_eq!(form("栄町1-2-3").city, 0, "a town somewhere, since no town follows");
    assert_eq!(form("府中市本町1-2").city_key, form("東京都府中市本町1-2").city_key);
    assert_eq!(form("どこか12").city_key, 0);
    // A town with the name of its municipality is not the municipality written twice.
    assert_eq!(parts("群馬県吾妻郡中之条町中之条町123").0, "中ノ条町");
    for (text, want) in [
        ("清水町新宿12", Some("清水町")),
        ("静岡県清水町新宿12", Some("静岡県駿東郡清水町")),
        ("新宿12", None),
    ] {
        assert_eq!(city_name(form(text).city), want, "{text}");
    }
}

#[test]
fn buildings_and_rooms() {
    let with = |building: &str| format!("三重県津市大手町1-2-3{building}");
    for (a, b, want) in [
        ("コーポ若葉２０３", "　ｺｰﾎﾟ若葉203号室", Level::Equal),
        ("コーポ若葉203", "コーポ若葉-203号", Level::Equal),
        ("コ－ポ若葉　２０３", "(コーポ若葉203)", Level::Equal),
        ("-203", "　203号室", Level::Equal),
        ("－２０３", "の203", Level::Equal),
        ("-A101", " A-101", Level::Equal),
        ("サンハイツⅡ203", " サンハイツＩＩ　203", Level::Equal),
        ("第二若葉荘2", "第2若葉荘2号", Level::Equal),
        ("グリーンハイツ弐番館2F", "グリーンハイツ2番館2階", Level::Equal),
        (" 鈴木様方", "鈴木方", Level::Equal),
        ("県営若葉住宅3号棟203号", "県営若葉住宅3-203", Level::Equal),
        ("県営若葉住宅3号棟203号", "県営若葉住宅３号棟－２０３", Level::Equal),
        ("県営若葉住宅3号棟203号", "県営若葉住宅3号棟　203号室", Level::Equal),
        ("県営若葉住宅3号棟203号", "若葉住宅3棟203", Level::NoBuilding),
        ("県営若葉住宅3号棟203号", "　203", Level::NoBuilding),
        ("県営若葉住宅3号棟203号", "　1203", Level::OtherBuilding),
        ("若葉プラザⅡ　203", "　203", Level::NoBuilding),
        ("若葉プラザＢ　203", "　203号室", Level::NoBuilding),
        ("若葉プラザ1203", "　203号室", Level::OtherBuilding),
        ("コーポ若葉203", "", Level::NoBuilding),
        ("コーポ若葉203", "-203", Level::NoBuilding),
        ("コーポ若葉203", "コーポ若葉", Level::NoBuilding),
        ("コーポ●葉203", "コーポ若葉203", Level::NoBuilding),
        ("コーポ若葉203", "コーポ若葉204", Level::OtherBuilding),
        ("-203", "-204", Level::OtherBuilding),
        ("コーポ若葉203", "緑荘203", Level::OtherBuilding),
    ] {
        assert_eq!(level(&with(a), &with(b)), want, "{a} {b}");
    }
    for (a, b, want) in [
        ("津市大手町12番5-203号", "津市大手町12番5号203号室", Level::Equal),
        ("津市大手町12番5-203号", "津市大手町12-5-203", Level::Equal),
        ("津市大手町12番5-203号", "津市大手町12-5 コーポ203", Level::NoBuilding),
        ("津市大手町12番地コーポ若葉203", "津市大手町12-203", Level::NoBuilding),
        ("津市大手町12番地コーポ若葉", "津市大手町12 コーポ若葉", Level::Equal),
        ("津市大手町　若葉荘203", "津市大手町 若葉荘203号室", Level::Equal),
        ("津市大手町三丁目十二番地五若葉荘２", "津市大手町3-12-5若葉荘2号", Level::Equal),
    ] {
        assert_eq!(level(a, b), want, "{a} {b}");
    }
}

#[test]
fn levels() {
    for (a, b, want) in [
        ("東京都港区芝1-2-3", "", Level::Missing),
        ("", "", Level::Missing),
        ("東京都港区芝1-2-3", "芝1-2-3", Level::Equal),
        ("東京都港区芝1-2-3", "東京都芝1-2-3", Level::Equal),
        ("東京都港区芝1-2-3", "東京都港区芝1-2", Level::SameBlock),
        ("東京都港区芝12番地5", "東京都港区芝12番地", Level::SameBlock),
        ("東京都港区芝1-2-3", "東京都港区芝1丁目", Level::SameTown),
        ("東京都港区芝1-2-3", "東京都港区芝1-2-4", Level::SameTown),
        ("東京都港区芝1-2-3", "東京都港区芝11-2-3", Level::SameTown),
        ("東京都港区芝1-2-3", "東京都港区芝", Level::SameTown),
        ("東京都港区芝1-2-3", "東京都港区1-2-3", Level::SameCity),
        ("東京都港区芝1-2-3", "東京都港区赤坂1-2-3", Level::SameCity),
        ("東京都港区芝1-2-3", "東京都港区", Level::SameCity),
        ("東京都港区芝1-2-3", "東京都世田谷区芝1-2-3", Level::Different),
        ("東京都港区芝1-2-3", "大阪府大阪市港区芝1-2-3", Level::Different),
        ("東京都港区芝1-2-3", "赤坂1-2-3", Level::Different),
        ("東京都港区●1-2-3", "東京都港区芝1-2-3", Level::Unreadable),
        ("東京都港区芝■1-2-3", "東京都港区芝浦1-2-3", Level::Unreadable),
        ("東京都港区芝1-■-3", "東京都港区芝1-2-3", Level::Unreadable),
        ("東京都港区【外字】1-2-3", "東京都港区芝1-2-3", Level::Unreadable),
        ("東京都港区芝\u{e000}1-2-3", "東京都港区芝浦1-2-3", Level::Unreadable),
        ("東京都港区●1-2-3", "東京都港区芝1-2-4", Level::SameTown),
        ("東京都港区●●1-2-3", "東京都港区芝1-2-3", Level::SameCity),
        // The part is left out where lots run through the whole 大字; without its sign it is less sure.
        ("弘前市大字新田字前田12番地3", "弘前市大字新田12番地3", Level::Equal),
        ("弘前市新田前田12番地3", "弘前市大字新田12番地3", Level::SameTown),
        ("弘前市大字新田字前田12番地3", "弘前市大字新田字沢田12番地3", Level::SameCity),
        // A municipality that is no more stands before the town.
        ("埼玉県さいたま市浦和区高砂1-2-3", "埼玉県浦和市高砂1-2-3", Level::Equal),
    ] {
        assert_eq!(level(a, b), want, "{a} {b}");
    }
}

#[test]
fn s5_r2_what_only_looks_like_one_house() {
    for (a, b, want) in [
        // Streets of Kyoto without a town are the town.
        ("京都市中京区寺町通四条上る123番地", "京都市中京区烏丸通御池下る123番地", Level::SameCity),
        ("京都市中京区寺町通四条上る123番地", "京都市中京区寺町通四条上ル123", Level::Equal),
        ("京都市中京区寺町通四条上る", "京都市中京区烏丸通御池下る", Level::SameCity),
        // Numbers without a town are many houses', but for villages without towns and lots under a letter.
        ("静岡県三島市1-2", "三島市1-2", Level::SameCity),
        ("静岡県三島市", "三島市", Level::SameCity),
        ("1-2-3", "1-2-3", Level::Missing),
        ("静岡県三島市1-2", "1-2", Level::Missing),
        ("静岡県三島市本町1-2", "三島市1-2", Level::SameCity),
        ("静岡県三島市本町12番地", "三島市12番地", Level::SameCity),
        ("静岡県三島市本町1-2", "1-2", Level::Missing),
        ("本町1-2", "1-2", Level::Missing),
        ("静岡県三島市本町1-2", "1-3", Level::Different),
        ("静岡県三島市本町", "1-2", Level::Missing),
        ("静岡県三島市", "本町", Level::Missing),
        ("東京都神津島村字前浜208番地の17", "神津島村208-17", Level::SameCity),
        ("東京都神津島村208番地の17", "神津島村208-17", Level::Equal),
        ("千葉県旭市ハ32番21号", "旭市ハ32-21", Level::Equal),
        // A town that begins with another's name.
        ("北海道旭川市東1-2", "北海道旭川市東光1-2", Level::SameTown),
        ("北海道旭川市東1-2", "北海道旭川市東光1-3", Level::SameCity),
        ("新座市中野1-2", "新座市中野新田1-2", Level::SameTown),
        ("三島市大場字上田5-6", "三島市大場字上5-6", Level::SameTown),
        ("新座市中野1-2", "新座市中野町1-2", Level::SameBlock),
        // A room is no 号.
        ("三島市本町1番地2 3号室", "三島市本町1丁目2番3号", Level::SameTown),
        ("三島市本町1番地2 3号室", "三島市本町1-2-3", Level::Equal),
        ("三島市本町1丁目2番 3号室", "三島市本町1丁目2番3号", Level::SameBlock),
        ("三島市本町1丁目2番3号 203", "三島市本町1-2-3-203", Level::Equal),
    ] {
        assert_eq!(level(a, b), want, "{a} {b}");
    }
}

#[test]
fn s5_r2_a_lot_is_not_a_chome() {
    for (a, b, want) in [
        ("三島市本町1番地2-3", "三島市本町1丁目2番3号", Level::SameTown),
        ("三島市本町1番2-3", "三島市本町1丁目2番3号", Level::SameTown),
        ("三島市本町一番地二－三", "三島市本町一丁目２－３", Level::SameTown),
        ("三島市本町1番地2", "三島市本町1丁目2番地", Level::SameTown),
        ("三島市本町1番地 若葉荘203", "三島市本町1丁目 若葉荘203", Level::SameTown),
        // One side with fewer numbers, unreadable ones, or a room.
        ("三島市本町1番地2", "三島市本町1丁目2番3号", Level::SameTown),
        ("三島市本町1番地2-3", "三島市本町1丁目2番", Level::SameTown),
        ("三島市本町1番地●", "三島市本町1丁目2番", Level::SameTown),
        ("三島市本町1番地2-3-4", "三島市本町1丁目2番3号4", Level::SameTown),
        // Bare numbers can be either.
        ("三島市本町1-2-3", "三島市本町1丁目2番3号", Level::Equal),
        ("三島市本町1-2-3", "三島市本町1番地2-3", Level::Equal),
        ("三島市本町1-2", "三島市本町1丁目2番地", Level::Equal),
        ("三島市本町1-2", "三島市本町1番地2", Level::Equal),
        ("三島市本町123番地4", "三島市本町123番4", Level::Equal),
    ] {
        assert_eq!(level(a, b), want, "{a} {b}");
    }
}

#[test]
fn the_unusual_meaning_of_so_many_numbers() {
    for (text, want) in [
        ("三島市本町1-2-3", false),
        ("三島市本町1丁目2番3号", false),
        ("三島市本町1丁目2-3", false),
        ("三島市本町1番地2-3", true),
        ("三島市本町1番2号-3", true),
        ("三島市本町1-2", false),
        ("三島市本町123番地4", false),
        ("三島市本町123番地の4", false),
        ("三島市本町12番5号", false),
        ("三島市本町12番5-203号", false),
        ("三島市本町123番地", false),
        ("三島市本町1丁目2番地", true),
        ("三島市本町1丁目", true),
        ("久慈市夏井町第12地割34番地5", false),
        ("七尾市和倉町イ12番地5", false),
    ] {
        assert_eq!(form(text).is_unusual(), want, "{text}");
    }
}

#[test]
fn a_town_alone_is_no_house() {
    for (text, want) in [
        ("東京都港区芝", true),
        ("東京都港区芝1丁目", true),
        ("東京都港区", true),
        ("東京都港区芝1丁目2番", false),
        ("東京都港区芝1丁目若葉荘203", false),
        ("東京都港区芝12番地", false),
        ("東京都港区芝無番地", true),
        ("東京都港区芝番外地", true),
        ("東京都港区芝番外12", false),
    ] {
        assert_eq!(form(text).is_town_only(), want, "{text}");
    }
}

#[test]
fn a_form_keeps_nothing_and_shows_nothing() {
    let mut reused = form("青森県弘前市大字新田字●前1丁目2番地3-4-5若葉荘");
    assert!(reused.part > 0 && reused.is_chome() && reused.town.contains(chars::MARK));
    read("東京都港区", &mut reused);
    assert_eq!((reused.block, reused.part, reused.first), (0, 0, First::Unsaid));
    assert_eq!((reused.town.as_str(), reused.numbers.as_str(), reused.building.as_str()), ("", "", ""));
    read("", &mut reused);
    assert!(reused.is_empty() && reused.city_key == 0);
    assert_eq!(format!("{:?}", form("東京都港区芝1-2-3")), "AddressForm { .. }");
}

/// Towns with what is hard in them, without numbers of their own that would run into the address's.
const TOWNS: [&str; 16] = [
    "大手町",
    "三番町",
    "上ケ原三番町",
    "霞が関",
    "八丁堀",
    "北十三条西",
    "十文字",
    "四ツ谷",
    "堂ノ前",
    "東五反田",
    "九番丁",
    "一ノ宮",
    "みどり野",
    "千代田",
    "本町",
    "二十軒家",
];

fn kanji(number: u32) -> String {
    let digits = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let mut out = String::new();
    for (unit, sign) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = number / unit % 10;
        if digit > 0 {
            out += if digit == 1 && unit > 1 { "" } else { digits[digit as usize] };
            out += sign;
        }
    }
    out
}

/// One address in one of several styles.
fn written(style: u8, town: &str, [chome, ban, go]: [u32; 3]) -> String {
    let wide = |text: String| -> String {
        text.chars()
            .map(
                |sign| if sign.is_ascii() { char::from_u32(u32::from(sign) + 0xfee0).unwrap() } else { sign },
            )
            .collect()
    };
    let numbers = match style % 8 {
        0 => format!("{chome}丁目{ban}番{go}号"),
        1 => format!("{}丁目{ban}番{go}号", kanji(chome)),
        2 => format!("{}丁目{}番{}号", kanji(chome), kanji(ban), kanji(go)),
        3 => format!("{chome}-{ban}-{go}"),
        4 => wide(format!("{chome}-{ban}-{go}")),
        5 => format!("{chome}丁目{ban}番地の{go}"),
        6 => format!("{chome}の{ban}の{go}"),
        _ => format!("{chome:02}ー{ban:02}ー{go:02}"),
    };
    let city =
        ["宮城県仙台市青葉区", "仙台市青葉区", "仙台市", "宮城県 仙台市 青葉区 "][usize::from(style / 8 % 4)];
    format!("{city}{town}{numbers}")
}

#[test]
fn signs_that_are_not_seen_change_nothing() {
    for text in ["本郷1-2", "千葉県木更津市本郷三丁目24番7号", "八幡台二丁目1番地の2 コーポ203"]
    {
        let at = text.chars().count();
        for at in (0..at).filter_map(|at| text.char_indices().nth(at)).map(|(at, _)| at) {
            let (front, behind) = text.split_at(at);
            same(&[text, &format!("{front}\u{fe00}{behind}")]);
        }
    }
}

#[test]
fn a_lot_under_a_letter_beside_a_bare_number_is_compared_alike_from_both_sides() {
    let (x, y) = (form("北区イ百条"), form("1"));
    assert_eq!((compare(&x, &y), compare(&y, &x)), (Level::Missing, Level::Missing));
}

proptest! {
    #[test]
    fn both_styles_are_one_address(a in 0..32_u8, b in 0..32_u8, town in 0..TOWNS.len(), numbers in [1..40_u32, 1..60, 1..3_000]) {
        let town = TOWNS[town];
        let (x, y) = (form(&written(a, town, numbers)), form(&written(b, town, numbers)));
        prop_assert_eq!(compare(&x, &y), Level::Equal);
        prop_assert_eq!((x.city_key, x.town, x.numbers, x.block), (y.city_key, y.town, y.numbers, y.block));
    }

    #[test]
    fn another_number_is_another_house(a in 0..32_u8, b in 0..32_u8, town in 0..TOWNS.len(), numbers in [1..40_u32, 1..60, 1..3_000], at in 0..3_usize, more in 1..9_u32) {
        let mut others = numbers;
        others[at] += more;
        let (x, y) = (form(&written(a, TOWNS[town], numbers)), form(&written(b, TOWNS[town], others)));
        prop_assert_eq!(compare(&x, &y), Level::SameTown);
    }

    #[test]
    fn a_chome_is_a_chome_and_a_lot_a_lot(town in 0..TOWNS.len(), numbers in [1..40_u32, 1..60, 1..3_000], style in 0..6_usize, other in 0..6_usize) {
        let [first, second, third] = numbers;
        let chome = [
            format!("{first}丁目{second}番{third}号"),
            format!("{}丁目{second}-{third}", kanji(first)),
            format!("{first}丁目{second}番地{third}"),
        ];
        let lot = [
            format!("{first}番地{second}-{third}"),
            format!("{}番地の{second}の{third}", kanji(first)),
            format!("{first}番地{second}－{third}"),
        ];
        let of = |numbers: &str| form(&format!("静岡県三島市{}{numbers}", TOWNS[town]));
        let (x, y) = (of(&chome[style % 3]), of(&lot[other % 3]));
        prop_assert_eq!(&x.numbers, &y.numbers);
        prop_assert_eq!(compare(&x, &y), Level::SameTown);
        prop_assert_eq!(compare(&y, &x), Level::SameTown);
        prop_assert!(!x.is_unusual() && y.is_unusual());
        let bare = of(&format!("{first}-{second}-{third}"));
        prop_assert_eq!((compare(&bare, &x), compare(&bare, &y)), (Level::Equal, Level::Equal));
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,80}", other in "\\PC{0,80}") {
        let (x, y) = (form(&text), form(&other));
        prop_assert_eq!(compare(&x, &y), compare(&y, &x));
        prop_assert!(x.numbers.is_char_boundary(x.block) && x.town.is_char_boundary(x.part));
    }

    #[test]
    fn nearly_addresses_are_read(
        text in "(東京都|京都市|北区|大阪市)?[1-3一二十百丁目番地号条通線割字大第無外甲イA●■のーノ東北上る入 \\-,棟室F町荘]{0,24}",
        other in "(東京都|京都市|北区|大阪市)?[1-3一二十百丁目番地号条通線割字大第無外甲イA●■のーノ東北上る入 \\-,棟室F町荘]{0,24}",
    ) {
        let (x, y) = (form(&text), form(&other));
        prop_assert_eq!(compare(&x, &y), compare(&y, &x));
        let itself = compare(&x, &x);
        prop_assert!(x.town.is_empty() || itself == Level::Missing || itself == Level::Equal);
    }
}

proptest! {
    /// A form that is used again remembers municipalities; they are found as by a new one.
    #[test]
    fn what_was_read_before_changes_nothing(
        rows in prop::collection::vec("(|||〒100-0001 |\u{feff}| )(東京都|神奈川県|北海道|京都府|)(港区|横浜市|横浜市港北区|札幌市|札幌市中央区|府中市|栄町|郡山市|三島市|駿東郡清水町|清水町|京都市中京区|)(|||港北区|横浜市)(安食|本町|ヶ丘|北一条西|市場町|寺町通四条上る|)( |　|)(1|2-3|１２番地３|一丁目二番三号|)", 1..12),
    ) {
        let mut kept = AddressForm::default();
        for row in rows {
            read(&row, &mut kept);
            let new = form(&row);
            prop_assert_eq!(
                (kept.city, kept.city_key, &kept.town, &kept.numbers, kept.block, &kept.building, kept.part, kept.first),
                (new.city, new.city_key, &new.town, &new.numbers, new.block, &new.building, new.part, new.first)
            );
        }
    }
}
