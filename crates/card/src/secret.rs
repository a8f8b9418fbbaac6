//! PINs, on the card's side and on the reader's.
//!
//! Always holds: digits lie on the heap and are moved as a pointer, so wiping that one place leaves no copy; a
//! comparison takes the same time whatever is wrong, length included.
//! Not here: counting tries (`card.rs`).
//! Rules come from: the reference on the card, section 1.3 (auth PIN 4 digits, sign password 6 to 16 characters).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroizing;

/// The longest PIN or password of the application, in bytes.
pub(crate) const SECRET_BYTES_MAX: usize = 16;

/// A PIN or password as a card keeps it: its bytes padded with zeros, then its length.
pub(crate) struct Secret(Box<Zeroizing<[u8; SECRET_BYTES_MAX + 1]>>);

impl Secret {
    /// Of 1 to 16 bytes; `None` otherwise.
    pub(crate) fn new(bytes: &[u8]) -> Option<Secret> {
        if bytes.is_empty() || bytes.len() > SECRET_BYTES_MAX {
            return None;
        }
        let mut padded = Box::new(Zeroizing::new([0; SECRET_BYTES_MAX + 1]));
        padded[..bytes.len()].copy_from_slice(bytes);
        padded[SECRET_BYTES_MAX] = bytes.len() as u8;
        Some(Secret(padded))
    }

    /// Whether both are the same. Both sides always have 17 bytes, so neither the place of a difference nor the
    /// length shows in the time taken.
    pub(crate) fn is(&self, given: &Secret) -> bool {
        verify_slices_are_equal(&self.0[..], &given.0[..]).is_ok()
    }

    /// The bytes, for the card's own file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0[..usize::from(self.0[SECRET_BYTES_MAX])]
    }
}

/// The authentication certificate's PIN (暗証番号) on its way from the kiosk page to the card: four digits. It has no
/// `Debug`, `Display` or `Clone`, and is wiped when dropped.
pub struct Pin(Box<Zeroizing<[u8; 4]>>);

impl Pin {
    /// Of exactly four ASCII digits; `None` otherwise, without saying which character was wrong. Full-width digits are
    /// for the caller to fold.
    pub fn new(digits: &str) -> Option<Pin> {
        let digits: &[u8; 4] = digits.as_bytes().try_into().ok()?;
        let mut pin = Box::new(Zeroizing::new([0; 4]));
        pin.copy_from_slice(digits);
        digits.iter().all(u8::is_ascii_digit).then_some(Pin(pin))
    }

    /// The digits, for the one APDU that carries them.
    pub(crate) fn bytes(&self) -> &[u8; 4] {
        &self.0
    }
}
