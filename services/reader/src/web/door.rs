//! Parsing the reader's requests and rendering what the kiosk shows.
//!
//! Always holds: a request carries a proof or a pass, never both; a proof is spent once, and once more for the answers
//! that its pass carries; what is claimed with it covers the request's own id and body, so that a request resent after a
//! lost answer is answered again and any other use is refused.
//! Not here: texts (`texts`), the pass (`pass`).
//! Rules come from: docs/vendors.md, "Card reader".

use super::{Door, texts};
use crate::{
    Done, Proof, Shows, Tap, Tapped, refusals,
    rules::{Answers, Holder, ProofId, Question, Way, bound, is_session},
};
use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use base::{Actor, Answer, Help, Id, Purpose, Refusal, RequestKey, kinds};
use base64::{Engine, engine::general_purpose::STANDARD};
use counter::web::face;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use store::Claim;
use web::{
    house::{Asker, House, Trouble},
    lang::lang_of,
    problem,
    routes::Machine,
};

/// The header by which a resent request is known.
const REQUEST_ID: &str = "idempotency-key";

#[derive(Deserialize)]
struct NonceAsk {
    session: String,
}

#[derive(Deserialize)]
struct TapAsk {
    session: String,
    proof: Option<ProofAsk>,
    pass: Option<String>,
    answers: Option<AnswersAsk>,
    enrol: Option<String>,
}

#[derive(Deserialize)]
struct ProofAsk {
    nonce: String,
    certificate: String,
    signature: String,
    way: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AnswersAsk {
    agreed: Vec<String>,
    declined: Vec<String>,
    limit: bool,
    diseases: bool,
    prescription: Option<String>,
}

/// More words than there are kinds are no answer of a reader.
const WORDS_MAX: usize = 32;

pub(super) async fn nonce(
    State(house): State<House>,
    Extension(door): Extension<Arc<Door>>,
    Extension(machine): Extension<Machine>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let ask = serde_json::from_slice::<NonceAsk>(&body).ok().filter(|ask| is_session(&ask.session));
    let Some(ask) = ask else { return malformed(&headers) };
    let prover = &door.desk.prover;
    let nonce = prover.nonce(house.random(), house.now(), &bound(machine.actor, &ask.session));
    said(&json!({
        "nonce": nonce.text(),
        "message": STANDARD.encode(nonce.message()),
        "life_ms": prover.settings().nonce_life_ms,
    }))
}

pub(super) async fn tap(
    State(house): State<House>,
    Extension(door): Extension<Arc<Door>>,
    Extension(machine): Extension<Machine>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let ask = match serde_json::from_slice::<TapAsk>(&body) {
        Ok(ask) if is_session(&ask.session) => ask,
        _ => return malformed(&headers),
    };
    let session = ask.session.clone();
    let place = bound(machine.actor, &session);
    let (tap, spent) = match understand(&door, ask, &place, house.now()) {
        Ok(understood) => understood,
        Err(refusal) if refusal.help == &refusals::MALFORMED => return malformed(&headers),
        Err(refusal) => return said(&refused(&refusal)),
    };
    let used = match &tap.shows {
        Shows::Proof(_) => cards::refusals::nonce_used(),
        Shows::Pass(_) => refusals::pass_used(),
    };
    let key = RequestKey { request: spent, digest: digest(&headers, &body) };
    let asker = Asker { actor: machine.actor, purpose: Purpose::Reception, request: Some(key.clone()) };
    let terms = tap.enrol.clone();
    let more =
        Further { house: &house, door: &door, actor: machine.actor, key, answers: tap.answers.clone() };
    let asked = door.clone();
    let tapped = match house.check(asker, move |tx, cx| crate::tap(tx, cx, &asked.desk, &tap)).await {
        Ok((_, Claim::Conflict)) => Ok(Err(used)),
        Ok((Ok(Tapped::Done(done)), Claim::Repeat(first))) => more.as_first(done, first).await,
        Ok((Ok(Tapped::Enrolling(holder, id)), claim)) => {
            let first = if let Claim::Repeat(first) = claim { Id::new(first) } else { None };
            more.enrol(holder, first.unwrap_or(id), terms.unwrap_or_default()).await
        }
        Ok((tapped, _)) => Ok(tapped),
        Err(trouble) => Err(trouble),
    };
    match tapped {
        Ok(Ok(Tapped::Done(done))) => finished(&done),
        Ok(Ok(tapped)) => said(&shown(&house, &door, machine, &session, &tapped)),
        Ok(Err(refusal)) => said(&refused(&refusal)),
        Err(trouble) => said(&in_trouble(trouble)),
    }
}

/// What a request needs beyond its first check.
struct Further<'a> {
    house: &'a House,
    door: &'a Arc<Door>,
    actor: Actor,
    key: RequestKey,
    answers: Option<Answers>,
}

impl Further<'_> {
    fn asker(&self) -> Asker {
        Asker::new(self.actor, Purpose::Reception)
    }

    /// A repeat is decided again, but its answers are those of the first time (see [`crate::as_first`]).
    async fn as_first(&self, done: Box<Done>, first: i64) -> Result<Answer<Tapped>, Trouble> {
        let Some(first) = Id::new(first) else { return Ok(Ok(Tapped::Done(done))) };
        let (holder, answers) = (done.holder.clone(), self.answers.clone());
        let again = self
            .house
            .read(self.asker(), move |tx, cx| crate::as_first(tx, cx, done, answers.as_ref(), first))
            .await?;
        match again {
            Some(done) => Ok(Ok(Tapped::Done(done))),
            None => self.go_on(holder, first).await,
        }
    }

    /// Enrols whoever agreed to the terms, and goes on with the same request (S2 r1).
    async fn enrol(
        &self,
        holder: Holder,
        id: Id<kinds::Decision>,
        terms: String,
    ) -> Result<Answer<Tapped>, Trouble> {
        let person = holder.person;
        let channel = enrolment::rules::Channel::Reader;
        let enrolled = self
            .house
            .change(self.asker(), move |tx, cx| enrolment::record(tx, cx, person, channel, &terms))
            .await?;
        match enrolled {
            Ok(_) => self.go_on(holder, id).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// The rest of a request whose first check recorded nothing, as one of its own: whatever is recorded now is recorded
    /// once, however often the request is resent.
    async fn go_on(&self, holder: Holder, id: Id<kinds::Decision>) -> Result<Answer<Tapped>, Trouble> {
        let request = format!("{} on", self.key.request);
        let request = Some(RequestKey { request, digest: self.key.digest });
        let asker = Asker { request, ..self.asker() };
        let (door, answers) = (self.door.clone(), self.answers.clone());
        let (tapped, claim) = self
            .house
            .check(asker, move |tx, cx| crate::enrolled(tx, cx, &door.desk, holder, answers.as_ref(), id))
            .await?;
        match (tapped, claim) {
            (Ok(Tapped::Done(done)), Claim::Repeat(_)) => {
                let answers = self.answers.clone();
                let again = self
                    .house
                    .read(self.asker(), move |tx, cx| crate::as_first(tx, cx, done, answers.as_ref(), id))
                    .await?;
                // A third request can only find it so when the second was answered before the person was insured.
                Ok(again.map(Tapped::Done).ok_or_else(refusals::pass_used))
            }
            (tapped, _) => Ok(tapped),
        }
    }
}

/// Reads a request; with the key under which its proof or pass is spent.
fn understand(
    door: &Door,
    ask: TapAsk,
    place: &pki::Bound<'_>,
    now: base::Instant,
) -> Result<(Tap, String), Refusal> {
    let answers = ask.answers.map(read_answers).transpose()?;
    let (shows, spent) = match (ask.proof, ask.pass) {
        (Some(proof), None) => {
            let spent = spent_nonce(&proof.nonce);
            (read_proof(proof, ask.session)?, spent)
        }
        (None, Some(pass)) => {
            let holder = door.passes.open(&pass, place, now).ok_or_else(refusals::pass_stale)?;
            // However often a proof was answered with questions, it is answered once.
            let spent = holder.proof.spent(if answers.is_some() { "answers" } else { "enrolled" });
            (Shows::Pass(holder), spent)
        }
        _ => return Err(refusals::malformed()),
    };
    Ok((Tap { shows, answers, enrol: ask.enrol }, spent))
}

/// The key under which a nonce is spent. Whatever is no nonce has no key of its own: it proves nothing.
fn spent_nonce(text: &str) -> String {
    pki::Nonce::read(text)
        .map_or_else(|| "nonce".into(), |nonce| ProofId { nonce: nonce.id(), at: nonce.at() }.spent("nonce"))
}

fn read_proof(proof: ProofAsk, session: String) -> Result<Shows, Refusal> {
    let way = match proof.way.as_str() {
        "pin" => Way::Pin,
        "eye" => Way::Eye,
        _ => return Err(refusals::malformed()),
    };
    let bytes = |text: &str| STANDARD.decode(text).map_err(|_| refusals::malformed());
    let (certificate, signature) = (bytes(&proof.certificate)?, bytes(&proof.signature)?);
    Ok(Shows::Proof(Proof { nonce: proof.nonce, certificate, signature, session, way }))
}

fn read_answers(ask: AnswersAsk) -> Result<Answers, Refusal> {
    if ask.agreed.len() + ask.declined.len() > WORDS_MAX {
        return Err(refusals::malformed());
    }
    let kinds =
        |words: &[String]| words.iter().map(|word| consent::rules::kind(word)).collect::<Option<Vec<_>>>();
    let prescription = match ask.prescription.as_deref() {
        None => Ok(None),
        Some("1") => Ok(Some("1")),
        Some("2") => Ok(Some("2")),
        Some(_) => Err(refusals::malformed()),
    };
    match (kinds(&ask.agreed), kinds(&ask.declined)) {
        (Some(agreed), Some(declined)) => Ok(Answers {
            agreed,
            declined,
            limit: ask.limit,
            diseases: ask.diseases,
            prescription: prescription?,
        }),
        _ => Err(refusals::malformed()),
    }
}

/// Covers the request's id and its body.
fn digest(headers: &HeaderMap, body: &[u8]) -> [u8; 32] {
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let id = headers.get(REQUEST_ID).map(HeaderValue::as_bytes).unwrap_or_default();
    digest.update(&(id.len() as u64).to_be_bytes());
    digest.update(id);
    digest.update(body);
    let mut out = [0; 32];
    out.copy_from_slice(digest.finish().as_ref());
    out
}

fn said(value: &Value) -> Response {
    said_as(value.to_string().into_bytes())
}

fn said_as(text: Vec<u8>) -> Response {
    let kind = HeaderValue::from_static("application/json;charset=UTF-8");
    let cache = HeaderValue::from_static("no-store");
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], text).into_response()
}

fn malformed(headers: &HeaderMap) -> Response {
    problem::problem(lang_of(headers, None), &refusals::malformed())
}

fn both(texts: (&str, &str)) -> Value {
    json!({ "ja": texts.0, "en": texts.1 })
}

/// A refusal as the kiosk shows it.
fn refused(refusal: &Refusal) -> Value {
    let help = refusal.help;
    screen("refused", help.code, help.oqs, "error", texts::refused(help))
}

fn in_trouble(trouble: Trouble) -> Value {
    let help = match trouble {
        Trouble::Busy => &counter::refusals::BUSY,
        Trouble::Broken => &counter::refusals::BROKEN,
    };
    screen("refused", help.code, help.oqs, "warning", texts::in_trouble(trouble))
}

fn screen(state: &str, code: &str, oqs: &str, tone: &str, texts: texts::Screen) -> Value {
    json!({
        "state": state, "code": code, "oqs": oqs, "tone": tone,
        "title": both(texts.title), "text": both(texts.text), "now": both(texts.now),
    })
}

/// What the kiosk shows next.
fn shown(house: &House, door: &Door, machine: Machine, session: &str, tapped: &Tapped) -> Value {
    let pass = |holder: &Holder| {
        let place = bound(machine.actor, session);
        door.passes.seal(holder, &place, house.random())
    };
    match tapped {
        Tapped::MayEnrol(holder) | Tapped::Enrolling(holder, _) => {
            let help = &refusals::NOT_ENROLLED;
            let mut value = screen("enrol", help.code, help.oqs, "info", texts::may_enrol());
            value["pass"] = pass(holder).into();
            value["terms"] = terms();
            value
        }
        Tapped::Asks(holder, questions) => {
            let mut value = screen("ask", "", "", "info", texts::asks());
            value["pass"] = pass(holder).into();
            value["ask"] = questions.iter().map(|question| asked(*question)).collect();
            let asks_prescription = door.desk.settings.prescription && !questions.is_empty();
            value["prescription"] = asks_prescription.into();
            value["notice"] = notice(holder);
            value
        }
        Tapped::Done(_) => Value::Null, // rendered by `finished`
    }
}

fn terms() -> Value {
    let (ja, en) = enrolment::rules::TERMS;
    json!({ "version": enrolment::rules::TERMS_VERSION, "ja": ja, "en": en })
}

fn asked(question: Question) -> Value {
    let (word, text) = match question {
        Question::Limit => ("limit", texts::Question::from(&texts::LIMIT)),
        Question::Diseases => ("diseases", texts::Question::from(&texts::DISEASES)),
        Question::View(kind) => (
            kind.word,
            texts::Question { ask: texts::view(kind), why: (kind.why_ja.into(), kind.why_en.into()) },
        ),
    };
    json!({
        "kind": word,
        "ja": text.ask.0, "en": text.ask.1, "why_ja": text.why.0, "why_en": text.why.1,
    })
}

/// What is to be said about the card itself, beside whatever else is shown.
fn notice(holder: &Holder) -> Value {
    match texts::notice(holder.standing) {
        None => Value::Null,
        Some((help, texts)) => json!({
            "code": help.code, "oqs": help.oqs, "tone": "warning", "title": both(pair(&texts.title)),
            "text": both(pair(&texts.text)), "now": both(pair(&texts.now)),
        }),
    }
}

fn pair(texts: &(String, String)) -> (&str, &str) {
    (&texts.0, &texts.1)
}

/// The end: what became of the check, and the message for the facility. The message is rendered already, so it is put
/// into the answer as it is instead of being read and written once more.
fn finished(done: &Done) -> Response {
    let (tone, code, oqs, texts) = texts::done(&done.checked);
    let mut value = screen("done", code, oqs, tone, texts);
    value["outcome"] = done.checked.decision.outcome.word().into();
    value["notice"] = notice(&done.holder);
    let mut text = value.to_string().into_bytes();
    text.pop(); // the closing brace, to follow the message
    text.extend_from_slice(b",\"face\":");
    text.extend_from_slice(&face_of(done));
    text.push(b'}');
    said_as(text)
}

fn face_of(done: &Done) -> Vec<u8> {
    let times = (done.given_at, consent::rules::until(done.given_at));
    let kinds = done
        .answered
        .iter()
        .map(|(kind, yes)| face::Answered { stem: kind.stem, given: yes.then_some(times) })
        .collect();
    let card: Option<&'static Help> = texts::notice(done.holder.standing).map(|(help, _)| help);
    let asked = face::Asked { declared: done.declared, kinds, prescription: done.prescription, card };
    formats::json::render(&face::message(&done.checked, &done.facility, &asked))
}
