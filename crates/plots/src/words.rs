//! Texts in a chart: how wide they are, how they break, how numbers are written.
//!
//! Always holds: a width is an estimate that rather says too much, for no font is at hand.
//! Not here: where a text stands.
//! Rules come from: East Asian Width (UAX #11), roughly: what is not Latin counts as full width.

/// A length in tenths of a pixel.
pub(crate) type Px = i64;

/// The estimated width of a text at a font size.
pub(crate) fn width(text: &str, size: Px) -> Px {
    text.chars().map(|letter| letter_width(letter) * size / 100).sum()
}

/// Hundredths of the font size.
fn letter_width(letter: char) -> i64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 32,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' => 95,
        'A'..='Z' | '&' | '–' => 70,
        '\u{ff61}'..='\u{ff9f}' => 55,
        letter if (letter as u32) < 0x1100 => 58,
        _ => 102,
    }
}

/// Breaks a text into lines of at most this width, at blanks and between full-width letters, and into lines that are
/// about equally long, so that no single letter is left over.
pub(crate) fn wrap(text: &str, size: Px, width_max: Px) -> Vec<String> {
    let lines = wrap_full(text, size, width_max);
    let (mut low, mut high) = (0, width_max);
    while lines.len() > 1 && high - low > size / 4 {
        let middle = (low + high) / 2;
        let narrower = wrap_full(text, size, middle);
        let fits = narrower.len() <= lines.len() && narrower.iter().all(|line| width(line, size) <= middle);
        (low, high) = if fits { (low, middle) } else { (middle, high) };
    }
    wrap_full(text, size, high)
}

/// Fills each line before the next one begins.
fn wrap_full(text: &str, size: Px, width_max: Px) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && width(line, size) + width(piece.trim_end(), size) > width_max {
            *line = line.trim_end().to_owned();
            lines.push(piece.to_owned());
        } else {
            line.push_str(piece);
        }
    }
    if let Some(last) = lines.last_mut() {
        *last = last.trim_end().to_owned();
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The smallest parts of a text that stay together; a closing mark stays with what it closes.
fn pieces(text: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut letters = text.char_indices().peekable();
    while let Some((_, letter)) = letters.next() {
        let Some(&(next_at, next)) = letters.peek() else { break };
        let wide = |letter: char| (letter as u32) >= 0x2e80;
        let closing = matches!(next, '、' | '。' | '）' | '」' | '・' | 'ー' | '％' | '：');
        let opening = matches!(letter, '（' | '「');
        if letter == ' ' || ((wide(letter) || wide(next)) && !closing && !opening && next != ' ') {
            cuts.push(next_at);
        }
    }
    cuts.push(text.len());
    cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect()
}

/// A value with its decimals: thousands are parted by commas, zeros at the end of the decimals are left out.
pub(crate) fn number(value: i64, decimals: u32) -> String {
    let unit = 10_u64.saturating_pow(decimals);
    let whole = group(value.unsigned_abs() / unit);
    let sign = if value < 0 { "−" } else { "" };
    if decimals == 0 {
        return format!("{sign}{whole}");
    }
    let part = format!("{:0width$}", value.unsigned_abs() % unit, width = decimals as usize);
    match part.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

/// A value with all its decimals, where they are few: values beside each other are then read more easily.
pub(crate) fn even(value: i64, decimals: u32) -> String {
    if decimals == 0 || decimals > 2 {
        return number(value, decimals);
    }
    let unit = 10_u64.pow(decimals);
    let sign = if value < 0 { "−" } else { "" };
    let (whole, part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    format!("{sign}{}.{part:0width$}", group(whole), width = decimals as usize)
}

fn group(whole: u64) -> String {
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
