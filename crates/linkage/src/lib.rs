//! Finding the same person in two files by four or five attributes (4情報・5情報), millions of times, with reasons.
//!
//! Always holds: rules give the same answer for one person as for millions; the same input gives the same bytes on any
//! number of threads; nothing is decided by order; no name, number or address is in a log, an error or a panic.
//! Not here: the command line and its clock (app); what an insurer does with a link.
//! Rules come from: docs/rules.md S5 r2, S8 r5 (7) and r8; the reference on matching, sections 1 to 5.
//!
//! # Comparing two persons
//!
//! ```
//! use linkage::{Form, Grade, Lang, Rarity, Texts, decide, explain_pair};
//!
//! let person = |name: &str, birth: &str, address: &str| {
//!     Form::of(&Texts {
//!         names: vec![name.to_owned()],
//!         names_used: 1,
//!         birth: birth.to_owned(),
//!         sex: "女".to_owned(),
//!         address: address.to_owned(),
//!         ..Texts::default()
//!     })
//! };
//! let a = person("髙橋　花子", "昭和30年3月12日", "京都府宇治市本町2丁目1番5号 宇治荘203");
//! let b = person("高橋花子", "1955-03-12", "宇治市本町２－１－５");
//!
//! let levels = a.compare(&b);
//! assert_eq!(levels.codes(), "N2 K- B1 S1 A2 I-");
//! let decision = decide(&levels, Rarity::BELIEVED);
//! assert_eq!(decision.grade, Grade::Link);
//! for line in explain_pair(&levels, Rarity::BELIEVED, &decision, Lang::Ja) {
//!     println!("{line}");
//! }
//! ```
//!
//! # Looking one person up
//!
//! ```
//! use linkage::{Form, Grade, Index, Texts};
//!
//! let person = |name: &str, kana: &str| {
//!     Form::of(&Texts {
//!         names: vec![name.to_owned()],
//!         names_used: 1,
//!         kana: kana.to_owned(),
//!         birth: "H2.4.8".to_owned(),
//!         sex: "1".to_owned(),
//!         address: "宇治市本町2-1-5".to_owned(),
//!         ..Texts::default()
//!     })
//! };
//! // Twins. Millions of rows are opened from a file instead: `Index::open`.
//! let index = Index::of([(10, person("山田　太一", "ヤマダ　タイチ")), (11, person("山田　大一", "ヤマダ　ダイイチ"))]);
//!
//! let found = index.find(&person("山田太一", "ﾔﾏﾀﾞﾀｲﾁ"));
//! assert_eq!((found.grade, found.candidates[0].row), (Grade::Link, 10));
//! let third = index.find(&person("山田　三郎", "ヤマダ　サブロウ"));
//! assert_eq!(third.grade, Grade::NoLink);
//! ```
//!
//! # Linking two files
//!
//! A [`Spec`] says which columns hold what, a [`Job`] which files are meant, and [`run`] writes links, review cases, what
//! was not linked, and a summary into a folder. A [`Watch`] is told how far it is and can stop it; called again, it goes on.
//!
//! ```
//! use linkage::{Job, Spec, Stage, Watch, run};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (a, b) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
//! std::fs::write(&a, "番号,氏名,生年月日,性別,住所\n1,髙橋　花子,昭和30年3月12日,女,京都府宇治市本町2丁目1番5号\n")?;
//! std::fs::write(&b, "氏名,性別,生年月日,住所\n高橋花子,2,1955-03-12,宇治市本町２－１－５\n")?;
//!
//! let columns = r#"
//!     name = ["氏名"]
//!     birth = ["生年月日"]
//!     sex = ["性別"]
//!     address = ["住所"]
//! "#;
//! let spec = Spec::parse(&format!("[a]\nkey = \"番号\"\n{columns}\n[b]\n{columns}")).map_err(|errors| format!("{errors:?}"))?;
//! let out = folder.path().join("out");
//! let job = Job { a, b, spec, out: out.clone(), threads: 2, memory: 1 << 30, replace: false, at: None };
//!
//! struct Patient;
//! impl Watch for Patient {
//!     fn progress(&self, _: Stage, _: u64, _: u64) {}
//!     fn stop(&self) -> bool {
//!         false
//!     }
//! }
//! let summary = run(&job, &Patient).map_err(|stopped| format!("{stopped:?}"))?;
//! assert_eq!(summary.a.linked_all(), 1);
//! assert!(out.join("links.csv").exists());
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_code)]

mod address;
mod birth;
mod engine;
mod form;
mod keys;
mod levels;
mod lookup;
mod outcome;
mod output;
mod problem;
mod rules;
mod sex;
mod source;
pub mod spec;
#[cfg(test)]
mod tables_doc;
mod text;

pub use engine::{Job, Stage, Stopped, Watch, run};
pub use form::{Doubts, Form, Texts};
pub use keys::{KINDS, Kind};
pub use levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel, SexLevel, StrongLevel};
pub use lookup::{Candidate, Found, Index};
pub use outcome::{Cause, Tier};
pub use output::{Counts, Explained, Summary, Which, Written, explain, normalise};
pub use problem::{Problem, ProblemCode, Problems, Severity};
pub use rules::{Decision, Grade, Lang, RELEASE, Rarity, Reason, decide, explain as explain_pair, rivals};
pub use source::{Closed, Header, header};
pub use spec::{Layout, Side, Spec, SpecError};
