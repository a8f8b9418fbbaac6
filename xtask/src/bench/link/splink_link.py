# Splink on two rosters as they are written: reads, trains, predicts, takes the best pair of each row, and holds it against
# the truth. Prints JSON in its last line. The bench runs it: python -c … FOLDER
import json, logging, sys

import duckdb, splink
from splink import Linker, SettingsCreator, block_on
import splink.comparison_library as cl
from splink.backends.duckdb import DuckDBAPI

folder = sys.argv[1]
THRESHOLD = 0.99
logging.disable(logging.WARNING)

database = duckdb.connect()
database.execute("set enable_progress_bar = false")
columns = "氏名 as name, {kana} as kana, 生年月日 as birth, 性別 as sex, 住所 as address, coalesce(方書, '') as building"
for table, key, kana in [("a", "整理番号", "氏名カナ"), ("b", "被保険者番号", "カナ氏名")]:
    database.execute(
        f"create table {table}_rows as select {key} as unique_id, {columns.format(kana=kana)} "
        f"from read_csv('{folder}/{table}.csv', header = true, all_varchar = true)"
    )
api = DuckDBAPI(connection=database)
frames = [api.register(f"{table}_rows", dataset_display_name=table) for table in "ab"]
settings = SettingsCreator(
    link_type="link_only",
    comparisons=[
        cl.LevenshteinAtThresholds("name", [1, 2]).configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("kana", [1, 3]),
        cl.LevenshteinAtThresholds("birth", [1, 2]),
        cl.ExactMatch("sex"),
        cl.JaroWinklerAtThresholds("address", [0.95, 0.85]).configure(term_frequency_adjustments=True),
    ],
    blocking_rules_to_generate_predictions=[
        block_on("birth", "name"),
        block_on("birth", "kana"),
        block_on("birth", "substr(address, 1, 6)"),
        block_on("name", "address"),
        block_on("kana", "substr(address, 1, 8)"),
    ],
)
linker = Linker(frames, settings)
training = linker.training
training.estimate_probability_two_random_records_match([block_on("name", "birth", "address")], recall=0.8)
training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
training.estimate_parameters_using_expectation_maximisation(block_on("birth", "name"), record_sample_proportion=1.0)
training.estimate_parameters_using_expectation_maximisation(block_on("address", "sex"), record_sample_proportion=1.0)
found = linker.inference.predict(threshold_match_probability=THRESHOLD)
database.execute(
    f"""create table best as
    with pairs as (
        select case when source_dataset_l = 'a' then unique_id_l else unique_id_r end as a,
               case when source_dataset_l = 'a' then unique_id_r else unique_id_l end as b, match_weight as w
        from {found.physical_name}
    )
    select a, b from pairs
    qualify row_number() over (partition by a order by w desc, b) = 1
        and row_number() over (partition by b order by w desc, a) = 1"""
)
database.execute(
    f"create table truth as select a, b from read_csv('{folder}/truth.csv', header = true, all_varchar = true)"
)
links, right = database.execute(
    "select count(*), count(truth.a) from best left join truth on best.a = truth.a and best.b = truth.b"
).fetchone()
pairs = database.execute("select count(*) from truth").fetchone()[0]
print(
    json.dumps(
        {
            "version": splink.__version__,
            "threshold": THRESHOLD,
            "recall": right / pairs,
            "wrong_per_million": (links - right) * 1e6 / max(links, 1),
            "links": links,
        }
    )
)
