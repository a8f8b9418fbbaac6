//! What the end-to-end tests about cards share: a card on the pages of the two readers, signing in at one's own pages,
//! the clinic's own patient numbers through the folder, and proofs made by hand with OpenSSL.
//!
//! Always holds: forms are sent as a browser sends them, with the token of the page before; no PIN is kept.
//! Not here: tests; the vendor's script door (`desk`).
//! Rules come from: docs/rules.md S1 r1, S3 r1; docs/vendors.md, "Card reader".

use crate::desk::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

// The readers' pages -------------------------------------------------------------------------------------------------

/// Which of the two readers.
#[derive(Clone, Copy, PartialEq)]
pub enum Side {
    /// The clinic's.
    Kiosk,
    /// A citizen's own.
    Reader,
}

impl Side {
    fn base(self) -> &'static str {
        match self {
            Side::Kiosk => "",
            Side::Reader => "/reader",
        }
    }

    fn home(self) -> &'static str {
        match self {
            Side::Kiosk => "/",
            Side::Reader => "/reader",
        }
    }
}

/// A browser before a reader, with a card in it.
pub struct Seat {
    pub browser: Browser,
    side: Side,
    page: String,
}

impl Seat {
    /// Puts a card on a reader, by the stem of its file; at one's own, for the sign-in of this text.
    pub fn with_card(server: &Server, side: Side, stem: &str, sign_in: &str) -> Seat {
        let mut browser = Browser::new(&server.kiosk());
        let path = match sign_in {
            "" => side.home().to_owned(),
            text => format!("{}?n={text}", side.home()),
        };
        let page = browser.get(&path).body;
        let token = token(&page);
        let fields = [("token", token.as_str()), ("n", sign_in), ("card", stem)];
        let reply = browser.post(&format!("{}/card", side.base()), &fields);
        assert_eq!(reply.status, 303, "a card can be chosen");
        let page = browser.get(reply.header("location")).body;
        Seat { browser, side, page }
    }

    /// The page as it is.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// Presses a button, with what else stands in the form; the page after it.
    pub fn press(&mut self, act: &str, more: &[(&str, &str)]) -> &str {
        let token = token(&self.page);
        let fields: Vec<(&str, &str)> =
            [("token", token.as_str()), ("act", act)].into_iter().chain(more.iter().copied()).collect();
        let reply = self.browser.post(&format!("{}/step", self.side.base()), &fields);
        assert_eq!(reply.status, 303, "{act}");
        self.page = self.browser.get(reply.header("location")).body;
        &self.page
    }

    /// Enters the PIN and says yes to every question; how many there were.
    pub fn answer_yes(&mut self, pin: &str) -> usize {
        self.press("pin", &[("pin", pin)]);
        let mut asked = 0;
        while self.page.contains("value=\"yes\"") {
            self.press("yes", &[]);
            asked += 1;
        }
        asked
    }

    /// Takes the card out.
    pub fn take_out(mut self) -> Browser {
        self.press("out", &[]);
        self.browser
    }
}

fn token(page: &str) -> String {
    quoted(page, "name=\"token\" value=\"").next().expect("a form with a token").to_owned()
}

// One's own pages ----------------------------------------------------------------------------------------------------

/// The stem of a patient's card file.
pub fn stem(row: &Row) -> &str {
    row.card_file.trim_start_matches("cards/").trim_end_matches(".card")
}

impl Server {
    /// Signs a patient in at their own pages, as a browser does that has a reader beside it. Whether they are in, the
    /// reader's last page and its browser.
    pub fn sign_in(&self, browser: &mut Browser, row: &Row) -> (bool, String, Browser) {
        let page = browser.get("/my/sign-in?lang=en").body;
        let text = quoted(&page, "/reader?n=").next().expect("the way to the reader").to_owned();
        let mut seat = Seat::with_card(self, Side::Reader, stem(row), &text);
        let told = seat.press("pin", &[("pin", &row.pin)]).to_owned();
        let is_in = browser.get("/my/enter").header("location") == "/my";
        (is_in, told, seat.take_out())
    }
}

// The clinic's own numbers -------------------------------------------------------------------------------------------

/// A message that registers a clinic's own number for the patient of these numbers.
pub fn reference_xml(institution: &str, reference: &str, ask: &Question) -> String {
    let leaf = |name: &str, text: &str| match text {
        "" => String::new(),
        text => format!("<{name}>{text}</{name}>"),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader>{}</MessageHeader>\
         <MessageBody><ReferenceNumberRegistrationInfo>{}{}{}{}{}</ReferenceNumberRegistrationInfo></MessageBody>\
         </XmlMsg>",
        leaf("MedicalInstitutionCode", institution),
        leaf("ReferenceNumber", reference),
        leaf("InsurerNumber", &ask.insurer),
        leaf("InsuredCardSymbol", &ask.symbol),
        leaf("InsuredIdentificationNumber", &ask.number),
        leaf("InsuredBranchNumber", &ask.branch),
    )
}

/// Registers a clinic's own number through the folder; the answer file.
pub fn register_reference(server: &Server, mark: &str, reference: &str, ask: &Question) -> String {
    let (data, text) = (&server.data, reference_xml(&server.institution(), reference, ask));
    let aside = data.join(format!("OQS/req/{mark}.tmp"));
    fs::write(&aside, text).expect("written");
    fs::rename(aside, data.join(format!("OQS/req/OQSsiimm01req_{mark}.xml"))).expect("renamed");
    let path = data.join(format!("OQS/res/OQSsiimm01res_{mark}.xml"));
    let answer = until("the answer", 20, || fs::read(&path).ok());
    fs::remove_file(path).expect("taken away");
    String::from_utf8_lossy(&answer).into_owned()
}

// Proofs by hand -----------------------------------------------------------------------------------------------------

/// Where a nonce is asked for, and where a card is shown.
pub const NONCE: &str = "/oqs/v1/kiosk/nonce";
pub const TAP: &str = "/oqs/v1/kiosk/tap";

/// A field of a card file's half (`auth` or `sign`), without white space.
pub fn card_field(data: &Path, card_file: &str, half: &str, name: &str) -> String {
    let text = fs::read_to_string(data.join(card_file)).expect("a card file");
    let file: toml::Table = text.parse().expect("TOML");
    file[half][name].as_str().expect("a text").replace(char::is_whitespace, "")
}

/// A card's proof by hand, without terminal: nonce, signature by `openssl`, request.
pub struct ByHand {
    pub machine: Machine,
    pub certificate: String,
    key: PathBuf,
}

impl ByHand {
    /// A card at the demo's clinic.
    pub fn new(home: &Home, server: &Server, card_file: &str) -> ByHand {
        ByHand::at(home, server, card_file, "terminal.pem")
    }

    /// A card at another clinic, by the file of its certificate.
    pub fn at(home: &Home, server: &Server, card_file: &str, terminal: &str) -> ByHand {
        let name = card_file.rsplit('/').next().expect("a name");
        let key = home.path(&format!("{name}-key.der"));
        let bytes = STANDARD.decode(card_field(&server.data, card_file, "auth", "key")).expect("base64");
        fs::write(&key, bytes).expect("written");
        let certificate = card_field(&server.data, card_file, "auth", "certificate");
        ByHand { machine: server.machine_with(terminal), certificate, key }
    }

    /// A nonce and the signature over its message, made by an outsider.
    pub fn proof(&self, session: &str) -> serde_json::Value {
        let asked = format!("{{\"session\":\"{session}\"}}");
        let reply = self.machine.post_to(NONCE, None, asked.as_bytes()).expect("an answer");
        let said: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
        let message = STANDARD.decode(said["message"].as_str().expect("a message")).expect("base64");
        serde_json::json!({
            "nonce": said["nonce"], "certificate": self.certificate, "signature": self.sign(&message), "way": "pin",
        })
    }

    /// What the portal is sent for a sign-in of this text.
    pub fn sign_in_proof(&self, text: &str) -> serde_json::Value {
        let message = [b"shikaku-proof-v1\0", text.as_bytes()].concat();
        serde_json::json!({ "nonce": text, "certificate": self.certificate, "signature": self.sign(&message) })
    }

    fn sign(&self, message: &[u8]) -> String {
        let signed = std::process::Command::new("openssl")
            .args(["dgst", "-sha256", "-keyform", "DER", "-sign"])
            .arg(&self.key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .and_then(|mut child| {
                child.stdin.take().expect("piped").write_all(message)?;
                child.wait_with_output()
            })
            .expect("openssl signs");
        assert_eq!(signed.stdout.len(), 256, "an RSA-2048 signature");
        STANDARD.encode(&signed.stdout)
    }

    /// Shows the proof with an answer to the questions.
    pub fn tap(&self, session: &str, proof: &serde_json::Value, key: &str) -> serde_json::Value {
        let answers = serde_json::json!({ "agreed": ["drugs"] });
        self.ask(key, &serde_json::json!({ "session": session, "proof": proof, "answers": answers }))
    }

    /// Any request to the reader's door.
    pub fn ask(&self, key: &str, body: &serde_json::Value) -> serde_json::Value {
        let reply = self.machine.post_to(TAP, Some(key), body.to_string().as_bytes());
        serde_json::from_str(&reply.expect("an answer").body).expect("JSON")
    }
}
