//! Katakana, from full to half width.
//!
//! Always holds: what is no katakana comes out as it went in.
//! Not here: folding for comparison (`base::fold_width`).
//! Rules come from: JIS X 0201.

const PLAIN: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// Voiced and half-voiced kana come as the plain one with its mark.
const VOICED: [(&str, &str, char); 2] = [
    ("ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", "カキクケコサシスセソタチツテトハヒフヘホウ", 'ﾞ'),
    ("パピプペポ", "ハヒフヘホ", 'ﾟ'),
];

/// Half-width katakana of full-width katakana.
pub(super) fn half(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match VOICED.iter().find_map(|(from, to, mark)| Some((nth(to, place(from, sign)?)?, *mark))) {
            Some((plain, mark)) => {
                out.push(narrow(plain));
                out.push(mark);
            }
            None => out.push(narrow(sign)),
        }
    }
    out
}

fn narrow(sign: char) -> char {
    place(PLAIN, sign).and_then(|at| char::from_u32(0xff66 + at as u32)).unwrap_or(sign)
}

fn place(text: &str, sign: char) -> Option<usize> {
    text.chars().position(|other| other == sign)
}

fn nth(text: &str, at: usize) -> Option<char> {
    text.chars().nth(at)
}
