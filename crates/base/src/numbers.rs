//! Numbers with a shape and a check digit: insurer number (保険者番号), facility code (医療機関等コード), branch number
//! (枝番), My Number (個人番号).
//!
//! Always holds: a value of these types has the right length and, where the law gives one, the right check digit.
//! `Debug` shows none of them.
//! Not here: symbol and number of an insured person (記号・番号), which have no fixed shape; see [`crate::canonical_key`].
//! Rules come from: the reference on check digits, sections 7.1 and 8.1; docs/rules.md S1 r2.

use std::fmt;

/// Why a number was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// Not the right count of digits.
    Shape,
    /// The last digit does not fit the others.
    CheckDigit,
}

/// The check digit over `body`: weights 2, 1, 2, 1 … from the right, digits of products added up, complement to ten.
pub fn check_digit_21(body: &[u8]) -> u8 {
    let sum: u32 = body
        .iter()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let product = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    b'0' + ((10 - sum % 10) % 10) as u8
}

fn digits(text: &str, len: usize) -> Result<&[u8], CodeError> {
    let bytes = text.as_bytes();
    (bytes.len() == len && bytes.iter().all(u8::is_ascii_digit)).then_some(bytes).ok_or(CodeError::Shape)
}

fn checked_21(bytes: &[u8]) -> Result<(), CodeError> {
    match bytes.split_last() {
        Some((last, body)) if check_digit_21(body) == *last => Ok(()),
        _ => Err(CodeError::CheckDigit),
    }
}

/// An insurer number or public payer number (公費負担者番号): six digits (municipal 国保) or eight (law code first).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InsurerNumber {
    digits: [u8; 8],
    len: u8,
}

impl InsurerNumber {
    /// Reads the number as messages and people write it: blanks around it, full-width digits, and zeros before a
    /// six-digit number are accepted; the check digit is not asked for (an unknown number is answered as unknown).
    pub fn parse(text: &str) -> Result<InsurerNumber, CodeError> {
        let folded = crate::fold_width(text);
        let trimmed = folded.trim();
        let trimmed = match trimmed.strip_prefix("00") {
            Some(six) if six.len() == 6 => six,
            _ => trimmed,
        };
        if trimmed.len() != 6 && trimmed.len() != 8 {
            return Err(CodeError::Shape);
        }
        let bytes = digits(trimmed, trimmed.len())?;
        let mut number = [0; 8];
        number[..bytes.len()].copy_from_slice(bytes);
        Ok(InsurerNumber { digits: number, len: bytes.len() as u8 })
    }

    /// Reads the number and asks for its check digit: for whoever registers an insurer.
    pub fn parse_checked(text: &str) -> Result<InsurerNumber, CodeError> {
        let number = InsurerNumber::parse(text)?;
        checked_21(number.as_str().as_bytes())?;
        Ok(number)
    }

    /// Completes a body of five or seven digits with its check digit.
    pub fn from_body(body: &str) -> Result<InsurerNumber, CodeError> {
        let bytes = digits(body, body.len())?;
        InsurerNumber::parse_checked(&format!("{body}{}", char::from(check_digit_21(bytes))))
    }

    /// The digits, six or eight.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits[..usize::from(self.len)]).unwrap_or_default()
    }

    /// The form of OQS messages: eight places, blanks before a six-digit number.
    pub fn padded(&self) -> String {
        format!("{:>8}", self.as_str())
    }

    /// The law code (法別番号); `None` for municipal 国保, which has none.
    pub fn law_code(&self) -> Option<&str> {
        (self.len == 8).then(|| &self.as_str()[..2])
    }

    /// Medical assistance (医療扶助) of public assistance: law code 12.
    pub fn is_medical_aid(&self) -> bool {
        self.law_code() == Some("12")
    }

    /// The scheme for people of 75 and over (後期高齢者医療): law code 39.
    pub fn is_latter_stage(&self) -> bool {
        self.law_code() == Some("39")
    }
}

impl fmt::Debug for InsurerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InsurerNumber(…)")
    }
}

/// A facility's code: prefecture 2, point table 1, then seven digits of which the last checks all before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FacilityCode([u8; 10]);

impl FacilityCode {
    /// Reads ten digits with a right check digit.
    pub fn parse(text: &str) -> Result<FacilityCode, CodeError> {
        let bytes = digits(text, 10)?;
        checked_21(bytes)?;
        bytes.try_into().map(FacilityCode).map_err(|_| CodeError::Shape)
    }

    /// Completes nine digits with their check digit.
    pub fn from_body(body: &str) -> Result<FacilityCode, CodeError> {
        let bytes = digits(body, 9)?;
        FacilityCode::parse(&format!("{body}{}", char::from(check_digit_21(bytes))))
    }

    /// The ten digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The point table: 1 medical (医科), 3 dental (歯科), 4 pharmacy (調剤), 6 visiting nurse (訪問看護).
    pub fn point_table(&self) -> u8 {
        self.0[2] - b'0'
    }
}

impl fmt::Display for FacilityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for FacilityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FacilityCode({})", self.as_str())
    }
}

/// A branch number (枝番): two digits that tell the members of one insured person's family apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchNumber(u8);

impl BranchNumber {
    /// Reads one or two digits of any width, blanks around them ignored.
    pub fn parse(text: &str) -> Result<BranchNumber, CodeError> {
        let folded = crate::fold_width(text);
        let trimmed = folded.trim();
        if trimmed.is_empty() || trimmed.len() > 2 || !trimmed.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CodeError::Shape);
        }
        trimmed.parse().map(BranchNumber).map_err(|_| CodeError::Shape)
    }

    /// From its stored number.
    pub fn from_number(number: i64) -> Option<BranchNumber> {
        u8::try_from(number).ok().filter(|n| *n < 100).map(BranchNumber)
    }

    /// The stored number.
    pub fn as_number(self) -> i64 {
        i64::from(self.0)
    }
}

impl fmt::Display for BranchNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

/// A My Number (個人番号): twelve digits. Only `people` may keep one (docs/rules.md S1 r2).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MyNumber([u8; 12]);

impl MyNumber {
    /// Reads twelve digits with a right check digit.
    pub fn parse(text: &str) -> Result<MyNumber, CodeError> {
        let bytes = digits(text, 12)?;
        if MyNumber::check_digit(&bytes[..11]) != bytes[11] {
            return Err(CodeError::CheckDigit);
        }
        bytes.try_into().map(MyNumber).map_err(|_| CodeError::Shape)
    }

    /// Completes eleven digits with their check digit.
    pub fn from_body(body: &str) -> Result<MyNumber, CodeError> {
        let bytes = digits(body, 11)?;
        MyNumber::parse(&format!("{body}{}", char::from(MyNumber::check_digit(bytes))))
    }

    fn check_digit(body: &[u8]) -> u8 {
        let sum: u32 = body
            .iter()
            .rev()
            .zip(1u32..)
            .map(|(byte, n)| u32::from(byte - b'0') * if n <= 6 { n + 1 } else { n - 5 })
            .sum();
        let rest = sum % 11;
        b'0' + if rest <= 1 { 0 } else { (11 - rest) as u8 }
    }

    /// The digits, for the one table that may hold them.
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for MyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MyNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insurer_numbers_of_the_published_examples_pass() {
        for good in [
            "33120015", "06132013", "01130012", "01010016", "39131008", "133066", "280081", "138057",
            "12143210",
        ] {
            assert!(InsurerNumber::parse_checked(good).is_ok(), "{good}");
        }
        assert_eq!(InsurerNumber::parse_checked("83136019"), Err(CodeError::CheckDigit));
        assert_eq!(InsurerNumber::from_body("0613999").map(|n| n.as_str().to_owned()), Ok("06139992".into()));
        assert_eq!(InsurerNumber::from_body("13999").map(|n| n.as_str().to_owned()), Ok("139998".into()));
    }

    #[test]
    fn insurer_numbers_are_read_as_written_in_the_field() {
        let plain = InsurerNumber::parse("133066").expect("six digits");
        for written in ["  133066", "00133066", "133066  ", "１３３０６６", "　133066"] {
            assert_eq!(InsurerNumber::parse(written), Ok(plain), "{written:?}");
        }
        assert_eq!(plain.padded(), "  133066");
        assert_eq!(plain.law_code(), None);
        assert_eq!(InsurerNumber::parse("13306"), Err(CodeError::Shape));
        assert_eq!(InsurerNumber::parse("13306a"), Err(CodeError::Shape));
    }

    #[test]
    fn facility_codes_check_all_nine_digits() {
        assert!(FacilityCode::parse("0110113719").is_ok());
        assert_eq!(FacilityCode::parse("0110113710"), Err(CodeError::CheckDigit));
        assert_eq!(FacilityCode::parse("110113719"), Err(CodeError::Shape));
        assert_eq!(FacilityCode::parse("0110113719").map(|c| c.point_table()), Ok(1));
    }

    #[test]
    fn s1_r2_my_numbers_check_and_hide() {
        for good in ["123456789018", "111111111118", "987654321093", "100000000080", "100000000030"] {
            assert!(MyNumber::parse(good).is_ok(), "{good}");
        }
        assert_eq!(MyNumber::parse("123456789010"), Err(CodeError::CheckDigit));
        let shown = format!("{:?}", MyNumber::parse("123456789018"));
        assert!(!shown.contains("1234"), "{shown}");
    }

    #[test]
    fn branches_are_one_or_two_digits() {
        assert_eq!(BranchNumber::parse("1").map(|b| b.to_string()), Ok("01".into()));
        assert_eq!(BranchNumber::parse(" ０1").map(|b| b.to_string()), Ok("01".into()));
        assert_eq!(BranchNumber::parse("001"), Err(CodeError::Shape));
        assert_eq!(BranchNumber::parse(""), Err(CodeError::Shape));
    }
}
