//! The context of one operation: who asks, for what, at which one instant.
//!
//! Always holds: one operation, one instant; whoever holds a [`Cx`] was identified by a rim (certificate, session or
//! command line). It names people only by id.
//! Not here: permissions (each service's routes declare theirs) and the transaction, which is passed beside it.

use crate::{Id, Instant, Kind};
use std::sync::Arc;

/// Hands out new ids. `app` makes them from clock and randomness, `country` and tests from a seed.
pub trait IdSource: Send + Sync {
    /// The next id: positive, not handed out before by this source.
    fn next(&self) -> i64;
}

/// Fills bytes with randomness: salts, tokens. `app` gives the operating system's, tests a seeded one.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The clock of a data directory: wall time plus its offset. Read once for each operation, by a rim.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// What somebody may do. The permission table (operation × role) is committed in `docs/permissions.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 受付
    Receptionist,
    /// 医師・薬剤師
    Clinician,
    /// 医療機関等管理者
    FacilityAdministrator,
    /// 保険者担当者
    InsurerClerk,
    /// 市区町村担当者
    MunicipalClerk,
    /// コールセンターのオペレーター
    CallCentreOperator,
    /// 監査担当者
    Auditor,
    /// システム管理者
    SystemAdministrator,
}

impl Role {
    /// All roles, in the order of the permission table.
    pub const ALL: [Role; 8] = [
        Role::Receptionist,
        Role::Clinician,
        Role::FacilityAdministrator,
        Role::InsurerClerk,
        Role::MunicipalClerk,
        Role::CallCentreOperator,
        Role::Auditor,
        Role::SystemAdministrator,
    ];

    /// The stable word for tables, forms and settings.
    pub fn word(self) -> &'static str {
        match self {
            Role::Receptionist => "receptionist",
            Role::Clinician => "clinician",
            Role::FacilityAdministrator => "facility-administrator",
            Role::InsurerClerk => "insurer-clerk",
            Role::MunicipalClerk => "municipal-clerk",
            Role::CallCentreOperator => "call-centre-operator",
            Role::Auditor => "auditor",
            Role::SystemAdministrator => "system-administrator",
        }
    }

    /// The role of a word.
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }

    /// The role's name in Japanese and in English, for pages.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Role::Receptionist => ("受付", "Receptionist"),
            Role::Clinician => ("医師・薬剤師", "Doctor or pharmacist"),
            Role::FacilityAdministrator => ("医療機関等管理者", "Facility administrator"),
            Role::InsurerClerk => ("保険者担当者", "Insurer's clerk"),
            Role::MunicipalClerk => ("市区町村担当者", "Municipal clerk"),
            Role::CallCentreOperator => ("コールセンター", "Call-centre operator"),
            Role::Auditor => ("監査担当者", "Auditor"),
            Role::SystemAdministrator => ("システム管理者", "System administrator"),
        }
    }

    /// Whether people of this role act for one facility.
    pub fn belongs_to_facility(self) -> bool {
        matches!(self, Role::Receptionist | Role::Clinician | Role::FacilityAdministrator)
    }
}

/// Who asks: ids only, so that it can stand in every audit row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A facility's terminal, identified by its client certificate.
    Terminal {
        /// The terminal's id.
        terminal: i64,
        /// The facility that its certificate belongs to.
        facility: i64,
    },
    /// A person with an account, identified by a session.
    Staff {
        /// The account's id.
        staff: i64,
        /// What the person may do.
        role: Role,
        /// The facility that the person works at, for facility roles.
        facility: Option<i64>,
    },
    /// The person themself, identified by card and PIN.
    Person {
        /// The person's id.
        person: i64,
    },
    /// An outside office that files what it knows, identified by its client certificate.
    Office {
        /// The office's id.
        office: i64,
    },
    /// The program itself: jobs, start-up, command line on the data directory's owner's behalf.
    System,
}

impl Actor {
    /// The facility on whose behalf the actor asks.
    pub fn facility(self) -> Option<i64> {
        match self {
            Actor::Terminal { facility, .. } => Some(facility),
            Actor::Staff { facility, .. } => facility,
            Actor::Person { .. } | Actor::Office { .. } | Actor::System => None,
        }
    }
}

/// Why the actor asks; stands in every audit row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A patient stands at the desk (or the desk looks at today's list).
    Reception,
    /// Managing accounts, terminals, settings.
    Administration,
    /// Loading or correcting insurers' or municipalities' data.
    Registration,
    /// Reading the log.
    Inspection,
    /// A person looks at, or decides about, what is theirs.
    OwnRecord,
    /// The call centre acts for a person who called.
    Assistance,
    /// The program's own work.
    Operation,
}

impl Purpose {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Purpose::Reception => "reception",
            Purpose::Administration => "administration",
            Purpose::Registration => "registration",
            Purpose::Inspection => "inspection",
            Purpose::OwnRecord => "own-record",
            Purpose::Assistance => "assistance",
            Purpose::Operation => "operation",
        }
    }
}

/// Makes a repeated request the same request: its id at one facility and a digest of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The asking side's id of the request, unique at its facility for 24 hours.
    pub request: String,
    /// A digest of the body, 32 bytes.
    pub digest: [u8; 32],
}

/// The context of one operation; second argument of every operation, after the transaction.
#[derive(Clone)]
pub struct Cx<'a> {
    /// The one instant of this operation.
    pub now: Instant,
    /// Who asks.
    pub actor: Actor,
    /// Why.
    pub purpose: Purpose,
    /// The request's key, when the asking side gave it one.
    pub request: Option<RequestKey>,
    ids: &'a dyn IdSource,
}

impl<'a> Cx<'a> {
    /// A context at an instant.
    pub fn new(now: Instant, actor: Actor, purpose: Purpose, ids: &'a dyn IdSource) -> Cx<'a> {
        Cx { now, actor, purpose, request: None, ids }
    }

    /// The same context for a request with a key.
    pub fn with_request(self, request: Option<RequestKey>) -> Cx<'a> {
        Cx { request, ..self }
    }

    /// A new id of the kind that the caller's types ask for.
    pub fn id<K: Kind>(&self) -> Id<K> {
        // A source hands out positive numbers only; one that does not is a fault of ours and must not go unseen.
        Id::new(self.ids.next()).expect("an id source hands out positive ids")
    }
}
