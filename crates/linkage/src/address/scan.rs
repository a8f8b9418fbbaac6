//! Where the numbers of an address begin and end: what stands before them is the town, what stands behind the building.
//!
//! Always holds: linear in the length of the address, but for one look ahead of a fixed length at each number; no town's
//! name is known here, and none is needed.
//! Not here: how town, numbers and building are written down (write).
//! Rules come from: the reference on matching, sections 1.4 and 6.2 (rule 3: which kanji numerals are numbers).

use super::{
    First,
    chars::{Classes, DIGIT, IROHA, LOT, MARK, NUMERAL, OF_TOWN, STEMS},
};

/// No address has more parts of numbers than this; what is behind belongs to the building.
const PARTS_MAX: usize = 8;

/// Nor has one that is written as most are more than 丁目, 番, 号 and a room.
const USUAL_MAX: usize = 4;

/// How far behind a doubtful first number a better one is looked for.
const AHEAD_MAX: usize = 12;

/// One number or letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    // Small, since a run holds several and is handed on by value; no address is so long.
    begin: u16,
    end: u16,
    pub kind: Kind,
}

impl Part {
    fn new(from: usize, to: usize, kind: Kind) -> Part {
        Part { begin: from as u16, end: to as u16, kind }
    }

    /// Where it begins.
    pub fn from(self) -> usize {
        usize::from(self.begin)
    }

    /// Where it ends, without its unit.
    pub fn to(self) -> usize {
        usize::from(self.end)
    }
}

/// What a part is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// 12
    #[default]
    Digits,
    /// 十二
    Kanji,
    /// イ, 甲, A
    Letter,
    /// Digits of which some or all are unreadable.
    Marked,
    /// 無番地
    None,
    /// 番外地
    Outside,
}

/// The unit (助数詞) behind a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// 丁目
    Chome,
    /// 丁 (Sakai)
    Cho,
    /// 番地
    Banchi,
    /// 番
    Ban,
    /// 号
    Go,
    /// 条, 条通 (Sapporo, Asahikawa)
    Jo,
    /// 線 (Hokkaido)
    Sen,
    /// 地割 (Iwate)
    Jiwari,
    /// Nothing.
    Bare,
}

/// The numbers of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where the first part begins.
    pub from: usize,
    /// Where the last one ends, with its unit.
    pub to: usize,
    parts: [Part; PARTS_MAX],
    count: usize,
    /// Parts from here on are a room, as the units say (12番5-203号); `count` if none.
    pub room: usize,
    /// Some unit says that these are an address's numbers.
    is_sure: bool,
    /// A part behind the first is a 丁目: what stands before it is the town's (本町六の一丁目, 麻布十番一丁目).
    has_late_chome: bool,
    /// The unit of the first part.
    first: Unit,
    /// Where the first part's unit ends.
    first_end: usize,
}

impl Run {
    /// One without parts that begins here.
    fn new(from: usize) -> Run {
        Run {
            from,
            to: from,
            parts: [Part::default(); PARTS_MAX],
            count: 0,
            room: PARTS_MAX,
            is_sure: false,
            has_late_chome: false,
            first: Unit::Bare,
            first_end: from,
        }
    }

    /// Goes on with a part, its unit and where that ends.
    fn add(&mut self, part: Part, unit: Unit, end: usize) {
        if self.count == 0 {
            (self.first, self.first_end) = (unit, end);
        } else {
            self.has_late_chome |= unit == Unit::Chome;
        }
        self.parts[self.count] = part;
        self.count += 1;
        self.to = end;
        self.is_sure |= matches!(unit, Unit::Chome | Unit::Banchi | Unit::Ban | Unit::Jiwari);
    }

    /// Ends: without a unit that says so, no part is a room.
    fn end(&mut self) {
        self.room = self.room.min(self.count);
    }

    /// Numbers and letters, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts[..self.count]
    }

    /// What the first part is, as its unit says.
    pub fn first(&self) -> First {
        match self.first {
            Unit::Chome | Unit::Cho => First::Chome,
            Unit::Banchi | Unit::Ban => First::Lot,
            Unit::Go | Unit::Jo | Unit::Sen | Unit::Jiwari | Unit::Bare => First::Unsaid,
        }
    }
}

/// The numbers of an address without its municipality; `None` if there are none.
pub(super) fn numbers(signs: &[char]) -> Option<Run> {
    let mut found = usual(signs).or_else(|| next(signs, 0));
    while let Some(run) = found {
        if !goes_on(signs, &run) {
            return Some(run).filter(|run| !is_room_of_building(signs, run));
        }
        // Behind the number that belongs to the town.
        found = next(signs, run.first_end.max(run.parts[0].to()));
    }
    None
}

/// The first run of numbers, if it is written as most are: in digits, with the usual units or hyphens, up to the end or a
/// blank (本郷三丁目24番7号, 大寺1230番地18 コーポ, 2-1-5). Then it is what [`next`] finds, which asks much more.
fn usual(signs: &[char]) -> Option<Run> {
    let mut at = usual_start(signs)?;
    let mut run = Run::new(at);
    if !signs[at].is_ascii_digit() {
        // 三丁目
        run.add(Part::new(at, at + 1, Kind::Kanji), Unit::Chome, at + 3);
        at += 3;
    }
    let mut behind_ban = PARTS_MAX;
    loop {
        let to = digits_end(signs, at);
        let (unit, behind) = unit(signs, to);
        let is_usual = match unit {
            Unit::Bare | Unit::Banchi | Unit::Ban | Unit::Go => to > at && run.count < USUAL_MAX,
            Unit::Chome => to > at && run.count == 0,
            Unit::Cho | Unit::Jo | Unit::Sen | Unit::Jiwari => false,
        };
        if !is_usual {
            return None;
        }
        run.add(Part::new(at, to, Kind::Digits), unit, behind);
        match unit {
            Unit::Ban => behind_ban = run.count,
            Unit::Go if run.count > behind_ban + 1 => run.room = behind_ban + 1,
            _ => {}
        }
        at = match signs.get(behind) {
            Some('-' | 'ー' | 'ノ') if unit != Unit::Go => behind + 1,
            Some('0'..='9') if unit != Unit::Go => behind,
            None => break,
            Some(' ') if !leads_to_number(&signs[behind..]) => break,
            Some(_) => return None,
        };
    }
    run.end();
    Some(run)
}

/// Where the first digit is, or the numeral of 三丁目 before it, if nothing before can be a number.
fn usual_start(signs: &[char]) -> Option<usize> {
    let classes = Classes::get();
    let mut at = 0;
    loop {
        at += signs[at..].iter().position(|sign| classes.has(*sign, DIGIT | NUMERAL | LOT))?;
        match &signs[at..] {
            ['0'..='9', ..] => return Some(at),
            [sign, '丁', '目', ..] if classes.has(*sign, NUMERAL) => return Some(at),
            [sign, next, ..] if *sign != MARK && is_name(*next) => at += 1,
            _ => return None,
        }
    }
}

/// Whether a sign makes the one before it one of a name: 八 in 八幡, 番 in 番町, イ in アイノ里.
fn is_name(sign: char) -> bool {
    !Classes::get().has(sign, DIGIT | NUMERAL | LOT | OF_TOWN)
        && !matches!(sign, '号' | '条' | '線' | '地' | '外')
}

/// Whether a number may follow behind blanks.
fn leads_to_number(signs: &[char]) -> bool {
    let next = signs.iter().find(|sign| **sign != ' ');
    next.is_some_and(|next| *next == MARK || Classes::get().has(*next, DIGIT | NUMERAL))
}

fn digits_end(signs: &[char], at: usize) -> usize {
    at + signs[at..].iter().take_while(|sign| sign.is_ascii_digit()).count()
}

/// The first run of numbers from here on.
fn next(signs: &[char], from: usize) -> Option<Run> {
    let mut at = from;
    let classes = Classes::get();
    while at < signs.len() {
        if !classes.has(signs[at], DIGIT | NUMERAL | LOT) {
            at += 1;
        } else if let Some(first) = first_part(signs, at) {
            if let Some(run) = run(signs, first) {
                return Some(run);
            }
            at = first.to();
        } else if is_numeral(signs[at]) {
            // The run of kanji numerals is part of the town's name as a whole.
            at = numerals_end(signs, at);
        } else {
            at += 1;
        }
    }
    None
}

/// A part with which numbers can begin.
fn first_part(signs: &[char], at: usize) -> Option<Part> {
    let no_number = match signs.get(at..)? {
        ['無', '番', '地', ..] => Some((3, Kind::None)),
        ['番', '外', '地', ..] => Some((3, Kind::Outside)),
        ['番', '外', ..] => Some((2, Kind::Outside)),
        _ => None,
    };
    if let Some((length, kind)) = no_number {
        return Some(Part::new(at, at + length, kind));
    }
    // Signs with which parts begin have a bit of their own: see `chars`.
    let sign = *signs.get(at)?;
    if sign.is_ascii_digit() || sign == MARK || is_numeral(sign) {
        return number(signs, at, false)
            .filter(|part| part.kind != Kind::Marked || is_marked_number(signs, *part));
    }
    let before = if at > 0 { signs[at - 1] } else { ' ' };
    let is_lot = is_stem(sign) && !is_numeral(before) && !before.is_ascii_digit() && before != '番'
        || is_iroha(sign) && !is_kana(before) && before != '通';
    if is_lot {
        let behind = at + 1 + usize::from(matches!(signs.get(at + 1), Some('ノ' | '-')));
        let number = number(signs, behind, false)?;
        return (number.kind == Kind::Digits || number.kind == Kind::Kanji).then_some(Part::new(
            at,
            at + 1,
            Kind::Letter,
        ));
    }
    None
}

/// Whether marks stand where a number does: behind a digit, or before a unit or a hyphen and a number. A mark before a
/// digit is a kanji of the town: systems that cannot write a kanji can write digits.
fn is_marked_number(signs: &[char], part: Part) -> bool {
    let has_digits = signs[part.from()..part.to()].iter().any(char::is_ascii_digit);
    signs[part.from()].is_ascii_digit()
        || !has_digits
            && (matches!(unit(signs, part.to()).0, Unit::Chome | Unit::Banchi | Unit::Ban | Unit::Go)
                || signs.get(part.to()) == Some(&'-') && number(signs, part.to() + 1, true).is_some())
}

/// The number that begins here. Kanji numerals count only with what makes them a number; `inside` a run that is less.
fn number(signs: &[char], at: usize, inside: bool) -> Option<Part> {
    let sign = *signs.get(at)?;
    if sign.is_ascii_digit() || sign == MARK {
        let length = signs[at..].iter().take_while(|sign| sign.is_ascii_digit() || **sign == MARK).count();
        let kind = if signs[at..at + length].contains(&MARK) { Kind::Marked } else { Kind::Digits };
        return Some(Part::new(at, at + length, kind));
    }
    if !is_numeral(sign) {
        return None;
    }
    let to = numerals_end(signs, at);
    let at = numeral_start(signs, at, to);
    let is_number = match signs.get(to) {
        None | Some(' ' | ',') => inside,
        // 三－１２; 六の一丁目 but not 三の丸 or 三の三重町.
        Some('-' | 'ー' | 'ノ') => number(signs, to + 1, true).is_some(),
        _ => unit(signs, to).0 != Unit::Bare,
    };
    is_number.then_some(Part::new(at, to, Kind::Kanji))
}

/// A letter as a part inside a run: 12番地イ, 12-A, 5-甲-3, A101. 丁 is one only behind a hyphen (三番丁12).
fn letter(signs: &[char], at: usize) -> Option<Part> {
    let sign = *signs.get(at)?;
    let next = signs.get(at + 1).copied().unwrap_or(' ');
    let is_end = matches!(next, ' ' | ',' | '-' | 'ノ' | '号' | '番') || next.is_ascii_digit();
    (is_end && (is_stem(sign) || is_iroha(sign) || sign.is_ascii_uppercase())).then_some(Part::new(
        at,
        at + 1,
        Kind::Letter,
    ))
}

/// All parts that follow a first one.
fn run(signs: &[char], first: Part) -> Option<Run> {
    let mut run = Run::new(first.from());
    run.is_sure = matches!(first.kind, Kind::None | Kind::Outside);
    let mut part = first;
    // Where the part behind 番 stands; more of them before 号 are a room.
    let mut behind_ban = None;
    while !is_room(signs, part.to()) && run.count < PARTS_MAX {
        let (unit, behind) = unit(signs, part.to());
        run.add(part, unit, behind);
        match (unit, behind_ban) {
            (Unit::Ban, _) => behind_ban = Some(run.count),
            (Unit::Go, Some(ban)) if run.count > ban + 1 => run.room = ban + 1,
            _ => {}
        }
        match following(signs, part, unit, behind) {
            Some(next) => part = next,
            None => break,
        }
    }
    run.end();
    (run.count > 0).then_some(run)
}

/// The part that goes on with a run, if one does.
fn following(signs: &[char], last: Part, unit: Unit, behind: usize) -> Option<Part> {
    let sign = *signs.get(behind)?;
    let is_joined = match sign {
        '-' | 'ー' | 'ノ' => true,
        // 1.2.3, and 一 that was read for a hyphen: 3一12.
        ',' | '一' if unit == Unit::Bare => {
            last.kind == Kind::Digits && signs.get(behind + 1).is_some_and(char::is_ascii_digit)
        }
        _ => false,
    };
    if is_joined {
        let at =
            behind + signs[behind..].iter().take_while(|other| matches!(**other, '-' | 'ー')).count().max(1);
        return number(signs, at, true).or_else(|| letter(signs, at));
    }
    if sign == ' ' {
        let at = behind + signs[behind..].iter().take_while(|other| **other == ' ').count();
        let part = number(signs, at, true)?;
        let goes_on =
            matches!(unit, Unit::Chome | Unit::Cho | Unit::Ban | Unit::Jo | Unit::Jiwari | Unit::Sen)
                || unit == Unit::Bare
                    && matches!(self::unit(signs, part.to()).0, Unit::Chome | Unit::Banchi | Unit::Ban);
        return Some(part).filter(|_| goes_on);
    }
    if unit == Unit::Go {
        let part = number(signs, behind, true)?;
        let is_lot = matches!(self::unit(signs, part.to()).0, Unit::Chome | Unit::Banchi | Unit::Ban);
        return Some(part).filter(|_| is_lot);
    }
    if sign == '丁' {
        return None;
    }
    if unit == Unit::Bare && !matches!(last.kind, Kind::Letter | Kind::Outside) {
        return letter(signs, behind);
    }
    if is_numeral(sign) && last.kind == Kind::Kanji && matches!(unit, Unit::Banchi | Unit::Ban) {
        // 十二番地五若葉荘: who writes kanji numerals writes them throughout.
        return Some(Part::new(behind, numerals_end(signs, behind), Kind::Kanji));
    }
    number(signs, behind, true).or_else(|| letter(signs, behind))
}

/// Whether the first number of a run belongs to the town's name, and the address's numbers come later.
fn goes_on(signs: &[char], run: &Run) -> bool {
    let first = run.parts[0];
    // 条 and 線 belong to the town (あいの里一条5丁目), and 番 before three more numbers does (麻布十番1-2-3).
    let is_of_town = match run.first {
        Unit::Jo | Unit::Sen => true,
        Unit::Ban => run.count > 3,
        _ => run.has_late_chome,
    };
    let is_before = |sign: &char| sign.is_ascii_digit() || is_numeral(*sign);
    let is_line = run.first == Unit::Go && signs.get(run.first_end).is_some_and(is_before);
    if is_of_town || is_line || run.has_late_chome {
        return true;
    }
    let counts = matches!(first.kind, Kind::Digits | Kind::Kanji);
    if run.count != 1 || !counts || matches!(run.first, Unit::Banchi | Unit::Jiwari) {
        return false;
    }
    let mut at = run.first_end;
    if signs.get(at) == Some(&'-') {
        at += 1;
    }
    let Some(sign) = signs.get(at).copied() else { return false };
    // 北1条西2, 東6線北12号, 2線東 12.
    if matches!(sign, '東' | '西' | '南' | '北') && run.first != Unit::Ban {
        let behind = signs[at + 1..].iter().find(|sign| **sign != ' ');
        let is_end =
            !matches!(run.first, Unit::Bare | Unit::Chome) && matches!(signs.get(at + 1), None | Some(' '));
        return is_end || behind.is_some() && number(signs, at + 1, true).is_some();
    }
    let is_text = !matches!(sign, ' ' | ',' | '-');
    match (run.first, sign) {
        (_, _) if !is_text => false,
        // 三番町, 三番丁.
        (Unit::Ban, '町' | '丁') | (Unit::Go, '地' | '町') | (Unit::Bare, '区') => true,
        (Unit::Go, _) => false,
        // 八丁堀, 一番沢.
        (Unit::Ban, _) if first.kind == Kind::Kanji => true,
        (Unit::Cho, _) => true,
        _ => {
            let is_named = run.from > 0 && signs[run.from - 1] == '第';
            better_ahead(signs, at, is_named || run.first != Unit::Bare)
        }
    }
}

/// Whether, behind a few kanji, numbers follow that look more like an address's: 東5反田1-2-3. Behind 丁目, 番 and 第 any
/// will do, since a building does not follow them without a blank: 象潟町4丁目塩越12, 1番堀通町12, 第9町内12.
fn better_ahead(signs: &[char], at: usize, any: bool) -> bool {
    let signs = &signs[..signs.len().min(at + AHEAD_MAX)];
    next(signs, at).is_some_and(|run| {
        let name = &signs[at..run.from];
        let is_name =
            name.iter().all(|sign| (!is_kana(*sign) || any) && !matches!(sign, ' ' | ',' | '-' | '第'));
        let is_building = name.last().is_some_and(|sign| is_building(*sign) || is_kana(*sign) && !any);
        is_name && !is_building && (any || run.is_sure || run.count >= 3)
    })
}

/// Whether a lone number without unit is the room of a building that follows a town without numbers: 大手町 コーポ大手203.
fn is_room_of_building(signs: &[char], run: &Run) -> bool {
    let before = &signs[..run.from];
    let Some(blank) = before.iter().rposition(|sign| *sign == ' ') else { return false };
    let word = &before[blank + 1..];
    let last = word.last().copied().unwrap_or(' ');
    let is_building =
        is_building(last) || is_kana(last) && word.iter().filter(|sign| is_kana(**sign)).count() >= 3;
    run.count <= 2 && !run.is_sure && is_building
}

/// The unit that stands here, and where it ends.
fn unit(signs: &[char], at: usize) -> (Unit, usize) {
    let next = signs.get(at + 1).copied();
    match signs.get(at) {
        Some('丁') if next == Some('目') => (Unit::Chome, at + 2),
        Some('丁') => (Unit::Cho, at + 1),
        Some('番') if next == Some('地') => (Unit::Banchi, at + 2),
        Some('番') => (Unit::Ban, at + 1),
        Some('号') => (Unit::Go, at + 1),
        Some('条') if next == Some('通') => (Unit::Jo, at + 2),
        Some('条') => (Unit::Jo, at + 1),
        Some('線') => (Unit::Sen, at + 1),
        Some('地') if next == Some('割') => (Unit::Jiwari, at + 2),
        _ => (Unit::Bare, at),
    }
}

/// Whether what stands behind a number makes it a room, floor or house: 203号室, 3号棟, 5F.
fn is_room(signs: &[char], at: usize) -> bool {
    let at = at + usize::from(signs.get(at) == Some(&'号'));
    match signs.get(at) {
        Some('室' | '棟' | '館' | '階') => true,
        Some('F') => !signs.get(at + 1).is_some_and(char::is_ascii_alphabetic),
        _ => false,
    }
}

fn numerals_end(signs: &[char], at: usize) -> usize {
    at + signs[at..].iter().take_while(|sign| is_numeral(**sign)).count()
}

/// Where the number begins in a run of kanji numerals: of two digits before 十, 百, 千 the first is the town's, as in the town
/// 四重麦七 with the lot 四百七十三.
fn numeral_start(signs: &[char], from: usize, to: usize) -> usize {
    let is_unit = |sign: &char| matches!(sign, '十' | '百' | '千');
    match signs[from..to].iter().position(is_unit) {
        Some(digits) if digits > 1 => from + digits - 1,
        _ => from,
    }
}

/// 一 to 九, 十, 百, 千, 〇.
pub(super) fn is_numeral(sign: char) -> bool {
    Classes::get().has(sign, NUMERAL)
}

/// Letters of lots.
fn is_iroha(sign: char) -> bool {
    IROHA.contains(sign)
}

/// Signs with which names of buildings end.
fn is_building(sign: char) -> bool {
    matches!(sign, '荘' | '寮' | '館' | '宅' | '棟' | '室')
}

/// Stems of lots.
fn is_stem(sign: char) -> bool {
    STEMS.contains(sign)
}

pub(super) fn is_kana(sign: char) -> bool {
    matches!(sign, 'ァ'..='ヺ' | 'ー')
}
