//! The kinds of things that ids name.
//!
//! Always holds: one kind, one prefix, kept for ever. They stand here, not in their services, because audit rows,
//! links and the desks name things of other services by id without knowing those services.
//! Not here: what the things are.
//! Rules come from: DESIGN section 3, "Ids".

use crate::Kind;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {
        $($(#[$doc])* #[derive(Debug)] pub enum $name {}
        impl Kind for $name {
            const PREFIX: &'static str = $prefix;
        })*
    };
}

kinds! {
    /// A person (利用者), whatever number or card they show.
    Person "per";
    /// One membership with one insurer (被保険者としての加入).
    Coverage "cov";
    /// A version of what an insurer registered about a coverage.
    Entry "ent";
    /// A dated fact of a coverage.
    Fact "fct";
    /// A facility (医療機関・薬局).
    Facility "fac";
    /// A facility's terminal (資格確認端末).
    Terminal "trm";
    /// An account of somebody who works with the system.
    Staff "stf";
    /// The decision of a check.
    Decision "dec";
    /// A certificate on a card or phone (利用者証明用電子証明書); its serial stands in one table only.
    Certificate "crt";
    /// A person's answers to a reader's questions (閲覧同意).
    Consent "cns";
    /// A case that somebody has to look into.
    Case "cas";
    /// An outside office that files what it knows (保険者, 認証局 …).
    Office "off";
}
