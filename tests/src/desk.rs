//! What the end-to-end tests share: the program itself in a temporary home, with the eyes and hands of a clinic (the
//! folder), a vendor (the machines' door), a browser (the pages) and an operator (commands).
//!
//! Always holds: everything listens on loopback; whoever drops a process ends it; a request is written by hand here,
//! so that a fault of `formats` is not made twice; nobody waits without a deadline.
//! Not here: tests; what an answer ought to be.
//! Rules come from: the reference on the OQS interface, sections 1, 3, 4.1, 7; issue 2, part G.

use base::{Date, Instant};
use formats::{
    json,
    oqs::CheckResponse,
    xml::{self, Limits},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use ureq::{
    Agent,
    http::HeaderMap,
    tls::{Certificate, ClientCert, PemItem, RootCerts, TlsConfig, parse_pem},
};

// Time ---------------------------------------------------------------------------------------------------------------

/// Looks again and again until there is something, at most so many seconds.
#[expect(clippy::disallowed_methods, reason = "the one place of the end-to-end tests that waits")]
pub fn until<T>(what: &str, seconds: u64, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(seconds), "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What something gave, and how many milliseconds it took.
#[expect(clippy::disallowed_methods, reason = "the one place of the end-to-end tests that measures")]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, u128) {
    let begun = std::time::Instant::now();
    let value = work();
    (value, begun.elapsed().as_millis())
}

/// Wall time, milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the demo under test shows the day of the wall clock")]
pub fn wall_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("not so late")
}

/// The day in Japan, so many days from now.
pub fn day(offset_days: i64) -> Date {
    Instant::from_ms(wall_ms() + offset_days * 86_400_000).date()
}

/// Chance from a seed.
pub struct Dice(pub u64);

impl Dice {
    /// A number below another (SplitMix64).
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

// Processes ----------------------------------------------------------------------------------------------------------

/// The program under test: what `./test` built, else what lies in the folder of builds.
#[expect(clippy::disallowed_methods, reason = "./test says where the built program is")]
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("SHIKAKU_BIN") {
        return named.into();
    }
    let own = std::env::current_exe().expect("this program");
    let builds = own.ancestors().nth(3).expect("target/debug/deps/tests");
    let built = ["release", "debug"].map(|kind| builds.join(kind).join("shikaku"));
    let found = built.into_iter().find(|path| path.is_file());
    found.expect("there is no built shikaku: run ./test")
}

/// Runs a program of the machine's that the tests need.
pub fn outsider(name: &str, args: &[&OsStr], input: &[u8]) -> Ran {
    let started = Command::new(name)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = started.unwrap_or_else(|e| panic!("{name} cannot be started ({e}): run ./test"));
    let _ = child.stdin.take().expect("piped").write_all(input); // whoever does not read it has ended
    let output = child.wait_with_output().expect("ended");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A process of ours, killed when dropped.
pub struct Process {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.out).expect("its output")).into_owned()
    }

    pub fn complained(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.err).expect("its errors")).into_owned()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("asked").is_some()
    }

    /// Its exit code, once it has ended by itself.
    pub fn code(&mut self) -> Option<i32> {
        self.child.try_wait().expect("asked").and_then(|status| status.code())
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let told = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(told.expect("sh").success(), "{name} could not be sent");
    }

    /// Ends it as Ctrl-C does.
    pub fn interrupt(mut self) -> ExitStatus {
        self.signal("INT");
        let status = until("the end after Ctrl-C", 30, || self.child.try_wait().expect("asked"));
        assert!(!self.complained().contains("panic"), "{}", self.complained());
        status
    }

    /// Waits for the end of a process that was killed.
    pub fn bury(mut self) {
        let status = until("the end after a kill", 30, || self.child.try_wait().expect("asked"));
        assert_eq!(status.code(), None, "ended by the signal");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A temporary folder: data directories, settings, and what every process said.
pub struct Home {
    root: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Home {
        Home { root: tempfile::Builder::new().prefix("shikaku-").tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The data directory of the first demo.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a settings file.
    pub fn settings(&self, text: &str) -> PathBuf {
        let path = self.path(&format!("settings-{}.toml", next()));
        fs::write(&path, text).expect("written");
        path
    }

    pub fn start(&self, args: &[&OsStr]) -> Process {
        let number = next();
        let (out, err) = (self.path(&format!("{number}.out")), self.path(&format!("{number}.err")));
        let file = |path: &Path| fs::File::create(path).expect("a file for what it says");
        let child = Command::new(program())
            .args(args)
            .stdin(Stdio::null())
            .stdout(file(&out))
            .stderr(file(&err))
            .spawn()
            .unwrap_or_else(|e| panic!("shikaku cannot be started ({e}): run ./test"));
        Process { child, out, err }
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&OsStr]) -> Ran {
        let mut process = self.start(args);
        let status = until("a command's end", 60, || process.child.try_wait().expect("asked"));
        Ran { code: status.code(), out: process.said(), err: process.complained() }
    }

    /// Raises a demo in a data directory, without a nation unless one is asked for.
    pub fn demo(&self, data: &Path, settings: Option<&Path>, more: &[&str]) -> Server {
        let mut args: Vec<&OsStr> =
            ["demo", "--port", "0", "--machine-port", "0", "--kiosk-port", "0", "--data"]
                .map(OsStr::new)
                .into();
        args.push(data.as_os_str());
        if !more.contains(&"--people") {
            args.extend(["--people", "0"].map(OsStr::new));
        }
        args.extend(more.iter().map(OsStr::new));
        self.server(data, settings, args)
    }

    /// Raises `serve` in a data directory.
    pub fn serve(&self, data: &Path, settings: &Path) -> Server {
        self.server(data, Some(settings), vec!["serve".as_ref(), "--data".as_ref(), data.as_os_str()])
    }

    /// Makes a demo's directory one that `serve` takes: it refuses an invented country, and says so.
    pub fn make_real(&self, data: &Path, settings: &Path) {
        let args = ["serve", "--data"].map(OsStr::new);
        let ran = self
            .run(&[args.as_slice(), &[data.as_os_str(), "--config".as_ref(), settings.as_os_str()]].concat());
        assert!(ran.code == Some(1) && ran.err.contains("demo"), "{}", ran.err);
        fs::remove_file(data.join("country-seed.txt")).expect("the demo's mark");
    }

    fn server<'a>(&self, data: &Path, settings: Option<&'a Path>, mut args: Vec<&'a OsStr>) -> Server {
        if let Some(settings) = settings {
            args.extend([OsStr::new("--config"), settings.as_os_str()]);
        }
        let mut process = self.start(&args);
        let said = until("the line `ready`", 60, || {
            assert!(!process.has_ended(), "it ended at once: {}", process.complained());
            // The demo's last line; `serve` has none after its machines.
            let last = if args.contains(&OsStr::new("demo")) { "stop  " } else { "machines" };
            Some(process.said()).filter(|said| said.contains(last))
        });
        let word = |line: &str| {
            let line = said.lines().find(|said| said.starts_with(line)).expect("the line").to_owned();
            line.split_whitespace().nth(1).unwrap_or_default().trim_end_matches('/').to_owned()
        };
        let machines = word("machines").replace("127.0.0.1", "localhost");
        Server { pages: word("ready"), machines, data: data.to_owned(), process }
    }

    /// Walks the log and wants everything to fit; gives the counts line.
    pub fn verify(&self, data: &Path, settings: Option<&Path>) -> String {
        let mut args: Vec<&OsStr> =
            vec!["audit".as_ref(), "verify".as_ref(), "--data".as_ref(), data.as_os_str()];
        if let Some(settings) = settings {
            args.extend([OsStr::new("--config"), settings.as_os_str()]);
        }
        let ran = self.run(&args);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        assert!(ran.out.contains("everything fits"), "{}", ran.out);
        ran.out
    }

    /// Stops a server as Ctrl-C does; its log is whole and nothing of it unsealed.
    pub fn stop(&self, server: Server, settings: Option<&Path>) -> String {
        let data = server.data.clone();
        let status = server.process.interrupt();
        assert_eq!(status.code(), Some(0), "Ctrl-C ends cleanly");
        let report = self.verify(&data, settings);
        assert!(report.contains("; 0 rows not sealed yet"), "{report}");
        report
    }

    /// Everything that any process said so far.
    pub fn everything_said(&self) -> String {
        let mut all = String::new();
        for entry in fs::read_dir(self.root.path()).expect("read") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "out" || end == "err") {
                all.push_str(&String::from_utf8_lossy(&fs::read(path).expect("read")));
            }
        }
        all
    }

    /// The same without the messages that `shikaku check` prints, which are answers.
    pub fn everything_said_without_answers(&self) -> String {
        let said = self.everything_said();
        let parts = said.split("<?xml").map(|part| part.rsplit("</XmlMsg>").next().unwrap_or_default());
        parts.collect::<Vec<_>>().join("\n")
    }
}

fn next() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A demo or `serve` that answers.
pub struct Server {
    /// `http://127.0.0.1:PORT`
    pub pages: String,
    /// `https://localhost:PORT`
    pub machines: String,
    pub data: PathBuf,
    pub process: Process,
}

impl Server {
    /// The demo's clinic's terminal, by its certificate.
    pub fn machine(&self) -> Machine {
        self.machine_with("terminal.pem")
    }

    /// Another clinic's, by the name of its file in `tls`.
    pub fn machine_with(&self, file: &str) -> Machine {
        let read = |name: &str| fs::read(self.data.join("tls").join(name)).expect("a PEM file");
        Machine::new(&self.machines, &read("ca.pem"), Some(&read(file)))
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.pages)
    }

    /// The institution's code in `facility.toml`.
    pub fn institution(&self) -> String {
        institution(&self.data)
    }

    /// Whether everything answers: readiness, a check, the folder.
    pub fn assert_healthy(&self) {
        assert_eq!(self.browser().get("/ready").status, 200);
        let row = &rows(&self.data)[0];
        let question = row.ask(&self.institution(), day(0));
        let answer = self.machine().check(None, &question);
        assert_eq!(answer.body.validity.as_deref(), Some("1"), "{}", row.id);
        let mark = format!("healthy{}", next());
        put(&self.data, &mark, &question.xml("UTF-8"));
        assert_eq!(read_xml(&taken(&self.data, &mark)).body.validity.as_deref(), Some("1"));
    }
}

/// The institution's code in a data directory's `facility.toml`.
pub fn institution(data: &Path) -> String {
    let text = fs::read_to_string(data.join("facility.toml")).expect("facility.toml");
    let line = text.lines().find_map(|line| line.strip_prefix("institution_code = \"")).expect("the line");
    line.trim_end_matches('"').to_owned()
}

// The folder ---------------------------------------------------------------------------------------------------------

/// Where a request of this stem lies.
pub fn request_path(data: &Path, stem: &str) -> PathBuf {
    data.join(format!("OQS/req/OQSsiquc01req_{stem}.xml"))
}

/// Where its answer will lie.
pub fn answer_path(data: &Path, stem: &str) -> PathBuf {
    data.join(format!("OQS/res/OQSsiquc01res_{stem}.xml"))
}

/// Puts a request into the folder as a careful vendor does: written aside, then renamed.
pub fn put(data: &Path, stem: &str, bytes: &[u8]) {
    let (aside, shown) = (data.join(format!("OQS/req/{stem}.tmp")), request_path(data, stem));
    fs::write(&aside, bytes).expect("written");
    fs::rename(aside, shown).expect("renamed");
}

/// Waits for an answer; it stays in the folder.
pub fn answer(data: &Path, stem: &str) -> Vec<u8> {
    let path = answer_path(data, stem);
    until(&format!("the answer {stem}"), 20, || fs::read(&path).ok())
}

/// Waits for an answer and takes it away, as clinics do.
pub fn taken(data: &Path, stem: &str) -> Vec<u8> {
    let bytes = answer(data, stem);
    fs::remove_file(answer_path(data, stem)).expect("taken away");
    bytes
}

/// The names in a folder of the share, hidden ones too.
pub fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// An answer file's message; it must be readable without a problem.
pub fn read_xml(bytes: &[u8]) -> CheckResponse {
    let (root, _) = xml::parse(bytes, &Limits::default()).expect("an answer is XML");
    let (response, problems) = CheckResponse::read(&root);
    assert_eq!(problems, []);
    response.expect("an answer has the layout's mandatory elements")
}

/// The real outsider's judgement of answer files. The interface's `Shift_JIS` is what Windows calls so (CP932, with
/// 髙 and 﨑); Debian's converter knows that as Windows-31J only, so copies say that.
pub fn xmllint(files: &[PathBuf]) {
    let aside = tempfile::tempdir().expect("a temporary folder");
    let (label, known) = (b"encoding=\"Shift_JIS\"", b"encoding=\"Windows-31J\"");
    let copies = files.iter().enumerate().map(|(number, file)| {
        let bytes = fs::read(file).expect("an answer");
        let at = bytes.windows(label.len()).position(|window| window == label);
        let bytes = at.map_or(bytes.clone(), |at| [&bytes[..at], known, &bytes[at + label.len()..]].concat());
        let copy = aside.path().join(format!("{number}.xml"));
        fs::write(&copy, bytes).expect("written");
        copy
    });
    let copies: Vec<_> = copies.collect();
    let mut args = vec![OsStr::new("--noout"), OsStr::new("--nonet")];
    args.extend(copies.iter().map(|file| file.as_os_str()));
    let ran = outsider("xmllint", &args, b"");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "xmllint");
}

// Questions ----------------------------------------------------------------------------------------------------------

/// A request as a vendor's software makes it.
#[derive(Clone, Debug, Default)]
pub struct Question {
    pub day: String,
    pub institution: String,
    pub file_mark: String,
    pub insurer: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
    pub birth: String,
    pub consent: bool,
    pub mark: String,
}

impl Question {
    fn header(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("QualificationConfirmationDate", self.day.as_str()),
            ("MedicalInstitutionCode", &self.institution),
            ("ArbitraryFileIdentifier", &self.file_mark),
        ];
        all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    fn search(&self) -> Vec<(&'static str, &str)> {
        let consent = if self.consent { "1" } else { "0" };
        let all = [
            ("InsurerNumber", self.insurer.as_str()),
            ("InsuredCardSymbol", &self.symbol),
            ("InsuredIdentificationNumber", &self.number),
            ("InsuredBranchNumber", &self.branch),
            ("Birthdate", &self.birth),
            ("LimitApplicationCertificateRelatedConsFlg", consent),
            ("SpecificDiseasesCertificateRelatedConsFlg", consent),
            ("ArbitraryIdentifier", &self.mark),
        ];
        all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// The file in `UTF-8` or `Shift_JIS`.
    pub fn xml(&self, encoding: &str) -> Vec<u8> {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let leaves = |all: Vec<(&str, &str)>| -> String {
            all.iter().map(|(name, text)| format!("<{name}>{}</{name}>\r\n", escape(text))).collect()
        };
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"{encoding}\" standalone=\"no\"?>\r\n<XmlMsg>\r\n<MessageHeader>\r\n{}\
             </MessageHeader>\r\n<MessageBody>\r\n<QualificationConfirmSearchInfo>\r\n{}\
             </QualificationConfirmSearchInfo>\r\n</MessageBody>\r\n</XmlMsg>\r\n",
            leaves(self.header()),
            leaves(self.search())
        );
        match encoding {
            "Shift_JIS" => encoding_rs::SHIFT_JIS.encode(&text).0.into_owned(),
            _ => text.into_bytes(),
        }
    }

    /// The JSON mirror.
    pub fn json(&self) -> Vec<u8> {
        let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let leaves = |all: Vec<(&str, &str)>| {
            let leaves: Vec<_> =
                all.iter().map(|(name, text)| format!("\"{name}\":{}", quote(text))).collect();
            leaves.join(",")
        };
        let (header, search) = (leaves(self.header()), leaves(self.search()));
        format!(
            "{{\"XmlMsg\":{{\"MessageHeader\":{{{header}}},\
             \"MessageBody\":{{\"QualificationConfirmSearchInfo\":{{{search}}}}}}}}}"
        )
        .into_bytes()
    }
}

/// A row of `test-patients.csv`.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub outcome: String,
    pub insurer: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
    pub birth: String,
    pub validity: String,
    pub code: String,
    pub note: String,
    pub pin: String,
    pub card_file: String,
    pub card_state: String,
    pub card_outcome: String,
    pub card_validity: String,
}

impl Row {
    /// The question that the row asks, without consent.
    pub fn ask(&self, institution: &str, day: Date) -> Question {
        Question {
            day: day.stamp8(),
            institution: institution.to_owned(),
            insurer: self.insurer.clone(),
            symbol: self.symbol.clone(),
            number: self.number.clone(),
            branch: self.branch.clone(),
            birth: self.birth.clone(),
            ..Question::default()
        }
    }
}

/// The rows of a data directory's `test-patients.csv`, which has a byte order mark and the header of the issue.
pub fn rows(data: &Path) -> Vec<Row> {
    const HEADER: &str = "id,outcome,insurer_number,symbol,number,branch,birth_date,pin,card_file,expected_validity,\
        expected_code,note,card_state,card_outcome,card_validity";
    let bytes = fs::read(data.join("test-patients.csv")).expect("test-patients.csv");
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").expect("a byte order mark");
    assert_eq!(text.split(|b| *b == b'\r').next(), Some(HEADER.as_bytes()));
    let mut reader = csv::Reader::from_reader(text);
    let row = |record: csv::StringRecord| Row {
        id: record[0].into(),
        outcome: record[1].into(),
        insurer: record[2].into(),
        symbol: record[3].into(),
        number: record[4].into(),
        branch: record[5].into(),
        birth: record[6].into(),
        validity: record[9].into(),
        code: record[10].into(),
        note: record[11].into(),
        pin: record[7].into(),
        card_file: record[8].into(),
        card_state: record[12].into(),
        card_outcome: record[13].into(),
        card_validity: record[14].into(),
    };
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

// The card reader ----------------------------------------------------------------------------------------------------

/// A tap as a vendor scripts it.
#[derive(Clone, Default)]
pub struct TapAsk<'a> {
    pub card: &'a str,
    pub pin: Option<&'a str>,
    pub agreed: &'a [&'a str],
    pub limit: bool,
    pub diseases: bool,
    pub enrol: bool,
}

/// What the reader said, and the face file's bytes when there is one.
pub struct Tapped {
    pub said: serde_json::Value,
    pub face: Option<(PathBuf, Vec<u8>)>,
}

impl Tapped {
    pub fn text(&self, name: &str) -> &str {
        self.said[name].as_str().unwrap_or_default()
    }
}

impl Server {
    /// Where the kiosk answers.
    pub fn kiosk(&self) -> String {
        fs::read_to_string(self.data.join("kiosk.txt")).expect("kiosk.txt").trim().to_owned()
    }

    /// Puts a card on the reader through the script door.
    pub fn tap(&self, ask: &TapAsk<'_>) -> Tapped {
        let said = self.tap_or_fail(ask).expect("the kiosk answers");
        let face = said["face_file"].as_str().map(|name| {
            let path = self.data.join("OQS/face").join(name);
            let bytes = until("the face file", 5, || fs::read(&path).ok());
            (path, bytes)
        });
        Tapped { said, face }
    }

    /// The same without a look at the face folder; nothing when the answer did not come whole.
    pub fn tap_or_fail(&self, ask: &TapAsk<'_>) -> Option<serde_json::Value> {
        let eye = ask.pin.is_none();
        let body = serde_json::json!({
            "card": ask.card, "pin": ask.pin, "way": if eye { "eye" } else { "pin" },
            "staff_code": eye.then_some(app::demo::EYE_CODE),
            "agreed": ask.agreed, "declined": [], "limit": ask.limit, "diseases": ask.diseases, "enrol": ask.enrol,
        });
        let config = Agent::config_builder().http_status_as_error(false).proxy(None);
        let agent: Agent = config.timeout_global(Some(Duration::from_secs(20))).build().into();
        let kiosk = fs::read_to_string(self.data.join("kiosk.txt")).ok()?;
        let request = agent.post(format!("{}/script/tap", kiosk.trim()));
        let request = request.header("Content-Type", "application/json").header("shikaku-script", "1");
        let reply = Reply::of(request.send(body.to_string()).ok()?).ok()?;
        serde_json::from_str(&reply.body).ok()
    }
}

// The machines' door -------------------------------------------------------------------------------------------------

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    fn of(mut response: ureq::http::Response<ureq::Body>) -> Result<Reply, ureq::Error> {
        let body = response.body_mut().read_to_vec()?;
        let body = String::from_utf8(body).expect("a body is UTF-8");
        Ok(Reply { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    /// A header's text; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The path of the machines' door.
pub const SEARCH: &str = "/oqs/v1/qualification/search";

/// A vendor's software with a certificate, or none.
#[derive(Clone)]
pub struct Machine {
    agent: Agent,
    url: String,
}

impl Machine {
    /// Trusts one authority and shows a certificate; connections are kept open.
    pub fn new(url: &str, ca: &[u8], own: Option<&[u8]>) -> Machine {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let (roots, _) = pem(ca);
        let own = own.map(|own| {
            let (chain, key) = pem(own);
            ClientCert::new_with_certs(&chain, key.expect("a key"))
        });
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .client_cert(own)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder().tls_config(tls).http_status_as_error(false).max_redirects(0);
        let config = config.timeout_global(Some(Duration::from_secs(20))).proxy(None).build();
        Machine { agent: config.into(), url: url.to_owned() }
    }

    pub fn get(&self, path: &str) -> Result<Reply, ureq::Error> {
        Reply::of(self.agent.get(format!("{}{path}", self.url)).call()?)
    }

    /// Posts a body under a request id.
    pub fn post(&self, key: Option<&str>, body: &[u8]) -> Result<Reply, ureq::Error> {
        self.post_to(SEARCH, key, body)
    }

    /// Posts a body to a path of the machines' door.
    pub fn post_to(&self, path: &str, key: Option<&str>, body: &[u8]) -> Result<Reply, ureq::Error> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        request = request.header("Content-Type", "application/json;charset=UTF-8");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        Reply::of(request.send(body)?)
    }

    /// Asks and reads the answer.
    pub fn check(&self, key: Option<&str>, question: &Question) -> CheckResponse {
        let reply = self.post(key, &question.json()).expect("the machines' door answers");
        assert_eq!(reply.status, 200, "{}", reply.body);
        read_json(&reply.body)
    }
}

/// An answer of the machines' door.
pub fn read_json(body: &str) -> CheckResponse {
    let root = json::parse(body.as_bytes(), &Limits { bytes: 4 << 20, ..Limits::default() })
        .expect("an answer is JSON");
    let (response, problems) = CheckResponse::read(&root);
    assert_eq!(problems, []);
    response.expect("an answer has the layout's mandatory elements")
}

fn pem(bytes: &[u8]) -> (Vec<Certificate<'static>>, Option<ureq::tls::PrivateKey<'static>>) {
    let (mut certificates, mut key) = (Vec::new(), None);
    for item in parse_pem(bytes) {
        match item.expect("PEM") {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            PemItem::PrivateKey(found) => key = Some(found),
            _ => {}
        }
    }
    (certificates, key)
}

// The pages ----------------------------------------------------------------------------------------------------------

/// A browser without script: cookies, forms, and every address that it saw.
pub struct Browser {
    agent: Agent,
    base: String,
    cookies: BTreeMap<String, String>,
    pub addresses: BTreeSet<String>,
}

impl Browser {
    pub fn new(base: &str) -> Browser {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(20))).proxy(None).build().into();
        Browser { agent, base: base.to_owned(), cookies: BTreeMap::new(), addresses: BTreeSet::new() }
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.get_as(path, None)
    }

    /// Asks under another `Host`.
    pub fn get_as(&mut self, path: &str, host: Option<&str>) -> Reply {
        let mut request = self.agent.get(format!("{}{path}", self.base)).header("Cookie", self.cookies());
        if let Some(host) = host {
            request = request.header("Host", host);
        }
        let reply = Reply::of(request.call().expect("pages answer")).expect("a body");
        self.note(path, reply)
    }

    /// Sends a form from our own page.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let origin = self.base.clone();
        self.post_from(path, Some(&origin), fields)
    }

    /// Sends JSON as a program beside our own page does.
    pub fn send_json(&mut self, path: &str, body: &serde_json::Value) -> Reply {
        let request = self.agent.post(format!("{}{path}", self.base)).header("Origin", &self.base);
        let request = request.header("Content-Type", "application/json;charset=UTF-8");
        let reply = Reply::of(request.send(body.to_string()).expect("pages answer")).expect("a body");
        self.note(path, reply)
    }

    /// Sends a form that says it comes from somewhere.
    pub fn post_from(&mut self, path: &str, origin: Option<&str>, fields: &[(&str, &str)]) -> Reply {
        let mut request = self.agent.post(format!("{}{path}", self.base)).header("Cookie", self.cookies());
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let reply = Reply::of(request.send(form(fields)).expect("pages answer")).expect("a body");
        self.note(path, reply)
    }

    fn note(&mut self, path: &str, reply: Reply) -> Reply {
        self.addresses.insert(path.to_owned());
        self.addresses.extend(Some(reply.header("location").to_owned()));
        for mark in ["href=\"", "action=\"", "src=\""] {
            self.addresses.extend(quoted(&reply.body, mark).map(str::to_owned));
        }
        for set in reply.headers.get_all("set-cookie") {
            let set = set.to_str().expect("text").split(';').next().unwrap_or_default();
            if let Some((name, value)) = set.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    fn cookies(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// The values of its cookies.
    pub fn cookie_values(&self) -> impl Iterator<Item = &str> {
        self.cookies.values().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Sits down at a desk of the demo and gives the session's token for forms.
    pub fn sit(&mut self, role: &str) -> String {
        self.cookies.remove("shikaku");
        let reply = self.post(&format!("/desks/{role}"), &[]);
        assert_eq!(reply.status, 303, "{role}");
        csrf(&self.get("/status").body)
    }
}

/// The token in a page's forms.
pub fn csrf(body: &str) -> String {
    quoted(body, "name=\"csrf\" value=\"")
        .find(|token| !token.is_empty())
        .expect("a form with a token")
        .to_owned()
}

/// What stands in quotes behind a mark, wherever it stands.
pub fn quoted<'b>(body: &'b str, mark: &'static str) -> impl Iterator<Item = &'b str> {
    body.split(mark).skip(1).filter_map(|rest| rest.split('"').next())
}

/// A form's body.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
