"""Writes expected.json: what pandas says of a made-up pair of tables. Run with pandas 2 and scipy 1.16."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

rng = np.random.default_rng(11)
n = 400


def table(n):
    frame = pd.DataFrame(
        {
            "grade": rng.integers(1, 6, n),
            "town": rng.choice(["Ulm", "Jena", "Kiel"], n),
            "size": np.round(rng.normal(10, 1, n), 0),
            "fixed": "x",
            "rare": np.where(rng.random(n) < 0.004, "yes", "no"),
            "y": rng.integers(0, 2, n),
        }
    )
    frame.loc[rng.random(n) < 0.12, "size"] = np.nan
    return frame


train, test = table(n), table(100)
test = pd.concat([test, train.head(7)], ignore_index=True)


def text(frame):
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue()


train = pd.read_csv(io.StringIO(text(train)))
test = pd.read_csv(io.StringIO(text(test)))
inputs = [name for name in train.columns if name != "y"]
groups = train.groupby(inputs, dropna=False)["y"]
in_conflict = groups.transform("nunique") > 1
unavoidable = int((groups.size() - groups.agg(lambda y: y.value_counts().iloc[0])).sum())
missing = int(train["size"].isna().sum())
interval = binomtest(missing, n).proportion_ci(method="wilson")
expected = {
    "train": text(train),
    "test": text(test),
    "duplicated_train": float(train.duplicated().mean()),
    "duplicated_rows_train": np.flatnonzero(train.duplicated(keep=False)).tolist(),
    "duplicated_test": float(test.duplicated().mean()),
    "leaked": float(test.merge(train.drop_duplicates(), how="left", indicator=True)["_merge"].eq("both").mean()),
    "conflicts": float(in_conflict.mean()),
    "unavoidable": unavoidable,
    "missing": missing / n,
    "missing_interval": [interval.low, interval.high],
    "rare_rows": np.flatnonzero(train["rare"] == "yes").tolist(),
}
Path(__file__).with_name("expected.json").write_text(json.dumps(expected, indent=1) + "\n")
