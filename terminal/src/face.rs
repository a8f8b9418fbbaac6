//! Results of the card reader on their way into the face folder, which nobody asked for by a file.
//!
//! One result is one folder in the kept folder's `face/`, named by the key of its request:
//!
//! | in the folder   | state                                                          |
//! |-----------------|----------------------------------------------------------------|
//! | nothing whole   | the kiosk has not shown it: thrown away at the next start      |
//! | `plan`          | to be placed                                                   |
//! | `plan`, `out`   | placed: to be shown, unless it was                             |
//! | `<key>.gone`    | finished: being removed                                        |
//!
//! Always holds: a result that is kept comes into the face folder exactly once, however often its answer is fetched,
//! wherever the process is killed and however long the share is away. A share that hangs delays nobody but the one
//! thread that delivers: nothing that others lock is held over reading and writing there. An answer about another
//! institution is never written. No name, number or file name is in a log line.
//! Not here: what is in a result (the server), who takes it away (the clinic's system).
//! Rules come from: the reference on the OQS interface, sections 1.2, 3, 4.3 and 6.1; docs/rules.md S1 r1.

use crate::folder::{self, Delivery};
use crate::{AnswerEncoding, codes, rules};
use formats::json;
use formats::oqs::CheckResponse;
use formats::xml::{self, Encoding, Limits};
use serde_json::Value;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What every face file's name begins with; all that clients look at.
pub const PREFIX: &str = "OQSsiquc01res_face_";

const PLAN: &str = "plan";
const OUT: &str = "out";
const LOCK: &str = "lock";
/// Finished keys that are remembered, in case an answer is fetched once more.
const DONE_MAX: usize = 1_000;
/// Bytes of the largest result.
const BYTES_MAX: usize = 4 << 20;

/// Where results go and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The face folder.
    pub face: PathBuf,
    /// The kept folder; results on their way are in its `face`.
    pub kept: PathBuf,
    /// The institution's ten-digit code.
    pub institution_code: String,
    /// How they are written; there is no request to be the same as, so that means UTF-8.
    pub encoding: AnswerEncoding,
    /// Written in place instead of renamed.
    pub write_in_place: bool,
}

/// What the terminal gives to a result.
pub struct Marks {
    /// The key of the request; letters, digits and hyphens.
    pub key: String,
    /// Twenty letters and digits for the name.
    pub name: String,
    /// `ArbitraryFileIdentifier`.
    pub identifier: String,
    /// Now, for a result that does not say when it was made.
    pub utc_ms: i64,
}

/// Why a result cannot be kept.
#[derive(Debug)]
pub enum Fault {
    /// It is no result for this institution.
    NotOurs,
    /// It cannot be written.
    Unwritable(io::Error),
}

/// The results on their way.
pub struct Faces {
    settings: Settings,
    own: PathBuf,
    work: Mutex<Work>,
    /// Somebody calls the thread that delivers.
    called: Condvar,
    /// A result is in the face folder.
    shown: Condvar,
    /// One result is kept at a time. Held over the local disk only.
    keeping: Mutex<()>,
    /// One thread delivers at a time. Held over the share, so nobody waits for it.
    delivering: Mutex<()>,
    _lock: File,
    #[cfg(test)]
    killed_at: Mutex<Option<Step>>,
    /// A share that hangs until the test lets go.
    #[cfg(test)]
    pub(crate) hangs: Mutex<Option<std::sync::mpsc::Receiver<()>>>,
}

/// Lists of names, locked for a moment only.
#[derive(Default)]
struct Work {
    kept: Vec<Kept>,
    /// Key and file name.
    done: VecDeque<(String, String)>,
    is_called: bool,
}

#[derive(Clone)]
struct Kept {
    key: String,
    target: String,
    /// What kept it back the last time, as it was logged.
    stuck: Option<ErrorKind>,
}

/// Between which steps a test kills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Kept,
    Placed,
    Noted,
    Shown,
}

struct Plan {
    in_place: bool,
    target: String,
    bytes: Vec<u8>,
}

impl Faces {
    /// Opens the folders and finds what is unfinished; [`Faces::deliver`] goes on with it.
    ///
    /// # Errors
    /// A folder cannot be made or read, or another terminal has it.
    pub fn open(settings: Settings) -> io::Result<Faces> {
        let own = settings.kept.join("face");
        fs::create_dir_all(&settings.face)?;
        fs::create_dir_all(&own)?;
        let lock = File::create(own.join(LOCK))?;
        lock.try_lock()
            .map_err(|_| io::Error::new(ErrorKind::WouldBlock, "another terminal has these results"))?;
        let mut work = Work::default();
        for entry in fs::read_dir(&own)? {
            let entry = entry?;
            let Ok(key) = entry.file_name().into_string() else { continue };
            if !entry.file_type()?.is_dir() {
                continue;
            }
            match read_plan(&own.join(&key)) {
                Ok(Some(plan)) if !key.ends_with(".gone") => {
                    work.kept.push(Kept { key, target: plan.target, stuck: None });
                }
                // Unreadable for now is not the same as never whole.
                Err(e) => return Err(e),
                _ => fs::remove_dir_all(own.join(&key))?,
            }
        }
        Ok(Faces {
            settings,
            own,
            work: Mutex::new(work),
            called: Condvar::new(),
            shown: Condvar::new(),
            keeping: Mutex::default(),
            delivering: Mutex::default(),
            _lock: lock,
            #[cfg(test)]
            killed_at: Mutex::new(None),
            #[cfg(test)]
            hangs: Mutex::default(),
        })
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        // A list of names is whole whenever it is unlocked.
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a result, so that it will be in the face folder whatever happens from here on, and calls the thread that
    /// delivers. Gives its file name; that of the first time when its key was kept before.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn keep(&self, marks: &Marks, face: &Value) -> Result<String, Fault> {
        let _one = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = self.known(&marks.key) {
            return Ok(target);
        }
        let plan = self.plan(marks, face).ok_or(Fault::NotOurs)?;
        self.write_plan(&marks.key, &plan).map_err(Fault::Unwritable)?;
        let kept = Kept { key: marks.key.clone(), target: plan.target.clone(), stuck: None };
        self.work().kept.push(kept);
        self.call();
        Ok(plan.target)
    }

    fn known(&self, key: &str) -> Option<String> {
        let work = self.work();
        let kept = work.kept.iter().find(|kept| kept.key == key).map(|kept| &kept.target);
        kept.or_else(|| work.done.iter().find(|(done, _)| done == key).map(|(_, target)| target)).cloned()
    }

    /// Calls the thread that delivers.
    pub fn call(&self) {
        self.work().is_called = true;
        self.called.notify_all();
    }

    /// Waits until [`Faces::call`], or as long as this at most.
    pub fn wait_for_call(&self, at_most: Duration) {
        let waited = self.called.wait_timeout_while(self.work(), at_most, |work| !work.is_called);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_called = false;
    }

    /// Waits until a result that was kept is in the face folder, or as long as this at most.
    pub fn wait_until_shown(&self, target: &str, at_most: Duration) {
        let waits = |work: &mut Work| work.kept.iter().any(|kept| kept.target == target);
        drop(self.shown.wait_timeout_while(self.work(), at_most, waits));
    }

    /// The result as it will be written; `None` when it is none, or not for us.
    fn plan(&self, marks: &Marks, face: &Value) -> Option<Plan> {
        let limits = Limits { bytes: BYTES_MAX, ..Limits::default() };
        let mut response = CheckResponse::read(&json::parse(face.to_string().as_bytes(), &limits).ok()?).0?;
        let header = &mut response.header;
        if header.institution != self.settings.institution_code {
            return None;
        }
        let encoding = self.settings.encoding.for_request(Encoding::Utf8);
        header.character_code = encoding.code().to_owned();
        header.file_identifier = Some(marks.identifier.clone());
        let told = header.executed_at.len() == 14 && header.executed_at.bytes().all(|b| b.is_ascii_digit());
        let stamp = if told { header.executed_at.clone() } else { rules::stamp14(marks.utc_ms) };
        // Nobody asked by a file, so there is nothing to echo.
        response.body.search = None;
        let mut rendered = xml::render(&response.write(), encoding);
        if !rendered.substituted.is_empty() && response.body.code.is_none() {
            response.body.code = Some(codes::SUBSTITUTED.code.to_owned());
            response.body.message = Some(codes::SUBSTITUTED.say(""));
            rendered = xml::render(&response.write(), encoding);
        }
        let target = format!("{PREFIX}{}{}_{stamp}.xml", self.settings.institution_code, marks.name);
        Some(Plan { in_place: self.settings.write_in_place, target, bytes: rendered.bytes })
    }

    fn write_plan(&self, key: &str, plan: &Plan) -> io::Result<()> {
        let own = self.own.join(key);
        fs::create_dir_all(&own)?;
        let way = if plan.in_place { "in-place" } else { "rename" };
        let mut bytes = format!("{way}\n{}\n", plan.target).into_bytes();
        bytes.extend_from_slice(&plan.bytes);
        folder::write_synced(&own.join(".plan"), &bytes)?;
        fs::rename(own.join(".plan"), own.join(PLAN))?;
        folder::sync_folder(&own);
        folder::sync_folder(&self.own);
        Ok(())
    }

    /// Brings everything that is kept into the face folder, as far as that goes now. For the thread that delivers:
    /// it takes as long as the share takes. Does nothing while another one is at it.
    pub fn deliver(&self) {
        let Ok(_one) = self.delivering.try_lock() else { return };
        let all = self.work().kept.clone();
        for kept in all {
            let brought = self.bring(&kept.key);
            self.note(&kept, brought.err().map(|e| e.kind()));
        }
    }

    /// Notes what came of a result. What keeps it back is logged when it changes, not at each try.
    fn note(&self, kept: &Kept, stuck: Option<ErrorKind>) {
        let key = kept.key.as_str();
        let mut work = self.work();
        let Some(at) = work.kept.iter().position(|other| other.key == key) else { return };
        if stuck.is_some() {
            work.kept[at].stuck = stuck;
        } else {
            work.kept.remove(at);
            work.done.push_back((kept.key.clone(), kept.target.clone()));
            if work.done.len() > DONE_MAX {
                work.done.pop_front();
            }
            self.shown.notify_all();
        }
        drop(work);
        match stuck {
            None => tracing::info!(key, "terminal.face-shown"),
            Some(kind) if kept.stuck != stuck => tracing::warn!(key, ?kind, "terminal.face-stuck"),
            Some(_) => {}
        }
    }

    /// Results that are not in the face folder yet.
    pub fn waiting(&self) -> usize {
        self.work().kept.len()
    }

    /// Brings one result to its end from whatever state.
    fn bring(&self, key: &str) -> io::Result<()> {
        let own = self.own.join(key);
        let plan = read_plan(&own)?.ok_or(ErrorKind::NotFound)?;
        let folder = self.settings.face.as_path();
        let delivery = Delivery { folder, id: key, target: &plan.target, in_place: plan.in_place };
        #[cfg(test)]
        let gate = self.hangs.lock().unwrap_or_else(PoisonError::into_inner).take();
        #[cfg(test)]
        if let Some(gate) = gate {
            let _ = gate.recv();
        }
        self.step(Step::Kept)?;
        if !folder::is_there(&own.join(OUT)) {
            delivery.place(&plan.bytes)?;
            self.step(Step::Placed)?;
            folder::write_synced(&own.join(OUT), b"")?;
            folder::sync_folder(&own);
        }
        self.step(Step::Noted)?;
        delivery.show(&plan.bytes)?;
        self.step(Step::Shown)?;
        let gone = self.own.join(format!("{key}.gone"));
        fs::rename(&own, &gone)?;
        fs::remove_dir_all(gone)
    }

    #[cfg(not(test))]
    fn step(&self, _: Step) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    fn step(&self, step: Step) -> io::Result<()> {
        let killed = *self.killed_at.lock().unwrap_or_else(PoisonError::into_inner) == Some(step);
        if killed { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

fn read_plan(own: &Path) -> io::Result<Option<Plan>> {
    let bytes = match folder::read_bounded(&own.join(PLAN), BYTES_MAX * 2) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        read => read?.unwrap_or_default(),
    };
    let mut parts = bytes.splitn(3, |b| *b == b'\n');
    let (Some(way), Some(target), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    let Ok(target) = String::from_utf8(target.to_vec()) else { return Ok(None) };
    Ok(Some(Plan { in_place: way == b"in-place", target, bytes: rest.to_vec() }))
}

/// Twenty letters and digits from as many random bytes.
pub fn name_of(random: &[u8; 20]) -> String {
    const SIGNS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    random.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect()
}

/// A short mark as readers give, base64 that ends in `=`.
pub fn identifier_of(random: &[u8; 11]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OWN: &str = "1310000001";

    struct Clinic {
        dir: tempfile::TempDir,
        settings: Settings,
    }

    impl Clinic {
        fn new() -> Clinic {
            let dir = tempfile::tempdir().unwrap();
            let settings = Settings {
                face: dir.path().join("OQS/face"),
                kept: dir.path().join("kept"),
                institution_code: OWN.to_owned(),
                encoding: AnswerEncoding::SameAsRequest,
                write_in_place: false,
            };
            Clinic { dir, settings }
        }

        fn open(&self) -> Faces {
            Faces::open(self.settings.clone()).unwrap()
        }

        fn shown(&self) -> Vec<String> {
            names(&self.settings.face)
        }

        fn kept(&self) -> Vec<String> {
            names(&self.dir.path().join("kept/face")).into_iter().filter(|name| name != LOCK).collect()
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn face(name: &str) -> Value {
        json!({"XmlMsg": {
            "MessageHeader": {"ProcessExecutionTime": "20261127101500", "QualificationConfirmationDate": "20261127",
                "MedicalInstitutionCode": OWN, "ReferenceClassification": "1", "SegmentOfResult": "1",
                "CharacterCodeIdentifier": "0", "ArbitraryFileIdentifier": "of the server"},
            "MessageBody": {"ProcessingResultStatus": "1", "QualificationValidity": "1", "PrescriptionIssueSelect": "2",
                "ResultList": [{"ResultOfQualificationConfirmation": {"InsuredCardClassification": "01",
                    "InsurerNumber": "  990001", "InsuredIdentificationNumber": "1001", "Name": name, "Sex1": "2",
                    "Birthdate": "19800401", "InsurerName": "架空健康保険組合",
                    "PharmacistsInfoConsFlg": "1", "PharmacistsInfoConsTime": "20261127101500",
                    "PharmacistsInfoAvailableTime": "20261128101500", "ReferenceNumber": "000123"}}]}}})
    }

    fn marks(key: &str) -> Marks {
        Marks { key: key.to_owned(), name: name_of(&[7; 20]), identifier: identifier_of(&[9; 11]), utc_ms: 0 }
    }

    #[test]
    fn s1_r1_a_result_lands_under_its_name_with_the_terminals_marks() {
        let clinic = Clinic::new();
        let faces = clinic.open();
        let name = faces.keep(&marks("a"), &face("試験　花子")).unwrap();
        assert_eq!(name, "OQSsiquc01res_face_131000000177777777777777777777_20261127101500.xml");
        assert!(clinic.shown().is_empty());
        faces.deliver();
        assert_eq!(clinic.shown(), std::slice::from_ref(&name));
        let bytes = fs::read(clinic.settings.face.join(name)).unwrap();
        let (root, encoding) = xml::parse(&bytes, &Limits::default()).unwrap();
        let response = CheckResponse::read(&root).0.unwrap();
        assert_eq!((encoding, response.header.character_code.as_str()), (Encoding::Utf8, "0"));
        assert!(response.header.file_identifier.unwrap().ends_with('='));
        assert!(response.body.search.is_none() && response.body.prescription.as_deref() == Some("2"));
        let row = &response.body.results[0];
        assert_eq!((row.name.as_str(), row.insurer_number.as_str()), ("試験　花子", "  990001"));
        assert!(bytes.windows(28).any(|part| part == b"PharmacistsInfoAvailableTime"));
        assert!(clinic.kept().is_empty());
    }

    #[test]
    fn shift_jis_says_what_it_lacks() {
        let mut clinic = Clinic::new();
        clinic.settings.encoding = AnswerEncoding::ShiftJis;
        let faces = clinic.open();
        let name = faces.keep(&marks("a"), &face("\u{20bb7}田　花子")).unwrap();
        faces.deliver();
        let bytes = fs::read(clinic.settings.face.join(name)).unwrap();
        let (root, encoding) = xml::parse(&bytes, &Limits::default()).unwrap();
        let response = CheckResponse::read(&root).0.unwrap();
        assert_eq!((encoding, response.header.character_code.as_str()), (Encoding::ShiftJis, "1"));
        assert_eq!(response.body.code.as_deref(), Some(codes::SUBSTITUTED.code));
        assert!(!response.body.results[0].name.contains('\u{20bb7}'));
    }

    #[test]
    fn killed_between_any_two_steps_a_result_is_shown_once() {
        for step in [Step::Kept, Step::Placed, Step::Noted, Step::Shown] {
            for in_place in [false, true] {
                let what = format!("{step:?}, in place {in_place}");
                let mut clinic = Clinic::new();
                clinic.settings.write_in_place = in_place;
                let faces = clinic.open();
                let name = faces.keep(&marks("a"), &face("試験　花子")).unwrap();
                *faces.killed_at.lock().unwrap() = Some(step);
                faces.deliver();
                assert_eq!(faces.waiting(), 1, "{what}");
                drop(faces);
                // The clinic takes a whole result as soon as it sees one.
                let path = clinic.settings.face.join(&name);
                let mut taken = 0;
                let mut take = || {
                    if fs::metadata(&path).is_ok_and(|facts| facts.len() > 0) {
                        fs::remove_file(&path).unwrap();
                        taken += 1;
                    }
                };
                take();
                for _ in 0..2 {
                    let faces = clinic.open();
                    faces.deliver();
                    assert_eq!(faces.waiting(), 0, "{what}");
                    take();
                }
                assert_eq!(taken, 1, "{what}");
                assert!(clinic.shown().is_empty() && clinic.kept().is_empty(), "{what}");
            }
        }
    }

    #[test]
    fn an_answer_fetched_twice_is_one_result() {
        let clinic = Clinic::new();
        let faces = clinic.open();
        let name = faces.keep(&marks("a"), &face("試験　花子")).unwrap();
        let other = Marks { name: name_of(&[8; 20]), ..marks("a") };
        assert_eq!(faces.keep(&other, &face("試験　花子")).unwrap(), name);
        faces.deliver();
        assert_eq!(faces.keep(&other, &face("試験　花子")).unwrap(), name);
        faces.deliver();
        assert_eq!(clinic.shown(), [name]);
    }

    #[test]
    fn what_was_not_kept_in_full_is_thrown_away_at_the_start() {
        let clinic = Clinic::new();
        drop(clinic.open());
        fs::create_dir_all(clinic.dir.path().join("kept/face/a")).unwrap();
        fs::write(clinic.dir.path().join("kept/face/a/.plan"), "rename\n").unwrap();
        fs::create_dir_all(clinic.dir.path().join("kept/face/b.gone")).unwrap();
        let faces = clinic.open();
        faces.deliver();
        assert!(clinic.kept().is_empty() && clinic.shown().is_empty());
        assert!(Faces::open(clinic.settings.clone()).is_err(), "two terminals have one folder");
    }

    #[test]
    fn a_share_that_is_away_delays_and_loses_nothing() {
        let clinic = Clinic::new();
        let faces = clinic.open();
        fs::remove_dir_all(&clinic.settings.face).unwrap();
        faces.keep(&marks("a"), &face("試験　花子")).unwrap();
        faces.deliver();
        assert_eq!(faces.waiting(), 1);
        fs::create_dir_all(&clinic.settings.face).unwrap();
        faces.deliver();
        assert_eq!((faces.waiting(), clinic.shown().len()), (0, 1));
    }

    #[test]
    fn a_share_that_hangs_delays_neither_keeping_nor_looking() {
        let clinic = Clinic::new();
        let faces = clinic.open();
        let (open, gate) = std::sync::mpsc::channel();
        *faces.hangs.lock().unwrap() = Some(gate);
        let first = faces.keep(&marks("a"), &face("試験　花子")).unwrap();
        std::thread::scope(|scope| {
            let courier = scope.spawn(|| faces.deliver());
            while faces.hangs.lock().is_ok_and(|gate| gate.is_some()) {
                std::thread::yield_now();
            }
            let other = Marks { name: name_of(&[8; 20]), ..marks("b") };
            faces.keep(&other, &face("試験　花子")).unwrap();
            assert_eq!(faces.keep(&marks("a"), &face("試験　花子")).unwrap(), first);
            // Nobody else waits there either.
            faces.deliver();
            assert_eq!((faces.waiting(), clinic.shown().len()), (2, 0));
            open.send(()).unwrap();
            courier.join().unwrap();
        });
        faces.deliver();
        assert_eq!((faces.waiting(), clinic.shown().len()), (0, 2));
        faces.wait_until_shown(&first, Duration::from_secs(60));
    }

    #[test]
    fn what_keeps_a_result_back_is_logged_when_it_changes() {
        let log = crate::tests::Log::default();
        let _second = tracing::Dispatch::new(crate::tests::Log::default());
        tracing::callsite::rebuild_interest_cache();
        tracing::subscriber::with_default(log.clone(), || {
            let clinic = Clinic::new();
            let faces = clinic.open();
            faces.keep(&marks("a"), &face("試験　花子")).unwrap();
            for killed in [Some(Step::Kept), None] {
                *faces.killed_at.lock().unwrap() = killed;
                fs::remove_dir_all(&clinic.settings.face).unwrap_or_default();
                for _ in 0..5 {
                    faces.deliver();
                }
            }
        });
        assert_eq!(log.0.lock().unwrap().matches("terminal.face-stuck").count(), 2);
    }

    #[test]
    fn results_of_another_institution_and_nonsense_are_not_written() {
        let clinic = Clinic::new();
        let faces = clinic.open();
        let mut foreign = face("試験　花子");
        foreign["XmlMsg"]["MessageHeader"]["MedicalInstitutionCode"] = json!("1310000002");
        for bad in [foreign, json!({}), json!({"XmlMsg": []}), json!("text")] {
            assert!(matches!(faces.keep(&marks("a"), &bad), Err(Fault::NotOurs)));
        }
        assert!(clinic.kept().is_empty());
    }
}
