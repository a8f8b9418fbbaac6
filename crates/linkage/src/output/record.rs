//! The run's record (run.json), its id, and the list of problems (problems.csv).
//!
//! Always holds: the id depends on inputs, spec and release alone; nothing of a row is in either file.
//! Not here: totals for people (summary).
//! Rules come from: the issue, part C; reference section 5 (input and output hashes and counts in a run record).

use super::{
    Run, Summary,
    files::{self, Written, sha256},
    table::Table,
};
use crate::rules::RELEASE;
use aws_lc_rs::digest::{Context, SHA256};
use base::{Fault, Lang, hex};
use serde_json::json;
use std::path::Path;

/// Hexadecimal digits of the id: enough that two runs of an office never share one.
const ID_DIGITS: usize = 16;

/// Hashes of what went in.
pub(super) struct Inputs {
    a: String,
    b: String,
    spec: String,
}

impl Inputs {
    /// With the hashes of both files. The spec is hashed in one full writing, in which a layout file is part of it.
    pub fn of(run: &Run<'_>, [a, b]: [String; 2]) -> Inputs {
        let spec = sha256(run.job.spec.to_toml(Lang::Ja).as_bytes(), &|| false).unwrap_or_default();
        Inputs { a, b, spec }
    }

    /// The run's id. It begins with a letter: digits alone, or digits around an `e`, a spreadsheet takes for a number and
    /// writes otherwise when it saves a table.
    pub fn run_id(&self) -> String {
        let mut hash = Context::new(&SHA256);
        for part in [RELEASE, &self.a, &self.b, &self.spec] {
            hash.update(part.as_bytes());
            hash.update(b"\n");
        }
        let digits = hex(hash.finish().as_ref());
        format!("R{}", &digits[..ID_DIGITS])
    }
}

/// Writes run.json, which names all other files.
pub(super) fn write(run: &Run<'_>, inputs: &Inputs, summary: &Summary) -> Result<Written, Fault> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let input = |path: &Path, bytes: &[u8], rows: u64, sha256: &str| json!({ "name": name(path), "bytes": bytes.len(), "rows": rows, "sha256": sha256 });
    let spec = &run.job.spec;
    let shared = spec.a.shared;
    let files = summary
        .files
        .iter()
        .map(|file| json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256 }));
    let record = json!({
        "program": "shikaku link",
        "version": env!("CARGO_PKG_VERSION"),
        "release": RELEASE,
        "run": summary.run,
        "at": run.job.at,
        "inputs": {
            "a": input(&run.job.a, run.a.bytes(), summary.a.rows, &inputs.a),
            "b": input(&run.job.b, run.b.bytes(), summary.b.rows, &inputs.b),
            "spec": { "sha256": inputs.spec },
        },
        "compared": {
            "name": true,
            "birth": true,
            "kana": shared.kana,
            "sex": shared.sex,
            "address": shared.address,
            "strong": shared.strong,
        },
        "found": summary.json(),
        "files": files.collect::<Vec<_>>(),
    });
    files::whole(run.work, "run.json", format!("{record:#}\n").as_bytes())
}

/// Writes problems.csv: the listed problems, and behind them how many more there are of a kind.
pub(super) fn problems(run: &Run<'_>) -> Result<Written, Fault> {
    let head =
        ["ファイル", "行", "項目", "コード", "扱い", "内容と対処", "件数", "Severity", "What and what to do"];
    let mut table = Table::headed(run.style, head);
    let problems = run.outcome.problems();
    for problem in &problems.listed {
        table.text(problem.side.encode_utf8(&mut [0; 4]));
        match problem.line {
            0 => table.empty(1),
            line => table.number(line),
        }
        table.guarded(problem.column.as_deref().unwrap_or_default());
        let code = problem.code;
        table.text(code.code());
        table.text(code.severity().ja());
        table.text(code.ja());
        table.number(1);
        table.text(code.severity().en());
        table.text(code.en());
        table.end();
    }
    for ((side, code), count) in &problems.counts {
        let listed =
            problems.listed.iter().filter(|one| (one.side, one.code) == (*side, *code)).count() as u64;
        if *count <= listed {
            continue;
        }
        table.text(side.encode_utf8(&mut [0; 4]));
        table.empty(2);
        table.text(code.code());
        table.text(code.severity().ja());
        table.text(&format!("同じ問題がほかに {} 件あります。{}", count - listed, code.ja()));
        table.number(count - listed);
        table.text(code.severity().en());
        table.text(&format!("{} more of this kind. {}", count - listed, code.en()));
        table.end();
    }
    files::whole(run.work, "problems.csv", table.bytes())
}
