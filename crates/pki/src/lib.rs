//! JPKI (公的個人認証): certificates of My Number cards, who issued them, whether they still hold, the nonces that cards
//! sign, and a test authority that issues.
//!
//! Always holds: no clock, randomness or file; an instant comes in with every question. Nothing is accepted that was not
//! signed by an anchor of the one hierarchy that was chosen: test and production never mix. A status that is missing or
//! too old is *could not be determined*, never good. Serials print nothing; keys are overwritten when dropped.
//! Not here: which person a serial belongs to, which nonce was used before, the card itself, and the real authority's
//! services.
//! Rules come from: S1 r1 (the chip's certificate proves the card), S1 r11 (suspended and revoked certificates); the
//! reference on the card, sections 2, 4 and 6; RFC 5280.

#![forbid(unsafe_code)]

pub mod authority;
mod certificate;
mod crl;
mod der;
mod nonce;
mod path;
mod profile;
mod revocation;
mod validity;

#[cfg(test)]
mod tests;

pub use certificate::{CERTIFICATE_BYTES_MAX, Certificate, Serial};
pub use crl::{CRL_BYTES_MAX, Crl, Lists};
pub use nonce::{AHEAD_MAX_MS, Bound, Nonce, NonceFault, Nonces};
pub use path::{Anchors, Issuer};
pub use profile::{Hierarchy, Kind};
pub use revocation::{Reason, Report, State, judge};
pub use validity::{Grace, Terms, Validity};

use base::Instant;

/// Why a certificate is not accepted. None of them is about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not a certificate (or list) in strict DER, or too large.
    Malformed,
    /// A certificate for something else: for signing where authentication was asked, of an authority, under another
    /// policy, for a key that cards do not have.
    WrongKind,
    /// Not signed by an authority that we know, or by another generation of it than it says.
    UntrustedIssuer,
    /// A certificate of the test hierarchy, where production's are accepted.
    TestHierarchy,
    /// A certificate of the production hierarchy, where test ones are accepted.
    ProductionHierarchy,
    /// Not valid before this instant.
    NotYetValid {
        /// The first millisecond at which it is valid.
        from: Instant,
    },
    /// Expired, and its grace (if there is any) is over.
    Expired {
        /// The last millisecond at which it was valid.
        until: Instant,
    },
    /// Suspended for now (一時利用停止), as after a loss.
    OnHold {
        /// Since when.
        since: Instant,
    },
    /// Revoked (失効) for ever.
    Revoked {
        /// Since when.
        at: Instant,
        /// Why, as far as the authority says.
        reason: Reason,
    },
    /// Nobody could say, recently enough, whether it was revoked: could not be determined.
    StatusUnknown,
}
