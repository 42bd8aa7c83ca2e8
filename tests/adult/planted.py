"""Adult with one defect at a time, and what `interlock check` says of it.

    python planted.py ADULT INTERLOCK [DEFECT...]

ADULT is the folder with adult.data and adult.test of the UCI repository, INTERLOCK the built program.
First Adult as it is: what is found there is no planted defect. Then, for each defect: a copy with it,
one run with nothing known from before, and whether the finding with its code names the column, and
how many rows it names and how many of those were planted. Prints a Markdown table; the exit status
is 1 if a defect is missed. A finding that turns no verdict is shown as a note.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types

import numpy as np
import pandas as pd

from adult import read

SHIFTED = "Ã©"  # é, read as Latin-1


def rows_of(table, n, seed=7):
    return np.sort(np.random.default_rng(seed).choice(len(table), n, replace=False))


# Each defect: the code that must be found, the table and the column it must name, and a function
# that plants it in the tables and gives the planted rows, or None where no rows are named.


def many_missing(on):
    rows = rows_of(on.train, 9000)
    on.train.loc[rows, "hours-per-week"] = np.nan
    return rows


def missing_in_test(on):
    on.test.loc[rows_of(on.test, 3000), "workclass"] = np.nan


def missing_with_target(on):
    rich = np.flatnonzero(on.train["income"] == ">50K")
    on.train.loc[rich[: len(rich) // 4], "race"] = np.nan


def no_target(on):
    rows = rows_of(on.train, 40)
    on.train.loc[rows, "income"] = np.nan
    return rows


def repeated(on):
    on.train.loc[len(on.train) - 500 :] = on.train.iloc[:500].to_numpy()
    return None


def in_both(on):
    on.test.iloc[:400] = on.train.iloc[1000:1400].to_numpy()
    return np.arange(400)


def conflicting(on):
    on.train.loc[len(on.train) - 300 :] = on.train.iloc[:300].to_numpy()
    flipped = {"<=50K": ">50K", ">50K": "<=50K"}
    on.train.loc[len(on.train) - 300 :, "income"] = on.train["income"].iloc[:300].map(flipped).to_numpy()
    return None


def constant(on):
    on.train["race"] = "White"
    on.test["race"] = "White"


def same_column(on):
    for table in (on.train, on.test):
        table["sector"] = table["workclass"].map(lambda value: "?" if value == "?" else f"s-{value}")


def giveaway_copy(on):
    for table in (on.train, on.test):
        table["band"] = np.where(table["income"] == ">50K", "upper", "lower")


def mixed_types(on):
    rows = rows_of(on.train, 60)
    on.train["age"] = on.train["age"].astype(object)
    on.train.loc[rows, "age"] = "unknown age"
    return rows


def null_spellings(on):
    rows = rows_of(on.train, 50)
    on.train.loc[rows[:25], "education"] = "n.a."
    on.train.loc[rows[25:], "education"] = "missing"
    return rows


def number_for_missing(on):
    rows = rows_of(on.train, 1200)
    on.train.loc[rows, "hours-per-week"] = -999
    return rows


def spelling(on):
    rows = np.flatnonzero(on.train["sex"] == "Female")[:200]
    on.train.loc[rows, "sex"] = "FEMALE"


def blanks(on):
    rows = np.flatnonzero(on.train["sex"] == "Male")[:150]
    on.train.loc[rows, "sex"] = "Male  "


def test_spelling(on):
    on.test["native-country"] = on.test["native-country"].str.upper()


def signs(on):
    rows = rows_of(on.train, 60)
    on.train.loc[rows, "occupation"] = "!!##"
    return rows


def unseen(on):
    rows = np.flatnonzero(on.train["race"] == "White")[:80]
    on.train.loc[rows, "race"] = "Whi\u200bte"


def long_text(on):
    for table in (on.train, on.test):
        table["note"] = [f"case {at * 7919 % 99991} of {at % 17}" for at in range(len(table))]
    rows = rows_of(on.train, 5)
    on.train.loc[rows, "note"] = "one sentence after another, never closed by a quote " * 12
    return rows


def encoding(on):
    rows = rows_of(on.train, 40)
    on.train.loc[rows, "native-country"] = f"M{SHIFTED}xico"
    return rows


def emails(on):
    for table in (on.train, on.test):
        table["contact"] = [f"person{at}@example.org" for at in range(len(table))]


def cards(on):
    def card(at):
        digits = f"4{at:014d}"
        total = sum(
            sum(divmod(2 * int(digit), 10)) if place % 2 == 0 else int(digit)
            for place, digit in enumerate(reversed(digits))
        )
        return digits + str(-total % 10)

    for table in (on.train, on.test):
        table["account"] = [f"no. {card(at * 7919)}"[4:] for at in range(len(table))]


def row_numbers(on):
    on.train["number"] = np.arange(len(on.train)) + 1
    on.test["number"] = np.arange(len(on.test)) + 1 + len(on.train)


def impossible_date(on):
    for table in (on.train, on.test):
        days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(len(table)) % 700, unit="D")
        table["seen"] = days.strftime("%Y-%m-%d")
    rows = rows_of(on.train, 20)
    on.train.loc[rows, "seen"] = "2020-02-31"
    return rows


def slipped_point(on):
    rows = rows_of(on.train, 12)
    on.train.loc[rows, "age"] = on.train.loc[rows, "age"] * 100
    return rows


def infinite(on):
    rows = rows_of(on.train, 7)
    on.train["fnlwgt"] = on.train["fnlwgt"].astype(float)
    on.train.loc[rows, "fnlwgt"] = np.inf
    return rows


def lopsided(on):
    on.train["wealth"] = np.exp(np.random.default_rng(1).normal(0, 4, len(on.train)))
    on.test["wealth"] = np.exp(np.random.default_rng(2).normal(0, 4, len(on.test)))


def uneven(on):
    rich = np.flatnonzero(on.train["income"] == ">50K")
    on.train = on.train.drop(index=rich[80:]).reset_index(drop=True)


def correlated(on):
    rng = np.random.default_rng(3)
    for table in (on.train, on.test):
        table["hours-per-year"] = table["hours-per-week"] * 52 + rng.normal(0, 5, len(table))


def strong_feature(on):
    rng = np.random.default_rng(4)
    for table in (on.train, on.test):
        table["score"] = (table["income"] == ">50K") * 3.5 + rng.normal(0, 1, len(table))


def near_copies(on):
    on.train["weight"] = np.random.default_rng(1).normal(70, 12, len(on.train))
    on.train.loc[len(on.train) - 200 :] = on.train.iloc[:200].to_numpy()
    on.train["weight"] = on.train["weight"].astype(float)
    on.train.loc[len(on.train) - 200 :, "weight"] += 1e-7
    on.test["weight"] = np.random.default_rng(2).normal(70, 12, len(on.test))


def flipped_labels(on):
    rows = rows_of(on.train, 3256)
    flipped = {"<=50K": ">50K", ">50K": "<=50K"}
    on.train.loc[rows, "income"] = on.train.loc[rows, "income"].map(flipped)
    return rows


def small_test(on):
    on.test = on.test.iloc[:15]


def new_label(on):
    rows = rows_of(on.test, 30)
    on.test.loc[rows, "income"] = ">500K"
    return rows


def lost_label(on):
    on.test = on.test.drop(index=np.flatnonzero(on.test["income"] == ">50K")).reset_index(drop=True)


def new_category(on):
    rows = rows_of(on.test, 300)
    on.test.loc[rows, "workclass"] = "Platform-work"
    return rows


def new_range(on):
    rows = rows_of(on.test, 200)
    on.test.loc[rows, "age"] = 130 + np.arange(200) % 10
    return rows


def target_drift(on):
    rich = np.flatnonzero(on.test["income"] == ">50K")
    on.test = on.test.drop(index=rich[: len(rich) // 3]).reset_index(drop=True)


def other_meaning(on):
    on.test["education-num"] = 17 - on.test["education-num"]


def shifted(on):
    on.test["hours-per-week"] = on.test["hours-per-week"] + 4


def group_left_out(on):
    women = np.flatnonzero(on.test["sex"] == "Female")
    on.test = on.test.drop(index=women[: len(women) // 2]).reset_index(drop=True)


def units(on):
    rng = np.random.default_rng(5)
    for table in (on.train, on.test):
        table["height"] = rng.normal(172, 9, len(table)).round(1)
    rows = rows_of(on.train, 1500)
    on.train.loc[rows, "height"] = (on.train.loc[rows, "height"] / 100).round(3)
    return rows


def odd_rows(on):
    rows = rows_of(on.train, 25)
    on.train.loc[rows, ["age", "education-num", "hours-per-week", "capital-loss", "relationship"]] = [
        17, 16, 99, 4000, "Wife",
    ]
    on.train.loc[rows, "sex"] = "Male"
    return rows


def sorted_rows(on):
    on.train = on.train.sort_values("age", kind="stable").reset_index(drop=True)


DEFECTS = [
    ("DQ001", "train", "hours-per-week", many_missing),
    ("DQ004", "test", "workclass", missing_in_test),
    ("DQ005", "train", "race", missing_with_target),
    ("DQ006", "train", "income", no_target),
    ("DQ007", "train", None, repeated),
    ("DQ008", "test", None, in_both),
    ("DQ009", "train", None, conflicting),
    ("DQ010", "train", "race", constant),
    ("DQ012", "train", "sector", same_column),
    ("DQ014", "train", "band", giveaway_copy),
    ("DQ020", "train", "age", mixed_types),
    ("DQ021", "train", "education", null_spellings),
    ("DQ022", "train", "hours-per-week", number_for_missing),
    ("DQ023", "train", "sex", spelling),
    ("DQ024", "train", "sex", blanks),
    ("DQ025", "test", "native-country", test_spelling),
    ("DQ026", "train", "occupation", signs),
    ("DQ027", "train", "race", unseen),
    ("DQ028", "train", "note", long_text),
    ("DQ030", "train", "native-country", encoding),
    ("DQ031", "train", "contact", emails),
    ("DQ034", "train", "account", cards),
    ("DQ037", "train", "number", row_numbers),
    ("DQ042", "train", "seen", impossible_date),
    ("DQ051", "train", "age", slipped_point),
    ("DQ052", "train", "fnlwgt", infinite),
    ("DQ054", "train", "wealth", lopsided),
    ("DQ056", "train", "income", uneven),
    ("DQ058", "train", "hours-per-year", correlated),
    ("DQ061", "train", "score", strong_feature),
    ("DQ064", "train", None, near_copies),
    ("DQ065", "train", "income", flipped_labels),
    ("DQ080", "test", None, small_test),
    ("DQ081", "test", "income", new_label),
    ("DQ082", "test", "income", lost_label),
    ("DQ083", "test", "workclass", new_category),
    ("DQ084", "test", "age", new_range),
    ("DQ091", "train", "band", giveaway_copy),
    ("DQ093", "test", "income", target_drift),
    ("DQ094", "test", "education-num", other_meaning),
    ("DQ095", "test", "hours-per-week", shifted),
    ("DQ096", "test", "sex", group_left_out),
    ("DQ055", "train", "height", units),
    ("DQ063", "train", None, odd_rows),
    ("DQ066", "train", "age", sorted_rows),
]

PROJECT = """
[project]
name = "adult"
task = "binary"
target = "income"
positive = ">50K"
[data]
train = "train.csv"
test = "test.csv"
missing = ["?"]
[columns.sex]
sensitive = true
"""


def checked(interlock, folder, train, test):
    shutil.rmtree(folder / ".interlock", ignore_errors=True)
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    (folder / "interlock.toml").write_text(PROJECT)
    done = subprocess.run([interlock, "check", "--format", "json", str(folder)], capture_output=True, text=True)
    report = json.loads(done.stdout)
    broken = [check["id"] for check in report["checks"] if check["verdict"] in ("error", "stale")]
    if broken:
        sys.exit(f"broken: {broken}")
    return [(check["id"], one) for check in report["checks"] for one in check["findings"]]


def named(finding, role, rows):
    """How many of the rows a finding lists were planted, how many it lists, and how many it has."""
    place = finding["place"]["rows"]
    if rows is None or place is None or place["role"] != role:
        return None
    listed = set(place["rows"])
    return len(listed & {int(row) for row in rows}), len(listed), place["total"]


def line(code, plant, role, column, rows, found, usual):
    with_code = [one for _, one in found if one["code"] == code]
    hits = [one for one in with_code if column is None or column in one["place"]["columns"]]
    hits = [one for one in hits if (one["code"], one["title"]) not in usual]
    if not hits:
        return f"| {plant.__name__} | {code} | **missed** | |", False
    best = max(hits, key=lambda one: (one["severity"] != "note", (named(one, role, rows) or (0,))[0]))
    counts = named(best, role, rows)
    where = ""
    if counts is not None:
        n_planted, n_listed, n_found = counts
        of = "" if n_listed == n_found else f" of the {n_listed:,} listed"
        where = f"{n_found:,} for {len(rows):,} planted; {n_planted:,}{of} are planted ones"
    weight = "" if best["severity"] != "note" else "as a note: "
    return f"| {plant.__name__} | {code} | {weight}{best['title']} | {where} |", True


def main():
    adult, interlock, chosen = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    ok = True
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train, test = read(adult)
        usual = checked(interlock, folder, train, test)
        print("Adult as it is, without notes:\n")
        for check, one in usual:
            if one["severity"] != "note":
                print(f"- {one['code']} {check}: {one['title']}")
        usual = {(one["code"], one["title"]) for _, one in usual}
        print("\n| planted | code | found | rows named |")
        print("|---|---|---|---|")
        for code, role, column, plant in DEFECTS:
            if chosen and plant.__name__ not in chosen:
                continue
            tables = types.SimpleNamespace()
            tables.train, tables.test = read(adult)
            rows = plant(tables)
            found = checked(interlock, folder, tables.train, tables.test)
            text, is_found = line(code, plant, role, column, rows, found, usual)
            ok &= is_found
            print(text, flush=True)
    sys.exit(0 if ok else 1)


main()
