#!/usr/bin/env python3
"""Writes variants.tsv, families.tsv and folds.tsv into a folder, from the JavaScript package @mandel59/mojidata.

    python3 make_variants.py mandel59-mojidata-1.8.1.tgz .

`cargo xtask tables` calls it. What the files hold, and under which terms, stands in README.md beside it.

Always holds: the same package and confusable.tsv give the same bytes; a pair of variants.tsv lies within one family;
two everyday characters are in one family only if a list of old and new forms, a firm tie or confusable.tsv puts them there.
Not here: how ties are used (src/text/variants.rs).
"""

import collections
import pathlib
import sqlite3
import sys
import tarfile
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).parent

# Tables of the map with their tags here, and the column that numbers hops or ranks.
TABLES = {
    "JIS包摂規準UCS統合規則": ("J", None),
    "戸籍統一文字情報_親字正字": ("K", "ホップ数"),
    "法務省告示582号別表第四_一": ("N", "順位"),
    "民一2842号通達別表_誤字俗字正字一覧表_無印": ("G", None),
    "民一2842号通達別表_誤字俗字正字一覧表_俗字": ("Z", None),
    "民一2842号通達別表_誤字俗字正字一覧表_別字": ("B", None),
    "民二5202号通知別表_正字俗字等対照表": ("T", None),
    "辞書類等による関連字": ("D", None),
    "読み字形による類推": ("R", None),
}
# Table two of notice 582 (法務省告示582号別表第四_二) is left out: it gives characters of like shape, not variants.
# Which ties build families first. J: unification; O: old and new forms; K1: 親字正字 in one hop; X: confusable.tsv.
FIRM = {"J", "O", "K1"}
RANK = {"X": 0, "J": 1, "O": 1, "K1": 2, "N1": 3, "G": 4, "T": 4, "Z": 4, "K2": 4, "N2": 5, "D": 5, "K3": 5, "B": 6, "N3": 6,
        "K4": 6, "K5": 6, "R": 7}
# No family is larger; a family without an everyday character grows by loose ties up to the second number.
LARGEST, LARGEST_RARE = 24, 8


def read_database(package):
    """The package's database, opened from a copy in a temporary folder that goes with the process."""
    with tarfile.open(package) as archive, tempfile.NamedTemporaryFile(suffix=".db") as copy:
        copy.write(archive.extractfile("package/dist/moji.db").read())
        copy.flush()
        disk = sqlite3.connect(copy.name)
        memory = sqlite3.connect(":memory:")
        disk.backup(memory)
        return memory


def compatibility(db):
    """Compatibility ideographs and radicals, each to the unified character that it stands for."""
    table = {old: svs[0] for svs, old in db.execute("select SVS, CJKCI from svs_cjkci")}
    for radical, unified in db.execute("select radical_character, radical_CJKUI from radeqv"):
        if radical and unified and 0x2E80 <= ord(radical) <= 0x2FDF:
            table.setdefault(radical, unified)
    return table


def latin():
    """Latin letters with marks, each to its bare capital."""
    bare = {"Æ": "A", "æ": "A", "Ø": "O", "ø": "O", "ß": "S", "Ð": "D", "ð": "D", "Þ": "T", "þ": "T", "Đ": "D", "đ": "D",
            "Ħ": "H", "ħ": "H", "ı": "I", "Ł": "L", "ł": "L", "Œ": "O", "œ": "O", "Ŧ": "T", "ŧ": "T"}
    for point in [*range(0xC0, 0x180), *range(0x1A0, 0x1B1), *range(0x1CD, 0x1DD), *range(0x218, 0x21C),
                  *range(0x1E00, 0x1F00)]:
        letter = chr(point)
        first = unicodedata.normalize("NFKD", letter)[0].upper()
        if first.isascii() and first.isalpha():
            bare.setdefault(letter, first)
    return bare


def collect(db, unified):
    """Pairs of characters with the tags of the tables that tie them."""
    glyphs = {}
    for glyph, ucs, built in db.execute('select "MJ文字図形名", "対応するUCS", "実装したUCS" from mji'):
        if ucs or built:
            glyphs[glyph] = unified((ucs or built)[0])
    ties = collections.defaultdict(set)
    for table, (tag, number) in TABLES.items():
        columns = '"MJ文字図形名", "縮退UCS"' + (f', "{number}"' if number else "")
        for glyph, target, *count in db.execute(f'select {columns} from "mjsm_{table}"'):
            one, two = glyphs.get(glyph), unified(target[0])
            if one and one != two:
                ties[frozenset((one, two))].add(tag + "".join(map(str, count)))
    forms = [*db.execute("select 漢字, 康熙字典体 from joyo_kangxi"), *db.execute(
        "select UCS, value from unihan_variant where property in ('kJoyoKanji', 'kJinmeiyoKanji')")]
    for one, two in forms:
        if unified(one) != unified(two):
            ties[frozenset((unified(one), unified(two)))].add("O")
    return ties


def everyday(db, unified):
    """Characters that must not be confused, with how far they are from everyday use (0 for 常用)."""
    grade = {}
    lists = ["select distinct 漢字 from joyo", "select UCS from unihan_kJinmeiyoKanji",
             "select UCS from unihan_kJis0 where cast(substr(value, 1, 2) as int) between 16 and 47"]
    for number, query in enumerate(lists):
        for (char,) in db.execute(query):
            grade.setdefault(unified(char), number)
    return grade


def hand_written(ties):
    """Applies confusable.tsv: apart pairs go; mixed pairs, and the firm variants of both sides, are tied as X."""
    mixed = []
    for line in (HERE / "confusable.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            one, two, kind, _ = line.split("\t")
            if kind == "apart":
                ties.pop(frozenset((one, two)), None)
            else:
                ties[frozenset((one, two))] = {"X"}
                mixed.append((one, two))
    near = collections.defaultdict(set)
    for pair, tags in ties.items():
        if tags & FIRM:
            one, two = pair
            near[one].add(two)
            near[two].add(one)
    for one, two in mixed:
        for a in sorted(near[one] | {one}):
            for b in sorted(near[two] | {two}):
                if a != b and frozenset((a, b)) not in ties:
                    ties[frozenset((a, b))] = {"X"}


def root(parents, char):
    """The character that stands for a set that grows."""
    while parents.setdefault(char, char) != char:
        char = parents[char]
    return char


def families(ties, grade):
    """Sets of characters grown from the firmest tie to the loosest; a tie that would make an absurd family is skipped."""
    kin = {}
    for pair in sorted(sorted(pair) for pair in ties if pair <= grade.keys()):
        if ties[frozenset(pair)] & (FIRM | {"X"}):
            kin[root(kin, pair[1])] = root(kin, pair[0])
    parents, members = {}, {}
    rank = {pair: min(RANK[tag] for tag in tags) for pair, tags in ties.items()}
    for pair in sorted(ties, key=lambda pair: (rank[pair], sorted(pair))):
        one, two = (root(parents, char) for char in sorted(pair))
        if one == two:
            continue
        both = members.get(one, {one}) | members.get(two, {two})
        known = {root(kin, char) for char in both if char in grade}
        firm = ties[pair] & (FIRM | {"X"})
        chained = not firm and not pair & grade.keys() and (known or len(both) > LARGEST_RARE)
        if len(known) > 1 or len(both) > LARGEST or chained:
            continue
        parents[two] = one
        members.pop(two, None)
        members[one] = both
    return members.values()


def write(path, about, lines):
    """Writes a table with its terms at the top."""
    path.write_text("".join(f"# {line}\n" for line in about) + "".join(lines), encoding="utf-8", newline="\n")


def main(package, folder):
    """Reads the package and writes the three tables."""
    db, folder = read_database(package), pathlib.Path(folder)
    table = compatibility(db)
    folds = {**table, **latin()}
    write(folder / "folds.tsv", ["Made by make_variants.py from Unicode data, Unicode License V3 (LICENSE-unicode.txt).",
                                 "character\twhat a comparison sees"],
          [f"{old}\t{new}\n" for old, new in sorted(folds.items())])
    unified = lambda char: table.get(char, char)
    ties, grade = collect(db, unified), everyday(db, unified)
    hand_written(ties)
    groups = [sorted(group, key=lambda c: (grade.get(c, 9), ord(c))) for group in families(ties, grade)]
    terms = ["Made by make_variants.py, mostly from IPA's MJ縮退マップ; CC BY-SA 2.1 JP, see README.md beside it."]
    write(folder / "families.tsv", [*terms, "a family a line, the character that stands for it first"],
          ["".join(group) + "\n" for group in sorted(groups)])
    home = {char: group[0] for group in groups for char in group}
    lines = []
    for one, two in sorted(sorted(pair) for pair in ties):
        tags = ties[frozenset((one, two))]
        if one in home and home[one] == home.get(two):
            lines.append(f"{one}\t{two}\t{'firm' if tags & FIRM else 'loose'}\t{' '.join(sorted(tags))}\n")
    write(folder / "variants.tsv", [*terms, "character\tcharacter\thow firm\ttables"], lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
