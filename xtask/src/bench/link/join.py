# DuckDB's exact join of two rosters, CSV in and CSV out: of pairs only their keys, or all columns of both rows; or its count
# of pairs that are the same byte for byte and the only such rows of either side. Prints JSON. The bench runs it:
# python -c … FOLDER keys|rows|count
import json, sys, time
import duckdb

folder, what = sys.argv[1:]


def rows(name):
    return f"read_csv('{folder}/{name}.csv', header = true, all_varchar = true, delim = ',', quote = '\"')"


def one_of_a_kind(name, kana):
    columns = f"氏名 n, {kana} k, 生年月日 d, 性別 s, 住所 p, coalesce(方書, '') q"
    return (
        f"(select {columns} from {rows(name)} where n <> '' and k <> '' and d <> '' and s <> '' and p <> '' "
        "group by all having count(*) = 1)"
    )


columns = "a.*, b.*" if what == "rows" else "a.整理番号, b.被保険者番号"
join = f"""copy (
    select {columns} from {rows('a')} a join {rows('b')} b
    on a.氏名 = b.氏名 and a.生年月日 = b.生年月日 and a.性別 = b.性別 and a.住所 = b.住所
) to '{folder}/join.csv' (header true)"""
count = f"""select count(*) from {one_of_a_kind('a', '氏名カナ')} a
    join {one_of_a_kind('b', 'カナ氏名')} b using (n, k, d, s, p, q)"""

database = duckdb.connect()
database.execute("set enable_progress_bar = false")
database.execute("set preserve_insertion_order = false")
wall, cpu = time.perf_counter(), time.process_time()
found = database.execute(count if what == "count" else join).fetchone()[0]
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps({"wall": wall, "cpu": cpu, "rows": found, "version": duckdb.__version__}))
