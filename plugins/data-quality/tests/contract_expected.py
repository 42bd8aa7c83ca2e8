"""Writes contract_expected.json: which rows of made-up columns break which rule.

Run with pandas 2 and numpy 2. Rules are evaluated by pandas and plain Python only: `re.fullmatch`,
`Series.duplicated(keep=False)`, `Series.between`, `Series.isin`, `Series.diff`, `DataFrame.duplicated`,
`numpy.median`, `Series.std`.
"""

import json
import math
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

rng = np.random.default_rng(29)
N = 400
EPOCH = datetime(1970, 1, 1)


def holes(values, share):
    """Some of the values missing."""
    return [None if rng.random() < share else value for value in values]


def pick(options, weights):
    return [options[at] for at in rng.choice(len(options), N, p=np.array(weights) / sum(weights))]


age = [int(v) for v in rng.integers(18, 90, N)]
for row, value in [(3, -1), (50, 17), (51, 17), (200, 140), (399, 9_007_199_254_740_993)]:
    age[row] = value
price = [round(float(v), 2) for v in rng.lognormal(3, 1, N)]
for row, value in [(7, -0.01), (8, math.inf), (9, 1e300), (10, 0.0), (11, -0.0)]:
    price[row] = value
tax = [round(p * 0.19, 2) if math.isfinite(p) and p < 1e6 else 1.0 for p in price]
total = [p + t for p, t in zip(price, tax)]
for row in (20, 21, 300):
    total[row] += 0.02
town = pick(["Ulm", "Jena", "Köln", "Łódź", "ulm", "Ulm "], [40, 30, 20, 8, 1, 1])
code = [f"{'ABC'[int(a)]}{int(b):04d}" for a, b in zip(rng.integers(0, 3, N), rng.integers(0, 9999, N))]
for row, value in [(1, "A12"), (2, "a1234"), (5, "A1234\n"), (6, ""), (30, "Ä1234"), (31, "A١٢٣٤")]:
    code[row] = value
mixed = [str(v) for v in rng.integers(0, 50, N)]
for row, value in [(4, "abc"), (40, "3.5"), (41, "1e3"), (42, " 7"), (43, "inf"), (44, "nan"), (45, "1_000")]:
    mixed[row] = value
moments_text = ["2024-02-29", "2023-02-29", "2024-01-31 10:00:00", "x", "2024-1-1", "2024-01-31 25:00:00"]
written = pick(moments_text, [90, 2, 4, 2, 1, 1])
day = [int(v) for v in rng.integers(19000, 19400, N)]
end = [d + int(k) for d, k in zip(day, rng.integers(0, 30, N))]
end[12], end[13] = day[12] - 1, day[13] - 3
stamp = [(19000 + row) * 86_400_000_000 + (row % 5 == 0) * 3_600_000_000 for row in range(N)]
stamp[100], stamp[101] = stamp[99] - 1, stamp[99] - 1
huge = [2**60 + 2 * row for row in range(N)]
huge[60] = huge[59] - 1
huge_copy = [v + (1 if row in (70, 71) else 0) for row, v in enumerate(huge)]
flag = [bool(v) for v in rng.integers(0, 2, N)]
key = [f"k{v}" for v in rng.permutation(N)]
key[15] = key[16]
twin = [town[row] if row % 37 else "?" for row in range(N)]

COLUMNS = {
    "age": ("integers", holes(age, 0.05)),
    "price": ("floats", price),
    "tax": ("floats", holes(tax, 0.02)),
    "total": ("floats", total),
    "town": ("categories", holes(town, 0.1)),
    "code": ("text", holes(code, 0.03)),
    "mixed": ("text", holes(mixed, 0.03)),
    "written": ("categories", written),
    "day": ("dates", holes(day, 0.04)),
    "end": ("dates", end),
    "stamp": ("timestamps", stamp),
    "huge": ("integers", huge),
    "huge_copy": ("integers", huge_copy),
    "flag": ("booleans", holes(flag, 0.04)),
    "key": ("text", key),
    "twin": ("text", twin),
}
series = {name: pd.Series(values, dtype=object) for name, (_, values) in COLUMNS.items()}
present = {name: values.notna() for name, values in series.items()}

cases = []


def case(code, contract, looked, is_broken, mostly=None, **more):
    """`is_broken` by row; rows that are not looked at never are."""
    rows = [int(row) for row in np.flatnonzero(np.asarray(is_broken, dtype=bool) & np.asarray(looked, dtype=bool))]
    n = int(np.sum(looked))
    ratio = (n - len(rows)) / n
    fails = len(rows) > 0 if mostly is None else not ratio >= mostly
    cases.append({"code": code, "contract": contract, "n": n, "rows": rows, "fails": fails, **more})


def column_case(code, name, broken, mostly=(None, 0.5, 0.99), **keys):
    """One rule on one column; `broken` says of a value whether it breaks it."""
    is_broken = [bool(p) and bool(broken(v)) for v, p in zip(series[name], present[name])]
    direct = {key: keys.pop(key) for key in list(keys) if key in ("min", "max", "allowed")}
    for share in mostly:
        rules = dict(keys) | ({} if share is None else {"mostly": share})
        contract = {"columns": [{"name": name, **direct, "rules": rules}]}
        case(code, contract, present[name], is_broken, share)


def as_float(text):
    """Python's float, but no underscores and no nan."""
    try:
        value = float(text)
    except ValueError:
        return None
    return None if "_" in text or math.isnan(value) else value


def is_iso(text, form):
    try:
        return datetime.strptime(text, form).strftime(form) == text
    except ValueError:
        return False


for name in ("age", "price", "huge", "tax"):
    whole = lambda v: isinstance(v, int) or math.isfinite(v) and v == math.floor(v)
    column_case("DQ162", name, lambda v: not whole(v), value_type="integer")
    column_case("DQ162", name, lambda v: False, value_type="number")
    column_case("DQ162", name, lambda v: True, value_type="text", mostly=(None, 0.5))
    column_case("DQ162", name, lambda v: True, value_type="boolean", mostly=(None,))
column_case("DQ162", "mixed", lambda v: as_float(v) is None, value_type="number")
column_case(
    "DQ162", "mixed", lambda v: as_float(v) is None or not as_float(v).is_integer(), value_type="integer"
)
column_case("DQ162", "town", lambda v: False, value_type="text", mostly=(None,))
column_case("DQ162", "town", lambda v: True, value_type="number", mostly=(None,))
column_case("DQ162", "flag", lambda v: False, value_type="boolean", mostly=(None,))
column_case("DQ162", "flag", lambda v: True, value_type="integer", mostly=(None,))
column_case("DQ162", "day", lambda v: False, value_type="date", mostly=(None,))
column_case("DQ162", "day", lambda v: False, value_type="timestamp", mostly=(None,))
column_case("DQ162", "stamp", lambda v: v % 86_400_000_000 != 0, value_type="date")
column_case("DQ162", "written", lambda v: not is_iso(v, "%Y-%m-%d"), value_type="date")
column_case(
    "DQ162",
    "written",
    lambda v: not (is_iso(v, "%Y-%m-%d") or is_iso(v, "%Y-%m-%d %H:%M:%S")),
    value_type="timestamp",
)

for name in ("age", "price"):
    for limit in (18, 0, -1, 17.5):
        numbers = pd.to_numeric(series[name])
        column_case("DQ164", name, lambda v: float(v) < limit, min=limit)
        assert (numbers < limit).sum() == sum(float(v) < limit for v in series[name].dropna())
    for limit in (100, 1e299):
        column_case("DQ164", name, lambda v: float(v) > limit, max=limit)
column_case("DQ164", "mixed", lambda v: as_float(v) is None or as_float(v) < 5, min=5)
column_case("DQ164", "mixed", lambda v: as_float(v) is None or as_float(v) > 45, max=45)

column_case("DQ165", "town", lambda v: v not in ("Ulm", "Jena", "Köln"), allowed=["Ulm", "Jena", "Köln"])
column_case("DQ165", "town", lambda v: v in ("ulm", "Ulm "), not_allowed=["ulm", "Ulm "])
column_case("DQ165", "age", lambda v: v not in range(18, 60), allowed=[str(v) for v in range(18, 60)])
column_case("DQ165", "age", lambda v: v == -1, not_allowed=["-1.0", "unknown"])
column_case("DQ165", "price", lambda v: v == 0, not_allowed=["0"])
column_case("DQ165", "flag", lambda v: v is not True, allowed=["true"])
column_case("DQ165", "huge", lambda v: v == 2**60 + 2, not_allowed=[str(2**60 + 2)])
column_case(
    "DQ165", "day", lambda v: v == series["day"].dropna().iloc[0],
    not_allowed=[(EPOCH + timedelta(days=series["day"].dropna().iloc[0])).strftime("%Y-%m-%d")],
)

for pattern in ("[A-C][0-9]{4}", r"[A-C]\d{4}", r"\w{5}", "A.*|B.*", "(?i)[a-c][0-9]+", r"[^\n]*", "A|A1234", ""):
    column_case("DQ166", "code", lambda v: re.fullmatch(pattern, v) is None, pattern=pattern)
column_case("DQ166", "code", lambda v: re.fullmatch("A.*", v) is not None, not_pattern="A.*")
column_case("DQ166", "town", lambda v: re.fullmatch(r"[A-Z]\w+", v) is None, pattern=r"[A-Z]\w+")
column_case("DQ166", "age", lambda v: re.fullmatch("[0-9]{2}", str(v)) is None, pattern="[0-9]{2}")
column_case("DQ166", "huge", lambda v: re.fullmatch("[0-9]*[02]", str(v)) is None, pattern="[0-9]*[02]")

for n in (1, 4, 5):
    column_case("DQ167", "code", lambda v: len(v) < n, length_min=n)
    column_case("DQ167", "town", lambda v: len(v) > n, length_max=n)
column_case("DQ167", "age", lambda v: len(str(v)) > 2, length_max=2)

for name in ("key", "code", "town", "age", "day", "huge", "flag"):
    repeated = series[name].duplicated(keep=False)
    for share in (None, 0.99):
        rules = {"unique": True} | ({} if share is None else {"mostly": share})
        contract = {"columns": [{"name": name, "rules": rules}]}
        case("DQ168", contract, present[name], repeated, share)
for names in (["town", "flag"], ["town", "age"], ["key", "town"], ["town", "flag", "age"], ["day", "price"]):
    frame = pd.DataFrame({name: series[name] for name in names})
    looked = frame.notna().all(axis=1)
    relation = {"rule": f"unique({', '.join(names)})", "kind": "unique", "columns": names}
    repeated = frame.dropna().duplicated(keep=False).reindex(frame.index, fill_value=False)
    case("DQ168", {"relations": [relation]}, looked, repeated)
    case("DQ168", {"relations": [relation | {"mostly": 0.5}]}, looked, repeated, 0.5)

for name in ("stamp", "huge", "age", "day", "key", "price"):
    values = series[name].dropna().tolist()
    where = np.flatnonzero(present[name])
    for rule in ("increasing", "decreasing"):
        wrong = np.zeros(N, dtype=bool)
        for before, now, row in zip(values, values[1:], where[1:]):
            wrong[row] = now < before if rule == "increasing" else now > before
        looked = present[name].copy()
        looked.iloc[where[0]] = False
        contract = {"columns": [{"name": name, "rules": {rule: True}}]}
        case("DQ169", contract, looked, wrong)

for name in ("town", "code", "age", "price"):
    n_missing = int((~present[name]).sum())
    for limit in (0.0, 0.04, 0.05, n_missing / N, 0.5):
        contract = {"columns": [{"name": name, "rules": {"missing_at_most": limit}}]}
        fails = n_missing / N > limit
        cases.append({
            "code": "DQ163", "contract": contract, "n": N, "fails": fails,
            "rows": [int(row) for row in np.flatnonzero(~present[name])],
        })

for kind, sign in (("at-most", "<="), ("below", "<"), ("equal", "=")):
    for a, b in (("tax", "price"), ("day", "end"), ("huge", "huge_copy"), ("huge_copy", "huge"), ("day", "stamp")):
        for tolerance in (0, 2):
            if tolerance and "huge" in (a, b):
                continue
            left, right, step = series[a].copy(), series[b], 1
            if b == "stamp":
                left = left.map(lambda v: v if v is None or pd.isna(v) else int(v) * 86_400_000_000)
                step = 1_000_000
            looked = left.notna() & right.notna()
            wrong = []
            for x, y, ok in zip(left, right, looked):
                off = x - y if ok else 0
                if math.isnan(off):
                    off = 0
                slack = tolerance * step
                wrong.append(
                    ok and (
                        off > slack if kind == "at-most"
                        else (not off < slack if slack else not x < y) if kind == "below"
                        else abs(off) > slack
                    )
                )
            relation = {"rule": f"{a} {sign} {b}", "kind": kind, "columns": [a, b], "tolerance": tolerance}
            case("DQ171", {"relations": [relation]}, looked, wrong)
            case("DQ171", {"relations": [relation | {"mostly": 0.9}]}, looked, wrong, 0.9)
relation = {"rule": "town = twin", "kind": "equal", "columns": ["town", "twin"]}
case("DQ171", {"relations": [relation]}, present["town"], [x != y for x, y in zip(series["town"], series["twin"])])
for kind, sign, names in (
    ("sum", "+", ("price", "tax", "total")),
    ("difference", "-", ("total", "tax", "price")),
    ("product", "*", ("price", "tax", "total")),
):
    frame = pd.DataFrame({name: series[name].astype(float) for name in names})
    looked = frame.notna().all(axis=1)
    a, b, c = (frame[name] for name in names)
    reckoned = a + b if kind == "sum" else a - b if kind == "difference" else a * b
    for tolerance in (0, 0.01, 0.05):
        wrong = [
            not (x == y or math.isclose(x, y, rel_tol=1e-15, abs_tol=tolerance))
            and not abs(x - y) <= tolerance + 4 * np.finfo(float).eps * max(abs(p), abs(q), abs(r))
            for x, y, p, q, r in zip(reckoned, c, a, b, c)
        ]
        relation = {"rule": f"{names[0]} {sign} {names[1]} = {names[2]}", "kind": kind, "columns": list(names), "tolerance": tolerance}
        case("DQ171", {"relations": [relation]}, looked, wrong)


def figure_case(name, key, value):
    for low, high, fails in (
        (value - 1, value + 1, False), (value, value, False), (value + 0.5, value + 2, True), (value - 2, value - 0.5, True),
    ):
        contract = {"columns": [{"name": name, "rules": {f"{key}_between": [low, high]}}]}
        cases.append({"code": "DQ170", "contract": contract, "fails": fails})


small = pd.Series([v for v in series["tax"] if v is not None and not pd.isna(v)], dtype=float)
figure_case("tax", "median", float(np.median(small)))
figure_case("flag", "sum", float(sum(series["flag"].dropna())))
figure_case("day", "distinct", float(series["day"].nunique()))
figure_case("town", "distinct", float(series["town"].nunique()))
figure_case("price", "distinct", float(series["price"].nunique()))
for key, value in (("mean", math.fsum(small) / len(small)), ("std", float(small.std()))):
    for low, high, fails in ((value - 1e-9, value + 1e-9, False), (value + 1e-9, value + 1, True), (value - 1, value - 1e-9, True)):
        contract = {"columns": [{"name": "tax", "rules": {f"{key}_between": [low, high]}}]}
        cases.append({"code": "DQ170", "contract": contract, "fails": fails})


def plain(value):
    if value is None or isinstance(value, float) and math.isnan(value):
        return None
    return "inf" if isinstance(value, float) and math.isinf(value) else value


columns = [
    {"name": name, "kind": kind, "values": [plain(value) for value in values]}
    for name, (kind, values) in COLUMNS.items()
]
target = Path(__file__).with_name("contract_expected.json")
target.write_text(json.dumps({"columns": columns, "cases": cases}, ensure_ascii=False, separators=(",", ":")) + "\n")
print(len(cases), "cases,", sum(case["fails"] for case in cases), "fail")
