//! The schemes (制度) by which people are insured, as statistics tell them apart.
//!
//! Always holds: every insurer number is of exactly one scheme, by its law code (法別番号) alone.
//! Not here: insurers' names, who is insured where.
//! Rules come from: 保険者番号等の設定について (law codes); the reference on check digits, section 7.1.

use crate::InsurerNumber;

/// A scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// 協会けんぽ: 01, and day labourers' 03 and 04.
    Association,
    /// 組合健保: 06, and its pensioners' 63.
    Society,
    /// 共済組合 and 自衛官: 07, 31 to 34, and pensioners' 72 to 75.
    Mutual,
    /// 船員保険: 02.
    Seamen,
    /// 市町村国保: six digits.
    Municipal,
    /// 国保組合: six digits, of which the third is 3.
    Guild,
    /// 後期高齢者医療: 39.
    LatterStage,
    /// 医療扶助 of public assistance (生活保護): 12.
    Aid,
    /// Any other law code.
    Other,
}

impl Scheme {
    /// All schemes, in the order of tables.
    pub const ALL: [Scheme; 9] = [
        Scheme::Association,
        Scheme::Society,
        Scheme::Mutual,
        Scheme::Seamen,
        Scheme::Municipal,
        Scheme::Guild,
        Scheme::LatterStage,
        Scheme::Aid,
        Scheme::Other,
    ];

    /// The scheme of an insurer.
    pub fn of(number: &InsurerNumber) -> Scheme {
        match number.law_code() {
            None if number.as_str().as_bytes().get(2) == Some(&b'3') => Scheme::Guild,
            None => Scheme::Municipal,
            Some("01" | "03" | "04") => Scheme::Association,
            Some("06" | "63") => Scheme::Society,
            Some("07" | "31" | "32" | "33" | "34" | "72" | "73" | "74" | "75") => Scheme::Mutual,
            Some("02") => Scheme::Seamen,
            Some("39") => Scheme::LatterStage,
            Some("12") => Scheme::Aid,
            Some(_) => Scheme::Other,
        }
    }

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Scheme::Association => "association",
            Scheme::Society => "society",
            Scheme::Mutual => "mutual",
            Scheme::Seamen => "seamen",
            Scheme::Municipal => "municipal",
            Scheme::Guild => "guild",
            Scheme::LatterStage => "latter-stage",
            Scheme::Aid => "aid",
            Scheme::Other => "other",
        }
    }

    /// The names, Japanese and English.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Scheme::Association => ("協会けんぽ", "Association (Kyokai Kenpo)"),
            Scheme::Society => ("組合健保", "Health insurance societies"),
            Scheme::Mutual => ("共済組合・自衛官", "Mutual aid associations"),
            Scheme::Seamen => ("船員保険", "Seamen's insurance"),
            Scheme::Municipal => ("市町村国保", "Municipal insurance"),
            Scheme::Guild => ("国保組合", "National health guilds"),
            Scheme::LatterStage => ("後期高齢者医療", "Scheme for 75 and over"),
            Scheme::Aid => ("生活保護（医療扶助）", "Public assistance"),
            Scheme::Other => ("その他", "Other"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_code_gives_the_scheme() {
        let of = |body: &str| InsurerNumber::from_body(body).map(|number| Scheme::of(&number).word());
        let said: Vec<_> =
            ["0113001", "0613201", "3113001", "0213001", "13801", "13303", "3913001", "1213001", "8013001"]
                .into_iter()
                .map(|body| of(body).unwrap())
                .collect();
        let all: Vec<_> = Scheme::ALL.iter().map(|scheme| scheme.word()).collect();
        assert_eq!(
            said,
            [
                "association",
                "society",
                "mutual",
                "seamen",
                "municipal",
                "guild",
                "latter-stage",
                "aid",
                "other"
            ]
        );
        assert_eq!(all, said, "each scheme stands once in the list");
    }
}
