"""Writes split_expected.json: what pandas and scipy say of a made-up split. Run with pandas 2 and scipy 1.16."""

import io
import json
from math import comb, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

rng = np.random.default_rng(5)


def table(n, first):
    return pd.DataFrame(
        {
            "id": [f"P{first + i}" for i in range(n)],
            "day": np.sort(rng.integers(0, 100, n)),
            "town": rng.choice(["Ulm", "Jena", "Kiel"], n),
            "size": np.round(rng.normal(10, 1, n), 3),
            "weight": np.round(rng.normal(70, 9, n), 3),
            "y": rng.choice(["no", "yes"], n),
        }
    )


train, test = table(400, 0), table(120, 1000)
test["day"] += 95
test.loc[[3, 40, 77, 80, 81, 82], "town"] = "Köln"
test.loc[[5, 6, 7, 8, 9, 10, 11], "size"] = 99.5
test.loc[[60, 61], "y"] = "maybe"
test.loc[[20, 21], "id"] = ["P7", "P8"]


def text(frame):
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue()


n, m = len(train), len(test)
outside = (test["size"] < train["size"].min()) | (test["size"] > train["size"].max())
# Of all orders of n + m values: those with k of the m outside the n.
orders = [(k + 1) * comb(m - k + n - 2, n - 2) for k in range(m + 1)]
assert sum(orders) == comb(n + m, n)
half = binomtest(m // 2, m).proportion_ci(method="wilson")
drop = brentq(
    lambda d: norm.isf(0.05) * sqrt(0.25 / m) + norm.ppf(0.8) * sqrt((0.5 - d) * (0.5 + d) / m) - d, 1e-9, 0.5
)
town = binomtest(6, m).proportion_ci(method="wilson")
expected = {
    "train": text(train),
    "test": text(test),
    "ratio": m / n,
    "half_width": (half.high - half.low) / 2,
    "detectable_drop": drop,
    "new_labels": np.flatnonzero(~test["y"].isin(train["y"])).tolist(),
    "new_towns": np.flatnonzero(~test["town"].isin(train["town"])).tolist(),
    "new_town_share": float((~test["town"].isin(train["town"])).mean()),
    "new_town_interval": [town.low, town.high],
    "outside": np.flatnonzero(outside).tolist(),
    "outside_share": float(outside.mean()),
    "outside_p": sum(orders[int(outside.sum()) :]) / comb(n + m, n),
    "before": np.flatnonzero(test["day"] < train["day"].max()).tolist(),
    "same": np.flatnonzero(test["day"].isin(train["day"])).tolist(),
    "ids": np.flatnonzero(test["id"].isin(train["id"])).tolist(),
}
Path(__file__).with_name("split_expected.json").write_text(json.dumps(expected, indent=1) + "\n")
