//! One visit: what the desk or the reader asks, what is made of the answer, and whether it is asked again.
//!
//! Always holds: every answer is compared with the true one; a request that nobody answered is put to the server later
//! by the desk, under its key, while a card has to be shown again, since its proof grows old.
//! A desk's habits are ours, in numbers below; no statistics of them are published.
//! Not here: lines (`desk`), when visits come (`arrivals`).
//! Rules come from: issue 4, part E; docs/vendors.md, "Card reader".

use super::{
    Hall,
    book::{Fate, Seen},
    desk::{Away, Late, Terminal},
    visits::{Shown, Shows, Truth, Typed, Visit},
};
use crate::{
    cards::{NONCE, TAP},
    chance::Chance,
    clock,
    wire::{CHECK, member, post, search_body},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::{
    io,
    rc::Rc,
    time::{Duration, Instant},
};

/// Of a thousand typed birth dates, how many have a slip of the desk at first.
const SLIPS: u64 = 8;
/// A facility's slips in a run: from the sixth wrong birth date in ten minutes on, the server makes a facility wait.
pub const SLIPS_MAX: u32 = 4;
/// Of a thousand answers that a desk does not like (wrong numbers, the third answer), how many are asked again, the first
/// time and the second.
const AGAIN: [u64; 2] = [700, 350];
/// Seconds until a desk asks again.
const AGAIN_S: (u64, u64) = (20, 60);
/// Milliseconds in which a patient reads and answers the reader's questions.
const ANSWERING_MS: (u64, u64) = (2_500, 9_000);
/// Of the kinds that the reader asks about, these are agreed to.
const AGREED: [&str; 2] = ["checkups", "drugs"];
/// `QualificationValidity` of an answer that knows nobody under these numbers.
const NOBODY: &str = "4";
/// Pauses until the server is told of what it missed: at first, and at most.
const REPORT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// Whether and when a desk asks again after the so many-th time (from 0).
pub fn again(chance: &mut Chance, times: usize) -> Option<Duration> {
    let share = AGAIN.get(times)?;
    let pause = Duration::from_secs(chance.between(AGAIN_S.0, AGAIN_S.1));
    chance.per_mille(*share).then_some(pause)
}

/// A birth date as a desk mistypes it: another day of the month.
pub fn slipped(birth: &str, chance: &mut Chance) -> Option<String> {
    let (month, day) = (birth.get(..6)?, birth.get(6..8)?.parse::<u64>().ok()?);
    let other = (day + chance.between(1, 26)) % 28 + 1;
    (other != day).then(|| format!("{month}{other:02}"))
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A validity, and a name where one is shown.
    Validity(String, Option<String>),
    /// The third answer.
    Third,
    /// A refusal with its code.
    Refused(String),
    /// Nothing that could be read, or another request's answer.
    Strange,
}

/// Reads the answer to a check by number; `mark` is its own.
pub fn read_search(body: &str, mark: &str) -> Said {
    if member(body, "ArbitraryIdentifier") != Some(mark) {
        return Said::Strange;
    }
    let code = || member(body, "ProcessingResultCode").unwrap_or("none").to_owned();
    match (member(body, "QualificationValidity"), member(body, "ProcessingResultStatus")) {
        _ if member(body, "SegmentOfResult") == Some("9") => Said::Refused(code()),
        (Some(validity), _) => Said::Validity(validity.to_owned(), member(body, "Name").map(str::to_owned)),
        (None, Some("2")) => Said::Third,
        _ => Said::Strange,
    }
}

/// Compares what was said with the truth.
pub fn judge(said: &Said, truth: &Truth) -> Seen {
    match (said, truth) {
        (Said::Refused(_), Truth::Refused | Truth::Any) => Seen::Expected,
        (Said::Validity(..) | Said::Third, Truth::Any) => Seen::Expected,
        (Said::Refused(_), _) => Seen::Refused,
        (Said::Third, Truth::Third) => Seen::Third,
        (Said::Validity(validity, name), Truth::Validity(wanted, person)) if validity == wanted => {
            match (name, person) {
                (Some(name), Some(person)) if name != person => Seen::Wrong,
                _ => Seen::Expected,
            }
        }
        _ => Seen::Wrong,
    }
}

/// A visit from its arrival to its last answer.
pub async fn visit(hall: Rc<Hall>, visit: Visit, due: Instant, mut chance: Chance) {
    let terminal = hall.terminal(visit.facility, &mut chance);
    let mut due = due;
    let mut slip = match &visit.shown {
        Shown::Number(typed) if chance.per_mille(SLIPS) && hall.may_slip(visit.facility) => {
            slipped(&typed.birth, &mut chance)
        }
        _ => None,
    };
    for times in 0.. {
        {
            let mut book = hall.book.borrow_mut();
            let second = book.second(hall.since(due));
            second.asked += 1;
            second.again += u64::from(times > 0);
        }
        let slip = slip.take();
        let slipped = slip.is_some();
        let seen = match &visit.shown {
            Shown::Number(typed) => {
                let truth = match slipped {
                    true => Truth::Validity(NOBODY.to_owned(), None),
                    false => visit.truth.clone(),
                };
                let birth = slip.unwrap_or_else(|| typed.birth.clone());
                by_number(&hall, &terminal, &Typed { birth, ..typed.clone() }, &truth, due).await
            }
            Shown::Card(card) => {
                by_card(&hall, &terminal, card.as_ref(), &visit.truth, due, &mut chance).await
            }
        };
        hall.book.borrow_mut().second(hall.since(clock::now())).seen[seen as usize] += 1;
        let liked = seen == Seen::Expected && !slipped;
        let pause = if liked { None } else { again(&mut chance, times) };
        let Some(pause) = pause.filter(|_| !hall.closing.get()) else { return };
        tokio::time::sleep(pause.mul_f64(hall.pauses)).await;
        if hall.closing.get() {
            return; // the reception is closed; they write it down
        }
        due = clock::now();
    }
}

/// A request that was answered, or not.
async fn put(
    hall: &Hall,
    terminal: &Terminal,
    entry: usize,
    request: &[u8],
    due: Instant,
) -> Result<String, Away> {
    let outcome = terminal.ask(request).await;
    let now = clock::now();
    let at = hall.since(now);
    let mut book = hall.book.borrow_mut();
    book.took(at, now.duration_since(due));
    match &outcome {
        Ok(_) => {
            book.became(entry, Fate::Answered, at);
            book.second(at).requests += 1;
        }
        Err(Away::Refused(status)) => {
            book.became(entry, Fate::Refused, at);
            book.surprise(|| format!("a request was refused with status {status}"));
        }
        Err(_) => {}
    }
    outcome
}

/// What became of an answer that was read.
fn seen_as(hall: &Hall, said: &Said, truth: &Truth, way: &str) -> Seen {
    let seen = judge(said, truth);
    match seen {
        Seen::Expected | Seen::Third | Seen::NoAnswer => {}
        Seen::Wrong | Seen::Refused => hall.book.borrow_mut().surprise(|| {
            let without_name = |said: &Said| match said {
                Said::Validity(validity, _) => format!("validity {validity}"),
                said => format!("{said:?}"),
            };
            let wanted = match truth {
                Truth::Validity(validity, _) => format!("validity {validity}"),
                Truth::Third => "the third answer".to_owned(),
                Truth::Refused => "a refusal".to_owned(),
                Truth::Any => "any answer".to_owned(),
            };
            format!("{way}: {wanted} expected, {} came", without_name(said))
        }),
    }
    seen
}

async fn by_number(
    hall: &Rc<Hall>,
    terminal: &Rc<Terminal>,
    typed: &Typed,
    truth: &Truth,
    due: Instant,
) -> Seen {
    let (key, number) = hall.key();
    let mark = format!("{number:012}");
    let facility = &hall.facilities[terminal.facility];
    let search =
        [&typed.insurer, &typed.symbol, &typed.number, &typed.branch, &typed.birth].map(String::as_str);
    let Ok(body) = search_body(&facility.code, &hall.day, search, &mark) else { return Seen::Wrong };
    let request = post(CHECK, &key, &body);
    let entry = hall.book.borrow_mut().sent(key, true);
    match put(hall, terminal, entry, &request, due).await {
        Ok(body) => seen_as(hall, &read_search(&body, &mark), truth, "by number"),
        Err(Away::Refused(_)) => Seen::Refused,
        Err(_) => {
            terminal.journal.borrow_mut().push_back(Late { entry, request });
            if !terminal.is_reporting.replace(true) {
                tokio::task::spawn_local(report(hall.clone(), terminal.clone()));
            }
            Seen::NoAnswer
        }
    }
}

/// Tells the server of what it missed, until it knows everything.
async fn report(hall: Rc<Hall>, terminal: Rc<Terminal>) {
    let mut pause = REPORT.0;
    while !terminal.journal.borrow().is_empty() && !hall.over.get() {
        tokio::time::sleep(pause.mul_f64(hall.pauses)).await;
        let oldest = terminal.journal.borrow_mut().pop_front();
        let Some(late) = oldest else { break };
        match terminal.ask(&late.request).await {
            Err(Away::NoLine | Away::TimedOut | Away::Busy) => {
                terminal.journal.borrow_mut().push_back(late);
                pause = (pause * 2).min(REPORT.1);
            }
            outcome => {
                let at = hall.since(clock::now());
                let mut book = hall.book.borrow_mut();
                book.became(late.entry, if outcome.is_ok() { Fate::Late } else { Fate::Refused }, at);
                book.second(at).late += 1;
                pause = Duration::ZERO; // the line is back: the others follow at once
            }
        }
    }
    terminal.is_reporting.set(false);
}

/// What ends a card's check early.
enum Stop {
    Away(Away),
    Strange(&'static str),
}

impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Stop {
        Stop::Strange("a card did not sign")
    }
}

async fn by_card(
    hall: &Hall,
    terminal: &Terminal,
    card: &dyn Shows,
    truth: &Truth,
    due: Instant,
    chance: &mut Chance,
) -> Seen {
    match tap(hall, terminal, card, due, chance).await {
        Ok(said) => seen_as(hall, &said, truth, "by card"),
        Err(Stop::Away(Away::Refused(_))) => Seen::Refused,
        Err(Stop::Away(_)) => Seen::NoAnswer,
        Err(Stop::Strange(what)) => {
            hall.book.borrow_mut().surprise(|| format!("by card: {what}"));
            Seen::Wrong
        }
    }
}

/// The reader's way: a nonce, the card's proof, the patient's answers.
async fn tap(
    hall: &Hall,
    terminal: &Terminal,
    card: &dyn Shows,
    due: Instant,
    chance: &mut Chance,
) -> Result<Said, Stop> {
    let session = format!("simulation-{:016x}", chance.bits());
    let (key, _) = hall.key();
    let asked = post(NONCE, &key, &format!("{{\"session\":\"{session}\"}}"));
    let given = terminal.ask(&asked).await;
    let now = clock::now();
    hall.book.borrow_mut().took(hall.since(now), now.duration_since(due));
    let given = given.map_err(Stop::Away)?;
    hall.book.borrow_mut().second(hall.since(now)).requests += 1;
    let nonce = member(&given, "nonce").ok_or(Stop::Strange("no nonce"))?;
    let message = member(&given, "message").and_then(|text| STANDARD.decode(text).ok());
    let message = message.ok_or(Stop::Strange("a nonce without its message"))?;
    let [certificate, signature] =
        [card.certificate(), card.sign(&message)?].map(|bytes| STANDARD.encode(bytes));
    let proof = format!(
        "{{\"session\":\"{session}\",\"proof\":{{\"nonce\":\"{nonce}\",\"certificate\":\"{certificate}\",\
         \"signature\":\"{signature}\",\"way\":\"pin\"}}}}"
    );
    let shown = step(hall, terminal, nonce, "nonce", &proof, clock::now()).await?;
    if member(&shown, "state") != Some("ask") {
        return Ok(read_tap(&shown));
    }
    let pass = member(&shown, "pass").ok_or(Stop::Strange("questions without a pass"))?;
    let answers = answers_to(&shown);
    tokio::time::sleep(
        Duration::from_millis(chance.between(ANSWERING_MS.0, ANSWERING_MS.1)).mul_f64(hall.pauses),
    )
    .await;
    let said = format!("{{\"session\":\"{session}\",\"pass\":\"{pass}\",\"answers\":{answers}}}");
    let done = step(hall, terminal, nonce, "answers", &said, clock::now()).await?;
    Ok(read_tap(&done))
}

/// One request of the reader that spends the nonce, for the proof or for the answers.
async fn step(
    hall: &Hall,
    terminal: &Terminal,
    nonce: &str,
    spent: &str,
    body: &str,
    due: Instant,
) -> Result<String, Stop> {
    let (key, _) = hall.key();
    let claimed = (hall.spent)(nonce, spent).ok_or(Stop::Strange("a nonce that does not read back"))?;
    let entry = hall.book.borrow_mut().sent(claimed, spent == "answers");
    let shown = put(hall, terminal, entry, &post(TAP, &key, body), due).await.map_err(Stop::Away)?;
    if member(&shown, "state") == Some("refused") {
        // A card that is refused spends nothing: its row names no request.
        hall.book.borrow_mut().became(entry, Fate::Refused, hall.since(clock::now()));
    }
    Ok(shown)
}

/// The patient agrees to some kinds and to the limit, and declines the rest.
fn answers_to(shown: &str) -> Value {
    let asked: Value = serde_json::from_str(shown).unwrap_or_default();
    let kinds =
        asked["ask"].as_array().into_iter().flatten().filter_map(|question| question["kind"].as_str());
    let (mut agreed, mut declined) = (Vec::new(), Vec::new());
    for kind in kinds.filter(|kind| !["limit", "diseases"].contains(kind)) {
        if AGREED.contains(&kind) { agreed.push(kind) } else { declined.push(kind) }
    }
    serde_json::json!({ "agreed": agreed, "declined": declined, "limit": true, "diseases": false })
}

/// Reads what the reader shows at the end.
fn read_tap(body: &str) -> Said {
    match (member(body, "state"), member(body, "outcome")) {
        (Some("done"), Some("undetermined")) => Said::Third,
        (Some("done"), _) => match member(body, "QualificationValidity") {
            Some(validity) => Said::Validity(validity.to_owned(), member(body, "Name").map(str::to_owned)),
            None => Said::Strange,
        },
        (Some("refused" | "enrol"), _) => Said::Refused(member(body, "code").unwrap_or("none").to_owned()),
        _ => Said::Strange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn desks_ask_again_once_or_twice_after_a_while() {
        let mut chance = Chance::new(1, &[]);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            for (times, count) in counts.iter_mut().enumerate() {
                match again(&mut chance, times) {
                    None => break,
                    Some(pause) => {
                        *count += 1;
                        assert!((20..=60).contains(&pause.as_secs()), "{pause:?}");
                    }
                }
            }
        }
        assert!((6_800..7_200).contains(&counts[0]), "{counts:?}");
        assert!((2_200..2_700).contains(&counts[1]), "a third of those: {counts:?}");
        assert_eq!(counts[2], 0, "nobody asks a fourth time");
    }

    #[test]
    fn a_slip_is_another_day_that_exists() {
        let mut chance = Chance::new(2, &[]);
        for _ in 0..500 {
            let slip = slipped("19800217", &mut chance).expect("another day");
            let day: u32 = slip[6..].parse().expect("a day");
            assert!(slip.starts_with("198002") && (1..=28).contains(&day) && day != 17, "{slip}");
        }
        assert_eq!(slipped("1980", &mut chance), None);
    }

    #[test]
    fn an_answer_is_compared_with_the_truth() {
        let valid = |name: Option<&str>| Truth::Validity("1".into(), name.map(str::to_owned));
        let said = |validity: &str, name: &str| Said::Validity(validity.into(), Some(name.into()));
        assert_eq!(judge(&said("1", "緑川　一郎"), &valid(None)), Seen::Expected);
        assert_eq!(judge(&said("1", "緑川　一郎"), &valid(Some("緑川　一郎"))), Seen::Expected);
        assert_eq!(
            judge(&said("1", "緑川　二郎"), &valid(Some("緑川　一郎"))),
            Seen::Wrong,
            "another person"
        );
        assert_eq!(judge(&said("2", "緑川　一郎"), &valid(None)), Seen::Wrong, "invalid is not valid");
        assert_eq!(judge(&Said::Third, &valid(None)), Seen::Wrong, "the third answer where all is known");
        assert_eq!(judge(&Said::Third, &Truth::Third), Seen::Third);
        assert_eq!(judge(&said("1", "緑川　一郎"), &Truth::Third), Seen::Wrong, "certain where nothing is");
        assert_eq!(judge(&Said::Refused("x".into()), &Truth::Third), Seen::Refused);
        assert_eq!(judge(&Said::Strange, &Truth::Third), Seen::Wrong);
        assert_eq!(judge(&Said::Refused("x".into()), &Truth::Refused), Seen::Expected);
        assert_eq!(judge(&said("1", "緑川　一郎"), &Truth::Refused), Seen::Wrong, "taken instead of refused");
        assert_eq!(judge(&said("2", "緑川　一郎"), &Truth::Any), Seen::Expected);
        assert_eq!(judge(&Said::Strange, &Truth::Any), Seen::Wrong, "another request's answer");
    }

    #[test]
    fn answers_of_both_doors_are_read() {
        let search = |more: &str| format!("{{{more},\"ArbitraryIdentifier\":\"000000000042\"}}");
        let read = |more: &str| read_search(&search(more), "000000000042");
        let named = "\"QualificationValidity\":\"1\",\"Name\":\"a\",\"ProcessingResultStatus\":\"1\"";
        assert_eq!(read(named), Said::Validity("1".into(), Some("a".into())));
        assert_eq!(read("\"ProcessingResultStatus\":\"2\""), Said::Third);
        let refused = "\"SegmentOfResult\":\"9\",\"ProcessingResultCode\":\"SKC03001E\"";
        assert_eq!(read(refused), Said::Refused("SKC03001E".into()));
        assert_eq!(read_search(&search(named), "000000000043"), Said::Strange, "another request's answer");
        assert_eq!(
            read_tap("{\"state\":\"refused\",\"code\":\"cards.revoked\"}"),
            Said::Refused("cards.revoked".into())
        );
        let done = "{\"state\":\"done\",\"outcome\":\"invalid\",\"face\":{\"QualificationValidity\":\"2\"}}";
        assert_eq!(read_tap(done), Said::Validity("2".into(), None));
        assert_eq!(read_tap("{\"state\":\"done\",\"outcome\":\"undetermined\"}"), Said::Third);
        assert_eq!(read_tap("{}"), Said::Strange);
        let asks = "{\"state\":\"ask\",\"ask\":[{\"kind\":\"limit\"},{\"kind\":\"drugs\"},{\"kind\":\"operation\"}]}";
        let answers = answers_to(asks);
        assert_eq!(answers["agreed"], serde_json::json!(["drugs"]));
        assert_eq!(answers["declined"], serde_json::json!(["operation"]));
    }
}
