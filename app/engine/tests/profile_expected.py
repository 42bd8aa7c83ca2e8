"""Expected values of column profiles: python profile_expected.py > profile_expected.json

Needs pandas and numpy. Counts and moments are over finite values; infinite ones are counted apart.
"""

import json
import math

import numpy as np
import pandas as pd

rng = np.random.default_rng(7)
NUMBERS = {
    "normal": list(rng.normal(50, 12, 301)),
    "skewed": list(np.exp(rng.normal(0, 1.5, 200))),
    "few_integers": list(map(float, rng.integers(0, 9, 150))),
    "many_integers": list(map(float, rng.integers(-500, 500, 150))),
    "missing": [1.5, None, -2.25, None, 0.0, -0.0, 7.125],
    "infinite": [1.0, "inf", "-inf", 2.0, 4.0, None, 8.5],
    "one": [3.5],
    "two": [3.5, -1.0],
    "three": [1.0, 2.0, 10.0],
    "equal": [2.5] * 6,
    "none": [None, None],
}


def number(value):
    return None if value is None or not math.isfinite(value) else float(value)


def of_numbers(values):
    column = pd.Series([{"inf": np.inf, "-inf": -np.inf}.get(v, v) for v in values], dtype=float)
    finite = column[np.isfinite(column)]
    whole = bool((finite % 1 == 0).all())
    if finite.empty:
        histogram = []
    elif whole and finite.max() - finite.min() < 24:
        edges = np.arange(finite.min(), finite.max() + 2)
        histogram = np.histogram(finite, bins=edges)[0].tolist()
    elif finite.min() == finite.max():
        histogram = [len(finite)]
    else:
        histogram = np.histogram(finite, bins=24)[0].tolist()
    return {
        "values": values,
        "n": len(column),
        "n_missing": int(column.isna().sum()),
        "n_distinct": int(column.nunique()),
        "n_infinite": int(np.isinf(column).sum()),
        "n_zero": int((finite == 0).sum()),
        "n_negative": int((finite < 0).sum()),
        "min": number(finite.min()),
        "max": number(finite.max()),
        "mean": number(finite.mean()),
        "std": number(finite.std()),
        "skew": number(finite.skew()),
        "kurt": number(finite.kurt()),
        "quantiles": [
            number(finite.quantile(q)) for q in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
        ],
        "histogram": histogram,
    }


TEXTS = ["car", "tv", None, "car", "", "Straßenbahnhaltestelle", "tv", "car", "éé", None, "日本"]
texts = pd.Series(TEXTS, dtype=object)
counts = texts.value_counts()
top = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].encode()))
lengths = texts.dropna().str.len()

print(
    json.dumps(
        {
            "numbers": {name: of_numbers(values) for name, values in NUMBERS.items()},
            "texts": {
                "values": TEXTS,
                "top": [[text, int(n)] for text, n in top],
                "n_distinct": int(texts.nunique()),
                "n_unique": int((counts == 1).sum()),
                "n_empty": int((texts == "").sum()),
                "shortest": int(lengths.min()),
                "longest": int(lengths.max()),
                "mean_length": float(lengths.mean()),
            },
        },
        ensure_ascii=False,
        indent=1,
    )
)
