//! What is told of a morning: numbers as JSON, a summary in Japanese and English, and plots.
//!
//! Always holds: every number stands with its conditions; what was lost, late or strange is said first.
//! Not here: drawing (`plots`).
//! Rules come from: issue 4, part E.

use super::{
    Outage, Played, Servers, Wanted,
    book::{Cpu, Fate, Second, Seen},
    curve::Part,
    reconcile::Reconciled,
};
use plots::{Axis, Frame, lines};
use serde_json::{Value, json};
use std::{fs, io, path::Path, time::Duration};

/// A morning that was played.
pub struct Told {
    /// What was wanted.
    pub wanted: Wanted,
    /// Who came.
    pub says: String,
    /// The day that was asked about.
    pub day: String,
    /// The machine.
    pub machine: String,
    /// PostgreSQL's version.
    pub postgres: Option<String>,
    /// The parts.
    pub played: Vec<Played>,
    /// How desks and log agree.
    pub reconciled: Reconciled,
    /// What verifying the log said, and whether everything fits.
    pub verified: (String, bool),
    /// The largest memory of a `serve`, in MB.
    pub resident_mb: f64,
    /// Errors that servers logged.
    pub troubles: Vec<String>,
}

const SEEN: [(Seen, &str, &str); 5] = [
    (Seen::Expected, "expected", "確かな回答"),
    (Seen::Third, "third", "「確認できない」の回答（そのとおりの人）"),
    (Seen::Wrong, "wrong", "誤った回答"),
    (Seen::Refused, "refused", "受け付けられなかった照会"),
    (Seen::NoAnswer, "no_answer", "回答なし（端末が「確認できない」と表示）"),
];

impl Told {
    /// Whether nothing went wrong that should not: no wrong answer, and desks and log agree exactly.
    pub fn is_exact(&self) -> bool {
        self.count(Seen::Wrong) == 0 && self.reconciled.is_exact() && self.verified.1
    }

    /// Checks seen so in all parts.
    pub fn count(&self, seen: Seen) -> u64 {
        self.played.iter().map(|part| part.book.count(seen)).sum()
    }

    /// Writes `morning.json`, `morning.md` and the plots into a folder; gives their names.
    pub fn write(&self, folder: &Path) -> io::Result<Vec<String>> {
        fs::create_dir_all(folder)?;
        let mut files = vec![
            ("morning.json".to_owned(), format!("{:#}\n", self.json())),
            ("morning.md".to_owned(), self.markdown()),
        ];
        for part in &self.played {
            for lang in ["ja", "en"] {
                let name = format!("{}.{lang}.svg", key(part.run.part));
                files.push((name, self.plot(part, lang)));
            }
        }
        for (name, text) in &files {
            fs::write(folder.join(name), text)?;
        }
        Ok(files.into_iter().map(|(name, _)| name).collect())
    }

    /// All numbers.
    pub fn json(&self) -> Value {
        let found = &self.reconciled;
        let between =
            found.missing_between.map(|(first, last)| json!([first.as_secs_f64(), last.as_secs_f64()]));
        json!({
            "servers": servers(&self.wanted), "factor": self.wanted.factor as f64 / 1e6,
            "seconds": self.wanted.seconds, "night_seconds": self.wanted.night_s, "seed": self.wanted.seed,
            "outage": self.wanted.outage.says().1, "who": self.says, "day": self.day, "machine": self.machine,
            "postgres": self.postgres, "resident_mb": self.resident_mb.round(),
            "seen": SEEN.iter().map(|(seen, word, _)| ((*word).to_owned(), self.count(*seen).into()))
                .collect::<serde_json::Map<String, Value>>(),
            "reconciled": {
                "sent": found.sent, "answered": found.answered, "late": found.late, "once": found.once,
                "missing": found.missing, "missing_between_s": between, "doubled": found.doubled,
                "unheard": found.unheard, "unprocessed": found.unprocessed, "refused": found.refused,
                "strange": found.strange, "presents": [found.presents.0, found.presents.1], "repeats": found.repeats,
            },
            "verified": { "fits": self.verified.1, "says": self.verified.0 },
            "server_errors": self.troubles,
            "parts": self.played.iter().map(part_json).collect::<Vec<Value>>(),
        })
    }

    /// The summary.
    pub fn markdown(&self) -> String {
        [self.summary_ja(), self.summary_en()].join("\n")
    }

    fn summary_ja(&self) -> String {
        let found = &self.reconciled;
        let mut text = format!(
            "# 全国の朝\n\n公式のシステムではない。人物・機関はすべて架空で、時間帯ごとの件数の形も公式の統計ではなく当方の想定による。\n\n\
             {}。全国の{}倍。障害：{}。対象：{}。\n\n",
            servers_ja(&self.wanted),
            figure(self.wanted.factor as f64 / 1e6),
            self.wanted.outage.says().0,
            self.says,
        );
        text.push_str("| 窓口で見えたもの | 件数 |\n| --- | ---: |\n");
        for (seen, _, ja) in SEEN {
            text.push_str(&format!("| {ja} | {} |\n", self.count(seen)));
        }
        for part in &self.played {
            text.push_str(&format!("\n{}\n", part_ja(part)));
        }
        text.push_str(&format!(
            "\n突合：窓口が送った照会 {} 件。その場で回答 {} 件、回線復旧後に届け出て回答 {} 件。回答のあった照会のうち記録がちょうど１件のもの {} 件、\
             記録のないもの {} 件、二重のもの {} 件。だれも送っていない記録 {} 件。回答が届かなかったが記録のあるもの {} 件、記録もないもの {} 件。\n\n\
             記録の検証：{}\n",
            found.sent,
            found.answered,
            found.late,
            found.once,
            found.missing,
            found.doubled,
            found.strange,
            found.unheard,
            found.unprocessed,
            if self.verified.1 { "すべて整合" } else { "整合しない箇所あり" },
        ));
        if found.missing > 0 {
            let why = match self.wanted.outage {
                Outage::PromoteReplica | Outage::PromoteLagging => {
                    "：非同期の待機系には、主系が停止する直前の書き込みが届いていないことがある"
                }
                _ => "",
            };
            text.push_str(&format!("\n**失われた記録 {} 件**{why}。\n", found.missing));
        }
        text
    }

    fn summary_en(&self) -> String {
        let found = &self.reconciled;
        let mut text = format!(
            "# A national morning\n\nNot an official system. All people and institutions are invented; the shape of the \
             rates is ours and no official curve.\n\n{}; {} × all Japan; outage: {}. Who came: {}.\n\n",
            servers(&self.wanted),
            figure(self.wanted.factor as f64 / 1e6),
            self.wanted.outage.says().1,
            self.says,
        );
        text.push_str("| Seen at the desk | Checks |\n| --- | ---: |\n");
        for (seen, word, _) in SEEN {
            text.push_str(&format!("| {} | {} |\n", word.replace('_', " "), self.count(seen)));
        }
        for part in &self.played {
            text.push_str(&format!("\n{}\n", part_en(part)));
        }
        text.push_str(&format!(
            "\nReconciled: {} requests left desks. {} were answered at the time, {} when they were put to the server \
             later. Of the answered, {} are in the log exactly once, {} not at all, {} more than once. In the log and sent by \
             nobody: {}. Not answered but in the log: {}; not there either: {}; refused: {}.\n\nThe log: {}.\n",
            found.sent,
            found.answered,
            found.late,
            found.once,
            found.missing,
            found.doubled,
            found.strange,
            found.unheard,
            found.unprocessed,
            found.refused,
            self.verified.0,
        ));
        if let Some((first, last)) = found.missing_between {
            text.push_str(&format!(
                "\n**{} answers are not in the log**, of between second {:.1} and {:.1}{}.\n",
                found.missing,
                first.as_secs_f64(),
                last.as_secs_f64(),
                match self.wanted.outage {
                    Outage::PromoteReplica | Outage::PromoteLagging =>
                        ": an asynchronous replica lacks what its primary wrote last",
                    _ => "",
                },
            ));
        }
        let surprises = self.played.iter().flat_map(|part| &part.book.surprises);
        for line in surprises.chain(&self.troubles) {
            text.push_str(&format!("\n- {line}"));
        }
        text.push_str(&format!("\n\n{}.\n", self.machine));
        text
    }

    fn plot(&self, part: &Played, lang: &'static str) -> String {
        let pick = |ja: &'static str, en: &'static str| if lang == "ja" { ja } else { en };
        let spans = part.outage.map(|(from, until)| lines::Span {
            from: from.as_secs() as i64,
            until: (until.as_secs() as i64).max(from.as_secs() as i64 + 1),
            name: pick(self.wanted.outage.says().0, self.wanted.outage.says().1).to_owned(),
        });
        let chart = lines::Chart {
            frame: self.frame(part, lang),
            x: Axis::linear(pick("経過", "Second of the run"), pick("秒", "s"), 0),
            panels: panels(within(part), self.postgres.is_some(), &pick),
            spans: spans.into_iter().collect(),
        };
        chart.svg()
    }

    fn frame(&self, part: &Played, lang: &'static str) -> Frame {
        let (title, of) = match (lang, part.run.part) {
            ("ja", Part::Morning) => ("全国の朝", servers_ja(&self.wanted)),
            ("ja", Part::Night) => ("前夜の予約患者の照会", servers_ja(&self.wanted)),
            (_, Part::Morning) => ("A national morning", servers(&self.wanted)),
            (_, Part::Night) => ("The night's look-ups", servers(&self.wanted)),
        };
        let factor = figure(self.wanted.factor as f64 / 1e6);
        let begins =
            format!("{:02}:{:02}", part.run.part.begins_s() / 3600, part.run.part.begins_s() / 60 % 60);
        let (about, note) = match lang {
            "ja" => (
                "１秒ごとの照会、回答、確認できない回答、応答時間、CPU時間。",
                format!(
                    "全国の{factor}倍。始まりは{}、１秒は{}秒に当たる。件数の形は当方の想定。{}",
                    begins,
                    stands_for(part),
                    self.machine
                ),
            ),
            _ => (
                "Per second: checks asked and answered, third answers and errors, latency, CPU time.",
                format!(
                    "{factor} × all Japan; begins at {begins}, a second stands for {} s. The shape of the rates is ours. {}",
                    stands_for(part),
                    self.machine
                ),
            ),
        };
        Frame::new(key(part.run.part), lang, &format!("{title} — {of}"), about).note(&note)
    }
}

/// The panels of a part's plot; `pick` takes the text of the plot's language.
fn panels(
    seconds: &[Second],
    has_postgres: bool,
    pick: &dyn Fn(&'static str, &'static str) -> &'static str,
) -> Vec<lines::Panel> {
    let series = |name: &str, of: &dyn Fn(&Second) -> Option<i64>| {
        let points = seconds.iter().enumerate().map(|(at, second)| (at as i64, of(second))).collect();
        lines::Series { name: name.to_owned(), points }
    };
    let count = |name: &str, of: &dyn Fn(&Second) -> u64| series(name, &|second| Some(of(second) as i64));
    let panel = |label: &str, unit: &str, series: Vec<lines::Series>| lines::Panel {
        y: Axis::linear(label, unit, 0),
        series,
    };
    let per_s = pick("件/秒", "1/s");
    let checks = vec![
        count(pick("照会", "asked"), &|second| second.asked),
        count(pick("回答", "answered"), &|second| second.ended() - second.count(Seen::NoAnswer)),
    ];
    let without = vec![
        count(pick("確認できない（サーバー）", "third answer (server)"), &|second| {
            second.count(Seen::Third)
        }),
        count(pick("回答なし（端末）", "no answer (terminal)"), &|second| {
            second.count(Seen::NoAnswer)
        }),
        count(pick("拒否・誤り", "refused, wrong"), &|second| {
            second.count(Seen::Refused) + second.count(Seen::Wrong)
        }),
        count(pick("後から届け出", "put to the server later"), &|second| second.late),
    ];
    let latency = vec![
        series("p50", &|second| latency_us(second, 0.5)),
        series("p99", &|second| latency_us(second, 0.99)),
    ];
    let mut cpu =
        vec![series(pick("サーバー", "serve"), &|second| second.cpu.map(|cpu| cpu.serve as i64))];
    if has_postgres {
        cpu.push(series("PostgreSQL", &|second| second.cpu.map(|cpu| cpu.postgres as i64)));
    }
    cpu.push(series(pick("窓口とカード（負荷側）", "desks and cards (ours)"), &|second| {
        second.cpu.map(|cpu| cpu.desks as i64)
    }));
    vec![
        panel(pick("照会", "Checks"), per_s, checks),
        panel(pick("「確認できない」など", "Third answers and errors"), per_s, without),
        lines::Panel { y: Axis::log(pick("応答時間", "Latency of a request"), "ms", 3), series: latency },
        lines::Panel { y: Axis::linear("CPU", pick("コア", "cores"), 3), series: cpu },
    ]
}

fn key(part: Part) -> &'static str {
    match part {
        Part::Night => "night",
        Part::Morning => "morning",
    }
}

/// A second of the run stands for so many of the part.
fn stands_for(part: &Played) -> u64 {
    part.run.part.minutes() * 60 / part.run.seconds.max(1)
}

/// The seconds in which checks began; what was still answered afterwards belongs to the last.
fn within(part: &Played) -> &[Second] {
    let seconds = &part.book.seconds;
    &seconds[..seconds.len().min(part.run.seconds as usize)]
}

/// In microseconds; none when nothing was asked.
fn latency_us(second: &Second, share: f64) -> Option<i64> {
    let time = second.latency.at(share);
    (!time.is_zero()).then_some(time.as_micros() as i64)
}

fn servers(wanted: &Wanted) -> String {
    match (wanted.servers, wanted.replica) {
        (Servers::Sqlite, _) => "one serve on SQLite".to_owned(),
        (Servers::Postgres(count), false) => format!("{count} serve on one PostgreSQL"),
        (Servers::Postgres(count), true) => {
            format!("{count} serve on one PostgreSQL with an asynchronous streaming replica")
        }
    }
}

fn servers_ja(wanted: &Wanted) -> String {
    match (wanted.servers, wanted.replica) {
        (Servers::Sqlite, _) => "SQLiteの上のサーバー１台".to_owned(),
        (Servers::Postgres(count), false) => format!("PostgreSQLの上のサーバー{count}台"),
        (Servers::Postgres(count), true) => {
            format!("PostgreSQL（非同期の待機系あり）の上のサーバー{count}台")
        }
    }
}

/// A number without needless noughts.
fn figure(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Visits that begin later than this say that the machine was too busy for us.
const LATE: Duration = Duration::from_millis(20);

/// What is computed of a part.
struct Summary {
    asked: u64,
    peak: u64,
    requests: u64,
    cpu_ms_of_request: Option<f64>,
    busiest: Option<Cpu>,
    late: Duration,
    p50: Duration,
    p99: Duration,
    max: Duration,
}

impl Summary {
    fn of(part: &Played) -> Summary {
        let seconds = within(part);
        let latency = &part.book.latency;
        let cpus: Vec<(Cpu, u64)> =
            seconds.iter().filter_map(|second| Some((second.cpu?, second.requests))).collect();
        let requests: u64 = cpus.iter().map(|(_, requests)| requests).sum();
        let time: u64 = cpus.iter().map(|(cpu, _)| cpu.serve + cpu.postgres).sum();
        Summary {
            asked: seconds.iter().map(|second| second.asked).sum(),
            peak: seconds.iter().map(|second| second.asked).max().unwrap_or(0),
            requests: part.book.seconds.iter().map(|second| second.requests).sum(),
            cpu_ms_of_request: (requests > 0).then(|| time as f64 / requests as f64),
            busiest: cpus.iter().map(|(cpu, _)| *cpu).max_by_key(|cpu| cpu.serve + cpu.postgres),
            late: part.book.lag.at(0.99),
            p50: latency.at(0.5),
            p99: latency.at(0.99),
            max: latency.max(),
        }
    }
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}

fn part_en(part: &Played) -> String {
    let found = Summary::of(part);
    let cores = found.busiest.map_or(String::new(), |cpu| {
        format!(
            "; in the busiest second serve took {:.2} cores, PostgreSQL {:.2}, desks and cards (ours) {:.2}",
            cores(cpu.serve),
            cores(cpu.postgres),
            cores(cpu.desks),
        )
    });
    let late = match found.late > LATE {
        true => format!(" **We were late by {} ms at p99**: latencies are ours as well.", ms(found.late)),
        false => String::new(),
    };
    format!(
        "{}: {} checks in {} s, {} in the busiest; {} requests answered, p50 {} ms, p99 {} ms, slowest {} ms; at most {} \
         lines kept open{cores}.{late}",
        if part.run.part == Part::Night { "The night" } else { "The morning" },
        found.asked,
        part.run.seconds,
        found.peak,
        found.requests,
        ms(found.p50),
        ms(found.p99),
        ms(found.max),
        part.lines,
    )
}

fn part_ja(part: &Played) -> String {
    let found = Summary::of(part);
    format!(
        "{}：{}秒間に照会{}件、最も多い秒で{}件。応答{}件、中央値{}ミリ秒、99％が{}ミリ秒以内、最長{}ミリ秒。",
        if part.run.part == Part::Night { "前夜" } else { "朝" },
        part.run.seconds,
        found.asked,
        found.peak,
        found.requests,
        ms(found.p50),
        ms(found.p99),
        ms(found.max),
    )
}

fn cores(thousandths: u64) -> f64 {
    thousandths as f64 / 1000.0
}

fn part_json(part: &Played) -> Value {
    let found = Summary::of(part);
    let between = part.outage.map(|(from, until)| json!([from.as_secs_f64(), until.as_secs_f64()]));
    let seconds: Vec<Value> = part
        .book
        .seconds
        .iter()
        .map(|second| {
            json!({
                "asked": second.asked, "again": second.again, "seen": second.seen, "requests": second.requests,
                "late": second.late, "p50_us": latency_us(second, 0.5), "p99_us": latency_us(second, 0.99),
                "max_us": latency_us(second, 1.0), "cpu_ms": second.cpu.map(|cpu| [cpu.serve, cpu.postgres, cpu.desks]),
            })
        })
        .collect();
    json!({
        "part": key(part.run.part), "seconds": part.run.seconds, "checks": found.asked, "peak_per_s": found.peak,
        "requests": found.requests, "p50_ms": ms(found.p50), "p99_ms": ms(found.p99), "max_ms": ms(found.max),
        "cpu_ms_of_a_request": found.cpu_ms_of_request.map(|time| (time * 1000.0).round() / 1000.0),
        "busiest_cpu_ms": found.busiest.map(|cpu| [cpu.serve, cpu.postgres, cpu.desks]), "lines_kept": part.lines, "late_p99_ms": ms(found.late),
        "outage_s": between,
        "late_entries": part.book.entries.iter().filter(|entry| entry.fate == Fate::Late).count(),
        "surprises": part.book.surprises, "seen_words": SEEN.map(|(_, word, _)| word), "per_second": seconds,
    })
}
