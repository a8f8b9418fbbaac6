"""Two invented rosters through `shikaku link`, judged by DuckDB, by the truth, and by Chromium.

Always holds: the judges know nothing of the matcher: DuckDB reads the same CSV files and counts by plain SQL, the truth
comes from whoever made the rosters, the review page is worked with as a clerk does; everything is invented.
Not here: how well it links on millions (docs/linkage.md, `cargo xtask quality`), how fast (`cargo xtask bench link`).
Rules come from: issue 5; docs/rules.md S8 r5 (7), r8.

Environment: SHIKAKU_BIN (the built program), SHIKAKU_SHOTS (folder for screenshots, optional), CHROMIUM (optional).
"""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "browser"))

import duckdb

import page
from visits import Results

# A and B hold so many rows, and so many people are in both.
ROWS = ("6000", "9000", "5500")
SEED = "104"
# What the spec compares in both files (names beside the main one never make rows the same as written).
RAW_A = ["氏名", "氏名カナ", "生年月日", "性別", "住所", "方書"]
RAW_B = ["氏名", "カナ氏名", "生年月日", "性別", "住所", "方書"]
# What no comparison reads as a letter; a row with one of them is never the same "as written".
MARKS = "●■〓◆□※?？【"
# What the issue asks of a run; here of a small one.
FOUND_MIN, LINKED_MIN, REVIEW_MAX = 0.995, 0.965, 0.04


class Bench:
    """The program and a folder."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)

    def shikaku(self, *words):
        done = subprocess.run([self.program, *words], cwd=self.folder, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"shikaku {' '.join(words)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def link(self, out, *more, a="a.csv", b="b.csv", spec="spec.toml"):
        self.shikaku("link", a, b, "--spec", spec, "--out", out, *more)
        return self.folder / out

    def rows(self, path):
        with open(self.folder / path, encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


def table(path):
    """A CSV file for DuckDB, every column as text."""
    return f"read_csv('{path}', all_varchar = true, header = true)"


def columns(names):
    return ", ".join(f'coalesce("{name}", \'\')' for name in names)


def raw_counts(bench, results):
    """Keys that occur once on either side, as a plain join counts them."""
    whole = lambda names: " and ".join(
        [f"coalesce(\"{name}\", '') <> ''" for name in names[:5]]
        + [f"not regexp_matches(coalesce(\"{name}\", ''), '[{MARKS}]')" for name in names]
    )
    once = lambda path, names: (
        f"select k from (select row({columns(names)}) as k from {table(path)} where {whole(names)})"
        " group by k having count(*) = 1"
    )
    a, b = bench.folder / "a.csv", bench.folder / "b.csv"
    sql = f"select count(*) from ({once(a, RAW_A)}) join ({once(b, RAW_B)}) using (k)"
    counted = duckdb.sql(sql).fetchall()[0][0]
    told = json.loads((bench.folder / "out/summary.json").read_text(encoding="utf-8"))["raw_pairs"]
    faults = [] if told["linked"] + told["review"] == counted else [f"DuckDB counts {counted}, the run tells {told}"]
    faults += [] if counted > 1000 else [f"only {counted} pairs: too few to mean anything"]
    results.note(f"DuckDB's join of the raw columns counts the same {counted} pairs", faults)


def normal_counts(bench, results):
    """The same of the normalised columns: each of E1 and E2 is such a pair, and no such pair is passed over."""
    for side in "ab":
        bench.shikaku("link", "normalise", f"{side}.csv", "--spec", "spec.toml", "--side", side, "--out", f"n{side}.csv")
    heading = (bench.folder / "na.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    same = [name for name in heading if name not in ("row", "line", "key", "problems")]
    # Who lacks a name, a birth date or an address may be anybody: such rows may end without a link.
    told = lambda name: f"coalesce({name}, '') <> ''"
    whole = f"{told('name')} and {told('birth')} and ({told('town')} or {told('numbers')})"
    once = lambda path: (
        f"select any_value(key) as key, any_value(whole) as whole, k"
        f" from (select key, {whole} as whole, row({columns(same)}) as k from {table(path)}) group by k having count(*) = 1"
    )
    join = f"({once(bench.folder / 'na.csv')}) a join ({once(bench.folder / 'nb.csv')}) b using (k)"
    links = table(bench.folder / "out/links.csv")
    exact = duckdb.sql(f"select count(*) from {links} where \"段階\" in ('E1', 'E2')").fetchall()[0][0]
    both = duckdb.sql(
        f"select count(*) from (select a.key as a, b.key as b from {join}) j"
        f" join {links} l on l.\"Aキー\" = j.a and l.\"Bキー\" = j.b where l.\"段階\" in ('E1', 'E2')"
    ).fetchall()[0][0]
    faults = [] if exact == both and exact > 2000 else [f"{exact} exact links, of which DuckDB finds {both}"]
    results.note(f"every one of {exact} exact links is a pair of DuckDB's join of the normalised columns", faults)
    stands = lambda name: (
        f"exists (select 1 from {table(bench.folder / 'out' / name)} r where r.\"Aキー\" = j.a and r.\"Bキー\" = j.b)"
    )
    same_people = f"(select a.key as a, b.key as b from {join} where a.whole) j"
    pairs = duckdb.sql(f"select count(*) from {same_people}").fetchall()[0][0]
    sql = f"select a, b from {same_people} where not {stands('links.csv')} and not {stands('review.csv')} order by a"
    passed_over = duckdb.sql(sql).fetchall()
    faults = [f"{len(passed_over)} are neither linked nor to review: {passed_over[:5]}"] if passed_over else []
    faults += [] if pairs > exact else [f"only {pairs} pairs: too few to mean anything"]
    results.note(f"each of DuckDB's {pairs} pairs of the normalised columns is linked or to review", faults)


def balance(bench, results):
    """Every row of both files stands in exactly one of the results."""
    for side, key in (("A", "整理番号"), ("B", "被保険者番号")):
        source = table(bench.folder / f"{side.lower()}.csv")
        parts = " union all ".join(
            f"select distinct \"{side}キー\" as key, '{name}' as name from {table(bench.folder / 'out' / name)}"
            f" where coalesce(\"{side}キー\", '') <> ''"
            for name in ("links.csv", "review.csv", f"unlinked_{side.lower()}.csv")
        )
        wrong = duckdb.sql(
            f'select count(*) from (select s."{key}" from {source} s left join ({parts}) p on p.key = s."{key}"'
            f' group by s."{key}" having count(p.key) <> count(distinct s."{key}"))'
        ).fetchall()[0][0]
        faults = [] if wrong == 0 else [f"{wrong} rows of {side} stand in none or in several of the results"]
        results.note(f"every row of {side} stands in exactly one result", faults)


def truth(bench, results):
    """What is linked is true; what is true is linked or in review."""
    true = {(row["a"], row["b"]) for row in bench.rows("truth.csv")}
    links = {(row["Aキー"], row["Bキー"]) for row in bench.rows("out/links.csv")}
    review = {(row["Aキー"], row["Bキー"]) for row in bench.rows("out/review.csv")}
    false = links - true
    results.note("no link is false", [f"{len(false)} false links: {sorted(false)[:5]}"] if false else [])
    linked, found = len(links & true) / len(true), len((links | review) & true) / len(true)
    share = len({a for a, _ in review if a}) / len(true)
    print(f"       {len(true)} true pairs: {linked:.2%} linked, {found:.2%} linked or in review; {share:.2%} in review")
    results.note("true pairs are found", [] if found >= FOUND_MIN else [f"{found:.2%} < {FOUND_MIN:.2%}"])
    results.note("true pairs are linked", [] if linked >= LINKED_MIN else [f"{linked:.2%} < {LINKED_MIN:.2%}"])
    results.note("few are left to a clerk", [] if share <= REVIEW_MAX else [f"{share:.2%} > {REVIEW_MAX:.2%}"])


def same_bytes(bench, results):
    """Whatever the threads and the memory: the same files."""
    for out, words in (("one", ["--threads", "1"]), ("seven", ["--threads", "7", "--memory", "1MB"])):
        folder, faults = bench.link(out, *words), []
        # run.json is of the run: it says with what it was made.
        for path in sorted(set((bench.folder / "out").iterdir()) - {bench.folder / "out" / "run.json"}):
            if path.read_bytes() != (folder / path.name).read_bytes():
                faults.append(f"{path.name} differs")
        results.note(f"the same bytes with {' '.join(words)}", faults)


def other_encoding(bench, results):
    """The same rows in CP932 and in UTF-8 give the same links."""
    for side in "ab":
        lines = (bench.folder / f"{side}.csv").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if fits(line)]
        text = "\r\n".join(kept) + "\r\n"
        (bench.folder / f"{side}-utf8.csv").write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
        (bench.folder / f"{side}-cp932.csv").write_bytes(text.encode("cp932"))
    spec = (bench.folder / "spec.toml").read_text(encoding="utf-8").replace('encoding = "utf-8"', 'encoding = "auto"')
    (bench.folder / "auto.toml").write_text(spec, encoding="utf-8")
    found = [
        (bench.link(kind, a=f"a-{kind}.csv", b=f"b-{kind}.csv", spec="auto.toml") / "links.csv").read_bytes()
        for kind in ("utf8", "cp932")
    ]
    results.note("CP932 and UTF-8 with BOM give the same links", [] if found[0] == found[1] else ["they differ"])


def fits(line):
    try:
        return line.encode("cp932").decode("cp932") == line
    except UnicodeError:
        return False


def run(program, folder):
    results, begun = Results(), time.monotonic()
    bench = Bench(program, folder)
    a, b, both = ROWS
    bench.shikaku(
        *("country", "rosters", "--rows-a", a, "--rows-b", b, "--both", both),
        *("--seed", SEED, "--day", "20261120", "--out", "."),
    )
    bench.link("out")
    for check in (raw_counts, normal_counts, balance, truth, same_bytes, other_encoding):
        check(bench, results)
    page.work_all(bench.folder / "out" / "review.html", bench.rows("out/review.csv"), results)
    print(f"linkage: {results.passed} passed, {results.failed} failed in {time.monotonic() - begun:.1f} s")
    return 1 if results.failed else 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    program = os.environ.get("SHIKAKU_BIN", str(ROOT / "target" / "release" / "shikaku"))
    if not os.access(program, os.X_OK):
        sys.exit(f"{program} is not there; build it with `cargo build --release`, or set SHIKAKU_BIN")
    with tempfile.TemporaryDirectory(prefix="shikaku-linkage-") as folder:
        return run(program, folder)


if __name__ == "__main__":
    sys.exit(main())
