//! The form in which a service writes down its refusals: one block each, a list of all of them behind it.
//!
//! Always holds: every [`Help`](crate::Help) written this way is in `ALL`, from which `docs/refusals.md` is made.
//! Not here: statuses and waits; each service has a constructor function for each refusal.
//! Rules come from: DESIGN section 3, "Answers".

/// Makes a static [`Help`](crate::Help) of each block, and `ALL`. A block is a name with the stable code and the
/// nine-character code, then what happened and what the desk does (Japanese, English), then the engineer's line:
///
/// ```
/// base::helps! {
///     /// The login is somebody's.
///     LOGIN_TAKEN = "staff.login-taken" "SKS03002E"
///         what "このログイン名は使われています。" "This login is taken."
///         desk "別のログイン名にしてください。" "Choose another one."
///         engineer "staff_account_by_login found an account.";
/// }
/// # fn main() { assert_eq!(ALL[0].code, LOGIN_TAKEN.code) }
/// ```
#[macro_export]
macro_rules! helps {
    ($($(#[$doc:meta])* $name:ident = $code:literal $oqs:literal
        what $what_ja:literal $what_en:literal
        desk $desk_ja:literal $desk_en:literal
        engineer $engineer:literal;)*) => {
        $($(#[$doc])* pub static $name: $crate::Help = $crate::Help {
            code: $code,
            oqs: $oqs,
            what: ($what_ja, $what_en),
            desk: ($desk_ja, $desk_en),
            engineer: $engineer,
        };)*
        /// All of them, for the committed table.
        pub static ALL: &[&$crate::Help] = &[$(&$name),*];
    };
}
