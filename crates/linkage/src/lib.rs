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
//!         names: vec![name.to_owned()], // and 通称, 旧氏 behind it
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
//! # Linking two files
//!
//! A [`Spec`] says which columns hold what, a [`Job`] which files are meant, and [`run`] writes links, review cases, what
//! was not linked, and a summary into a folder. A [`Watch`] is told how far it is and can stop it; called again, it goes
//! on. `()` watches nothing. Whatever goes wrong turns into [`Failed`].
//!
//! ```
//! use linkage::{Failed, Job, Spec, Summary, run};
//! use std::path::Path;
//!
//! const COLUMNS: &str = r#"
//!     name = ["氏名"]
//!     birth = ["生年月日"]
//!     sex = ["性別"]
//!     address = ["住所"]
//! "#;
//!
//! /// Links a.csv and b.csv of a folder.
//! fn link(folder: &Path) -> Result<Summary, Failed> {
//!     let spec = Spec::parse(&format!("[a]\nkey = \"番号\"\n{COLUMNS}\n[b]\n{COLUMNS}"))?;
//!     let job = Job {
//!         a: folder.join("a.csv"),
//!         b: folder.join("b.csv"),
//!         spec,
//!         out: folder.join("out"),
//!         threads: 2,
//!         memory: 1 << 30,
//!         replace: false,
//!         at: None,
//!     };
//!     Ok(run(&job, &())?)
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! std::fs::write(
//!     folder.join("a.csv"),
//!     "番号,氏名,生年月日,性別,住所\n1,髙橋　花子,昭和30年3月12日,女,京都府宇治市本町2丁目1番5号\n",
//! )?;
//! std::fs::write(
//!     folder.join("b.csv"),
//!     "氏名,性別,生年月日,住所\n高橋花子,2,1955-03-12,宇治市本町２－１－５\n",
//! )?;
//! assert_eq!(link(folder)?.a.linked_all(), 1);
//! assert!(folder.join("out/links.csv").exists());
//! # Ok(())
//! # }
//! ```
//!
//! # Looking one person up
//!
//! [`Index::open`] reads a file once and answers for as long as it lives; people who are there already go into
//! [`Index::of`]. What was wrong with the file's rows is in [`Index::problems`].
//!
//! ```
//! use linkage::{Failed, Form, Grade, Index, Spec, Texts};
//! use std::path::Path;
//!
//! /// The line of the one row of a file that is this person.
//! fn line_of(file: &Path, spec: &Spec, person: &Texts) -> Result<Option<u64>, Failed> {
//!     let index = Index::open(file, &spec.b, 2)?;
//!     let found = index.find(&Form::of(person));
//!     Ok((found.grade == Grade::Link).then(|| found.candidates[0].line))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let columns = "name = [\"氏名\"]\nkana = [\"カナ\"]\nbirth = [\"生年月日\"]\naddress = [\"住所\"]\n";
//! let spec = Spec::parse(&format!("[a]\n{columns}[b]\n{columns}")).map_err(Failed::from)?;
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("b.csv");
//! // Twins.
//! std::fs::write(
//!     &file,
//!     "氏名,カナ,生年月日,住所\n\
//!      山田　太一,ヤマダ　タイチ,H2.4.8,宇治市本町2-1-5\n\
//!      山田　大一,ヤマダ　ダイイチ,H2.4.8,宇治市本町2-1-5\n",
//! )?;
//! let person = |name: &str, kana: &str| Texts {
//!     names: vec![name.to_owned()],
//!     kana: kana.to_owned(),
//!     birth: "1990-04-08".to_owned(),
//!     address: "京都府宇治市本町２丁目１番５号".to_owned(),
//!     ..Texts::default()
//! };
//! assert_eq!(line_of(&file, &spec, &person("山田太一", "ﾔﾏﾀﾞﾀｲﾁ"))?, Some(2));
//! assert_eq!(line_of(&file, &spec, &person("山田三郎", "ﾔﾏﾀﾞｻﾌﾞﾛｳ"))?, None);
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_code)]

mod address;
mod birth;
mod engine;
mod errors;
mod form;
mod keys;
mod levels;
mod lookup;
mod outcome;
mod output;
mod problem;
mod rules;
mod sex;
mod soon;
mod source;
pub mod spec;
#[cfg(test)]
mod tables_doc;
mod text;

pub use base::Fault;
pub use birth::BirthDoubt;
pub use engine::{Handled, Job, Measure, Stage, Stopped, WORK_FOLDER, Watch, run};
pub use errors::Failed;
pub use form::{Doubts, Form, Texts};
pub use levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel, SexLevel, StrongLevel};
pub use lookup::{Candidate, Found, Index};
pub use outcome::{Cause, Tier};
pub use output::{Counts, Explained, Looked, Summary, Which, Written, explain, look, normalise};
pub use problem::{Problem, ProblemCode, Problems, Severity};
pub use rules::{Decision, Grade, Lang, RELEASE, Rarity, Reason, decide, explain as explain_pair};
pub use source::{Closed, Header, header};
pub use spec::{Layout, Side, Spec, SpecError};

/// Watches nothing and never stops.
impl Watch for () {
    fn progress(&self, _: Stage, _: u64, _: u64, _: Handled) {}

    fn stop(&self) -> bool {
        false
    }
}
