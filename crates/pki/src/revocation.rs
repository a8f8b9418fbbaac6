//! What is known about a certificate's revocation, from whatever source, and whether that is recent enough.
//!
//! Always holds: no report, or one that is too old, is *could not be determined*; only a revocation outlives its report,
//! because it is never taken back.
//! Not here: where reports come from (`crl`, or a service that asks).
//! Rules come from: S1 r11; RFC 5280, section 5.3.1 for the reasons; the reference on the card, section 4.3.

use crate::Refused;
use base::Instant;

/// Why a certificate was revoked (RFC 5280, section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 0, or nothing said.
    Unspecified,
    /// 1
    KeyCompromise,
    /// 2
    AuthorityCompromise,
    /// 3
    AffiliationChanged,
    /// 4
    Superseded,
    /// 5: the holder died, or gave the certificate up.
    CessationOfOperation,
    /// 9
    PrivilegeWithdrawn,
    /// 10
    AttributeAuthorityCompromise,
}

const CODES: [(Reason, u8); 8] = [
    (Reason::Unspecified, 0),
    (Reason::KeyCompromise, 1),
    (Reason::AuthorityCompromise, 2),
    (Reason::AffiliationChanged, 3),
    (Reason::Superseded, 4),
    (Reason::CessationOfOperation, 5),
    (Reason::PrivilegeWithdrawn, 9),
    (Reason::AttributeAuthorityCompromise, 10),
];

impl Reason {
    /// Its number in a revocation list.
    pub fn code(self) -> u8 {
        CODES.iter().find(|(reason, _)| *reason == self).map_or(0, |(_, code)| *code)
    }

    /// The reason with this number. 6 (on hold) and 8 (removed from the list) are states and not reasons.
    pub fn from_code(code: u8) -> Option<Reason> {
        CODES.iter().find(|(_, known)| *known == code).map(|(reason, _)| *reason)
    }
}

/// How a certificate stands with its authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Neither suspended nor revoked.
    Good,
    /// Suspended (一時利用停止); this can be lifted.
    OnHold {
        /// Since when.
        since: Instant,
    },
    /// Revoked for ever.
    Revoked {
        /// Since when.
        at: Instant,
        /// Why.
        reason: Reason,
    },
}

/// What a source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// When this was so, by the authority's word.
    pub as_of: Instant,
    /// How the certificate stood.
    pub state: State,
}

/// Whether a certificate may be used at an instant, by a report that is at most `age_max_ms` milliseconds away from it.
/// A report from a little later is as good, since a source's clock is not ours.
///
/// # Errors
/// [`Refused::Revoked`] whatever the report's age, [`Refused::StatusUnknown`] without a recent report,
/// [`Refused::OnHold`].
pub fn judge(report: Option<Report>, at: Instant, age_max_ms: i64) -> Result<(), Refused> {
    let report = report.ok_or(Refused::StatusUnknown)?;
    if let State::Revoked { at, reason } = report.state {
        return Err(Refused::Revoked { at, reason });
    }
    if at.since_ms(report.as_of).saturating_abs() > age_max_ms {
        return Err(Refused::StatusUnknown);
    }
    match report.state {
        State::OnHold { since } => Err(Refused::OnHold { since }),
        _ => Ok(()),
    }
}
