//! Where the numbers of an address begin and end: what stands before them is the town, what stands behind the building.
//!
//! Always holds: linear in the length of the address, but for one look ahead of a fixed length at each number; no town's
//! name is known here, and none is needed.
//! Not here: how town, numbers and building are written down (write).
//! Rules come from: the reference on matching, sections 1.4 and 6.2 (rule 3: which kanji numerals are numbers).

use super::{
    First,
    chars::{Classes, DIGIT, IROHA, LOT, MARK, NUMERAL, OF_TOWN, STEMS, Signs, WINDOW},
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
    // Half a word each, since a run holds several.
    begin: u32,
    end: u32,
    pub kind: Kind,
}

impl Part {
    fn new(from: usize, to: usize, kind: Kind) -> Part {
        Part { begin: from as u32, end: to as u32, kind }
    }

    /// Where it begins.
    pub fn from(self) -> usize {
        self.begin as usize
    }

    /// Where it ends, without its unit.
    pub fn to(self) -> usize {
        self.end as usize
    }
}

/// What a part is written in. As large as a part's other fields, so that many of them are cleared at a time.
#[repr(u32)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    #[default]
    Bare,
}

/// The numbers of an address. Found in place: it would take as long to hand on as to find.
#[derive(Clone, Copy, Debug, Default)]
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
        Run { from, to: from, room: PARTS_MAX, first_end: from, ..Run::default() }
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

/// Finds the numbers of an address without its municipality; `false` if there are none.
pub(super) fn numbers(all: Signs, run: &mut Run) -> bool {
    let signs = all.all();
    let mut is_found = usual(all, run) || next(signs, 0, run);
    while is_found {
        if !goes_on(signs, run) {
            return !is_room_of_building(signs, run);
        }
        // Behind the number that belongs to the town.
        is_found = next(signs, run.first_end.max(run.parts[0].to()), run);
    }
    false
}

/// The first run of numbers, if it is written as most are: in digits, with the usual units or hyphens, up to the end or a
/// blank (本郷三丁目24番7号, 大寺1230番地18 コーポ, 2-1-5). Then it is what [`next`] finds, which asks much more.
///
/// With few jumps: how many signs a town or number has, and which unit, differs from address to address, so that a
/// processor foresees none of them.
fn usual(all: Signs, run: &mut Run) -> bool {
    let Some(start) = usual_start(all) else { return false };
    let digits = all.which(DIGIT);
    let (mut units, mut ends) = ([Unit::Chome; USUAL_MAX], [start + 3; USUAL_MAX]);
    // 三丁目
    run.parts[0] = Part::new(start, start + 1, Kind::Kanji);
    let is_chome = digits >> start & 1 == 0;
    let mut count = usize::from(is_chome);
    let mut at = start + 3 * count;
    let mut bans = 0_usize;
    let mut is_sure = is_chome;
    loop {
        let to = at + (digits >> at).trailing_ones() as usize;
        let (unit, end) = usual_unit(all, to);
        if (to == at) | (count == USUAL_MAX) | ((count > 0) & (unit == Unit::Chome)) {
            return false;
        }
        run.parts[count] = Part::new(at, to, Kind::Digits);
        (units[count], ends[count]) = (unit, end);
        count += 1;
        bans |= usize::from(unit == Unit::Ban) << count;
        is_sure |= (unit != Unit::Bare) & (unit != Unit::Go);
        let next = all.at(end);
        at = end + (usize::from(next == '-') | usize::from(next == 'ー') | usize::from(next == 'ノ'));
        if digits >> at & 1 == 1 && unit != Unit::Go {
            continue;
        }
        if next != ' ' || end < all.all().len() && leads_to_number(&all.all()[end..]) {
            return false;
        }
        let behind_ban = bans.checked_ilog2().map_or(PARTS_MAX, |ban| ban as usize);
        let room = if unit == Unit::Go && count > behind_ban + 1 { behind_ban + 1 } else { count };
        let (first, first_end) = (units[0], ends[0]);
        (run.from, run.to, run.count, run.room) = (start, end, count, room);
        (run.is_sure, run.has_late_chome, run.first, run.first_end) = (is_sure, false, first, first_end);
        return true;
    }
}

/// Where the first digit is, or the numeral of 三丁目 before it, if nothing before can be a number.
fn usual_start(all: Signs) -> Option<usize> {
    let signs = all.all();
    if signs.len() > WINDOW {
        return None;
    }
    let mut asked = all.which(DIGIT | NUMERAL | LOT);
    while asked != 0 {
        let at = asked.trailing_zeros() as usize;
        match &signs[at..] {
            ['0'..='9', ..] => return Some(at),
            [sign, '丁', '目', ..] if is_numeral(*sign) => return Some(at),
            [sign, next, ..] if *sign != MARK && is_name(*next) => asked &= asked - 1,
            _ => return None,
        }
    }
    None
}

/// Whether a sign makes the one before it one of a name: 八 in 八幡, 番 in 番町, イ in アイノ里.
fn is_name(sign: char) -> bool {
    !Classes::get().has(sign, DIGIT | NUMERAL | LOT | OF_TOWN)
        && !matches!(sign, '号' | '条' | '線' | '地' | '外')
}

/// The unit that stands here, and where it ends, as [`unit`] says it; of units that are not usual nothing.
fn usual_unit(all: Signs, at: usize) -> (Unit, usize) {
    const UNITS: [(Unit, usize); 5] =
        [(Unit::Bare, 0), (Unit::Chome, 2), (Unit::Ban, 1), (Unit::Banchi, 2), (Unit::Go, 1)];
    let [sign, next] = [all.at(at), all.at(at + 1)];
    let is_ban = usize::from(sign == '番');
    let is_chome = usize::from(sign == '丁') & usize::from(next == '目');
    let is_banchi = is_ban & usize::from(next == '地');
    let (unit, length) = UNITS[is_chome | is_ban << 1 | is_banchi | usize::from(sign == '号') << 2];
    (unit, at + length)
}

/// Whether a number may follow behind blanks.
fn leads_to_number(signs: &[char]) -> bool {
    let next = signs.iter().find(|sign| **sign != ' ');
    next.is_some_and(|next| *next == MARK || Classes::get().has(*next, DIGIT | NUMERAL))
}

/// Finds the first run of numbers from here on; `false` if there is none.
fn next(signs: &[char], from: usize, into: &mut Run) -> bool {
    let mut at = from;
    let classes = Classes::get();
    while at < signs.len() {
        if !classes.has(signs[at], DIGIT | NUMERAL | LOT) {
            at += 1;
        } else if let Some(first) = first_part(signs, at) {
            if run(signs, first, into) {
                return true;
            }
            at = first.to();
        } else if is_numeral(signs[at]) {
            // The run of kanji numerals is part of the town's name as a whole.
            at = numerals_end(signs, at);
        } else {
            at += 1;
        }
    }
    false
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

/// Finds all parts that follow a first one; `false` if that is none.
fn run(signs: &[char], first: Part, run: &mut Run) -> bool {
    *run = Run::new(first.from());
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
    run.count > 0
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
    let mut run = Run::default();
    if !next(signs, at, &mut run) {
        return false;
    }
    let name = &signs[at..run.from];
    let is_name = name.iter().all(|sign| (!is_kana(*sign) || any) && !matches!(sign, ' ' | ',' | '-' | '第'));
    let is_building = name.last().is_some_and(|sign| is_building(*sign) || is_kana(*sign) && !any);
    is_name && !is_building && (any || run.is_sure || run.count >= 3)
}

/// Whether a lone number without unit is the room of a building that follows a town without numbers: 大手町 コーポ大手203.
fn is_room_of_building(signs: &[char], run: &Run) -> bool {
    if run.count > 2 || run.is_sure {
        return false;
    }
    let before = &signs[..run.from];
    let Some(blank) = before.iter().rposition(|sign| *sign == ' ') else { return false };
    let word = &before[blank + 1..];
    let last = word.last().copied().unwrap_or(' ');
    is_building(last) || is_kana(last) && word.iter().filter(|sign| is_kana(**sign)).count() >= 3
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::chars::{Buffer, decode};
    use proptest::prelude::*;

    /// What a run says, without what is left in it of others.
    fn said(run: &Run) -> (usize, usize, Vec<Part>, usize, [bool; 2], Unit, usize) {
        let Run { from, to, room, is_sure, has_late_chome, first, first_end, .. } = *run;
        (from, to, run.parts().to_vec(), room, [is_sure, has_late_chome], first, first_end)
    }

    #[test]
    fn most_addresses_are_usual() {
        for text in [
            "本郷三丁目２４番７号",
            "大寺1230番地18 コーポ203",
            "大寺１２番地の３",
            "八幡台2-1-5",
            "番町1丁目2番3-405号",
            "1",
        ] {
            assert!(usual(decode(text, &mut Buffer::default()), &mut Run::default()), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn usual_numbers_are_those_that_any_are_found_by(
            text in "(本郷|大寺|八幡台|イ崎|番町|アイの里|十二所|無番|字前田|東|第|●|北1条){0,2}([一二十]{1,2}丁目|[1-9]{1,3}丁目)?([0-9●]{1,3}(番地|番地の|番外地|番|-|の|ー|号|条|丁|丁目|地割|線| ){0,2}){0,5}( |棟| コーポ| 二| 12|荘|A)?",
        ) {
            let mut buffer = Buffer::default();
            let signs = decode(&text, &mut buffer);
            let (mut quick, mut sought) = (Run::default(), Run::default());
            if usual(signs, &mut quick) {
                prop_assert!(next(signs.all(), 0, &mut sought));
                prop_assert_eq!(said(&quick), said(&sought));
            }
        }
    }
}
